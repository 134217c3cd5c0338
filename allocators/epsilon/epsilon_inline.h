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

static const struct gcr_mutator_ops gcr_mutator_ops_epsilon = {
    .alloc = gcr_epsilon_alloc,
    .store = gcr_layout_op_store,
    .copy = gcr_layout_op_copy,
    .load = gcr_layout_op_load,
    .read = gcr_layout_op_read,
    .write = gcr_layout_op_write,
    .root = gcr_layout_op_root,
};

#endif
