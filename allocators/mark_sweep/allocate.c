/* mark-sweep: blocks, allocation when the inline path does not serve, prebuilt objects, RESIZE.
 *
 * The trigger is tested, and its collection runs, before anything is taken. What a new object needs
 * (its block, its body, a bit in the bitmaps, an entry of the finalizer list) is taken as a whole
 * or not at all; if it cannot be, one collection and one more try follow. */
#include <string.h>

#include "allocators/common/raw_body.h"
#include "allocators/mark_sweep/mark_sweep.h"

/* ---- blocks ---- */

static void *block_alloc(struct gcr_mark_sweep *h, uint64_t bytes, bool *large)
{
    *large = !h->pooled || bytes > h->pools.options.small_limit;
    return *large ? gcr_system_heap_alloc(&h->system, bytes) : gcr_pools_alloc(&h->pools, bytes);
}

static bool block_is_pooled(const struct gcr_mark_sweep *h, const void *block)
{
    return h->pooled && gcr_pools_owns(&h->pools, block);
}

static void block_free(struct gcr_mark_sweep *h, void *block)
{
    if (block_is_pooled(h, block))
        gcr_pools_free(&h->pools, block);
    else
        gcr_system_heap_free(&h->system, block);
}

static uint64_t block_bytes(const struct gcr_mark_sweep *h, const void *block)
{
    return block_is_pooled(h, block) ? gcr_pools_block_bytes(&h->pools, block)
                                     : gcr_system_heap_block_bytes(block);
}

/* A raw block for `length` items, zeroed, or NULL. */
static char *body_alloc(struct gcr_mark_sweep *h, uint64_t bytes)
{
    bool large;
    char *body = block_alloc(h, bytes, &large);
    if (body != NULL)
        memset(body, 0, bytes);
    return body;
}

/* ---- objects ---- */

/* What stands in front of a large object that has no link of its own: its link, 16-aligned. */
static uint64_t object_prefix(const struct mark_sweep_type *type, bool large)
{
    return large && !mark_sweep_type_is(type, MARK_SWEEP_HAS_LINK) ? MARK_SWEEP_GRANULE : 0;
}

/* An object without a body, on no list; NULL with nothing kept. */
static gcr_ref object_alloc(struct gcr_mark_sweep *h, const struct mark_sweep_type *type,
                            uint64_t length)
{
    uint64_t bytes = mark_sweep_block_bytes(type, length);
    bool large = !h->pooled || bytes > h->pools.options.small_limit;
    uint64_t prefix = object_prefix(type, large);
    char *block = block_alloc(h, bytes + prefix, &large);
    if (block == NULL)
        return NULL;
    gcr_ref object = (gcr_ref)(void *)(block + prefix);
    if (large && h->side_marks && !gcr_mark_bitmap_cover(&h->marks, object, MARK_SWEEP_GRANULE)) {
        gcr_system_heap_free(&h->system, block);
        return NULL;
    }
    memset(object, 0, bytes);
    *mark_sweep_word(object, 0) = type->header | (large ? MARK_SWEEP_LARGE : 0);
    if (type->length_offset != 0)
        *mark_sweep_word(object, type->length_offset) = length;
    return object;
}

void mark_sweep_free_object(struct gcr_mark_sweep *h, const struct mark_sweep_type *type,
                            gcr_ref object)
{
    if (mark_sweep_type_is(type, MARK_SWEEP_HAS_BODY) && *mark_sweep_body(object) != NULL)
        block_free(h, *mark_sweep_body(object));
    if (!mark_sweep_is(object, MARK_SWEEP_LARGE)) {
        gcr_pools_free(&h->pools, object);
        return;
    }
    if (h->side_marks)
        gcr_mark_bitmap_uncover(&h->marks, object, MARK_SWEEP_GRANULE);
    gcr_system_heap_free(&h->system, (char *)object - object_prefix(type, true));
}

