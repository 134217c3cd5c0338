/* buffered-refcount: allocation when the current block is used up or the shape is special, prebuilt
 * objects, RESIZE and WEAKREF.
 *
 * A new object has RC 1, and one decrement of it is logged: what is never stored anywhere dies when
 * that is applied, unless a snapshot holds it. Everything that can wait comes before the object is
 * carved. */
#include "allocators/buffered_refcount/barrier.h"
#include "allocators/buffered_refcount/counts.h"

/* ---- memory ---- */

struct alloc_want {
    uint64_t bytes;
    void *memory; /* the answer: zeroed */
};

static bool alloc_try(struct gcr_recycler *h, void *arg)
{
    struct alloc_want *want = arg;
    if (want->bytes > GCR_BLOCK_MAX_SMALL_BYTES) {
        want->memory = gcr_blocks_alloc_large(&h->blocks, want->bytes);
        return want->memory != NULL;
    }
    struct gcr_blocks_context *context = &h->context->blocks;
    uint32_t size_class = gcr_blocks_class(&h->blocks, want->bytes);
    struct gcr_blocks_current *current = &context->current[size_class];
    if (current->free == NULL && !gcr_blocks_refill(&h->blocks, context, size_class) &&
        !gcr_blocks_refill_empty(&h->blocks, context, size_class))
        return false;
    want->memory = gcr_blocks_alloc(&h->blocks, current, want->bytes);
    return true;
}

static void *alloc_memory(struct gcr_recycler *h, uint64_t bytes)
{
    struct alloc_want want = {.bytes = bytes};
    recycler_test_trigger(h);
    if (h->exhausted)
        return NULL;
    if (!alloc_try(h, &want) && !recycler_find_memory(h, alloc_try, &want))
        return NULL;
    return want.memory;
}

/* ---- objects ---- */

static bool alloc_is_green(const struct gcr_recycler *h, const struct gcr_shape *shape)
{
    return h->green && recycler_shape_is_green(shape);
}

static bool alloc_has_body(const struct gcr_layout *layout, uint64_t length)
{
    return length != 0 && gcr_header_is(layout->header, GCR_HEADER_RESIZABLE);
}

/* A body with RC 1 that nothing refers to yet and of which nothing is logged: it stays. */
static gcr_ref alloc_body(struct gcr_recycler *h, const struct gcr_shape *shape, uint32_t length)
{
    const struct gcr_layout *layout = gcr_layout_body(&h->layouts, shape->number);
    gcr_ref body = alloc_memory(h, gcr_layout_bytes(layout, length));
    if (body == NULL)
        return NULL;
    recycler_object_set(layout, body, 0, recycler_birth(alloc_is_green(h, shape)), length);
    h->header_bytes += layout->payload;
    h->born++;
    h->unborn = body;
    return body;
}

static void alloc_log_decrement(struct gcr_recycler *h, gcr_ref object)
{
    if (recycler_log_pair(h, recycler_reach(h), NULL, object))
        recycler_log_full(h);
}

/* The body's first reference is stored; its birth is logged. */
static void alloc_attach_body(struct gcr_recycler *h, gcr_ref object, gcr_ref body)
{
    (void)recycler_log_pair(h, h->context, body, body);
    *recycler_body_word(object) = body;
    h->unborn = NULL;
}

/* Where the mutator logs it, the collector finds it in its table before the object can die. */
static void alloc_log_finalizer(struct gcr_recycler *h, gcr_ref object, uint32_t cookie)
{
    struct recycler_log *log = &h->context->log[0];
    *log->top++ = (uintptr_t)object | RECYCLER_FINALIZER;
    *log->top++ = cookie;
}

/* The body was allocated for an object that found no room. */
static void alloc_abandon(struct gcr_recycler *h, gcr_ref body)
{
    h->extra_own_bytes += recycler_own_bytes(&h->layouts, body);
    h->unborn = NULL;
    alloc_log_decrement(h, body);
}

gcr_ref recycler_alloc_slow(struct gcr_recycler *h, const struct gcr_shape *shape, uint32_t length,
                            uint32_t cookie, gcr_ref *root, bool global_root)
{
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    gcr_ref body = NULL;
    if (h->context->log[0].top >= h->context->log[0].limit ||
        (h->two_buffers && h->context->log[1].top >= h->context->log[1].limit))
        recycler_log_full(h);
    else if (GCR_LOAD_RELAXED(&h->attention) != 0)
        recycler_safepoint(h);
    if (h->exhausted)
        return NULL;
    if (alloc_has_body(layout, length)) {
        body = alloc_body(h, shape, length);
        if (body == NULL)
            return NULL;
    }
    gcr_ref object = alloc_memory(h, gcr_layout_bytes(layout, length));
    if (object == NULL) {
        if (body != NULL)
            alloc_abandon(h, body);
        return NULL;
    }
    recycler_object_set(layout, object, 0, recycler_birth(alloc_is_green(h, shape)), length);
    if (body != NULL)
        alloc_attach_body(h, object, body);
    if (cookie != 0)
        alloc_log_finalizer(h, object, cookie);
    recycler_born(h, layout, shape, length, object);
    recycler_place(h, object, root, global_root);
    return object;
}

/* ---- prebuilt objects ---- */

