/* The thread ticks under a lock that rest takes away from it: once rest(true) has returned, the
 * count stands still. */
#include "tests/replay/ticker.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "sim/replay/timing.h"
#include "tests/replay/twospace.h"

extern const struct gcr_engine gcr_engine_twospace;

struct ticker_counts ticker_counts;

static struct {
    struct gcr_collector collector;
    struct gcr_engine engine;
    bool is_concurrent;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool must_rest, must_end;
    bool runs; /* there is a thread */
    uint64_t ticks, ticks_when_rested;
} ticker;

static void *ticker_run(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&ticker.lock);
    while (!ticker.must_end) {
        if (ticker.must_rest) {
            pthread_cond_wait(&ticker.changed, &ticker.lock);
            continue;
        }
        ticker.ticks++;
        pthread_mutex_unlock(&ticker.lock);
        for (volatile int i = 0; i < 100; i++)
            ;
        pthread_mutex_lock(&ticker.lock);
    }
    pthread_mutex_unlock(&ticker.lock);
    return NULL;
}

static void ticker_start(void)
{
    ticker.must_end = false;
    pthread_mutex_init(&ticker.lock, NULL);
    pthread_cond_init(&ticker.changed, NULL);
    assert_int_equal(pthread_create(&ticker.thread, NULL, ticker_run, NULL), 0);
    ticker.runs = true;
}

static void ticker_end(void)
{
    pthread_mutex_lock(&ticker.lock);
    ticker.must_end = true;
    pthread_cond_signal(&ticker.changed);
    pthread_mutex_unlock(&ticker.lock);
    pthread_join(ticker.thread, NULL);
    ticker.runs = false;
}

/* Until the thread's work shows in the process's CPU time: a busy machine may not have scheduled it
 * since it was made, and a kernel's clock may count in coarse steps. A minute at most. */
static void ticker_await_work(void)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    uint64_t start_ns = gcr_helper_cpu_ns();

    for (int i = 0; i < 60000 && gcr_helper_cpu_ns() < start_ns + 1000000; i++)
        nanosleep(&moment, NULL);
}

static void ticker_rest(struct gcr_heap *heap, bool resting)
{
    (void)heap;
    if (resting)
        ticker_await_work();
    pthread_mutex_lock(&ticker.lock);
    assert_true(ticker.must_rest != resting);
    ticker.must_rest = resting;
    if (resting) {
        ticker_counts.rests++;
        ticker.ticks_when_rested = ticker.ticks;
    } else {
        ticker_counts.wakes++;
        ticker_counts.ticks_at_rest += ticker.ticks - ticker.ticks_when_rested;
    }
    pthread_cond_signal(&ticker.changed);
    pthread_mutex_unlock(&ticker.lock);
}

bool ticker_is_at_rest(void)
{
    bool at_rest;

    pthread_mutex_lock(&ticker.lock);
    at_rest = ticker.must_rest;
    pthread_mutex_unlock(&ticker.lock);
    return at_rest;
}

static void ticker_before_fork(struct gcr_heap *heap)
{
    (void)heap;
    ticker_counts.forks++;
    ticker_end();
}

static void ticker_after_fork(struct gcr_heap *heap, bool child)
{
    (void)heap;
    (void)child;
    ticker_start();
}

static gcr_status ticker_create(const struct gcr_heap_config *config, struct gcr_host *host,
                                struct gcr_heap **out, struct gcr_error *err)
{
    gcr_status status = gcr_collector_twospace.create(config, host, out, err);

    if (status != GCR_OK)
        return status;
    (*out)->concurrent = ticker.is_concurrent;
    if (ticker.is_concurrent)
        ticker_start();
    return GCR_OK;
}

static void ticker_destroy(struct gcr_heap *heap)
{
    ticker_counts.destroyed_at_rest = ticker.must_rest;
    if (ticker.is_concurrent)
        ticker_end();
    gcr_collector_twospace.destroy(heap);
}

static void ticker_collect(struct gcr_heap *heap, uint32_t generation, enum gcr_reason reason)
{
    const struct timespec time = {.tv_nsec = ticker_counts.hold_ms * 1000000};

    heap->host->stop_clock(heap->host, true);
    nanosleep(&time, NULL);
    heap->host->stop_clock(heap->host, false);
    if (ticker.runs && !ticker_is_at_rest())
        ticker_await_work();
    gcr_collector_twospace.collect(heap, generation, reason);
}

const struct gcr_engine *ticker_engine(bool concurrent, bool own_rest)
{
    ticker_counts = (struct ticker_counts){0};
    ticker.must_rest = false;
    ticker.ticks = 0;
    ticker.is_concurrent = concurrent;
    ticker.collector = gcr_collector_twospace;
    ticker.collector.caps |= GCR_CAP_THREADS; /* whose processor time is then looked at */
    ticker.collector.create = ticker_create;
    ticker.collector.destroy = ticker_destroy;
    ticker.collector.collect = ticker_collect;
    if (concurrent) {
        ticker.collector.before_fork = ticker_before_fork;
        ticker.collector.after_fork = ticker_after_fork;
        ticker.collector.rest = own_rest ? ticker_rest : NULL;
    }
    ticker.engine = gcr_engine_twospace;
    ticker.engine.collector = &ticker.collector;
    return &ticker.engine;
}