/* An object with its body, on no list; NULL with nothing kept. */
static gcr_ref object_build(struct gcr_mark_sweep *h, const struct mark_sweep_type *type,
                            uint64_t length)
{
    if (mark_sweep_type_is(type, MARK_SWEEP_HAS_FINALIZER) &&
        !gcr_finalizer_list_reserve(&h->finalizable))
        return NULL;
    gcr_ref object = object_alloc(h, type, length);
    if (object == NULL || length == 0 || !mark_sweep_type_is(type, MARK_SWEEP_HAS_BODY))
        return object;
    *mark_sweep_body(object) = body_alloc(h, length * type->item_bytes);
    if (*mark_sweep_body(object) != NULL)
        return object;
    mark_sweep_free_object(h, type, object);
    return NULL;
}

/* On the list that its shape chooses; or, with sweep=pools, known by its bit. */
static void object_register(struct gcr_mark_sweep *h, const struct mark_sweep_type *type,
                            gcr_ref object, uint32_t cookie)
{
    bool special = type->traits != 0 || mark_sweep_is(object, MARK_SWEEP_LARGE);
    if (h->sweeps_pools && !special) {
        gcr_mark_bitmap_set(&h->allocated, object);
        return;
    }
    *mark_sweep_word(object, 0) |= MARK_SWEEP_LISTED;
    if (mark_sweep_type_is(type, MARK_SWEEP_HAS_FINALIZER)) {
        gcr_finalizer_list_add(&h->finalizable, object, cookie);
        h->weak_finalizable += mark_sweep_type_is(type, MARK_SWEEP_IS_WEAK);
    } else if (mark_sweep_type_is(type, MARK_SWEEP_IS_WEAK)) {
        mark_sweep_push(type, &h->weak, object, GCR_CAUSE_NEW);
    } else {
        mark_sweep_push(type, &h->plain, object, GCR_CAUSE_NEW);
    }
}

/* Before each allocation. */
static void trigger_test(struct gcr_mark_sweep *h)
{
    if (h->since_bytes > h->trigger_above)
        mark_sweep_collect(h, GCR_REASON_ALLOCATION);
}

/* Empty arenas that were kept go, since their pages are wanted elsewhere. */
static void give_back_arenas(struct gcr_mark_sweep *h)
{
    if (h->has_pools)
        gcr_pools_keep(&h->pools, 0);
}

/* After a refusal: one collection, and what it has left of empty arenas. */
static gcr_ref object_build_after_collection(struct gcr_mark_sweep *h,
                                             const struct mark_sweep_type *type, uint64_t length)
{
    mark_sweep_collect(h, GCR_REASON_EMERGENCY);
    gcr_ref object = h->exhausted ? NULL : object_build(h, type, length);
    if (object != NULL || h->exhausted)
        return object;
    give_back_arenas(h);
    return object_build(h, type, length);
}

gcr_ref mark_sweep_alloc_slow(struct gcr_mark_sweep *h, const struct gcr_shape *shape,
                              uint32_t length, uint32_t cookie, gcr_ref *root)
{
    const struct mark_sweep_type *type = &h->types[shape->number];
    if (!h->exhausted)
        trigger_test(h);
    if (h->exhausted)
        return NULL;
    gcr_ref object = object_build(h, type, length);
    if (object == NULL)
        object = object_build_after_collection(h, type, length);
    if (object == NULL)
        return NULL;
    object_register(h, type, object, cookie);
    h->since_bytes += mark_sweep_bytes(type, length);
    h->heap.work.allocated_objects++;
    h->heap.work.allocated_bytes += gcr_shape_object_bytes(shape, length);
    *root = object;
    return object;
}

/* ---- prebuilt objects ---- */

/* The bitmap follows the region of prebuilt objects. */
static bool prebuilt_cover(struct gcr_mark_sweep *h)
{
    char *top = h->immortals.region.top;
    if (h->immortals_covered == NULL)
        h->immortals_covered = h->immortals.region.start;
    if (!h->side_marks || top == h->immortals_covered)
        return true;
    if (!gcr_mark_bitmap_cover(&h->marks, h->immortals_covered,
                               (size_t)(top - h->immortals_covered)))
        return false;
    h->immortals_covered = top;
    return true;
}

