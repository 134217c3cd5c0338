/* Allocation in a copying heap with a nursery when the bump does not fit or the shape is special,
 * and RESIZE. */
#include "allocators/common/young_heap.h"

enum gcr_young_place gcr_young_place_by_limits(const struct gcr_young_heap *h,
                                               const struct gcr_layout *layout, uint64_t length)
{
    return gcr_nursery_takes(&h->nursery, layout, length) ? GCR_BORN_YOUNG : GCR_BORN_OLD;
}

/* ---- one object or body ---- */

/* Makes room for `bytes` in the nursery or in the space; without a nursery, what would be young is
 * born old. False: exhausted. */
static bool place_make_room(struct gcr_young_heap *h, enum gcr_young_place *place, uint64_t bytes)
{
    while (*place == GCR_BORN_YOUNG && bytes > (uint64_t)(h->nursery.top - h->nursery.free))
        if (!gcr_young_refill(h)) {
            if (h->next_bytes != 0)
                return false;
            *place = GCR_BORN_OLD;
        }
    return *place != GCR_BORN_OLD || gcr_copy_make_room(&h->copy, bytes);
}

/* From room that has been made. */
static gcr_ref place_carve(struct gcr_young_heap *h, enum gcr_young_place place,
                           const struct gcr_layout *layout, uint64_t length)
{
    if (place == GCR_BORN_OLD)
        return gcr_copy_carve(&h->copy, layout, length);
    gcr_ref object = gcr_nursery_alloc(&h->nursery, gcr_layout_bytes(layout, length));
    GCR_CHECK(1, object != NULL);
    gcr_layout_set(layout, object, 0, length);
    h->copy.tally.fresh_header_bytes += layout->payload;
    return object;
}

static gcr_ref place_alloc(struct gcr_young_heap *h, enum gcr_young_place place,
                           const struct gcr_layout *layout, uint64_t length)
{
    if (place == GCR_BORN_EXTERNAL)
        return gcr_copy_alloc_external(&h->copy, layout, length);
    if (!place_make_room(h, &place, gcr_layout_bytes(layout, length)))
        return NULL;
    return place_carve(h, place, layout, length);
}

/* What lies outside the nursery is settled at once. */
static void count_birth(struct gcr_young_heap *h, const struct gcr_layout *layout, gcr_ref object,
                        uint64_t length)
{
    if (object == NULL || gcr_nursery_has(&h->nursery, object))
        return;
    bool internal = gcr_header_is(gcr_object_header(object), GCR_HEADER_INTERNAL);
    gcr_copy_settle(&h->copy, !internal, layout->field_bytes + length * layout->item_bytes);
}

/* ---- an object and its body ---- */

/* A body's items come into the count, where it lies, or leave it; its header leaves with them. */
static void count_body(struct gcr_young_heap *h, const struct gcr_layout *layout, gcr_ref body,
                       uint64_t length, bool comes)
{
    struct gcr_copy_tally *tally = &h->copy.tally;
    uint64_t bytes = length * layout->item_bytes, headers = comes ? 0 : layout->payload;
    if (gcr_nursery_has(&h->nursery, body)) {
        tally->marked_bytes += comes ? -bytes : bytes; /* fresh bytes are what is not marked */
        tally->fresh_header_bytes -= headers;
    } else {
        tally->object_bytes += comes ? bytes : -bytes;
        tally->header_bytes -= headers;
    }
}

/* Where an object of a shape is born: whatever has a finalizer is old. */
static enum gcr_young_place shape_place(const struct gcr_young_heap *h,
                                        const struct gcr_shape *shape, uint64_t length)
{
    if (gcr_shape_is(shape, GCR_SHAPE_PINNED))
        return GCR_BORN_EXTERNAL;
    enum gcr_young_place place = h->place(h, &h->copy.layouts.row[shape->number], length);
    if (place == GCR_BORN_YOUNG && gcr_shape_has_finalizer(shape))
        return GCR_BORN_OLD;
    return place;
}

static void attach_body(struct gcr_young_heap *h, gcr_ref object, gcr_ref body)
{
    *gcr_object_body(object, gcr_object_header(object)) = body;
    if (gcr_nursery_has(&h->nursery, body) && !gcr_nursery_has(&h->nursery, object))
        gcr_remember_add(&h->remembered, object);
}

