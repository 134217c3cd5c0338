/* The replay clock: runs only while the mutator's operations and the collections do.
 *
 * Pure arithmetic on readings that the caller takes (gcr_monotonic_ns), so that it can be tested
 * without waiting. Invariant: elapsed_ns is the sum of all finished running intervals. */
#ifndef GCR_SIM_MEASURE_CLOCK_H
#define GCR_SIM_MEASURE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: stopped at 0. */
struct gcr_clock {
    uint64_t elapsed_ns;
    uint64_t started_ns; /* reading at which the running interval began */
    bool running;
};

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t gcr_monotonic_ns(void);

/* CPU time of the calling thread, and of all threads of this process together. */
uint64_t gcr_thread_cpu_ns(void);
uint64_t gcr_process_cpu_ns(void);

static inline void gcr_clock_start(struct gcr_clock *clock, uint64_t now_ns)
{
    clock->started_ns = now_ns;
    clock->running = true;
}

/* Stops and returns the replay time. Stopping a stopped clock changes nothing. */
static inline uint64_t gcr_clock_stop(struct gcr_clock *clock, uint64_t now_ns)
{
    if (clock->running)
        clock->elapsed_ns += now_ns - clock->started_ns;
    clock->running = false;
    return clock->elapsed_ns;
}

/* The time of a clock, running or not, at that reading. */
static inline uint64_t gcr_clock_now(const struct gcr_clock *clock, uint64_t now_ns)
{
    return clock->elapsed_ns + (clock->running ? now_ns - clock->started_ns : 0);
}

#endif
