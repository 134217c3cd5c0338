/* Turns the reason why a replay stopped into a lane's outcome and message. */
#ifndef GCR_SIM_REPLAY_OUTCOME_H
#define GCR_SIM_REPLAY_OUTCOME_H

#include "sim/replay/process.h"

/* Outcome and message for `event` (NULL: the lane's end). */
void gcr_outcome_set(struct gcr_process *process, const struct gcr_event *event,
                     enum gcr_outcome outcome, const char *reason);

/* The same by process->state.stop: the loop did not complete `event`. */
void gcr_outcome_set_stop(struct gcr_process *process, const struct gcr_event *event);

#endif
