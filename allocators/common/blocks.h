/* A segregated heap in fixed blocks, with all of a collector's state outside of them.
 *
 * Small objects (up to 2048 bytes) lie in 16 KiB blocks, block-aligned, of one slot size each:
 * multiples of 16 to 128, then four steps a doubling. A block's control record is elsewhere, and so
 * are its two side arrays, one byte a slot (or one bit, by option): `alloc` says which slots hold
 * objects, `mark` which a collection has reached. After a collection the two *swap roles*, so that
 * live objects need no sweep: what was marked is what is allocated. Free lists run through the
 * first words of free slots. Larger objects are runs of 4 KiB pages, first fit in address order;
 * an array with an entry a page says where runs begin.
 *
 * Heap layout of Jikes RVM's Watson collectors (Bacon, Attanasio, Lee, Smith), whose parallel
 * mark-sweep and reference-counting collectors share it.
 *
 * Two ways to reclaim:
 *   - tracing: gcr_blocks_clear_marks, mark, gcr_blocks_swap, gcr_blocks_relink; free lists are
 *     built block by block, at once (gcr_blocks_build) or when the block is taken;
 *   - counting: gcr_blocks_return, on any one thread at a time, pushes a slot on its block's atomic
 *     list; the mutator takes whole lists with one exchange, and alone returns empty blocks.
 * A heap uses one of them. Functions belong to the mutator's thread unless they say otherwise.
 *
 * Invariants (gcr_blocks_check): a block is in exactly the list that its state names; free slots
 * have a clear alloc entry; each is on at most one free list; runs tile the used pages. Cost:
 * allocation and return O(1), amortised over a block's slots. */
#ifndef GCR_ALLOCATORS_COMMON_BLOCKS_H
#define GCR_ALLOCATORS_COMMON_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "allocators/common/access.h"
#include "allocators/common/supply.h"
#include "base/check.h"
#include "base/compiler.h"
#include "base/status.h"

enum {
    GCR_BLOCK_SHIFT = 14,
    GCR_BLOCK_BYTES = 1 << GCR_BLOCK_SHIFT,
    GCR_BLOCK_GRANULE_BYTES = 16,
    GCR_BLOCK_MAX_SMALL_BYTES = 2048,
    GCR_BLOCK_CLASSES = 24
};

enum gcr_block_state {
    GCR_BLOCK_UNUSED,  /* beyond the frontier, or given back: no committed pages */
    GCR_BLOCK_FREE,    /* in the free pool, committed, of no class */
    GCR_BLOCK_CURRENT, /* a context allocates from it */
    GCR_BLOCK_PARTIAL, /* in its class's list: it has, or may have, free slots */
    GCR_BLOCK_FULL     /* in no list */
};

/* Control record of a block, one cache line. What marking needs comes first. */
struct gcr_block {
    uint8_t *mark, *alloc; /* side arrays; they swap roles */
    uint32_t reciprocal;   /* slot number = offset * reciprocal >> 32 */
    uint16_t slot_bytes, slots;
    void *free;             /* free slots, while no context has the list */
    struct gcr_block *next; /* in its state's list */
    void *returned;         /* atomic: slots pushed by gcr_blocks_return */
    uint32_t previous;      /* in its class's list: block number + 1, 0: first */
    uint32_t next_returned; /* on the stack of blocks with returned slots: the same */
    uint16_t free_slots;    /* length of `free`; after gcr_blocks_swap: slots without an object */
    uint8_t size_class, state; /* enum gcr_block_state */
    uint8_t has_returned;      /* atomic: it is, or is about to be, on its class's stack */
    uint8_t unbuilt;           /* swapped since its free list was built */
    uint8_t age;               /* free pool: calls of gcr_blocks_age survived */
    uint8_t swaps;             /* of its arrays, modulo 256 */
};
_Static_assert(sizeof(struct gcr_block) == 64, "one line a control record");

enum gcr_run_state {
    GCR_RUN_USED,
    GCR_RUN_FREE,      /* committed, with old contents */
    GCR_RUN_CLEAN,     /* committed, zero */
    GCR_RUN_GIVEN_BACK /* no committed pages */
};

