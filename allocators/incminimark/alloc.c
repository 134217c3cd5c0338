/* incminimark: allocation when the bump does not fit or the shape is special, and prebuilt objects.
 *
 * Everything that can collect comes first: room on the lists, the trigger for what goes outside the
 * nursery, room in the nursery. Then the object and its body are carved without a safepoint in
 * between. A block that is refused costs one full collection and one more attempt; a half that was
 * carved before the refusal is an unreachable object like any other. */
#include "allocators/incminimark/incminimark.h"
#include "allocators/incminimark/incminimark_inline.h"

/* ---- where objects go ---- */

/* Outside the nursery from birth. */
static bool part_is_outside(const struct gcr_incminimark *h, const struct incminimark_part *part)
{
    return part->old || part->bytes >= h->large_bytes;
}

static void part_size(struct incminimark_part *part)
{
    part->bytes = part->old ? incminimark_old_bytes(part->layout, part->length)
                            : gcr_layout_bytes(part->layout, part->length);
}

/* Bytes of the parts inside or outside the nursery. */
static uint64_t parts_bytes(const struct gcr_incminimark *h, const struct incminimark_part *parts,
                            bool outside)
{
    uint64_t bytes = 0;
    for (int i = 0; i < INCMINIMARK_PARTS; i++)
        if (parts[i].layout != NULL && part_is_outside(h, &parts[i]) == outside)
            bytes += parts[i].bytes;
    return bytes;
}

/* Free ranges between pinned objects are all too short. */
static void parts_leave_nursery(const struct gcr_incminimark *h, struct incminimark_part *parts)
{
    for (int i = 0; i < INCMINIMARK_PARTS; i++)
        if (parts[i].layout != NULL && !part_is_outside(h, &parts[i])) {
            parts[i].old = true;
            part_size(&parts[i]);
        }
}

/* ---- collecting beforehand ---- */

/* The budget, or the maximum heap, allows `bytes` outside the nursery; if not, after the one
 * emergency collection. */
static bool prepare_reserve(struct gcr_incminimark *h, uint64_t bytes)
{
    if (!h->over_max_heap && incminimark_has_reserve(h, bytes))
        return true;
    incminimark_collect_full(h, GCR_REASON_EMERGENCY);
    return !h->over_max_heap && incminimark_has_reserve(h, bytes);
}

static bool prepare(struct gcr_incminimark *h, struct incminimark_part *parts)
{
    uint64_t outside = parts_bytes(h, parts, true), inside = parts_bytes(h, parts, false);
    if (outside != 0) {
        uint64_t extra = outside + h->policy.nursery_bytes / 2;
        if (incminimark_threshold_reached(h, extra))
            incminimark_collect_young(h, extra, GCR_REASON_ALLOCATION);
        if (!prepare_reserve(h, outside))
            return false;
    }
    if (inside != 0 && !incminimark_nursery_has_room(h, inside)) {
        incminimark_collect_young(h, 0, GCR_REASON_ALLOCATION);
        if (!prepare_reserve(h, outside))
            return false;
        if (!incminimark_nursery_has_room(h, inside))
            parts_leave_nursery(h, parts);
    }
    return !h->exhausted;
}

/* ---- carving ---- */

static gcr_ref carve_old(struct gcr_incminimark *h, const struct incminimark_part *part)
{
    gcr_ref object;
    if (part->bytes > h->policy.small_bytes) {
        object = incminimark_raw_alloc(h, part->bytes, 0, false);
    } else {
        object = incminimark_old_alloc(h, part->bytes);
        if (object != NULL)
            incminimark_clear((char *)object, part->bytes);
    }
    if (object == NULL)
        return NULL;
    gcr_layout_set(part->layout, object, GCR_HEADER_NO_YOUNG, part->length);
    incminimark_tally_add(&h->old, part->layout, part->length);
    h->made_old_bytes += part->bytes;
    return object;
}

