/* gcreplay study: many runs, described by a file, carried out by an engine. */
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sim/cmd/command.h"
#include "sim/cmd/commands.h"
#include "sim/cmd/progress.h"
#include "sim/cmd/study_table.h"
#include "sim/cmd/table.h"
#include "sim/measure/result_json_parts.h"
#include "sim/study/driver.h"
#include "sim/study/environment.h"
#include "sim/study/standing.h"
#include "sim/study/study_job.h"

static const struct gcr_flag study_flags[] = {
    {"STUDY", 0, NULL,
     "study file (docs/studies.md); without it the study in DIR goes on as it was described",
     GCR_FLAG_OPTIONAL, NULL},
    {"--output", 'o', "DIR", "the study's directory, made if it is not there", GCR_FLAG_REQUIRED,
     NULL},
    {"--dry-run", 0, NULL, "list the jobs, and how long they may take; change nothing",
     GCR_FLAG_OPTIONAL, NULL},
    {"--engine", 0, "NAME",
     "what carries the jobs out: local (GNU parallel; the default), ssh (GNU parallel on several "
     "machines) or slurm (a cluster's job arrays)",
     GCR_FLAG_OPTIONAL, NULL},
    {"--hosts", 0, "HOSTS",
     "machines for --engine ssh, with commas between: user@host, 4/host for four modelled runs at "
     "a "
     "time; or a file with one a line",
     GCR_FLAG_OPTIONAL, NULL},
    {"--remote-program", 0, "PATH",
     "gcreplay on the other machines (default: this program's own path if it is there, else "
     "gcreplay on their PATH)",
     GCR_FLAG_OPTIONAL, NULL},
    {"--slurm-options", 0, "WORDS", "for sbatch with --engine slurm: '--partition=x --account=y'",
     GCR_FLAG_OPTIONAL, NULL},
    {"--jobs", 0, "N",
     "modelled runs at a time (default: as many as there are cores); timed runs are made one at a "
     "time",
     GCR_FLAG_OPTIONAL, NULL},
    {"--retry-failed", 0, NULL, "run again what crashed, failed or was stopped by the timeout",
     GCR_FLAG_OPTIONAL, NULL},
    {"--job", 0, "ID", "run this one job of the study in DIR: what engines start",
     GCR_FLAG_OPTIONAL, NULL},
    {0}};

struct study {
    const struct gcr_arguments *arguments;
    const char *directory; /* as given */
    bool retry_failed, is_dry;
    const struct gcr_study_engine *engine;
    struct gcr_engine_setting setting;
    char program[PATH_MAX];
    struct gcr_study_file *file; /* NULL: not given */
    struct gcr_plan *known;      /* what the directory holds; NULL: nothing */
    struct gcr_plan *plan;
    struct gcr_bar bar;
};

/* ---- the command line ---- */

static gcr_status study_find_engine(struct study *study, struct gcr_error *err)
{
    const char *name = gcr_argument(study->arguments, "--engine");
    char known[256] = "";
    size_t used = 0;
    study->engine = gcr_study_engines[0];
    for (size_t i = 0; name != NULL && gcr_study_engines[i] != NULL; i++) {
        study->engine = gcr_study_engines[i];
        if (strcmp(study->engine->name, name) == 0)
            return GCR_OK;
        if (used < sizeof known)
            used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "",
                                     study->engine->name);
    }
    return name == NULL
               ? GCR_OK
               : gcr_fail(err, GCR_USAGE, "--engine cannot be '%.64s'; allowed: %s", name, known);
}

/* Flags that the engine would not look at. */
static gcr_status study_check_engine_flags(const struct study *study, struct gcr_error *err)
{
    const struct {
        const char *flag;
        const struct gcr_study_engine *first, *second;
    } rules[] = {{"--hosts", &gcr_ssh_engine, &gcr_ssh_engine},
                 {"--remote-program", &gcr_ssh_engine, &gcr_slurm_engine},
                 {"--slurm-options", &gcr_slurm_engine, &gcr_slurm_engine}};
    for (size_t i = 0; i < GCR_COUNT_OF(rules); i++)
        if (gcr_argument(study->arguments, rules[i].flag) != NULL &&
            study->engine != rules[i].first && study->engine != rules[i].second)
            return gcr_fail(err, GCR_USAGE, "%s is of no use to --engine %s", rules[i].flag,
                            study->engine->name);
    return GCR_OK;
}

