/* Replay of small programs on the test collector: objects that move, figures, roots, and what a
 * checker hears. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/replay/probe.h"
#include "tests/replay/script.h"

static const struct script_run plain = {0};

/* How many objects hang together from thread root 0; each must be where its handle says. */
static uint64_t list_length(struct probe *p)
{
    gcr_ref object = p->view->root(p->view, 0, gcr_root_thread(0));
    uint64_t n = 0;

    for (; object != NULL; object = p->view->collector->slot(p->view->heap, object, 0))
        n++;
    for (uint64_t i = 1; i < n; i++)
        assert_ptr_equal(
            p->view->collector->slot(p->view->heap, p->view->handle(p->view, (uint32_t)i + 1), 0),
            p->view->handle(p->view, (uint32_t)i));
    return n;
}

static void handles_and_links_follow_moving_objects(void **unused)
{
    struct script script;
    struct gcr_result result;
    const struct script_run run = {.make_checker = probe_checker};

    (void)unused;
    probe_reset();
    probe.on_finish = list_length;
    script_init(&script, 1);
    script_list(&script, 200);
    script_collect(&script, 0);
    script_collect(&script, 0);
    script_churn(&script, 0, 500, 3000);
    script_exit(&script, 0);
    script_replay(&script, &run, &result);
    assert_string_equal(result.message, "");
    assert_int_equal(result.outcome, GCR_OUTCOME_OK);
    assert_int_equal(result.lanes[0].graph_digest, 200);
    assert_true(result.lanes[0].verified);
    assert_true(result.lanes[0].live_known);
    assert_int_equal(probe.after, script.count[0]);
    assert_true(probe.collected >= 4);
    assert_true(probe.moved >= 4 * 200);
    assert_int_equal(probe.dead, 0); /* DEATH made those handles null before */
    gcr_result_finish(&result);
    script_free(&script);
}

static void figures_add_up(void **unused)
{
    struct script script;
    struct gcr_result result;
    const struct gcr_lane_result *lane;
    uint64_t sum = 0;

    (void)unused;
    script_init(&script, 1);
    script_list(&script, 100);
    script_churn(&script, 0, 101, 5000);
    script_exit(&script, 0);
    script_replay(&script, &plain, &result);
    lane = &result.lanes[0];
    assert_int_equal(result.lane_count, 1);
    assert_int_equal(lane->events, script.count[0]);
    assert_int_equal(lane->events_without_deaths, script.count[0] - 5000);
    assert_int_equal(lane->work.allocated_objects, 5100);
    assert_int_equal(lane->live_end_objects, 100);
    assert_int_equal(lane->live_end_bytes, 100 * 24);
    assert_int_equal(lane->live_peak_bytes, 100 * 24 + 64);
    assert_true(lane->pause_count > 3);
    assert_int_equal(lane->collections_by_generation[0], lane->pause_count);
    assert_int_equal(lane->collections_by_reason[GCR_REASON_ALLOCATION], lane->pause_count);
    for (size_t i = 0; i < lane->pause_count; i++) {
        sum += lane->pauses[i].length_ns;
        assert_true(lane->pauses[i].length_ns > 0);
        assert_int_equal(lane->pauses[i].before_bytes, 65536);
        assert_int_equal(script.events[0][lane->pauses[i].event].op, GCR_OP_ALLOC);
        if (i > 0) /* the clock runs between pauses */
            assert_true(lane->pauses[i].start_ns >
                        lane->pauses[i - 1].start_ns + lane->pauses[i - 1].length_ns);
    }
    assert_int_equal(lane->collector_ns, sum);
    assert_int_equal(lane->wall_ns, lane->mutator_ns + lane->collector_ns + lane->harness_ns);
    assert_true(lane->phase_ns[GCR_PHASE_COPY] > 0 && lane->phase_ns[GCR_PHASE_SWEEP] > 0);
    assert_true(lane->phase_ns[GCR_PHASE_MUTATOR] > 0); /* committing, before the first phase */
    sum = 0;
    for (size_t i = 0; i < GCR_PHASE_COUNT; i++)
        sum += lane->phase_ns[i];
    assert_int_equal(sum, lane->collector_ns);
    assert_int_equal(lane->bracketed_ns, 0);
    assert_true(lane->cpu_known);
    assert_in_range(lane->pauses_cpu_ns, 1, lane->collector_ns);
    assert_in_range(lane->mutator_cpu_ns, 1, lane->mutator_ns);
    assert_int_equal(lane->helper_cpu_ns, 0);
    assert_int_equal(lane->footprint_peak_bytes, 2 * 65536); /* both spaces, inside pauses */
    assert_in_range(lane->footprint_mean_bytes, 65536, 2 * 65536 - 1);
    assert_int_equal(lane->footprint_end_bytes, 65536);
    assert_int_equal(lane->by_kind_at_peak.objects_bytes + lane->by_kind_at_peak.free_bytes,
                     2 * 65536);
    assert_false(lane->verified);
    gcr_result_finish(&result);
    script_free(&script);
}

