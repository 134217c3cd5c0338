/* Restoring the recorded program's own pace: at each TIME event the replay waits until as much
 * replay time has passed as in the recording. Gaps only: a replay that is behind does not wait, and
 * catches up in the next gaps. Recorded time 0 is the first process's start; a forked process's
 * time counts from its first TIME event. */
#ifndef GCR_SIM_REPLAY_PACE_H
#define GCR_SIM_REPLAY_PACE_H

#include "sim/replay/timing.h"

/* All zero: not paced. */
struct gcr_pace {
    bool is_recorded; /* the recorded pace is kept */
    bool has_origin;
    uint64_t origin_ns;   /* recorded time less replay time of a replay that is on time */
    uint64_t waited_ns;   /* replay time spent waiting */
    uint64_t late_max_ns; /* the furthest that the replay was behind at a TIME event */
};

/* A TIME event with that recorded time. The clock must be running. Sleeps, and spins for the last
 * 50 microseconds. */
void gcr_pace_wait(struct gcr_pace *pace, const struct gcr_timing *timing, uint64_t recorded_ns);

/* A forked process begins. */
void gcr_pace_restart(struct gcr_pace *pace);

#endif
