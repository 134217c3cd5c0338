/* Allocation for compact.h, apart from the fast path of plain objects: lists, bodies, prebuilt
 * objects.
 *
 * Everything that can collect (room in the space, room on the lists) comes first; after that the
 * object and its body are carved and registered without a safepoint in between. */
#include "allocators/common/compact_parts.h"

/* ---- lists ---- */

/* Bytes that one more element may commit: a growing vector may for a moment hold its contents
 * twice. */
static uint64_t growth_bytes(const struct gcr_vector *list, size_t count)
{
    if (list->committed_bytes - list->used_bytes >= count * list->element_bytes)
        return 0;
    return 2 * (list->committed_bytes + GCR_PAGE_BYTES);
}

static bool weak_reserve(struct gcr_compact *h)
{
    return gcr_weak_list_reserve(&h->weak);
}

static bool finalizers_reserve(struct gcr_compact *h)
{
    return gcr_finalizer_list_reserve(&h->finalizers);
}

static bool pinned_reserve(struct gcr_compact *h)
{
    return gcr_vector_reserve(&h->pinned.objects, 1);
}

/* Room that may take `bytes` of pages; a refusal costs one emergency collection and one retry. */
static bool list_reserve(struct gcr_compact *h, uint64_t bytes,
                         bool (*reserve)(struct gcr_compact *), gcr_compact_collector *collect)
{
    if (bytes == 0)
        return true;
    if (!gcr_compact_make_side_room(h, bytes, collect))
        return false;
    if (reserve(h))
        return true;
    return !h->exhausted && collect(h, GCR_REASON_EMERGENCY, 0) && reserve(h);
}

bool gcr_compact_reserve_lists(struct gcr_compact *h, const struct gcr_shape *shape, bool prebuilt,
                               gcr_compact_collector *collect)
{
    const struct gcr_weak_list *weak = &h->weak;
    uint64_t weak_bytes = growth_bytes(&weak->young, 1) +
                          growth_bytes(&weak->old, gcr_vector_count(&weak->young) + 1);
    if (gcr_shape_is(shape, GCR_SHAPE_WEAK) && !list_reserve(h, weak_bytes, weak_reserve, collect))
        return false;
    if (prebuilt)
        return true;
    if (gcr_shape_is(shape, GCR_SHAPE_PINNED) &&
        !list_reserve(h, growth_bytes(&h->pinned.objects, 1), pinned_reserve, collect))
        return false;
    return !gcr_shape_has_finalizer(shape) ||
           list_reserve(h, growth_bytes(&h->finalizers.entries, 1), finalizers_reserve, collect);
}

void gcr_compact_register(struct gcr_compact *h, const struct gcr_shape *shape, gcr_ref object,
                          uint64_t length, uint32_t cookie, bool young)
{
    if (gcr_shape_is(shape, GCR_SHAPE_WEAK))
        gcr_weak_list_add(&h->weak, object, young);
    if (gcr_shape_has_finalizer(shape))
        gcr_finalizer_list_add(&h->finalizers, object, cookie);
    h->heap.work.allocated_objects++;
    h->heap.work.allocated_bytes += gcr_shape_object_bytes(shape, length);
}

/* ---- objects and bodies ---- */

uint64_t gcr_compact_body_bytes(const struct gcr_compact *h, const struct gcr_shape *shape,
                                uint64_t length)
{
    uint64_t header = h->layouts.row[shape->number].header;
    if (length == 0 || !gcr_header_is(header, GCR_HEADER_RESIZABLE))
        return 0;
    return gcr_layout_bytes(gcr_layout_body(&h->layouts, shape->number), length);
}

static void attach_body(struct gcr_compact *h, const struct gcr_shape *shape, gcr_ref object,
                        uint64_t length)
{
    gcr_ref body = gcr_compact_carve(h, gcr_layout_body(&h->layouts, shape->number), length);
    *gcr_object_body(object, gcr_object_header(object)) = body;
}

