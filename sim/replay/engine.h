/* An engine: one back end and the replay loop compiled around its inline operations. Instances come
 * from engine_instance.c.in. */
#ifndef GCR_SIM_REPLAY_ENGINE_H
#define GCR_SIM_REPLAY_ENGINE_H

#include "allocators/collector.h"
#include "traces/event.h"

struct gcr_replay_state;
struct gcr_modelled_twin;

struct gcr_engine {
    const struct gcr_collector *collector;
    const struct gcr_mutator_ops *mutator;
    /* Carries out events[0..n) and returns how many were completed; fewer: state->stop says why. */
    size_t (*run)(struct gcr_replay_state *state, const struct gcr_event *events, size_t n);
    /* The same with the checker asked before and after each event, off the clock. */
    size_t (*run_checked)(struct gcr_replay_state *state, const struct gcr_event *events, size_t n);
    /* Brings the handle table up to date in a collection. */
    void (*update_handles)(struct gcr_replay_state *state, bool minor);
    const struct gcr_modelled_twin *twin; /* of an engine made by gcr_modelled_engine; else NULL */
};

#endif
