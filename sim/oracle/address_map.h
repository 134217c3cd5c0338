/* Address of an object -> node of the shadow graph. Open addressing with linear probing, deletion
 * by shifting back (Knuth, The Art of Computer Programming vol. 3, 6.4, algorithm R); 16 bytes an
 * entry, at most half full. */
#ifndef GCR_SIM_ORACLE_ADDRESS_MAP_H
#define GCR_SIM_ORACLE_ADDRESS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/collector.h"

struct gcr_address_entry {
    gcr_ref address; /* NULL: free */
    uint32_t value;  /* not 0 */
};

/* All zero: empty. */
struct gcr_oracle_map {
    struct gcr_address_entry *entries;
    size_t mask; /* entries - 1; 0: none yet */
    size_t count;
};

void gcr_oracle_map_finish(struct gcr_oracle_map *map);
/* Forgets everything, keeps the memory. O(size). */
void gcr_oracle_map_clear(struct gcr_oracle_map *map);
/* Adds or replaces. False: no memory. Expected O(1). */
bool gcr_oracle_map_put(struct gcr_oracle_map *map, gcr_ref address, uint32_t value);
/* 0 if absent. */
uint32_t gcr_oracle_map_find(const struct gcr_oracle_map *map, gcr_ref address);
/* Removes and returns the value; 0 if absent. */
uint32_t gcr_oracle_map_take(struct gcr_oracle_map *map, gcr_ref address);

#endif
