/* What goes in comes out: random events through block, writer and reader; determinism; lanes;
 * digest; capabilities, shapes, names, metadata. Prints the size and speed of a GCBench-like
 * stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "samples.h"
#include "traces/block_decode.h"

static const struct gcr_shape limit_shapes[SAMPLE_SHAPES + 1] = {
    {0}, {.field_bytes = 24}, {.item_bytes = 8}, {.item_bytes = 24}};
static const struct gct_limits limits = {limit_shapes, SAMPLE_SHAPES, SAMPLE_NAMES};

/* Encodes, decodes, compares. Returns the stored bytes. */
static size_t check_block(const struct gcr_event *events, uint32_t n)
{
    struct gcr_error err;
    struct gcr_block_encoder *encoder;
    struct gct_block_decoder *decoder;
    struct gct_section section;
    size_t size;
    assert_int_equal(gcr_block_encoder_create(3, &encoder, &err), GCR_OK);
    assert_int_equal(gct_block_decoder_create(&decoder, &err), GCR_OK);
    uint8_t *input = gct_block_decoder_input(decoder);
    assert_int_equal(gcr_block_encode(encoder, 5, 1000, events, n, input, &size, &err), GCR_OK);
    assert_true(size <= gcr_block_bound(n));
    assert_int_equal(gct_get_section(input, &section, &err), GCR_OK);
    assert_int_equal(section.number, 5);
    assert_int_equal(section.first_event, 1000);
    assert_int_equal(section.stored_bytes + GCT_SECTION_HEADER_BYTES, size);
    struct gcr_event *out = calloc(n, sizeof *out);
    assert_non_null(out);
    if (gct_block_decode(decoder, &section, &limits, out, &err) != GCR_OK)
        fail_msg("%s", err.text);
    assert_memory_equal(out, events, n * sizeof *out);
    free(out);
    gct_block_decoder_destroy(decoder);
    gcr_block_encoder_destroy(encoder);
    return size;
}

static void random_blocks_survive(void **state)
{
    (void)state;
    uint64_t seed = sample_seed(20240607);
    static struct gcr_event events[GCR_BLOCK_EVENTS];
    static const uint32_t sizes[] = {1, 2, 3, 4, 5, 7, 100, 4095, 4096, 5000, GCR_BLOCK_EVENTS};
    for (size_t k = 0; k < GCR_COUNT_OF(sizes); k++) {
        for (uint32_t i = 0; i < sizes[k]; i++)
            events[i] = sample_random_event(&seed);
        (void)check_block(events, sizes[k]);
    }
}

static void blocks_of_one_operation_survive(void **state)
{
    (void)state;
    uint64_t seed = sample_seed(7);
    static struct gcr_event events[300];
    for (unsigned op = 1; op < GCR_OP_COUNT; op++) {
        for (size_t i = 0; i < GCR_COUNT_OF(events); i++) {
            do {
                events[i] = sample_random_event(&seed);
            } while (events[i].op != op && op != GCR_OP_PREBUILT && op != GCR_OP_EXIT);
            if (op == GCR_OP_PREBUILT)
                events[i] = (struct gcr_event){
                    .op = GCR_OP_PREBUILT, .a = (uint32_t)i + 1, .b = 2, .c = (uint32_t)i};
            if (op == GCR_OP_EXIT)
                events[i] = (struct gcr_event){.op = GCR_OP_EXIT, .a = (uint32_t)i};
        }
        (void)check_block(events, GCR_COUNT_OF(events));
    }
}

static void values_that_need_no_byte_to_four_bytes_survive(void **state)
{
    (void)state;
    struct gcr_event events[33];
    for (uint32_t i = 0; i < 33; i++)
        events[i] = (struct gcr_event){.op = GCR_OP_READ,
                                       .a = GCR_MAX_OBJECT,
                                       .b = i == 0 ? 0 : UINT32_MAX >> (i - 1),
                                       .c = i};
    (void)check_block(events, 33);
}

static void same_events_give_the_same_file(void **state)
{
    (void)state;
    char a[64];
    char b[64];
    sample_write_file(sample_path("same-a", a, sizeof a), 5, 6, 500);
    sample_write_file(sample_path("same-b", b, sizeof b), 5, 6, 500);
    sample_take_equal_files(a, b);
}

/* Three lanes, interleaved at random; one of them longer than a block. */
/* Blocks of very different kinds, encoded with the predictors of the first of four: as many events
 * as before come back, and with a weighing for each block the bytes are those of a fresh encoder.
 */
