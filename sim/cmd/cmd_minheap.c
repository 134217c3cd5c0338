/* gcreplay minheap: the smallest heap with which a trace completes on one back end. Each budget is
 * a run in a process of its own. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/cmd/command.h"
#include "sim/cmd/commands.h"
#include "sim/cmd/figures.h"
#include "sim/cmd/job.h"
#include "sim/cmd/minheap.h"
#include "sim/cmd/table.h"
#include "sim/cmd/trace_file.h"
#include "sim/measure/machine.h"
#include "sim/measure/output.h"
#include "sim/oracle/oracle.h"

static const double minheap_least_tolerance = 0.0001, minheap_most_tolerance = 0.5;

static const struct gcr_flag minheap_flags[] = {
    {"TRACE", 0, NULL, "trace file", GCR_FLAG_REQUIRED, NULL},
    {"--collector", 'c', "NAME", "back end, as 'gcreplay list' shows it", GCR_FLAG_REQUIRED, NULL},
    {"--set", 0, "OPTION=VALUE", "option of the back end", GCR_FLAG_REPEATED, NULL},
    {"--tolerance", 0, "SHARE",
     "how far above the true minimum the answer may be (default 1%; 0.01% .. 50%)",
     GCR_FLAG_OPTIONAL, NULL},
    {"--json", 0, "FILE", "write the answer there; '-': to standard output, and no table",
     GCR_FLAG_OPTIONAL, NULL},
    {0}};

struct minheap {
    struct gcr_job job;
    char digest[17];
    uint64_t peak_live_bytes;   /* most of any process */
    uint64_t native_peak_bytes; /* footprint without a budget; 0: it did not complete */
    struct gcr_minheap_search search;
};

/* ---- reading the command line and the trace ---- */

/* "1%" or "0.01". */
static gcr_status minheap_read_tolerance(const char *text, double *tolerance, struct gcr_error *err)
{
    char *end = NULL;
    *tolerance = 0.01;
    if (text == NULL)
        return GCR_OK;
    *tolerance = strtod(text, &end);
    if (end != text && strcmp(end, "%") == 0)
        *tolerance /= 100;
    else if (end == text || *end != '\0')
        *tolerance = 0;
    if (*tolerance >= minheap_least_tolerance && *tolerance <= minheap_most_tolerance)
        return GCR_OK;
    return gcr_fail(err, GCR_USAGE,
                    "--tolerance cannot be '%.64s'; allowed: 0.01%% .. 50%%, or a number such as "
                    "0.01",
                    text);
}

static gcr_status minheap_read_trace(struct minheap *minheap, struct gcr_error *err)
{
    struct gcr_reader *reader = NULL;
    gcr_status status = gcr_trace_file_open(minheap->job.trace, &reader, err);
    if (status != GCR_OK)
        return status;
    snprintf(minheap->digest, sizeof minheap->digest, "%s", gcr_reader_digest(reader));
    status = gcr_trace_peak_live(reader, &minheap->peak_live_bytes, err);
    gcr_reader_close(reader);
    return status;
}

/* ---- runs ---- */

/* One line on a terminal that each run overwrites. */
static void minheap_show(const struct minheap *minheap, const char *what)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[Kminheap: run %u: %s\r", minheap->search.run_count + 1, what);
}

/* Completed, or out of room; anything else is no answer and ends the search. */
static gcr_status minheap_run(struct minheap *minheap, uint64_t budget_bytes, bool *completed,
                              uint64_t *footprint_bytes, struct gcr_error *err)
{
    json_t *result = NULL;
    minheap->job.budget_bytes = budget_bytes;
    gcr_status status = gcr_job_run(&minheap->job, &result, err);
    if (status != GCR_OK)
        return status;
    struct gcr_figures figures;
    gcr_figures_read(result, &figures);
    *completed = figures.is_ok;
    *footprint_bytes = figures.footprint_peak_bytes;
    if (!figures.is_ok && strcmp(figures.outcome, "heap_exhausted") != 0)
        status = gcr_fail(err, GCR_FAULT, "with a heap of %s: %s: %s",
                          budget_bytes == 0 ? "native size" : gcr_text_bytes(budget_bytes).s,
                          figures.outcome, figures.message);
    json_decref(result);
    return status;
}

static gcr_status minheap_try_budget(void *arg, uint64_t budget_bytes, bool *completed,
                                     struct gcr_error *err)
{
    struct minheap *minheap = arg;
    uint64_t footprint_bytes = 0;
    minheap_show(minheap, gcr_text_bytes(budget_bytes).s);
    return minheap_run(minheap, budget_bytes, completed, &footprint_bytes, err);
}

static gcr_status minheap_search(struct minheap *minheap, struct gcr_error *err)
{
    bool completed = false;
    uint64_t peak_bytes = 0;
    minheap_show(minheap, "native");
    gcr_status status = minheap_run(minheap, 0, &completed, &peak_bytes, err);
    if (status != GCR_OK)
        return status;
    minheap->native_peak_bytes = completed ? peak_bytes : 0;
    minheap->search.lower_bytes = minheap->peak_live_bytes > 0 ? minheap->peak_live_bytes - 1 : 0;
    minheap->search.first_bytes = completed ? peak_bytes : 2 * minheap->peak_live_bytes;
    minheap->search.limit_bytes = gcr_machine_memory_bytes() / 4 * 3;
    minheap->search.try = minheap_try_budget;
    minheap->search.arg = minheap;
    return gcr_minheap_find(&minheap->search, err);
}

/* ---- the answer ---- */

