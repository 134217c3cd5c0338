/* generational: state and internal interface. Nearly everything is that of a copying heap with a
 * nursery (allocators/common/young_heap.h), whose invariants are this design's. */
#ifndef GCR_ALLOCATORS_GENERATIONAL_GENERATIONAL_H
#define GCR_ALLOCATORS_GENERATIONAL_GENERATIONAL_H

#include "allocators/common/young_heap.h"

struct gcr_generational {
    struct gcr_young_heap young;
};

static inline struct gcr_generational *generational_of(struct gcr_heap *heap)
{
    return (struct gcr_generational *)heap;
}

extern const struct gcr_collector gcr_collector_generational;
extern const struct gcr_copy_design generational_design;

bool generational_check(struct gcr_heap *heap, int level, struct gcr_error *err);

#endif
