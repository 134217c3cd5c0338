/* mark-compact-nursery: random programs against a shadow graph, in every variant, with and without
 * budgets, with refusals of pages at every point. */
#include "tests/collectors/mark_compact_nursery_fixture.h"

static void compare_now(struct fixture *fixture, void *arg)
{
    struct model *model = arg;
    (void)fixture;
    if (!model->exhausted)
        fixture_check(fixture);
}

static void run_model(const char *const *settings, uint64_t seed, bool finalizers, uint32_t steps)
{
    struct fixture fixture;
    struct model model;
    nursery_open(&fixture, settings, 0);
    model_init(&model, &fixture, seed, 6);
    model.finalizers = finalizers;
    fixture.after_collection = compare_now;
    fixture.arg = &model;
    for (int round = 0; round < 4; round++) {
        model_run(&model, steps / 4);
        assert_false(model.exhausted);
        (void)model_compare(&model, false);
        fixture_collect(&fixture);
        (void)model_compare(&model, !finalizers);
        fixture_check(&fixture);
    }
    assert_true(fixture.collection_count > 4);
    model_finish(&model);
    fixture_close(&fixture);
}

static void test_random_programs_in_every_variant(void **state)
{
    (void)state;
    uint64_t seed = model_seed(20093);
    for (size_t i = 0; i < NURSERY_VARIANTS; i++)
        for (uint64_t k = 0; k < 3; k++)
            run_model(nursery_variants[i], seed + k, k == 2, 6000);
}

static void test_random_programs_with_budgets(void **state)
{
    (void)state;
    uint64_t seed = model_seed(20104);
    uint32_t exhausted = 0, completed = 0;
    for (size_t i = 0; i < NURSERY_VARIANTS; i++)
        for (uint64_t pages = 24; pages < 400; pages += pages / 4) {
            struct fixture fixture;
            struct model model;
            struct gcr_error err;
            struct fixture_config config = nursery_config(nursery_variants[i], pages * PAGE);
            if (fixture_try_open(&fixture, &config, &err) != GCR_OK)
                continue;
            model_init(&model, &fixture, seed + pages, 4);
            if (!model.exhausted)
                model_run(&model, 3000);
            assert_true(fixture.supply.peak_bytes <= pages * PAGE);
            fixture_check(&fixture);
            (void)model_compare(&model, false);
            exhausted += model.exhausted;
            completed += !model.exhausted;
            model_finish(&model);
            fixture_close(&fixture);
        }
    assert_true(exhausted > 0);
    assert_true(completed > 0);
}

static void test_any_commit_may_be_refused(void **state)
{
    (void)state;
    uint64_t seed = model_seed(11);
    for (size_t i = 0; i < NURSERY_VARIANTS; i++) {
        bool refused = true;
        for (uint64_t n = 1; refused && n < 400; n += n < 40 ? 1 : 7) {
            struct fixture fixture;
            struct model model;
            struct gcr_error err;
            struct fixture_config config = nursery_config(nursery_variants[i], 0);
            config.fail_after = n;
            if (fixture_try_open(&fixture, &config, &err) != GCR_OK)
                continue;
            model_init(&model, &fixture, seed + n, 3);
            if (!model.exhausted)
                model_run(&model, 2500);
            refused = fixture.supply.refused != 0;
            fixture_check(&fixture);
            (void)model_compare(&model, false);
            model_finish(&model);
            fixture_close(&fixture);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_programs_in_every_variant),
        cmocka_unit_test(test_random_programs_with_budgets),
        cmocka_unit_test(test_any_commit_may_be_refused),
    };
    return cmocka_run_group_tests_name("collector.mark_compact_nursery_random", tests, NULL, NULL);
}
