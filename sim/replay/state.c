/* Setting up a lane's state, restarting its figures after a fork, and the events that are not hot.
 */
#include "sim/replay/state.h"

#include "base/check.h"
#include "sim/replay/host.h"

/* ---- what a checker may look at ---- */

static gcr_ref state_view_handle(const struct gcr_replay_view *view, uint32_t index)
{
    return gcr_view_handle(view, index);
}

static gcr_ref state_view_root(const struct gcr_replay_view *view, uint32_t thread, uint32_t root)
{
    const struct gcr_replay_state *state = view->replay;
    const gcr_ref *slot = gcr_roots_find(&state->roots, thread, root);

    return slot != NULL ? *slot : NULL;
}

static uint32_t state_view_root_count(const struct gcr_replay_view *view, uint32_t thread,
                                      bool global)
{
    const struct gcr_replay_state *state = view->replay;

    return (uint32_t)gcr_roots_count(&state->roots, thread, global);
}

static void state_view_rest(const struct gcr_replay_view *view, bool resting)
{
    struct gcr_replay_state *state = view->replay;

    if (resting) {
        if (state->looks++ == 0) {
            state->clock_was_running = state->timing.clock.running;
            (void)gcr_timing_stop(&state->timing);
        }
        gcr_state_rest(state);
        return;
    }
    gcr_state_wake(state);
    if (--state->looks == 0 && state->clock_was_running)
        gcr_timing_start(&state->timing);
}

/* ---- helper threads ---- */

static void state_set_rest(struct gcr_replay_state *state, bool resting)
{
    const struct gcr_collector *collector = state->collector;

    if (collector->rest != NULL)
        collector->rest(state->heap, resting);
    else if (resting && collector->before_fork != NULL)
        collector->before_fork(state->heap);
    else if (!resting && collector->after_fork != NULL)
        collector->after_fork(state->heap, false);
}

void gcr_state_rest(struct gcr_replay_state *state)
{
    if (state->timing.free_running && state->rests++ == 0)
        state_set_rest(state, true);
}

void gcr_state_wake(struct gcr_replay_state *state)
{
    if (state->timing.free_running && state->rests > 0 && --state->rests == 0)
        state_set_rest(state, false);
}

/* ---- life ---- */

void gcr_state_init(struct gcr_replay_state *state, const struct gcr_engine *engine,
                    const struct gcr_shape *shapes, uint32_t shape_count,
                    const struct gcr_capabilities *capabilities)
{
    const uint32_t generational_moving = GCR_CAP_GENERATIONAL | GCR_CAP_MOVING;

    *state = (struct gcr_replay_state){
        .shapes = shapes,
        .collector = engine->collector,
        .engine = engine,
        .track_young = (engine->collector->caps & generational_moving) == generational_moving,
        .live_known = capabilities->deaths != GCR_DEATHS_NONE,
        .live.shapes = shapes,
    };
    gcr_survey_init(&state->survey_table);
    gcr_host_init(&state->host, shapes, shape_count, capabilities, &state->supply);
    state->view = (struct gcr_replay_view){
        .collector = engine->collector,
        .mutator = engine->mutator,
        .shapes = shapes,
        .shape_count = shape_count,
        .handle = state_view_handle,
        .root = state_view_root,
        .root_count = state_view_root_count,
        .rest = state_view_rest,
        .replay = state,
        .handles = &state->handles,
        .root_base = state->root_base,
    };
}

void gcr_state_restart(struct gcr_replay_state *state, uint32_t lane)
{
    state->view.lane = lane;
    gcr_timing_restart(&state->timing);
    gcr_pace_restart(&state->pace);
    gcr_pauses_reset(&state->pauses);
    gcr_requests_reset(&state->requests);
    gcr_program_phases_restart(&state->program_phases);
    gcr_footprint_reset(&state->series);
    state->live.peak_bytes = state->live.bytes;
    state->work_at_start = state->heap->work;
    state->supply.peak_bytes = state->supply.committed_bytes;
    state->recorded_count = 0;
    state->deaths = 0;
    state->batch = state->current = NULL;
    state->batch_first = 0;
}

