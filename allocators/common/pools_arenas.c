/* Arenas: their table, their order, and the pools they hand out and take back. */
#include "allocators/common/pools_parts.h"

enum { MAX_ARENAS = 1 << 20 };

/* ---- the table ---- */

/* One range for all arenas: what was asked for, halved until the system grants it. */
static bool reserve_range(struct gcr_pools *pools)
{
    size_t arena_bytes = pools->options.arena_bytes;
    for (uint64_t bytes = pools->options.range_bytes & ~(uint64_t)(arena_bytes - 1);
         bytes >= arena_bytes; bytes = (bytes / 2) & ~(uint64_t)(arena_bytes - 1)) {
        void *start = gcr_supply_reserve(pools->supply, bytes, arena_bytes);
        if (start == NULL)
            continue;
        pools->range_start = (uintptr_t)start;
        pools->range_bytes = bytes;
        pools->arenas_max = (uint32_t)(bytes / arena_bytes);
        return true;
    }
    return false;
}

static size_t table_bytes(const struct gcr_pools *pools)
{
    return gcr_page_round(pools->arenas_max * sizeof(struct gcr_arena));
}

bool gcr_pools_arenas_init(struct gcr_pools *pools)
{
    pools->arenas_max = MAX_ARENAS;
    if (pools->options.range_bytes != 0 && !reserve_range(pools))
        return false;
    pools->arenas = gcr_supply_reserve(pools->supply, table_bytes(pools), GCR_PAGE_BYTES);
    if (pools->arenas == NULL && pools->range_bytes != 0)
        gcr_supply_unreserve(pools->supply, (void *)pools->range_start, pools->range_bytes);
    return pools->arenas != NULL;
}

/* ---- memory of one arena ---- */

static void *map_arena(struct gcr_pools *pools, const struct gcr_arena *arena)
{
    size_t bytes = pools->options.arena_bytes;
    /* Page alignment only, like the system's anonymous mappings: with pools above a page, an arena
     * that is not pool-aligned loses one. In a range, arenas lie one after the other. */
    if (pools->range_bytes == 0)
        return gcr_supply_map(pools->supply, GCR_PAGES_OBJECTS, bytes, GCR_PAGE_BYTES);
    char *start = (char *)pools->range_start + (size_t)(arena - pools->arenas) * bytes;
    return gcr_supply_commit(pools->supply, GCR_PAGES_OBJECTS, start, bytes) ? start : NULL;
}

static void unmap_arena(struct gcr_pools *pools, uintptr_t start)
{
    size_t bytes = pools->options.arena_bytes;
    if (pools->range_bytes == 0)
        gcr_supply_unmap(pools->supply, GCR_PAGES_OBJECTS, (void *)start, bytes);
    else
        gcr_supply_release(pools->supply, GCR_PAGES_OBJECTS, (void *)start, bytes);
}

void gcr_pools_arenas_finish(struct gcr_pools *pools)
{
    for (uint32_t i = 0; i < pools->arenas_known; i++) {
        if (pools->arenas[i].start != 0)
            unmap_arena(pools, pools->arenas[i].start);
    }
    size_t table = gcr_page_round(pools->arenas_ready * sizeof(struct gcr_arena));
    if (table != 0)
        gcr_supply_release(pools->supply, GCR_PAGES_SIDE, pools->arenas, table);
    gcr_supply_unreserve(pools->supply, pools->arenas, table_bytes(pools));
    if (pools->range_bytes != 0)
        gcr_supply_unreserve(pools->supply, (void *)pools->range_start, pools->range_bytes);
}

bool gcr_pools_arena_span(const struct gcr_pools *pools, uint32_t arena, uintptr_t *first,
                          uintptr_t *end)
{
    const struct gcr_arena *a = &pools->arenas[arena];
    if (a->start == 0)
        return false;
    *first = gcr_arena_first_pool(pools, a);
    *end = a->next_pool;
    return true;
}

/* ---- usable arenas, fewest free pools first ---- */

static void usable_unlink(struct gcr_pools *pools, struct gcr_arena *arena)
{
    if (arena->prev != NULL)
        arena->prev->next = arena->next;
    else
        pools->usable = arena->next;
    if (arena->next != NULL)
        arena->next->prev = arena->prev;
}

static void usable_link_after(struct gcr_pools *pools, struct gcr_arena *arena,
                              struct gcr_arena *before)
{
    arena->prev = before;
    arena->next = before != NULL ? before->next : pools->usable;
    if (before != NULL)
        before->next = arena;
    else
        pools->usable = arena;
    if (arena->next != NULL)
        arena->next->prev = arena;
}

/* The arena leaves the run of arenas with its present number of free pools. */
static void run_leave(struct gcr_pools *pools, struct gcr_arena *arena)
{
    struct gcr_arena **last = &pools->last_with_free[arena->free_count];
    if (*last != arena)
        return;
    struct gcr_arena *before = arena->prev;
    *last = before != NULL && before->free_count == arena->free_count ? before : NULL;
}

/* ---- arenas ---- */

/* A free entry of the arena table; commits the table's next page if need be. */
static struct gcr_arena *arena_entry(struct gcr_pools *pools)
{
    struct gcr_arena *arena = pools->spare;
    if (arena != NULL) {
        pools->spare = arena->next;
        return arena;
    }
    if (pools->arenas_known == pools->arenas_max)
        return NULL;
    if (pools->arenas_known == pools->arenas_ready) {
        /* Entries may straddle pages: commit up to the end of the next entry's page. */
        size_t have = gcr_page_round(pools->arenas_ready * sizeof *arena);
        if (!gcr_supply_commit(pools->supply, GCR_PAGES_SIDE, (char *)pools->arenas + have,
                               GCR_PAGE_BYTES))
            return NULL;
        pools->arenas_ready = (uint32_t)((have + GCR_PAGE_BYTES) / sizeof *arena);
    }
    return &pools->arenas[pools->arenas_known++];
}