gcr_ref mark_sweep_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                            uint32_t cookie)
{
    struct gcr_mark_sweep *h = mark_sweep_of(heap);
    const struct mark_sweep_type *type = &h->types[shape->number];
    uint64_t body_bytes =
        mark_sweep_type_is(type, MARK_SWEEP_HAS_BODY) ? length * (uint64_t)type->item_bytes : 0;
    uint64_t own = mark_sweep_block_bytes(type, length);
    uint64_t bytes = (own + MARK_SWEEP_GRANULE - 1) & ~(uint64_t)(MARK_SWEEP_GRANULE - 1);
    (void)cookie; /* immortal: its finalizer never runs */
    if (!gcr_immortals_reserve(&h->immortals, bytes) || !prebuilt_cover(h))
        return NULL;
    char *body = body_bytes != 0 ? body_alloc(h, body_bytes) : NULL;
    if (body_bytes != 0 && body == NULL)
        return NULL;
    gcr_ref object =
        gcr_immortals_carve(&h->immortals, bytes, own - type->payload + body_bytes, type->payload);
    *mark_sweep_word(object, 0) = (type->header & ~MARK_SWEEP_LISTED) | MARK_SWEEP_PREBUILT;
    if (type->length_offset != 0)
        *mark_sweep_word(object, type->length_offset) = length;
    if (body != NULL)
        *mark_sweep_body(object) = body;
    mark_sweep_set_mark(h, object);
    if (mark_sweep_type_is(type, MARK_SWEEP_IS_WEAK))
        mark_sweep_push(type, &h->prebuilt_weak, object, GCR_CAUSE_NEW);
    return object;
}

/* ---- RESIZE ---- */

/* The block for the new length: the old one, a new one, or NULL if none is needed or, with
 * *refused, none to be had. */
static char *resize_block(struct gcr_mark_sweep *h, char *body, uint64_t bytes, bool shrinks,
                          bool *refused)
{
    *refused = false;
    if (bytes == 0 || (body != NULL && gcr_raw_body_fits(block_bytes(h, body), bytes)))
        return bytes == 0 ? NULL : body;
    bool large;
    char *fresh = block_alloc(h, bytes, &large);
    if (fresh == NULL && shrinks)
        return body;
    if (fresh == NULL) {
        mark_sweep_collect(h, GCR_REASON_EMERGENCY);
        give_back_arenas(h);
        fresh = h->exhausted ? NULL : block_alloc(h, bytes, &large);
    }
    *refused = fresh == NULL;
    return fresh;
}

/* Bytes of items gained or lost. A prebuilt object's are counted with it. */
static void resize_account(struct gcr_mark_sweep *h, gcr_ref object, uint64_t grown_bytes,
                           uint64_t shrunk_bytes)
{
    if (mark_sweep_is(object, MARK_SWEEP_PREBUILT)) {
        h->immortals.object_bytes += grown_bytes;
        h->immortals.object_bytes -= shrunk_bytes;
        return;
    }
    h->since_bytes += grown_bytes;
    h->grown_bytes += grown_bytes;
    h->shrunk_bytes += shrunk_bytes;
}

bool mark_sweep_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length)
{
    struct gcr_mark_sweep *h = mark_sweep_of(heap);
    gcr_ref object = *handle;
    const struct mark_sweep_type *type = mark_sweep_type_of(h, object);
    GCR_CHECK(1, mark_sweep_type_is(type, MARK_SWEEP_HAS_BODY));
    uint64_t before = mark_sweep_length(type, object), after = length;
    h->events++;
    if (after > before && !h->exhausted)
        trigger_test(h);
    if (h->exhausted)
        return false;
    bool refused;
    char *body = *mark_sweep_body(object);
    char *fresh = resize_block(h, body, after * type->item_bytes, after < before, &refused);
    if (refused)
        return false;
    if (fresh != NULL)
        gcr_raw_body_move(type->item_slots,
                          gcr_shape_item_data(&heap->shapes[mark_sweep_id(object)]), fresh, body,
                          before, after);
    if (body != NULL && body != fresh)
        block_free(h, body);
    GCR_STORE_AS(GCR_CAUSE_DATA, *mark_sweep_body(object), fresh);
    GCR_STORE_AS(GCR_CAUSE_DATA, *mark_sweep_word(object, type->length_offset), after);
    resize_account(h, object, after > before ? (after - before) * type->item_bytes : 0,
                   after < before ? (before - after) * type->item_bytes : 0);
    return true;
}
