/* buffered-refcount: epochs, on the mutator's thread.
 *
 * An epoch ends when a context has filled more than so many chunks, or when a fraction of the heap
 * has been allocated since it began. Then, context by context: a snapshot of the roots of those
 * that ran (an idle one keeps its last), and the mutation buffers change hands. One package is in
 * processing at a time; a trigger that fires meanwhile waits, and mutation goes on in the same
 * epoch. Cost of a boundary: O(root slots of contexts that ran + contexts).
 *
 * Nothing here runs between the carving of an object and the update of its root. */
#include "allocators/buffered_refcount/barrier.h"

enum {
    RESERVE_CHUNKS = 8,
    BUDGET_SHARE = 64,
    QUIESCE_ROUNDS = 8,
    ROUNDS_A_FINALIZER = 3,
    AGE_EPOCHS = 8,
    KEPT_AGES = 2,
    REFUSED_ROUNDS = 3
};

/* ---- pauses ---- */

void recycler_pause_begin(struct gcr_recycler *h, enum gcr_reason reason)
{
    if (h->pauses_open++ != 0)
        return;
    h->pause_reason = reason;
    h->pause_freed = h->heap.work.freed_objects;
    h->pause_bytes = h->heap.supply->committed_bytes;
    h->heap.host->collection_begin(h->heap.host, &h->heap, reason, 0);
}

void recycler_pause_end(struct gcr_recycler *h, bool full)
{
    if (--h->pauses_open != 0)
        return;
    uint64_t freed = h->heap.work.freed_objects - h->pause_freed;
    const struct gcr_collection done = {.reason = h->pause_reason,
                                        .full = full,
                                        .collected = freed,
                                        .freed = freed,
                                        .survivors = h->heap.work.allocated_objects -
                                                     h->heap.work.freed_objects,
                                        .before_bytes = h->pause_bytes,
                                        .after_bytes = h->heap.supply->committed_bytes};
    h->heap.host->collection_end(h->heap.host, &h->heap, &done);
}

void recycler_fail(struct gcr_recycler *h)
{
    h->exhausted = true;
    if (!h->in_flight)
        h->collector.failed = true;
}

/* ---- the package comes back ---- */

static void epoch_take_back(struct gcr_recycler *h)
{
    struct recycler_collector *c = &h->collector;
    h->in_flight = false;
    h->exhausted |= c->failed;
    c->failed |= h->exhausted;
    h->heap.work.freed_objects = c->stats.freed_objects;
    h->heap.work.marked_objects = c->stats.grayed;
    h->seen = c->stats;
    if (c->more_rc.peak + c->more_crc.peak > h->overflow_peak)
        h->overflow_peak = c->more_rc.peak + c->more_crc.peak;
    while (c->used_up != NULL) {
        struct recycler_chunk *chunk = c->used_up;
        c->used_up = chunk->next;
        chunk->next = h->chunks;
        h->chunks = chunk;
        h->pool_free++;
    }
    gcr_blocks_take_returned(&h->blocks);
    if (h->epochs % AGE_EPOCHS == 0)
        gcr_blocks_age(&h->blocks, KEPT_AGES);
    if (c->dead.count != 0 || c->queue.count != 0 || h->epoch_due)
        GCR_STORE_RELAXED(&h->attention, 1);
}

void recycler_settle(struct gcr_recycler *h)
{
    if (h->in_flight && recycler_hand_back(h, true))
        epoch_take_back(h);
}

/* ---- the boundary ---- */

static struct recycler_context *epoch_context(const struct gcr_recycler *h, uint32_t thread)
{
    if (thread >= gcr_vector_count(&h->by_thread))
        return NULL;
    return *(struct recycler_context **)gcr_vector_at(&h->by_thread, thread);
}

static bool snapshot_span(struct gcr_recycler *h, struct recycler_context *context,
                          const struct gcr_root_span *span)
{
    struct gcr_vector *stack = &context->stack[context->newest];
    if (!gcr_vector_reserve(stack, span->count)) {
        gcr_blocks_age(&h->blocks, 0);
        if (!gcr_vector_reserve(stack, span->count))
            return false;
    }
    memcpy(stack->start + stack->used_bytes, span->start, span->count * sizeof(gcr_ref));
    stack->used_bytes += span->count * sizeof(gcr_ref);
    if (span->count > h->context_slots_peak)
        h->context_slots_peak = span->count;
    return true;
}

