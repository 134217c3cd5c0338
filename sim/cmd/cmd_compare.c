/* gcreplay compare: some traces on some back ends, one table a trace.
 *
 * Each run has a process of its own; a run that fails is a row with its reason, and the others go
 * on. A trace that cannot be read ends the whole. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/cmd/agreement.h"
#include "sim/cmd/command.h"
#include "sim/cmd/commands.h"
#include "sim/cmd/comparison.h"
#include "sim/cmd/job.h"
#include "sim/cmd/modelled_run.h"
#include "sim/cmd/trace_file.h"
#include "sim/measure/capability_rules.h"
#include "sim/measure/output.h"

static const struct gcr_flag compare_flags[] = {
    {"TRACE", 0, NULL, "trace files; one table each", GCR_FLAG_REPEATED, NULL},
    {"--collectors", 'c', "NAMES",
     "back ends, separated by commas, or all; NAME:OPTION=VALUE[:OPTION=VALUE] is one with options "
     "of its own, so that one back end can have several rows",
     GCR_FLAG_REQUIRED, NULL},
    {"--set", 0, "NAME.OPTION=VALUE", "option of one back end, in all its rows", GCR_FLAG_REPEATED,
     NULL},
    GCR_JOB_FLAGS,
    {"--output", 'o', "DIR",
     "write compare.csv, compare.json and the whole result of each run into this directory",
     GCR_FLAG_OPTIONAL, NULL},
    {"--json", 0, "FILE", "write the comparison there; '-': to standard output, and no table",
     GCR_FLAG_OPTIONAL, NULL},
    {0}};

enum { COMPARE_MOST_JOBS = 64 };

/* An item of -c, NAME[:OPTION=VALUE]..., and its runs; the job's trace changes. */
struct compare_item {
    struct gcr_job job;
    char name[128];  /* the whole item, as rows and files are called */
    char words[128]; /* the same with zeros for colons: NAME, then its options */
    size_t length;
};

struct compare {
    struct compare_item items[COMPARE_MOST_JOBS];
    size_t item_count;
    struct gcr_heap_word heap;
    const char *directory, *json;
    struct gcr_comparison *comparisons; /* one for each trace */
    size_t comparison_count;
};

/* ---- reading the command line ---- */

/* "linked-list:freeze=fork"; its options are set later, after those of --set. */
static gcr_status compare_add_item(struct compare *compare, const struct gcr_job *common,
                                   const char *text, size_t length, struct gcr_error *err)
{
    struct compare_item *item = &compare->items[compare->item_count];
    if (compare->item_count == COMPARE_MOST_JOBS)
        return gcr_fail(err, GCR_USAGE, "-c names more than %d back ends", COMPARE_MOST_JOBS);
    if (length >= sizeof item->name)
        return gcr_fail(err, GCR_USAGE, "-c: '%.64s...' is longer than %zu letters", text,
                        sizeof item->name - 1);
    *item = (struct compare_item){.job = *common, .length = length};
    memcpy(item->name, text, length);
    for (size_t i = 0; i < length; i++)
        item->words[i] = (char)(text[i] == ':' ? '\0' : text[i]);
    for (size_t i = 0; i < compare->item_count; i++)
        if (strcmp(compare->items[i].name, item->name) == 0)
            return gcr_fail(err, GCR_USAGE, "-c names '%s' twice", item->name);
    gcr_status status = gcr_job_set_engine(&item->job, item->words, err);
    compare->item_count += status == GCR_OK;
    return status;
}

static gcr_status compare_read_items(struct compare *compare, const struct gcr_job *common,
                                     const char *items, struct gcr_error *err)
{
    gcr_status status = GCR_OK;
    if (strcmp(items, "all") == 0) {
        size_t count = 0;
        const struct gcr_engine *const *engines = gcr_engines(&count);
        for (size_t i = 0; i < count && status == GCR_OK; i++) {
            const char *name = gcr_engine_collector(engines[i])->name;
            status = compare_add_item(compare, common, name, strlen(name), err);
        }
        return status;
    }
    while (status == GCR_OK) {
        size_t length = strcspn(items, ",");
        status = compare_add_item(compare, common, items, length, err);
        if (items[length] == '\0')
            break;
        items += length + 1;
    }
    return status;
}

