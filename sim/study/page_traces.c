/* What each design costs on each trace: a table for each heap size, the chosen one first. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/compiler.h"
#include "sim/measure/json_at.h"
#include "sim/study/markup.h"
#include "sim/study/page.h"

enum { MOST_DESIGNS = 512, MOST_METRICS = GCR_METRIC_COUNT };

/* A kind of table: which runs, and which of their metrics. */
struct trace_table {
    enum gcr_study_mode mode;
    const char *title;
    enum gcr_metric_id ratio; /* the one that is held against the baseline */
    enum gcr_metric_id metrics[MOST_METRICS];
    size_t count;
};

/* As heads of narrow columns. */
static const char *traces_head(enum gcr_metric_id metric)
{
    switch (metric) {
    case GCR_METRIC_CPU:
        return "CPU time, all threads";
    case GCR_METRIC_PAUSE_P99:
        return "p99 pause";
    case GCR_METRIC_REQUEST_P99:
        return "p99 latency of requests";
    case GCR_METRIC_PAUSE_P50:
        return "median pause";
    case GCR_METRIC_OVERHEAD:
        return "peak over live";
    case GCR_METRIC_TLB_MISSES:
        return "TLB misses";
    case GCR_METRIC_COW_PAGES:
        return "pages unshared";
    default:
        return gcr_metrics[metric].title;
    }
}

static bool traces_has(const struct gcr_page *page, size_t trace, size_t heap,
                       enum gcr_study_mode mode, enum gcr_metric_id metric)
{
    for (size_t design = 0; design < page->data->designs; design++)
        if (gcr_page_cell_of(page->data, trace, design, heap, mode, metric)->is_known)
            return true;
    return false;
}

/* ---- rows ---- */

static const struct gcr_point *traces_point(const struct gcr_page *page, size_t trace,
                                            size_t design, size_t heap, enum gcr_study_mode mode)
{
    const struct gcr_dataset *dataset = page->dataset;
    return gcr_dataset_find(dataset, dataset->traces[trace].name, dataset->designs[design],
                            dataset->heaps[heap], mode);
}

/* The row of a configuration none of whose runs completed. */
static void traces_put_failed(const struct gcr_page *page, const struct gcr_point *point,
                              size_t columns)
{
    if (point == NULL) {
        gcr_markup(page->out, "<td class=\"waiting\" colspan=\"%zu\">no result yet</td>", columns);
        return;
    }
    gcr_markup(page->out, "<td class=\"failed\" colspan=\"%zu\">", columns);
    gcr_page_outcome(page, point->runs[0].outcome);
    const char *message = point->runs[0].message;
    if (message != NULL && *message != '\0')
        gcr_markup(page->out, " <span>%s</span>", message);
    fputs("</td>", page->out);
}

/* How many runs completed. */
static void traces_put_runs(const struct gcr_page *page, const struct gcr_point *point)
{
    bool is_short = point->ok_count < point->run_count;
    gcr_markup(page->out, "<td class=\"runs%s\" data-value=\"%zu\">", is_short ? " bad" : "",
               point->ok_count);
    if (is_short)
        gcr_markup(page->out, "%zu of %zu", point->ok_count, point->run_count);
    else
        gcr_markup(page->out, "%zu", point->ok_count);
    fputs("</td>", page->out);
}

/* ---- a table ---- */

struct trace_columns {
    size_t order[MOST_DESIGNS]; /* the best first; those without a figure as the study has them */
    size_t design_count;
    size_t count;
    enum gcr_metric_id metrics[MOST_METRICS];
    struct gcr_page_column columns[MOST_METRICS];
    struct gcr_page_axis axis;
};

static void traces_plan(const struct gcr_page *page, size_t trace, size_t heap,
                        const struct trace_table *table, struct trace_columns *out)
{
    struct gcr_page_value values[MOST_DESIGNS];
    struct gcr_ratio ratios[MOST_DESIGNS];
    size_t designs = page->data->designs < MOST_DESIGNS ? page->data->designs : MOST_DESIGNS;
    out->count = 0;
    for (size_t i = 0; i < table->count; i++) {
        enum gcr_metric_id metric = table->metrics[i];
        if (!traces_has(page, trace, heap, table->mode, metric))
            continue;
        for (size_t d = 0; d < designs; d++)
            values[d] = gcr_page_cell_of(page->data, trace, d, heap, table->mode, metric)->median;
        out->metrics[out->count] = metric;
        out->columns[out->count++] = gcr_page_column_of(gcr_metrics[metric].unit, values, designs);
    }
    for (size_t d = 0; d < designs; d++) {
        const struct gcr_page_cell *cell =
            gcr_page_cell_of(page->data, trace, d, heap, table->mode, table->ratio);
        ratios[d] = cell->ratio;
        values[d] = cell->median;
    }
    out->axis = gcr_page_axis_of(ratios, designs);
    out->design_count = designs;
    gcr_page_order(values, designs, gcr_metrics[table->ratio].sense == GCR_MORE_IS_BETTER,
                   out->order);
}

