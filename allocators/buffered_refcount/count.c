/* buffered-refcount: what the collector does with one package: increments of epoch N, decrements of
 * epoch N-1, then cycles.
 *
 * A decrement is applied one epoch after it was logged, so that every increment that was logged
 * before it, in whatever buffer, has been applied by then; a count of zero is therefore final. The
 * decrements of a stack snapshot are due when its successor's increments are applied.
 *
 * Bacon, Attanasio, Lee, Rajan, Smith, "Java without the coffee breaks: a nonintrusive
 * multiprocessor garbage collector", PLDI 2001. Walks use explicit stacks. Cost O(entries) and
 * O(references of what is freed). */
#include "allocators/buffered_refcount/counts.h"
#include "allocators/buffered_refcount/trace.h"

enum { PREFETCH_DISTANCE = 8 };

/* ---- freeing ---- */

static void count_age(struct recycler_collector *c)
{
    uint32_t age = c->epoch + 1 - c->cause;
    GCR_CHECK(1, age >= 1 && age <= c->epoch + 1);
    c->stats.age[age < RECYCLER_AGES ? age : RECYCLER_AGES - 1]++;
}

void recycler_free(struct gcr_recycler *h, gcr_ref object)
{
    struct recycler_collector *c = &h->collector;
    bool internal = (recycler_shape_word(object) & RECYCLER_INTERNAL) != 0;
    if (c->failed)
        return;
    if (!internal &&
        gcr_shape_is(&h->heap.shapes[recycler_shape_number(&h->layouts, object)], GCR_SHAPE_WEAK))
        recycler_weak_dies(h, object);
    if (c->weak_refs.count != 0)
        recycler_weak_target_dies(h, object);
    c->stats.decrements += recycler_rc(h, object); /* of a cycle: what its own edges counted */
    struct recycler_entry *more = recycler_table_find(&c->more_rc, object);
    if (GCR_UNLIKELY(more != NULL))
        recycler_table_remove(&c->more_rc, more);
    recycler_crc_clear(h, object);
    c->stats.freed_blocks++;
    c->stats.freed_objects += !internal;
    count_age(c);
    if (h->heap.report_frees) {
        (void)!recycler_list_push(h, &c->dead, (uintptr_t)object);
        return;
    }
    uint64_t own = c->freed_own_bytes + recycler_own_bytes(&h->layouts, object);
    uint64_t header = c->freed_header_bytes + recycler_layout(&h->layouts, object)->payload;
    GCR_STORE_RELAXED(&c->freed_own_bytes, own);
    GCR_STORE_RELAXED(&c->freed_header_bytes, header);
    gcr_blocks_return(&h->blocks, object);
}

bool recycler_queue_finalizer(struct gcr_recycler *h, gcr_ref object)
{
    struct recycler_collector *c = &h->collector;
    struct recycler_entry *entry = recycler_table_find(&c->finalizers, object);
    if (entry == NULL)
        return false;
    if (!recycler_list_push(h, &c->queue, entry->value) ||
        !recycler_list_push(h, &c->queue, (uintptr_t)object))
        return true; /* the heap has failed: nothing is freed any more */
    recycler_table_remove(&c->finalizers, entry);
    recycler_count_add(h, object, RECYCLER_RC_SHIFT);
    c->stats.increments++;
    c->stats.queued_finalizers++;
    return true;
}

/* ---- counting ---- */

static void count_increment(struct gcr_recycler *h, gcr_ref object)
{
    recycler_count_add(h, object, RECYCLER_RC_SHIFT);
    h->collector.stats.increments++;
    enum recycler_colour colour = recycler_colour_of(object);
    if (recycler_is_traced(colour))
        recycler_blacken(h, object);
    else if (colour == RECYCLER_PURPLE)
        recycler_set_colour(object, RECYCLER_BLACK);
}

