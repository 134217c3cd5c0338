/* Every way in which a forked lane can end before its time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/replay/lane_kit.h"
#include "tests/replay/probe.h"
#include "tests/replay/script.h"

static const struct script_run plain = {0};

/* Lane 0 is fine, and so is lane 2; lane 1 dies by that damage. */
static void expect_crash(const char *damage, const char *signal_text)
{
    const struct script_run run = {.damage = damage};
    struct script script;
    struct gcr_result result;

    script_init(&script, 4);
    script_fork(&script, 0, 1);
    script_fork(&script, 0, 2);
    script_fork(&script, 1, 3);
    script_collect(&script, 0); /* in the parent nothing breaks */
    script_collect(&script, 1);
    script_alloc(&script, 2, 1, SHAPE_PAIR, 0, gcr_root_thread(0));
    script_replay(&script, &run, &result);
    assert_int_equal(result.outcome, GCR_OUTCOME_CRASHED);
    assert_int_equal(result.lane_count, 3);
    assert_int_equal(result.lanes[0].outcome, GCR_OUTCOME_OK);
    assert_int_equal(result.lanes[0].pause_count, 1);
    assert_int_equal(result.lanes[1].outcome, GCR_OUTCOME_CRASHED);
    assert_int_equal(result.lanes[1].parent, 0);
    assert_int_equal(result.lanes[2].outcome, GCR_OUTCOME_OK);
    assert_int_equal(result.lanes[2].lane, 2);
    assert_non_null(strstr(result.message, "lane 1"));
    assert_non_null(strstr(result.message, signal_text));
    assert_non_null(strstr(result.message, "1 of 4 lanes were not reached"));
    gcr_result_finish(&result);
    script_free(&script);
    assert_no_children_left();
}

static void segmentation_fault_in_a_child_is_an_outcome(void **unused)
{
    (void)unused;
    expect_crash("segfault", "signal 11");
}

static void killed_child_is_an_outcome(void **unused)
{
    (void)unused;
    expect_crash("kill", "signal 9");
}

static void crashed_grandchild_leaves_its_relatives_alone(void **unused)
{
    const struct script_run run = {.damage = "kill"};
    struct script script;
    struct gcr_result result;

    (void)unused;
    script_init(&script, 4);
    script_fork(&script, 0, 1);
    script_fork(&script, 0, 3);
    script_fork(&script, 1, 2);
    script_collect(&script, 2);
    script_exit(&script, 3);
    script_replay(&script, &run, &result);
    assert_int_equal(result.lane_count, 4);
    assert_int_equal(result.lanes[1].outcome, GCR_OUTCOME_OK);
    assert_int_equal(result.lanes[2].outcome, GCR_OUTCOME_CRASHED);
    assert_int_equal(result.lanes[2].parent, 1);
    assert_int_equal(result.lanes[3].outcome, GCR_OUTCOME_OK);
    gcr_result_finish(&result);
    script_free(&script);
    assert_no_children_left();
}

/* Ends the children of this process, which wait for their turn. */
static void kill_own_children(struct probe *p, const struct gcr_event *event, uint64_t number)
{
    DIR *all;
    const struct dirent *entry;

    (void)number;
    if (p->view->lane != 0 || event->op != GCR_OP_EXIT)
        return;
    all = opendir("/proc");
    assert_non_null(all);
    while ((entry = readdir(all)) != NULL) {
        pid_t pid = atoi(entry->d_name);
        char path[64], line[512] = "";
        FILE *file;
        int parent = 0;

        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        file = pid > 0 ? fopen(path, "r") : NULL;
        if (file == NULL)
            continue;
        if (fgets(line, sizeof line, file) != NULL && strrchr(line, ')') != NULL)
            sscanf(strrchr(line, ')') + 2, "%*c %d", &parent);
        fclose(file);
        if (parent == getpid())
            kill(pid, SIGKILL);
    }
    closedir(all);
}

static void child_killed_before_its_turn_is_an_outcome(void **unused)
{
    const struct script_run run = {.make_checker = probe_checker};
    struct script script;
    struct gcr_result result;

    (void)unused;
    probe.on_after = kill_own_children;
    script_init(&script, 3);
    script_fork(&script, 0, 1);
    script_fork(&script, 0, 2);
    script_exit(&script, 0);
    script_exit(&script, 1);
    script_exit(&script, 2);
    script_replay(&script, &run, &result);
    assert_int_equal(result.lane_count, 3);
    assert_int_equal(result.lanes[0].outcome, GCR_OUTCOME_OK);
    assert_int_equal(result.lanes[1].outcome, GCR_OUTCOME_CRASHED);
    assert_int_equal(result.lanes[2].outcome, GCR_OUTCOME_CRASHED);
    gcr_result_finish(&result);
    script_free(&script);
    assert_no_children_left();
}

