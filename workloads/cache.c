/* cache: a server's cache of values by key, which drops the least recently used.
 *
 * Source: this project; the load of memcached and its kin (Atikoglu, Xu, Frachtenberg, Jiang,
 * Paleczny: "Workload Analysis of a Large-Scale Key-Value Store", SIGMETRICS 2012): few keys are
 * asked for often, most values are small and a few are large. A table of buckets leads to chains of
 * entries, which are linked twice more, in the order of their last use, through a sentinel. A hit
 * reads the value and moves the entry to the front; a share `updates` of hits replaces the value; a
 * miss makes a value and an entry, and once more than `entries` are there the last one goes.
 *
 * Key of rank k is asked for with probability proportional to k^-skew (Zipf): cumulative weights
 * and a binary search. Powers are products of square roots, which every machine rounds alike. Sizes
 * are min-size times a power of two, spread within its octave: the exponent has the number of ones
 * among eight random bits (near to a log-normal distribution), or as many as come before the first
 * zero among twelve (heavy-tailed: half as many values of twice the size).
 *
 * Threads take turns of `turn` operations. With processes, the first one forks the others when its
 * cache is warm; all go on from the same cache with keys of their own. Deaths are exact. The peak
 * is found beforehand by running the same cache without writing. Memory: 40 bytes an entry, twice
 * if it forks, and 8 a key. */
#include "workloads/cache.h"
#include "base/splitmix.h"
#include "workloads/parts.h"
#include "workloads/registry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct gcr_option cache_options[] = {
    {"operations", GCR_OPT_COUNT, "operations", "200000", 0, 1e8, NULL, "of each process"},
    {"entries", GCR_OPT_COUNT, "entries", "10000", 1, 1e7, NULL, "that the cache holds at most"},
    {"keys", GCR_OPT_COUNT, "keys", "100000", 1, 1e7, NULL, "that are asked for"},
    {"skew", GCR_OPT_CHOICE, NULL, "1", 0, 0, "0|0.5|0.75|1|1.25|1.5",
     "exponent of Zipf's law; 0: all keys alike"},
    {"updates", GCR_OPT_RATIO, "1", "0.05", 0, 1, NULL, "share of hits that replace the value"},
    {"sizes", GCR_OPT_CHOICE, NULL, "log-normal", 0, 0, "log-normal|heavy-tailed",
     "distribution of the sizes of values"},
    {"min-size", GCR_OPT_BYTES, "bytes", "16", 1, 4096, NULL, "smallest value"},
    {"threads", GCR_OPT_COUNT, "threads", "1", 1, 4096, NULL, "that use the cache in turn"},
    {"turn", GCR_OPT_COUNT, "operations", "8", 1, 1e6, NULL, "of a thread at a time"},
    {"processes", GCR_OPT_COUNT, "processes", "1", 1, 256, NULL,
     "that go on from the warm cache, each with its copy"},
    {"warm", GCR_OPT_COUNT, "operations", "50000", 0, 1e8, NULL,
     "before the first process forks; without forks as well"},
    {"rate", GCR_OPT_COUNT, "operations", "100000", 1, 1e9, NULL,
     "a second in the recorded program, by its TIME events"},
    {"seed", GCR_OPT_COUNT, "1", "1", 0, 9007199254740992.0, NULL, "of the pseudo-random numbers"},
    {0}};

static struct cache cache_parameters(const struct gcr_option_values *options)
{
    static const uint32_t quarters[] = {0, 2, 3, 4, 5, 6};
    return (struct cache){
        .operations = gcr_option_number(options, "operations"),
        .entries = (uint32_t)gcr_option_number(options, "entries"),
        .keys = (uint32_t)gcr_option_number(options, "keys"),
        .skew_quarters = quarters[gcr_option_number(options, "skew")],
        .updates = parts_share(gcr_option_ratio(options, "updates")),
        .heavy = gcr_option_number(options, "sizes") == 1,
        .min = gcr_option_number(options, "min-size"),
        .threads = (uint32_t)gcr_option_number(options, "threads"),
        .turn = gcr_option_number(options, "turn"),
        .processes = (uint32_t)gcr_option_number(options, "processes"),
        .warm = gcr_option_number(options, "warm"),
        .rate = gcr_option_number(options, "rate"),
        .seed = gcr_option_number(options, "seed"),
    };
}

/* ---- keys ---- */

/* cumulative[k]: weights of ranks 1 .. k + 1. */
static double *cache_weights(const struct cache *cache)
{
    double *cumulative = malloc(cache->keys * sizeof *cumulative), sum = 0;
    for (uint32_t k = 0; cumulative != NULL && k < cache->keys; k++) {
        double quarter = sqrt(sqrt((double)k + 1)), power = 1;
        for (uint32_t i = 0; i < cache->skew_quarters; i++)
            power *= quarter;
        sum += 1 / power;
        cumulative[k] = sum;
    }
    return cumulative;
}

