#include "bench/pretend.h"

#include <stdlib.h>

#include "sim/replay/loop.h"
#include "sim/replay/prepare.h"

/* ---- operations that do nothing ---- */

static gcr_ref pretend_alloc(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                             unsigned flags, uint32_t cookie, gcr_ref *root, bool global_root)
{
    struct bench_pretend_heap *p = (struct bench_pretend_heap *)heap;
    (void)shape;
    (void)length;
    (void)flags;
    (void)cookie;
    (void)global_root;
    p->next += 16;
    *root = (gcr_ref)p->next;
    return *root;
}

static void pretend_store(struct gcr_heap *heap, gcr_ref object, uint32_t slot, gcr_ref value)
{
    (void)heap;
    (void)object;
    (void)slot;
    (void)value;
}

static void pretend_copy(struct gcr_heap *heap, gcr_ref dst, uint32_t dst_slot, gcr_ref src,
                         uint32_t src_slot, uint32_t n)
{
    (void)heap;
    (void)dst;
    (void)dst_slot;
    (void)src;
    (void)src_slot;
    (void)n;
}

static void pretend_load(struct gcr_heap *heap, gcr_ref object, uint32_t slot, gcr_ref *root,
                         bool global_root)
{
    (void)heap;
    (void)slot;
    (void)global_root;
    *root = object;
}

static gcr_ref pretend_forwarded(struct gcr_heap *heap, gcr_ref object)
{
    (void)heap;
    return (gcr_ref)((uintptr_t)object ^ 0x10);
}

static const struct gcr_mutator_ops pretend_ops = {.alloc = pretend_alloc,
                                                   .store = pretend_store,
                                                   .copy = pretend_copy,
                                                   .load = pretend_load,
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
