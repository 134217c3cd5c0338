/* gcreplay assemble: text to a trace; the inverse of dump. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "sim/cmd/command.h"
#include "sim/cmd/commands.h"
#include "sim/measure/output.h"
#include "traces/text.h"

static const struct gcr_flag assemble_flags[] = {
    {"TEXT", 0, NULL, "text form of a trace; '-': standard input", GCR_FLAG_REQUIRED, NULL},
    {"--output", 'o', "TRACE", "trace file to write", GCR_FLAG_REQUIRED, NULL},
    {0}};

static gcr_status assemble_run(const struct gcr_arguments *arguments, struct gcr_error *err)
{
    const char *text = gcr_argument(arguments, "TEXT");
    const char *path = gcr_argument(arguments, "--output");
    gcr_status status = gcr_output_check_trace_path(path, err);
    if (status != GCR_OK)
        return status;
    bool from_stdin = strcmp(text, "-") == 0;
    FILE *in = from_stdin ? stdin : fopen(text, "re");
    if (in == NULL)
        return gcr_fail(err, GCR_BAD_INPUT, "%s: %s", text, strerror(errno));
    status = gcr_text_assemble(in, from_stdin ? "standard input" : text, path, err);
    if (!from_stdin)
        fclose(in);
    return status;
}

const struct gcr_command gcr_cmd_assemble = {
    .name = "assemble",
    .summary = "make a trace from its text form",
    .usage = "TEXT -o TRACE",
    .flags = assemble_flags,
    .run = assemble_run,
};
