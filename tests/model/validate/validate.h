/* The program that the cache model is held against another simulator with: a mutator and a host of
 * a few lines around one back end, without a trace and without handles, so that nothing but the
 * back end and this program touches memory.
 *
 * It is compiled twice from the same sources: *plain*, to be run under
 * `valgrind --tool=cachegrind`, and *modelled*, instrumented as the twins are and linked with them.
 * Both do the same work on objects at the same places in their pages. */
#ifndef GCR_TESTS_MODEL_VALIDATE_VALIDATE_H
#define GCR_TESTS_MODEL_VALIDATE_VALIDATE_H

#include "allocators/collector.h"

enum { VALIDATE_ROOTS = 24, VALIDATE_SHAPES = 2, VALIDATE_COLD_STEPS = 8 };

/* What a workload is made of: see workload.h. */
struct validate_sizes {
    uint32_t nodes;   /* in the table */
    uint32_t steps;   /* after the table has been filled */
    uint32_t garbage; /* objects that die at once, per step */
    uint32_t hops;    /* references followed per step */
    uint32_t cold;    /* nodes of the chain, walked by one every VALIDATE_COLD_STEPS */
};

/* The whole program's memory, on pages of its own: equal places in both programs. */
struct validate {
    struct gcr_host host; /* first: the heap gives it back to our callbacks */
    struct gcr_supply supply;
    struct gcr_capabilities capabilities;
    struct gcr_heap *heap;
    gcr_ref roots[VALIDATE_ROOTS];
    struct gcr_root_span span;
    struct gcr_shape shapes[VALIDATE_SHAPES + 1]; /* [0] unused */
    uint64_t collections, full_collections;
};

/* False: the heap is exhausted. *sum depends on what was read. */
typedef bool validate_workload(struct validate *v, const struct validate_sizes *sizes,
                               uint64_t *sum);

/* One back end with the workloads compiled around its operations. */
struct validate_back_end {
    const struct gcr_collector *collector;
    validate_workload *run;     /* workload.h */
    validate_workload *gcbench; /* gcbench.h */
};

/* host.c: the program's only memory, its host filled in. */
struct validate *validate_state(void);

#ifdef GCR_MODELLED
#include "sim/model/model.h"
#define VALIDATE_ENTER(phase) ((void)gcr_model_enter(phase))
#define VALIDATE_GC_PHASE(phase) gcr_model_gc_phase(phase)
#else
#define VALIDATE_ENTER(phase) ((void)0)
#define VALIDATE_GC_PHASE(phase) ((void)0)
#endif

#endif