static void exhausted_child_is_an_outcome_of_its_lane(void **unused)
{
    struct script script;
    struct gcr_result result;

    (void)unused;
    script_init(&script, 2);
    script_fork(&script, 0, 1);
    script_exit(&script, 0);
    for (uint32_t i = 1; i < 3000; i++)
        script_alloc(&script, 1, i, SHAPE_PAIR, 0, gcr_root_thread(i));
    script_replay(&script, &plain, &result);
    assert_int_equal(result.outcome, GCR_OUTCOME_HEAP_EXHAUSTED);
    assert_int_equal(result.lanes[0].outcome, GCR_OUTCOME_OK);
    assert_non_null(strstr(result.message, "lane 1, event"));
    gcr_result_finish(&result);
    script_free(&script);
}

static void impossible_lane_is_an_invalid_trace(void **unused)
{
    static const uint32_t wrong[] = {0, 2, 4000};

    (void)unused;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct script script;
        struct gcr_result result;

        script_init(&script, 2);
        script_fork(&script, 0, wrong[i]);
        script_replay(&script, &plain, &result);
        assert_int_equal(result.outcome, GCR_OUTCOME_INVALID_TRACE);
        assert_non_null(strstr(result.message, "event 0 (fork"));
        gcr_result_finish(&result);
        script_free(&script);
    }
    assert_no_children_left();
}

static void damaged_input_in_a_child_is_reported_as_such(void **unused)
{
    struct script script;
    struct gcr_result result;
    struct gcr_error err = {""};

    (void)unused;
    script_init(&script, 3);
    script_fork(&script, 0, 1);
    script_fork(&script, 1, 2);
    script_exit(&script, 2);
    script.damaged_lane = 2;
    assert_int_equal(script_try_replay(&script, &plain, &result, &err), GCR_BAD_INPUT);
    assert_string_equal(err.text, "lane 2 is damaged");
    script_free(&script);
    assert_no_children_left();
}

static void wait_in_lane_2(struct probe *p, const struct gcr_event *event, uint64_t number)
{
    (void)number;
    lane_board->pid[p->view->lane] = getpid();
    if (p->view->lane == 2 && event->op == GCR_OP_EXIT) {
        lane_board->reached = 1;
        for (;;)
            pause();
    }
}

/* The tool is killed while a grandchild runs: nothing may be left behind. */
static void nothing_survives_a_killed_tool(void **unused)
{
    struct script script;
    pid_t tool;
    int waited = 0;

    (void)unused;
    script_init(&script, 3);
    script_fork(&script, 0, 1);
    script_churn(&script, 0, 1, 10);
    script_churn(&script, 1, 1, 10);
    script_fork(&script, 1, 2);
    script_exit(&script, 2);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); /* orphans come to us */
    tool = fork();
    assert_true(tool >= 0);
    if (tool == 0) {
        const struct script_run run = {.make_checker = probe_checker};
        struct gcr_result result;

        probe.on_after = wait_in_lane_2;
        script_replay(&script, &run, &result);
        _exit(0);
    }
    while (!lane_board->reached && waited++ < 1000)
        lane_sleep_ms(10);
    assert_int_equal(lane_board->reached, 1);
    assert_true(lane_process_lives(lane_board->pid[1]));
    assert_true(lane_process_lives(lane_board->pid[2]));
    assert_int_equal(kill(tool, SIGKILL), 0);
    for (waited = 0; waited < 1000; waited++) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        if (!lane_process_lives(lane_board->pid[1]) && !lane_process_lives(lane_board->pid[2]) &&
            !lane_process_lives(tool))
            break;
        lane_sleep_ms(10);
    }
    assert_false(lane_process_lives(lane_board->pid[1]));
    assert_false(lane_process_lives(lane_board->pid[2]));
    while (waitpid(-1, NULL, 0) > 0)
        ;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
    script_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANE_TEST(segmentation_fault_in_a_child_is_an_outcome),
        LANE_TEST(killed_child_is_an_outcome),
        LANE_TEST(crashed_grandchild_leaves_its_relatives_alone),
        LANE_TEST(child_killed_before_its_turn_is_an_outcome),
        LANE_TEST(exhausted_child_is_an_outcome_of_its_lane),
        LANE_TEST(impossible_lane_is_an_invalid_trace),
        LANE_TEST(damaged_input_in_a_child_is_reported_as_such),
        LANE_TEST(nothing_survives_a_killed_tool),
    };

    return cmocka_run_group_tests_name("unit.lane_failures", tests, NULL, NULL);
}
