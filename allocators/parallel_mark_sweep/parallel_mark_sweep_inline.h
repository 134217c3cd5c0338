/* parallel-mark-sweep: what the replay loop inlines. Allocation pops the free list of the context's
 * current block of the size class and sets the slot's alloc entry; stores, loads and roots are the
 * access alone. */
#ifndef GCR_ALLOCATORS_PARALLEL_MARK_SWEEP_PARALLEL_MARK_SWEEP_INLINE_H
#define GCR_ALLOCATORS_PARALLEL_MARK_SWEEP_PARALLEL_MARK_SWEEP_INLINE_H

#include "allocators/parallel_mark_sweep/parallel_mark_sweep.h"

static inline gcr_ref gcr_parallel_mark_sweep_alloc(struct gcr_heap *heap,
                                                    const struct gcr_shape *shape, uint32_t length,
                                                    unsigned flags, uint32_t cookie, gcr_ref *root,
                                                    bool global_root)
{
    struct gcr_parallel_mark_sweep *h = pms_of(heap);
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    uint64_t bytes = gcr_layout_bytes(layout, length);
    (void)flags;
    (void)global_root;
    if (GCR_UNLIKELY(bytes > GCR_BLOCK_MAX_SMALL_BYTES || gcr_shape_is(shape, PMS_SPECIAL)))
        return pms_alloc_slow(h, shape, length, cookie, root);
    uint32_t size_class = gcr_blocks_class(&h->blocks, bytes);
    gcr_ref object = gcr_blocks_alloc(&h->blocks, &h->context->current[size_class], bytes);
    if (GCR_UNLIKELY(object == NULL))
        return pms_alloc_slow(h, shape, length, cookie, root);
    gcr_layout_set(layout, object, 0, length);
    h->tally.header_bytes += layout->payload;
    h->heap.work.allocated_objects++;
    h->heap.work.allocated_bytes += gcr_shape_object_bytes(shape, length);
    *root = object;
    return object;
}

static const struct gcr_mutator_ops gcr_mutator_ops_parallel_mark_sweep = {
    .alloc = gcr_parallel_mark_sweep_alloc,
    .store = gcr_layout_op_store,
    .copy = gcr_layout_op_copy,
    .load = gcr_layout_op_load,
    .read = gcr_layout_op_read,
    .write = gcr_layout_op_write,
    .root = gcr_layout_op_root,
};

#endif
