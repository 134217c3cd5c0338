/* Looks at decoded events before the clock starts, so that the loop need not: makes handle entries,
 * root slots and cookies exist, finds indexes that were never allocated, and ends the batch where
 * the replay must do something else. */
#ifndef GCR_SIM_REPLAY_PREPARE_H
#define GCR_SIM_REPLAY_PREPARE_H

#include "sim/replay/state.h"

enum gcr_prepared {
    GCR_PREPARED_ALL,       /* all n events */
    GCR_PREPARED_FORK_EXIT, /* event `usable` is a FORK or an EXIT */
    GCR_PREPARED_NO_OBJECT, /* event `usable` names `object`, which was never allocated */
    GCR_PREPARED_NO_MEMORY  /* the harness has no memory for event `usable` */
};

struct gcr_preparation {
    enum gcr_prepared what;
    size_t usable; /* this many events may be carried out now */
    uint32_t object;
};

/* Prepares events[0..n). O(n). */
struct gcr_preparation gcr_prepare_batch(struct gcr_replay_state *state,
                                         const struct gcr_event *events, size_t n);

#endif
