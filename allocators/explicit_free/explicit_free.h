/* explicit-free: state and internal interface. The fast paths are in explicit_free_inline.h. */
#ifndef GCR_ALLOCATORS_EXPLICIT_FREE_EXPLICIT_FREE_H
#define GCR_ALLOCATORS_EXPLICIT_FREE_EXPLICIT_FREE_H

#include "allocators/collector.h"
#include "allocators/common/layout_ops.h"
#include "allocators/common/object_set.h"
#include "allocators/common/pools.h"
#include "allocators/common/region.h"
#include "allocators/common/system_heap.h"
#include "allocators/common/vector.h"
#include "base/sabotage.h"

extern const struct gcr_collector gcr_collector_explicit_free;

/* Order of the option's choices. */
enum explicit_allocator { EXPLICIT_POOLS, EXPLICIT_SYSTEM, EXPLICIT_JEMALLOC, EXPLICIT_MIMALLOC };

/* This design's use of a spare header bit: some weak reference refers to the object. */
#define EXPLICIT_WATCHED GCR_HEADER_ORDERING

struct explicit_foreign;

/* An allocator that maps its own memory. All functions take a state of their own. */
struct explicit_foreign_ops {
    /* GCR_UNSUPPORTED with the reason if it is not there. */
    gcr_status (*open)(struct explicit_foreign *foreign, struct gcr_error *err);
    void (*close)(struct explicit_foreign *foreign); /* frees what is left, if it can */
    void *(*alloc)(struct explicit_foreign *foreign, size_t bytes); /* zeroed; NULL: no memory */
    void (*free)(struct explicit_foreign *foreign, void *block);
    size_t (*usable)(const struct explicit_foreign *foreign, void *block);
    uint64_t (*held)(const struct explicit_foreign *foreign); /* from the system; NULL: unknown */
    uint32_t block_overhead_bytes; /* beside the usable bytes, where that is known */
};

/* counted_bytes is what the supply has been told; it follows max(in_use_bytes, held). */
struct explicit_foreign {
    const struct explicit_foreign_ops *ops;
    uint64_t in_use_bytes; /* usable bytes and overhead of the blocks handed out */
    uint64_t counted_bytes;
    uint64_t churn_bytes; /* allocated and freed since the last report */
    void *library, *instance;
    void *(*instance_calloc)(void *instance, size_t count, size_t bytes);
    void (*library_free)(void *block);
    size_t (*library_usable)(const void *block);
    void (*library_info)(size_t *, size_t *, size_t *, size_t *, size_t *, size_t *, size_t *,
                         size_t *);
    unsigned arena;
};

/* Invariant: object_bytes and header_bytes are those of the objects alive. */
struct gcr_explicit_free {
    struct gcr_heap heap;
    struct gcr_layouts layouts;
    enum explicit_allocator allocator;
    uint64_t object_bytes, header_bytes;
    struct gcr_pools pools;
    struct gcr_system_heap large; /* beyond the pools */
    struct explicit_foreign foreign;
    struct gcr_region prebuilt;
    struct gcr_vector weak;         /* gcr_ref: weak reference objects alive */
    struct gcr_object_set registry; /* verified runs: objects alive, prebuilt ones apart */
#if GCR_SABOTAGE != GCR_SABOTAGE_NONE
    bool sabotaged;
#endif
};
GCR_ASSERT_LAYOUT_HEAP(struct gcr_explicit_free);

static inline struct gcr_explicit_free *explicit_of(struct gcr_heap *heap)
{
    return (struct gcr_explicit_free *)heap;
}

/* ---- foreign.c ---- */

/* Chooses and opens the allocator; state is all zero before. GCR_HEAP_EXHAUSTED if what it holds
 * from the start exceeds the budget. */
gcr_status explicit_foreign_open(struct explicit_foreign *foreign, struct gcr_supply *supply,
                                 enum explicit_allocator which, struct gcr_error *err) GCR_MUST_USE;
void explicit_foreign_close(struct explicit_foreign *foreign, struct gcr_supply *supply);
/* Zeroed block, counted; NULL: no memory, or the budget does not allow it. */
void *explicit_foreign_alloc(struct explicit_foreign *foreign, struct gcr_supply *supply,
                             size_t bytes);
void explicit_foreign_free(struct explicit_foreign *foreign, struct gcr_supply *supply,
                           void *block);
/* Brings the supply's count up to date. False: the growth exceeds the budget. */
bool explicit_foreign_report(struct explicit_foreign *foreign, struct gcr_supply *supply);

/* ---- jemalloc.c ---- */

extern const struct explicit_foreign_ops explicit_jemalloc_ops;

/* ---- explicit_free.c ---- */

/* Shapes with a body, weak references, blocks beyond the pools, verified runs, foreign allocators.
 */
gcr_ref explicit_alloc_slow(struct gcr_explicit_free *h, const struct gcr_shape *shape,
                            uint32_t length, gcr_ref *root);
void explicit_death_slow(struct gcr_explicit_free *h, gcr_ref object);

#endif
