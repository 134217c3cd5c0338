/* Finds the sections of a file.
 *
 * With an intact footer the index tells where sections lie, in one read. Otherwise headers are
 * followed from the first section on: what a killed writer left ends with a section cut short, or
 * with zeros where a file was made longer before it was written; both are a torn tail and harmless.
 * Anything else that is not a section is damage. An index that does not describe the file exactly
 * is damage too. Memory: one entry a section, so it is bounded by the file's size. */
#include "traces/section_scan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

gcr_status gct_read_at(int fd, uint64_t offset, void *out, size_t size, struct gcr_error *err)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = pread(fd, (uint8_t *)out + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return gcr_fail(err, GCR_IO, "read at offset %" PRIu64 ": %s", offset, strerror(errno));
        if (n == 0)
            return gcr_fail(err, GCR_BAD_INPUT, "file ends at offset %" PRIu64, offset + done);
        done += (size_t)n;
    }
    return GCR_OK;
}

gcr_status gct_read_section(int fd, const struct gct_entry *entry, uint8_t *out,
                            struct gcr_error *err)
{
    const struct gct_section *s = &entry->section;
    uint8_t expected[GCT_SECTION_HEADER_BYTES];
    gcr_status status =
        gct_read_at(fd, entry->info.offset, out, (size_t)entry->info.stored_bytes, err);
    if (status != GCR_OK)
        return status;
    gct_put_section_fields(s, expected);
    if (memcmp(out, expected, sizeof expected) != 0)
        return gcr_fail(err, GCR_BAD_INPUT, "damaged section header at offset %" PRIu64,
                        entry->info.offset);
    if (gct_hash(out + GCT_SECTION_HEADER_BYTES, s->stored_bytes) != s->content_hash)
        return gcr_fail(err, GCR_BAD_INPUT, "damaged section at offset %" PRIu64 " (checksum)",
                        entry->info.offset);
    return GCR_OK;
}

