/* mark-compact-nursery: allocation when the nursery is full or the shape is special, prebuilt
 * objects, RESIZE, WEAKREF.
 *
 * Born old: pinned objects and those with finalizers, and what is larger than half of the nursery
 * (a quarter, if it has references); an object and its body count together, and go together.
 * Everything that can collect comes first; after that nothing lies between carving and
 * registering. */
#include "allocators/mark_compact_nursery/mark_compact_nursery.h"

/* ---- the nursery ---- */

static bool is_young_size(const struct gcr_mark_compact_nursery *h, uint64_t bytes,
                          const struct gcr_layout *layout)
{
    bool pointers = layout->slot_count != 0 || layout->item_slots != 0;
    return bytes <= (pointers ? h->pointer_limit_bytes : h->plain_limit_bytes);
}

static bool nursery_make_room(struct gcr_mark_compact_nursery *h, uint64_t bytes)
{
    if (h->compact.exhausted)
        return false;
    if (bytes <= (uint64_t)(h->nursery.top - h->nursery.free))
        return true;
    if (!mark_compact_nursery_minor(h, GCR_REASON_ALLOCATION))
        return false;
    if (bytes <= (uint64_t)(h->nursery.top - h->nursery.free))
        return true;
    return false; /* the nursery has become smaller than this object: the caller looks again */
}

/* From room that was made. `bytes`: with the rounding of the nursery. */
static gcr_ref nursery_carve(struct gcr_mark_compact_nursery *h, const struct gcr_layout *layout,
                             uint64_t length, uint64_t bytes)
{
    gcr_ref object = gcr_nursery_alloc(&h->nursery, bytes);
    GCR_CHECK(1, object != NULL);
    gcr_layout_set(layout, object, 0, length);
    h->young_header_bytes += layout->payload;
    return object;
}

static gcr_ref alloc_young(struct gcr_mark_compact_nursery *h, const struct gcr_shape *shape,
                           uint64_t length, uint64_t bytes, uint64_t body_bytes)
{
    if (!nursery_make_room(h, bytes + body_bytes))
        return NULL;
    gcr_ref object = nursery_carve(h, &h->compact.layouts.row[shape->number], length, bytes);
    if (body_bytes != 0) {
        const struct gcr_layout *layout = gcr_layout_body(&h->compact.layouts, shape->number);
        *gcr_object_body(object, gcr_object_header(object)) =
            nursery_carve(h, layout, length, body_bytes);
    }
    return object;
}

/* ---- objects ---- */

/* Counts an object of the space or of the pinned area among the old ones. */
static void count_old(struct gcr_compact *c, const struct gcr_shape *shape, uint64_t length)
{
    uint64_t bytes = gcr_shape_object_bytes(shape, length);
    c->tally.objects++;
    c->tally.base_objects++;
    c->tally.object_bytes += bytes;
    c->tally.base_bytes += bytes;
}

gcr_ref mark_compact_nursery_alloc_slow(struct gcr_mark_compact_nursery *h,
                                        const struct gcr_shape *shape, uint32_t length,
                                        uint32_t cookie, gcr_ref *root)
{
    struct gcr_compact *c = &h->compact;
    const struct gcr_layout *layout = &c->layouts.row[shape->number];
    uint64_t bytes = mark_compact_nursery_bytes(gcr_layout_bytes(layout, length));
    uint64_t body_bytes = gcr_compact_body_bytes(c, shape, length);
    if (!gcr_compact_reserve_lists(c, shape, false, mark_compact_nursery_major))
        return NULL;
    bool young = !gcr_shape_has_finalizer(shape) && !gcr_shape_is(shape, GCR_SHAPE_PINNED) &&
                 is_young_size(h, bytes + body_bytes, layout);
    gcr_ref object = young ? alloc_young(h, shape, length, bytes, body_bytes)
                           : gcr_compact_alloc(c, shape, length, mark_compact_nursery_major);
    if (object == NULL && young && !is_young_size(h, bytes + body_bytes, layout)) {
        young = false; /* the nursery has become smaller meanwhile */
        object = gcr_compact_alloc(c, shape, length, mark_compact_nursery_major);
    }
    if (object == NULL)
        return NULL;
    gcr_compact_register(c, shape, object, length, cookie, young);
    if (!young)
        count_old(c, shape, length);
    *root = object;
    return object;
}

gcr_ref mark_compact_nursery_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape,
                                      uint32_t length, uint32_t cookie)
{
    (void)cookie;
    return gcr_compact_prebuilt(gcr_compact_of(heap), shape, length, mark_compact_nursery_major);
}

