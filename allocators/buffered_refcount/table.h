/* A hash table from an object to one word, for what few objects have: counts beyond 13 bits,
 * finalizers, weak references.
 *
 * Open addressing with linear probing and tombstones (Knuth, vol. 3, 6.4), entries of two words as
 * in the source. That one has 524 287 slots from the start (8 MiB); this one starts with a page and
 * doubles when three quarters are used, so that a small budget is not spent on it. Several entries
 * may have one key. Only the holder of the package touches it. O(1) expected. */
#ifndef GCR_ALLOCATORS_BUFFERED_REFCOUNT_TABLE_H
#define GCR_ALLOCATORS_BUFFERED_REFCOUNT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gcr_recycler;

struct recycler_entry {
    uintptr_t key; /* 0: never used; 1: tombstone; else an object */
    uint64_t value;
};

/* Invariant: count <= used <= 3/4 capacity; capacity is 0 or a power of two. */
struct recycler_table {
    struct recycler_entry *slot;
    size_t capacity, used, count; /* used: tombstones too */
    size_t peak;                  /* of count */
};

/* First entry with that key, or the next one after `from`. NULL: none. */
struct recycler_entry *recycler_table_find(const struct recycler_table *table, const void *key);
struct recycler_entry *recycler_table_next(const struct recycler_table *table,
                                           const struct recycler_entry *from);
/* A further entry. False: no memory, and the collector has failed. */
bool recycler_table_add(struct gcr_recycler *h, struct recycler_table *table, const void *key,
                        uint64_t value);
void recycler_table_remove(struct recycler_table *table, struct recycler_entry *entry);
/* Gives its pages back. */
void recycler_table_finish(struct gcr_recycler *h, struct recycler_table *table);

#endif
