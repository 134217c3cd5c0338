/* How a replay ends other than well: full heaps, invalid traces, faulty collectors, and messages
 * that say which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/replay/probe.h"
#include "tests/replay/script.h"
#include "tests/replay/twospace.h"

static const struct script_run plain = {0};

/* Replays and asserts outcome and parts of the message. */
static void expect_failure(const struct script *script, const struct script_run *run,
                           enum gcr_outcome outcome, const char *place, const char *reason)
{
    struct gcr_result result;

    script_replay(script, run, &result);
    assert_int_equal(result.outcome, outcome);
    if (strstr(result.message, place) == NULL || strstr(result.message, reason) == NULL)
        fail_msg("message \"%s\" lacks \"%s\" or \"%s\"", result.message, place, reason);
    assert_string_equal(result.message, result.lanes[0].message);
    gcr_result_finish(&result);
}

static void full_heap_is_an_outcome(void **unused)
{
    struct script script;

    (void)unused;
    script_init(&script, 1);
    script_list(&script, 5000); /* 5000 x 48 bytes in 64 KiB */
    expect_failure(&script, &plain, GCR_OUTCOME_HEAP_EXHAUSTED, "(alloc", "heap exhausted");
    script_free(&script);
}

static void budget_below_an_empty_heap_is_an_outcome(void **unused)
{
    struct script script;
    const struct script_run run = {.budget_bytes = 8192};

    (void)unused;
    script_init(&script, 1);
    script_list(&script, 2);
    expect_failure(&script, &run, GCR_OUTCOME_HEAP_EXHAUSTED, "lane 0", "no room");
    script_free(&script);
}

static void refused_page_in_a_collection_is_survived(void **unused)
{
    struct script script;
    const struct script_run run = {.supply_fail_after = 2}; /* the first collection's to-space */
    struct gcr_result result;

    (void)unused;
    script_init(&script, 1);
    script_churn(&script, 0, 1, 5000);
    script_replay(&script, &run, &result);
    assert_int_equal(result.outcome, GCR_OUTCOME_HEAP_EXHAUSTED);
    assert_int_equal(result.lanes[0].pause_count, 1);
    assert_true(result.lanes[0].events > 1000);
    gcr_result_finish(&result);
    script_free(&script);
}

static void object_never_allocated_is_an_invalid_trace(void **unused)
{
    struct script script;

    (void)unused;
    script_init(&script, 1);
    script_list(&script, 3);
    script_store(&script, 0, 3, 1, 99); /* beyond the table */
    expect_failure(&script, &plain, GCR_OUTCOME_INVALID_TRACE, "lane 0, event 8 (store",
                   "o99 was never allocated");
    script_free(&script);
    script_init(&script, 1);
    script_alloc(&script, 0, 50, SHAPE_PAIR, 0, gcr_root_thread(0));
    script_root(&script, 0, gcr_root_global(0), 7); /* within the table */
    expect_failure(&script, &plain, GCR_OUTCOME_INVALID_TRACE, "lane 0, event 1 (root",
                   "o7 was never allocated");
    script_free(&script);
}

static void null_object_is_an_invalid_trace(void **unused)
{
    struct script script;

    (void)unused;
    script_init(&script, 1);
    script_list(&script, 1);
    script_store(&script, 0, 0, 0, 1);
    expect_failure(&script, &plain, GCR_OUTCOME_INVALID_TRACE, "event 2", "null");
    script_free(&script);
}

static void object_used_after_its_death_is_an_invalid_trace(void **unused)
{
    struct script script;

    (void)unused;
    script_init(&script, 1);
    script_list(&script, 1);
    script_root(&script, 0, gcr_root_thread(0), 0);
    script_death(&script, 0, 1);
    script_root(&script, 0, gcr_root_thread(0), 1);
    expect_failure(&script, &plain, GCR_OUTCOME_INVALID_TRACE, "event 4", "o1");
    script_free(&script);
}

static void second_death_is_an_invalid_trace(void **unused)
{
    struct script script;

    (void)unused;
    script_init(&script, 1);
    script_list(&script, 1);
    script_death(&script, 0, 1);
    script_death(&script, 0, 1);
    expect_failure(&script, &plain, GCR_OUTCOME_INVALID_TRACE, "event 3 (death", "already dead");
    script_free(&script);
}

