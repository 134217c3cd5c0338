/* Looking at size-class pools without changing them: walking blocks, checking invariants. */
#include "allocators/common/pools_parts.h"
#include "base/check.h"

/* ---- looking ---- */

/* Marks the pool's free blocks, one bit a block. False: the free list is damaged. */
static bool mark_free_blocks(const struct gcr_pools *pools, const struct gcr_pool *pool,
                             uint64_t bits[GCR_POOLS_MAX_POOL_BYTES / 8 / 64], uint32_t *count)
{
    size_t bytes = gcr_pools_class_bytes(pools, pool->size_class);
    *count = 0;
    for (size_t i = 0; i < GCR_POOLS_MAX_POOL_BYTES / 8 / 64; i++)
        bits[i] = 0;
    for (void *block = pool->free_list; block != NULL; block = *(void **)block) {
        uintptr_t offset = (uintptr_t)block - (uintptr_t)pool;
        if (offset < pools->first_offset || offset >= pool->carved_bytes ||
            (offset - pools->first_offset) % bytes != 0)
            return false;
        size_t i = (offset - pools->first_offset) / bytes;
        if (bits[i / 64] >> (i % 64) & 1)
            return false;
        bits[i / 64] |= (uint64_t)1 << (i % 64);
        (*count)++;
    }
    return true;
}

static bool pool_walk(const struct gcr_pools *pools, const struct gcr_pool *pool,
                      gcr_block_visitor *visit, void *arg)
{
    uint64_t bits[GCR_POOLS_MAX_POOL_BYTES / 8 / 64];
    uint32_t free_blocks;
    bool sound = mark_free_blocks(pools, pool, bits, &free_blocks);
    GCR_CHECK(1, sound);
    size_t bytes = gcr_pools_class_bytes(pools, pool->size_class);
    size_t i = 0;
    for (size_t at = pools->first_offset; at < pool->carved_bytes; at += bytes, i++) {
        if (!(bits[i / 64] >> (i % 64) & 1) && !visit(arg, (char *)pool + at, bytes))
            return false;
    }
    return true;
}

const struct gcr_pool *gcr_pools_next_carved(struct gcr_pools_cursor *cursor)
{
    const struct gcr_pools *pools = cursor->pools;
    while (cursor->at == cursor->end || pools->arenas[cursor->arenas_seen - 1].start == 0) {
        if (cursor->arenas_seen == pools->arenas_known)
            return NULL;
        const struct gcr_arena *arena = &pools->arenas[cursor->arenas_seen++];
        cursor->at = cursor->end = 0;
        if (arena->start == 0)
            continue;
        cursor->at = gcr_arena_first_pool(pools, arena);
        cursor->end = arena->next_pool;
    }
    const struct gcr_pool *pool = (const struct gcr_pool *)cursor->at;
    cursor->at += pools->options.pool_bytes;
    return pool;
}

struct gcr_pool *gcr_pools_next_used(struct gcr_pools_cursor *cursor)
{
    const struct gcr_pool *pool = gcr_pools_next_carved(cursor);
    while (pool != NULL && pool->used == 0)
        pool = gcr_pools_next_carved(cursor);
    return (struct gcr_pool *)(uintptr_t)pool;
}

bool gcr_pools_walk(const struct gcr_pools *pools, gcr_block_visitor *visit, void *arg)
{
    struct gcr_pools_cursor carved = {.pools = pools};
    const struct gcr_pool *pool;
    while ((pool = gcr_pools_next_carved(&carved)) != NULL) {
        if (pool->used != 0 && !pool_walk(pools, pool, visit, arg))
            return false;
    }
    return true;
}

/* ---- checking ---- */

static bool check_pool(const struct gcr_pools *pools, const struct gcr_pool *pool,
                       struct gcr_error *err)
{
    uint64_t bits[GCR_POOLS_MAX_POOL_BYTES / 8 / 64];
    uint32_t free_blocks;
    if (pool->size_class >= pools->class_count) {
        gcr_fail(err, GCR_FAULT, "pool %p: class %u of %u", (const void *)pool, pool->size_class,
                 pools->class_count);
        return false;
    }
    if (!mark_free_blocks(pools, pool, bits, &free_blocks)) {
        gcr_fail(err, GCR_FAULT, "pool %p: its free list leaves the pool or runs in a circle",
                 (const void *)pool);
        return false;
    }
    size_t carved =
        (pool->carved_bytes - pools->first_offset) / gcr_pools_class_bytes(pools, pool->size_class);
    if (free_blocks + pool->used != carved) {
        gcr_fail(err, GCR_FAULT, "pool %p: %u used + %u free blocks, but %zu are carved",
                 (const void *)pool, pool->used, free_blocks, carved);
        return false;
    }
    return true;
}

