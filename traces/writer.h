/* Writes a trace file: shapes, names, metadata and events of any number of lanes.
 *
 * Bytes go to "PATH.partial", block by block; gcr_writer_close writes the index and renames. A
 * writer that is killed leaves PATH.partial, of which every whole block can be read. */
#ifndef GCR_TRACES_WRITER_H
#define GCR_TRACES_WRITER_H

#include "base/status.h"
#include "traces/capability.h"
#include "traces/event.h"
#include "traces/shape.h"

struct gcr_writer;

enum { GCR_DEFAULT_ZSTD_LEVEL = 3 };

gcr_status gcr_writer_open(const char *path, const struct gcr_capabilities *capabilities,
                           struct gcr_writer **out, struct gcr_error *err) GCR_MUST_USE;

/* The same with another zstd level, which goes into the header. */
gcr_status gcr_writer_open_level(const char *path, const struct gcr_capabilities *capabilities,
                                 int zstd_level, struct gcr_writer **out,
                                 struct gcr_error *err) GCR_MUST_USE;

/* Declares a shape; *number is 1, 2, 3 ... (shape->number is ignored). Must precede its first use.
 */
gcr_status gcr_writer_shape(struct gcr_writer *writer, const struct gcr_shape *shape,
                            uint32_t *number, struct gcr_error *err) GCR_MUST_USE;

/* Declares a name for PHASE; numbers from 1. */
gcr_status gcr_writer_name(struct gcr_writer *writer, const char *name, uint32_t *number,
                           struct gcr_error *err) GCR_MUST_USE;

/* Appends a metadata section: one JSON object as text ("program", "command", "losses" ...). Later
 * sections add to or replace keys of earlier ones. */
gcr_status gcr_writer_meta(struct gcr_writer *writer, const char *json,
                           struct gcr_error *err) GCR_MUST_USE;

/* Appends one event to `lane`. Operands are checked against the table in event.h and against the
 * declared shapes, not for reachability. Amortised O(1). */
gcr_status gcr_writer_event(struct gcr_writer *writer, uint32_t lane, const struct gcr_event *event,
                            struct gcr_error *err) GCR_MUST_USE;

/* See gcr_block_encoder_keep (block.h): faster, and somewhat larger. */
void gcr_writer_keep_predictors(struct gcr_writer *writer, uint32_t blocks);

/* From here on blocks end where they are full or cut, and no longer after FORK and EXIT by
 * themselves. */
void gcr_writer_explicit_blocks(struct gcr_writer *writer);

/* Ends the current block of `lane` (it is written even if short; nothing if empty). */
gcr_status gcr_writer_cut(struct gcr_writer *writer, uint32_t lane,
                          struct gcr_error *err) GCR_MUST_USE;

/* Flushes all lanes in lane order, writes index and footer, syncs, renames, and frees the writer
 * whatever happens. On failure the partial file is left. */
gcr_status gcr_writer_close(struct gcr_writer *writer, struct gcr_error *err) GCR_MUST_USE;

/* Frees the writer and removes the partial file. NULL is allowed. */
void gcr_writer_abandon(struct gcr_writer *writer);

/* Frees the writer and leaves the partial file as it is: what was not written yet is lost. */
void gcr_writer_leave(struct gcr_writer *writer);

/* Bytes of whole blocks and other sections in the file so far. */
uint64_t gcr_writer_bytes(const struct gcr_writer *writer);

/* The number of events appended to a lane so far. */
uint64_t gcr_writer_lane_events(const struct gcr_writer *writer, uint32_t lane);

/* --- For recorders, whose processes append whole sections to one shared file themselves. --- */

/* The file's first bytes. Returns their number (<= size). */
size_t gcr_format_file_header(const struct gcr_capabilities *capabilities, int zstd_level,
                              void *out, size_t size);
/* A shape, name or metadata section, ready to append; returns its bytes, 0 if `size` is too small.
 * Shape numbers (shape->number) and name numbers must be 1, 2, 3 ... in the order of the file,
 * whoever appends: number and append under one lock. Control characters in names become '?'. */
size_t gcr_format_shape_section(const struct gcr_shape *shape, void *out, size_t size);
size_t gcr_format_name_section(uint32_t number, const char *name, void *out, size_t size);
size_t gcr_format_meta_section(const char *json, void *out, size_t size);
/* Scans the whole sections of a file without an index ("PATH.partial"), drops a torn tail, appends
 * index and footer, and renames it to `path`. */
gcr_status gcr_format_finish(const char *partial, const char *path,
                             struct gcr_error *err) GCR_MUST_USE;

#endif
