/* gcreplay run: one trace on one back end. */
#include <string.h>

#include "sim/cmd/command.h"
#include "sim/cmd/commands.h"
#include "sim/cmd/figures.h"
#include "sim/cmd/job.h"
#include "sim/cmd/run_table.h"
#include "sim/cmd/trace_file.h"
#include "sim/measure/capability_rules.h"
#include "sim/measure/output.h"
#include "sim/study/perfetto.h"

static const struct gcr_flag run_flags[] = {
    {"TRACE", 0, NULL, "trace file", GCR_FLAG_REQUIRED, NULL},
    {"--collector", 'c', "NAME", "back end, as 'gcreplay list' shows it", GCR_FLAG_REQUIRED, NULL},
    {"--set", 0, "OPTION=VALUE", "option of the back end", GCR_FLAG_REPEATED, NULL},
    GCR_JOB_FLAGS,
    {"--control", 0, "FIFO[,ACK]",
     "write 'enable' and 'disable' there around the replay of each process, for a 'perf --control' "
     "outside",
     GCR_FLAG_OPTIONAL, NULL},
    {"--pauses", 0, "FILE",
     "write pauses, requests and footprint there as a trace for Perfetto or chrome://tracing",
     GCR_FLAG_OPTIONAL, NULL},
    {"--json", 0, "FILE", "write the whole result there; '-': to standard output, and no table",
     GCR_FLAG_OPTIONAL, NULL},
    {0}};

/* Where --pauses goes, NULL if it was not asked for. */
static gcr_status run_read_pauses(const struct gcr_arguments *arguments, const struct gcr_job *job,
                                  const char **path, struct gcr_error *err)
{
    *path = gcr_argument(arguments, "--pauses");
    if (*path == NULL)
        return GCR_OK;
    if (strcmp(*path, "-") == 0)
        return gcr_fail(err, GCR_USAGE, "--pauses needs the name of a file");
    if (job->modelled)
        return gcr_fail(err, GCR_USAGE,
                        "--pauses and %s exclude each other: the times of a modelled run mean "
                        "nothing",
                        job->must_model ? "--cache" : "--cow=model");
    return GCR_OK;
}

/* Looks at the trace first: its capabilities, and the heap size that may depend on it. */
static gcr_status run_prepare(const struct gcr_arguments *arguments, struct gcr_job *job,
                              struct gcr_capabilities *capabilities, struct gcr_error *err)
{
    struct gcr_heap_word size;
    gcr_status status = gcr_heap_size_parse(gcr_argument(arguments, "--heap"), &size, err);
    if (status != GCR_OK)
        return status;
    struct gcr_reader *reader = NULL;
    status = gcr_trace_file_open(job->trace, &reader, err);
    if (status != GCR_OK)
        return status;
    *capabilities = *gcr_reader_capabilities(reader);
    const struct gcr_collector *collector = gcr_engine_collector(job->engine);
    const char *refusal = gcr_figure_refusal(GCR_FIGURE_DEATH_DRIVEN, capabilities, false);
    if (gcr_collector_is(collector, GCR_CAP_NEEDS_DEATHS) && refusal != NULL)
        status = gcr_fail(err, GCR_UNSUPPORTED, "%s cannot run %s: %s", collector->name, job->trace,
                          refusal);
    else
        status = gcr_heap_size_resolve(&size, reader, &job->budget_bytes, err);
    gcr_reader_close(reader);
    return status;
}

static gcr_status run_run(const struct gcr_arguments *arguments, struct gcr_error *err)
{
    struct gcr_job job;
    struct gcr_capabilities capabilities;
    json_t *result = NULL;
    const char *path = gcr_argument(arguments, "--json");
    gcr_status status = gcr_job_read(arguments, &job, err);
    if (status == GCR_OK)
        status = gcr_job_read_flags(arguments, &job, err);
    const char *pauses = NULL;
    if (status == GCR_OK)
        status = run_read_pauses(arguments, &job, &pauses, err);
    if (status == GCR_OK)
        status = run_prepare(arguments, &job, &capabilities, err);
    struct gcr_control control = {.command = -1, .answer = -1};
    if (status == GCR_OK && gcr_argument(arguments, "--control") != NULL) {
        status = gcr_control_open(gcr_argument(arguments, "--control"), &control, err);
        job.control = &control;
    }
    if (status == GCR_OK)
        status = gcr_job_run(&job, &result, err);
    gcr_control_close(&control);
    if (status == GCR_FAULT)
        gcr_error_prefix(err, "%s on %s", gcr_engine_collector(job.engine)->name, job.trace);
    if (status != GCR_OK)
        return status;
    if (path == NULL || strcmp(path, "-") != 0)
        gcr_run_table_print(result, gcr_engine_collector(job.engine), &capabilities, stdout);
    if (path != NULL)
        status = gcr_output_json(path, result, err);
    if (status == GCR_OK && pauses != NULL)
        status = gcr_pauses_trace_write_result(result, pauses, err);
    struct gcr_figures figures;
    gcr_figures_read(result, &figures);
    if (status == GCR_OK && !figures.is_ok)
        status =
            gcr_fail(err, GCR_FAULT, "%s on %s: %s: %s", gcr_engine_collector(job.engine)->name,
                     job.trace, figures.outcome, figures.message);
    json_decref(result);
    return status;
}

const struct gcr_command gcr_cmd_run = {
    .name = "run",
    .summary = "replay a trace on one back end and print what it cost",
    .usage = "TRACE -c NAME [--set OPTION=VALUE]... [--heap SIZE] [--verify[=MODE]] "
             "[--final-collection] [--cow[=FIGURES]] [--pace PACE] [--window BYTES] [--counters] "
             "[--control FIFO[,ACK]] [--cache[=GEOMETRY]] [--pauses FILE] "
             "[--json FILE]",
    .flags = run_flags,
    .run = run_run,
};
