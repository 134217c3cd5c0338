/* mark-sweep: what the replay loop inlines. No barrier: stores, loads and roots are the access, and
 * one count of the mutator's operations, which the trigger weighs the collector's work against. */
#ifndef GCR_ALLOCATORS_MARK_SWEEP_MARK_SWEEP_INLINE_H
#define GCR_ALLOCATORS_MARK_SWEEP_MARK_SWEEP_INLINE_H

#include <string.h>

#include "allocators/mark_sweep/mark_sweep.h"

/* Shapes that the inline path leaves to the slow one. */
enum {
    MARK_SWEEP_SPECIAL =
        GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER | GCR_SHAPE_WEAK | GCR_SHAPE_RESIZABLE
};

static inline gcr_ref gcr_mark_sweep_alloc(struct gcr_heap *heap, const struct gcr_shape *shape,
                                           uint32_t length, unsigned flags, uint32_t cookie,
                                           gcr_ref *root, bool global_root)
{
    struct gcr_mark_sweep *h = mark_sweep_of(heap);
    const struct mark_sweep_type *type = &h->types[shape->number];
    uint64_t bytes = mark_sweep_bytes(type, length);
    (void)flags;
    (void)global_root;
    h->events++;
    if (GCR_UNLIKELY(h->since_bytes > h->trigger_above || !h->inlines ||
                     bytes > h->pools.options.small_limit ||
                     gcr_shape_is(shape, MARK_SWEEP_SPECIAL)))
        return mark_sweep_alloc_slow(h, shape, length, cookie, root);
    gcr_ref object = gcr_pools_alloc(&h->pools, bytes);
    if (GCR_UNLIKELY(object == NULL))
        return mark_sweep_alloc_slow(h, shape, length, cookie, root);
    memset(object, 0, bytes);
    *mark_sweep_word(object, 0) = type->header;
    if (type->length_offset != 0)
        *mark_sweep_word(object, type->length_offset) = length;
    if (h->sweeps_pools) {
        gcr_mark_bitmap_set(&h->allocated, object);
    } else {
        *mark_sweep_word(object, MARK_SWEEP_LINK_OFFSET) = (uintptr_t)h->plain;
        h->plain = object;
    }
    h->since_bytes += bytes;
    h->heap.work.allocated_objects++;
    h->heap.work.allocated_bytes += bytes - type->payload;
    *root = object;
    return object;
}

static inline gcr_ref *gcr_mark_sweep_slot(struct gcr_heap *heap, gcr_ref object, uint32_t slot)
{
    if (GCR_UNLIKELY(mark_sweep_is(object, MARK_SWEEP_RESIZABLE)))
        return mark_sweep_far_slot(mark_sweep_of(heap), object, slot);
    return (gcr_ref *)mark_sweep_payload(object) + slot;
}

static inline void gcr_mark_sweep_store(struct gcr_heap *heap, gcr_ref object, uint32_t slot,
                                        gcr_ref value)
{
    mark_sweep_of(heap)->events++;
    GCR_STORE_AS(GCR_CAUSE_DATA, *gcr_mark_sweep_slot(heap, object, slot), value);
}

static inline void gcr_mark_sweep_copy(struct gcr_heap *heap, gcr_ref dst, uint32_t dst_slot,
                                       gcr_ref src, uint32_t src_slot, uint32_t n)
{
    mark_sweep_of(heap)->events++;
    mark_sweep_copy_slots(mark_sweep_of(heap), dst, dst_slot, src, src_slot, n);
}

static inline void gcr_mark_sweep_load(struct gcr_heap *heap, gcr_ref object, uint32_t slot,
                                       gcr_ref *root, bool global_root)
{
    (void)global_root;
    mark_sweep_of(heap)->events++;
    *root = *gcr_mark_sweep_slot(heap, object, slot);
}

static inline void gcr_mark_sweep_read(struct gcr_heap *heap, gcr_ref object, uint32_t offset,
                                       uint32_t length)
{
    mark_sweep_of(heap)->events++;
    mark_sweep_read_data(mark_sweep_of(heap), object, offset, length);
}

static inline void gcr_mark_sweep_write(struct gcr_heap *heap, gcr_ref object, uint32_t offset,
                                        uint32_t length, uint8_t tag)
{
    mark_sweep_of(heap)->events++;
    mark_sweep_write_data(mark_sweep_of(heap), object, offset, length, tag);
}

static inline void gcr_mark_sweep_root(struct gcr_heap *heap, gcr_ref *root, gcr_ref value,
                                       bool global_root)
{
    (void)global_root;
    mark_sweep_of(heap)->events++;
    GCR_STORE_AS(GCR_CAUSE_DATA, *root, value);
}

static const struct gcr_mutator_ops gcr_mutator_ops_mark_sweep = {
    .alloc = gcr_mark_sweep_alloc,
    .store = gcr_mark_sweep_store,
    .copy = gcr_mark_sweep_copy,
    .load = gcr_mark_sweep_load,
    .read = gcr_mark_sweep_read,
    .write = gcr_mark_sweep_write,
    .root = gcr_mark_sweep_root,
};

#endif