/* The series' live bytes are those of the very event, also for points inside batches. */
static void live_bytes_of_the_series_are_exact(void **unused)
{
    struct script script;
    struct gcr_result result;
    const struct gcr_lane_result *lane;

    (void)unused;
    script_init(&script, 1);
    script_list(&script, 300);
    script_churn(&script, 0, 400, 4000);
    script_replay(&script, &plain, &result);
    lane = &result.lanes[0];
    assert_true(lane->sample_count > 5);
    for (size_t i = 0; i < lane->sample_count; i++) {
        uint64_t live = 0;

        for (uint64_t e = 0; e < lane->samples[i].event; e++) {
            const struct gcr_event *event = &script.events[0][e];

            if (event->op == GCR_OP_ALLOC)
                live += event->b == SHAPE_PAIR ? 24 : 64;
            if (event->op == GCR_OP_DEATH)
                live -= 64;
        }
        assert_int_equal(lane->samples[i].live_bytes, live);
    }
    gcr_result_finish(&result);
    script_free(&script);
}

static void small_batches_change_nothing_but_time(void **unused)
{
    struct script script;
    struct gcr_result whole, pieces;

    (void)unused;
    script_init(&script, 1);
    script_list(&script, 150);
    script_churn(&script, 0, 151, 2500);
    script_replay(&script, &plain, &whole);
    script.chunk = 1;
    script_replay(&script, &plain, &pieces);
    assert_int_equal(whole.lanes[0].pause_count, pieces.lanes[0].pause_count);
    for (size_t i = 0; i < whole.lanes[0].pause_count; i++) {
        assert_int_equal(whole.lanes[0].pauses[i].event, pieces.lanes[0].pauses[i].event);
        assert_int_equal(whole.lanes[0].pauses[i].freed, pieces.lanes[0].pauses[i].freed);
    }
    assert_memory_equal(&whole.lanes[0].work, &pieces.lanes[0].work, sizeof(struct gcr_work));
    assert_int_equal(whole.lanes[0].live_peak_bytes, pieces.lanes[0].live_peak_bytes);
    gcr_result_finish(&whole);
    gcr_result_finish(&pieces);
    script_free(&script);
}

static void live_bytes_are_unknown_without_deaths(void **unused)
{
    struct script script;
    struct gcr_result result;

    (void)unused;
    script_init(&script, 1);
    script.capabilities.deaths = GCR_DEATHS_NONE;
    script_list(&script, 10);
    script_replay(&script, &plain, &result);
    assert_int_equal(result.outcome, GCR_OUTCOME_OK);
    assert_false(result.lanes[0].live_known);
    gcr_result_finish(&result);
    script_free(&script);
}

static void every_threads_roots_keep_objects(void **unused)
{
    struct script script;
    struct gcr_result result;

    (void)unused;
    script_init(&script, 1);
    for (uint32_t t = 0; t < 4; t++) {
        script_add(&script, 0, (struct gcr_event){.op = GCR_OP_THREAD, .a = t});
        script_alloc(&script, 0, t + 1, SHAPE_PAIR, 0, gcr_root_thread(0));
    }
    script_collect(&script, 0);
    script_add(&script, 0, (struct gcr_event){.op = GCR_OP_THREAD, .a = 2});
    script_root(&script, 0, gcr_root_thread(0), 0); /* thread 2's, no other */
    script_death(&script, 0, 3);
    script_collect(&script, 0);
    script_replay(&script, &plain, &result);
    assert_int_equal(result.outcome, GCR_OUTCOME_OK);
    assert_int_equal(result.lanes[0].pauses[0].freed, 0);
    assert_int_equal(result.lanes[0].pauses[1].freed, 1);
    gcr_result_finish(&result);
    script_free(&script);
}

