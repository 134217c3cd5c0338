#include "sim/study/page_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MODES = 2 };

static size_t data_index(const char *name, const char *const *names, size_t count)
{
    size_t i = 0;
    while (i < count && strcmp(names[i], name) != 0)
        i++;
    return i;
}

static size_t data_trace_index(const struct gcr_dataset *dataset, const char *name)
{
    size_t i = 0;
    while (i < dataset->trace_count && strcmp(dataset->traces[i].name, name) != 0)
        i++;
    return i;
}

static size_t data_place(const struct gcr_page_data *data, size_t trace, size_t design, size_t heap,
                         size_t mode, enum gcr_metric_id metric)
{
    size_t point = (trace * data->designs + design) * data->heaps + heap;
    return (point * MODES + mode) * GCR_METRIC_COUNT + (size_t)metric;
}

/* Where the columns of summary.csv are. */
struct data_columns {
    size_t trace, design, heap, mode, metric, runs, failed, median, median_low, median_high, ratio,
        ratio_low, ratio_high;
};

static struct data_columns data_columns_of(const struct gcr_sheet *sheet)
{
    return (struct data_columns){
        .trace = gcr_sheet_column(sheet, "trace"),
        .design = gcr_sheet_column(sheet, "design"),
        .heap = gcr_sheet_column(sheet, "heap"),
        .mode = gcr_sheet_column(sheet, "mode"),
        .metric = gcr_sheet_column(sheet, "metric"),
        .runs = gcr_sheet_column(sheet, "runs"),
        .failed = gcr_sheet_column(sheet, "failed"),
        .median = gcr_sheet_column(sheet, "median"),
        .median_low = gcr_sheet_column(sheet, "median_low"),
        .median_high = gcr_sheet_column(sheet, "median_high"),
        .ratio = gcr_sheet_column(sheet, "ratio"),
        .ratio_low = gcr_sheet_column(sheet, "ratio_low"),
        .ratio_high = gcr_sheet_column(sheet, "ratio_high"),
    };
}

static size_t data_count(const struct gcr_sheet *sheet, size_t row, size_t column)
{
    double value = gcr_sheet_number(sheet, row, column);
    return value > 0 ? (size_t)value : 0;
}

/* N of "N of M". */
static size_t data_part(const struct gcr_sheet *sheet, size_t row, size_t column)
{
    return (size_t)strtoul(gcr_sheet_text(sheet, row, column), NULL, 10);
}

static struct gcr_ratio data_ratio(const struct gcr_sheet *sheet, size_t row,
                                   const struct data_columns *c)
{
    return (struct gcr_ratio){
        gcr_sheet_number(sheet, row, c->ratio),
        {gcr_sheet_number(sheet, row, c->ratio_low), gcr_sheet_number(sheet, row, c->ratio_high)}};
}

static void data_fill(struct gcr_page_data *data, const struct gcr_dataset *dataset)
{
    const struct gcr_sheet *sheet = &data->summary;
    struct data_columns c = data_columns_of(sheet);
    for (size_t row = 0; row < sheet->row_count; row++) {
        size_t trace = data_trace_index(dataset, gcr_sheet_text(sheet, row, c.trace));
        size_t design = data_index(gcr_sheet_text(sheet, row, c.design), dataset->designs,
                                   dataset->design_count);
        size_t heap =
            data_index(gcr_sheet_text(sheet, row, c.heap), dataset->heaps, dataset->heap_count);
        size_t mode = data_index(gcr_sheet_text(sheet, row, c.mode), gcr_study_mode_name, MODES);
        enum gcr_metric_id metric = gcr_metric_find(gcr_sheet_text(sheet, row, c.metric));
        if (trace == dataset->trace_count || design == dataset->design_count ||
            heap == dataset->heap_count || mode == MODES || metric == GCR_METRIC_COUNT)
            continue;
        double median = gcr_sheet_number(sheet, row, c.median);
        data->cells[data_place(data, trace, design, heap, mode, metric)] = (struct gcr_page_cell){
            .is_known = isfinite(median),
            .runs = data_count(sheet, row, c.runs),
            .failed = data_count(sheet, row, c.failed),
            .median = {median,
                       {gcr_sheet_number(sheet, row, c.median_low),
                        gcr_sheet_number(sheet, row, c.median_high)}},
            .ratio = data_ratio(sheet, row, &c),
        };
    }
}

static const struct gcr_page_cell data_unknown = {
    .median = {(double)NAN, {(double)NAN, (double)NAN}},
    .ratio = {(double)NAN, {(double)NAN, (double)NAN}}};

