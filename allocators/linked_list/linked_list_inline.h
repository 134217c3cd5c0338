/* linked-list, the mutator's side: the counting templates with this design's constants. */
#ifndef GCR_ALLOCATORS_LINKED_LIST_INLINE_H
#define GCR_ALLOCATORS_LINKED_LIST_INLINE_H

#include "allocators/common/counting_ops.h"
#include "allocators/linked_list/linked_list_design.h"

GCR_COUNTING_OPERATIONS(linked_list_own, &linked_list_design)
GCR_COUNTING_OPERATIONS(linked_list_side, &linked_list_side_design)
GCR_COUNTING_CHOOSING_OPERATIONS(linked_list, linked_list_own, linked_list_side)

static const struct gcr_mutator_ops gcr_mutator_ops_linked_list = GCR_COUNTING_TABLE(linked_list);

/* Heaps with counts in the objects have a table, and a replay loop around it, of their own. */
#define GCR_OPS_APART_linked_list
static const struct gcr_mutator_ops gcr_mutator_ops_linked_list_apart =
    GCR_COUNTING_TABLE(linked_list_own);

static inline bool linked_list_is_apart(const struct gcr_heap *heap)
{
    return !gcr_counting_has_side_counts(heap);
}

#endif
