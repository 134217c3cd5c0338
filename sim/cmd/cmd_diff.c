/* gcreplay diff: what changed between two sets of results, for people and for continuous
 * integration. */
#include <stdlib.h>
#include <string.h>

#include "sim/cmd/command.h"
#include "sim/cmd/commands.h"
#include "sim/cmd/difference_table.h"
#include "sim/measure/output.h"

static const double diff_most_percent = 1000;

static const struct gcr_flag diff_flags[] = {
    {"A", 0, NULL,
     "results from before: one result (--json of run), the directory of compare -o, or that of a "
     "study",
     GCR_FLAG_REQUIRED, NULL},
    {"B", 0, NULL, "results from after", GCR_FLAG_REQUIRED, NULL},
    {"--threshold", 0, "PERCENT",
     "a measured figure has changed if the 95% interval of its ratio excludes 1 and it differs by "
     "more than this (default 2; 0 .. 1000)",
     GCR_FLAG_OPTIONAL, NULL},
    {"--count-threshold", 0, "PERCENT",
     "a count that repeats from run to run has changed if it differs by more than this (default 0)",
     GCR_FLAG_OPTIONAL, NULL},
    {"--metric", 0, "NAME",
     "look at this figure alone, called as in runs.csv (docs/studies.md); may be given again. "
     "Outcomes are always looked at",
     GCR_FLAG_REPEATED, NULL},
    {"--all", 0, NULL, "list every figure, also those that have not changed", GCR_FLAG_OPTIONAL,
     NULL},
    {"--strict", 0, NULL,
     "exit code 1 also if a figure is unsure (too few runs to say) or known in A alone, or a "
     "configuration is in A alone",
     GCR_FLAG_OPTIONAL, NULL},
    {"--json", 0, "FILE", "write the difference there; '-': to standard output, and no table",
     GCR_FLAG_OPTIONAL, NULL},
    {0}};

/* ---- reading the command line ---- */

/* "2", "2%" or "0.5". */
static gcr_status diff_read_percent(const struct gcr_arguments *arguments, const char *flag,
                                    double fallback, double *share, struct gcr_error *err)
{
    const char *text = gcr_argument(arguments, flag);
    char *end = NULL;
    *share = fallback / 100;
    if (text == NULL)
        return GCR_OK;
    double percent = strtod(text, &end);
    *share = percent / 100;
    if (end != text && (*end == '\0' || strcmp(end, "%") == 0) && percent >= 0 &&
        percent <= diff_most_percent)
        return GCR_OK;
    return gcr_fail(err, GCR_USAGE, "%s cannot be '%.64s'; allowed: 0 .. %g (percent)", flag, text,
                    diff_most_percent);
}

static gcr_status diff_read_metrics(const struct gcr_arguments *arguments,
                                    struct gcr_difference_rules *rules, struct gcr_error *err)
{
    const char *name;
    size_t count = gcr_argument_count(arguments, "--metric");
    for (size_t i = 0; i < GCR_METRIC_COUNT; i++)
        rules->is_asked[i] = count == 0;
    for (size_t i = 0; (name = gcr_argument_at(arguments, "--metric", i)) != NULL; i++) {
        enum gcr_metric_id metric = gcr_metric_find(name);
        if (metric == GCR_METRIC_COUNT) {
            (void)gcr_fail(err, GCR_USAGE, "--metric: there is no '%.64s'; known:", name);
            for (size_t k = 0; k < GCR_METRIC_COUNT; k++) {
                size_t length = strlen(err->text);
                snprintf(err->text + length, sizeof err->text - length, " %s", gcr_metrics[k].name);
            }
            return GCR_USAGE;
        }
        rules->is_asked[metric] = true;
    }
    return GCR_OK;
}

static gcr_status diff_read_rules(const struct gcr_arguments *arguments,
                                  struct gcr_difference_rules *rules, struct gcr_error *err)
{
    gcr_status status = diff_read_percent(arguments, "--threshold", 2, &rules->measured, err);
    if (status == GCR_OK)
        status = diff_read_percent(arguments, "--count-threshold", 0, &rules->counted, err);
    if (status == GCR_OK)
        status = diff_read_metrics(arguments, rules, err);
    return status;
}

