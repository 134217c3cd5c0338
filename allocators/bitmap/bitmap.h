/* bitmap: CPython's counting and cycle collection with bit planes in side tables instead of GC
 * heads.
 *
 * Source: the idea of python-dev, "Memory bitmaps for the Python cyclic garbage collector"
 * (Schemenauer, September 2017, with the objections of Peters and Pitrou); the algorithm of CPython
 * 3.11 Modules/gcmodule.c. docs/collectors/bitmap.md has layout, answers and deviations.
 *
 * A small container is a bare block from pools that lie in one reserved range. For each 64 blocks
 * of a pool there is a *group* of words, one a plane: TRACKED, GEN0, GEN1 (a two-bit code:
 * generation 0 to 2, 3 frozen) and, by option, ALLOC; groups lie in a side table in address order,
 * or by option in the pool's own header. FINALIZED is a plane that only pools with finalizers have.
 * During a collection there are, for the pools with candidates alone, CAND, DONE, UNREACH and one
 * 32-bit working count a candidate. Containers above the small limit have a GC head
 * (common/gc_head.h) and are on lists, as in linked-list.
 *
 * Invariants (check.c): no plane has a bit for a free block; the code of an untracked block is 0; a
 * pool with a block of code 0 or 1 is in its arena's words of young or middle pools; outside
 * collections no transient memory is held.
 *
 * Parts: planes.h (finding a block's bits), planes.c (side tables), transient.c (candidates and
 * what a collection needs), deduce.c (steps 1 to 3 and 6), collect.c (the steps in order), check.c,
 * bitmap.c (options, life cycle, descriptor); bitmap_design.h how one container is tracked;
 * bitmap_inline.h the mutator's fast paths. */
#ifndef GCR_ALLOCATORS_BITMAP_H
#define GCR_ALLOCATORS_BITMAP_H

#include "allocators/common/counting.h"
#include "allocators/common/gc_head.h"
#include "allocators/common/vector.h"

enum {
    BITMAP_HEAD_BYTES = 16, /* of large containers */
    BITMAP_FROZEN = GCR_COUNTING_GENERATIONS,
    BITMAP_LISTS = GCR_COUNTING_GENERATIONS + 1,
    BITMAP_MIN_CONTAINER = 24 /* 16 of count and type, one pointer */
};

/* Words of a group of permanent planes. */
enum { PLANE_TRACKED, PLANE_GEN0, PLANE_GEN1, PLANE_ALLOC };

/* Rows by arena number on side-table pages; a page is there while an arena has a part of it. */
struct bitmap_rows {
    char *start;
    size_t row_bytes, reserved_bytes;
};

/* 64 blocks of a pool with candidates, during a collection. */
struct bitmap_group {
    uint64_t candidate; /* CAND */
    uint64_t done;      /* DONE: found reachable; later: kept by a legacy finalizer */
    uint64_t unreachable;
    uint32_t first_count; /* where the working counts of these blocks begin */
    uint32_t pool;        /* index of its bitmap_pool */
};

/* A pool with candidates. The reference to its block number n is base + n x unit. */
struct bitmap_pool {
    uintptr_t base;
    uint64_t *planes; /* its permanent groups */
    uint32_t first_group, groups;
    uint32_t unit;
    uint32_t number;
    bool rescan; /* a reachable block of it did not fit into the work list */
};

/* What an edge to a block of a pool needs to know of it, by pool number. */
struct bitmap_pool_place {
    uint32_t group;      /* first group + 1; 0: no candidate */
    uint32_t reciprocal; /* of its class */
};

/* Everything that exists only during a collection. One mapping. */
struct bitmap_transient {
    char *start;
    size_t reserved_bytes, committed_bytes; /* committed: 0 outside collections */
    struct bitmap_pool_place *place_of_pool;
    struct bitmap_pool *pool;
    struct bitmap_group *group;
    uint64_t *scanned; /* SCANNED, by group; NULL without a cap */
    uint32_t *count;
    uint32_t pools, groups;
};

struct bitmap {
    struct gcr_counting counting;

    /* --- geometry, constant --- */
    bool granule;     /* a bit for each 8 or 16 bytes of a pool, not for each block */
    bool in_header;   /* permanent planes lie in the pool headers */
    bool alloc_plane; /* PLANE_ALLOC is kept */
    bool full_counts; /* a count for each block of a group, not for each candidate */
    uint32_t pool_shift, granule_shift;
    uint32_t pools_per_arena;
    uint32_t group_words;     /* planes in a group */
    uint32_t groups_per_pool; /* as many as the smallest container needs */
    uint32_t first_offset;    /* of a pool's first block */
    uint32_t first_ref;      /* of the reference to an object there: less if counts are elsewhere */
    uint32_t granule_ref;    /* offset of a small container's reference in its granule */
    uint32_t large_distance; /* from the head of a large container to the reference */
    uintptr_t range_start;   /* of all arenas of containers */
    uint64_t reciprocal[GCR_POOLS_MAX_CLASSES]; /* 2^32 / block bytes, rounded up */

