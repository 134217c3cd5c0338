/* Writers that die, recorders that append by themselves, and disks that fill up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "samples.h"
#include "traces/block.h"

static const char *partial_of(const char *path, char *out, size_t size)
{
    (void)snprintf(out, size, "%s.partial", path);
    return out;
}

/* Writes random events into two lanes until killed; says through the pipe when it is under way. */
static _Noreturn void write_until_killed(const char *path, uint64_t seed, int ready)
{
    struct gcr_writer *writer;
    if (gcr_writer_open(path, &sample_capabilities, &writer, NULL) != GCR_OK)
        _exit(1);
    sample_declare(writer);
    for (uint64_t i = 0;; i++) {
        struct gcr_event event = sample_random_event(&seed);
        if (gcr_writer_event(writer, i % 2, &event, NULL) != GCR_OK)
            _exit(1);
        if (i == 150000 && write(ready, "x", 1) != 1)
            _exit(1);
    }
}

/* The events of the file's two lanes are those of write_until_killed, as far as they go. */
static uint64_t check_prefix(const char *path, uint64_t seed, bool warned)
{
    struct gcr_error err;
    struct gcr_reader *reader;
    struct gcr_cursor *cursor[2];
    if (gcr_reader_open(path, &reader, &err) != GCR_OK)
        fail_msg("%s", err.text);
    assert_int_equal(gcr_reader_warning(reader) != NULL, warned);
    uint64_t total = gcr_reader_events(reader);
    uint64_t seen = 0;
    for (uint32_t lane = 0; lane < 2; lane++)
        assert_int_equal(gcr_cursor_open(reader, lane, &cursor[lane], &err), GCR_OK);
    for (uint64_t i = 0; seen < total; i++) {
        struct gcr_event found;
        struct gcr_event expected = sample_random_event(&seed);
        size_t n;
        assert_int_equal(gcr_cursor_read(cursor[i % 2], &found, 1, &n, &err), GCR_OK);
        if (n == 1)
            assert_memory_equal(&found, &expected, sizeof found);
        seen += n;
    }
    for (uint32_t lane = 0; lane < 2; lane++)
        gcr_cursor_close(cursor[lane]);
    gcr_reader_close(reader);
    return total;
}

static void killed_writer_leaves_a_readable_prefix(void **state)
{
    (void)state;
    uint64_t seed = sample_seed(123);
    char path[64];
    char partial[80];
    char byte;
    int pipe_ends[2];
    struct gcr_error err;
    sample_path("killed", path, sizeof path);
    partial_of(path, partial, sizeof partial);
    assert_int_equal(pipe(pipe_ends), 0);
    pid_t child = fork();
    if (child == 0)
        write_until_killed(path, seed, pipe_ends[1]);
    assert_int_equal(read(pipe_ends[0], &byte, 1), 1);
    assert_int_equal(kill(child, SIGKILL), 0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_not_equal(access(path, F_OK), 0);
    uint64_t events = check_prefix(partial, seed, true);
    assert_true(events > 100000);

    /* A torn section behind it is dropped by finishing. */
    FILE *file = fopen(partial, "ab");
    assert_non_null(file);
    (void)fwrite("GCTS torn", 1, 9, file);
    assert_int_equal(fclose(file), 0);
    if (gcr_format_finish(partial, path, &err) != GCR_OK)
        fail_msg("%s", err.text);
    assert_int_not_equal(access(partial, F_OK), 0);
    assert_int_equal(check_prefix(path, seed, false), events);
    (void)close(pipe_ends[0]);
    (void)close(pipe_ends[1]);
    (void)unlink(path);
}

/* A recorder's processes append whole sections; the result is the writer's own file. */
static void appended_sections_equal_the_writers_file(void **state)
{
    (void)state;
    char by_writer[64];
    char by_hand[64];
    char partial[80];
    struct gcr_error err;
    struct gcr_writer *writer;
    struct gcr_block_encoder *encoder;
    static uint8_t bytes[65536];
    const struct gcr_shape shape = {.field_bytes = 16, .slots = 1, .number = 1, .name = "n"};
    const struct gcr_event events[2] = {{.op = GCR_OP_ALLOC, .a = 1, .b = 1, .c = 2},
                                        {.op = GCR_OP_PHASE, .a = 1}};
    uint32_t number;
    size_t size = 0;
    size_t block_size;
    sample_path("by-writer", by_writer, sizeof by_writer);
    sample_path("by-hand", by_hand, sizeof by_hand);
    partial_of(by_hand, partial, sizeof partial);
    assert_int_equal(gcr_writer_open(by_writer, &sample_capabilities, &writer, &err), GCR_OK);
    assert_int_equal(gcr_writer_shape(writer, &shape, &number, &err), GCR_OK);
    assert_int_equal(gcr_writer_name(writer, "name", &number, &err), GCR_OK);
    assert_int_equal(gcr_writer_meta(writer, "{\"a\":1}", &err), GCR_OK);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(gcr_writer_event(writer, 0, &events[i], &err), GCR_OK);
    assert_int_equal(gcr_writer_close(writer, &err), GCR_OK);

    size += gcr_format_file_header(&sample_capabilities, GCR_DEFAULT_ZSTD_LEVEL, bytes, 64);
    assert_int_equal(gcr_format_shape_section(&shape, bytes + size, 10), 0);
    size += gcr_format_shape_section(&shape, bytes + size, 1000);
    size += gcr_format_name_section(1, "name", bytes + size, 1000);
    size += gcr_format_meta_section("{\"a\":1}", bytes + size, 1000);
    assert_int_equal(gcr_block_encoder_create(GCR_DEFAULT_ZSTD_LEVEL, &encoder, &err), GCR_OK);
    assert_int_equal(gcr_block_encode(encoder, 0, 0, events, 2, bytes + size, &block_size, &err),
                     GCR_OK);
    gcr_block_encoder_destroy(encoder);
    sample_write_bytes(partial, bytes, size + block_size);
    assert_int_equal(gcr_format_finish(partial, by_hand, &err), GCR_OK);

    size_t a_size;
    size_t b_size;
    uint8_t *a = sample_read_file(by_writer, &a_size);
    uint8_t *b = sample_read_file(by_hand, &b_size);
    assert_int_equal(a_size, b_size);
    assert_memory_equal(a, b, a_size);
    free(a);
    free(b);
    (void)unlink(by_writer);
    (void)unlink(by_hand);
}

static void names_of_recorders_are_made_printable(void **state)
{
    (void)state;
    uint8_t bytes[256];
    struct gcr_shape shape = {.number = 1, .name = "a\nb"};
    size_t size = gcr_format_shape_section(&shape, bytes, sizeof bytes);
    assert_memory_equal(bytes + size - 3, "a?b", 3);
    shape.name[0] = '\0';
    size = gcr_format_shape_section(&shape, bytes, sizeof bytes);
    assert_int_equal(bytes[size - 1], '?');
    memset(shape.name, 'x', sizeof shape.name);
    size = gcr_format_shape_section(&shape, bytes, sizeof bytes);
    assert_int_equal(size, 48 + 20 + GCR_SHAPE_NAME_BYTES - 1);
}

static void finishing_what_is_no_trace_changes_nothing(void **state)
{
    (void)state;
    char path[64];
    struct gcr_error err;
    struct stat info;
    sample_path("no-trace", path, sizeof path);
    sample_write_bytes(path, (const uint8_t *)"something else", 14);
    assert_int_equal(gcr_format_finish(path, "out.gct", &err), GCR_BAD_INPUT);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, 14);
    assert_int_not_equal(access("out.gct", F_OK), 0);
    (void)unlink(path);
}

