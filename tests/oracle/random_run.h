/* Runs one random trace, verified, on every engine it is handed, and compares what they end with.
 */
#ifndef GCR_TESTS_ORACLE_RANDOM_RUN_H
#define GCR_TESTS_ORACLE_RANDOM_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/measure/result.h"
#include "tests/oracle/random_trace.h"

/* A design with options that make it collect often; NULL settings: its defaults. */
struct random_design {
    const char *engine;
    const char *settings[4]; /* "name=value", ended by NULL */
};

/* False: `message` says which design did what. Designs that need deaths are passed over where there
 * are none. */
bool random_run_all(const struct gcr_random_options *trace, enum gcr_verify_mode verify,
                    const struct random_design *designs, size_t design_count,
                    struct gcr_error *message);

#endif
