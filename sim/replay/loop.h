/* The replay loop, compiled once per back end around its constant table of inline operations.
 *
 * Everything here is always-inline and takes the table as a constant, so calls through it become
 * inline code and members that are NULL leave nothing behind. Preparation (prepare.h) has already
 * made every index, root slot and cookie of the batch exist: the loop checks for null handles
 * alone. Budget: besides the back end's own work, 3 to 4 ns an event. */
#ifndef GCR_SIM_REPLAY_LOOP_H
#define GCR_SIM_REPLAY_LOOP_H

#include "sim/replay/state.h"

/* How many events ahead handles are fetched into the cache. Only the harness's own table is
 * touched: fetching the objects would help the design under test. */
enum { GCR_LOOP_HANDLE_DISTANCE = 12, GCR_LOOP_UPDATE_DISTANCE = 8 };

GCR_ALWAYS_INLINE gcr_ref *gcr_loop_root(const struct gcr_replay_state *state, uint32_t root)
{
    return state->root_base[root & 1] + (root >> 1);
}

GCR_ALWAYS_INLINE enum gcr_stop gcr_loop_alloc(const struct gcr_mutator_ops *ops,
                                               struct gcr_replay_state *state,
                                               const struct gcr_event *e)
{
    const struct gcr_shape *shape = &state->shapes[e->b];
    uint32_t cookie = 0;
    gcr_ref object;

    if (GCR_UNLIKELY(gcr_shape_is(shape, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER)))
        cookie = gcr_cookies_add(&state->cookies, e->a);
    object = ops->alloc(state->heap, shape, e->d, e->flags, cookie, gcr_loop_root(state, e->c),
                        gcr_root_is_global(e->c));
    if (GCR_UNLIKELY(object == NULL))
        return GCR_STOP_EXHAUSTED;
    state->handles.table[e->a] = object;
    if (state->track_young)
        state->handles.young[state->handles.young_count++] = e->a;
    return GCR_STOP_NONE;
}

/* A value operand: null, or an object that must be there. */
GCR_ALWAYS_INLINE bool gcr_loop_value(const gcr_ref *handles, uint32_t index, gcr_ref *value)
{
    *value = handles[index];
    return GCR_LIKELY(gcr_handle_is_object(*value)) || index == 0;
}

GCR_ALWAYS_INLINE enum gcr_stop gcr_loop_death(const struct gcr_mutator_ops *ops,
                                               struct gcr_replay_state *state,
                                               const struct gcr_event *e)
{
    gcr_ref object = state->handles.table[e->a];

    /* A collection may well have been faster than the trace: no fault here. */
    if (GCR_UNLIKELY(object == NULL))
        return gcr_replay_missing(state, e->a);
    if (ops->death != NULL && gcr_handle_is_object(object))
        ops->death(state->heap, object);
    state->handles.table[e->a] = NULL;
    return GCR_STOP_NONE;
}

/* Operations on one object: TRACK, UNTRACK, RECYCLE. */
GCR_ALWAYS_INLINE enum gcr_stop gcr_loop_mark(void (*operation)(struct gcr_heap *, gcr_ref),
                                              struct gcr_replay_state *state,
                                              const struct gcr_event *e)
{
    gcr_ref object = state->handles.table[e->a];

    if (GCR_UNLIKELY(!gcr_handle_is_object(object)))
        return gcr_replay_missing(state, e->a);
    if (operation != NULL)
        operation(state->heap, object);
    return GCR_STOP_NONE;
}

GCR_ALWAYS_INLINE enum gcr_stop gcr_loop_copy(const struct gcr_mutator_ops *ops,
                                              struct gcr_replay_state *state,
                                              const struct gcr_event *e)
{
    gcr_ref dst = state->handles.table[e->a], src = state->handles.table[e->c];

    if (GCR_UNLIKELY(!gcr_handle_is_object(dst)))
        return gcr_replay_missing(state, e->a);
    if (GCR_UNLIKELY(!gcr_handle_is_object(src)))
        return gcr_replay_missing(state, e->c);
    ops->copy(state->heap, dst, e->b, src, e->d, e->e);
    return GCR_STOP_NONE;
}

