/* Writes a trace. Shapes, names and metadata go out at once; events gather in one buffer a lane and
 * go out as a block when it is full, cut, or at the end. Everything is checked on the way in, so a
 * file that a writer closed is always readable.
 *
 * Memory: a buffer for each lane that has not exited, which grows with the events that wait in it
 * up to GCR_BLOCK_EVENTS; one entry a section. */
#include "traces/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <zstd.h>

#include "base/check.h"
#include "traces/block_decode.h"
#include "traces/file.h"

/* Doubled, it comes to the size of a block exactly. */
enum { WRITER_FIRST_ROOM = 16 };
_Static_assert(GCR_BLOCK_EVENTS % WRITER_FIRST_ROOM == 0 &&
                   (GCR_BLOCK_EVENTS & (GCR_BLOCK_EVENTS - 1)) == 0,
               "a power of two");

struct lane_buffer {
    struct gcr_event *events; /* from the lane's first event to its EXIT */
    uint32_t count, room;     /* room for at most GCR_BLOCK_EVENTS */
    bool has_exited;
    bool has_begun; /* an event other than PREBUILT was seen */
    uint64_t written;
};

struct gcr_writer {
    char *path, *partial;
    int fd;
    struct gct_scan scan; /* what has been written, kept as a scan of the file would find it */
    struct gcr_block_encoder *encoder;
    uint8_t *out;
    struct gcr_shape *shapes;
    uint32_t shape_room;
    struct lane_buffer *lanes;
    uint32_t lane_count;
    bool has_explicit_blocks; /* no cut at FORK and EXIT */
};

static void writer_free(struct gcr_writer *writer)
{
    if (writer->fd >= 0)
        (void)close(writer->fd);
    for (uint32_t i = 0; i < writer->lane_count; i++)
        free(writer->lanes[i].events);
    free(writer->lanes);
    free(writer->shapes);
    free(writer->out);
    gcr_block_encoder_destroy(writer->encoder);
    gct_scan_free(&writer->scan);
    free(writer->path);
    free(writer->partial);
    free(writer);
}

static gcr_status writer_fail_memory(struct gcr_error *err)
{
    return gcr_fail(err, GCR_NO_MEMORY, "no memory to write a trace");
}

/* Takes up the section that was just written at the file's end. */
static gcr_status writer_append(struct gcr_writer *writer, const uint8_t *bytes, size_t size,
                                struct gcr_error *err)
{
    struct gct_section section;
    gcr_status status = gct_get_section(bytes, &section, err);
    if (status == GCR_OK)
        status = gct_write(writer->fd, bytes, size, err);
    if (status == GCR_OK)
        status = gct_scan_add(&writer->scan, &section, writer->scan.end, err);
    if (status != GCR_OK)
        gcr_error_prefix(err, "%s", writer->partial);
    return status;
}

