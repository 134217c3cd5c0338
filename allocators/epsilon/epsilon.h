/* epsilon: state. The fast paths are in epsilon_inline.h. */
#ifndef GCR_ALLOCATORS_EPSILON_EPSILON_H
#define GCR_ALLOCATORS_EPSILON_EPSILON_H

#include "allocators/collector.h"
#include "allocators/common/layout_ops.h"
#include "allocators/common/region.h"

extern const struct gcr_collector gcr_collector_epsilon;

/* Invariant: objects, bodies and fillers tile region.start .. region.free; what follows is zero. */
struct gcr_epsilon {
    struct gcr_heap heap;
    struct gcr_layouts layouts;
    struct gcr_region region;
    bool pretouch;
    uint64_t header_bytes; /* headers and hidden words of all objects and present bodies */
    int64_t other_bytes;   /* object bytes beyond heap.work's: prebuilt objects, RESIZE */
};
GCR_ASSERT_LAYOUT_HEAP(struct gcr_epsilon);

static inline struct gcr_epsilon *epsilon_of(struct gcr_heap *heap)
{
    return (struct gcr_epsilon *)heap;
}

/* Allocation that does not fit below the committed top, or of a resizable shape. */
gcr_ref epsilon_alloc_slow(struct gcr_epsilon *h, const struct gcr_shape *shape, uint32_t length,
                           gcr_ref *root);

#endif
