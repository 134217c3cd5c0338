/* gcreplay check: is a trace valid? */
#include "sim/cmd/command.h"
#include "sim/cmd/commands.h"
#include "sim/cmd/progress.h"
#include "sim/cmd/table.h"
#include "sim/cmd/trace_file.h"
#include "sim/oracle/oracle.h"

static const struct gcr_flag check_flags[] = {
    {"TRACE", 0, NULL, "trace file", GCR_FLAG_REQUIRED, NULL}, {0}};

static gcr_status check_run(const struct gcr_arguments *arguments, struct gcr_error *err)
{
    struct gcr_reader *reader = NULL;
    gcr_status status = gcr_trace_file_open(gcr_argument(arguments, "TRACE"), &reader, err);
    if (status != GCR_OK)
        return status;
    struct gcr_trace_check found;
    struct gcr_bar bar;
    gcr_bar_begin_events(&bar, "checking", gcr_reader_events(reader));
    gcr_reader_watch(reader, gcr_bar_count, &bar);
    status = gcr_check_trace(reader, &found, err);
    gcr_bar_end(&bar);
    if (status == GCR_OK) {
        printf("%s: valid: %llu events, %llu objects; peak live %llu objects, %s; live at the end "
               "%llu objects, %s\n",
               gcr_reader_path(reader), (unsigned long long)found.events,
               (unsigned long long)found.objects, (unsigned long long)found.peak_live_objects,
               gcr_text_bytes(found.peak_live_bytes).s, (unsigned long long)found.live_end_objects,
               gcr_text_bytes(found.live_end_bytes).s);
        if (gcr_reader_warning(reader) != NULL)
            printf("warning: %s\n", gcr_reader_warning(reader));
    }
    gcr_reader_close(reader);
    return status;
}

const struct gcr_command gcr_cmd_check = {
    .name = "check",
    .summary = "prove a trace valid, or name its first bad event (exit code 1)",
    .usage = "TRACE",
    .flags = check_flags,
    .run = check_run,
};