static gcr_status study_read_arguments(struct study *study, struct gcr_error *err)
{
    const char *jobs = gcr_argument(study->arguments, "--jobs");
    study->directory = gcr_argument(study->arguments, "--output");
    study->is_dry = gcr_argument(study->arguments, "--dry-run") != NULL;
    study->retry_failed = gcr_argument(study->arguments, "--retry-failed") != NULL;
    ssize_t length = readlink("/proc/self/exe", study->program, sizeof study->program - 1);
    if (length <= 0)
        return gcr_fail(err, GCR_IO, "/proc/self/exe: this program cannot be found");
    study->setting.program = study->program;
    study->setting.hosts = gcr_argument(study->arguments, "--hosts");
    study->setting.remote_program = gcr_argument(study->arguments, "--remote-program");
    study->setting.slurm_options = gcr_argument(study->arguments, "--slurm-options");
    if (jobs != NULL) {
        char *end = NULL;
        unsigned long number = strtoul(jobs, &end, 10);
        if (jobs[0] < '0' || jobs[0] > '9' || *end != '\0' || number < 1 || number > 4096)
            return gcr_fail(err, GCR_USAGE, "--jobs cannot be '%.64s'; allowed: 1 .. 4096", jobs);
        study->setting.jobs = (unsigned)number;
    }
    gcr_status status = study_find_engine(study, err);
    return status == GCR_OK ? study_check_engine_flags(study, err) : status;
}

/* ---- the plan ---- */

static void study_reading(void *arg, struct gcr_reader *reader)
{
    struct study *study = arg;
    if (reader == NULL) {
        gcr_bar_end(&study->bar);
        return;
    }
    gcr_bar_begin(&study->bar, "peak live", gcr_reader_events(reader));
    gcr_reader_watch(reader, gcr_bar_count, &study->bar);
}

static gcr_status study_make_plan(struct study *study, struct gcr_error *err)
{
    struct gcr_error differs = {""};
    gcr_status status = GCR_OK;
    if (gcr_study_store_exists(study->directory))
        status = gcr_plan_read(study->directory, &study->known, err);
    if (status != GCR_OK || study->file == NULL) {
        study->plan = study->known;
        study->known = NULL;
        return status;
    }
    const struct gcr_plan_source source = {
        .file = study->file, .known = study->known, .reading = study_reading, .arg = study};
    status = gcr_plan_make(&source, &study->plan, err);
    if (status == GCR_OK && study->known != NULL &&
        gcr_plan_check_extends(study->known, study->plan, &differs) != GCR_OK)
        status =
            gcr_fail(err, GCR_USAGE, "%s holds another study than %s, which may only add to it: %s",
                     study->directory, study->file->path, differs.text);
    return status;
}

/* Of the machine that the runs to come will be made on; with nothing left to run, what is known of
 * earlier ones stays. */
static gcr_status study_put_environment(struct study *study, struct gcr_error *err)
{
    struct gcr_environment environment;
    struct gcr_study_outlook outlook;
    const struct gcr_plan *before = study->known != NULL ? study->known : study->plan;
    gcr_status status =
        gcr_study_look(study->directory, study->plan, study->retry_failed, 1, NULL, &outlook, err);
    if (status != GCR_OK)
        return status;
    bool keeps = outlook.missing == 0 && json_is_object(before->environment);
    gcr_environment_read(&environment);
    json_t *now = keeps ? json_incref(before->environment) : gcr_environment_to_json(&environment);
    json_t *machine = keeps ? json_incref(before->machine) : gcr_json_machine();
    json_decref(study->plan->environment);
    json_decref(study->plan->machine);
    study->plan->environment = now;
    study->plan->machine = machine;
    size_t i;
    json_t *warning;
    json_array_foreach(json_object_get(now, "warnings"), i, warning)
    {
        if (!keeps)
            fprintf(stderr, "warning: %s\n", json_string_value(warning));
    }
    return GCR_OK;
}

