/* Forks. Behind the closed gate the parent's events are in the file, FORK last, before the child
 * exists; so the child begins with empty buffers, and its lane begins there, too: with the number
 * of the thread that forks, in the same write. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "traces/gctrace/recording.h"

/* ---- before ---- */

static bool fork_fail(struct gctrace *recording, gcr_status status, const struct gcr_error *err)
{
    if (status != GCR_OK)
        (void)recording_fail_as(recording, status, err);
    return status == GCR_OK;
}

/* The first event of the child's lane. */
static bool fork_begin_lane(struct gctrace *recording, uint32_t lane, struct gcr_error *err)
{
    const struct gcr_event first = {.op = GCR_OP_THREAD, .a = recording->current};
    size_t size;
    gcr_status status =
        gcr_block_encode(recording->encoder, lane, 0, &first, 1, recording->out, &size, err);
    if (status == GCR_OK)
        status = trace_file_append(&recording->file, recording->out, size, err);
    return fork_fail(recording, status, err);
}

static void fork_prepare_locked(struct gctrace *recording)
{
    struct gcr_error err;
    recording->fork_lane = GCR_MAX_LANES;
    if (recording->is_over || !recording_runs(recording))
        return;
    if (!recording->promises.forks) {
        (void)recording_fail(recording, GCTRACE_USAGE, "a fork: the options do not promise forks");
        return;
    }
    uint32_t lane = GCR_MAX_LANES;
    if (!fork_fail(recording, trace_file_add_lane(&recording->file, &lane, &err), &err) ||
        lane == GCR_MAX_LANES) /* the child's part is lost, the parent's goes on */
        return;
    const struct gcr_event event = {.op = GCR_OP_FORK, .a = lane};
    if (drain_emit(recording, recording->current, &event) && drain_write(recording) &&
        fork_begin_lane(recording, lane, &err))
        recording->fork_lane = lane;
}

void gctrace_fork_prepare(gctrace *recording, gctrace_thread *thread)
{
    recording->forker = thread;
    recording->fork_holds = gate_close(recording, &recording->fork_tickets);
    if (!recording->fork_holds)
        return;
    if (thread != NULL) /* its number begins the child's lane */
        (void)drain_switch(recording, thread->number);
    fork_prepare_locked(recording);
    (void)pthread_mutex_lock(&recording->names);
}

/* ---- after, in the parent ---- */

/* There is no child: its lane ends at once. */
static void fork_end_lane(struct gctrace *recording)
{
    const struct gcr_event end = {.op = GCR_OP_EXIT};
    struct gcr_error err;
    size_t size;
    gcr_status status = gcr_block_encode(recording->encoder, recording->fork_lane, 1, &end, 1,
                                         recording->out, &size, &err);
    if (status == GCR_OK)
        status = trace_file_append(&recording->file, recording->out, size, &err);
    if (status == GCR_OK)
        status = trace_file_settle(&recording->file, false, &err);
    (void)fork_fail(recording, status, &err);
}

void gctrace_fork_parent(gctrace *recording, pid_t pid)
{
    if (!recording->fork_holds)
        return;
    recording->fork_holds = false;
    if (pid < 0 && recording->fork_lane != GCR_MAX_LANES)
        fork_end_lane(recording);
    (void)pthread_mutex_unlock(&recording->names);
    gate_open(recording, recording->fork_tickets);
}

/* ---- after, in the child ---- */

/* The locks' holder is the parent's thread; here they are new. */
static void fork_renew_locks(struct gctrace *recording)
{
    (void)gate_init(recording);
    (void)pthread_mutex_init(&recording->drain, NULL);
    (void)pthread_mutex_init(&recording->names, NULL);
    (void)pthread_mutex_init(&recording->failure_lock, NULL);
}

/* The parent's other threads are not here. What they kept of names is lost, a few hundred each. */
static void fork_bury_threads(struct gctrace *recording)
{
    struct gctrace_thread *next;
    for (struct gctrace_thread *thread = recording->threads; thread != NULL; thread = next) {
        next = thread->next;
        if (thread == recording->forker)
            continue;
        (void)threads_clear_roots(recording, thread);
        threads_unlink(recording, thread);
        free(thread);
    }
}

void gctrace_fork_child(gctrace *recording)
{
    if (!recording->fork_holds)
        return;
    recording->fork_holds = false;
    fork_renew_locks(recording);
    recording->pid = getpid();
    recording->block_events = 0;
    if (recording->fork_lane == GCR_MAX_LANES) {
        recording->is_over = true;
        (void)recording_fail(recording, GCTRACE_LIMIT, "no more than %d processes", GCR_MAX_LANES);
    } else {
        struct gcr_error err;
        recording->lane = recording->fork_lane;
        recording->written = 1;
        fork_bury_threads(recording);
        (void)fork_fail(recording, trace_file_settle(&recording->file, true, &err), &err);
    }
    atomic_store(&recording->tickets, recording->fork_tickets);
}

/* ---- the whole ---- */

pid_t gctrace_fork(gctrace_thread *thread)
{
    if (thread == NULL || thread->recording->promises.fork_handlers)
        return fork();
    struct gctrace *recording = thread->recording;
    gctrace_fork_prepare(recording, thread);
    pid_t pid = fork();
    int reason = errno;
    if (pid == 0)
        gctrace_fork_child(recording);
    else
        gctrace_fork_parent(recording, pid);
    errno = reason;
    return pid;
}

/* ---- handlers: fork() itself records ----
 *
 * pthread_atfork passes no argument, hence the one list of recordings that a process has. */

static pthread_mutex_t handled_lock = PTHREAD_MUTEX_INITIALIZER;
static struct gctrace *handled;
static bool handlers_are_in;

static gctrace_thread *handled_caller(struct gctrace *recording)
{
    (void)pthread_mutex_lock(&recording->drain);
    struct gctrace_thread *thread = recording->threads;
    while (thread != NULL && !pthread_equal(thread->owner, pthread_self()))
        thread = thread->next;
    (void)pthread_mutex_unlock(&recording->drain);
    return thread;
}

static void handled_prepare(void)
{
    (void)pthread_mutex_lock(&handled_lock);
    for (struct gctrace *recording = handled; recording != NULL;
         recording = recording->next_handled)
        gctrace_fork_prepare(recording, handled_caller(recording));
}

static void handled_parent(void)
{
    for (struct gctrace *recording = handled; recording != NULL;
         recording = recording->next_handled)
        gctrace_fork_parent(recording, 0);
    (void)pthread_mutex_unlock(&handled_lock);
}

static void handled_child(void)
{
    for (struct gctrace *recording = handled; recording != NULL;
         recording = recording->next_handled)
        gctrace_fork_child(recording);
    (void)pthread_mutex_init(&handled_lock, NULL);
}

bool forks_handle(struct gctrace *recording)
{
    (void)pthread_mutex_lock(&handled_lock);
    if (!handlers_are_in)
        handlers_are_in = pthread_atfork(handled_prepare, handled_parent, handled_child) == 0;
    if (handlers_are_in) {
        recording->next_handled = handled;
        handled = recording;
    }
    bool is_in = handlers_are_in;
    (void)pthread_mutex_unlock(&handled_lock);
    return is_in;
}

void forks_forget(struct gctrace *recording)
{
    (void)pthread_mutex_lock(&handled_lock);
    struct gctrace **place = &handled;
    while (*place != NULL && *place != recording)
        place = &(*place)->next_handled;
    if (*place != NULL)
        *place = recording->next_handled;
    (void)pthread_mutex_unlock(&handled_lock);
}
