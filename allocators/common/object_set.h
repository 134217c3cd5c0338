/* A set of object addresses, kept only in verified runs: which of the blocks in use are objects.
 *
 * A design whose bodies are raw blocks cannot tell them from objects by looking at a block, and a
 * heap walk must report objects alone. The set is the harness's instrument, not the design's: it
 * lives in ordinary memory, is no part of the footprint, and does not exist in timed runs.
 *
 * Open addressing with linear probing and backward-shift deletion (Knuth, vol. 3, 6.4, algorithm
 * R); at most half full. All operations O(1) expected. */
#ifndef GCR_ALLOCATORS_COMMON_OBJECT_SET_H
#define GCR_ALLOCATORS_COMMON_OBJECT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gcr_object_set {
    const void **entry;
    size_t capacity; /* 0 or a power of two */
    size_t count;
};

/* All zero is a valid empty set. */
void gcr_object_set_finish(struct gcr_object_set *set);

/* Adds an address that is not yet in the set. Aborts (GCR_CHECK) if the system has no memory. */
void gcr_object_set_add(struct gcr_object_set *set, const void *object);
/* False if it was not in the set. */
bool gcr_object_set_remove(struct gcr_object_set *set, const void *object);
bool gcr_object_set_has(const struct gcr_object_set *set, const void *object);

#endif