static void traces_put_head(const struct gcr_page *page, const struct trace_table *table,
                            const struct trace_columns *plan)
{
    FILE *out = page->out;
    char title[128];
    fputs("<thead><tr><th scope=\"col\">design</th>", out);
    for (size_t i = 0; i < plan->count; i++) {
        gcr_markup(out, "<th scope=\"col\" title=\"%s\">%s <span class=\"unit\">%s</span></th>",
                   gcr_metrics[plan->metrics[i]].title, traces_head(plan->metrics[i]),
                   plan->columns[i].scale.unit);
        if (plan->metrics[i] == table->ratio) {
            snprintf(title, sizeof title, "over %s", page->baseline);
            gcr_page_axis_head(page, &plan->axis, title);
            snprintf(title, sizeof title, "against %s", page->baseline);
            gcr_markup(out, "<th scope=\"col\" class=\"verdict\">%s</th>", title);
        }
    }
    fputs("<th scope=\"col\">runs</th></tr></thead>\n<tbody>\n", out);
}

/* Whether the study has a job for it. (A design that never frees runs in no heap but native.) */
static bool traces_is_planned(const struct gcr_page *page, size_t trace, size_t heap, size_t design,
                              enum gcr_study_mode mode)
{
    const struct gcr_dataset *dataset = page->dataset;
    size_t i;
    json_t *job;
    json_array_foreach(json_object_get(dataset->study, "jobs"), i, job)
    {
        if (strcmp(gcr_json_text_at(job, "design"), dataset->designs[design]) == 0 &&
            strcmp(gcr_json_text_at(job, "heap"), dataset->heaps[heap]) == 0 &&
            strcmp(gcr_json_text_at(job, "trace"), dataset->traces[trace].name) == 0 &&
            strcmp(gcr_json_text_at(job, "mode"), gcr_study_mode_name[mode]) == 0)
            return true;
    }
    return false;
}

static void traces_put_row(const struct gcr_page *page, size_t trace, size_t heap, size_t design,
                           const struct trace_table *table, const struct trace_columns *plan)
{
    const struct gcr_point *point = traces_point(page, trace, design, heap, table->mode);
    if (point == NULL && !traces_is_planned(page, trace, heap, design, table->mode))
        return;
    fputs("<tr>", page->out);
    gcr_page_design(page, page->dataset->designs[design], point);
    if (point == NULL || point->ok_count == 0) {
        traces_put_failed(page, point, plan->count + 3);
    } else {
        for (size_t i = 0; i < plan->count; i++) {
            const struct gcr_page_cell *cell =
                gcr_page_cell_of(page->data, trace, design, heap, table->mode, plan->metrics[i]);
            gcr_page_figure(page, &plan->columns[i], &cell->median);
            if (plan->metrics[i] == table->ratio)
                gcr_page_ratio(page, &plan->axis, &cell->ratio, table->ratio);
        }
        traces_put_runs(page, point);
    }
    fputs("</tr>\n", page->out);
}

/* Whether there is a run of that kind on that trace in that heap. */
static bool traces_has_runs(const struct gcr_page *page, size_t trace, size_t heap,
                            const struct trace_table *table)
{
    for (size_t design = 0; design < page->data->designs; design++)
        if (traces_point(page, trace, design, heap, table->mode) != NULL)
            return true;
    return false;
}

static void traces_put_table(const struct gcr_page *page, size_t trace, size_t heap,
                             const struct trace_table *table)
{
    const struct gcr_dataset *dataset = page->dataset;
    const char *name = dataset->traces[trace].name, *size = dataset->heaps[heap];
    struct trace_columns plan;
    char caption[512], id[512];
    bool is_native = strcmp(size, "native") == 0;
    snprintf(caption, sizeof caption, "%s: %s, %s", name, table->title,
             is_native ? "each design with its own sizing of the heap" : size);
    if (!is_native)
        snprintf(caption, sizeof caption, "%s: %s, heap %s", name, table->title, size);
    snprintf(id, sizeof id, "%s-%s-%s", gcr_study_mode_name[table->mode], name, size);
    traces_plan(page, trace, heap, table, &plan);
    gcr_page_table(page, "sortable figures", id, caption);
    traces_put_head(page, table, &plan);
    for (size_t i = 0; i < plan.design_count; i++)
        traces_put_row(page, trace, heap, plan.order[i], table, &plan);
    gcr_page_table_end(page);
}

/* ---- a trace ---- */