static uint64_t global_root_2(struct probe *p)
{
    gcr_ref object = p->view->root(p->view, 0, gcr_root_global(2));

    return object == NULL ? 0 : p->view->collector->shape_number(p->view->heap, object);
}

static void finalized_object_is_resurrected_where_the_trace_says(void **unused)
{
    struct script script;
    struct gcr_result result;
    const struct script_run run = {.make_checker = probe_checker};

    (void)unused;
    probe_reset();
    probe.on_finish = global_root_2;
    script_init(&script, 1);
    script_alloc(&script, 0, 1, SHAPE_FINALIZED, 0, gcr_root_thread(0));
    script_add(&script, 0,
               (struct gcr_event){.op = GCR_OP_RESURRECT, .a = 1, .b = gcr_root_global(2)});
    script_root(&script, 0, gcr_root_thread(0), 0);
    script_collect(&script, 0);
    script_collect(&script, 0); /* its finalizer does not run again */
    script_replay(&script, &run, &result);
    assert_string_equal(result.message, "");
    assert_int_equal(probe.finalized, 1);
    assert_int_equal(probe.finalized_index, 1);
    assert_int_equal(probe.finalized_serial, 1);
    assert_int_equal(probe.finalized_root, gcr_root_global(2));
    assert_int_equal(result.lanes[0].graph_digest, SHAPE_FINALIZED);
    assert_int_equal(result.lanes[0].work.finalized, 1);
    gcr_result_finish(&result);
    script_free(&script);
}

static void prebuilt_objects_are_immortal(void **unused)
{
    struct script script;
    struct gcr_result result;

    (void)unused;
    script_init(&script, 1);
    script_add(&script, 0,
               (struct gcr_event){.op = GCR_OP_PREBUILT, .a = 1, .b = SHAPE_ARRAY, .c = 3});
    script_alloc(&script, 0, 2, SHAPE_PAIR, 0, gcr_root_thread(0));
    script_store(&script, 0, 1, 2, 2);
    script_root(&script, 0, gcr_root_thread(0), 0);
    script_collect(&script, 0);
    script_add(&script, 0,
               (struct gcr_event){.op = GCR_OP_LOAD, .a = 1, .b = 2, .c = gcr_root_thread(4)});
    script_root(&script, 0, gcr_root_thread(4), 2);
    script_replay(&script, &plain, &result);
    assert_string_equal(result.message, "");
    assert_int_equal(result.lanes[0].pauses[0].freed, 0);
    assert_int_equal(result.lanes[0].live_end_bytes, 24 + 24);
    gcr_result_finish(&result);
    script_free(&script);
}

static void other_events_reach_the_heap_or_pass(void **unused)
{
    struct script script;
    struct gcr_result result;
    static const uint8_t ignored[] = {GCR_OP_FINALIZED, GCR_OP_TRACK, GCR_OP_UNTRACK,
                                      GCR_OP_RECYCLE};

    (void)unused;
    script_init(&script, 1);
    script_list(&script, 2);
    script_alloc(&script, 0, 3, SHAPE_LIST, 1, gcr_root_thread(3));
    script_add(&script, 0, (struct gcr_event){.op = GCR_OP_RESIZE, .a = 3, .b = 9});
    script_store(&script, 0, 3, 8, 1);
    script_add(&script, 0,
               (struct gcr_event){.op = GCR_OP_COPY, .a = 3, .b = 0, .c = 3, .d = 7, .e = 2});
    script_add(&script, 0, (struct gcr_event){.op = GCR_OP_WEAKREF, .a = 1, .b = 2});
    script_add(&script, 0, (struct gcr_event){.op = GCR_OP_READ, .a = 1, .c = 8});
    script_add(&script, 0, (struct gcr_event){.op = GCR_OP_WRITE, .a = 1, .c = 8});
    for (size_t i = 0; i < sizeof ignored; i++)
        script_add(&script, 0, (struct gcr_event){.op = ignored[i], .a = 1});
    for (unsigned op = GCR_OP_REQUEST; op <= GCR_OP_TIME; op++)
        script_add(&script, 0, (struct gcr_event){.op = (uint8_t)op, .a = 1});
    script_add(&script, 0, (struct gcr_event){.op = GCR_OP_GCCONTROL, .a = 1, .b = 700});
    script_add(&script, 0, (struct gcr_event){.op = GCR_OP_FREEZE});
    script_add(&script, 0, (struct gcr_event){.op = GCR_OP_UNFREEZE});
    script_replay(&script, &plain, &result);
    assert_string_equal(result.message, "");
    assert_int_equal(result.lanes[0].events, script.count[0]);
    assert_int_equal(result.lanes[0].live_end_bytes, 2 * 24 + 9 * 8);
    gcr_result_finish(&result);
    script_free(&script);
}

