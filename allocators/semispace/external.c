/* semispace: what lies outside the space. Pinned objects are external blocks of a general-purpose
 * heap, marked and swept at each collection; prebuilt ones are immortal and scanned at each
 * collection. Source for the former: "Hybrid GC" (PyPy hybrid.py), external objects of generation
 * 2, without ageing: allocating them uses up an allowance of (live pinned bytes + S) until the next
 * collection. */
#include "allocators/semispace/semispace.h"

/* What allocating a block may commit: the block, headers, rounding; and the step ahead that the
 * general heap takes where it may. */
enum { PINNED_OVERHEAD_BYTES = 4 * GCR_PAGE_BYTES, PINNED_STEP_BYTES = 128 * 1024 };

static bool pinned_make_side_room(struct gcr_semispace *h, uint64_t bytes)
{
    uint64_t least = gcr_page_round(bytes) + PINNED_OVERHEAD_BYTES;
    return semispace_make_side_room(h, least + PINNED_STEP_BYTES) ||
           semispace_make_side_room(h, least);
}

static void *pinned_alloc_block(struct gcr_semispace *h, uint64_t bytes)
{
    if (!pinned_make_side_room(h, bytes))
        return NULL;
    void *block = gcr_system_heap_alloc(&h->pinned_heap, bytes);
    if (block == NULL && semispace_collect(h, GCR_REASON_EMERGENCY, false))
        block = gcr_system_heap_alloc(&h->pinned_heap, bytes);
    return block;
}

/* What a pinned object itself (not its body) adds up to. */
static uint64_t pinned_object_bytes(const struct gcr_layout *layout, gcr_ref object)
{
    return layout->field_bytes + gcr_layout_length(layout, object) * layout->item_bytes;
}

gcr_ref semispace_alloc_pinned(struct gcr_semispace *h, const struct gcr_shape *shape,
                               uint64_t length)
{
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    uint64_t bytes = gcr_layout_bytes(layout, length);
    if (h->budget_bytes == 0 && h->pinned_allowance < (int64_t)bytes)
        (void)semispace_collect(h, GCR_REASON_ALLOCATION, false);
    gcr_ref object = pinned_alloc_block(h, bytes);
    if (object == NULL)
        return NULL;
    memset(object, 0, bytes);
    gcr_layout_set(layout, object,
                   GCR_HEADER_FORWARDED | GCR_HEADER_EXTERNAL | GCR_HEADER_UNVISITED, length);
    h->pinned_allowance -= (int64_t)bytes;
    return object;
}

void semispace_add_pinned(struct gcr_semispace *h, gcr_ref object)
{
    const struct gcr_layout *layout = gcr_layout_of(&h->layouts, object);
    bool pushed = gcr_vector_push_word(&h->pinned, (uintptr_t)object);
    GCR_CHECK(1, pushed);
    (void)pushed;
    h->pinned_object_bytes += pinned_object_bytes(layout, object);
    h->pinned_header_bytes += layout->payload;
    h->tally.header_bytes += layout->payload;
}

void semispace_free_pinned(struct gcr_semispace *h, gcr_ref object)
{
    gcr_system_heap_free(&h->pinned_heap, object);
}

static void pinned_free_dead(struct gcr_semispace *h, gcr_ref object)
{
    const struct gcr_layout *layout = gcr_layout_of(&h->layouts, object);
    h->pinned_object_bytes -= pinned_object_bytes(layout, object);
    h->pinned_header_bytes -= layout->payload;
    semispace_free_pinned(h, object);
}

uint64_t semispace_sweep_pinned(struct gcr_semispace *h)
{
    size_t count = gcr_vector_count(&h->pinned), kept = 0;
    for (size_t i = 0; i < count; i++) {
        gcr_ref object = *(gcr_ref *)gcr_vector_at(&h->pinned, i);
        uint64_t *header = gcr_object_word(object, 0);
        if (gcr_header_is(*header, GCR_HEADER_UNVISITED)) {
            pinned_free_dead(h, object);
            continue;
        }
        *header |= GCR_HEADER_UNVISITED;
        *(gcr_ref *)gcr_vector_at(&h->pinned, kept++) = object;
    }
    gcr_vector_truncate(&h->pinned, kept);
    h->pinned_allowance = (int64_t)(h->pinned_object_bytes + h->space_bytes);
    return count - kept;
}

void semispace_scan_prebuilt(struct gcr_semispace *h)
{
    for (char *at = h->prebuilt.start; at < h->prebuilt.free;) {
        gcr_ref object = (gcr_ref)(void *)at;
        const struct gcr_layout *layout = gcr_layout_of(&h->layouts, object);
        uint64_t count;
        gcr_ref *slots = gcr_layout_slots(layout, object, &count);
        for (uint64_t i = 0; i < count; i++)
            semispace_forward_slot(h, &slots[i]);
        at += gcr_layout_object_bytes(layout, object);
    }
}

/* Drops dead weak reference objects from the list, clears or updates the targets of the others. An
 * object without a target stays on the list: it may be given one later. */
void semispace_update_weak(struct gcr_semispace *h)
{
    size_t count = gcr_vector_count(&h->weak), kept = 0;
    for (size_t i = 0; i < count; i++) {
        gcr_ref object = *(gcr_ref *)gcr_vector_at(&h->weak, i);
        if (!semispace_survives(object))
            continue;
        object = semispace_new_address(object);
        gcr_ref *target = gcr_object_weak_word(object);
        if (*target != NULL)
            *target = semispace_survives(*target) ? semispace_new_address(*target) : NULL;
        *(gcr_ref *)gcr_vector_at(&h->weak, kept++) = object;
    }
    gcr_vector_truncate(&h->weak, kept);
}
