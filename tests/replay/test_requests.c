/* Requests: how their notes become a list, in which process they count, and what the result says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/measure/program_phases.h"
#include "sim/measure/requests.h"
#include "sim/measure/result_json.h"
#include "tests/replay/script.h"

static const struct script_run plain = {0};

static void begin(struct gcr_request_log *log, uint32_t number, uint64_t clock_ns)
{
    assert_true(gcr_requests_reserve(log));
    gcr_requests_note(log, number, false, clock_ns);
}

static void end(struct gcr_request_log *log, uint32_t number, uint64_t clock_ns)
{
    assert_true(gcr_requests_reserve(log));
    gcr_requests_note(log, number, true, clock_ns);
}

static void assert_request(const struct gcr_request *request, uint32_t number, uint64_t start_ns,
                           uint64_t end_ns)
{
    assert_int_equal(request->number, number);
    assert_int_equal(request->start_ns, start_ns);
    assert_int_equal(request->end_ns, end_ns);
}

static void overlapping_requests_are_told_apart_by_number(void **unused)
{
    struct gcr_request_log log = {0};
    struct gcr_lane_result lane = {0};

    (void)unused;
    begin(&log, 7, 100);
    begin(&log, 3, 110);
    end(&log, 7, 150);
    begin(&log, 7, 150); /* the number again, at the same moment */
    end(&log, 3, 160);
    end(&log, 7, 170);
    assert_true(gcr_requests_list(&log, &lane));
    assert_int_equal(lane.request_count, 3);
    assert_request(&lane.requests[0], 7, 100, 150);
    assert_request(&lane.requests[1], 3, 110, 160);
    assert_request(&lane.requests[2], 7, 150, 170);
    assert_int_equal(lane.requests_unfinished, 0);
    gcr_lane_result_finish(&lane);
    gcr_requests_free(&log);
}

static void halves_are_counted_and_not_listed(void **unused)
{
    struct gcr_request_log log = {0};
    struct gcr_lane_result lane = {0};

    (void)unused;
    end(&log, 1, 5);    /* begun elsewhere */
    begin(&log, 2, 10); /* begins twice */
    begin(&log, 2, 20);
    end(&log, 2, 30);
    end(&log, 2, 40);
    begin(&log, 9, 50); /* never ends */
    assert_true(gcr_requests_list(&log, &lane));
    assert_int_equal(lane.request_count, 1);
    assert_request(&lane.requests[0], 2, 20, 30);
    assert_int_equal(lane.requests_unfinished, 2);
    gcr_lane_result_finish(&lane);
    gcr_requests_free(&log);
}

static void a_full_log_counts_what_it_cannot_hold(void **unused)
{
    struct gcr_request_log log = {0};
    struct gcr_lane_result lane = {0};
    const uint32_t held = GCR_MAX_REQUEST_NOTES / 2;

    (void)unused;
    for (uint32_t i = 0; i < held + 3; i++) {
        begin(&log, i, i);
        end(&log, i, i);
    }
    assert_true(gcr_requests_list(&log, &lane));
    assert_int_equal(lane.request_count, held);
    assert_int_equal(lane.requests_dropped, 3);
    gcr_lane_result_finish(&lane);
    gcr_requests_free(&log);
}

static void script_request(struct script *script, uint32_t lane, uint32_t number, uint8_t flags)
{
    script_add(script, lane, (struct gcr_event){.op = GCR_OP_REQUEST, .a = number, .flags = flags});
}

/* Request 1 lies in the parent; 2 is open at the fork and ended by both; 3 is the child's; 4 is
 * open when the child exits. */
static void replay_requests(struct gcr_result *result)
{
    struct script script;

    script_init(&script, 2);
    script_request(&script, 0, 1, GCR_REQUEST_BEGIN);
    script_churn(&script, 0, 2, 3000);
    script_request(&script, 0, 1, GCR_REQUEST_END);
    script_request(&script, 0, 2, GCR_REQUEST_BEGIN);
    script_fork(&script, 0, 1);
    script_churn(&script, 0, 2, 3000);
    script_request(&script, 0, 2, GCR_REQUEST_END);
    script_exit(&script, 0);
    script_request(&script, 1, 2, GCR_REQUEST_END);
    script_request(&script, 1, 3, GCR_REQUEST_BEGIN);
    script_churn(&script, 1, 2, 2000);
    script_request(&script, 1, 3, GCR_REQUEST_END);
    script_request(&script, 1, 4, GCR_REQUEST_BEGIN);
    script_exit(&script, 1);
    script_replay(&script, &plain, result);
    assert_string_equal(result->message, "");
    script_free(&script);
}

