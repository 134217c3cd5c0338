/* The mutator's side of counting designs: allocation from pools, and counts at every store, root
 * and load. Templates over a constant design: a back end's inline header wraps each into a function
 * of its table, and nothing is called indirectly. Slow paths are out of line (counting.h). */
#ifndef GCR_ALLOCATORS_COMMON_COUNTING_INLINE_H
#define GCR_ALLOCATORS_COMMON_COUNTING_INLINE_H

#include <string.h>

#include "allocators/common/counting_death.h"
#include "allocators/common/data.h"

/* ---- counts ---- */

GCR_ALWAYS_INLINE void gcr_counting_increment(const struct gcr_counting *c,
                                              const struct gcr_counting_design *design,
                                              gcr_ref object)
{
    if (object != NULL)
        gcr_count_up(c, design->side_counts, object);
}

GCR_ALWAYS_INLINE void gcr_counting_decrement(struct gcr_counting *c,
                                              const struct gcr_counting_design *design,
                                              gcr_ref object)
{
    if (object != NULL && gcr_count_down(c, design->side_counts, object) == 0)
        design->bury(c, object);
}

/* ---- allocation ---- */

/* The block of a small object, of one that died into a free list or of the pools, with what the
 * design promises for a finalizer. NULL: refused, and nothing taken. */
GCR_ALWAYS_INLINE char *gcr_counting_small_block(struct gcr_counting *c,
                                                 const struct gcr_counting_design *design,
                                                 const struct gcr_counting_type *type,
                                                 bool finalizer, uint64_t bytes, unsigned flags)
{
    struct gcr_pools *pools = gcr_counting_pools_for(c, type);
    char *block = NULL;
    if (GCR_UNLIKELY(flags & GCR_ALLOC_UNCOUNTED)) {
        void **list = gcr_counting_recycled_list(c, type, bytes);
        block = *list;
        if (block != NULL)
            *list = *(void **)block;
    }
    if (GCR_LIKELY(block == NULL))
        block = gcr_pools_alloc(pools, bytes);
    if (block == NULL || !finalizer || GCR_LIKELY(design->promise(c, type, block)))
        return block;
    gcr_pools_free(pools, block);
    return NULL;
}

/* A small object that is no weak reference and has no body yet. Where the supply refuses a page the
 * slow path begins again, and collects. */
GCR_ALWAYS_INLINE gcr_ref gcr_counting_alloc_small(struct gcr_counting *c,
                                                   const struct gcr_counting_design *design,
                                                   const struct gcr_counting_type *type,
                                                   const struct gcr_shape *shape, uint32_t length,
                                                   uint64_t bytes, unsigned flags, uint32_t cookie)
{
    bool container = gcr_counting_type_is(type, GCR_SHAPE_CONTAINER);
    bool finalizer = gcr_counting_type_is(type, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER);
    if (finalizer && GCR_UNLIKELY(!gcr_counting_side_promise(c, type)))
        return gcr_counting_alloc_slow(c, shape, length, flags, cookie);
    char *block = gcr_counting_small_block(c, design, type, finalizer, bytes, flags);
    if (GCR_UNLIKELY(block == NULL)) {
        gcr_counting_side_release(c, type);
        return gcr_counting_alloc_slow(c, shape, length, flags, cookie);
    }
    GCR_ZERO_NEW(block, bytes);
    gcr_ref object = (gcr_ref)(block + type->ref_offset);
    gcr_count_begin(c, design->side_counts, object);
    gcr_counted(object)->type = shape->number | (uint64_t)length << GCR_COUNTED_LENGTH_SHIFT |
                                (uint64_t)type->kind << GCR_COUNTED_KIND_SHIFT;
    if (container) {
        design->enter(c, object, false);
        c->live_containers++;
    }
    if (finalizer)
        gcr_counting_set_cookie(c, object, cookie);
    c->base.work.allocated_objects++;
    c->base.work.allocated_bytes += type->field_bytes + length * type->body_item_bytes;
    c->header_bytes += gcr_counting_header_bytes(type, false);
    return object;
}

