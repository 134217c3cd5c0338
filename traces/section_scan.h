/* Finds the sections of a file: by its index, or one header after another. Internal to traces/. */
#ifndef GCR_TRACES_SECTION_SCAN_H
#define GCR_TRACES_SECTION_SCAN_H

#include "traces/reader.h"
#include "traces/section.h"

struct gct_entry {
    struct gct_section section;
    struct gcr_section_info info;
};

struct gct_scan {
    struct gct_file_header header;
    struct gct_entry *entries; /* in file order; neither index nor footer */
    uint64_t count, room;
    uint64_t file_bytes;
    uint64_t end;       /* behind the last whole section */
    uint64_t index_end; /* behind index and footer; 0 if the file has none that is whole */
    uint64_t torn;      /* bytes behind `end` that belong to no whole section */
    uint32_t shapes, names, lanes;
    uint64_t events;
    uint64_t *lane_events; /* [lanes] */
};

/* Scans the file of descriptor `fd`. Checks headers, their order, and that numbers of shapes and
 * names and first events of lanes follow one another; contents are not read, except the last
 * section's when there is no index, which a killed writer may have left half written. GCR_BAD_INPUT
 * gives the byte offset (not the file's name). On failure nothing needs freeing. */
gcr_status gct_scan_file(int fd, struct gct_scan *out, struct gcr_error *err) GCR_MUST_USE;
void gct_scan_free(struct gct_scan *scan);

/* Takes up one more section that lies at `offset`; GCR_BAD_INPUT if its number does not follow. */
gcr_status gct_scan_add(struct gct_scan *scan, const struct gct_section *section, uint64_t offset,
                        struct gcr_error *err) GCR_MUST_USE;

/* Reads exactly `size` bytes at `offset`; GCR_BAD_INPUT if the file ends before. */
gcr_status gct_read_at(int fd, uint64_t offset, void *out, size_t size,
                       struct gcr_error *err) GCR_MUST_USE;

/* The stored content of a plain section, checked against header and hash, with a NUL behind it;
 * *out is the caller's to free. */
gcr_status gct_read_plain(int fd, const struct gct_entry *entry, uint8_t **out,
                          struct gcr_error *err) GCR_MUST_USE;

/* Header (compared with the entry) and content of a section into out (stored_bytes of info). */
gcr_status gct_read_section(int fd, const struct gct_entry *entry, uint8_t *out,
                            struct gcr_error *err) GCR_MUST_USE;

#endif