/* Arrays of references are born with their cards, as if those were set. */
static gcr_ref carve_young_raw(struct gcr_incminimark *h, const struct incminimark_part *part)
{
    uint32_t cards = part->layout->item_slots != 0 ? incminimark_card_words(h, part->length) : 0;
    gcr_ref object = incminimark_raw_alloc(h, part->bytes, cards, true);
    if (object == NULL)
        return NULL;
    uint64_t flags = GCR_HEADER_NO_YOUNG | INCMINIMARK_HAS_CARDS | INCMINIMARK_CARDS_SET;
    gcr_layout_set(part->layout, object, cards != 0 ? flags : 0, part->length);
    incminimark_tally_add(&h->young, part->layout, part->length);
    return object;
}

static gcr_ref carve_nursery(struct gcr_incminimark *h, const struct incminimark_part *part)
{
    char *start = incminimark_nursery_take(h, part->bytes);
    if (start == NULL)
        return NULL;
    gcr_ref object = (gcr_ref)(void *)start;
    if (h->clear_objects)
        incminimark_clear(start, part->bytes);
    gcr_layout_set(part->layout, object, part->pinned ? INCMINIMARK_PINNED : 0, part->length);
    incminimark_tally_add(&h->young, part->layout, part->length);
    h->pinned_count += part->pinned;
    return object;
}

/* What goes outside first: only that can be refused. */
static bool carve_all(struct gcr_incminimark *h, struct incminimark_part *parts)
{
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < INCMINIMARK_PARTS; i++) {
            struct incminimark_part *part = &parts[i];
            if (part->layout == NULL || part_is_outside(h, part) != (pass == 0))
                continue;
            if (pass == 1)
                part->object = carve_nursery(h, part);
            else
                part->object = part->old ? carve_old(h, part) : carve_young_raw(h, part);
            if (part->object == NULL)
                return false;
        }
    return true;
}

bool incminimark_carve(struct gcr_incminimark *h, struct incminimark_part *parts)
{
    for (int i = 0; i < INCMINIMARK_PARTS; i++)
        if (parts[i].layout != NULL)
            part_size(&parts[i]);
    for (int attempt = 0; attempt < 2; attempt++) {
        if (h->exhausted || !prepare(h, parts))
            return false;
        if (carve_all(h, parts))
            return true;
        if (attempt == 0)
            incminimark_collect_full(h, GCR_REASON_EMERGENCY);
    }
    return false;
}

/* ---- ALLOC ---- */

static bool lists_try(struct gcr_incminimark *h, const struct gcr_shape *shape)
{
    return (!gcr_shape_is(shape, GCR_SHAPE_WEAK) || gcr_weak_list_reserve(&h->weak)) &&
           (!gcr_shape_has_finalizer(shape) || gcr_finalizer_list_reserve(&h->finalizers));
}

static bool lists_reserve(struct gcr_incminimark *h, const struct gcr_shape *shape)
{
    if (lists_try(h, shape))
        return true;
    incminimark_collect_full(h, GCR_REASON_EMERGENCY);
    return lists_try(h, shape);
}

/* A pinned object of this size and shape may lie in the nursery. */
static bool alloc_may_pin(const struct gcr_incminimark *h, const struct gcr_shape *shape,
                          const struct gcr_layout *layout, uint64_t bytes)
{
    return layout->slot_count == 0 && layout->item_slots == 0 && bytes < h->large_bytes &&
           !gcr_shape_is(shape, GCR_SHAPE_WEAK) && h->pinned_count < h->policy.max_pinned;
}

