/* Address of an object -> node of the shadow graph; see base/number_map.h. */
#ifndef GCR_SIM_ORACLE_ADDRESS_MAP_H
#define GCR_SIM_ORACLE_ADDRESS_MAP_H

#include "allocators/collector.h"
#include "base/number_map.h"

/* All zero: empty. */
struct gcr_oracle_map {
    struct gcr_number_map map;
};

static inline void gcr_oracle_map_finish(struct gcr_oracle_map *map)
{
    gcr_number_map_finish(&map->map);
}

/* Forgets everything, keeps the memory. O(size). */
static inline void gcr_oracle_map_clear(struct gcr_oracle_map *map)
{
    gcr_number_map_clear(&map->map);
}

/* Adds or replaces; value != 0. False: no memory. Expected O(1). */
static inline bool gcr_oracle_map_put(struct gcr_oracle_map *map, gcr_ref address, uint32_t value)
{
    return gcr_number_map_put(&map->map, (uintptr_t)address, value);
}

/* 0 if absent. */
static inline uint32_t gcr_oracle_map_find(const struct gcr_oracle_map *map, gcr_ref address)
{
    return gcr_number_map_find(&map->map, (uintptr_t)address);
}

/* Removes and returns the value; 0 if absent. */
static inline uint32_t gcr_oracle_map_take(struct gcr_oracle_map *map, gcr_ref address)
{
    return gcr_number_map_take(&map->map, (uintptr_t)address);
}

#endif