GCR_ALWAYS_INLINE enum gcr_stop gcr_loop_store(const struct gcr_mutator_ops *ops,
                                               struct gcr_replay_state *state,
                                               const struct gcr_event *e)
{
    gcr_ref object = state->handles.table[e->a], value;

    if (GCR_UNLIKELY(!gcr_handle_is_object(object)))
        return gcr_replay_missing(state, e->a);
    if (GCR_UNLIKELY(!gcr_loop_value(state->handles.table, e->c, &value)))
        return gcr_replay_missing(state, e->c);
    ops->store(state->heap, object, e->b, value);
    return GCR_STOP_NONE;
}

/* LOAD, READ and WRITE: an object, and something that depends on the operation. */
GCR_ALWAYS_INLINE enum gcr_stop gcr_loop_access(const struct gcr_mutator_ops *ops,
                                                struct gcr_replay_state *state,
                                                const struct gcr_event *e)
{
    gcr_ref object = state->handles.table[e->a];

    if (GCR_UNLIKELY(!gcr_handle_is_object(object)))
        return gcr_replay_missing(state, e->a);
    if (e->op == GCR_OP_LOAD)
        ops->load(state->heap, object, e->b, gcr_loop_root(state, e->c), gcr_root_is_global(e->c));
    else if (e->op == GCR_OP_READ && ops->read != NULL)
        ops->read(state->heap, object, e->b, e->c);
    else if (e->op == GCR_OP_WRITE && ops->write != NULL)
        ops->write(state->heap, object, e->b, e->c, gcr_tag_of(e->a));
    return GCR_STOP_NONE;
}

GCR_ALWAYS_INLINE enum gcr_stop gcr_loop_set_root(const struct gcr_mutator_ops *ops,
                                                  struct gcr_replay_state *state,
                                                  const struct gcr_event *e)
{
    gcr_ref value;

    if (GCR_UNLIKELY(!gcr_loop_value(state->handles.table, e->b, &value)))
        return gcr_replay_missing(state, e->b);
    if (ops->root != NULL)
        ops->root(state->heap, gcr_loop_root(state, e->a), value, gcr_root_is_global(e->a));
    else
        *gcr_loop_root(state, e->a) = value;
    return GCR_STOP_NONE;
}

/* Fetches the entry of the handle table that an event will look at: its object's, or the value of a
 * root. (Values of stores are not fetched: they are mostly known already, and a second fetch cost
 * more than it gave.) */
GCR_ALWAYS_INLINE void gcr_loop_fetch_handle(const struct gcr_replay_state *state,
                                             const struct gcr_event *e)
{
    GCR_PREFETCH(&state->handles.table[e->op == GCR_OP_ROOT ? e->b : e->a]);
}

GCR_ALWAYS_INLINE enum gcr_stop gcr_loop_event(const struct gcr_mutator_ops *ops,
                                               struct gcr_replay_state *state,
                                               const struct gcr_event *e)
{
    switch (e->op) {
    case GCR_OP_ALLOC:
        return gcr_loop_alloc(ops, state, e);
    case GCR_OP_STORE:
        return gcr_loop_store(ops, state, e);
    case GCR_OP_ROOT:
        return gcr_loop_set_root(ops, state, e);
    case GCR_OP_DEATH:
        return gcr_loop_death(ops, state, e);
    case GCR_OP_LOAD:
    case GCR_OP_READ:
    case GCR_OP_WRITE:
        return gcr_loop_access(ops, state, e);
    case GCR_OP_COPY:
        return gcr_loop_copy(ops, state, e);
    case GCR_OP_TRACK:
        return gcr_loop_mark(ops->track, state, e);
    case GCR_OP_UNTRACK:
        return gcr_loop_mark(ops->untrack, state, e);
    case GCR_OP_RECYCLE:
        return gcr_loop_mark(ops->recycle, state, e);
    case GCR_OP_FINALIZED: /* facts about the recorded run */
    case GCR_OP_COLLECTED:
        return GCR_STOP_NONE;
    default:
        return gcr_replay_rare_event(state, e);
    }
}