/* Both in one place, carved at once: no collection falls between them. */
static gcr_ref alloc_together(struct gcr_young_heap *h, enum gcr_young_place place,
                              const struct gcr_layout *layout, const struct gcr_layout *body_layout,
                              uint64_t length)
{
    uint64_t bytes = gcr_layout_bytes(layout, length) + gcr_layout_bytes(body_layout, length);
    if (!place_make_room(h, &place, bytes))
        return NULL;
    gcr_ref object = place_carve(h, place, layout, length);
    gcr_ref body = place_carve(h, place, body_layout, length);
    *gcr_object_body(object, gcr_object_header(object)) = body;
    count_birth(h, body_layout, body, length);
    return object;
}

/* The body first, held by the internal root until the object refers to it. */
static gcr_ref alloc_apart(struct gcr_young_heap *h, enum gcr_young_place place,
                           enum gcr_young_place body_place, const struct gcr_layout *layout,
                           const struct gcr_layout *body_layout, uint64_t length)
{
    gcr_ref *held = &h->copy.held;
    *held = place_alloc(h, body_place, body_layout, length);
    if (*held == NULL)
        return NULL;
    count_body(h, body_layout, *held, length, true); /* a collection may come before the object */
    gcr_ref object = place_alloc(h, place, layout, length);
    if (object != NULL) {
        attach_body(h, object, *held);
        h->copy.tally.marked_bytes += length * body_layout->item_bytes; /* counted above */
    }
    *held = NULL;
    return object;
}

static gcr_ref alloc_shape(struct gcr_young_heap *h, const struct gcr_shape *shape, uint64_t length)
{
    const struct gcr_layout *layout = &h->copy.layouts.row[shape->number];
    enum gcr_young_place place = shape_place(h, shape, length);
    if (gcr_copy_body_bytes(&h->copy, shape, length) == 0)
        return place_alloc(h, place, layout, length);
    const struct gcr_layout *body_layout = gcr_layout_body(&h->copy.layouts, shape->number);
    enum gcr_young_place body_place = h->place(h, body_layout, length);
    if (place == body_place && place != GCR_BORN_EXTERNAL)
        return alloc_together(h, place, layout, body_layout, length);
    return alloc_apart(h, place, body_place, layout, body_layout, length);
}

gcr_ref gcr_young_alloc_slow(struct gcr_young_heap *h, const struct gcr_shape *shape,
                             uint32_t length, uint32_t cookie, gcr_ref *root)
{
    struct gcr_copy_heap *copy = &h->copy;
    if (!gcr_copy_reserve_lists(copy, shape, false))
        return NULL;
    gcr_ref object = alloc_shape(h, shape, length);
    if (object == NULL)
        return NULL;
    gcr_copy_register(copy, shape, object, cookie, false, gcr_nursery_has(&h->nursery, object));
    gcr_copy_count_allocated(copy, shape, length);
    count_birth(h, &copy->layouts.row[shape->number], object, length);
    *root = object;
    return object;
}

/* ---- RESIZE ---- */

static bool resize_grow(struct gcr_young_heap *h, const struct gcr_layout *layout, gcr_ref *handle,
                        uint64_t length)
{
    gcr_ref body = place_alloc(h, h->place(h, layout, length), layout, length);
    if (body == NULL)
        return false;
    /* The owner may have moved meanwhile, and its old body too. */
    gcr_ref owner = *handle;
    gcr_ref *word = gcr_object_body(owner, gcr_object_header(owner));
    gcr_ref old = *word;
    if (old != NULL) {
        count_body(h, layout, old, gcr_body_length(old), false);
        gcr_layout_copy_items(layout, body, old, gcr_body_length(old));
        gcr_remember_copy(&h->remembered, body, old);
    }
    count_body(h, layout, body, length, true);
    gcr_remember_store(&h->remembered, owner, gcr_object_header(owner), body);
    GCR_STORE_AS(GCR_CAUSE_DATA, *word, body);
    return true;
}

bool gcr_young_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length)
{
    struct gcr_young_heap *h = gcr_young_heap_of(heap);
    const struct gcr_resizable now = gcr_resizable_of(&h->copy.layouts, *handle);
    if (length > now.length)
        return resize_grow(h, now.layout, handle, length);
    if (length < now.length)
        gcr_copy_shrink(&h->copy, now.layout, now.body, length);
    return true;
}
