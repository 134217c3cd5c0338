#include "sim/cmd/study_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cmd/table.h"
#include "sim/study/answer.h"
#include "sim/study/dataset.h"

enum study_column {
    COLUMN_DESIGN,
    COLUMN_HEAP,
    COLUMN_RUNS,
    COLUMN_TIME,
    COLUMN_INTERVAL,
    COLUMN_PAUSES,
    COLUMN_LONGEST,
    COLUMN_PEAK,
    COLUMN_MISSES,
    COLUMN_OUTCOME,
    COLUMN_COUNT
};
static const char *const column_heads[COLUMN_COUNT] = {
    "design", "heap", "runs", "time", "95%", "pauses", "longest", "peak", "LLC misses", "outcome"};

/* NAN: not known. */
static struct gcr_summary study_summary(const struct gcr_point *point, enum gcr_metric_id metric)
{
    struct gcr_summary summary = {.median = (double)NAN};
    double *values = point != NULL ? calloc(point->run_count + 1, sizeof *values) : NULL;
    if (values != NULL)
        summary = gcr_summarise(values, gcr_point_values(point, metric, values), 1);
    free(values);
    return summary;
}

static void study_put(struct gcr_table *table, enum study_column column, double value,
                      struct gcr_text (*format)(uint64_t))
{
    gcr_table_cell(table, column, "%s", isnan(value) ? "-" : format((uint64_t)(value + 0.5)).s);
}

static void study_put_timed(struct gcr_table *table, const struct gcr_point *point)
{
    struct gcr_summary time = study_summary(point, GCR_METRIC_TIME);
    study_put(table, COLUMN_TIME, time.median, gcr_text_ns);
    if (!isnan(time.median_in.low) && time.count > 1)
        gcr_table_cell(table, COLUMN_INTERVAL, "%s .. %s",
                       gcr_text_ns((uint64_t)time.median_in.low).s,
                       gcr_text_ns((uint64_t)time.median_in.high).s);
    study_put(table, COLUMN_PAUSES, study_summary(point, GCR_METRIC_PAUSES).median, gcr_text_count);
    study_put(table, COLUMN_LONGEST, study_summary(point, GCR_METRIC_PAUSE_MAX).median,
              gcr_text_ns);
}

static bool outcome_is_fault(const char *outcome)
{
    return strcmp(outcome, "ok") != 0 && strcmp(outcome, "heap_exhausted") != 0 &&
           strcmp(outcome, "refused") != 0;
}

/* The first run of a configuration that did not complete; NULL: all did. */
static const struct gcr_observation *study_first_bad(const struct gcr_point *point)
{
    for (size_t i = 0; point != NULL && i < point->run_count; i++)
        if (!point->runs[i].is_ok)
            return &point->runs[i];
    return NULL;
}

/* "ok", "heap_exhausted", or if the modes differ "cache: refused". What a fault says goes with it.
 */
static void study_put_outcome(struct gcr_table *table, const struct gcr_point *points[2],
                              size_t *faults)
{
    const struct gcr_observation *bad[2] = {study_first_bad(points[0]), study_first_bad(points[1])};
    char text[GCR_CELL_BYTES] = "";
    size_t used = 0, runs = 0, ok = 0;
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; points[i] != NULL && k < points[i]->run_count; k++) {
            runs++;
            ok += points[i]->runs[k].is_ok;
            *faults += outcome_is_fault(points[i]->runs[k].outcome);
        }
    bool is_one =
        points[0] == NULL || points[1] == NULL ||
        (bad[0] != NULL && bad[1] != NULL && strcmp(bad[0]->outcome, bad[1]->outcome) == 0);
    for (size_t i = 0; i < 2 && used < sizeof text; i++) {
        if (bad[i] == NULL || (is_one && used > 0))
            continue;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%s%s", used > 0 ? ", " : "",
                                 is_one ? "" : gcr_study_mode_name[i], is_one ? "" : ": ",
                                 bad[i]->outcome);
        if (outcome_is_fault(bad[i]->outcome) && used < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, " (%.80s)", bad[i]->message);
    }
    gcr_table_cell(table, COLUMN_RUNS, "%zu/%zu", ok, runs);
    gcr_table_cell(table, COLUMN_OUTCOME, "%s", used > 0 ? text : "ok");
}

