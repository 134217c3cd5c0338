/* What a job leaves behind: its result document. */
#ifndef GCR_SIM_STUDY_JOB_DOCUMENT_H
#define GCR_SIM_STUDY_JOB_DOCUMENT_H

#include <jansson.h>

#include "sim/study/plan.h"

/* A document for a job without figures: "refused", "timeout", "crashed" or "failed", and why. The
 * caller owns it; NULL: no memory. */
json_t *gcr_job_document_without_figures(const struct gcr_plan *plan,
                                         const struct gcr_plan_job *job, const char *outcome,
                                         const char *message);

/* Takes long lists out of a result: everything with columns and rows, and what was freed by each
 * collection. O(document). */
void gcr_job_document_thin(json_t *document);

/* The outcome of a job's result in DIRECTORY/results as a new text, and its seconds; NULL: there is
 * no result that can be read. */
char *gcr_job_document_outcome(const char *directory, const struct gcr_plan_job *job,
                               double *seconds);

/* DIRECTORY/results/ID.json: by rename, and ID.full.json before it if `full` is not NULL. GCR_IO:
 * not written; neither is there then. */
gcr_status gcr_job_document_write(const char *directory, const struct gcr_plan_job *job,
                                  const json_t *document, const json_t *full,
                                  struct gcr_error *err) GCR_MUST_USE;

/* Of a search for the smallest heap that has ended: the answer, or 0 and why there is none. */
uint64_t gcr_job_document_minimum(const char *directory, const struct gcr_plan_job *job, char *why,
                                  size_t size);

#endif
