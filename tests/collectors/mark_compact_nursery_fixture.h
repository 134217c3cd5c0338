/* What the tests of mark-compact-nursery share. */
#ifndef GCR_TESTS_COLLECTORS_MARK_COMPACT_NURSERY_FIXTURE_H
#define GCR_TESTS_COLLECTORS_MARK_COMPACT_NURSERY_FIXTURE_H

#include "allocators/mark_compact_nursery/mark_compact_nursery_inline.h"
#include "tests/support/heap_kit.h"

/* Settings of every variant that a property is to hold in, small enough to collect often. */
static const char *const nursery_variants[][8] = {
    {"nursery=8K", "floor=16K", NULL},
    {"nursery=4K", "floor=16K", "filter=value", "worklist=stack", NULL},
    {"nursery=16K", "floor=64K", "space=128K", "move=pieces", "chunk=4K", NULL},
    {"nursery=8K", "floor=16K", "marks=side", "release=off", NULL},
    {"nursery=8K", "floor=16K", "marks=side", "space=64K", "factor=2", NULL},
    {"nursery=256K", "floor=64K", "follow=on", "release=off", NULL},
};
enum { NURSERY_VARIANTS = sizeof nursery_variants / sizeof nursery_variants[0] };

static inline struct fixture_config nursery_config(const char *const *settings, uint64_t budget)
{
    return model_config(&gcr_collector_mark_compact_nursery, &gcr_mutator_ops_mark_compact_nursery,
                        settings, budget);
}

/* settings: NULL or words ended by NULL. */
static inline void nursery_open(struct fixture *fixture, const char *const *settings,
                                uint64_t budget)
{
    struct fixture_config config = nursery_config(settings, budget);
    fixture_open(fixture, &config);
}

static inline struct gcr_mark_compact_nursery *inside(const struct fixture *fixture)
{
    return mark_compact_nursery_of(fixture->heap);
}

static inline bool is_young(const struct fixture *fixture, uint32_t object)
{
    return gcr_nursery_has(&inside(fixture)->nursery, fixture_ref(fixture, object));
}

#endif