/* ---- progress ---- */

static struct gcr_text study_duration(double seconds)
{
    struct gcr_text text;
    if (seconds < 120)
        snprintf(text.s, sizeof text.s, "%.0f s", seconds);
    else if (seconds < 7200)
        snprintf(text.s, sizeof text.s, "%.0f min", seconds / 60);
    else
        snprintf(text.s, sizeof text.s, "%.1f h", seconds / 3600);
    return text;
}

/* A bar alone on a terminal, but what went wrong is always a line. */
static void study_ended(void *arg, const struct gcr_study_progress *progress)
{
    struct study *study = arg;
    bool is_accident = gcr_outcome_is_accident(progress->outcome) ||
                       strcmp(progress->outcome, "killed") == 0 ||
                       strcmp(progress->outcome, "unwritten") == 0;
    gcr_bar_end(&study->bar);
    if (!study->bar.on_terminal || is_accident) {
        fprintf(stderr, "[%zu/%zu] %s %s", progress->done, progress->total, progress->id,
                progress->outcome);
        if (progress->seconds > 0)
            fprintf(stderr, " %.2f s", progress->seconds);
        if (progress->left_s > 0)
            fprintf(stderr, ", about %s left", study_duration(progress->left_s).s);
        fprintf(stderr, "%s%s\n", *progress->message != '\0' ? ": " : "", progress->message);
    }
    gcr_bar_update(&study->bar, (uint64_t)(progress->spent_s * 1000),
                   (uint64_t)((progress->spent_s + progress->left_s) * 1000));
}

static void study_remark(void *arg, const char *line)
{
    struct study *study = arg;
    gcr_bar_end(&study->bar);
    fprintf(stderr, "%s\n", line);
}

static void study_wait(const char *what)
{
    fprintf(stderr, "study: waiting for %s\n", what);
}

/* ---- what it does ---- */

