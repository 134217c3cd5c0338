/* A recording session: see session.h. Rings are emptied by drain.c, files written by groups.c. One
 * process, no threads: it polls the rings, reaps, and
 * writes. It is a subreaper, so that it learns how daemons of the program end. */
#include "workloads/cpython/session.h"

#include <errno.h>
#include <fcntl.h>
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
#include "workloads/cpython/launch.h"
#include "workloads/cpython/page_watch.h"

struct session {
    const struct gcr_recording_config *config;
    struct gcr_segment *segment;
    int segment_file, signals;
    sigset_t old_mask;
    struct sigaction old_size; /* of SIGXFSZ: a file that grows too large is an error like others */
    pid_t program;
    unsigned interrupts;
    bool has_children; /* of this process: the program, and orphans of its */
    struct launch launch;
    struct orders orders;
    struct groups groups;
    struct drain drain;
    struct gcr_recording *recording;
};

/* ---- start ---- */

static gcr_status session_create_segment(struct session *session, struct gcr_error *err)
{
    session->segment_file = memfd_create(GCR_SEGMENT_NAME, MFD_CLOEXEC);
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
    segment->neutral = session->config->neutral;
    segment->dense_every = session->config->dense_every;
    segment->sample = session->recording->sampled;
    segment->follow = session->config->follow;
    segment->sample_every = session->config->sample_every;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    segment->begun_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    pthread_mutexattr_t shared;
    if (pthread_mutexattr_init(&shared) != 0 ||
        pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED) != 0 ||
        pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST) != 0 ||
        pthread_mutex_init(&segment->lock, &shared) != 0 ||
        pthread_mutex_init(&segment->recorder_lives, &shared) != 0 ||
        pthread_mutex_lock(&segment->recorder_lives) != 0)
        return gcr_fail(err, GCR_IO, "shared memory: no process-shared lock");
    pthread_mutexattr_destroy(&shared);
    orders_init(&session->orders, &session->config->window, segment);
    atomic_store(&segment->groups, 1);
    for (unsigned i = 0; i < GCR_RINGS; i++) {
        atomic_store(&segment->rings[i].group, GCR_GROUP_NONE);
        atomic_store(&segment->rings[i].torn, UINT64_MAX);
    }
    return GCR_OK;
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
    orders_add_signals(&session->orders, &mask);
    sigprocmask(SIG_BLOCK, &mask, &session->old_mask);
    session->signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGXFSZ, &ignore, &session->old_size);
    fflush(NULL);
    session->program = fork();
    if (session->program == 0) {
        close(report[0]);
        launch_export(&session->launch, session->segment_file);
        sigprocmask(SIG_SETMASK, &session->old_mask, NULL);
        sigaction(SIGXFSZ, &session->old_size, NULL);
        execvp(session->config->command[0], session->config->command);
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
    session->has_children = true;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        drain_note_exit(&session->drain, pid, (uint32_t)code);
        if (pid != session->program)
            continue;
        session->recording->program_ended = true;
        session->recording->program_status = code;
    }
    if (pid < 0 && errno == ECHILD)
        session->has_children = false;
}

static void session_take_signals(struct session *session)
{
    struct signalfd_siginfo info;
    while (session->signals >= 0 && read(session->signals, &info, sizeof info) == sizeof info) {
        if (orders_take_signal(&session->orders, (int)info.ssi_signo))
            continue;
        session->interrupts++;
        /* A terminal's interrupt reaches the program by itself. */
        if (info.ssi_signo == SIGTERM && !session->recording->program_ended)
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
    case GCR_REFUSED_ROOM: /* of the first process: never */
    case GCR_REFUSALS:
        break;
    }
    return GCR_OK;
}

/* With --follow, what the program has left behind may still execute a Python: it is waited for,
 * but not for long, because it may as well be a daemon of another kind. */
static bool session_is_over(const struct session *session, unsigned quiet_looks)
{
    return !session->config->follow || !session->has_children || quiet_looks > DRAIN_PATIENCE;
}

enum { SESSION_MUCH = 1 << 14 }; /* events */