uint32_t cache_draw_key(const struct cache *cache, const double *cumulative, uint64_t *random)
{
    double at = (double)(gcr_splitmix_next(random) >> 11) * 0x1p-53 * cumulative[cache->keys - 1];
    uint32_t low = 0, high = cache->keys - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (cumulative[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

uint32_t cache_draw_size(const struct cache *cache, uint64_t *random)
{
    uint64_t bits = gcr_splitmix_next(random), least = cache->min;
    if (cache->heavy)
        for (unsigned i = 0; i < 12 && (bits >> i & 1) != 0; i++)
            least *= 2;
    else
        for (unsigned i = 0; i < 8; i++)
            least <<= bits >> i & 1;
    return (uint32_t)(least + gcr_splitmix_below(random, least));
}

/* ---- processes ---- */

/* `n` operations, of which the first has number `first`, for its time. */
static void cache_operations(struct cache_run *run, uint64_t first, uint64_t n)
{
    for (uint64_t i = 0; i < n && !cache_failed(run); i++) {
        cache_operation(run, first + i);
        cache_time(run, (uint64_t)((double)(first + i + 1) * 1e9 / (double)run->cache->rate));
    }
}

/* Everything, or without run->emit only what there is to count. */
static gcr_status cache_main(struct cache_run *run, struct gcr_error *err)
{
    const struct cache *cache = run->cache;
    struct cache_run child;
    gcr_status status = cache_begin(run, err);
    if (status != GCR_OK)
        return status;
    cache_operations(run, 0, cache->warm);
    for (uint32_t lane = 1; lane < cache->processes && status == GCR_OK; lane++) {
        status = cache_fork(run, lane, &child, err);
        if (status != GCR_OK)
            break;
        child.random = gcr_splitmix_mix(cache->seed + lane);
        cache_operations(&child, cache->warm, cache->operations);
        cache_exit(&child);
        cache_join(run, &child);
    }
    if (status == GCR_OK) {
        cache_operations(run, cache->warm, cache->operations);
        cache_exit(run);
    }
    return status;
}

static gcr_status cache_run_it(const struct cache *cache, struct emit *emit,
                               struct cache_figures *figures, struct gcr_error *err)
{
    struct cache_run run = {.cache = cache, .emit = emit, .random = cache->seed};
    double *cumulative = cache_weights(cache);
    gcr_status status = GCR_OK;
    run.cumulative = cumulative;
    if (cumulative == NULL)
        status = gcr_fail(err, GCR_NO_MEMORY, "no memory for %u keys", cache->keys);
    else
        status = cache_main(&run, err);
    *figures = run.figures;
    cache_finish(&run);
    free(cumulative);
    return status;
}

static uint64_t cache_more(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static gcr_status cache_facts(const struct gcr_option_values *options,
                              struct gcr_generator_facts *out, struct gcr_error *err)
{
    struct cache cache = cache_parameters(options);
    struct cache_figures figures;
    gcr_status status;
    if (cache.warm + cache.operations > UINT32_MAX)
        return gcr_fail(err, GCR_USAGE, "cache: %llu operations are too many",
                        (unsigned long long)(cache.warm + cache.operations));
    status = cache_run_it(&cache, NULL, &figures, err);
    *out = (struct gcr_generator_facts){
        .events = figures.events,
        .lanes = cache.processes,
        .peak_live_bytes = figures.peak_bytes,
        .peak_live_objects = figures.peak_objects,
        .most_live_bytes = cache_more(figures.most_bytes, figures.peak_bytes),
        .most_live_objects = cache_more(figures.most_objects, figures.peak_objects),
        .capabilities = {PARTS_CAPABILITIES, .threads = cache.threads > 1,
                         .forks = cache.processes > 1, .times = 1},
    };
    return status;
}

static gcr_status cache_generate(const struct gcr_option_values *options,
                                 const struct emit_target *generation, struct gcr_error *err)
{
    struct cache cache = cache_parameters(options);
    struct cache_figures figures;
    struct emit emit;
    gcr_status status, emitted;
    emit_init(&emit, generation, true, err);
    status = cache_run_it(&cache, &emit, &figures, err);
    emitted = emit_finish(&emit);
    return status != GCR_OK ? status : emitted;
}

const struct gcr_generator gcr_generator_cache = {
    .name = "cache",
    .summary = "least-recently-used cache, Zipf keys: objects that die in middle age, old to young "
               "pointers, in threads and forked processes",
    .source = "this project, after Atikoglu et al., SIGMETRICS 2012",
    .options = cache_options,
    .facts = cache_facts,
    .generate = cache_generate,
};
