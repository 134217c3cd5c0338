/* bitmap, the mutator's side: the counting templates with this design's constants. */
#ifndef GCR_ALLOCATORS_BITMAP_INLINE_H
#define GCR_ALLOCATORS_BITMAP_INLINE_H

#include "allocators/bitmap/bitmap_design.h"
#include "allocators/common/counting_ops.h"

GCR_COUNTING_OPERATIONS(bitmap_own, &bitmap_design)
GCR_COUNTING_OPERATIONS(bitmap_side, &bitmap_side_design)
GCR_COUNTING_CHOOSING_OPERATIONS(bitmap, bitmap_own, bitmap_side)

static const struct gcr_mutator_ops gcr_mutator_ops_bitmap = GCR_COUNTING_TABLE(bitmap);

/* Heaps with counts in the objects have a table, and a replay loop around it, of their own. */
#define GCR_OPS_APART_bitmap
static const struct gcr_mutator_ops gcr_mutator_ops_bitmap_apart = GCR_COUNTING_TABLE(bitmap_own);

static inline bool bitmap_is_apart(const struct gcr_heap *heap)
{
    return !gcr_counting_has_side_counts(heap);
}

#endif