static gcr_status study_list(struct study *study, struct gcr_error *err)
{
    struct gcr_study_outlook outlook;
    bool *is_done = calloc(study->plan->job_count + 1, sizeof *is_done);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned at_a_time = study->setting.jobs > 0 ? study->setting.jobs : (unsigned)cores;
    if (is_done == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the list of jobs");
    gcr_status status = gcr_study_look(study->directory, study->plan, study->retry_failed,
                                       at_a_time, is_done, &outlook, err);
    for (size_t i = 0; i < study->plan->job_count && status == GCR_OK; i++)
        printf("%-8s %s\n",
               is_done[i]                             ? "done"
               : study->plan->jobs[i].refusal != NULL ? "refused"
                                                      : "to run",
               study->plan->jobs[i].id);
    if (status == GCR_OK) {
        printf("%zu jobs: %zu done, %zu missing", study->plan->job_count, outlook.done,
               outlook.missing);
        if (outlook.left_s > 0)
            printf("; about %s (%zu of the missing have runs of the same kind to go by)",
                   study_duration(outlook.left_s).s, outlook.estimated);
        else if (outlook.missing > 0)
            printf("; how long they take is not known before some have run");
        putchar('\n');
    }
    free(is_done);
    return status;
}

static gcr_status study_conclude(const struct study *study, struct gcr_error *err)
{
    size_t faults = 0;
    gcr_status status = gcr_study_table_print(study->directory, stdout, &faults, err);
    if (status != GCR_OK)
        return status;
    printf("\nto go on: gcreplay report %s\n", study->directory);
    return faults == 0 ? GCR_OK
                       : gcr_fail(err, GCR_FAULT,
                                  "%zu of %zu jobs failed; --retry-failed runs those again that "
                                  "crashed, failed or took too long",
                                  faults, study->plan->job_count);
}

static gcr_status study_drive(struct study *study, struct gcr_error *err)
{
    struct gcr_study_store store;
    study->setting.say = study_remark;
    study->setting.arg = study;
    gcr_status status = study->engine->check(&study->setting, err);
    if (status == GCR_OK)
        status = gcr_study_store_open(&store, study->directory, study_wait, err);
    if (status != GCR_OK)
        return status;
    study->setting.directory = store.directory;
    status = study_make_plan(study, err);
    if (status == GCR_OK)
        status = study_put_environment(study, err);
    if (status == GCR_OK)
        status = study->file != NULL ? gcr_study_store_write(&store, study->plan, study->file, err)
                                     : gcr_study_store_write_plan(&store, study->plan, err);
    struct gcr_study_driver driver = {.store = &store,
                                      .plan = study->plan,
                                      .engine = study->engine,
                                      .setting = study->setting,
                                      .retry_failed = study->retry_failed,
                                      .ended = study_ended,
                                      .remark = study_remark,
                                      .arg = study};
    gcr_bar_begin(&study->bar, "study", 0);
    if (status == GCR_OK)
        status = gcr_study_drive(&driver, err);
    gcr_bar_end(&study->bar);
    if (status == GCR_OK)
        status = study_conclude(study, err);
    gcr_study_store_close(&store);
    return status;
}

static gcr_status study_run_job(struct study *study, const char *id, struct gcr_error *err)
{
    char directory[PATH_MAX];
    /* Whoever started the job and is gone will start it again: two must not be at work. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (realpath(study->directory, directory) == NULL || !gcr_study_store_exists(study->directory))
        return gcr_fail(err, GCR_USAGE, "%s: there is no study", study->directory);
    gcr_status status = gcr_plan_read(directory, &study->plan, err);
    if (status != GCR_OK)
        return status;
    const struct gcr_study_job job = {.plan = study->plan,
                                      .job = gcr_plan_find(study->plan, id),
                                      .directory = directory,
                                      .program = study->program};
    if (job.job == NULL)
        return gcr_fail(err, GCR_USAGE, "--job: %s has no job '%.128s'", study->directory, id);
    if (job.job->refusal != NULL)
        return gcr_fail(err, GCR_UNSUPPORTED, "%s: %s", id, job.job->refusal);
    return gcr_study_job_run(&job, stdout, err);
}

static gcr_status study_do(struct study *study, struct gcr_error *err)
{
    const char *path = gcr_argument(study->arguments, "STUDY");
    const char *id = gcr_argument(study->arguments, "--job");
    gcr_status status = study_read_arguments(study, err);
    if (status == GCR_OK && id != NULL)
        return path == NULL && !study->is_dry
                   ? study_run_job(study, id, err)
                   : gcr_fail(err, GCR_USAGE,
                              "--job takes no study file and no --dry-run: the "
                              "study in the directory has the job");
    if (status == GCR_OK && path != NULL)
        status = gcr_study_file_read(path, &study->file, err);
    if (status == GCR_OK && path == NULL && !gcr_study_store_exists(study->directory))
        status = gcr_fail(err, GCR_USAGE, "%s: there is no study to go on with; name a study file",
                          study->directory);
    if (status != GCR_OK || !study->is_dry)
        return status == GCR_OK ? study_drive(study, err) : status;
    status = study_make_plan(study, err);
    return status == GCR_OK ? study_list(study, err) : status;
}

static gcr_status study_run(const struct gcr_arguments *arguments, struct gcr_error *err)
{
    struct study *study = calloc(1, sizeof *study);
    if (study == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the study");
    study->arguments = arguments;
    gcr_status status = study_do(study, err);
    gcr_plan_destroy(study->plan);
    gcr_plan_destroy(study->known);
    gcr_study_file_destroy(study->file);
    free(study);
    return status;
}

const struct gcr_command gcr_cmd_study = {
    .name = "study",
    .summary = "run traces on designs in heap sizes, many times, as a study file says",
    .usage = "[STUDY] -o DIR [--dry-run] [--engine NAME] [--jobs N] [--retry-failed] [--job ID]",
    .flags = study_flags,
    .run = study_run,
};