static void requests_belong_to_the_process_that_began_them(void **unused)
{
    struct gcr_result result;
    const struct gcr_lane_result *parent, *child;
    uint64_t clock_ns;

    (void)unused;
    replay_requests(&result);
    parent = &result.lanes[0];
    child = &result.lanes[1];
    assert_int_equal(parent->request_count, 2);
    assert_int_equal(parent->requests_unfinished, 0);
    assert_int_equal(child->request_count, 1);
    assert_int_equal(child->requests_unfinished, 1);
    clock_ns = parent->mutator_ns + parent->collector_ns;
    assert_int_equal(parent->requests[0].number, 1);
    assert_true(parent->requests[0].start_ns < parent->requests[0].end_ns);
    assert_true(parent->requests[0].end_ns <= parent->requests[1].start_ns);
    assert_true(parent->requests[1].end_ns <= clock_ns);
    assert_int_equal(child->requests[0].number, 3);
    assert_true(child->requests[0].end_ns <= child->mutator_ns + child->collector_ns);
    gcr_result_finish(&result);
}

/* Every pause of the parent lies within one of its requests: the clock is the same. */
static void pauses_lie_within_the_requests_that_they_delay(void **unused)
{
    struct gcr_result result;
    const struct gcr_lane_result *lane;

    (void)unused;
    replay_requests(&result);
    lane = &result.lanes[0];
    assert_true(lane->pause_count >= 2);
    for (size_t i = 0; i < lane->pause_count; i++) {
        const struct gcr_pause *pause = &lane->pauses[i];
        bool is_within = false;

        for (size_t k = 0; k < lane->request_count; k++)
            is_within |= lane->requests[k].start_ns <= pause->start_ns &&
                         pause->start_ns + pause->length_ns <= lane->requests[k].end_ns;
        assert_true(is_within);
    }
    gcr_result_finish(&result);
}

static uint64_t number_at(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    assert_true(json_is_integer(value));
    return (uint64_t)json_integer_value(value);
}

static void the_document_lists_and_sums_them(void **unused)
{
    struct gcr_result result;
    json_t *json, *summary, *list, *rows;
    uint64_t longest = 0;

    (void)unused;
    replay_requests(&result);
    json = gcr_result_to_json(&result);
    summary = json_object_get(json, "requests");
    assert_int_equal(number_at(summary, "count"), 3);
    assert_int_equal(number_at(summary, "unfinished"), 1);
    assert_int_equal(number_at(summary, "dropped"), 0);
    for (size_t i = 0; i < result.lane_count; i++)
        for (size_t k = 0; k < result.lanes[i].request_count; k++) {
            const struct gcr_request *request = &result.lanes[i].requests[k];

            if (request->end_ns - request->start_ns > longest)
                longest = request->end_ns - request->start_ns;
        }
    assert_int_equal(number_at(summary, "max_ns"), longest);
    assert_int_equal(number_at(summary, "p99_ns"), longest);
    assert_true(number_at(summary, "p50_ns") <= longest);
    list = json_object_get(json_array_get(json_object_get(json, "lanes"), 1), "requests");
    rows = json_object_get(list, "rows");
    assert_int_equal(json_array_size(json_object_get(list, "columns")), 3);
    assert_int_equal(json_array_size(rows), 1);
    assert_int_equal(json_integer_value(json_array_get(json_array_get(rows, 0), 0)), 3);
    assert_int_equal(json_integer_value(json_array_get(json_array_get(rows, 0), 1)),
                     result.lanes[1].requests[0].start_ns);
    json_decref(json);
    gcr_result_finish(&result);
}