static double minheap_ratio(const struct minheap *minheap)
{
    return minheap->peak_live_bytes > 0
               ? (double)minheap->search.least_bytes / (double)minheap->peak_live_bytes
               : 0;
}

static void minheap_print(const struct minheap *minheap, FILE *out)
{
    const struct gcr_minheap_search *search = &minheap->search;
    fprintf(out, "trace         %s: digest %s, peak live %s\n", minheap->job.trace, minheap->digest,
            gcr_text_bytes(minheap->peak_live_bytes).s);
    fprintf(out, "back end      %s\n", gcr_engine_collector(minheap->job.engine)->name);
    if (search->least_bytes == 0)
        fprintf(out, "minimum heap  none: it does not complete with %s (%llu bytes) either\n",
                gcr_text_bytes(search->fails_bytes).s, (unsigned long long)search->fails_bytes);
    else
        fprintf(out, "minimum heap  %s (%llu bytes), %s peak live; %llu bytes are not enough\n",
                gcr_text_bytes(search->least_bytes).s, (unsigned long long)search->least_bytes,
                gcr_text_ratio(minheap_ratio(minheap)).s, (unsigned long long)search->fails_bytes);
    if (minheap->native_peak_bytes != 0)
        fprintf(out, "native peak   %s (%llu bytes)\n",
                gcr_text_bytes(minheap->native_peak_bytes).s,
                (unsigned long long)minheap->native_peak_bytes);
    else
        fputs("native peak   it does not complete natively\n", out);
    fprintf(out, "runs          %u, to within %g%%\n", search->run_count + 1,
            100 * search->tolerance);
    if (!search->is_monotone)
        fputs("note: some larger heaps did not complete, so that this is one minimum of several; "
              "--json lists every run\n",
              out);
}

static json_t *minheap_json(const struct minheap *minheap)
{
    const struct gcr_minheap_search *search = &minheap->search;
    const struct gcr_option_values *options = &minheap->job.options;
    json_t *out = json_object(), *values = json_object(), *runs = json_array();
    for (size_t i = 0; options->table != NULL && options->table[i].name != NULL; i++) {
        char text[256];
        gcr_option_format(&options->table[i], &options->row[i], text, sizeof text);
        json_object_set_new(values, options->table[i].name, json_string(text));
    }
    for (unsigned i = 0; i < search->run_count; i++)
        json_array_append_new(runs, json_pack("{s:I, s:b}", "budget_bytes",
                                              (json_int_t)search->runs[i].budget_bytes, "completed",
                                              search->runs[i].completed));
    bool found = search->least_bytes != 0;
    json_object_set_new(out, "schema", json_string("gcreplay-minheap-1"));
    json_object_set_new(
        out, "trace",
        json_pack("{s:s, s:s}", "path", minheap->job.trace, "digest", minheap->digest));
    json_object_set_new(out, "collector",
                        json_string(gcr_engine_collector(minheap->job.engine)->name));
    json_object_set_new(out, "options", values);
    json_object_set_new(out, "minimum_bytes",
                        found ? json_integer((json_int_t)search->least_bytes) : json_null());
    json_object_set_new(out, "not_enough_bytes", json_integer((json_int_t)search->fails_bytes));
    json_object_set_new(out, "peak_live_bytes", json_integer((json_int_t)minheap->peak_live_bytes));
    json_object_set_new(out, "over_live", found ? json_real(minheap_ratio(minheap)) : json_null());
    json_object_set_new(out, "native_peak_bytes",
                        minheap->native_peak_bytes != 0
                            ? json_integer((json_int_t)minheap->native_peak_bytes)
                            : json_null());
    json_object_set_new(out, "tolerance", json_real(search->tolerance));
    json_object_set_new(out, "monotone", json_boolean(search->is_monotone));
    json_object_set_new(out, "runs", runs);
    return out;
}

static gcr_status minheap_write(const struct minheap *minheap, const char *path,
                                struct gcr_error *err)
{
    if (path == NULL || strcmp(path, "-") != 0)
        minheap_print(minheap, stdout);
    if (path == NULL)
        return GCR_OK;
    json_t *document = minheap_json(minheap);
    gcr_status status = gcr_output_json(path, document, err);
    json_decref(document);
    return status;
}

static gcr_status minheap_command(const struct gcr_arguments *arguments, struct gcr_error *err)
{
    struct minheap *minheap = calloc(1, sizeof *minheap);
    if (minheap == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the search");
    gcr_status status = gcr_job_read(arguments, &minheap->job, err);
    minheap->job.decode_ahead = gcr_machine_processors() > 1; /* nothing is timed */
    if (status == GCR_OK)
        status = minheap_read_tolerance(gcr_argument(arguments, "--tolerance"),
                                        &minheap->search.tolerance, err);
    if (status == GCR_OK)
        status = minheap_read_trace(minheap, err);
    if (status == GCR_OK)
        status = minheap_search(minheap, err);
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    if (status == GCR_OK)
        status = minheap_write(minheap, gcr_argument(arguments, "--json"), err);
    if (status == GCR_OK && minheap->search.least_bytes == 0)
        status = gcr_fail(err, GCR_FAULT, "%s completes with no heap that fits this machine",
                          gcr_engine_collector(minheap->job.engine)->name);
    free(minheap);
    return status;
}

const struct gcr_command gcr_cmd_minheap = {
    .name = "minheap",
    .summary = "find the smallest heap with which a trace completes on one back end",
    .usage = "TRACE -c NAME [--set OPTION=VALUE]... [--tolerance SHARE] [--json FILE]",
    .flags = minheap_flags,
    .run = minheap_command,
};
