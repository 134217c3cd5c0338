#include "sim/study/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "sim/measure/output.h"
#include "sim/study/markup.h"
#include "sim/study/page.h"
#include "sim/study/perfetto.h"
#include "sim/study/report_choice.h"
#include "sim/study/report_json.h"
#include "sim/study/report_path.h"
#include "sim/study/tables.h"

extern const unsigned char gcr_page_css[], gcr_page_js[]; /* page/page.css, page/page.js */

/* Everything between the results and the page. */
struct report {
    const struct gcr_report_config *config;
    struct gcr_dataset *dataset;
    struct gcr_report_facts facts;
    struct gcr_page_data data;
    struct gcr_plots plots;
    bool has_facts, has_data, has_plots;
    struct gcr_answer *answer; /* NULL: there is none */
    struct gcr_error no_answer;
    struct gcr_page page;
    char *root, *command;
    char title[1024];
    char tables[4096], pauses[4096], document[4096], file[4096];
};

static void report_step(const struct report *report, const char *name)
{
    if (report->config->step != NULL)
        report->config->step(report->config->arg, name);
}

static gcr_status report_path(const struct report *report, char *out, const char *name,
                              struct gcr_error *err)
{
    int n = snprintf(out, 4096, "%s/%s", report->config->directory, name);
    return n > 0 && n < 4096
               ? GCR_OK
               : gcr_fail(err, GCR_USAGE, "%s: the path is too long", report->config->directory);
}

static gcr_status report_find_paths(struct report *report, struct gcr_error *err)
{
    struct stat about;
    if (stat(report->config->directory, &about) != 0)
        return gcr_fail(err, GCR_USAGE, "%s: %s", report->config->directory, strerror(errno));
    if (!S_ISDIR(about.st_mode))
        return gcr_fail(err, GCR_USAGE, "%s is not a directory (of gcreplay study, or compare -o)",
                        report->config->directory);
    gcr_status status = report_path(report, report->tables, "tables", err);
    if (status == GCR_OK)
        status = report_path(report, report->pauses, "pauses.trace.json", err);
    if (status == GCR_OK)
        status = report_path(report, report->document, "report.json", err);
    if (status == GCR_OK && report->config->page == NULL)
        return report_path(report, report->file, "report.html", err);
    if (status == GCR_OK && (size_t)snprintf(report->file, sizeof report->file, "%s",
                                             report->config->page) >= sizeof report->file)
        return gcr_fail(err, GCR_USAGE, "-o: the path is too long");
    return status;
}

/* ---- tables and figures ---- */

static gcr_status report_write_tables(struct report *report, struct gcr_error *err)
{
    static gcr_status (*const writers[])(const struct gcr_dataset *, const char *,
                                         struct gcr_error *) = {
        gcr_summary_tables_write, gcr_lbo_table_write, gcr_curve_tables_write,
        gcr_series_tables_write, gcr_demographics_table_write};
    report_step(report, "tables");
    if (mkdir(report->tables, 0777) != 0 && errno != EEXIST)
        return gcr_fail(err, GCR_IO, "%s: %s", report->tables, strerror(errno));
    gcr_status status = GCR_OK;
    for (size_t i = 0; i < GCR_COUNT_OF(writers) && status == GCR_OK; i++)
        status = writers[i](report->dataset, report->tables, err);
    if (status == GCR_OK)
        status = gcr_pauses_trace_write(report->dataset, report->pauses, err);
    return status;
}

static gcr_status report_draw(struct report *report, struct gcr_error *err)
{
    if (!report->config->plots)
        return GCR_OK;
    struct gcr_plots_config config = {
        .formats = GCR_PLOTS_SVG | GCR_PLOTS_PNG | GCR_PLOTS_PDF,
        .heap = report->dataset->heap_count > 0 ? report->dataset->heaps[report->page.heap] : NULL,
    };
    report_step(report, "figures");
    gcr_status status =
        gcr_plots_draw(report->dataset, report->config->directory, &config, &report->plots, err);
    report->has_plots = status == GCR_OK;
    return status;
}

