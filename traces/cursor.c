/* Cursors: the events of one lane, block after block. A block is read, checked and decoded when the
 * one before it is used up, so memory is bounded by one block. Only pread is used: parent and
 * forked child can go on from the same reader. */
#include <inttypes.h>
#include <stdlib.h>

#include "traces/reader_state.h"

struct gcr_cursor {
    struct gcr_reader *reader;
    struct gct_block_decoder *decoder;
    uint64_t next, end; /* into the reader's lane_sections */
};

gcr_status gcr_cursor_open(struct gcr_reader *reader, uint32_t lane, struct gcr_cursor **out,
                           struct gcr_error *err)
{
    struct gcr_cursor *cursor = calloc(1, sizeof *cursor);
    if (cursor == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a cursor");
    gcr_status status = gct_block_decoder_create(&cursor->decoder, err);
    if (status != GCR_OK) {
        free(cursor);
        return status;
    }
    cursor->reader = reader;
    /* A lane without blocks (a child that never wrote) is at its end. */
    if (lane < reader->scan.lanes) {
        cursor->next = reader->lane_start[lane];
        cursor->end = reader->lane_start[lane + 1];
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

void gcr_cursor_close(struct gcr_cursor *cursor)
{
    if (cursor == NULL)
        return;
    gct_block_decoder_destroy(cursor->decoder);
    free(cursor);
}

gcr_status gct_reader_load_block(const struct gcr_reader *reader, const struct gct_entry *entry,
                                 struct gct_block_decoder *decoder, struct gcr_error *err)
{
    const struct gct_limits limits = {reader->shapes, reader->scan.shapes, reader->scan.names};
    gcr_status status = gct_read_section(reader->fd, entry, gct_block_decoder_input(decoder), err);
    if (status != GCR_OK) {
        gcr_error_prefix(err, "%s", reader->path);
        return status;
    }
    status = gct_block_decode(decoder, &entry->section, &limits, err);
    if (status != GCR_OK)
        gcr_error_prefix(err, "%s: block at offset %" PRIu64 " (lane %u, events from %" PRIu64 ")",
                         reader->path, entry->info.offset, entry->info.lane,
                         entry->info.first_event);
    return status;
}

gcr_status gcr_cursor_read(struct gcr_cursor *cursor, struct gcr_event *events, size_t room,
                           size_t *n, struct gcr_error *err)
{
    size_t done = 0;
    while (done < room) {
        size_t taken = gct_block_take(cursor->decoder, events + done, room - done);
        done += taken;
        if (taken > 0 || cursor->next == cursor->end) {
            if (taken == 0)
                break;
            continue;
        }
        /* What precedes a damaged block is delivered first; the next call meets the damage. */
        if (done > 0)
            break;
        struct gcr_reader *reader = cursor->reader;
        const struct gct_entry *entry = &reader->scan.entries[reader->lane_sections[cursor->next]];
        gcr_status status = gct_reader_load_block(reader, entry, cursor->decoder, err);
        if (status != GCR_OK)
            return status;
        cursor->next++;
        reader->delivered += entry->info.events;
        if (reader->progress != NULL)
            reader->progress(reader->progress_arg, reader->delivered);
    }
    *n = done;
    return GCR_OK;
}
