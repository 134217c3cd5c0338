/* What one run found out: plain values, filled by replay, turned into JSON by result_json.c and
 * into tables by the command line. docs/result.md describes the JSON. */
#ifndef GCR_SIM_MEASURE_RESULT_H
#define GCR_SIM_MEASURE_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/collector.h"
#include "base/status.h"
#include "sim/measure/counter_figures.h"
#include "sim/model/model.h"
#include "sim/model/pages.h"
#include "traces/capability.h"

enum gcr_outcome {
    GCR_OUTCOME_OK,
    GCR_OUTCOME_HEAP_EXHAUSTED,
    GCR_OUTCOME_INVALID_TRACE,
    GCR_OUTCOME_COLLECTOR_FAULT,
    GCR_OUTCOME_FORK_FAILED,
    GCR_OUTCOME_CRASHED /* a lane's process ended without sending a result */
};
extern const char *const gcr_outcome_name[];

enum gcr_verify_mode { GCR_VERIFY_OFF, GCR_VERIFY_ON, GCR_VERIFY_EVERY };

enum { GCR_MAX_GENERATIONS = 4 };

/* One pause of the mutator. Times are on the replay clock. 80 bytes. */
struct gcr_pause {
    uint64_t start_ns, length_ns;
    uint64_t event;     /* number (from 0) of the event that caused it, in its lane */
    uint64_t collected; /* see struct gcr_collection */
    uint64_t freed;
    uint64_t survivors;
    uint8_t reason; /* enum gcr_reason */
    uint8_t generation;
    bool full;
    uint64_t uncollectable;
    uint64_t before_bytes, after_bytes;
    uint64_t freed_set; /* verified runs: digest of all objects freed since the last collection's
                           end, whatever their order; 0: not known */
};

/* The reachable graph at one moment of the trace. */
struct gcr_checkpoint {
    uint64_t event;  /* after it */
    uint64_t digest; /* canonical: equal for every design that kept the graph right */
};

/* One point of the footprint series. */
struct gcr_footprint_sample {
    uint64_t clock_ns;
    uint64_t event; /* how many events of the lane were over by then */
    uint64_t footprint_bytes;
    uint64_t live_bytes; /* 0 if not known */
    struct gcr_footprint by_kind;
};

/* A request of the program, from its beginning to its end on the replay clock. */
struct gcr_request {
    uint32_t number;
    uint64_t start_ns, end_ns;
};

/* A phase of the program, which lasts until the next one begins. */
struct gcr_program_phase {
    uint32_t name; /* its number in the trace */
    uint64_t event, start_ns;
};

/* What the recorded runtime itself reported (COLLECTED events). */
struct gcr_recorded_collection {
    uint64_t event;
    uint32_t generation, collected, uncollectable;
};

/* Copy-on-write at one moment of an epoch; counts are of pages, since its fork. */
struct gcr_cow_point {
    uint64_t event; /* how many events of the lane were over by then */
    struct gcr_page_counts model;
    uint64_t kernel_shared, kernel_copied, kernel_dropped, kernel_dropped_copied, kernel_fresh;
};

enum { GCR_COW_NAMED_PAGES = 8 };

/* Two sets of pages, held against each other page by page. */
struct gcr_page_difference {
    uint64_t both, model_only, kernel_only;
    uint64_t first_of_model[GCR_COW_NAMED_PAGES]; /* the lowest addresses of each; 0: no more */
    uint64_t first_of_kernel[GCR_COW_NAMED_PAGES];
};

/* "data", "new", "count" ...: names of columns. */
extern const char *const gcr_cause_name[GCR_CAUSE_COUNT_OF];

/* From one fork that a process has part in to the next, or to its end. */
struct gcr_cow_epoch {
    uint64_t event; /* number of the FORK in this lane; 0 if it was born by the fork */
    uint32_t lane;  /* the other one's */
    bool is_born;   /* this lane is the child */
    bool of_model;  /* the model followed */
    bool of_kernel; /* the kernel's account was kept; else `refusal` says why not */
    char refusal[160];
    struct gcr_cow_point end;
    size_t first_point, point_count; /* among the lane's */
    /* With both: pages copied at the end, and pages shared by the fork and not given back. */
    struct gcr_page_difference copied, shared;
};

/* Figures of one lane, counted from its own start or fork. Arrays are owned by the result. */
struct gcr_lane_result {
    uint32_t lane;
    int32_t parent; /* -1: the first process */
    enum gcr_outcome outcome;
    char message[512]; /* why, if the outcome is not ok; names lane and event */
    uint64_t events, events_without_deaths;

    uint64_t collections_by_generation[GCR_MAX_GENERATIONS];
    uint64_t collections_by_reason[GCR_REASON_COUNT];
    struct gcr_work work;      /* differences since the lane's start */
    uint64_t live_end_objects; /* by the trace's deaths, or by the checker when there is one */
    bool live_known;           /* false: the trace has no deaths and no checker ran */
    uint64_t live_end_bytes, live_peak_bytes;
    uint64_t footprint_peak_bytes, footprint_mean_bytes, footprint_end_bytes;
    struct gcr_footprint by_kind_at_peak; /* the sample with the largest footprint */
    uint64_t rss_peak_bytes;

