/* 64-bit number (an address, an id) -> 32-bit value that is not 0. Open addressing with linear
 * probing, deletion by shifting back (Knuth, The Art of Computer Programming vol. 3, 6.4, algorithm
 * R); 16 bytes an entry, at most half full. */
#ifndef GCR_BASE_NUMBER_MAP_H
#define GCR_BASE_NUMBER_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gcr_number_entry {
    uint64_t key;
    uint32_t value; /* 0: free */
};

/* All zero: empty. */
struct gcr_number_map {
    struct gcr_number_entry *entries;
    size_t mask; /* entries - 1; 0: none yet */
    size_t count;
};

void gcr_number_map_finish(struct gcr_number_map *map);
/* Forgets everything, keeps the memory. O(size). */
void gcr_number_map_clear(struct gcr_number_map *map);
/* Adds or replaces; value != 0. False: no memory. Expected O(1). */
bool gcr_number_map_put(struct gcr_number_map *map, uint64_t key, uint32_t value);
/* 0 if absent. */
uint32_t gcr_number_map_find(const struct gcr_number_map *map, uint64_t key);
/* Removes and returns the value; 0 if absent. */
uint32_t gcr_number_map_take(struct gcr_number_map *map, uint64_t key);

#endif
