/* Blocks of a malloc recording as objects of a trace: what importers of heaptrack and mtrace share.
 *
 * Such recordings know no pointers and no roots. So each block is an object without slots, held by
 * a global root of its own (slot = its object index) from its allocation to its free: ALLOC into
 * the root; then, in place of the free, the root is cleared and DEATH follows. It dies exactly
 * where the program freed it, and nothing else can be learned from it. A reallocation is a free and
 * an allocation, in this order: the running sum of bytes is the program's.
 *
 * Memory: 32 bytes an address at most, 8 a live block. All operations expected O(1). */
#ifndef GCR_TRACES_IMPORT_BLOCKS_H
#define GCR_TRACES_IMPORT_BLOCKS_H

#include "base/number_map.h"
#include "traces/import/importer.h"

/* Larger sizes are no sizes: the number is damaged. */
#define BLOCKS_MAX_BYTES ((1ull << 48) - 1)

struct blocks_counts {
    uint64_t allocations, frees; /* of blocks that were known; a reallocation is one of each */
    uint64_t reallocations;
    uint64_t empty;         /* allocations of size 0 */
    uint64_t unknown_frees; /* of addresses that hold no block: nothing was done */
    uint64_t reused;        /* addresses allocated while a block lived there: it was freed first */
    uint64_t live, live_bytes, peak_live_bytes, peak_live;
    uint64_t allocated_bytes;
};

struct blocks {
    struct emit emit;
    struct gcr_number_map by_address; /* -> object */
    uint64_t *bytes;                  /* by object */
    size_t room;                      /* of bytes */
    uint32_t shape;                   /* one byte an item */
    uint32_t *large_shapes; /* 4 GiB and up: by size modulo the items' 64 KiB; 0: none yet */
    struct blocks_counts counts;
};

/* What such a trace can be trusted for. */
struct gcr_capabilities blocks_capabilities(void);

/* Declares the shape. Failures stick, as in emit.h: blocks_failed says so. */
void blocks_init(struct blocks *blocks, const struct emit_target *target, struct gcr_error *err);
/* Notes the counts (report may be NULL) and frees everything; the first failure or GCR_OK. */
gcr_status blocks_finish(struct blocks *blocks, struct gcr_import_report *report);
static inline bool blocks_failed(const struct blocks *blocks)
{
    return emit_failed(&blocks->emit);
}

/* ---- blocks known by their address ---- */

/* bytes <= BLOCKS_MAX_BYTES. A block that still lives at the address is freed first. */
void blocks_alloc(struct blocks *blocks, uint64_t address, uint64_t bytes);
/* An unknown address is counted, nothing else. */
void blocks_free(struct blocks *blocks, uint64_t address);
/* Frees `old` if it is known, and allocates. */
void blocks_realloc(struct blocks *blocks, uint64_t old, uint64_t address, uint64_t bytes);

/* ---- blocks that the caller itself tells apart ---- */

/* The object; 0 after a failure. */
uint32_t blocks_begin(struct blocks *blocks, uint64_t bytes);
/* An object that blocks_begin gave and that has not ended. */
void blocks_end(struct blocks *blocks, uint32_t object);

#endif
