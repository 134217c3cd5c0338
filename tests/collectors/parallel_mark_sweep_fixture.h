/* What the parallel-mark-sweep tests share: opening a heap, and looking inside it. */
#ifndef GCR_TESTS_COLLECTORS_PARALLEL_MARK_SWEEP_FIXTURE_H
#define GCR_TESTS_COLLECTORS_PARALLEL_MARK_SWEEP_FIXTURE_H

#include "allocators/parallel_mark_sweep/parallel_mark_sweep_inline.h"
#include "tests/support/heap_kit.h"

static inline struct fixture_config pms_config(const char *const *settings, uint64_t budget)
{
    struct fixture_config config = model_config(
        &gcr_collector_parallel_mark_sweep, &gcr_mutator_ops_parallel_mark_sweep, settings, budget);
    config.report_frees = true;
    return config;
}

/* settings: NULL or words ended by NULL. Frees are reported. */
static inline void pms_open(struct fixture *fixture, const char *const *settings, uint64_t budget)
{
    struct fixture_config config = pms_config(settings, budget);
    fixture_open(fixture, &config);
}

static inline struct gcr_parallel_mark_sweep *inside(const struct fixture *fixture)
{
    return pms_of(fixture->heap);
}

#endif
