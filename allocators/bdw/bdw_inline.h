/* bdw: what the replay loop inlines. Allocation pops a batch of cells that libgc has swept and
 * cleared, as its own GC_FAST_MALLOC_GRANS does; stores, loads and roots are the access alone, or
 * in incremental and generational mode a page fault. */
#ifndef GCR_ALLOCATORS_BDW_BDW_INLINE_H
#define GCR_ALLOCATORS_BDW_BDW_INLINE_H

#include "allocators/bdw/bdw.h"

static inline gcr_ref gcr_bdw_alloc(struct gcr_heap *heap, const struct gcr_shape *shape,
                                    uint32_t length, unsigned flags, uint32_t cookie, gcr_ref *root,
                                    bool global_root)
{
    struct gcr_bdw *h = bdw_of(heap);
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    uint64_t bytes = gcr_layout_bytes(layout, length);
    (void)flags;
    (void)global_root;
    if (GCR_UNLIKELY(bytes > BDW_MAX_SMALL_BYTES || gcr_shape_is(shape, BDW_SPECIAL) ||
                     heap->report_frees))
        return bdw_alloc_slow(h, shape, length, cookie, root);
    void **list =
        &h->list[h->kind_of[shape->number]][(bytes + BDW_GRANULE_BYTES - 1) / BDW_GRANULE_BYTES];
    gcr_ref object = *list;
    if (GCR_UNLIKELY(object == NULL))
        return bdw_alloc_slow(h, shape, length, cookie, root);
    *list = *(void **)object;
    gcr_layout_set(layout, object, BDW_HEADER_TAG, length);
    h->tally.header_bytes += layout->payload;
    heap->work.allocated_objects++;
    heap->work.allocated_bytes += gcr_shape_object_bytes(shape, length);
    *root = object;
    return object;
}

static const struct gcr_mutator_ops gcr_mutator_ops_bdw = {
    .alloc = gcr_bdw_alloc,
    .store = gcr_layout_op_store,
    .copy = gcr_layout_op_copy,
    .load = gcr_layout_op_load,
    .read = gcr_layout_op_read,
    .write = gcr_layout_op_write,
    .root = gcr_layout_op_root,
};

#endif