static void object_lost_by_the_collector_is_its_fault(void **unused)
{
    struct script script;
    const struct script_run run = {.damage = "lose-root"};

    (void)unused;
    script_init(&script, 1);
    script_list(&script, 3);
    script_collect(&script, 0);
    script_root(&script, 0, gcr_root_thread(5), 3);
    expect_failure(&script, &run, GCR_OUTCOME_COLLECTOR_FAULT, "lane 0, event 9 (root",
                   "dropped object o3");
    script_free(&script);
}

/* Granulated deaths come late: the collection was faster, and nobody is to blame. */
static void death_after_the_collection_is_no_fault(void **unused)
{
    struct script script;
    struct gcr_result result;

    (void)unused;
    script_init(&script, 1);
    script_list(&script, 2);
    script_root(&script, 0, gcr_root_thread(0), 0);
    script_collect(&script, 0);
    script_death(&script, 0, 1);
    script_death(&script, 0, 2);
    script_replay(&script, &plain, &result);
    assert_int_equal(result.outcome, GCR_OUTCOME_OK);
    assert_int_equal(result.lanes[0].live_end_objects, 0);
    assert_int_equal(result.lanes[0].pauses[0].freed, 2);
    gcr_result_finish(&result);
    script_free(&script);
}

static void resurrecting_an_object_without_finalizer_is_an_invalid_trace(void **unused)
{
    struct script script;

    (void)unused;
    script_init(&script, 1);
    script_list(&script, 1);
    script_add(&script, 0,
               (struct gcr_event){.op = GCR_OP_RESURRECT, .a = 1, .b = gcr_root_global(0)});
    expect_failure(&script, &plain, GCR_OUTCOME_INVALID_TRACE, "(resurrect", "finalizer");
    script_free(&script);
}

static void refusal_of_the_checker_ends_the_lane(void **unused)
{
    struct script script;
    struct gcr_result result;
    const struct script_run run = {.make_checker = probe_checker};

    (void)unused;
    script_init(&script, 1);
    script_list(&script, 10);
    script_exit(&script, 0);
    probe_reset();
    probe.refuse_before = 4 + 1;
    script_replay(&script, &run, &result);
    assert_int_equal(result.outcome, GCR_OUTCOME_INVALID_TRACE);
    assert_string_equal(result.message, "probe refuses event 4");
    assert_int_equal(result.lanes[0].events, 4);
    assert_false(result.lanes[0].verified);
    gcr_result_finish(&result);
    probe_reset();
    probe.refuse_after = script.count[0]; /* EXIT is judged as well */
    script_replay(&script, &run, &result);
    assert_int_equal(result.outcome, GCR_OUTCOME_COLLECTOR_FAULT);
    gcr_result_finish(&result);
    script_free(&script);
}

static void design_that_needs_deaths_refuses_a_trace_without(void **unused)
{
    struct gcr_collector needy = gcr_collector_twospace;
    struct gcr_engine engine = gcr_engine_twospace;
    const struct script_run run = {.engine = &engine};
    struct script script;
    struct gcr_result result;
    struct gcr_error err;

    (void)unused;
    needy.caps |= GCR_CAP_NEEDS_DEATHS;
    engine.collector = &needy;
    script_init(&script, 1);
    script_list(&script, 2);
    script.capabilities.deaths = GCR_DEATHS_NONE;
    assert_int_equal(script_try_replay(&script, &run, &result, &err), GCR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "twospace"));
    script.capabilities.deaths = GCR_DEATHS_EXACT;
    assert_int_equal(script_try_replay(&script, &run, &result, &err), GCR_OK);
    gcr_result_finish(&result);
    script_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_heap_is_an_outcome),
        cmocka_unit_test(budget_below_an_empty_heap_is_an_outcome),
        cmocka_unit_test(refused_page_in_a_collection_is_survived),
        cmocka_unit_test(object_never_allocated_is_an_invalid_trace),
        cmocka_unit_test(null_object_is_an_invalid_trace),
        cmocka_unit_test(object_used_after_its_death_is_an_invalid_trace),
        cmocka_unit_test(second_death_is_an_invalid_trace),
        cmocka_unit_test(object_lost_by_the_collector_is_its_fault),
        cmocka_unit_test(death_after_the_collection_is_no_fault),
        cmocka_unit_test(resurrecting_an_object_without_finalizer_is_an_invalid_trace),
        cmocka_unit_test(refusal_of_the_checker_ends_the_lane),
        cmocka_unit_test(design_that_needs_deaths_refuses_a_trace_without),
    };

    return cmocka_run_group_tests_name("unit.outcomes", tests, NULL, NULL);
}
