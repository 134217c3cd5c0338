/* Forked lanes: real processes, their order, their figures, and how many there can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/replay/lane_kit.h"
#include "tests/replay/probe.h"
#include "tests/replay/script.h"

static const struct script_run plain = {0};

static void note_exit(struct probe *p, const struct gcr_event *event, uint64_t number)
{
    uint32_t n = lane_board->ended;

    (void)number;
    if (event->op != GCR_OP_EXIT)
        return;
    lane_board->lane[n] = p->view->lane;
    lane_board->pid[n] = getpid();
    lane_board->alive_at_end = 0;
    for (uint32_t i = 0; i <= n; i++)
        lane_board->alive_at_end += lane_process_lives(lane_board->pid[i]);
    lane_board->ended++;
}

static void children_count_from_their_fork(void **unused)
{
    struct script script;
    struct gcr_result result;
    const struct gcr_lane_result *parent, *child;

    (void)unused;
    script_init(&script, 2);
    script_alloc(&script, 0, 1, SHAPE_PAIR, 0, gcr_root_thread(0));
    script_churn(&script, 0, 2, 2000);
    script_fork(&script, 0, 1);
    script_churn(&script, 0, 2, 1000);
    script_exit(&script, 0);
    script_churn(&script, 1, 3, 1500);
    script_root(&script, 1, gcr_root_thread(1), 1); /* the parent's object is there */
    script_exit(&script, 1);
    script_replay(&script, &plain, &result);
    assert_string_equal(result.message, "");
    assert_int_equal(result.lane_count, 2);
    parent = &result.lanes[0];
    child = &result.lanes[1];
    assert_int_equal(parent->lane, 0);
    assert_int_equal(parent->parent, -1);
    assert_int_equal(child->lane, 1);
    assert_int_equal(child->parent, 0);
    assert_int_equal(parent->work.allocated_objects, 3001);
    assert_int_equal(child->work.allocated_objects, 1500);
    assert_int_equal(parent->events, script.count[0]);
    assert_int_equal(child->events, script.count[1]);
    assert_int_equal(child->events_without_deaths, script.count[1] - 1500);
    assert_int_equal(child->live_end_bytes, 24);
    assert_int_equal(child->live_peak_bytes, 24 + 64);
    assert_true(child->pause_count >= 1 && child->pause_count < parent->pause_count);
    assert_int_equal(script.events[1][child->pauses[0].event].op, GCR_OP_ALLOC);
    assert_true(child->pauses[0].start_ns < child->mutator_ns + child->collector_ns);
    assert_int_equal(child->wall_ns, child->mutator_ns + child->collector_ns + child->harness_ns);
    assert_true(child->sample_count >= 2);
    assert_int_equal(child->samples[0].event, 0);
    assert_true(child->rss_peak_bytes > 0);
    gcr_result_finish(&result);
    script_free(&script);
    assert_no_children_left();
}

/* 0 forks 2 and 1; 1 forks 3; 3 forks 4. */
static void build_family(struct script *script)
{
    script_init(script, 5);
    script_alloc(script, 0, 1, SHAPE_PAIR, 0, gcr_root_thread(0));
    script_fork(script, 0, 2);
    script_fork(script, 0, 1);
    script_fork(script, 1, 3);
    script_fork(script, 3, 4);
    for (uint32_t lane = 0; lane < 5; lane++) {
        script_churn(script, lane, 10 + lane, 1200);
        script_root(script, lane, gcr_root_thread(2), 1);
        script_exit(script, lane);
    }
}

static void lanes_run_after_their_parent_in_order_and_stay_alive(void **unused)
{
    static const uint32_t order[] = {0, 1, 3, 4, 2};
    static const int parents[] = {-1, 0, 0, 1, 3};
    const struct script_run run = {.make_checker = probe_checker};
    struct script script;
    struct gcr_result result;

    (void)unused;
    probe.on_after = note_exit;
    build_family(&script);
    script_replay(&script, &run, &result);
    assert_string_equal(result.message, "");
    assert_int_equal(lane_board->ended, 5);
    assert_int_equal(lane_board->alive_at_end, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(lane_board->lane[i], order[i]);
        assert_int_equal(result.lanes[i].lane, i); /* the result is in lane order */
        assert_int_equal(result.lanes[i].parent, parents[i]);
        assert_true(result.lanes[i].verified);
        for (int j = 0; j < i; j++)
            assert_int_not_equal(lane_board->pid[i], lane_board->pid[j]);
    }
    gcr_result_finish(&result);
    script_free(&script);
    assert_no_children_left();
}

static uint64_t length_of_object_2(struct probe *p)
{
    return p->view->collector->length(p->view->heap, p->view->handle(p->view, 2));
}

static void heaps_are_copies(void **unused)
{
    const struct script_run run = {.make_checker = probe_checker};
    struct script script;
    struct gcr_result result;

    (void)unused;
    probe.on_finish = length_of_object_2;
    script_init(&script, 2);
    script_alloc(&script, 0, 2, SHAPE_LIST, 1, gcr_root_global(0));
    script_fork(&script, 0, 1);
    script_add(&script, 0, (struct gcr_event){.op = GCR_OP_RESIZE, .a = 2, .b = 5});
    script_collect(&script, 0);
    script_add(&script, 1, (struct gcr_event){.op = GCR_OP_RESIZE, .a = 2, .b = 9});
    script_collect(&script, 1);
    script_replay(&script, &run, &result);
    assert_string_equal(result.message, "");
    assert_int_equal(result.lanes[0].graph_digest, 5);
    assert_int_equal(result.lanes[1].graph_digest, 9);
    gcr_result_finish(&result);
    script_free(&script);
}

