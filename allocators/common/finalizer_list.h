/* Objects with finalizers, in the order of their registration, each with the host's cookie for it.
 *
 * Between collections every entry is KEPT. A collection decides the fate of each entry
 * (finalizer_order.h, or a rule of its own), brings the addresses up to date, and runs and drops
 * what is to be finalized. */
#ifndef GCR_ALLOCATORS_COMMON_FINALIZER_LIST_H
#define GCR_ALLOCATORS_COMMON_FINALIZER_LIST_H

#include "allocators/collector.h"
#include "allocators/common/vector.h"

enum gcr_finalizer_fate {
    GCR_FINALIZER_KEPT,      /* stays registered */
    GCR_FINALIZER_UNREACHED, /* inside a collection: not yet decided */
    GCR_FINALIZER_RUN        /* is finalized at the end of this collection, and taken off */
};

struct gcr_finalizable {
    gcr_ref object;
    uint32_t cookie;
    uint32_t fate; /* enum gcr_finalizer_fate */
};
_Static_assert(sizeof(struct gcr_finalizable) == 16, "a pair of words an entry");

struct gcr_finalizer_list {
    struct gcr_vector entries; /* struct gcr_finalizable, on side pages */
};

void gcr_finalizer_list_init(struct gcr_finalizer_list *list, struct gcr_supply *supply);
void gcr_finalizer_list_finish(struct gcr_finalizer_list *list);

static inline bool gcr_shape_has_finalizer(const struct gcr_shape *shape)
{
    return gcr_shape_is(shape, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER);
}

static inline size_t gcr_finalizer_list_count(const struct gcr_finalizer_list *list)
{
    return gcr_vector_count(&list->entries);
}
static inline struct gcr_finalizable *gcr_finalizer_list_at(const struct gcr_finalizer_list *list,
                                                            size_t index)
{
    return gcr_vector_at(&list->entries, index);
}

/* Room for one more: before the object exists, so that registering it cannot fail. */
bool gcr_finalizer_list_reserve(struct gcr_finalizer_list *list) GCR_MUST_USE;
/* At the end; room was reserved. */
void gcr_finalizer_list_add(struct gcr_finalizer_list *list, gcr_ref object, uint32_t cookie);

/* Calls the host's finalizer for the entries with fate RUN, in list order, and takes them off.
 * Counts heap->work.finalized; returns how many. Tells the host of GCR_PHASE_FINALIZE before the
 * first. The heap must be whole: it is the end of a collection. */
uint64_t gcr_finalizer_list_run(struct gcr_finalizer_list *list, struct gcr_heap *heap);

#endif
