/* What the parts of the size-class pools (pools*.c) share with each other and with nobody else. */
#ifndef GCR_ALLOCATORS_COMMON_POOLS_PARTS_H
#define GCR_ALLOCATORS_COMMON_POOLS_PARTS_H

#include "allocators/common/pools.h"

struct gcr_arena {
    uintptr_t start;               /* 0: entry without an arena */
    uintptr_t next_pool;           /* first pool never handed out */
    struct gcr_pool *free_pools;   /* empty pools that were in use before, by `next` */
    struct gcr_arena *next, *prev; /* in usable order; `next` also chains spare entries */
    uint32_t free_count;           /* free_pools and never used ones */
    uint32_t pool_count;
};

static inline size_t gcr_pools_class_bytes(const struct gcr_pools *pools, uint32_t size_class)
{
    return (size_t)(size_class + 1) << pools->class_shift;
}

/* The arena's first pool; pools from there to next_pool have been in use at some time. */
static inline uintptr_t gcr_arena_first_pool(const struct gcr_pools *pools,
                                             const struct gcr_arena *arena)
{
    return (arena->start + pools->pool_mask) & ~pools->pool_mask;
}

/* ---- pools_arenas.c ---- */

/* Reserves the table. False: no address space. */
bool gcr_pools_arenas_init(struct gcr_pools *pools) GCR_MUST_USE;
/* Gives back all arenas and the table. */
void gcr_pools_arenas_finish(struct gcr_pools *pools);
/* Takes one pool from the usable arena with the fewest free ones. NULL: no page. O(1). */
struct gcr_pool *gcr_pools_take_pool(struct gcr_pools *pools) GCR_MUST_USE;
/* One more free pool: restores the order of usable arenas, and gives the arena back if all its
 * pools are free and it is not the last. O(1). */
void gcr_pools_put_pool(struct gcr_pools *pools, struct gcr_arena *arena, struct gcr_pool *pool);

/* ---- pools_look.c ---- */

/* The next pool that has ever been in use. NULL: no more. */
const struct gcr_pool *gcr_pools_next_carved(struct gcr_pools_cursor *cursor);

/* ---- pools_tree.c ---- */

size_t gcr_pools_tree_bytes(void); /* of the top node, which the caller provides, zeroed */
/* Enters an arena. False, and nothing entered, if the supply refused. */
bool gcr_pools_tree_insert(struct gcr_pools *pools, uintptr_t start) GCR_MUST_USE;
void gcr_pools_tree_remove(struct gcr_pools *pools, uintptr_t start);
/* Gives back all nodes below the top. */
void gcr_pools_tree_finish(struct gcr_pools *pools);

#endif
