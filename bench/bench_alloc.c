/* What an allocation costs in each design, without its collections: bench/README.md.
 *
 * kept:  everything lives until its batch is over, then the batch is dropped and collected off the
 *        clock. A counting design's free is not in the figure.
 * churn: each object replaces the one before, in one root. What reclaims them in designs with a
 *        collector is off the clock; in a counting design it is the assignment, and counts. */
#include "bench/heap.h"

enum { SHAPES = 5, MAX_BATCH = 16384, MIN_BATCH = 1024, BATCH_BYTES = 4 << 20 };

/* Two pointers, and plain data. */
#define PLAIN(bytes, its_number)                                                                   \
    {                                                                                              \
        .field_bytes = (bytes), .slots = 2, .flags = GCR_SHAPE_CONTAINER, .number = (its_number)   \
    }
static const struct gcr_shape shapes[SHAPES + 1] = {
    [1] = PLAIN(16, 1),   [2] = PLAIN(64, 2),   [3] = PLAIN(256, 3),
    [4] = PLAIN(1024, 4), [5] = PLAIN(4096, 5),
};
static const int64_t sizes[SHAPES] = {16, 64, 256, 1024, 4096};

static const struct bench_design variants[] = {
    {"linked-list", {"counts=side"}},
    {"bitmap", {"counts=side"}},
    {"mark-sweep", {"allocator=pools"}},
    {"mark-sweep", {"allocator=pools", "marks=bitmap", "sweep=pools"}},
    {"parallel-mark-sweep", {"sweep=eager"}},
    {"explicit-free", {"allocator=system"}},
    {"explicit-free", {"allocator=jemalloc"}},
    {"explicit-free", {"allocator=mimalloc"}},
    {"semispace", {"clear=memset"}},
    {"semispace", {"clear=none"}},
    {"generational", {"zeroing=steps"}},
};

static const struct gcr_shape *shape_of(const struct gcr_bench *b)
{
    for (size_t i = 0; i < SHAPES; i++)
        if (sizes[i] == gcr_bench_arg(b, 0))
            return &shapes[i + 1];
    return &shapes[1];
}

static size_t batch_of(const struct gcr_shape *shape)
{
    size_t batch = BATCH_BYTES / shape->field_bytes;
    return batch > MAX_BATCH ? MAX_BATCH : batch < MIN_BATCH ? MIN_BATCH : batch;
}

/* One batch, so that the heap has found its size and its pages. */
static void *setup(struct gcr_bench *b)
{
    size_t batch = batch_of(shape_of(b));
    struct bench_heap *h = bench_heap_open(b, gcr_bench_context(b), shapes, SHAPES, batch);
    if (h == NULL)
        return NULL;
    if (h->loops->alloc(h->heap, shape_of(b), 0, h->roots, 1, batch) == batch &&
        bench_heap_clear(b, h, batch))
        return h;
    gcr_bench_fail(b, "the first batch does not fit");
    bench_heap_close(h);
    return NULL;
}

static void teardown(void *fixture)
{
    bench_heap_close(fixture);
}

static void run(struct gcr_bench *b, struct bench_heap *h, bool kept)
{
    const struct gcr_shape *shape = shape_of(b);
    size_t batch = batch_of(shape);
    uint64_t collections = 0;
    while (gcr_bench_batch(b, (int64_t)batch)) {
        uint64_t collections_before = h->collections, start_ns = bench_heap_now_ns(h);
        size_t made = h->loops->alloc(h->heap, shape, 0, h->roots, kept ? 1 : 0, batch);
        gcr_bench_set_time(b, (double)(bench_heap_now_ns(h) - start_ns) * 1e-9);
        collections += h->collections - collections_before;
        if (made < batch)
            gcr_bench_fail(b, "the heap is exhausted");
        else if (kept)
            (void)bench_heap_clear(b, h, batch);
    }
    gcr_bench_bytes(b, gcr_bench_iterations(b) * (int64_t)shape->field_bytes);
    gcr_bench_count(b, "collections", (double)collections, GCR_BENCH_PER_ITERATION);
}

static void run_kept(struct gcr_bench *b, void *fixture)
{
    run(b, fixture, true);
}

static void run_churn(struct gcr_bench *b, void *fixture)
{
    run(b, fixture, false);
}

static void add(const char *family, void (*body)(struct gcr_bench *b, void *fixture),
                const struct bench_design *design)
{
    char name[160];
    bench_design_name(design, family, name, sizeof name);
    struct gcr_benchmark benchmark = {.name = name,
                                      .run = body,
                                      .setup = setup,
                                      .teardown = teardown,
                                      .context = design,
                                      .axes = {{.name = "bytes", .values = sizes, .count = SHAPES}},
                                      .clock = GCR_BENCH_MANUAL};
    gcr_bench_add(&benchmark);
}

static void add_design(const struct bench_design *design)
{
    add("kept", run_kept, design);
    if (gcr_collector_is(bench_loops_find(design->collector)->collector, GCR_CAP_COLLECTS))
        add("churn", run_churn, design);
}

int main(int argc, char **argv)
{
    bench_add_designs(add_design, variants, GCR_COUNT_OF(variants));
    return gcr_bench_main(argc, argv, NULL, 0);
}
