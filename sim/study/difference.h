/* Two datasets held against each other: what changed from A to B, and beyond noise.
 *
 * Configurations with the same trace, design, heap and mode are a pair. A figure has changed if it
 * repeats from run to run and differs at all, or if the interval of the ratio of medians, B over A,
 * excludes 1 and the ratio is beyond a threshold. */
#ifndef GCR_SIM_STUDY_DIFFERENCE_H
#define GCR_SIM_STUDY_DIFFERENCE_H

#include "sim/study/dataset.h"

enum gcr_change_kind {
    GCR_CHANGE_WORSE,
    GCR_CHANGE_BETTER,
    GCR_CHANGE_DIFFERENT, /* a change of which one cannot say whether it is for the better */
    GCR_CHANGE_UNSURE,    /* beyond the threshold, but too few runs to say */
    GCR_CHANGE_NONE,
    GCR_CHANGE_UNKNOWN, /* one side does not know the figure */
    GCR_CHANGE_KINDS
};
extern const char *const gcr_change_name[]; /* "worse", ..., "unchanged", "unknown" */

/* Thresholds are shares of A's figure: 0.02. Exceeding them is what counts. */
struct gcr_difference_rules {
    double measured, counted;        /* of figures that vary, of those that repeat */
    bool is_asked[GCR_METRIC_COUNT]; /* the figures that are looked at */
};

/* One figure of a pair, or its outcome. Texts are owned by the datasets. */
struct gcr_change {
    enum gcr_change_kind kind;
    const struct gcr_point *a, *b;
    enum gcr_metric_id metric;         /* GCR_METRIC_COUNT: the outcome */
    bool is_exact;                     /* it repeats on both sides */
    struct gcr_summary before, after;  /* of a figure */
    struct gcr_ratio ratio;            /* after over before */
    const char *outcome_a, *outcome_b; /* of the first run that failed, or "ok" */
};

struct gcr_difference {
    const struct gcr_dataset *a, *b;
    struct gcr_change *changes; /* by kind; in each the greatest first */
    size_t count, kinds[GCR_CHANGE_KINDS];
    const struct gcr_point **only_a, **only_b;
    size_t pair_count, only_a_count, only_b_count;
};

/* Two single results (or comparisons of one run) are a pair whatever they are of. GCR_USAGE: no
 * configuration is in both. The datasets must outlive the difference. O(pairs * metrics *
 * resamples). */
gcr_status gcr_difference_find(const struct gcr_dataset *a, const struct gcr_dataset *b,
                               const struct gcr_difference_rules *rules, struct gcr_difference *out,
                               struct gcr_error *err) GCR_MUST_USE;
void gcr_difference_finish(struct gcr_difference *difference);

/* What makes the two hard to compare, one sentence each: other traces under the same name, another
 * machine, build or option, results that are missing. Reads a document of each configuration. The
 * caller owns the list; NULL: no memory. */
json_t *gcr_difference_warnings(const struct gcr_difference *difference);

/* All of it (docs/studies.md), NULL without memory; the caller owns it and keeps `warnings`. */
json_t *gcr_difference_json(const struct gcr_difference *difference,
                            const struct gcr_difference_rules *rules, json_t *warnings);

#endif
