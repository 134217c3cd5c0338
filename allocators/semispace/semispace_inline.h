/* semispace: what the replay loop inlines. Allocation is a bump of `free` in zeroed memory; stores,
 * loads and roots are the access alone. */
#ifndef GCR_ALLOCATORS_SEMISPACE_SEMISPACE_INLINE_H
#define GCR_ALLOCATORS_SEMISPACE_SEMISPACE_INLINE_H

#include "allocators/semispace/semispace.h"

static inline gcr_ref gcr_semispace_alloc(struct gcr_heap *heap, const struct gcr_shape *shape,
                                          uint32_t length, unsigned flags, uint32_t cookie,
                                          gcr_ref *root, bool global_root)
{
    struct gcr_semispace *h = semispace_of(heap);
    struct gcr_copy_space *space = &h->copy.space;
    const struct gcr_layout *layout = &h->copy.layouts.row[shape->number];
    uint64_t bytes = gcr_layout_bytes(layout, length);
    (void)flags;
    (void)global_root;
    if (GCR_UNLIKELY(bytes > (uint64_t)(space->limit - space->free) ||
                     gcr_shape_is(shape, GCR_COPY_SPECIAL)))
        return semispace_alloc_slow(h, shape, length, cookie, root);
    gcr_ref object = (gcr_ref)(void *)space->free;
    space->free += bytes;
    gcr_layout_set(layout, object, 0, length);
    h->copy.tally.fresh_header_bytes += layout->payload;
    heap->work.allocated_objects++;
    heap->work.allocated_bytes += gcr_shape_object_bytes(shape, length);
    *root = object;
    return object;
}

static inline gcr_ref gcr_semispace_forwarded(struct gcr_heap *heap, gcr_ref object)
{
    (void)heap;
    return gcr_copy_survives(object) ? gcr_copy_new_address(object) : NULL;
}

static const struct gcr_mutator_ops gcr_mutator_ops_semispace = {
    .alloc = gcr_semispace_alloc,
    .store = gcr_layout_op_store,
    .copy = gcr_layout_op_copy,
    .load = gcr_layout_op_load,
    .read = gcr_layout_op_read,
    .write = gcr_layout_op_write,
    .root = gcr_layout_op_root,
    .forwarded = gcr_semispace_forwarded,
};

#endif
