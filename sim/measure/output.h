/* Output files that appear whole or not at all, and documents in JSON. */
#ifndef GCR_SIM_MEASURE_OUTPUT_H
#define GCR_SIM_MEASURE_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/status.h"

/* A file under construction. "-" is standard output; what exists and is not a regular file (a
 * device, a pipe) is written in place; all else goes to "PATH.partial" first. */
struct gcr_output {
    FILE *file;
    char path[4096];
    enum { GCR_OUTPUT_STDOUT, GCR_OUTPUT_IN_PLACE, GCR_OUTPUT_BY_RENAME } kind;
};

/* GCR_IO names the path and the system's reason. */
gcr_status gcr_output_open(struct gcr_output *output, const char *path,
                           struct gcr_error *err) GCR_MUST_USE;
/* Flushes, looks at every error, closes, renames. On failure nothing is left under PATH that was
 * not there before. */
gcr_status gcr_output_close(struct gcr_output *output, struct gcr_error *err) GCR_MUST_USE;
/* Closes and removes the partial file. */
void gcr_output_abandon(struct gcr_output *output);

/* Writes a document, indented, keys in the order they were set. */
gcr_status gcr_output_json(const char *path, const json_t *document,
                           struct gcr_error *err) GCR_MUST_USE;

/* Through an anonymous file between two processes of this program: writes a document at its
 * position, reads the one that the whole file is. Both buffer, unlike jansson's own functions for
 * descriptors, which make a system call for each token and each byte. The descriptor stays open.
 * False; NULL, with *fault (may be NULL) filled in. */
bool gcr_json_send(int file, const json_t *document) GCR_MUST_USE;
json_t *gcr_json_receive(int file, json_error_t *fault);

/* GCR_USAGE if a trace cannot be written to that path: it exists and is not a regular file. (A
 * trace appears by rename, which would replace a device.) */
gcr_status gcr_output_check_trace_path(const char *path, struct gcr_error *err) GCR_MUST_USE;

/* Flushes standard output; GCR_IO if anything written to it was lost. */
gcr_status gcr_output_flush_stdout(struct gcr_error *err) GCR_MUST_USE;

#endif
