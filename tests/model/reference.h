/* A naive cache model to hold the real one against: an array of entries with time stamps a level,
 * all searched from the first, and nothing skipped. */
#ifndef GCR_TESTS_MODEL_REFERENCE_H
#define GCR_TESTS_MODEL_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/model/model.h"

struct reference;

struct reference *reference_create(const struct gcr_geometry *geometry);
void reference_destroy(struct reference *reference);
/* One load or store: of up to 16 bytes a single access, else one a line. */
void reference_access(struct reference *reference, uintptr_t at, size_t bytes, bool write,
                      enum gcr_gc_phase phase);
const struct gcr_model_counts *reference_counts(const struct reference *reference);

/* Asserts that both have counted the same, in every phase. */
void reference_assert_same(const struct gcr_model_counts *expected,
                           const struct gcr_model_counts *found);

/* The seed of this run: that of `--seed N`, else `fallback`. Printed. */
uint64_t reference_seed(int argc, char **argv, uint64_t fallback);

/* xorshift64*: a seed, not 0, names a stream. */
uint64_t reference_random(uint64_t *state);

#endif
