/* A dataset under construction: runs are added in any order and come out by configuration. */
#ifndef GCR_SIM_STUDY_DATASET_BUILDER_H
#define GCR_SIM_STUDY_DATASET_BUILDER_H

#include "sim/study/dataset.h"
#include "sim/study/dataset_memory.h"

/* A run and what it is a repetition of. */
struct gcr_dataset_run {
    size_t trace, design, heap; /* positions in the dataset's lists */
    enum gcr_study_mode mode;
    const char *collector;
    uint64_t budget_bytes, live_peak_bytes; /* 0: not known */
    struct gcr_observation seen;
    size_t number; /* in the order of adding */
};

struct gcr_dataset_builder {
    struct gcr_dataset *dataset;
    struct gcr_dataset_run *runs;
    size_t run_count, capacity;
};

/* Room for so many runs, and beside what they name for so many traces, designs and heaps that are
 * known beforehand. False: no memory. */
bool gcr_dataset_builder_init(struct gcr_dataset_builder *builder, struct gcr_dataset *dataset,
                              size_t runs, size_t names);

/* The position in its list of what bears that name; it is added if it is new. Texts are copied. */
size_t gcr_dataset_trace(struct gcr_dataset_builder *builder, const char *name);
size_t gcr_dataset_design(struct gcr_dataset_builder *builder, const char *name);
size_t gcr_dataset_heap(struct gcr_dataset_builder *builder, const char *name);

/* The next run, empty: outcome and message "", no value known, invocation 1. */
struct gcr_dataset_run *gcr_dataset_add_run(struct gcr_dataset_builder *builder);

/* Fills the run's observation, budget and peak from the result at PATH; whatever is wrong with that
 * file makes the outcome "unreadable". The document is returned (NULL if it is unreadable) for what
 * else the caller wants of it, and is the caller's. O(bytes). */
json_t *gcr_dataset_read_result(struct gcr_dataset_builder *builder, struct gcr_dataset_run *run,
                                const char *path);

/* Sorts the runs and makes the points. */
void gcr_dataset_builder_finish(struct gcr_dataset_builder *builder);

/* ---- what there is to read, each from a document that the dataset keeps ---- */

/* study.json in the dataset's directory. */
gcr_status gcr_dataset_from_study(struct gcr_dataset *dataset, json_t *study,
                                  struct gcr_error *err) GCR_MUST_USE;
/* compare.json in the dataset's directory. */
gcr_status gcr_dataset_from_comparison(struct gcr_dataset *dataset, const json_t *comparison,
                                       struct gcr_error *err) GCR_MUST_USE;
/* One result, the dataset's path. */
gcr_status gcr_dataset_from_result(struct gcr_dataset *dataset, struct gcr_error *err) GCR_MUST_USE;

#endif