static void kept_predictors_change_no_event(void **state)
{
    (void)state;
    enum { N = 5000, BLOCKS = 6 };
    struct gcr_error err;
    struct gcr_block_encoder *encoder;
    struct gct_block_decoder *decoder;
    static struct gcr_event events[N], out[N];
    uint64_t seed = sample_seed(20261122);
    assert_int_equal(gcr_block_encoder_create(3, &encoder, &err), GCR_OK);
    assert_int_equal(gct_block_decoder_create(&decoder, &err), GCR_OK);
    for (uint32_t k = 0; k < 2 * BLOCKS; k++) {
        struct gct_section section;
        size_t size;
        gcr_block_encoder_keep(encoder, k < BLOCKS ? 4 : 1);
        for (uint32_t i = 0; i < N; i++) {
            const struct gcr_event regular = {.op = GCR_OP_ALLOC, .a = 7 * i + 1, .b = 1, .c = 2};
            events[i] = k % 2 == 0 ? regular : sample_random_event(&seed);
        }
        uint8_t *input = gct_block_decoder_input(decoder);
        assert_int_equal(gcr_block_encode(encoder, 5, 1000, events, N, input, &size, &err), GCR_OK);
        assert_int_equal(gct_get_section(input, &section, &err), GCR_OK);
        assert_int_equal(gct_block_decode(decoder, &section, &limits, out, &err), GCR_OK);
        assert_memory_equal(out, events, sizeof out);
        if (k > BLOCKS + 1)
            assert_int_equal(size, check_block(events, N));
    }
    gct_block_decoder_destroy(decoder);
    gcr_block_encoder_destroy(encoder);
}

static void interleaved_lanes_survive(void **state)
{
    (void)state;
    enum { LANES = 3, TOTAL = 70000 };
    uint64_t seed = sample_seed(99);
    uint64_t replay = seed;
    uint64_t counts[LANES] = {0};
    char path[64];
    struct gcr_error err;
    struct gcr_writer *writer;
    sample_path("lanes", path, sizeof path);
    assert_int_equal(gcr_writer_open(path, &sample_capabilities, &writer, &err), GCR_OK);
    sample_declare(writer);
    for (unsigned i = 0; i < TOTAL; i++) {
        uint64_t r = sample_random(&seed) % 10;
        uint32_t lane = r < 7 ? 0 : r < 9 ? 1 : 2;
        struct gcr_event event = sample_random_event(&seed);
        assert_int_equal(gcr_writer_event(writer, lane, &event, &err), GCR_OK);
        counts[lane]++;
        assert_int_equal(gcr_writer_lane_events(writer, lane), counts[lane]);
    }
    assert_int_equal(gcr_writer_close(writer, &err), GCR_OK);

    struct gcr_reader *reader;
    struct gcr_cursor *cursor[LANES];
    assert_int_equal(gcr_reader_open(path, &reader, &err), GCR_OK);
    assert_int_equal(gcr_reader_lane_count(reader), LANES);
    assert_int_equal(gcr_reader_events(reader), TOTAL);
    assert_null(gcr_reader_warning(reader));
    for (uint32_t lane = 0; lane < LANES; lane++) {
        assert_int_equal(gcr_reader_lane_events(reader, lane), counts[lane]);
        assert_int_equal(gcr_cursor_open(reader, lane, &cursor[lane], &err), GCR_OK);
    }
    for (unsigned i = 0; i < TOTAL; i++) {
        size_t n;
        struct gcr_event found;
        uint64_t r = sample_random(&replay) % 10;
        struct gcr_event expected = sample_random_event(&replay);
        assert_int_equal(gcr_cursor_read(cursor[r < 7   ? 0
                                                : r < 9 ? 1
                                                        : 2],
                                         &found, 1, &n, &err),
                         GCR_OK);
        assert_int_equal(n, 1);
        assert_memory_equal(&found, &expected, sizeof found);
    }
    for (uint32_t lane = 0; lane < LANES; lane++) {
        size_t n = 9;
        struct gcr_event found;
        assert_int_equal(gcr_cursor_read(cursor[lane], &found, 1, &n, &err), GCR_OK);
        assert_int_equal(n, 0);
        gcr_cursor_close(cursor[lane]);
    }
    gcr_reader_close(reader);
    (void)unlink(path);
}

static void declarations_survive(void **state)
{
    (void)state;
    char path[64];
    struct gcr_error err;
    struct gcr_reader *reader;
    uint32_t count;
    sample_write_file(sample_path("declared", path, sizeof path), 5, 2, 10);
    assert_int_equal(gcr_reader_open(path, &reader, &err), GCR_OK);
    assert_memory_equal(gcr_reader_capabilities(reader), &sample_capabilities,
                        sizeof sample_capabilities);
    const struct gcr_shape *shapes = gcr_reader_shapes(reader, &count);
    assert_int_equal(count, SAMPLE_SHAPES);
    assert_string_equal(shapes[3].name, "d\xc3\xa9j\xc3\xa0 \"vu\"");
    assert_int_equal(shapes[3].item_slots, 2);
    assert_int_equal(shapes[3].number, 3);
    assert_string_equal(gcr_reader_name(reader, 2, &count), "two words");
    assert_int_equal(count, SAMPLE_NAMES);
    assert_null(gcr_reader_name(reader, 3, &count));
    assert_null(gcr_reader_name(reader, 0, &count));
    assert_string_equal(gcr_reader_meta(reader), "{\"program\":\"x\",\"n\":2}");
    assert_int_equal(gcr_reader_section_count(reader), SAMPLE_SHAPES + SAMPLE_NAMES + 4);
    assert_int_equal(gcr_reader_section(reader, 0)->kind, GCR_SECTION_SHAPE);
    assert_null(gcr_reader_section(reader, 100));
    gcr_reader_close(reader);
    (void)unlink(path);
}

