/* What is said of verified runs that hold, or do not hold, the same graphs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/cmd/agreement.h"

/* A run of one process with two checkpoints and one collection. */
static struct gcr_comparison_row row_of(const char *engine, const char *middle, const char *end,
                                        bool resurrected, const char *freed_set)
{
    struct gcr_comparison_row row = {.engine = gcr_engine_find(engine)};

    assert_non_null(row.engine);
    row.result = json_pack("{s:s, s:b, s:[{s:b, s:s, s:{s:[s, s], s:[[i, s], [i, s]]},"
                           " s:{s:{s:[s, s, s, s], s:[[i, i, i, s]]}}}]}",
                           "outcome", "ok", "verified", 1, "lanes", "resurrected", resurrected,
                           "graph_digest", end, "checkpoints", "columns", "event", "graph_digest",
                           "rows", 10, "aa", 20, middle, "pauses", "list", "columns", "event",
                           "generation", "collected", "freed_set", "rows", 15, 0, 3, freed_set);
    assert_non_null(row.result);
    gcr_figures_read(row.result, &row.figures);
    return row;
}

static struct gcr_agreement find(struct gcr_comparison_row *rows, size_t count)
{
    const struct gcr_comparison comparison = {.rows = rows, .row_count = count};
    struct gcr_agreement found;

    gcr_agreement_find(&comparison, &found);
    for (size_t i = 0; i < count; i++)
        json_decref(rows[i].result);
    return found;
}

static void equal_graphs_are_counted(void **unused)
{
    struct gcr_comparison_row rows[] = {row_of("semispace", "bb", "cc", false, "f"),
                                        row_of("linked-list", "bb", "cc", false, "f"),
                                        row_of("epsilon", "bb", "cc", false, "f")};
    struct gcr_agreement found = find(rows, 3);

    (void)unused;
    assert_int_equal(found.designs, 3);
    assert_int_equal(found.moments, 2 * 3);
    assert_false(found.graphs_differ);
    assert_string_equal(found.freed_sets, ""); /* one counting design alone */
}

static void a_difference_on_the_way_is_named(void **unused)
{
    struct gcr_comparison_row rows[] = {row_of("semispace", "bb", "cc", false, "f"),
                                        row_of("epsilon", "b2", "cc", false, "f")};
    struct gcr_agreement found = find(rows, 2);

    (void)unused;
    assert_true(found.graphs_differ);
    assert_string_equal(found.difference, "semispace and epsilon have different graphs after event "
                                          "20 of process 0");
}

static void a_difference_at_the_end_is_named(void **unused)
{
    struct gcr_comparison_row rows[] = {row_of("semispace", "bb", "cc", false, "f"),
                                        row_of("epsilon", "bb", "c2", false, "f")};
    struct gcr_agreement found = find(rows, 2);

    (void)unused;
    assert_true(found.graphs_differ);
    assert_non_null(strstr(found.difference, "at the end of process 0"));
}

static void resurrection_sets_a_process_aside(void **unused)
{
    struct gcr_comparison_row rows[] = {row_of("semispace", "bb", "cc", true, "f"),
                                        row_of("epsilon", "b2", "c2", false, "f")};
    struct gcr_agreement found = find(rows, 2);

    (void)unused;
    assert_false(found.graphs_differ);
    assert_int_equal(found.set_aside, 1);
    assert_int_equal(found.moments, 0);
}

static void counting_designs_are_held_against_each_other(void **unused)
{
    struct gcr_comparison_row same[] = {row_of("linked-list", "bb", "cc", false, "f"),
                                        row_of("linked-list", "bb", "cc", false, "f")};
    struct gcr_comparison_row other[] = {row_of("linked-list", "bb", "cc", false, "f"),
                                         row_of("linked-list", "bb", "cc", false, "f2")};

    (void)unused;
    assert_non_null(strstr(find(same, 2).freed_sets, "freed the same objects"));
    assert_non_null(strstr(find(other, 2).freed_sets, "differ in collection 1 of process 0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_graphs_are_counted),
        cmocka_unit_test(a_difference_on_the_way_is_named),
        cmocka_unit_test(a_difference_at_the_end_is_named),
        cmocka_unit_test(resurrection_sets_a_process_aside),
        cmocka_unit_test(counting_designs_are_held_against_each_other),
    };

    return cmocka_run_group_tests_name("unit.agreement", tests, NULL, NULL);
}
