/* Waiting for recorded time; see pace.h. */
#include "sim/replay/pace.h"

#include <time.h>

static const uint64_t pace_spin_ns = 50000; /* a sleep may last that much longer than asked */

static void pace_sleep(uint64_t ns)
{
    const struct timespec time = {.tv_sec = (time_t)(ns / 1000000000),
                                  .tv_nsec = (long)(ns % 1000000000)};

    nanosleep(&time, NULL); /* woken early: the caller looks at the clock */
}

void gcr_pace_wait(struct gcr_pace *pace, const struct gcr_timing *timing, uint64_t recorded_ns)
{
    uint64_t now_ns = gcr_timing_now(timing), from_ns = now_ns, due_ns;

    if (!pace->has_origin) {
        pace->has_origin = true;
        pace->origin_ns = recorded_ns - now_ns;
    }
    due_ns = recorded_ns - pace->origin_ns;
    if (now_ns >= due_ns) {
        if (now_ns - due_ns > pace->late_max_ns)
            pace->late_max_ns = now_ns - due_ns;
        return;
    }
    for (; now_ns < due_ns; now_ns = gcr_timing_now(timing))
        if (due_ns - now_ns > pace_spin_ns)
            pace_sleep(due_ns - now_ns - pace_spin_ns);
    pace->waited_ns += now_ns - from_ns;
}

void gcr_pace_restart(struct gcr_pace *pace)
{
    *pace = (struct gcr_pace){.is_recorded = pace->is_recorded};
}
