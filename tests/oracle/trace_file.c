#include "tests/oracle/trace_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "traces/text.h"

void trace_file_name(struct trace_file *file)
{
    int fd;

    *file = (struct trace_file){.path = "/tmp/gcr-oracle-XXXXXX"};
    fd = mkstemp(file->path);
    assert_true(fd >= 0);
    (void)close(fd);
}

void trace_file_open(struct trace_file *file)
{
    struct gcr_error err = {""};

    if (gcr_reader_open(file->path, &file->reader, &err) != GCR_OK)
        fail_msg("%s", err.text);
}

void trace_file_from_text(struct trace_file *file, const char *text)
{
    struct gcr_error err = {""};
    FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");

    assert_non_null(in);
    trace_file_name(file);
    if (gcr_text_assemble(in, "text", file->path, &err) != GCR_OK)
        fail_msg("%s", err.text);
    (void)fclose(in);
    trace_file_open(file);
}

void trace_file_finish(struct trace_file *file)
{
    if (file->reader != NULL)
        gcr_reader_close(file->reader);
    (void)unlink(file->path);
}