/* A run of pages, described at its first page. */
struct gcr_run {
    uint32_t pages;
    uint8_t alloc, mark; /* as in a block */
    uint8_t state;       /* enum gcr_run_state */
    uint8_t age;
};
_Static_assert(sizeof(struct gcr_run) == 8, "eight bytes a page");

/* Where one context allocates objects of one class. */
struct gcr_blocks_current {
    void *free; /* the block's free slots */
    struct gcr_block *block;
};

/* A mutator context's current blocks. All zero: none. */
struct gcr_blocks_context {
    struct gcr_blocks_current current[GCR_BLOCK_CLASSES];
};

struct gcr_blocks_options {
    bool bits;            /* side arrays of bits; not together with gcr_blocks_return */
    bool no_marks;        /* counting heaps: `alloc` alone */
    uint32_t step_blocks; /* blocks committed at a time, where the supply grants it; >= 1 */
};

/* A group of side arrays of one size, carved from side pages; freed pairs are chained. */
struct gcr_blocks_arrays {
    char *start; /* reservation */
    size_t reserved_bytes, committed_bytes, used_bytes;
    void *free[GCR_BLOCK_CLASSES];
};

struct gcr_blocks {
    uintptr_t base;          /* small blocks, then pages of large objects, in one reservation */
    size_t small_bytes;      /* of it */
    size_t reserved_bytes;   /* all */
    struct gcr_block *block; /* records by block number */
    struct gcr_run *run;     /* by page number */
    struct gcr_supply *supply;
    struct gcr_blocks_options options;
    uint8_t class_of[GCR_BLOCK_MAX_SMALL_BYTES / GCR_BLOCK_GRANULE_BYTES + 1]; /* by granules */
    uint16_t class_bytes[GCR_BLOCK_CLASSES];

    uint32_t block_frontier, page_frontier;    /* numbers never used yet */
    size_t block_table_bytes, run_table_bytes; /* committed */
    struct gcr_block *partial[GCR_BLOCK_CLASSES];
    struct gcr_block *partial_tail[GCR_BLOCK_CLASSES];
    struct gcr_block *free_pool;
    struct gcr_block *given_back; /* UNUSED blocks below the frontier */
    struct gcr_block *returned;   /* atomic stack of blocks with returned slots */
    void *returned_runs;          /* atomic stack of large objects */
    struct gcr_blocks_arrays arrays;
    uint32_t first_free_page; /* no free run begins below */
    uint8_t swaps;            /* what every block's `swaps` must be */

    uint64_t blocks_in_use, free_blocks; /* committed blocks = their sum */
    uint64_t pages_in_use, free_pages;   /* committed pages of runs = their sum */
};

/* Reserves address space and commits what little a heap needs at once. GCR_HEAP_EXHAUSTED: the
 * supply refused; nothing is held then. The struct must not move while contexts use it. */
gcr_status gcr_blocks_init(struct gcr_blocks *blocks, struct gcr_supply *supply,
                           const struct gcr_blocks_options *options,
                           struct gcr_error *err) GCR_MUST_USE;
/* Gives all memory back, objects included. */
void gcr_blocks_finish(struct gcr_blocks *blocks);

/* ---- addresses ---- */

static inline bool gcr_blocks_owns(const struct gcr_blocks *blocks, const void *object)
{
    return (uintptr_t)object - blocks->base < blocks->reserved_bytes;
}

static inline bool gcr_blocks_is_small(const struct gcr_blocks *blocks, const void *object)
{
    return (uintptr_t)object - blocks->base < blocks->small_bytes;
}

/* The block of a small object. */
static inline struct gcr_block *gcr_blocks_block_of(const struct gcr_blocks *blocks,
                                                    const void *object)
{
    return &blocks->block[((uintptr_t)object - blocks->base) >> GCR_BLOCK_SHIFT];
}

/* The run of a large object. */
static inline struct gcr_run *gcr_blocks_run_of(const struct gcr_blocks *blocks, const void *object)
{
    return &blocks->run[((uintptr_t)object - blocks->base - blocks->small_bytes) / GCR_PAGE_BYTES];
}

/* Number of the slot that holds the address. */
static inline uint32_t gcr_block_slot_of(const struct gcr_block *block, const void *object)
{
    uint64_t offset = (uintptr_t)object & (GCR_BLOCK_BYTES - 1);
    return (uint32_t)(offset * block->reciprocal >> 32);
}

