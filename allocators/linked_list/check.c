/* The lists of heads against each other and against the objects; what all counting designs have in
 * common is checked by counting_check.c. Level 2. */
#include "allocators/linked_list/linked_list.h"

struct census {
    struct linked_list *ll;
    struct gcr_error *err;
    uint64_t listed; /* elements of all lists */
};

/* ---- lists ---- */

static bool list_fault(const struct census *c, const char *list, const struct gcr_gc_head *head,
                       const char *what)
{
    gcr_fail(c->err, GCR_FAULT, "linked-list: %s, head %p: %s", list, (const void *)head, what);
    return false;
}

static bool check_element(const struct census *c, const char *list, const struct gcr_gc_head *head)
{
    const struct linked_list *ll = c->ll;
    gcr_ref object = gcr_head_object(head, ll->head_distance);
    if (ll->packed ? (head->prev & GCR_PREV_COLLECTING) != 0
                   : gcr_wide_refs(head) != GCR_REFS_REACHABLE)
        return list_fault(c, list, head, "collecting outside a collection");
    if (head->next & GCR_NEXT_UNREACHABLE)
        return list_fault(c, list, head, "flagged unreachable outside a collection");
    if (gcr_head_prev(gcr_head_next(head)) != head)
        return list_fault(c, list, head, "next.prev is not itself");
    uint64_t shape = gcr_counted(object)->type & GCR_COUNTED_SHAPE_MASK;
    if (shape == 0 || shape > ll->counting.base.host->shape_count ||
        !gcr_counting_type_is(&ll->counting.types[shape], GCR_SHAPE_CONTAINER))
        return list_fault(c, list, head, "not a container");
    if (gcr_count_get(&ll->counting, ll->counting.side_counted, object) == 0)
        return list_fault(c, list, head, "its count is zero");
    if (ll->counting.base.report_frees && !gcr_object_set_has(&ll->counting.objects, object))
        return list_fault(c, list, head, "freed, but still listed");
    return true;
}

static bool check_list(struct census *c, const char *name, const struct gcr_gc_head *list)
{
    if (list->next & GCR_NEXT_UNREACHABLE || list->prev & GCR_PREV_FLAGS)
        return list_fault(c, name, list, "flags in the list's head");
    if (gcr_head_prev(gcr_head_next(list)) != list)
        return list_fault(c, name, list, "next.prev is not itself");
    for (const struct gcr_gc_head *head = gcr_head_next(list); head != list;
         head = gcr_head_next(head)) {
        if (++c->listed > c->ll->counting.live_containers)
            return list_fault(c, name, head, "more elements than containers: a circle");
        if (!check_element(c, name, head))
            return false;
    }
    return true;
}

static bool check_lists(struct census *c)
{
    static const char *const name[] = {"generation 0", "generation 1", "generation 2"};
    for (int g = 0; g < GCR_COUNTING_GENERATIONS; g++) {
        if (!check_list(c, name[g], &c->ll->generation[g]))
            return false;
    }
    return check_list(c, "permanent generation", &c->ll->permanent);
}

bool gcr_linked_list_check(struct gcr_heap *heap, int level, struct gcr_error *err)
{
    struct census c = {.ll = linked_list_of(heap), .err = err};
    return check_lists(&c) && gcr_counting_check(&c.ll->counting, level, c.listed, err);
}
