/* What the replay loops of the designs with a nursery in a copying heap inline: the bump, the write
 * barrier, and where an object went. */
#ifndef GCR_ALLOCATORS_COMMON_YOUNG_OPS_H
#define GCR_ALLOCATORS_COMMON_YOUNG_OPS_H

#include "allocators/common/young_heap.h"

static inline gcr_ref gcr_young_op_alloc(struct gcr_heap *heap, const struct gcr_shape *shape,
                                         uint32_t length, unsigned flags, uint32_t cookie,
                                         gcr_ref *root, bool global_root)
{
    struct gcr_young_heap *h = gcr_young_heap_of(heap);
    struct gcr_nursery *nursery = &h->nursery;
    const struct gcr_layout *layout = &h->copy.layouts.row[shape->number];
    uint64_t bytes = gcr_layout_bytes(layout, length);
    (void)flags;
    (void)global_root;
    if (GCR_UNLIKELY(bytes > (uint64_t)(nursery->limit - nursery->free) ||
                     bytes > nursery->small_bytes || gcr_shape_is(shape, GCR_COPY_SPECIAL)))
        return gcr_young_alloc_slow(h, shape, length, cookie, root);
    gcr_ref object = (gcr_ref)(void *)nursery->free;
    nursery->free += bytes;
    gcr_layout_set(layout, object, 0, length);
    h->copy.tally.fresh_header_bytes += layout->payload;
    heap->work.allocated_objects++;
    heap->work.allocated_bytes += gcr_shape_object_bytes(shape, length);
    *root = object;
    return object;
}

static inline void gcr_young_op_store(struct gcr_heap *heap, gcr_ref object, uint32_t slot,
                                      gcr_ref value)
{
    struct gcr_young_heap *h = gcr_young_heap_of(heap);
    gcr_remember_store_slot(&h->remembered, &h->copy.layouts, object, slot, value);
}

static inline void gcr_young_op_copy(struct gcr_heap *heap, gcr_ref dst, uint32_t dst_slot,
                                     gcr_ref src, uint32_t src_slot, uint32_t n)
{
    struct gcr_young_heap *h = gcr_young_heap_of(heap);
    gcr_remember_copy_slots(&h->remembered, &h->copy.layouts, dst, dst_slot, src, src_slot, n);
}

static inline gcr_ref gcr_young_op_forwarded(struct gcr_heap *heap, gcr_ref object)
{
    return gcr_copy_forwarded(gcr_copy_heap_of(heap), object);
}

#endif