/* ---- what the page says ---- */

/* The words that make the page again. */
static char *report_command(const struct gcr_report_config *config)
{
    const struct {
        const char *flag, *value;
    } flags[] = {{"-o", config->page},
                 {"--heap", config->heap},
                 {"--metric", config->metric},
                 {"--title", config->title}};
    char *text = NULL, *quoted = gcr_shell_quote(config->directory);
    size_t length = 0;
    FILE *out = quoted != NULL ? open_memstream(&text, &length) : NULL;
    if (out != NULL) {
        fprintf(out, "gcreplay report %s", quoted);
        for (size_t i = 0; i < GCR_COUNT_OF(flags); i++) {
            char *value = flags[i].value != NULL ? gcr_shell_quote(flags[i].value) : NULL;
            if (value != NULL)
                fprintf(out, " %s %s", flags[i].flag, value);
            free(value);
        }
        if (!config->plots)
            fputs(" --no-plots", out);
        fclose(out);
    }
    free(quoted);
    return text;
}

/* The title: as asked for, or the question, or what was compared. */
static void report_name(struct report *report)
{
    const struct gcr_dataset *dataset = report->dataset;
    if (report->config->title != NULL)
        snprintf(report->title, sizeof report->title, "%s", report->config->title);
    else if (*dataset->question != '\0')
        snprintf(report->title, sizeof report->title, "%s", dataset->question);
    else if (dataset->trace_count == 1)
        snprintf(report->title, sizeof report->title, "%zu designs on %s", dataset->design_count,
                 dataset->traces[0].name);
    else
        snprintf(report->title, sizeof report->title, "%zu designs on %zu recorded programs",
                 dataset->design_count, dataset->trace_count);
}

static gcr_status report_choose(struct report *report, struct gcr_error *err)
{
    struct gcr_page *page = &report->page;
    const struct gcr_dataset *dataset = report->dataset;
    if (dataset->point_count == 0)
        return gcr_fail(err, GCR_USAGE, "%s: no job has a result yet", report->config->directory);
    page->dataset = dataset;
    page->baseline = dataset->baseline;
    gcr_status status =
        gcr_report_choose_metric(dataset, report->config->metric, &page->metric, err);
    if (status != GCR_OK) {
        gcr_error_prefix(err, "--metric");
        return status;
    }
    status = gcr_report_choose_heap(dataset, report->config->heap, page->metric, &page->heap, err);
    if (status != GCR_OK)
        gcr_error_prefix(err, "--heap");
    return status;
}

/* That nothing can be answered is no failure: the page says why. */
static gcr_status report_find_answer(struct report *report, struct gcr_error *err)
{
    struct gcr_page *page = &report->page;
    gcr_status status =
        gcr_answer_find(report->dataset, page->metric, report->dataset->heaps[page->heap],
                        &report->answer, &report->no_answer);
    if (status == GCR_USAGE) {
        report->answer = NULL;
        status = GCR_OK;
    }
    if (status != GCR_OK)
        *err = report->no_answer;
    page->answer = report->answer;
    page->no_answer = report->no_answer.text;
    return status;
}

static gcr_status report_gather(struct report *report, struct gcr_error *err)
{
    struct gcr_page *page = &report->page;
    report_step(report, "page");
    gcr_status status = gcr_report_facts_read(report->dataset, &report->facts, err);
    report->has_facts = status == GCR_OK;
    if (status == GCR_OK) {
        status = gcr_page_data_read(report->dataset, report->tables, &report->data, err);
        report->has_data = status == GCR_OK;
    }
    if (status == GCR_OK)
        status = gcr_report_relative(report->file, report->config->directory, &report->root, err);
    if (status == GCR_OK)
        status = report_find_answer(report, err);
    if (status != GCR_OK)
        return status;
    report->command = report_command(report->config);
    report_name(report);
    page->facts = &report->facts;
    page->data = &report->data;
    page->plots = report->has_plots ? &report->plots : NULL;
    page->title = report->title;
    page->root = report->root;
    page->command = report->command != NULL ? report->command : "gcreplay report";
    return GCR_OK;
}

