/* gcreplay info: what is in a trace, and what it can be trusted for. */
#include <string.h>

#include "sim/cmd/command.h"
#include "sim/cmd/commands.h"
#include "sim/cmd/info_report.h"
#include "sim/measure/output.h"
#include "sim/cmd/progress.h"
#include "sim/cmd/trace_file.h"
#include "sim/oracle/oracle.h"

static const struct gcr_flag info_flags[] = {
    {"TRACE", 0, NULL, "trace file", GCR_FLAG_REQUIRED, NULL},
    {"--json", 0, "FILE", "as JSON; alone: to standard output", GCR_FLAG_OPTIONAL, "-"},
    {0}};

static gcr_status info_run(const struct gcr_arguments *arguments, struct gcr_error *err)
{
    const char *path = gcr_argument(arguments, "--json");
    struct gcr_info info = {0};
    gcr_status status = gcr_trace_file_open(gcr_argument(arguments, "TRACE"), &info.reader, err);
    if (status != GCR_OK)
        return status;
    struct gcr_bar bar;
    /* Without deaths the peak takes a shadow graph of the whole trace: `check` does that. */
    info.peak_known = gcr_reader_capabilities(info.reader)->deaths != GCR_DEATHS_NONE;
    gcr_bar_begin(&bar, "reading", (info.peak_known ? 2 : 1) * gcr_reader_events(info.reader));
    gcr_reader_watch(info.reader, gcr_bar_count, &bar);
    status = gcr_trace_facts_read(info.reader, &info.facts, err);
    if (status == GCR_OK && info.peak_known)
        status = gcr_trace_peak_live(info.reader, &info.peak_live_bytes, err);
    gcr_bar_end(&bar);
    gcr_reader_watch(info.reader, NULL, NULL);
    if (status == GCR_OK && path == NULL)
        gcr_info_print(&info, stdout);
    if (status == GCR_OK && path != NULL) {
        json_t *document = gcr_info_json(&info);
        status = document != NULL ? gcr_output_json(path, document, err)
                                  : gcr_fail(err, GCR_NO_MEMORY, "no memory for the report");
        json_decref(document);
    }
    gcr_trace_facts_finish(&info.facts);
    gcr_reader_close(info.reader);
    return status;
}

const struct gcr_command gcr_cmd_info = {
    .name = "info",
    .summary = "show what is in a trace and what it can be trusted for",
    .usage = "TRACE [--json[=FILE]]",
    .flags = info_flags,
    .run = info_run,
};
