/* The cache model's speed: bench/README.md. */
#include <stdbool.h>

#include "base/compiler.h"
#include "bench/gcr_bench.h"
#include "bench/trees.h"
#include "sim/model/model.h"
#include "sim/model/pages.h"

enum {
    HALF_BYTES = 16 << 20, /* of the trees' heap */
    STREAM_BYTES = 64 << 20,
    STREAM_LENGTH = 1 << 20,
    LINE_BYTES = 64
};

struct setting {
    const char *geometry;
    enum gcr_model_vectors vectors;
    bool pages;
    bool blind;                                     /* the model is there, and paused */
    uintptr_t (*next)(uintptr_t at, uint64_t step); /* of a synthetic stream; NULL: trees */
};

/* The model is one in a process, and so is what it looks at. */
static char *heap; /* of the supply's region, so that its pages are tracked */
static uint64_t heap_bytes;
static struct gcr_supply supply;
static uint64_t expected; /* the trees' checksum */
static struct gcr_error error;

/* ---- a heap and a model ---- */

static bool heap_open(struct gcr_bench *b, uint64_t bytes)
{
    gcr_supply_init(&supply, 0);
    if (gcr_pages_are_open())
        gcr_supply_observe(&supply, &gcr_pages_observer);
    heap_bytes = bytes;
    heap = gcr_supply_map(&supply, GCR_PAGES_OBJECTS, bytes, GCR_PAGE_BYTES);
    if (heap == NULL)
        gcr_bench_fail(b, "no memory");
    return heap != NULL;
}

static void heap_close(void *fixture)
{
    (void)fixture;
    gcr_supply_unmap(&supply, GCR_PAGES_OBJECTS, heap, heap_bytes);
}

static void *trees_setup(struct gcr_bench *b)
{
    if (heap_open(b, 2 * HALF_BYTES))
        expected = trees_run_timed(heap, HALF_BYTES);
    return NULL;
}

static void *model_setup(struct gcr_bench *b)
{
    const struct setting *setting = gcr_bench_context(b);
    struct gcr_geometry geometry;
    if (gcr_geometry_parse(setting->geometry, &geometry, &error) != GCR_OK) {
        gcr_bench_fail(b, error.text);
        return NULL;
    }
    struct gcr_model_config config = {
        .geometry = &geometry, .vectors = setting->vectors, .pages = setting->pages};
    if (gcr_model_open(&config, &error) != GCR_OK) {
        gcr_bench_skip(b, error.text);
        return NULL;
    }
    if (setting->next == NULL)
        (void)trees_setup(b);
    else
        (void)heap_open(b, STREAM_BYTES);
    if (heap == NULL) {
        gcr_model_close();
        return NULL;
    }
    gcr_pages_fork(); /* stores have something to find out */
    gcr_model_pause(setting->blind);
    return NULL;
}

static void model_teardown(void *fixture)
{
    gcr_model_close();
    heap_close(fixture);
}

/* ---- what the model saw ---- */

static struct gcr_cache_counts counts_so_far(void)
{
    struct gcr_model_counts counts;
    struct gcr_cache_counts sum = {0};
    gcr_model_read(&counts);
    for (int i = 0; i < GCR_PHASE_COUNT; i++)
        gcr_cache_counts_add(&sum, &counts.phase[i]);
    return sum;
}

/* Misses of each level for one access: what a stream's name promises. */
static void report_misses(struct gcr_bench *b, const struct gcr_cache_counts *c)
{
    double accesses = (double)(c->reads + c->writes);
    if (accesses == 0)
        return;
    gcr_bench_count(b, "l1_miss", (double)(c->l1_read_misses + c->l1_write_misses) / accesses,
                    GCR_BENCH_VALUE);
    gcr_bench_count(b, "l2_miss", (double)(c->l2_read_misses + c->l2_write_misses) / accesses,
                    GCR_BENCH_VALUE);
    gcr_bench_count(b, "llc_miss", (double)(c->llc_read_misses + c->llc_write_misses) / accesses,
                    GCR_BENCH_VALUE);
    gcr_bench_count(b, "tlb1_miss", (double)c->tlb1_misses / accesses, GCR_BENCH_VALUE);
    gcr_bench_count(b, "tlb2_miss", (double)c->tlb2_misses / accesses, GCR_BENCH_VALUE);
}

/* ---- trees ---- */

static void run_trees_timed(struct gcr_bench *b, void *fixture)
{
    (void)fixture;
    while (gcr_bench_batch(b, 1))
        if (trees_run_timed(heap, HALF_BYTES) != expected)
            gcr_bench_fail(b, "the trees have changed");
}

/* With the model closed: what the callbacks cost that find nobody. */
static void run_trees_modelled(struct gcr_bench *b, void *fixture)
{
    (void)fixture;
    if (gcr_model_is_open())
        gcr_model_restart();
    while (gcr_bench_batch(b, 1))
        if (trees_run_modelled(heap, HALF_BYTES) != expected)
            gcr_bench_fail(b, "the trees have changed");
    if (!gcr_model_is_open())
        return;
    struct gcr_cache_counts counts = counts_so_far();
    gcr_bench_items(b, (int64_t)(counts.reads + counts.writes));
    report_misses(b, &counts);
}

/* ---- streams ---- */

/* The caches and TLBs hold what the stream leaves in them before the clock starts. */
static void stream_once(const struct setting *setting)
{
    uintptr_t at = (uintptr_t)heap;
    for (uint64_t step = 0; step < STREAM_LENGTH; step++) {
        at = setting->next(at, step);
        gcr_model_access((const void *)at, 8, step % 4 == 0);
    }
}

