/* Looking at the heap without side effects: objects, slots, data, footprint. */
#include "allocators/linked_list/gc_head.h"

struct walk {
    struct linked_list *ll;
    gcr_walk_visitor *visit;
    void *arg;
};

/* A block in use is a container (behind a GC head), another object, or a body or recycled block,
 * which the set of objects does not know. */
static bool walk_block(void *arg, void *block, size_t bytes)
{
    struct walk *walk = arg;
    char *behind_head = (char *)block + walk->ll->head_bytes;
    (void)bytes;
    if (gcr_object_set_has(&walk->ll->objects, behind_head) &&
        type_is(object_type(walk->ll, (gcr_ref)behind_head), GCR_SHAPE_CONTAINER))
        return walk->visit(walk->arg, (gcr_ref)behind_head);
    if (gcr_object_set_has(&walk->ll->objects, block))
        return walk->visit(walk->arg, (gcr_ref)block);
    return true;
}

void gcr_linked_list_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg)
{
    struct walk walk = {linked_list_of(heap), visit, arg};
    GCR_CHECK(1, heap->report_frees); /* timed runs do not know which blocks are objects */
    for (uint32_t i = 0; i < walk.ll->pools_count; i++) {
        if (!gcr_pools_walk(&walk.ll->pools[i], walk_block, &walk))
            return;
    }
    (void)gcr_system_heap_walk(&walk.ll->system, walk_block, &walk);
}

uint32_t gcr_linked_list_shape_number(struct gcr_heap *heap, gcr_ref object)
{
    (void)heap;
    return (uint32_t)(object_header(object)->type & OBJECT_SHAPE_MASK);
}

uint32_t gcr_linked_list_length(struct gcr_heap *heap, gcr_ref object)
{
    (void)heap;
    return (uint32_t)object_length(object);
}

gcr_ref gcr_linked_list_slot(struct gcr_heap *heap, gcr_ref object, uint32_t slot)
{
    return *object_slot(object_type(linked_list_of(heap), object), object, slot);
}

const uint8_t *gcr_linked_list_data(struct gcr_heap *heap, gcr_ref object, uint64_t offset,
                                    uint64_t *bytes)
{
    return object_data(object_type(linked_list_of(heap), object), object, offset, bytes);
}

gcr_ref gcr_linked_list_weak_target(struct gcr_heap *heap, gcr_ref weak)
{
    return *object_weak_target(object_type(linked_list_of(heap), weak), weak);
}

/* Pool headers are side tables inside object pages; whatever object pages hold besides objects,
 * their headers and those is free room: rounding, free blocks and pools, recycled blocks. */
void gcr_linked_list_footprint(struct gcr_heap *heap, struct gcr_footprint *out)
{
    const struct linked_list *ll = linked_list_of(heap);
    const uint64_t *kind = ll->base.supply->by_kind_bytes;
    uint64_t pool_headers = 0;
    for (uint32_t i = 0; i < ll->pools_count; i++)
        pool_headers += gcr_pools_header_bytes(&ll->pools[i]);
    out->objects_bytes =
        ll->base.work.allocated_bytes + (uint64_t)ll->resized_bytes - ll->freed_bytes;
    out->headers_bytes = ll->header_bytes + gcr_system_heap_header_bytes(&ll->system);
    out->side_bytes = kind[GCR_PAGES_SIDE] + pool_headers;
    out->buffers_bytes = kind[GCR_PAGES_WORK];
    out->free_bytes =
        kind[GCR_PAGES_OBJECTS] - out->objects_bytes - out->headers_bytes - pool_headers;
}
