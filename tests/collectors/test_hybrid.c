#include "allocators/hybrid/hybrid_inline.h"

#define YOUNG_COLLECTOR gcr_collector_hybrid
#define YOUNG_OPS gcr_mutator_ops_hybrid
#include "tests/collectors/young_kit.h"

static void test_random_runs_equal_the_shadow_graph(void **state)
{
    (void)state;
    static const char *const sets[][8] = {
        {"start=16K", "nursery=4K", "period=3", NULL},
        {"start=16K", "nursery=8K", "filter=young", "large=200", "large-pointers=300", NULL},
        {"start=64K", "nursery=16K", "zeroing=steps", "zero-step=1K", "external=pools", "period=2",
         NULL},
        {"start=16K", "nursery=4K", "clear=none", "max-age=1", "period=4", NULL},
        {"start=64K", "nursery=64K", "clear=memset", "filter=young", "max-age=0", NULL},
    };
    uint64_t seed = model_seed(1);
    for (uint64_t i = 0; i < 40; i++)
        run_random(seed + i, sets[i % 5], i % 2 == 0 ? 0 : (400 + 60 * i) * KIB, i % 3 == 0,
                   i % 4 == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_runs_equal_the_shadow_graph),
    };
    return cmocka_run_group_tests_name("collector.hybrid", tests, NULL, NULL);
}
