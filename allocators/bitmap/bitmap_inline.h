/* bitmap, the mutator's side: the counting templates with this design's constants. */
#ifndef GCR_ALLOCATORS_BITMAP_INLINE_H
#define GCR_ALLOCATORS_BITMAP_INLINE_H

#include "allocators/bitmap/bitmap_design.h"
#include "allocators/common/counting_inline.h"

static inline gcr_ref bitmap_alloc(struct gcr_heap *heap, const struct gcr_shape *shape,
                                   uint32_t length, unsigned flags, uint32_t cookie, gcr_ref *root,
                                   bool global_root)
{
    (void)global_root;
    return gcr_counting_alloc_as(heap, &bitmap_design, shape, length, flags, cookie, root);
}

static inline void bitmap_store(struct gcr_heap *heap, gcr_ref object, uint32_t slot, gcr_ref value)
{
    gcr_counting_store_as(heap, &bitmap_design, object, slot, value);
}

static inline void bitmap_copy(struct gcr_heap *heap, gcr_ref dst, uint32_t dst_slot, gcr_ref src,
                               uint32_t src_slot, uint32_t n)
{
    gcr_counting_copy_as(heap, &bitmap_design, dst, dst_slot, src, src_slot, n);
}

static inline void bitmap_load(struct gcr_heap *heap, gcr_ref object, uint32_t slot, gcr_ref *root,
                               bool global_root)
{
    (void)global_root;
    gcr_counting_load_as(heap, &bitmap_design, object, slot, root);
}

static inline void bitmap_root(struct gcr_heap *heap, gcr_ref *root, gcr_ref value,
                               bool global_root)
{
    (void)global_root;
    gcr_counting_root_as(heap, &bitmap_design, root, value);
}

static inline void bitmap_track(struct gcr_heap *heap, gcr_ref object)
{
    gcr_counting_track_as(heap, &bitmap_design, object);
}

static inline void bitmap_untrack(struct gcr_heap *heap, gcr_ref object)
{
    gcr_counting_untrack_as(heap, &bitmap_design, object);
}

static const struct gcr_mutator_ops gcr_mutator_ops_bitmap = {
    .alloc = bitmap_alloc,
    .store = bitmap_store,
    .copy = bitmap_copy,
    .load = bitmap_load,
    .read = gcr_counting_read,
    .write = gcr_counting_write,
    .root = bitmap_root,
    .forwarded = NULL, /* objects never move */
    .death = NULL,
    .track = bitmap_track,
    .untrack = bitmap_untrack,
    .recycle = gcr_counting_recycle,
};

#endif
