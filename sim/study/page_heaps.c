/* The chosen metric over all heap sizes of a trace, shaded by how far each figure is from the best.
 */
#include <math.h>
#include <string.h>

#include "sim/study/markup.h"
#include "sim/study/page.h"

enum { MOST_FIGURES = 512 };

struct heaps_plan {
    struct gcr_page_column column;
    double best; /* NAN: there is none */
};

static struct heaps_plan heaps_plan_of(const struct gcr_page *page, size_t trace)
{
    struct gcr_page_value values[MOST_FIGURES];
    struct heaps_plan plan = {.best = (double)NAN};
    bool is_more = gcr_metrics[page->metric].sense == GCR_MORE_IS_BETTER;
    size_t count = 0;
    for (size_t design = 0; design < page->data->designs; design++)
        for (size_t heap = 0; heap < page->data->heaps && count < MOST_FIGURES; heap++) {
            double value =
                gcr_page_cell(page->data, trace, design, heap, page->metric)->median.value;
            /* Without their intervals: three digits are enough for an overview. */
            values[count++] = (struct gcr_page_value){value, {(double)NAN, (double)NAN}};
            plan.best = is_more ? fmax(plan.best, value) : fmin(plan.best, value);
        }
    plan.column = gcr_page_column_of(gcr_metrics[page->metric].unit, values, count);
    return plan;
}

static enum gcr_study_mode heaps_mode(const struct gcr_page *page)
{
    return gcr_metrics[page->metric].mode == GCR_OF_CACHE ? GCR_STUDY_CACHE : GCR_STUDY_TIMED;
}

static void heaps_put_cell(const struct gcr_page *page, const struct heaps_plan *plan, size_t trace,
                           size_t design, size_t heap)
{
    const struct gcr_dataset *dataset = page->dataset;
    double value = gcr_page_cell(page->data, trace, design, heap, page->metric)->median.value;
    const struct gcr_point *point =
        gcr_dataset_find(dataset, dataset->traces[trace].name, dataset->designs[design],
                         dataset->heaps[heap], heaps_mode(page));
    if (point != NULL && point->ok_count == 0 && point->run_count > 0) {
        fputs("<td class=\"failed\">", page->out);
        gcr_page_outcome(page, point->runs[0].outcome);
        fputs("</td>", page->out);
        return;
    }
    /* Full strength at eight times the best. */
    double heat = value > 0 && plan->best > 0 ? fabs(log(value / plan->best)) / log(8) : 0;
    struct gcr_page_value plain = {value, {(double)NAN, (double)NAN}};
    gcr_page_figure_heated(page, &plan->column, &plain, isfinite(heat) ? fmin(heat, 1) : 0);
}

void gcr_page_heaps(const struct gcr_page *page, size_t trace)
{
    const struct gcr_dataset *dataset = page->dataset;
    const char *name = dataset->traces[trace].name;
    struct heaps_plan plan = heaps_plan_of(page, trace);
    char caption[512], id[512];
    if (dataset->heap_count < 2 || isnan(plan.best))
        return;
    snprintf(caption, sizeof caption, "%s: %s over heap sizes (medians%s%s)", name,
             gcr_metrics[page->metric].title, *plan.column.scale.unit != '\0' ? ", " : "",
             plan.column.scale.unit);
    snprintf(id, sizeof id, "heaps-%s", name);
    gcr_page_table(page, "sortable heat", id, caption);
    fputs("<thead><tr><th scope=\"col\">design</th>", page->out);
    for (size_t heap = 0; heap < dataset->heap_count; heap++)
        gcr_markup(page->out, "<th scope=\"col\">%s</th>", dataset->heaps[heap]);
    fputs("</tr></thead>\n<tbody>\n", page->out);
    for (size_t design = 0; design < dataset->design_count; design++) {
        fputs("<tr>", page->out);
        gcr_page_design(page, dataset->designs[design], NULL);
        for (size_t heap = 0; heap < dataset->heap_count; heap++)
            heaps_put_cell(page, &plan, trace, design, heap);
        fputs("</tr>\n", page->out);
    }
    gcr_page_table_end(page);
}
