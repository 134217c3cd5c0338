/* A generator writes a trace of a synthetic program, from options and a seed, repeatably. */
#ifndef GCR_WORKLOADS_GENERATOR_H
#define GCR_WORKLOADS_GENERATOR_H

#include "base/option.h"
#include "traces/emit.h"

/* What a generator knows about its own trace in closed form, before it writes it; printed by
 * `gcreplay generate`, and held against the trace itself by the tests. */
struct gcr_generator_facts {
    uint64_t events; /* of all lanes */
    uint32_t lanes;  /* processes */
    uint64_t
        peak_live_bytes; /* gcr_shape_object_bytes of all reachable objects, at most, in lane 0 */
    uint64_t peak_live_objects; /* at most, in lane 0; not always at the same moment */
    uint64_t most_live_bytes, most_live_objects; /* the same, most of any lane; 0: as in lane 0 */
    struct gcr_capabilities capabilities;
};

struct gcr_generator {
    const char *name;
    const char *summary; /* one line: shape and what it exposes */
    const char *source;  /* origin of the program, or "this project" */
    const struct gcr_option *options;
    /* Options that contradict each other or leave the bounds of the format: GCR_USAGE says how.
     * O(1), or O(objects) where sizes are random. */
    gcr_status (*facts)(const struct gcr_option_values *options, struct gcr_generator_facts *out,
                        struct gcr_error *err);
    /* Declares shapes and appends all events of all lanes; memory is bounded by the live objects.
     */
    gcr_status (*generate)(const struct gcr_option_values *options,
                           const struct emit_target *generation, struct gcr_error *err);
};

/* All generators, in the order of `gcreplay list`. */
const struct gcr_generator *const *gcr_generators(size_t *count);
/* By name, or NULL. */
const struct gcr_generator *gcr_generator_find(const char *name);

/* facts, open PATH, describe the program in the metadata, generate, close. Deterministic: the same
 * options give the same file. On failure no file appears. progress may be NULL. */
gcr_status gcr_generate_file(const struct gcr_generator *generator,
                             const struct gcr_option_values *options, const char *path,
                             void (*progress)(void *arg, uint64_t done), void *progress_arg,
                             struct gcr_error *err) GCR_MUST_USE;

#endif
