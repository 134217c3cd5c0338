#include "bench/pretend.h"

#include <stdlib.h>

#include "sim/replay/prepare.h"

/* ---- an engine around nothing ---- */

static gcr_ref pretend_forwarded(struct gcr_heap *heap, gcr_ref object)
{
    (void)heap;
    return (gcr_ref)((uintptr_t)object ^ 0x10);
}

static const struct gcr_mutator_ops pretend_ops = {.alloc = null_alloc,
                                                   .store = null_store,
                                                   .copy = null_copy,
                                                   .load = null_load,
                                                   .forwarded = pretend_forwarded};
static const struct gcr_collector pretend_collector = {.name = "pretend"};
static const struct gcr_engine pretend_engine = {.collector = &pretend_collector,
                                                 .mutator = &pretend_ops};

static GCR_NOINLINE size_t pretend_run(struct gcr_replay_state *state,
                                       const struct gcr_event *events, size_t n)
{
    return gcr_loop_batch(&pretend_ops, false, state, events, n);
}

/* ---- events in memory ---- */

void bench_pretend_close(void *fixture)
{
    struct bench_pretend *r = fixture;
    gcr_state_finish(&r->state);
    free(r->shapes);
    free(r->events);
    free(r);
}

struct bench_pretend *bench_pretend_open(struct gcr_bench *b, struct gcr_shape *shapes,
                                         uint32_t shape_count, struct gcr_event *events,
                                         size_t count)
{
    struct bench_pretend *r = calloc(1, sizeof *r);
    if (r == NULL || events == NULL || shapes == NULL) {
        free(r);
        free(events);
        free(shapes);
        gcr_bench_fail(b, "no memory");
        return NULL;
    }
    r->shapes = shapes;
    r->events = events;
    r->count = count;
    gcr_state_init(&r->state, &pretend_engine, shapes, shape_count, &r->capabilities);
    r->state.heap = &r->heap.heap;
    return r;
}

bool bench_pretend_prepare(struct bench_pretend *r)
{
    for (size_t at = 0; at < r->count; at += BENCH_PRETEND_BATCH) {
        size_t n = r->count - at < BENCH_PRETEND_BATCH ? r->count - at : BENCH_PRETEND_BATCH;
        struct gcr_preparation done = gcr_prepare_batch(&r->state, &r->events[at], n);
        if (done.what != GCR_PREPARED_ALL || done.usable != n)
            return false;
    }
    return true;
}

bool bench_pretend_run(struct bench_pretend *r)
{
    for (size_t at = 0; at < r->count; at += BENCH_PRETEND_BATCH) {
        size_t n = r->count - at < BENCH_PRETEND_BATCH ? r->count - at : BENCH_PRETEND_BATCH;
        r->state.batch = &r->events[at];
        if (pretend_run(&r->state, &r->events[at], n) != n)
            return false;
    }
    return true;
}

void bench_pretend_update(struct bench_pretend *r)
{
    gcr_loop_update_handles(&pretend_ops, &r->state, false);
}