/* Whatever its colour was, a trace of it is void. */
static void count_leave_trace(struct gcr_recycler *h, gcr_ref object)
{
    enum recycler_colour colour = recycler_colour_of(object);
    if (recycler_is_traced(colour))
        recycler_blacken(h, object);
    else if (colour == RECYCLER_PURPLE)
        recycler_set_colour(object, RECYCLER_BLACK);
}

static void count_reached_zero(struct gcr_recycler *h, gcr_ref object)
{
    if (h->collector.finalizers.count != 0 && recycler_queue_finalizer(h, object)) {
        count_leave_trace(h, object);
        return;
    }
    if (recycler_colour_of(object) != RECYCLER_GREEN)
        recycler_set_black(h, object);
    (void)!recycler_list_push(h, &h->collector.release_stack, (uintptr_t)object);
}

void recycler_possible_root(struct gcr_recycler *h, gcr_ref object)
{
    struct recycler_collector *c = &h->collector;
    if (recycler_colour_of(object) == RECYCLER_GREEN)
        return;
    recycler_set_colour(object, RECYCLER_PURPLE);
    if (recycler_is_buffered(object))
        return;
    recycler_set_buffered(object, true);
    recycler_root_push(h, &c->roots, &c->roots_cause, object, c->cause);
    c->stats.roots++;
}

static void count_decrement_one(struct gcr_recycler *h, gcr_ref object)
{
    GCR_CHECK(1, !recycler_rc_is_zero(object) || h->collector.failed);
    recycler_count_subtract(h, object, RECYCLER_RC_SHIFT);
    h->collector.stats.decrements++;
    if (recycler_rc_is_zero(object)) {
        count_reached_zero(h, object);
        return;
    }
    if (recycler_is_traced(recycler_colour_of(object)))
        recycler_blacken(h, object);
    recycler_possible_root(h, object);
}

/* An object whose count is zero stays in memory while a buffer names it: black and zero says that
 * its referents have had their decrement. */
static void count_release_all(struct gcr_recycler *h)
{
    struct recycler_collector *c = &h->collector;
    gcr_ref object;
    while ((object = (gcr_ref)recycler_list_pop(h, &c->release_stack)) != NULL) {
        uint64_t count;
        gcr_ref *slot = recycler_slots(&h->layouts, object, &count);
        for (uint64_t i = 0; i < count; i++) {
            gcr_ref referent = recycler_referent(&slot[i]);
            if (referent != NULL)
                count_decrement_one(h, referent);
        }
        if (!recycler_is_buffered(object))
            recycler_free(h, object);
    }
}

void recycler_decrement(struct gcr_recycler *h, gcr_ref object)
{
    count_decrement_one(h, object);
    count_release_all(h);
}

void recycler_release(struct gcr_recycler *h, gcr_ref object)
{
    count_reached_zero(h, object);
    count_release_all(h);
}

/* ---- buffers ---- */

static void count_remember_finalizer(struct gcr_recycler *h, gcr_ref object, uint32_t cookie)
{
    struct recycler_collector *c = &h->collector;
    uint64_t order = ++c->finalizer_order;
    (void)!recycler_table_add(h, &c->finalizers, object, order << 32 | cookie);
}

static void count_apply_chunk(struct gcr_recycler *h, const struct recycler_chunk *chunk,
                              bool increments)
{
    for (uint32_t i = 0; i < chunk->count; i++) {
        uintptr_t word = chunk->entry[i];
        gcr_ref object = (gcr_ref)(word & ~(uintptr_t)RECYCLER_TAG_MASK);
        recycler_breathe(h);
        if (i + PREFETCH_DISTANCE < chunk->count)
            GCR_PREFETCH((void *)chunk->entry[i + PREFETCH_DISTANCE]);
        switch (word & RECYCLER_TAG_MASK) {
        case RECYCLER_INC:
            if (increments && !recycler_is_immortal(object))
                count_increment(h, object);
            break;
        case RECYCLER_DEC:
            if (!increments && !recycler_is_immortal(object))
                recycler_decrement(h, object);
            break;
        case RECYCLER_WEAK:
            if (increments)
                recycler_weak_register(h, object);
            break;
        default:
            i++;
            if (increments)
                count_remember_finalizer(h, object, (uint32_t)chunk->entry[i]);
        }
    }
}

