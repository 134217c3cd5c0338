/* What reader.c and cursor.c share. Internal to traces/. */
#ifndef GCR_TRACES_READER_STATE_H
#define GCR_TRACES_READER_STATE_H

#include "traces/block_decode.h"
#include "traces/reader.h"
#include "traces/section_scan.h"

struct gcr_reader {
    char *path;
    int fd;
    struct gct_scan scan;
    struct gcr_shape *shapes; /* [0 .. scan.shapes] */
    char **names;             /* [0 .. scan.names] */
    char *meta;
    uint64_t *lane_sections; /* section numbers, lane by lane, in file order */
    uint64_t *lane_start;    /* [lanes + 1], into lane_sections */
    char warning[256];
    char digest[17];
    void (*progress)(void *arg, uint64_t done); /* or NULL */
    void *progress_arg;
    bool ahead;         /* cursors decode ahead */
    uint64_t delivered; /* events of the blocks that cursors took up */
};

/* Reads, checks and decodes one block to events[0 .. its number of events). GCR_BAD_INPUT names
 * file, offset and damage; the events are not to be used then. Allocates nothing. */
gcr_status gct_reader_load_block(const struct gcr_reader *reader, const struct gct_entry *entry,
                                 struct gct_block_decoder *decoder, struct gcr_event *events,
                                 struct gcr_error *err) GCR_MUST_USE;

#endif
