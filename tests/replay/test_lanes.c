/* Forked lanes: real processes, their order, their figures, and every way in which they can die. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/replay/probe.h"
#include "tests/replay/script.h"

static const struct script_run plain = {0};

/* What all processes of a test can see. */
static struct board {
    uint32_t ended; /* lanes that have reached EXIT, in order */
    uint32_t lane[SCRIPT_LANES];
    pid_t pid[SCRIPT_LANES];
    uint32_t alive_at_end; /* processes that still lived when the last lane ended */
    volatile int reached;  /* a lane that waits has got where it waits */
} * board;

static int set_up(void **unused)
{
    (void)unused;
    board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    probe_reset();
    return board == MAP_FAILED;
}

static int tear_down(void **unused)
{
    (void)unused;
    return munmap(board, sizeof *board);
}

/* 'Z' for a zombie, 0 if there is no such process. */
static char process_state(pid_t pid)
{
    char path[64], line[256] = "";
    const char *end;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    if (fgets(line, sizeof line, file) == NULL)
        line[0] = '\0';
    fclose(file);
    end = strrchr(line, ')');
    return end != NULL && end[1] == ' ' ? end[2] : 0;
}

static bool process_lives(pid_t pid)
{
    char state = process_state(pid);

    return state != 0 && state != 'Z' && state != 'X';
}

static void assert_no_children_left(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void note_exit(struct probe *p, const struct gcr_event *event, uint64_t number)
{
    uint32_t n = board->ended;

    (void)number;
    if (event->op != GCR_OP_EXIT)
        return;
    board->lane[n] = p->view->lane;
    board->pid[n] = getpid();
    board->alive_at_end = 0;
    for (uint32_t i = 0; i <= n; i++)
        board->alive_at_end += process_lives(board->pid[i]);
    board->ended++;
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
    assert_int_equal(board->ended, 5);
    assert_int_equal(board->alive_at_end, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(board->lane[i], order[i]);
        assert_int_equal(result.lanes[i].lane, i); /* the result is in lane order */
        assert_int_equal(result.lanes[i].parent, parents[i]);
        assert_true(result.lanes[i].verified);
        for (int j = 0; j < i; j++)
            assert_int_not_equal(board->pid[i], board->pid[j]);
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
    board->pid[p->view->lane] = getpid();
    if (p->view->lane == 2 && event->op == GCR_OP_EXIT) {
        board->reached = 1;
        for (;;)
            pause();
    }
}

static void sleep_ms(long ms)
{
    const struct timespec time = {.tv_nsec = ms * 1000000};

    nanosleep(&time, NULL);
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
    while (!board->reached && waited++ < 1000)
        sleep_ms(10);
    assert_int_equal(board->reached, 1);
    assert_true(process_lives(board->pid[1]));
    assert_true(process_lives(board->pid[2]));
    assert_int_equal(kill(tool, SIGKILL), 0);
    for (waited = 0; waited < 1000; waited++) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        if (!process_lives(board->pid[1]) && !process_lives(board->pid[2]) && !process_lives(tool))
            break;
        sleep_ms(10);
    }
    assert_false(process_lives(board->pid[1]));
    assert_false(process_lives(board->pid[2]));
    while (waitpid(-1, NULL, 0) > 0)
        ;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
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
        sleep_ms(400);
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

#define LANE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANE_TEST(children_count_from_their_fork),
        LANE_TEST(lanes_run_after_their_parent_in_order_and_stay_alive),
        LANE_TEST(heaps_are_copies),
        LANE_TEST(segmentation_fault_in_a_child_is_an_outcome),
        LANE_TEST(killed_child_is_an_outcome),
        LANE_TEST(crashed_grandchild_leaves_its_relatives_alone),
        LANE_TEST(child_killed_before_its_turn_is_an_outcome),
        LANE_TEST(exhausted_child_is_an_outcome_of_its_lane),
        LANE_TEST(impossible_lane_is_an_invalid_trace),
        LANE_TEST(damaged_input_in_a_child_is_reported_as_such),
        LANE_TEST(nothing_survives_a_killed_tool),
        LANE_TEST(many_children_send_long_lists),
        LANE_TEST(progress_goes_on_while_children_run),
        LANE_TEST(children_may_outnumber_the_soft_limit_of_files),
        LANE_TEST(refused_fork_is_an_outcome_and_the_parent_goes_on),
    };

    return cmocka_run_group_tests_name("unit.lanes", tests, NULL, NULL);
}
