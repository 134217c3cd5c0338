/* epsilon: what the replay loop inlines. */
#ifndef GCR_ALLOCATORS_EPSILON_EPSILON_INLINE_H
#define GCR_ALLOCATORS_EPSILON_EPSILON_INLINE_H

#include "allocators/epsilon/epsilon.h"

static inline gcr_ref gcr_epsilon_alloc(struct gcr_heap *heap, const struct gcr_shape *shape,
                                        uint32_t length, unsigned flags, uint32_t cookie,
                                        gcr_ref *root, bool global_root)
{
    struct gcr_epsilon *h = epsilon_of(heap);
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    uint64_t bytes = gcr_layout_bytes(layout, length);
    (void)flags;
    (void)cookie;
    (void)global_root;
    if (GCR_UNLIKELY(bytes > (uint64_t)(h->region.top - h->region.free) ||
                     gcr_shape_is(shape, GCR_SHAPE_RESIZABLE)))
        return epsilon_alloc_slow(h, shape, length, root);
    gcr_ref object = (gcr_ref)(void *)h->region.free;
    h->region.free += bytes;
    gcr_layout_set(layout, object, 0, length);
    h->header_bytes += layout->payload;
    h->heap.work.allocated_objects++;
    h->heap.work.allocated_bytes += gcr_shape_object_bytes(shape, length);
    *root = object;
    return object;
}

static inline void gcr_epsilon_store(struct gcr_heap *heap, gcr_ref object, uint32_t slot,
                                     gcr_ref value)
{
    *gcr_layout_slot(&epsilon_of(heap)->layouts, object, slot) = value;
}

static inline void gcr_epsilon_copy(struct gcr_heap *heap, gcr_ref dst, uint32_t dst_slot,
                                    gcr_ref src, uint32_t src_slot, uint32_t n)
{
    gcr_layout_copy_slots(&epsilon_of(heap)->layouts, dst, dst_slot, src, src_slot, n);
}

static inline void gcr_epsilon_load(struct gcr_heap *heap, gcr_ref object, uint32_t slot,
                                    gcr_ref *root, bool global_root)
{
    (void)global_root;
    *root = *gcr_layout_slot(&epsilon_of(heap)->layouts, object, slot);
}

static inline void gcr_epsilon_read(struct gcr_heap *heap, gcr_ref object, uint32_t offset,
                                    uint32_t length)
{
    gcr_layout_read(&epsilon_of(heap)->layouts, object, offset, length);
}

static inline void gcr_epsilon_write(struct gcr_heap *heap, gcr_ref object, uint32_t offset,
                                     uint32_t length, uint8_t tag)
{
    gcr_layout_write(&epsilon_of(heap)->layouts, object, offset, length, tag);
}

static inline void gcr_epsilon_root(struct gcr_heap *heap, gcr_ref *root, gcr_ref value,
                                    bool global_root)
{
    (void)heap;
    (void)global_root;
    *root = value;
}

static const struct gcr_mutator_ops gcr_mutator_ops_epsilon = {
    .alloc = gcr_epsilon_alloc,
    .store = gcr_epsilon_store,
    .copy = gcr_epsilon_copy,
    .load = gcr_epsilon_load,
    .read = gcr_epsilon_read,
    .write = gcr_epsilon_write,
    .root = gcr_epsilon_root,
};

#endif
