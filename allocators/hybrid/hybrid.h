/* hybrid: state and internal interface. A copying heap with a nursery (common/young_heap.h) whose
 * long-lived objects leave the spaces for external blocks.
 *
 *     generation 1   the nursery
 *     generation 2   the space, or an external block of age < 3, UNVISITED between collections
 *     generation 3   external blocks of age 3, and prebuilt objects
 *
 * Invariants (hybrid_check), besides those of young_heap.h: UNVISITED is set exactly on external
 * objects of generation 2 between collections; their age is below 3, that of generation 3 is 3. */
#ifndef GCR_ALLOCATORS_HYBRID_HYBRID_H
#define GCR_ALLOCATORS_HYBRID_HYBRID_H

#include "allocators/common/young_heap.h"

enum { HYBRID_MIN_NURSERY_BYTES = 128 * 1024 };

struct gcr_hybrid {
    struct gcr_young_heap young;
    /* options */
    uint64_t large_bytes, large_pointers_bytes;
    uint32_t max_age, period;

    uint32_t rounds; /* full collections since the last one of generation 3 */
    bool all_next;   /* the next full collection is one of generation 3 */
    bool all;        /* the present one is */
    uint64_t all_rounds;
    uint64_t aged_objects, aged_bytes; /* moved to external blocks */
    uint64_t freed_externals;
};

static inline struct gcr_hybrid *hybrid_of(struct gcr_heap *heap)
{
    return (struct gcr_hybrid *)heap;
}

extern const struct gcr_collector gcr_collector_hybrid;
extern const struct gcr_copy_design hybrid_design;

/* ---- collect.c ---- */

/* A collection of all three generations. */
bool hybrid_collect_all(struct gcr_hybrid *h, enum gcr_reason reason);

/* ---- sweep.c ---- */

/* Sets UNVISITED on all of generation 3. */
void hybrid_unvisit(struct gcr_hybrid *h);
/* struct gcr_copy_design.sweep: generation 3 if it is its round, then generation 2 always. */
uint64_t hybrid_sweep(struct gcr_copy_heap *copy);

/* ---- hybrid.c ---- */

/* With a budget: S after a full collection, if `extra` more bytes are committed outside. */
size_t hybrid_share(const struct gcr_copy_heap *h, uint64_t extra);
bool hybrid_last_resort(struct gcr_copy_heap *h, uint64_t bytes, bool outside);
bool hybrid_check(struct gcr_heap *heap, int level, struct gcr_error *err);

#endif
