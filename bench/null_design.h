/* A design that does nothing, for what the harness costs by itself: addresses are numbers, and no
 * memory lies behind them. The replay loop around it dispatches events, looks up handles and writes
 * roots, as it does for every design; all else is the designs' own. */
#ifndef GCR_BENCH_NULL_DESIGN_H
#define GCR_BENCH_NULL_DESIGN_H

#include "sim/replay/engine.h"
#include "sim/replay/loop.h"

struct null_heap {
    struct gcr_heap heap;
    uintptr_t next;
};

static inline gcr_ref null_alloc(struct gcr_heap *heap, const struct gcr_shape *shape,
                                 uint32_t length, unsigned flags, uint32_t cookie, gcr_ref *root,
                                 bool global_root)
{
    struct null_heap *h = (struct null_heap *)heap;

    (void)shape;
    (void)length;
    (void)flags;
    (void)cookie;
    (void)global_root;
    h->next += 16;
    *root = (gcr_ref)h->next;
    return *root;
}

static inline void null_store(struct gcr_heap *heap, gcr_ref object, uint32_t slot, gcr_ref value)
{
    (void)heap;
    (void)object;
    (void)slot;
    (void)value;
}

static inline void null_copy(struct gcr_heap *heap, gcr_ref dst, uint32_t dst_slot, gcr_ref src,
                             uint32_t src_slot, uint32_t n)
{
    (void)heap;
    (void)dst;
    (void)dst_slot;
    (void)src;
    (void)src_slot;
    (void)n;
}

static inline void null_load(struct gcr_heap *heap, gcr_ref object, uint32_t slot, gcr_ref *root,
                             bool global_root)
{
    (void)heap;
    (void)slot;
    (void)global_root;
    *root = object;
}

static const struct gcr_mutator_ops null_ops = {
    .alloc = null_alloc, .store = null_store, .copy = null_copy, .load = null_load};

#endif