static inline char *gcr_blocks_start_of(const struct gcr_blocks *blocks,
                                        const struct gcr_block *block)
{
    return (char *)(blocks->base + ((uintptr_t)(block - blocks->block) << GCR_BLOCK_SHIFT));
}

/* Bytes that an object's slot or run has room for. */
static inline uint64_t gcr_blocks_room_of(const struct gcr_blocks *blocks, const void *object)
{
    if (gcr_blocks_is_small(blocks, object))
        return gcr_blocks_block_of(blocks, object)->slot_bytes;
    return (uint64_t)gcr_blocks_run_of(blocks, object)->pages * GCR_PAGE_BYTES;
}

/* An entry of a side array. */
static inline bool gcr_block_entry(const struct gcr_blocks *blocks, const uint8_t *array,
                                   uint32_t slot)
{
    return blocks->options.bits ? array[slot / 8] >> (slot % 8) & 1 : array[slot];
}

/* An object's entry in a heap with arrays of bytes: 1, perhaps with the flag. */
enum { GCR_BLOCK_FLAG = 2 };

static inline uint8_t *gcr_blocks_alloc_entry(const struct gcr_blocks *blocks, const void *object)
{
    GCR_CHECK(2, !blocks->options.bits);
    if (!gcr_blocks_is_small(blocks, object))
        return &gcr_blocks_run_of(blocks, object)->alloc;
    const struct gcr_block *block = gcr_blocks_block_of(blocks, object);
    return &block->alloc[gcr_block_slot_of(block, object)];
}

/* ---- allocation ---- */

/* Size class of 1 .. GCR_BLOCK_MAX_SMALL_BYTES bytes. */
static inline uint32_t gcr_blocks_class(const struct gcr_blocks *blocks, uint64_t bytes)
{
    return blocks->class_of[(bytes + GCR_BLOCK_GRANULE_BYTES - 1) / GCR_BLOCK_GRANULE_BYTES];
}

static inline void gcr_block_set_alloc(const struct gcr_blocks *blocks, struct gcr_block *block,
                                       const void *object)
{
    uint32_t slot = gcr_block_slot_of(block, object);
    if (blocks->options.bits)
        block->alloc[slot / 8] |= (uint8_t)(1u << (slot % 8));
    else
        block->alloc[slot] = 1;
}

/* A zeroed object of `bytes` (multiple of 8, of that class) from the context's current block; NULL:
 * it has no free slot, refill it. */
static inline void *gcr_blocks_alloc(const struct gcr_blocks *blocks,
                                     struct gcr_blocks_current *current, uint64_t bytes)
{
    void **slot = current->free;
    if (GCR_UNLIKELY(slot == NULL))
        return NULL;
    current->free = *slot;
    gcr_block_set_alloc(blocks, current->block, slot);
    uint64_t *word = (uint64_t *)(void *)slot;
    if (GCR_LIKELY(bytes <= 64)) {
        for (uint64_t i = 0; i < bytes / 8; i++)
            word[i] = 0;
    } else {
        memset(word, 0, bytes);
    }
    return slot;
}

/* Gives the context a current block of the class with free slots, out of those that have some:
 * slots returned to its present one, or the class's next partial block, whose free list is built
 * now if that has not been done since the last swap. False: there is none. O(slots). */
bool gcr_blocks_refill(struct gcr_blocks *blocks, struct gcr_blocks_context *context,
                       uint32_t size_class);
/* The same with an empty block: of the free pool, or a fresh one. False: the supply refused. The
 * caller decides beforehand whether the heap may grow (gcr_blocks_used_bytes). */
bool gcr_blocks_refill_empty(struct gcr_blocks *blocks, struct gcr_blocks_context *context,
                             uint32_t size_class) GCR_MUST_USE;

/* A zeroed large object. NULL: the supply refused. O(runs). */
void *gcr_blocks_alloc_large(struct gcr_blocks *blocks, uint64_t bytes);

/* Bytes of blocks and runs in use: what a policy compares with its limit. */
static inline uint64_t gcr_blocks_used_bytes(const struct gcr_blocks *blocks)
{
    return blocks->blocks_in_use * GCR_BLOCK_BYTES + blocks->pages_in_use * GCR_PAGE_BYTES;
}