gcr_status gct_read_plain(int fd, const struct gct_entry *entry, uint8_t **out,
                          struct gcr_error *err)
{
    size_t size = (size_t)entry->info.stored_bytes;
    uint8_t *bytes = malloc(size + 1);
    if (bytes == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a section of %zu bytes", size);
    gcr_status status = gct_read_section(fd, entry, bytes, err);
    if (status != GCR_OK) {
        free(bytes);
        return status;
    }
    memmove(bytes, bytes + GCT_SECTION_HEADER_BYTES, entry->section.stored_bytes);
    bytes[entry->section.stored_bytes] = '\0';
    *out = bytes;
    return GCR_OK;
}

void gct_scan_free(struct gct_scan *scan)
{
    free(scan->entries);
    free(scan->lane_events);
    scan->entries = NULL;
    scan->lane_events = NULL;
}

static gcr_status scan_grow_lanes(struct gct_scan *scan, uint32_t lane, struct gcr_error *err)
{
    if (lane < scan->lanes)
        return GCR_OK;
    uint64_t *lanes = realloc(scan->lane_events, sizeof *lanes * ((size_t)lane + 1));
    if (lanes == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for %u lanes", lane + 1);
    memset(lanes + scan->lanes, 0, sizeof *lanes * (lane + 1 - scan->lanes));
    scan->lane_events = lanes;
    scan->lanes = lane + 1;
    return GCR_OK;
}

/* Numbers of shapes, names and events follow one another without a gap, in file order. */
static gcr_status scan_check_order(struct gct_scan *scan, const struct gct_section *s,
                                   uint64_t offset, struct gcr_error *err)
{
    uint32_t *dense = s->kind == GCT_SHAPE ? &scan->shapes : &scan->names;
    switch (s->kind) {
    case GCT_SHAPE:
    case GCT_NAME:
        if (s->number != *dense + 1)
            return gcr_fail(err, GCR_BAD_INPUT, "%s %u at offset %" PRIu64 ", expected number %u",
                            s->kind == GCT_SHAPE ? "shape" : "name", s->number, offset, *dense + 1);
        (*dense)++;
        return GCR_OK;
    case GCT_EVENTS: {
        gcr_status status = scan_grow_lanes(scan, s->number, err);
        if (status != GCR_OK)
            return status;
        uint64_t *events = &scan->lane_events[s->number];
        if (s->first_event != *events)
            return gcr_fail(err, GCR_BAD_INPUT,
                            "block at offset %" PRIu64 " begins with event %" PRIu64
                            " of lane %u, expected %" PRIu64,
                            offset, s->first_event, s->number, *events);
        *events += s->events;
        scan->events += s->events;
        return GCR_OK;
    }
    default:
        return GCR_OK;
    }
}

static enum gcr_section_kind scan_public_kind(enum gct_kind kind)
{
    switch (kind) {
    case GCT_SHAPE:
        return GCR_SECTION_SHAPE;
    case GCT_NAME:
        return GCR_SECTION_NAME;
    case GCT_EVENTS:
        return GCR_SECTION_EVENTS;
    default:
        return GCR_SECTION_META;
    }
}

gcr_status gct_scan_add(struct gct_scan *scan, const struct gct_section *s, uint64_t offset,
                        struct gcr_error *err)
{
    gcr_status status = scan_check_order(scan, s, offset, err);
    if (status != GCR_OK)
        return status;
    if (scan->count == scan->room) {
        uint64_t room = scan->room < 16 ? 16 : scan->room * 2;
        struct gct_entry *entries = realloc(scan->entries, sizeof *entries * room);
        if (entries == NULL)
            return gcr_fail(err, GCR_NO_MEMORY, "no memory for %" PRIu64 " sections", room);
        scan->entries = entries;
        scan->room = room;
    }
    bool is_events = s->kind == GCT_EVENTS;
    scan->entries[scan->count++] = (struct gct_entry){
        .section = *s,
        .info = {.kind = scan_public_kind(s->kind),
                 .offset = offset,
                 .stored_bytes = GCT_SECTION_HEADER_BYTES + (uint64_t)s->stored_bytes,
                 .raw_bytes = s->raw_bytes,
                 .lane = is_events ? s->number : 0,
                 .events = s->events,
                 .first_event = s->first_event,
                 .number = is_events ? 0 : s->number}};
    scan->end = offset + GCT_SECTION_HEADER_BYTES + s->stored_bytes;
    return GCR_OK;
}

/* The index section at `offset`, which must end where the footer begins. */
static gcr_status scan_read_index(int fd, uint64_t offset, uint64_t end, uint8_t **content,
                                  uint64_t *entries, struct gcr_error *err)
{
    uint8_t header[GCT_SECTION_HEADER_BYTES];
    struct gct_entry entry = {.info = {.offset = offset, .stored_bytes = end - offset}};
    gcr_status status = gct_read_at(fd, offset, header, sizeof header, err);
    if (status == GCR_OK)
        status = gct_get_section(header, &entry.section, err);
    if (status != GCR_OK) {
        gcr_error_prefix(err, "index at offset %" PRIu64, offset);
        return status;
    }
    if (entry.section.kind != GCT_INDEX ||
        entry.section.stored_bytes + (uint64_t)GCT_SECTION_HEADER_BYTES != end - offset)
        return gcr_fail(err, GCR_BAD_INPUT, "no index at offset %" PRIu64, offset);
    *entries = entry.section.stored_bytes / GCT_INDEX_ENTRY_BYTES;
    return gct_read_plain(fd, &entry, content, err);
}

/* Takes the entries; they must tile the file from its header to the index. */
static gcr_status scan_take_entries(struct gct_scan *scan, const uint8_t *content, uint64_t entries,
                                    struct gcr_error *err)
{
    for (uint64_t i = 0; i < entries; i++) {
        struct gct_section section;
        uint64_t offset;
        gcr_status status =
            gct_get_index_entry(content + i * GCT_INDEX_ENTRY_BYTES, &section, &offset, err);
        if (status == GCR_OK && offset != scan->end)
            status =
                gcr_fail(err, GCR_BAD_INPUT, "section at offset %" PRIu64 ", expected %" PRIu64,
                         offset, scan->end);
        if (status == GCR_OK)
            status = gct_scan_add(scan, &section, offset, err);
        if (status != GCR_OK) {
            gcr_error_prefix(err, "index entry %" PRIu64, i);
            return status;
        }
    }
    return GCR_OK;
}

static gcr_status scan_by_index(int fd, struct gct_scan *scan, const struct gct_footer *footer,
                                struct gcr_error *err)
{
    uint64_t footer_offset = scan->file_bytes - GCT_FOOTER_BYTES;
    uint8_t *content = NULL;
    uint64_t entries = 0;
    if (footer->index_offset < GCT_FILE_HEADER_BYTES || footer->index_offset > footer_offset ||
        footer_offset - footer->index_offset < GCT_SECTION_HEADER_BYTES)
        return gcr_fail(err, GCR_BAD_INPUT, "footer at offset %" PRIu64 " points to no index",
                        footer_offset);
    gcr_status status =
        scan_read_index(fd, footer->index_offset, footer_offset, &content, &entries, err);
    if (status != GCR_OK)
        return status;
    if (entries != footer->sections)
        status = gcr_fail(err, GCR_BAD_INPUT, "index of %" PRIu64 " sections, footer says %" PRIu64,
                          entries, footer->sections);
    else
        status = scan_take_entries(scan, content, entries, err);
    free(content);
    if (status == GCR_OK && scan->end != footer->index_offset)
        status = gcr_fail(err, GCR_BAD_INPUT,
                          "index names sections up to offset %" PRIu64 ", but lies at %" PRIu64,
                          scan->end, footer->index_offset);
    scan->index_end = scan->file_bytes;
    return status;
}

/* Are all bytes from `offset` to the end zero? */
static gcr_status scan_is_zero_tail(int fd, const struct gct_scan *scan, uint64_t offset,
                                    bool *is_zero, struct gcr_error *err)
{
    uint8_t buffer[4096];
    *is_zero = true;
    while (offset < scan->file_bytes && *is_zero) {
        uint64_t left = scan->file_bytes - offset;
        size_t n = left < sizeof buffer ? (size_t)left : sizeof buffer;
        gcr_status status = gct_read_at(fd, offset, buffer, n, err);
        if (status != GCR_OK)
            return status;
        for (size_t i = 0; i < n && *is_zero; i++)
            *is_zero = buffer[i] == 0;
        offset += n;
    }
    return GCR_OK;
}

/* An index without a footer behind it: cut while the file was being closed, or damaged. */
static gcr_status scan_unfooted_index(const struct gct_scan *scan, uint64_t footer_offset,
                                      struct gcr_error *err)
{
    if (scan->file_bytes - footer_offset < GCT_FOOTER_BYTES)
        return GCR_OK;
    return gcr_fail(err, GCR_BAD_INPUT, "damaged footer at offset %" PRIu64, footer_offset);
}

/* Follows headers. Ends at the end of the file, at an index, or at a torn tail. */
static gcr_status scan_by_headers(int fd, struct gct_scan *scan, struct gcr_error *err)
{
    while (scan->file_bytes - scan->end >= GCT_SECTION_HEADER_BYTES) {
        uint8_t header[GCT_SECTION_HEADER_BYTES];
        struct gct_section section;
        uint64_t offset = scan->end;
        gcr_status status = gct_read_at(fd, offset, header, sizeof header, err);
        if (status != GCR_OK)
            return status;
        if (gct_get_section(header, &section, err) != GCR_OK) {
            bool is_zero = false;
            status = scan_is_zero_tail(fd, scan, offset, &is_zero, NULL);
            if (status != GCR_OK || !is_zero) {
                gcr_error_prefix(err, "at offset %" PRIu64, offset);
                return GCR_BAD_INPUT;
            }
            return GCR_OK;
        }
        uint64_t end = offset + GCT_SECTION_HEADER_BYTES + section.stored_bytes;
        if (end > scan->file_bytes)
            return GCR_OK;
        if (section.kind == GCT_INDEX)
            return scan_unfooted_index(scan, end, err);
        status = gct_scan_add(scan, &section, offset, err);
        if (status != GCR_OK)
            return status;
    }
    return GCR_OK;
}

/* Without an index the last section may have a header, its full length, and only part of its
 * content: a checksum that fails there is a torn tail, dropped with a warning, not damage. */
static gcr_status scan_check_last(int fd, struct gct_scan *scan, struct gcr_error *err)
{
    if (scan->count == 0)
        return GCR_OK;
    const struct gct_entry *last = &scan->entries[scan->count - 1];
    uint8_t *content;
    gcr_status status = gct_read_plain(fd, last, &content, err);
    if (status == GCR_OK) {
        free(content);
        return GCR_OK;
    }
    if (status != GCR_BAD_INPUT)
        return status;
    const struct gct_section *s = &last->section;
    if (s->kind == GCT_SHAPE)
        scan->shapes--;
    if (s->kind == GCT_NAME)
        scan->names--;
    if (s->kind == GCT_EVENTS) {
        scan->lane_events[s->number] -= s->events;
        scan->events -= s->events;
    }
    scan->end = last->info.offset;
    scan->count--;
    return GCR_OK;
}

static gcr_status scan_sections(int fd, struct gct_scan *scan, struct gcr_error *err)
{
    uint8_t bytes[GCT_FOOTER_BYTES];
    struct gct_footer footer;
    gcr_status status;
    if (scan->file_bytes >= GCT_FILE_HEADER_BYTES + GCT_FOOTER_BYTES) {
        status = gct_read_at(fd, scan->file_bytes - sizeof bytes, bytes, sizeof bytes, err);
        if (status != GCR_OK)
            return status;
        if (gct_get_footer(bytes, &footer))
            return scan_by_index(fd, scan, &footer, err);
    }
    status = scan_by_headers(fd, scan, err);
    if (status == GCR_OK)
        status = scan_check_last(fd, scan, err);
    scan->torn = scan->file_bytes - scan->end;
    return status;
}

gcr_status gct_scan_file(int fd, struct gct_scan *out, struct gcr_error *err)
{
    struct gct_scan scan = {.end = GCT_FILE_HEADER_BYTES};
    uint8_t header[GCT_FILE_HEADER_BYTES] = {0};
    struct stat info;
    if (fstat(fd, &info) != 0)
        return gcr_fail(err, GCR_IO, "%s", strerror(errno));
    if (!S_ISREG(info.st_mode))
        return gcr_fail(err, GCR_BAD_INPUT, "not a regular file");
    scan.file_bytes = (uint64_t)info.st_size;
    size_t size = scan.file_bytes < sizeof header ? (size_t)scan.file_bytes : sizeof header;
    gcr_status status = gct_read_at(fd, 0, header, size, err);
    if (status == GCR_OK)
        status = gct_get_file_header(header, size, &scan.header, err);
    if (status == GCR_OK)
        status = scan_sections(fd, &scan, err);
    if (status != GCR_OK) {
        gct_scan_free(&scan);
        return status;
    }
    *out = scan;
    return GCR_OK;
}
