/* The page's beginning: the question, what was run, the answer, and what to beware of. */
#include <string.h>

#include "base/compiler.h"
#include "sim/measure/json_at.h"
#include "sim/study/markup.h"
#include "sim/study/page.h"

static void head_put_count(const struct gcr_page *page, size_t count, const char *one,
                           const char *many)
{
    gcr_markup(page->out, "<li><b>%zu</b> %s</li>\n", count, count == 1 ? one : many);
}

static size_t head_run_count(const struct gcr_dataset *dataset)
{
    size_t runs = 0;
    for (size_t i = 0; i < dataset->point_count; i++)
        runs += dataset->points[i].run_count;
    return runs;
}

static void head_put_contents(const struct gcr_page *page)
{
    static const struct {
        const char *id, *title;
    } sections[] = {
        {"answer", "Answer"},   {"together", "All programs"}, {"traces", "Each program"},
        {"bounds", "Overhead"}, {"figures", "Figures"},       {"method", "Method"},
        {"machine", "Machine"}, {"commands", "Commands"},     {"files", "Files"}};
    fputs("<nav aria-label=\"contents\"><ul>\n", page->out);
    for (size_t i = 0; i < GCR_COUNT_OF(sections); i++) {
        bool is_there = strcmp(sections[i].id, "together") != 0 || gcr_page_has_geomeans(page);
        is_there &= strcmp(sections[i].id, "figures") != 0 || page->plots != NULL;
        is_there &= strcmp(sections[i].id, "bounds") != 0 || page->data->lbo.row_count > 0;
        if (is_there)
            gcr_markup(page->out, "<li><a href=\"#%s\">%s</a></li>\n", sections[i].id,
                       sections[i].title);
    }
    fputs("</ul></nav>\n", page->out);
}

void gcr_page_head(const struct gcr_page *page)
{
    const struct gcr_dataset *dataset = page->dataset;
    const char *cpu = gcr_json_text_at(json_array_get(page->facts->machines, 0), "cpu");
    gcr_markup(page->out, "<header>\n<p class=\"kicker\">%s</p>\n<h1>%s</h1>\n",
               dataset->study != NULL ? "gcreplay study" : "gcreplay comparison", page->title);
    fputs("<ul class=\"counts\">\n", page->out);
    head_put_count(page, dataset->trace_count, "recorded program", "recorded programs");
    head_put_count(page, dataset->design_count, "design", "designs");
    head_put_count(page, dataset->heap_count, "heap size", "heap sizes");
    head_put_count(page, head_run_count(dataset), "run", "runs");
    if (*cpu != '\0')
        gcr_markup(page->out, "<li>on %s</li>\n", cpu);
    fputs("</ul>\n</header>\n", page->out);
    head_put_contents(page);
}

void gcr_page_warnings(const struct gcr_page *page)
{
    const json_t *warnings = page->facts->warnings;
    size_t i;
    json_t *warning;
    if (json_array_size(warnings) == 0)
        return;
    fputs("<aside class=\"warnings\" aria-label=\"warnings\">\n<h2>Before you rely on "
          "this</h2>\n<ul>\n",
          page->out);
    json_array_foreach(warnings, i, warning)
        gcr_markup(page->out, "<li>%s</li>\n", json_string_value(warning));
    fputs("</ul>\n</aside>\n", page->out);
}
