/* Death by counting. A count that falls to zero chains its object, through the count itself, on a
 * stack; one loop takes them off, so that a list of a million objects needs no recursion.
 *
 * A dying object, in order: finalizer (which may revive it), weak references to it, its own entries
 * in tables and sets, its references, its body, its block.
 *
 * Templates over a constant design: each design makes its two functions out of
 * gcr_counting_bury_queued_as (its members `bury` and `bury_queued`). */
#ifndef GCR_ALLOCATORS_COMMON_COUNTING_DEATH_H
#define GCR_ALLOCATORS_COMMON_COUNTING_DEATH_H

#include "allocators/common/counting_blocks.h"
#include "allocators/common/counting_free_lists.h"

/* Queues an object whose count has just fallen to 0; the design's bury_queued starts. */
GCR_ALWAYS_INLINE void gcr_counting_queue_dead(struct gcr_counting *c, bool side, gcr_ref object)
{
    gcr_count_set(c, side, object, (uintptr_t)c->dead);
    c->dead = object;
}

/* One reference less to `value`, which may be null; if it was the last, the object waits. */
GCR_ALWAYS_INLINE void gcr_counting_drop_later(struct gcr_counting *c, bool side, gcr_ref value)
{
    if (value != NULL && gcr_count_down(c, side, value) == 0)
        gcr_counting_queue_dead(c, side, value);
}

/* Runs the finalizer of an object whose count is zero, on a temporary count. True: it lives again.
 */
static inline bool gcr_counting_finalize_dying(struct gcr_counting *c,
                                               const struct gcr_counting_design *design,
                                               const struct gcr_counting_type *type, gcr_ref object)
{
    struct gcr_counted *words = gcr_counted(object);
    if (gcr_counting_type_is(type, GCR_SHAPE_CONTAINER)) {
        if (!design->take_finalizer_turn(c, object))
            return false;
        if (design->is_tracked(c, object))
            design->untrack(c, object);
        design->track(c, object);
        gcr_counted_clear_flag(object, GCR_COUNTED_UNTRACKED);
    } else {
        if (words->type & GCR_COUNTED_FINALIZED)
            return false;
        gcr_counted_set_flag(object, GCR_COUNTED_FINALIZED);
    }
    gcr_count_set(c, design->side_counts, object, 1);
    c->base.work.finalized++;
    c->base.host->finalize(c->base.host, &c->base, gcr_counting_cookie(c, object), object);
    return gcr_count_down(c, design->side_counts, object) > 0;
}

/* Gives an object's block back, or to the list of recycled blocks. */
GCR_ALWAYS_INLINE void gcr_counting_free_as(struct gcr_counting *c,
                                            const struct gcr_counting_design *design,
                                            const struct gcr_counting_type *type, gcr_ref object)
{
    uint64_t word = gcr_counted(object)->type;
    bool large = (word & GCR_COUNTED_LARGE) != 0;
    c->base.work.freed_objects++;
    c->freed_bytes += gcr_counted_bytes(type, object);
    c->header_bytes -= gcr_counting_header_bytes(type, large);
    if (GCR_UNLIKELY(gcr_counting_type_is(type, GCR_COUNTING_TABLED)))
        gcr_counting_leave_tables(c, type, object);
    if (gcr_counting_type_is(type, GCR_SHAPE_CONTAINER)) {
        c->live_containers--;
        if (GCR_UNLIKELY(gcr_counting_type_is(type, GCR_COUNTING_LISTED)) &&
            gcr_counting_free_list_put(c, type, gcr_counted_length(object)))
            word |= GCR_COUNTED_RECYCLED;
        if (!(word & GCR_COUNTED_RECYCLED) && c->count[0] > 0)
            c->count[0]--;
    }
    if (design->side_counts && GCR_UNLIKELY(large))
        gcr_side_counts_leave(&c->side_counts, object, 1);
    char *block = (char *)object - gcr_counting_ref_offset(type, large);
    if (GCR_UNLIKELY((word & GCR_COUNTED_RECYCLED) != 0) && !large) {
        uint64_t bytes = gcr_counting_block_bytes(design, type, gcr_counted_length(object));
        void **list = gcr_counting_recycled_list(c, type, bytes);
        GCR_STORE_AS(GCR_CAUSE_FREE_LINK, *(void **)block, *list);
        *list = block;
        return;
    }
    design->free_block(c, type, object, block);
}

GCR_ALWAYS_INLINE void gcr_counting_drop_span(struct gcr_counting *c, bool side, gcr_ref *slot,
                                              uint64_t count)
{
    for (gcr_ref *end = slot + count; slot < end; slot++)
        gcr_counting_drop_later(c, side, *slot);
}

/* The items of a dying object, and the block that they are in. */
GCR_ALWAYS_INLINE void gcr_counting_drop_body(struct gcr_counting *c, bool side,
                                              const struct gcr_counting_type *type, gcr_ref object)
{
    char *body = *gcr_counted_body(object);
    if (body == NULL)
        return;
    uint64_t length = gcr_counted_length(object);
    gcr_counting_drop_span(c, side, (gcr_ref *)body, length * type->item_slots);
    gcr_counting_block_free(c, body, length * type->body_item_bytes);
}

GCR_ALWAYS_INLINE void gcr_counting_release_as(struct gcr_counting *c,
                                               const struct gcr_counting_design *design,
                                               gcr_ref object)
{
    const struct gcr_counting_type *type = gcr_counting_type_of(c, object);
    /* Of a small one: its pool's header, which is needed at the end. */
    GCR_PREFETCH(
        gcr_pools_pool_of(gcr_counting_pools_for(c, type), (char *)object - type->ref_offset));
    if (gcr_counting_type_is(type, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER) &&
        gcr_counting_finalize_dying(c, design, type, object))
        return;
    if (gcr_counted(object)->type & GCR_COUNTED_HAS_WEAK)
        gcr_counting_clear_weak_to(c, object);
    if (gcr_counting_type_is(type, GCR_SHAPE_WEAK))
        gcr_counting_clear_weak(c, object);
    if (gcr_counting_type_is(type, GCR_SHAPE_CONTAINER))
        design->leave(c, object);
    gcr_counting_drop_span(c, design->side_counts, gcr_counted_inline_slots(type, object),
                           gcr_counted_inline_slot_count(type, object));
    if (gcr_counting_type_is(type, GCR_SHAPE_RESIZABLE))
        gcr_counting_drop_body(c, design->side_counts, type, object);
    gcr_counting_free_as(c, design, type, object);
}

GCR_ALWAYS_INLINE void gcr_counting_bury_queued_as(struct gcr_counting *c,
                                                   const struct gcr_counting_design *design)
{
    if (c->burying) /* a finalizer of the loop below: that loop goes on with the queue */
        return;
    c->burying = true;
    while (c->dead != NULL) {
        gcr_ref object = c->dead;
        c->dead = (gcr_ref)(uintptr_t)gcr_count_get(c, design->side_counts, object);
        gcr_count_set(c, design->side_counts, object, 0);
        gcr_counting_release_as(c, design, object);
    }
    c->burying = false;
}

#endif
