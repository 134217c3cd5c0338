/* incminimark: random programs against a model, in many configurations, with budgets, and with a
 * supply that refuses. */
#include "tests/collectors/incminimark_fixture.h"

enum { STEPS = 6000, ROUNDS = 4 };

static void random_run(uint64_t seed, const char *const *settings, uint64_t budget,
                       uint32_t max_length, bool finalizers)
{
    struct fixture fixture;
    struct model model;
    inc_open(&fixture, settings, budget);
    model_init(&model, &fixture, seed, 6);
    model.max_length = max_length;
    model.finalizers = finalizers;
    for (int round = 0; round < ROUNDS && !model.exhausted; round++) {
        model_run(&model, STEPS);
        if (model.exhausted)
            break;
        (void)model_compare(&model, false);
        fixture.collector->collect(fixture.heap, 0, GCR_REASON_EXPLICIT);
        (void)model_compare(&model, false);
        if (inside(&fixture)->frozen) { /* the budget ended in a minor collection */
            assert_int_not_equal(budget, 0);
            assert_int_equal(fixture_alloc(&fixture, MODEL_EMPTY, 0, FIXTURE_ROOTS - 2), 0);
            break;
        }
        fixture_collect(&fixture);
        (void)model_compare(&model, !finalizers && !inside(&fixture)->exhausted);
    }
    if (budget == 0) {
        assert_false(model.exhausted);
        assert_int_equal(inside(&fixture)->figures.abandoned, 0);
    } else {
        assert_true(fixture.supply.peak_bytes <= budget);
    }
    model_finish(&model);
    fixture_close(&fixture);
}

static const char *const configurations[][8] = {
    {NULL},
    {"nursery=16K", "min-heap=64K", NULL},
    {"nursery=8K", "large=1K", "card-items=8", "min-heap=32K", "increment=0.05", "sweep=0.1", NULL},
    {"nursery=8K", "large=1K", "card-items=8", "min-heap=32K", "increment=0.05", "credit=0.02",
     "marks=bitmap", NULL},
    {"nursery=16K", "incremental=off", "zero-step=4K", "min-heap=64K", "large=2K", NULL},
    {"nursery=32K", "incremental=off", "marks=bitmap", "small=64", "arena=32K", NULL},
    {"nursery=4K", "arena=16K", "growth=1.05", "factor=1.1", "large=1K", "pinning=off", NULL},
};

static void test_random_programs_in_every_configuration(void **state)
{
    (void)state;
    uint64_t seed = model_seed(20261121);
    for (size_t i = 0; i < GCR_COUNT_OF(configurations); i++)
        for (int large = 0; large < 2; large++)
            random_run(seed + i, configurations[i], 0, large ? 700 : 40, i % 2 == 1);
}

static void test_random_programs_within_a_budget(void **state)
{
    (void)state;
    uint64_t seed = model_seed(20261122);
    for (uint64_t budget = 64 * KIB; budget <= 4 * MIB; budget = budget * 3 / 2 / 4096 * 4096)
        for (int bitmap = 0; bitmap < 2; bitmap++) {
            const char *settings[] = {"large=1K", bitmap ? "marks=bitmap" : "increment=0.5", NULL};
            struct fixture_config config = inc_config(settings, budget);
            struct fixture fixture;
            struct gcr_error err;
            if (fixture_try_open(&fixture, &config, &err) != GCR_OK)
                continue;
            fixture_close(&fixture);
            random_run(seed + budget, settings, budget, 300, true);
        }
}

/* The n-th commit is refused once, for every n: nothing is lost, and at worst the heap ends. */
static void test_any_refusal_is_survived(void **state)
{
    (void)state;
    uint64_t seed = model_seed(20261123);
    static const char *const settings[] = {"nursery=8K", "large=1K",     "card-items=8",
                                           "arena=16K",  "min-heap=32K", "increment=0.2",
                                           NULL};
    for (uint64_t n = 1; n < 400; n += n < 120 ? 1 : 7) {
        struct fixture_config config = inc_config(settings, 0);
        struct fixture fixture;
        struct model model;
        struct gcr_error err;
        config.fail_after = n;
        if (fixture_try_open(&fixture, &config, &err) != GCR_OK)
            continue;
        model_init(&model, &fixture, seed + n % 5, 4);
        model.max_length = 300;
        model.finalizers = n % 2 == 0;
        if (!model.exhausted)
            model_run(&model, 2500);
        (void)model_compare(&model, false);
        if (!model.exhausted && !inside(&fixture)->frozen) {
            fixture_collect(&fixture);
            (void)model_compare(&model, !model.finalizers && !inside(&fixture)->exhausted);
        }
        model_finish(&model);
        fixture_close(&fixture);
    }
}

/* Whether the collection gets stuck in its minor part or in the marking: nobody may take what is
 * left for all that lives. */
static void test_a_collection_that_cannot_be_completed_is_not_called_full(void **state)
{
    (void)state;
    for (int promoted = 0; promoted < 2; promoted++) {
        struct fixture fixture;
        inc_open(&fixture, NULL, 0);
        keep_pairs(&fixture, 0, 100);
        uint32_t dead = fixture_alloc(&fixture, MODEL_PAIR, 0, 2);
        if (promoted)
            collect_minor(&fixture);
        fixture_root(&fixture, 2, 0);
        fixture.supply.system_limit_bytes = fixture.supply.committed_bytes;
        fixture_collect(&fixture);
        assert_int_equal(inside(&fixture)->frozen, !promoted);
        assert_true(inside(&fixture)->exhausted);
        assert_int_equal(fixture_is_dead(&fixture, dead), !promoted);
        assert_false(fixture_last(&fixture)->full);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_programs_in_every_configuration),
        cmocka_unit_test(test_random_programs_within_a_budget),
        cmocka_unit_test(test_any_refusal_is_survived),
        cmocka_unit_test(test_a_collection_that_cannot_be_completed_is_not_called_full),
    };
    return cmocka_run_group_tests_name("collector.incminimark_random", tests, NULL, NULL);
}
