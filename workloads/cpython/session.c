/* A recording session: see session.h. One process, no threads: it polls the rings, reaps, and
 * writes. It is a subreaper, so that it learns how daemons of the program end. */
#include "workloads/cpython/session.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "workloads/cpython/drain.h"
#include "workloads/cpython/page_watch.h"

struct session {
    const struct gcr_recording_config *config;
    struct gcr_segment *segment;
    int segment_file, signals;
    sigset_t old_mask;
    pid_t program;
    bool program_ended;
    unsigned interrupts;
    char library[4096];
    char marks[4096]; /* folder to put before PYTHONPATH; "": none */
    struct drain drain;
    struct gcr_recording *recording;
};

/* ---- start ---- */

static gcr_status session_find_library(struct session *session, struct gcr_error *err)
{
    if (session->config->library != NULL) {
        snprintf(session->library, sizeof session->library, "%s", session->config->library);
        if (access(session->library, R_OK) == 0)
            return GCR_OK;
        return gcr_fail(err, GCR_USAGE, "%s: %s", session->library, strerror(errno));
    }
    char directory[2048];
    ssize_t n = readlink("/proc/self/exe", directory, sizeof directory - 1);
    if (n <= 0)
        return gcr_fail(err, GCR_IO, "/proc/self/exe: %s", strerror(errno));
    directory[n] = '\0';
    *strrchr(directory, '/') = '\0';
    const char *const places[] = {"", "/../lib", "/../lib/gcreplay"};
    for (size_t i = 0; i < GCR_COUNT_OF(places); i++) {
        snprintf(session->library, sizeof session->library, "%s%s/libgcreplay_cpython.so",
                 directory, places[i]);
        if (access(session->library, R_OK) == 0)
            return GCR_OK;
    }
    return gcr_fail(err, GCR_USAGE,
                    "no libgcreplay_cpython.so beside %s/gcreplay or in ../lib (see --library)",
                    directory);
}

/* The folder of gcreplay_marks.py lies beside the library. */
static gcr_status session_find_marks(struct session *session, struct gcr_error *err)
{
    char file[sizeof session->marks + sizeof "/gcreplay_marks.py"];
    if (!session->config->marks)
        return GCR_OK;
    const char *name = strrchr(session->library, '/');
    const int folder = name == NULL ? 0 : (int)(name - session->library) + 1;
    snprintf(session->marks, sizeof session->marks, "%.*spython", folder, session->library);
    snprintf(file, sizeof file, "%s/gcreplay_marks.py", session->marks);
    if (access(file, R_OK) == 0)
        return GCR_OK;
    return gcr_fail(err, GCR_USAGE, "record: --marks: %s: %s", file, strerror(errno));
}

static gcr_status session_create_segment(struct session *session, struct gcr_error *err)
{
    session->segment_file = memfd_create("gcreplay", 0);
    if (session->segment_file < 0 ||
        ftruncate(session->segment_file, sizeof(struct gcr_segment)) != 0)
        return gcr_fail(err, GCR_IO, "shared memory: %s", strerror(errno));
    void *range = mmap(NULL, sizeof(struct gcr_segment), PROT_READ | PROT_WRITE, MAP_SHARED,
                       session->segment_file, 0);
    if (range == MAP_FAILED)
        return gcr_fail(err, GCR_IO, "shared memory: %s", strerror(errno));
    struct gcr_segment *segment = session->segment = range;
    segment->magic = GCR_SEGMENT_MAGIC;
    segment->bytes_of_ring = sizeof(struct gcr_ring);
    segment->recorder_pid = (int32_t)getpid();
    segment->neutral = session->config->neutral;
    segment->dense_every = session->config->dense_every;
    segment->sample = session->recording->sampled;
    segment->sample_every = session->config->sample_every;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    segment->begun_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    pthread_mutexattr_t shared;
    if (pthread_mutexattr_init(&shared) != 0 ||
        pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED) != 0 ||
        pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST) != 0 ||
        pthread_mutex_init(&segment->lock, &shared) != 0)
        return gcr_fail(err, GCR_IO, "shared memory: no process-shared lock");
    pthread_mutexattr_destroy(&shared);
    return GCR_OK;
}

