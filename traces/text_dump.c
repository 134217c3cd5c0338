/* Writes a trace as text, section by section in the order of the file, with the ends of blocks, so
 * that assembling the text gives the same file again. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "traces/reader_state.h"
#include "traces/text.h"
#include "traces/text_words.h"

static void dump_quoted(const char *text, FILE *out)
{
    (void)fputc('"', out);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            (void)fprintf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            (void)fprintf(out, "\\x%02x", c);
        else
            (void)fputc(c, out);
    }
    (void)fputc('"', out);
}

static void dump_word(const char *text, FILE *out)
{
    if (strpbrk(text, " \t\"\\#") != NULL || text[0] == '\0')
        dump_quoted(text, out);
    else
        (void)fputs(text, out);
}

static void dump_header(const struct gcr_reader *reader, FILE *out)
{
    const struct gcr_capabilities *capabilities = gcr_reader_capabilities(reader);
    (void)fprintf(out, "gct %d\n", GCT_VERSION);
    if (gcr_reader_zstd_level(reader) != GCR_DEFAULT_ZSTD_LEVEL)
        (void)fprintf(out, "zstd %d\n", gcr_reader_zstd_level(reader));
    (void)fputs("blocks explicit\ncapabilities", out);
    for (const struct text_capability *row = text_capabilities; row->name != NULL; row++)
        (void)fprintf(out, " %s=%s", row->name,
                      row->values[((const uint8_t *)capabilities)[row->offset]]);
    (void)fputc('\n', out);
}

static void dump_shape(const struct gcr_shape *shape, FILE *out)
{
    (void)fprintf(out, "shape %u ", shape->number);
    dump_word(shape->name, out);
    (void)fprintf(out, " fields=%u slots=%u items=%u item-slots=%u flags=", shape->field_bytes,
                  shape->slots, shape->item_bytes, shape->item_slots);
    const char *separator = "";
    for (const struct text_flag *flag = text_shape_flags; flag->name != NULL; flag++) {
        if (!gcr_shape_is(shape, flag->bit))
            continue;
        (void)fprintf(out, "%s%s", separator, flag->name);
        separator = ",";
    }
    (void)fputs(shape->flags == 0 ? "none\n" : "\n", out);
}

/* JSON stands as it is if it fits in a line, and is quoted otherwise; it begins with no quote. */
static gcr_status dump_meta(struct gcr_reader *reader, const struct gct_entry *entry, FILE *out,
                            struct gcr_error *err)
{
    uint8_t *content;
    gcr_status status = gct_read_plain(reader->fd, entry, &content, err);
    if (status != GCR_OK) {
        gcr_error_prefix(err, "%s", reader->path);
        return status;
    }
    const char *text = (const char *)content;
    size_t length = entry->section.stored_bytes;
    bool is_plain = text[0] == '{' && length > 0 && text[length - 1] == '}' &&
                    gct_is_printable(text, length, length);
    (void)fputs("meta ", out);
    if (is_plain)
        (void)fputs(text, out);
    else
        dump_quoted(text, out);
    (void)fputc('\n', out);
    free(content);
    return GCR_OK;
}

struct dump {
    struct gcr_reader *reader;
    FILE *out;
    int64_t lane;                      /* of the last lane line; -1: none yet */
    struct gct_block_decoder *decoder; /* blocks stand alone: one does for all lanes */
    struct gcr_event *events;          /* of one block */
};

static gcr_status dump_events(struct dump *dump, const struct gct_entry *entry,
                              struct gcr_error *err)
{
    char line[256];
    if (dump->lane != entry->info.lane)
        (void)fprintf(dump->out, "lane %u\n", entry->info.lane);
    dump->lane = entry->info.lane;
    gcr_status status =
        gct_reader_load_block(dump->reader, entry, dump->decoder, dump->events, err);
    if (status != GCR_OK)
        return status;
    for (uint32_t i = 0; i < entry->info.events; i++) {
        (void)gcr_text_format_event(&dump->events[i], line, sizeof line);
        (void)fprintf(dump->out, "%s\n", line);
    }
    (void)fputs("block\n", dump->out);
    return GCR_OK;
}

static gcr_status dump_section(struct dump *dump, const struct gct_entry *entry,
                               struct gcr_error *err)
{
    const struct gcr_reader *reader = dump->reader;
    switch (entry->section.kind) {
    case GCT_SHAPE:
        dump_shape(&reader->shapes[entry->section.number], dump->out);
        return GCR_OK;
    case GCT_NAME:
        (void)fprintf(dump->out, "name %u ", entry->section.number);
        dump_word(reader->names[entry->section.number], dump->out);
        (void)fputc('\n', dump->out);
        return GCR_OK;
    case GCT_META:
        return dump_meta(dump->reader, entry, dump->out, err);
    default:
        return dump_events(dump, entry, err);
    }
}

gcr_status gcr_text_dump(struct gcr_reader *reader, int lane, FILE *out, struct gcr_error *err)
{
    uint32_t lanes = gcr_reader_lane_count(reader);
    struct dump dump = {.reader = reader, .out = out, .lane = -1};
    if (lane >= 0 && (uint32_t)lane >= lanes)
        return gcr_fail(err, GCR_USAGE, "%s has %u lanes, there is no lane %d",
                        gcr_reader_path(reader), lanes, lane);
    gcr_status status = gct_block_decoder_create(&dump.decoder, err);
    if (status != GCR_OK)
        return status;
    dump.events = malloc(sizeof *dump.events * GCR_BLOCK_EVENTS);
    if (dump.events == NULL) {
        gct_block_decoder_destroy(dump.decoder);
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a block of events");
    }
    dump_header(reader, out);
    for (uint64_t i = 0; i < reader->scan.count && status == GCR_OK && ferror(out) == 0; i++) {
        const struct gct_entry *entry = &reader->scan.entries[i];
        if (lane < 0 || entry->section.kind != GCT_EVENTS || entry->info.lane == (uint32_t)lane)
            status = dump_section(&dump, entry, err);
    }
    gct_block_decoder_destroy(dump.decoder);
    free(dump.events);
    if (status == GCR_OK && (fflush(out) != 0 || ferror(out) != 0))
        status = gcr_fail(err, GCR_IO, "writing text: %s", strerror(errno));
    return status;
}