/* Counts pools in use and free ones of an arena, each checked. */
static bool check_arena(const struct gcr_pools *pools, uint32_t index, uint64_t *in_use,
                        struct gcr_error *err)
{
    const struct gcr_arena *arena = &pools->arenas[index];
    uintptr_t end = arena->start + pools->options.arena_bytes;
    uint32_t unused = (uint32_t)((end - arena->next_pool) / pools->options.pool_bytes);
    uint32_t listed = 0, empty = 0;
    for (const struct gcr_pool *p = arena->free_pools; p != NULL && listed <= arena->pool_count;
         p = p->next)
        listed++;
    for (uintptr_t at = gcr_arena_first_pool(pools, arena); at < arena->next_pool;
         at += pools->options.pool_bytes) {
        const struct gcr_pool *pool = (const struct gcr_pool *)at;
        if (pool->arena != index) {
            gcr_fail(err, GCR_FAULT, "pool %p names arena %u, lies in %u", (const void *)pool,
                     pool->arena, index);
            return false;
        }
        if (!check_pool(pools, pool, err))
            return false;
        empty += pool->used == 0;
        *in_use += pool->used != 0;
    }
    if (listed != empty || listed + unused != arena->free_count) {
        gcr_fail(
            err, GCR_FAULT,
            "arena %u: %u pools listed as free, %u empty, %u never used, but the count says %u",
            index, listed, empty, unused, arena->free_count);
        return false;
    }
    if (!gcr_pools_owns(pools, (const void *)arena->start) ||
        !gcr_pools_owns(pools, (const void *)(end - 1))) {
        gcr_fail(err, GCR_FAULT, "arena %u at %p: not in the radix tree", index,
                 (const void *)arena->start);
        return false;
    }
    return true;
}

static bool check_usable_order(const struct gcr_pools *pools, uint64_t expected,
                               struct gcr_error *err)
{
    uint64_t seen = 0;
    for (const struct gcr_arena *a = pools->usable; a != NULL && seen <= expected; a = a->next) {
        seen++;
        bool is_last = a->next == NULL || a->next->free_count != a->free_count;
        if (a->free_count == 0 || (a->next != NULL && a->next->free_count < a->free_count) ||
            (a->next != NULL && a->next->prev != a) ||
            (is_last && pools->last_with_free[a->free_count] != a)) {
            gcr_fail(err, GCR_FAULT, "arena at %p: usable order broken at %u free pools",
                     (const void *)a->start, a->free_count);
            return false;
        }
    }
    if (seen != expected) {
        gcr_fail(err, GCR_FAULT, "%llu usable arenas listed, %llu have free pools",
                 (unsigned long long)seen, (unsigned long long)expected);
        return false;
    }
    return true;
}

/* Used pools are linked under their class, full ones are not. */
static bool check_class_lists(const struct gcr_pools *pools, uint64_t *linked,
                              struct gcr_error *err)
{
    for (uint32_t c = 0; c < pools->class_count; c++) {
        const struct gcr_pool *head = &pools->class_head[c];
        for (const struct gcr_pool *p = head->next; p != head; p = p->next) {
            if (p->size_class != c || p->free_list == NULL || p->used == 0 || p->next->prev != p) {
                gcr_fail(err, GCR_FAULT, "pool %p: listed as used in class %u, but is not",
                         (const void *)p, c);
                return false;
            }
            (*linked)++;
        }
    }
    return true;
}

static uint64_t count_used_not_full(const struct gcr_pools *pools)
{
    struct gcr_pools_cursor carved = {.pools = pools};
    const struct gcr_pool *pool;
    uint64_t partial = 0;
    while ((pool = gcr_pools_next_carved(&carved)) != NULL)
        partial += pool->used != 0 && pool->free_list != NULL;
    return partial;
}

bool gcr_pools_check(const struct gcr_pools *pools, struct gcr_error *err)
{
    uint64_t in_use = 0, usable = 0, linked = 0, all_free = 0;
    for (uint32_t i = 0; i < pools->arenas_known; i++) {
        if (pools->arenas[i].start == 0)
            continue;
        if (!check_arena(pools, i, &in_use, err))
            return false;
        usable += pools->arenas[i].free_count != 0;
        all_free += pools->arenas[i].free_count == pools->arenas[i].pool_count;
    }
    if (!check_usable_order(pools, usable, err) || !check_class_lists(pools, &linked, err))
        return false;
    if (all_free != pools->free_arenas)
        return gcr_fail(err, GCR_FAULT, "%llu arenas are all free, the count says %llu",
                        (unsigned long long)all_free,
                        (unsigned long long)pools->free_arenas) == GCR_OK;
    uint64_t partial = count_used_not_full(pools);
    if (in_use != pools->pools_in_use || linked != partial) {
        gcr_fail(err, GCR_FAULT,
                 "%llu pools in use (count says %llu), %llu with room (%llu listed)",
                 (unsigned long long)in_use, (unsigned long long)pools->pools_in_use,
                 (unsigned long long)partial, (unsigned long long)linked);
        return false;
    }
    return true;
}
