/* External objects: blocks outside a copying design's spaces, which never move and are marked and
 * swept. Their headers carry EXTERNAL and FORWARDED; between collections UNVISITED is set on those
 * that the next collection may free (generation 2), and cleared when one reaches them.
 *
 * Source: "Hybrid GC" (PyPy hybrid.py). Blocks come from the boundary-tag heap, or small ones from
 * pools. Room on the mark stack is reserved when an object is added, so that marking cannot be
 * refused. Cost: alloc and mark O(1), a sweep O(objects of the generation). */
#ifndef GCR_ALLOCATORS_COMMON_EXTERNAL_H
#define GCR_ALLOCATORS_COMMON_EXTERNAL_H

#include "allocators/common/layout.h"
#include "allocators/common/pools.h"
#include "allocators/common/system_heap.h"
#include "allocators/common/vector.h"

/* What allocating a block may commit: the block, headers, rounding; and the step ahead that the
 * general heap takes where it may. */
enum { GCR_EXTERNAL_SPARE_BYTES = 4 * GCR_PAGE_BYTES, GCR_EXTERNAL_STEP_BYTES = 128 * 1024 };

struct gcr_externals {
    struct gcr_vector gen2; /* gcr_ref: swept by each full collection */
    struct gcr_vector gen3; /* gcr_ref: swept rarely; empty in designs without ageing */
    struct gcr_vector gray; /* gcr_ref: reached, to be scanned; room for all of both lists */
    struct gcr_system_heap system;
    struct gcr_pools *pools; /* NULL: all blocks come from the system heap */
    uint64_t objects, object_bytes, header_bytes, block_bytes; /* of both lists */
    bool ages;                                                 /* has a generation 3 */
    struct gcr_host *host;
};

/* Takes no memory yet, unless with pools (their side tables). */
gcr_status gcr_externals_init(struct gcr_externals *externals, struct gcr_host *host, bool ages,
                              bool pools, struct gcr_error *err) GCR_MUST_USE;
/* Gives all memory back. */
void gcr_externals_finish(struct gcr_externals *externals);

/* Room for `count` more objects on the lists and on the mark stack. */
bool gcr_externals_reserve(struct gcr_externals *externals, size_t count) GCR_MUST_USE;
/* Bytes that reserve may commit for one more. */
uint64_t gcr_externals_reserve_bytes(const struct gcr_externals *externals);

/* A block, contents undefined; NULL: refused. */
gcr_ref gcr_externals_alloc(struct gcr_externals *externals, uint64_t bytes);
/* Gives a block back that is on no list (or about to leave its). */
void gcr_externals_free_block(struct gcr_externals *externals, gcr_ref object);

/* Counts an object whose header and length are set and puts it on the list of generation 2 or 3;
 * room was reserved. */
void gcr_externals_add(struct gcr_externals *externals, const struct gcr_layouts *layouts,
                       gcr_ref object, int generation);
/* An object's items changed by `bytes` in place (RESIZE of a body). */
static inline void gcr_externals_adjust(struct gcr_externals *externals, int64_t bytes)
{
    externals->object_bytes += (uint64_t)bytes;
}
/* Uncounts an object and gives its block back; it leaves its list by the caller's doing. */
void gcr_externals_drop(struct gcr_externals *externals, const struct gcr_layouts *layouts,
                        gcr_ref object);

/* Clears UNVISITED and puts the object on the mark stack. */
void gcr_externals_mark(struct gcr_externals *externals, gcr_ref object);

/* Frees what is UNVISITED in generation 2, sets UNVISITED on the rest; returns how many were freed,
 * bodies not counted. */
uint64_t gcr_externals_sweep(struct gcr_externals *externals, const struct gcr_layouts *layouts);

/* Usable bytes of a block. */
size_t gcr_externals_block_bytes(const struct gcr_externals *externals, gcr_ref object);
/* Bytes of the allocators' own headers. */
uint64_t gcr_externals_overhead_bytes(const struct gcr_externals *externals);

static inline gcr_ref gcr_externals_at(const struct gcr_vector *list, size_t index)
{
    return *(gcr_ref *)gcr_vector_at(list, index);
}

/* Visits the host's objects of both lists. False if the visitor stopped. */
bool gcr_externals_walk(const struct gcr_externals *externals, gcr_walk_visitor *visit, void *arg);

#endif
