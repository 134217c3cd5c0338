/* Jobs; see study_job.h. */
#include "sim/study/study_job.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "sim/measure/json_at.h"
#include "sim/measure/output.h"
#include "sim/replay/replay.h"
#include "sim/study/job_document.h"
#include "sim/study/job_process.h"

enum {
    JOB_MOST_WORDS = 24 + 2 * GCR_MAX_OPTIONS,
    JOB_WORD_BYTES = 4096,
    JOB_LEAST_FREE_BYTES = 64 << 10, /* on disk, for a start */
    JOB_SEARCH_TIMEOUTS = 20         /* a search makes that many runs, or more short ones */
};

/* The command of a job: gcreplay and its arguments. */
struct job_command {
    const char *words[JOB_MOST_WORDS + 1];
    char options[GCR_MAX_OPTIONS][JOB_WORD_BYTES];
    char trace[JOB_WORD_BYTES], heap[32];
    size_t count;
};

static void command_add(struct job_command *command, const char *word)
{
    if (command->count < JOB_MOST_WORDS)
        command->words[command->count++] = word;
}

/* An engine may have brought the trace with it. */
static void command_find_trace(struct job_command *command, const struct gcr_study_job *study_job)
{
    const struct gcr_plan_trace *trace = &study_job->plan->traces[study_job->job->trace];
    snprintf(command->trace, sizeof command->trace, "%s/traces/%s.gct", study_job->directory,
             trace->name);
    if (access(command->trace, R_OK) != 0)
        snprintf(command->trace, sizeof command->trace, "%s", trace->path);
}

static void command_add_mode(struct job_command *command, const struct gcr_study_job *study_job)
{
    const struct gcr_plan *plan = study_job->plan;
    const struct gcr_plan_job *job = study_job->job;
    if (job->budget_bytes != 0) {
        snprintf(command->heap, sizeof command->heap, "%llu",
                 (unsigned long long)job->budget_bytes);
        command_add(command, "--heap");
        command_add(command, command->heap);
    }
    if (plan->verify)
        command_add(command, "--verify");
    if (job->kind == GCR_JOB_CACHE)
        command_add(command, "--cache");
    if (job->kind == GCR_JOB_CACHE && plan->traces[job->trace].lanes > 1)
        command_add(command, "--cow");
}

static void command_make(struct job_command *command, const struct gcr_study_job *study_job)
{
    const struct gcr_plan_design *design = &study_job->plan->designs[study_job->job->design];
    bool is_search = study_job->job->kind == GCR_JOB_MINHEAP;
    command->count = 0;
    command_find_trace(command, study_job);
    command_add(command, study_job->program);
    command_add(command, is_search ? "minheap" : "run");
    command_add(command, command->trace);
    command_add(command, "-c");
    command_add(command, design->collector);
    const char *name;
    json_t *value;
    size_t i = 0;
    json_object_foreach(design->options, name, value)
    {
        if (i == GCR_MAX_OPTIONS)
            break;
        snprintf(command->options[i], JOB_WORD_BYTES, "%s=%s", name,
                 json_is_string(value) ? json_string_value(value) : "");
        command_add(command, "--set");
        command_add(command, command->options[i++]);
    }
    if (!is_search)
        command_add_mode(command, study_job);
    command_add(command, "--json");
    command_add(command, "-");
    command->words[command->count] = NULL;
}

/* ---- the result ---- */

/* The `job` of a result. */
static json_t *job_origin(const struct gcr_study_job *study_job, const struct job_command *command,
                          const struct gcr_job_process *process, const char *started, double load)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    json_t *words = json_array();
    for (size_t i = 0; i < command->count; i++) {
        json_t *word = json_string(command->words[i]);
        json_array_append_new(words, word != NULL ? word : json_string("?"));
    }
    return json_pack("{s:s, s:i, s:s, s:o, s:s, s:f, s:o, s:f}", "id", study_job->job->id,
                     "invocation", (int)study_job->job->invocation, "host", host, "command", words,
                     "started", started, "seconds", process->seconds, "cpu",
                     process->cpu >= 0 ? json_integer(process->cpu) : json_null(), "load", load);
}

static bool text_says_killed(const char *text)
{
    return strstr(text, "killed by signal 9 ") != NULL;
}

/* Somebody, or a kernel without memory, killed the run: that says nothing of the design. */
static bool job_was_killed(const struct gcr_job_process *process)
{
    return !process->is_timed_out &&
           (process->signal == SIGKILL || process->signal == SIGTERM ||
            text_says_killed(process->message) ||
            text_says_killed(gcr_json_text_at(process->output, "message")));
}

/* NULL: `output` is the job's document. Else the outcome, and why. */
static const char *job_fault(const struct gcr_study_job *study_job,
                             const struct gcr_job_process *process, char *why, size_t size)
{
    const struct gcr_plan_trace *trace = &study_job->plan->traces[study_job->job->trace];
    const char *digest = gcr_json_text_at(process->output, "trace.digest");
    why[0] = '\0';
    if (process->is_timed_out) {
        snprintf(why, size, "stopped after %u s", process->timeout_s);
        return "timeout";
    }
    if (process->signal != 0) {
        snprintf(why, size, "gcreplay was killed by signal %d (%s)", process->signal,
                 strsignal(process->signal));
        return "crashed";
    }
    if (process->output != NULL && strcmp(digest, trace->digest) != 0) {
        snprintf(why, size, "the trace has changed: digest %.16s, not %s", digest, trace->digest);
        return "failed";
    }
    if (process->output != NULL && process->exit_code <= 1)
        return NULL;
    snprintf(why, size, "%s",
             process->message[0] != '\0' ? process->message : "gcreplay left no result");
    return "failed";
}

