/* Preparation of a batch: one pass over its events. Growth of tables is decided here and only here.
 */
#include "sim/replay/prepare.h"

struct prepare {
    struct gcr_replay_state *state;
    uint32_t thread; /* current one at the event looked at */
    struct gcr_preparation *out;
};

static bool prepare_object(struct prepare *prepare, uint32_t object)
{
    if (GCR_LIKELY(object < prepare->state->handles.limit))
        return true;
    prepare->out->what = GCR_PREPARED_NO_OBJECT;
    prepare->out->object = object;
    return false;
}

static bool prepare_memory(struct prepare *prepare, bool have_it)
{
    if (GCR_UNLIKELY(!have_it))
        prepare->out->what = GCR_PREPARED_NO_MEMORY;
    return have_it;
}

static bool prepare_new_object(struct prepare *prepare, uint32_t object)
{
    struct gcr_handles *handles = &prepare->state->handles;

    return object < handles->limit || prepare_memory(prepare, gcr_handles_reserve(handles, object));
}

static bool prepare_root(struct prepare *prepare, uint32_t root)
{
    struct gcr_roots *roots = &prepare->state->roots;

    if (GCR_LIKELY(gcr_roots_find(roots, prepare->thread, root) != NULL))
        return true;
    return prepare_memory(prepare, gcr_roots_reserve(roots, prepare->thread, root));
}

static bool prepare_thread(struct prepare *prepare, uint32_t thread)
{
    prepare->thread = thread;
    return prepare_memory(prepare, gcr_roots_reserve_thread(&prepare->state->roots, thread));
}

/* False: the batch ends before this event. */
static bool prepare_event(struct prepare *prepare, const struct gcr_event *e)
{
    switch (e->op) {
    case GCR_OP_PREBUILT:
        return prepare_new_object(prepare, e->a);
    case GCR_OP_ALLOC:
        return prepare_new_object(prepare, e->a) && prepare_root(prepare, e->c);
    case GCR_OP_STORE:
    case GCR_OP_COPY:
        return prepare_object(prepare, e->a) && prepare_object(prepare, e->c);
    case GCR_OP_LOAD:
        return prepare_object(prepare, e->a) && prepare_root(prepare, e->c);
    case GCR_OP_ROOT:
        return prepare_object(prepare, e->b) && prepare_root(prepare, e->a);
    case GCR_OP_WEAKREF:
        return prepare_object(prepare, e->a) && prepare_object(prepare, e->b);
    case GCR_OP_RESURRECT:
        return prepare_object(prepare, e->a) && prepare_root(prepare, e->b);
    case GCR_OP_READ:
    case GCR_OP_WRITE:
    case GCR_OP_RESIZE:
    case GCR_OP_DEATH:
    case GCR_OP_TRACK:
    case GCR_OP_UNTRACK:
    case GCR_OP_RECYCLE:
    case GCR_OP_FINALIZED:
        return prepare_object(prepare, e->a);
    case GCR_OP_THREAD:
        return prepare_thread(prepare, e->a);
    case GCR_OP_REQUEST:
        return prepare_memory(prepare, gcr_requests_reserve(&prepare->state->requests));
    case GCR_OP_PHASE:
        return prepare_memory(prepare, gcr_program_phases_reserve(&prepare->state->program_phases));
    case GCR_OP_FORK:
    case GCR_OP_EXIT:
        prepare->out->what = GCR_PREPARED_FORK_EXIT;
        return false;
    default:
        return true;
    }
}

struct gcr_preparation gcr_prepare_batch(struct gcr_replay_state *state,
                                         const struct gcr_event *events, size_t n)
{
    struct gcr_preparation out = {.what = GCR_PREPARED_ALL};
    struct prepare prepare = {state, state->roots.current, &out};

    /* Entry 0 of the handle table is null; thread 0's arrays exist even if it never has a root. */
    if ((state->handles.limit == 0 && !gcr_handles_reserve(&state->handles, 0)) ||
        !gcr_roots_reserve_thread(&state->roots, state->roots.current) ||
        !gcr_cookies_reserve(&state->cookies, n) ||
        (state->track_young && !gcr_handles_reserve_young(&state->handles, n))) {
        out.what = GCR_PREPARED_NO_MEMORY;
        return out;
    }
    while (out.usable < n && prepare_event(&prepare, &events[out.usable]))
        out.usable++;
    state->root_base[0] = gcr_roots_thread_base(&state->roots, state->roots.current);
    state->root_base[1] = state->roots.global.slots;
    return out;
}
