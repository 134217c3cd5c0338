/* A lane's figures at its end. */
#ifndef GCR_SIM_REPLAY_FIGURES_H
#define GCR_SIM_REPLAY_FIGURES_H

#include "sim/replay/process.h"

/* Fills process->result from clock, pauses, series, counters and heap: everything but outcome,
 * lists and what a checker adds. */
void gcr_figures_fill(struct gcr_process *process);

/* Copies pauses, footprint series and recorded collections into arrays that the result owns. */
gcr_status gcr_figures_keep_lists(struct gcr_process *process, struct gcr_error *err) GCR_MUST_USE;

#endif
