/* Counters in a replay: intervals follow the clock and the phases, forked lanes count their own and
 * send it home, and the document says all of it.
 *
 * The fake kernel counts one of each event at every reading, so that every interval counts one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "sim/measure/result_json.h"
#include "tests/measure/fake_counters.h"
#include "tests/replay/script.h"
#include "tests/replay/ticker.h"

static void kernel_init(struct fake_kernel *kernel)
{
    *kernel = (struct fake_kernel){.group_limit = 8};
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++)
        kernel->step[e] = 1;
}

static uint64_t sum_of_phases(const struct gcr_counter_figure *figure)
{
    uint64_t sum = 0;

    for (size_t p = 0; p < GCR_PHASE_COUNT; p++)
        sum += figure->phase[p];
    return sum;
}

static void script_two_lanes(struct script *script)
{
    script_init(script, 2);
    script_list(script, 100);
    script_churn(script, 0, 200, 3000);
    script_fork(script, 0, 1);
    script_churn(script, 0, 200, 1000);
    script_exit(script, 0);
    script_churn(script, 1, 200, 2000);
    script_collect(script, 1);
    script_collect(script, 1);
    script_exit(script, 1);
}

static void every_interval_is_booked_once(void **unused)
{
    struct fake_kernel kernel;
    const struct gcr_counter_system system = fake_counter_system(&kernel);
    struct script_run run = {.counters = &system};
    struct script script;
    struct gcr_result result;

    (void)unused;
    kernel_init(&kernel);
    script_two_lanes(&script);
    script_replay(&script, &run, &result);
    assert_int_equal(result.outcome, GCR_OUTCOME_OK);
    assert_int_equal(result.lane_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct gcr_lane_result *lane = &result.lanes[i];

        assert_int_equal(lane->counter_count, GCR_COUNTER_COUNT);
        assert_true(lane->pause_count > 0);
        for (size_t e = 0; e < GCR_COUNTER_COUNT; e++) {
            const struct gcr_counter_figure *figure = &lane->counters[e];

            assert_int_equal(figure->source, GCR_COUNTER_PERF_EVENT);
            assert_int_equal(figure->mutator + figure->collector, lane->counter_intervals);
            assert_int_equal(sum_of_phases(figure), figure->collector + figure->outside_pauses);
            assert_int_equal(figure->outside_pauses, 0);
            assert_true(figure->phase[GCR_PHASE_COPY] >= lane->pause_count);
            assert_true(figure->mutator > lane->pause_count);
            assert_int_equal(figure->per_interval, 1);
            assert_int_equal(figure->helpers, 0);
        }
    }
    assert_int_equal(kernel.closed, kernel.opened); /* here; the child closed its own */
    gcr_result_finish(&result);
    script_free(&script);
}

static void nobody_reads_what_was_not_asked_for(void **unused)
{
    struct script_run run = {0};
    struct script script;
    struct gcr_result result;
    json_t *json;

    (void)unused;
    script_two_lanes(&script);
    script_replay(&script, &run, &result);
    assert_null(result.lanes[0].counters);
    assert_int_equal(result.lanes[1].counter_count, 0);
    json = gcr_result_to_json(&result);
    assert_true(json_is_null(json_object_get(json, "counters")));
    json_decref(json);
    gcr_result_finish(&result);
    script_free(&script);
}

static uint64_t intervals_at_pace(const struct gcr_counter_system *system, bool pace_recorded)
{
    const struct script_run run = {.counters = system, .pace_recorded = pace_recorded};
    struct script script;
    struct gcr_result result;
    uint64_t intervals;

    script_init(&script, 1);
    script.capabilities.times = 1;
    for (uint32_t i = 1; i <= 5; i++)
        script_add(&script, 0, (struct gcr_event){.op = GCR_OP_TIME, .a = 1000 * i});
    script_exit(&script, 0);
    script_replay(&script, &run, &result);
    intervals = result.lanes[0].counter_intervals;
    gcr_result_finish(&result);
    script_free(&script);
    return intervals;
}

