/* The cache model: what the modelled twins' loads and stores would cost on a machine of a given
 * geometry.
 *
 * Write-back, write-allocate, true LRU at each level; a miss of one level is an access of the next;
 * a dirty victim is written to the next level. L1D, L2, LLC, two levels of data TLB. The compiler's
 * callbacks (callbacks.c) have no argument for a context, so there is one model in a process: the
 * only mutable global of the project. A forked process goes on with its copy of the contents.
 *
 * Counts belong to the phase at hand. The replay loop enters mutator-level phases around each
 * operation; collections name theirs (gcr_model_gc_phase), which hide the former. */
#ifndef GCR_SIM_MODEL_MODEL_H
#define GCR_SIM_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/collector.h"
#include "allocators/common/access.h"
#include "sim/model/geometry.h"

/* What one phase did. A load or store that crosses a line counts once and is looked up in both
 * lines; blocks (memcpy, memset) count one access a line. */
struct gcr_cache_counts {
    uint64_t reads, writes; /* accesses of L1D */
    uint64_t l1_read_misses, l1_write_misses;
    uint64_t l2_read_misses, l2_write_misses;   /* by the access that caused them */
    uint64_t llc_read_misses, llc_write_misses; /* without an LLC: those of the last level */
    uint64_t l1_writebacks, l2_writebacks, llc_writebacks;
    uint64_t tlb1_misses, tlb2_misses; /* tlb2: page walks */
    uint64_t prefetches;               /* lines that the prefetcher brought into L2 */
    uint64_t memory_read_bytes, memory_write_bytes;
};

struct gcr_model_counts {
    struct gcr_cache_counts phase[GCR_PHASE_COUNT];
};

/* Which instructions look sets up. All give the same counts. */
enum gcr_model_vectors {
    GCR_VECTORS_BEST,
    GCR_VECTORS_SCALAR,
    GCR_VECTORS_AVX2,
    GCR_VECTORS_AVX512
};

struct gcr_model_config {
    const struct gcr_geometry *geometry; /* copied */
    enum gcr_model_vectors vectors;      /* GCR_UNSUPPORTED if this machine has none such */
    bool pages;                          /* follow written pages too (pages.h) */
};

/* Sets the process's model up, empty and paused. GCR_USAGE if there is one already. */
gcr_status gcr_model_open(const struct gcr_model_config *config,
                          struct gcr_error *err) GCR_MUST_USE;
void gcr_model_close(void);
bool gcr_model_is_open(void);
const char *gcr_model_vectors_name(void); /* "avx512", "avx2" or "scalar" */

/* While paused, accesses are carried out and not seen: the harness's own look at the heap. Returns
 * what was so before, to be put back. */
bool gcr_model_pause(bool paused);

/* Counters are zero; what the caches hold stays. */
void gcr_model_restart(void);
void gcr_model_read(struct gcr_model_counts *out);

/* Mutator-level phase (MUTATOR, ALLOCATION, BARRIER, REFCOUNT); returns the one before. */
enum gcr_gc_phase gcr_model_enter(enum gcr_gc_phase phase);
/* A collection's phase, or GCR_PHASE_MUTATOR: none, the mutator-level phase counts again. */
void gcr_model_gc_phase(enum gcr_gc_phase phase);

/* Feeds accesses by hand, as the compiler's callbacks do: for tests and for tools that have an
 * address stream of their own. */
void gcr_model_access(const void *at, size_t bytes, bool write);

void gcr_cache_counts_add(struct gcr_cache_counts *sum, const struct gcr_cache_counts *part);

#endif
