/* Pinned objects of compact.h: each in a run of whole pages of its own, mapped when it is born and
 * given back when a collection has not marked it. They do not move; their mark is the header's in
 * every format. Without a budget, allocating them uses up an allowance of as many bytes as were
 * alive after the last collection, plus what the space was then allowed to grow. */
#include "allocators/common/compact_parts.h"

static uint64_t run_bytes(const struct gcr_layout *layout, uint64_t length)
{
    return gcr_page_round(gcr_layout_bytes(layout, length));
}

static void *pinned_map(struct gcr_compact *h, uint64_t bytes, gcr_compact_collector *collect)
{
    if (h->exhausted || !gcr_compact_make_side_room(h, bytes, collect))
        return NULL;
    void *run = gcr_supply_map(h->heap.supply, GCR_PAGES_OBJECTS, bytes, GCR_PAGE_BYTES);
    if (run == NULL && collect(h, GCR_REASON_EMERGENCY, 0))
        run = gcr_supply_map(h->heap.supply, GCR_PAGES_OBJECTS, bytes, GCR_PAGE_BYTES);
    return run;
}

gcr_ref compact_pinned_alloc(struct gcr_compact *h, const struct gcr_layout *layout,
                             uint64_t length, gcr_compact_collector *collect)
{
    struct gcr_compact_pinned *pinned = &h->pinned;
    uint64_t bytes = run_bytes(layout, length);
    if (h->config.budget_bytes == 0 && pinned->allowance_bytes < (int64_t)bytes && !h->exhausted)
        (void)collect(h, GCR_REASON_ALLOCATION, 0);
    gcr_ref object = pinned_map(h, bytes, collect);
    if (object == NULL)
        return NULL;
    gcr_layout_set(layout, object, h->config.old_flags, length);
    pinned->page_bytes += bytes;
    pinned->allowance_bytes -= (int64_t)bytes;
    h->tally.header_bytes += layout->payload;
    return object;
}

static void pinned_unmap(struct gcr_compact *h, gcr_ref object)
{
    const struct gcr_layout *layout = gcr_layout_of(&h->layouts, object);
    uint64_t length = gcr_layout_length(layout, object), bytes = run_bytes(layout, length);
    h->pinned.page_bytes -= bytes;
    gcr_supply_unmap(h->heap.supply, GCR_PAGES_OBJECTS, object, bytes);
}

void compact_pinned_free(struct gcr_compact *h, gcr_ref object)
{
    h->tally.header_bytes -= gcr_layout_of(&h->layouts, object)->payload;
    pinned_unmap(h, object);
}

uint64_t compact_pinned_sweep(struct gcr_compact *h)
{
    struct gcr_vector *list = &h->pinned.objects;
    size_t count = gcr_vector_count(list), kept = 0;
    for (size_t i = 0; i < count; i++) {
        gcr_ref object = *(gcr_ref *)gcr_vector_at(list, i);
        uint64_t *header = gcr_object_word(object, 0);
        if (!gcr_header_is(*header, GCR_HEADER_MARKED)) {
            pinned_unmap(h, object);
            continue;
        }
        GCR_STORE_AS(GCR_CAUSE_HEADER, *header, *header & ~GCR_HEADER_MARKED);
        *(gcr_ref *)gcr_vector_at(list, kept++) = object;
    }
    gcr_vector_truncate(list, kept);
    return count - kept;
}

void compact_pinned_finish(struct gcr_compact *h)
{
    for (size_t i = 0; i < gcr_vector_count(&h->pinned.objects); i++)
        pinned_unmap(h, *(gcr_ref *)gcr_vector_at(&h->pinned.objects, i));
    gcr_vector_finish(&h->pinned.objects);
}
