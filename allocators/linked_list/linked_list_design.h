/* linked-list as a counting design: what happens to one container. */
#ifndef GCR_ALLOCATORS_LINKED_LIST_DESIGN_H
#define GCR_ALLOCATORS_LINKED_LIST_DESIGN_H

#include "allocators/common/counting_collect.h"
#include "allocators/linked_list/linked_list.h"

static inline struct linked_list *linked_list_from(struct gcr_counting *c)
{
    return (struct linked_list *)c;
}

static inline void linked_list_enter(struct gcr_counting *c, gcr_ref container, bool large)
{
    struct linked_list *ll = linked_list_from(c);
    (void)large;
    gcr_head_init(linked_list_head(ll, container), ll->packed);
}

static inline bool linked_list_is_tracked(struct gcr_counting *c, gcr_ref container)
{
    struct linked_list *ll = linked_list_from(c);
    return gcr_head_is_tracked(linked_list_head(ll, container), ll->packed);
}

static inline void linked_list_join(struct gcr_counting *c, gcr_ref container)
{
    struct linked_list *ll = linked_list_from(c);
    gcr_head_track(&ll->generation[0], linked_list_head(ll, container), ll->packed);
}

static inline void linked_list_quit(struct gcr_counting *c, gcr_ref container)
{
    struct linked_list *ll = linked_list_from(c);
    gcr_head_untrack(linked_list_head(ll, container), ll->packed);
}

static inline bool linked_list_take_finalizer_turn(struct gcr_counting *c, gcr_ref container)
{
    struct linked_list *ll = linked_list_from(c);
    struct gcr_gc_head *head = linked_list_head(ll, container);
    if (gcr_head_is_finalized(head, ll->packed))
        return false;
    gcr_head_set_finalized(head, ll->packed);
    return true;
}

static inline void linked_list_leave(struct gcr_counting *c, gcr_ref container)
{
    if (linked_list_is_tracked(c, container))
        linked_list_quit(c, container);
}

static inline void linked_list_free_block(struct gcr_counting *c,
                                          const struct gcr_counting_type *type, gcr_ref object,
                                          void *block)
{
    if (GCR_UNLIKELY((gcr_counted(object)->type & GCR_COUNTED_LARGE) != 0))
        gcr_system_heap_free(&c->system, block);
    else
        gcr_pools_free(gcr_counting_pools_for(c, type), block);
}

static inline bool linked_list_promise(struct gcr_counting *c, const struct gcr_counting_type *type,
                                       void *block)
{
    (void)c;
    (void)type;
    (void)block;
    return true; /* a head has room for everything */
}

/* The members in which the two differ come first. */
#define LINKED_LIST_DESIGN(side, bury_one, bury_all)                                               \
    {                                                                                              \
        .side_counts = (side), .bury = (bury_one), .bury_queued = (bury_all),                      \
        .min_container_bytes = 0, .enter = linked_list_enter,                                      \
        .is_tracked = linked_list_is_tracked, .track = linked_list_join,                           \
        .untrack = linked_list_quit, .take_finalizer_turn = linked_list_take_finalizer_turn,       \
        .leave = linked_list_leave, .free_block = linked_list_free_block,                          \
        .collect = gcr_linked_list_collect, .promise = linked_list_promise                         \
    }

static const struct gcr_counting_design linked_list_design =
    LINKED_LIST_DESIGN(false, gcr_linked_list_bury, gcr_linked_list_bury_queued);
static const struct gcr_counting_design linked_list_side_design =
    LINKED_LIST_DESIGN(true, gcr_linked_list_side_bury, gcr_linked_list_side_bury_queued);

#endif
