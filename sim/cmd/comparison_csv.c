/* The comparison as CSV (RFC 4180): one row for each run, "all" in the column process, and one for
 * each process. Empty fields are figures that are not known. */
#include <math.h>
#include <string.h>

#include "sim/cmd/cache_table.h"
#include "sim/cmd/comparison.h"
#include "sim/cmd/cow_table.h"
#include "sim/measure/capability_rules.h"
#include "sim/measure/counter_figures.h"
#include "sim/study/csv.h"

void gcr_comparison_csv_head(FILE *out)
{
    fputs("trace,digest,collector,heap_bytes,process,outcome,verified,footprint_peak_bytes,"
          "footprint_mean_bytes,live_peak_bytes,overhead_ratio,objects_bytes,headers_bytes,"
          "free_bytes,side_bytes,buffers_bytes,collections,pauses,pause_p50_ns,pause_p99_ns,"
          "pause_max_ns,pause_total_ns,mutator_ns,collector_ns,wall_ns,events_per_second,"
          "allocated_objects,freed_objects",
          out);
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++)
        fprintf(out, ",%s_mutator,%s_collector", gcr_counter_name[e], gcr_counter_name[e]);
    fputs(",counters_scaled", out);
    fputs(gcr_cache_csv_head, out);
    gcr_cow_csv_head(out);
    fputc('\n', out);
}

static void csv_counts(FILE *out, const uint64_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fprintf(out, ",%llu", (unsigned long long)values[i]);
}

static void csv_real(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, ",%.6g", value);
    else
        fputc(',', out);
}

static void csv_known(FILE *out, const json_t *value)
{
    if (json_is_integer(value))
        fprintf(out, ",%lld", (long long)json_integer_value(value));
    else
        fputc(',', out);
}

/* What the machine counted; empty where it was not asked or refused. */
static void csv_counters(const json_t *run_or_lane, FILE *out)
{
    const json_t *events = gcr_json_at(run_or_lane, "counters.events");
    bool is_scaled = false;
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++) {
        const json_t *event = json_object_get(events, gcr_counter_name[e]);
        csv_known(out, json_object_get(event, "mutator"));
        csv_known(out, json_object_get(event, "collector"));
        is_scaled |= json_is_true(json_object_get(event, "scaled"));
    }
    fprintf(out, ",%s", events == NULL ? "" : is_scaled ? "yes" : "no");
}

static void csv_begin(const struct gcr_comparison *all, const struct gcr_comparison_row *row,
                      FILE *out)
{
    gcr_csv_write_text(out, all->trace);
    fprintf(out, ",%s,", all->digest);
    gcr_csv_write_text(out, gcr_comparison_row_name(row));
    fputc(',', out);
    if (all->budget_bytes != 0)
        fprintf(out, "%llu", (unsigned long long)all->budget_bytes);
}

static void csv_figures(const struct gcr_comparison *all, const struct gcr_figures *figures,
                        FILE *out)
{
    bool live_known = figures->live_known && gcr_figure_refusal(GCR_FIGURE_LIVE, &all->capabilities,
                                                                figures->verified) == NULL;
    fprintf(out, ",%s,%s,%llu,%llu", figures->outcome, figures->verified ? "yes" : "no",
            (unsigned long long)figures->footprint_peak_bytes,
            (unsigned long long)figures->footprint_mean_bytes);
    fputc(',', out);
    if (live_known)
        fprintf(out, "%llu", (unsigned long long)figures->live_peak_bytes);
    csv_real(out, live_known ? figures->overhead : (double)NAN);
    csv_counts(out, figures->by_kind_bytes, GCR_FIGURE_KINDS);
    const uint64_t counts[] = {figures->collections, figures->pauses,       figures->p50_ns,
                               figures->p99_ns,      figures->max_ns,       figures->total_ns,
                               figures->mutator_ns,  figures->collector_ns, figures->wall_ns};
    csv_counts(out, counts, GCR_COUNT_OF(counts));
    csv_real(out, figures->events_per_second);
    csv_counts(out, (const uint64_t[]){figures->allocated, figures->freed}, 2);
}

void gcr_comparison_csv(const struct gcr_comparison *comparison, FILE *out)
{
    for (size_t i = 0; i < comparison->row_count; i++) {
        const struct gcr_comparison_row *row = &comparison->rows[i];
        csv_begin(comparison, row, out);
        fputs(",all", out);
        if (row->result == NULL || !row->figures.is_known) {
            struct gcr_cow_figures none = {0};
            fprintf(out, ",%s,no,,,,,,,,,,,,,,,,,,,,,",
                    row->was_refused      ? "not_run"
                    : row->result == NULL ? "failed"
                                          : row->figures.outcome);
            csv_counters(NULL, out);
            gcr_cache_csv(NULL, out);
            gcr_cow_csv(&none, out);
            fputc('\n', out);
            continue;
        }
        struct gcr_cow_figures all = {0};
        csv_figures(comparison, &row->figures, out);
        csv_counters(row->result, out);
        gcr_cache_csv(row->result, out);
        gcr_cow_add_run(&all, row->result, GCR_COW_ALL);
        gcr_cow_csv(&all, out);
        fputc('\n', out);
        const json_t *lanes = json_object_get(row->result, "lanes");
        for (size_t k = 0; k < json_array_size(lanes); k++) {
            const json_t *lane = json_array_get(lanes, k);
            struct gcr_figures figures;
            struct gcr_cow_figures cow = {0};
            gcr_figures_read(lane, &figures);
            gcr_cow_add_lane(&cow, lane, GCR_COW_ALL);
            csv_begin(comparison, row, out);
            fprintf(out, ",%lld", (long long)json_integer_value(json_object_get(lane, "lane")));
            csv_figures(comparison, &figures, out);
            csv_counters(lane, out);
            gcr_cache_csv(lane, out);
            gcr_cow_csv(&cow, out);
            fputc('\n', out);
        }
    }
}