    uint64_t mutator_ns, collector_ns, wall_ns, harness_ns;
    /* Replay time by phase, in pauses and in work that the heap has bracketed outside of them;
     * [GCR_PHASE_MUTATOR]: inside pauses, before the first phase was named. */
    uint64_t phase_ns[GCR_PHASE_COUNT];
    uint64_t bracketed_ns; /* of it outside pauses: part of mutator_ns */
    bool cpu_known;        /* false in verified runs, whose CPU time means nothing */
    uint64_t mutator_cpu_ns, pauses_cpu_ns; /* of the replaying thread, on the clock */
    uint64_t helper_cpu_ns;                 /* of the design's own threads */
    /* At the recorded pace: time spent waiting, part of mutator_ns; how far the replay was behind
     * the recording at worst. */
    uint64_t waited_ns, late_max_ns;
    struct gcr_pause *pauses; /* every one, in order */
    size_t pause_count;
    struct gcr_footprint_sample *samples;
    size_t sample_count;
    struct gcr_recorded_collection *recorded;
    size_t recorded_count;
    struct gcr_request *requests; /* those that ended in this process, by their beginning */
    size_t request_count;
    uint64_t requests_unfinished, requests_dropped; /* not listed; dropped: there were too many */
    struct gcr_program_phase *program_phases;       /* as they began; a forked lane's first at 0 */
    size_t program_phase_count;
    struct gcr_checkpoint *checkpoints; /* verified runs: at moments that the trace decides */
    size_t checkpoint_count;
    bool has_resurrected; /* a finalizer stored its object: graphs may differ between designs */
    struct gcr_model_counts model;    /* modelled runs: the cache model's, since the lane's start */
    struct gcr_design_figure *design; /* the design's own, since the lane's start */
    size_t design_count;
    struct gcr_counter_figure *counters; /* by enum gcr_counter; NULL: not asked for */
    size_t counter_count;                /* GCR_COUNTER_COUNT, or 0 */
    uint64_t counter_intervals;          /* how many were counted and added up */
    struct gcr_cow_epoch *cow;           /* if it was asked for: after each fork */
    size_t cow_count;
    struct gcr_cow_point *cow_points; /* of all epochs, one after the other */
    size_t cow_point_count;

    bool verified;         /* a checker ran to the end and found nothing */
    uint64_t comparisons;  /* complete comparisons of heap and shadow graph */
    uint64_t graph_digest; /* canonical digest of the reachable graph at the end; 0: not taken */
};

struct gcr_result {
    struct {
        char path[512];
        char digest[17];
        uint64_t events;
        uint32_t lanes;
        uint64_t file_bytes;
        struct gcr_capabilities capabilities;
        char warning[512];
        char **phase_names; /* [phase_name_count]: number n is phase_names[n - 1]; owned */
        uint32_t phase_name_count;
    } trace;
    const struct gcr_collector *collector;
    struct gcr_option_values options;
    uint64_t budget_bytes; /* 0: native */
    enum gcr_verify_mode verify;
    bool concurrent; /* the heap had threads that collect while the mutator runs */
    struct {
        bool is_on;         /* the modelled twin ran: times mean nothing */
        bool is_repeatable; /* addresses do not change from run to run */
        const char *vectors;
        struct gcr_geometry geometry;
    } model;
    bool cow;                 /* copy-on-write was to be followed */
    bool pace_recorded;       /* the replay waited at TIME events for recorded time to pass */
    bool decode_ahead;        /* a thread decoded the next events meanwhile */
    enum gcr_outcome outcome; /* the worst of the lanes */
    char message[512];
    struct gcr_lane_result *lanes;
    size_t lane_count;
};

void gcr_result_finish(struct gcr_result *result); /* frees what it owns */

/* Frees the arrays of one lane and empties it. */
void gcr_lane_result_finish(struct gcr_lane_result *lane);

/* The lane with the most serious outcome (the first of several), or NULL if there are no lanes. */
const struct gcr_lane_result *gcr_result_worst_lane(const struct gcr_result *result);

/* True if there are lanes and a checker ran to the end of each without finding anything. */
bool gcr_result_verified(const struct gcr_result *result);

/* CPU time spent on collecting: the replaying thread's in pauses, what it did in bracketed work
 * outside of them (by the replay clock), and the helper threads'. */
static inline uint64_t gcr_lane_collector_cpu_ns(const struct gcr_lane_result *lane)
{
    return lane->pauses_cpu_ns + lane->bracketed_ns + lane->helper_cpu_ns;
}

/* sum[0..count) takes in a lane's own figures, as each says how. Lists of another length belong to
 * lanes that did not run: they change nothing. */
void gcr_design_figures_add(struct gcr_design_figure *sum, size_t count,
                            const struct gcr_lane_result *lane);

/* *sum += *part, member by member. */
void gcr_work_add(struct gcr_work *sum, const struct gcr_work *part);
/* later - earlier, member by member. */
struct gcr_work gcr_work_since(const struct gcr_work *later, const struct gcr_work *earlier);

/* Sorts values[0..count) and returns the percentile (0 .. 100) by nearest rank; 0 if count is 0. */
uint64_t gcr_percentile_ns(uint64_t *values, size_t count, double percentile);

size_t gcr_result_pause_count(const struct gcr_result *result); /* over all lanes */

/* Percentile (0 .. 100) of all pauses of all lanes, by nearest rank; 0 if there is none.
 * O(n log n). */
uint64_t gcr_result_pause_percentile(const struct gcr_result *result, double percentile);

#endif
