/* The recorded pace: gaps between TIME events are kept on the replay clock, and never more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/replay/script.h"

static const uint64_t ms = 1000000;

static void script_time(struct script *script, uint32_t lane, uint64_t ns)
{
    script_add(script, lane,
               (struct gcr_event){.op = GCR_OP_TIME, .a = (uint32_t)ns, .b = (uint32_t)(ns >> 32)});
}

static void gaps_are_kept(void **unused)
{
    const struct script_run run = {.pace_recorded = true};
    struct script script;
    struct gcr_result result;
    const struct gcr_lane_result *lane;

    (void)unused;
    script_init(&script, 1);
    script.capabilities.times = 1;
    for (uint64_t i = 1; i <= 5; i++) {
        script_list(&script, 3);
        script_time(&script, 0, 10 * ms * i);
    }
    script_exit(&script, 0);
    script_replay(&script, &run, &result);
    lane = &result.lanes[0];
    assert_true(result.pace_recorded);
    assert_in_range(lane->mutator_ns, 50 * ms, 1000 * ms);
    assert_in_range(lane->waited_ns, 1, lane->mutator_ns);
    gcr_result_finish(&result);

    script_replay(&script, &(struct script_run){0}, &result);
    assert_false(result.pace_recorded);
    assert_true(result.lanes[0].mutator_ns < 50 * ms);
    assert_int_equal(result.lanes[0].waited_ns, 0);
    gcr_result_finish(&result);
    script_free(&script);
}

static void a_replay_that_is_behind_does_not_wait(void **unused)
{
    const struct script_run run = {.pace_recorded = true};
    struct script script;
    struct gcr_result result;

    (void)unused;
    script_init(&script, 1);
    script.capabilities.times = 1;
    script_churn(&script, 0, 1, 20000);
    script_time(&script, 0, 1);
    script_exit(&script, 0);
    script_replay(&script, &run, &result);
    assert_int_equal(result.lanes[0].waited_ns, 0);
    assert_in_range(result.lanes[0].late_max_ns, 1,
                    result.lanes[0].mutator_ns + result.lanes[0].collector_ns);
    gcr_result_finish(&result);
    script_free(&script);
}

/* A forked process starts when its parent has ended: its time counts from its first TIME event. */
static void forked_lanes_have_their_own_time(void **unused)
{
    const struct script_run run = {.pace_recorded = true};
    struct script script;
    struct gcr_result result;

    (void)unused;
    script_init(&script, 2);
    script.capabilities.times = 1;
    script_time(&script, 0, 5 * ms);
    script_fork(&script, 0, 1);
    script_exit(&script, 0);
    script_time(&script, 1, 5000000 * ms);
    script_time(&script, 1, 5000010 * ms);
    script_exit(&script, 1);
    script_replay(&script, &run, &result);
    assert_in_range(result.lanes[0].mutator_ns, 5 * ms, 1000 * ms);
    assert_in_range(result.lanes[1].mutator_ns, 10 * ms, 1000 * ms);
    gcr_result_finish(&result);
    script_free(&script);
}

static void traces_without_times_are_refused(void **unused)
{
    const struct script_run run = {.pace_recorded = true};
    struct script script;
    struct gcr_result result;
    struct gcr_error err = {""};

    (void)unused;
    script_init(&script, 1);
    script_exit(&script, 0);
    assert_int_equal(script_try_replay(&script, &run, &result, &err), GCR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "no TIME events"));
    script_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_are_kept),
        cmocka_unit_test(a_replay_that_is_behind_does_not_wait),
        cmocka_unit_test(forked_lanes_have_their_own_time),
        cmocka_unit_test(traces_without_times_are_refused),
    };

    return cmocka_run_group_tests_name("unit.pace", tests, NULL, NULL);
}
