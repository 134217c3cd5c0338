/* Blocks for objects and bodies: pools up to the small limit, the system heap above, lists of
 * recycled blocks; one emergency collection when the supply refuses a page. */
#include <string.h>

#include "allocators/common/counting_blocks.h"

/* ---- raw blocks ---- */

void *gcr_counting_block_alloc(struct gcr_counting *c, uint64_t bytes)
{
    if (bytes != 0 && bytes <= c->small_limit)
        return gcr_pools_alloc(&c->pools[0], bytes);
    return gcr_system_heap_alloc(&c->system, bytes);
}

void gcr_counting_block_free(struct gcr_counting *c, void *block, uint64_t bytes)
{
    if (gcr_counting_owner_of(c, block, bytes, false) == GCR_BLOCK_OF_SYSTEM)
        gcr_system_heap_free(&c->system, block);
    else
        gcr_pools_free(&c->pools[0], block);
}

size_t gcr_counting_block_room(struct gcr_counting *c, void *block, uint64_t bytes)
{
    return gcr_counting_owner_of(c, block, bytes, false) == GCR_BLOCK_OF_SYSTEM
               ? gcr_system_heap_block_bytes(block)
               : gcr_pools_block_bytes(&c->pools[0], block);
}

/* ---- objects ---- */

/* A block for an object; no collection. */
static char *object_block(struct gcr_counting *c, const struct gcr_counting_type *type,
                          uint64_t bytes, unsigned flags)
{
    if (bytes > c->small_limit)
        return gcr_system_heap_alloc(&c->system, bytes);
    if (flags & GCR_ALLOC_UNCOUNTED) {
        void **list = gcr_counting_recycled_list(c, type, bytes);
        void *block = *list;
        if (block != NULL) {
            *list = *(void **)block;
            return block;
        }
    }
    return gcr_pools_alloc(gcr_counting_pools_for(c, type), bytes);
}

/* Gives back a block that no object has lived in yet. */
static void unused_block_free(struct gcr_counting *c, const struct gcr_counting_type *type,
                              uint64_t bytes, void *block)
{
    if (bytes > c->small_limit)
        gcr_system_heap_free(&c->system, block);
    else
        gcr_pools_free(gcr_counting_pools_for(c, type), block);
}

/* What an object in this block needs beside it. An arena's counts came with it. */
static bool promise_beside(struct gcr_counting *c, const struct gcr_counting_type *type,
                           uint64_t bytes, char *block)
{
    if (bytes <= c->small_limit)
        return c->design->promise(c, type, block);
    return !c->side_counted ||
           gcr_side_counts_enter(&c->side_counts, block + type->large_ref_offset, 1);
}

/* The block, and with it what is needed beside it: both or neither. */
static char *promised_block(struct gcr_counting *c, const struct gcr_counting_type *type,
                            uint64_t bytes, unsigned flags)
{
    char *block = object_block(c, type, bytes, flags);
    if (block == NULL || promise_beside(c, type, bytes, block))
        return block;
    unused_block_free(c, type, bytes, block);
    return NULL;
}

/* Body first, then object: all or nothing, no collection. */
static char *carve(struct gcr_counting *c, const struct gcr_counting_type *type, uint64_t length,
                   uint64_t bytes, unsigned flags, char **body)
{
    *body = NULL;
    if (!gcr_counting_side_promise(c, type))
        return NULL;
    uint64_t body_bytes =
        gcr_counting_type_is(type, GCR_SHAPE_RESIZABLE) ? length * type->body_item_bytes : 0;
    if (body_bytes != 0) {
        *body = gcr_counting_block_alloc(c, body_bytes);
        if (*body == NULL)
            goto fail_body;
        memset(*body, 0, body_bytes);
    }
    char *block = promised_block(c, type, bytes, flags);
    if (block != NULL)
        return block;
    if (*body != NULL)
        gcr_counting_block_free(c, *body, body_bytes);
fail_body:
    gcr_counting_side_release(c, type);
    return NULL;
}

