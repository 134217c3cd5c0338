/* Decodes the next blocks of a lane while the present one is being used: on a thread of its own,
 * and on the caller's whenever that would otherwise wait. Internal to traces/.
 *
 * Blocks are independent of each other, so two threads decode twice as fast as one. Memory: a few
 * blocks of events and two decoders. The thread allocates nothing, takes no signals, and owns no
 * lock but this one's: a process with one may fork; the child must leave it alone, and it is not
 * there any more. */
#ifndef GCR_TRACES_AHEAD_H
#define GCR_TRACES_AHEAD_H

#include "traces/reader_state.h"

struct gct_ahead;

/* For the blocks lane_sections[first .. end) of the reader. */
gcr_status gct_ahead_open(const struct gcr_reader *reader, uint64_t first, uint64_t end,
                          struct gct_ahead **out, struct gcr_error *err) GCR_MUST_USE;

/* The events of the next block, which must be there; they stay until the next call. Errors come at
 * the block that they belong to, and again at every later call. */
gcr_status gct_ahead_take(struct gct_ahead *ahead, const struct gcr_event **events,
                          struct gcr_error *err) GCR_MUST_USE;

/* Waits for the thread, which stops after the block at hand. */
void gct_ahead_close(struct gct_ahead *ahead);

#endif
