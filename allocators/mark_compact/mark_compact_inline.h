/* mark-compact: what the replay loop inlines. Allocation spends from one quota (bytes, and what an
 * object is charged for the next collection) and bumps; stores, loads and roots are the access
 * alone. */
#ifndef GCR_ALLOCATORS_MARK_COMPACT_MARK_COMPACT_INLINE_H
#define GCR_ALLOCATORS_MARK_COMPACT_MARK_COMPACT_INLINE_H

#include "allocators/mark_compact/mark_compact.h"

static inline gcr_ref gcr_mark_compact_alloc(struct gcr_heap *heap, const struct gcr_shape *shape,
                                             uint32_t length, unsigned flags, uint32_t cookie,
                                             gcr_ref *root, bool global_root)
{
    struct gcr_compact *h = gcr_compact_of(heap);
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    uint64_t bytes = gcr_layout_bytes(layout, length), cost = bytes + h->charge_bytes;
    (void)flags;
    (void)global_root;
    if (GCR_UNLIKELY(cost > h->quota_bytes || gcr_shape_is(shape, GCR_COMPACT_SPECIAL)))
        return mark_compact_alloc_slow(h, shape, length, cookie, root);
    gcr_ref object = (gcr_ref)(void *)h->free;
    h->free += bytes;
    h->quota_bytes -= cost;
    h->blocks++;
    if (!h->zeroed)
        memset(object, 0, bytes);
    gcr_layout_set(layout, object, 0, length);
    h->tally.header_bytes += layout->payload;
    heap->work.allocated_objects++;
    heap->work.allocated_bytes += gcr_shape_object_bytes(shape, length);
    *root = object;
    return object;
}

static inline gcr_ref gcr_mark_compact_forwarded(struct gcr_heap *heap, gcr_ref object)
{
    return gcr_compact_forwarded(gcr_compact_of(heap), object);
}

static const struct gcr_mutator_ops gcr_mutator_ops_mark_compact = {
    .alloc = gcr_mark_compact_alloc,
    .store = gcr_layout_op_store,
    .copy = gcr_layout_op_copy,
    .load = gcr_layout_op_load,
    .read = gcr_layout_op_read,
    .write = gcr_layout_op_write,
    .root = gcr_layout_op_root,
    .forwarded = gcr_mark_compact_forwarded,
};

#endif