/* Results larger than a socket's buffer. */
static void many_children_send_long_lists(void **unused)
{
    const struct script_run run = {.space = "4K"};
    struct script script;
    struct gcr_result result;

    (void)unused;
    script_init(&script, SCRIPT_LANES);
    for (uint32_t lane = 1; lane < SCRIPT_LANES; lane++)
        script_fork(&script, 0, lane);
    for (uint32_t lane = 1; lane < SCRIPT_LANES; lane++)
        script_churn(&script, lane, 1, 100000);
    script_replay(&script, &run, &result);
    assert_string_equal(result.message, "");
    assert_int_equal(result.lane_count, SCRIPT_LANES);
    for (uint32_t lane = 1; lane < SCRIPT_LANES; lane++) {
        const struct gcr_lane_result *l = &result.lanes[lane];

        assert_int_equal(l->lane, lane);
        assert_true(l->pause_count > 2000);
        assert_int_equal(l->pauses[l->pause_count - 1].freed, 46);
    }
    gcr_result_finish(&result);
    script_free(&script);
    assert_no_children_left();
}

static void sleep_in_lane_1(struct probe *p, const struct gcr_event *event, uint64_t number)
{
    (void)event;
    (void)number;
    if (p->view->lane == 1)
        lane_sleep_ms(400);
}

static void count_calls(void *arg, uint64_t done, uint64_t total)
{
    assert_true(done <= total);
    ++*(int *)arg;
}

/* The first process reports while it waits for a child, and it alone does. */
static void progress_goes_on_while_children_run(void **unused)
{
    int calls = 0;
    const struct script_run run = {
        .make_checker = probe_checker, .progress = count_calls, .progress_arg = &calls};
    struct script script;
    struct gcr_result result;

    (void)unused;
    probe.on_after = sleep_in_lane_1;
    script_init(&script, 2);
    script_fork(&script, 0, 1);
    script_exit(&script, 1);
    script_replay(&script, &run, &result);
    assert_string_equal(result.message, "");
    assert_true(calls >= 3);
    gcr_result_finish(&result);
    script_free(&script);
}

/* Fewer files than children at first: the soft limit is raised. */
static void children_may_outnumber_the_soft_limit_of_files(void **unused)
{
    struct rlimit old, few;
    struct script script;
    struct gcr_result result;
    int lowest = open("/dev/null", O_RDONLY);

    (void)unused;
    assert_true(lowest >= 0);
    close(lowest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = old;
    few.rlim_cur = (rlim_t)lowest + 4;
    script_init(&script, SCRIPT_LANES);
    for (uint32_t lane = 1; lane < SCRIPT_LANES; lane++)
        script_fork(&script, 0, lane);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    script_replay(&script, &plain, &result);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_string_equal(result.message, "");
    assert_int_equal(result.lane_count, SCRIPT_LANES);
    gcr_result_finish(&result);
    script_free(&script);
}

/* Last of all tests: the hard limit stays low afterwards. */
static void refused_fork_is_an_outcome_and_the_parent_goes_on(void **unused)
{
    struct rlimit few;
    struct script script;
    struct gcr_result result;
    int lowest = open("/dev/null", O_RDONLY);

    (void)unused;
    assert_true(lowest >= 0);
    close(lowest);
    few.rlim_cur = few.rlim_max =
        (rlim_t)lowest + 1; /* one more file, but not the two of a socket pair */
    script_init(&script, 3);
    script_fork(&script, 0, 1);
    script_churn(&script, 0, 1, 100);
    script_exit(&script, 0);
    script_fork(&script, 1, 2);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    script_replay(&script, &plain, &result);
    assert_int_equal(result.outcome, GCR_OUTCOME_FORK_FAILED);
    assert_int_equal(result.lane_count, 2);
    assert_int_equal(result.lanes[0].outcome, GCR_OUTCOME_OK);
    assert_int_equal(result.lanes[0].work.allocated_objects, 100);
    assert_int_equal(result.lanes[1].outcome, GCR_OUTCOME_FORK_FAILED);
    assert_non_null(strstr(result.message, "cannot fork"));
    assert_non_null(strstr(result.message, "1 of 3 lanes were not reached"));
    gcr_result_finish(&result);
    script_free(&script);
    assert_no_children_left();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANE_TEST(children_count_from_their_fork),
        LANE_TEST(lanes_run_after_their_parent_in_order_and_stay_alive),
        LANE_TEST(heaps_are_copies),
        LANE_TEST(many_children_send_long_lists),
        LANE_TEST(progress_goes_on_while_children_run),
        LANE_TEST(children_may_outnumber_the_soft_limit_of_files),
        LANE_TEST(refused_fork_is_an_outcome_and_the_parent_goes_on),
    };

    return cmocka_run_group_tests_name("unit.lanes", tests, NULL, NULL);
}
