/* semispace: allocation when the bump does not fit or the shape is special, and RESIZE. */
#include "allocators/semispace/semispace.h"

/* Object and body at once, so that no collection falls between them. */
static gcr_ref alloc_moving(struct gcr_copy_heap *h, const struct gcr_shape *shape, uint64_t length)
{
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    uint64_t body_bytes = gcr_copy_body_bytes(h, shape, length);
    if (!gcr_copy_make_room(h, gcr_layout_bytes(layout, length) + body_bytes))
        return NULL;
    gcr_ref object = gcr_copy_carve(h, layout, length);
    if (body_bytes != 0) {
        gcr_ref body = gcr_copy_carve(h, gcr_layout_body(&h->layouts, shape->number), length);
        *gcr_object_body(object, gcr_object_header(object)) = body;
    }
    return object;
}

/* The body first, held by the internal root until the object refers to it. */
static gcr_ref alloc_pinned(struct gcr_copy_heap *h, const struct gcr_shape *shape, uint64_t length)
{
    uint64_t body_bytes = gcr_copy_body_bytes(h, shape, length);
    if (body_bytes != 0) {
        if (!gcr_copy_make_room(h, body_bytes))
            return NULL;
        h->held = gcr_copy_carve(h, gcr_layout_body(&h->layouts, shape->number), length);
    }
    gcr_ref object = gcr_copy_alloc_external(h, &h->layouts.row[shape->number], length);
    if (object != NULL && body_bytes != 0)
        *gcr_object_body(object, gcr_object_header(object)) = h->held;
    h->held = NULL;
    return object;
}

gcr_ref semispace_alloc_slow(struct gcr_semispace *semispace, const struct gcr_shape *shape,
                             uint32_t length, uint32_t cookie, gcr_ref *root)
{
    struct gcr_copy_heap *h = &semispace->copy;
    if (!gcr_copy_reserve_lists(h, shape, false))
        return NULL;
    gcr_ref object = gcr_shape_is(shape, GCR_SHAPE_PINNED) ? alloc_pinned(h, shape, length)
                                                           : alloc_moving(h, shape, length);
    if (object == NULL)
        return NULL;
    gcr_copy_register(h, shape, object, cookie, false, false);
    gcr_copy_count_allocated(h, shape, length);
    *root = object;
    return object;
}

static bool resize_grow(struct gcr_copy_heap *h, const struct gcr_layout *layout, gcr_ref *handle,
                        uint64_t length)
{
    if (!gcr_copy_make_room(h, gcr_layout_bytes(layout, length)))
        return false;
    gcr_ref *word =
        gcr_object_body(*handle, gcr_object_header(*handle)); /* re-read: it may have moved */
    gcr_ref old = *word;
    gcr_ref body = gcr_copy_carve(h, layout, length);
    if (old != NULL) {
        gcr_layout_copy_items(layout, body, old, gcr_body_length(old));
        h->tally.header_bytes -= layout->payload; /* the old body is free room now */
    }
    h->tally.object_bytes += (length - gcr_body_length(old)) * layout->item_bytes;
    GCR_STORE_AS(GCR_CAUSE_DATA, *word, body);
    return true;
}

bool semispace_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length)
{
    struct gcr_copy_heap *h = gcr_copy_heap_of(heap);
    const struct gcr_resizable now = gcr_resizable_of(&h->layouts, *handle);
    if (length > now.length)
        return resize_grow(h, now.layout, handle, length);
    if (length < now.length)
        gcr_copy_shrink(h, now.layout, now.body, length);
    return true;
}
