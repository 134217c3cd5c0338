/* What the mark-sweep tests share: opening a heap in each of its modes, and looking inside it. */
#ifndef GCR_TESTS_COLLECTORS_MARK_SWEEP_FIXTURE_H
#define GCR_TESTS_COLLECTORS_MARK_SWEEP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "allocators/mark_sweep/mark_sweep_inline.h"
#include "tests/support/heap_model.h"

enum { PAGE = GCR_PAGE_BYTES, KIB = 1024, MIB = 1024 * 1024, MODES = 8 };

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
    return (struct fixture_config){.collector = &gcr_collector_mark_sweep,
                                   .ops = &gcr_mutator_ops_mark_sweep,
                                   .shapes = model_shapes,
                                   .shape_count = MODEL_SHAPES,
                                   .settings = settings,
                                   .budget_bytes = budget,
                                   .report_frees = true};
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

/* Root `root` heads a list of `count` pairs; all are alive. */
static inline void keep_pairs(struct fixture *fixture, int root, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        fixture->roots[root + 1] = fixture->roots[root];
        assert_int_not_equal(fixture_alloc(fixture, MODEL_PAIR, 0, root), 0);
        fixture->ops->store(fixture->heap, fixture->roots[root], 0, fixture->roots[root + 1]);
    }
    fixture->roots[root + 1] = NULL;
}

static inline void drop_pairs(struct fixture *fixture, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        assert_int_not_equal(fixture_alloc(fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT), 0);
}

#endif
