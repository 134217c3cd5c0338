/* The host side of the seam: what a heap may ask of the replay, and where its collections are
 * timed.
 *
 * The clock stands still while the harness works inside a collection (handle updates, samples, the
 * pause list). A pause is the replay time from collection_begin to collection_end. */
#include "sim/replay/host.h"

#include "sim/replay/state.h"
#include "sim/replay/tracepoints.h"

static struct gcr_replay_state *host_state(struct gcr_host *host)
{
    return (struct gcr_replay_state *)host;
}

static const struct gcr_root_span *host_roots(struct gcr_host *host, size_t *count)
{
    return gcr_roots_spans(&host_state(host)->roots, count);
}

static void host_update_handles(struct gcr_host *host, struct gcr_heap *heap, bool minor)
{
    struct gcr_replay_state *state = host_state(host);

    (void)heap;
    (void)gcr_timing_hold(&state->timing);
    gcr_state_sample(state);
    state->engine->update_handles(state, minor);
    gcr_timing_go_on(&state->timing);
}

static void host_finalize(struct gcr_host *host, struct gcr_heap *heap, uint32_t cookie,
                          gcr_ref object)
{
    struct gcr_replay_state *state = host_state(host);
    const struct gcr_mutator_ops *ops = state->engine->mutator;
    struct gcr_cookie entry = gcr_cookies_take(&state->cookies, cookie);

    if (entry.root != GCR_NO_ROOT) {
        gcr_ref *slot = gcr_roots_find(&state->roots, state->roots.current, entry.root);

        if (ops->root != NULL)
            ops->root(heap, slot, object, true);
        else
            *slot = object;
    }
    if (state->checker == NULL)
        return;
    (void)gcr_timing_hold(&state->timing);
    state->checker->finalized(state->checker, object, entry.object, entry.serial, entry.root);
    gcr_timing_go_on(&state->timing);
}

static void host_freed(struct gcr_host *host, gcr_ref object)
{
    struct gcr_replay_state *state = host_state(host);

    if (state->checker != NULL && !gcr_collector_is(state->collector, GCR_CAP_MOVING))
        state->checker->freed(state->checker, object);
}

static void host_collection_begin(struct gcr_host *host, struct gcr_heap *heap,
                                  enum gcr_reason reason, uint32_t generation)
{
    struct gcr_replay_state *state = host_state(host);
    uint64_t start_ns = gcr_timing_hold(&state->timing);

    (void)heap;
    gcr_trace_collection_begin(reason, generation, state->supply.committed_bytes);
    gcr_state_sample(state);
    gcr_pauses_begin(&state->pauses, start_ns, gcr_state_event(state),
                     state->supply.committed_bytes);
    gcr_timing_begin_pause(&state->timing, start_ns);
    gcr_timing_go_on(&state->timing);
}

static void host_collection_end(struct gcr_host *host, struct gcr_heap *heap,
                                const struct gcr_collection *done)
{
    struct gcr_replay_state *state = host_state(host);
    uint64_t end_ns = gcr_timing_hold(&state->timing);

    (void)heap;
    if (state->timing.modelled)
        gcr_model_gc_phase(GCR_PHASE_MUTATOR);
    gcr_timing_end_pause(&state->timing, end_ns);
    gcr_pauses_end(&state->pauses, end_ns, state->supply.committed_bytes, done);
    gcr_trace_collection_end(done, state->supply.committed_bytes);
    gcr_state_sample(state);
    gcr_cow_look(&state->cow, gcr_state_event(state));
    state->check_due = true;
    if (state->checker != NULL)
        gcr_pauses_set_freed(&state->pauses, state->checker->collected(state->checker, done));
    gcr_timing_go_on(&state->timing);
}

/* A phase change costs one reading of the clock; with counters the clock is held while they are
 * read. It also tells when to look at the footprint inside a pause: between to-space's commit and
 * from-space's release, say. */
static void host_phase(struct gcr_host *host, enum gcr_gc_phase phase)
{
    struct gcr_replay_state *state = host_state(host);
    bool is_due = state->supply.committed_bytes != state->series.last_bytes;

    gcr_trace_phase(state->timing.phases.current, phase);
    if (state->timing.modelled)
        gcr_model_gc_phase(phase);
    if (!is_due && state->timing.counters == NULL) {
        gcr_timing_change_phase(&state->timing, gcr_timing_now(&state->timing), phase);
        return;
    }
    gcr_timing_change_phase(&state->timing, gcr_timing_hold(&state->timing), phase);
    if (is_due)
        gcr_state_sample(state);
    gcr_timing_go_on(&state->timing);
}

/* While a heap is being created the clock does not run; then there is nothing to hold. With helper
 * threads it is not held at all. */
static void host_stop_clock(struct gcr_host *host, bool stopped)
{
    struct gcr_replay_state *state = host_state(host);

    if (state->timing.free_running)
        return;
    if (stopped) {
        state->clock_held = state->timing.clock.running;
        (void)gcr_timing_stop(&state->timing);
    } else if (state->clock_held) {
        gcr_timing_start(&state->timing);
    }
}

void gcr_host_init(struct gcr_host *host, const struct gcr_shape *shapes, uint32_t shape_count,
                   const struct gcr_capabilities *capabilities, struct gcr_supply *supply)
{
    *host = (struct gcr_host){
        .shapes = shapes,
        .shape_count = shape_count,
        .capabilities = capabilities,
        .supply = supply,
        .roots = host_roots,
        .update_handles = host_update_handles,
        .finalize = host_finalize,
        .freed = host_freed,
        .collection_begin = host_collection_begin,
        .collection_end = host_collection_end,
        .phase = host_phase,
        .stop_clock = host_stop_clock,
    };
}
