/* mark-compact: allocation when the quota is spent or the shape is special, prebuilt objects,
 * RESIZE. */
#include "allocators/mark_compact/mark_compact.h"

gcr_ref mark_compact_alloc_slow(struct gcr_compact *h, const struct gcr_shape *shape,
                                uint32_t length, uint32_t cookie, gcr_ref *root)
{
    if (!gcr_compact_reserve_lists(h, shape, false, mark_compact_collect))
        return NULL;
    gcr_ref object = gcr_compact_alloc(h, shape, length, mark_compact_collect);
    if (object == NULL)
        return NULL;
    gcr_compact_register(h, shape, object, length, cookie, false);
    *root = object;
    return object;
}

gcr_ref mark_compact_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                              uint32_t cookie)
{
    (void)cookie;
    return gcr_compact_prebuilt(gcr_compact_of(heap), shape, length, mark_compact_collect);
}

static bool grow(struct gcr_compact *h, const struct gcr_layout *layout, gcr_ref *handle,
                 uint64_t length)
{
    if (!gcr_compact_make_room(h, gcr_layout_bytes(layout, length), 1, mark_compact_collect))
        return false;
    gcr_ref *word =
        gcr_object_body(*handle, gcr_object_header(*handle)); /* re-read: it may have moved */
    gcr_ref body = gcr_compact_carve(h, layout, length);
    gcr_compact_replace_body(h, layout, *word, body);
    GCR_STORE_AS(GCR_CAUSE_DATA, *word, body);
    gcr_compact_settle(h);
    return true;
}

/* The filler behind the cut is one object more, for which there must be backup. */
static bool shrink(struct gcr_compact *h, const struct gcr_layout *layout, gcr_ref *handle,
                   uint64_t length)
{
    if (!gcr_compact_make_room(h, 0, 1, mark_compact_collect))
        return false;
    gcr_ref body = *gcr_object_body(*handle, gcr_object_header(*handle));
    gcr_compact_shrink_body(h, layout, body, length);
    gcr_compact_settle(h);
    return true;
}

bool mark_compact_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length)
{
    struct gcr_compact *h = gcr_compact_of(heap);
    const struct gcr_resizable now = gcr_resizable_of(&h->layouts, *handle);
    if (length > now.length)
        return grow(h, now.layout, handle, length);
    return length == now.length || shrink(h, now.layout, handle, length);
}