static gcr_status session_follow(struct session *session, struct gcr_error *err)
{
    for (unsigned quiet = 0;;) {
        bool busy, in_use;
        const uint64_t before = session->drain.taken;
        session_reap(session);
        session_take_signals(session);
        orders_look(&session->orders);
        gcr_status status = session_refusal(session, err);
        if (status != GCR_OK)
            return status;
        /* Asked before the rings: nothing can start after. */
        bool over = session->recording->program_ended;
        status = drain_all(&session->drain, &busy, &in_use, err);
        if (status != GCR_OK)
            return status;
        quiet = over && !in_use ? quiet + 1 : 0;
        const bool finished = quiet > 0 && session_is_over(session, quiet);
        if (finished && atomic_load(&session->segment->claimed) == 0)
            return GCR_OK;
        if (finished || session->interrupts > 1)
            return drain_rest(&session->drain, err);
        /* While much was taken, as much may wait already. */
        struct timespec pause = {0, busy ? 500 * 1000 : 2 * 1000 * 1000};
        if (session->drain.taken - before < SESSION_MUCH)
            nanosleep(&pause, NULL);
    }
}

/* ---- the end ---- */

/* A trace cannot be written: the program goes on, and is told that nobody takes its events. */
static void session_let_go(struct session *session, const struct gcr_error *err)
{
    fprintf(stderr, "gcreplay: %s; the program goes on without being recorded\n", err->text);
    pthread_mutex_unlock(&session->segment->recorder_lives);
    while (!session->recording->program_ended && session->interrupts < 2) {
        struct timespec pause = {0, 10 * 1000 * 1000};
        nanosleep(&pause, NULL);
        session_reap(session);
        session_take_signals(session);
    }
}

static gcr_status session_run(struct session *session, struct gcr_error *err)
{
    gcr_status status = session_start_program(session, err);
    if (status != GCR_OK)
        return status;
    status = session_follow(session, err);
    if (status == GCR_USAGE && !session->recording->program_ended) {
        kill(session->program, SIGTERM);
        waitpid(session->program, NULL, 0);
    } else if (status != GCR_OK && status != GCR_USAGE) {
        session_let_go(session, err);
    }
    session->recording->not_followed = atomic_load(&session->segment->not_followed);
    for (unsigned i = 0; i < GCR_REFUSALS; i++)
        session->recording->skipped[i] = atomic_load(&session->segment->skipped[i]);
    if (status == GCR_OK && atomic_load(&session->segment->claimed) == 0)
        return gcr_fail(err, GCR_USAGE,
                        "%s started no CPython 3.11 that the recorder could enter (a statically "
                        "linked or set-user-id program?)",
                        session->config->command[0]);
    if (status == GCR_OK && orders_never_began(&session->orders))
        return gcr_fail(err, GCR_UNSUPPORTED,
                        "nothing is recorded: the program ended (status %d) before recording began",
                        session->recording->program_status);
    if (atomic_load(&session->segment->unsampled_is_told) != 0)
        memcpy(session->recording->unsampled_reason, session->segment->unsampled_reason,
               sizeof session->recording->unsampled_reason);
    return status;
}

static void session_release(struct session *session)
{
    groups_release(&session->groups);
    if (session->segment != NULL) {
        /* Whatever is still recorded stops by itself. Fails where it was unlocked before. */
        (void)pthread_mutex_unlock(&session->segment->recorder_lives);
        munmap(session->segment, sizeof *session->segment);
    }
    if (session->segment_file >= 0)
        close(session->segment_file);
    launch_release(&session->launch);
    if (session->signals >= 0) {
        close(session->signals);
        sigprocmask(SIG_SETMASK, &session->old_mask, NULL);
        sigaction(SIGXFSZ, &session->old_size, NULL);
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
    gcr_status status = launch_prepare(&session.launch, config, err);
    if (status == GCR_OK)
        status = session_create_segment(&session, err);
    if (status == GCR_OK)
        status = groups_init(&session.groups, config, session.segment, recording, err);
    if (status == GCR_OK) {
        drain_init(&session.drain, session.segment, &session.groups);
        status = session_run(&session, err);
        drain_finish(&session.drain);
    }
    session_release(&session);
    return status;
}

void gcr_recorder_counts_add(struct gcr_recorder_counts *sum,
                             const struct gcr_recorder_counts *counts)
{
    uint64_t *to = (uint64_t *)sum;
    const uint64_t *from = (const uint64_t *)counts;
    for (size_t i = 0; i < sizeof *counts / sizeof *from; i++)
        to[i] += from[i];
}

void gcr_recording_release(struct gcr_recording *recording)
{
    for (size_t i = 0; i < recording->trace_count; i++)
        free(recording->traces[i].path);
    free(recording->traces);
    recording->traces = NULL;
    recording->trace_count = 0;
}
