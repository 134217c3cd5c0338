/* Runs; see job.h.
 *
 * The child is forked, not executed anew: what it inherits is this small process, and the heap
 * under test lies at its own fixed addresses. Its result comes back through an anonymous file, as
 * JSON. */
#include "sim/cmd/job.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/option.h"
#include "sim/cmd/modelled_run.h"
#include "sim/cmd/progress.h"
#include "sim/cmd/trace_file.h"
#include "sim/measure/machine.h"
#include "sim/measure/output.h"
#include "sim/measure/result_json.h"
#include "sim/oracle/oracle.h"
#include "sim/replay/engine.h"

const struct gcr_option *gcr_engine_options(const struct gcr_engine *engine)
{
    static const struct gcr_option none[] = {{0}};
    const struct gcr_option *options = gcr_engine_collector(engine)->options;
    return options != NULL ? options : none;
}

gcr_status gcr_job_set_engine(struct gcr_job *job, const char *name, struct gcr_error *err)
{
    job->engine = gcr_engine_find(name);
    if (job->engine == NULL) {
        char known[256] = "";
        gcr_engine_names(known, sizeof known);
        return gcr_fail(err, GCR_USAGE, "no back end is named '%.64s'; known: %s", name, known);
    }
    gcr_options_init(gcr_engine_options(job->engine), &job->options);
    return GCR_OK;
}

gcr_status gcr_job_read(const struct gcr_arguments *arguments, struct gcr_job *job,
                        struct gcr_error *err)
{
    const char *name = gcr_argument(arguments, "--collector"), *assignment;
    *job = (struct gcr_job){.trace = gcr_argument(arguments, "TRACE")};
    gcr_status status = gcr_job_set_engine(job, name, err);
    for (size_t i = 0;
         status == GCR_OK && (assignment = gcr_argument_at(arguments, "--set", i)) != NULL; i++)
        status = gcr_option_assign(&job->options, name, assignment, err);
    return status;
}

static gcr_status job_read_pace(const struct gcr_arguments *arguments, struct gcr_job *job,
                                struct gcr_error *err)
{
    const char *pace = gcr_argument(arguments, "--pace");
    const char *window = gcr_argument(arguments, "--window");
    job->pace_recorded = pace != NULL && strcmp(pace, "recorded") == 0;
    if (pace != NULL && !job->pace_recorded && strcmp(pace, "replay") != 0)
        return gcr_fail(err, GCR_USAGE, "--pace cannot be '%.64s'; allowed: replay, recorded",
                        pace);
    if (window != NULL && (!gcr_parse_bytes(window, &job->window_bytes) || job->window_bytes == 0))
        return gcr_fail(err, GCR_USAGE, "--window cannot be '%.64s'; allowed: a size such as 512M",
                        window);
    return GCR_OK;
}

/* Times of a verified run mean little anyway. */
static gcr_status job_read_decode(const struct gcr_arguments *arguments, struct gcr_job *job,
                                  struct gcr_error *err)
{
    const char *decode = gcr_argument(arguments, "--decode");
    if (decode == NULL)
        job->decode_ahead = job->verify != GCR_VERIFY_OFF && gcr_machine_processors() > 1;
    else if (strcmp(decode, "ahead") == 0)
        job->decode_ahead = true;
    else if (strcmp(decode, "inline") != 0)
        return gcr_fail(err, GCR_USAGE, "--decode cannot be '%.64s'; allowed: ahead, inline",
                        decode);
    return GCR_OK;
}

static gcr_status job_read_cow(const struct gcr_arguments *arguments, struct gcr_job *job,
                               struct gcr_error *err)
{
    const char *cow = gcr_argument(arguments, "--cow");
    job->cow = cow != NULL;
    job->cow_by_kernel = cow != NULL && strcmp(cow, "kernel") == 0;
    if (cow != NULL && strcmp(cow, "model") != 0 && !job->cow_by_kernel)
        return gcr_fail(err, GCR_USAGE, "--cow cannot be '%.64s'; allowed: model, kernel", cow);
    return GCR_OK;
}

