/* From an input to a trace file, around any importer; see importer.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/check.h"
#include "traces/import/importer.h"

void gcr_import_note(struct gcr_import_report *report, const char *name, const char *meaning,
                     uint64_t count, bool is_loss)
{
    GCR_CHECK(2, report->count < GCR_IMPORT_NOTES);
    if (report->count < GCR_IMPORT_NOTES)
        report->notes[report->count++] = (struct gcr_import_note){name, meaning, count, is_loss};
}

gcr_status gcr_import_bad_line(const struct gcr_import *import, struct gcr_error *err,
                               const char *format, ...)
{
    char text[384];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return gcr_fail(err, GCR_BAD_INPUT, "%s:%" PRIu64 ": %s", import->path,
                    gcr_input_number(import->input), text);
}

/* ---- which format ---- */

static gcr_status import_choose(const char *from, const char *head, size_t bytes,
                                const struct gcr_importer **out, struct gcr_error *err)
{
    char names[256] = "";
    size_t count = 0, fitting = 0, used = 0;
    const struct gcr_importer *const *importers = gcr_importers(&count);
    for (size_t i = 0; i < count && used < sizeof names; i++) {
        if (!importers[i]->recognises(head, bytes))
            continue;
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", fitting > 0 ? ", " : "",
                                 importers[i]->name);
        *out = importers[i];
        fitting++;
    }
    if (fitting == 1)
        return GCR_OK;
    if (fitting > 1)
        return gcr_fail(err, GCR_BAD_INPUT, "%s may be of several formats: %s; say which", from,
                        names);
    return gcr_fail(err, GCR_BAD_INPUT, "%s is of no format that can be imported", from);
}

gcr_status gcr_import_recognise(const char *from, const struct gcr_importer **out,
                                struct gcr_error *err)
{
    struct gcr_input *input = NULL;
    const char *head = NULL;
    size_t bytes = 0;
    gcr_status status = gcr_input_open(from, &input, err);
    if (status != GCR_OK)
        return status;
    status = gcr_input_peek(input, &head, &bytes, err);
    if (status == GCR_OK)
        status = import_choose(gcr_input_name(input), head, bytes, out, err);
    gcr_input_close(input);
    return status;
}

/* ---- what the trace says of its origin ---- */

static const char *import_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Names come from files and options, which need not be UTF-8: other bytes become '?'. */
static json_t *import_text(const char *text)
{
    json_t *string = json_string(text);
    if (string != NULL)
        return string;
    char plain[256];
    size_t length = 0;
    for (; text[length] != '\0' && length + 1 < sizeof plain; length++)
        plain[length] = (char)((unsigned char)text[length] - 32u < 95 ? text[length] : '?');
    return json_stringn(plain, length);
}

static json_t *import_options(const struct gcr_option_values *options)
{
    json_t *values = json_object();
    for (size_t i = 0; options->table[i].name != NULL; i++) {
        char text[256];
        gcr_option_format(&options->table[i], &options->row[i], text, sizeof text);
        json_object_set_new(values, options->table[i].name, import_text(text));
    }
    return values;
}

static json_t *import_counts(const struct gcr_import_report *report, bool losses)
{
    json_t *counts = json_object();
    for (size_t i = 0; i < report->count; i++)
        if (report->notes[i].is_loss == losses)
            json_object_set_new(counts, report->notes[i].name,
                                json_integer((json_int_t)report->notes[i].count));
    return counts;
}

/* {"program": FILE, "importer": {"name", "options": {...}}, "import": {"lines": N, counts ...},
 *  "losses": {counts ...}}; "truncated" in "import" if the input was. */
static json_t *import_document(const struct gcr_importer *importer, const struct gcr_import *import)
{
    const struct gcr_import_report *report = import->report;
    json_t *counts = import_counts(report, false);
    json_object_set_new(counts, "lines", json_integer((json_int_t)report->lines));
    if (report->truncated[0] != '\0')
        json_object_set_new(counts, "truncated", import_text(report->truncated));
    return json_pack("{s:o, s:{s:s, s:o}, s:o, s:o}", "program",
                     import_text(import_base_name(import->path)), "importer", "name",
                     importer->name, "options", import_options(import->options), "import", counts,
                     "losses", import_counts(report, true));
}

