#include "bench/heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/measure/clock.h"

enum { RENEW_ABOVE_BYTES = 256 << 20 };

/* ---- designs ---- */

enum { MAX_DESIGNS = 64 };

const struct bench_design *bench_designs(size_t *count)
{
    static struct bench_design designs[MAX_DESIGNS];
    const struct bench_loops *const *all = bench_loops_all(count);
    for (size_t i = 0; i < *count && i < MAX_DESIGNS; i++)
        designs[i].collector = all[i]->collector->name;
    return designs;
}

void bench_add_designs(void (*add)(const struct bench_design *design),
                       const struct bench_design *variants, size_t count)
{
    size_t plain_count;
    const struct bench_design *plain = bench_designs(&plain_count);
    for (size_t i = 0; i < plain_count; i++)
        add(&plain[i]);
    for (size_t i = 0; i < count; i++)
        add(&variants[i]);
}

void bench_design_name(const struct bench_design *design, const char *family, char *out,
                       size_t size)
{
    int used = snprintf(out, size, "%s/%s", family, design->collector);
    for (int i = 0; i < BENCH_MAX_SETTINGS && design->settings[i] != NULL; i++)
        if (used > 0 && (size_t)used < size)
            used += snprintf(out + used, size - (size_t)used, "/%s", design->settings[i]);
}

/* ---- the clock ---- */

static void heap_hold(struct bench_heap *h)
{
    if (h->depth++ == 0)
        h->hold_began_ns = gcr_monotonic_ns();
}

static void heap_go_on(struct bench_heap *h)
{
    if (--h->depth == 0)
        h->held_ns += gcr_monotonic_ns() - h->hold_began_ns;
}

uint64_t bench_heap_now_ns(const struct bench_heap *h)
{
    return gcr_monotonic_ns() - h->held_ns;
}

/* ---- the host's side ---- */

static struct bench_heap *heap_of(struct gcr_host *host)
{
    return (struct bench_heap *)host;
}

static const struct gcr_root_span *host_roots(struct gcr_host *host, size_t *count)
{
    *count = 2;
    return heap_of(host)->spans;
}

static void host_update_handles(struct gcr_host *host, struct gcr_heap *heap, bool minor)
{
    (void)host;
    (void)heap;
    (void)minor;
}

static void host_finalize(struct gcr_host *host, struct gcr_heap *heap, uint32_t cookie,
                          gcr_ref object)
{
    (void)host;
    (void)heap;
    (void)cookie;
    (void)object;
}

static void host_freed(struct gcr_host *host, gcr_ref object)
{
    (void)host;
    (void)object;
}

static void host_begin(struct gcr_host *host, struct gcr_heap *heap, enum gcr_reason reason,
                       uint32_t generation)
{
    struct bench_heap *h = heap_of(host);
    (void)heap;
    (void)reason;
    (void)generation;
    h->in_collection = true;
    heap_hold(h);
}

static void host_end(struct gcr_host *host, struct gcr_heap *heap,
                     const struct gcr_collection *done)
{
    struct bench_heap *h = heap_of(host);
    (void)heap;
    h->last = *done;
    h->collections++;
    h->in_collection = false;
    heap_go_on(h);
}

/* Outside collections: work for the collector begins, and ends with GCR_PHASE_MUTATOR. */
static void host_phase(struct gcr_host *host, enum gcr_gc_phase phase)
{
    struct bench_heap *h = heap_of(host);
    bool begins = phase != GCR_PHASE_MUTATOR;
    if (h->in_collection || begins == h->bracketed)
        return;
    h->bracketed = begins;
    if (begins)
        heap_hold(h);
    else
        heap_go_on(h);
}

static void host_stop_clock(struct gcr_host *host, bool stopped)
{
    if (stopped)
        heap_hold(heap_of(host));
    else
        heap_go_on(heap_of(host));
}

/* ---- opening and closing ---- */

static gcr_status heap_create(struct bench_heap *h, struct gcr_error *err)
{
    const struct gcr_heap_config config = {.options = &h->options};
    gcr_supply_init(&h->supply, 0);
    memset(h->globals, 0, sizeof h->globals);
    memset(h->roots, 0, h->root_count * sizeof *h->roots);
    return h->loops->collector->create(&config, &h->host, &h->heap, err);
}

