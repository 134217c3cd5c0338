/* mark-sweep: one collection, in the order in which it runs. O(reachable references + objects). */
#include "allocators/mark_sweep/mark_sweep.h"

/* What there is, by the marking; the counters since then start anew. */
static void collect_settle_tally(struct gcr_mark_sweep *h, const struct mark_sweep_tally *tally)
{
    h->allocated_bytes += h->since_bytes;
    h->freed_bytes += h->tally.bytes + h->since_bytes - tally->bytes;
    h->tally = *tally;
    h->tally_allocated_objects = h->heap.work.allocated_objects;
    h->tally_allocated_bytes = h->heap.work.allocated_bytes;
    h->since_bytes = h->grown_bytes = h->shrunk_bytes = 0;
}

/* Everything as it is now, for a collection that frees nothing. */
static struct mark_sweep_tally collect_present(struct gcr_mark_sweep *h)
{
    struct gcr_footprint parts;
    mark_sweep_footprint(&h->heap, &parts);
    uint64_t payload = parts.objects_bytes - h->immortals.object_bytes;
    return (struct mark_sweep_tally){.objects = mark_sweep_objects(h),
                                     .bytes = mark_sweep_used(h),
                                     .header_bytes = mark_sweep_used(h) - payload};
}

/* What of the stack stays committed between collections: under a budget enough for as deep a stack
 * as there has been, since the next collection may come because there is no page left. */
static size_t collect_stack_reserve(const struct gcr_mark_sweep *h)
{
    size_t peak = h->stack.peak_entries * sizeof(gcr_ref);
    size_t least = (size_t)mark_sweep_least_stack(h->budget_bytes);
    return h->budget_bytes != 0 && peak > least ? peak : least;
}

/* Steps 1 to 3. False: no memory for the stack, and what is reachable is not known. */
static bool collect_mark(struct gcr_mark_sweep *h)
{
    struct gcr_host *host = h->heap.host;
    host->phase(host, GCR_PHASE_MARK);
    h->marking = (struct mark_sweep_tally){0};
    mark_sweep_mark_roots(h);
    mark_sweep_decide_finalizers(h);
    bool complete = !h->stack.refused;
    gcr_mark_stack_reset(&h->stack, collect_stack_reserve(h));
    return complete;
}

/* How many empty arenas the pools keep: what comes until the next collection will fill them again.
 */
static void collect_retain(struct gcr_mark_sweep *h)
{
    uint64_t arenas = h->retains ? h->policy.threshold / MARK_SWEEP_ARENA_BYTES : 0;
    if (h->has_pools)
        gcr_pools_keep(&h->pools, arenas);
}

/* Steps 4 to 6, and the new threshold between the last two. Sizes before == live + freed. */
static void collect_sweep(struct gcr_mark_sweep *h)
{
    uint64_t objects = mark_sweep_objects(h), used = mark_sweep_used(h);
    h->heap.host->phase(h->heap.host, GCR_PHASE_SWEEP);
    h->swept_objects = h->swept_bytes = 0;
    collect_retain(h);
    mark_sweep_weak_references(h);
    mark_sweep_plain(h);
    GCR_CHECK(1, GCR_SABOTAGE != GCR_SABOTAGE_NONE ||
                     objects == h->marking.objects + h->swept_objects);
    GCR_CHECK(2, GCR_SABOTAGE != GCR_SABOTAGE_NONE || used == h->marking.bytes + h->swept_bytes);
    mark_sweep_adapt(&h->policy, h->marking.objects + objects, h->events, h->marking.bytes,
                     used - h->marking.bytes);
    h->trigger_above = h->policy.threshold;
    collect_retain(h);
    h->events = 0;
    collect_settle_tally(h, &h->marking);
    mark_sweep_settle_finalizers(h);
}

static void collect_check_after(struct gcr_mark_sweep *h)
{
    if (GCR_CHECK_LEVEL >= 2 && GCR_SABOTAGE == GCR_SABOTAGE_NONE) {
        struct gcr_error err;
        GCR_CHECK(2, mark_sweep_check(&h->heap, GCR_CHECK_LEVEL, &err));
    }
}

void mark_sweep_collect(struct gcr_mark_sweep *h, enum gcr_reason reason)
{
    struct gcr_host *host = h->heap.host;
    struct gcr_collection done = {
        .reason = reason, .full = true, .before_bytes = h->heap.supply->committed_bytes};
    host->collection_begin(host, &h->heap, reason, 0);
    if (collect_mark(h)) {
        h->heap.work.marked_objects += h->marking.objects;
        collect_sweep(h);
        done.freed = done.collected = h->swept_objects;
        h->heap.work.freed_objects += done.freed;
        collect_check_after(h);
        (void)gcr_finalizer_list_run(&h->finalizable, &h->heap);
    } else {
        struct mark_sweep_tally present = collect_present(h);
        done.full = false;
        mark_sweep_abandon(h);
        collect_settle_tally(h, &present);
        mark_sweep_exhaust(h);
        collect_check_after(h);
    }
    done.survivors = h->tally.objects;
    done.after_bytes = h->heap.supply->committed_bytes;
    host->collection_end(host, &h->heap, &done);
}
