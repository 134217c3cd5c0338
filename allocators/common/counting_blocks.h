/* Which allocator a block is from: the question that every free must answer, in three ways, with
 * the loads that each costs counted. For the parts of counting alone. */
#ifndef GCR_ALLOCATORS_COMMON_COUNTING_BLOCKS_H
#define GCR_ALLOCATORS_COMMON_COUNTING_BLOCKS_H

#include "allocators/common/counting.h"

/* Loads of one test beyond the heap's own struct: the type word and the type's row; none, the range
 * is in the struct; the three levels of the tree. */
enum { GCR_LOADS_SIZED = 2, GCR_LOADS_RANGE = 0, GCR_LOADS_RADIX = 3 };

static inline enum gcr_block_owner gcr_counting_owner_of(struct gcr_counting *c, const void *block,
                                                         uint64_t bytes, bool container)
{
    c->owner_tests++;
    switch (c->ownership) {
    case GCR_OWNERSHIP_SIZED:
        c->owner_loads += GCR_LOADS_SIZED;
        if (bytes == 0 || bytes > c->small_limit)
            return GCR_BLOCK_OF_SYSTEM;
        return container ? GCR_BLOCK_OF_CONTAINER_POOLS : GCR_BLOCK_OF_POOLS;
    case GCR_OWNERSHIP_RANGE:
        c->owner_loads += GCR_LOADS_RANGE;
        if (gcr_pools_range_has(c->container_pools, block))
            return GCR_BLOCK_OF_CONTAINER_POOLS;
        return gcr_pools_range_has(&c->pools[0], block) ? GCR_BLOCK_OF_POOLS : GCR_BLOCK_OF_SYSTEM;
    default:
        c->owner_loads += GCR_LOADS_RADIX;
        switch (gcr_pools_find_owner(&c->pools[0], block)) {
        case GCR_POOLS_NOBODY:
            return GCR_BLOCK_OF_SYSTEM;
        case 0:
            return GCR_BLOCK_OF_POOLS;
        default:
            return GCR_BLOCK_OF_CONTAINER_POOLS;
        }
    }
}

static inline struct gcr_pools *gcr_counting_pools_for(struct gcr_counting *c,
                                                       const struct gcr_counting_type *type)
{
    return gcr_counting_type_is(type, GCR_SHAPE_CONTAINER) ? c->container_pools : &c->pools[0];
}

static inline void **gcr_counting_recycled_list(struct gcr_counting *c,
                                                const struct gcr_counting_type *type,
                                                uint64_t bytes)
{
    uint32_t size_class = (uint32_t)((bytes - 1) >> c->pools[0].class_shift);
    return &c->recycled[gcr_counting_type_is(type, GCR_SHAPE_CONTAINER)][size_class];
}

#endif
