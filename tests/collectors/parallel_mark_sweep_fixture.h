/* What the parallel-mark-sweep tests share: opening a heap, and looking inside it. */
#ifndef GCR_TESTS_COLLECTORS_PARALLEL_MARK_SWEEP_FIXTURE_H
#define GCR_TESTS_COLLECTORS_PARALLEL_MARK_SWEEP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "allocators/parallel_mark_sweep/parallel_mark_sweep_inline.h"
#include "tests/support/heap_model.h"

enum { PAGE = GCR_PAGE_BYTES, KIB = 1024, MIB = 1024 * 1024 };

static inline struct fixture_config pms_config(const char *const *settings, uint64_t budget)
{
    return (struct fixture_config){.collector = &gcr_collector_parallel_mark_sweep,
                                   .ops = &gcr_mutator_ops_parallel_mark_sweep,
                                   .shapes = model_shapes,
                                   .shape_count = MODEL_SHAPES,
                                   .report_frees = true,
                                   .settings = settings,
                                   .budget_bytes = budget};
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

static inline char *address(const struct fixture *fixture, uint32_t object)
{
    return (char *)fixture_ref(fixture, object);
}

/* Root `root` heads a list of `count` pairs (32 bytes each); all are alive. */
static inline void keep_pairs(struct fixture *fixture, int root, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        fixture->roots[root + 1] = fixture->roots[root];
        uint32_t pair = fixture_alloc(fixture, MODEL_PAIR, 0, root);
        assert_int_not_equal(pair, 0);
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
