/* What hardware and software counters said about one lane: names and values, without any reading.
 *
 * Counters divide as the replay clock does (phases.h): the mutator outside pauses, the collector
 * inside, and phases for what a heap has named in either. A figure that is not known is
 * GCR_COUNTER_UNKNOWN, never 0. */
#ifndef GCR_SIM_MEASURE_COUNTER_FIGURES_H
#define GCR_SIM_MEASURE_COUNTER_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/collector.h"

enum gcr_counter {
    /* Hardware; of user space only. */
    GCR_COUNTER_CYCLES,
    GCR_COUNTER_INSTRUCTIONS,
    GCR_COUNTER_L1D_READ_MISSES,
    GCR_COUNTER_LLC_READ_MISSES,
    GCR_COUNTER_DTLB_READ_MISSES,
    /* The kernel's own. */
    GCR_COUNTER_TASK_CLOCK_NS,
    GCR_COUNTER_MINOR_FAULTS,
    GCR_COUNTER_MAJOR_FAULTS,
    GCR_COUNTER_CONTEXT_SWITCHES,
    GCR_COUNTER_COUNT
};
/* "cycles", "page_faults_minor", "task_clock_ns"... */
extern const char *const gcr_counter_name[GCR_COUNTER_COUNT];

enum gcr_counter_source {
    GCR_COUNTER_REFUSED,
    GCR_COUNTER_PERF_EVENT,
    GCR_COUNTER_GETRUSAGE,
    GCR_COUNTER_CLOCK_GETTIME,
    GCR_COUNTER_SOURCES
};
extern const char *const gcr_counter_source_name[GCR_COUNTER_SOURCES];

#define GCR_COUNTER_UNKNOWN UINT64_MAX

/* One event. Values are scaled where the event shared its counter with others: each value by the
 * share of its own time in which the event was counted, so parts need not add up exactly then. */
struct gcr_counter_figure {
    enum gcr_counter_source source; /* GCR_COUNTER_REFUSED: all values are unknown */
    char reason[192];               /* why refused, or why not perf_event_open; else empty */
    bool scaled;
    double counted_ratio; /* share of the time on the clock in which the event was counted */
    uint64_t mutator, collector;
    uint64_t phase[GCR_PHASE_COUNT]; /* [GCR_PHASE_MUTATOR]: pauses before their first phase */
    uint64_t outside_pauses;         /* of the phases, part of mutator */
    uint64_t helpers;                /* the design's own threads, over the whole lane */
    uint64_t per_interval;           /* what an empty interval counts: the readings' own share */
};

/* Sum of two values, unknown if either is. */
static inline uint64_t gcr_counter_sum(uint64_t left, uint64_t right)
{
    return left == GCR_COUNTER_UNKNOWN || right == GCR_COUNTER_UNKNOWN ? GCR_COUNTER_UNKNOWN
                                                                       : left + right;
}

/* sum[e] takes in figure[e] for each event. The first lane is copied. An event that one lane was
 * refused is refused in the sum, with that lane's reason. */
void gcr_counter_figures_add(struct gcr_counter_figure sum[GCR_COUNTER_COUNT],
                             const struct gcr_counter_figure figure[GCR_COUNTER_COUNT]);

#endif