/* The object, and its body if it has one. */
static void alloc_parts(const struct gcr_incminimark *h, const struct gcr_shape *shape,
                        uint32_t length, struct incminimark_part *parts)
{
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    bool resizable = gcr_header_is(layout->header, GCR_HEADER_RESIZABLE);
    parts[0] = (struct incminimark_part){.layout = layout, .length = resizable ? 0 : length};
    parts[1] = (struct incminimark_part){.layout = NULL};
    if (resizable && length != 0)
        parts[1] = (struct incminimark_part){.layout = gcr_layout_body(&h->layouts, shape->number),
                                             .length = length};
    parts[0].old = gcr_shape_has_finalizer(shape);
    if (gcr_shape_is(shape, GCR_SHAPE_PINNED) && !parts[0].old) {
        parts[0].pinned =
            alloc_may_pin(h, shape, layout, gcr_layout_bytes(layout, parts[0].length));
        parts[0].old = !parts[0].pinned;
    }
}

/* The hidden word of a new object gets its body. */
static void alloc_attach(struct gcr_incminimark *h, gcr_ref object, gcr_ref body)
{
    uint64_t header = gcr_object_header(object);
    if (gcr_header_is(header, GCR_HEADER_NO_YOUNG))
        incminimark_remember(h, object);
    *gcr_object_body(object, header) = body;
}

gcr_ref incminimark_alloc_slow(struct gcr_incminimark *h, const struct gcr_shape *shape,
                               uint32_t length, uint32_t cookie, gcr_ref *root)
{
    struct incminimark_part parts[INCMINIMARK_PARTS];
    alloc_parts(h, shape, length, parts);
    if (h->exhausted || !lists_reserve(h, shape) || !incminimark_carve(h, parts))
        return NULL;
    gcr_ref object = parts[0].object;
    if (parts[1].layout != NULL)
        alloc_attach(h, object, parts[1].object);
    if (gcr_shape_is(shape, GCR_SHAPE_WEAK))
        gcr_weak_list_add(&h->weak, object, incminimark_is_young(h, object));
    if (gcr_shape_has_finalizer(shape))
        gcr_finalizer_list_add(&h->finalizers, object, cookie);
    uint64_t bytes = gcr_shape_object_bytes(shape, length);
    h->heap.work.allocated_objects++;
    h->heap.work.allocated_bytes += bytes;
    h->counted_objects++; /* the tallies have it already */
    h->counted_bytes += bytes;
    *root = object;
    return object;
}

/* ---- PREBUILT ---- */

/* Bodies of prebuilt objects are old ones: RESIZE may leave them behind. */
static bool prebuilt_body(struct gcr_incminimark *h, const struct gcr_shape *shape, uint32_t length,
                          gcr_ref *body)
{
    struct incminimark_part parts[INCMINIMARK_PARTS];
    *body = NULL;
    alloc_parts(h, shape, length, parts);
    if (parts[1].layout == NULL)
        return true;
    parts[1].old = true;
    part_size(&parts[1]);
    *body = carve_old(h, &parts[1]);
    return *body != NULL;
}

gcr_ref incminimark_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                             uint32_t cookie)
{
    struct gcr_incminimark *h = incminimark_of(heap);
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    bool weak = gcr_shape_is(shape, GCR_SHAPE_WEAK);
    gcr_ref body;
    (void)cookie; /* prebuilt objects never die */
    if ((weak && !gcr_weak_list_reserve(&h->weak)) || !prebuilt_body(h, shape, length, &body))
        return NULL;
    uint64_t own = gcr_header_is(layout->header, GCR_HEADER_RESIZABLE) ? 0 : length;
    gcr_ref object = gcr_immortals_add(
        &h->immortals, layout, GCR_HEADER_EXTERNAL | GCR_HEADER_NO_YOUNG | GCR_HEADER_NO_HEAP, own);
    if (object == NULL ||
        (h->policy.marks_in_bitmap && !gcr_mark_bitmap_cover(&h->marks, object, GCR_WORD_BYTES)))
        return NULL;
    if (body != NULL) {
        gcr_remember_add_last(&h->remember, object);
        *gcr_object_body(object, gcr_object_header(object)) = body;
    }
    if (weak)
        gcr_weak_list_add(&h->weak, object, false);
    return object;
}
