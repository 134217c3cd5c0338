/* incminimark: what the replay loop inlines. Allocation is a bump in the nursery; a store loads the
 * object's header and tests the bit that is set on old objects that are not remembered. */
#ifndef GCR_ALLOCATORS_INCMINIMARK_INCMINIMARK_INLINE_H
#define GCR_ALLOCATORS_INCMINIMARK_INCMINIMARK_INLINE_H

#include "allocators/incminimark/incminimark.h"

/* Up to this size a loop of words is shorter than a call. */
enum { INCMINIMARK_LOOP_BYTES = 64 };

static inline void incminimark_clear(char *start, uint64_t bytes)
{
    if (GCR_UNLIKELY(bytes > INCMINIMARK_LOOP_BYTES)) {
        memset(start, 0, bytes);
        return;
    }
    for (uint64_t i = 0; i < bytes; i += GCR_WORD_BYTES)
        *(uint64_t *)(void *)(start + i) = 0;
}

static inline gcr_ref gcr_incminimark_alloc(struct gcr_heap *heap, const struct gcr_shape *shape,
                                            uint32_t length, unsigned flags, uint32_t cookie,
                                            gcr_ref *root, bool global_root)
{
    struct gcr_incminimark *h = incminimark_of(heap);
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    uint64_t bytes = gcr_layout_bytes(layout, length);
    (void)flags;
    (void)global_root;
    if (GCR_UNLIKELY(bytes > (uint64_t)(h->nursery.limit - h->nursery.free) ||
                     bytes >= h->large_bytes || gcr_shape_is(shape, INCMINIMARK_SPECIAL)))
        return incminimark_alloc_slow(h, shape, length, cookie, root);
    gcr_ref object = (gcr_ref)(void *)h->nursery.free;
    if (h->clear_objects)
        incminimark_clear(h->nursery.free, bytes);
    h->nursery.free += bytes;
    gcr_layout_set(layout, object, 0, length);
    h->young.header_bytes += layout->payload;
    h->heap.work.allocated_objects++;
    h->heap.work.allocated_bytes += gcr_shape_object_bytes(shape, length);
    *root = object;
    return object;
}

static inline void gcr_incminimark_store(struct gcr_heap *heap, gcr_ref object, uint32_t slot,
                                         gcr_ref value)
{
    uint64_t header = gcr_object_header(object);
    if (GCR_UNLIKELY(gcr_header_is(header, GCR_HEADER_NO_YOUNG | GCR_HEADER_RESIZABLE))) {
        incminimark_store_slow(incminimark_of(heap), object, slot, value);
        return;
    }
    GCR_STORE_AS(GCR_CAUSE_DATA, ((gcr_ref *)(void *)gcr_object_payload(object, header))[slot],
                 value);
}

static inline void gcr_incminimark_copy(struct gcr_heap *heap, gcr_ref dst, uint32_t dst_slot,
                                        gcr_ref src, uint32_t src_slot, uint32_t n)
{
    incminimark_copy(incminimark_of(heap), dst, dst_slot, src, src_slot, n);
}

static inline gcr_ref gcr_incminimark_forwarded(struct gcr_heap *heap, gcr_ref object)
{
    struct gcr_incminimark *h = incminimark_of(heap);
    gcr_ref now = h->update == INCMINIMARK_UPDATE_MINOR ? incminimark_minor_survivor(h, object)
                                                        : incminimark_major_survivor(h, object);
    return now != NULL && gcr_nursery_has(&h->nursery, now) ? gcr_still_young(now) : now;
}

static const struct gcr_mutator_ops gcr_mutator_ops_incminimark = {
    .alloc = gcr_incminimark_alloc,
    .store = gcr_incminimark_store,
    .copy = gcr_incminimark_copy,
    .load = gcr_layout_op_load,
    .read = gcr_layout_op_read,
    .write = gcr_layout_op_write,
    .root = gcr_layout_op_root,
    .forwarded = gcr_incminimark_forwarded,
};

#endif
