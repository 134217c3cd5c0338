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
    gcr_layout_op_store(heap, object, slot, value);
#if GCR_SABOTAGE == GCR_SABOTAGE_EARLY_FREE
    struct gcr_explicit_free *h = explicit_of(heap);
    if (value != NULL && value != object && !h->sabotaged &&
        !gcr_header_is(gcr_object_header(value), GCR_HEADER_EXTERNAL)) {
        h->sabotaged = true;
        explicit_death_slow(h, value);
    }
#endif
}

static const struct gcr_mutator_ops gcr_mutator_ops_explicit_free = {
    .alloc = gcr_explicit_alloc,
    .store = gcr_explicit_store,
    .copy = gcr_layout_op_copy,
    .load = gcr_layout_op_load,
    .read = gcr_layout_op_read,
    .write = gcr_layout_op_write,
    .root = gcr_layout_op_root,
    .death = gcr_explicit_death,
};

#endif
