/* Cursors: the events of one lane, block after block. A block is read, checked and decoded when the
 * one before it is used up, or ahead of that (ahead.h), so memory is bounded by a few blocks. Only
 * pread is used: parent and forked child can go on from the same reader. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "traces/ahead.h"

struct gcr_cursor {
    struct gcr_reader *reader;
    struct gct_ahead *ahead; /* or NULL: then decoder and room */
    struct gct_block_decoder *decoder;
    struct gcr_event *room;        /* for one block */
    const struct gcr_event *block; /* events [given .. count) of it are to be given out */
    size_t given, count;
    uint64_t next, end; /* into the reader's lane_sections */
};

/* A lane of one block has nothing to decode ahead. Without a thread it goes without. */
static gcr_status cursor_prepare(struct gcr_cursor *cursor, struct gcr_error *err)
{
    const struct gcr_reader *reader = cursor->reader;
    if (reader->ahead && cursor->end - cursor->next > 1 &&
        gct_ahead_open(reader, cursor->next, cursor->end, &cursor->ahead, NULL) == GCR_OK)
        return GCR_OK;
    gcr_status status = gct_block_decoder_create(&cursor->decoder, err);
    if (status != GCR_OK)
        return status;
    cursor->room = malloc(sizeof *cursor->room * GCR_BLOCK_EVENTS);
    return cursor->room != NULL ? GCR_OK
                                : gcr_fail(err, GCR_NO_MEMORY, "no memory for a block of events");
}

gcr_status gcr_cursor_open(struct gcr_reader *reader, uint32_t lane, struct gcr_cursor **out,
                           struct gcr_error *err)
{
    struct gcr_cursor *cursor = calloc(1, sizeof *cursor);
    if (cursor == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a cursor");
    cursor->reader = reader;
    /* A lane without blocks (a child that never wrote) is at its end. */
    if (lane < reader->scan.lanes) {
        cursor->next = reader->lane_start[lane];
        cursor->end = reader->lane_start[lane + 1];
    }
    gcr_status status = cursor_prepare(cursor, err);
    if (status != GCR_OK) {
        gcr_cursor_close(cursor);
        return status;
    }
    *out = cursor;
    return GCR_OK;
}

void gcr_reader_watch(struct gcr_reader *reader, void (*progress)(void *arg, uint64_t done),
                      void *arg)
{
    reader->progress = progress;
    reader->progress_arg = arg;
}

void gcr_reader_decode_ahead(struct gcr_reader *reader, bool ahead)
{
    reader->ahead = ahead;
}

void gcr_cursor_close(struct gcr_cursor *cursor)
{
    if (cursor == NULL)
        return;
    gct_ahead_close(cursor->ahead);
    gct_block_decoder_destroy(cursor->decoder);
    free(cursor->room);
    free(cursor);
}

gcr_status gct_reader_load_block(const struct gcr_reader *reader, const struct gct_entry *entry,
                                 struct gct_block_decoder *decoder, struct gcr_event *events,
                                 struct gcr_error *err)
{
    const struct gct_limits limits = {reader->shapes, reader->scan.shapes, reader->scan.names};
    gcr_status status = gct_read_section(reader->fd, entry, gct_block_decoder_input(decoder), err);
    if (status != GCR_OK) {
        gcr_error_prefix(err, "%s", reader->path);
        return status;
    }
    status = gct_block_decode(decoder, &entry->section, &limits, events, err);
    if (status != GCR_OK)
        gcr_error_prefix(err, "%s: block at offset %" PRIu64 " (lane %u, events from %" PRIu64 ")",
                         reader->path, entry->info.offset, entry->info.lane,
                         entry->info.first_event);
    return status;
}

/* Takes up the next block, which must be there. */
static gcr_status cursor_load(struct gcr_cursor *cursor, struct gcr_error *err)
{
    struct gcr_reader *reader = cursor->reader;
    const struct gct_entry *entry = &reader->scan.entries[reader->lane_sections[cursor->next]];
    gcr_status status;
    if (cursor->ahead != NULL)
        status = gct_ahead_take(cursor->ahead, &cursor->block, err);
    else
        status = gct_reader_load_block(reader, entry, cursor->decoder, cursor->room, err);
    if (status != GCR_OK)
        return status;
    if (cursor->ahead == NULL)
        cursor->block = cursor->room;
    cursor->given = 0;
    cursor->count = entry->info.events;
    cursor->next++;
    reader->delivered += entry->info.events;
    if (reader->progress != NULL)
        reader->progress(reader->progress_arg, reader->delivered);
    return GCR_OK;
}

gcr_status gcr_cursor_next(struct gcr_cursor *cursor, size_t room, const struct gcr_event **events,
                           size_t *n, struct gcr_error *err)
{
    *n = 0;
    if (cursor->given == cursor->count && cursor->next < cursor->end) {
        gcr_status status = cursor_load(cursor, err);
        if (status != GCR_OK)
            return status;
    }
    size_t left = cursor->count - cursor->given;
    *n = room < left ? room : left;
    if (*n > 0)
        *events = cursor->block + cursor->given;
    cursor->given += *n;
    return GCR_OK;
}

gcr_status gcr_cursor_read(struct gcr_cursor *cursor, struct gcr_event *events, size_t room,
                           size_t *n, struct gcr_error *err)
{
    const struct gcr_event *from;
    gcr_status status = gcr_cursor_next(cursor, room, &from, n, err);
    if (status == GCR_OK && *n > 0)
        memcpy(events, from, *n * sizeof *events);
    return status;
}
