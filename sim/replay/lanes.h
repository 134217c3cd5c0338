/* The tree of processes: real forks, one process a lane. */
#ifndef GCR_SIM_REPLAY_LANES_H
#define GCR_SIM_REPLAY_LANES_H

#include "sim/replay/process.h"

/* Forks a child for `lane` (a gcr_fork_function). The child waits until it is told to run. */
void gcr_lanes_fork(struct gcr_process *process, uint32_t lane);

/* Runs the process's children one after the other in lane order, each with all of its descendants,
 * and adds their results to process->results. They stay alive, waiting to be released. */
gcr_status gcr_lanes_run_children(struct gcr_process *process, struct gcr_error *err) GCR_MUST_USE;

/* Lets all children end and waits for them. Also ends children that never ran. */
void gcr_lanes_release(struct gcr_process *process);

#endif
