/* What part of the replay clock is the harness's: the same trace on a design and on one that does
 * nothing (null_design.h), interleaved.
 *
 *     harness_share TRACE [DESIGN [ROUNDS]]
 *
 * What the loop costs where nothing else is done is taken for what it costs beside a heap: an upper
 * bound as far as processors do both at once, a lower one as far as the heap throws the loop's
 * tables out of the caches. Decoding is off the clock; its part of wall time is printed too. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/option.h"
#include "bench/null_design.h"
#include "sim/replay/replay.h"

enum { MAX_ROUNDS = 99 };

/* ---- an engine around nothing ---- */

static gcr_status null_create(const struct gcr_heap_config *config, struct gcr_host *host,
                              struct gcr_heap **out, struct gcr_error *err);

static void null_destroy(struct gcr_heap *heap)
{
    free(heap);
}

static gcr_ref null_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                             uint32_t cookie)
{
    gcr_ref root;

    return null_alloc(heap, shape, length, 0, cookie, &root, false);
}

static bool null_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length)
{
    (void)heap;
    (void)handle;
    (void)length;
    return true;
}

static bool null_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target)
{
    (void)heap;
    (void)weak;
    (void)target;
    return true;
}

static void null_footprint(struct gcr_heap *heap, struct gcr_footprint *out)
{
    (void)heap;
    *out = (struct gcr_footprint){0};
}

static const struct gcr_collector null_collector = {
    .name = "nothing",
    .generations = 1,
    .create = null_create,
    .destroy = null_destroy,
    .prebuilt = null_prebuilt,
    .resize = null_resize,
    .weakref = null_weakref,
    .footprint = null_footprint,
};

static gcr_status null_create(const struct gcr_heap_config *config, struct gcr_host *host,
                              struct gcr_heap **out, struct gcr_error *err)
{
    struct null_heap *h = calloc(1, sizeof *h);

    (void)config;
    if (h == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory");
    h->heap = gcr_heap_begin(&null_collector, host);
    *out = &h->heap;
    return GCR_OK;
}

static size_t null_run(struct gcr_replay_state *state, const struct gcr_event *events, size_t n)
{
    return gcr_loop_batch(&null_ops, false, state, events, n);
}

static void null_update_handles(struct gcr_replay_state *state, bool minor)
{
    (void)state;
    (void)minor;
}

static const struct gcr_engine null_engine = {.collector = &null_collector,
                                              .mutator = &null_ops,
                                              .run = null_run,
                                              .update_handles = null_update_handles};

/* ---- measuring ---- */

/* Nanoseconds an event, deaths not counted. */
struct sample {
    double clock, wall;
};

static gcr_status replay(struct gcr_reader *reader, const struct gcr_engine *engine,
                         struct sample *out, struct gcr_error *err)
{
    static const struct gcr_option none[] = {{0}};
    const struct gcr_option *table = engine->collector->options;
    struct gcr_option_values options;
    struct gcr_result result;
    uint64_t clock_ns = 0, wall_ns = 0, events = 0;
    gcr_status status;

    gcr_options_init(table != NULL ? table : none, &options);
    const struct gcr_replay_config config = {
        .reader = reader, .engine = engine, .options = &options};
    status = gcr_replay(&config, &result, err);
    if (status != GCR_OK)
        return status;
    for (size_t i = 0; i < result.lane_count; i++) {
        clock_ns += result.lanes[i].mutator_ns + result.lanes[i].collector_ns;
        wall_ns += result.lanes[i].wall_ns;
        events += result.lanes[i].events_without_deaths;
    }
    if (result.outcome != GCR_OUTCOME_OK || events == 0)
        status = gcr_fail(err, GCR_FAULT, "%s: %s", engine->collector->name, result.message);
    *out = (struct sample){(double)clock_ns / (double)events, (double)wall_ns / (double)events};
    gcr_result_finish(&result);
    return status;
}

static int compare(const void *left, const void *right)
{
    const double *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
    return n % 2 != 0 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static gcr_status measure(struct gcr_reader *reader, const struct gcr_engine *design, size_t rounds,
                          struct gcr_error *err)
{
    double nothing[MAX_ROUNDS], clock[MAX_ROUNDS], wall[MAX_ROUNDS];
    struct sample sample = {0, 0};
    gcr_status status = GCR_OK;

    for (size_t i = 0; i < rounds && status == GCR_OK; i++) {
        status = replay(reader, &null_engine, &sample, err);
        nothing[i] = sample.clock;
        if (status == GCR_OK)
            status = replay(reader, design, &sample, err);
        clock[i] = sample.clock;
        wall[i] = sample.wall;
    }
    if (status != GCR_OK)
        return status;
    double harness = median(nothing, rounds), replay_ns = median(clock, rounds),
           wall_ns = median(wall, rounds);
    printf("%s: %.2f ns an event on the replay clock, of which the harness %.2f ns: %.1f %%\n",
           design->collector->name, replay_ns, harness, 100 * harness / replay_ns);
    printf("%.2f ns of wall time, decoding and figures included: harness %.1f %%\n", wall_ns,
           100 * (wall_ns - replay_ns + harness) / wall_ns);
    return GCR_OK;
}

int main(int argc, char **argv)
{
    const struct gcr_engine *design = gcr_engine_find(argc > 2 ? argv[2] : "semispace");
    size_t rounds = argc > 3 ? strtoul(argv[3], NULL, 10) : 5;
    struct gcr_reader *reader = NULL;
    struct gcr_error err;
    gcr_status status;

    if (argc < 2 || argc > 4 || design == NULL || rounds < 1 || rounds > MAX_ROUNDS) {
        fprintf(stderr, "usage: harness_share TRACE [DESIGN [ROUNDS]]\n");
        return 2;
    }
    status = gcr_reader_open(argv[1], &reader, &err);
    if (status == GCR_OK) {
        status = measure(reader, design, rounds, &err);
        gcr_reader_close(reader);
    }
    if (status != GCR_OK)
        fprintf(stderr, "harness_share: %s\n", err.text);
    return status == GCR_OK ? 0 : 2;
}