static gcr_ref alloc_immortal(struct gcr_recycler *h, const struct gcr_layout *layout,
                              uint32_t length)
{
    uint64_t items = layout->item_bytes != 0 ? length : 0;
    uint64_t own = layout->field_bytes + items * layout->item_bytes;
    gcr_ref object =
        gcr_immortals_carve(&h->immortals, gcr_layout_bytes(layout, items), own, layout->payload);
    if (object == NULL)
        return NULL;
    recycler_object_set(layout, object, RECYCLER_IMMORTAL, 0, length);
    h->extra_own_bytes += own;
    h->header_bytes += layout->payload;
    return object;
}

gcr_ref recycler_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                          uint32_t cookie)
{
    struct gcr_recycler *h = recycler_of(heap);
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    const struct gcr_layout *body_layout = gcr_layout_body(&h->layouts, shape->number);
    bool has_body = alloc_has_body(layout, length);
    uint64_t bytes = gcr_layout_bytes(layout, length);
    (void)cookie; /* an immortal object is never finalized */
    if (has_body)
        bytes += gcr_layout_bytes(body_layout, length);
    if (!gcr_immortals_reserve(&h->immortals, bytes))
        return NULL;
    gcr_ref body = has_body ? alloc_immortal(h, body_layout, length) : NULL;
    gcr_ref object = alloc_immortal(h, layout, length);
    if (has_body)
        *recycler_body_word(object) = body;
    return object;
}

/* ---- RESIZE ---- */

/* In place; what is dropped loses its references one by one. */
static void resize_cut(struct gcr_recycler *h, gcr_ref body, uint32_t length)
{
    const struct gcr_layout *layout = recycler_layout(&h->layouts, body);
    struct recycler_extent *extent = recycler_extent_of(body);
    gcr_ref *slot = (gcr_ref *)(void *)recycler_payload(body);
    uint64_t data = layout->item_bytes - (uint64_t)layout->item_slots * GCR_SLOT_BYTES;
    for (uint64_t i = (uint64_t)length * layout->item_slots;
         i < (uint64_t)extent->length * layout->item_slots; i++)
        recycler_store(h, &slot[i], NULL);
    memset(recycler_body_data(&h->layouts, body) + length * data, 0,
           (extent->length - length) * data);
    h->cut_own_bytes += (uint64_t)(extent->length - length) * layout->item_bytes;
    GCR_STORE_AS(GCR_CAUSE_DATA, extent->length, length);
}

/* Items of the old body into the new one, which no one else knows yet; each reference counts. */
static void resize_copy(struct gcr_recycler *h, gcr_ref body, gcr_ref old)
{
    const struct gcr_layout *layout = recycler_layout(&h->layouts, body);
    uint64_t items = recycler_extent_of(old)->length;
    uint64_t data = layout->item_bytes - (uint64_t)layout->item_slots * GCR_SLOT_BYTES;
    gcr_ref *to = (gcr_ref *)(void *)recycler_payload(body);
    gcr_ref *from = (gcr_ref *)(void *)recycler_payload(old);
    bool is_prebuilt = recycler_is_immortal(old); /* it is never released */
    memcpy(recycler_body_data(&h->layouts, body), recycler_body_data(&h->layouts, old),
           items * data);
    for (uint64_t i = 0; i < items * layout->item_slots; i++) {
        to[i] = from[i];
        if (to[i] != NULL && recycler_log_pair(h, recycler_reach(h), to[i], NULL))
            recycler_log_full(h);
        if (is_prebuilt)
            recycler_store(h, &from[i], NULL);
    }
}

/* Back into room that cutting has left: it is null and zero. */
static bool resize_within(struct gcr_recycler *h, gcr_ref body, uint32_t length)
{
    if (body == NULL || recycler_extent_of(body)->room < length)
        return false;
    h->cut_own_bytes -= (uint64_t)(length - recycler_extent_of(body)->length) *
                        recycler_layout(&h->layouts, body)->item_bytes;
    GCR_STORE_AS(GCR_CAUSE_DATA, recycler_extent_of(body)->length, length);
    return true;
}

bool recycler_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length)
{
    struct gcr_recycler *h = recycler_of(heap);
    gcr_ref object = *handle, old = *recycler_body_word(object);
    const struct gcr_shape *shape = &heap->shapes[recycler_shape_number(&h->layouts, object)];
    GCR_CHECK(1, (recycler_shape_word(object) & RECYCLER_RESIZABLE) != 0);
    if (length <= recycler_body_length(old)) {
        if (length < recycler_body_length(old))
            resize_cut(h, old, length);
        return true;
    }
    if (resize_within(h, old, length))
        return true;
    gcr_ref body = alloc_body(h, shape, length);
    if (body == NULL)
        return false;
    h->extra_own_bytes += recycler_own_bytes(&h->layouts, body);
    if (old != NULL)
        resize_copy(h, body, old);
    h->unborn = NULL;
    gcr_ref before = GCR_EXCHANGE_AS(GCR_CAUSE_DATA, recycler_body_word(object), body);
    (void)recycler_log_pair(h, recycler_reach(h), body, before);
    alloc_log_decrement(h, body);
    return true;
}

/* ---- WEAKREF ---- */

bool recycler_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target)
{
    struct gcr_recycler *h = recycler_of(heap);
    struct recycler_log *log = &recycler_reach(h)->log[0];
    (void)GCR_EXCHANGE_AS(GCR_CAUSE_DATA, (gcr_ref *)gcr_object_weak_word(weak), target);
    *log->top++ = (uintptr_t)weak | RECYCLER_WEAK;
    if (log->top >= log->limit)
        recycler_log_full(h);
    return true;
}
