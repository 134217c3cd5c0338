/* semispace: allocation when the bump does not fit or the shape is special, prebuilt objects,
 * RESIZE.
 *
 * Everything that can collect (room in the space, room on the lists) comes first; after that the
 * object and its body are carved and registered without a safepoint in between. */
#include "allocators/semispace/semispace.h"

static bool semispace_has_finalizer(const struct gcr_shape *shape)
{
    return gcr_shape_is(shape, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER);
}

/* Room for one more element; a growing vector may for a moment hold its contents twice. */
static bool list_reserve(struct gcr_semispace *h, struct gcr_vector *list, size_t count)
{
    if (list->committed_bytes - list->used_bytes >= count * list->element_bytes)
        return true;
    if (!semispace_make_side_room(h, 2 * (list->committed_bytes + GCR_PAGE_BYTES)))
        return false;
    return gcr_vector_reserve(list, count) ||
           (semispace_collect(h, GCR_REASON_EMERGENCY, false) && gcr_vector_reserve(list, count));
}

static bool lists_reserve(struct gcr_semispace *h, const struct gcr_shape *shape, bool prebuilt)
{
    if (gcr_shape_is(shape, GCR_SHAPE_WEAK) && !list_reserve(h, &h->weak, 1))
        return false;
    if (prebuilt)
        return true;
    if (gcr_shape_is(shape, GCR_SHAPE_PINNED) &&
        !(list_reserve(h, &h->pinned, 1) &&
          list_reserve(h, &h->pinned_gray, gcr_vector_count(&h->pinned) + 1)))
        return false;
    return !semispace_has_finalizer(shape) || list_reserve(h, &h->finalizable, 1);
}

/* On the lists of which lists_reserve has made sure. */
static void lists_register(struct gcr_semispace *h, const struct gcr_shape *shape, gcr_ref object,
                           uint32_t cookie, bool prebuilt)
{
    bool pushed = true;
    if (gcr_shape_is(shape, GCR_SHAPE_WEAK))
        pushed = gcr_vector_push_word(&h->weak, (uintptr_t)object);
    if (!prebuilt && gcr_shape_is(shape, GCR_SHAPE_PINNED))
        semispace_add_pinned(h, object);
    if (!prebuilt && semispace_has_finalizer(shape)) {
        struct semispace_finalizable *entry = gcr_vector_push(&h->finalizable);
        pushed = pushed && entry != NULL;
        *entry = (struct semispace_finalizable){.object = object, .cookie = cookie};
    }
    GCR_CHECK(1, pushed);
    (void)pushed;
}

/* From room that semispace_make_room has made. */
static gcr_ref semispace_carve(struct gcr_semispace *h, const struct gcr_layout *layout,
                               uint64_t length)
{
    gcr_ref object = (gcr_ref)(void *)h->free;
    h->free += gcr_layout_bytes(layout, length);
    gcr_layout_set(layout, object, 0, length);
    h->tally.header_bytes += layout->payload;
    return object;
}

/* Bytes of a new object's body; 0: none (no items, or items in the object itself). */
static uint64_t semispace_body_bytes(const struct gcr_semispace *h, const struct gcr_shape *shape,
                                     uint64_t length)
{
    uint64_t header = h->layouts.row[shape->number].header;
    if (length == 0 || !gcr_header_is(header, GCR_HEADER_RESIZABLE))
        return 0;
    return gcr_layout_bytes(gcr_layout_body(&h->layouts, shape->number), length);
}

static void semispace_attach_body(struct gcr_semispace *h, const struct gcr_shape *shape,
                                  gcr_ref object, uint64_t length)
{
    gcr_ref body = semispace_carve(h, gcr_layout_body(&h->layouts, shape->number), length);
    *gcr_object_body(object, gcr_object_header(object)) = body;
}

static gcr_ref semispace_alloc_moving(struct gcr_semispace *h, const struct gcr_shape *shape,
                                      uint64_t length)
{
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    uint64_t body_bytes = semispace_body_bytes(h, shape, length);
    if (!semispace_make_room(h, gcr_layout_bytes(layout, length) + body_bytes))
        return NULL;
    gcr_ref object = semispace_carve(h, layout, length);
    if (body_bytes != 0)
        semispace_attach_body(h, shape, object, length);
    return object;
}

