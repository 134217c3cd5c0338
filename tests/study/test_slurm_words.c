/* What Slurm's commands say, and the script that it is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/study/slurm_queue.h"
#include "sim/study/slurm_script.h"
#include "sim/study/tool.h"

static struct gcr_slurm_tally tally_of(const char *const *lines)
{
    struct gcr_slurm_tally tally = {.array = 7};
    for (; *lines != NULL; lines++)
        gcr_slurm_tally_line(&tally, *lines);
    return tally;
}

static void only_the_arrays_own_tasks_count(void **state)
{
    (void)state;
    const char *const lines[] = {"7 PENDING Resources", "77 PENDING Priority", "7 RUNNING node1",
                                 "7 COMPLETING node2",  "6 RUNNING node1",     NULL};
    struct gcr_slurm_tally tally = tally_of(lines);
    assert_int_equal(tally.running, 2);
    assert_int_equal(tally.pending, 1);
    assert_int_equal(tally.held, 0);
    assert_string_equal(tally.reason, "Resources");
}

static void tasks_that_are_over_do_not_count(void **state)
{
    (void)state;
    const char *const lines[] = {"7 COMPLETED None", "7 NODE_FAIL None",  "7 CANCELLED None",
                                 "7 FAILED None",    "7 TIMEOUT None",    "7 PREEMPTED None",
                                 "7 BOOT_FAIL None", "7 OUT_OF_MEMORY x", NULL};
    struct gcr_slurm_tally tally = tally_of(lines);
    assert_int_equal(tally.running + tally.pending, 0);
}

static void held_tasks_are_told_apart(void **state)
{
    (void)state;
    const char *const lines[] = {
        "7 PENDING JobHeldUser", "7 PENDING launch failed requeued held", "7 REQUEUE_HOLD None",
        "7 PENDING Nodes required for job are DOWN, DRAINED or reserved", NULL};
    struct gcr_slurm_tally tally = tally_of(lines);
    assert_int_equal(tally.pending, 4);
    assert_int_equal(tally.held, 3);
    assert_string_equal(tally.reason, "Nodes required for job are DOWN, DRAINED or reserved");
}

static void lines_of_another_kind_do_not_count(void **state)
{
    (void)state;
    const char *const lines[] = {"", "slurm_load_jobs error: Invalid job id specified", "7", NULL};
    struct gcr_slurm_tally tally = tally_of(lines);
    assert_int_equal(tally.running + tally.pending, 0);
}

static void ids_and_limits_are_read(void **state)
{
    (void)state;
    assert_int_equal(gcr_slurm_job_id("123"), 123);
    assert_int_equal(gcr_slurm_job_id("123;cluster"), 123);
    assert_int_equal(gcr_slurm_job_id("Submitted batch job 123"), 0);
    assert_int_equal(gcr_slurm_job_id("-3"), 0);
    assert_int_equal(gcr_slurm_job_id(""), 0);
    assert_int_equal(gcr_slurm_max_array_size("MaxArraySize            = 1001"), 1001);
    assert_int_equal(gcr_slurm_max_array_size("MaxArrayTasks           = 5"), 0);
}

static void chunks_hold_all_jobs(void **state)
{
    (void)state;
    for (size_t jobs = 1; jobs < 200; jobs++)
        for (size_t most = 1; most < 50; most++) {
            size_t chunk = gcr_slurm_chunk(jobs, most), tasks = (jobs + chunk - 1) / chunk;
            assert_true(tasks <= most);
            assert_true(tasks * chunk >= jobs);
            assert_true(chunk == 1 || (jobs + chunk - 2) / (chunk - 1) > most);
        }
}

/* ---- the script, run by Bash with a program that notes its jobs ---- */

static void note(void *arg, const char *line)
{
    strcat(strcat(arg, line), " ");
}

static void command(const char *text, char *said)
{
    const char *const words[] = {"sh", "-c", text, NULL};
    struct gcr_tool tool = {.words = words, .line = said != NULL ? note : NULL, .arg = said};
    int code;
    assert_int_equal(gcr_tool_run(&tool, &code, NULL), GCR_OK);
    assert_int_equal(code, 0);
}

static void tasks_run_each_job_once(void **state)
{
    (void)state;
    const char *const ids[] = {"a.b.native.timed.1", "c'd", "e f", "g", "h", "i", "j"};
    char folder[] = "/tmp/gcr slurm's_XXXXXX", text[512], said[256], path[128];
    assert_non_null(mkdtemp(folder));
    snprintf(text, sizeof text,
             "cd \"%s\" && mkdir slurm results && printf '#!/bin/sh\\necho \"$5\" >> done\\n' >"
             "\"prog's\" && chmod +x \"prog's\" && touch results/g.json",
             folder);
    command(text, NULL);
    char program[128], slurm[128];
    snprintf(program, sizeof program, "%s/prog's", folder);
    snprintf(slurm, sizeof slurm, "%s/slurm", folder);
    struct gcr_slurm_script script = {.number = 4,
                                      .name = "gcreplay-x-4",
                                      .program = program,
                                      .ids = ids,
                                      .count = 7,
                                      .tasks = 3,
                                      .timeout_s = 600};
    assert_int_equal(gcr_slurm_script_write(&script, slurm, NULL), GCR_OK);
    for (int task = 1; task <= 3; task++) {
        snprintf(text, sizeof text, "cd \"%s\" && SLURM_ARRAY_TASK_ID=%d bash array-4.sh", slurm,
                 task);
        command(text, NULL);
    }
    said[0] = '\0';
    snprintf(text, sizeof text, "cat \"%s/done\"", slurm);
    command(text, said);
    assert_string_equal(said, "a.b.native.timed.1 c'd e f h i j "); /* g had a result */
    said[0] = '\0';
    snprintf(text, sizeof text, "grep '^#SBATCH' \"%s/array-4.sh\"", slurm);
    command(text, said);
    assert_non_null(strstr(said, "--array=1-3 "));
    assert_non_null(strstr(said, "--output=array-4.%a.log "));
    assert_non_null(strstr(said, "--time=33 ")); /* three runs of 630 s, and a minute */
    assert_null(strstr(said, "--exclusive"));
    script.is_timed = true;
    assert_int_equal(gcr_slurm_script_write(&script, slurm, NULL), GCR_OK);
    said[0] = '\0';
    command(text, said);
    assert_non_null(strstr(said, "--exclusive "));
    snprintf(path, sizeof path, "rm -r \"%s\"", folder);
    command(path, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_arrays_own_tasks_count),
        cmocka_unit_test(tasks_that_are_over_do_not_count),
        cmocka_unit_test(held_tasks_are_told_apart),
        cmocka_unit_test(lines_of_another_kind_do_not_count),
        cmocka_unit_test(ids_and_limits_are_read),
        cmocka_unit_test(chunks_hold_all_jobs),
        cmocka_unit_test(tasks_run_each_job_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
