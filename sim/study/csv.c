#include "sim/study/csv.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

gcr_status gcr_csv_open(struct gcr_csv *csv, const char *directory, const char *name,
                        const char *columns, struct gcr_error *err)
{
    char path[sizeof csv->output.path];
    int length = snprintf(path, sizeof path, "%s/%s.csv", directory, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return gcr_fail(err, GCR_USAGE, "the path of %s.csv is longer than %zu bytes", name,
                        sizeof path - 1);
    return gcr_csv_open_path(csv, path, columns, err);
}

gcr_status gcr_csv_open_path(struct gcr_csv *csv, const char *path, const char *columns,
                             struct gcr_error *err)
{
    csv->in_row = false;
    gcr_status status = gcr_output_open(&csv->output, path, err);
    if (status == GCR_OK)
        fprintf(csv->output.file, "%s\n", columns);
    return status;
}

gcr_status gcr_csv_close(struct gcr_csv *csv, struct gcr_error *err)
{
    return gcr_output_close(&csv->output, err);
}

void gcr_csv_abandon(struct gcr_csv *csv)
{
    gcr_output_abandon(&csv->output);
}

static FILE *csv_next_field(struct gcr_csv *csv)
{
    if (csv->in_row)
        fputc(',', csv->output.file);
    csv->in_row = true;
    return csv->output.file;
}

void gcr_csv_write_text(FILE *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

void gcr_csv_text(struct gcr_csv *csv, const char *text)
{
    FILE *out = csv_next_field(csv);
    if (text != NULL)
        gcr_csv_write_text(out, text);
}

void gcr_csv_count(struct gcr_csv *csv, uint64_t value)
{
    fprintf(csv_next_field(csv), "%" PRIu64, value);
}

void gcr_csv_real(struct gcr_csv *csv, double value)
{
    FILE *out = csv_next_field(csv);
    if (isfinite(value))
        fprintf(out, "%.10g", value);
}

void gcr_csv_end_row(struct gcr_csv *csv)
{
    fputc('\n', csv->output.file);
    csv->in_row = false;
}