static void session_export_marks(const struct session *session)
{
    char path[8192];
    const char *before = getenv("PYTHONPATH");
    snprintf(path, sizeof path, "%s%s%s", session->marks,
             before != NULL && before[0] != '\0' ? ":" : "", before != NULL ? before : "");
    setenv("PYTHONPATH", path, 1);
}

/* In the child: never returns. */
static void session_exec(struct session *session)
{
    char number[32], preload[8192];
    const char *before = getenv("LD_PRELOAD");
    snprintf(number, sizeof number, "%d", session->segment_file);
    snprintf(preload, sizeof preload, "%s%s%s", session->library,
             before != NULL && before[0] != '\0' ? ":" : "", before != NULL ? before : "");
    setenv(GCR_SEGMENT_VARIABLE, number, 1);
    setenv(GCR_PRELOAD_VARIABLE, before != NULL ? before : "", 1);
    setenv("LD_PRELOAD", preload, 1);
    if (session->marks[0] != '\0')
        session_export_marks(session);
    sigprocmask(SIG_SETMASK, &session->old_mask, NULL);
    execvp(session->config->command[0], session->config->command);
}

static gcr_status session_start_program(struct session *session, struct gcr_error *err)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0)
        return gcr_fail(err, GCR_IO, "pipe: %s", strerror(errno));
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigprocmask(SIG_BLOCK, &mask, &session->old_mask);
    session->signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    fflush(NULL);
    session->program = fork();
    if (session->program == 0) {
        close(report[0]);
        session_exec(session);
        int reason = errno;
        if (write(report[1], &reason, sizeof reason) != sizeof reason)
            _exit(126);
        _exit(127);
    }
    close(report[1]);
    int reason = 0;
    ssize_t got = session->program < 0 ? -1 : read(report[0], &reason, sizeof reason);
    close(report[0]);
    if (session->program < 0)
        return gcr_fail(err, GCR_IO, "fork: %s", strerror(errno));
    if (got != sizeof reason)
        return GCR_OK;
    waitpid(session->program, NULL, 0);
    return gcr_fail(err, GCR_USAGE, "%s: %s", session->config->command[0], strerror(reason));
}

/* ---- while it runs ---- */

static void session_reap(struct session *session)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        drain_note_exit(&session->drain, pid, (uint32_t)code);
        if (pid != session->program)
            continue;
        session->program_ended = true;
        session->recording->program_status = code;
    }
}

static void session_take_signals(struct session *session)
{
    struct signalfd_siginfo info;
    while (session->signals >= 0 && read(session->signals, &info, sizeof info) == sizeof info) {
        session->interrupts++;
        /* A terminal's interrupt reaches the program by itself. */
        if (info.ssi_signo == SIGTERM && !session->program_ended)
            kill(session->program, SIGTERM);
    }
}

static gcr_status session_refusal(const struct session *session, struct gcr_error *err)
{
    const struct gcr_segment *segment = session->segment;
    const char *program = session->config->command[0];
    switch ((enum gcr_refusal)atomic_load(&session->segment->refused)) {
    case GCR_REFUSED_VERSION:
        return gcr_fail(err, GCR_USAGE,
                        "%s is Python %.32s; the recorder knows CPython 3.11 (/usr/bin/python3 of "
                        "Debian 12)",
                        program, segment->python_version);
    case GCR_REFUSED_ALLOCATOR:
        return gcr_fail(err, GCR_USAGE,
                        "PYTHONMALLOC or PYTHONDEVMODE is set: it would replace the recorder's "
                        "allocator hooks; unset it");
    case GCR_REFUSED_MEMORY:
        return gcr_fail(err, GCR_USAGE,
                        "the recorder finds no address space for its tables (ulimit -v?)");
    case GCR_REFUSED_NOT:
        break;
    }
    return GCR_OK;
}

