/* Threads come and go. Their numbers are used again: whoever leaves has cleared its roots. */
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "traces/gctrace/recording.h"

/* The lowest number that is not in use; GCR_MAX_THREADS if there is none. */
static uint32_t threads_take_number(struct gctrace *recording)
{
    for (uint32_t i = 0; i < GCR_COUNT_OF(recording->numbers); i++) {
        if (~recording->numbers[i] == 0)
            continue;
        uint32_t bit = GCR_CTZ64(~recording->numbers[i]);
        recording->numbers[i] |= UINT64_C(1) << bit;
        return i * 64 + bit;
    }
    return GCR_MAX_THREADS;
}

void threads_unlink(struct gctrace *recording, struct gctrace_thread *thread)
{
    struct gctrace_thread **place = &recording->threads;
    while (*place != thread)
        place = &(*place)->next;
    *place = thread->next;
    recording->numbers[thread->number / 64] &= ~(UINT64_C(1) << thread->number % 64);
}

static bool threads_link(struct gctrace *recording, struct gctrace_thread *thread)
{
    if (recording->threads != NULL && !recording->promises.threads) {
        (void)recording_fail(recording, GCTRACE_USAGE,
                             "a second thread: the options do not promise threads");
        return false;
    }
    thread->number = threads_take_number(recording);
    if (thread->number == GCR_MAX_THREADS) {
        (void)recording_fail(recording, GCTRACE_LIMIT, "more than %d threads", GCR_MAX_THREADS);
        return false;
    }
    thread->next = recording->threads;
    recording->threads = thread;
    return true;
}

gctrace_thread *gctrace_attach(gctrace *recording, uint32_t named_roots)
{
    if (!recording_runs(recording))
        return NULL;
    if (named_roots > MAX_NAMED_ROOTS) {
        (void)recording_fail(recording, GCTRACE_USAGE, "%u named roots, at most %d are allowed",
                             named_roots, MAX_NAMED_ROOTS);
        return NULL;
    }
    struct gctrace_thread *thread = aligned_alloc(_Alignof(struct gctrace_thread), sizeof *thread);
    if (thread == NULL) {
        (void)recording_fail(recording, GCTRACE_NO_MEMORY, "no memory for a thread's events");
        return NULL;
    }
    memset(thread, 0, offsetof(struct gctrace_thread, ring));
    thread->recording = recording;
    thread->named = named_roots;
    thread->room = RING_ENTRIES;
    thread->owner = pthread_self();
    (void)pthread_mutex_lock(&recording->drain);
    bool is_linked = threads_link(recording, thread);
    (void)pthread_mutex_unlock(&recording->drain);
    if (is_linked)
        return thread;
    free(thread);
    return NULL;
}

void gctrace_detach(gctrace_thread *thread)
{
    if (thread == NULL)
        return;
    struct gctrace *recording = thread->recording;
    gctrace_pop(thread, gctrace_depth(thread));
    for (uint32_t slot = 0; slot < thread->named; slot++)
        gctrace_set_root(thread, GCTRACE_LOCAL(slot), 0);
    names_return(thread);
    (void)pthread_mutex_lock(&recording->drain);
    (void)drain_thread(recording, thread);
    threads_unlink(recording, thread);
    (void)pthread_mutex_unlock(&recording->drain);
    free(thread);
}

bool threads_clear_roots(struct gctrace *recording, const struct gctrace_thread *thread)
{
    uint32_t slots = thread->named + atomic_load_explicit(&thread->depth, memory_order_relaxed);
    bool ok = true;
    while (ok && slots-- > 0) {
        struct gcr_event clear = {.op = GCR_OP_ROOT, .a = gcr_root_thread(slots)};
        ok = drain_emit(recording, thread->number, &clear);
    }
    return ok;
}
