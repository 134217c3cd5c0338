/* gcreplay report: tables, figures and one page from the results of a study or a comparison. */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/cmd/command.h"
#include "sim/cmd/commands.h"
#include "sim/study/report.h"

static const struct gcr_flag report_flags[] = {
    {"DIR", 0, NULL, "directory that gcreplay study or compare -o wrote; a study may be unfinished",
     GCR_FLAG_REQUIRED, NULL},
    {"--output", 'o', "FILE.html", "the page (default: DIR/report.html)", GCR_FLAG_OPTIONAL, NULL},
    {"--heap", 0, "SIZE",
     "heap size that is shown first and answered for, as the study names it (default: the one "
     "nearest to 2x, or native)",
     GCR_FLAG_OPTIONAL, NULL},
    {"--metric", 0, "NAME",
     "what the designs are compared by, a column of tables/runs.csv (default: time_ns)",
     GCR_FLAG_OPTIONAL, NULL},
    {"--title", 0, "TEXT", "the page's title (default: the study's question)", GCR_FLAG_OPTIONAL,
     NULL},
    {"--no-plots", 0, NULL, "no figures (they need gnuplot, and most of the time)",
     GCR_FLAG_OPTIONAL, NULL},
    {0}};

static void report_show_step(void *arg, const char *name)
{
    (void)arg;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "report: %s\n", name);
}

static const char *report_plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void report_print(const struct gcr_report_counts *counts, bool has_plots)
{
    printf("%s: %.0f KiB, of %zu run%s", counts->page, (double)counts->page_bytes / 1024,
           counts->runs, report_plural(counts->runs));
    if (counts->failed > 0)
        printf(" (%zu failed)", counts->failed);
    if (counts->missing > 0)
        printf("; %zu job%s missing", counts->missing, counts->missing == 1 ? " is" : "s are");
    if (has_plots)
        printf("; %zu figure%s, %zu could not be drawn", counts->figures,
               report_plural(counts->figures), counts->undrawn);
    printf("; %zu warning%s\n", counts->warnings, report_plural(counts->warnings));
}

static gcr_status report_run(const struct gcr_arguments *arguments, struct gcr_error *err)
{
    struct gcr_report_config config = {
        .directory = gcr_argument(arguments, "DIR"),
        .page = gcr_argument(arguments, "--output"),
        .heap = gcr_argument(arguments, "--heap"),
        .metric = gcr_argument(arguments, "--metric"),
        .title = gcr_argument(arguments, "--title"),
        .plots = gcr_argument(arguments, "--no-plots") == NULL,
        .step = report_show_step,
    };
    struct gcr_report_counts counts;
    gcr_status status = gcr_report_write(&config, &counts, err);
    if (status == GCR_OK)
        report_print(&counts, config.plots);
    return status;
}

const struct gcr_command gcr_cmd_report = {
    .name = "report",
    .summary = "tables, figures and one page from the results of a study or a comparison",
    .usage = "DIR [-o FILE.html] [--heap SIZE] [--metric NAME] [--title TEXT] [--no-plots]",
    .flags = report_flags,
    .run = report_run,
};