/* False: refused. Then a root may be missing, and nothing must be freed any more. */
static bool epoch_snapshot(struct gcr_recycler *h)
{
    uint64_t slots = 0;
    size_t count;
    const struct gcr_root_span *span = h->heap.host->roots(h->heap.host, &count);
    for (struct recycler_context *x = h->contexts; x != NULL; x = x->next) {
        x->fresh = (x->ran || !h->reuses_stacks) && !h->logs_stacks;
        x->ran = x == h->context;
        if (x->fresh)
            gcr_vector_truncate(&x->stack[x->newest ^= 1], 0);
    }
    for (size_t i = 0; i < count; i++) {
        struct recycler_context *context =
            span[i].thread != GCR_GLOBAL_ROOTS ? epoch_context(h, span[i].thread) : NULL;
        if (context == NULL || !context->fresh)
            continue;
        if (!snapshot_span(h, context, &span[i]))
            return false;
        slots += span[i].count;
    }
    if (slots > h->stack_slots_peak)
        h->stack_slots_peak = slots;
    return true;
}

/* What an epoch may allocate: a fraction of the heap, which is the budget, or as large as it would
 * let itself grow. */
static void epoch_set_trigger(struct gcr_recycler *h)
{
    uint64_t heap = h->budget_bytes;
    if (heap == 0) {
        heap = 2 * gcr_blocks_used_bytes(&h->blocks);
        heap = heap > h->floor_bytes ? heap : h->floor_bytes;
    }
    h->trigger_bytes = heap / h->fraction;
    h->boundary_bytes = h->heap.work.allocated_bytes + h->extra_own_bytes + h->header_bytes;
}

/* Chunks for the collector's lists, so that it need not ask for each. */
static void epoch_fill_reserve(struct gcr_recycler *h)
{
    struct recycler_collector *c = &h->collector;
    uint64_t wanted = RESERVE_CHUNKS;
    if (h->budget_bytes != 0 && h->budget_bytes / BUDGET_SHARE / h->chunk_bytes < wanted)
        wanted = h->budget_bytes / BUDGET_SHARE / h->chunk_bytes + 1;
    while (c->reserve_count < wanted) {
        struct recycler_chunk *chunk =
            gcr_supply_map(h->heap.supply, GCR_PAGES_WORK, h->chunk_bytes, GCR_PAGE_BYTES);
        if (chunk == NULL)
            return;
        chunk->next = c->reserve;
        c->reserve = chunk;
        c->reserve_count++;
    }
    while (c->reserve_count > 2 * wanted) {
        struct recycler_chunk *chunk = c->reserve;
        c->reserve = chunk->next;
        c->reserve_count--;
        gcr_supply_unmap(h->heap.supply, GCR_PAGES_WORK, chunk, h->chunk_bytes);
    }
}

void recycler_boundary(struct gcr_recycler *h)
{
    struct recycler_collector *c = &h->collector;
    GCR_CHECK(1, !h->in_flight);
    if (h->exhausted)
        return;
    if (!epoch_snapshot(h)) {
        recycler_fail(h);
        return;
    }
    for (struct recycler_context *x = h->contexts; x != NULL; x = x->next)
        recycler_logs_swap(h, x);
    c->contexts = h->contexts;
    c->epoch = h->epoch++;
    h->epochs++;
    h->epoch_due = false;
    epoch_set_trigger(h);
    epoch_fill_reserve(h);
    recycler_hand_over(h);
    if (!h->hand.started)
        recycler_settle(h);
}

static void epoch_end(struct gcr_recycler *h)
{
    recycler_pause_begin(h, GCR_REASON_ALLOCATION);
    recycler_boundary(h);
    if (h->synchronous)
        recycler_settle(h);
    recycler_logs_refill(h);
    recycler_pause_end(h, false);
}

