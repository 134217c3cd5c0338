/* linked-list: CPython's reference counting with the generational cycle collector on linked lists.
 *
 * Source: CPython 3.11 Modules/gcmodule.c and Objects/obmalloc.c (Schemenauer, Peters, Marangozov,
 * Inada and others); layouts of 3.6 and 3.7 by option. docs/collectors/linked-list.md has the
 * algorithm, the layout to the byte and the deviations.
 *
 * Everything but the collector is common/counting.h; here containers carry a GC head
 * (common/gc_head.h) and are on a list for each generation.
 *
 * Parts: deduce.c (steps 1 to 3 and 6), collect.c (the steps in order), check.c; linked_list.c has
 * options, life cycle and the descriptor; linked_list_design.h how one container is tracked;
 * linked_list_inline.h the mutator's fast paths. */
#ifndef GCR_ALLOCATORS_LINKED_LIST_H
#define GCR_ALLOCATORS_LINKED_LIST_H

#include "allocators/common/counting.h"
#include "allocators/common/gc_head.h"

struct linked_list {
    struct gcr_counting counting;
    uint32_t head_bytes;    /* 16, 24 or 32 */
    uint32_t head_distance; /* from a head to the reference: less 8 if the count is elsewhere */
    bool packed;            /* head_bytes == 16: flags and counts share the two words */
    struct gcr_gc_head generation[GCR_COUNTING_GENERATIONS];
    struct gcr_gc_head permanent; /* frozen */
};

static inline struct linked_list *linked_list_of(struct gcr_heap *heap)
{
    return (struct linked_list *)heap;
}

static inline struct gcr_gc_head *linked_list_head(const struct linked_list *ll, gcr_ref object)
{
    return gcr_head_at(object, ll->head_distance);
}

/* ---- deduce.c ---- */

/* Steps 1 to 3: splits the list `young` into what is referred to from outside (stays) and the rest
 * (moves to `unreachable`, flagged so). Returns the number of candidates; *moved gets the number of
 * the unreachable ones, *untracked that of tuples untracked on the way (layouts up to 3.7). */
uint64_t gcr_linked_list_deduce(struct linked_list *ll, struct gcr_gc_head *young,
                                struct gcr_gc_head *unreachable, bool untrack, uint64_t *moved,
                                uint64_t *untracked);
/* Step 6: moves objects with legacy finalizers, and all they reach in `unreachable`, to
 * `finalizers`. */
void gcr_linked_list_move_legacy(struct linked_list *ll, struct gcr_gc_head *unreachable,
                                 struct gcr_gc_head *finalizers);

/* ---- collect.c ---- */

void gcr_linked_list_bury(struct gcr_counting *c, gcr_ref object);
void gcr_linked_list_bury_queued(struct gcr_counting *c);
void gcr_linked_list_side_bury(struct gcr_counting *c, gcr_ref object);
void gcr_linked_list_side_bury_queued(struct gcr_counting *c);
void gcr_linked_list_collect(struct gcr_counting *c, uint32_t generation, enum gcr_reason reason);

/* ---- check.c ---- */

bool gcr_linked_list_check(struct gcr_heap *heap, int level, struct gcr_error *err);

#endif