/* Whether the objects of that many items have a body. */
static inline bool gcr_counting_has_body(const struct gcr_counting_type *type, uint32_t length)
{
    return length != 0 && gcr_counting_type_is(type, GCR_SHAPE_RESIZABLE);
}

GCR_ALWAYS_INLINE gcr_ref gcr_counting_alloc_as(struct gcr_heap *heap,
                                                const struct gcr_counting_design *design,
                                                const struct gcr_shape *shape, uint32_t length,
                                                unsigned flags, uint32_t cookie, gcr_ref *root)
{
    struct gcr_counting *c = gcr_counting_of(heap);
    const struct gcr_counting_type *type = &c->types[shape->number];
    uint64_t bytes = gcr_counting_block_bytes(design, type, length);
    gcr_ref object;
    if (GCR_UNLIKELY(gcr_counting_type_is(type, GCR_COUNTING_LISTED)))
        flags |= gcr_counting_free_list_take(c, type, length);
    if (GCR_LIKELY(gcr_counting_type_is(type, GCR_COUNTING_INLINE) && bytes <= c->small_limit &&
                   !gcr_counting_has_body(type, length)))
        object = gcr_counting_alloc_small(c, design, type, shape, length, bytes, flags, cookie);
    else
        object = gcr_counting_alloc_slow(c, shape, length, flags, cookie);
    if (GCR_UNLIKELY(object == NULL))
        return NULL;
    if (gcr_counting_type_is(type, GCR_SHAPE_CONTAINER)) {
        if (!(flags & GCR_ALLOC_UNCOUNTED) && GCR_UNLIKELY(++c->count[0] > c->trigger_above) &&
            !(flags & GCR_ALLOC_NOTRIGGER)) {
            gcr_counting_trigger(c);
            GCR_CHECK(2, c->count[0] <= c->trigger_above);
        }
        if (c->tracks_at_alloc) {
            if (GCR_UNLIKELY(c->has_own_rules && gcr_counting_type_is(type, GCR_SHAPE_DICT)))
                gcr_counted_set_flag(object, GCR_COUNTED_UNTRACKED);
            else
                design->track(c, object);
        }
    }
    gcr_ref old = *root;
    *root = object;
    gcr_counting_decrement(c, design, old);
    return object;
}

/* ---- pointers ---- */

/* An untracked tuple or dict gets an item: it must be tracked again; a dict only if the item could
 * ever be tracked (dictobject.c, MAINTAIN_TRACKING). `value` NULL: not known. */
GCR_ALWAYS_INLINE void gcr_counting_retrack(struct gcr_counting *c,
                                            const struct gcr_counting_design *design,
                                            const struct gcr_counting_type *type, gcr_ref object,
                                            gcr_ref value)
{
    if (gcr_counting_type_is(type, GCR_SHAPE_DICT) && value != NULL &&
        !gcr_counting_may_be_tracked(c, design, value))
        return;
    gcr_counted_clear_flag(object, GCR_COUNTED_UNTRACKED);
    design->track(c, object);
}

static inline bool gcr_counting_is_untracked(const struct gcr_counting_type *type, gcr_ref object)
{
    return (gcr_counted(object)->type & GCR_COUNTED_UNTRACKED) != 0 &&
           gcr_counting_type_is(type, GCR_SHAPE_CONTAINER);
}

GCR_ALWAYS_INLINE void gcr_counting_store_as(struct gcr_heap *heap,
                                             const struct gcr_counting_design *design,
                                             gcr_ref object, uint32_t slot, gcr_ref value)
{
    struct gcr_counting *c = gcr_counting_of(heap);
    const struct gcr_counting_type *type = gcr_counting_type_of(c, object);
    gcr_ref *at = gcr_counted_slot(type, object, slot);
    gcr_ref old = *at;
    if (value != NULL) {
        gcr_count_up(c, design->side_counts, value);
        if (GCR_UNLIKELY(gcr_counting_is_untracked(type, object)))
            gcr_counting_retrack(c, design, type, object, value);
    }
    GCR_STORE_AS(GCR_CAUSE_DATA, *at, value);
    gcr_counting_decrement(c, design, old);
    if (GCR_SABOTAGE == GCR_SABOTAGE_EARLY_FREE && value != NULL && --c->sabotage_countdown == 0)
        gcr_counting_decrement(c, design, value);
}

