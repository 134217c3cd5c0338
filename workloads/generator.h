/* A generator writes a trace of a synthetic program, from options and a seed, repeatably. */
#ifndef GCR_WORKLOADS_GENERATOR_H
#define GCR_WORKLOADS_GENERATOR_H

#include "base/option.h"
#include "traces/writer.h"

/* What a generator knows about its own trace in closed form, printed and tested. */
struct gcr_generator_facts {
    uint64_t peak_live_bytes;   /* gcr_shape_object_bytes of all reachable objects, at most, in lane 0 */
    uint64_t peak_live_objects;
};

struct gcr_generator {
    const char *name;
    const char *summary; /* one line: shape and what it exposes */
    const char *source;  /* origin of the program, or "this project" */
    const struct gcr_option *options;
    struct gcr_capabilities capabilities;
    void (*facts)(const struct gcr_option_values *options, struct gcr_generator_facts *out);
    gcr_status (*generate)(const struct gcr_option_values *options, struct gcr_writer *writer,
                           struct gcr_error *err);
};

const struct gcr_generator *const *gcr_generators(size_t *count);
const struct gcr_generator *gcr_generator_find(const char *name);

#endif
