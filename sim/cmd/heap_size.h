/* --heap native | BYTES | N.Nx. */
#ifndef GCR_SIM_CMD_HEAP_SIZE_H
#define GCR_SIM_CMD_HEAP_SIZE_H

#include "base/status.h"
#include "sim/study/heap_word.h"
#include "traces/reader.h"

/* text NULL: native. GCR_USAGE says what is allowed. */
gcr_status gcr_heap_size_parse(const char *text, struct gcr_heap_word *out,
                               struct gcr_error *err) GCR_MUST_USE;

/* The budget in bytes, 0 for native. A multiple reads the whole trace once. */
gcr_status gcr_heap_size_resolve(const struct gcr_heap_word *size, struct gcr_reader *reader,
                                 uint64_t *budget_bytes, struct gcr_error *err) GCR_MUST_USE;

#endif
