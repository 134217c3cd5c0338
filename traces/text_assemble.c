/* Reads the text form line by line and feeds it to a writer. A line is either a directive (gct,
 * zstd, blocks, capabilities, shape, name, meta, lane, block) or an event. The file is opened when
 * the first line after the header lines needs it; on any error nothing is left of it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "traces/section.h"
#include "traces/text.h"
#include "traces/text_words.h"

struct assembly {
    const char *path;
    struct gcr_writer *writer; /* NULL until the header lines are over */
    struct gcr_capabilities capabilities;
    bool has_version, has_capabilities, has_explicit_blocks;
    int zstd_level;
    bool has_lane;
    uint32_t lane;
};

static gcr_status assemble_expect_end(const char *directive, char *line, struct gcr_error *err)
{
    char *word;
    gcr_status status = text_next_word(&line, &word, err);
    if (status == GCR_OK && word != NULL)
        return gcr_fail(err, GCR_BAD_INPUT, "%s: expected the line's end, found '%.64s'", directive,
                        word);
    return status;
}

/* The next word as a number up to max. */
static gcr_status assemble_take_number(const char *what, char **line, uint64_t max,
                                       uint64_t *number, struct gcr_error *err)
{
    char *word;
    gcr_status status = text_next_word(line, &word, err);
    if (status != GCR_OK)
        return status;
    if (word == NULL || !text_parse_number(word, max, number))
        return gcr_fail(err, GCR_BAD_INPUT,
                        "expected %s, a number up to %" PRIu64 ", found '%.64s'", what, max,
                        word == NULL ? "" : word);
    return GCR_OK;
}

/* Splits "key=value"; *key is NULL at the line's end. */
static gcr_status assemble_take_pair(char **line, char **key, char **value, struct gcr_error *err)
{
    gcr_status status = text_next_word(line, key, err);
    if (status != GCR_OK || *key == NULL)
        return status;
    char *equals = strchr(*key, '=');
    if (equals == NULL)
        return gcr_fail(err, GCR_BAD_INPUT, "expected key=value, found '%.64s'", *key);
    *equals = '\0';
    *value = equals + 1;
    return GCR_OK;
}

static gcr_status assemble_version(struct assembly *a, char *line, struct gcr_error *err)
{
    uint64_t version = 0;
    gcr_status status =
        assemble_take_number("the text's version", &line, UINT32_MAX, &version, err);
    if (status != GCR_OK)
        return status;
    if (version != GCT_VERSION)
        return gcr_fail(err, GCR_BAD_INPUT, "version %" PRIu64 "; this program knows %d", version,
                        GCT_VERSION);
    a->has_version = true;
    return assemble_expect_end("gct", line, err);
}

static gcr_status assemble_zstd(struct assembly *a, char *line, struct gcr_error *err)
{
    char *word;
    gcr_status status = text_next_word(&line, &word, err);
    if (status != GCR_OK)
        return status;
    bool is_negative = word != NULL && word[0] == '-';
    uint64_t level;
    if (word == NULL || !text_parse_number(word + is_negative, 1 << 17, &level) ||
        (!is_negative && level > 22))
        return gcr_fail(err, GCR_BAD_INPUT, "expected a zstd level up to 22, found '%.64s'",
                        word == NULL ? "" : word);
    a->zstd_level = is_negative ? -(int)level : (int)level;
    return assemble_expect_end("zstd", line, err);
}

static gcr_status assemble_blocks(struct assembly *a, char *line, struct gcr_error *err)
{
    char *word;
    gcr_status status = text_next_word(&line, &word, err);
    if (status != GCR_OK)
        return status;
    if (word == NULL || strcmp(word, "explicit") != 0)
        return gcr_fail(err, GCR_BAD_INPUT, "expected 'blocks explicit'");
    a->has_explicit_blocks = true;
    return assemble_expect_end("blocks", line, err);
}

static gcr_status assemble_capability(struct assembly *a, const char *key, const char *value,
                                      struct gcr_error *err)
{
    for (const struct text_capability *row = text_capabilities; row->name != NULL; row++) {
        if (strcmp(row->name, key) != 0)
            continue;
        for (uint8_t n = 0; row->values[n] != NULL; n++) {
            if (strcmp(row->values[n], value) == 0) {
                ((uint8_t *)&a->capabilities)[row->offset] = n;
                return GCR_OK;
            }
        }
        return gcr_fail(err, GCR_BAD_INPUT, "%s: expected %s%s%s%s%s, found '%.64s'", key,
                        row->values[0], "|", row->values[1], row->values[2] == NULL ? "" : "|",
                        row->values[2] == NULL ? "" : row->values[2], value);
    }
    return gcr_fail(err, GCR_BAD_INPUT, "unknown capability '%.64s'", key);
}

static gcr_status assemble_capabilities(struct assembly *a, char *line, struct gcr_error *err)
{
    a->has_capabilities = true;
    for (;;) {
        char *key = NULL;
        char *value = NULL;
        gcr_status status = assemble_take_pair(&line, &key, &value, err);
        if (status != GCR_OK || key == NULL)
            return status;
        status = assemble_capability(a, key, value, err);
        if (status != GCR_OK)
            return status;
    }
}