    /* --- permanent side tables --- */
    struct bitmap_rows planes; /* not with in_header */
    struct bitmap_rows words;  /* young words, middle words, FINALIZED slots of an arena's pools */
    struct gcr_vector finalized; /* FINALIZED planes, groups_per_pool words each */
    uint32_t finalized_spare;    /* first free one + 1, chained through their first words */

    /* Large containers by generation, and frozen. */
    struct gcr_gc_head large[BITMAP_LISTS];

    struct bitmap_transient transient;
    struct gcr_vector work_list;
    uint64_t work_list_cap;            /* entries; 0: none */
    struct gcr_gc_head *pending_large; /* reachable, not yet scanned; chained through prev */
    uint32_t seen_flags; /* of the shapes of all that the running collection has scanned */

    /* --- figures --- */
    uint64_t skipped;              /* collections for lack of transient memory */
    uint64_t transient_peak_bytes; /* with the work list */
    uint64_t work_list_peak_bytes;
    uint64_t work_list_overflows; /* entries dropped */
    uint64_t rescanned_pools;
    uint64_t pools_visited;    /* with candidates, in all collections */
    uint64_t saturated;        /* true counts too large for a working count */
    uint64_t finalized_planes; /* now */
};

static inline struct bitmap *bitmap_of(struct gcr_heap *heap)
{
    return (struct bitmap *)heap;
}

/* ---- planes.c ---- */

/* Reserves side tables for the arenas of the container pools and joins their hooks. */
gcr_status gcr_bitmap_planes_init(struct bitmap *b, struct gcr_error *err) GCR_MUST_USE;
void gcr_bitmap_planes_finish(struct bitmap *b);
/* Makes sure that the pool of this block has a FINALIZED plane. False: refused. */
bool gcr_bitmap_promise_finalized(struct bitmap *b, const void *block);
/* All tracked containers become frozen; all frozen ones become old. O(planes). */
void gcr_bitmap_freeze(struct bitmap *b);
void gcr_bitmap_unfreeze(struct bitmap *b);
/* Number of bits in TRACKED. O(planes). */
uint64_t gcr_bitmap_count_tracked(const struct bitmap *b);

/* ---- transient.c ---- */

bool gcr_bitmap_transient_init(struct bitmap *b) GCR_MUST_USE;
void gcr_bitmap_transient_finish(struct bitmap *b);
/* Finds the candidates of a generation, takes all that the collection will need, and sets CAND.
 * *candidates: their number. False: refused, nothing has changed. */
bool gcr_bitmap_take_candidates(struct bitmap *b, uint32_t generation,
                                uint64_t *candidates) GCR_MUST_USE;
/* CAND = UNREACH; places of the working counts anew. Returns the number of candidates. */
uint64_t gcr_bitmap_retake_unreachable(struct bitmap *b);
/* Gives everything back. */
void gcr_bitmap_drop_transient(struct bitmap *b);

/* ---- deduce.c ---- */

/* Steps 1 to 3 on CAND and the list `young`: sets UNREACH, moves large unreachable containers to
 * `unreachable` (flagged as collecting). Returns how many are unreachable. */
uint64_t gcr_bitmap_deduce(struct bitmap *b, struct gcr_gc_head *young,
                           struct gcr_gc_head *unreachable);
/* Step 6: whatever legacy finalizers in UNREACH and its list reach there leaves both: DONE is set,
 * large ones move to `kept`. */
void gcr_bitmap_keep_legacy(struct bitmap *b, struct gcr_gc_head *unreachable,
                            struct gcr_gc_head *kept);

/* ---- collect.c ---- */

void gcr_bitmap_bury(struct gcr_counting *c, gcr_ref object);
void gcr_bitmap_bury_queued(struct gcr_counting *c);
void gcr_bitmap_side_bury(struct gcr_counting *c, gcr_ref object);
void gcr_bitmap_side_bury_queued(struct gcr_counting *c);
void gcr_bitmap_collect(struct gcr_counting *c, uint32_t generation, enum gcr_reason reason);

/* ---- check.c ---- */

bool gcr_bitmap_check(struct gcr_heap *heap, int level, struct gcr_error *err);

#endif