static void waiting_is_not_counted(void **unused)
{
    struct fake_kernel kernel;
    const struct gcr_counter_system system = fake_counter_system(&kernel);

    (void)unused;
    kernel_init(&kernel);
    assert_int_equal(intervals_at_pace(&system, true), intervals_at_pace(&system, false) + 5);
}

static void threads_of_the_design_are_asked_for_where_there_are_any(void **unused)
{
    struct fake_kernel kernel;
    const struct gcr_counter_system system = fake_counter_system(&kernel);
    struct script_run run = {.counters = &system, .engine = ticker_engine(true, true)};
    struct script script;
    struct gcr_result result;

    (void)unused;
    kernel_init(&kernel);
    kernel.refuse_inherited = EINVAL;
    script_two_lanes(&script);
    script_replay(&script, &run, &result);
    for (size_t i = 0; i < 2; i++) {
        const struct gcr_counter_figure *cycles = &result.lanes[i].counters[GCR_COUNTER_CYCLES];

        assert_true(cycles->helpers == GCR_COUNTER_UNKNOWN);
        assert_non_null(strstr(cycles->reason, "Linux 5.13"));
        assert_int_equal(cycles->mutator + cycles->collector, result.lanes[i].counter_intervals);
    }
    gcr_result_finish(&result);

    run.engine = ticker_engine(false, true);
    script_replay(&script, &run, &result);
    assert_int_equal(result.lanes[1].counters[GCR_COUNTER_CYCLES].helpers, 0);
    gcr_result_finish(&result);
    script_free(&script);
}

/* ---- the document ---- */

static uint64_t event_number(const json_t *of, const char *event, const char *name)
{
    const json_t *counters = json_object_get(of, "counters");
    const json_t *found = json_object_get(json_object_get(counters, "events"), event);

    if (!json_is_integer(json_object_get(found, name)))
        fail_msg("%s.%s is not a number", event, name);
    return (uint64_t)json_integer_value(json_object_get(found, name));
}

static void the_document_names_refused_events_and_sums_the_others(void **unused)
{
    struct fake_kernel kernel;
    const struct gcr_counter_system system = fake_counter_system(&kernel);
    struct script_run run = {.counters = &system};
    struct script script;
    struct gcr_result result;
    json_t *json, *events, *refused;

    (void)unused;
    kernel_init(&kernel);
    kernel.refuse[GCR_COUNTER_LLC_READ_MISSES] = ENOENT;
    script_two_lanes(&script);
    script_replay(&script, &run, &result);
    json = gcr_result_to_json(&result);
    events = json_object_get(json_object_get(json, "counters"), "events");
    assert_int_equal(json_object_size(events), GCR_COUNTER_COUNT);
    refused = json_object_get(events, "llc_read_misses");
    assert_string_equal(json_string_value(json_object_get(refused, "source")), "refused");
    assert_non_null(strstr(json_string_value(json_object_get(refused, "reason")), "ENOENT"));
    assert_true(json_is_null(json_object_get(refused, "mutator")));
    assert_true(json_is_null(json_object_get(json_object_get(refused, "phases"), "mark")));
    assert_true(json_is_null(json_object_get(refused, "scaled")));
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++) {
        const json_t *lanes = json_object_get(json, "lanes");
        const char *name = gcr_counter_name[e];

        if (e == GCR_COUNTER_LLC_READ_MISSES)
            continue;
        assert_int_equal(event_number(json, name, "collector"),
                         event_number(json_array_get(lanes, 0), name, "collector") +
                             event_number(json_array_get(lanes, 1), name, "collector"));
        assert_true(json_is_false(json_object_get(json_object_get(events, name), "scaled")));
        assert_true(json_is_null(json_object_get(json_object_get(events, name), "reason")));
    }
    json_decref(json);
    gcr_result_finish(&result);
    script_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_interval_is_booked_once),
        cmocka_unit_test(nobody_reads_what_was_not_asked_for),
        cmocka_unit_test(waiting_is_not_counted),
        cmocka_unit_test(threads_of_the_design_are_asked_for_where_there_are_any),
        cmocka_unit_test(the_document_names_refused_events_and_sums_the_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
