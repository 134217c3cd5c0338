/* Which traces and heap sizes a table says something of. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/study/csv.h"
#include "sim/study/csv_reader.h"
#include "sim/study/plots_parts.h"

enum { DATA_CONDITIONS = 4 };

/* "mode=timed": the field is that; "design~:x=": it holds that. */
struct data_condition {
    size_t column;
    char kind;
    char value[64];
};

struct data_columns {
    size_t trace, heap, figure;
    struct data_condition conditions[DATA_CONDITIONS];
    size_t condition_count;
};

/* The conditions of `where`, separated by blanks. */
static void columns_add_conditions(struct data_columns *columns,
                                   const struct gcr_csv_reader *reader, const char *where)
{
    while (where != NULL && *where != '\0' && columns->condition_count < DATA_CONDITIONS) {
        struct data_condition *condition = &columns->conditions[columns->condition_count++];
        char name[64];
        size_t length = strcspn(where, "=~");
        snprintf(name, sizeof name, "%.*s", (int)length, where);
        condition->column = gcr_csv_reader_find(reader, name);
        condition->kind = where[length];
        where += length + 1;
        length = strcspn(where, " ");
        snprintf(condition->value, sizeof condition->value, "%.*s", (int)length, where);
        where += length + strspn(where + length, " ");
    }
}

static bool row_counts(const struct gcr_csv_reader *row, const struct data_columns *columns)
{
    for (size_t i = 0; i < columns->condition_count; i++) {
        const struct data_condition *condition = &columns->conditions[i];
        const char *field = condition->column < row->count ? row->fields[condition->column] : "";
        if (condition->kind == '~' ? strstr(field, condition->value) == NULL
                                   : strcmp(field, condition->value) != 0)
            return false;
    }
    if (columns->figure >= row->count)
        return false;
    char *end;
    const char *figure = row->fields[columns->figure];
    return isfinite(strtod(figure, &end)) && end != figure;
}

/* 0 for a table without such a column; dataset's count if the name is not the dataset's. */
static size_t row_trace(const struct gcr_csv_reader *row, size_t column,
                        const struct gcr_dataset *dataset)
{
    size_t i = 0;
    while (column < row->count && i < dataset->trace_count &&
           strcmp(dataset->traces[i].name, row->fields[column]) != 0)
        i++;
    return i;
}

static size_t row_heap(const struct gcr_csv_reader *row, size_t column,
                       const struct gcr_dataset *dataset)
{
    size_t i = 0;
    while (column < row->count && i < dataset->heap_count &&
           strcmp(dataset->heaps[i], row->fields[column]) != 0)
        i++;
    return i;
}

static gcr_status data_read_rows(struct gcr_csv_reader *reader, const struct gcr_dataset *dataset,
                                 const struct gcr_figure *figure, struct gcr_figure_data *out,
                                 struct gcr_error *err)
{
    bool more;
    gcr_status status = gcr_csv_reader_next(reader, &more, err);
    if (status != GCR_OK || !more)
        return status;
    struct data_columns columns = {.trace = gcr_csv_reader_find(reader, "trace"),
                                   .heap = gcr_csv_reader_find(reader, "heap"),
                                   .figure = gcr_csv_reader_find(reader, figure->column)};
    if (columns.trace == reader->count) /* no row has one */
        columns.trace = GCR_CSV_MOST_FIELDS;
    if (columns.heap == reader->count)
        columns.heap = GCR_CSV_MOST_FIELDS;
    columns_add_conditions(&columns, reader, figure->where);
    while ((status = gcr_csv_reader_next(reader, &more, err)) == GCR_OK && more) {
        if (!row_counts(reader, &columns))
            continue;
        size_t trace = row_trace(reader, columns.trace, dataset);
        size_t heap = row_heap(reader, columns.heap, dataset);
        if (trace >= dataset->trace_count || heap >= out->heaps)
            continue;
        out->has[trace * out->heaps + heap] = true;
        out->any = true;
    }
    out->quoted = reader->quoted;
    return status;
}

static bool data_path(char *path, const char *directory, const char *folder, const char *table)
{
    int n = snprintf(path, PATH_MAX, "%s/%s/%s.csv", directory, folder, table);
    return n > 0 && n < PATH_MAX;
}

gcr_status gcr_figure_data_read(const struct gcr_dataset *dataset, const char *directory,
                                const struct gcr_figure *figure, struct gcr_figure_data *out,
                                struct gcr_error *err)
{
    char path[PATH_MAX];
    *out = (struct gcr_figure_data){.heaps = dataset->heap_count > 0 ? dataset->heap_count : 1};
    if (!data_path(path, directory, "tables", figure->table))
        return gcr_fail(err, GCR_USAGE, "%s: a path that is too long", directory);
    out->has = calloc(dataset->trace_count * out->heaps + 1, sizeof *out->has);
    if (out->has == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the figure %s", figure->name);
    if (access(path, F_OK) != 0) {
        out->missing = true;
        return GCR_OK;
    }
    struct gcr_csv_reader reader;
    gcr_status status = gcr_csv_reader_open(&reader, path, err);
    if (status != GCR_OK)
        return status;
    status = data_read_rows(&reader, dataset, figure, out, err);
    gcr_csv_reader_close(&reader);
    return status;
}

/* ---- names that gnuplot can read ---- */

void gcr_figure_plain_name(char *name)
{
    for (; *name != '\0'; name++)
        *name = *name == ',' ? ';' : *name == '"' ? '\'' : strchr("\r\n", *name) ? ' ' : *name;
}

static gcr_status copy_rows(struct gcr_csv_reader *reader, struct gcr_csv *csv,
                            struct gcr_error *err)
{
    bool more = true;
    gcr_status status;
    while ((status = gcr_csv_reader_next(reader, &more, err)) == GCR_OK && more) {
        /* Text after text: plain letters do not change where fields begin. */
        for (size_t i = 0; i < reader->count; i++) {
            gcr_figure_plain_name(reader->text + (reader->fields[i] - reader->text));
            gcr_csv_text(csv, reader->fields[i]);
        }
        gcr_csv_end_row(csv);
    }
    return status;
}

static gcr_status copy_head(struct gcr_csv_reader *reader, const char *directory, const char *table,
                            struct gcr_csv *csv, struct gcr_error *err)
{
    char folder[PATH_MAX], columns[2048] = "";
    bool more;
    gcr_status status = gcr_csv_reader_next(reader, &more, err);
    if (status != GCR_OK)
        return status;
    for (size_t i = 0, n = 0; i < reader->count && n < sizeof columns; i++)
        n += (size_t)snprintf(columns + n, sizeof columns - n, "%s%s", i > 0 ? "," : "",
                              reader->fields[i]);
    snprintf(folder, sizeof folder, "%s/plots", directory);
    return gcr_csv_open(csv, folder, table, columns, err);
}

gcr_status gcr_figure_data_copy_plain(const char *directory, const char *table,
                                      struct gcr_error *err)
{
    char path[PATH_MAX];
    struct gcr_csv_reader reader;
    struct gcr_csv csv;
    if (!data_path(path, directory, "tables", table))
        return gcr_fail(err, GCR_USAGE, "%s: a path that is too long", directory);
    gcr_status status = gcr_csv_reader_open(&reader, path, err);
    if (status != GCR_OK)
        return status;
    status = copy_head(&reader, directory, table, &csv, err);
    if (status == GCR_OK) {
        status = copy_rows(&reader, &csv, err);
        if (status == GCR_OK)
            status = gcr_csv_close(&csv, err);
        else
            gcr_csv_abandon(&csv);
    }
    gcr_csv_reader_close(&reader);
    return status;
}
