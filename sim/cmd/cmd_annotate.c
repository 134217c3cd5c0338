/* gcreplay annotate: a trace with the exact death of every object. */
#include "sim/cmd/command.h"
#include "sim/cmd/commands.h"
#include "sim/cmd/progress.h"
#include "sim/cmd/trace_file.h"
#include "sim/measure/output.h"
#include "sim/oracle/annotate.h"

static const struct gcr_flag annotate_flags[] = {
    {"TRACE", 0, NULL, "trace file", GCR_FLAG_REQUIRED, NULL},
    {"--output", 'o', "TRACE", "trace file to write", GCR_FLAG_REQUIRED, NULL},
    {"--replace", 0, NULL, "the trace's own deaths are left out", GCR_FLAG_OPTIONAL, NULL},
    {"--keep-indexes", 0, NULL,
     "objects keep their indexes; default: indexes of dead objects are used again, so that replays "
     "need tables for the objects that live at once only",
     GCR_FLAG_OPTIONAL, NULL},
    {0}};

static gcr_status annotate_run(const struct gcr_arguments *arguments, struct gcr_error *err)
{
    const char *path = gcr_argument(arguments, "--output");
    const struct gcr_annotation options = {
        .replace = gcr_argument(arguments, "--replace") != NULL,
        .keep_indexes = gcr_argument(arguments, "--keep-indexes") != NULL,
    };
    struct gcr_annotation_result made;
    struct gcr_reader *reader = NULL;
    struct gcr_bar bar;
    gcr_status status = gcr_output_check_trace_path(path, err);
    if (status == GCR_OK)
        status = gcr_trace_file_open(gcr_argument(arguments, "TRACE"), &reader, err);
    if (status != GCR_OK)
        return status;
    gcr_bar_begin_events(&bar, "annotating",
                         gcr_reader_events(reader) * gcr_annotate_passes(reader));
    gcr_reader_watch(reader, gcr_bar_count, &bar);
    status = gcr_annotate(reader, path, &options, &made, err);
    gcr_bar_end(&bar);
    if (status == GCR_OK) {
        printf("%s: %llu events, %llu deaths of %llu objects, %llu indexes\n", path,
               (unsigned long long)made.events, (unsigned long long)made.deaths,
               (unsigned long long)made.objects, (unsigned long long)made.highest_index);
        if (gcr_reader_warning(reader) != NULL)
            printf("warning: %s\n", gcr_reader_warning(reader));
    }
    gcr_reader_close(reader);
    return status;
}

const struct gcr_command gcr_cmd_annotate = {
    .name = "annotate",
    .summary = "add the exact death of every object to a trace",
    .usage = "TRACE [--replace] [--keep-indexes] -o TRACE",
    .flags = annotate_flags,
    .run = annotate_run,
};