gcr_status gcr_job_read_flags(const struct gcr_arguments *arguments, struct gcr_job *job,
                              struct gcr_error *err)
{
    const char *verify = gcr_argument(arguments, "--verify");
    job->final_collection = gcr_argument(arguments, "--final-collection") != NULL;
    if (verify == NULL || strcmp(verify, "off") == 0)
        job->verify = GCR_VERIFY_OFF;
    else if (strcmp(verify, "on") == 0)
        job->verify = GCR_VERIFY_ON;
    else if (strcmp(verify, "every") == 0)
        job->verify = GCR_VERIFY_EVERY;
    else
        return gcr_fail(err, GCR_USAGE, "--verify cannot be '%.64s'; allowed: on, every, off",
                        verify);
    job->counters = gcr_argument(arguments, "--counters") != NULL;
    if (job->counters && job->verify != GCR_VERIFY_OFF)
        return gcr_fail(err, GCR_USAGE,
                        "--counters and --verify exclude each other: the oracle's work would be "
                        "counted at every event");
    gcr_status status = job_read_pace(arguments, job, err);
    if (status == GCR_OK)
        status = job_read_decode(arguments, job, err);
    if (status == GCR_OK)
        status = job_read_cow(arguments, job, err);
    return status == GCR_OK ? gcr_modelled_run_read(arguments, job, err) : status;
}

static struct gcr_replay_config job_config(const struct gcr_job *job, struct gcr_reader *reader)
{
    return (struct gcr_replay_config){
        .reader = reader,
        .engine = job->engine,
        .options = &job->options,
        .budget_bytes = job->budget_bytes,
        .verify = job->verify,
        .make_checker = gcr_verify_checker,
        .final_collection = job->final_collection,
        .window_bytes = job->window_bytes,
        .pace_recorded = job->pace_recorded,
        .decode_ahead = job->decode_ahead,
        .cow = job->cow,
        .control = job->control,
    };
}

/* Takes the figures over. */
static gcr_status job_document(const struct gcr_job *job, struct gcr_result *figures,
                               json_t **result, struct gcr_error *err)
{
    *result = gcr_result_to_json(figures);
    gcr_result_finish(figures);
    return *result != NULL
               ? GCR_OK
               : gcr_fail(err, GCR_NO_MEMORY, "%s: no memory for the result", job->trace);
}

static gcr_status job_replay(const struct gcr_job *job, json_t **result, struct gcr_error *err)
{
    struct gcr_reader *reader = NULL;
    gcr_status status = gcr_trace_file_open(job->trace, &reader, err);
    if (status != GCR_OK)
        return status;
    struct gcr_bar bar;
    char label[96];
    snprintf(label, sizeof label, "%-14s", gcr_engine_collector(job->engine)->name);
    gcr_bar_begin_events(&bar, label, gcr_reader_events(reader));
    const struct gcr_counter_system counters = gcr_counter_system_real();
    struct gcr_replay_config config = job_config(job, reader);
    config.counters = job->counters ? &counters : NULL;
    config.progress = gcr_bar_update;
    config.progress_arg = &bar;
    struct gcr_result figures;
    struct gcr_engine twin;
    status = gcr_modelled_run_begin(job, &config, &twin, err);
    if (status == GCR_OK)
        status = gcr_replay(&config, &figures, err);
    gcr_bar_end(&bar);
    if (status == GCR_OK) {
        gcr_modelled_run_end(job, &figures);
        status = job_document(job, &figures, result, err);
    }
    gcr_reader_close(reader);
    return status;
}

/* What the parent can say of a run that sent nothing. */
static gcr_status job_crashed(const struct gcr_job *job, const char *why, json_t **result,
                              struct gcr_error *err)
{
    struct gcr_reader *reader = NULL;
    gcr_status status = gcr_trace_file_open(job->trace, &reader, err);
    if (status != GCR_OK)
        return status;
    struct gcr_replay_config config = job_config(job, reader);
    struct gcr_result figures;
    gcr_replay_crashed(&config, why, &figures);
    status = job_document(job, &figures, result, err);
    gcr_reader_close(reader);
    return status;
}

struct job_answer {
    const struct gcr_job *job;
    gcr_status status;
    json_t *result;
    struct gcr_error err;
};

static void job_answer(void *arg)
{
    struct job_answer *answer = arg;
    answer->status = job_replay(answer->job, &answer->result, &answer->err);
}

