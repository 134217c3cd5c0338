/* The one place that asks the system for the time. */
#include "sim/measure/clock.h"

#include <time.h>

static uint64_t clock_read(clockid_t which)
{
    struct timespec now;

    clock_gettime(which, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t gcr_monotonic_ns(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

uint64_t gcr_thread_cpu_ns(void)
{
    return clock_read(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t gcr_process_cpu_ns(void)
{
    return clock_read(CLOCK_PROCESS_CPUTIME_ID);
}
