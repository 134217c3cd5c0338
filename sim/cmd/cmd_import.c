/* gcreplay import: another tool's recording becomes a trace. */
#include <string.h>
#include <sys/stat.h>

#include "sim/cmd/command.h"
#include "sim/cmd/commands.h"
#include "sim/cmd/listing.h"
#include "sim/cmd/progress.h"
#include "sim/cmd/table.h"
#include "sim/measure/output.h"
#include "traces/import/importer.h"

static const struct gcr_flag import_flags[] = {
    {"IN", 0, NULL, "the recording: plain, gzip or zstd; '-': standard input, with --from",
     GCR_FLAG_OPTIONAL, NULL},
    {"--from", 0, "NAME", "its format, as --list shows it; without: by the file's first bytes",
     GCR_FLAG_OPTIONAL, NULL},
    {"--set", 0, "OPTION=VALUE", "option of the importer", GCR_FLAG_REPEATED, NULL},
    {"--output", 'o', "TRACE", "trace file to write", GCR_FLAG_OPTIONAL, NULL},
    {"--list", 0, NULL, "show all formats and their options", GCR_FLAG_OPTIONAL, NULL},
    {0}};

static gcr_status import_unknown(const char *name, struct gcr_error *err)
{
    char known[256] = "";
    size_t count = 0, used = 0;
    const struct gcr_importer *const *importers = gcr_importers(&count);
    for (size_t i = 0; i < count && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "",
                                 importers[i]->name);
    return gcr_fail(err, GCR_USAGE, "no importer is named '%.64s'; known: %s", name, known);
}

static gcr_status import_choose(const char *from, const char *in, const struct gcr_importer **out,
                                struct gcr_error *err)
{
    if (from != NULL) {
        *out = gcr_importer_find(from);
        return *out != NULL ? GCR_OK : import_unknown(from, err);
    }
    if (strcmp(in, "-") == 0)
        return gcr_fail(err, GCR_USAGE, "standard input needs --from NAME");
    gcr_status status = gcr_import_recognise(in, out, err);
    if (status == GCR_BAD_INPUT)
        gcr_error_prefix(err, "import without --from");
    return status;
}

/* What the importer has to say: each count once, losses marked, losses of nothing left out. */
static void import_print_notes(const struct gcr_import_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct gcr_import_note *note = &report->notes[i];
        if (note->count == 0 && note->is_loss)
            continue;
        fprintf(stderr, "%s%s: %llu (%s)\n", note->is_loss ? "loss: " : "", note->name,
                (unsigned long long)note->count, note->meaning);
    }
}

static void import_print_facts(const char *path, const struct gcr_importer *importer,
                               const struct gcr_import_report *report)
{
    struct stat info;
    uint64_t bytes = stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
    printf("%s: %llu events from %llu lines of %s, %s on disk", path,
           (unsigned long long)report->events, (unsigned long long)report->lines, importer->name,
           gcr_text_bytes(bytes).s);
    if (report->events > 0)
        printf(" (%.2f bytes an event)", (double)bytes / (double)report->events);
    putchar('\n');
}

static gcr_status import_write(const struct gcr_importer *importer,
                               const struct gcr_arguments *arguments, const char *in,
                               const char *path, struct gcr_error *err)
{
    struct gcr_option_values options;
    struct gcr_import_report report;
    gcr_options_init(importer->options, &options);
    const char *assignment;
    for (size_t i = 0; (assignment = gcr_argument_at(arguments, "--set", i)) != NULL; i++) {
        gcr_status status = gcr_option_assign(&options, importer->name, assignment, err);
        if (status != GCR_OK)
            return status;
    }
    gcr_status status = gcr_output_check_trace_path(path, err);
    if (status != GCR_OK)
        return status;
    struct stat info;
    struct gcr_bar bar;
    gcr_bar_begin(&bar, importer->name, stat(in, &info) == 0 ? (uint64_t)info.st_size : 0);
    status = gcr_import_file(importer, &options, in, path, &report, gcr_bar_count, &bar, err);
    gcr_bar_end(&bar);
    if (status != GCR_OK)
        return status;
    import_print_notes(&report);
    import_print_facts(path, importer, &report);
    if (report.truncated[0] != '\0')
        return gcr_fail(err, GCR_IO, "%s is not whole: %s; %s has what precedes", in,
                        report.truncated, path);
    return GCR_OK;
}

static gcr_status import_run(const struct gcr_arguments *arguments, struct gcr_error *err)
{
    const char *in = gcr_argument(arguments, "IN"), *path = gcr_argument(arguments, "--output");
    if (gcr_argument(arguments, "--list") != NULL) {
        gcr_listing_print_importers(stdout);
        return GCR_OK;
    }
    if (in == NULL)
        return gcr_fail(err, GCR_USAGE, "import: missing IN (see 'gcreplay import --help')");
    if (path == NULL)
        return gcr_fail(err, GCR_USAGE, "import: missing -o TRACE");
    const struct gcr_importer *importer = NULL;
    gcr_status status = import_choose(gcr_argument(arguments, "--from"), in, &importer, err);
    return status == GCR_OK ? import_write(importer, arguments, in, path, err) : status;
}

const struct gcr_command gcr_cmd_import = {
    .name = "import",
    .summary = "make a trace of another tool's recording",
    .usage = "IN [--from NAME] [--set OPTION=VALUE]... -o TRACE | --list",
    .flags = import_flags,
    .run = import_run,
};
