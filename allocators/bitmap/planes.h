/* From an object to its bits and back. An object of the pools is found by arithmetic on its
 * address: its pool's number in the range, then its block's number in the pool: by granules (a
 * shift) or by slots (one multiplication with the reciprocal of the class, whose number is in the
 * pool's header). */
#ifndef GCR_ALLOCATORS_BITMAP_PLANES_H
#define GCR_ALLOCATORS_BITMAP_PLANES_H

#include "allocators/bitmap/bitmap.h"

/* ---- numbers ---- */

static inline bool bitmap_is_large(gcr_ref object)
{
    return (gcr_counted(object)->type & GCR_COUNTED_LARGE) != 0;
}

static inline struct gcr_gc_head *bitmap_head(const struct bitmap *b, gcr_ref large)
{
    return gcr_head_at(large, b->large_distance);
}

static inline gcr_ref bitmap_large_object(const struct bitmap *b, const struct gcr_gc_head *head)
{
    return gcr_head_object(head, b->large_distance);
}

/* Of a block or of the reference to the object in it: both lie in the pool. */
static inline uint32_t bitmap_pool_number(const struct bitmap *b, const void *block)
{
    return (uint32_t)(((uintptr_t)block - b->range_start) >> b->pool_shift);
}

static inline uintptr_t bitmap_pool_start(const struct bitmap *b, uint32_t number)
{
    return b->range_start + ((uintptr_t)number << b->pool_shift);
}

/* A small container's block number in its pool: exact for offsets and sizes below 2^16. */
static inline uint32_t bitmap_block_number(const struct bitmap *b, gcr_ref object)
{
    const struct gcr_pools *pools = b->counting.container_pools;
    uint32_t offset = (uint32_t)((uintptr_t)object & pools->pool_mask);
    if (b->granule)
        return offset >> b->granule_shift;
    uint32_t size_class = gcr_pools_pool_of(pools, object)->size_class;
    return (uint32_t)((offset - b->first_ref) * b->reciprocal[size_class] >> 32);
}

/* ---- permanent planes ---- */

/* First group of a pool. */
static inline uint64_t *bitmap_pool_planes(const struct bitmap *b, uint32_t number)
{
    size_t words = (size_t)b->groups_per_pool * b->group_words;
    if (b->in_header)
        return (uint64_t *)(bitmap_pool_start(b, number) + sizeof(struct gcr_pool));
    return (uint64_t *)b->planes.start + number * words;
}

/* The words of a block's group and its bit in them. */
struct bitmap_place {
    uint64_t *words;
    uint64_t bit;
    uint32_t pool, block;
};

static inline struct bitmap_place bitmap_place_of(const struct bitmap *b, gcr_ref object)
{
    struct bitmap_place place;
    place.pool = bitmap_pool_number(b, object);
    place.block = bitmap_block_number(b, object);
    place.words = bitmap_pool_planes(b, place.pool) + (size_t)(place.block / 64) * b->group_words;
    place.bit = (uint64_t)1 << place.block % 64;
    return place;
}

/* Planes may lie in the headers of pools, on pages of objects: their stores say what they are. */
#define BITMAP_SET_PLANE(word, value) GCR_STORE_AS(GCR_CAUSE_SIDE, word, value)

/* ---- words of an arena ---- */

static inline uint32_t bitmap_arena_words(const struct bitmap *b)
{
    return (b->pools_per_arena + 63) / 64;
}

static inline uint64_t *bitmap_young_words(const struct bitmap *b, uint32_t arena)
{
    return (uint64_t *)(b->words.start + arena * b->words.row_bytes);
}

static inline uint64_t *bitmap_middle_words(const struct bitmap *b, uint32_t arena)
{
    return bitmap_young_words(b, arena) + bitmap_arena_words(b);
}

/* By pool: number + 1 of its FINALIZED plane, 0 if it has none. */
static inline uint32_t *bitmap_finalized_slot(const struct bitmap *b, uint32_t pool)
{
    uint64_t *words = bitmap_middle_words(b, pool / b->pools_per_arena) + bitmap_arena_words(b);
    return (uint32_t *)words + pool % b->pools_per_arena;
}

static inline void bitmap_set_pool_bit(uint64_t *words, uint32_t pool_in_arena)
{
    uint64_t bit = (uint64_t)1 << pool_in_arena % 64;
    if (!(words[pool_in_arena / 64] & bit)) /* do not dirty the line for nothing */
        words[pool_in_arena / 64] |= bit;
}

static inline void bitmap_set_young(const struct bitmap *b, uint32_t pool)
{
    bitmap_set_pool_bit(bitmap_young_words(b, pool / b->pools_per_arena),
                        pool % b->pools_per_arena);
}

static inline void bitmap_set_middle(const struct bitmap *b, uint32_t pool)
{
    bitmap_set_pool_bit(bitmap_middle_words(b, pool / b->pools_per_arena),
                        pool % b->pools_per_arena);
}

/* ---- FINALIZED ---- */

/* The word of FINALIZED that a block's bit is in; NULL: its pool has none. */
static inline uint64_t *bitmap_finalized_word(const struct bitmap *b,
                                              const struct bitmap_place *place)
{
    uint32_t slot = *bitmap_finalized_slot(b, place->pool);
    if (slot == 0)
        return NULL;
    return (uint64_t *)gcr_vector_at(&b->finalized, slot - 1) + place->block / 64;
}

/* ---- transient planes ---- */

/* The group that a block's transient bits are in; NULL: its pool has no candidates. */
static inline struct bitmap_group *bitmap_group_of(const struct bitmap *b, uint32_t pool,
                                                   uint32_t block)
{
    uint32_t first = b->transient.place_of_pool[pool].group;
    return first == 0 ? NULL : &b->transient.group[first - 1 + block / 64];
}

static inline gcr_ref bitmap_object(const struct bitmap_pool *pool, uint32_t block)
{
    return (gcr_ref)(pool->base + (uintptr_t)block * pool->unit);
}

static inline uint32_t bitmap_popcount(uint64_t word)
{
    word -= word >> 1 & 0x5555555555555555u;
    word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
    word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (uint32_t)(word * 0x0101010101010101u >> 56);
}

/* Where the working count of a candidate is. */
static inline uint32_t *bitmap_count_of(const struct bitmap *b, const struct bitmap_group *group,
                                        uint32_t bit_number)
{
    uint32_t rank = bit_number;
    if (!b->full_counts)
        rank = bitmap_popcount(group->candidate & (((uint64_t)1 << bit_number) - 1));
    return &b->transient.count[group->first_count + rank];
}

#endif
