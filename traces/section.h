/* Sections: the file is a header, sections one after another, and a footer (FORMAT.md). This is the
 * one place that knows where each field lies. Internal to traces/. */
#ifndef GCR_TRACES_SECTION_H
#define GCR_TRACES_SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "traces/block.h"
#include "traces/capability.h"
#include "traces/shape.h"

enum {
    GCT_VERSION = 1,
    GCT_FILE_HEADER_BYTES = 64,
    GCT_SECTION_HEADER_BYTES = 48,
    GCT_FOOTER_BYTES = 32,
    GCT_INDEX_ENTRY_BYTES = 48,
    GCT_SHAPE_FIXED_BYTES = 20,
    GCT_MAX_NAME_BYTES = 1024,
    GCT_MAX_META_BYTES = 1 << 24,
    /* Every column needs its predictor byte and may round its length codes up to a byte. */
    GCT_MAX_COLUMNS = GCR_OP_COUNT * GCR_OP_MAX_OPERANDS
};

enum gct_kind { GCT_SHAPE = 1, GCT_NAME = 2, GCT_META = 3, GCT_EVENTS = 4, GCT_INDEX = 5 };

enum gct_coding { GCT_PLAIN = 0, GCT_ZSTD = 1 };

/* A section header, as fields. */
struct gct_section {
    enum gct_kind kind;
    enum gct_coding coding;
    uint32_t number; /* lane of events; number of a shape or name; else 0 */
    uint32_t events;
    uint64_t first_event;
    uint32_t raw_bytes;
    uint32_t stored_bytes;
    uint64_t content_hash;
};

struct gct_file_header {
    struct gcr_capabilities capabilities;
    int32_t zstd_level;
};

struct gct_footer {
    uint64_t index_offset;
    uint64_t sections;
};

/* Bytes of n events before compression, at most. */
static inline size_t gct_raw_bound(uint32_t n)
{
    size_t operands = (size_t)n * GCR_OP_MAX_OPERANDS;
    return n + operands * 4 + operands / 4 + (size_t)GCT_MAX_COLUMNS * 2;
}

uint64_t gct_hash(const void *bytes, size_t size);

void gct_put_file_header(const struct gct_file_header *header, uint8_t *out);
/* GCR_BAD_INPUT: not a trace, another version, unknown flags, damage. The text has no file name. */
gcr_status gct_get_file_header(const uint8_t *in, size_t size, struct gct_file_header *header,
                               struct gcr_error *err) GCR_MUST_USE;

/* Writes the header; content_hash and stored_bytes are taken from the content. */
void gct_put_section(struct gct_section *section, const void *content, uint32_t stored_bytes,
                     uint8_t *out);
/* The same from the fields as they are. */
void gct_put_section_fields(const struct gct_section *section, uint8_t *out);
/* GCR_BAD_INPUT: wrong magic or hash, or fields that no writer gives. */
gcr_status gct_get_section(const uint8_t *in, struct gct_section *section,
                           struct gcr_error *err) GCR_MUST_USE;
/* An index entry is the section's offset and the fields of its header. */
void gct_put_index_entry(const struct gct_section *section, uint64_t offset, uint8_t *out);
gcr_status gct_get_index_entry(const uint8_t *in, struct gct_section *section, uint64_t *offset,
                               struct gcr_error *err) GCR_MUST_USE;

void gct_put_footer(const struct gct_footer *footer, uint8_t *out);
bool gct_get_footer(const uint8_t *in, struct gct_footer *footer);

/* Content of a shape section to a shape. GCR_BAD_INPUT says which bound is broken. */
gcr_status gct_get_shape(const uint8_t *in, size_t size, uint32_t number, struct gcr_shape *shape,
                         struct gcr_error *err) GCR_MUST_USE;
/* Bounds and flags of shape.h. GCR_BAD_INPUT. */
gcr_status gct_check_shape(const struct gcr_shape *shape, struct gcr_error *err) GCR_MUST_USE;
/* True if the text has 1 .. max bytes and no control characters. */
bool gct_is_printable(const char *text, size_t size, size_t max);

gcr_status gct_check_capabilities(const struct gcr_capabilities *capabilities,
                                  struct gcr_error *err) GCR_MUST_USE;

#endif