/* Carries out events[0..n), which must have been prepared; FORK and EXIT are not among them.
 * Returns how many were completed; if fewer than n, state->stop says why. The replay clock runs
 * throughout; with `checked` it stands still while the checker looks at the whole heap, but not for
 * what it does at each event, and the cache model sees the heap's work alone. */
GCR_ALWAYS_INLINE size_t gcr_loop_batch(const struct gcr_mutator_ops *ops, bool checked,
                                        struct gcr_replay_state *state,
                                        const struct gcr_event *events, size_t n)
{
    enum gcr_stop stop = GCR_STOP_NONE;
    const struct gcr_event *e = events, *end = events + n;
    const bool stops = checked && state->timing.modelled;

    if (!stops)
        gcr_timing_start_batch(&state->timing);
    for (; e < end; e++) {
        state->current = e;
        if (e + GCR_LOOP_HANDLE_DISTANCE < end)
            gcr_loop_fetch_handle(state, e + GCR_LOOP_HANDLE_DISTANCE);
        if (checked) {
            stop = gcr_replay_check_before(state, e);
            if (stop != GCR_STOP_NONE)
                break;
        }
        if (stops)
            gcr_timing_start(&state->timing);
        stop = gcr_loop_event(ops, state, e);
        if (stops)
            (void)gcr_timing_stop(&state->timing);
        if (checked && stop == GCR_STOP_NONE)
            stop = gcr_replay_check_after(state, e);
        if (GCR_UNLIKELY(stop != GCR_STOP_NONE))
            break;
    }
    if (!stops)
        gcr_timing_stop_batch(&state->timing);
    state->current = e;
    state->stop = stop;
    return (size_t)(e - events);
}

/* Asks where one object went, keeps its handle up to date, and tells the checker if there is one.
 */
GCR_ALWAYS_INLINE void gcr_loop_update_handle(const struct gcr_mutator_ops *ops,
                                              struct gcr_replay_state *state, uint32_t index)
{
    gcr_ref *handle = &state->handles.table[index];
    gcr_ref from = *handle, to;

    if (!gcr_handle_is_object(from))
        return;
    to = ops->forwarded(state->heap, from);
    if (to == from)
        return;
    if (GCR_UNLIKELY(to == gcr_still_young(from))) {
        state->handles.young[state->handles.young_kept++] = index;
        return;
    }
    *handle = to != NULL ? to : GCR_HANDLE_LOST;
    if (state->checker == NULL)
        return;
    if (to == NULL)
        state->checker->handle_dead(state->checker, index);
    else
        state->checker->handle_moved(state->checker, index, from, to);
}

/* All handles, or after a minor collection those allocated since the last collection and those
 * still young then. Those still young now are listed again: never more than were listed before, so
 * the list has room, and entries are read before they are overwritten. Headers are fetched ahead:
 * this is the harness's own work, off the clock. */
GCR_ALWAYS_INLINE void gcr_loop_update_handles(const struct gcr_mutator_ops *ops,
                                               struct gcr_replay_state *state, bool minor)
{
    struct gcr_handles *handles = &state->handles;

    if (ops->forwarded == NULL)
        return;
    handles->young_kept = 0;
    if (minor && state->track_young) {
        for (size_t i = 0; i < handles->young_count; i++)
            gcr_loop_update_handle(ops, state, handles->young[i]);
    } else {
        for (uint32_t i = 1; i < handles->limit; i++) {
            if (i + GCR_LOOP_UPDATE_DISTANCE < handles->limit)
                GCR_PREFETCH(handles->table[i + GCR_LOOP_UPDATE_DISTANCE]);
            gcr_loop_update_handle(ops, state, i);
        }
    }
    handles->young_count = handles->young_kept;
}

#endif
