/* Replays of a design with a thread of its own: windows, a clock that runs through, rest, forks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/replay/probe.h"
#include "tests/replay/script.h"
#include "tests/replay/ticker.h"

static void whole_lane_is_one_window(void **unused)
{
    struct script_run run = {.engine = ticker_engine(true, true)};
    struct script script;
    struct gcr_result result;
    const struct gcr_lane_result *lane;

    (void)unused;
    script_init(&script, 1);
    script.chunk = 1000; /* the source gives it piece by piece */
    script_list(&script, 300);
    script_churn(&script, 0, 400, 20000);
    script_exit(&script, 0);
    script_replay(&script, &run, &result);
    lane = &result.lanes[0];
    assert_int_equal(result.outcome, GCR_OUTCOME_OK);
    assert_true(result.concurrent);
    assert_int_equal(lane->events, script.count[0]);
    assert_true(lane->pause_count > 3);
    /* At rest from the start, awake for the one window, at rest again. */
    assert_int_equal(ticker_counts.rests, 2);
    assert_int_equal(ticker_counts.wakes, 1);
    assert_int_equal(ticker_counts.ticks_at_rest, 0);
    assert_true(ticker_counts.destroyed_at_rest);
    assert_true(lane->helper_cpu_ns > 0);
    assert_int_equal(gcr_lane_collector_cpu_ns(lane), lane->pauses_cpu_ns + lane->helper_cpu_ns);
    assert_true(lane->sample_count > 10); /* the series goes on within the window */
    gcr_result_finish(&result);
    script_free(&script);
}

static uint64_t reads, reads_awake;

static void look_at_the_thread(void)
{
    reads++;
    reads_awake += !ticker_is_at_rest();
}

static void threads_rest_while_events_are_decoded(void **unused)
{
    struct script_run run = {.engine = ticker_engine(true, true),
                             .window_bytes = 5000 * sizeof(struct gcr_event)};
    struct script script;
    struct gcr_result result;

    (void)unused;
    reads = reads_awake = 0;
    script_init(&script, 1);
    script.on_read = look_at_the_thread;
    script_churn(&script, 0, 1, 10000); /* 30000 events: 6 windows and the EXIT's */
    script_exit(&script, 0);
    script_replay(&script, &run, &result);
    assert_int_equal(result.lanes[0].events, script.count[0]);
    assert_int_equal(ticker_counts.wakes, 7);
    assert_int_equal(ticker_counts.rests, 8);
    assert_int_equal(ticker_counts.ticks_at_rest, 0);
    assert_true(reads >= 7);
    assert_int_equal(reads_awake, 0);
    gcr_result_finish(&result);
    script_free(&script);
}

/* Time on the clock of a script in which the harness is asked to stop it for 30 ms. */
static uint64_t clock_of(bool concurrent)
{
    struct script_run run = {.engine = ticker_engine(concurrent, true)};
    struct script script;
    struct gcr_result result;
    uint64_t ns;

    ticker_counts.hold_ms = 30;
    script_init(&script, 1);
    script_list(&script, 10);
    script_collect(&script, 0);
    script_exit(&script, 0);
    script_replay(&script, &run, &result);
    assert_int_equal(result.concurrent, concurrent);
    ns = result.lanes[0].mutator_ns;
    gcr_result_finish(&result);
    script_free(&script);
    return ns;
}

static void clock_does_not_stop_while_threads_run(void **unused)
{
    (void)unused;
    assert_true(clock_of(false) < 30000000);
    assert_true(clock_of(true) >= 30000000);
}

static void forks_and_stand_ins_for_rest(void **unused)
{
    (void)unused;
    for (int own_rest = 0; own_rest <= 1; own_rest++) {
        struct script_run run = {.engine = ticker_engine(true, own_rest), .final_collection = true};
        struct script script;
        struct gcr_result result;

        script_init(&script, 2);
        script_list(&script, 50);
        script_fork(&script, 0, 1);
        script_churn(&script, 0, 100, 3000);
        script_exit(&script, 0);
        script_churn(&script, 1, 100, 3000);
        script_exit(&script, 1);
        script_replay(&script, &run, &result);
        assert_int_equal(result.outcome, GCR_OUTCOME_OK);
        assert_int_equal(result.lane_count, 2);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(result.lanes[i].events, script.count[i]);
            assert_true(result.lanes[i].helper_cpu_ns > 0);
            assert_int_equal(result.lanes[i].collections_by_reason[GCR_REASON_FINAL], 1);
        }
        if (own_rest)
            assert_int_equal(ticker_counts.forks, 1);
        else
            assert_true(ticker_counts.forks > 3);
        gcr_result_finish(&result);
        script_free(&script);
    }
}

static void rest_for_a_moment(struct probe *p, const struct gcr_event *event, uint64_t number)
{
    (void)event;
    if (number % 64 != 0)
        return;
    p->view->rest(p->view, true);
    p->view->rest(p->view, true); /* a look within a look */
    assert_true(ticker_is_at_rest());
    p->view->rest(p->view, false);
    assert_true(ticker_is_at_rest());
    p->view->rest(p->view, false);
    assert_false(ticker_is_at_rest());
}

static uint64_t see_rest(struct probe *p)
{
    (void)p;
    return ticker_is_at_rest();
}

static void checkers_look_at_a_heap_at_rest(void **unused)
{
    struct script_run run = {.engine = ticker_engine(true, true), .make_checker = probe_checker};
    struct script script;
    struct gcr_result result;

    (void)unused;
    probe_reset();
    probe.on_after = rest_for_a_moment;
    probe.on_finish = see_rest;
    script_init(&script, 1);
    script_list(&script, 200);
    script_exit(&script, 0);
    script_replay(&script, &run, &result);
    assert_int_equal(result.outcome, GCR_OUTCOME_OK);
    assert_int_equal(result.lanes[0].graph_digest, 1);
    assert_false(result.lanes[0].cpu_known);
    assert_true(ticker_counts.rests > 8);
    gcr_result_finish(&result);
    script_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_lane_is_one_window),
        cmocka_unit_test(threads_rest_while_events_are_decoded),
        cmocka_unit_test(clock_does_not_stop_while_threads_run),
        cmocka_unit_test(forks_and_stand_ins_for_rest),
        cmocka_unit_test(checkers_look_at_a_heap_at_rest),
    };

    return cmocka_run_group_tests_name("unit.concurrent", tests, NULL, NULL);
}
