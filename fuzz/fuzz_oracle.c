/* The oracle: any text that can be assembled is proved valid or refused, and a valid trace is
 * annotated. The annotated trace must be valid too and allocate the same objects, of which as many
 * live at the end. Text and not a file, because changed lines are other programs, and changed
 * columns mostly none. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/oracle/annotate.h"
#include "support.h"
#include "traces/text.h"

static struct gcr_reader *oracle_open(const char *path)
{
    struct gcr_reader *reader;
    struct gcr_error err = {""};
    return gcr_reader_open(path, &reader, &err) == GCR_OK ? reader : NULL;
}

static void oracle_check_annotated(const char *path, const struct gcr_trace_check *before,
                                   const struct gcr_annotation_result *result)
{
    struct gcr_error err = {""};
    struct gcr_trace_check after;
    struct gcr_reader *reader = oracle_open(path);
    if (reader == NULL)
        fuzz_found("an annotated trace does not open", path);
    if (gcr_check_trace(reader, &after, &err) != GCR_OK)
        fuzz_found("an annotated trace is invalid", err.text);
    if (after.events != result->events || after.objects != before->objects ||
        after.live_end_objects != before->live_end_objects ||
        after.live_end_bytes != before->live_end_bytes)
        fuzz_found("an annotated trace has other objects", path);
    gcr_reader_close(reader);
}

static void oracle_annotate(struct gcr_reader *reader, const struct gcr_trace_check *before,
                            size_t size)
{
    char path[64];
    struct gcr_error err = {""};
    struct gcr_annotation_result result;
    const struct gcr_annotation options = {
        .replace = true, .keep_indexes = size % 2 == 0, .window = size % 3 == 0 ? 8 : 0};
    gcr_status status =
        gcr_annotate(reader, fuzz_path("annotated.gct", path), &options, &result, &err);
    if (status != GCR_OK) {
        if (access(path, F_OK) == 0)
            fuzz_found("a failure leaves a file", path);
        if (status != GCR_BAD_INPUT && status != GCR_INVALID_TRACE)
            fuzz_found("a valid trace cannot be annotated", err.text);
        return;
    }
    oracle_check_annotated(path, before, &result);
    (void)unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct gcr_trace_check check;
    struct gcr_error err = {""};
    FILE *in = size == 0 ? NULL : fmemopen((void *)(uintptr_t)data, size, "r");
    if (in == NULL)
        return 0;
    gcr_status status = gcr_text_assemble(in, "input", fuzz_path("oracle.gct", path), &err);
    (void)fclose(in);
    if (status != GCR_OK)
        return 0;
    struct gcr_reader *reader = oracle_open(path);
    if (reader == NULL)
        fuzz_found("an assembled trace does not open", path);
    status = gcr_check_trace(reader, &check, &err);
    if (status == GCR_OK)
        oracle_annotate(reader, &check, size);
    else if (status != GCR_INVALID_TRACE && status != GCR_BAD_INPUT)
        fuzz_found("a trace is refused for another reason than the trace", err.text);
    else if (err.text[0] == '\0' || strchr(err.text, '\n') != NULL)
        fuzz_found("no message, or one of more than one line", err.text);
    gcr_reader_close(reader);
    (void)unlink(path);
    return 0;
}
