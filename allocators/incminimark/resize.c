/* incminimark: RESIZE. A larger body is a new object, young wherever its owner is; a smaller one
 * stays in its block. */
#include "allocators/incminimark/incminimark.h"

/* The tail of a young body becomes a filler, so that the nursery stays tiled; an old one keeps its
 * block and its cards, of which those beyond the new end are cleared. */
static void resize_shrink(struct gcr_incminimark *h, const struct gcr_layout *layout, gcr_ref body,
                          uint64_t length)
{
    uint64_t before = gcr_body_length(body);
    bool young = incminimark_is_young(h, body);
    (young ? &h->young : &h->old)->object_bytes -= (before - length) * layout->item_bytes;
    uint64_t slack = gcr_layout_shrink(layout, body, length);
    if (gcr_nursery_has(&h->nursery, body))
        gcr_layout_fill(&h->layouts, (char *)body + gcr_layout_bytes(layout, length), slack);
    if (gcr_header_is(gcr_object_header(body), INCMINIMARK_HAS_CARDS)) {
        uint64_t kept = incminimark_card_bytes(h, length), all = incminimark_card_bytes(h, before);
        GCR_ZERO_AS(GCR_CAUSE_SIDE, incminimark_card_byte(body, all) + 1, all - kept);
    }
}

static bool resize_grow(struct gcr_incminimark *h, const struct gcr_layout *layout, gcr_ref *handle,
                        uint64_t length)
{
    struct incminimark_part parts[INCMINIMARK_PARTS] = {{.layout = layout, .length = length}};
    if (!incminimark_carve(h, parts))
        return false;
    gcr_ref owner = *handle; /* it may have moved */
    uint64_t header = gcr_object_header(owner);
    gcr_ref old = *gcr_object_body(owner, header), body = parts[0].object;
    if (old != NULL) {
        incminimark_remember_items(h, body, old, gcr_body_length(old));
        gcr_layout_copy_items(layout, body, old, gcr_body_length(old));
    }
    if (gcr_header_is(header, GCR_HEADER_NO_YOUNG))
        incminimark_remember(h, owner);
    GCR_STORE_AS(GCR_CAUSE_DATA, *gcr_object_body(owner, header), body);
    return true;
}

bool incminimark_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length)
{
    struct gcr_incminimark *h = incminimark_of(heap);
    const struct gcr_resizable now = gcr_resizable_of(&h->layouts, *handle);
    if (length > now.length)
        return resize_grow(h, now.layout, handle, length);
    if (length < now.length)
        resize_shrink(h, now.layout, now.body, length);
    return true;
}