void gcr_state_finish(struct gcr_replay_state *state)
{
    gcr_handles_free(&state->handles);
    gcr_roots_free(&state->roots);
    gcr_cookies_free(&state->cookies);
    gcr_pauses_free(&state->pauses);
    gcr_requests_free(&state->requests);
    gcr_growable_free(&state->program_phases.memory);
    gcr_footprint_free(&state->series);
    gcr_live_free(&state->live);
    gcr_growable_free(&state->recorded_memory);
    gcr_counters_destroy(state->timing.counters);
    gcr_cow_close(&state->cow);
}

static void state_split(void *arg, struct gcr_footprint *out)
{
    struct gcr_replay_state *state = arg;

    state->collector->footprint(state->heap, out);
}

void gcr_state_sample(struct gcr_replay_state *state)
{
    if (state->heap == NULL)
        return; /* a collection while the heap is being created: nothing to ask yet */
    gcr_footprint_add(&state->series, gcr_timing_now(&state->timing), gcr_state_event(state),
                      state->supply.committed_bytes, state_split, state);
}

/* ---- events ---- */

enum gcr_stop gcr_replay_missing(struct gcr_replay_state *state, uint32_t object)
{
    state->stop_object = object;
    return state->handles.table[object] == GCR_HANDLE_LOST ? GCR_STOP_LOST : GCR_STOP_NO_OBJECT;
}

static enum gcr_stop rare_prebuilt(struct gcr_replay_state *state, const struct gcr_event *e)
{
    const struct gcr_shape *shape = &state->shapes[e->b];
    uint32_t cookie = 0;
    gcr_ref object;

    if (gcr_shape_is(shape, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER))
        cookie = gcr_cookies_add(&state->cookies, e->a);
    object = state->collector->prebuilt(state->heap, shape, e->c, cookie);
    if (object == NULL)
        return GCR_STOP_EXHAUSTED;
    state->handles.table[e->a] = object;
    return GCR_STOP_NONE;
}

static enum gcr_stop rare_resize(struct gcr_replay_state *state, const struct gcr_event *e)
{
    gcr_ref *handle = &state->handles.table[e->a];

    if (!gcr_handle_is_object(*handle))
        return gcr_replay_missing(state, e->a);
    return state->collector->resize(state->heap, handle, e->b) ? GCR_STOP_NONE : GCR_STOP_EXHAUSTED;
}

static enum gcr_stop rare_weakref(struct gcr_replay_state *state, const struct gcr_event *e)
{
    gcr_ref weak = state->handles.table[e->a], target = state->handles.table[e->b];

    if (!gcr_handle_is_object(weak))
        return gcr_replay_missing(state, e->a);
    if (!gcr_handle_is_object(target) && e->b != 0)
        return gcr_replay_missing(state, e->b);
    return state->collector->weakref(state->heap, weak, target) ? GCR_STOP_NONE
                                                                : GCR_STOP_EXHAUSTED;
}

static enum gcr_stop rare_resurrect(struct gcr_replay_state *state, const struct gcr_event *e)
{
    if (!gcr_handle_is_object(state->handles.table[e->a]))
        return gcr_replay_missing(state, e->a);
    if (gcr_root_is_global(e->b) && gcr_cookies_resurrect(&state->cookies, e->a, e->b))
        return GCR_STOP_NONE;
    state->stop_object = e->a;
    return GCR_STOP_NO_FINALIZER;
}

static enum gcr_stop rare_time(struct gcr_replay_state *state, const struct gcr_event *e)
{
    if (!state->pace.is_recorded)
        return GCR_STOP_NONE;
    if (state->timing.counters != NULL) /* waiting is no work of the program's */
        gcr_counters_stop(state->timing.counters, &state->timing.phases);
    gcr_pace_wait(&state->pace, &state->timing, (uint64_t)e->b << 32 | e->a);
    if (state->timing.counters != NULL)
        gcr_counters_start(state->timing.counters);
    return GCR_STOP_NONE;
}

static enum gcr_stop rare_thread(struct gcr_replay_state *state, const struct gcr_event *e)
{
    state->roots.current = e->a;
    state->root_base[0] = gcr_roots_thread_base(&state->roots, e->a);
    if (state->collector->thread != NULL)
        state->collector->thread(state->heap, e->a);
    return GCR_STOP_NONE;
}

