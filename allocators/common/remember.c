/* The remembered set's slow paths. */
#include "allocators/common/remember.h"

void gcr_remember_init(struct gcr_remember *set, struct gcr_supply *supply, struct gcr_work *work)
{
    *set = (struct gcr_remember){.work = work};
    gcr_vector_init(&set->objects, supply, GCR_PAGES_WORK, sizeof(gcr_ref));
    gcr_vector_init(&set->last, supply, GCR_PAGES_WORK, sizeof(gcr_ref));
}

void gcr_remember_finish(struct gcr_remember *set)
{
    gcr_vector_finish(&set->objects);
    gcr_vector_finish(&set->last);
}

/* One more element; a growing list asks its owner first, and for a moment may hold its contents
 * twice. */
static bool remember_push(struct gcr_remember *set, struct gcr_vector *list, gcr_ref object)
{
    if (list->committed_bytes - list->used_bytes < sizeof object && set->make_room != NULL &&
        !set->make_room(set->owner, 2 * (list->committed_bytes + GCR_PAGE_BYTES)))
        return false;
    return gcr_vector_push_word(list, (uintptr_t)object);
}

void gcr_remember_add(struct gcr_remember *set, gcr_ref object)
{
    if (GCR_LIKELY(remember_push(set, &set->objects, object)))
        GCR_STORE_AS(GCR_CAUSE_HEADER, *gcr_object_word(object, 0),
                     gcr_object_header(object) & ~GCR_HEADER_NO_YOUNG);
    else
        set->incomplete = true;
}

void gcr_remember_add_last(struct gcr_remember *set, gcr_ref object)
{
    if (GCR_LIKELY(remember_push(set, &set->last, object)))
        GCR_STORE_AS(GCR_CAUSE_HEADER, *gcr_object_word(object, 0),
                     gcr_object_header(object) & ~GCR_HEADER_NO_HEAP);
    else
        set->last_incomplete = true;
}

gcr_ref gcr_remember_pop(struct gcr_remember *set)
{
    const gcr_ref *element = gcr_vector_pop(&set->objects);
    if (element == NULL)
        return NULL;
    GCR_STORE_AS(GCR_CAUSE_HEADER, *gcr_object_word(*element, 0),
                 gcr_object_header(*element) | GCR_HEADER_NO_YOUNG);
    return *element;
}

void gcr_remember_clear(struct gcr_remember *set)
{
    while (gcr_remember_pop(set) != NULL)
        continue;
    set->incomplete = false;
}

/* ---- the barrier ---- */

/* Both lists, for a value of unknown age. */
static void remember_both(struct gcr_remember *set, gcr_ref object, bool young, bool heap)
{
    uint64_t header = gcr_object_header(object);
    if (heap && gcr_header_is(header, GCR_HEADER_NO_HEAP))
        gcr_remember_add_last(set, object);
    if (young && gcr_header_is(header, GCR_HEADER_NO_YOUNG))
        gcr_remember_add(set, object);
}

GCR_NOINLINE void gcr_remember_store_slow(struct gcr_remember *set, gcr_ref object, gcr_ref value)
{
    set->work->barriers++;
    if (set->filter == NULL)
        remember_both(set, object, true, true);
    else if (value != NULL)
        remember_both(set, object, gcr_nursery_has(set->filter, value),
                      !gcr_remember_is_last(gcr_object_header(value)));
}

/* What holds a slot: the object, or its body. */
static gcr_ref remember_holder(const struct gcr_layouts *layouts, gcr_ref object, uint32_t slot)
{
    uint64_t header = gcr_object_header(object);
    if (!gcr_header_is(header, GCR_HEADER_RESIZABLE) ||
        slot < layouts->shapes[gcr_layout_shape(object)].slots)
        return object;
    return *gcr_object_body(object, header);
}

void gcr_remember_store_resizable(struct gcr_remember *set, const struct gcr_layouts *layouts,
                                  gcr_ref object, uint32_t slot, gcr_ref value)
{
    gcr_ref holder = remember_holder(layouts, object, slot);
    gcr_remember_store(set, holder, gcr_object_header(holder), value);
    gcr_ref *at = gcr_layout_resizable_slot(layouts, object, slot);
    GCR_STORE_AS(GCR_CAUSE_DATA, *at, value);
}

void gcr_remember_copy(struct gcr_remember *set, gcr_ref dst, gcr_ref src)
{
    uint64_t lost = gcr_object_header(dst) & ~gcr_object_header(src) &
                    (GCR_HEADER_NO_YOUNG | GCR_HEADER_NO_HEAP);
    if (lost == 0)
        return;
    set->work->barriers++;
    remember_both(set, dst, gcr_header_is(lost, GCR_HEADER_NO_YOUNG),
                  gcr_header_is(lost, GCR_HEADER_NO_HEAP));
}

void gcr_remember_copy_slots(struct gcr_remember *set, const struct gcr_layouts *layouts,
                             gcr_ref dst, uint32_t dst_slot, gcr_ref src, uint32_t src_slot,
                             uint32_t n)
{
    if (n == 0)
        return;
    /* A range lies in the object, in its body, or in both: its ends tell which. */
    gcr_ref dst_first = remember_holder(layouts, dst, dst_slot);
    gcr_ref dst_end = remember_holder(layouts, dst, dst_slot + n - 1);
    gcr_ref src_first = remember_holder(layouts, src, src_slot);
    gcr_ref src_end = remember_holder(layouts, src, src_slot + n - 1);
    gcr_remember_copy(set, dst_first, src_first);
    if (dst_end != dst_first)
        gcr_remember_copy(set, dst_end, src_first);
    if (src_end != src_first)
        gcr_remember_copy(set, dst_first, src_end);
    if (dst_end != dst_first && src_end != src_first)
        gcr_remember_copy(set, dst_end, src_end);
    gcr_layout_copy_slots(layouts, dst, dst_slot, src, src_slot, n);
}