/* A search has no outcome of its own. */
static void job_put_search_outcome(json_t *document, const struct gcr_job_process *process)
{
    bool found = json_is_integer(json_object_get(document, "minimum_bytes"));
    json_object_set_new(document, "outcome", json_string(found ? "ok" : "failed"));
    json_object_set_new(document, "message", json_string(found ? "" : process->message));
}

static json_t *job_document(const struct gcr_study_job *study_job, struct gcr_job_process *process)
{
    char why[600];
    const char *fault = job_fault(study_job, process, why, sizeof why);
    if (fault != NULL)
        return gcr_job_document_without_figures(study_job->plan, study_job->job, fault, why);
    if (study_job->job->kind == GCR_JOB_MINHEAP)
        job_put_search_outcome(process->output, process);
    return json_incref(process->output);
}

static gcr_status job_write(const struct gcr_study_job *study_job, json_t *document,
                            struct gcr_error *err)
{
    const struct gcr_plan_job *job = study_job->job;
    bool keeps_lists = job->kind != GCR_JOB_MINHEAP && job->invocation == 1 &&
                       json_array_size(json_object_get(document, "lanes")) > 0;
    json_t *full = keeps_lists ? json_deep_copy(document) : NULL;
    if (keeps_lists && full == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a second copy of the result");
    if (job->kind != GCR_JOB_MINHEAP)
        gcr_job_document_thin(document);
    gcr_status status = gcr_job_document_write(study_job->directory, job, document, full, err);
    json_decref(full);
    return status;
}

/* ---- the job ---- */

/* Better to say it before an hour's run than after. */
static gcr_status job_check_room(const struct gcr_study_job *study_job, struct gcr_error *err)
{
    char path[JOB_WORD_BYTES];
    struct statvfs disk;
    snprintf(path, sizeof path, "%s/results", study_job->directory);
    if (statvfs(path, &disk) != 0)
        return gcr_fail(err, GCR_IO, "%s: %s", path, strerror(errno));
    if ((uint64_t)disk.f_bavail * disk.f_frsize < JOB_LEAST_FREE_BYTES)
        return gcr_fail(err, GCR_IO, "%s: the disk is full", path);
    return GCR_OK;
}

static bool design_has_threads(const struct gcr_plan_design *design)
{
    const struct gcr_engine *engine = gcr_engine_find(design->collector);
    return engine != NULL && gcr_collector_is(gcr_engine_collector(engine), GCR_CAP_THREADS);
}

unsigned gcr_study_job_timeout(const struct gcr_plan *plan, const struct gcr_plan_job *job)
{
    return job->kind == GCR_JOB_MINHEAP ? JOB_SEARCH_TIMEOUTS * plan->timeout_s : plan->timeout_s;
}

static struct gcr_job_process job_process(const struct gcr_study_job *study_job,
                                          const struct job_command *command)
{
    const struct gcr_plan_job *job = study_job->job;
    bool is_bound =
        job->kind == GCR_JOB_TIMED && !design_has_threads(&study_job->plan->designs[job->design]);
    return (struct gcr_job_process){
        .words = command->words,
        .cpu = is_bound ? gcr_job_timed_cpu() : -1,
        .timeout_s = gcr_study_job_timeout(study_job->plan, job),
    };
}

static void job_say(FILE *out, const struct gcr_study_job *study_job, const char *outcome,
                    double seconds, const char *message)
{
    fprintf(out, "%s %s %.3f%s%s\n", study_job->job->id, outcome, seconds,
            *message != '\0' ? " " : "", message);
}

/* The run is over: its document, and the line about it. */
static gcr_status job_finish(const struct gcr_study_job *study_job,
                             const struct job_command *command, struct gcr_job_process *process,
                             const char *started, double load, FILE *out)
{
    struct gcr_error why = {""};
    if (job_was_killed(process)) {
        job_say(out, study_job, "killed", process->seconds, process->message);
        return GCR_IO;
    }
    json_t *document = job_document(study_job, process);
    if (document == NULL)
        return GCR_NO_MEMORY;
    json_object_set_new(document, "job", job_origin(study_job, command, process, started, load));
    gcr_status status = job_write(study_job, document, &why);
    if (status != GCR_OK)
        job_say(out, study_job, "unwritten", process->seconds, why.text);
    else
        job_say(out, study_job, gcr_json_text_at(document, "outcome"), process->seconds,
                gcr_json_text_at(document, "message"));
    json_decref(document);
    return status;
}

gcr_status gcr_study_job_run(const struct gcr_study_job *study_job, FILE *out,
                             struct gcr_error *err)
{
    struct job_command *command = malloc(sizeof *command);
    if (command == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the command");
    err->text[0] = '\0';
    command_make(command, study_job);
    struct gcr_job_process process = job_process(study_job, command);
    char started[32] = "";
    time_t now = time(NULL);
    strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    double load = 0;
    (void)!getloadavg(&load, 1);
    struct gcr_error why = {""};
    gcr_status status = job_check_room(study_job, &why);
    if (status != GCR_OK) {
        job_say(out, study_job, "unwritten", 0, why.text);
    } else {
        status = gcr_job_process_run(&process, err);
        if (status == GCR_OK)
            status = job_finish(study_job, command, &process, started, load, out);
    }
    json_decref(process.output);
    free(command);
    return status;
}