static void arena_entry_give_back(struct gcr_pools *pools, struct gcr_arena *arena)
{
    arena->start = 0;
    arena->next = pools->spare;
    pools->spare = arena;
}

/* Enters it where others look for it. False, with nothing entered, if there is no room. */
static bool arena_announce(struct gcr_pools *pools, void *start)
{
    const struct gcr_pools_hooks *hooks = &pools->hooks;
    if (!gcr_pools_tree_insert(pools, (uintptr_t)start))
        return false;
    if (hooks->mapped == NULL || hooks->mapped(hooks->arg, start, pools->options.arena_bytes))
        return true;
    gcr_pools_tree_remove(pools, (uintptr_t)start);
    return false;
}

/* Maps an arena; it becomes the only usable one. NULL: the supply refused. */
static struct gcr_arena *arena_create(struct gcr_pools *pools)
{
    struct gcr_arena *arena = arena_entry(pools);
    if (arena == NULL)
        return NULL;
    size_t bytes = pools->options.arena_bytes;
    void *start = map_arena(pools, arena);
    if (start == NULL) {
        arena_entry_give_back(pools, arena);
        return NULL;
    }
    if (!arena_announce(pools, start)) {
        unmap_arena(pools, (uintptr_t)start);
        arena_entry_give_back(pools, arena);
        return NULL;
    }
    uintptr_t pool_bytes = pools->options.pool_bytes;
    arena->start = (uintptr_t)start;
    arena->next_pool = (arena->start + pool_bytes - 1) & ~(pool_bytes - 1);
    arena->free_pools = NULL;
    arena->pool_count = (uint32_t)((arena->start + bytes - arena->next_pool) / pool_bytes);
    arena->free_count = arena->pool_count;
    usable_link_after(pools, arena, NULL);
    pools->last_with_free[arena->free_count] = arena;
    pools->free_arenas++;
    pools->arena_count++;
    pools->arenas_mapped++;
    return arena;
}

static void arena_destroy(struct gcr_pools *pools, struct gcr_arena *arena)
{
    if (pools->hooks.unmapped != NULL)
        pools->hooks.unmapped(pools->hooks.arg, (void *)arena->start, pools->options.arena_bytes);
    gcr_pools_tree_remove(pools, arena->start);
    unmap_arena(pools, arena->start);
    pools->arena_count--;
    arena_entry_give_back(pools, arena);
}

/* Takes one pool from the usable arena with the fewest free ones. */
struct gcr_pool *gcr_pools_take_pool(struct gcr_pools *pools)
{
    struct gcr_arena *arena = pools->usable;
    if (arena == NULL)
        arena = arena_create(pools);
    if (arena == NULL)
        return NULL;
    run_leave(pools, arena);
    pools->free_arenas -= arena->free_count == arena->pool_count;
    arena->free_count--;
    struct gcr_pool *pool = arena->free_pools;
    if (pool != NULL) {
        arena->free_pools = pool->next;
    } else {
        pool = (struct gcr_pool *)arena->next_pool;
        GCR_STORE_AS(GCR_CAUSE_METADATA, pool->arena, (uint32_t)(arena - pools->arenas));
        GCR_STORE_AS(GCR_CAUSE_METADATA, pool->size_class,
                     UINT32_MAX); /* no class yet: everything must be set up */
        arena->next_pool += pools->options.pool_bytes;
    }
    if (arena->free_count == 0)
        usable_unlink(pools, arena);
    else if (pools->last_with_free[arena->free_count] == NULL)
        /* The first arena's number fell, so it is still first, and the only one with it. */
        pools->last_with_free[arena->free_count] = arena;
    pools->pools_in_use++;
    return pool;
}

/* One more free pool: restores the order of usable arenas in constant time. */
void gcr_pools_put_pool(struct gcr_pools *pools, struct gcr_arena *arena, struct gcr_pool *pool)
{
    if (pools->hooks.emptied != NULL)
        pools->hooks.emptied(pools->hooks.arg, pool);
    GCR_STORE_AS(GCR_CAUSE_METADATA, pool->next, arena->free_pools);
    arena->free_pools = pool;
    pools->pools_in_use--;
    struct gcr_arena *last_of_run = pools->last_with_free[arena->free_count];
    if (arena->free_count == 0) /* was in no list, and has the fewest of all */
        usable_link_after(pools, arena, NULL);
    else
        run_leave(pools, arena);
    arena->free_count++;
    if (arena->free_count == arena->pool_count) {
        if (arena->next != NULL && pools->free_arenas >= pools->keep_arenas) {
            usable_unlink(pools, arena);
            arena_destroy(pools, arena);
            return;
        }
        pools->free_arenas++;
    }
    if (last_of_run != NULL && last_of_run != arena) { /* move behind its former equals */
        usable_unlink(pools, arena);
        usable_link_after(pools, arena, last_of_run);
    }
    if (pools->last_with_free[arena->free_count] == NULL)
        pools->last_with_free[arena->free_count] = arena;
}

void gcr_pools_keep(struct gcr_pools *pools, uint64_t arenas)
{
    pools->keep_arenas = arenas;
    for (uint32_t i = 0; i < pools->arenas_known && pools->free_arenas > arenas; i++) {
        struct gcr_arena *arena = &pools->arenas[i];
        if (arena->start == 0 || arena->free_count != arena->pool_count)
            continue;
        run_leave(pools, arena);
        usable_unlink(pools, arena);
        arena_destroy(pools, arena);
        pools->free_arenas--;
    }
}
