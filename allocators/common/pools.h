/* Size-class pools in arenas: the small-object allocator of CPython (Objects/obmalloc.c, Marangozov
 * 2000, Peters 2002; radix tree of 3.10), over the page supply.
 *
 * A request of 1 .. small_limit bytes is rounded up to a multiple of `alignment`: its size class. A
 * pool serves one class: a 48-byte header, then equal blocks, carved one by one when first needed.
 * Free blocks are chained through their first word. A pool is *used* (in its class's circular
 * list), *full* (in no list) or *empty* (in its arena's list, for any class). Arenas with free
 * pools are kept in ascending order of that number, so that nearly empty arenas drain; an arena
 * whose pools are all free goes back to the supply, unless it is the last one in that order or
 * gcr_pools_keep has asked for a reserve.
 *
 * Invariants: a pool in a class's list has a free block; lists of free pools, numbers of free pools
 * and `last_with_free` agree (gcr_pools_check). Cost: allocation and free are O(1). */
#ifndef GCR_ALLOCATORS_COMMON_POOLS_H
#define GCR_ALLOCATORS_COMMON_POOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/common/access.h"
#include "allocators/common/supply.h"
#include "base/compiler.h"
#include "base/status.h"

enum {
    GCR_POOLS_MAX_CLASSES = 128,
    GCR_POOLS_MAX_POOL_BYTES = 1 << 16,
    GCR_POOLS_TOP_BITS = 10, /* radix tree over 48-bit addresses: top, middle, then what is left */
    GCR_POOLS_MIDDLE_BITS = 10,
    GCR_POOLS_ADDRESS_BITS = 48
};

struct gcr_pools;

struct gcr_pools_options {
    uint32_t alignment;   /* of blocks, and the class spacing: 8 or 16 */
    uint32_t pool_bytes;  /* power of two, 4 KiB .. 64 KiB */
    uint32_t arena_bytes; /* power of two, >= 2 pools, 64 KiB .. 64 MiB */
    uint32_t small_limit; /* largest request served: multiple of alignment, <= 128 classes */
    /* All zero for an allocator of its own, laid out as in CPython: */
    uint32_t header_bytes; /* of a pool, the 48 included, multiple of alignment; 0: 48 */
    uint64_t range_bytes;  /* arenas lie, aligned, in one reserved range of at most this size */
    uint32_t owner;        /* this allocator's number in a shared radix tree, below 4096 */
    const struct gcr_pools *tree_of; /* share its radix tree; same arena_bytes; outlives this one */
};

/* At the start of each pool. */
struct gcr_pool {
    void *free_list; /* never NULL in a used pool, always NULL in a full one */
    struct gcr_pool *next, *prev;
    uint32_t used; /* blocks handed out */
    uint32_t arena;
    uint32_t size_class;
    uint32_t carved_bytes; /* offset of the first block never handed out */
    uint32_t last_offset;  /* largest offset at which a block still fits */
    uint32_t unused;
};
_Static_assert(sizeof(struct gcr_pool) == 48, "48 bytes a pool, as in CPython");

struct gcr_arena; /* pools_parts.h */

/* A leaf of the radix tree: which part of one arena-sized slot of the address space is ours. An
 * arena need not be aligned, so its end (below `low`) and another's start (from `high`) can share a
 * slot. */
struct gcr_arena_cover {
    uint32_t low;  /* offsets below this are ours */
    uint32_t high; /* 0: none; else offsets from this on are ours */
};
/* Arenas are page-aligned, so the low bits of both say whose the addresses are. */
#define GCR_ARENA_OWNER_MASK ((uint32_t)0xfff)
#define GCR_POOLS_NOBODY UINT32_MAX

/* Told of each arena that is mapped (false: refuse it, and the allocation that needs it), of each
 * one that is about to be given back, and of each pool whose last block has been freed. Any may be
 * NULL. */
struct gcr_pools_hooks {
    bool (*mapped)(void *arg, void *start, size_t bytes);
    void (*unmapped)(void *arg, void *start, size_t bytes);
    void (*emptied)(void *arg, struct gcr_pool *pool);
    void *arg;
};

struct gcr_pools {
    /* Heads of the circular lists of used pools. A head's free_list is NULL, and that is how the
     * fast path sees that its list is empty. */
    struct gcr_pool class_head[GCR_POOLS_MAX_CLASSES];
    struct gcr_supply *supply;
    struct gcr_pools_options options;
    uint32_t class_shift; /* log2(alignment) */
    uint32_t class_count;
    uint32_t arena_shift;  /* log2(arena_bytes) */
    uint32_t first_offset; /* of a pool's first block: the header's size */
    uintptr_t pool_mask;
    uintptr_t range_start, range_bytes; /* where all arenas lie; 0: anywhere */

