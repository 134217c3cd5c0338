#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kit.h"

const gctrace_options kit_promises = {.size = sizeof(gctrace_options),
                                      .loads = 1,
                                      .reads = GCTRACE_READS_EXACT,
                                      .deaths = GCTRACE_DEATHS_GRANULATED,
                                      .threads = 1,
                                      .forks = 1,
                                      .times = 1};

void kit_open(struct kit *kit, const gctrace_options *options)
{
    char message[256];
    snprintf(kit->folder, sizeof kit->folder, "/tmp/gctrace-test-XXXXXX");
    assert_non_null(mkdtemp(kit->folder));
    snprintf(kit->path, sizeof kit->path, "%s/t.gct", kit->folder);
    if (gctrace_open(kit->path, options, &kit->recording, message, sizeof message) != GCTRACE_OK)
        fail_msg("%s", message);
    const gctrace_shape pair = {.name = "pair", .fixed_bytes = 24, .slots = 2};
    kit->pair = gctrace_declare_shape(kit->recording, &pair);
    assert_int_equal(kit->pair, 1);
}

void kit_close(struct kit *kit)
{
    char message[256];
    if (gctrace_close(kit->recording, message, sizeof message) != GCTRACE_OK)
        fail_msg("%s", message);
}

void kit_remove(struct kit *kit)
{
    char partial[128];
    snprintf(partial, sizeof partial, "%s.partial", kit->path);
    (void)unlink(partial);
    (void)unlink(kit->path);
    assert_int_equal(rmdir(kit->folder), 0);
}

static struct gcr_reader *kit_read(const char *path)
{
    struct gcr_error err;
    struct gcr_reader *reader = NULL;
    if (gcr_reader_open(path, &reader, &err) != GCR_OK)
        fail_msg("%s", err.text);
    return reader;
}

struct gcr_trace_check kit_check(const char *path)
{
    struct gcr_error err;
    struct gcr_trace_check check = {0};
    struct gcr_reader *reader = kit_read(path);
    if (gcr_check_trace(reader, &check, &err) != GCR_OK)
        fail_msg("%s", err.text);
    gcr_reader_close(reader);
    return check;
}

struct gcr_event *kit_events(const char *path, uint32_t lane, size_t *n)
{
    struct gcr_error err;
    struct gcr_reader *reader = kit_read(path);
    size_t total = (size_t)gcr_reader_lane_events(reader, lane), got = 1;
    struct gcr_event *events = malloc((total + 1) * sizeof *events);
    struct gcr_cursor *cursor;
    assert_non_null(events);
    assert_int_equal(gcr_cursor_open(reader, lane, &cursor, &err), GCR_OK);
    for (*n = 0; got > 0; *n += got) {
        if (gcr_cursor_read(cursor, events + *n, total + 1 - *n, &got, &err) != GCR_OK)
            fail_msg("%s", err.text);
    }
    assert_int_equal(*n, total);
    gcr_cursor_close(cursor);
    gcr_reader_close(reader);
    return events;
}

uint32_t kit_lanes(const char *path)
{
    struct gcr_reader *reader = kit_read(path);
    uint32_t lanes = gcr_reader_lane_count(reader);
    gcr_reader_close(reader);
    return lanes;
}