static gcr_status import_describe(const struct gcr_importer *importer,
                                  const struct gcr_import *import, struct gcr_error *err)
{
    json_t *document = import_document(importer, import);
    char *text = document != NULL ? json_dumps(document, JSON_COMPACT) : NULL;
    json_decref(document);
    if (text == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory to describe the import");
    gcr_status status = gcr_writer_meta(import->target->writer, text, err);
    free(text);
    return status;
}

/* ---- the import ---- */

struct import_progress {
    void (*progress)(void *arg, uint64_t done);
    void *arg;
    const struct gcr_input *input;
};

static void import_progress(void *arg, uint64_t events)
{
    const struct import_progress *progress = arg;
    (void)events;
    if (progress->progress != NULL)
        progress->progress(progress->arg, gcr_input_taken(progress->input));
}

/* All but opening: the input is closed whatever happens. */
static gcr_status import_input(const struct gcr_importer *importer,
                               const struct gcr_option_values *options, struct gcr_input *input,
                               const char *to, struct gcr_import_report *report,
                               struct import_progress *progress, struct gcr_error *err)
{
    struct emit_target target = {.progress = import_progress, .progress_arg = progress};
    struct gcr_import import = {.input = input,
                                .path = gcr_input_name(input),
                                .options = options,
                                .target = &target,
                                .report = report};
    struct gcr_capabilities capabilities = importer->capabilities(options);
    *report = (struct gcr_import_report){.count = 0};
    progress->input = input;
    if (importer->ends_lines)
        gcr_input_want_ends(input);
    gcr_status status = gcr_writer_open(to, &capabilities, &target.writer, err);
    if (status == GCR_OK) {
        status = importer->run(&import, err);
        report->lines = gcr_input_number(input);
        report->events = gcr_writer_lane_events(target.writer, 0);
        if (gcr_input_torn(input) != NULL && report->truncated[0] == '\0')
            snprintf(report->truncated, sizeof report->truncated, "%s", gcr_input_torn(input));
        if (status == GCR_OK)
            status = import_describe(importer, &import, err);
        if (status == GCR_OK)
            status = gcr_writer_close(target.writer, err);
        else
            gcr_writer_abandon(target.writer);
    }
    gcr_input_close(input);
    return status;
}

/* Writing appears by rename, but would replace the only copy of the recording. */
static bool import_is_same_file(const char *from, const char *to)
{
    struct stat a, b;
    return strcmp(from, "-") != 0 && stat(from, &a) == 0 && stat(to, &b) == 0 &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

gcr_status gcr_import_file(const struct gcr_importer *importer,
                           const struct gcr_option_values *options, const char *from,
                           const char *to, struct gcr_import_report *report,
                           void (*progress)(void *arg, uint64_t done), void *progress_arg,
                           struct gcr_error *err)
{
    struct gcr_input *input = NULL;
    struct import_progress watched = {.progress = progress, .arg = progress_arg};
    if (import_is_same_file(from, to))
        return gcr_fail(err, GCR_USAGE, "%s is both the input and the output", from);
    gcr_status status = gcr_input_open(from, &input, err);
    if (status != GCR_OK)
        return status;
    return import_input(importer, options, input, to, report, &watched, err);
}

gcr_status gcr_import_memory(const struct gcr_importer *importer,
                             const struct gcr_option_values *options, const void *bytes,
                             size_t size, const char *to, struct gcr_import_report *report,
                             struct gcr_error *err)
{
    struct gcr_input *input = NULL;
    struct import_progress silent = {.progress = NULL};
    gcr_status status = gcr_input_open_memory(bytes, size, "input", &input, err);
    if (status != GCR_OK)
        return status;
    return import_input(importer, options, input, to, report, &silent, err);
}
