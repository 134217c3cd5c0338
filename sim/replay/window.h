/* How far ahead of the replay events are decoded: a batch, or for designs with helper threads a
 * window, the whole lane if it fits.
 *
 * Decoding stops the clock, and while helper threads run the clock must not stop. So their window
 * is decoded and prepared beforehand, carried out with the clock running throughout, and at its end
 * the design is brought to rest before the clock stops. */
#ifndef GCR_SIM_REPLAY_WINDOW_H
#define GCR_SIM_REPLAY_WINDOW_H

#include "sim/replay/process.h"

/* Makes room for a window once the heap exists and it is known whether it has threads. */
gcr_status gcr_window_open(struct gcr_process *process, struct gcr_error *err) GCR_MUST_USE;

/* Decodes the next window (or batch) of the lane; process->end is 0 at the lane's end. */
gcr_status gcr_window_fill(struct gcr_process *process, struct gcr_error *err) GCR_MUST_USE;

/* Carries out events[0..n), which have been prepared; returns how many were completed. */
size_t gcr_window_run(struct gcr_process *process, const struct gcr_event *events, size_t n);

#endif
