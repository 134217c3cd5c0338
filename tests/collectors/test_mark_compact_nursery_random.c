/* mark-compact-nursery: random programs against a shadow graph, in every variant, with and without
 * budgets, with refusals of pages at every point. */
#include "tests/collectors/mark_compact_nursery_fixture.h"
#include "tests/support/random_run.h"

static struct random_design design(void)
{
    return (struct random_design){nursery_config(NULL, 0), nursery_variants, NURSERY_VARIANTS};
}

static void test_random_programs_in_every_variant(void **state)
{
    (void)state;
    const struct random_design all = design();
    random_variants(&all, model_seed(20093));
}

static void test_random_programs_with_budgets(void **state)
{
    (void)state;
    const struct random_design all = design();
    random_budgets(&all, model_seed(20104));
}

static void test_any_commit_may_be_refused(void **state)
{
    (void)state;
    const struct random_design all = design();
    random_refusals(&all, model_seed(11));
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
