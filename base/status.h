/* Results of fallible functions and the one-line message that goes with a failure.
 * Bad input, exhaustion and I/O are results; broken invariants are GCR_CHECK (base/check.h). */
#ifndef GCR_BASE_STATUS_H
#define GCR_BASE_STATUS_H

#include "base/compiler.h"

typedef enum gcr_status {
    GCR_OK = 0,
    GCR_USAGE,          /* wrong flag, option or argument: exit code 2 */
    GCR_BAD_INPUT,      /* a file is malformed, damaged or of an unknown version: exit code 2 */
    GCR_INVALID_TRACE,  /* well formed, but an event names an unreachable object or breaks a rule */
    GCR_IO,             /* open, read, write, rename, fork ... refused by the system */
    GCR_NO_MEMORY,      /* the harness itself (never a heap under test) found no memory */
    GCR_HEAP_EXHAUSTED, /* a heap under test has no room within its budget: an outcome */
    GCR_FAULT,          /* a collector lost, damaged or leaked an object: an outcome */
    GCR_UNSUPPORTED     /* this design or this trace cannot do that; the text says why */
} gcr_status;

/* One line without a newline: what, where (file and offset, line, or event), what was expected. */
struct gcr_error {
    char text[512];
};

/* Formats the message into *err (err may be NULL) and returns code: `return gcr_fail(...)`. */
gcr_status gcr_fail(struct gcr_error *err, gcr_status code, const char *format, ...)
    GCR_PRINTF(3, 4);

#ifdef __clang_analyzer__ /* which does not see into status.c: the code comes back as it was */
#define gcr_fail(err, ...) (gcr_fail(err, __VA_ARGS__), GCR_FIRST(__VA_ARGS__, 0))
#define GCR_FIRST(first, ...) (first)
#endif

/* Puts "prefix: " before the message already in *err. */
void gcr_error_prefix(struct gcr_error *err, const char *format, ...) GCR_PRINTF(2, 3);

/* 0 done, 1 run failed, 2 usage or bad input. */
int gcr_status_exit_code(gcr_status status);

#endif