    struct gcr_arena *arenas; /* reserved table, committed as it grows */
    uint32_t arenas_ready;    /* entries on committed pages */
    uint32_t arenas_known;    /* entries ever used */
    uint32_t arenas_max;
    struct gcr_arena *spare;           /* entries without an arena */
    struct gcr_arena *usable;          /* arenas with free pools, fewest first */
    struct gcr_arena **last_with_free; /* [n]: last usable arena with n free pools */
    struct gcr_arena_cover ***tree;    /* own or shared */
    void *side; /* mapping of the tree's top, unless it is shared, and last_with_free */
    size_t side_bytes;

    struct gcr_pools_hooks hooks; /* set after gcr_pools_init, before the first allocation */
    uint64_t arena_count;         /* now */
    uint64_t free_arenas;         /* of them, all of whose pools are free */
    uint64_t keep_arenas;         /* so many of those stay, beside the last one */
    uint64_t arenas_mapped;       /* ever */
    uint64_t pools_in_use;        /* used or full */
};

/* GCR_USAGE: options out of range (err names which). GCR_HEAP_EXHAUSTED: no room for the side
 * tables. The pools struct must not move afterwards. */
gcr_status gcr_pools_init(struct gcr_pools *pools, const struct gcr_pools_options *options,
                          struct gcr_supply *supply, struct gcr_error *err) GCR_MUST_USE;
/* Gives all memory back, blocks in use included. */
void gcr_pools_finish(struct gcr_pools *pools);

/* Goes through the pools in use, arena by arena, in address order within an arena. The pool just
 * returned may be emptied before the next call. Begin with {.pools = pools}. NULL: no more. */
struct gcr_pools_cursor {
    const struct gcr_pools *pools;
    uint32_t arenas_seen;
    uintptr_t at, end; /* what is left of the last arena seen */
};
struct gcr_pool *gcr_pools_next_used(struct gcr_pools_cursor *cursor);

/* From now on up to `arenas` arenas of which nothing is in use are kept for what comes next (0, the
 * start value: CPython's rule above); gives those beyond back at once. O(arenas). */
void gcr_pools_keep(struct gcr_pools *pools, uint64_t arenas);

/* Frees blocks of one pool that is in use, chained through their first words from `first` to
 * `last`; others remain in use. O(1). */
void gcr_pools_free_chain(struct gcr_pools *pools, struct gcr_pool *pool, void *first, void *last,
                          uint32_t count);
/* Frees all blocks of a pool in use without touching them. O(1). */
void gcr_pools_free_all(struct gcr_pools *pools, struct gcr_pool *pool);

/* Visits each block in use, arena by arena, pool by pool, in address order within a pool. Stops
 * when `visit` returns false. O(carved blocks). The heap must not change meanwhile. */
typedef bool gcr_block_visitor(void *arg, void *block, size_t bytes);
bool gcr_pools_walk(const struct gcr_pools *pools, gcr_block_visitor *visit, void *arg);

/* Free room inside pools in use plus whole free pools is what remains of the arenas after the
 * blocks; this is the pool headers' part of it. */
static inline uint64_t gcr_pools_header_bytes(const struct gcr_pools *pools)
{
    return pools->pools_in_use * pools->first_offset;
}

/* The pools of one arena that have ever been in use: *first .. *end, pool by pool. False: the
 * number has no arena now. Numbers run from 0 to arenas_known - 1, and with a range in address
 * order. */
bool gcr_pools_arena_span(const struct gcr_pools *pools, uint32_t arena, uintptr_t *first,
                          uintptr_t *end);

/* Every structure above against every other. False: err names the first fault. O(blocks). */
bool gcr_pools_check(const struct gcr_pools *pools, struct gcr_error *err);

/* Blocks of `bytes` that one pool holds. */
uint32_t gcr_pools_blocks_per_pool(const struct gcr_pools *pools, size_t bytes);

/* ---- slow paths of the inline functions below ---- */

/* Takes a pool for the class, from the fullest usable arena, and its first block. NULL: no page. */
void *gcr_pools_alloc_slow(struct gcr_pools *pools, uint32_t size_class);
/* The pool's free list has run dry: carve one more block, or take the pool out of its list. */
void gcr_pools_extend(struct gcr_pools *pools, struct gcr_pool *pool);
/* The pool was full: back to the front of its class's list. */
void gcr_pools_relink(struct gcr_pools *pools, struct gcr_pool *pool);
/* The pool is empty: back to its arena, and perhaps the arena to the supply. */
void gcr_pools_release_pool(struct gcr_pools *pools, struct gcr_pool *pool);