static void heap_set_host(struct bench_heap *h, const struct gcr_shape *shapes,
                          uint32_t shape_count)
{
    h->host = (struct gcr_host){.shapes = shapes,
                                .shape_count = shape_count,
                                .capabilities = &h->capabilities,
                                .supply = &h->supply,
                                .roots = host_roots,
                                .update_handles = host_update_handles,
                                .finalize = host_finalize,
                                .freed = host_freed,
                                .collection_begin = host_begin,
                                .collection_end = host_end,
                                .phase = host_phase,
                                .stop_clock = host_stop_clock};
    h->capabilities.deaths = GCR_DEATHS_EXACT;
    h->spans[0] = (struct gcr_root_span){h->roots, h->root_count, 0};
    h->spans[1] = (struct gcr_root_span){h->globals, BENCH_GLOBAL_ROOTS, GCR_GLOBAL_ROOTS};
}

static gcr_status heap_set_options(struct bench_heap *h, const struct bench_design *design,
                                   struct gcr_error *err)
{
    gcr_status status = GCR_OK;
    if (h->loops->collector->options == NULL)
        return GCR_OK;
    gcr_options_init(h->loops->collector->options, &h->options);
    for (int i = 0; i < BENCH_MAX_SETTINGS && design->settings[i] != NULL && status == GCR_OK; i++)
        status = gcr_option_assign(&h->options, design->collector, design->settings[i], err);
    return status;
}

struct bench_heap *bench_heap_open(struct gcr_bench *b, const struct bench_design *design,
                                   const struct gcr_shape *shapes, uint32_t shape_count,
                                   size_t root_count)
{
    struct gcr_error err = {""};
    struct bench_heap *h = calloc(1, sizeof *h);
    gcr_ref *roots = calloc(root_count, sizeof *roots);
    gcr_status status = GCR_NO_MEMORY;
    if (h == NULL || roots == NULL) {
        snprintf(err.text, sizeof err.text, "no memory for %zu roots", root_count);
        goto fail;
    }
    h->loops = bench_loops_find(design->collector);
    h->roots = roots;
    h->root_count = root_count;
    heap_set_host(h, shapes, shape_count);
    status = heap_set_options(h, design, &err);
    if (status == GCR_OK)
        status = heap_create(h, &err);
    if (status == GCR_OK)
        return h;
fail:
    free(roots);
    free(h);
    if (status == GCR_UNSUPPORTED)
        gcr_bench_skip(b, err.text);
    else
        gcr_bench_fail(b, err.text);
    return NULL;
}

void bench_heap_close(struct bench_heap *h)
{
    if (h->heap != NULL)
        h->loops->collector->destroy(h->heap);
    free(h->roots);
    free(h);
}

bool bench_heap_renew(struct gcr_bench *b, struct bench_heap *h)
{
    struct gcr_error err = {""};
    h->loops->collector->destroy(h->heap);
    h->heap = NULL;
    if (heap_create(h, &err) == GCR_OK)
        return true;
    h->heap = NULL;
    gcr_bench_fail(b, err.text);
    return false;
}

/* ---- collections ---- */

void bench_heap_collect(struct bench_heap *h)
{
    if (gcr_collector_is(h->loops->collector, GCR_CAP_COLLECTS))
        h->loops->collector->collect(h->heap, 2, GCR_REASON_EXPLICIT);
}

void bench_heap_collect_minor(struct bench_heap *h)
{
    if (gcr_collector_is(h->loops->collector, GCR_CAP_COLLECTS))
        h->loops->collector->collect(h->heap, 0, GCR_REASON_EXPLICIT);
}

bool bench_heap_clear(struct gcr_bench *b, struct bench_heap *h, size_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        static const uint32_t first = 0;
        if (h->roots[i] != NULL)
            h->loops->drop(h->heap, &h->roots[i], &first, 1);
    }
    bool frees = gcr_collector_is(h->loops->collector, GCR_CAP_COLLECTS | GCR_CAP_NEEDS_DEATHS);
    if (!frees && h->supply.committed_bytes > RENEW_ABOVE_BYTES)
        return bench_heap_renew(b, h);
    bench_heap_collect(h);
    return true;
}

/* ---- orders ---- */

uint32_t *bench_order(size_t n)
{
    uint32_t *order = malloc(n * sizeof *order);
    for (size_t i = 0; order != NULL && i < n; i++)
        order[i] = (uint32_t)i;
    return order;
}

/* Fisher and Yates's, with Marsaglia's xorshift. */
void bench_shuffle(uint32_t *order, size_t n)
{
    uint64_t random = UINT64_C(88172645463325252);
    for (size_t i = n; i > 1; i--) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        size_t j = (size_t)(random % i);
        uint32_t value = order[i - 1];
        order[i - 1] = order[j];
        order[j] = value;
    }
}