bool mark_compact_nursery_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target)
{
    struct gcr_mark_compact_nursery *h = mark_compact_nursery_of(heap);
    struct gcr_vector *list = &h->compact.weak.retargeted;
    GCR_STORE_AS(GCR_CAUSE_DATA, *gcr_object_weak_word(weak), target);
    if (!gcr_nursery_has(&h->nursery, target) || gcr_nursery_has(&h->nursery, weak))
        return true;
    uint64_t growth = list->committed_bytes - list->used_bytes >= sizeof(gcr_ref)
                          ? 0
                          : 2 * (list->committed_bytes + GCR_PAGE_BYTES);
    if (growth == 0 || gcr_compact_make_side_room(&h->compact, growth, NULL))
        gcr_weak_list_retarget(&h->compact.weak, weak);
    else
        h->compact.weak.retargeted_lost = true;
    return true;
}

/* ---- RESIZE ---- */

/* Items of a body, by where it lies, in the sums of the old or of the young. */
static void count_items(struct gcr_mark_compact_nursery *h, const struct gcr_layout *layout,
                        gcr_ref body, int64_t items)
{
    uint64_t bytes = (uint64_t)(items * (int64_t)layout->item_bytes);
    if (gcr_nursery_has(&h->nursery, body))
        h->compact.tally.base_bytes -= bytes; /* young bytes are what was allocated above it */
    else
        h->compact.tally.object_bytes += bytes;
}

/* The old body is free room from now on. */
static void drop_body(struct gcr_mark_compact_nursery *h, const struct gcr_layout *layout,
                      gcr_ref body)
{
    count_items(h, layout, body, -(int64_t)gcr_body_length(body));
    if (gcr_nursery_has(&h->nursery, body))
        h->young_header_bytes -= layout->payload;
    else
        h->compact.tally.header_bytes -= layout->payload;
}

/* A longer body, young or old by its size. NULL: exhausted. May collect. */
static gcr_ref alloc_body(struct gcr_mark_compact_nursery *h, const struct gcr_layout *layout,
                          uint64_t length)
{
    uint64_t bytes = gcr_layout_bytes(layout, length);
    if (is_young_size(h, bytes, layout)) {
        if (nursery_make_room(h, bytes))
            return nursery_carve(h, layout, length, bytes);
        if (is_young_size(h, bytes, layout))
            return NULL;
    }
    if (!gcr_compact_make_room(&h->compact, bytes, 1, mark_compact_nursery_major))
        return NULL;
    gcr_ref body = gcr_compact_carve(&h->compact, layout, length);
    gcr_compact_settle(&h->compact);
    return body;
}

static bool grow(struct gcr_mark_compact_nursery *h, const struct gcr_layout *layout,
                 gcr_ref *handle, uint64_t length)
{
    gcr_ref body = alloc_body(h, layout, length);
    if (body == NULL)
        return false;
    gcr_ref owner = *handle; /* re-read: it may have moved */
    uint64_t header = gcr_object_header(owner);
    gcr_ref *word = gcr_object_body(owner, header), old = *word;
    count_items(h, layout, body, (int64_t)length);
    if (old != NULL) {
        gcr_remember_copy(&h->remember, body, old);
        gcr_layout_copy_items(layout, body, old, gcr_body_length(old));
        drop_body(h, layout, old);
    }
    gcr_remember_store(&h->remember, owner, header, body);
    GCR_STORE_AS(GCR_CAUSE_DATA, *word, body);
    return true;
}

/* Slack becomes a filler: the space and the nursery are walked linearly. */
static bool shrink(struct gcr_mark_compact_nursery *h, const struct gcr_layout *layout,
                   gcr_ref *handle, uint64_t length)
{
    struct gcr_compact *c = &h->compact;
    gcr_ref body = *gcr_object_body(*handle, gcr_object_header(*handle));
    if (gcr_nursery_has(&h->nursery, body)) {
        count_items(h, layout, body, (int64_t)length - (int64_t)gcr_body_length(body));
        uint64_t slack = gcr_layout_shrink(layout, body, length);
        gcr_layout_fill(&c->layouts, (char *)body + gcr_layout_bytes(layout, length), slack);
        return true;
    }
    if (!gcr_compact_make_room(c, 0, 1, mark_compact_nursery_major))
        return false;
    body = *gcr_object_body(*handle, gcr_object_header(*handle));
    gcr_compact_shrink_body(c, layout, body, length);
    gcr_compact_settle(c);
    return true;
}

bool mark_compact_nursery_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length)
{
    struct gcr_mark_compact_nursery *h = mark_compact_nursery_of(heap);
    const struct gcr_resizable now = gcr_resizable_of(&h->compact.layouts, *handle);
    if (length > now.length)
        return grow(h, now.layout, handle, length);
    return length == now.length || shrink(h, now.layout, handle, length);
}
