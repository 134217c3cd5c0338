/* gcreplay info: what is in a trace, and what it can be trusted for. */
#include <string.h>

#include "sim/cmd/command.h"
#include "sim/cmd/commands.h"
#include "sim/cmd/info_report.h"
#include "sim/cmd/progress.h"
#include "sim/cmd/trace_file.h"
#include "sim/measure/output.h"
#include "sim/oracle/oracle.h"
#include "sim/study/demographics.h"

static const struct gcr_flag info_flags[] = {
    {"TRACE", 0, NULL, "trace file", GCR_FLAG_REQUIRED, NULL},
    {"--json", 0, "FILE", "as JSON; alone: to standard output", GCR_FLAG_OPTIONAL, "-"},
    {"--demographics", 0, "FILE", "sizes, lifetimes and out-degrees of the objects, as CSV",
     GCR_FLAG_OPTIONAL, NULL},
    {0}};

/* `demographics`: NULL unless they are asked for. */
static gcr_status info_read(struct gcr_info *info, struct gcr_demographics *demographics,
                            struct gcr_error *err)
{
    struct gcr_bar bar;
    /* Without deaths the peak takes a shadow graph of the whole trace: `check` does that. */
    info->peak_known = gcr_reader_capabilities(info->reader)->deaths != GCR_DEATHS_NONE;
    unsigned passes = 1u + info->peak_known + (demographics != NULL);
    gcr_bar_begin_events(&bar, "reading", passes * gcr_reader_events(info->reader));
    gcr_reader_watch(info->reader, gcr_bar_count, &bar);
    gcr_status status = gcr_trace_facts_read(info->reader, &info->facts, err);
    if (status == GCR_OK && info->peak_known)
        status = gcr_trace_peak_live(info->reader, &info->peak_live_bytes, err);
    if (status == GCR_OK && demographics != NULL)
        status = gcr_demographics_read(info->reader, demographics, err);
    gcr_bar_end(&bar);
    gcr_reader_watch(info->reader, NULL, NULL);
    return status;
}

static gcr_status info_write_json(const struct gcr_info *info, const char *path,
                                  struct gcr_error *err)
{
    json_t *document = gcr_info_json(info);
    if (document == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the report");
    gcr_status status = gcr_output_json(path, document, err);
    json_decref(document);
    return status;
}

static gcr_status info_write_demographics(const struct gcr_info *info,
                                          const struct gcr_demographics *demographics,
                                          const char *path, struct gcr_error *err)
{
    struct gcr_csv csv;
    gcr_status status = gcr_csv_open_path(&csv, path, gcr_demographics_columns, err);
    if (status != GCR_OK)
        return status;
    gcr_demographics_put(&csv, gcr_reader_path(info->reader), demographics);
    return gcr_csv_close(&csv, err);
}

static bool info_is_stdout(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0;
}

static gcr_status info_run(const struct gcr_arguments *arguments, struct gcr_error *err)
{
    const char *path = gcr_argument(arguments, "--json");
    const char *csv = gcr_argument(arguments, "--demographics");
    struct gcr_info info = {0};
    struct gcr_demographics demographics;
    if (info_is_stdout(path) && info_is_stdout(csv))
        return gcr_fail(err, GCR_USAGE,
                        "--json and --demographics: only one of them can go to "
                        "standard output");
    gcr_status status = gcr_trace_file_open(gcr_argument(arguments, "TRACE"), &info.reader, err);
    if (status != GCR_OK)
        return status;
    status = info_read(&info, csv != NULL ? &demographics : NULL, err);
    if (status == GCR_OK && path == NULL && !info_is_stdout(csv))
        gcr_info_print(&info, stdout);
    if (status == GCR_OK && path != NULL)
        status = info_write_json(&info, path, err);
    if (status == GCR_OK && csv != NULL)
        status = info_write_demographics(&info, &demographics, csv, err);
    gcr_trace_facts_finish(&info.facts);
    gcr_reader_close(info.reader);
    return status;
}

const struct gcr_command gcr_cmd_info = {
    .name = "info",
    .summary = "show what is in a trace and what it can be trusted for",
    .usage = "TRACE [--json[=FILE]] [--demographics FILE]",
    .flags = info_flags,
    .run = info_run,
};
