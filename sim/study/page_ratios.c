/* Tables over all traces (geometric means of ratios), and the lower bound overhead. */
#include <math.h>
#include <string.h>

#include "base/compiler.h"
#include "sim/study/markup.h"
#include "sim/study/page.h"

enum { MOST_DESIGNS = 512, MOST_METRICS = 6 };

/* ---- geometric means ---- */

struct means_plan {
    size_t count, designs;
    enum gcr_metric_id metrics[MOST_METRICS];
    struct gcr_page_axis axes[MOST_METRICS];
    size_t order[MOST_DESIGNS];
};

/* The axis of one metric's ratios; false: nothing is known. */
static bool means_axis(const struct gcr_page *page, const char *heap, enum gcr_metric_id metric,
                       struct means_plan *plan)
{
    struct gcr_ratio ratios[MOST_DESIGNS];
    struct gcr_page_value values[MOST_DESIGNS];
    bool is_known = false;
    for (size_t i = 0; i < plan->designs; i++) {
        size_t traces;
        ratios[i] = gcr_page_geomean(page->data, page->dataset->designs[i], heap, metric, &traces);
        values[i] = (struct gcr_page_value){ratios[i].value, ratios[i].in};
        is_known |= isfinite(ratios[i].value);
    }
    if (!is_known)
        return false;
    if (plan->count == 0)
        gcr_page_order(values, plan->designs, gcr_metrics[metric].sense == GCR_MORE_IS_BETTER,
                       plan->order);
    plan->metrics[plan->count] = metric;
    plan->axes[plan->count++] = gcr_page_axis_of(ratios, plan->designs);
    return true;
}

static struct means_plan means_plan_of(const struct gcr_page *page, const char *heap)
{
    const enum gcr_metric_id metrics[] = {page->metric, GCR_METRIC_CPU, GCR_METRIC_PAUSE_MAX,
                                          GCR_METRIC_PEAK};
    size_t designs = page->dataset->design_count;
    struct means_plan plan = {.designs = designs < MOST_DESIGNS ? designs : MOST_DESIGNS};
    for (size_t i = 0; i < GCR_COUNT_OF(metrics); i++)
        if (i == 0 || metrics[i] != page->metric)
            (void)means_axis(page, heap, metrics[i], &plan);
    return plan;
}

static void means_put_row(const struct gcr_page *page, const char *heap,
                          const struct means_plan *plan, size_t design)
{
    const char *name = page->dataset->designs[design];
    size_t traces = 0, all = page->dataset->trace_count;
    fputs("<tr>", page->out);
    gcr_page_design(page, name, NULL);
    for (size_t i = 0; i < plan->count; i++) {
        size_t known;
        struct gcr_ratio ratio = gcr_page_geomean(page->data, name, heap, plan->metrics[i], &known);
        gcr_page_ratio(page, &plan->axes[i], &ratio, plan->metrics[i]);
        traces = i == 0 ? known : traces;
    }
    gcr_markup(page->out, "<td class=\"runs%s\" data-value=\"%zu\">%zu of %zu</td></tr>\n",
               traces < all ? " bad" : "", traces, traces, all);
}

static void means_put_table(const struct gcr_page *page, const char *heap,
                            const struct means_plan *plan)
{
    char caption[512], id[256];
    snprintf(caption, sizeof caption, "Geometric means over traces of ratios to %s, heap %s",
             page->baseline, heap);
    snprintf(id, sizeof id, "geomean-%s", heap);
    gcr_page_table(page, "sortable ratios", id, caption);
    fputs("<thead><tr><th scope=\"col\">design</th>", page->out);
    for (size_t i = 0; i < plan->count; i++) {
        gcr_page_axis_head(page, &plan->axes[i], gcr_metrics[plan->metrics[i]].title);
        gcr_markup(page->out, "<th scope=\"col\" class=\"verdict\">against %s</th>",
                   page->baseline);
    }
    fputs("<th scope=\"col\">traces</th></tr></thead>\n<tbody>\n", page->out);
    for (size_t i = 0; i < plan->designs; i++)
        means_put_row(page, heap, plan, plan->order[i]);
    gcr_page_table_end(page);
}

bool gcr_page_has_geomeans(const struct gcr_page *page)
{
    const struct gcr_dataset *dataset = page->dataset;
    bool has_any = false;
    for (size_t heap = 0; heap < dataset->heap_count && !has_any; heap++)
        has_any = dataset->trace_count > 1 && means_plan_of(page, dataset->heaps[heap]).count > 0;
    return has_any;
}

void gcr_page_geomeans(const struct gcr_page *page)
{
    const struct gcr_dataset *dataset = page->dataset;
    if (!gcr_page_has_geomeans(page))
        return;
    struct means_plan chosen = means_plan_of(page, dataset->heaps[page->heap]);
    gcr_page_section(page, "together", "All programs together");
    fputs("<p>Over the traces on which a design and the baseline both completed; where a trace is "
          "missing, rows are not comparable with each other.</p>\n",
          page->out);
    if (chosen.count > 0)
        means_put_table(page, dataset->heaps[page->heap], &chosen);
    for (size_t heap = 0; heap < dataset->heap_count; heap++) {
        struct means_plan plan = means_plan_of(page, dataset->heaps[heap]);
        if (heap == page->heap || plan.count == 0)
            continue;
        gcr_markup(page->out, "<details><summary>heap %s</summary>\n", dataset->heaps[heap]);
        means_put_table(page, dataset->heaps[heap], &plan);
        fputs("</details>\n", page->out);
    }
    fputs("</section>\n", page->out);
}

/* ---- lower bound overhead ---- */

