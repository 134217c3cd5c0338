/* What allocation in a copying heap has in common: lists, carving, external and prebuilt objects,
 * shrinking bodies.
 *
 * Everything that can collect (room in the space, room on the lists) comes first; after that the
 * object is carved and registered without a safepoint in between. */
#include "allocators/common/copy_heap.h"

/* ---- lists ---- */

uint64_t gcr_copy_list_growth(const struct gcr_vector *list, size_t count)
{
    if (list->committed_bytes - list->used_bytes >= count * list->element_bytes)
        return 0;
    return 2 * (list->committed_bytes + GCR_PAGE_BYTES);
}

static bool weak_reserve(struct gcr_copy_heap *h)
{
    uint64_t growth = gcr_copy_list_growth(&h->weak.young, 1) +
                      gcr_copy_list_growth(&h->weak.old, gcr_vector_count(&h->weak.young) + 1);
    if (growth == 0)
        return true;
    if (!gcr_copy_make_side_room(h, growth))
        return false;
    return gcr_weak_list_reserve(&h->weak) ||
           (gcr_copy_collect(h, GCR_REASON_EMERGENCY, false) && gcr_weak_list_reserve(&h->weak));
}

static bool finalizer_reserve(struct gcr_copy_heap *h)
{
    uint64_t growth = gcr_copy_list_growth(&h->finalizers.entries, 1);
    if (growth == 0)
        return true;
    if (!gcr_copy_make_side_room(h, growth))
        return false;
    return gcr_finalizer_list_reserve(&h->finalizers) ||
           (gcr_copy_collect(h, GCR_REASON_EMERGENCY, false) &&
            gcr_finalizer_list_reserve(&h->finalizers));
}

bool gcr_copy_reserve_lists(struct gcr_copy_heap *h, const struct gcr_shape *shape, bool prebuilt)
{
    if (gcr_shape_is(shape, GCR_SHAPE_WEAK) && !weak_reserve(h))
        return false;
    return prebuilt || !gcr_shape_has_finalizer(shape) || finalizer_reserve(h);
}

void gcr_copy_register(struct gcr_copy_heap *h, const struct gcr_shape *shape, gcr_ref object,
                       uint32_t cookie, bool prebuilt, bool young)
{
    if (gcr_shape_is(shape, GCR_SHAPE_WEAK))
        gcr_weak_list_add(&h->weak, object, young);
    if (!prebuilt && gcr_shape_has_finalizer(shape))
        gcr_finalizer_list_add(&h->finalizers, object, cookie);
}

/* ---- carving ---- */

void gcr_copy_count_allocated(struct gcr_copy_heap *h, const struct gcr_shape *shape,
                              uint64_t length)
{
    h->heap.work.allocated_objects++;
    h->heap.work.allocated_bytes += gcr_shape_object_bytes(shape, length);
}

gcr_ref gcr_copy_carve(struct gcr_copy_heap *h, const struct gcr_layout *layout, uint64_t length)
{
    gcr_ref object = (gcr_ref)(void *)h->space.free;
    h->space.free += gcr_layout_bytes(layout, length);
    GCR_CHECK(1, h->space.free <= h->space.limit);
    gcr_layout_set(layout, object, h->design->old_flags, length);
    h->tally.header_bytes += layout->payload;
    return object;
}

uint64_t gcr_copy_body_bytes(const struct gcr_copy_heap *h, const struct gcr_shape *shape,
                             uint64_t length)
{
    uint64_t header = h->layouts.row[shape->number].header;
    if (length == 0 || !gcr_header_is(header, GCR_HEADER_RESIZABLE))
        return 0;
    return gcr_layout_bytes(gcr_layout_body(&h->layouts, shape->number), length);
}

/* ---- external objects ---- */

/* Room for a block, with the step ahead that the general heap would like, or without. */
static bool external_make_side_room(struct gcr_copy_heap *h, uint64_t bytes, bool collect)
{
    uint64_t least = gcr_page_round((size_t)bytes) + GCR_EXTERNAL_SPARE_BYTES +
                     gcr_externals_reserve_bytes(&h->external);
    if (gcr_copy_make_side_room_now(h, least + GCR_EXTERNAL_STEP_BYTES))
        return true;
    return collect ? gcr_copy_make_side_room(h, least) : gcr_copy_make_side_room_now(h, least);
}