static void recorded_collections_are_kept(void **unused)
{
    struct script script;
    struct gcr_result result;
    const struct gcr_lane_result *lane;

    (void)unused;
    script_init(&script, 1);
    script_list(&script, 2);
    script_add(&script, 0, (struct gcr_event){.op = GCR_OP_COLLECTED, .a = 1, .b = 17, .c = 2});
    script_add(&script, 0, (struct gcr_event){.op = GCR_OP_COLLECTED, .a = 0, .b = 5});
    script_replay(&script, &plain, &result);
    lane = &result.lanes[0];
    assert_int_equal(lane->recorded_count, 2);
    assert_int_equal(lane->recorded[0].event, script.count[0] - 2);
    assert_int_equal(lane->recorded[0].generation, 1);
    assert_int_equal(lane->recorded[0].collected, 17);
    assert_int_equal(lane->recorded[0].uncollectable, 2);
    assert_int_equal(lane->recorded[1].collected, 5);
    gcr_result_finish(&result);
    script_free(&script);
}

static void final_collection_is_listed(void **unused)
{
    struct script script;
    struct gcr_result result;
    const struct script_run run = {.final_collection = true};

    (void)unused;
    script_init(&script, 1);
    script_list(&script, 5);
    script_root(&script, 0, gcr_root_thread(0), 0);
    script_exit(&script, 0);
    script_replay(&script, &run, &result);
    assert_int_equal(result.lanes[0].pause_count, 1);
    assert_int_equal(result.lanes[0].pauses[0].reason, GCR_REASON_FINAL);
    assert_int_equal(result.lanes[0].pauses[0].freed, 5);
    assert_int_equal(result.lanes[0].pauses[0].event, script.count[0]);
    gcr_result_finish(&result);
    script_free(&script);
}

struct seen_progress {
    uint64_t calls, last_done, total;
};

static void see_progress(void *arg, uint64_t done, uint64_t total)
{
    struct seen_progress *seen = arg;

    assert_true(done >= seen->last_done);
    seen->calls++;
    seen->last_done = done;
    seen->total = total;
}

static void progress_is_reported(void **unused)
{
    struct script script;
    struct gcr_result result;
    struct seen_progress seen = {0};
    const struct script_run run = {.progress = see_progress, .progress_arg = &seen};

    (void)unused;
    script_init(&script, 1);
    script_churn(&script, 0, 1, 10000);
    script_replay(&script, &run, &result);
    assert_true(seen.calls >= 1);
    assert_true(seen.last_done > 0 && seen.last_done <= 30000);
    assert_int_equal(seen.total, 30000);
    gcr_result_finish(&result);
    script_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handles_and_links_follow_moving_objects),
        cmocka_unit_test(figures_add_up),
        cmocka_unit_test(live_bytes_of_the_series_are_exact),
        cmocka_unit_test(small_batches_change_nothing_but_time),
        cmocka_unit_test(live_bytes_are_unknown_without_deaths),
        cmocka_unit_test(every_threads_roots_keep_objects),
        cmocka_unit_test(finalized_object_is_resurrected_where_the_trace_says),
        cmocka_unit_test(prebuilt_objects_are_immortal),
        cmocka_unit_test(other_events_reach_the_heap_or_pass),
        cmocka_unit_test(recorded_collections_are_kept),
        cmocka_unit_test(final_collection_is_listed),
        cmocka_unit_test(progress_is_reported),
    };

    return cmocka_run_group_tests_name("unit.replay", tests, NULL, NULL);
}
