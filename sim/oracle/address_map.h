/* Address of an object -> node of the shadow graph, by the bits of the address: two levels of
 * tables above leaves of 64 KiB of addresses. Objects that lie together are found together, which
 * no hashing gives: sweeps and copies go through the heap in order of addresses. */
#ifndef GCR_SIM_ORACLE_ADDRESS_MAP_H
#define GCR_SIM_ORACLE_ADDRESS_MAP_H

#include "allocators/collector.h"
#include "base/compiler.h"

enum {
    GCR_ADDRESS_BITS = 48,
    GCR_ADDRESS_LEAF_SHIFT = 16, /* address bits below a leaf */
    GCR_ADDRESS_TABLE_SHIFT = 32,
    GCR_ADDRESS_TABLE_ENTRIES = 1 << 16,
    GCR_ADDRESS_LEAF_ENTRIES = 1 << 13 /* objects lie on multiples of 8 */
};

struct gcr_address_leaf {
    struct gcr_address_leaf *next;
    uint32_t count; /* entries that are not 0 */
    uint32_t value[GCR_ADDRESS_LEAF_ENTRIES];
};

struct gcr_address_table {
    struct gcr_address_table *next;
    struct gcr_address_leaf *leaf[GCR_ADDRESS_TABLE_ENTRIES];
};

/* All zero: empty. */
struct gcr_oracle_map {
    struct gcr_address_table **table; /* GCR_ADDRESS_TABLE_ENTRIES of them */
    struct gcr_address_table *tables; /* all, as a list */
    struct gcr_address_leaf *leaves;  /* all, as a list */
    size_t count;
};

/* The leaf of an address, or NULL. */
static inline struct gcr_address_leaf *gcr_oracle_map_leaf(const struct gcr_oracle_map *map,
                                                           uintptr_t address)
{
    struct gcr_address_table *table;

    if (GCR_UNLIKELY(map->table == NULL || address >> GCR_ADDRESS_BITS != 0))
        return NULL;
    table = map->table[address >> GCR_ADDRESS_TABLE_SHIFT];
    if (table == NULL)
        return NULL;
    return table->leaf[(address >> GCR_ADDRESS_LEAF_SHIFT) % GCR_ADDRESS_TABLE_ENTRIES];
}

static inline uint32_t *gcr_oracle_map_entry(struct gcr_address_leaf *leaf, uintptr_t address)
{
    return &leaf->value[(address >> 3) % GCR_ADDRESS_LEAF_ENTRIES];
}

/* Makes the leaf of an address; NULL: no memory, or no user's address. */
struct gcr_address_leaf *gcr_oracle_map_grow(struct gcr_oracle_map *map, uintptr_t address);

void gcr_oracle_map_finish(struct gcr_oracle_map *map);

/* Forgets everything, keeps the memory. O(leaves in use). */
void gcr_oracle_map_clear(struct gcr_oracle_map *map);

/* Adds or replaces; value != 0. False: no memory. O(1). */
static inline bool gcr_oracle_map_put(struct gcr_oracle_map *map, gcr_ref object, uint32_t value)
{
    struct gcr_address_leaf *leaf = gcr_oracle_map_leaf(map, (uintptr_t)object);
    uint32_t *entry;

    if (GCR_UNLIKELY(leaf == NULL)) {
        leaf = gcr_oracle_map_grow(map, (uintptr_t)object);
        if (leaf == NULL)
            return false;
    }
    entry = gcr_oracle_map_entry(leaf, (uintptr_t)object);
    leaf->count += *entry == 0;
    map->count += *entry == 0;
    *entry = value;
    return true;
}

/* 0 if absent. */
static inline uint32_t gcr_oracle_map_find(const struct gcr_oracle_map *map, gcr_ref object)
{
    struct gcr_address_leaf *leaf = gcr_oracle_map_leaf(map, (uintptr_t)object);

    return leaf == NULL ? 0 : *gcr_oracle_map_entry(leaf, (uintptr_t)object);
}

/* Removes and returns the value; 0 if absent. */
static inline uint32_t gcr_oracle_map_take(struct gcr_oracle_map *map, gcr_ref object)
{
    struct gcr_address_leaf *leaf = gcr_oracle_map_leaf(map, (uintptr_t)object);
    uint32_t *entry, value;

    if (leaf == NULL)
        return 0;
    entry = gcr_oracle_map_entry(leaf, (uintptr_t)object);
    value = *entry;
    leaf->count -= value != 0;
    map->count -= value != 0;
    *entry = 0;
    return value;
}

#endif