/* To which mutator-level phase of the cache model an event belongs. */
static enum gcr_gc_phase rare_phase(enum gcr_op op)
{
    switch (op) {
    case GCR_OP_PREBUILT:
    case GCR_OP_RESIZE:
        return GCR_PHASE_ALLOCATION;
    case GCR_OP_WEAKREF:
    case GCR_OP_FREEZE:
    case GCR_OP_UNFREEZE:
        return GCR_PHASE_BARRIER;
    default:
        return GCR_PHASE_MUTATOR;
    }
}

static enum gcr_stop rare_event(struct gcr_replay_state *state, const struct gcr_event *e)
{
    const struct gcr_collector *collector = state->collector;

    switch (e->op) {
    case GCR_OP_PREBUILT:
        return rare_prebuilt(state, e);
    case GCR_OP_RESIZE:
        return rare_resize(state, e);
    case GCR_OP_WEAKREF:
        return rare_weakref(state, e);
    case GCR_OP_RESURRECT:
        return rare_resurrect(state, e);
    case GCR_OP_THREAD:
        return rare_thread(state, e);
    case GCR_OP_TIME:
        return rare_time(state, e);
    case GCR_OP_GCCONTROL:
        if (collector->gc_control != NULL)
            collector->gc_control(state->heap, e->a != 0, (const uint32_t[3]){e->b, e->c, e->d});
        return GCR_STOP_NONE;
    case GCR_OP_COLLECT:
        if (collector->collect != NULL)
            collector->collect(state->heap, e->a, GCR_REASON_EXPLICIT);
        return GCR_STOP_NONE;
    case GCR_OP_FREEZE:
        if (collector->freeze != NULL)
            collector->freeze(state->heap);
        return GCR_STOP_NONE;
    case GCR_OP_UNFREEZE:
        if (collector->unfreeze != NULL)
            collector->unfreeze(state->heap);
        return GCR_STOP_NONE;
    case GCR_OP_REQUEST:
        gcr_requests_note(&state->requests, e->a, e->flags == GCR_REQUEST_END,
                          gcr_timing_now(&state->timing));
        return GCR_STOP_NONE;
    case GCR_OP_PHASE:
        gcr_program_phases_note(&state->program_phases, e->a, gcr_state_event(state),
                                gcr_timing_now(&state->timing));
        return GCR_STOP_NONE;
    default:
        return GCR_STOP_NONE;
    }
}

enum gcr_stop gcr_replay_rare_event(struct gcr_replay_state *state, const struct gcr_event *event)
{
    enum gcr_gc_phase before;
    enum gcr_stop stop;

    if (!state->timing.modelled)
        return rare_event(state, event);
    before = gcr_model_enter(rare_phase((enum gcr_op)event->op));
    stop = rare_event(state, event);
    (void)gcr_model_enter(before);
    return stop;
}

/* ---- checking ---- */

enum gcr_stop gcr_replay_check_before(struct gcr_replay_state *state, const struct gcr_event *event)
{
    state->stop_status =
        state->checker->before(state->checker, event, gcr_state_event(state), &state->error);
    return state->stop_status == GCR_OK ? GCR_STOP_NONE : GCR_STOP_REFUSED;
}

/* The heap's own invariants. */
static bool state_check_heap(struct gcr_replay_state *state)
{
    bool ok;

    if (state->collector->check == NULL)
        return true;
    gcr_state_rest(state);
    ok = state->collector->check(state->heap, GCR_CHECK_LEVEL, &state->error);
    gcr_state_wake(state);
    if (!ok)
        gcr_error_prefix(&state->error, "lane %u, event %llu: broken invariant: ", state->view.lane,
                         (unsigned long long)gcr_state_event(state));
    return ok;
}

enum gcr_stop gcr_replay_check_after(struct gcr_replay_state *state, const struct gcr_event *event)
{
    state->stop_status =
        state->checker->after(state->checker, event, gcr_state_event(state), &state->error);
    if (state->stop_status == GCR_OK && GCR_CHECK_LEVEL >= 2 && state->check_due &&
        !state_check_heap(state))
        state->stop_status = GCR_FAULT;
    state->check_due = false;
    return state->stop_status == GCR_OK ? GCR_STOP_NONE : GCR_STOP_REFUSED;
}
