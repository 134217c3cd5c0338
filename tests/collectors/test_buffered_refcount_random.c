/* buffered-refcount against a random mutator with a shadow graph: every variant of the design, with
 * and without its thread, with and without a budget; everything reachable is there after every
 * step, and after a full collection nothing else is. */
#include "tests/collectors/buffered_refcount_fixture.h"

#include <string.h>

/* Settings that make epochs frequent even in a small run. */
#define SMALL "chunk=4K", "floor=64K", "fraction=8"

static const char *const variants[][10] = {
    {"thread=off", SMALL, NULL},
    {"thread=off", "cycles=sync", SMALL, NULL},
    {"thread=off", "buffers=two", SMALL, NULL},
    {"thread=off", "stacks=logged", SMALL, NULL},
    {"thread=off", "green=off", "same-slots=counted", SMALL, NULL},
    {"thread=off", "force=7", "few-roots=0", "sweep-roots=0", "collect-roots=1", SMALL, NULL},
    {"thread=off", "cycles=sync", "force=7", "few-roots=0", "sweep-roots=0", SMALL, NULL},
    {"thread=off", "pool=4", "epoch-chunks=1000", SMALL, NULL},
    {"thread=off", "context=cached", SMALL, NULL},
    {"thread=off", "context=tls-ie", "buffers=two", SMALL, NULL},
    {"thread=off", "context=tls-gd", SMALL, NULL},
    {"thread=off", "context=getspecific", SMALL, NULL},
    {"thread=on", SMALL, NULL},
    {"thread=on", "cycles=sync", SMALL, NULL},
    {"thread=on", "same-slots=counted", "idle-stacks=scanned", SMALL, NULL},
    {"thread=on", "buffers=two", "pool=4", "epoch-chunks=1000", SMALL, NULL},
    {"thread=on", "stacks=logged", "green=off", SMALL, NULL},
};

static void run_model(const char *const *settings, uint64_t budget, uint64_t seed, bool finalizers)
{
    struct fixture fixture;
    struct model model;
    recycler_open(&fixture, settings, budget);
    model_init(&model, &fixture, seed, 6);
    model.finalizers = finalizers;
    for (int round = 0; round < 12 && !model.exhausted; round++) {
        model_run(&model, 400);
        recycler_settle(inside(&fixture));
        model_compare(&model, false);
        if (round % 3 != 2 || model.exhausted)
            continue;
        fixture_collect(&fixture);
        model_compare(&model, !finalizers && !inside(&fixture)->exhausted);
    }
    model_finish(&model);
    fixture_close(&fixture);
}

static void test_variants(void **state)
{
    (void)state;
    uint64_t seed = model_seed(2001);
    for (size_t i = 0; i < GCR_COUNT_OF(variants); i++)
        for (uint64_t k = 0; k < 3; k++)
            run_model(variants[i], 0, seed + 100 * i + k, false);
}

static void test_variants_with_finalizers(void **state)
{
    (void)state;
    uint64_t seed = model_seed(2002);
    for (size_t i = 0; i < GCR_COUNT_OF(variants); i++)
        run_model(variants[i], 0, seed + 100 * i, true);
}

static void test_budgets(void **state)
{
    (void)state;
    uint64_t seed = model_seed(2003);
    for (size_t i = 0; i < GCR_COUNT_OF(variants); i++)
        for (uint64_t budget = 160 * KIB; budget < 2 * MIB; budget *= 2)
            run_model(variants[i], budget, seed + 100 * i + budget, i % 2 == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_variants_with_finalizers),
        cmocka_unit_test(test_budgets),
    };
    return cmocka_run_group_tests_name("collector.buffered_refcount_random", tests, NULL, NULL);
}