static const char *const bound_costs[] = {"time", "cpu"};
static const char *const bound_heads[] = {"time", "CPU time"};
enum { COSTS = 2 };

struct bounds_plan {
    size_t designs;
    struct gcr_page_bound rows[COSTS][MOST_DESIGNS];
    bool is_known[COSTS][MOST_DESIGNS], has[COSTS];
    struct gcr_page_column lbo[COSTS], total[COSTS];
    size_t order[MOST_DESIGNS];
};

static const struct gcr_page_value bounds_unknown = {(double)NAN, {(double)NAN, (double)NAN}};

static void bounds_plan_cost(const struct gcr_page *page, const char *trace, const char *heap,
                             size_t cost, struct bounds_plan *plan)
{
    struct gcr_page_value lbo[MOST_DESIGNS], total[MOST_DESIGNS];
    for (size_t i = 0; i < plan->designs; i++) {
        struct gcr_page_bound *row = &plan->rows[cost][i];
        bool is_known = gcr_page_bound(page->data, trace, heap, page->dataset->designs[i],
                                       bound_costs[cost], row) &&
                        isfinite(row->total_ns);
        plan->is_known[cost][i] = is_known;
        plan->has[cost] |= is_known;
        lbo[i] = is_known ? row->lbo : bounds_unknown;
        total[i] = bounds_unknown;
        total[i].value = is_known ? row->total_ns : (double)NAN;
    }
    plan->lbo[cost] = gcr_page_column_of("", lbo, plan->designs);
    plan->total[cost] = gcr_page_column_of("ns", total, plan->designs);
    if (cost == 0)
        gcr_page_order(lbo, plan->designs, false, plan->order);
}

static void bounds_put_row(const struct gcr_page *page, const struct bounds_plan *plan,
                           size_t design)
{
    bool is_reference = false, is_known = false;
    for (size_t cost = 0; cost < COSTS; cost++) {
        is_reference |= plan->is_known[cost][design] && plan->rows[cost][design].is_reference;
        is_known |= plan->is_known[cost][design];
    }
    if (!is_known)
        return;
    fprintf(page->out, "<tr%s>", is_reference ? " class=\"reference\"" : "");
    gcr_page_design(page, page->dataset->designs[design], NULL);
    for (size_t cost = 0; cost < COSTS; cost++) {
        if (!plan->has[cost])
            continue;
        bool is_there = plan->is_known[cost][design];
        const struct gcr_page_bound *row = &plan->rows[cost][design];
        struct gcr_page_value total = bounds_unknown;
        total.value = is_there ? row->total_ns : (double)NAN;
        gcr_page_figure(page, &plan->lbo[cost], is_there ? &row->lbo : &bounds_unknown);
        gcr_page_figure(page, &plan->total[cost], &total);
    }
    gcr_markup(page->out, "<td class=\"verdict\">%s</td></tr>\n",
               is_reference ? "reference, no collection" : "");
}

static bool bounds_put_table(const struct gcr_page *page, const char *trace, const char *heap)
{
    struct bounds_plan plan = {.designs = page->dataset->design_count < MOST_DESIGNS
                                              ? page->dataset->design_count
                                              : MOST_DESIGNS};
    char caption[512], id[512];
    for (size_t cost = 0; cost < COSTS; cost++)
        bounds_plan_cost(page, trace, heap, cost, &plan);
    if (!plan.has[0] && !plan.has[1])
        return false;
    snprintf(caption, sizeof caption, "%s: lower bound overhead, heap %s", trace, heap);
    snprintf(id, sizeof id, "lbo-%s-%s", trace, heap);
    gcr_page_table(page, "sortable figures", id, caption);
    fputs("<thead><tr><th scope=\"col\">design</th>", page->out);
    for (size_t cost = 0; cost < COSTS; cost++) {
        if (!plan.has[cost])
            continue;
        gcr_markup(page->out, "<th scope=\"col\">overhead in %s <span class=\"unit\">×</span></th>",
                   bound_heads[cost]);
        gcr_markup(page->out, "<th scope=\"col\">total %s <span class=\"unit\">%s</span></th>",
                   bound_heads[cost], plan.total[cost].scale.unit);
    }
    fputs("<th scope=\"col\"><span class=\"hidden\">remark</span></th></tr></thead>\n<tbody>\n",
          page->out);
    for (size_t i = 0; i < plan.designs; i++)
        bounds_put_row(page, &plan, plan.order[i]);
    gcr_page_table_end(page);
    return true;
}

void gcr_page_bounds(const struct gcr_page *page)
{
    const struct gcr_dataset *dataset = page->dataset;
    if (page->data->lbo.row_count == 0)
        return;
    gcr_page_section(page, "bounds", "Lower bound overhead");
    fputs("<p>Total cost over the least cost that the program alone could have had: the smallest, "
          "over all designs, of total cost less what is visibly collection (Cai, Blackburn, Bond, "
          "Maas, ISPASS 2022). The true overhead of a design is at least this.</p>\n",
          page->out);
    for (size_t trace = 0; trace < dataset->trace_count; trace++) {
        const char *name = dataset->traces[trace].name;
        (void)bounds_put_table(page, name, dataset->heaps[page->heap]);
        if (dataset->heap_count < 2)
            continue;
        gcr_markup(page->out, "<details><summary>%s in other heap sizes</summary>\n", name);
        for (size_t heap = 0; heap < dataset->heap_count; heap++)
            if (heap != page->heap)
                (void)bounds_put_table(page, name, dataset->heaps[heap]);
        fputs("</details>\n", page->out);
    }
    fputs("</section>\n", page->out);
}
