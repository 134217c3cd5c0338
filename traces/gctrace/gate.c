/* The gate: see recording.h. */
#include "traces/gctrace/recording.h"

int gate_init(struct gctrace *recording)
{
    pthread_mutexattr_t kind;
    int refused = pthread_mutexattr_init(&kind);
    if (refused == 0)
        refused = pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
    if (refused == 0)
        refused = pthread_mutex_init(&recording->gate, &kind);
    (void)pthread_mutexattr_destroy(&kind);
    return refused;
}

bool gate_close(struct gctrace *recording, uint64_t *tickets)
{
    if (pthread_mutex_lock(&recording->gate) != 0) {
        (void)recording_fail(recording, GCTRACE_USAGE,
                             "called between the steps of a fork by the thread that forks");
        return false;
    }
    *tickets = atomic_fetch_or_explicit(&recording->tickets, GATE_CLOSED, memory_order_relaxed);
    (void)pthread_mutex_lock(&recording->drain);
    if (drain_until(recording, *tickets))
        return true;
    gate_open(recording, *tickets);
    return false;
}

void gate_open(struct gctrace *recording, uint64_t tickets)
{
    (void)pthread_mutex_unlock(&recording->drain);
    atomic_store_explicit(&recording->tickets, tickets, memory_order_relaxed);
    (void)pthread_mutex_unlock(&recording->gate);
}

bool gate_wait(struct gctrace *recording)
{
    if (pthread_mutex_lock(&recording->gate) != 0) {
        (void)recording_fail(recording, GCTRACE_USAGE,
                             "an event between the steps of a fork, by the thread that forks");
        return false;
    }
    (void)pthread_mutex_unlock(&recording->gate);
    return true;
}
