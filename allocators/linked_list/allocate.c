/* Blocks for objects and bodies: pools up to the small limit, the system heap above, lists of
 * recycled blocks; one emergency collection when the supply refuses a page. */
#include <string.h>

#include "allocators/linked_list/gc_head.h"

/* ---- raw blocks ---- */

void *gcr_linked_list_block_alloc(struct linked_list *ll, uint64_t bytes)
{
    if (bytes != 0 && bytes <= ll->small_limit)
        return gcr_pools_alloc(&ll->pools[0], bytes);
    return gcr_system_heap_alloc(&ll->system, bytes);
}

void gcr_linked_list_block_free(struct linked_list *ll, void *block)
{
    if (gcr_pools_owns(&ll->pools[0], block))
        gcr_pools_free(&ll->pools[0], block);
    else
        gcr_system_heap_free(&ll->system, block);
}

size_t gcr_linked_list_block_bytes(const struct linked_list *ll, const void *block)
{
    return gcr_pools_owns(&ll->pools[0], block) ? gcr_pools_block_bytes(&ll->pools[0], block)
                                                : gcr_system_heap_block_bytes(block);
}

/* ---- objects ---- */

static struct gcr_pools *pools_for(struct linked_list *ll, const struct linked_list_type *type)
{
    return type_is(type, GCR_SHAPE_CONTAINER) ? ll->container_pools : &ll->pools[0];
}

static void **recycled_list(struct linked_list *ll, const struct linked_list_type *type,
                            uint64_t bytes)
{
    uint32_t size_class = (uint32_t)((bytes - 1) >> ll->pools[0].class_shift);
    return &ll->recycled[type_is(type, GCR_SHAPE_CONTAINER)][size_class];
}

/* A block for an object; no collection. */
static char *object_block(struct linked_list *ll, const struct linked_list_type *type,
                          uint64_t bytes, unsigned flags)
{
    if (bytes > ll->small_limit)
        return gcr_system_heap_alloc(&ll->system, bytes);
    if (flags & GCR_ALLOC_UNCOUNTED) {
        void **list = recycled_list(ll, type, bytes);
        void *block = *list;
        if (block != NULL) {
            *list = *(void **)block;
            return block;
        }
    }
    return gcr_pools_alloc(pools_for(ll, type), bytes);
}

static void object_block_free(struct linked_list *ll, const struct linked_list_type *type,
                              void *block, bool large)
{
    if (large)
        gcr_system_heap_free(&ll->system, block);
    else
        gcr_pools_free(pools_for(ll, type), block);
}

/* Body first, then object: all or nothing, no collection. */
static char *carve(struct linked_list *ll, const struct linked_list_type *type, uint64_t length,
                   unsigned flags, char **body)
{
    uint64_t bytes = type->base_bytes + length * type->item_bytes;
    *body = NULL;
    if (!gcr_linked_list_side_promise(ll, type))
        return NULL;
    if (type_is(type, GCR_SHAPE_RESIZABLE) && length != 0) {
        *body = gcr_linked_list_block_alloc(ll, length * type->body_item_bytes);
        if (*body == NULL)
            goto fail_body;
        memset(*body, 0, length * type->body_item_bytes);
    }
    char *block = object_block(ll, type, bytes, flags);
    if (block != NULL)
        return block;
    if (*body != NULL)
        gcr_linked_list_block_free(ll, *body);
fail_body:
    gcr_linked_list_side_release(ll, type);
    return NULL;
}

gcr_ref gcr_linked_list_alloc_slow(struct linked_list *ll, const struct gcr_shape *shape,
                                   uint32_t length, unsigned flags, uint32_t cookie)
{
    const struct linked_list_type *type = &ll->types[shape->number];
    char *body;
    char *block = carve(ll, type, length, flags, &body);
    if (block == NULL) {
        gcr_linked_list_collect(ll, 2, GCR_REASON_EMERGENCY);
        block = carve(ll, type, length, flags, &body);
        if (block == NULL)
            return NULL;
    }
    uint64_t bytes = type->base_bytes + (uint64_t)length * type->item_bytes;
    gcr_ref object = (gcr_ref)(block + type->head_bytes);
    memset(block, 0, bytes);
    if (type_is(type, GCR_SHAPE_CONTAINER)) {
        head_init((struct gc_head *)block, ll->packed);
        ll->live_containers++;
    }
    object_header(object)->count = 1;
    object_header(object)->type = shape->number | (uint64_t)length << OBJECT_LENGTH_SHIFT |
                                  (bytes > ll->small_limit ? OBJECT_LARGE : 0);
    if (type_is(type, GCR_SHAPE_RESIZABLE))
        *object_body(object) = body;
    if (type_is(type, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER))
        gcr_linked_list_set_cookie(ll, object, cookie);
    ll->base.work.allocated_objects++;
    ll->base.work.allocated_bytes += object_bytes(type, object);
    ll->header_bytes += type->header_bytes;
    if (ll->base.report_frees)
        gcr_object_set_add(&ll->objects, object);
    return object;
}

gcr_ref gcr_linked_list_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape,
                                 uint32_t length, uint32_t cookie)
{
    struct linked_list *ll = linked_list_of(heap);
    gcr_ref object = gcr_linked_list_alloc_slow(ll, shape, length, 0, cookie);
    if (object != NULL)
        object_header(object)->type |= OBJECT_PREBUILT; /* its count of 1 is nobody's */
    return object;
}

/* What a plain object in a timed run has no part in. */
static void leave_tables(struct linked_list *ll, const struct linked_list_type *type,
                         gcr_ref object)
{
    if (type_is(type, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER))
        gcr_linked_list_forget_cookie(ll, object);
    gcr_linked_list_side_release(ll, type);
    if (ll->base.report_frees) {
        bool known = gcr_object_set_remove(&ll->objects, object);
        GCR_CHECK(1, known);
        (void)known;
        ll->base.host->freed(ll->base.host, object);
    }
}

void gcr_linked_list_free_block(struct linked_list *ll, gcr_ref object)
{
    const struct linked_list_type *type = object_type(ll, object);
    uint64_t word = object_header(object)->type;
    bool container = type_is(type, GCR_SHAPE_CONTAINER);
    ll->base.work.freed_objects++;
    ll->freed_bytes += object_bytes(type, object);
    ll->header_bytes -= type->header_bytes;
    if (GCR_UNLIKELY(!type_is(type, TYPE_IS_PLAIN)))
        leave_tables(ll, type, object);
    if (container) {
        ll->live_containers--;
        if (!(word & OBJECT_RECYCLED) && ll->count[0] > 0)
            ll->count[0]--;
    }
    char *block = (char *)object - type->head_bytes;
    if ((word & OBJECT_RECYCLED) && !(word & OBJECT_LARGE)) {
        uint64_t bytes = type->base_bytes + object_length(object) * type->item_bytes;
        void **list = recycled_list(ll, type, bytes);
        *(void **)block = *list;
        *list = block;
        return;
    }
    object_block_free(ll, type, block, (word & OBJECT_LARGE) != 0);
}

void gcr_linked_list_empty_recycled(struct linked_list *ll)
{
    for (int container = 0; container < 2; container++) {
        struct gcr_pools *pools = container ? ll->container_pools : &ll->pools[0];
        for (size_t i = 0; i < GCR_POOLS_MAX_CLASSES; i++) {
            void *block = ll->recycled[container][i];
            ll->recycled[container][i] = NULL;
            while (block != NULL) {
                void *next = *(void **)block;
                gcr_pools_free(pools, block);
                block = next;
            }
        }
    }
}