static void count_apply_chunks(struct gcr_recycler *h, const struct recycler_chunk *chunk,
                               bool increments)
{
    for (; chunk != NULL; chunk = chunk->next) {
        h->collector.cause = chunk->epoch;
        count_apply_chunk(h, chunk, increments);
    }
}

/* The references of one snapshot; those in the same place of the other one cancel out. */
static void count_apply_stack(struct gcr_recycler *h, const struct gcr_vector *stack,
                              const struct gcr_vector *other, bool increments)
{
    size_t count = gcr_vector_count(stack), both = gcr_vector_count(other);
    const gcr_ref *at = (const gcr_ref *)(const void *)stack->start;
    const gcr_ref *there = (const gcr_ref *)(const void *)other->start;
    h->collector.cause = h->collector.epoch;
    for (size_t i = 0; i < count; i++) {
        gcr_ref object = at[i];
        if (object == NULL || recycler_is_immortal(object) ||
            (h->cancels_stacks && i < both && there[i] == object))
            continue;
        if (increments)
            count_increment(h, object);
        else
            recycler_decrement(h, object);
    }
}

static void count_give_back(struct gcr_recycler *h, struct recycler_chunk **chunks)
{
    struct recycler_collector *c = &h->collector;
    while (*chunks != NULL) {
        struct recycler_chunk *chunk = *chunks;
        *chunks = chunk->next;
        chunk->next = c->used_up;
        c->used_up = chunk;
    }
}

static void count_increments(struct gcr_recycler *h)
{
    for (struct recycler_context *x = h->collector.contexts; x != NULL; x = x->next) {
        count_apply_chunks(h, x->now[0], true);
        if (h->two_buffers)
            count_give_back(h, &x->now[0]);
    }
    for (struct recycler_context *x = h->collector.contexts; x != NULL; x = x->next)
        if (x->fresh)
            count_apply_stack(h, &x->stack[x->newest], &x->stack[x->newest ^ 1], true);
}

static void count_decrements(struct gcr_recycler *h)
{
    unsigned log = h->two_buffers ? 1 : 0;
    for (struct recycler_context *x = h->collector.contexts; x != NULL; x = x->next) {
        count_apply_chunks(h, x->before[log], false);
        count_give_back(h, &x->before[log]);
        x->before[log] = x->now[log];
        x->now[log] = NULL;
    }
    for (struct recycler_context *x = h->collector.contexts; x != NULL; x = x->next)
        if (x->fresh)
            count_apply_stack(h, &x->stack[x->newest ^ 1], &x->stack[x->newest], false);
}

/* ---- cycles ---- */

/* Whether the root buffer is traced in this epoch. */
static bool count_cycles_are_due(struct gcr_recycler *h)
{
    struct recycler_collector *c = &h->collector;
    uint64_t roots = c->roots.count;
    if (roots > c->stats.roots_peak)
        c->stats.roots_peak = roots;
    if (++c->epochs_without_cycles < h->force_epochs && !h->quiescing &&
        roots >= h->collect_below && roots <= (uint64_t)h->collect_chunks * h->chunk_entries)
        return false;
    c->epochs_without_cycles = 0;
    return true;
}

static void count_cycles(struct gcr_recycler *h)
{
    if (!h->synchronous)
        recycler_free_cycles(h);
    bool due = count_cycles_are_due(h);
    recycler_phase(h, GCR_PHASE_MARK);
    if (!due && h->collector.roots.count > (uint64_t)h->sweep_chunks * h->chunk_entries)
        recycler_sweep_roots(h);
    else if (due && h->synchronous)
        recycler_collect_sync(h);
    else if (due)
        recycler_find_cycles(h);
}

void recycler_process(struct gcr_recycler *h)
{
    if (h->collector.failed)
        return;
    recycler_phase(h, GCR_PHASE_REFCOUNT);
    count_increments(h);
    count_decrements(h);
    count_cycles(h);
}
