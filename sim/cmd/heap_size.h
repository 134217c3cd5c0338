/* --heap native | BYTES | N.Nx. */
#ifndef GCR_SIM_CMD_HEAP_SIZE_H
#define GCR_SIM_CMD_HEAP_SIZE_H

#include "base/status.h"
#include "traces/reader.h"

struct gcr_heap_size {
    enum { GCR_HEAP_NATIVE, GCR_HEAP_BYTES, GCR_HEAP_MULTIPLE } kind;
    uint64_t bytes;
    double factor; /* of the trace's peak live bytes */
};

/* text NULL: native. GCR_USAGE says what is allowed. */
gcr_status gcr_heap_size_parse(const char *text, struct gcr_heap_size *out,
                               struct gcr_error *err) GCR_MUST_USE;

/* The budget in bytes, 0 for native. A multiple reads the whole trace once. */
gcr_status gcr_heap_size_resolve(const struct gcr_heap_size *size, struct gcr_reader *reader,
                                 uint64_t *budget_bytes, struct gcr_error *err) GCR_MUST_USE;

#endif