static void without_requests_the_summary_is_null(void **unused)
{
    struct script script;
    struct gcr_result result;
    json_t *json;

    (void)unused;
    script_init(&script, 1);
    script_churn(&script, 0, 2, 10);
    script_exit(&script, 0);
    script_replay(&script, &plain, &result);
    json = gcr_result_to_json(&result);
    assert_true(json_is_null(json_object_get(json, "requests")));
    json_decref(json);
    gcr_result_finish(&result);
    script_free(&script);
}

static void script_phase(struct script *script, uint32_t lane, uint32_t name)
{
    script_add(script, lane, (struct gcr_event){.op = GCR_OP_PHASE, .a = name});
}

/* Phases stand on the replay clock, and a child begins in the one in which its parent forked. The
 * script's names are not known, so the document gives their numbers. */
static void phases_are_noted_where_they_begin(void **unused)
{
    struct script script;
    struct gcr_result result;
    const struct gcr_lane_result *parent, *child;
    json_t *json, *row;

    (void)unused;
    script_init(&script, 2);
    script_churn(&script, 0, 2, 3000);
    script_phase(&script, 0, 1);
    script_churn(&script, 0, 2, 3000);
    script_phase(&script, 0, 2);
    script_fork(&script, 0, 1);
    script_phase(&script, 0, 1);
    script_exit(&script, 0);
    script_churn(&script, 1, 2, 2000);
    script_phase(&script, 1, 3);
    script_exit(&script, 1);
    script_replay(&script, &plain, &result);
    parent = &result.lanes[0];
    child = &result.lanes[1];
    assert_int_equal(parent->program_phase_count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(parent->program_phases[i].name, i % 2 + 1);
    assert_true(parent->program_phases[0].start_ns > 0);
    assert_true(parent->program_phases[0].start_ns < parent->program_phases[1].start_ns);
    assert_true(parent->program_phases[2].start_ns <= parent->mutator_ns + parent->collector_ns);
    assert_int_equal(parent->program_phases[2].event, parent->program_phases[1].event + 2);
    assert_int_equal(parent->program_phases[2].event, parent->events - 2);
    assert_int_equal(child->program_phase_count, 2);
    assert_int_equal(child->program_phases[0].name, 2);
    assert_int_equal(child->program_phases[0].event, 0);
    assert_int_equal(child->program_phases[0].start_ns, 0);
    assert_int_equal(child->program_phases[1].name, 3);
    assert_int_equal(child->program_phases[1].event, child->events - 2);
    json = gcr_result_to_json(&result);
    row = json_object_get(json_array_get(json_object_get(json, "lanes"), 1), "program_phases");
    row = json_array_get(json_object_get(row, "rows"), 1);
    assert_string_equal(json_string_value(json_array_get(row, 0)), "phase 3");
    json_decref(json);
    gcr_result_finish(&result);
    script_free(&script);
}

static void a_full_log_of_phases_leaves_out_the_rest(void **unused)
{
    struct gcr_program_phase_log log = {0};

    (void)unused;
    for (uint32_t i = 1; i <= GCR_MAX_PROGRAM_PHASES + 2; i++) {
        assert_true(gcr_program_phases_reserve(&log));
        gcr_program_phases_note(&log, i, i, 2 * i);
    }
    assert_int_equal(log.count, GCR_MAX_PROGRAM_PHASES);
    gcr_program_phases_restart(&log);
    assert_int_equal(log.count, 1);
    assert_int_equal(gcr_program_phases_list(&log)[0].name, GCR_MAX_PROGRAM_PHASES);
    gcr_growable_free(&log.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlapping_requests_are_told_apart_by_number),
        cmocka_unit_test(halves_are_counted_and_not_listed),
        cmocka_unit_test(a_full_log_counts_what_it_cannot_hold),
        cmocka_unit_test(requests_belong_to_the_process_that_began_them),
        cmocka_unit_test(pauses_lie_within_the_requests_that_they_delay),
        cmocka_unit_test(the_document_lists_and_sums_them),
        cmocka_unit_test(without_requests_the_summary_is_null),
        cmocka_unit_test(phases_are_noted_where_they_begin),
        cmocka_unit_test(a_full_log_of_phases_leaves_out_the_rest),
    };

    return cmocka_run_group_tests_name("unit.requests", tests, NULL, NULL);
}