static gcr_status writer_create_file(struct gcr_writer *writer,
                                     const struct gcr_capabilities *capabilities, int zstd_level,
                                     struct gcr_error *err)
{
    uint8_t header[GCT_FILE_HEADER_BYTES];
    writer->fd = open(writer->partial, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (writer->fd < 0)
        return gcr_fail(err, GCR_IO, "%s: %s", writer->partial, strerror(errno));
    (void)gcr_format_file_header(capabilities, zstd_level, header, sizeof header);
    gcr_status status = gct_write(writer->fd, header, sizeof header, err);
    if (status != GCR_OK)
        gcr_error_prefix(err, "%s", writer->partial);
    return status;
}

gcr_status gcr_writer_open_level(const char *path, const struct gcr_capabilities *capabilities,
                                 int zstd_level, struct gcr_writer **out, struct gcr_error *err)
{
    gcr_status status = gct_check_capabilities(capabilities, err);
    if (status == GCR_OK && (zstd_level < ZSTD_minCLevel() || zstd_level > ZSTD_maxCLevel()))
        status = gcr_fail(err, GCR_USAGE, "zstd level %d, expected %d .. %d", zstd_level,
                          ZSTD_minCLevel(), ZSTD_maxCLevel());
    if (status != GCR_OK)
        return status;
    struct gcr_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return writer_fail_memory(err);
    writer->fd = -1;
    writer->scan.end = GCT_FILE_HEADER_BYTES;
    writer->path = strdup(path);
    writer->out = malloc(gcr_block_bound(GCR_BLOCK_EVENTS));
    if (asprintf(&writer->partial, "%s.partial", path) < 0)
        writer->partial = NULL;
    if (writer->path == NULL || writer->partial == NULL || writer->out == NULL)
        status = writer_fail_memory(err);
    if (status == GCR_OK)
        status = gcr_block_encoder_create(zstd_level, &writer->encoder, err);
    if (status == GCR_OK)
        status = writer_create_file(writer, capabilities, zstd_level, err);
    if (status != GCR_OK) {
        if (writer->partial != NULL && writer->fd >= 0)
            (void)unlink(writer->partial);
        writer_free(writer);
        return status;
    }
    *out = writer;
    return GCR_OK;
}

gcr_status gcr_writer_open(const char *path, const struct gcr_capabilities *capabilities,
                           struct gcr_writer **out, struct gcr_error *err)
{
    return gcr_writer_open_level(path, capabilities, GCR_DEFAULT_ZSTD_LEVEL, out, err);
}

void gcr_writer_keep_predictors(struct gcr_writer *writer, uint32_t blocks)
{
    gcr_block_encoder_keep(writer->encoder, blocks);
}

void gcr_writer_explicit_blocks(struct gcr_writer *writer)
{
    writer->has_explicit_blocks = true;
}

gcr_status gcr_writer_shape(struct gcr_writer *writer, const struct gcr_shape *shape,
                            uint32_t *number, struct gcr_error *err)
{
    uint8_t bytes[GCT_SECTION_HEADER_BYTES + GCT_SHAPE_FIXED_BYTES + GCR_SHAPE_NAME_BYTES];
    struct gcr_shape numbered = *shape;
    numbered.number = writer->scan.shapes + 1;
    gcr_status status = gct_check_shape(&numbered, err);
    if (status != GCR_OK)
        return status;
    if (numbered.number > GCR_SHAPE_MAX_NUMBER)
        return gcr_fail(err, GCR_BAD_INPUT, "more than %u shapes", GCR_SHAPE_MAX_NUMBER);
    if (numbered.number >= writer->shape_room) {
        uint32_t room = writer->shape_room < 32 ? 32 : writer->shape_room * 2;
        struct gcr_shape *shapes = realloc(writer->shapes, sizeof *shapes * room);
        if (shapes == NULL)
            return writer_fail_memory(err);
        writer->shapes = shapes;
        writer->shape_room = room;
    }
    size_t size = gcr_format_shape_section(&numbered, bytes, sizeof bytes);
    status = writer_append(writer, bytes, size, err);
    if (status != GCR_OK)
        return status;
    writer->shapes[numbered.number] = numbered;
    *number = numbered.number;
    return GCR_OK;
}

gcr_status gcr_writer_name(struct gcr_writer *writer, const char *name, uint32_t *number,
                           struct gcr_error *err)
{
    uint8_t bytes[GCT_SECTION_HEADER_BYTES + GCT_MAX_NAME_BYTES];
    if (!gct_is_printable(name, strlen(name), GCT_MAX_NAME_BYTES))
        return gcr_fail(err, GCR_BAD_INPUT, "a name must have 1 to %d printable bytes",
                        GCT_MAX_NAME_BYTES);
    size_t size = gcr_format_name_section(writer->scan.names + 1, name, bytes, sizeof bytes);
    gcr_status status = writer_append(writer, bytes, size, err);
    if (status == GCR_OK)
        *number = writer->scan.names;
    return status;
}

static gcr_status writer_check_json(const char *json, size_t length, struct gcr_error *err)
{
    json_error_t error;
    json_t *object = json_loadb(json, length, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL)
        return gcr_fail(err, GCR_BAD_INPUT, "metadata is not JSON: %.100s", error.text);
    bool is_object = json_is_object(object);
    json_decref(object);
    if (!is_object || length > GCT_MAX_META_BYTES)
        return gcr_fail(err, GCR_BAD_INPUT, "metadata must be one JSON object of at most %d bytes",
                        GCT_MAX_META_BYTES);
    return GCR_OK;
}

gcr_status gcr_writer_meta(struct gcr_writer *writer, const char *json, struct gcr_error *err)
{
    size_t length = strlen(json);
    gcr_status status = writer_check_json(json, length, err);
    if (status != GCR_OK)
        return status;
    uint8_t *bytes = malloc(GCT_SECTION_HEADER_BYTES + length);
    if (bytes == NULL)
        return writer_fail_memory(err);
    size_t size = gcr_format_meta_section(json, bytes, GCT_SECTION_HEADER_BYTES + length);
    status = writer_append(writer, bytes, size, err);
    free(bytes);
    return status;
}

static gcr_status writer_get_lane(struct gcr_writer *writer, uint32_t lane,
                                  struct lane_buffer **out, struct gcr_error *err)
{
    if (lane >= GCR_MAX_LANES)
        return gcr_fail(err, GCR_INVALID_TRACE, "lane %u, at most %d are allowed", lane,
                        GCR_MAX_LANES);
    if (lane >= writer->lane_count) {
        struct lane_buffer *lanes = realloc(writer->lanes, sizeof *lanes * ((size_t)lane + 1));
        if (lanes == NULL)
            return writer_fail_memory(err);
        memset(lanes + writer->lane_count, 0, sizeof *lanes * (lane + 1 - writer->lane_count));
        writer->lanes = lanes;
        writer->lane_count = lane + 1;
    }
    struct lane_buffer *buffer = &writer->lanes[lane];
    if (buffer->count == buffer->room) {
        uint32_t room = buffer->room == 0 ? WRITER_FIRST_ROOM : buffer->room * 2;
        struct gcr_event *events = realloc(buffer->events, sizeof *events * room);
        if (events == NULL)
            return writer_fail_memory(err);
        buffer->events = events;
        buffer->room = room;
    }
    *out = buffer;
    return GCR_OK;
}

static gcr_status writer_flush_lane(struct gcr_writer *writer, uint32_t lane, struct gcr_error *err)
{
    struct lane_buffer *buffer = &writer->lanes[lane];
    size_t size;
    if (buffer->count == 0)
        return GCR_OK;
    gcr_status status = gcr_block_encode(writer->encoder, lane, buffer->written, buffer->events,
                                         buffer->count, writer->out, &size, err);
    if (status == GCR_OK)
        status = writer_append(writer, writer->out, size, err);
    if (status != GCR_OK)
        return status;
    buffer->written += buffer->count;
    buffer->count = 0;
    return GCR_OK;
}

/* Rules of order within a lane that need no memory of objects. */
static gcr_status writer_check_order(const struct lane_buffer *buffer, uint32_t lane,
                                     const struct gcr_event *event, struct gcr_error *err)
{
    if (buffer->has_exited)
        return gcr_fail(err, GCR_INVALID_TRACE, "%s after the lane's exit",
                        gcr_op_table[event->op].name);
    if (event->op == GCR_OP_PREBUILT && (buffer->has_begun || lane != 0))
        return gcr_fail(err, GCR_INVALID_TRACE, "prebuilt must precede all other events of lane 0");
    if (event->op == GCR_OP_FORK && event->a == lane)
        return gcr_fail(err, GCR_INVALID_TRACE, "a lane cannot be its own child");
    return GCR_OK;
}

gcr_status gcr_writer_event(struct gcr_writer *writer, uint32_t lane, const struct gcr_event *event,
                            struct gcr_error *err)
{
    /* Most events of a trace need neither the long check nor rules of order. */
    if (lane < writer->lane_count && writer->lanes[lane].count < writer->lanes[lane].room &&
        !writer->lanes[lane].has_exited && gct_event_is_plain(event)) {
        struct lane_buffer *plain = &writer->lanes[lane];
        plain->events[plain->count++] = *event;
        plain->has_begun = true;
        return plain->count == GCR_BLOCK_EVENTS ? writer_flush_lane(writer, lane, err) : GCR_OK;
    }
    struct lane_buffer *buffer = NULL;
    const struct gct_limits limits = {writer->shapes, writer->scan.shapes, writer->scan.names};
    gcr_status status = writer_get_lane(writer, lane, &buffer, err);
    if (status == GCR_OK)
        status = gct_check_event(event, &limits, err);
    if (status == GCR_OK)
        status = writer_check_order(buffer, lane, event, err);
    if (status != GCR_OK) {
        gcr_error_prefix(err, "event %" PRIu64 " of lane %u", gcr_writer_lane_events(writer, lane),
                         lane);
        return status;
    }
    buffer->events[buffer->count++] = *event;
    buffer->has_begun |= event->op != GCR_OP_PREBUILT;
    buffer->has_exited = event->op == GCR_OP_EXIT;
    bool is_cut =
        !writer->has_explicit_blocks && (event->op == GCR_OP_FORK || event->op == GCR_OP_EXIT);
    if (buffer->count == GCR_BLOCK_EVENTS || is_cut)
        status = writer_flush_lane(writer, lane, err);
    if (status == GCR_OK && buffer->has_exited && buffer->count == 0) {
        free(buffer->events);
        buffer->events = NULL;
        buffer->room = 0;
    }
    return status;
}

gcr_status gcr_writer_cut(struct gcr_writer *writer, uint32_t lane, struct gcr_error *err)
{
    return lane < writer->lane_count ? writer_flush_lane(writer, lane, err) : GCR_OK;
}

gcr_status gcr_writer_close(struct gcr_writer *writer, struct gcr_error *err)
{
    gcr_status status = GCR_OK;
    for (uint32_t lane = 0; lane < writer->lane_count && status == GCR_OK; lane++)
        status = writer_flush_lane(writer, lane, err);
    if (status == GCR_OK) {
        status = gct_write_index(writer->fd, &writer->scan, err);
        if (status == GCR_OK)
            status = gct_publish(writer->fd, writer->partial, writer->path, err);
        if (status != GCR_OK)
            gcr_error_prefix(err, "%s", writer->partial);
    }
    writer_free(writer);
    return status;
}

void gcr_writer_abandon(struct gcr_writer *writer)
{
    if (writer == NULL)
        return;
    (void)unlink(writer->partial);
    writer_free(writer);
}

void gcr_writer_leave(struct gcr_writer *writer)
{
    if (writer != NULL)
        writer_free(writer);
}

uint64_t gcr_writer_bytes(const struct gcr_writer *writer)
{
    return writer->scan.end;
}

uint64_t gcr_writer_lane_events(const struct gcr_writer *writer, uint32_t lane)
{
    if (lane >= writer->lane_count)
        return 0;
    return writer->lanes[lane].written + writer->lanes[lane].count;
}
