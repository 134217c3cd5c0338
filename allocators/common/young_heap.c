/* A copying heap with a nursery: its life, its figures and its invariants. */
#include "allocators/common/young_heap.h"

/* ---- life ---- */

/* For the remembered set: room for its list, from the spaces if there is a budget. */
static bool young_make_list_room(void *owner, size_t bytes)
{
    struct gcr_copy_heap *h = owner;
    return h->collecting || gcr_copy_make_side_room_now(h, bytes);
}

void gcr_young_init(struct gcr_young_heap *h, const struct gcr_option_values *options,
                    size_t min_bytes)
{
    enum { ZEROING_STEPS = 1, FILTER_YOUNG = 1 };
    bool steps = gcr_option_number(options, "zeroing") == ZEROING_STEPS;
    gcr_nursery_init(&h->nursery, steps ? (size_t)gcr_option_number(options, "zero-step") : 0);
    gcr_remember_init(&h->remembered, h->copy.heap.supply, &h->copy.heap.work);
    h->remembered.make_room = young_make_list_room;
    h->remembered.owner = &h->copy;
    if (gcr_option_number(options, "filter") == FILTER_YOUNG)
        h->remembered.filter = &h->nursery;
    h->nominal_bytes = gcr_page_round((size_t)gcr_option_number(options, "nursery"));
    h->min_bytes = h->nominal_bytes < min_bytes ? h->nominal_bytes : min_bytes;
    h->small_cap_bytes = UINT64_MAX;
    h->place = gcr_young_place_by_limits;
}

void gcr_young_open(struct gcr_young_heap *h)
{
    gcr_young_end_full(&h->copy);
}

void gcr_young_destroy(struct gcr_young_heap *h, size_t heap_bytes)
{
    gcr_remember_finish(&h->remembered);
    gcr_copy_heap_destroy(&h->copy, heap_bytes);
}

/* ---- looking ---- */

size_t gcr_young_figures(struct gcr_heap *heap, struct gcr_design_figure *out)
{
    const struct gcr_young_heap *h = gcr_young_heap_of(heap);
    size_t count = gcr_copy_figures(&h->copy, out);
    const struct gcr_design_figure figures[] = {
        {"minor collections", "collections", (double)h->minor_collections, GCR_DESIGN_SUM},
        {"nursery size", "bytes", (double)h->next_bytes, GCR_DESIGN_MAX},
        {"collected nursery bytes", "bytes", (double)h->nursery_allocated_bytes, GCR_DESIGN_SUM},
        {"promoted bytes", "bytes", (double)h->promoted_bytes, GCR_DESIGN_SUM},
        {"zeroed nursery bytes", "bytes", (double)h->nursery.zeroed_bytes, GCR_DESIGN_SUM},
        {"remembered objects", "objects", (double)gcr_vector_count(&h->remembered.objects),
         GCR_DESIGN_MAX},
        {"last-generation roots", "objects", (double)gcr_vector_count(&h->remembered.last),
         GCR_DESIGN_MAX},
    };
    memcpy(out + count, figures, sizeof figures);
    return count + GCR_COUNT_OF(figures);
}

void gcr_young_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg)
{
    struct gcr_young_heap *h = gcr_young_heap_of(heap);
    const struct gcr_nursery *nursery = &h->nursery;
    gcr_copy_walk(&h->copy, nursery->start, nursery->free, nursery->start + nursery->bytes, visit,
                  arg);
}

bool gcr_young_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target)
{
    struct gcr_young_heap *h = gcr_young_heap_of(heap);
    GCR_STORE_AS(GCR_CAUSE_DATA, *gcr_object_weak_word(weak), target);
    if (!gcr_nursery_has(&h->nursery, target) || gcr_nursery_has(&h->nursery, weak))
        return true;
    struct gcr_weak_list *list = &h->copy.weak;
    uint64_t growth = gcr_copy_list_growth(&list->retargeted, 1);
    if (growth == 0 || gcr_copy_make_side_room_now(&h->copy, growth))
        gcr_weak_list_retarget(list, weak);
    else
        list->retargeted_lost = true;
    return true;
}

/* ---- check ---- */

