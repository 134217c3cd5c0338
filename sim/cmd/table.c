/* Text tables and human units; see table.h. */
#include "sim/cmd/table.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void gcr_table_begin(struct gcr_table *table, const char *alignment)
{
    *table = (struct gcr_table){.columns = (unsigned)strlen(alignment)};
    for (unsigned i = 0; i < table->columns; i++)
        table->right[i] = alignment[i] == 'r';
}

static char *table_at(struct gcr_table *table, size_t row, unsigned column)
{
    return table->cells[row * table->columns + column];
}

void gcr_table_row(struct gcr_table *table)
{
    if (table->rows == table->room && !table->failed) {
        size_t room = 2 * table->room + 8;
        void *grown = realloc(table->cells, room * table->columns * GCR_CELL_BYTES);
        table->failed = grown == NULL;
        if (table->failed)
            return;
        table->cells = grown;
        table->room = room;
    }
    if (table->failed)
        return;
    table->rows++;
    for (unsigned i = 0; i < table->columns; i++)
        table_at(table, table->rows - 1, i)[0] = '\0';
}

void gcr_table_cell(struct gcr_table *table, unsigned column, const char *format, ...)
{
    if (table->failed || table->rows == 0)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(table_at(table, table->rows - 1, column), GCR_CELL_BYTES, format, arguments);
    va_end(arguments);
}

/* Words from column `at` on, continued below themselves. */
static void table_print_wrapped(const char *text, int at, FILE *out)
{
    int used = at;
    while (*text != '\0') {
        int length = (int)strcspn(text, " ");
        if (used > at && at + GCR_TABLE_WRAP_LEAST <= GCR_TABLE_WRAP &&
            used + 1 + length > GCR_TABLE_WRAP) {
            fprintf(out, "\n%*s", at, "");
            used = at;
        }
        used += fprintf(out, "%s%.*s", used > at ? " " : "", length, text);
        text += length;
        text += strspn(text, " ");
    }
}

static void table_print_row(struct gcr_table *table, size_t row, const int *width, int indent,
                            FILE *out)
{
    int at = fprintf(out, "%*s", indent, "");
    unsigned last = table->columns; /* no spaces at the line's end */
    while (last > 0 && table_at(table, row, last - 1)[0] == '\0')
        last--;
    for (unsigned i = 0; i < last; i++) {
        const char *cell = table_at(table, row, i);
        at += fprintf(out, "%s", i > 0 ? "  " : "");
        if (table->right[i])
            at += fprintf(out, "%*s", width[i], cell);
        else if (i + 1 < last)
            at += fprintf(out, "%-*s", width[i], cell);
        else
            table_print_wrapped(cell, at, out);
    }
    fputc('\n', out);
}

static void table_print_rule(const struct gcr_table *table, const int *width, int indent, FILE *out)
{
    int total = 0;
    for (unsigned i = 0; i < table->columns; i++)
        total += width[i] + (i > 0 ? 2 : 0);
    int last = indent + total - width[table->columns - 1]; /* where the last column begins */
    bool wraps = !table->right[table->columns - 1] && last + GCR_TABLE_WRAP_LEAST <= GCR_TABLE_WRAP;
    if (wraps && total > GCR_TABLE_WRAP - indent)
        total = GCR_TABLE_WRAP - indent;
    fprintf(out, "%*s", indent, "");
    for (int i = 0; i < total; i++)
        fputc('-', out);
    fputc('\n', out);
}

void gcr_table_end(struct gcr_table *table, bool has_header, int indent, FILE *out)
{
    int width[GCR_TABLE_COLUMNS] = {0};
    for (size_t row = 0; row < table->rows; row++)
        for (unsigned i = 0; i < table->columns; i++) {
            int length = (int)strlen(table_at(table, row, i));
            width[i] = length > width[i] ? length : width[i];
        }
    for (size_t row = 0; row < table->rows; row++) {
        table_print_row(table, row, width, indent, out);
        if (row == 0 && has_header)
            table_print_rule(table, width, indent, out);
    }
    free(table->cells);
    *table = (struct gcr_table){0};
}

/* Three significant digits. */
static struct gcr_text text_scaled(double value, const char *unit)
{
    struct gcr_text text;
    int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(text.s, sizeof text.s, "%.*f %s", digits, value, unit);
    return text;
}

struct gcr_text gcr_text_bytes(uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    struct gcr_text text;
    if (bytes < 1024) {
        snprintf(text.s, sizeof text.s, "%u B", (unsigned)bytes);
        return text;
    }
    double value = (double)bytes / 1024;
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < GCR_COUNT_OF(units)) {
        value /= 1024;
        unit++;
    }
    return text_scaled(value, units[unit]);
}

/* Values below `below` are shown in this unit. */
struct text_unit {
    double below, one;
    const char *name;
};

/* The last unit has no limit. */
static struct gcr_text text_in_units(double value, const struct text_unit *unit)
{
    while (value >= unit->below)
        unit++;
    return text_scaled(value / unit->one, unit->name);
}

struct gcr_text gcr_text_ns(uint64_t ns)
{
    static const struct text_unit units[] = {{999.5e3, 1e3, "us"},
                                             {999.5e6, 1e6, "ms"},
                                             {600e9, 1e9, "s"},
                                             {(double)INFINITY, 60e9, "min"}};
    struct gcr_text text;
    if (ns >= 1000)
        return text_in_units((double)ns, units);
    snprintf(text.s, sizeof text.s, "%u ns", (unsigned)ns);
    return text;
}

struct gcr_text gcr_text_count(uint64_t count)
{
    static const struct text_unit units[] = {
        {999.5e3, 1e3, "k"}, {999.5e6, 1e6, "M"}, {(double)INFINITY, 1e9, "G"}};
    struct gcr_text text;
    if (count >= 100000)
        return text_in_units((double)count, units);
    snprintf(text.s, sizeof text.s, "%u", (unsigned)count);
    return text;
}

struct gcr_text gcr_text_ratio(double ratio)
{
    struct gcr_text text = {"-"};
    if (isfinite(ratio))
        snprintf(text.s, sizeof text.s, "%.2fx", ratio);
    return text;
}