/* NAME.OPTION=VALUE, for every item of that back end; names of back ends and options have no dots.
 */
static gcr_status compare_assign(struct compare *compare, const char *assignment,
                                 struct gcr_error *err)
{
    size_t length = strcspn(assignment, ".=");
    bool found = false;
    gcr_status status = GCR_OK;
    if (assignment[length] != '.')
        return gcr_fail(err, GCR_USAGE, "--set '%.96s': expected NAME.OPTION=VALUE", assignment);
    for (size_t i = 0; i < compare->item_count && status == GCR_OK; i++) {
        const char *name = compare->items[i].words;
        if (strlen(name) != length || strncmp(name, assignment, length) != 0)
            continue;
        found = true;
        status =
            gcr_option_assign(&compare->items[i].job.options, name, assignment + length + 1, err);
    }
    if (!found)
        return gcr_fail(err, GCR_USAGE, "--set '%.96s': '%.*s' is not among the back ends of -c",
                        assignment, (int)length, assignment);
    return status;
}

/* An item's own options prevail over --set. */
static gcr_status compare_set_own(struct compare_item *item, struct gcr_error *err)
{
    gcr_status status = GCR_OK;
    size_t at = strlen(item->words) + 1;
    for (; at <= item->length && status == GCR_OK; at += strlen(item->words + at) + 1)
        status = gcr_option_assign(&item->job.options, item->words, item->words + at, err);
    return status;
}

static gcr_status compare_read(struct compare *compare, const struct gcr_arguments *arguments,
                               struct gcr_error *err)
{
    struct gcr_job common = {0};
    const char *assignment;
    compare->directory = gcr_argument(arguments, "--output");
    compare->json = gcr_argument(arguments, "--json");
    gcr_status status = gcr_heap_size_parse(gcr_argument(arguments, "--heap"), &compare->heap, err);
    if (status == GCR_OK)
        status = gcr_job_read_flags(arguments, &common, err);
    if (status == GCR_OK)
        status = compare_read_items(compare, &common, gcr_argument(arguments, "--collectors"), err);
    for (size_t i = 0;
         status == GCR_OK && (assignment = gcr_argument_at(arguments, "--set", i)) != NULL; i++)
        status = compare_assign(compare, assignment, err);
    for (size_t i = 0; status == GCR_OK && i < compare->item_count; i++)
        status = compare_set_own(&compare->items[i], err);
    return status;
}

/* ---- running ---- */

static gcr_status compare_prepare_trace(const struct compare *compare, const char *path,
                                        struct gcr_comparison *out, struct gcr_error *err)
{
    struct gcr_reader *reader = NULL;
    gcr_status status = gcr_trace_file_open(path, &reader, err);
    if (status != GCR_OK)
        return status;
    const char *warning = gcr_reader_warning(reader);
    *out = (struct gcr_comparison){
        .trace = path,
        .events = gcr_reader_events(reader),
        .lanes = gcr_reader_lane_count(reader),
        .capabilities = *gcr_reader_capabilities(reader),
        .verify = compare->items[0].job.verify,
        .is_modelled = compare->items[0].job.modelled,
        .row_count = compare->item_count,
    };
    snprintf(out->digest, sizeof out->digest, "%s", gcr_reader_digest(reader));
    snprintf(out->warning, sizeof out->warning, "%s", warning != NULL ? warning : "");
    status = gcr_heap_size_resolve(&compare->heap, reader, &out->budget_bytes, err);
    gcr_reader_close(reader);
    if (status != GCR_OK)
        return status;
    out->rows = calloc(out->row_count, sizeof *out->rows);
    return out->rows != NULL ? GCR_OK
                             : gcr_fail(err, GCR_NO_MEMORY, "no memory for the comparison");
}

