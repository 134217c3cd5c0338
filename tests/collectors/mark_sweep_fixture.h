/* What the mark-sweep tests share: opening a heap in each of its modes, and looking inside it. */
#ifndef GCR_TESTS_COLLECTORS_MARK_SWEEP_FIXTURE_H
#define GCR_TESTS_COLLECTORS_MARK_SWEEP_FIXTURE_H

#include "allocators/mark_sweep/mark_sweep_inline.h"
#include "tests/support/heap_kit.h"

enum { MODES = 8 };

/* Every pair of marking options, with both allocators and both sweeps. */
static const char *const mark_sweep_modes[MODES][7] = {
    {"start=32K", NULL},
    {"start=32K", "mark=push", NULL},
    {"start=32K", "marks=bitmap", NULL},
    {"start=32K", "marks=bitmap", "mark=push", NULL},
    {"start=32K", "allocator=pools", NULL},
    {"start=32K", "allocator=pools", "marks=bitmap", "mark=push", NULL},
    {"start=32K", "allocator=pools", "marks=bitmap", "sweep=pools", NULL},
    {"start=32K", "allocator=pools", "marks=bitmap", "sweep=pools", "retain=off", "mark=push",
     NULL},
};

static inline struct fixture_config mark_sweep_config(const char *const *settings, uint64_t budget)
{
    struct fixture_config config =
        model_config(&gcr_collector_mark_sweep, &gcr_mutator_ops_mark_sweep, settings, budget);
    config.report_frees = true;
    return config;
}

/* settings: NULL or words ended by NULL. */
static inline void mark_sweep_open(struct fixture *fixture, const char *const *settings,
                                   uint64_t budget)
{
    struct fixture_config config = mark_sweep_config(settings, budget);
    fixture_open(fixture, &config);
}

static inline struct gcr_mark_sweep *inside(const struct fixture *fixture)
{
    return mark_sweep_of(fixture->heap);
}

static inline uint64_t *word(const struct fixture *fixture, uint32_t object, uint64_t offset)
{
    return mark_sweep_word(fixture_ref(fixture, object), offset);
}

#endif