/* Counts for values that enter, and for values that leave, by slot numbers. Who dies waits. */
GCR_ALWAYS_INLINE bool gcr_counting_copy_counts(struct gcr_counting *c, bool side,
                                                const struct gcr_counting_type *type,
                                                gcr_ref object, uint64_t from, uint64_t to,
                                                bool enter)
{
    bool any = false;
    for (uint64_t k = from; k < to; k++) {
        gcr_ref value = *gcr_counted_slot(type, object, (uint32_t)k);
        if (value == NULL)
            continue;
        any = true;
        if (enter)
            gcr_count_up(c, side, value);
        else if (gcr_count_down(c, side, value) == 0)
            gcr_counting_queue_dead(c, side, value);
    }
    return any;
}

/* A memmove's stores would go to the phase; in the modelled twin each store says what it is. */
#ifdef GCR_MODELLED
static const bool gcr_counting_names_slot_stores = true;
#else
static const bool gcr_counting_names_slot_stores = false;
#endif

/* Slots dst[d, d+n) = src[s, s+n), upwards or downwards as overlap demands. */
static inline void gcr_counting_move_slots(struct gcr_counting *c, gcr_ref dst, uint64_t d,
                                           gcr_ref src, uint64_t s, uint64_t n)
{
    const struct gcr_counting_type *to = gcr_counting_type_of(c, dst),
                                   *from = gcr_counting_type_of(c, src);
    if (!gcr_counting_names_slot_stores && (d + n <= to->inline_slots || d >= to->inline_slots) &&
        (s + n <= from->inline_slots || s >= from->inline_slots)) {
        memmove(gcr_counted_slot(to, dst, (uint32_t)d), gcr_counted_slot(from, src, (uint32_t)s),
                n * GCR_SLOT_BYTES);
        return;
    }
    for (uint64_t i = 0; i < n; i++) { /* fixed slots and a body at once */
        uint64_t k = d > s ? n - 1 - i : i;
        GCR_STORE_AS(GCR_CAUSE_DATA, *gcr_counted_slot(to, dst, (uint32_t)(d + k)),
                     *gcr_counted_slot(from, src, (uint32_t)(s + k)));
    }
}

GCR_ALWAYS_INLINE void gcr_counting_copy_as(struct gcr_heap *heap,
                                            const struct gcr_counting_design *design, gcr_ref dst,
                                            uint32_t dst_slot, gcr_ref src, uint32_t src_slot,
                                            uint32_t n)
{
    struct gcr_counting *c = gcr_counting_of(heap);
    const struct gcr_counting_type *to = gcr_counting_type_of(c, dst),
                                   *from = gcr_counting_type_of(c, src);
    uint64_t d = dst_slot, s = src_slot, d_end = d + n, s_end = s + n;
    uint64_t enter = s, enter_end = s_end, leave = d, leave_end = d_end;
    if (n == 0 || (dst == src && d == s))
        return;
    if (dst == src && s < d && d < s_end) { /* moves up: [s, d) enters, [s_end, d_end) leaves */
        enter_end = d;
        leave = s_end;
    } else if (dst == src && d < s && s < d_end) { /* moves down */
        enter = d_end;
        leave_end = s;
    }
    bool side = design->side_counts;
    bool any = gcr_counting_copy_counts(c, side, from, src, enter, enter_end, true);
    (void)gcr_counting_copy_counts(c, side, to, dst, leave, leave_end, false);
    if (any && GCR_UNLIKELY(gcr_counting_is_untracked(to, dst)))
        gcr_counting_retrack(c, design, to, dst, NULL);
    gcr_counting_move_slots(c, dst, d, src, s, n);
    if (GCR_UNLIKELY(c->dead != NULL))
        design->bury_queued(c);
}