/* Writes events until it fails; the status is the exit status of a child with the limit. */
static gcr_status write_until_full(const char *path, struct gcr_error *err)
{
    struct gcr_writer *writer;
    uint64_t seed = 9;
    gcr_status status = gcr_writer_open(path, &sample_capabilities, &writer, err);
    if (status != GCR_OK)
        return status;
    for (uint32_t i = 0; i < 400000 && status == GCR_OK; i++) {
        const struct gcr_event event = {.op = GCR_OP_READ,
                                        .a = 1 + (uint32_t)(sample_random(&seed) >> 40),
                                        .b = (uint32_t)sample_random(&seed)};
        status = gcr_writer_event(writer, 0, &event, err);
    }
    if (status == GCR_OK)
        return gcr_writer_close(writer, err);
    gcr_writer_abandon(writer);
    return status;
}

static void full_disk_is_reported_and_cleaned_up(void **state)
{
    (void)state;
    char path[64];
    char partial[80];
    sample_path("full", path, sizeof path);
    partial_of(path, partial, sizeof partial);
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit limit = {300000, 300000};
        struct gcr_error err;
        (void)signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(2);
        gcr_status status = write_until_full(path, &err);
        _exit(status == GCR_IO && strstr(err.text, "File too large") != NULL &&
                      strstr(err.text, partial) != NULL
                  ? 0
                  : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_not_equal(access(partial, F_OK), 0);
}

static void no_space_left_is_named(void **state)
{
    (void)state;
    char path[64];
    char partial[80];
    struct gcr_error err;
    sample_path("device", path, sizeof path);
    partial_of(path, partial, sizeof partial);
    assert_int_equal(symlink("/dev/full", partial), 0);
    assert_int_equal(write_until_full(path, &err), GCR_IO);
    assert_non_null(strstr(err.text, "No space left on device"));
    assert_non_null(strstr(err.text, partial));
    (void)unlink(partial);
}

static void writer_that_cannot_begin_says_why(void **state)
{
    (void)state;
    struct gcr_error err;
    struct gcr_writer *writer;
    assert_int_equal(gcr_writer_open("missing/x.gct", &sample_capabilities, &writer, &err), GCR_IO);
    assert_string_equal(err.text, "missing/x.gct.partial: No such file or directory");
    assert_int_equal(gcr_writer_open_level("x.gct", &sample_capabilities, 23, &writer, &err),
                     GCR_USAGE);
    assert_non_null(strstr(err.text, "zstd level 23"));
}

static void abandoned_writer_leaves_nothing(void **state)
{
    (void)state;
    char path[64];
    char partial[80];
    struct gcr_error err;
    struct gcr_writer *writer;
    sample_path("abandoned", path, sizeof path);
    partial_of(path, partial, sizeof partial);
    assert_int_equal(gcr_writer_open(path, &sample_capabilities, &writer, &err), GCR_OK);
    assert_int_equal(access(partial, F_OK), 0);
    gcr_writer_abandon(writer);
    gcr_writer_abandon(NULL);
    assert_int_not_equal(access(partial, F_OK), 0);
    assert_int_not_equal(access(path, F_OK), 0);
}

int main(int argc, char **argv)
{
    sample_take_arguments(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_writer_leaves_a_readable_prefix),
        cmocka_unit_test(appended_sections_equal_the_writers_file),
        cmocka_unit_test(names_of_recorders_are_made_printable),
        cmocka_unit_test(finishing_what_is_no_trace_changes_nothing),
        cmocka_unit_test(full_disk_is_reported_and_cleaned_up),
        cmocka_unit_test(no_space_left_is_named),
        cmocka_unit_test(writer_that_cannot_begin_says_why),
        cmocka_unit_test(abandoned_writer_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
