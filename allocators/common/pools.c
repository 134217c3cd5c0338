/* Size-class pools: options, life cycle, carving, pools that become full or empty. Arenas are in
 * pools_arenas.c, the radix tree in pools_tree.c, walking and checking in pools_look.c. */
#include "allocators/common/pools_parts.h"
#include "base/check.h"

/* ---- options ---- */

static bool is_power_of_two(uint32_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

static uint32_t pool_header_bytes(const struct gcr_pools_options *o)
{
    return o->header_bytes != 0 ? o->header_bytes : (uint32_t)sizeof(struct gcr_pool);
}

static gcr_status check_options(const struct gcr_pools_options *o, struct gcr_error *err)
{
    if (o->alignment != 8 && o->alignment != 16)
        return gcr_fail(err, GCR_USAGE, "alignment %u: must be 8 or 16", o->alignment);
    if (!is_power_of_two(o->pool_bytes) || o->pool_bytes < 4096 ||
        o->pool_bytes > GCR_POOLS_MAX_POOL_BYTES)
        return gcr_fail(err, GCR_USAGE, "pool of %u bytes: must be a power of two, 4K to 64K",
                        o->pool_bytes);
    if (!is_power_of_two(o->arena_bytes) || o->arena_bytes < 2 * o->pool_bytes ||
        o->arena_bytes < 1u << 16 || o->arena_bytes > 1u << 26)
        return gcr_fail(err, GCR_USAGE,
                        "arena of %u bytes: must be a power of two, 64K to 64M, at least 2 pools",
                        o->arena_bytes);
    if (o->small_limit < o->alignment || o->small_limit % o->alignment != 0 ||
        o->small_limit / o->alignment > GCR_POOLS_MAX_CLASSES ||
        o->small_limit + pool_header_bytes(o) > o->pool_bytes)
        return gcr_fail(
            err, GCR_USAGE,
            "small limit of %u bytes: must be a multiple of the alignment %u, at most %u",
            o->small_limit, o->alignment, GCR_POOLS_MAX_CLASSES * o->alignment);
    return GCR_OK;
}

/* ---- pools ---- */

static void pool_link_front(struct gcr_pools *pools, struct gcr_pool *pool)
{
    struct gcr_pool *head = &pools->class_head[pool->size_class];
    GCR_STORE_AS(GCR_CAUSE_METADATA, pool->next, head->next);
    GCR_STORE_AS(GCR_CAUSE_METADATA, pool->prev, head);
    GCR_STORE_AS(GCR_CAUSE_METADATA, head->next->prev, pool);
    GCR_STORE_AS(GCR_CAUSE_METADATA, head->next, pool);
}

static void pool_unlink(struct gcr_pool *pool)
{
    GCR_STORE_AS(GCR_CAUSE_METADATA, pool->next->prev, pool->prev);
    GCR_STORE_AS(GCR_CAUSE_METADATA, pool->prev->next, pool->next);
}

/* One free block, the first; nothing else has been handed out. */
static void pool_carve_first(const struct gcr_pools *pools, struct gcr_pool *pool)
{
    GCR_STORE_AS(GCR_CAUSE_METADATA, pool->free_list, (char *)pool + pools->first_offset);
    GCR_STORE_AS(GCR_CAUSE_FREE_LINK, *(void **)pool->free_list, NULL);
    GCR_STORE_AS(GCR_CAUSE_METADATA, pool->carved_bytes,
                 (uint32_t)(pools->first_offset + gcr_pools_class_bytes(pools, pool->size_class)));
}

void *gcr_pools_alloc_slow(struct gcr_pools *pools, uint32_t size_class)
{
    struct gcr_pool *pool = gcr_pools_take_pool(pools);
    if (pool == NULL)
        return NULL;
    if (pool->size_class != size_class) {
        GCR_STORE_AS(GCR_CAUSE_METADATA, pool->size_class, size_class);
        GCR_STORE_AS(
            GCR_CAUSE_METADATA, pool->last_offset,
            (uint32_t)(pools->options.pool_bytes - gcr_pools_class_bytes(pools, size_class)));
        pool_carve_first(pools, pool);
    } /* else: its free list is as it was left when it became empty */
    pool_link_front(pools, pool);
    void *block = pool->free_list;
    GCR_STORE_AS(GCR_CAUSE_METADATA, pool->free_list, *(void **)block);
    GCR_STORE_AS(GCR_CAUSE_METADATA, pool->used, 1);
    if (pool->free_list == NULL)
        gcr_pools_extend(pools, pool);
    return block;
}

void gcr_pools_extend(struct gcr_pools *pools, struct gcr_pool *pool)
{
    if (pool->carved_bytes <= pool->last_offset) {
        void *block = (char *)pool + pool->carved_bytes;
        GCR_STORE_AS(GCR_CAUSE_METADATA, pool->free_list, block);
        GCR_STORE_AS(GCR_CAUSE_FREE_LINK, *(void **)block, NULL);
        (void)GCR_ADD_AS(GCR_CAUSE_METADATA, pool->carved_bytes,
                         (uint32_t)gcr_pools_class_bytes(pools, pool->size_class));
        return;
    }
    pool_unlink(pool);
}

void gcr_pools_relink(struct gcr_pools *pools, struct gcr_pool *pool)
{
    pool_link_front(pools, pool);
}

void gcr_pools_release_pool(struct gcr_pools *pools, struct gcr_pool *pool)
{
    pool_unlink(pool);
    gcr_pools_put_pool(pools, &pools->arenas[pool->arena], pool);
}

void gcr_pools_free_chain(struct gcr_pools *pools, struct gcr_pool *pool, void *first, void *last,
                          uint32_t count)
{
    GCR_CHECK(1, count < pool->used);
    bool was_full = pool->free_list == NULL;
    GCR_STORE_AS(GCR_CAUSE_FREE_LINK, *(void **)last, pool->free_list);
    GCR_STORE_AS(GCR_CAUSE_METADATA, pool->free_list, first);
    GCR_STORE_AS(GCR_CAUSE_METADATA, pool->used, pool->used - count);
    if (was_full)
        gcr_pools_relink(pools, pool);
}

void gcr_pools_free_all(struct gcr_pools *pools, struct gcr_pool *pool)
{
    if (pool->free_list != NULL)
        pool_unlink(pool);
    GCR_STORE_AS(GCR_CAUSE_METADATA, pool->used, 0);
    pool_carve_first(pools, pool);
    gcr_pools_put_pool(pools, &pools->arenas[pool->arena], pool);
}

uint32_t gcr_pools_blocks_per_pool(const struct gcr_pools *pools, size_t bytes)
{
    return (uint32_t)((pools->options.pool_bytes - pools->first_offset) /
                      gcr_pools_round(pools, bytes));
}

/* ---- lifecycle ---- */

gcr_status gcr_pools_init(struct gcr_pools *pools, const struct gcr_pools_options *options,
                          struct gcr_supply *supply, struct gcr_error *err)
{
    gcr_status status = check_options(options, err);
    if (status != GCR_OK)
        return status;
    *pools = (struct gcr_pools){.supply = supply, .options = *options};
    pools->class_shift = GCR_CTZ64(options->alignment);
    pools->class_count = options->small_limit >> pools->class_shift;
    pools->arena_shift = GCR_CTZ64(options->arena_bytes);
    pools->pool_mask = options->pool_bytes - 1;
    pools->first_offset = pool_header_bytes(options);
    for (uint32_t i = 0; i < GCR_POOLS_MAX_CLASSES; i++)
        pools->class_head[i].next = pools->class_head[i].prev = &pools->class_head[i];
    size_t runs = options->arena_bytes / options->pool_bytes + 1;
    size_t top = options->tree_of == NULL ? gcr_pools_tree_bytes() : 0;
    pools->side_bytes = gcr_page_round(top + runs * sizeof(struct gcr_arena *));
    char *side = gcr_supply_map(supply, GCR_PAGES_SIDE, pools->side_bytes, GCR_PAGE_BYTES);
    if (side == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "no room for %zu bytes of pool tables",
                        pools->side_bytes);
    pools->tree =
        options->tree_of == NULL ? (struct gcr_arena_cover ***)side : options->tree_of->tree;
    pools->side = side;
    pools->last_with_free = (struct gcr_arena **)(side + top);
    if (!gcr_pools_arenas_init(pools)) {
        gcr_supply_unmap(supply, GCR_PAGES_SIDE, side, pools->side_bytes);
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "no address space for the arenas or their table");
    }
    return GCR_OK;
}

void gcr_pools_finish(struct gcr_pools *pools)
{
    gcr_pools_arenas_finish(pools);
    if (pools->options.tree_of == NULL)
        gcr_pools_tree_finish(pools);
    gcr_supply_unmap(pools->supply, GCR_PAGES_SIDE, pools->side, pools->side_bytes);
}