static void report_put_page(const struct gcr_page *page)
{
    gcr_markup(page->out,
               "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
               "<meta name=\"generator\" content=\"gcreplay %s\">\n<title>%s</title>\n<style>\n",
               GCR_VERSION, page->title);
    fprintf(page->out, "%s</style>\n</head>\n<body>\n", (const char *)gcr_page_css);
    gcr_page_head(page);
    fputs("<main>\n", page->out);
    gcr_page_answer(page);
    gcr_page_warnings(page);
    gcr_page_geomeans(page);
    gcr_page_traces(page);
    gcr_page_bounds(page);
    gcr_page_figures(page);
    gcr_page_method(page);
    gcr_page_machine(page);
    gcr_page_commands(page);
    gcr_page_files(page);
    gcr_markup(page->out,
               "</main>\n<footer>Made by gcreplay %s from the results beside it.</footer>\n",
               GCR_VERSION);
    fprintf(page->out, "<script>\n%s</script>\n</body>\n</html>\n", (const char *)gcr_page_js);
}

static gcr_status report_write_page(struct report *report, struct gcr_report_counts *out,
                                    struct gcr_error *err)
{
    struct gcr_output output;
    gcr_status status = gcr_output_open(&output, report->file, err);
    if (status != GCR_OK)
        return status;
    report->page.out = output.file;
    report_put_page(&report->page);
    long bytes = ftell(output.file);
    out->page_bytes = bytes > 0 ? (size_t)bytes : 0;
    status = gcr_output_close(&output, err);
    if (status != GCR_OK)
        return status;
    json_t *document = gcr_report_json(&report->page);
    status = document != NULL ? gcr_output_json(report->document, document, err)
                              : gcr_fail(err, GCR_NO_MEMORY, "no memory for report.json");
    json_decref(document);
    return status;
}

static void report_count(const struct report *report, struct gcr_report_counts *out)
{
    for (size_t i = 0; i < report->dataset->point_count; i++) {
        out->runs += report->dataset->points[i].run_count;
        out->failed += report->dataset->points[i].run_count - report->dataset->points[i].ok_count;
    }
    out->missing = report->dataset->missing;
    out->figures = report->plots.drawn;
    out->undrawn = report->plots.count - report->plots.drawn;
    out->warnings = json_array_size(report->facts.warnings);
    snprintf(out->page, sizeof out->page, "%s", report->file);
}

static void report_finish(struct report *report)
{
    if (report->has_plots)
        gcr_plots_finish(&report->plots);
    if (report->has_data)
        gcr_page_data_finish(&report->data);
    if (report->has_facts)
        gcr_report_facts_finish(&report->facts);
    if (report->answer != NULL)
        gcr_answer_close(report->answer);
    if (report->dataset != NULL)
        gcr_dataset_close(report->dataset);
    free(report->root);
    free(report->command);
}

gcr_status gcr_report_write(const struct gcr_report_config *config, struct gcr_report_counts *out,
                            struct gcr_error *err)
{
    struct report report = {.config = config};
    *out = (struct gcr_report_counts){0};
    gcr_status status = report_find_paths(&report, err);
    if (status == GCR_OK)
        status = gcr_dataset_open(config->directory, &report.dataset, err);
    if (status == GCR_OK)
        status = report_choose(&report, err);
    if (status == GCR_OK)
        status = report_write_tables(&report, err);
    if (status == GCR_OK)
        status = report_draw(&report, err);
    if (status == GCR_OK)
        status = report_gather(&report, err);
    if (status == GCR_OK)
        status = report_write_page(&report, out, err);
    if (status == GCR_OK)
        report_count(&report, out);
    report_finish(&report);
    return status;
}
