#include "sim/study/sheet.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where reading stands. Fields are unquoted in place: they only become shorter. */
struct sheet_reader {
    const char *path;
    char *at, *end;
    size_t line;
    const char **fields;
    size_t count, capacity;
};

static char *sheet_load(const char *path, size_t *length, struct gcr_error *err)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        (void)gcr_fail(err, GCR_IO, "%s: %s", path, strerror(errno));
        return NULL;
    }
    char *bytes = NULL;
    size_t size = 0, used = 0, n = 1;
    while (n > 0) {
        if (size - used < 2) {
            size = size < 4096 ? 65536 : 2 * size;
            char *grown = realloc(bytes, size);
            if (grown == NULL)
                break;
            bytes = grown;
        }
        n = fread(bytes + used, 1, size - used - 1, file);
        used += n;
    }
    bool is_whole = n == 0 && !ferror(file) && bytes != NULL;
    fclose(file);
    if (!is_whole) {
        free(bytes);
        (void)gcr_fail(err, GCR_IO, "%s: cannot be read", path);
        return NULL;
    }
    bytes[used] = '\0';
    *length = used;
    return bytes;
}

static gcr_status sheet_add(struct sheet_reader *reader, const char *field, struct gcr_error *err)
{
    if (reader->count == reader->capacity) {
        size_t capacity = reader->capacity == 0 ? 1024 : 2 * reader->capacity;
        const char **grown = realloc(reader->fields, capacity * sizeof *grown);
        if (grown == NULL)
            return gcr_fail(err, GCR_NO_MEMORY, "%s: no memory for its rows", reader->path);
        reader->fields = grown;
        reader->capacity = capacity;
    }
    reader->fields[reader->count++] = field;
    return GCR_OK;
}

/* The inside of a quoted field, its doubled quotes made single; leaves `at` behind the last quote.
 */
static gcr_status sheet_unquote(struct sheet_reader *reader, struct gcr_error *err)
{
    size_t first_line = reader->line;
    char *to = reader->at++;
    for (;;) {
        if (reader->at == reader->end)
            return gcr_fail(err, GCR_BAD_INPUT, "%s:%zu: a quote is not closed", reader->path,
                            first_line);
        if (*reader->at == '"') {
            reader->at++;
            if (reader->at == reader->end || *reader->at != '"')
                break;
        }
        reader->line += *reader->at == '\n';
        *to++ = *reader->at++;
    }
    if (to < reader->at - 1)
        *to = '\0';
    reader->at[-1] = '\0';
    return GCR_OK;
}

/* One line's fields. */
static gcr_status sheet_read_row(struct sheet_reader *reader, struct gcr_error *err)
{
    for (;;) {
        char *field = reader->at;
        if (field < reader->end && *field == '"') {
            gcr_status status = sheet_unquote(reader, err);
            if (status != GCR_OK)
                return status;
            reader->at += *reader->at == '\r';
        } else {
            reader->at += strcspn(reader->at, ",\n");
        }
        gcr_status status = sheet_add(reader, field, err);
        if (status != GCR_OK)
            return status;
        char mark = *reader->at;
        *reader->at = '\0';
        reader->at += reader->at < reader->end;
        if (mark == ',')
            continue;
        size_t length = strlen(field);
        if (length > 0 && field[length - 1] == '\r')
            field[length - 1] = '\0';
        return GCR_OK;
    }
}

static gcr_status sheet_read_rows(struct sheet_reader *reader, struct gcr_sheet *out,
                                  struct gcr_error *err)
{
    size_t columns = 0;
    while (reader->at < reader->end) {
        size_t before = reader->count;
        reader->line++;
        size_t line = reader->line;
        gcr_status status = sheet_read_row(reader, err);
        if (status != GCR_OK)
            return status;
        if (columns == 0)
            columns = reader->count;
        if (reader->count - before != columns)
            return gcr_fail(err, GCR_BAD_INPUT, "%s:%zu: %zu fields, the head has %zu",
                            reader->path, line, reader->count - before, columns);
    }
    if (columns == 0)
        return gcr_fail(err, GCR_BAD_INPUT, "%s: no head line", reader->path);
    out->column_count = columns;
    out->row_count = reader->count / columns - 1;
    out->head = reader->fields;
    out->cells = reader->fields + columns;
    return GCR_OK;
}

gcr_status gcr_sheet_read(const char *path, struct gcr_sheet *out, struct gcr_error *err)
{
    size_t length = 0;
    *out = (struct gcr_sheet){.bytes = sheet_load(path, &length, err)};
    if (out->bytes == NULL)
        return GCR_IO;
    struct sheet_reader reader = {.path = path, .at = out->bytes, .end = out->bytes + length};
    gcr_status status = sheet_read_rows(&reader, out, err);
    if (status != GCR_OK) {
        out->head = reader.fields;
        gcr_sheet_finish(out);
    }
    return status;
}

void gcr_sheet_finish(struct gcr_sheet *sheet)
{
    free(sheet->bytes);
    free(sheet->head);
    *sheet = (struct gcr_sheet){0};
}

size_t gcr_sheet_column(const struct gcr_sheet *sheet, const char *name)
{
    size_t column = 0;
    while (column < sheet->column_count && strcmp(sheet->head[column], name) != 0)
        column++;
    return column;
}

const char *gcr_sheet_text(const struct gcr_sheet *sheet, size_t row, size_t column)
{
    return column < sheet->column_count ? sheet->cells[row * sheet->column_count + column] : "";
}

double gcr_sheet_number(const struct gcr_sheet *sheet, size_t row, size_t column)
{
    const char *text = gcr_sheet_text(sheet, row, column);
    char *end = NULL;
    double value = strtod(text, &end);
    return end == text || *end != '\0' ? (double)NAN : value;
}
