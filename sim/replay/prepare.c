/* Preparation of a batch. Growth of tables is decided here and only here.
 *
 * A survey tells whether the batch as a whole can be carried out once its highest indexes exist. If
 * it has events that need more than that, or names an object that no event has given, a second pass
 * looks at event after event. (An index that only a later event of the batch gives has a null
 * handle until then, which the loop finds.) */
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

/* Operations that end a batch, change which roots are meant, or need room of another kind. */
static uint32_t prepare_special_ops(void)
{
    return gcr_op_bit(GCR_OP_FORK) | gcr_op_bit(GCR_OP_EXIT) | gcr_op_bit(GCR_OP_THREAD) |
           gcr_op_bit(GCR_OP_REQUEST) | gcr_op_bit(GCR_OP_PHASE);
}

/* False: look at each event, which will also find out what is wrong. */
static bool prepare_as_a_whole(struct gcr_replay_state *state, const struct gcr_survey *survey,
                               const struct gcr_event *events, size_t n)
{
    struct gcr_roots *roots = &state->roots;

    if ((survey->ops & prepare_special_ops()) != 0)
        return false;
    if (survey->highest >= state->handles.limit) {
        uint32_t given = gcr_survey_highest_new(events, n);

        if (survey->highest > given || !gcr_handles_reserve(&state->handles, given))
            return false;
    }
    return (survey->thread_slots == 0 ||
            gcr_roots_reserve(roots, roots->current, gcr_root_thread(survey->thread_slots - 1))) &&
           (survey->global_slots == 0 ||
            gcr_roots_reserve(roots, roots->current, gcr_root_global(survey->global_slots - 1)));
}

/* Entry 0 of the handle table is null; thread 0's arrays exist even if it never has a root. */
static bool prepare_tables(struct gcr_replay_state *state, size_t n)
{
    return (state->handles.limit != 0 || gcr_handles_reserve(&state->handles, 0)) &&
           gcr_roots_reserve_thread(&state->roots, state->roots.current) &&
           gcr_cookies_reserve(&state->cookies, n) &&
           (!state->track_young || gcr_handles_reserve_young(&state->handles, n));
}

struct gcr_preparation gcr_prepare_batch(struct gcr_replay_state *state,
                                         const struct gcr_event *events, size_t n)
{
    struct gcr_preparation out = {.what = GCR_PREPARED_ALL};
    struct prepare prepare = {state, state->roots.current, &out};
    struct gcr_survey survey;

    if (!prepare_tables(state, n)) {
        out.what = GCR_PREPARED_NO_MEMORY;
        return out;
    }
    survey = gcr_survey_events(&state->survey_table, events, n);
    if (prepare_as_a_whole(state, &survey, events, n))
        out.usable = n;
    while (out.usable < n && prepare_event(&prepare, &events[out.usable]))
        out.usable++;
    state->batch_ops = survey.ops;
    state->root_base[0] = gcr_roots_thread_base(&state->roots, state->roots.current);
    state->root_base[1] = state->roots.global.slots;
    return out;
}
