/* All that one lane's replay holds: the host that the heap sees, handles, roots, clock and figures.
 * A forked child goes on with its copy. */
#ifndef GCR_SIM_REPLAY_STATE_H
#define GCR_SIM_REPLAY_STATE_H

#include "sim/measure/footprint.h"
#include "sim/measure/pauses.h"
#include "sim/measure/program_phases.h"
#include "sim/measure/requests.h"
#include "sim/replay/checker.h"
#include "sim/replay/cookies.h"
#include "sim/replay/cow.h"
#include "sim/replay/engine.h"
#include "sim/replay/handles.h"
#include "sim/replay/live.h"
#include "sim/replay/pace.h"
#include "sim/replay/roots.h"
#include "sim/replay/survey.h"
#include "sim/replay/timing.h"

/* Why the loop did not complete an event. */
enum gcr_stop {
    GCR_STOP_NONE,
    GCR_STOP_EXHAUSTED,    /* the heap has no room */
    GCR_STOP_NO_OBJECT,    /* stop_object was never allocated, or is dead */
    GCR_STOP_LOST,         /* a collection reclaimed stop_object */
    GCR_STOP_NO_FINALIZER, /* RESURRECT of stop_object, which has no finalizer left to run, or into
                              a slot that is not a global root */
    GCR_STOP_REFUSED       /* the checker; stop_status and error say why */
};

struct gcr_replay_state {
    struct gcr_host host; /* first member: the heap's callbacks lead back here */

    /* What the loop works on. */
    struct gcr_heap *heap;
    const struct gcr_shape *shapes;
    const struct gcr_collector *collector;
    gcr_ref *root_base[2]; /* [0] the current thread's slots, [1] the global ones */
    struct gcr_handles handles;
    struct gcr_cookies cookies;
    bool track_young; /* generational and moving: keep the list of young indexes */
    const struct gcr_event
        *batch; /* events being carried out; their first has number batch_first */
    const struct gcr_event *current; /* the one being carried out, or the end of the batch */
    uint64_t batch_first;
    uint32_t batch_ops; /* gcr_op_bit of every operation in the batch */
    enum gcr_stop stop;
    uint32_t stop_object;
    gcr_status stop_status;
    struct gcr_error error;

    const struct gcr_engine *engine;
    struct gcr_roots roots;
    struct gcr_survey_table survey_table;
    struct gcr_supply supply;

    struct gcr_checker *checker; /* NULL: not verified */
    struct gcr_replay_view view;
    bool check_due; /* a collection has ended since the heap's own invariants were last checked */

    struct gcr_timing timing;
    struct gcr_pace pace;
    uint32_t rests;         /* how many want helper threads to rest */
    bool clock_held;        /* the heap holds a clock that was running */
    uint32_t looks;         /* how many look at the whole heap */
    bool clock_was_running; /* when the first of them began */
    struct gcr_pauses pauses;
    struct gcr_request_log requests;
    struct gcr_program_phase_log program_phases;
    struct gcr_footprint_series series;
    struct gcr_cow cow;
    bool live_known; /* the trace has deaths */
    struct gcr_live live;
    struct gcr_work work_at_start;
    struct gcr_design_figure design_at_start[GCR_MAX_DESIGN_FIGURES];
    struct gcr_growable recorded_memory; /* struct gcr_recorded_collection */
    size_t recorded_count;
    uint64_t deaths;
};

/* Number in its lane of the event being carried out; how many are over. */
static inline uint64_t gcr_state_event(const struct gcr_replay_state *state)
{
    return state->batch_first + (uint64_t)(state->current - state->batch);
}

/* Sets up everything but the heap. `engine` and shapes must outlive the state. */
void gcr_state_init(struct gcr_replay_state *state, const struct gcr_engine *engine,
                    const struct gcr_shape *shapes, uint32_t shape_count,
                    const struct gcr_capabilities *capabilities);

/* After a fork, in the child: figures start anew, what lives goes on. */
void gcr_state_restart(struct gcr_replay_state *state, uint32_t lane);

/* Brings the helper threads of the heap to rest, and lets them go on; these nest. Without such
 * threads: no effect. */
void gcr_state_rest(struct gcr_replay_state *state);
void gcr_state_wake(struct gcr_replay_state *state);

/* Adds a point to the footprint series; the clock is stopped unless helper threads run. */
void gcr_state_sample(struct gcr_replay_state *state);

/* Frees the harness's memory; not the heap and not the checker. */
void gcr_state_finish(struct gcr_replay_state *state);

/* Events of a batch that are not hot: they go through the collector's descriptor. */
enum gcr_stop gcr_replay_rare_event(struct gcr_replay_state *state, const struct gcr_event *event);

/* The loop found no object behind an index: notes it and says whether a collection is to blame. */
enum gcr_stop gcr_replay_missing(struct gcr_replay_state *state, uint32_t object);

/* Asks the checker before and after an event. GCR_STOP_REFUSED: state->error. */
enum gcr_stop gcr_replay_check_before(struct gcr_replay_state *state,
                                      const struct gcr_event *event);
enum gcr_stop gcr_replay_check_after(struct gcr_replay_state *state, const struct gcr_event *event);

#endif
