/* A hash map from tagged addresses to two words, on the supply's side-table pages: weak reference
 * lists and finalizer cookies.
 *
 * Open addressing, linear probing, backward-shift deletion (Knuth, vol. 3, 6.4, algorithm R), at
 * most half full. Room is *promised* beforehand, where a refused page can still fail an allocation;
 * adding within the promise cannot fail. Expected O(1). */
#ifndef GCR_ALLOCATORS_COMMON_ADDRESS_MAP_H
#define GCR_ALLOCATORS_COMMON_ADDRESS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/common/supply.h"

struct gcr_address_entry {
    uintptr_t key; /* 0: empty */
    uintptr_t a, b;
};

struct gcr_address_map {
    struct gcr_supply *supply;
    struct gcr_address_entry *entry;
    size_t capacity; /* 0 or a power of two */
    size_t count;
    size_t promised;
};

void gcr_address_map_init(struct gcr_address_map *map, struct gcr_supply *supply);
void gcr_address_map_finish(struct gcr_address_map *map);

/* Makes sure that n more entries than promised so far fit. False: the supply refused, no change. */
bool gcr_address_map_promise(struct gcr_address_map *map, size_t n);
/* Takes back a promise of n entries. */
void gcr_address_map_release(struct gcr_address_map *map, size_t n);

/* The entry of a key, or NULL. Valid until the next add, remove or promise. */
struct gcr_address_entry *gcr_address_map_find(const struct gcr_address_map *map, uintptr_t key);
/* Adds a key that is not there, within the promise. */
void gcr_address_map_add(struct gcr_address_map *map, uintptr_t key, uintptr_t a, uintptr_t b);
/* Removes a key if it is there. */
void gcr_address_map_remove(struct gcr_address_map *map, uintptr_t key);

#endif
