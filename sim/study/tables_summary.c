/* runs.csv has every run, summary.csv every figure of every configuration, geomean.csv what they
 * come to over all traces. A configuration's ratio is to the baseline design on the same trace, in
 * the same heap, in the same mode. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/study/csv.h"
#include "sim/study/estimate.h"
#include "sim/study/tables.h"

enum { SUMMARY_MODES = 2 };

static void summary_budget(struct gcr_csv *csv, uint64_t budget_bytes)
{
    if (budget_bytes > 0)
        gcr_csv_count(csv, budget_bytes);
    else
        gcr_csv_text(csv, NULL);
}

/* ---- runs.csv ---- */

static void runs_head(char *head, size_t size)
{
    int length = snprintf(head, size,
                          "id,trace,collector,design,heap,budget_bytes,mode,invocation,outcome,"
                          "message");
    for (size_t i = 0; i < GCR_METRIC_COUNT && length > 0 && (size_t)length < size; i++)
        length += snprintf(head + length, size - (size_t)length, ",%s", gcr_metrics[i].name);
}

static void runs_row(struct gcr_csv *csv, const struct gcr_point *point,
                     const struct gcr_observation *run)
{
    gcr_csv_text(csv, run->id);
    gcr_csv_text(csv, point->trace);
    gcr_csv_text(csv, point->collector);
    gcr_csv_text(csv, point->design);
    gcr_csv_text(csv, point->heap);
    summary_budget(csv, point->budget_bytes);
    gcr_csv_text(csv, gcr_study_mode_name[point->mode]);
    gcr_csv_count(csv, run->invocation);
    gcr_csv_text(csv, run->outcome);
    gcr_csv_text(csv, run->message);
    for (size_t i = 0; i < GCR_METRIC_COUNT; i++)
        gcr_csv_real(csv, run->value[i]);
    gcr_csv_end_row(csv);
}

static gcr_status runs_write(const struct gcr_dataset *dataset, const char *directory,
                             struct gcr_error *err)
{
    struct gcr_csv csv;
    char head[1024];
    runs_head(head, sizeof head);
    gcr_status status = gcr_csv_open(&csv, directory, "runs", head, err);
    if (status != GCR_OK)
        return status;
    for (size_t i = 0; i < dataset->point_count; i++)
        for (size_t k = 0; k < dataset->points[i].run_count; k++)
            runs_row(&csv, &dataset->points[i], &dataset->points[i].runs[k]);
    return gcr_csv_close(&csv, err);
}

/* ---- summary.csv ---- */

static void summary_ratio(struct gcr_csv *csv, const struct gcr_ratio *ratio)
{
    gcr_csv_real(csv, ratio->value);
    gcr_csv_real(csv, ratio->in.low);
    gcr_csv_real(csv, ratio->in.high);
    gcr_csv_text(csv, gcr_verdict_name[gcr_verdict_of(ratio)]);
    gcr_csv_end_row(csv);
}

static void summary_row(struct gcr_csv *csv, const struct gcr_dataset *dataset,
                        const struct gcr_point *point, const struct gcr_point *base,
                        enum gcr_metric_id metric)
{
    const struct gcr_summary summary = gcr_estimate_summary(dataset, point, metric);
    const struct gcr_ratio ratio = gcr_estimate_ratio(dataset, point, base, metric);
    const double figures[] = {summary.median, summary.median_in.low, summary.median_in.high,
                              summary.mean,   summary.mean_in.low,   summary.mean_in.high,
                              summary.least,  summary.most};
    gcr_csv_text(csv, point->trace);
    gcr_csv_text(csv, point->design);
    gcr_csv_text(csv, point->heap);
    summary_budget(csv, point->budget_bytes);
    gcr_csv_text(csv, gcr_study_mode_name[point->mode]);
    gcr_csv_text(csv, gcr_metrics[metric].name);
    gcr_csv_text(csv, gcr_metrics[metric].unit);
    gcr_csv_count(csv, summary.count);
    gcr_csv_count(csv, point->run_count - point->ok_count);
    for (size_t i = 0; i < GCR_COUNT_OF(figures); i++)
        gcr_csv_real(csv, figures[i]);
    summary_ratio(csv, &ratio);
}

/* What some run knows, for each trace and mode: a trace that does not fork has no rows of pages
 * that forks unshared. Positions as of the dataset's points, whose traces are neighbours. */
struct summary_known {
    bool metric[SUMMARY_MODES][GCR_METRIC_COUNT];
};

static void summary_learn(struct summary_known *known, const struct gcr_point *point)
{
    for (size_t i = 0; i < point->run_count; i++)
        for (size_t k = 0; k < GCR_METRIC_COUNT; k++)
            known->metric[point->mode][k] |= isfinite(point->runs[i].value[k]);
}