/* In the child: {"result": ...} or {"status": n, "error": "..."}; never returns. */
static _Noreturn void job_child(const struct gcr_job *job, int channel)
{
    struct job_answer answer = {.job = job};
    if (!job->modelled || !gcr_modelled_run_on_stack(job_answer, &answer))
        job_answer(&answer);
    gcr_status status = answer.status;
    json_t *result = answer.result;
    json_t *message =
        status == GCR_OK ? json_pack("{s:o}", "result", result)
                         : json_pack("{s:i, s:s}", "status", (int)status, "error", answer.err.text);
    bool is_sent = message != NULL && gcr_json_send(channel, message);
    fflush(stderr);
    _exit(is_sent ? 0 : 1);
}

static gcr_status job_receive(int channel, json_t **result, struct gcr_error *err)
{
    json_error_t fault;
    json_t *message = gcr_json_receive(channel, &fault);
    if (message == NULL)
        return gcr_fail(err, GCR_IO, "a run's result is not readable: %s", fault.text);
    gcr_status status = GCR_OK;
    *result = json_incref(json_object_get(message, "result"));
    if (*result == NULL)
        status = gcr_fail(err, (gcr_status)json_integer_value(json_object_get(message, "status")),
                          "%s", json_string_value(json_object_get(message, "error")));
    json_decref(message);
    return status;
}

/* `why` stays empty if the child says that it has sent its result. */
static gcr_status job_wait(pid_t child, char *why, size_t size, struct gcr_error *err)
{
    int how = 0;
    why[0] = '\0';
    while (waitpid(child, &how, 0) < 0)
        if (errno != EINTR)
            return gcr_fail(err, GCR_IO, "cannot wait for a run: %s", strerror(errno));
    if (WIFSIGNALED(how)) {
        int number = WTERMSIG(how);
        bool by_itself = number == SIGSEGV || number == SIGABRT || number == SIGBUS;
        snprintf(why, size, "the run was killed by signal %d (%s)%s", number, strsignal(number),
                 by_itself ? "; if the trace is valid ('gcreplay check'), --verify finds why" : "");
    } else if (WEXITSTATUS(how) != 0) {
        snprintf(why, size, "the run ended without sending its result");
    }
    return GCR_OK;
}

static gcr_status job_run_one(const struct gcr_job *job, json_t **result, struct gcr_error *err)
{
    int channel = memfd_create("gcreplay result", MFD_CLOEXEC);
    if (channel < 0)
        return gcr_fail(err, GCR_IO, "cannot make room for a run's result: %s", strerror(errno));
    fflush(stdout);
    char why[256];
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        /* A run does not outlive the command, however that ends. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        job_child(job, channel);
    }
    gcr_status status = child < 0
                            ? gcr_fail(err, GCR_IO, "cannot fork for a run: %s", strerror(errno))
                            : job_wait(child, why, sizeof why, err);
    if (status == GCR_OK)
        status =
            why[0] == '\0' ? job_receive(channel, result, err) : job_crashed(job, why, result, err);
    close(channel);
    return status;
}

/* The counters of `timed`, of the whole and of each process, become those of `result`. */
static void job_put_counters(json_t *result, const json_t *timed)
{
    const json_t *from = json_object_get(timed, "lanes"), *to = json_object_get(result, "lanes");
    json_object_set(result, "counters", json_object_get(timed, "counters"));
    for (size_t i = 0; i < json_array_size(to); i++) {
        json_t *lane = json_array_get(to, i);
        for (size_t k = 0; k < json_array_size(from); k++)
            if (json_equal(json_object_get(json_array_get(from, k), "lane"),
                           json_object_get(lane, "lane")))
                json_object_set(lane, "counters",
                                json_object_get(json_array_get(from, k), "counters"));
    }
}

/* Counters of instrumented code would mean nothing: they come from a timed run, made first. */
gcr_status gcr_job_run(const struct gcr_job *job, json_t **result, struct gcr_error *err)
{
    if (!job->counters || !job->modelled)
        return job_run_one(job, result, err);
    struct gcr_job timed = *job, modelled = *job;
    json_t *counted = NULL;
    timed.modelled = false;
    modelled.counters = false;
    modelled.control = NULL; /* who counts from outside counts the timed run alone, too */
    gcr_status status = job_run_one(&timed, &counted, err);
    if (status == GCR_OK)
        status = job_run_one(&modelled, result, err);
    if (status == GCR_OK)
        job_put_counters(*result, counted);
    json_decref(counted);
    return status;
}