static inline struct gcr_pool *gcr_pools_pool_of(const struct gcr_pools *pools, const void *block)
{
    return (struct gcr_pool *)((uintptr_t)block & ~pools->pool_mask);
}

/* A block of at least `bytes` (1 .. small_limit), contents undefined. NULL: the supply refused. */
static inline void *gcr_pools_alloc(struct gcr_pools *pools, size_t bytes)
{
    uint32_t size_class = (uint32_t)((bytes - 1) >> pools->class_shift);
    struct gcr_pool *pool = pools->class_head[size_class].next;
    void *block = pool->free_list;
    if (GCR_UNLIKELY(block == NULL))
        return gcr_pools_alloc_slow(pools, size_class);
    GCR_STORE_AS(GCR_CAUSE_METADATA, pool->used, pool->used + 1);
    void *rest = *(void **)block;
    GCR_STORE_AS(GCR_CAUSE_METADATA, pool->free_list, rest);
    if (GCR_UNLIKELY(rest == NULL))
        gcr_pools_extend(pools, pool);
    else
        GCR_PREFETCH(rest); /* the class's next block */
    return block;
}

/* Frees a block of these pools. */
static inline void gcr_pools_free(struct gcr_pools *pools, void *block)
{
    struct gcr_pool *pool = gcr_pools_pool_of(pools, block);
    void *rest = pool->free_list;
    GCR_STORE_AS(GCR_CAUSE_FREE_LINK, *(void **)block, rest);
    GCR_STORE_AS(GCR_CAUSE_METADATA, pool->free_list, block);
    uint32_t used = pool->used - 1;
    GCR_STORE_AS(GCR_CAUSE_METADATA, pool->used, used);
    if (GCR_UNLIKELY(rest == NULL))
        gcr_pools_relink(pools, pool);
    if (GCR_UNLIKELY(used == 0))
        gcr_pools_release_pool(pools, pool);
}

/* Bytes that a request of `bytes` (1 .. small_limit) gets. */
static inline size_t gcr_pools_round(const struct gcr_pools *pools, size_t bytes)
{
    size_t mask = pools->options.alignment - 1;
    return (bytes + mask) & ~mask;
}

/* Usable bytes of a block of these pools. */
static inline size_t gcr_pools_block_bytes(const struct gcr_pools *pools, const void *block)
{
    const struct gcr_pool *pool = gcr_pools_pool_of(pools, block);
    return (size_t)(pool->size_class + 1) << pools->class_shift;
}

/* Whose arena the address lies in, of all that share the radix tree: an owner's number, or
 * GCR_POOLS_NOBODY. Three dependent loads at most, whatever the address. */
static inline uint32_t gcr_pools_find_owner(const struct gcr_pools *pools, const void *address)
{
    uintptr_t a = (uintptr_t)address;
    if (a >> GCR_POOLS_ADDRESS_BITS != 0)
        return GCR_POOLS_NOBODY;
    uint32_t leaf_bits =
        GCR_POOLS_ADDRESS_BITS - GCR_POOLS_TOP_BITS - GCR_POOLS_MIDDLE_BITS - pools->arena_shift;
    uintptr_t slot = a >> pools->arena_shift;
    struct gcr_arena_cover **middle = pools->tree[slot >> (leaf_bits + GCR_POOLS_MIDDLE_BITS)];
    if (middle == NULL)
        return GCR_POOLS_NOBODY;
    const struct gcr_arena_cover *leaf =
        middle[(slot >> leaf_bits) & ((1u << GCR_POOLS_MIDDLE_BITS) - 1)];
    if (leaf == NULL)
        return GCR_POOLS_NOBODY;
    const struct gcr_arena_cover *cover = &leaf[slot & (((uintptr_t)1 << leaf_bits) - 1)];
    uint32_t offset = (uint32_t)(a & (((uintptr_t)1 << pools->arena_shift) - 1));
    if (offset < (cover->low & ~GCR_ARENA_OWNER_MASK))
        return cover->low & GCR_ARENA_OWNER_MASK;
    if (cover->high != 0 && offset >= (cover->high & ~GCR_ARENA_OWNER_MASK))
        return cover->high & GCR_ARENA_OWNER_MASK;
    return GCR_POOLS_NOBODY;
}

/* Whether the address lies in one of these arenas. */
static inline bool gcr_pools_owns(const struct gcr_pools *pools, const void *address)
{
    return gcr_pools_find_owner(pools, address) == pools->options.owner;
}

/* The same by the range that all arenas lie in: one subtraction, one comparison. */
static inline bool gcr_pools_range_has(const struct gcr_pools *pools, const void *address)
{
    return (uintptr_t)address - pools->range_start < pools->range_bytes;
}

#endif
