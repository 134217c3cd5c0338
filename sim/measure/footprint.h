/* The footprint over the replay clock: a bounded series, the mean, and the split at the peak.
 *
 * Points are added whenever the harness looks: at the end of each batch of events, at the begin and
 * end of each collection, and inside collections when the footprint has changed. The mean weighs
 * each value by the time until the next point, over all points. The series keeps at most
 * GCR_FOOTPRINT_SAMPLES: consecutive points form groups of `stride`, and a group is represented by
 * its largest point; when the series is full, neighbouring groups merge and the stride doubles. So
 * no peak is ever lost, and order in time is kept. Source of the idea: max-pooling, as in plotting
 * tools. */
#ifndef GCR_SIM_MEASURE_FOOTPRINT_H
#define GCR_SIM_MEASURE_FOOTPRINT_H

#include "sim/measure/growable.h"
#include "sim/measure/result.h"

enum { GCR_FOOTPRINT_SAMPLES = 8192 };

/* All zero: no point yet. */
struct gcr_footprint_series {
    struct gcr_growable memory; /* samples; the last is the open group's if `in_group` > 0 */
    size_t count;
    uint64_t stride; /* points a group, a power of two; 0: not yet set */
    uint64_t in_group;
    uint64_t last_clock_ns, last_bytes;
    bool has_last;
    double byte_ns;                   /* integral of the footprint over the replay clock */
    uint64_t total_ns;                /* its length */
    struct gcr_footprint_sample peak; /* the largest point, for its split by kind */
    /* Samples [unlabelled, count) and perhaps the peak still wait for their live bytes. */
    size_t unlabelled;
    bool peak_unlabelled;
};

/* The split at this moment, asked for only when a point will be kept. */
typedef void gcr_footprint_split(void *arg, struct gcr_footprint *out);

/* Adds a point. Amortised O(1); without memory for the series, mean and peak go on. */
void gcr_footprint_add(struct gcr_footprint_series *series, uint64_t clock_ns, uint64_t event,
                       uint64_t footprint_bytes, gcr_footprint_split *split, void *arg);

/* The live bytes once `event` events were over have become known: fills them into the points taken
 * at or before that moment which have none yet. Must be called in order of events. */
void gcr_footprint_label_live(struct gcr_footprint_series *series, uint64_t event,
                              uint64_t live_bytes);
/* The earliest moment (events over) whose point waits for its live bytes, or UINT64_MAX. */
uint64_t gcr_footprint_next_unlabelled(const struct gcr_footprint_series *series);

/* Mean over the clock; the last value if no time has passed. */
uint64_t gcr_footprint_mean(const struct gcr_footprint_series *series);

const struct gcr_footprint_sample *gcr_footprint_list(const struct gcr_footprint_series *series);

/* Forgets all points (a forked lane starts its own series). */
void gcr_footprint_reset(struct gcr_footprint_series *series);
void gcr_footprint_free(struct gcr_footprint_series *series);

#endif