/* The object stays out of reach of collections until its body exists. */
static gcr_ref alloc_pinned(struct gcr_compact *h, const struct gcr_shape *shape, uint64_t length,
                            uint64_t body_bytes, gcr_compact_collector *collect)
{
    gcr_ref object = compact_pinned_alloc(h, &h->layouts.row[shape->number], length, collect);
    if (object == NULL)
        return NULL;
    if (body_bytes != 0 && !gcr_compact_make_room(h, body_bytes, 1, collect)) {
        compact_pinned_free(h, object);
        return NULL;
    }
    bool pushed = gcr_vector_push_word(&h->pinned.objects, (uintptr_t)object);
    GCR_CHECK(1, pushed);
    (void)pushed;
    return object;
}

gcr_ref gcr_compact_alloc(struct gcr_compact *h, const struct gcr_shape *shape, uint64_t length,
                          gcr_compact_collector *collect)
{
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    uint64_t body_bytes = gcr_compact_body_bytes(h, shape, length);
    gcr_ref object;
    if (gcr_shape_is(shape, GCR_SHAPE_PINNED)) {
        object = alloc_pinned(h, shape, length, body_bytes, collect);
        if (object == NULL)
            return NULL;
    } else {
        uint64_t bytes = gcr_layout_bytes(layout, length) + body_bytes;
        if (!gcr_compact_make_room(h, bytes, body_bytes != 0 ? 2 : 1, collect))
            return NULL;
        object = gcr_compact_carve(h, layout, length);
    }
    if (body_bytes != 0)
        attach_body(h, shape, object, length);
    gcr_compact_settle(h);
    return object;
}

gcr_ref gcr_compact_prebuilt(struct gcr_compact *h, const struct gcr_shape *shape, uint64_t length,
                             gcr_compact_collector *collect)
{
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    uint64_t bytes = gcr_layout_bytes(layout, length);
    uint64_t body_bytes = gcr_compact_body_bytes(h, shape, length);
    if (!gcr_compact_reserve_lists(h, shape, true, collect) ||
        !gcr_compact_make_side_room(h, gcr_page_round(bytes) + h->prebuilt.region.step_bytes,
                                    collect) ||
        !gcr_immortals_reserve(&h->prebuilt, bytes) ||
        (body_bytes != 0 && !gcr_compact_make_room(h, body_bytes, 1, collect)))
        return NULL;
    gcr_ref object =
        gcr_immortals_add(&h->prebuilt, layout, GCR_HEADER_MARKED | h->config.old_flags, length);
    GCR_CHECK(1, object != NULL);
    if (body_bytes != 0)
        attach_body(h, shape, object, length);
    if (gcr_shape_is(shape, GCR_SHAPE_WEAK))
        gcr_weak_list_add(&h->weak, object, false);
    h->tally.object_bytes += gcr_shape_object_bytes(shape, length);
    h->tally.header_bytes += layout->payload;
    gcr_compact_settle(h);
    return object;
}

/* ---- RESIZE ---- */

void gcr_compact_replace_body(struct gcr_compact *h, const struct gcr_layout *layout, gcr_ref old,
                              gcr_ref body)
{
    uint64_t length = gcr_body_length(body), before = gcr_body_length(old);
    if (old != NULL) {
        gcr_layout_copy_items(layout, body, old, before);
        h->tally.header_bytes -= layout->payload; /* the old body is free room now */
    }
    h->tally.object_bytes += (length - before) * layout->item_bytes;
}

void gcr_compact_shrink_body(struct gcr_compact *h, const struct gcr_layout *layout, gcr_ref body,
                             uint64_t length)
{
    h->tally.object_bytes -= (gcr_body_length(body) - length) * layout->item_bytes;
    uint64_t slack = gcr_layout_shrink(layout, body, length);
    if (slack == 0)
        return;
    void *filler = (char *)body + gcr_layout_bytes(layout, length);
    gcr_layout_fill(&h->layouts, filler, slack);
    GCR_STORE_AS(GCR_CAUSE_METADATA, *gcr_object_word(filler, 0),
                 gcr_object_header(filler) | h->config.old_flags);
    h->blocks++;
}