static gcr_status assemble_shape_flags(char *value, uint32_t *flags, struct gcr_error *err)
{
    char *rest = value;
    if (strcmp(value, "none") == 0 || *value == '\0')
        return GCR_OK;
    for (char *word = strsep(&rest, ","); word != NULL; word = strsep(&rest, ",")) {
        const struct text_flag *flag = text_shape_flags;
        while (flag->name != NULL && strcmp(flag->name, word) != 0)
            flag++;
        if (flag->name == NULL)
            return gcr_fail(err, GCR_BAD_INPUT, "unknown shape flag '%.64s'", word);
        *flags |= flag->bit;
    }
    return GCR_OK;
}

static gcr_status assemble_shape_pair(struct gcr_shape *shape, const char *key, char *value,
                                      struct gcr_error *err)
{
    const struct {
        const char *name;
        uint32_t *field;
    } rows[] = {{"fields", &shape->field_bytes},
                {"slots", &shape->slots},
                {"items", &shape->item_bytes},
                {"item-slots", &shape->item_slots}};
    if (strcmp(key, "flags") == 0)
        return assemble_shape_flags(value, &shape->flags, err);
    for (size_t i = 0; i < GCR_COUNT_OF(rows); i++) {
        uint64_t number;
        if (strcmp(key, rows[i].name) != 0)
            continue;
        if (!text_parse_number(value, UINT32_MAX, &number))
            return gcr_fail(err, GCR_BAD_INPUT, "%s: expected a number, found '%.64s'", key, value);
        *rows[i].field = (uint32_t)number;
        return GCR_OK;
    }
    return gcr_fail(err, GCR_BAD_INPUT,
                    "expected fields, slots, items, item-slots or flags, found '%.64s'", key);
}

/* The number and the name that begin a shape or name line. */
static gcr_status assemble_take_label(const char *what, char **line, uint64_t *number, char **name,
                                      struct gcr_error *err)
{
    gcr_status status = assemble_take_number(what, line, UINT32_MAX, number, err);
    if (status == GCR_OK)
        status = text_next_word(line, name, err);
    if (status == GCR_OK && *name == NULL)
        return gcr_fail(err, GCR_BAD_INPUT, "expected a name");
    return status;
}

static gcr_status assemble_shape(struct assembly *a, char *line, struct gcr_error *err)
{
    struct gcr_shape shape = {0};
    uint64_t number = 0;
    char *name = NULL;
    gcr_status status = assemble_take_label("a shape's number", &line, &number, &name, err);
    if (status != GCR_OK)
        return status;
    size_t length = strlen(name);
    if (length >= sizeof shape.name)
        return gcr_fail(err, GCR_BAD_INPUT, "a shape's name has at most %zu bytes",
                        sizeof shape.name - 1);
    memcpy(shape.name, name, length);
    for (;;) {
        char *key = NULL;
        char *value = NULL;
        status = assemble_take_pair(&line, &key, &value, err);
        if (status == GCR_OK && key != NULL)
            status = assemble_shape_pair(&shape, key, value, err);
        if (status != GCR_OK)
            return status;
        if (key == NULL)
            break;
    }
    uint32_t given;
    status = gcr_writer_shape(a->writer, &shape, &given, err);
    if (status == GCR_OK && given != number)
        return gcr_fail(err, GCR_BAD_INPUT, "expected shape number %u, found %" PRIu64, given,
                        number);
    return status;
}

static gcr_status assemble_name(struct assembly *a, char *line, struct gcr_error *err)
{
    uint64_t number = 0;
    char *name = NULL;
    gcr_status status = assemble_take_label("a name's number", &line, &number, &name, err);
    if (status == GCR_OK)
        status = assemble_expect_end("name", line, err);
    if (status != GCR_OK)
        return status;
    uint32_t given;
    status = gcr_writer_name(a->writer, name, &given, err);
    if (status == GCR_OK && given != number)
        return gcr_fail(err, GCR_BAD_INPUT, "expected name number %u, found %" PRIu64, given,
                        number);
    return status;
}

/* The rest of the line is JSON, or one quoted word that holds it. */
static gcr_status assemble_meta(struct assembly *a, char *line, struct gcr_error *err)
{
    char *json = line + strspn(line, " \t");
    if (*json == '"') {
        gcr_status status = text_next_word(&line, &json, err);
        if (status == GCR_OK)
            status = assemble_expect_end("meta", line, err);
        if (status != GCR_OK)
            return status;
    }
    return gcr_writer_meta(a->writer, json, err);
}

static gcr_status assemble_lane(struct assembly *a, char *line, struct gcr_error *err)
{
    uint64_t lane = 0;
    gcr_status status = assemble_take_number("a lane", &line, GCR_MAX_LANES - 1, &lane, err);
    if (status != GCR_OK)
        return status;
    a->lane = (uint32_t)lane;
    a->has_lane = true;
    return assemble_expect_end("lane", line, err);
}

