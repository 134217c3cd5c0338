#include "sim/oracle/address_map.h"

#include <stdlib.h>
#include <string.h>

static struct gcr_address_table *map_table(struct gcr_oracle_map *map, uintptr_t address)
{
    struct gcr_address_table **place;

    if (map->table == NULL)
        map->table = calloc(GCR_ADDRESS_TABLE_ENTRIES, sizeof(struct gcr_address_table *));
    if (map->table == NULL)
        return NULL;
    place = &map->table[address >> GCR_ADDRESS_TABLE_SHIFT];
    if (*place == NULL) {
        *place = calloc(1, sizeof **place);
        if (*place == NULL)
            return NULL;
        (*place)->next = map->tables;
        map->tables = *place;
    }
    return *place;
}

struct gcr_address_leaf *gcr_oracle_map_grow(struct gcr_oracle_map *map, uintptr_t address)
{
    struct gcr_address_table *table;
    struct gcr_address_leaf *leaf;

    if (address >> GCR_ADDRESS_BITS != 0)
        return NULL;
    table = map_table(map, address);
    leaf = table != NULL ? calloc(1, sizeof *leaf) : NULL;
    if (leaf == NULL)
        return NULL;
    leaf->next = map->leaves;
    map->leaves = leaf;
    table->leaf[(address >> GCR_ADDRESS_LEAF_SHIFT) % GCR_ADDRESS_TABLE_ENTRIES] = leaf;
    return leaf;
}

void gcr_oracle_map_clear(struct gcr_oracle_map *map)
{
    for (struct gcr_address_leaf *leaf = map->leaves; leaf != NULL; leaf = leaf->next) {
        if (leaf->count != 0)
            memset(leaf->value, 0, sizeof leaf->value);
        leaf->count = 0;
    }
    map->count = 0;
}

void gcr_oracle_map_finish(struct gcr_oracle_map *map)
{
    while (map->leaves != NULL) {
        struct gcr_address_leaf *next = map->leaves->next;
        free(map->leaves);
        map->leaves = next;
    }
    while (map->tables != NULL) {
        struct gcr_address_table *next = map->tables->next;
        free(map->tables);
        map->tables = next;
    }
    free(map->table);
    *map = (struct gcr_oracle_map){0};
}
