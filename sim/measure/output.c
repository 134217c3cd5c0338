/* Output files; see output.h. */
#include "sim/measure/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void output_partial_path(const struct gcr_output *output, char *out, size_t size)
{
    snprintf(out, size, "%s.partial", output->path);
}

gcr_status gcr_output_open(struct gcr_output *output, const char *path, struct gcr_error *err)
{
    struct stat info;
    char partial[sizeof output->path + 16];
    if (strlen(path) >= sizeof output->path)
        return gcr_fail(err, GCR_USAGE, "the path of the output is longer than %zu bytes",
                        sizeof output->path - 1);
    snprintf(output->path, sizeof output->path, "%s", path);
    if (strcmp(path, "-") == 0) {
        output->kind = GCR_OUTPUT_STDOUT;
        output->file = stdout;
        return GCR_OK;
    }
    bool in_place = stat(path, &info) == 0 && !S_ISREG(info.st_mode);
    output->kind = in_place ? GCR_OUTPUT_IN_PLACE : GCR_OUTPUT_BY_RENAME;
    output_partial_path(output, partial, sizeof partial);
    output->file = fopen(in_place ? path : partial, "we");
    if (output->file == NULL)
        return gcr_fail(err, GCR_IO, "%s: cannot open for writing: %s", path, strerror(errno));
    return GCR_OK;
}

gcr_status gcr_output_close(struct gcr_output *output, struct gcr_error *err)
{
    if (output->kind == GCR_OUTPUT_STDOUT)
        return gcr_output_flush_stdout(err);
    char partial[sizeof output->path + 16];
    output_partial_path(output, partial, sizeof partial);
    errno = 0;
    bool lost = fflush(output->file) != 0 || ferror(output->file) != 0;
    int reason = errno;
    if (fclose(output->file) != 0 && !lost) {
        lost = true;
        reason = errno;
    }
    output->file = NULL;
    if (!lost && output->kind == GCR_OUTPUT_BY_RENAME && rename(partial, output->path) != 0) {
        lost = true;
        reason = errno;
    }
    if (!lost)
        return GCR_OK;
    if (output->kind == GCR_OUTPUT_BY_RENAME)
        unlink(partial);
    return gcr_fail(err, GCR_IO, "%s: cannot write: %s", output->path,
                    reason != 0 ? strerror(reason) : "write error");
}

void gcr_output_abandon(struct gcr_output *output)
{
    char partial[sizeof output->path + 16];
    if (output->kind == GCR_OUTPUT_STDOUT || output->file == NULL)
        return;
    fclose(output->file);
    output->file = NULL;
    output_partial_path(output, partial, sizeof partial);
    if (output->kind == GCR_OUTPUT_BY_RENAME)
        unlink(partial);
}

gcr_status gcr_output_json(const char *path, const json_t *document, struct gcr_error *err)
{
    struct gcr_output output;
    gcr_status status = gcr_output_open(&output, path, err);
    if (status != GCR_OK)
        return status;
    json_dumpf(document, output.file, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    fputc('\n', output.file);
    return gcr_output_close(&output, err);
}

/* A stream over a duplicate of the descriptor, or NULL. */
static FILE *json_stream(int file, const char *mode)
{
    int copy = fcntl(file, F_DUPFD_CLOEXEC, 0);
    FILE *stream = copy >= 0 ? fdopen(copy, mode) : NULL;
    if (stream == NULL && copy >= 0)
        close(copy);
    return stream;
}

bool gcr_json_send(int file, const json_t *document)
{
    FILE *stream = json_stream(file, "w");
    if (stream == NULL)
        return false;
    bool is_written = json_dumpf(document, stream, JSON_COMPACT) == 0;
    return fclose(stream) == 0 && is_written;
}

json_t *gcr_json_receive(int file, json_error_t *fault)
{
    FILE *stream = json_stream(file, "r");
    if (stream == NULL) {
        if (fault != NULL)
            snprintf(fault->text, sizeof fault->text, "%s", strerror(errno));
        return NULL;
    }
    rewind(stream);
    json_t *document = json_loadf(stream, 0, fault);
    fclose(stream);
    return document;
}

gcr_status gcr_output_check_trace_path(const char *path, struct gcr_error *err)
{
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return gcr_fail(err, GCR_USAGE, "%s: exists and is not a regular file", path);
    return GCR_OK;
}

gcr_status gcr_output_flush_stdout(struct gcr_error *err)
{
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        return gcr_fail(err, GCR_IO, "cannot write standard output: %s",
                        errno != 0 ? strerror(errno) : "write error");
    return GCR_OK;
}