/* The context's current blocks go back to their lists, with what is left of their free lists. */
void gcr_blocks_retire(struct gcr_blocks *blocks, struct gcr_blocks_context *context);

/* ---- counting: slots come back one by one ---- */

/* Any one thread that is not racing another returner of the same object: clears the alloc entry and
 * makes the memory available to gcr_blocks_take_returned. O(1). */
void gcr_blocks_return(struct gcr_blocks *blocks, void *object);
/* Takes over all that has been returned; blocks that are empty now go to the free pool, large
 * objects' runs become free. O(returned). */
void gcr_blocks_take_returned(struct gcr_blocks *blocks);

/* ---- tracing ---- */

/* Blocks and pages that a sweep must look at: numbers below. */
static inline uint32_t gcr_blocks_count(const struct gcr_blocks *blocks)
{
    return blocks->block_frontier;
}

/* What a range of blocks holds after a swap. */
struct gcr_blocks_tally {
    uint64_t live, live_bytes; /* by slot size */
    uint64_t dead;             /* objects before the swap that are none now */
    uint64_t blocks;           /* swapped */
};

/* Before a collection: the contexts' current blocks are forgotten, free lists with them (the swap
 * makes both stale). */
void gcr_blocks_drop(struct gcr_blocks *blocks, struct gcr_blocks_context *context);

/* Zeroes the mark arrays of blocks first .. end; ranges on any thread, in parallel. */
void gcr_blocks_clear_marks(struct gcr_blocks *blocks, uint32_t first, uint32_t end);

/* Whether an object of this heap is marked. Any thread; relaxed. */
static inline bool gcr_blocks_is_marked(const struct gcr_blocks *blocks, const void *object)
{
    if (GCR_UNLIKELY(!gcr_blocks_is_small(blocks, object)))
        return GCR_LOAD_RELAXED(&gcr_blocks_run_of(blocks, object)->mark) != 0;
    const struct gcr_block *block = gcr_blocks_block_of(blocks, object);
    uint32_t slot = gcr_block_slot_of(block, object);
    if (blocks->options.bits)
        return GCR_LOAD_RELAXED(&block->mark[slot / 8]) >> (slot % 8) & 1;
    return GCR_LOAD_RELAXED(&block->mark[slot]) != 0;
}

/* Where marking finds blocks and runs: a copy for the loops that mark, whose stores would otherwise
 * make the compiler load all of it anew. Valid until the heap is finished. */
struct gcr_blocks_map {
    uintptr_t base;
    size_t small_bytes, reserved_bytes;
    struct gcr_block *block;
    struct gcr_run *run;
};

static inline struct gcr_blocks_map gcr_blocks_map(const struct gcr_blocks *blocks)
{
    return (struct gcr_blocks_map){.base = blocks->base,
                                   .small_bytes = blocks->small_bytes,
                                   .reserved_bytes = blocks->reserved_bytes,
                                   .block = blocks->block,
                                   .run = blocks->run};
}

/* Marks an object; true if it is one of this heap and was not marked before. Always inlined with
 * constants: `bits` as the heap's option; `shared`: other threads mark too; `exact`: of several
 * threads that mark one object exactly one is told so (one atomic operation), else perhaps several.
 */
GCR_ALWAYS_INLINE bool gcr_blocks_mark(struct gcr_blocks_map map, const void *object, bool bits,
                                       bool shared, bool exact)
{
    uintptr_t offset = (uintptr_t)object - map.base; /* null and strangers: beyond the end */
    uint8_t *entry, bit = 1;
    if (GCR_LIKELY(offset < map.small_bytes)) {
        const struct gcr_block *block = &map.block[offset >> GCR_BLOCK_SHIFT];
        uint32_t slot = gcr_block_slot_of(block, object);
        entry = &block->mark[bits ? slot / 8 : slot];
        bit = (uint8_t)(bits ? 1u << (slot % 8) : 1u);
    } else if (offset < map.reserved_bytes) {
        entry = &map.run[(offset - map.small_bytes) / GCR_PAGE_BYTES].mark;
    } else {
        return false;
    }
    uint8_t old = shared ? GCR_LOAD_RELAXED(entry) : *entry;
    if (old & bit)
        return false;
    if (!shared)
        *entry = (uint8_t)(old | bit);
    else if (bits) /* a plain store could lose a neighbour's bit */
        return (GCR_FETCH_OR_RELAXED(entry, bit) & bit) == 0 || !exact;
    else if (exact)
        return GCR_EXCHANGE_RELAXED(entry, 1) == 0;
    else
        GCR_STORE_RELAXED(entry, 1);
    return true;
}

