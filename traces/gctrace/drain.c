/* Out of the rings, in the order of tickets, into blocks, into the file. After a failure rings are
 * still emptied, so that what came before it is kept and no one waits. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "traces/gctrace/recording.h"

/* Between taking a ticket and filing the event lie a few instructions: a thread that is not through
 * after so long has been stopped there, and the recording must not stop its program too. */
enum { DRAIN_PATIENCE_S = 10, DRAIN_SPINS = 64 };

/* The lane ends here; what is still in rings is dropped as it comes. */
static bool drain_fail(struct gctrace *recording, gcr_status status, const struct gcr_error *err)
{
    recording->is_over = true;
    (void)recording_fail_as(recording, status, err);
    return false;
}

bool drain_write(struct gctrace *recording)
{
    struct gcr_error err;
    size_t size;
    if (recording->block_events == 0)
        return true;
    if (recording->pid != getpid()) {
        struct gcr_error unseen;
        (void)gcr_fail(&unseen, GCR_USAGE,
                       "the process forked unseen (gctrace_fork, or fork_handlers)");
        return drain_fail(recording, GCR_USAGE, &unseen);
    }
    gcr_status status =
        gcr_block_encode(recording->encoder, recording->lane, recording->written, recording->block,
                         recording->block_events, recording->out, &size, &err);
    if (status == GCR_OK)
        status = trace_file_append(&recording->file, recording->out, size, &err);
    if (status != GCR_OK)
        return drain_fail(recording, status, &err);
    recording->written += recording->block_events;
    recording->block_events = 0;
    return true;
}

static bool drain_append(struct gctrace *recording, const struct gcr_event *event)
{
    recording->block[recording->block_events++] = *event;
    return recording->block_events < GCR_BLOCK_EVENTS || drain_write(recording);
}

/* Promises are kept, or the recording says at once that they are not. */
static const char *drain_broken_promise(const struct gctrace *recording,
                                        const struct gcr_event *event)
{
    const gctrace_options *promises = &recording->promises;
    switch (event->op) {
    case GCR_OP_DEATH:
        return promises->deaths == GCTRACE_DEATHS_NONE ? "deaths" : NULL;
    case GCR_OP_READ:
        return promises->reads == GCTRACE_READS_NONE ? "reads" : NULL;
    case GCR_OP_TIME:
        return promises->times == 0 ? "times" : NULL;
    case GCR_OP_FORK:
        return promises->forks == 0 ? "forks" : NULL;
    default:
        return NULL;
    }
}

/* What an event may be, short of knowing which objects are alive. */
static bool drain_check(struct gctrace *recording, uint32_t thread, const struct gcr_event *event)
{
    if (gct_event_is_plain(event) && event->op != GCR_OP_DEATH)
        return true;
    struct gcr_error err;
    gcr_status status = gct_check_event(event, &recording->limits, &err);
    const char *broken = drain_broken_promise(recording, event);
    if (status == GCR_OK && event->op == GCR_OP_PREBUILT &&
        (recording->has_begun || recording->lane != 0))
        status = gcr_fail(&err, GCR_INVALID_TRACE, "prebuilt must precede all other events");
    if (status == GCR_OK && broken != NULL)
        status = gcr_fail(&err, GCR_INVALID_TRACE, "%s: the options do not promise %s",
                          gcr_op_table[event->op].name, broken);
    if (status == GCR_OK)
        return true;
    gcr_error_prefix(&err, "event %" PRIu64 " of lane %u, thread %u",
                     recording->written + recording->block_events, recording->lane, thread);
    return drain_fail(recording, status, &err);
}

bool drain_switch(struct gctrace *recording, uint32_t thread)
{
    if (thread == recording->current || recording->is_over)
        return true;
    recording->current = thread;
    recording->has_begun = true;
    return drain_append(recording, &(struct gcr_event){.op = GCR_OP_THREAD, .a = thread});
}

bool drain_emit(struct gctrace *recording, uint32_t thread, const struct gcr_event *event)
{
    if (recording->is_over)
        return true;
    if (!drain_check(recording, thread, event) || !drain_switch(recording, thread))
        return false;
    recording->has_begun |= event->op != GCR_OP_PREBUILT;
    return drain_append(recording, event);
}

/* ---- the order ---- */

static bool drain_has_next(const struct gctrace *recording, struct gctrace_thread *thread)
{
    uint64_t at = atomic_load_explicit(&thread->drained, memory_order_relaxed);
    return at != atomic_load_explicit(&thread->head, memory_order_acquire) &&
           thread->ring[at % RING_ENTRIES].ticket == recording->next;
}

/* The thread that has the next event, brought to the front; or NULL. */
static struct gctrace_thread *drain_find(struct gctrace *recording)
{
    for (struct gctrace_thread **place = &recording->threads; *place != NULL;
         place = &(*place)->next) {
        struct gctrace_thread *thread = *place;
        if (!drain_has_next(recording, thread))
            continue;
        *place = thread->next;
        thread->next = recording->threads;
        recording->threads = thread;
        return thread;
    }
    return NULL;
}

static bool drain_await(struct gctrace *recording, struct gctrace_thread **thread)
{
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (unsigned spins = 0; (*thread = drain_find(recording)) == NULL; spins++) {
        if (!recording_runs(recording))
            return false;
        if (spins < DRAIN_SPINS) {
            sched_yield();
            continue;
        }
        const struct timespec pause = {0, 100000};
        nanosleep(&pause, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - begin.tv_sec <= DRAIN_PATIENCE_S)
            continue;
        (void)recording_fail(recording, GCTRACE_USAGE,
                             "a thread was stopped inside a call (stop threads at safepoints)");
        return false;
    }
    return true;
}

/* Takes out one thread's events as long as the next one is its, up to `until`. */
static void drain_run(struct gctrace *recording, struct gctrace_thread *thread, uint64_t until)
{
    uint64_t at = atomic_load_explicit(&thread->drained, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&thread->head, memory_order_acquire);
    while (at != head && recording->next < until &&
           thread->ring[at % RING_ENTRIES].ticket == recording->next) {
        (void)drain_emit(recording, thread->number, &thread->ring[at % RING_ENTRIES].event);
        at++;
        recording->next++;
    }
    atomic_store_explicit(&thread->drained, at, memory_order_release);
}

static bool drain_next(struct gctrace *recording, uint64_t until)
{
    struct gctrace_thread *thread = drain_find(recording);
    if (thread == NULL && !drain_await(recording, &thread))
        return false;
    drain_run(recording, thread, until);
    return true;
}

bool drain_until(struct gctrace *recording, uint64_t until)
{
    bool ok = true;
    while (ok && recording->next < until)
        ok = drain_next(recording, until);
    return ok;
}

bool drain_thread(struct gctrace *recording, struct gctrace_thread *thread)
{
    bool ok = true;
    while (ok && atomic_load_explicit(&thread->drained, memory_order_relaxed) !=
                     atomic_load_explicit(&thread->head, memory_order_relaxed))
        ok = drain_next(recording, UINT64_MAX);
    return ok;
}
