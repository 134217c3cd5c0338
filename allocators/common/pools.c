/* Slow paths of the size-class pools: carving, pools that become full or empty, arenas, radix tree. */
#include "allocators/common/pools.h"

#include "base/check.h"

enum { MAX_ARENAS = 1 << 20 };

struct gcr_arena {
    uintptr_t start;               /* 0: entry without an arena */
    uintptr_t next_pool;           /* first pool never handed out */
    struct gcr_pool *free_pools;   /* empty pools that were in use before, by `next` */
    struct gcr_arena *next, *prev; /* in usable order; `next` also chains spare entries */
    uint32_t free_count;           /* free_pools and never used ones */
    uint32_t pool_count;
};

/* ---- options ---- */

static bool is_power_of_two(uint32_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
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
        o->small_limit + sizeof(struct gcr_pool) > o->pool_bytes)
        return gcr_fail(err, GCR_USAGE,
                        "small limit of %u bytes: must be a multiple of the alignment %u, at most %u",
                        o->small_limit, o->alignment, GCR_POOLS_MAX_CLASSES * o->alignment);
    return GCR_OK;
}

/* ---- radix tree ---- */

static uint32_t leaf_bits(const struct gcr_pools *pools)
{
    return GCR_POOLS_ADDRESS_BITS - GCR_POOLS_TOP_BITS - GCR_POOLS_MIDDLE_BITS -
           pools->arena_shift;
}

static size_t middle_bytes(void)
{
    return gcr_page_round(sizeof(void *) << GCR_POOLS_MIDDLE_BITS);
}

static size_t leaf_bytes(const struct gcr_pools *pools)
{
    return gcr_page_round(sizeof(struct gcr_arena_cover) << leaf_bits(pools));
}

/* The entry for one arena-sized slot; makes the nodes on the way. NULL: the supply refused (nodes made
 * so far stay, they are found again). */
static struct gcr_arena_cover *tree_entry(struct gcr_pools *pools, uintptr_t slot)
{
    uint32_t bits = leaf_bits(pools);
    struct gcr_arena_cover ***top = &pools->tree[slot >> (bits + GCR_POOLS_MIDDLE_BITS)];
    if (*top == NULL)
        *top = gcr_supply_map(pools->supply, GCR_PAGES_SIDE, middle_bytes(), GCR_PAGE_BYTES);
    if (*top == NULL)
        return NULL;
    struct gcr_arena_cover **middle =
        &(*top)[(slot >> bits) & ((1u << GCR_POOLS_MIDDLE_BITS) - 1)];
    if (*middle == NULL)
        *middle = gcr_supply_map(pools->supply, GCR_PAGES_SIDE, leaf_bytes(pools), GCR_PAGE_BYTES);
    if (*middle == NULL)
        return NULL;
    return &(*middle)[slot & (((uintptr_t)1 << bits) - 1)];
}

/* Enters an arena into the tree. False, and nothing entered, if the supply refused. */
static bool tree_insert(struct gcr_pools *pools, uintptr_t start)
{
    uintptr_t slot = start >> pools->arena_shift;
    uint32_t offset = (uint32_t)(start & (pools->options.arena_bytes - 1));
    struct gcr_arena_cover *first = tree_entry(pools, slot);
    if (first == NULL)
        return false;
    if (offset == 0) {
        first->low = pools->options.arena_bytes;
        return true;
    }
    struct gcr_arena_cover *second = tree_entry(pools, slot + 1);
    if (second == NULL)
        return false;
    first->high = offset;
    second->low = offset;
    return true;
}

static void tree_remove(struct gcr_pools *pools, uintptr_t start)
{
    uintptr_t slot = start >> pools->arena_shift;
    uint32_t offset = (uint32_t)(start & (pools->options.arena_bytes - 1));
    struct gcr_arena_cover *first = tree_entry(pools, slot);
    if (offset == 0) {
        first->low = 0;
        return;
    }
    first->high = 0;
    tree_entry(pools, slot + 1)->low = 0;
}