/* ---- safepoints ---- */

void recycler_safepoint(struct gcr_recycler *h)
{
    h->cached = NULL;
    GCR_STORE_RELAXED(&h->attention, 0); /* before the look: what comes after it sets it again */
    if (h->in_flight && recycler_hand_back(h, false))
        epoch_take_back(h);
    recycler_deliver(h);
    if (h->epoch_due && !h->in_flight && !h->exhausted && h->pauses_open == 0)
        epoch_end(h);
}

void recycler_test_trigger(struct gcr_recycler *h)
{
    uint64_t now = h->heap.work.allocated_bytes + h->extra_own_bytes + h->header_bytes;
    h->epoch_due |= now - h->boundary_bytes > h->trigger_bytes;
    if (h->epoch_due && !h->in_flight)
        recycler_safepoint(h);
}

/* ---- waiting for the collector ---- */

/* One whole round: everything that was logged before it is in a package that is back. */
static void epoch_advance(struct gcr_recycler *h)
{
    recycler_settle(h);
    recycler_logs_refill(h);
    recycler_deliver(h);
    recycler_settle(h);
    recycler_boundary(h);
    recycler_settle(h);
    recycler_logs_refill(h);
    recycler_deliver(h);
    recycler_settle(h);
}

bool recycler_is_quiet(const struct gcr_recycler *h)
{
    const struct recycler_collector *c = &h->collector;
    for (const struct recycler_context *x = h->contexts; x != NULL; x = x->next)
        for (unsigned i = 0; i < 2; i++) {
            const struct recycler_log *log = &x->log[i];
            if (log->full != NULL || x->before[i] != NULL ||
                (log->chunk != NULL && log->top != log->chunk->entry))
                return false;
        }
    return c->roots.count == 0 && c->cycles.count == 0 && c->queue.count == 0 && c->dead.count == 0;
}

/* Candidates put back and batches of finalizers run so far: each may cost rounds. */
static uint64_t quiesce_excuses(const struct gcr_recycler *h)
{
    const struct recycler_stats *stats = &h->collector.stats;
    return stats->failed_delta + stats->failed_sigma +
           ROUNDS_A_FINALIZER * h->finalizer_generations;
}

void recycler_quiesce(struct gcr_recycler *h, enum gcr_reason reason)
{
    uint64_t rounds = 0, excuses = quiesce_excuses(h);
    recycler_pause_begin(h, reason);
    recycler_settle(h);
    h->quiescing = true;
    do {
        epoch_advance(h);
        rounds++;
        GCR_CHECK(1, rounds <= QUIESCE_ROUNDS + quiesce_excuses(h) - excuses);
    } while (!h->exhausted && !recycler_is_quiet(h));
    h->quiescing = false;
    h->quiet_epoch = h->epoch;
    if (rounds > h->rounds_peak)
        h->rounds_peak = rounds;
    recycler_pause_end(h, !h->exhausted);
}

/* Gives back what is cached. No package in flight. */
static void epoch_trim(struct gcr_recycler *h)
{
    for (struct recycler_context *x = h->contexts; x != NULL; x = x->next)
        gcr_blocks_retire(&h->blocks, &x->blocks);
    gcr_blocks_take_returned(&h->blocks);
    gcr_blocks_age(&h->blocks, 0);
    recycler_chunks_trim(h);
}

bool recycler_find_memory(struct gcr_recycler *h, bool (*again)(struct gcr_recycler *h, void *arg),
                          void *arg)
{
    bool found = false;
    h->waits++;
    recycler_pause_begin(h, GCR_REASON_BACK_PRESSURE);
    for (int round = 0; round < REFUSED_ROUNDS && !found && !h->exhausted; round++) {
        if (round == 0 && h->in_flight) {
            recycler_settle(h);
            recycler_logs_refill(h);
            recycler_deliver(h);
        } else {
            epoch_advance(h);
        }
        found = again(h, arg);
    }
    recycler_pause_end(h, false);
    if (found || h->exhausted)
        return found;
    recycler_quiesce(h, GCR_REASON_EMERGENCY);
    epoch_trim(h);
    return again(h, arg);
}
