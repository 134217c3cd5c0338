/* What the tests of the mark-compact designs share: opening a heap, looking inside it, and lists of
 * pairs that live or die. */
#ifndef GCR_TESTS_COLLECTORS_MARK_COMPACT_FIXTURE_H
#define GCR_TESTS_COLLECTORS_MARK_COMPACT_FIXTURE_H

#include "allocators/mark_compact/mark_compact_inline.h"
#include "tests/support/heap_kit.h"

/* Settings of every variant that a property is to hold in, small enough to collect often. */
static const char *const mark_compact_variants[][8] = {
    {"space=64K", NULL},
    {"space=64K", "move=pieces", "chunk=4K", NULL},
    {"space=64K", "worklist=queue", "backup=4", "release=off", NULL},
    {"mode=2010", "floor=16K", "first=16K", NULL},
    {"mode=2010", "floor=16K", "first=16K", "release=on", "worklist=stack", NULL},
    {"mode=ideal", "floor=16K", "first=16K", NULL},
    {"mode=ideal", "floor=16K", "first=16K", "space=64K", "factor=2", "release=off", NULL},
    {"mode=ideal", "floor=16K", "first=16K", "marks=side", NULL},
    {"mode=ideal", "floor=16K", "first=16K", "marks=side", "space=64K", "worklist=stack", NULL},
};
enum { MARK_COMPACT_VARIANTS = sizeof mark_compact_variants / sizeof mark_compact_variants[0] };

static inline struct fixture_config mark_compact_config(const char *const *settings,
                                                        uint64_t budget)
{
    return model_config(&gcr_collector_mark_compact, &gcr_mutator_ops_mark_compact, settings,
                        budget);
}

/* settings: NULL or words ended by NULL. */
static inline void mark_compact_open(struct fixture *fixture, const char *const *settings,
                                     uint64_t budget)
{
    struct fixture_config config = mark_compact_config(settings, budget);
    fixture_open(fixture, &config);
}

static inline struct gcr_compact *inside(const struct fixture *fixture)
{
    return gcr_compact_of(fixture->heap);
}

#endif