static void run_stream(struct gcr_bench *b, void *fixture)
{
    const struct setting *setting = gcr_bench_context(b);
    (void)fixture;
    stream_once(setting);
    gcr_model_restart();
    while (gcr_bench_batch(b, STREAM_LENGTH))
        stream_once(setting);
    struct gcr_cache_counts counts = counts_so_far();
    gcr_bench_items(b, gcr_bench_iterations(b));
    report_misses(b, &counts);
}

static uintptr_t same_line(uintptr_t at, uint64_t step)
{
    return (at & ~(uintptr_t)(LINE_BYTES - 1)) + step % 8 * 8;
}

static uintptr_t along(uintptr_t at, uint64_t step)
{
    return step == 0 ? at : at + 8;
}

static uintptr_t everywhere(uintptr_t at, uint64_t step)
{
    uint64_t mixed = (step + 1) * UINT64_C(0x9e3779b97f4a7c15);
    (void)at;
    return (uintptr_t)heap + (mixed >> 40) % (2 * HALF_BYTES) / 8 * 8;
}

/* Line after line, round and round: with LRU, all of them hit or all of them miss. */
static uintptr_t around(uint64_t step, uint64_t bytes)
{
    return (uintptr_t)heap + step * LINE_BYTES % bytes;
}

static uintptr_t within_l1(uintptr_t at, uint64_t step)
{
    (void)at;
    return around(step, 16 << 10);
}

static uintptr_t within_l2(uintptr_t at, uint64_t step)
{
    (void)at;
    return around(step, 192 << 10);
}

static uintptr_t within_llc(uintptr_t at, uint64_t step)
{
    (void)at;
    return around(step, 8 << 20);
}

static uintptr_t beyond_llc(uintptr_t at, uint64_t step)
{
    (void)at;
    return around(step, STREAM_BYTES);
}

/* A line in each of 256 pages, four in each set of L1. */
static uintptr_t beyond_tlb1(uintptr_t at, uint64_t step)
{
    uint64_t page = step % 256;
    (void)at;
    return (uintptr_t)heap + page * GCR_PAGE_BYTES + page % 64 * LINE_BYTES;
}

/* A line in each of 8192 pages, four in each set of L2. */
static uintptr_t beyond_tlb2(uintptr_t at, uint64_t step)
{
    uint64_t page = step % 8192;
    (void)at;
    return (uintptr_t)heap + page * GCR_PAGE_BYTES + page / 32 % 64 * LINE_BYTES;
}

/* ---- the rows ---- */

struct row {
    const char *name;
    struct setting setting;
};

static const struct row streams[] = {
    {"stream/unseen", {"zen4", .vectors = GCR_VECTORS_BEST, .blind = true, .next = along}},
    {"stream/same_line", {"zen4", .vectors = GCR_VECTORS_BEST, .next = same_line}},
    {"stream/along", {"zen4", .vectors = GCR_VECTORS_BEST, .next = along}},
    {"stream/everywhere", {"zen4", .vectors = GCR_VECTORS_BEST, .next = everywhere}},
    {"stream/l1_hit", {"zen4", .vectors = GCR_VECTORS_BEST, .next = within_l1}},
    {"stream/l2_hit", {"zen4", .vectors = GCR_VECTORS_BEST, .next = within_l2}},
    {"stream/llc_hit", {"zen4", .vectors = GCR_VECTORS_BEST, .next = within_llc}},
    {"stream/llc_miss", {"zen4", .vectors = GCR_VECTORS_BEST, .next = beyond_llc}},
    {"stream/tlb1_miss", {"zen4", .vectors = GCR_VECTORS_BEST, .next = beyond_tlb1}},
    {"stream/tlb2_miss", {"zen4", .vectors = GCR_VECTORS_BEST, .next = beyond_tlb2}},
};

static const struct row trees[] = {
    {"trees/zen4/avx512", {"zen4", .vectors = GCR_VECTORS_AVX512}},
    {"trees/zen4/avx512/pages", {"zen4", .vectors = GCR_VECTORS_AVX512, .pages = true}},
    {"trees/zen4/avx2", {"zen4", .vectors = GCR_VECTORS_AVX2}},
    {"trees/zen4/scalar", {"zen4", .vectors = GCR_VECTORS_SCALAR}},
    {"trees/skylake-server", {"skylake-server", .vectors = GCR_VECTORS_BEST}},
    {"trees/zen4/prefetch", {"zen4,prefetch=on", .vectors = GCR_VECTORS_BEST}},
};

static void add(const struct row *row, void (*run)(struct gcr_bench *b, void *fixture),
                enum gcr_bench_unit unit)
{
    struct gcr_benchmark benchmark = {.name = row->name,
                                      .run = run,
                                      .setup = model_setup,
                                      .teardown = model_teardown,
                                      .context = &row->setting,
                                      .unit = unit};
    gcr_bench_add(&benchmark);
}

int main(int argc, char **argv)
{
    static const struct gcr_benchmark without_model[] = {
        {.name = "trees/timed",
         .run = run_trees_timed,
         .setup = trees_setup,
         .teardown = heap_close,
         .unit = GCR_BENCH_MS},
        {.name = "trees/unseen",
         .run = run_trees_modelled,
         .setup = trees_setup,
         .teardown = heap_close,
         .unit = GCR_BENCH_MS},
    };
    for (size_t i = 0; i < GCR_COUNT_OF(streams); i++)
        add(&streams[i], run_stream, GCR_BENCH_NS);
    for (size_t i = 0; i < GCR_COUNT_OF(trees); i++)
        add(&trees[i], run_trees_modelled, GCR_BENCH_MS);
    return gcr_bench_main(argc, argv, without_model, GCR_COUNT_OF(without_model));
}
