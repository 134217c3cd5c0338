/* What one pass over a trace counts, without a shadow graph. */
#ifndef GCR_SIM_CMD_TRACE_FACTS_H
#define GCR_SIM_CMD_TRACE_FACTS_H

#include "sim/measure/result.h"
#include "traces/reader.h"

struct gcr_shape_use {
    uint32_t shape;
    uint64_t objects, bytes; /* of ALLOC and PREBUILT; bytes as allocated, without any header */
};

/* What happened in a phase of the program, in all its lanes. */
struct gcr_phase_use {
    uint64_t begun; /* times */
    uint64_t events, requests, objects, bytes;
};

struct gcr_trace_facts {
    uint64_t events[GCR_OP_COUNT];
    uint64_t objects, bytes;
    uint32_t shape_count;
    struct gcr_shape_use *shapes; /* [shape_count], most bytes first; owned */
    uint32_t phase_count;         /* names of phases */
    struct gcr_phase_use *phases; /* [phase_count + 1]; [0]: before any began; owned */
};

/* Reads every event of every lane once; the caller ends with
 * gcr_trace_facts_finish, which is harmless after a failure. */
gcr_status gcr_trace_facts_read(struct gcr_reader *reader, struct gcr_trace_facts *out,
                                struct gcr_error *err) GCR_MUST_USE;
void gcr_trace_facts_finish(struct gcr_trace_facts *facts);

#endif
