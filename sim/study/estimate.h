/* What the runs of a configuration say of a metric: alone, and against another configuration's.
 *
 * Runs that failed say nothing. Counts of designs without threads of their own, and of modelled
 * runs at fixed addresses, are the same in every run, so that a single one has an interval: of that
 * count alone. */
#ifndef GCR_SIM_STUDY_ESTIMATE_H
#define GCR_SIM_STUDY_ESTIMATE_H

#include "sim/study/dataset.h"
#include "sim/study/statistics.h"

/* A generator's seed for a figure: of the study's seed and of what names the figure, so that it
 * does not depend on which other figures there are. Texts may be "". */
uint64_t gcr_estimate_seed(const struct gcr_dataset *dataset, const char *trace, const char *design,
                           const char *heap, enum gcr_study_mode mode, const char *metric);

/* Whether runs of that mode know the metric. */
bool gcr_metric_is_of(enum gcr_metric_id metric, enum gcr_study_mode mode);

/* Whether another run would give the same digits. */
bool gcr_estimate_is_exact(const struct gcr_point *point, enum gcr_metric_id metric);

/* The values of completed runs, ready for statistics.h: a count that repeats exactly stands there
 * twice if it was taken once. */
struct gcr_estimate_values {
    double *values; /* count + 1 of them have room; the caller frees them */
    size_t count;
    size_t runs; /* how many runs they are from */
};

/* False: no memory. `point` may be NULL: no values. */
bool gcr_estimate_values(const struct gcr_point *point, enum gcr_metric_id metric,
                         struct gcr_estimate_values *out) GCR_MUST_USE;

/* Its `count` is the number of runs. Without memory nothing is known. */
struct gcr_summary gcr_estimate_summary(const struct gcr_dataset *dataset,
                                        const struct gcr_point *point, enum gcr_metric_id metric);

/* point's median over base's. Either may be NULL: not known. A configuration against itself is
 * exactly 1 if it is known at all. */
struct gcr_ratio gcr_estimate_ratio(const struct gcr_dataset *dataset,
                                    const struct gcr_point *point, const struct gcr_point *base,
                                    enum gcr_metric_id metric);

/* Geometric mean of the ratios points[i] over bases[i], one pair a trace. Pairs in which one side
 * knows nothing are left out; *used (unless NULL) says how many were not. Not known if a median is
 * 0: then a mean of ratios says nothing. `seed` as from gcr_estimate_seed. */
struct gcr_ratio gcr_estimate_mean_ratio(const struct gcr_point *const *points,
                                         const struct gcr_point *const *bases, size_t count,
                                         enum gcr_metric_id metric, uint64_t seed, size_t *used);

#endif
