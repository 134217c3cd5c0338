/* Looking at the heap without side effects: objects, slots, data, footprint. */
#include "allocators/common/counting.h"

struct walk {
    struct gcr_counting *c;
    gcr_walk_visitor *visit;
    void *arg;
    uint32_t head_bytes; /* of containers in the blocks walked */
};

/* A block in use is a container (behind a GC head), another object, or a body or recycled block,
 * which the set of objects does not know. */
static bool walk_block(void *arg, void *block, size_t bytes)
{
    struct walk *walk = arg;
    char *bare = (char *)block - walk->c->absent_bytes;
    char *behind_head = bare + walk->head_bytes;
    (void)bytes;
    if (walk->head_bytes != 0 && gcr_object_set_has(&walk->c->objects, behind_head) &&
        gcr_counting_type_is(gcr_counting_type_of(walk->c, (gcr_ref)behind_head),
                             GCR_SHAPE_CONTAINER))
        return walk->visit(walk->arg, (gcr_ref)behind_head);
    if (gcr_object_set_has(&walk->c->objects, bare))
        return walk->visit(walk->arg, (gcr_ref)bare);
    return true;
}

void gcr_counting_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg)
{
    struct walk walk = {gcr_counting_of(heap), visit, arg, gcr_counting_of(heap)->head_bytes};
    GCR_CHECK(1, heap->report_frees); /* timed runs do not know which blocks are objects */
    for (uint32_t i = 0; i < walk.c->pools_count; i++) {
        if (!gcr_pools_walk(&walk.c->pools[i], walk_block, &walk))
            return;
    }
    walk.head_bytes = walk.c->large_head_bytes;
    (void)gcr_system_heap_walk(&walk.c->system, walk_block, &walk);
}

uint32_t gcr_counting_shape_number(struct gcr_heap *heap, gcr_ref object)
{
    (void)heap;
    return (uint32_t)(gcr_counted(object)->type & GCR_COUNTED_SHAPE_MASK);
}

uint32_t gcr_counting_length(struct gcr_heap *heap, gcr_ref object)
{
    (void)heap;
    return (uint32_t)gcr_counted_length(object);
}

gcr_ref gcr_counting_slot(struct gcr_heap *heap, gcr_ref object, uint32_t slot)
{
    return *gcr_counted_slot(gcr_counting_type_of(gcr_counting_of(heap), object), object, slot);
}

const uint8_t *gcr_counting_data(struct gcr_heap *heap, gcr_ref object, uint64_t offset,
                                 uint64_t *bytes)
{
    return gcr_counted_data(gcr_counting_type_of(gcr_counting_of(heap), object), object, offset,
                            bytes);
}

gcr_ref gcr_counting_weak_target(struct gcr_heap *heap, gcr_ref weak)
{
    return *gcr_counted_weak_target(gcr_counting_type_of(gcr_counting_of(heap), weak), weak);
}

/* Pool headers are side tables inside object pages; whatever object pages hold besides objects,
 * their headers and those is free room: rounding, free blocks and pools, recycled blocks. */
void gcr_counting_footprint(struct gcr_heap *heap, struct gcr_footprint *out)
{
    const struct gcr_counting *c = gcr_counting_of(heap);
    const uint64_t *kind = c->base.supply->by_kind_bytes;
    uint64_t pool_headers = 0;
    for (uint32_t i = 0; i < c->pools_count; i++)
        pool_headers += gcr_pools_header_bytes(&c->pools[i]);
    out->objects_bytes = c->base.work.allocated_bytes + (uint64_t)c->resized_bytes - c->freed_bytes;
    out->headers_bytes = c->header_bytes + gcr_system_heap_header_bytes(&c->system);
    out->side_bytes = kind[GCR_PAGES_SIDE] + pool_headers;
    out->buffers_bytes = kind[GCR_PAGES_WORK];
    out->free_bytes =
        kind[GCR_PAGES_OBJECTS] - out->objects_bytes - out->headers_bytes - pool_headers;
}