static gcr_status session_follow(struct session *session, struct gcr_error *err)
{
    for (;;) {
        bool busy, in_use;
        session_reap(session);
        session_take_signals(session);
        gcr_status status = session_refusal(session, err);
        if (status != GCR_OK)
            return status;
        bool over = session->program_ended; /* asked before the rings: nothing can start after */
        status = drain_all(&session->drain, &busy, &in_use, err);
        if (status != GCR_OK)
            return status;
        if (over && !in_use)
            return GCR_OK;
        if (session->interrupts > 1)
            return drain_rest(&session->drain, err);
        struct timespec pause = {0, busy ? 500 * 1000 : 2 * 1000 * 1000};
        nanosleep(&pause, NULL);
    }
}

/* ---- the end ---- */

static json_t *session_counts_json(const struct gcr_recorder_counts *counts)
{
    return json_pack(
        "{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "allocations", (json_int_t)counts->allocations,
        "containers", (json_int_t)counts->containers, "deaths", (json_int_t)counts->deaths,
        "snapshots", (json_int_t)counts->snapshots, "snapshot_objects",
        (json_int_t)counts->snapshot_objects, "collections", (json_int_t)counts->collections,
        "own_collections", (json_int_t)counts->own_collections, "free_list_births",
        (json_int_t)counts->free_list_births, "resurrected", (json_int_t)counts->resurrected);
}

static json_t *session_losses_json(const struct gcr_recorder_counts *counts)
{
    return json_pack(
        "{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "unseen_collections",
        (json_int_t)counts->unseen_collections, "unseen_rebirths",
        (json_int_t)counts->unseen_rebirths, "unplaced_references",
        (json_int_t)counts->unplaced_references, "forced_drops", (json_int_t)counts->forced_drops,
        "count_drift", (json_int_t)counts->count_drift, "late_insertions",
        (json_int_t)counts->late_insertions, "unmapped_blocks", (json_int_t)counts->unmapped_blocks,
        "lost_lanes", (json_int_t)counts->lost_lanes);
}

static json_t *session_sampling_json(const struct session *session)
{
    const struct gcr_recorder_counts *counts = &session->recording->counts;
    return json_pack(
        "{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "processes",
        session->recording->sampled == GCR_SAMPLE_ALL ? "all" : "forked", "every_events",
        (json_int_t)session->config->sample_every, "samplings", (json_int_t)counts->samplings,
        "pages_written", (json_int_t)counts->pages_written, "pages_explained",
        (json_int_t)counts->pages_explained, "pages_read", (json_int_t)counts->pages_read,
        "pages_unread", (json_int_t)counts->pages_unread, "pages_discarded",
        (json_int_t)counts->pages_discarded, "unsampled_processes",
        (json_int_t)counts->unsampled_processes);
}