/* The words of a fresh object in a zeroed block. */
static void set_words(struct gcr_counting *c, const struct gcr_counting_type *type, gcr_ref object,
                      uint64_t word, char *body)
{
    gcr_count_begin(c, c->side_counted, object);
    gcr_counted(object)->type = word;
    if (gcr_counting_type_is(type, GCR_SHAPE_CONTAINER)) {
        c->design->enter(c, object, (word & GCR_COUNTED_LARGE) != 0);
        c->live_containers++;
    }
    if (gcr_counting_type_is(type, GCR_SHAPE_RESIZABLE))
        *gcr_counted_body(object) = body;
}

gcr_ref gcr_counting_alloc_slow(struct gcr_counting *c, const struct gcr_shape *shape,
                                uint32_t length, unsigned flags, uint32_t cookie)
{
    const struct gcr_counting_type *type = &c->types[shape->number];
    uint64_t bytes = gcr_counting_block_bytes(c->design, type, length);
    bool large = bytes > c->small_limit;
    int32_t ref_offset = gcr_counting_ref_offset(type, large);
    bytes += (uint64_t)(ref_offset - type->ref_offset);
    char *body;
    char *block = carve(c, type, length, bytes, flags, &body);
    if (block == NULL) {
        c->design->collect(c, 2, GCR_REASON_EMERGENCY);
        block = carve(c, type, length, bytes, flags, &body);
        if (block == NULL)
            return NULL;
    }
    gcr_ref object = (gcr_ref)(block + ref_offset);
    GCR_ZERO_NEW(block, bytes);
    set_words(c, type, object,
              shape->number | (uint64_t)length << GCR_COUNTED_LENGTH_SHIFT |
                  (uint64_t)type->kind << GCR_COUNTED_KIND_SHIFT | (large ? GCR_COUNTED_LARGE : 0),
              body);
    if (gcr_counting_type_is(type, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER))
        gcr_counting_set_cookie(c, object, cookie);
    c->base.work.allocated_objects++;
    c->base.work.allocated_bytes += gcr_counted_bytes(type, object);
    c->header_bytes += gcr_counting_header_bytes(type, large);
    if (c->base.report_frees)
        gcr_object_set_add(&c->objects, object);
    return object;
}

gcr_ref gcr_counting_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                              uint32_t cookie)
{
    struct gcr_counting *c = gcr_counting_of(heap);
    gcr_ref object = gcr_counting_alloc_slow(c, shape, length, 0, cookie);
    if (object != NULL)
        gcr_counted(object)->type |= GCR_COUNTED_PREBUILT; /* its count of 1 is nobody's */
    return object;
}

void gcr_counting_leave_tables(struct gcr_counting *c, const struct gcr_counting_type *type,
                               gcr_ref object)
{
    if (gcr_counting_type_is(type, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER))
        gcr_counting_forget_cookie(c, object);
    gcr_counting_side_release(c, type);
    if (c->base.report_frees) {
        bool known = gcr_object_set_remove(&c->objects, object);
        GCR_CHECK(1, known);
        (void)known;
        c->base.host->freed(c->base.host, object);
    }
}

void gcr_counting_empty_recycled(struct gcr_counting *c)
{
    memset(c->free_list_length, 0, sizeof c->free_list_length);
    for (int container = 0; container < 2; container++) {
        struct gcr_pools *pools = container ? c->container_pools : &c->pools[0];
        for (size_t i = 0; i < GCR_POOLS_MAX_CLASSES; i++) {
            void *block = c->recycled[container][i];
            if (block == NULL) /* do not dirty the line for nothing */
                continue;
            c->recycled[container][i] = NULL;
            while (block != NULL) {
                void *next = *(void **)block;
                gcr_pools_free(pools, block);
                block = next;
            }
        }
    }
}
