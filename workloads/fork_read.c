/* fork-read: a parent builds a heap and forks; each child reads a part of it and writes nothing.
 *
 * Source: this project (the pre-fork server whose children only read; A. Maddox et al. describe its
 * page sharing in "Dismissing Python Garbage Collection at Instagram", 2017). Designs that count
 * references unshare every page whose objects are looked at, all others none.
 *
 * The part is evenly spread over the table: of n objects, those at which floor(i x share) steps up.
 * Nothing dies. Memory: one index an object. */
#include "workloads/parts.h"
#include "workloads/population.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option fork_read_options[] = {
    {"objects", GCR_OPT_COUNT, "objects", "200000", 1, 1e9, NULL, "built before the fork"},
    {"data", GCR_OPT_BYTES, "bytes", "32", 1, 65536, NULL, "plain data in each object"},
    {"children", GCR_OPT_COUNT, "processes", "2", 1, 1000, NULL, "forked one after the other"},
    {"share", GCR_OPT_RATIO, "1", "1", 0, 1, NULL, "part of the objects that a child reads"},
    {"passes", GCR_OPT_COUNT, "times", "1", 0, 1e6, NULL, "how often a child reads them"},
    {0}};

struct fork_read {
    uint32_t children;
    uint64_t passes;
    uint64_t share; /* of 2^32 */
};

static struct fork_read fork_read_parameters(const struct gcr_option_values *options)
{
    return (struct fork_read){
        .children = (uint32_t)gcr_option_number(options, "children"),
        .passes = gcr_option_number(options, "passes"),
        .share = parts_share(gcr_option_ratio(options, "share")),
    };
}

static gcr_status fork_read_facts(const struct gcr_option_values *options,
                                  struct gcr_generator_facts *out, struct gcr_error *err)
{
    (void)err;
    struct fork_read parameters = fork_read_parameters(options);
    struct population population = population_parameters(options);
    uint64_t read = 2 * parts_share_count(parameters.share, population.objects);
    *out = (struct gcr_generator_facts){
        .events = population_events(&population) + parameters.children + 1 +
                  parameters.children * (parameters.passes * (read + 1) + 1),
        .lanes = 1 + parameters.children,
        .peak_live_bytes = population_bytes(&population),
        .peak_live_objects = 1 + population.objects,
        .capabilities = {.loads = 1,
                         .reads = GCR_READS_EXACT,
                         .deaths = GCR_DEATHS_EXACT,
                         .forks = 1},
    };
    return GCR_OK;
}

static void fork_read_child(struct emit *emit, const struct population *population,
                            const struct fork_read *parameters)
{
    for (uint64_t pass = 0; pass < parameters->passes && !emit_failed(emit); pass++) {
        for (uint64_t i = 0; i < population->objects && !emit_failed(emit); i++) {
            if (!parts_share_takes(parameters->share, i))
                continue;
            emit_load(emit, population->table, (uint32_t)i, gcr_root_thread(0));
            emit_read(emit, population->member[i], 0, population->data);
        }
        emit_root(emit, gcr_root_thread(0), 0);
    }
}

static gcr_status fork_read_generate(const struct gcr_option_values *options,
                                     const struct emit_target *generation, struct gcr_error *err)
{
    struct fork_read parameters = fork_read_parameters(options);
    struct population population = population_parameters(options);
    struct emit emit;
    emit_init(&emit, generation, true, err);
    population_build(&population, &emit);
    uint32_t next = emit.next;
    population_fork(&emit, parameters.children);
    for (uint32_t lane = 1; lane <= parameters.children && !emit_failed(&emit); lane++) {
        population_child_begin(&emit, lane, next);
        fork_read_child(&emit, &population, &parameters);
        population_child_end(&emit);
    }
    free(population.member);
    return emit_finish(&emit);
}

const struct gcr_generator gcr_generator_fork_read = {
    .name = "fork-read",
    .summary = "build, fork, children read everything: pages that reference counts unshare",
    .source = "this project",
    .options = fork_read_options,
    .facts = fork_read_facts,
    .generate = fork_read_generate,
};