static gcr_status session_write_meta(struct session *session, struct gcr_writer *writer,
                                     struct gcr_error *err)
{
    const struct gcr_recording *recording = session->recording;
    json_t *command = json_array();
    for (char *const *word = session->config->command; *word != NULL; word++) {
        json_t *text = json_string(*word);
        json_array_append_new(command, text != NULL ? text : json_string("(not UTF-8)"));
    }
    json_t *meta = json_pack(
        "{s:s,s:o,s:s,s:s,s:i,s:o,s:o}", "recorder", "cpython", "command", command, "mode",
        session->config->neutral ? "neutral" : "faithful", "python", recording->python_version,
        "program_status", recording->program_status, "counts",
        session_counts_json(&recording->counts), "losses", session_losses_json(&recording->counts));
    if (meta != NULL && recording->sampled != GCR_SAMPLE_NOTHING)
        json_object_set_new(meta, "page_sampling", session_sampling_json(session));
    if (meta != NULL && recording->unsampled_reason[0] != '\0')
        json_object_set_new(meta, "unsampled", json_string(recording->unsampled_reason));
    if (meta != NULL && recording->stop_reason[0] != '\0')
        json_object_set_new(meta, "stopped", json_string(recording->stop_reason));
    char *text = meta == NULL ? NULL : json_dumps(meta, JSON_COMPACT);
    json_decref(meta);
    if (text == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the recording's metadata");
    gcr_status status = gcr_writer_meta(writer, text, err);
    free(text);
    return status;
}

static void session_fill_result(struct session *session)
{
    struct gcr_recording *recording = session->recording;
    recording->lanes = session->drain.lanes;
    recording->events = session->drain.events;
    recording->counts = session->drain.counts;
    if (atomic_load(&session->segment->unsampled_is_told) != 0)
        memcpy(recording->unsampled_reason, session->segment->unsampled_reason,
               sizeof recording->unsampled_reason);
    memcpy(recording->stop_reason, session->drain.stop_reason, sizeof recording->stop_reason);
    snprintf(recording->python_version, sizeof recording->python_version, "%s",
             session->segment->python_version);
}

static gcr_status session_run(struct session *session, struct gcr_writer *writer,
                              struct gcr_error *err)
{
    gcr_status status = session_start_program(session, err);
    if (status != GCR_OK)
        return status;
    status = session_follow(session, err);
    if (status == GCR_USAGE && !session->program_ended) {
        kill(session->program, SIGTERM);
        waitpid(session->program, NULL, 0);
    }
    if (status == GCR_OK && atomic_load(&session->segment->claimed) == 0)
        return gcr_fail(err, GCR_USAGE,
                        "%s started no CPython 3.11 that the recorder could enter (a statically "
                        "linked or set-user-id program?)",
                        session->config->command[0]);
    session_fill_result(session);
    return status == GCR_OK ? session_write_meta(session, writer, err) : status;
}

static void session_release(struct session *session)
{
    drain_finish(&session->drain);
    if (session->segment != NULL)
        munmap(session->segment, sizeof *session->segment);
    if (session->segment_file >= 0)
        close(session->segment_file);
    if (session->signals >= 0) {
        close(session->signals);
        sigprocmask(SIG_SETMASK, &session->old_mask, NULL);
    }
}

/* Whether this kernel allows it is known before the file's header is written. */
static void session_choose_sampling(const struct gcr_recording_config *config,
                                    struct gcr_recording *recording)
{
    struct gcr_error reason = {""};
    recording->sampled = config->sample;
    if (config->sample == GCR_SAMPLE_NOTHING || page_watch_probe(&reason) == GCR_OK)
        return;
    recording->sampled = GCR_SAMPLE_NOTHING;
    snprintf(recording->unsampled_reason, sizeof recording->unsampled_reason, "%.*s",
             (int)sizeof recording->unsampled_reason - 1, reason.text);
}

gcr_status gcr_record_program(const struct gcr_recording_config *config,
                              struct gcr_recording *recording, struct gcr_error *err)
{
    struct session session = {
        .config = config, .segment_file = -1, .signals = -1, .recording = recording};
    memset(recording, 0, sizeof *recording);
    session_choose_sampling(config, recording);
    const bool sampled = recording->sampled != GCR_SAMPLE_NOTHING;
    const struct gcr_capabilities capabilities = {.stores = GCR_STORES_SAMPLED,
                                                  .reads = sampled ? GCR_READS_PAGE_SAMPLED
                                                                   : GCR_READS_NONE,
                                                  .deaths = GCR_DEATHS_GRANULATED,
                                                  .roots = GCR_ROOTS_SYNTHESISED,
                                                  .tracking = !config->neutral,
                                                  .threads = 1,
                                                  .forks = 1,
                                                  .times = 1,
                                                  .faithful = !config->neutral};
    struct gcr_writer *writer = NULL;
    gcr_status status = session_find_library(&session, err);
    if (status == GCR_OK)
        status = session_find_marks(&session, err);
    if (status == GCR_OK)
        status = session_create_segment(&session, err);
    if (status == GCR_OK)
        status = gcr_writer_open(config->path, &capabilities, &writer, err);
    if (status == GCR_OK) {
        drain_init(&session.drain, session.segment, writer);
        status = session_run(&session, writer, err);
        if (status == GCR_OK)
            status = gcr_writer_close(writer, err);
        else
            gcr_writer_abandon(writer);
    }
    session_release(&session);
    return status;
}