/* ---- the answer ---- */

static gcr_status diff_write(const struct gcr_difference *difference,
                             const struct gcr_difference_rules *rules,
                             const struct gcr_arguments *arguments, struct gcr_error *err)
{
    const char *path = gcr_argument(arguments, "--json");
    enum gcr_difference_detail detail = GCR_DIFFERENCE_CHANGED;
    json_t *warnings = gcr_difference_warnings(difference);
    gcr_status status = GCR_OK;
    if (gcr_argument(arguments, "--strict") != NULL)
        detail = GCR_DIFFERENCE_UNSURE;
    if (gcr_argument(arguments, "--all") != NULL)
        detail = GCR_DIFFERENCE_ALL;
    if (path == NULL || strcmp(path, "-") != 0)
        gcr_difference_print(difference, detail, warnings, stdout);
    if (path != NULL) {
        json_t *document = gcr_difference_json(difference, rules, warnings);
        status = gcr_output_json(path, document, err);
        json_decref(document);
    }
    json_decref(warnings);
    return status;
}

/* Figures that A knows and B does not. */
static size_t diff_lost_figures(const struct gcr_difference *difference)
{
    size_t lost = 0;
    for (size_t i = 0; i < difference->count; i++)
        lost += difference->changes[i].kind == GCR_CHANGE_UNKNOWN &&
                difference->changes[i].after.count == 0;
    return lost;
}

/* GCR_FAULT, and so exit code 1, if something got worse. */
static gcr_status diff_judge(const struct gcr_difference *difference, bool is_strict,
                             struct gcr_error *err)
{
    size_t worse = difference->kinds[GCR_CHANGE_WORSE];
    size_t unsure = difference->kinds[GCR_CHANGE_UNSURE];
    size_t lost = diff_lost_figures(difference), missing = difference->only_a_count;
    if (worse > 0)
        return gcr_fail(err, GCR_FAULT, "diff: %zu figures got worse", worse);
    if (is_strict && unsure + lost + missing > 0)
        return gcr_fail(err, GCR_FAULT,
                        "diff: %zu figures are unsure, %zu figures and %zu configurations are in A "
                        "alone",
                        unsure, lost, missing);
    return GCR_OK;
}

/* ---- the command ---- */

static gcr_status diff_datasets(const struct gcr_dataset *a, const struct gcr_dataset *b,
                                const struct gcr_difference_rules *rules,
                                const struct gcr_arguments *arguments, struct gcr_error *err)
{
    struct gcr_difference difference;
    gcr_status status = gcr_difference_find(a, b, rules, &difference, err);
    if (status != GCR_OK)
        return status;
    status = diff_write(&difference, rules, arguments, err);
    if (status == GCR_OK)
        status = diff_judge(&difference, gcr_argument(arguments, "--strict") != NULL, err);
    gcr_difference_finish(&difference);
    return status;
}

static gcr_status diff_run(const struct gcr_arguments *arguments, struct gcr_error *err)
{
    struct gcr_difference_rules rules = {0};
    struct gcr_dataset *a = NULL, *b = NULL;
    gcr_status status = diff_read_rules(arguments, &rules, err);
    if (status == GCR_OK)
        status = gcr_dataset_open(gcr_argument(arguments, "A"), &a, err);
    if (status == GCR_OK)
        status = gcr_dataset_open(gcr_argument(arguments, "B"), &b, err);
    if (status == GCR_OK)
        status = diff_datasets(a, b, &rules, arguments, err);
    gcr_dataset_close(b);
    gcr_dataset_close(a);
    return status;
}

const struct gcr_command gcr_cmd_diff = {
    .name = "diff",
    .summary = "say which figures of two sets of results differ; exit code 1 if some got worse",
    .usage = "A B [--threshold PERCENT] [--count-threshold PERCENT] [--metric NAME]... [--all] "
             "[--strict] [--json FILE]",
    .flags = diff_flags,
    .run = diff_run,
};
