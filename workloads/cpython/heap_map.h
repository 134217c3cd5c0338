/* Address -> record: which block starts at an address.
 *
 * A two-level table over 47-bit addresses: 1 MiB regions, and in each region one word for every 16
 * bytes, which is the alignment of all blocks. Look-up is two loads. */
#ifndef GCR_WORKLOADS_CPYTHON_HEAP_MAP_H
#define GCR_WORKLOADS_CPYTHON_HEAP_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "workloads/cpython/memory.h"

enum { HEAP_MAP_REGION_BITS = 20, HEAP_MAP_GRANULE_BITS = 4, HEAP_MAP_ADDRESS_BITS = 47 };
enum { HEAP_MAP_LEAVES = 1 << 14 }; /* in one range: of 16 GiB of the program's memory */
#define HEAP_MAP_REGIONS ((uint64_t)1 << (HEAP_MAP_ADDRESS_BITS - HEAP_MAP_REGION_BITS))
#define HEAP_MAP_GRANULES ((uint64_t)1 << (HEAP_MAP_REGION_BITS - HEAP_MAP_GRANULE_BITS))

struct heap_map {
    uint32_t **regions;
    uint32_t region_count; /* ever entered */
    struct recorder_leaves leaves;
};

static inline bool heap_map_init(struct heap_map *map)
{
    map->regions = recorder_reserve(HEAP_MAP_REGIONS * sizeof *map->regions);
    recorder_leaves_init(&map->leaves, HEAP_MAP_LEAVES * HEAP_MAP_GRANULES * sizeof(uint32_t));
    return map->regions != NULL;
}

/* The record of the block that starts at `address`; 0: none. */
static inline uint32_t heap_map_find(const struct heap_map *map, uint64_t address)
{
    uint64_t region = address >> HEAP_MAP_REGION_BITS;
    if (region >= HEAP_MAP_REGIONS || (address & 15) != 0 || map->regions[region] == NULL)
        return 0;
    return map->regions[region][(address >> HEAP_MAP_GRANULE_BITS) & (HEAP_MAP_GRANULES - 1)];
}

/* Notes (record != 0) or forgets (0) the block at `address`. False: no memory for the region. */
static inline bool heap_map_set(struct heap_map *map, uint64_t address, uint32_t record)
{
    uint64_t region = address >> HEAP_MAP_REGION_BITS;
    if (region >= HEAP_MAP_REGIONS || (address & 15) != 0)
        return false;
    if (map->regions[region] == NULL) {
        if (record == 0)
            return true;
        map->regions[region] =
            recorder_leaves_take(&map->leaves, HEAP_MAP_GRANULES * sizeof(uint32_t));
        if (map->regions[region] == NULL)
            return false;
        map->region_count++;
    }
    map->regions[region][(address >> HEAP_MAP_GRANULE_BITS) & (HEAP_MAP_GRANULES - 1)] = record;
    return true;
}

#endif
