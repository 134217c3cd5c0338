/* Traces for the tests of this folder: from text, in a temporary file that goes away. */
#ifndef GCR_TESTS_ORACLE_TRACE_FILE_H
#define GCR_TESTS_ORACLE_TRACE_FILE_H

#include "traces/reader.h"

struct trace_file {
    char path[64];
    struct gcr_reader *reader;
};

/* A fresh path under TMPDIR or /tmp. */
void trace_file_name(struct trace_file *file);
/* Opens what has been written to the path; the test fails if that is no trace. */
void trace_file_open(struct trace_file *file);
/* Name, assemble, open. */
void trace_file_from_text(struct trace_file *file, const char *text);
/* Closes and removes it. */
void trace_file_finish(struct trace_file *file);

#endif
