/* parallel-mark-sweep through the seam: layout, blocks, collection, finalizers, weak references,
 * bodies, large and prebuilt objects, contexts. Workers and packets:
 * test_parallel_mark_sweep_workers.c. */
#include "tests/collectors/parallel_mark_sweep_fixture.h"

#include <string.h>

/* ---- random runs ---- */

static void run_random(uint64_t seed, const char *const *settings, uint64_t budget, bool finalizers)
{
    struct fixture fixture;
    struct model model;
    pms_open(&fixture, settings, budget);
    model_init(&model, &fixture, seed, (uint32_t)(seed % 7));
    model.finalizers = finalizers;
    for (int round = 0; round < 10 && !model.exhausted; round++) {
        model_run(&model, 1000);
        fixture_collect(&fixture);
        (void)model_compare(&model, !finalizers);
        fixture_check(&fixture);
    }
    assert_true(budget == 0 || fixture.supply.peak_bytes <= budget);
    assert_true(budget != 0 || !model.exhausted);
    model_finish(&model);
    fixture_close(&fixture);
}

static void test_random_runs_equal_the_shadow_graph(void **state)
{
    (void)state;
    static const char *const ways[][6] = {
        {"workers=1", "floor=64K", NULL},
        {"workers=1", "floor=64K", "marks=bit", "sweep=eager", "prefetch=0", NULL},
        {"workers=3", "floor=64K", "packet=16", "range=64", "sweep=eager", NULL},
        {"workers=4", "floor=64K", "packet=16", "range=64", "marks=bit", NULL},
        {"workers=2", "floor=64K", "packet=16", "mark=plain", "share=full", NULL},
    };
    uint64_t seed = model_seed(1);
    for (uint64_t i = 0; i < 30; i++)
        run_random(seed + i, ways[i % GCR_COUNT_OF(ways)], i % 2 == 0 ? 0 : (300 + 100 * i) * KIB,
                   i % 4 == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_runs_equal_the_shadow_graph),
    };
    return cmocka_run_group_tests_name("collector.parallel_mark_sweep", tests, NULL, NULL);
}
