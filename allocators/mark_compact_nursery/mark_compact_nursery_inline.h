/* mark-compact-nursery: what the replay loop inlines. Allocation bumps in the nursery; a store
 * tests one header bit. */
#ifndef GCR_ALLOCATORS_MARK_COMPACT_NURSERY_MARK_COMPACT_NURSERY_INLINE_H
#define GCR_ALLOCATORS_MARK_COMPACT_NURSERY_MARK_COMPACT_NURSERY_INLINE_H

#include "allocators/mark_compact_nursery/mark_compact_nursery.h"

static inline gcr_ref gcr_mark_compact_nursery_alloc(struct gcr_heap *heap,
                                                     const struct gcr_shape *shape, uint32_t length,
                                                     unsigned flags, uint32_t cookie, gcr_ref *root,
                                                     bool global_root)
{
    struct gcr_mark_compact_nursery *h = mark_compact_nursery_of(heap);
    const struct gcr_layout *layout = &h->compact.layouts.row[shape->number];
    uint64_t bytes = mark_compact_nursery_bytes(gcr_layout_bytes(layout, length));
    (void)flags;
    (void)global_root;
    gcr_ref object = NULL;
    if (GCR_LIKELY(bytes <= h->pointer_limit_bytes && !gcr_shape_is(shape, GCR_COMPACT_SPECIAL)))
        object = gcr_nursery_alloc(&h->nursery, bytes);
    if (GCR_UNLIKELY(object == NULL))
        return mark_compact_nursery_alloc_slow(h, shape, length, cookie, root);
    gcr_layout_set(layout, object, 0, length);
    h->young_header_bytes += layout->payload;
    heap->work.allocated_objects++;
    heap->work.allocated_bytes += gcr_shape_object_bytes(shape, length);
    *root = object;
    return object;
}

static inline void gcr_mark_compact_nursery_store(struct gcr_heap *heap, gcr_ref object,
                                                  uint32_t slot, gcr_ref value)
{
    struct gcr_mark_compact_nursery *h = mark_compact_nursery_of(heap);
    gcr_remember_store_slot(&h->remember, &h->compact.layouts, object, slot, value);
}

static inline void gcr_mark_compact_nursery_copy(struct gcr_heap *heap, gcr_ref dst,
                                                 uint32_t dst_slot, gcr_ref src, uint32_t src_slot,
                                                 uint32_t n)
{
    struct gcr_mark_compact_nursery *h = mark_compact_nursery_of(heap);
    gcr_remember_copy_slots(&h->remember, &h->compact.layouts, dst, dst_slot, src, src_slot, n);
}

static inline gcr_ref gcr_mark_compact_nursery_forwarded(struct gcr_heap *heap, gcr_ref object)
{
    struct gcr_mark_compact_nursery *h = mark_compact_nursery_of(heap);
    if (h->compact.forwarding != GCR_COMPACT_FORWARD_DESIGN)
        return gcr_compact_forwarded(&h->compact, object);
    if (!gcr_nursery_has(&h->nursery, object))
        return object;
    if (gcr_object_header(object) != MARK_COMPACT_NURSERY_GONE)
        return NULL;
    return (gcr_ref)*gcr_object_word(object, GCR_HEADER_BYTES);
}

static const struct gcr_mutator_ops gcr_mutator_ops_mark_compact_nursery = {
    .alloc = gcr_mark_compact_nursery_alloc,
    .store = gcr_mark_compact_nursery_store,
    .copy = gcr_mark_compact_nursery_copy,
    .load = gcr_layout_op_load,
    .read = gcr_layout_op_read,
    .write = gcr_layout_op_write,
    .root = gcr_layout_op_root,
    .forwarded = gcr_mark_compact_nursery_forwarded,
};

#endif