static void traces_put_facts(const struct gcr_page *page, const struct gcr_dataset_trace *trace)
{
    char events[64], live[64];
    double peak = (double)trace->peak_live_bytes;
    struct gcr_scale scale = gcr_scale_of("bytes", &peak, 1);
    gcr_number_format(events, sizeof events, (double)trace->events, 0);
    gcr_markup(page->out, "<p class=\"facts\">%s events in %zu process%s", events,
               (size_t)trace->lanes, trace->lanes == 1 ? "" : "es");
    if (trace->peak_live_bytes > 0)
        gcr_markup(page->out, "; at most %s %s live at a time",
                   gcr_number_format(live, sizeof live, peak / scale.divisor,
                                     gcr_decimals(peak / scale.divisor,
                                                  (struct gcr_interval){(double)NAN, (double)NAN})),
                   scale.unit);
    if (trace->digest != NULL && *trace->digest != '\0')
        gcr_markup(page->out, "; digest <code>%s</code>", trace->digest);
    fputs("</p>\n", page->out);
}

/* What the trace cannot tell, and of whom that matters. */
static void traces_put_labels(const struct gcr_page *page, const char *trace)
{
    const json_t *labels = json_object_get(page->facts->labels, trace);
    const char *label;
    json_t *designs;
    if (json_object_size(labels) == 0)
        return;
    fputs("<ul class=\"labels\">\n", page->out);
    json_object_foreach((json_t *)(uintptr_t)labels, label, designs)
    {
        gcr_markup(page->out, "<li>%s", label);
        size_t count = json_array_size(designs), i;
        json_t *design;
        if (count < page->data->designs) {
            fputs(" <small>(", page->out);
            json_array_foreach(designs, i, design)
                gcr_markup(page->out, "%s%s", i > 0 ? ", " : "", json_string_value(design));
            fputs(")</small>", page->out);
        }
        fputs("</li>\n", page->out);
    }
    fputs("</ul>\n", page->out);
}

static bool traces_lists(const struct trace_table *table, enum gcr_metric_id metric)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->metrics[i] == metric)
            return true;
    return false;
}

static void traces_take_metrics(struct trace_table *table, const enum gcr_metric_id *metrics,
                                size_t count)
{
    for (size_t i = 0; i < count; i++)
        table->metrics[table->count++] = metrics[i];
}

static void traces_put_heaps(const struct gcr_page *page, size_t trace,
                             const struct trace_table *table)
{
    if (traces_has_runs(page, trace, page->heap, table))
        traces_put_table(page, trace, page->heap, table);
    if (table->ratio == page->metric)
        gcr_page_heaps(page, trace);
    for (size_t heap = 0; heap < page->data->heaps; heap++) {
        if (heap == page->heap || !traces_has_runs(page, trace, heap, table))
            continue;
        gcr_markup(page->out, "<details><summary>%s, heap %s</summary>\n", table->title,
                   page->dataset->heaps[heap]);
        traces_put_table(page, trace, heap, table);
        fputs("</details>\n", page->out);
    }
}

void gcr_page_traces(const struct gcr_page *page)
{
    static const enum gcr_metric_id timed_metrics[] = {
        GCR_METRIC_TIME,      GCR_METRIC_COLLECTOR, GCR_METRIC_CPU,         GCR_METRIC_PAUSES,
        GCR_METRIC_PAUSE_P99, GCR_METRIC_PAUSE_MAX, GCR_METRIC_REQUEST_P99, GCR_METRIC_PEAK,
        GCR_METRIC_OVERHEAD,  GCR_METRIC_COW_PAGES};
    static const enum gcr_metric_id cache_metrics[] = {
        GCR_METRIC_LLC_MISSES, GCR_METRIC_L2_MISSES, GCR_METRIC_L1_MISSES, GCR_METRIC_TLB_MISSES,
        GCR_METRIC_TRAFFIC,    GCR_METRIC_ACCESSES,  GCR_METRIC_COW_PAGES};
    struct trace_table tables[] = {
        {.mode = GCR_STUDY_TIMED, .title = "time, pauses and memory", .ratio = GCR_METRIC_TIME},
        {.mode = GCR_STUDY_CACHE, .title = "cache model", .ratio = GCR_METRIC_LLC_MISSES},
    };
    traces_take_metrics(&tables[0], timed_metrics, GCR_COUNT_OF(timed_metrics));
    traces_take_metrics(&tables[1], cache_metrics, GCR_COUNT_OF(cache_metrics));
    bool is_modelled = gcr_metrics[page->metric].mode == GCR_OF_CACHE;
    struct trace_table *chosen = &tables[is_modelled];
    chosen->ratio = page->metric;
    if (!traces_lists(chosen, page->metric))
        chosen->metrics[chosen->count++] = page->metric;
    gcr_page_section(page, "traces", "Each program");
    for (size_t trace = 0; trace < page->dataset->trace_count; trace++) {
        const struct gcr_dataset_trace *facts = &page->dataset->traces[trace];
        fputs("<article id=\"trace-", page->out);
        gcr_markup_id(page->out, facts->name);
        gcr_markup(page->out, "\">\n<h3>%s</h3>\n", facts->name);
        traces_put_facts(page, facts);
        traces_put_labels(page, facts->name);
        traces_put_heaps(page, trace, &tables[is_modelled]);
        traces_put_heaps(page, trace, &tables[!is_modelled]);
        fputs("</article>\n", page->out);
    }
    fputs("</section>\n", page->out);
}