static void tree_destroy(struct gcr_pools *pools)
{
    for (size_t i = 0; i < (size_t)1 << GCR_POOLS_TOP_BITS; i++) {
        struct gcr_arena_cover **middle = pools->tree[i];
        if (middle == NULL)
            continue;
        for (size_t j = 0; j < (size_t)1 << GCR_POOLS_MIDDLE_BITS; j++) {
            if (middle[j] != NULL)
                gcr_supply_unmap(pools->supply, GCR_PAGES_SIDE, middle[j], leaf_bytes(pools));
        }
        gcr_supply_unmap(pools->supply, GCR_PAGES_SIDE, middle, middle_bytes());
    }
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
    if (pools->arenas_known == MAX_ARENAS)
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

/* Maps an arena; it becomes the only usable one. NULL: the supply refused. */
static struct gcr_arena *arena_create(struct gcr_pools *pools)
{
    struct gcr_arena *arena = arena_entry(pools);
    if (arena == NULL)
        return NULL;
    size_t bytes = pools->options.arena_bytes;
    /* Page alignment only, like the system's anonymous mappings: with pools above a page, an arena
     * that is not pool-aligned loses one. */
    void *start = gcr_supply_map(pools->supply, GCR_PAGES_OBJECTS, bytes, GCR_PAGE_BYTES);
    if (start == NULL) {
        arena_entry_give_back(pools, arena);
        return NULL;
    }
    if (!tree_insert(pools, (uintptr_t)start)) {
        gcr_supply_unmap(pools->supply, GCR_PAGES_OBJECTS, start, bytes);
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
    pools->arena_count++;
    pools->arenas_mapped++;
    return arena;
}

static void arena_destroy(struct gcr_pools *pools, struct gcr_arena *arena)
{
    tree_remove(pools, arena->start);
    gcr_supply_unmap(pools->supply, GCR_PAGES_OBJECTS, (void *)arena->start,
                     pools->options.arena_bytes);
    pools->arena_count--;
    arena_entry_give_back(pools, arena);
}

/* Takes one pool from the usable arena with the fewest free ones. */
static struct gcr_pool *arena_take_pool(struct gcr_pools *pools)
{
    struct gcr_arena *arena = pools->usable;
    if (arena == NULL)
        arena = arena_create(pools);
    if (arena == NULL)
        return NULL;
    run_leave(pools, arena);
    arena->free_count--;
    struct gcr_pool *pool = arena->free_pools;
    if (pool != NULL) {
        arena->free_pools = pool->next;
    } else {
        pool = (struct gcr_pool *)arena->next_pool;
        pool->arena = (uint32_t)(arena - pools->arenas);
        pool->size_class = UINT32_MAX; /* no class yet: everything must be set up */
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
static void arena_put_pool(struct gcr_pools *pools, struct gcr_arena *arena, struct gcr_pool *pool)
{
    pool->next = arena->free_pools;
    arena->free_pools = pool;
    pools->pools_in_use--;
    struct gcr_arena *last_of_run = pools->last_with_free[arena->free_count];
    if (arena->free_count == 0) /* was in no list, and has the fewest of all */
        usable_link_after(pools, arena, NULL);
    else
        run_leave(pools, arena);
    arena->free_count++;
    if (arena->free_count == arena->pool_count && arena->next != NULL) {
        usable_unlink(pools, arena);
        arena_destroy(pools, arena);
        return;
    }
    if (last_of_run != NULL && last_of_run != arena) { /* move behind its former equals */
        usable_unlink(pools, arena);
        usable_link_after(pools, arena, last_of_run);
    }
    if (pools->last_with_free[arena->free_count] == NULL)
        pools->last_with_free[arena->free_count] = arena;
}

/* ---- pools ---- */

static size_t class_bytes(const struct gcr_pools *pools, uint32_t size_class)
{
    return (size_t)(size_class + 1) << pools->class_shift;
}

static void pool_link_front(struct gcr_pools *pools, struct gcr_pool *pool)
{
    struct gcr_pool *head = &pools->class_head[pool->size_class];
    pool->next = head->next;
    pool->prev = head;
    head->next->prev = pool;
    head->next = pool;
}

static void pool_unlink(struct gcr_pool *pool)
{
    pool->next->prev = pool->prev;
    pool->prev->next = pool->next;
}

void *gcr_pools_alloc_slow(struct gcr_pools *pools, uint32_t size_class)
{
    struct gcr_pool *pool = arena_take_pool(pools);
    if (pool == NULL)
        return NULL;
    size_t bytes = class_bytes(pools, size_class);
    if (pool->size_class != size_class) {
        pool->size_class = size_class;
        pool->free_list = (char *)pool + sizeof *pool;
        *(void **)pool->free_list = NULL;
        pool->carved_bytes = (uint32_t)(sizeof *pool + bytes);
        pool->last_offset = (uint32_t)(pools->options.pool_bytes - bytes);
    } /* else: its free list is as it was left when it became empty */
    pool_link_front(pools, pool);
    void *block = pool->free_list;
    pool->free_list = *(void **)block;
    pool->used = 1;
    if (pool->free_list == NULL)
        gcr_pools_extend(pools, pool);
    return block;
}

void gcr_pools_extend(struct gcr_pools *pools, struct gcr_pool *pool)
{
    if (pool->carved_bytes <= pool->last_offset) {
        pool->free_list = (char *)pool + pool->carved_bytes;
        *(void **)pool->free_list = NULL;
        pool->carved_bytes += (uint32_t)class_bytes(pools, pool->size_class);
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
    arena_put_pool(pools, &pools->arenas[pool->arena], pool);
}

uint32_t gcr_pools_blocks_per_pool(const struct gcr_pools *pools, size_t bytes)
{
    return (uint32_t)((pools->options.pool_bytes - sizeof(struct gcr_pool)) /
                      gcr_pools_round(pools, bytes));
}

/* ---- lifecycle ---- */

static size_t tree_top_bytes(void)
{
    return sizeof(void *) << GCR_POOLS_TOP_BITS;
}

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
    for (uint32_t i = 0; i < GCR_POOLS_MAX_CLASSES; i++)
        pools->class_head[i].next = pools->class_head[i].prev = &pools->class_head[i];
    size_t runs = options->arena_bytes / options->pool_bytes + 1;
    pools->side_bytes = gcr_page_round(tree_top_bytes() + runs * sizeof(struct gcr_arena *));
    char *side = gcr_supply_map(supply, GCR_PAGES_SIDE, pools->side_bytes, GCR_PAGE_BYTES);
    if (side == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "no room for %zu bytes of pool tables",
                        pools->side_bytes);
    pools->tree = (struct gcr_arena_cover ***)side;
    pools->last_with_free = (struct gcr_arena **)(side + tree_top_bytes());
    pools->arenas = gcr_supply_reserve(supply, MAX_ARENAS * sizeof(struct gcr_arena), GCR_PAGE_BYTES);
    if (pools->arenas == NULL) {
        gcr_supply_unmap(supply, GCR_PAGES_SIDE, side, pools->side_bytes);
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "no address space for the table of arenas");
    }
    return GCR_OK;
}

void gcr_pools_finish(struct gcr_pools *pools)
{
    for (uint32_t i = 0; i < pools->arenas_known; i++) {
        if (pools->arenas[i].start != 0)
            gcr_supply_unmap(pools->supply, GCR_PAGES_OBJECTS, (void *)pools->arenas[i].start,
                             pools->options.arena_bytes);
    }
    tree_destroy(pools);
    size_t table = gcr_page_round(pools->arenas_ready * sizeof(struct gcr_arena));
    if (table != 0)
        gcr_supply_release(pools->supply, GCR_PAGES_SIDE, pools->arenas, table);
    gcr_supply_unreserve(pools->supply, pools->arenas, MAX_ARENAS * sizeof(struct gcr_arena));
    gcr_supply_unmap(pools->supply, GCR_PAGES_SIDE, pools->tree, pools->side_bytes);
}

/* ---- looking ---- */

/* Marks the pool's free blocks, one bit a block. False: the free list is damaged. */
static bool mark_free_blocks(const struct gcr_pools *pools, const struct gcr_pool *pool,
                             uint64_t bits[GCR_POOLS_MAX_POOL_BYTES / 8 / 64], uint32_t *count)
{
    size_t bytes = class_bytes(pools, pool->size_class);
    *count = 0;
    for (size_t i = 0; i < GCR_POOLS_MAX_POOL_BYTES / 8 / 64; i++)
        bits[i] = 0;
    for (void *block = pool->free_list; block != NULL; block = *(void **)block) {
        uintptr_t offset = (uintptr_t)block - (uintptr_t)pool;
        if (offset < sizeof *pool || offset >= pool->carved_bytes ||
            (offset - sizeof *pool) % bytes != 0)
            return false;
        size_t i = (offset - sizeof *pool) / bytes;
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
    size_t bytes = class_bytes(pools, pool->size_class);
    size_t i = 0;
    for (size_t at = sizeof *pool; at < pool->carved_bytes; at += bytes, i++) {
        if (!(bits[i / 64] >> (i % 64) & 1) && !visit(arg, (char *)pool + at, bytes))
            return false;
    }
    return true;
}

/* The arena's first pool; pools from there to next_pool have been in use at some time. */
static uintptr_t arena_first_pool(const struct gcr_pools *pools, const struct gcr_arena *arena)
{
    return (arena->start + pools->pool_mask) & ~pools->pool_mask;
}

bool gcr_pools_walk(const struct gcr_pools *pools, gcr_block_visitor *visit, void *arg)
{
    for (uint32_t i = 0; i < pools->arenas_known; i++) {
        const struct gcr_arena *arena = &pools->arenas[i];
        if (arena->start == 0)
            continue;
        for (uintptr_t at = arena_first_pool(pools, arena); at < arena->next_pool;
             at += pools->options.pool_bytes) {
            const struct gcr_pool *pool = (const struct gcr_pool *)at;
            if (pool->used != 0 && !pool_walk(pools, pool, visit, arg))
                return false;
        }
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
    size_t carved = (pool->carved_bytes - sizeof *pool) / class_bytes(pools, pool->size_class);
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
    for (uintptr_t at = arena_first_pool(pools, arena); at < arena->next_pool;
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
        gcr_fail(err, GCR_FAULT,
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
static bool check_class_lists(const struct gcr_pools *pools, uint64_t *linked, struct gcr_error *err)
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
    uint64_t partial = 0;
    for (uint32_t i = 0; i < pools->arenas_known; i++) {
        const struct gcr_arena *arena = &pools->arenas[i];
        if (arena->start == 0)
            continue;
        for (uintptr_t at = arena_first_pool(pools, arena); at < arena->next_pool;
             at += pools->options.pool_bytes) {
            const struct gcr_pool *pool = (const struct gcr_pool *)at;
            partial += pool->used != 0 && pool->free_list != NULL;
        }
    }
    return partial;
}

bool gcr_pools_check(const struct gcr_pools *pools, struct gcr_error *err)
{
    uint64_t in_use = 0, usable = 0, linked = 0;
    for (uint32_t i = 0; i < pools->arenas_known; i++) {
        if (pools->arenas[i].start == 0)
            continue;
        if (!check_arena(pools, i, &in_use, err))
            return false;
        usable += pools->arenas[i].free_count != 0;
    }
    if (!check_usable_order(pools, usable, err) || !check_class_lists(pools, &linked, err))
        return false;
    uint64_t partial = count_used_not_full(pools);
    if (in_use != pools->pools_in_use || linked != partial) {
        gcr_fail(err, GCR_FAULT, "%llu pools in use (count says %llu), %llu with room (%llu listed)",
                 (unsigned long long)in_use, (unsigned long long)pools->pools_in_use,
                 (unsigned long long)partial, (unsigned long long)linked);
        return false;
    }
    return true;
}
