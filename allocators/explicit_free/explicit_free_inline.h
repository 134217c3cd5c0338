/* explicit-free: what the replay loop inlines. With pools, a small object of a plain shape costs
 * one pool allocation and one pool free; all else is out of line. */
#ifndef GCR_ALLOCATORS_EXPLICIT_FREE_EXPLICIT_FREE_INLINE_H
#define GCR_ALLOCATORS_EXPLICIT_FREE_EXPLICIT_FREE_INLINE_H

#include "allocators/explicit_free/explicit_free.h"

static inline gcr_ref gcr_explicit_alloc(struct gcr_heap *heap, const struct gcr_shape *shape,
                                         uint32_t length, unsigned flags, uint32_t cookie,
                                         gcr_ref *root, bool global_root)
{
    struct gcr_explicit_free *h = explicit_of(heap);
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    uint64_t bytes = gcr_layout_bytes(layout, length);
    (void)flags;
    (void)cookie;
    (void)global_root;
    if (GCR_UNLIKELY(h->allocator != EXPLICIT_POOLS || bytes > h->pools.options.small_limit ||
                     gcr_shape_is(shape, GCR_SHAPE_RESIZABLE | GCR_SHAPE_WEAK) ||
                     h->heap.report_frees))
        return explicit_alloc_slow(h, shape, length, root);
    gcr_ref object = gcr_pools_alloc(&h->pools, bytes);
    if (GCR_UNLIKELY(object == NULL))
        return NULL;
    memset(object, 0, bytes);
    gcr_layout_set(layout, object, 0, length);
    uint64_t object_bytes = gcr_shape_object_bytes(shape, length);
    h->object_bytes += object_bytes;
    h->header_bytes += layout->payload;
    h->heap.work.allocated_objects++;
    h->heap.work.allocated_bytes += object_bytes;
    *root = object;
    return object;
}

static inline void gcr_explicit_death(struct gcr_heap *heap, gcr_ref object)
{
    struct gcr_explicit_free *h = explicit_of(heap);
    uint64_t header = gcr_object_header(object);
    const struct gcr_layout *layout = gcr_layout_of_header(&h->layouts, header);
    uint64_t length = gcr_layout_length(layout, object);
    if (GCR_UNLIKELY(
            h->allocator != EXPLICIT_POOLS || h->heap.report_frees ||
            gcr_layout_bytes(layout, length) > h->pools.options.small_limit ||
            gcr_header_is(header, GCR_HEADER_RESIZABLE | GCR_HEADER_EXTERNAL | EXPLICIT_WATCHED) ||
            gcr_shape_is(&h->heap.shapes[gcr_layout_shape(object)], GCR_SHAPE_WEAK))) {
        explicit_death_slow(h, object);
        return;
    }
    h->object_bytes -= layout->field_bytes + length * layout->item_bytes;
    h->header_bytes -= layout->payload;
    h->heap.work.freed_objects++;
    gcr_pools_free(&h->pools, object);
}

static inline void gcr_explicit_store(struct gcr_heap *heap, gcr_ref object, uint32_t slot,
                                      gcr_ref value)
{
    struct gcr_explicit_free *h = explicit_of(heap);
    *gcr_layout_slot(&h->layouts, object, slot) = value;
#if GCR_SABOTAGE == GCR_SABOTAGE_EARLY_FREE
    if (value != NULL && value != object && !h->sabotaged &&
        !gcr_header_is(gcr_object_header(value), GCR_HEADER_EXTERNAL)) {
        h->sabotaged = true;
        explicit_death_slow(h, value);
    }
#endif
}

static inline void gcr_explicit_copy(struct gcr_heap *heap, gcr_ref dst, uint32_t dst_slot,
                                     gcr_ref src, uint32_t src_slot, uint32_t n)
{
    gcr_layout_copy_slots(&explicit_of(heap)->layouts, dst, dst_slot, src, src_slot, n);
}

static inline void gcr_explicit_load(struct gcr_heap *heap, gcr_ref object, uint32_t slot,
                                     gcr_ref *root, bool global_root)
{
    (void)global_root;
    *root = *gcr_layout_slot(&explicit_of(heap)->layouts, object, slot);
}

static inline void gcr_explicit_read(struct gcr_heap *heap, gcr_ref object, uint32_t offset,
                                     uint32_t length)
{
    gcr_layout_read(&explicit_of(heap)->layouts, object, offset, length);
}

static inline void gcr_explicit_write(struct gcr_heap *heap, gcr_ref object, uint32_t offset,
                                      uint32_t length, uint8_t tag)
{
    gcr_layout_write(&explicit_of(heap)->layouts, object, offset, length, tag);
}

static inline void gcr_explicit_root(struct gcr_heap *heap, gcr_ref *root, gcr_ref value,
                                     bool global_root)
{
    (void)heap;
    (void)global_root;
    *root = value;
}

static const struct gcr_mutator_ops gcr_mutator_ops_explicit_free = {
    .alloc = gcr_explicit_alloc,
    .store = gcr_explicit_store,
    .copy = gcr_explicit_copy,
    .load = gcr_explicit_load,
    .read = gcr_explicit_read,
    .write = gcr_explicit_write,
    .root = gcr_explicit_root,
    .death = gcr_explicit_death,
};

#endif
