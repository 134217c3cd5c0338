/* A heap of any design under a small host of its own, for benchmarks: root slots and nothing else
 * that holds objects; and a clock that leaves collections out.
 *
 * The host has no handles: objects are known by the root slots that hold them, which collections
 * bring up to date in place. */
#ifndef GCR_BENCH_HEAP_H
#define GCR_BENCH_HEAP_H

#include "bench/gcr_bench.h"
#include "bench/loops.h"

enum { BENCH_GLOBAL_ROOTS = 4, BENCH_MAX_SETTINGS = 3 };

/* A design and what is set. */
struct bench_design {
    const char *collector;
    const char *settings[BENCH_MAX_SETTINGS]; /* "name=value"; the first NULL ends them */
};

/* Every back end with its defaults, in the order of allocators/CMakeLists.txt. */
const struct bench_design *bench_designs(size_t *count);
/* Calls `add` with each of them, then with the `count` variants. */
void bench_add_designs(void (*add)(const struct bench_design *design),
                       const struct bench_design *variants, size_t count);
/* "family/collector" and a "/name=value" for each setting. */
void bench_design_name(const struct bench_design *design, const char *family, char *out,
                       size_t size);

struct bench_heap {
    struct gcr_host host; /* first: the heap gives it back to our callbacks */
    struct gcr_supply supply;
    struct gcr_capabilities capabilities;
    struct gcr_option_values options;
    const struct bench_loops *loops;
    struct gcr_heap *heap;

    gcr_ref *roots; /* one thread's; all of them NULL at the beginning */
    size_t root_count;
    gcr_ref globals[BENCH_GLOBAL_ROOTS];
    struct gcr_root_span spans[2];

    /* Invariant: held_ns is what all finished holds took; depth > 0: one is under way. */
    uint64_t held_ns, hold_began_ns;
    unsigned depth;
    bool in_collection, bracketed;
    uint64_t collections;
    struct gcr_collection last;
};

/* Opens a heap of the design. `shapes` (by number, [0] unused) must outlive it. NULL: it has called
 * gcr_bench_skip (the design cannot be had here) or gcr_bench_fail. */
struct bench_heap *bench_heap_open(struct gcr_bench *b, const struct bench_design *design,
                                   const struct gcr_shape *shapes, uint32_t shape_count,
                                   size_t root_count);
void bench_heap_close(struct bench_heap *h);

/* A new and empty heap of the same design in its place. False: gcr_bench_fail was called. */
bool bench_heap_renew(struct gcr_bench *b, struct bench_heap *h);

/* A full collection, or a minor one; nothing in designs without a collector. */
void bench_heap_collect(struct bench_heap *h);
void bench_heap_collect_minor(struct bench_heap *h);

/* Empties the first n roots, with DEATH where that counts; then reclaims what that left: by a
 * collection, or in a design that frees nothing by a new heap, once it holds much. False:
 * gcr_bench_fail was called. */
bool bench_heap_clear(struct gcr_bench *b, struct bench_heap *h, size_t n);

/* A clock that stands still in collections, while a design sweeps or does other work of its
 * collector's outside of them, and while it asks for that (epsilon's touching of fresh pages).
 * Nanoseconds; only differences mean something. Each collection adds about the cost of reading the
 * clock twice. */
uint64_t bench_heap_now_ns(const struct bench_heap *h);

/* 0, 1, ... n - 1. `bench_shuffle` puts them into an order of its own, the same each time. */
uint32_t *bench_order(size_t n);
void bench_shuffle(uint32_t *order, size_t n);

#endif