/* Rows of the points from `first` on that are of one trace; returns where the next begins. */
static size_t summary_trace(struct gcr_csv *csv, const struct gcr_dataset *dataset, size_t first)
{
    const struct gcr_point *points = dataset->points;
    struct summary_known known = {0};
    size_t end = first;
    for (; end < dataset->point_count && strcmp(points[end].trace, points[first].trace) == 0; end++)
        summary_learn(&known, &points[end]);
    for (size_t i = first; i < end; i++) {
        const struct gcr_point *base = gcr_dataset_find(dataset, points[i].trace, dataset->baseline,
                                                        points[i].heap, points[i].mode);
        for (enum gcr_metric_id k = 0; k < GCR_METRIC_COUNT; k++)
            if (gcr_metric_is_of(k, points[i].mode) && known.metric[points[i].mode][k])
                summary_row(csv, dataset, &points[i], base, k);
    }
    return end;
}

static gcr_status summary_write(const struct gcr_dataset *dataset, const char *directory,
                                struct gcr_error *err)
{
    struct gcr_csv csv;
    gcr_status status = gcr_csv_open(
        &csv, directory, "summary",
        "trace,design,heap,budget_bytes,mode,metric,unit,runs,failed,median,median_low,median_high,"
        "mean,mean_low,mean_high,least,most,ratio,ratio_low,ratio_high,verdict",
        err);
    if (status != GCR_OK)
        return status;
    for (size_t i = 0; i < dataset->point_count;)
        i = summary_trace(&csv, dataset, i);
    return gcr_csv_close(&csv, err);
}

/* ---- geomean.csv ---- */

/* A design and the baseline in one heap and mode, trace by trace; NULL where one has no results. */
struct geomean_row {
    const char *design, *heap;
    enum gcr_study_mode mode;
    const struct gcr_point **points, **bases;
};

/* False: the design has no results there, on any trace. */
static bool geomean_find(const struct gcr_dataset *dataset, struct geomean_row *row)
{
    bool found = false;
    for (size_t i = 0; i < dataset->trace_count; i++) {
        const char *trace = dataset->traces[i].name;
        row->points[i] = gcr_dataset_find(dataset, trace, row->design, row->heap, row->mode);
        row->bases[i] = gcr_dataset_find(dataset, trace, dataset->baseline, row->heap, row->mode);
        found |= row->points[i] != NULL;
    }
    return found;
}

static void geomean_metric(struct gcr_csv *csv, const struct gcr_dataset *dataset,
                           const struct geomean_row *row, enum gcr_metric_id metric)
{
    const char *name = gcr_metrics[metric].name;
    uint64_t seed = gcr_estimate_seed(dataset, "", row->design, row->heap, row->mode, name);
    size_t used = 0;
    char traces[48];
    const struct gcr_ratio ratio =
        gcr_estimate_mean_ratio(row->points, row->bases, dataset->trace_count, metric, seed, &used);
    snprintf(traces, sizeof traces, "%zu/%zu", used, dataset->trace_count);
    gcr_csv_text(csv, row->design);
    gcr_csv_text(csv, row->heap);
    gcr_csv_text(csv, gcr_study_mode_name[row->mode]);
    gcr_csv_text(csv, name);
    gcr_csv_text(csv, traces);
    summary_ratio(csv, &ratio);
}

static void geomean_rows(struct gcr_csv *csv, const struct gcr_dataset *dataset,
                         const struct summary_known *known, struct geomean_row *row)
{
    for (size_t d = 0; d < dataset->design_count; d++)
        for (size_t h = 0; h < dataset->heap_count; h++)
            for (enum gcr_study_mode m = GCR_STUDY_TIMED; m <= GCR_STUDY_CACHE; m++) {
                row->design = dataset->designs[d];
                row->heap = dataset->heaps[h];
                row->mode = m;
                bool found = geomean_find(dataset, row);
                for (enum gcr_metric_id k = 0; k < GCR_METRIC_COUNT && found; k++)
                    if (gcr_metric_is_of(k, m) && known->metric[m][k])
                        geomean_metric(csv, dataset, row, k);
            }
}

static gcr_status geomean_write(const struct gcr_dataset *dataset, const char *directory,
                                struct gcr_error *err)
{
    struct gcr_csv csv;
    struct summary_known known = {0};
    size_t traces = dataset->trace_count;
    struct geomean_row row = {.points = calloc(traces + 1, sizeof(const struct gcr_point *)),
                              .bases = calloc(traces + 1, sizeof(const struct gcr_point *))};
    gcr_status status =
        row.points == NULL || row.bases == NULL
            ? gcr_fail(err, GCR_NO_MEMORY, "no memory for geomean.csv")
            : gcr_csv_open(&csv, directory, "geomean",
                           "design,heap,mode,metric,traces,ratio,ratio_low,ratio_high,verdict",
                           err);
    if (status == GCR_OK) {
        for (size_t i = 0; i < dataset->point_count; i++)
            summary_learn(&known, &dataset->points[i]);
        geomean_rows(&csv, dataset, &known, &row);
        status = gcr_csv_close(&csv, err);
    }
    free(row.points);
    free(row.bases);
    return status;
}

gcr_status gcr_summary_tables_write(const struct gcr_dataset *dataset, const char *directory,
                                    struct gcr_error *err)
{
    gcr_status status = runs_write(dataset, directory, err);
    if (status == GCR_OK)
        status = summary_write(dataset, directory, err);
    return status == GCR_OK ? geomean_write(dataset, directory, err) : status;
}
