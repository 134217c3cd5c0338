#include "allocators/generational/generational_inline.h"

#define YOUNG_COLLECTOR gcr_collector_generational
#define YOUNG_OPS gcr_mutator_ops_generational
#include "tests/collectors/young_kit.h"

static void test_random_runs_equal_the_shadow_graph(void **state)
{
    (void)state;
    static const char *const sets[][6] = {
        {"start=16K", "nursery=4K", NULL},
        {"start=16K", "nursery=8K", "filter=young", NULL},
        {"start=64K", "nursery=16K", "zeroing=steps", "zero-step=1K", NULL},
        {"start=16K", "nursery=4K", "clear=none", NULL},
        {"start=64K", "nursery=64K", "clear=memset", "filter=young", NULL},
    };
    uint64_t seed = model_seed(1);
    for (uint64_t i = 0; i < 40; i++)
        run_random(seed + i, sets[i % 5], i % 2 == 0 ? 0 : (200 + 60 * i) * KIB, i % 3 == 0,
                   i % 4 == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_runs_equal_the_shadow_graph),
    };
    return cmocka_run_group_tests_name("collector.generational", tests, NULL, NULL);
}
