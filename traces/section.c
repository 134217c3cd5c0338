/* Bytes of file header, section headers, footer, and of the small sections (shape, name, metadata).
 *
 * Each header carries the XXH3-64 of its own bytes and of its content, so that every byte of a file
 * is covered. Checks here are of single structures; the order of sections is section_scan.c's. */
#include "traces/section.h"

#include <string.h>

#include <xxhash.h>
#include <zstd.h>

#include "traces/bytes.h"
#include "traces/writer.h"

/* As PNG does: a byte above 127, both line ends and the end-of-file of old show mangling at once.
 */
static const uint8_t file_magic[8] = {0x89, 'G', 'C', 'T', '\r', '\n', 0x1a, '\n'};
static const uint8_t section_magic[4] = {'G', 'C', 'T', 'S'};
static const uint8_t footer_magic[8] = {'G', 'C', 'T', 'I', 'N', 'D', 'E', 'X'};

uint64_t gct_hash(const void *bytes, size_t size)
{
    return XXH3_64bits(bytes, size);
}

void gct_put_file_header(const struct gct_file_header *header, uint8_t *out)
{
    memset(out, 0, GCT_FILE_HEADER_BYTES);
    memcpy(out, file_magic, sizeof file_magic);
    bytes_put16(out + 8, GCT_VERSION);
    bytes_put16(out + 10, GCT_FILE_HEADER_BYTES);
    memcpy(out + 16, &header->capabilities, sizeof header->capabilities);
    bytes_put32(out + 32, (uint32_t)header->zstd_level);
    bytes_put64(out + 56, gct_hash(out, 56));
}

/* The version is judged before the checksum, which another version may keep elsewhere. */
gcr_status gct_get_file_header(const uint8_t *in, size_t size, struct gct_file_header *header,
                               struct gcr_error *err)
{
    if (size < 12 || memcmp(in, file_magic, sizeof file_magic) != 0)
        return gcr_fail(err, GCR_BAD_INPUT, "not a gcreplay trace (offset 0)");
    unsigned version = bytes_get16(in + 8);
    if (version != GCT_VERSION)
        return gcr_fail(err, GCR_BAD_INPUT,
                        "trace format version %u; this program knows %d (offset 8)", version,
                        GCT_VERSION);
    unsigned bytes = bytes_get16(in + 10);
    if (bytes != GCT_FILE_HEADER_BYTES)
        return gcr_fail(err, GCR_BAD_INPUT, "header of %u bytes at offset 10, expected %d", bytes,
                        GCT_FILE_HEADER_BYTES);
    if (size < GCT_FILE_HEADER_BYTES)
        return gcr_fail(err, GCR_BAD_INPUT, "cut at offset %zu, inside the header of %d bytes",
                        size, GCT_FILE_HEADER_BYTES);
    if (bytes_get64(in + 56) != gct_hash(in, 56))
        return gcr_fail(err, GCR_BAD_INPUT, "damaged header at offset 0 (checksum)");
    if (bytes_get32(in + 12) != 0)
        return gcr_fail(err, GCR_BAD_INPUT, "unknown flags %#x in the header, offset 12",
                        bytes_get32(in + 12));
    memcpy(&header->capabilities, in + 16, sizeof header->capabilities);
    header->zstd_level = (int32_t)bytes_get32(in + 32);
    if (header->zstd_level < ZSTD_minCLevel() || header->zstd_level > ZSTD_maxCLevel())
        return gcr_fail(err, GCR_BAD_INPUT, "zstd level %d at offset 32", header->zstd_level);
    for (size_t i = 36; i < 56; i++) {
        if (in[i] != 0)
            return gcr_fail(err, GCR_BAD_INPUT, "reserved byte %zu of the header is not 0", i);
    }
    return gct_check_capabilities(&header->capabilities, err);
}

