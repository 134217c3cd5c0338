/* A lane's figures at its end. */
#ifndef GCR_SIM_REPLAY_FIGURES_H
#define GCR_SIM_REPLAY_FIGURES_H

#include "sim/replay/process.h"

/* Takes note of the design's own figures at the lane's start. */
void gcr_figures_begin(struct gcr_replay_state *state);

/* Fills process->result from clock, pauses, series, counters and heap: everything but outcome,
 * lists and what a checker adds. */
void gcr_figures_fill(struct gcr_process *process);

/* Copies pauses, footprint series, recorded collections and the design's own figures into arrays
 * that the result owns. */
gcr_status gcr_figures_keep_lists(struct gcr_process *process, struct gcr_error *err) GCR_MUST_USE;

#endif