GCR_ALWAYS_INLINE void gcr_counting_root_as(struct gcr_heap *heap,
                                            const struct gcr_counting_design *design, gcr_ref *root,
                                            gcr_ref value)
{
    gcr_ref old = *root;
    gcr_counting_increment(gcr_counting_of(heap), design, value);
    GCR_STORE_AS(GCR_CAUSE_DATA, *root, value);
    gcr_counting_decrement(gcr_counting_of(heap), design, old);
}

GCR_ALWAYS_INLINE void gcr_counting_load_as(struct gcr_heap *heap,
                                            const struct gcr_counting_design *design,
                                            gcr_ref object, uint32_t slot, gcr_ref *root)
{
    const struct gcr_counting_type *type = gcr_counting_type_of(gcr_counting_of(heap), object);
    gcr_counting_root_as(heap, design, root, *gcr_counted_slot(type, object, slot));
}

/* ---- data ---- */

static inline uint8_t *gcr_counting_find(const void *type, gcr_ref object, uint64_t offset,
                                         uint64_t *bytes)
{
    return gcr_counted_data(type, object, offset, bytes);
}

/* Reading through a reference costs an increment and a decrement, which the compiler must not
 * merge. */
GCR_ALWAYS_INLINE void gcr_counting_read_as(struct gcr_heap *heap,
                                            const struct gcr_counting_design *design,
                                            gcr_ref object, uint32_t offset, uint32_t length)
{
    const struct gcr_counting *c = gcr_counting_of(heap);
    const struct gcr_counting_type *type = gcr_counting_type_of(c, object);
    volatile uint64_t *count =
        design->side_counts ? gcr_side_count(&c->side_counts, object) : &gcr_counted(object)->count;
    (void)GCR_ADD_AS(GCR_CAUSE_COUNT, *count, 1);
    gcr_data_read(gcr_counting_find, type, object, offset, length);
    (void)GCR_ADD_AS(GCR_CAUSE_COUNT, *count, UINT64_MAX);
}

static inline void gcr_counting_write(struct gcr_heap *heap, gcr_ref object, uint32_t offset,
                                      uint32_t length, uint8_t tag)
{
    const struct gcr_counting_type *type = gcr_counting_type_of(gcr_counting_of(heap), object);
    gcr_data_write(gcr_counting_find, type, object, offset, length, tag);
}

/* ---- tracking ---- */

GCR_ALWAYS_INLINE void gcr_counting_track_as(struct gcr_heap *heap,
                                             const struct gcr_counting_design *design,
                                             gcr_ref object)
{
    struct gcr_counting *c = gcr_counting_of(heap);
    if (!gcr_counting_type_is(gcr_counting_type_of(c, object), GCR_SHAPE_CONTAINER))
        return;
    gcr_counted_clear_flag(object, GCR_COUNTED_UNTRACKED);
    if (!design->is_tracked(c, object))
        design->track(c, object);
}

GCR_ALWAYS_INLINE void gcr_counting_untrack_as(struct gcr_heap *heap,
                                               const struct gcr_counting_design *design,
                                               gcr_ref object)
{
    struct gcr_counting *c = gcr_counting_of(heap);
    if (!gcr_counting_type_is(gcr_counting_type_of(c, object), GCR_SHAPE_CONTAINER))
        return;
    gcr_counted_clear_flag(object, GCR_COUNTED_UNTRACKED);
    if (design->is_tracked(c, object))
        design->untrack(c, object);
}

static inline void gcr_counting_recycle(struct gcr_heap *heap, gcr_ref object)
{
    (void)heap;
    gcr_counted_set_flag(object, GCR_COUNTED_RECYCLED);
}

#endif