/* A flag beside an object's alloc entry, for one thread inside a collection; all are clear at its
 * end. Heaps with arrays of bits have no room for it. */
static inline bool gcr_blocks_flagged(const struct gcr_blocks *blocks, const void *object)
{
    return *gcr_blocks_alloc_entry(blocks, object) & GCR_BLOCK_FLAG;
}
static inline void gcr_blocks_set_flag(const struct gcr_blocks *blocks, const void *object, bool on)
{
    uint8_t *entry = gcr_blocks_alloc_entry(blocks, object);
    *entry = (uint8_t)(on ? *entry | GCR_BLOCK_FLAG : *entry & ~GCR_BLOCK_FLAG);
}
/* Clears all of them. O(slots). */
void gcr_blocks_clear_flags(struct gcr_blocks *blocks);

/* After marking, before the first gcr_blocks_swap of a collection. */
static inline void gcr_blocks_begin_swap(struct gcr_blocks *blocks)
{
    blocks->swaps++;
}
/* After marking: blocks first .. end, each once: the arrays swap roles. Free lists are not built.
 * Ranges on any thread, in parallel. */
void gcr_blocks_swap(struct gcr_blocks *blocks, uint32_t first, uint32_t end,
                     struct gcr_blocks_tally *tally);
/* The same for all runs; the dead ones become free. `dead` counts objects. */
void gcr_blocks_swap_runs(struct gcr_blocks *blocks, struct gcr_blocks_tally *tally);

/* Objects that the last swap found dead, small ones in address order: for reports, before free
 * lists are built or memory is reused. O(slots). */
typedef void gcr_blocks_dead_visitor(void *arg, void *object);
void gcr_blocks_visit_dead(struct gcr_blocks *blocks, gcr_blocks_dead_visitor *visit, void *arg);
/* Large objects that are not marked: before gcr_blocks_swap_runs. */
void gcr_blocks_visit_unmarked_runs(struct gcr_blocks *blocks, gcr_blocks_dead_visitor *visit,
                                    void *arg);

/* Instead of the swap, when a collection cannot be completed: everything allocated stays so, and
 * all free lists are to be built anew. Then gcr_blocks_relink. */
void gcr_blocks_keep_all(struct gcr_blocks *blocks);

/* After the swap: all lists anew, in address order; empty blocks go to the free pool. O(blocks). */
void gcr_blocks_relink(struct gcr_blocks *blocks);
/* Builds the free lists of partial blocks first .. end that lack one; ranges in parallel. */
void gcr_blocks_build(struct gcr_blocks *blocks, uint32_t first, uint32_t end);

/* ---- giving back ---- */

/* Free blocks and runs that this call finds free for the k-th time go back to the supply; k = 0:
 * all of them. O(blocks + runs). */
void gcr_blocks_age(struct gcr_blocks *blocks, uint32_t k);

/* ---- looking ---- */

/* Visits each allocated object: small ones in address order, then large ones. False if the visitor
 * stopped. O(slots). No returner may run. */
typedef bool gcr_blocks_visitor(void *arg, void *object, uint64_t room_bytes);
bool gcr_blocks_walk(const struct gcr_blocks *blocks, gcr_blocks_visitor *visit, void *arg);

/* Whether the address is the start of an allocated object of this heap. */
bool gcr_blocks_is_object(const struct gcr_blocks *blocks, const void *address);

/* Lists, states, free lists, arrays and counters against each other, for contexts[0 .. count].
 * False: err names the first fault. O(slots). No returner may run. */
bool gcr_blocks_check(const struct gcr_blocks *blocks, const struct gcr_blocks_context *contexts,
                      size_t count, struct gcr_error *err);

#endif
