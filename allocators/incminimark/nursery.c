/* incminimark: the nursery. Pinned objects that survive stay where they are, so after a minor
 * collection it is a list of free ranges between them, used from the lowest address up.
 *
 * Everything from its start to `free` is tiled by objects, and by fillers where a range's end was
 * too short for a request; pinned survivors above `free` are known from the list alone. Without
 * incremental collection nothing is pinned, and the nursery is zeroed ahead of the allocation, a
 * step at a time. */
#include "allocators/incminimark/incminimark.h"

static gcr_ref *pinned_at(const struct gcr_incminimark *h, size_t index)
{
    return gcr_vector_at(&h->pinned, index);
}

static uint64_t pinned_bytes(const struct gcr_incminimark *h, gcr_ref object)
{
    return gcr_layout_object_bytes(gcr_layout_of(&h->layouts, object), object);
}

bool incminimark_nursery_create(struct gcr_incminimark *h)
{
    struct gcr_supply *supply = h->heap.supply;
    if (!gcr_vector_reserve(&h->pinned, h->policy.max_pinned))
        return false;
    size_t bytes = (size_t)h->policy.nursery_bytes;
    char *start = gcr_supply_map(supply, GCR_PAGES_OBJECTS, bytes, GCR_PAGE_BYTES);
    if (start == NULL)
        return false;
    gcr_nursery_place(&h->nursery, start, bytes, true);
    h->clear_objects = h->policy.incremental;
    return true;
}

void incminimark_nursery_destroy(struct gcr_incminimark *h)
{
    if (h->nursery.start != NULL)
        gcr_supply_unmap(h->heap.supply, GCR_PAGES_OBJECTS, h->nursery.start, h->nursery.bytes);
    gcr_nursery_drop(&h->nursery);
    gcr_vector_finish(&h->pinned);
}

/* ---- ranges ---- */

/* Where the range ends that begins after pinned survivor `index` - 1. */
static char *range_end(const struct gcr_incminimark *h, size_t index)
{
    return index < gcr_vector_count(&h->pinned) ? (char *)*pinned_at(h, index)
                                                : h->nursery.start + h->nursery.bytes;
}

/* Leaves the present range, whose rest becomes a filler, for the next one. */
static void range_next(struct gcr_incminimark *h)
{
    struct gcr_nursery *nursery = &h->nursery;
    gcr_layout_fill(&h->layouts, nursery->free, (uint64_t)(nursery->limit - nursery->free));
    gcr_ref pinned = *pinned_at(h, h->next_pinned++);
    nursery->free = (char *)pinned + pinned_bytes(h, pinned);
    nursery->limit = nursery->top = range_end(h, h->next_pinned);
}

bool incminimark_nursery_has_room(const struct gcr_incminimark *h, uint64_t bytes)
{
    if (h->exhausted)
        return false;
    if (bytes <= (uint64_t)(h->nursery.top - h->nursery.free))
        return true;
    for (size_t i = h->next_pinned; i < gcr_vector_count(&h->pinned); i++) {
        gcr_ref pinned = *pinned_at(h, i);
        if (bytes <= (uint64_t)(range_end(h, i + 1) - (char *)pinned) - pinned_bytes(h, pinned))
            return true;
    }
    return false;
}

void *incminimark_nursery_take(struct gcr_incminimark *h, uint64_t bytes)
{
    if (!incminimark_nursery_has_room(h, bytes))
        return NULL;
    if (!h->clear_objects)
        return gcr_nursery_alloc(&h->nursery, bytes);
    while (bytes > (uint64_t)(h->nursery.limit - h->nursery.free))
        range_next(h);
    void *start = h->nursery.free;
    h->nursery.free += bytes;
    return start;
}

/* ---- after a minor collection ---- */

/* By address: Shell's method, which needs no memory. There are few. */
static void pinned_sort(struct gcr_incminimark *h)
{
    size_t count = gcr_vector_count(&h->pinned);
    for (size_t gap = count / 2; gap > 0; gap /= 2)
        for (size_t i = gap; i < count; i++) {
            gcr_ref object = *pinned_at(h, i);
            size_t k = i;
            for (; k >= gap && (uintptr_t)*pinned_at(h, k - gap) > (uintptr_t)object; k -= gap)
                *pinned_at(h, k) = *pinned_at(h, k - gap);
            *pinned_at(h, k) = object;
        }
}

void incminimark_nursery_reset(struct gcr_incminimark *h)
{
    struct gcr_nursery *nursery = &h->nursery;
    if (!h->clear_objects) {
        gcr_nursery_reset(nursery);
        return;
    }
    pinned_sort(h);
    for (size_t i = 0; i < gcr_vector_count(&h->pinned); i++)
        *gcr_object_word(*pinned_at(h, i), 0) &= ~GCR_HEADER_MARKED;
    h->next_pinned = 0;
    nursery->free = nursery->start;
    nursery->limit = nursery->top = range_end(h, 0);
}

/* ---- looking ---- */

bool incminimark_nursery_walk(const struct gcr_incminimark *h, gcr_walk_visitor *visit, void *arg)
{
    for (char *at = h->nursery.start; at < h->nursery.free;) {
        gcr_ref object = (gcr_ref)(void *)at;
        bool moved = gcr_object_header(object) == INCMINIMARK_MOVED;
        gcr_ref sized = moved ? (gcr_ref)*gcr_object_word(object, GCR_HEADER_BYTES) : object;
        at += gcr_layout_object_bytes(gcr_layout_of(&h->layouts, sized), sized);
        if (!moved && !visit(arg, object))
            return false;
    }
    for (size_t i = h->next_pinned; !h->frozen && i < gcr_vector_count(&h->pinned); i++)
        if (!visit(arg, *pinned_at(h, i)))
            return false;
    return true;
}
