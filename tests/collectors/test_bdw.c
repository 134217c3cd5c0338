/* bdw through the seam. libgc is the process's, so heaps come one after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "allocators/bdw/bdw_inline.h"
#include "tests/support/heap_model.h"

static void bdw_open(struct fixture *fixture, const char *const *settings, uint64_t budget)
{
    struct fixture_config config = {.collector = &gcr_collector_bdw,
                                    .ops = &gcr_mutator_ops_bdw,
                                    .shapes = model_shapes,
                                    .shape_count = MODEL_SHAPES,
                                    .report_frees = true,
                                    .settings = settings,
                                    .budget_bytes = budget};
    fixture_open(fixture, &config);
}

/* ---- random runs ---- */

static void run_random(uint64_t seed, const char *const *settings, bool finalizers)
{
    struct fixture fixture;
    struct model model;
    bdw_open(&fixture, settings, 0);
    model_init(&model, &fixture, seed, (uint32_t)(seed % 7));
    model.finalizers = finalizers;
    for (int round = 0; round < 10; round++) {
        model_run(&model, 1000);
        fixture_collect(&fixture);
        (void)model_compare(&model, false);
        fixture_check(&fixture);
    }
    assert_false(model.exhausted);
    model_finish(&model);
    fixture_close(&fixture);
}

static void test_random_runs_equal_the_shadow_graph(void **state)
{
    (void)state;
    static const char *const ways[][3] = {
        {NULL}, {"descriptors=proc", NULL}, {"divisor=20", "finalizer-order=topological", NULL}};
    uint64_t seed = model_seed(1);
    for (uint64_t i = 0; i < 20; i++)
        run_random(seed + i, ways[i % GCR_COUNT_OF(ways)], i % 4 == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_runs_equal_the_shadow_graph),
    };
    return cmocka_run_group_tests_name("collector.bdw", tests, NULL, NULL);
}