gcr_status gct_check_capabilities(const struct gcr_capabilities *c, struct gcr_error *err)
{
    const struct {
        const char *name;
        unsigned value, max;
    } rows[] = {{"stores", c->stores, GCR_STORES_SAMPLED},
                {"loads", c->loads, 1},
                {"reads", c->reads, GCR_READS_EXACT},
                {"deaths", c->deaths, GCR_DEATHS_EXACT},
                {"roots", c->roots, GCR_ROOTS_SYNTHESISED},
                {"tracking", c->tracking, 1},
                {"threads", c->threads, 1},
                {"forks", c->forks, 1},
                {"times", c->times, 1},
                {"faithful", c->faithful, 1}};
    for (size_t i = 0; i < GCR_COUNT_OF(rows); i++) {
        if (rows[i].value > rows[i].max)
            return gcr_fail(err, GCR_BAD_INPUT, "capability '%s' is %u, at most %u is known",
                            rows[i].name, rows[i].value, rows[i].max);
    }
    for (size_t i = 0; i < sizeof c->unused; i++) {
        if (c->unused[i] != 0)
            return gcr_fail(err, GCR_BAD_INPUT, "unknown capability %zu",
                            offsetof(struct gcr_capabilities, unused) + i);
    }
    return GCR_OK;
}

/* The 36 bytes that section header and index entry have in common. */
static void section_put_fields(const struct gct_section *s, uint8_t *out)
{
    out[0] = (uint8_t)s->kind;
    out[1] = (uint8_t)s->coding;
    bytes_put16(out + 2, 0);
    bytes_put32(out + 4, s->number);
    bytes_put32(out + 8, s->events);
    bytes_put64(out + 12, s->first_event);
    bytes_put32(out + 20, s->raw_bytes);
    bytes_put32(out + 24, s->stored_bytes);
    bytes_put64(out + 28, s->content_hash);
}

/* Sizes that a section of the kind may have: nothing is allocated from a header that lies. */
static bool section_has_sane_sizes(const struct gct_section *s)
{
    if (s->kind == GCT_EVENTS)
        return s->coding == GCT_ZSTD && s->events >= 1 && s->events <= GCR_BLOCK_EVENTS &&
               s->number < GCR_MAX_LANES && s->raw_bytes <= gct_raw_bound(s->events) &&
               s->stored_bytes <= gcr_block_bound(s->events) &&
               s->first_event <= UINT64_MAX - GCR_BLOCK_EVENTS;
    if (s->coding != GCT_PLAIN || s->events != 0 || s->first_event != 0 ||
        s->raw_bytes != s->stored_bytes)
        return false;
    switch (s->kind) {
    case GCT_SHAPE:
        return s->number >= 1 && s->number <= GCR_SHAPE_MAX_NUMBER &&
               s->raw_bytes > GCT_SHAPE_FIXED_BYTES &&
               s->raw_bytes < GCT_SHAPE_FIXED_BYTES + GCR_SHAPE_NAME_BYTES;
    case GCT_NAME:
        return s->number >= 1 && s->raw_bytes >= 1 && s->raw_bytes <= GCT_MAX_NAME_BYTES;
    case GCT_META:
        return s->number == 0 && s->raw_bytes <= GCT_MAX_META_BYTES;
    case GCT_INDEX:
        return s->number == 0 && s->raw_bytes % GCT_INDEX_ENTRY_BYTES == 0;
    default:
        return false;
    }
}

static gcr_status section_get_fields(const uint8_t *in, struct gct_section *s,
                                     struct gcr_error *err)
{
    s->kind = in[0];
    s->coding = in[1];
    s->number = bytes_get32(in + 4);
    s->events = bytes_get32(in + 8);
    s->first_event = bytes_get64(in + 12);
    s->raw_bytes = bytes_get32(in + 20);
    s->stored_bytes = bytes_get32(in + 24);
    s->content_hash = bytes_get64(in + 28);
    if (bytes_get16(in + 2) != 0 || !section_has_sane_sizes(s))
        return gcr_fail(err, GCR_BAD_INPUT,
                        "section of kind %u, number %u, %u events, %u raw and %u stored bytes "
                        "breaks the format's bounds",
                        in[0], s->number, s->events, s->raw_bytes, s->stored_bytes);
    return GCR_OK;
}