static void study_put_row(struct gcr_table *table, const struct gcr_dataset *dataset,
                          const char *trace, const char *design, const char *heap, size_t *faults)
{
    const struct gcr_point *points[2] = {
        gcr_dataset_find(dataset, trace, design, heap, GCR_STUDY_TIMED),
        gcr_dataset_find(dataset, trace, design, heap, GCR_STUDY_CACHE)};
    if (points[0] == NULL && points[1] == NULL)
        return;
    gcr_table_row(table);
    gcr_table_cell(table, COLUMN_DESIGN, "%s", design);
    gcr_table_cell(table, COLUMN_HEAP, "%s", heap);
    study_put_timed(table, points[0]);
    double peak = study_summary(points[0], GCR_METRIC_PEAK).median;
    if (isnan(peak))
        peak = study_summary(points[1], GCR_METRIC_PEAK).median;
    study_put(table, COLUMN_PEAK, peak, gcr_text_bytes);
    study_put(table, COLUMN_MISSES, study_summary(points[1], GCR_METRIC_LLC_MISSES).median,
              gcr_text_count);
    study_put_outcome(table, points, faults);
}

static void study_print_trace(const struct gcr_dataset *dataset,
                              const struct gcr_dataset_trace *trace, size_t *faults, FILE *out)
{
    struct gcr_table table;
    fprintf(out, "%s: %s events", trace->name, gcr_text_count(trace->events).s);
    if (trace->peak_live_bytes > 0)
        fprintf(out, ", peak live %s", gcr_text_bytes(trace->peak_live_bytes).s);
    fputs("\n", out);
    gcr_table_begin(&table, "llrrrrrrrl");
    gcr_table_row(&table);
    for (unsigned i = 0; i < COLUMN_COUNT; i++)
        gcr_table_cell(&table, i, "%s", column_heads[i]);
    for (size_t d = 0; d < dataset->design_count; d++)
        for (size_t h = 0; h < dataset->heap_count; h++)
            study_put_row(&table, dataset, trace->name, dataset->designs[d], dataset->heaps[h],
                          faults);
    gcr_table_end(&table, true, 0, out);
}

/* The best design, in words: over all traces, if there are several. Nothing if no run completed. */
static void study_print_answer(const struct gcr_dataset *dataset, FILE *out)
{
    struct gcr_answer *answer = NULL;
    if (gcr_answer_find(dataset, GCR_METRIC_COUNT, NULL, &answer, NULL) != GCR_OK)
        return;
    const struct gcr_contest *contest = &answer->contests[0];
    fputs("\n", out);
    for (size_t i = 0; i < contest->sentence_count; i++)
        fprintf(out, "%s\n", contest->sentences[i]);
    for (size_t i = 0; i < answer->note_count; i++)
        fprintf(out, "%s\n", answer->notes[i]);
    gcr_answer_close(answer);
}

gcr_status gcr_study_table_print(const char *directory, FILE *out, size_t *faults,
                                 struct gcr_error *err)
{
    struct gcr_dataset *dataset = NULL;
    *faults = 0;
    gcr_status status = gcr_dataset_open(directory, &dataset, err);
    if (status != GCR_OK)
        return status;
    for (size_t i = 0; i < dataset->trace_count; i++) {
        fputs(i > 0 ? "\n" : "", out);
        study_print_trace(dataset, &dataset->traces[i], faults, out);
    }
    study_print_answer(dataset, out);
    gcr_dataset_close(dataset);
    return GCR_OK;
}
