/* Which design is best, and how sure is one: for each trace, and for all of them together.
 *
 * Designs stand against each other in one heap size and mode by one metric. Only a design that
 * completed all its runs stands; the best has the least median (or the greatest, where more is
 * better), on several traces by the geometric mean. Each other is held against it by the ratio of
 * medians and its interval (statistics.h), each by itself at 95%. Reference points (reference.h)
 * stand beside: no program can choose them. */
#ifndef GCR_SIM_STUDY_ANSWER_H
#define GCR_SIM_STUDY_ANSWER_H

#include "sim/study/dataset.h"
#include "sim/study/statistics.h"

struct gcr_standing {
    const char *design, *collector;
    bool is_reference;
    const char *failure; /* why it does not stand: "heap_exhausted on a, no result on b"; or "" */
    struct gcr_summary
        summary;              /* of one trace, in the metric's unit; of all traces: nothing known */
    struct gcr_ratio to_best; /* the best's own: exactly 1. Not known if it does not stand */
    enum gcr_verdict verdict; /* of to_best; GCR_VERDICT_SAME: cannot be told apart from the best;
                                 GCR_VERDICT_UNSURE: nor this, there is one run */
};

/* A configuration that no other beats both in the metric and in peak footprint, by medians. */
struct gcr_front_place {
    const char *design, *heap;
    double value, peak_bytes; /* medians; of all traces: multiples of the least there is, geometric
                                 means */
};

struct gcr_contest {
    const char *trace; /* "": all traces together */
    /* Collectors that stand, best first; then references, by the same order; then what does not
     * stand. */
    struct gcr_standing *standings;
    size_t count;
    size_t stand_count;            /* collectors that stand: 0: there is no best */
    struct gcr_front_place *front; /* over all heap sizes, without references, best metric first */
    size_t front_count;            /* 0 as well if the metric is itself one of memory */
    const char *
        *sentences; /* the same in plain words, most important first; each ends with a stop */
    size_t sentence_count;
};

struct gcr_answer {
    enum gcr_metric_id metric;
    enum gcr_study_mode mode;
    const char *heap;
    struct gcr_contest *contests; /* all traces together first, if there are two or more */
    size_t contest_count;
    const char **notes; /* sentences on what limits all of it: missing jobs, single runs */
    size_t note_count;
    struct gcr_dataset_memory *memory;
};

/* The heap size that is meant where none is named: of those with results in that mode, the one
 * nearest to FACTOR times the peak of live bytes; multiples of that peak before bytes, bytes before
 * multiples of the smallest heap, and these before native. "" if there are no results. */
const char *gcr_heap_nearest(const struct gcr_dataset *dataset, enum gcr_study_mode mode,
                             double factor);

/* `metric` may be GCR_METRIC_COUNT: total time, or if no run knows that, last-level misses, or peak
 * footprint. `heap` NULL: the one nearest to 2x. Texts of *out belong to it or to the dataset; the
 * caller closes it, before the dataset. GCR_USAGE: no results in that heap, no runs that know the
 * metric, or a metric of which neither less nor more is better. O(designs * traces * samples). */
gcr_status gcr_answer_find(const struct gcr_dataset *dataset, enum gcr_metric_id metric,
                           const char *heap, struct gcr_answer **out,
                           struct gcr_error *err) GCR_MUST_USE;
void gcr_answer_close(struct gcr_answer *answer);

#endif
