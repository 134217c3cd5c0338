/* See number_map.h. */
#include "base/number_map.h"

#include <stdlib.h>
#include <string.h>

void gcr_number_map_finish(struct gcr_number_map *map)
{
    free(map->entries);
    *map = (struct gcr_number_map){0};
}

void gcr_number_map_clear(struct gcr_number_map *map)
{
    if (map->entries != NULL)
        memset(map->entries, 0, (map->mask + 1) * sizeof *map->entries);
    map->count = 0;
}

/* Fibonacci hashing (Knuth, the same, 6.4): neighbours and multiples spread. */
static size_t map_home(const struct gcr_number_map *map, uint64_t key)
{
    uint64_t hash = key * 0x9e3779b97f4a7c15u;
    return (size_t)(hash >> 32) & map->mask;
}

/* Where the key is, or the free entry where it would go. */
static size_t map_position(const struct gcr_number_map *map, uint64_t key)
{
    size_t i = map_home(map, key);

    while (map->entries[i].value != 0 && map->entries[i].key != key)
        i = (i + 1) & map->mask;
    return i;
}

static bool map_grow(struct gcr_number_map *map)
{
    size_t room = map->entries == NULL ? 1024 : (map->mask + 1) * 2;
    struct gcr_number_map bigger = {calloc(room, sizeof *map->entries), room - 1, map->count};

    if (bigger.entries == NULL)
        return false;
    for (size_t i = 0; map->entries != NULL && i <= map->mask; i++)
        if (map->entries[i].value != 0)
            bigger.entries[map_position(&bigger, map->entries[i].key)] = map->entries[i];
    free(map->entries);
    *map = bigger;
    return true;
}

bool gcr_number_map_put(struct gcr_number_map *map, uint64_t key, uint32_t value)
{
    size_t i;

    if ((map->entries == NULL || map->count * 2 > map->mask) && !map_grow(map))
        return false;
    i = map_position(map, key);
    if (map->entries[i].value == 0)
        map->count++;
    map->entries[i] = (struct gcr_number_entry){key, value};
    return true;
}

uint32_t gcr_number_map_find(const struct gcr_number_map *map, uint64_t key)
{
    return map->entries == NULL ? 0 : map->entries[map_position(map, key)].value;
}

uint32_t gcr_number_map_take(struct gcr_number_map *map, uint64_t key)
{
    uint32_t value = gcr_number_map_find(map, key);
    size_t hole, i;

    if (value == 0)
        return 0;
    hole = map_position(map, key);
    for (i = (hole + 1) & map->mask; map->entries[i].value != 0; i = (i + 1) & map->mask) {
        size_t home = map_home(map, map->entries[i].key);
        if (((i - home) & map->mask) < ((i - hole) & map->mask))
            continue; /* its home lies behind the hole: it may not move before it */
        map->entries[hole] = map->entries[i];
        hole = i;
    }
    map->entries[hole] = (struct gcr_number_entry){0};
    map->count--;
    return value;
}