gcr_status gcr_page_data_read(const struct gcr_dataset *dataset, const char *directory,
                              struct gcr_page_data *out, struct gcr_error *err)
{
    static const char *const names[] = {"summary", "geomean", "lbo"};
    *out = (struct gcr_page_data){.designs = dataset->design_count, .heaps = dataset->heap_count};
    struct gcr_sheet *const sheets[] = {&out->summary, &out->geomean, &out->lbo};
    gcr_status status = GCR_OK;
    for (size_t i = 0; i < GCR_COUNT_OF(names) && status == GCR_OK; i++) {
        char path[4096];
        int length = snprintf(path, sizeof path, "%s/%s.csv", directory, names[i]);
        status = length > 0 && (size_t)length < sizeof path
                     ? gcr_sheet_read(path, sheets[i], err)
                     : gcr_fail(err, GCR_USAGE, "the path of %s.csv is too long", names[i]);
    }
    size_t count = data_place(out, dataset->trace_count, 0, 0, 0, 0);
    if (status == GCR_OK) {
        out->cells = malloc((count + 1) * sizeof *out->cells);
        if (out->cells == NULL)
            status = gcr_fail(err, GCR_NO_MEMORY, "no memory for %zu figures", count);
    }
    if (status != GCR_OK) {
        gcr_page_data_finish(out);
        return status;
    }
    for (size_t i = 0; i < count; i++)
        out->cells[i] = data_unknown;
    data_fill(out, dataset);
    return GCR_OK;
}

void gcr_page_data_finish(struct gcr_page_data *data)
{
    gcr_sheet_finish(&data->summary);
    gcr_sheet_finish(&data->geomean);
    gcr_sheet_finish(&data->lbo);
    free(data->cells);
    *data = (struct gcr_page_data){0};
}

const struct gcr_page_cell *gcr_page_cell_of(const struct gcr_page_data *data, size_t trace,
                                             size_t design, size_t heap, enum gcr_study_mode mode,
                                             enum gcr_metric_id metric)
{
    return &data->cells[data_place(data, trace, design, heap, mode, metric)];
}

const struct gcr_page_cell *gcr_page_cell(const struct gcr_page_data *data, size_t trace,
                                          size_t design, size_t heap, enum gcr_metric_id metric)
{
    const struct gcr_page_cell *timed =
        gcr_page_cell_of(data, trace, design, heap, GCR_STUDY_TIMED, metric);
    return timed->is_known ? timed
                           : gcr_page_cell_of(data, trace, design, heap, GCR_STUDY_CACHE, metric);
}

/* Whether a row has these words under these columns; n of each. */
static bool data_row_is(const struct gcr_sheet *sheet, size_t row, const size_t *columns,
                        const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(gcr_sheet_text(sheet, row, columns[i]), words[i]) != 0)
            return false;
    return true;
}

struct gcr_ratio gcr_page_geomean(const struct gcr_page_data *data, const char *design,
                                  const char *heap, enum gcr_metric_id metric, size_t *traces)
{
    const struct gcr_sheet *sheet = &data->geomean;
    struct data_columns c = data_columns_of(sheet);
    const size_t columns[] = {c.design, c.heap, c.metric};
    const char *const words[] = {design, heap, gcr_metrics[metric].name};
    struct gcr_ratio best = data_unknown.ratio;
    *traces = 0;
    for (size_t row = 0; row < sheet->row_count; row++) {
        if (!data_row_is(sheet, row, columns, words, GCR_COUNT_OF(columns)))
            continue;
        struct gcr_ratio ratio = data_ratio(sheet, row, &c);
        bool is_timed = strcmp(gcr_sheet_text(sheet, row, c.mode), "timed") == 0;
        if (isfinite(ratio.value) && (is_timed || !isfinite(best.value))) {
            best = ratio;
            *traces = data_part(sheet, row, gcr_sheet_column(sheet, "traces"));
        }
    }
    return best;
}

bool gcr_page_bound(const struct gcr_page_data *data, const char *trace, const char *heap,
                    const char *design, const char *cost, struct gcr_page_bound *out)
{
    const struct gcr_sheet *sheet = &data->lbo;
    const size_t columns[] = {gcr_sheet_column(sheet, "trace"), gcr_sheet_column(sheet, "heap"),
                              gcr_sheet_column(sheet, "design"), gcr_sheet_column(sheet, "cost")};
    const char *const words[] = {trace, heap, design, cost};
    for (size_t row = 0; row < sheet->row_count; row++) {
        if (!data_row_is(sheet, row, columns, words, GCR_COUNT_OF(columns)))
            continue;
        *out = (struct gcr_page_bound){
            .lbo = {gcr_sheet_number(sheet, row, gcr_sheet_column(sheet, "lbo")),
                    {gcr_sheet_number(sheet, row, gcr_sheet_column(sheet, "lbo_low")),
                     gcr_sheet_number(sheet, row, gcr_sheet_column(sheet, "lbo_high"))}},
            .total_ns = gcr_sheet_number(sheet, row, gcr_sheet_column(sheet, "total")),
            .low_bound_ns = gcr_sheet_number(sheet, row, gcr_sheet_column(sheet, "low_bound")),
            .is_reference =
                gcr_sheet_number(sheet, row, gcr_sheet_column(sheet, "is_reference")) > 0,
        };
        return true;
    }
    return false;
}
