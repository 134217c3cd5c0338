/* What tests of importers share: text in, events and counts out. */
#ifndef GCR_TESTS_IMPORT_IMPORT_KIT_H
#define GCR_TESTS_IMPORT_IMPORT_KIT_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/oracle/oracle.h"
#include "traces/import/importer.h"

/* One import from memory. */
struct imported {
    gcr_status status;
    struct gcr_error err;
    struct gcr_import_report report;
    char path[64]; /* of the trace; absent after a failure */
    char *text;    /* the trace's text form */
    struct gcr_trace_check facts;
};

/* Imports; on success the trace is proved valid (a test fails if it is not) and dumped. `options`:
 * words "name=value", or "". */
struct imported import_bytes(const char *importer, const char *options, const void *bytes,
                             size_t size);
struct imported import_text(const char *importer, const char *options, const char *text);
void imported_free(struct imported *imported);

/* The count of that name; a test fails if there is none. */
uint64_t imported_count(const struct imported *imported, const char *name);
/* The statements of the text form behind the header, shapes included, equal these lines. */
void expect_events(const struct imported *imported, const char *events);
/* Fails with that message, and leaves no file. */
void expect_refused(const char *importer, const char *options, const char *text,
                    const char *message);

#endif
