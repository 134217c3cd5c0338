/* The mutator's tables of a counting design, out of the templates of counting_inline.h: one for
 * heaps with counts in the objects, one for heaps with counts in the side table, and one that asks
 * the heap at each operation, for whoever has only one table. */
#ifndef GCR_ALLOCATORS_COMMON_COUNTING_OPS_H
#define GCR_ALLOCATORS_COMMON_COUNTING_OPS_H

#include "allocators/common/counting_inline.h"

/* Allocation belongs into the timed loop, where the compiler alone would not put it. The model
 * counts functions that are not inlined. */
#ifdef GCR_MODELLED
#define GCR_COUNTING_HOT static inline
#else
#define GCR_COUNTING_HOT GCR_ALWAYS_INLINE
#endif

/* Functions NAME_alloc and so on over a constant design. */
#define GCR_COUNTING_OPERATIONS(NAME, design)                                                      \
    GCR_COUNTING_HOT gcr_ref NAME##_alloc(struct gcr_heap *heap, const struct gcr_shape *shape,    \
                                          uint32_t length, unsigned flags, uint32_t cookie,        \
                                          gcr_ref *root, bool global_root)                         \
    {                                                                                              \
        (void)global_root;                                                                         \
        return gcr_counting_alloc_as(heap, design, shape, length, flags, cookie, root);            \
    }                                                                                              \
    static inline void NAME##_store(struct gcr_heap *heap, gcr_ref object, uint32_t slot,          \
                                    gcr_ref value)                                                 \
    {                                                                                              \
        gcr_counting_store_as(heap, design, object, slot, value);                                  \
    }                                                                                              \
    static inline void NAME##_copy(struct gcr_heap *heap, gcr_ref dst, uint32_t dst_slot,          \
                                   gcr_ref src, uint32_t src_slot, uint32_t n)                     \
    {                                                                                              \
        gcr_counting_copy_as(heap, design, dst, dst_slot, src, src_slot, n);                       \
    }                                                                                              \
    static inline void NAME##_load(struct gcr_heap *heap, gcr_ref object, uint32_t slot,           \
                                   gcr_ref *root, bool global_root)                                \
    {                                                                                              \
        (void)global_root;                                                                         \
        gcr_counting_load_as(heap, design, object, slot, root);                                    \
    }                                                                                              \
    static inline void NAME##_read(struct gcr_heap *heap, gcr_ref object, uint32_t offset,         \
                                   uint32_t length)                                                \
    {                                                                                              \
        gcr_counting_read_as(heap, design, object, offset, length);                                \
    }                                                                                              \
    static inline void NAME##_root(struct gcr_heap *heap, gcr_ref *root, gcr_ref value,            \
                                   bool global_root)                                               \
    {                                                                                              \
        (void)global_root;                                                                         \
        gcr_counting_root_as(heap, design, root, value);                                           \
    }                                                                                              \
    static inline void NAME##_track(struct gcr_heap *heap, gcr_ref object)                         \
    {                                                                                              \
        gcr_counting_track_as(heap, design, object);                                               \
    }                                                                                              \
    static inline void NAME##_untrack(struct gcr_heap *heap, gcr_ref object)                       \
    {                                                                                              \
        gcr_counting_untrack_as(heap, design, object);                                             \
    }

/* The timed loop asks once for a batch of events; the modelled twin, which has one table, at each
 * operation, unseen by the model. */
#ifdef GCR_MODELLED
static GCR_UNREPORTED bool gcr_counting_has_side_counts(const struct gcr_heap *heap)
#else
static inline bool gcr_counting_has_side_counts(const struct gcr_heap *heap)
#endif
{
    return ((const struct gcr_counting *)heap)->side_counted;
}

/* The same functions, each of which hands over to the one that fits the heap. Tracking does not
 * depend on where counts are. */
#define GCR_COUNTING_CHOOSING_OPERATIONS(NAME, INLINE, SIDE)                                       \
    static inline gcr_ref NAME##_alloc(struct gcr_heap *heap, const struct gcr_shape *shape,       \
                                       uint32_t length, unsigned flags, uint32_t cookie,           \
                                       gcr_ref *root, bool global_root)                            \
    {                                                                                              \
        if (gcr_counting_has_side_counts(heap))                                                    \
            return SIDE##_alloc(heap, shape, length, flags, cookie, root, global_root);            \
        return INLINE##_alloc(heap, shape, length, flags, cookie, root, global_root);              \
    }                                                                                              \
    static inline void NAME##_store(struct gcr_heap *heap, gcr_ref object, uint32_t slot,          \
                                    gcr_ref value)                                                 \
    {                                                                                              \
        if (gcr_counting_has_side_counts(heap))                                                    \
            SIDE##_store(heap, object, slot, value);                                               \
        else                                                                                       \
            INLINE##_store(heap, object, slot, value);                                             \
    }                                                                                              \
    static inline void NAME##_copy(struct gcr_heap *heap, gcr_ref dst, uint32_t dst_slot,          \
                                   gcr_ref src, uint32_t src_slot, uint32_t n)                     \
    {                                                                                              \
        if (gcr_counting_has_side_counts(heap))                                                    \
            SIDE##_copy(heap, dst, dst_slot, src, src_slot, n);                                    \
        else                                                                                       \
            INLINE##_copy(heap, dst, dst_slot, src, src_slot, n);                                  \
    }                                                                                              \
    static inline void NAME##_load(struct gcr_heap *heap, gcr_ref object, uint32_t slot,           \
                                   gcr_ref *root, bool global_root)                                \
    {                                                                                              \
        if (gcr_counting_has_side_counts(heap))                                                    \
            SIDE##_load(heap, object, slot, root, global_root);                                    \
        else                                                                                       \
            INLINE##_load(heap, object, slot, root, global_root);                                  \
    }                                                                                              \
    static inline void NAME##_read(struct gcr_heap *heap, gcr_ref object, uint32_t offset,         \
                                   uint32_t length)                                                \
    {                                                                                              \
        if (gcr_counting_has_side_counts(heap))                                                    \
            SIDE##_read(heap, object, offset, length);                                             \
        else                                                                                       \
            INLINE##_read(heap, object, offset, length);                                           \
    }                                                                                              \
    static inline void NAME##_root(struct gcr_heap *heap, gcr_ref *root, gcr_ref value,            \
                                   bool global_root)                                               \
    {                                                                                              \
        if (gcr_counting_has_side_counts(heap))                                                    \
            SIDE##_root(heap, root, value, global_root);                                           \
        else                                                                                       \
            INLINE##_root(heap, root, value, global_root);                                         \
    }                                                                                              \
    static inline void NAME##_track(struct gcr_heap *heap, gcr_ref object)                         \
    {                                                                                              \
        INLINE##_track(heap, object);                                                              \
    }                                                                                              \
    static inline void NAME##_untrack(struct gcr_heap *heap, gcr_ref object)                       \
    {                                                                                              \
        INLINE##_untrack(heap, object);                                                            \
    }

/* The table of such functions. Objects never move and are not told of their deaths. */
#define GCR_COUNTING_TABLE(NAME)                                                                   \
    {                                                                                              \
        .alloc = NAME##_alloc, .store = NAME##_store, .copy = NAME##_copy, .load = NAME##_load,    \
        .read = NAME##_read, .write = gcr_counting_write, .root = NAME##_root, .forwarded = NULL,  \
        .death = NULL, .track = NAME##_track, .untrack = NAME##_untrack,                           \
        .recycle = gcr_counting_recycle                                                            \
    }

#endif
