/* How everything is made again, and where everything is. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "sim/measure/json_at.h"
#include "sim/study/markup.h"
#include "sim/study/page.h"

static void commands_put(const struct gcr_page *page, const char *what, const char *command)
{
    gcr_markup(page->out, "<p>%s</p>\n<pre><code>%s</code></pre>\n", what, command);
}

static void commands_put_study(const struct gcr_page *page)
{
    char command[4096 + 64];
    char *directory = gcr_shell_quote(page->dataset->directory);
    if (page->dataset->study != NULL && directory != NULL) {
        snprintf(command, sizeof command, "gcreplay study %s/study.ini -o NEW-DIRECTORY",
                 directory);
        commands_put(page, "The whole study, elsewhere:", command);
    }
    free(directory);
    commands_put(page, "This page, its tables and figures:", page->command);
}

/* A row a configuration; the whole command is what the table is for. */
static void commands_put_trace(const struct gcr_page *page, const char *trace)
{
    const struct gcr_dataset *dataset = page->dataset;
    char caption[256], id[256];
    snprintf(caption, sizeof caption, "Commands of the runs on %s", trace);
    snprintf(id, sizeof id, "commands-%s", trace);
    gcr_markup(page->out, "<details class=\"runs\"><summary>%s</summary>\n", caption);
    gcr_page_table(page, "commands", id, caption);
    fputs("<thead><tr><th scope=\"col\">design</th><th scope=\"col\">heap</th>"
          "<th scope=\"col\">mode</th><th scope=\"col\">command</th></tr></thead>\n<tbody>\n",
          page->out);
    for (size_t i = 0; i < dataset->point_count; i++) {
        const struct gcr_point *point = &dataset->points[i];
        if (strcmp(point->trace, trace) != 0)
            continue;
        fputs("<tr id=\"", page->out);
        gcr_page_command_id(page, point);
        fputs("\">", page->out);
        gcr_page_design(page, point->design, NULL);
        gcr_markup(page->out, "<td>%s</td><td>%s</td><td><code>%s</code></td></tr>\n", point->heap,
                   gcr_study_mode_name[point->mode],
                   json_string_value(json_array_get(page->facts->commands, i)));
    }
    gcr_page_table_end(page);
    fputs("</details>\n", page->out);
}

static void commands_put_failures(const struct gcr_page *page)
{
    static const char *const names[] = {"design", "heap", "mode"};
    size_t i;
    json_t *failure;
    if (json_array_size(page->facts->failures) == 0)
        return;
    gcr_markup(page->out,
               "<details class=\"runs\"%s><summary>Runs that did not complete</summary>\n",
               json_array_size(page->facts->failures) <= 12 ? " open" : "");
    gcr_page_table(page, "sortable commands", "failed-runs", "Runs that did not complete");
    fputs("<thead><tr><th scope=\"col\">trace</th><th scope=\"col\">design</th>"
          "<th scope=\"col\">heap</th><th scope=\"col\">mode</th><th scope=\"col\">invocation</th>"
          "<th scope=\"col\">outcome</th><th scope=\"col\">why</th></tr></thead>\n<tbody>\n",
          page->out);
    json_array_foreach(page->facts->failures, i, failure)
    {
        gcr_markup(page->out, "<tr><th scope=\"row\">%s</th>", gcr_json_text_at(failure, "trace"));
        for (size_t k = 0; k < GCR_COUNT_OF(names); k++)
            gcr_markup(page->out, "<td>%s</td>", gcr_json_text_at(failure, names[k]));
        gcr_markup(page->out, "<td data-value=\"%d\">%d</td><td class=\"failed\">",
                   (int)gcr_json_number_at(failure, "invocation"),
                   (int)gcr_json_number_at(failure, "invocation"));
        gcr_page_outcome(page, gcr_json_text_at(failure, "outcome"));
        gcr_markup(page->out, "</td><td>%s</td></tr>\n", gcr_json_text_at(failure, "message"));
    }
    gcr_page_table_end(page);
    fputs("</details>\n", page->out);
}

void gcr_page_commands(const struct gcr_page *page)
{
    gcr_page_section(page, "commands", "Every command");
    commands_put_study(page);
    fputs("<p>Each run on its own. A design's name in a table above leads to its row here; the "
          "command shown is that of the first run.</p>\n",
          page->out);
    for (size_t i = 0; i < page->dataset->trace_count; i++)
        commands_put_trace(page, page->dataset->traces[i].name);
    commands_put_failures(page);
    fputs("</section>\n", page->out);
}

/* ---- files ---- */

static const struct {
    const char *file, *what;
} files[] = {
    {"report.json", "what this page says, as data"},
    {"tables/runs.csv", "every run, a column a metric"},
    {"tables/summary.csv", "medians, means, intervals and ratios of every configuration"},
    {"tables/geomean.csv", "geometric means over traces"},
    {"tables/lbo.csv", "lower bound overhead"},
    {"tables/percentiles.csv", "the distribution of pauses"},
    {"tables/mmu.csv", "mutator utilisation by window"},
    {"tables/latency.csv", "latencies of requests"},
    {"tables/footprint.csv", "footprint and live bytes over time"},
    {"tables/pauses.csv", "pauses, one by one"},
    {"tables/survival.csv", "what survived each collection"},
    {"tables/misses.csv", "cache misses by phase"},
    {"tables/cow.csv", "pages unshared after forks"},
    {"tables/demographics.csv", "sizes, lifetimes and degrees of the traces' objects"},
    {"pauses.trace.json", "pauses for Perfetto or chrome://tracing"},
    {"study.ini", "the study as it was asked for"},
    {"study.json", "the study's jobs"},
};

static bool files_exist(const struct gcr_page *page, const char *file)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", page->dataset->directory, file);
    /* report.json is written behind the page. */
    return strcmp(file, "report.json") == 0 ||
           (n > 0 && (size_t)n < sizeof path && access(path, R_OK) == 0);
}

void gcr_page_files(const struct gcr_page *page)
{
    gcr_page_section(page, "files", "Files");
    fputs("<p>The columns are described in docs/studies.md, results in docs/result.md.</p>\n<ul "
          "class=\"files\">\n",
          page->out);
    for (size_t i = 0; i < GCR_COUNT_OF(files); i++) {
        if (!files_exist(page, files[i].file))
            continue;
        fputs("<li><a href=\"", page->out);
        gcr_markup_address(page->out, page->root);
        gcr_markup_address(page->out, files[i].file);
        gcr_markup(page->out, "\">%s</a> %s</li>\n", files[i].file, files[i].what);
    }
    fputs("</ul>\n</section>\n", page->out);
}
