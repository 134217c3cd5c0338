/* Random programs of the model with collections in between, as the tests of most designs run them:
 * against the shadow graph, within budgets, and with pages refused at every point. */
#ifndef GCR_TESTS_SUPPORT_RANDOM_RUN_H
#define GCR_TESTS_SUPPORT_RANDOM_RUN_H

#include "tests/support/heap_kit.h"

/* What is done after each collection, whatever started it. */
enum random_watch { RANDOM_WATCH_NOTHING, RANDOM_WATCH_CHECK, RANDOM_WATCH_COMPARE };

struct random_run {
    struct fixture_config config;
    uint64_t seed;
    uint32_t prebuilt;    /* objects */
    uint32_t rounds;      /* each ends with a full collection */
    uint32_t young_steps; /* of a round before a minor collection; 0: without one */
    uint32_t steps;       /* of a round before its full collection */
    bool finalizers;
    bool conservative; /* more than what is reachable may live */
    enum random_watch watch;
};

/* Asserts that the heap is sound and equal to the shadow graph after each round, that it stays
 * within its budget, and that without one it is not exhausted. Returns the number of collections.
 */
uint32_t random_run(const struct random_run *run);

/* A design and settings, of which each is to hold in a heap small enough to collect often. */
struct random_design {
    struct fixture_config config; /* without settings */
    const char *const (*variants)[8];
    size_t variant_count;
};

/* Three programs in every variant. */
void random_variants(const struct random_design *design, uint64_t seed);
/* One in every variant and each of many budgets: some complete it, some are exhausted. */
void random_budgets(const struct random_design *design, uint64_t seed);
/* One in every variant for each commit that it asks for, which is refused. */
void random_refusals(const struct random_design *design, uint64_t seed);

#endif
