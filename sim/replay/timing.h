/* The clocks of a lane as one: replay time, CPU time of the replaying thread, and phases.
 *
 * Both clocks start and stop together, the CPU clock outside of the replay clock, so that its
 * system calls (some hundred nanoseconds each) count for nobody. A thread's CPU time cannot exceed
 * the time that passed, so the smaller of the two is taken for each pause and for the mutator.
 *
 * With helper threads (`free_running`) the clocks are not stopped for the harness's own work.
 *
 * Counters, where asked for, run when the clocks do, outside of both, and are booked to the phase
 * that the clock's time is booked to. */
#ifndef GCR_SIM_REPLAY_TIMING_H
#define GCR_SIM_REPLAY_TIMING_H

#include "sim/measure/clock.h"
#include "sim/measure/counters.h"
#include "sim/measure/phases.h"
#include "sim/model/model.h"

/* All zero: stopped at 0, without CPU time. */
struct gcr_timing {
    struct gcr_clock clock;
    struct gcr_clock cpu;
    bool counts_cpu;   /* not in verified runs, whose CPU time is mostly the oracle's */
    bool free_running; /* hold and go_on do nothing */
    bool modelled;     /* the cache model looks on exactly while the clock runs */
    bool was_running;  /* when it was last held */
    struct gcr_phases phases;
    uint64_t pause_start_ns, pause_start_cpu_ns;
    uint64_t pauses_cpu_ns;        /* CPU time of the replaying thread inside pauses */
    uint64_t helper_start_ns;      /* of gcr_helper_cpu_ns, at the lane's start */
    struct gcr_counters *counters; /* NULL: not asked for */
};

/* Starts both clocks, stops them; the second returns the replay time. */
static inline void gcr_timing_start(struct gcr_timing *timing)
{
    if (timing->counters != NULL)
        gcr_counters_start(timing->counters);
    if (timing->counts_cpu)
        gcr_clock_start(&timing->cpu, gcr_thread_cpu_ns());
    gcr_clock_start(&timing->clock, gcr_monotonic_ns());
    if (timing->modelled)
        (void)gcr_model_pause(false);
}

static inline uint64_t gcr_timing_stop(struct gcr_timing *timing)
{
    if (timing->modelled)
        (void)gcr_model_pause(true);
    uint64_t now_ns = gcr_clock_stop(&timing->clock, gcr_monotonic_ns());

    if (timing->counts_cpu)
        (void)gcr_clock_stop(&timing->cpu, gcr_thread_cpu_ns());
    if (timing->counters != NULL)
        gcr_counters_stop(timing->counters, &timing->phases);
    return now_ns;
}

/* Around a batch of events: the same, unless helper threads run; then whoever decoded the window
 * starts and stops. */
static inline void gcr_timing_start_batch(struct gcr_timing *timing)
{
    if (!timing->free_running)
        gcr_timing_start(timing);
}

static inline void gcr_timing_stop_batch(struct gcr_timing *timing)
{
    if (!timing->free_running)
        (void)gcr_timing_stop(timing);
}

/* Around work of the harness that is called from within the heap: clocks that ran stop meanwhile,
 * unless helper threads run. hold returns the replay time either way. Not nested. */
uint64_t gcr_timing_hold(struct gcr_timing *timing);
void gcr_timing_go_on(struct gcr_timing *timing);

/* Replay time of this moment, running or not. */
uint64_t gcr_timing_now(const struct gcr_timing *timing);

/* The heap goes to another phase; a pause begins and ends. All with the clocks held or not:
 * `now_ns` is the replay time. */
void gcr_timing_change_phase(struct gcr_timing *timing, uint64_t now_ns, enum gcr_gc_phase phase);
void gcr_timing_begin_pause(struct gcr_timing *timing, uint64_t now_ns);
void gcr_timing_end_pause(struct gcr_timing *timing, uint64_t now_ns);

/* CPU time that other threads of this process have used since its start: 0 without any. */
uint64_t gcr_helper_cpu_ns(void);

/* A forked lane begins: all figures are 0, and counters are the new process's own. */
void gcr_timing_restart(struct gcr_timing *timing);

#endif
