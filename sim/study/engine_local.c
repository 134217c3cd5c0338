/* This machine, by GNU parallel (O. Tange, "GNU Parallel: the command-line power tool", ;login:
 * 2011). IDs go to its standard input, jobs' lines come back on its standard output, whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/study/engine.h"
#include "sim/study/engine_parts.h"

/* More than 100 failed jobs are 101; all above is parallel's own failure. */
enum { PARALLEL_MOST_FAILED = 101 };

static void local_note_version(void *arg, const char *line)
{
    bool *is_gnu = arg;
    *is_gnu = *is_gnu || strncmp(line, "GNU parallel", 12) == 0;
}

gcr_status gcr_parallel_check(struct gcr_error *err)
{
    static const char *const words[] = {"parallel", "--version", NULL};
    bool is_gnu = false;
    int code = 0;
    const struct gcr_tool tool = {
        .words = words, .errors = "/dev/null", .line = local_note_version, .arg = &is_gnu};
    gcr_status status = gcr_tool_run(&tool, &code, err);
    if (status == GCR_UNSUPPORTED || (status == GCR_OK && !is_gnu))
        return gcr_fail(err, GCR_UNSUPPORTED,
                        "studies are carried out by GNU parallel, which is not on the PATH "
                        "(Debian: apt install parallel)");
    return status;
}

char *gcr_engine_join_ids(const char *const *ids, size_t count, struct gcr_error *err)
{
    size_t bytes = 1;
    for (size_t i = 0; i < count; i++)
        bytes += strlen(ids[i]) + 1;
    char *text = malloc(bytes), *at = text;
    if (text == NULL) {
        (void)gcr_fail(err, GCR_NO_MEMORY, "no memory for the list of jobs");
        return NULL;
    }
    *at = '\0';
    for (size_t i = 0; i < count; i++)
        at += sprintf(at, "%s\n", ids[i]);
    return text;
}

gcr_status gcr_parallel_run(const struct gcr_engine_setting *setting, const char *const *words,
                            const char *const *ids, size_t count, struct gcr_error *err)
{
    char *input = gcr_engine_join_ids(ids, count, err);
    if (input == NULL)
        return GCR_NO_MEMORY;
    int code = 0;
    const struct gcr_tool tool = {
        .words = words, .input = input, .line = setting->say, .arg = setting->arg};
    gcr_status status = gcr_tool_run(&tool, &code, err);
    free(input);
    if (status == GCR_OK && code > PARALLEL_MOST_FAILED)
        status = gcr_fail(err, GCR_IO, "parallel ended with exit code %d%s", code,
                          code > 128 ? " (by a signal)" : "");
    return status;
}

static gcr_status local_check(const struct gcr_engine_setting *setting, struct gcr_error *err)
{
    (void)setting;
    return gcr_parallel_check(err);
}

static gcr_status local_run(const struct gcr_engine_setting *setting, const char *const *ids,
                            size_t count, bool is_timed, struct gcr_error *err)
{
    char jobs[16] = "100%";
    if (is_timed)
        snprintf(jobs, sizeof jobs, "1");
    else if (setting->jobs > 0)
        snprintf(jobs, sizeof jobs, "%u", setting->jobs);
    const char *const words[] = {
        "parallel", "--plain", "--will-cite",      "--quote", "--jobs", jobs, setting->program,
        "study",    "-o",      setting->directory, "--job",   "{}",     NULL};
    return gcr_parallel_run(setting, words, ids, count, err);
}

const struct gcr_study_engine gcr_local_engine = {
    .name = "local",
    .summary = "this machine, by GNU parallel",
    .check = local_check,
    .run = local_run,
};

const struct gcr_study_engine *const gcr_study_engines[] = {&gcr_local_engine, &gcr_ssh_engine,
                                                            &gcr_slurm_engine, NULL};
