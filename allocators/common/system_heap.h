/* A general-purpose heap over the page supply: the "system malloc" of the designs, ours so that the
 * accounting and the cache model see it.
 *
 * Boundary tags (Knuth, The Art of Computer Programming vol. 1, 2.5; Lea's malloc): a chunk is an
 * 8-byte size word, then the block; a free chunk repeats its size in its last word, so that a
 * neighbour finds its start. Sizes are multiples of 16, at least 32. Free chunks are coalesced at
 * once and kept in bins, exact up to 1 KiB, then four a power of two; the smallest bin that can
 * serve does. What is left at a segment's end (its top) grows and shrinks page by page. Requests of
 * 128 KiB and more have a mapping of their own.
 *
 * Invariants (gcr_system_heap_check): chunks tile a segment; no two free chunks touch; every free
 * chunk is in the bin of its size; `used_chunks` counts the others. Cost: alloc O(bins + chunks of
 * one bin), free O(1). */
#ifndef GCR_ALLOCATORS_COMMON_SYSTEM_HEAP_H
#define GCR_ALLOCATORS_COMMON_SYSTEM_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/common/pools.h" /* gcr_block_visitor */
#include "allocators/common/supply.h"
#include "base/status.h"

enum {
    GCR_SYSTEM_CHUNK_HEADER_BYTES = 8,
    GCR_SYSTEM_MIN_CHUNK_BYTES = 32,
    GCR_SYSTEM_MAP_THRESHOLD_BYTES = 128 * 1024,
    GCR_SYSTEM_MAP_HEADER_BYTES = 32,
    GCR_SYSTEM_BINS = 96
};

struct gcr_system_chunk; /* system_heap.c */
struct gcr_system_segment;
struct gcr_system_mapping;

struct gcr_system_heap {
    struct gcr_supply *supply;
    struct gcr_system_segment *segments; /* newest first; only the newest one's top grows */
    struct gcr_system_mapping *mappings;
    struct gcr_system_chunk *bin[GCR_SYSTEM_BINS];
    uint64_t bin_used[(GCR_SYSTEM_BINS + 63) / 64]; /* bit set: bin not empty */
    uint64_t used_chunks;
    uint64_t used_mappings;
};

/* Takes no memory yet. */
void gcr_system_heap_init(struct gcr_system_heap *heap, struct gcr_supply *supply);
/* Gives all memory back, blocks in use included. */
void gcr_system_heap_finish(struct gcr_system_heap *heap);

/* A 16-aligned block of at least `bytes` (0 counts as 1), contents undefined. NULL: supply refused.
 */
void *gcr_system_heap_alloc(struct gcr_system_heap *heap, size_t bytes);
void gcr_system_heap_free(struct gcr_system_heap *heap, void *block);
/* Usable bytes of a block: at least what was asked for. O(1). */
size_t gcr_system_heap_block_bytes(const void *block);

/* Bytes of the chunk headers of blocks in use. */
uint64_t gcr_system_heap_header_bytes(const struct gcr_system_heap *heap);

/* Visits each block in use with its usable bytes. Stops when `visit` returns false. */
bool gcr_system_heap_walk(const struct gcr_system_heap *heap, gcr_block_visitor *visit, void *arg);

/* False: err names the first fault. O(chunks). */
bool gcr_system_heap_check(const struct gcr_system_heap *heap, struct gcr_error *err);

#endif
