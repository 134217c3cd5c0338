/* What the buffered-refcount tests share: opening a heap in a variant, and looking inside it. */
#ifndef GCR_TESTS_COLLECTORS_BUFFERED_REFCOUNT_FIXTURE_H
#define GCR_TESTS_COLLECTORS_BUFFERED_REFCOUNT_FIXTURE_H

#include "allocators/buffered_refcount/buffered_refcount_inline.h"
#include "tests/support/heap_kit.h"

static inline struct fixture_config recycler_config(const char *const *settings, uint64_t budget)
{
    struct fixture_config config = model_config(
        &gcr_collector_buffered_refcount, &gcr_mutator_ops_buffered_refcount, settings, budget);
    config.report_frees = true;
    return config;
}

/* settings: NULL or words ended by NULL. */
static inline void recycler_open(struct fixture *fixture, const char *const *settings,
                                 uint64_t budget)
{
    struct fixture_config config = recycler_config(settings, budget);
    fixture_open(fixture, &config);
}

static inline struct gcr_recycler *inside(const struct fixture *fixture)
{
    return recycler_of(fixture->heap);
}

/* One epoch, waited for: a younger collection, and a look at its outcome. */
static inline void one_epoch(struct fixture *fixture)
{
    uint32_t before = inside(fixture)->epoch;
    fixture->collector->collect(fixture->heap, 0, GCR_REASON_EXPLICIT);
    recycler_settle(inside(fixture));
    recycler_deliver(inside(fixture));
    assert_int_equal(inside(fixture)->epoch, before + 1);
    fixture_check(fixture);
}

static inline void epochs(struct fixture *fixture, int count)
{
    while (count-- > 0)
        one_epoch(fixture);
}

#endif
