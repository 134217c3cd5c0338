/* A stream of plain bytes from a file or from memory: as it is, or unpacked from gzip (any number
 * of members) or zstd (any number of frames), told apart by the first bytes.
 *
 * Memory is one chunk and the decoder's window (zstd: at most 128 MiB, larger ones are refused). */
#ifndef GCR_TRACES_IMPORT_UNPACK_H
#define GCR_TRACES_IMPORT_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct unpack;

/* path: "-" is standard input. GCR_BAD_INPUT: the file cannot be opened or read. */
gcr_status unpack_open(const char *path, struct unpack **out, struct gcr_error *err) GCR_MUST_USE;
/* The bytes must outlive the stream. */
gcr_status unpack_open_memory(const void *bytes, size_t size, struct unpack **out,
                              struct gcr_error *err) GCR_MUST_USE;
void unpack_close(struct unpack *stream);

/* Up to `room` > 0 bytes; *n == 0 only at the end. GCR_BAD_INPUT: damaged data; GCR_IO: a read
 * failed. Messages do not name the file. */
gcr_status unpack_read(struct unpack *stream, void *out, size_t room, size_t *n,
                       struct gcr_error *err) GCR_MUST_USE;

/* Back to the first byte. GCR_USAGE: what is read cannot be read twice. */
gcr_status unpack_rewind(struct unpack *stream, struct gcr_error *err) GCR_MUST_USE;

/* Why packed data ended in their middle, or NULL; valid at the end. */
const char *unpack_torn(const struct unpack *stream);
/* Packed bytes taken so far. */
uint64_t unpack_taken(const struct unpack *stream);

#endif
