/* Operations of the seam on objects of common/layout.h that need nothing from a design beyond its
 * table of layouts: mutator operations without a barrier, and looking at objects. A design names
 * those that it does not change in its constant tables; being static inline, they become part of
 * its replay loop as if it had written them itself.
 *
 * A design that uses them begins its heap with the members of struct gcr_layout_heap and says so
 * with GCR_ASSERT_LAYOUT_HEAP. Cost: a slot access is one test of the header's bits and the access.
 */
#ifndef GCR_ALLOCATORS_COMMON_LAYOUT_OPS_H
#define GCR_ALLOCATORS_COMMON_LAYOUT_OPS_H

#include "allocators/common/layout.h"

struct gcr_layout_heap {
    struct gcr_heap heap;
    struct gcr_layouts layouts;
};

#define GCR_ASSERT_LAYOUT_HEAP(type)                                                               \
    _Static_assert(offsetof(type, heap) == offsetof(struct gcr_layout_heap, heap) &&               \
                       offsetof(type, layouts) == offsetof(struct gcr_layout_heap, layouts),       \
                   #type " begins as struct gcr_layout_heap does")

static inline const struct gcr_layouts *gcr_layouts_of(const struct gcr_heap *heap)
{
    return &((const struct gcr_layout_heap *)heap)->layouts;
}

/* ---- struct gcr_mutator_ops ---- */

static inline void gcr_layout_op_store(struct gcr_heap *heap, gcr_ref object, uint32_t slot,
                                       gcr_ref value)
{
    GCR_STORE_AS(GCR_CAUSE_DATA, *gcr_layout_slot(gcr_layouts_of(heap), object, slot), value);
}

static inline void gcr_layout_op_copy(struct gcr_heap *heap, gcr_ref dst, uint32_t dst_slot,
                                      gcr_ref src, uint32_t src_slot, uint32_t n)
{
    gcr_layout_copy_slots(gcr_layouts_of(heap), dst, dst_slot, src, src_slot, n);
}

static inline void gcr_layout_op_load(struct gcr_heap *heap, gcr_ref object, uint32_t slot,
                                      gcr_ref *root, bool global_root)
{
    (void)global_root;
    *root = *gcr_layout_slot(gcr_layouts_of(heap), object, slot);
}

static inline void gcr_layout_op_read(struct gcr_heap *heap, gcr_ref object, uint32_t offset,
                                      uint32_t length)
{
    gcr_layout_read(gcr_layouts_of(heap), object, offset, length);
}

static inline void gcr_layout_op_write(struct gcr_heap *heap, gcr_ref object, uint32_t offset,
                                       uint32_t length, uint8_t tag)
{
    gcr_layout_write(gcr_layouts_of(heap), object, offset, length, tag);
}

static inline void gcr_layout_op_root(struct gcr_heap *heap, gcr_ref *root, gcr_ref value,
                                      bool global_root)
{
    (void)heap;
    (void)global_root;
    GCR_STORE_AS(GCR_CAUSE_DATA, *root, value);
}

/* ---- struct gcr_collector ---- */

static inline bool gcr_layout_op_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target)
{
    (void)heap;
    GCR_STORE_AS(GCR_CAUSE_DATA, *gcr_object_weak_word(weak), target);
    return true;
}

static inline uint32_t gcr_layout_op_shape_number(struct gcr_heap *heap, gcr_ref object)
{
    (void)heap;
    return gcr_layout_shape(object);
}

static inline uint32_t gcr_layout_op_length(struct gcr_heap *heap, gcr_ref object)
{
    return gcr_layout_items(gcr_layouts_of(heap), object);
}

static inline gcr_ref gcr_layout_op_slot(struct gcr_heap *heap, gcr_ref object, uint32_t slot)
{
    return *gcr_layout_slot(gcr_layouts_of(heap), object, slot);
}

static inline const uint8_t *gcr_layout_op_data(struct gcr_heap *heap, gcr_ref object,
                                                uint64_t offset, uint64_t *bytes)
{
    return gcr_layout_data(gcr_layouts_of(heap), object, offset, bytes);
}

static inline gcr_ref gcr_layout_op_weak_target(struct gcr_heap *heap, gcr_ref weak)
{
    (void)heap;
    return *gcr_object_weak_word(weak);
}

#endif
