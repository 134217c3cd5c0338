/* What the semispace tests share: opening a heap, and looking inside it. */
#ifndef GCR_TESTS_COLLECTORS_SEMISPACE_FIXTURE_H
#define GCR_TESTS_COLLECTORS_SEMISPACE_FIXTURE_H

#include "allocators/semispace/semispace_inline.h"
#include "tests/support/heap_kit.h"

static inline struct fixture_config semispace_config(const char *const *settings, uint64_t budget)
{
    return model_config(&gcr_collector_semispace, &gcr_mutator_ops_semispace, settings, budget);
}

/* settings: NULL or words ended by NULL. */
static inline void semispace_open(struct fixture *fixture, const char *const *settings,
                                  uint64_t budget)
{
    struct fixture_config config = semispace_config(settings, budget);
    fixture_open(fixture, &config);
}

static inline struct gcr_semispace *inside(const struct fixture *fixture)
{
    return semispace_of(fixture->heap);
}

#endif
