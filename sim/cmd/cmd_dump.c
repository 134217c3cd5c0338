/* gcreplay dump: a trace as text. */
#include <stdlib.h>
#include <unistd.h>

#include "sim/cmd/command.h"
#include "sim/cmd/commands.h"
#include "sim/cmd/progress.h"
#include "sim/cmd/trace_file.h"
#include "sim/measure/output.h"
#include "traces/text.h"

static const struct gcr_flag dump_flags[] = {
    {"TRACE", 0, NULL, "trace file", GCR_FLAG_REQUIRED, NULL},
    {"--lane", 0, "N", "only the events of process N (0: the first)", GCR_FLAG_OPTIONAL, NULL},
    {"--output", 'o', "FILE", "where to write; default: standard output", GCR_FLAG_OPTIONAL, NULL},
    {0}};

/* -1: all lanes. */
static gcr_status dump_read_lane(const char *text, const struct gcr_reader *reader, int *lane,
                                 struct gcr_error *err)
{
    *lane = -1;
    if (text == NULL)
        return GCR_OK;
    char *end = NULL;
    unsigned long number = strtoul(text, &end, 10);
    uint32_t lanes = gcr_reader_lane_count(reader);
    if (*text < '0' || *text > '9' || *end != '\0' || number >= lanes)
        return gcr_fail(err, GCR_USAGE, "--lane cannot be '%.32s'; %s has lanes 0 .. %u", text,
                        gcr_reader_path(reader), lanes > 0 ? lanes - 1 : 0);
    *lane = (int)number;
    return GCR_OK;
}

static gcr_status dump_run(const struct gcr_arguments *arguments, struct gcr_error *err)
{
    const char *path = gcr_argument(arguments, "--output");
    struct gcr_reader *reader = NULL;
    struct gcr_output output;
    int lane = -1;
    gcr_status status = gcr_trace_file_open(gcr_argument(arguments, "TRACE"), &reader, err);
    if (status != GCR_OK)
        return status;
    status = dump_read_lane(gcr_argument(arguments, "--lane"), reader, &lane, err);
    if (status == GCR_OK)
        status = gcr_output_open(&output, path != NULL ? path : "-", err);
    if (status != GCR_OK)
        goto close_reader;
    struct gcr_bar bar;
    gcr_bar_begin_events(&bar, "writing", gcr_reader_events(reader));
    if (output.kind == GCR_OUTPUT_BY_RENAME ||
        !isatty(STDOUT_FILENO)) /* not into the text itself */
        gcr_reader_watch(reader, gcr_bar_count, &bar);
    status = gcr_text_dump(reader, lane, output.file, err);
    gcr_bar_end(&bar);
    if (status == GCR_OK)
        status = gcr_output_close(&output, err);
    else
        gcr_output_abandon(&output);
    if (status == GCR_OK && gcr_reader_warning(reader) != NULL)
        fprintf(stderr, "gcreplay: warning: %s: %s\n", gcr_reader_path(reader),
                gcr_reader_warning(reader));
close_reader:
    gcr_reader_close(reader);
    return status;
}

const struct gcr_command gcr_cmd_dump = {
    .name = "dump",
    .summary = "print a trace as text, one event a line",
    .usage = "TRACE [--lane N] [-o FILE]",
    .flags = dump_flags,
    .run = dump_run,
};