/* Only damaged input and a broken harness stop the comparison; all else is a row. */
static gcr_status compare_run_row(struct compare_item *item,
                                  const struct gcr_comparison *comparison,
                                  struct gcr_comparison_row *row, struct gcr_error *err)
{
    struct gcr_job *job = &item->job;
    const struct gcr_collector *collector = gcr_engine_collector(job->engine);
    const char *refusal =
        gcr_figure_refusal(GCR_FIGURE_DEATH_DRIVEN, &comparison->capabilities, false);
    row->engine = job->engine;
    row->name = strcmp(item->name, collector->name) != 0 ? item->name : NULL;
    if (gcr_collector_is(collector, GCR_CAP_NEEDS_DEATHS) && refusal != NULL) {
        row->was_refused = true;
        snprintf(row->message, sizeof row->message, "%s", refusal);
        return GCR_OK;
    }
    refusal = gcr_modelled_run_refusal(job);
    if (refusal != NULL) {
        row->was_refused = true;
        snprintf(row->message, sizeof row->message, "%s", refusal);
        return GCR_OK;
    }
    job->trace = comparison->trace;
    job->budget_bytes = comparison->budget_bytes;
    struct gcr_error why = {""};
    gcr_status status = gcr_job_run(job, &row->result, &why);
    if (status == GCR_BAD_INPUT || status == GCR_USAGE || status == GCR_NO_MEMORY) {
        *err = why;
        return status;
    }
    snprintf(row->message, sizeof row->message, "%s", why.text);
    if (status == GCR_OK) {
        gcr_figures_read(row->result, &row->figures);
        snprintf(row->message, sizeof row->message, "%s", row->figures.message);
    }
    return GCR_OK;
}

static bool compare_row_failed(const struct gcr_comparison_row *row)
{
    return !row->was_refused && (row->result == NULL || !row->figures.is_ok);
}

/* ---- writing ---- */

/* "gcbench.gct" on semispace: gcbench-semispace.json; the trace's number is added where two traces
 * have the same name. */
static gcr_status compare_write_results(const struct compare *compare, size_t number,
                                        struct gcr_error *err)
{
    struct gcr_comparison *comparison = &compare->comparisons[number];
    const char *slash = strrchr(comparison->trace, '/');
    const char *base = slash != NULL ? slash + 1 : comparison->trace;
    const char *dot = strrchr(base, '.');
    size_t length = dot != NULL && dot != base ? (size_t)(dot - base) : strlen(base);
    char suffix[32] = "";
    if (compare->comparison_count > 1)
        snprintf(suffix, sizeof suffix, "-%zu", number + 1);
    gcr_status status = GCR_OK;
    for (size_t i = 0; i < comparison->row_count && status == GCR_OK; i++) {
        struct gcr_comparison_row *row = &comparison->rows[i];
        char path[4096];
        if (row->result == NULL)
            continue;
        snprintf(row->file, sizeof row->file, "%.*s%s-%s.json", (int)(length < 100 ? length : 100),
                 base, suffix, gcr_comparison_row_name(row));
        for (char *c = row->file; (c = strpbrk(c, ":/")) != NULL;)
            *c = '-';
        snprintf(path, sizeof path, "%s/%s", compare->directory, row->file);
        status = gcr_output_json(path, row->result, err);
    }
    return status;
}

static gcr_status compare_write_csv(const struct compare *compare, struct gcr_error *err)
{
    char path[4096];
    struct gcr_output output;
    snprintf(path, sizeof path, "%s/compare.csv", compare->directory);
    gcr_status status = gcr_output_open(&output, path, err);
    if (status != GCR_OK)
        return status;
    gcr_comparison_csv_head(output.file);
    for (size_t i = 0; i < compare->comparison_count; i++)
        gcr_comparison_csv(&compare->comparisons[i], output.file);
    return gcr_output_close(&output, err);
}

static gcr_status compare_write_json(const struct compare *compare, const char *path,
                                     struct gcr_error *err)
{
    json_t *document = json_object(), *comparisons = json_array();
    for (size_t i = 0; i < compare->comparison_count; i++)
        json_array_append_new(comparisons, gcr_comparison_json(&compare->comparisons[i]));
    json_object_set_new(document, "schema", json_string("gcreplay-compare-1"));
    json_object_set_new(document, "comparisons", comparisons);
    gcr_status status = gcr_output_json(path, document, err);
    json_decref(document);
    return status;
}

