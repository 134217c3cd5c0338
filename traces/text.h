/* The text form of a trace, for people and tests: one event a line (FORMAT.md, section "Text").
 * dump and assemble are inverse: assembling a dump gives the same file, byte for byte. */
#ifndef GCR_TRACES_TEXT_H
#define GCR_TRACES_TEXT_H

#include <stdio.h>

#include "base/status.h"
#include "traces/reader.h"
#include "traces/writer.h"

/* Writes the whole trace, or one lane of it (lane >= 0), as text. */
gcr_status gcr_text_dump(struct gcr_reader *reader, int lane, FILE *out,
                         struct gcr_error *err) GCR_MUST_USE;

/* Formats one event without newline: "store o12 1 o7". Returns like snprintf. */
int gcr_text_format_event(const struct gcr_event *event, char *out, size_t size);

/* Parses text and writes `path`. Errors name source_name:line and what was expected. */
gcr_status gcr_text_assemble(FILE *in, const char *source_name, const char *path,
                             struct gcr_error *err) GCR_MUST_USE;

#endif
