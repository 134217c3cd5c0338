#include "allocators/common/address_map.h"

#include "base/check.h"

void gcr_address_map_init(struct gcr_address_map *map, struct gcr_supply *supply)
{
    *map = (struct gcr_address_map){.supply = supply};
}

static void unmap_entries(struct gcr_supply *supply, struct gcr_address_entry *entry,
                          size_t capacity)
{
    if (capacity != 0)
        gcr_supply_unmap(supply, GCR_PAGES_SIDE, entry, capacity * sizeof *entry);
}

void gcr_address_map_finish(struct gcr_address_map *map)
{
    unmap_entries(map->supply, map->entry, map->capacity);
    gcr_address_map_init(map, map->supply);
}

/* Fibonacci hashing, from the middle bits of the product. */
static size_t home_of(const struct gcr_address_map *map, uintptr_t key)
{
    return (size_t)(((uint64_t)key * 0x9e3779b97f4a7c15u) >> 24) & (map->capacity - 1);
}

/* Where the key is, or the empty entry where it would go. */
static size_t position(const struct gcr_address_map *map, uintptr_t key)
{
    size_t i = home_of(map, key);
    while (map->entry[i].key != 0 && map->entry[i].key != key)
        i = (i + 1) & (map->capacity - 1);
    return i;
}

bool gcr_address_map_promise(struct gcr_address_map *map, size_t n)
{
    size_t capacity = map->capacity == 0 ? 128 : map->capacity;
    while (capacity < 2 * (map->promised + n))
        capacity *= 2;
    if (capacity == map->capacity) {
        map->promised += n;
        return true;
    }
    struct gcr_address_map larger = *map;
    larger.capacity = capacity;
    larger.entry = gcr_supply_map(map->supply, GCR_PAGES_SIDE, capacity * sizeof *larger.entry,
                                  GCR_PAGE_BYTES);
    if (larger.entry == NULL)
        return false;
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->entry[i].key != 0)
            larger.entry[position(&larger, map->entry[i].key)] = map->entry[i];
    }
    unmap_entries(map->supply, map->entry, map->capacity);
    *map = larger;
    map->promised += n;
    return true;
}

void gcr_address_map_release(struct gcr_address_map *map, size_t n)
{
    GCR_CHECK(1, n <= map->promised);
    map->promised -= n;
}

struct gcr_address_entry *gcr_address_map_find(const struct gcr_address_map *map, uintptr_t key)
{
    if (map->capacity == 0)
        return NULL;
    struct gcr_address_entry *entry = &map->entry[position(map, key)];
    return entry->key == key ? entry : NULL;
}

void gcr_address_map_add(struct gcr_address_map *map, uintptr_t key, uintptr_t a, uintptr_t b)
{
    GCR_CHECK(1, map->count < map->promised);
    struct gcr_address_entry *entry = &map->entry[position(map, key)];
    GCR_CHECK(1, entry->key == 0);
    *entry = (struct gcr_address_entry){key, a, b};
    map->count++;
}

void gcr_address_map_remove(struct gcr_address_map *map, uintptr_t key)
{
    if (map->capacity == 0)
        return;
    size_t mask = map->capacity - 1, hole = position(map, key);
    if (map->entry[hole].key != key)
        return;
    for (size_t i = (hole + 1) & mask; map->entry[i].key != 0; i = (i + 1) & mask) {
        /* An entry may fill the hole if its home is not between the hole and itself. */
        if (((i - home_of(map, map->entry[i].key)) & mask) >= ((i - hole) & mask)) {
            map->entry[hole] = map->entry[i];
            hole = i;
        }
    }
    map->entry[hole].key = 0;
    map->count--;
}