static gcr_status assemble_block(struct assembly *a, char *line, struct gcr_error *err)
{
    gcr_status status = assemble_expect_end("block", line, err);
    if (status != GCR_OK)
        return status;
    if (!a->has_lane)
        return gcr_fail(err, GCR_BAD_INPUT, "expected a lane line before the first block line");
    return gcr_writer_cut(a->writer, a->lane, err);
}

static gcr_status assemble_event(struct assembly *a, const char *name, char *line,
                                 struct gcr_error *err)
{
    struct gcr_event event;
    unsigned op = GCR_OP_NONE + 1;
    while (op < GCR_OP_COUNT && strcmp(gcr_op_table[op].name, name) != 0)
        op++;
    if (op == GCR_OP_COUNT)
        return gcr_fail(err, GCR_BAD_INPUT, "expected an event or a directive, found '%.64s'",
                        name);
    if (!a->has_lane)
        return gcr_fail(err, GCR_BAD_INPUT, "expected a lane line before the first event");
    gcr_status status = text_parse_event(op, line, &event, err);
    return status == GCR_OK ? gcr_writer_event(a->writer, a->lane, &event, err) : status;
}

typedef gcr_status assemble_function(struct assembly *a, char *line, struct gcr_error *err);
struct assemble_directive {
    const char *name;
    assemble_function *take;
};
static const struct assemble_directive header_directives[] = {
    {"gct", assemble_version},
    {"zstd", assemble_zstd},
    {"blocks", assemble_blocks},
    {"capabilities", assemble_capabilities},
    {0}};
static const struct assemble_directive body_directives[] = {
    {"shape", assemble_shape}, {"name", assemble_name},   {"meta", assemble_meta},
    {"lane", assemble_lane},   {"block", assemble_block}, {0}};

static assemble_function *assemble_find(const struct assemble_directive *directive,
                                        const char *name)
{
    while (directive->name != NULL && strcmp(directive->name, name) != 0)
        directive++;
    return directive->take;
}

/* The header lines are over: the file can be created. */
static gcr_status assemble_begin(struct assembly *a, struct gcr_error *err)
{
    if (!a->has_version || !a->has_capabilities)
        return gcr_fail(err, GCR_BAD_INPUT, "expected '%s' first",
                        a->has_version ? "capabilities ..." : "gct 1");
    gcr_status status =
        gcr_writer_open_level(a->path, &a->capabilities, a->zstd_level, &a->writer, err);
    if (status == GCR_OK && a->has_explicit_blocks)
        gcr_writer_explicit_blocks(a->writer);
    return status;
}

static gcr_status assemble_line(struct assembly *a, char *line, struct gcr_error *err)
{
    char *name;
    gcr_status status = text_next_word(&line, &name, err);
    if (status != GCR_OK || name == NULL)
        return status;
    assemble_function *take = assemble_find(header_directives, name);
    if (take != NULL) {
        if (a->writer != NULL)
            return gcr_fail(err, GCR_BAD_INPUT, "expected '%s' before shapes, names and events",
                            name);
        if (!a->has_version && take != assemble_version)
            return gcr_fail(err, GCR_BAD_INPUT, "expected 'gct 1' first");
        return take(a, line, err);
    }
    if (a->writer == NULL)
        status = assemble_begin(a, err);
    if (status != GCR_OK)
        return status;
    take = assemble_find(body_directives, name);
    return take != NULL ? take(a, line, err) : assemble_event(a, name, line, err);
}

static gcr_status assemble_lines(struct assembly *a, FILE *in, const char *source_name,
                                 struct gcr_error *err)
{
    char *line = NULL;
    size_t room = 0;
    uint64_t number = 0;
    gcr_status status = GCR_OK;
    for (;;) {
        ssize_t length = getline(&line, &room, in);
        if (length < 0)
            break;
        number++;
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            line[--length] = '\0';
        if (strlen(line) != (size_t)length)
            status = gcr_fail(err, GCR_BAD_INPUT, "expected text, found a NUL byte");
        else
            status = assemble_line(a, line, err);
        if (status != GCR_OK)
            break;
    }
    free(line);
    if (status == GCR_OK && ferror(in) != 0)
        status = gcr_fail(err, GCR_IO, "read: %s", strerror(errno));
    if (status == GCR_OK && a->writer == NULL)
        status = assemble_begin(a, err);
    if (status != GCR_OK)
        gcr_error_prefix(err, "%s:%" PRIu64, source_name, number == 0 ? 1 : number);
    /* An event that no trace may hold is a mistake of the text. */
    return status == GCR_INVALID_TRACE ? GCR_BAD_INPUT : status;
}

gcr_status gcr_text_assemble(FILE *in, const char *source_name, const char *path,
                             struct gcr_error *err)
{
    struct assembly a = {.path = path, .zstd_level = GCR_DEFAULT_ZSTD_LEVEL};
    gcr_status status = assemble_lines(&a, in, source_name, err);
    if (status != GCR_OK) {
        gcr_writer_abandon(a.writer);
        return status;
    }
    return gcr_writer_close(a.writer, err);
}