static gcr_ref external_try(struct gcr_copy_heap *h, uint64_t bytes, bool collect)
{
    if (!external_make_side_room(h, bytes, collect) || !gcr_externals_reserve(&h->external, 1))
        return NULL;
    return gcr_externals_alloc(&h->external, bytes);
}

static gcr_ref external_block(struct gcr_copy_heap *h, uint64_t bytes)
{
    bool (*last_resort)(struct gcr_copy_heap *, uint64_t, bool) = h->design->last_resort;
    gcr_ref block = external_try(h, bytes, last_resort == NULL);
    if (block != NULL)
        return block;
    bool again = last_resort != NULL ? last_resort(h, bytes, true)
                                     : gcr_copy_collect(h, GCR_REASON_EMERGENCY, false);
    return again ? external_try(h, bytes, false) : NULL;
}

gcr_ref gcr_copy_alloc_external(struct gcr_copy_heap *h, const struct gcr_layout *layout,
                                uint64_t length)
{
    uint64_t bytes = gcr_layout_bytes(layout, length);
    if (h->budget_bytes == 0 && h->external_allowance < (int64_t)bytes)
        (void)gcr_copy_collect(h, GCR_REASON_ALLOCATION, false);
    if (h->out_of_work_memory)
        return NULL;
    gcr_ref object = external_block(h, bytes);
    if (object == NULL)
        return NULL;
    memset(object, 0, bytes);
    gcr_layout_set(layout, object,
                   h->design->old_flags | GCR_HEADER_FORWARDED | GCR_HEADER_EXTERNAL |
                       GCR_HEADER_UNVISITED,
                   length);
    gcr_externals_add(&h->external, &h->layouts, object, 2);
    h->tally.header_bytes += layout->payload;
    h->external_allowance -= (int64_t)bytes;
    return object;
}

/* ---- prebuilt objects ---- */

gcr_ref gcr_copy_op_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                             uint32_t cookie)
{
    struct gcr_copy_heap *h = gcr_copy_heap_of(heap);
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    uint64_t bytes = gcr_layout_bytes(layout, length);
    uint64_t body_bytes = gcr_copy_body_bytes(h, shape, length);
    if (!gcr_copy_reserve_lists(h, shape, true) ||
        !gcr_copy_make_side_room(h, gcr_page_round(bytes) + GCR_EXTERNAL_SPARE_BYTES) ||
        (body_bytes != 0 && !gcr_copy_make_room(h, body_bytes)))
        return NULL;
    gcr_ref object = gcr_immortals_add(&h->prebuilt, layout,
                                       GCR_HEADER_FORWARDED | GCR_HEADER_EXTERNAL |
                                           h->design->old_flags | h->design->immortal_flags,
                                       length);
    if (object == NULL)
        return NULL;
    if (body_bytes != 0) {
        gcr_ref body = gcr_copy_carve(h, gcr_layout_body(&h->layouts, shape->number), length);
        *gcr_object_body(object, gcr_object_header(object)) = body;
        if (h->design->bodied != NULL)
            h->design->bodied(h, object);
    }
    gcr_copy_register(h, shape, object, cookie, true, false);
    h->tally.object_bytes += gcr_shape_object_bytes(shape, length);
    h->tally.header_bytes += layout->payload;
    return object;
}

/* ---- bodies ---- */

void gcr_copy_shrink(struct gcr_copy_heap *h, const struct gcr_layout *layout, gcr_ref body,
                     uint64_t length)
{
    uint64_t dropped = (gcr_body_length(body) - length) * layout->item_bytes;
    uint64_t slack = gcr_layout_shrink(layout, body, length);
    h->tally.object_bytes -= dropped;
    if (gcr_header_is(gcr_object_header(body), GCR_HEADER_EXTERNAL))
        gcr_externals_adjust(&h->external, -(int64_t)dropped);
    else
        gcr_layout_fill(&h->layouts, (char *)body + gcr_layout_bytes(layout, length), slack);
}