static gcr_status compare_write(const struct compare *compare, struct gcr_error *err)
{
    gcr_status status = GCR_OK;
    char path[4096];
    if (compare->directory != NULL) {
        for (size_t i = 0; i < compare->comparison_count && status == GCR_OK; i++)
            status = compare_write_results(compare, i, err);
        if (status == GCR_OK)
            status = compare_write_csv(compare, err);
        snprintf(path, sizeof path, "%s/compare.json", compare->directory);
        if (status == GCR_OK)
            status = compare_write_json(compare, path, err);
    }
    if (status == GCR_OK && compare->json != NULL)
        status = compare_write_json(compare, compare->json, err);
    return status;
}

static gcr_status compare_make_directory(const char *path, struct gcr_error *err)
{
    struct stat info;
    if (path == NULL || mkdir(path, 0777) == 0)
        return GCR_OK;
    if (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return GCR_OK;
    return gcr_fail(err, errno == EEXIST ? GCR_USAGE : GCR_IO, "%s: cannot make the directory: %s",
                    path, strerror(errno));
}

/* ---- the command ---- */

static gcr_status compare_run_all(struct compare *compare, const struct gcr_arguments *arguments,
                                  struct gcr_error *err)
{
    size_t traces = gcr_argument_count(arguments, "TRACE");
    bool prints = compare->json == NULL || strcmp(compare->json, "-") != 0;
    compare->comparisons = calloc(traces, sizeof *compare->comparisons);
    if (compare->comparisons == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the comparison");
    gcr_status status = compare_make_directory(compare->directory, err);
    /* All traces are looked at before the first run. */
    for (size_t i = 0; i < traces && status == GCR_OK; i++) {
        const char *path = gcr_argument_at(arguments, "TRACE", i);
        status = compare_prepare_trace(compare, path, &compare->comparisons[i], err);
        compare->comparison_count += status == GCR_OK;
    }
    for (size_t i = 0; i < compare->comparison_count && status == GCR_OK; i++) {
        struct gcr_comparison *comparison = &compare->comparisons[i];
        for (size_t k = 0; k < compare->item_count && status == GCR_OK; k++)
            status = compare_run_row(&compare->items[k], comparison, &comparison->rows[k], err);
        if (status == GCR_OK && prints) {
            fputs(i > 0 ? "\n" : "", stdout);
            gcr_comparison_print(comparison, stdout);
        }
    }
    return status == GCR_OK ? compare_write(compare, err) : status;
}

static gcr_status compare_finish(struct compare *compare, gcr_status status, struct gcr_error *err)
{
    size_t failed = 0, runs = 0;
    struct gcr_agreement agreement = {0};
    for (size_t i = 0; i < compare->comparison_count; i++) {
        struct gcr_comparison *comparison = &compare->comparisons[i];
        if (status == GCR_OK && !agreement.graphs_differ)
            gcr_agreement_find(comparison, &agreement);
        for (size_t k = 0; k < comparison->row_count; k++) {
            runs++;
            failed += compare_row_failed(&comparison->rows[k]);
            json_decref(comparison->rows[k].result);
        }
        free(comparison->rows);
    }
    free(compare->comparisons);
    if (status == GCR_OK && failed > 0)
        status = gcr_fail(err, GCR_FAULT, "%zu of %zu runs failed", failed, runs);
    if (status == GCR_OK && agreement.graphs_differ)
        status = gcr_fail(err, GCR_FAULT, "%s", agreement.difference);
    return status;
}

static gcr_status compare_run(const struct gcr_arguments *arguments, struct gcr_error *err)
{
    struct compare *compare = calloc(1, sizeof *compare);
    if (compare == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the comparison");
    gcr_status status = compare_read(compare, arguments, err);
    if (status == GCR_OK)
        status = compare_run_all(compare, arguments, err);
    status = compare_finish(compare, status, err);
    free(compare);
    return status;
}

const struct gcr_command gcr_cmd_compare = {
    .name = "compare",
    .summary = "replay traces on several back ends and print one table for each trace",
    .usage = "TRACE... -c NAME,NAME...|all [--set NAME.OPTION=VALUE]... [--heap SIZE] "
             "[--verify[=MODE]] [--final-collection] [--cow[=FIGURES]] [--pace PACE] "
             "[--window BYTES] [--counters] "
             "[--cache[=GEOMETRY]] [-o DIR] [--json FILE]",
    .flags = compare_flags,
    .run = compare_run,
};
