/* Clocks, pauses and phases of a lane; see timing.h. */
#include "sim/replay/timing.h"

uint64_t gcr_timing_now(const struct gcr_timing *timing)
{
    return gcr_clock_now(&timing->clock, timing->clock.running ? gcr_monotonic_ns() : 0);
}

uint64_t gcr_timing_hold(struct gcr_timing *timing)
{
    if (timing->free_running)
        return gcr_timing_now(timing);
    timing->was_running = timing->clock.running;
    return gcr_timing_stop(timing);
}

void gcr_timing_go_on(struct gcr_timing *timing)
{
    if (!timing->free_running && timing->was_running)
        gcr_timing_start(timing);
}

/* CPU time so far; of a running clock only where one is not stopped. */
static uint64_t timing_cpu_now(const struct gcr_timing *timing)
{
    if (!timing->counts_cpu)
        return 0;
    return gcr_clock_now(&timing->cpu, timing->cpu.running ? gcr_thread_cpu_ns() : 0);
}

/* Counters that run are booked to what has been in force until now. */
static void timing_split(struct gcr_timing *timing)
{
    if (timing->counters != NULL)
        gcr_counters_split(timing->counters, &timing->phases);
}

void gcr_timing_change_phase(struct gcr_timing *timing, uint64_t now_ns, enum gcr_gc_phase phase)
{
    timing_split(timing);
    gcr_phases_change(&timing->phases, now_ns, phase);
}

void gcr_timing_begin_pause(struct gcr_timing *timing, uint64_t now_ns)
{
    timing_split(timing);
    gcr_phases_begin_pause(&timing->phases, now_ns);
    timing->pause_start_ns = now_ns;
    timing->pause_start_cpu_ns = timing_cpu_now(timing);
}

void gcr_timing_end_pause(struct gcr_timing *timing, uint64_t now_ns)
{
    uint64_t cpu_ns = timing_cpu_now(timing) - timing->pause_start_cpu_ns;
    uint64_t length_ns = now_ns - timing->pause_start_ns;

    timing_split(timing);
    gcr_phases_end_pause(&timing->phases, now_ns);
    timing->pauses_cpu_ns += cpu_ns < length_ns ? cpu_ns : length_ns;
}

/* The process's clock is read first: what passes between the readings makes the figure smaller, and
 * without helpers it is 0. */
uint64_t gcr_helper_cpu_ns(void)
{
    uint64_t process_ns = gcr_process_cpu_ns(), thread_ns = gcr_thread_cpu_ns();

    return process_ns > thread_ns ? process_ns - thread_ns : 0;
}

void gcr_timing_restart(struct gcr_timing *timing)
{
    *timing = (struct gcr_timing){.counts_cpu = timing->counts_cpu,
                                  .free_running = timing->free_running,
                                  .modelled = timing->modelled,
                                  .counters = timing->counters};
    if (timing->counters != NULL)
        gcr_counters_after_fork(timing->counters);
}
