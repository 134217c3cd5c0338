/* fork-gc: a parent builds a heap and forks; each child makes cyclic garbage until it collects, and
 * reads nothing of what it shares.
 *
 * Source: this project. What gets unshared is the collector's doing alone: mark bits and counts in
 * object headers, moved objects, side tables. freeze=on sets the heap aside before the fork, as
 * CPython's gc.freeze() does; collect=on ends each child with an explicit full collection.
 *
 * The garbage is pairs of objects that refer to each other, of the same shape as the shared ones.
 * Deaths are exact. Memory: one index for each shared object. */
#include "workloads/population.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option fork_gc_options[] = {
    {"objects", GCR_OPT_COUNT, "objects", "200000", 1, 1e9, NULL, "built before the fork"},
    {"data", GCR_OPT_BYTES, "bytes", "32", 1, 65536, NULL, "plain data in each object"},
    {"children", GCR_OPT_COUNT, "processes", "2", 1, 1000, NULL, "forked one after the other"},
    {"pairs", GCR_OPT_COUNT, "pairs", "100000", 0, 1e9, NULL,
     "cyclic pairs of objects that each child makes and drops"},
    {"collect", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL,
     "each child ends with an explicit full collection"},
    {"freeze", GCR_OPT_FLAG, NULL, "off", 0, 0, NULL,
     "the parent collects and freezes its heap before it forks"},
    {"deaths", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL, "write DEATH events and recycle indexes"},
    {0}};

struct fork_gc {
    uint32_t children;
    uint64_t pairs;
    bool collect, freeze, deaths;
};

static struct fork_gc fork_gc_parameters(const struct gcr_option_values *options)
{
    return (struct fork_gc){
        .children = (uint32_t)gcr_option_number(options, "children"),
        .pairs = gcr_option_number(options, "pairs"),
        .collect = gcr_option_flag(options, "collect"),
        .freeze = gcr_option_flag(options, "freeze"),
        .deaths = gcr_option_flag(options, "deaths"),
    };
}

static gcr_status fork_gc_facts(const struct gcr_option_values *options,
                                struct gcr_generator_facts *out, struct gcr_error *err)
{
    (void)err;
    struct fork_gc parameters = fork_gc_parameters(options);
    struct population population = population_parameters(options);
    /* A pair: two ALLOCs, two STOREs, two roots cleared, two deaths. */
    uint64_t child = parameters.pairs * (parameters.deaths ? 8 : 6) + parameters.collect + 1;
    *out = (struct gcr_generator_facts){
        .events = population_events(&population) + (parameters.freeze ? 2 : 0) +
                  parameters.children + 1 + parameters.children * child,
        .lanes = 1 + parameters.children,
        .peak_live_bytes = population_bytes(&population),
        .peak_live_objects = 1 + population.objects,
        .most_live_bytes = population_bytes(&population) +
                           (parameters.pairs > 0 ? 2 * population_object_bytes(&population) : 0),
        .most_live_objects = 1 + population.objects + (parameters.pairs > 0 ? 2 : 0),
        .capabilities = {.loads = 1,
                         .reads = GCR_READS_EXACT,
                         .deaths = parameters.deaths ? GCR_DEATHS_EXACT : GCR_DEATHS_NONE,
                         .forks = 1},
    };
    return GCR_OK;
}

static void fork_gc_child(struct emit *emit, const struct population *population,
                          const struct fork_gc *parameters)
{
    for (uint64_t i = 0; i < parameters->pairs && !emit_failed(emit); i++) {
        uint32_t pair[2];
        for (uint32_t j = 0; j < 2; j++)
            pair[j] = emit_alloc(emit, population->shape, 0, gcr_root_thread(j));
        for (uint32_t j = 0; j < 2; j++)
            emit_store(emit, pair[j], 0, pair[1 - j]);
        for (uint32_t j = 0; j < 2; j++)
            emit_root(emit, gcr_root_thread(j), 0);
        emit_deaths(emit, pair, 2);
    }
    if (parameters->collect)
        emit_plain(emit, GCR_OP_COLLECT, 2);
}

static gcr_status fork_gc_generate(const struct gcr_option_values *options,
                                   const struct emit_target *generation, struct gcr_error *err)
{
    struct fork_gc parameters = fork_gc_parameters(options);
    struct population population = population_parameters(options);
    struct emit emit;
    emit_init(&emit, generation, parameters.deaths, err);
    population_build(&population, &emit);
    if (parameters.freeze) {
        emit_plain(&emit, GCR_OP_COLLECT, 2);
        emit_plain(&emit, GCR_OP_FREEZE, 0);
    }
    uint32_t next = emit.next;
    population_fork(&emit, parameters.children);
    for (uint32_t lane = 1; lane <= parameters.children && !emit_failed(&emit); lane++) {
        population_child_begin(&emit, lane, next);
        fork_gc_child(&emit, &population, &parameters);
        population_child_end(&emit);
    }
    free(population.member);
    return emit_finish(&emit);
}

const struct gcr_generator gcr_generator_fork_gc = {
    .name = "fork-gc",
    .summary =
        "build, fork, children collect but read nothing shared: pages that collectors unshare",
    .source = "this project",
    .options = fork_gc_options,
    .facts = fork_gc_facts,
    .generate = fork_gc_generate,
};
