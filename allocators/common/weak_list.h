/* The objects of weak shapes (common/layout.h) that a heap has, each once, with a young part for
 * designs with a nursery.
 *
 * Every weak reference object is entered when it is allocated, target or not: it may be given one
 * later. A collection drops the dead ones and clears or updates the targets of the others. Between
 * collections `old` holds those outside the nursery, `young` those in it, and `retargeted` old ones
 * that were given a target since the last minor collection, or whose target is pinned in the
 * nursery.
 *
 * Cost: a full update O(weak references), a minor one O(young + retargeted). */
#ifndef GCR_ALLOCATORS_COMMON_WEAK_LIST_H
#define GCR_ALLOCATORS_COMMON_WEAK_LIST_H

#include "allocators/common/layout.h"
#include "allocators/common/vector.h"

struct gcr_weak_list {
    struct gcr_vector old, young, retargeted; /* gcr_ref, on side pages */
    bool retargeted_lost; /* one found no room: the next minor update looks at all old ones */
};

void gcr_weak_list_init(struct gcr_weak_list *list, struct gcr_supply *supply);
void gcr_weak_list_finish(struct gcr_weak_list *list);

static inline size_t gcr_weak_list_count(const struct gcr_weak_list *list)
{
    return gcr_vector_count(&list->old) + gcr_vector_count(&list->young);
}

/* Room for one more, wherever it goes now and later: before the object exists. */
bool gcr_weak_list_reserve(struct gcr_weak_list *list) GCR_MUST_USE;
/* Room was reserved. young: the object lies in the nursery. */
void gcr_weak_list_add(struct gcr_weak_list *list, gcr_ref weak, bool young);

/* Designs with a nursery: a weak reference object outside the nursery was given a target. Never
 * fails: without room, the next minor update takes longer. */
void gcr_weak_list_retarget(struct gcr_weak_list *list, gcr_ref weak);

/* What an update asks of a design. */
struct gcr_weak_update {
    /* Where an object that survives the present collection is now (the same, if it has not moved);
     * NULL: it is dead. In a minor collection objects outside the nursery survive where they are.
     */
    gcr_ref (*survivor)(void *arg, gcr_ref object);
    /* Whether a survivor, by its new address, is still in the nursery (pinned). NULL: none is. */
    bool (*still_young)(void *arg, gcr_ref object);
    void *arg;
};

/* After marking or copying everything, while marks or stubs exist. */
void gcr_weak_list_update(struct gcr_weak_list *list, const struct gcr_weak_update *update);
/* The same in a design that knows where objects will be but has not moved them yet: entries are
 * read where they are, and then lead to where they will be. No young entries. */
void gcr_weak_list_update_in_place(struct gcr_weak_list *list,
                                   const struct gcr_weak_update *update);
/* The same in a minor collection. */
void gcr_weak_list_update_young(struct gcr_weak_list *list, const struct gcr_weak_update *update);

/* Every entry is of a weak shape. False: err names the first that is not. */
bool gcr_weak_list_check(const struct gcr_weak_list *list, const struct gcr_shape *shapes,
                         struct gcr_error *err);

#endif
