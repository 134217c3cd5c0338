#include "sim/oracle/address_map.h"

#include <stdlib.h>
#include <string.h>

void gcr_oracle_map_finish(struct gcr_oracle_map *map)
{
    free(map->entries);
    *map = (struct gcr_oracle_map){0};
}

void gcr_oracle_map_clear(struct gcr_oracle_map *map)
{
    if (map->entries != NULL)
        memset(map->entries, 0, (map->mask + 1) * sizeof *map->entries);
    map->count = 0;
}

/* Fibonacci hashing; objects lie at multiples of 8 at least. */
static size_t map_home(const struct gcr_oracle_map *map, gcr_ref address)
{
    uint64_t hash = ((uint64_t)(uintptr_t)address >> 3) * 0x9e3779b97f4a7c15u;
    return (size_t)(hash >> 32) & map->mask;
}

/* Where the address is, or the free entry where it would go. */
static size_t map_position(const struct gcr_oracle_map *map, gcr_ref address)
{
    size_t i = map_home(map, address);

    while (map->entries[i].address != NULL && map->entries[i].address != address)
        i = (i + 1) & map->mask;
    return i;
}

static bool map_grow(struct gcr_oracle_map *map)
{
    size_t room = map->entries == NULL ? 1024 : (map->mask + 1) * 2;
    struct gcr_oracle_map bigger = {calloc(room, sizeof *map->entries), room - 1, map->count};

    if (bigger.entries == NULL)
        return false;
    for (size_t i = 0; map->entries != NULL && i <= map->mask; i++)
        if (map->entries[i].address != NULL)
            bigger.entries[map_position(&bigger, map->entries[i].address)] = map->entries[i];
    free(map->entries);
    *map = bigger;
    return true;
}

bool gcr_oracle_map_put(struct gcr_oracle_map *map, gcr_ref address, uint32_t value)
{
    size_t i;

    if ((map->entries == NULL || map->count * 2 > map->mask) && !map_grow(map))
        return false;
    i = map_position(map, address);
    if (map->entries[i].address == NULL)
        map->count++;
    map->entries[i] = (struct gcr_address_entry){address, value};
    return true;
}

uint32_t gcr_oracle_map_find(const struct gcr_oracle_map *map, gcr_ref address)
{
    return map->entries == NULL ? 0 : map->entries[map_position(map, address)].value;
}

uint32_t gcr_oracle_map_take(struct gcr_oracle_map *map, gcr_ref address)
{
    uint32_t value = gcr_oracle_map_find(map, address);
    size_t hole, i;

    if (value == 0)
        return 0;
    hole = map_position(map, address);
    for (i = (hole + 1) & map->mask; map->entries[i].address != NULL; i = (i + 1) & map->mask) {
        size_t home = map_home(map, map->entries[i].address);
        if (((i - home) & map->mask) < ((i - hole) & map->mask))
            continue; /* its home lies behind the hole: it may not move before it */
        map->entries[hole] = map->entries[i];
        hole = i;
    }
    map->entries[hole] = (struct gcr_address_entry){0};
    map->count--;
    return value;
}
