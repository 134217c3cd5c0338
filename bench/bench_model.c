/* The cache model's speed: bench/README.md. */
#include <stdbool.h>
#include <sys/mman.h>

#include "base/compiler.h"
#include "bench/shim.h"
#include "bench/trees.h"
#include "sim/model/model.h"
#include "sim/model/pages.h"

enum { HALF_BYTES = 16 << 20, STREAM_LENGTH = 1 << 20 };

struct setting {
    const char *geometry;
    enum gcr_model_vectors vectors;
    bool pages;
    uintptr_t (*next)(uintptr_t at, uint64_t step); /* of a synthetic stream; NULL: trees */
};

static char *heap; /* of the supply's region, so that its pages are tracked */
static struct gcr_supply supply;
static uint64_t expected; /* the trees' checksum */
static struct gcr_error error;

/* ---- a heap and a model ---- */

static const char *prepare_heap(const void *arg)
{
    (void)arg;
    gcr_supply_init(&supply, 0);
    if (gcr_pages_are_open())
        gcr_supply_observe(&supply, &gcr_pages_observer);
    heap = gcr_supply_map(&supply, GCR_PAGES_OBJECTS, 2 * HALF_BYTES, GCR_PAGE_BYTES);
    if (heap == NULL)
        return "no memory";
    expected = trees_run_timed(heap, HALF_BYTES);
    return NULL;
}

static const char *prepare_model(const void *arg)
{
    const struct setting *setting = arg;
    struct gcr_geometry geometry;
    if (gcr_geometry_parse(setting->geometry, &geometry, &error) != GCR_OK)
        return error.text;
    struct gcr_model_config config = {
        .geometry = &geometry, .vectors = setting->vectors, .pages = setting->pages};
    if (gcr_model_open(&config, &error) != GCR_OK)
        return error.text;
    const char *refused = prepare_heap(NULL);
    gcr_pages_fork(); /* stores have something to find out */
    gcr_model_pause(refused != NULL);
    return refused;
}

static void finish(void)
{
    gcr_model_close();
    gcr_supply_unmap(&supply, GCR_PAGES_OBJECTS, heap, 2 * HALF_BYTES);
}

/* ---- what is run ---- */

static uint64_t accesses_so_far(void)
{
    struct gcr_model_counts counts;
    uint64_t sum = 0;
    gcr_model_read(&counts);
    for (int i = 0; i < GCR_PHASE_COUNT; i++)
        sum += counts.phase[i].reads + counts.phase[i].writes;
    return sum;
}

static uint64_t run_trees_timed(const void *arg)
{
    (void)arg;
    if (trees_run_timed(heap, HALF_BYTES) != expected)
        return 0;
    return 1;
}

/* With the model closed it counts runs: what the callbacks cost that find nobody. */
static uint64_t run_trees_modelled(const void *arg)
{
    (void)arg;
    uint64_t before = accesses_so_far();
    if (trees_run_modelled(heap, HALF_BYTES) != expected)
        return 0;
    return gcr_model_is_open() ? accesses_so_far() - before : 1;
}

static uint64_t run_stream(const void *arg)
{
    const struct setting *setting = arg;
    uintptr_t at = (uintptr_t)heap;
    for (uint64_t step = 0; step < STREAM_LENGTH; step++) {
        at = setting->next(at, step);
        gcr_model_access((const void *)at, 8, step % 4 == 0);
    }
    return STREAM_LENGTH;
}

static uintptr_t same_line(uintptr_t at, uint64_t step)
{
    return (at & ~(uintptr_t)63) + step % 8 * 8;
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

int main(int argc, char **argv)
{
    static const struct setting settings[] = {
        {"zen4", GCR_VECTORS_BEST, false, same_line},
        {"zen4", GCR_VECTORS_BEST, false, along},
        {"zen4", GCR_VECTORS_BEST, false, everywhere},
        {"zen4", GCR_VECTORS_AVX512, false, NULL},
        {"zen4", GCR_VECTORS_AVX512, true, NULL},
        {"zen4", GCR_VECTORS_AVX2, false, NULL},
        {"zen4", GCR_VECTORS_SCALAR, false, NULL},
        {"skylake-server", GCR_VECTORS_BEST, false, NULL},
        {"zen4,prefetch=on", GCR_VECTORS_BEST, false, NULL},
    };
#define MODEL prepare_model, finish
    const struct bench_case cases[] = {
        {"stream/same_line", &settings[0], MODEL, run_stream},
        {"stream/along", &settings[1], MODEL, run_stream},
        {"stream/everywhere", &settings[2], MODEL, run_stream},
        {"trees/timed", NULL, prepare_heap, finish, run_trees_timed},
        {"trees/zen4/avx512", &settings[3], MODEL, run_trees_modelled},
        {"trees/zen4/avx512/pages", &settings[4], MODEL, run_trees_modelled},
        {"trees/zen4/avx2", &settings[5], MODEL, run_trees_modelled},
        {"trees/zen4/scalar", &settings[6], MODEL, run_trees_modelled},
        {"trees/skylake-server", &settings[7], MODEL, run_trees_modelled},
        {"trees/zen4/prefetch", &settings[8], MODEL, run_trees_modelled},
        {"trees/unseen", NULL, prepare_heap, finish, run_trees_modelled},
    };
    return bench_main(argc, argv, cases, GCR_COUNT_OF(cases));
}
