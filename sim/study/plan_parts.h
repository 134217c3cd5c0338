/* What the files that make a plan share. Each fills its part of *plan, which owns the texts. */
#ifndef GCR_SIM_STUDY_PLAN_PARTS_H
#define GCR_SIM_STUDY_PLAN_PARTS_H

#include "sim/study/plan.h"

/* Expands patterns, names traces, takes their facts. */
gcr_status gcr_plan_add_traces(struct gcr_plan *plan, const struct gcr_plan_source *source,
                               struct gcr_error *err) GCR_MUST_USE;
/* Back ends times their options. */
gcr_status gcr_plan_add_designs(struct gcr_plan *plan, const struct gcr_study_file *file,
                                struct gcr_error *err) GCR_MUST_USE;
gcr_status gcr_plan_add_heaps(struct gcr_plan *plan, const struct gcr_study_file *file,
                              struct gcr_error *err) GCR_MUST_USE;
/* From all of these: jobs in the order of their running. */
gcr_status gcr_plan_add_jobs(struct gcr_plan *plan, struct gcr_error *err) GCR_MUST_USE;

gcr_status gcr_plan_no_memory(struct gcr_error *err);

/* Room for one more element at the end of an array; NULL: no memory. It is zeroed. */
void *gcr_plan_grow(void **array, size_t *count, size_t element_bytes);

#endif
