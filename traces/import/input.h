/* Reads a foreign trace line by line: plain text, gzip or zstd, told apart by content.
 *
 * Memory is bounded by the longest line. Compressed data that end too early deliver what they hold;
 * gcr_input_torn then says where. */
#ifndef GCR_TRACES_IMPORT_INPUT_H
#define GCR_TRACES_IMPORT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { GCR_INPUT_LONGEST_LINE = 1 << 20 };

struct gcr_input;

/* path: "-" is standard input. GCR_BAD_INPUT: the file cannot be opened. */
gcr_status gcr_input_open(const char *path, struct gcr_input **out,
                          struct gcr_error *err) GCR_MUST_USE;
/* The bytes stay the caller's and must outlive the input; `name` stands for it in messages. */
gcr_status gcr_input_open_memory(const void *bytes, size_t size, const char *name,
                                 struct gcr_input **out, struct gcr_error *err) GCR_MUST_USE;
void gcr_input_close(struct gcr_input *input);

/* The next line without its end (LF or CR LF) and with a 0 byte behind it; *line is NULL at the
 * end. Owned by the input, valid until the next call, may be changed by the caller. GCR_BAD_INPUT:
 * a line longer than GCR_INPUT_LONGEST_LINE, or damaged compressed data; GCR_IO: a read failed. */
gcr_status gcr_input_line(struct gcr_input *input, char **line, size_t *length,
                          struct gcr_error *err) GCR_MUST_USE;

/* A last line without an end is half a line: from here on it is dropped, and the input counts as
 * torn. For formats whose writers end every line. */
void gcr_input_want_ends(struct gcr_input *input);

/* Bytes of the end of the line delivered last: 1 (LF), 2 (CR LF), 0 at the input's end. */
size_t gcr_input_line_end(const struct gcr_input *input);

/* Back to the first line. GCR_USAGE: the input cannot be read twice (a pipe). */
gcr_status gcr_input_rewind(struct gcr_input *input, struct gcr_error *err) GCR_MUST_USE;

/* Number of the line delivered last, from 1; 0 before the first. */
uint64_t gcr_input_number(const struct gcr_input *input);
/* The path, or what stands for it in messages. */
const char *gcr_input_name(const struct gcr_input *input);
/* The first bytes after decompression (at most 4096), without taking them. */
gcr_status gcr_input_peek(struct gcr_input *input, const char **bytes, size_t *count,
                          struct gcr_error *err) GCR_MUST_USE;
/* Why the input ended too early, or NULL. Valid once the end was delivered. */
const char *gcr_input_torn(const struct gcr_input *input);
/* Bytes of the file taken so far, before decompression: for a progress bar. */
uint64_t gcr_input_taken(const struct gcr_input *input);

#endif