/* The object stays out of reach of collections until it is registered. */
static gcr_ref semispace_alloc_unmoving(struct gcr_semispace *h, const struct gcr_shape *shape,
                                        uint64_t length)
{
    gcr_ref object = semispace_alloc_pinned(h, shape, length);
    uint64_t body_bytes = semispace_body_bytes(h, shape, length);
    if (object == NULL || body_bytes == 0)
        return object;
    if (!semispace_make_room(h, body_bytes)) {
        semispace_free_pinned(h, object);
        return NULL;
    }
    semispace_attach_body(h, shape, object, length);
    return object;
}

gcr_ref semispace_alloc_slow(struct gcr_semispace *h, const struct gcr_shape *shape,
                             uint32_t length, uint32_t cookie, gcr_ref *root)
{
    if (!lists_reserve(h, shape, false))
        return NULL;
    gcr_ref object = gcr_shape_is(shape, GCR_SHAPE_PINNED)
                         ? semispace_alloc_unmoving(h, shape, length)
                         : semispace_alloc_moving(h, shape, length);
    if (object == NULL)
        return NULL;
    lists_register(h, shape, object, cookie, false);
    h->heap.work.allocated_objects++;
    h->heap.work.allocated_bytes += gcr_shape_object_bytes(shape, length);
    *root = object;
    return object;
}

gcr_ref semispace_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                           uint32_t cookie)
{
    struct gcr_semispace *h = semispace_of(heap);
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    uint64_t bytes = gcr_layout_bytes(layout, length);
    uint64_t body_bytes = semispace_body_bytes(h, shape, length);
    if (!lists_reserve(h, shape, true) ||
        !semispace_make_side_room(h, gcr_page_round(bytes) + h->prebuilt.step_bytes) ||
        (body_bytes != 0 && !semispace_make_room(h, body_bytes)))
        return NULL;
    gcr_ref object = gcr_region_alloc(&h->prebuilt, bytes);
    if (object == NULL)
        return NULL;
    gcr_layout_set(layout, object, GCR_HEADER_FORWARDED | GCR_HEADER_EXTERNAL, length);
    if (body_bytes != 0)
        semispace_attach_body(h, shape, object, length);
    lists_register(h, shape, object, cookie, true);
    uint64_t own = layout->field_bytes + (uint64_t)length * layout->item_bytes;
    h->prebuilt_object_bytes += own;
    h->prebuilt_header_bytes += layout->payload;
    h->tally.object_bytes += gcr_shape_object_bytes(shape, length);
    h->tally.header_bytes += layout->payload;
    return object;
}

/* ---- RESIZE ---- */

static void semispace_shrink(struct gcr_semispace *h, const struct gcr_layout *layout, gcr_ref body,
                             uint64_t length)
{
    h->tally.object_bytes -= (gcr_body_length(body) - length) * layout->item_bytes;
    uint64_t slack = gcr_layout_shrink(layout, body, length);
    gcr_layout_fill(&h->layouts, (char *)body + gcr_layout_bytes(layout, length), slack);
}

static bool semispace_grow(struct gcr_semispace *h, const struct gcr_layout *layout,
                           gcr_ref *handle, uint64_t length)
{
    if (!semispace_make_room(h, gcr_layout_bytes(layout, length)))
        return false;
    gcr_ref *word =
        gcr_object_body(*handle, gcr_object_header(*handle)); /* re-read: it may have moved */
    gcr_ref old = *word;
    gcr_ref body = semispace_carve(h, layout, length);
    if (old != NULL) {
        gcr_layout_copy_items(layout, body, old, gcr_body_length(old));
        h->tally.header_bytes -= layout->payload; /* the old body is free room now */
    }
    h->tally.object_bytes += (length - gcr_body_length(old)) * layout->item_bytes;
    *word = body;
    return true;
}

bool semispace_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length)
{
    struct gcr_semispace *h = semispace_of(heap);
    uint64_t header = gcr_object_header(*handle);
    GCR_CHECK(1, gcr_header_is(header, GCR_HEADER_RESIZABLE));
    const struct gcr_layout *layout = gcr_layout_body(&h->layouts, gcr_layout_shape(*handle));
    gcr_ref body = *gcr_object_body(*handle, header);
    uint64_t before = gcr_body_length(body);
    if (length > before)
        return semispace_grow(h, layout, handle, length);
    if (length < before)
        semispace_shrink(h, layout, body, length);
    return true;
}
