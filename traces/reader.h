/* Reads a trace file as a stream, in memory bounded by a few blocks per open cursor.
 *
 * Opening reads every section header (one short read a block), all shapes and names, and checks the
 * header checksums; a file without index (killed writer) is read as far as whole sections go and
 * says so. Contents of blocks are checked when a cursor reaches them. */
#ifndef GCR_TRACES_READER_H
#define GCR_TRACES_READER_H

#include <stdbool.h>

#include "base/status.h"
#include "traces/capability.h"
#include "traces/event.h"
#include "traces/shape.h"

struct gcr_reader;

/* GCR_BAD_INPUT: not a trace, unknown version, damaged header or section (named by file and byte
 * offset). A file cut short opens, with gcr_reader_warning() set. */
gcr_status gcr_reader_open(const char *path, struct gcr_reader **out,
                           struct gcr_error *err) GCR_MUST_USE;
void gcr_reader_close(struct gcr_reader *reader);

const char *gcr_reader_path(const struct gcr_reader *reader);
const struct gcr_capabilities *gcr_reader_capabilities(const struct gcr_reader *reader);
int gcr_reader_zstd_level(const struct gcr_reader *reader);
/* shapes[0] is unused; shapes[n] has number n. *count is the highest number. Owned by the reader.
 */
const struct gcr_shape *gcr_reader_shapes(const struct gcr_reader *reader, uint32_t *count);
/* Name `number`, or NULL. */
const char *gcr_reader_name(const struct gcr_reader *reader, uint32_t number, uint32_t *count);
/* All metadata sections merged: JSON text of one object ("{}" if none). Owned by the reader. */
const char *gcr_reader_meta(const struct gcr_reader *reader);
uint32_t gcr_reader_lane_count(const struct gcr_reader *reader);
uint64_t gcr_reader_lane_events(const struct gcr_reader *reader, uint32_t lane);
uint64_t gcr_reader_events(const struct gcr_reader *reader); /* all lanes */
/* Why the file is not whole, or NULL if it is. */
const char *gcr_reader_warning(const struct gcr_reader *reader);
/* XXH3-64 over the checksums of all shape, name and event sections in file order, as 16 hex digits.
 */
const char *gcr_reader_digest(const struct gcr_reader *reader);
uint64_t gcr_reader_file_bytes(const struct gcr_reader *reader);

/* Calls progress each time a cursor of this reader takes up a block, with the events of all blocks
 * taken up so far in this process (a lane read twice counts twice). NULL: not called. */
void gcr_reader_watch(struct gcr_reader *reader, void (*progress)(void *arg, uint64_t done),
                      void *arg);

/* Whether cursors opened from now on decode blocks ahead, on a thread of their own: up to twice as
 * fast where a second processor is free. At first they do not. */
void gcr_reader_decode_ahead(struct gcr_reader *reader, bool ahead);

/* A position in one lane. Cursors of one reader are independent of each other; one may be opened in
 * a forked child (they use pread), which must leave those of its parent alone, open as they are. */
struct gcr_cursor;
gcr_status gcr_cursor_open(struct gcr_reader *reader, uint32_t lane, struct gcr_cursor **out,
                           struct gcr_error *err) GCR_MUST_USE;
void gcr_cursor_close(struct gcr_cursor *cursor);

/* Fills events[0..*n) with the next events, at most `room`; *n == 0 at the lane's end. Every event
 * is checked: known op, allowed flags, operands within bounds, declared shapes, zero where unused.
 * GCR_BAD_INPUT names file, byte offset of the block and what is wrong; none of the block's events
 * has been delivered then. */
gcr_status gcr_cursor_read(struct gcr_cursor *cursor, struct gcr_event *events, size_t room,
                           size_t *n, struct gcr_error *err) GCR_MUST_USE;

/* The same without a copy: *events points to *n events, which stay until the next call or close. */
gcr_status gcr_cursor_next(struct gcr_cursor *cursor, size_t room, const struct gcr_event **events,
                           size_t *n, struct gcr_error *err) GCR_MUST_USE;

/* Sections in file order, for `dump` and `info`. */
enum gcr_section_kind { GCR_SECTION_SHAPE, GCR_SECTION_NAME, GCR_SECTION_META, GCR_SECTION_EVENTS };
struct gcr_section_info {
    enum gcr_section_kind kind;
    uint64_t offset;       /* of its header in the file */
    uint64_t stored_bytes; /* header and content */
    uint64_t raw_bytes;    /* content before compression */
    uint32_t lane;         /* events only */
    uint32_t events;       /* events only */
    uint64_t first_event;  /* events only: number of the first in its lane, from 0 */
    uint32_t number;       /* shape or name number */
};
uint64_t gcr_reader_section_count(const struct gcr_reader *reader);
const struct gcr_section_info *gcr_reader_section(const struct gcr_reader *reader, uint64_t i);

#endif
