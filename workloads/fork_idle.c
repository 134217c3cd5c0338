/* fork-idle: a parent builds a heap and forks; each child does nothing for a while.
 *
 * Source: this project. The baseline of copy-on-write: what a fork costs by itself, and what a
 * design does to shared pages without any work of the program. At the recorded pace the children
 * sleep.
 *
 * Nothing dies. Memory: one index for each shared object. */
#include "workloads/parts.h"
#include "workloads/population.h"
#include "workloads/registry.h"

#include <stdlib.h>

static const struct gcr_option fork_idle_options[] = {
    {"objects", GCR_OPT_COUNT, "objects", "200000", 1, 1e9, NULL, "built before the fork"},
    {"data", GCR_OPT_BYTES, "bytes", "32", 1, 65536, NULL, "plain data in each object"},
    {"children", GCR_OPT_COUNT, "processes", "2", 1, 1000, NULL, "forked one after the other"},
    {"idle", GCR_OPT_COUNT, "ms", "200", 0, 1e9, NULL, "how long each child is idle"},
    {0}};

static gcr_status fork_idle_facts(const struct gcr_option_values *options,
                                  struct gcr_generator_facts *out, struct gcr_error *err)
{
    (void)err;
    struct population population = population_parameters(options);
    uint32_t children = (uint32_t)gcr_option_number(options, "children");
    *out = (struct gcr_generator_facts){
        .events = population_events(&population) + children + 1 + 3 * (uint64_t)children,
        .lanes = 1 + children,
        .peak_live_bytes = population_bytes(&population),
        .peak_live_objects = 1 + population.objects,
        .capabilities = {PARTS_CAPABILITIES, .forks = 1, .times = 1},
    };
    return GCR_OK;
}

static gcr_status fork_idle_generate(const struct gcr_option_values *options,
                                     const struct emit_target *generation, struct gcr_error *err)
{
    struct population population = population_parameters(options);
    uint32_t children = (uint32_t)gcr_option_number(options, "children");
    struct emit emit;
    emit_init(&emit, generation, true, err);
    population_build(&population, &emit);
    uint32_t next = emit.next;
    population_fork(&emit, children);
    for (uint32_t lane = 1; lane <= children && !emit_failed(&emit); lane++) {
        population_child_begin(&emit, lane, next);
        emit_time(&emit, 0);
        emit_time(&emit, gcr_option_number(options, "idle") * 1000000);
        population_child_end(&emit);
    }
    free(population.member);
    return emit_finish(&emit);
}

const struct gcr_generator gcr_generator_fork_idle = {
    .name = "fork-idle",
    .summary = "build, fork, children do nothing: the baseline of copy-on-write",
    .source = "this project",
    .options = fork_idle_options,
    .facts = fork_idle_facts,
    .generate = fork_idle_generate,
};