void gct_put_section_fields(const struct gct_section *section, uint8_t *out)
{
    memcpy(out, section_magic, sizeof section_magic);
    section_put_fields(section, out + 4);
    bytes_put64(out + 40, gct_hash(out, 40));
}

void gct_put_section(struct gct_section *section, const void *content, uint32_t stored_bytes,
                     uint8_t *out)
{
    section->stored_bytes = stored_bytes;
    section->content_hash = gct_hash(content, stored_bytes);
    gct_put_section_fields(section, out);
}

gcr_status gct_get_section(const uint8_t *in, struct gct_section *section, struct gcr_error *err)
{
    if (memcmp(in, section_magic, sizeof section_magic) != 0 ||
        bytes_get64(in + 40) != gct_hash(in, 40))
        return gcr_fail(err, GCR_BAD_INPUT, "damaged section header (checksum)");
    return section_get_fields(in + 4, section, err);
}

void gct_put_index_entry(const struct gct_section *section, uint64_t offset, uint8_t *out)
{
    bytes_put64(out, offset);
    section_put_fields(section, out + 8);
    bytes_put32(out + 44, 0);
}

gcr_status gct_get_index_entry(const uint8_t *in, struct gct_section *section, uint64_t *offset,
                               struct gcr_error *err)
{
    *offset = bytes_get64(in);
    if (bytes_get32(in + 44) != 0 || in[8] == GCT_INDEX)
        return gcr_fail(err, GCR_BAD_INPUT, "index entry breaks the format");
    return section_get_fields(in + 8, section, err);
}

void gct_put_footer(const struct gct_footer *footer, uint8_t *out)
{
    memcpy(out, footer_magic, sizeof footer_magic);
    bytes_put64(out + 8, footer->index_offset);
    bytes_put64(out + 16, footer->sections);
    bytes_put64(out + 24, gct_hash(out, 24));
}

bool gct_get_footer(const uint8_t *in, struct gct_footer *footer)
{
    if (memcmp(in, footer_magic, sizeof footer_magic) != 0 ||
        bytes_get64(in + 24) != gct_hash(in, 24))
        return false;
    footer->index_offset = bytes_get64(in + 8);
    footer->sections = bytes_get64(in + 16);
    return true;
}

bool gct_is_printable(const char *text, size_t size, size_t max)
{
    if (size < 1 || size > max)
        return false;
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    }
    return true;
}

gcr_status gct_check_shape(const struct gcr_shape *s, struct gcr_error *err)
{
    size_t length = strnlen(s->name, sizeof s->name);
    if (!gct_is_printable(s->name, length, sizeof s->name - 1))
        return gcr_fail(err, GCR_BAD_INPUT, "shape %u: its name must have 1 to %d printable bytes",
                        s->number, GCR_SHAPE_NAME_BYTES - 1);
    if (s->field_bytes > GCR_SHAPE_MAX_FIELD_BYTES || s->slots > s->field_bytes / GCR_SLOT_BYTES)
        return gcr_fail(err, GCR_BAD_INPUT,
                        "shape %u (%s): %u slots in %u field bytes (8 bytes a slot, at most %d)",
                        s->number, s->name, s->slots, s->field_bytes, GCR_SHAPE_MAX_FIELD_BYTES);
    if (s->item_bytes > GCR_SHAPE_MAX_ITEM_BYTES || s->item_slots > s->item_bytes / GCR_SLOT_BYTES)
        return gcr_fail(err, GCR_BAD_INPUT,
                        "shape %u (%s): %u slots in %u bytes an item (8 bytes a slot, at most %d)",
                        s->number, s->name, s->item_slots, s->item_bytes, GCR_SHAPE_MAX_ITEM_BYTES);
    if ((s->flags & ~(uint32_t)GCR_SHAPE_ALL_FLAGS) != 0)
        return gcr_fail(err, GCR_BAD_INPUT, "shape %u (%s): unknown flags %#x", s->number, s->name,
                        s->flags);
    if (gcr_shape_is(s, GCR_SHAPE_RESIZABLE) && !gcr_shape_has_items(s))
        return gcr_fail(err, GCR_BAD_INPUT, "shape %u (%s): resizable, but without items",
                        s->number, s->name);
    return GCR_OK;
}