static void digest_depends_on_events_not_on_metadata(void **state)
{
    (void)state;
    char path[64];
    char digest[3][17];
    sample_path("digest", path, sizeof path);
    for (unsigned i = 0; i < 3; i++) {
        struct gcr_error err;
        struct gcr_writer *writer;
        struct gcr_reader *reader;
        const struct gcr_event event = {.op = GCR_OP_TIME, .a = i == 2};
        assert_int_equal(gcr_writer_open(path, &sample_capabilities, &writer, &err), GCR_OK);
        if (i == 1)
            assert_int_equal(gcr_writer_meta(writer, "{\"a\":1}", &err), GCR_OK);
        assert_int_equal(gcr_writer_event(writer, 0, &event, &err), GCR_OK);
        assert_int_equal(gcr_writer_close(writer, &err), GCR_OK);
        assert_int_equal(gcr_reader_open(path, &reader, &err), GCR_OK);
        memcpy(digest[i], gcr_reader_digest(reader), 17);
        gcr_reader_close(reader);
    }
    assert_int_equal(strlen(digest[0]), 16);
    assert_string_equal(digest[0], digest[1]);
    assert_string_not_equal(digest[0], digest[2]);
    (void)unlink(path);
}

/* A child that goes on with a reader from before the fork disturbs its parent not at all. */
static void reader_works_on_both_sides_of_a_fork(void **state)
{
    (void)state;
    char path[64];
    struct gcr_error err;
    struct gcr_reader *reader;
    struct gcr_cursor *cursor;
    struct gcr_event events[64];
    size_t n;
    sample_write_file(sample_path("fork", path, sizeof path), 11, 4, 100);
    assert_int_equal(gcr_reader_open(path, &reader, &err), GCR_OK);
    assert_int_equal(gcr_cursor_open(reader, 0, &cursor, &err), GCR_OK);
    assert_int_equal(gcr_cursor_read(cursor, events, 64, &n, &err), GCR_OK);
    pid_t child = fork();
    uint64_t left = 0;
    do {
        if (gcr_cursor_read(cursor, events, 64, &n, &err) != GCR_OK)
            _exit(1);
        left += n;
    } while (n > 0);
    if (child == 0)
        _exit(left == 200 - 64 ? 0 : 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(left, 200 - 64);
    gcr_cursor_close(cursor);
    gcr_reader_close(reader);
    (void)unlink(path);
}

static double seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Prints, for people; only the round trip is asserted. */
static void gcbench_stream_survives(void **state)
{
    (void)state;
    enum { EVENTS = 2000000, BATCH = 1024 };
    struct gcr_event *events;
    size_t count = sample_gcbench(EVENTS, &events);
    char path[64];
    struct gcr_error err;
    struct gcr_writer *writer;
    struct gcr_reader *reader;
    struct gcr_cursor *cursor;
    sample_path("gcbench", path, sizeof path);
    assert_int_equal(gcr_writer_open(path, &sample_capabilities, &writer, &err), GCR_OK);
    sample_declare(writer);
    double start = seconds();
    for (size_t i = 0; i < count; i++)
        assert_int_equal(gcr_writer_event(writer, 0, &events[i], &err), GCR_OK);
    assert_int_equal(gcr_writer_close(writer, &err), GCR_OK);
    double written = seconds();
    assert_int_equal(gcr_reader_open(path, &reader, &err), GCR_OK);
    assert_int_equal(gcr_cursor_open(reader, 0, &cursor, &err), GCR_OK);
    struct gcr_event batch[BATCH];
    size_t n = 0;
    size_t done = 0;
    double spent = 0;
    do {
        double before = seconds();
        assert_int_equal(gcr_cursor_read(cursor, batch, BATCH, &n, &err), GCR_OK);
        spent += seconds() - before;
        assert_true(done + n <= count);
        assert_memory_equal(batch, events + done, n * sizeof *batch);
        done += n;
    } while (n > 0);
    assert_int_equal(done, count);
    print_message("gcbench: %.3f bytes an event, written at %.1f M/s, read at %.1f M/s\n",
                  (double)gcr_reader_file_bytes(reader) / (double)count,
                  (double)count / (written - start) * 1e-6, (double)count / spent * 1e-6);
    gcr_cursor_close(cursor);
    gcr_reader_close(reader);
    free(events);
    (void)unlink(path);
}

int main(int argc, char **argv)
{
    sample_take_arguments(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_blocks_survive),
        cmocka_unit_test(blocks_of_one_operation_survive),
        cmocka_unit_test(values_that_need_no_byte_to_four_bytes_survive),
        cmocka_unit_test(same_events_give_the_same_file),
        cmocka_unit_test(kept_predictors_change_no_event),
        cmocka_unit_test(interleaved_lanes_survive),
        cmocka_unit_test(declarations_survive),
        cmocka_unit_test(digest_depends_on_events_not_on_metadata),
        cmocka_unit_test(reader_works_on_both_sides_of_a_fork),
        cmocka_unit_test(gcbench_stream_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
