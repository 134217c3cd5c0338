/* buffered-refcount: what the replay loop inlines. Allocation takes the next free slot of the
 * context's block and logs a decrement; a store into the heap or a global root is the barrier;
 * thread roots and loads into them are the access alone. */
#ifndef GCR_ALLOCATORS_BUFFERED_REFCOUNT_BUFFERED_REFCOUNT_INLINE_H
#define GCR_ALLOCATORS_BUFFERED_REFCOUNT_BUFFERED_REFCOUNT_INLINE_H

#include "allocators/buffered_refcount/barrier.h"
#include "allocators/buffered_refcount/counts.h"

/* Nothing to do before an object of up to 2 KiB is carved. */
static inline bool recycler_is_ready(const struct gcr_recycler *h,
                                     const struct recycler_context *context)
{
    return GCR_LIKELY(GCR_LOAD_RELAXED(&h->attention) == 0 &&
                      context->log[0].top < context->log[0].limit) &&
           (!h->two_buffers || context->log[1].top < context->log[1].limit);
}

static inline gcr_ref gcr_buffered_refcount_alloc(struct gcr_heap *heap,
                                                  const struct gcr_shape *shape, uint32_t length,
                                                  unsigned flags, uint32_t cookie, gcr_ref *root,
                                                  bool global_root)
{
    struct gcr_recycler *h = recycler_of(heap);
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    uint64_t bytes = gcr_layout_bytes(layout, length);
    (void)flags;
    h->cached = NULL;
    if (GCR_UNLIKELY(bytes > GCR_BLOCK_MAX_SMALL_BYTES || cookie != 0 ||
                     (length != 0 && gcr_shape_is(shape, GCR_SHAPE_RESIZABLE)) ||
                     !recycler_is_ready(h, h->context)))
        return recycler_alloc_slow(h, shape, length, cookie, root, global_root);
    struct gcr_blocks_current *current =
        &h->context->blocks.current[gcr_blocks_class(&h->blocks, bytes)];
    gcr_ref object = gcr_blocks_alloc(&h->blocks, current, bytes);
    if (GCR_UNLIKELY(object == NULL))
        return recycler_alloc_slow(h, shape, length, cookie, root, global_root);
    recycler_object_set(layout, object, 0,
                        recycler_birth(h->green && recycler_shape_is_green(shape)), length);
    recycler_born(h, layout, shape, length, object);
    recycler_place(h, object, root, global_root);
    return object;
}

static inline void gcr_buffered_refcount_store(struct gcr_heap *heap, gcr_ref object, uint32_t slot,
                                               gcr_ref value)
{
    struct gcr_recycler *h = recycler_of(heap);
    recycler_store(h, recycler_slot(&h->layouts, object, slot), value);
}

/* Item by item in memmove's order: each exchange's old value is exact, also where the ranges
 * overlap. */
static inline void gcr_buffered_refcount_copy(struct gcr_heap *heap, gcr_ref dst, uint32_t dst_slot,
                                              gcr_ref src, uint32_t src_slot, uint32_t n)
{
    struct gcr_recycler *h = recycler_of(heap);
    bool backwards = dst == src && dst_slot > src_slot;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = backwards ? n - 1 - i : i;
        recycler_store(h, recycler_slot(&h->layouts, dst, dst_slot + k),
                       *recycler_slot(&h->layouts, src, src_slot + k));
    }
}

static inline void gcr_buffered_refcount_load(struct gcr_heap *heap, gcr_ref object, uint32_t slot,
                                              gcr_ref *root, bool global_root)
{
    struct gcr_recycler *h = recycler_of(heap);
    recycler_set_root(h, root, *recycler_slot(&h->layouts, object, slot), global_root);
}

static inline void gcr_buffered_refcount_root(struct gcr_heap *heap, gcr_ref *root, gcr_ref value,
                                              bool global_root)
{
    recycler_set_root(recycler_of(heap), root, value, global_root);
}

static inline void gcr_buffered_refcount_read(struct gcr_heap *heap, gcr_ref object,
                                              uint32_t offset, uint32_t length)
{
    recycler_read(&recycler_of(heap)->layouts, object, offset, length);
}

static inline void gcr_buffered_refcount_write(struct gcr_heap *heap, gcr_ref object,
                                               uint32_t offset, uint32_t length, uint8_t tag)
{
    recycler_write(&recycler_of(heap)->layouts, object, offset, length, tag);
}

static const struct gcr_mutator_ops gcr_mutator_ops_buffered_refcount = {
    .alloc = gcr_buffered_refcount_alloc,
    .store = gcr_buffered_refcount_store,
    .copy = gcr_buffered_refcount_copy,
    .load = gcr_buffered_refcount_load,
    .read = gcr_buffered_refcount_read,
    .write = gcr_buffered_refcount_write,
    .root = gcr_buffered_refcount_root,
};

#endif