gcr_status gct_get_shape(const uint8_t *in, size_t size, uint32_t number, struct gcr_shape *shape,
                         struct gcr_error *err)
{
    memset(shape, 0, sizeof *shape);
    shape->field_bytes = bytes_get32(in);
    shape->slots = bytes_get32(in + 4);
    shape->item_bytes = bytes_get32(in + 8);
    shape->item_slots = bytes_get32(in + 12);
    shape->flags = bytes_get32(in + 16);
    shape->number = number;
    size_t length = size - GCT_SHAPE_FIXED_BYTES;
    memcpy(shape->name, in + GCT_SHAPE_FIXED_BYTES, length);
    if (strnlen(shape->name, length) != length)
        return gcr_fail(err, GCR_BAD_INPUT, "shape %u: NUL in its name", number);
    return gct_check_shape(shape, err);
}

size_t gcr_format_file_header(const struct gcr_capabilities *capabilities, int zstd_level,
                              void *out, size_t size)
{
    if (size < GCT_FILE_HEADER_BYTES)
        return 0;
    struct gct_file_header header = {*capabilities, zstd_level};
    gct_put_file_header(&header, out);
    return GCT_FILE_HEADER_BYTES;
}

/* A plain section whose content already lies behind the place of its header. */
static size_t section_finish_plain(enum gct_kind kind, uint32_t number, uint8_t *out,
                                   size_t content_bytes)
{
    struct gct_section section = {
        .kind = kind, .number = number, .raw_bytes = (uint32_t)content_bytes};
    gct_put_section(&section, out + GCT_SECTION_HEADER_BYTES, (uint32_t)content_bytes, out);
    return GCT_SECTION_HEADER_BYTES + content_bytes;
}

/* Copies a name, control characters replaced, so that what recorders find can always be written. */
static void section_put_printable(const char *text, size_t length, uint8_t *out)
{
    for (size_t i = 0; i < length; i++)
        out[i] = gct_is_printable(text + i, 1, 1) ? (uint8_t)text[i] : '?';
}

size_t gcr_format_shape_section(const struct gcr_shape *shape, void *out, size_t size)
{
    uint8_t *content = (uint8_t *)out + GCT_SECTION_HEADER_BYTES;
    const char *name = shape->name[0] == '\0' ? "?" : shape->name;
    size_t length = strnlen(name, GCR_SHAPE_NAME_BYTES - 1);
    if (size < GCT_SECTION_HEADER_BYTES + GCT_SHAPE_FIXED_BYTES + length)
        return 0;
    bytes_put32(content, shape->field_bytes);
    bytes_put32(content + 4, shape->slots);
    bytes_put32(content + 8, shape->item_bytes);
    bytes_put32(content + 12, shape->item_slots);
    bytes_put32(content + 16, shape->flags);
    section_put_printable(name, length, content + GCT_SHAPE_FIXED_BYTES);
    return section_finish_plain(GCT_SHAPE, shape->number, out, GCT_SHAPE_FIXED_BYTES + length);
}

size_t gcr_format_name_section(uint32_t number, const char *name, void *out, size_t size)
{
    if (name[0] == '\0')
        name = "?";
    size_t length = strnlen(name, GCT_MAX_NAME_BYTES);
    if (size < GCT_SECTION_HEADER_BYTES + length)
        return 0;
    section_put_printable(name, length, (uint8_t *)out + GCT_SECTION_HEADER_BYTES);
    return section_finish_plain(GCT_NAME, number, out, length);
}

size_t gcr_format_meta_section(const char *json, void *out, size_t size)
{
    size_t length = strlen(json);
    if (length > GCT_MAX_META_BYTES || size < GCT_SECTION_HEADER_BYTES + length)
        return 0;
    memcpy((uint8_t *)out + GCT_SECTION_HEADER_BYTES, json, length);
    return section_finish_plain(GCT_META, 0, out, length);
}
