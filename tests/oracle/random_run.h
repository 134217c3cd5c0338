/* Runs one random trace, verified, on designs with their defaults and with random options, and
 * compares what they hold on the way and end with. */
#ifndef GCR_TESTS_ORACLE_RANDOM_RUN_H
#define GCR_TESTS_ORACLE_RANDOM_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/measure/result.h"
#include "sim/replay/replay.h"
#include "tests/oracle/random_trace.h"

/* A back end with options and a budget. */
struct random_design {
    const struct gcr_engine *engine;
    struct gcr_option_values options;
    char values[GCR_MAX_OPTIONS][96]; /* their texts, row by row */
    uint64_t budget_bytes;            /* 0: none */
    bool may_exhaust; /* its options or budget may bound the heap: running out is a good end */
    char name[512];   /* "semispace start=8192 budget=96K" */
};

/* Variant 0 has the defaults; others have options drawn from `seed`, mostly small numbers, so that
 * they collect often, and one in four a budget. */
void random_design_choose(const struct gcr_engine *engine, uint64_t seed, unsigned variant,
                          struct random_design *out);

/* Every registered back end (or the one named `only`) in `variants` variants. `now` (NULL, or room
 * for 512 bytes) always holds the name of the design that runs. False: `message` says which design
 * did what. Designs that need deaths are passed over where there are none. */
bool random_run_all(const struct gcr_random_options *trace, enum gcr_verify_mode verify,
                    unsigned variants, const char *only, char *now, struct gcr_error *message);

#endif
