/* What tests of libgctrace share: a recording in a folder of its own, and a look at what came out.
 */
#ifndef GCR_TESTS_GCTRACE_KIT_H
#define GCR_TESTS_GCTRACE_KIT_H

#include "gctrace.h"
#include "sim/oracle/oracle.h"

struct kit {
    char folder[64], path[96];
    gctrace *recording;
    uint32_t pair; /* a shape: two slots, 8 bytes of data */
};

/* Opens PATH with all promises; two slots and some data make a pair. */
void kit_open(struct kit *kit, const gctrace_options *options);
extern const gctrace_options kit_promises; /* everything exact, threads, forks and times */

/* Closes, and fails the test if the recording has an error. */
void kit_close(struct kit *kit);
/* Removes files and folder. */
void kit_remove(struct kit *kit);

/* The trace at `path` is valid; its figures. */
struct gcr_trace_check kit_check(const char *path);
/* The events of a lane; the caller frees them. */
struct gcr_event *kit_events(const char *path, uint32_t lane, size_t *n);
uint32_t kit_lanes(const char *path);

#endif
