#include "sim/study/csv_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

gcr_status gcr_csv_reader_open(struct gcr_csv_reader *reader, const char *path,
                               struct gcr_error *err)
{
    *reader = (struct gcr_csv_reader){.file = fopen(path, "re"), .path = path};
    return reader->file != NULL ? GCR_OK : gcr_fail(err, GCR_IO, "%s: %s", path, strerror(errno));
}

void gcr_csv_reader_close(struct gcr_csv_reader *reader)
{
    if (reader->file != NULL)
        fclose(reader->file);
    free(reader->text);
    *reader = (struct gcr_csv_reader){0};
}

static bool reader_put(struct gcr_csv_reader *reader, char c)
{
    if (reader->length == reader->capacity) {
        size_t capacity = reader->capacity > 0 ? 2 * reader->capacity : 256;
        char *text = realloc(reader->text, capacity);
        if (text == NULL)
            return false;
        reader->text = text;
        reader->capacity = capacity;
    }
    reader->text[reader->length++] = c;
    return true;
}

/* Reads one field and what ends it: ',', '\n' or EOF, into *end. False: no memory. */
static bool reader_field(struct gcr_csv_reader *reader, int *end)
{
    int c = getc_unlocked(reader->file);
    if (c == '"') {
        reader->quoted = true;
        while ((c = getc_unlocked(reader->file)) != EOF) {
            if (c == '"' && (c = getc_unlocked(reader->file)) != '"')
                break;
            if (!reader_put(reader, (char)c))
                return false;
        }
    }
    while (c != ',' && c != '\n' && c != EOF) {
        if (!reader_put(reader, (char)c))
            return false;
        c = getc_unlocked(reader->file);
    }
    *end = c;
    return reader_put(reader, '\0');
}

gcr_status gcr_csv_reader_next(struct gcr_csv_reader *reader, bool *more, struct gcr_error *err)
{
    size_t starts[GCR_CSV_MOST_FIELDS], fields = 0;
    int end = ',';
    reader->length = 0;
    for (; end == ','; fields++) {
        size_t start = reader->length;
        if (!reader_field(reader, &end))
            return gcr_fail(err, GCR_NO_MEMORY, "%s: no memory for a row", reader->path);
        if (fields < GCR_CSV_MOST_FIELDS)
            starts[fields] = start;
    }
    if (ferror(reader->file))
        return gcr_fail(err, GCR_IO, "%s: %s", reader->path, strerror(errno));
    reader->count = fields < GCR_CSV_MOST_FIELDS ? fields : GCR_CSV_MOST_FIELDS;
    for (size_t i = 0; i < reader->count; i++)
        reader->fields[i] = reader->text + starts[i];
    *more = !(end == EOF && fields == 1 && reader->length == 1);
    return GCR_OK;
}

size_t gcr_csv_reader_find(const struct gcr_csv_reader *reader, const char *column)
{
    size_t at = 0;
    while (at < reader->count && strcmp(reader->fields[at], column) != 0)
        at++;
    return at;
}
