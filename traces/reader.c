/* Opens a trace: scans its sections (section_scan.c), loads shapes, names and metadata, and sorts
 * the blocks by lane. Events are read by cursors (cursor.c). Memory: one entry a section. */
#include "traces/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <xxhash.h>

#include "traces/bytes.h"
#include "traces/reader_state.h"

static gcr_status reader_load_shape(struct gcr_reader *reader, const struct gct_section *section,
                                    const uint8_t *content, struct gcr_error *err)
{
    return gct_get_shape(content, section->stored_bytes, section->number,
                         &reader->shapes[section->number], err);
}

static gcr_status reader_load_name(struct gcr_reader *reader, const struct gct_section *section,
                                   const uint8_t *content, struct gcr_error *err)
{
    if (!gct_is_printable((const char *)content, section->stored_bytes, GCT_MAX_NAME_BYTES))
        return gcr_fail(err, GCR_BAD_INPUT, "name %u is not printable", section->number);
    reader->names[section->number] = strdup((const char *)content);
    if (reader->names[section->number] == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for name %u", section->number);
    return GCR_OK;
}

static gcr_status reader_load_meta(json_t *meta, const struct gct_section *section,
                                   const uint8_t *content, struct gcr_error *err)
{
    json_error_t error;
    json_t *object = json_loadb((const char *)content, section->stored_bytes, 0, &error);
    if (object == NULL)
        return gcr_fail(err, GCR_BAD_INPUT, "metadata is not JSON: %.100s", error.text);
    bool is_merged = json_is_object(object) && json_object_update(meta, object) == 0;
    json_decref(object);
    if (!is_merged)
        return gcr_fail(err, GCR_BAD_INPUT, "metadata is not a JSON object");
    return GCR_OK;
}

static gcr_status reader_load_section(struct gcr_reader *reader, json_t *meta,
                                      const struct gct_entry *entry, struct gcr_error *err)
{
    uint8_t *content;
    gcr_status status = gct_read_plain(reader->fd, entry, &content, err);
    if (status != GCR_OK)
        return status;
    const struct gct_section *section = &entry->section;
    if (section->kind == GCT_SHAPE)
        status = reader_load_shape(reader, section, content, err);
    else if (section->kind == GCT_NAME)
        status = reader_load_name(reader, section, content, err);
    else
        status = reader_load_meta(meta, section, content, err);
    free(content);
    if (status != GCR_OK)
        gcr_error_prefix(err, "section at offset %" PRIu64, entry->info.offset);
    return status;
}

/* Loads all but events. */
static gcr_status reader_load_sections(struct gcr_reader *reader, struct gcr_error *err)
{
    const struct gct_scan *scan = &reader->scan;
    reader->shapes = calloc((size_t)scan->shapes + 1, sizeof *reader->shapes);
    reader->names = calloc((size_t)scan->names + 1, sizeof *reader->names);
    json_t *meta = json_object();
    gcr_status status = GCR_OK;
    if (reader->shapes == NULL || reader->names == NULL || meta == NULL)
        status = gcr_fail(err, GCR_NO_MEMORY, "no memory for shapes and names");
    for (uint64_t i = 0; i < scan->count && status == GCR_OK; i++) {
        if (scan->entries[i].section.kind != GCT_EVENTS)
            status = reader_load_section(reader, meta, &scan->entries[i], err);
    }
    if (status == GCR_OK) {
        reader->meta = json_dumps(meta, JSON_COMPACT);
        if (reader->meta == NULL)
            status = gcr_fail(err, GCR_NO_MEMORY, "no memory for metadata");
    }
    json_decref(meta);
    return status;
}

/* Counting sort of the blocks by lane, which keeps their order. */
static gcr_status reader_sort_lanes(struct gcr_reader *reader, struct gcr_error *err)
{
    const struct gct_scan *scan = &reader->scan;
    reader->lane_start = calloc((size_t)scan->lanes + 2, sizeof *reader->lane_start);
    reader->lane_sections = calloc((size_t)scan->count + 1, sizeof *reader->lane_sections);
    if (reader->lane_start == NULL || reader->lane_sections == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for %u lanes", scan->lanes);
    /* start[lane + 2] counts first, so that start[lane + 1] can move along while filling. */
    uint64_t *start = reader->lane_start;
    for (uint64_t i = 0; i < scan->count; i++) {
        const struct gct_section *s = &scan->entries[i].section;
        if (s->kind == GCT_EVENTS && s->number + 1 < scan->lanes)
            start[s->number + 2]++;
    }
    for (uint32_t lane = 1; lane < scan->lanes; lane++)
        start[lane + 1] += start[lane];
    for (uint64_t i = 0; i < scan->count; i++) {
        const struct gct_section *s = &scan->entries[i].section;
        if (s->kind == GCT_EVENTS)
            reader->lane_sections[start[s->number + 1]++] = i;
    }
    return GCR_OK;
}

static void reader_compute_digest(struct gcr_reader *reader)
{
    XXH3_state_t *state = XXH3_createState();
    (void)XXH3_64bits_reset(state);
    for (uint64_t i = 0; i < reader->scan.count; i++) {
        uint8_t bytes[8];
        const struct gct_section *s = &reader->scan.entries[i].section;
        if (s->kind == GCT_META)
            continue;
        bytes_put64(bytes, s->content_hash);
        (void)XXH3_64bits_update(state, bytes, sizeof bytes);
    }
    (void)snprintf(reader->digest, sizeof reader->digest, "%016" PRIx64, XXH3_64bits_digest(state));
    (void)XXH3_freeState(state);
}

static void reader_write_warning(struct gcr_reader *reader)
{
    const struct gct_scan *scan = &reader->scan;
    if (scan->index_end != 0)
        return;
    int n =
        snprintf(reader->warning, sizeof reader->warning,
                 "the file is not whole: it has no index, so its writer was stopped or its end is "
                 "missing; %" PRIu64 " events in %u lanes are readable",
                 scan->events, scan->lanes);
    if (scan->torn > 0 && n > 0)
        (void)snprintf(reader->warning + n, sizeof reader->warning - (size_t)n,
                       "; %" PRIu64 " bytes from offset %" PRIu64 " are no whole section",
                       scan->torn, scan->end);
}

static gcr_status reader_fill(struct gcr_reader *reader, struct gcr_error *err)
{
    gcr_status status = gct_scan_file(reader->fd, &reader->scan, err);
    if (status == GCR_OK)
        status = reader_load_sections(reader, err);
    if (status == GCR_OK)
        status = reader_sort_lanes(reader, err);
    if (status != GCR_OK)
        return status;
    reader_compute_digest(reader);
    reader_write_warning(reader);
    return GCR_OK;
}

gcr_status gcr_reader_open(const char *path, struct gcr_reader **out, struct gcr_error *err)
{
    struct gcr_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a reader");
    reader->fd = -1;
    reader->path = strdup(path);
    gcr_status status = GCR_OK;
    if (reader->path == NULL) {
        status = gcr_fail(err, GCR_NO_MEMORY, "no memory for a reader");
    } else {
        reader->fd = open(path, O_RDONLY | O_CLOEXEC);
        status = reader->fd < 0 ? gcr_fail(err, GCR_IO, "%s", strerror(errno))
                                : reader_fill(reader, err);
    }
    if (status != GCR_OK) {
        gcr_error_prefix(err, "%s", path);
        gcr_reader_close(reader);
        return status;
    }
    *out = reader;
    return GCR_OK;
}

void gcr_reader_close(struct gcr_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->fd >= 0)
        (void)close(reader->fd);
    for (uint32_t i = 0; reader->names != NULL && i <= reader->scan.names; i++)
        free(reader->names[i]);
    free(reader->names);
    free(reader->shapes);
    free(reader->meta);
    free(reader->lane_sections);
    free(reader->lane_start);
    gct_scan_free(&reader->scan);
    free(reader->path);
    free(reader);
}

const char *gcr_reader_path(const struct gcr_reader *reader)
{
    return reader->path;
}

const struct gcr_capabilities *gcr_reader_capabilities(const struct gcr_reader *reader)
{
    return &reader->scan.header.capabilities;
}

int gcr_reader_zstd_level(const struct gcr_reader *reader)
{
    return reader->scan.header.zstd_level;
}

const struct gcr_shape *gcr_reader_shapes(const struct gcr_reader *reader, uint32_t *count)
{
    *count = reader->scan.shapes;
    return reader->shapes;
}

const char *gcr_reader_name(const struct gcr_reader *reader, uint32_t number, uint32_t *count)
{
    if (count != NULL)
        *count = reader->scan.names;
    return number >= 1 && number <= reader->scan.names ? reader->names[number] : NULL;
}

const char *gcr_reader_meta(const struct gcr_reader *reader)
{
    return reader->meta;
}

uint32_t gcr_reader_lane_count(const struct gcr_reader *reader)
{
    return reader->scan.lanes;
}

uint64_t gcr_reader_lane_events(const struct gcr_reader *reader, uint32_t lane)
{
    return lane < reader->scan.lanes ? reader->scan.lane_events[lane] : 0;
}

uint64_t gcr_reader_events(const struct gcr_reader *reader)
{
    return reader->scan.events;
}

const char *gcr_reader_warning(const struct gcr_reader *reader)
{
    return reader->warning[0] == '\0' ? NULL : reader->warning;
}

const char *gcr_reader_digest(const struct gcr_reader *reader)
{
    return reader->digest;
}

uint64_t gcr_reader_file_bytes(const struct gcr_reader *reader)
{
    return reader->scan.file_bytes;
}

uint64_t gcr_reader_section_count(const struct gcr_reader *reader)
{
    return reader->scan.count;
}

const struct gcr_section_info *gcr_reader_section(const struct gcr_reader *reader, uint64_t i)
{
    return i < reader->scan.count ? &reader->scan.entries[i].info : NULL;
}