/* What the check of each object needs besides the heap. */
struct young_check {
    struct gcr_young_heap *h;
    size_t unremembered, unlisted; /* objects found without NO_YOUNG resp. NO_HEAP */
    bool (*more)(struct gcr_copy_check *check, gcr_ref object);
};

static bool refers_to_young(const struct gcr_young_heap *h, gcr_ref object)
{
    uint64_t count;
    const gcr_ref *slots =
        gcr_layout_slots(gcr_layout_of(&h->copy.layouts, object), object, &count);
    for (uint64_t i = 0; i < count; i++)
        if (gcr_nursery_has(&h->nursery, slots[i]))
            return true;
    return false;
}

/* The barrier's two bits against what the object refers to. */
static bool young_check_object(struct gcr_copy_check *check, gcr_ref object)
{
    struct young_check *young = check->arg;
    struct gcr_young_heap *h = young->h;
    uint64_t header = gcr_object_header(object);
    if (gcr_nursery_has(&h->nursery, object)) {
        if (gcr_header_is(header, GCR_HEADER_NO_YOUNG | GCR_HEADER_NO_HEAP | GCR_HEADER_AGE_MASK))
            return gcr_copy_check_fail(check, "old object's flag in the nursery", (void *)object);
        return true;
    }
    if (!gcr_header_is(header, GCR_HEADER_NO_YOUNG))
        young->unremembered++;
    else if (!h->remembered.incomplete && refers_to_young(h, object))
        return gcr_copy_check_fail(
            check, "old object refers into the nursery and is not remembered", (void *)object);
    if (gcr_remember_is_last(header)) {
        if (!gcr_header_is(header, GCR_HEADER_NO_HEAP))
            young->unlisted++;
        else if (!h->remembered.last_incomplete && gcr_young_refers_to_younger(&h->copy, object))
            return gcr_copy_check_fail(
                check, "last-generation object refers to a younger one and is not listed",
                (void *)object);
    } else if (gcr_header_is(header, GCR_HEADER_NO_HEAP)) {
        return gcr_copy_check_fail(check, "last-generation flag on a younger object",
                                   (void *)object);
    }
    return young->more == NULL || young->more(check, object);
}

/* Everything on the list is without the bit, once: the numbers agree, and no entry has it. */
static bool young_check_list(struct gcr_copy_check *check, const struct gcr_vector *list,
                             size_t found, uint64_t bit, const char *what)
{
    for (size_t i = 0; i < gcr_vector_count(list); i++) {
        gcr_ref object = gcr_externals_at(list, i);
        if (gcr_header_is(gcr_object_header(object), bit))
            return gcr_copy_check_fail(check, what, (void *)object);
    }
    return gcr_vector_count(list) == found || gcr_copy_check_fail(check, what, list->start);
}

bool gcr_young_check(struct gcr_heap *heap, int level,
                     bool (*more)(struct gcr_copy_check *check, gcr_ref object),
                     struct gcr_error *err)
{
    struct gcr_young_heap *h = gcr_young_heap_of(heap);
    struct gcr_nursery *nursery = &h->nursery;
    struct young_check young = {.h = h, .more = more};
    struct gcr_copy_check check = {.h = &h->copy,
                                   .level = level,
                                   .err = err,
                                   .young_start = nursery->start,
                                   .young_free = nursery->free,
                                   .young_end = nursery->start + nursery->bytes,
                                   .allowed_flags = GCR_HEADER_NO_YOUNG | GCR_HEADER_AGE_MASK,
                                   .object = young_check_object,
                                   .arg = &young};
    const char *fault = gcr_nursery_check(nursery, level);
    if (fault != NULL)
        return gcr_copy_check_fail(&check, fault, nursery->start);
    if (nursery->start != NULL && (nursery->start < h->copy.space.to.start ||
                                   nursery->start + nursery->bytes > h->copy.space.free))
        return gcr_copy_check_fail(&check, "nursery outside the space in use", nursery->start);
    return gcr_copy_check(&check) &&
           young_check_list(&check, &h->remembered.objects, young.unremembered, GCR_HEADER_NO_YOUNG,
                            "remembered set and flags disagree") &&
           young_check_list(&check, &h->remembered.last, young.unlisted, GCR_HEADER_NO_HEAP,
                            "last-generation roots and flags disagree");
}
