/* Damaged, cut and hostile files: every changed byte is found, every cut leaves a readable prefix,
 * and headers that lie cost no memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "samples.h"
#include "traces/block_decode.h"
#include "traces/bytes.h"

struct file {
    char path[64];
    uint8_t *bytes;
    size_t size;
    uint64_t events, hash;
};

static struct file make_file(const char *name)
{
    struct file file;
    struct gcr_error err;
    bool warned;
    sample_write_file(sample_path(name, file.path, sizeof file.path), 77, 4, 12);
    file.bytes = sample_read_file(file.path, &file.size);
    assert_int_equal(sample_read_events(file.path, &file.events, &file.hash, &warned, &err),
                     GCR_OK);
    assert_int_equal(file.events, 48);
    assert_false(warned);
    return file;
}

static void drop_file(struct file *file)
{
    free(file->bytes);
    (void)unlink(file->path);
}

/* Where the index begins: from there on a file without index is cut. */
static size_t index_offset(const struct file *file)
{
    return (size_t)bytes_get64(file->bytes + file->size - GCT_FOOTER_BYTES + 8);
}

static gcr_status read_bytes(struct file *file, const uint8_t *bytes, size_t size, uint64_t *events,
                             bool *warned, struct gcr_error *err)
{
    uint64_t hash;
    sample_write_bytes(file->path, bytes, size);
    gcr_status status = sample_read_events(file->path, events, &hash, warned, err);
    if (status == GCR_OK && *events == file->events)
        assert_true(hash == file->hash);
    return status;
}

static void every_changed_byte_is_found(void **state)
{
    (void)state;
    struct file file = make_file("flip");
    for (size_t at = 0; at < file.size; at++) {
        static const uint8_t masks[] = {0x01, 0x80, 0xff};
        for (size_t m = 0; m < sizeof masks; m++) {
            struct gcr_error err;
            uint64_t events;
            bool warned;
            file.bytes[at] ^= masks[m];
            gcr_status status = read_bytes(&file, file.bytes, file.size, &events, &warned, &err);
            file.bytes[at] ^= masks[m];
            if (status != GCR_BAD_INPUT)
                fail_msg("byte %zu ^ %#x went unnoticed", at, masks[m]);
            assert_non_null(strstr(err.text, file.path));
        }
    }
    drop_file(&file);
}

/* Without an index, damage in the last section cannot be told from a torn tail: it costs that
 * section, with a warning. Damage anywhere before is found. */
static void every_changed_byte_of_an_unfinished_file_is_found_or_warned_of(void **state)
{
    (void)state;
    struct file file = make_file("unfinished");
    size_t size = index_offset(&file);
    for (size_t at = 0; at < size; at++) {
        struct gcr_error err;
        uint64_t events;
        bool warned;
        file.bytes[at] ^= 0x10;
        gcr_status status = read_bytes(&file, file.bytes, size, &events, &warned, &err);
        file.bytes[at] ^= 0x10;
        assert_true(status == GCR_BAD_INPUT || (status == GCR_OK && warned));
        if (status == GCR_BAD_INPUT)
            assert_non_null(strstr(err.text, file.path));
    }
    drop_file(&file);
}

static void every_cut_leaves_a_readable_prefix(void **state)
{
    (void)state;
    struct file file = make_file("cut");
    uint64_t most = 0;
    for (size_t size = 0; size < file.size; size++) {
        struct gcr_error err;
        uint64_t events = 0;
        bool warned = false;
        gcr_status status = read_bytes(&file, file.bytes, size, &events, &warned, &err);
        if (size < GCT_FILE_HEADER_BYTES) {
            assert_int_equal(status, GCR_BAD_INPUT);
            continue;
        }
        if (status != GCR_OK)
            fail_msg("cut at %zu: %s", size, err.text);
        assert_true(warned);
        assert_true(events >= most && events % 12 == 0);
        most = events;
    }
    assert_int_equal(most, file.events);
    drop_file(&file);
}

static void zeros_behind_the_last_section_are_a_torn_tail(void **state)
{
    (void)state;
    struct file file = make_file("zeros");
    size_t size = index_offset(&file);
    uint8_t *bytes = calloc(1, size + 100000);
    assert_non_null(bytes);
    memcpy(bytes, file.bytes, size);
    struct gcr_error err;
    uint64_t events;
    bool warned;
    assert_int_equal(read_bytes(&file, bytes, size + 100000, &events, &warned, &err), GCR_OK);
    assert_true(warned);
    assert_int_equal(events, file.events);
    bytes[size + 99999] = 1;
    assert_int_equal(read_bytes(&file, bytes, size + 100000, &events, &warned, &err),
                     GCR_BAD_INPUT);
    free(bytes);
    drop_file(&file);
}

/* Opens the file's header changed by `change` with its checksum put right; returns the message. */
static void expect_header(struct file *file, size_t at, uint8_t value, const char *message)
{
    struct gcr_error err;
    uint64_t events;
    bool warned;
    uint8_t old[GCT_FILE_HEADER_BYTES];
    memcpy(old, file->bytes, sizeof old);
    file->bytes[at] = value;
    bytes_put64(file->bytes + 56, gct_hash(file->bytes, 56));
    assert_int_equal(read_bytes(file, file->bytes, file->size, &events, &warned, &err),
                     GCR_BAD_INPUT);
    if (strstr(err.text, message) == NULL)
        fail_msg("'%s' instead of '%s'", err.text, message);
    memcpy(file->bytes, old, sizeof old);
}

static void unknown_headers_are_refused(void **state)
{
    (void)state;
    struct file file = make_file("header");
    expect_header(&file, 0, 'X', "not a gcreplay trace");
    expect_header(&file, 8, 2, "trace format version 2; this program knows 1");
    expect_header(&file, 10, 65, "header of 65 bytes");
    expect_header(&file, 12, 4, "unknown flags 0x4");
    expect_header(&file, 16, 2, "capability 'stores' is 2");
    expect_header(&file, 30, 1, "unknown capability 14");
    expect_header(&file, 33, 1, "zstd level");
    expect_header(&file, 40, 1, "reserved byte 40");
    drop_file(&file);
}

/* A file of one header and one section header (its own checksum right), and nothing behind. */
static gcr_status open_forged(const struct gct_section *section, bool *warned,
                              struct gcr_error *err)
{
    char path[64];
    uint8_t bytes[GCT_FILE_HEADER_BYTES + GCT_SECTION_HEADER_BYTES];
    uint64_t events;
    uint64_t hash;
    (void)gcr_format_file_header(&sample_capabilities, 3, bytes, sizeof bytes);
    gct_put_section_fields(section, bytes + GCT_FILE_HEADER_BYTES);
    sample_write_bytes(sample_path("forged", path, sizeof path), bytes, sizeof bytes);
    gcr_status status = sample_read_events(path, &events, &hash, warned, err);
    (void)unlink(path);
    return status;
}

static void headers_that_lie_are_refused(void **state)
{
    (void)state;
    const struct gct_section lies[] = {
        {.kind = GCT_EVENTS, .coding = GCT_ZSTD, .events = 0, .raw_bytes = 1, .stored_bytes = 9},
        {.kind = GCT_EVENTS, .coding = GCT_ZSTD, .events = 32769, .stored_bytes = 9},
        {.kind = GCT_EVENTS, .coding = GCT_ZSTD, .events = 1, .raw_bytes = UINT32_MAX},
        {.kind = GCT_EVENTS, .coding = GCT_ZSTD, .events = 1, .stored_bytes = UINT32_MAX},
        {.kind = GCT_EVENTS, .coding = GCT_ZSTD, .events = 1, .number = GCR_MAX_LANES},
        {.kind = GCT_EVENTS, .coding = GCT_ZSTD, .events = 1, .first_event = UINT64_MAX},
        {.kind = GCT_EVENTS, .coding = GCT_PLAIN, .events = 1, .stored_bytes = 9},
        {.kind = GCT_SHAPE, .number = 1, .raw_bytes = UINT32_MAX, .stored_bytes = UINT32_MAX},
        {.kind = GCT_SHAPE, .number = 0, .raw_bytes = 30, .stored_bytes = 30},
        {.kind = GCT_SHAPE, .number = UINT32_MAX, .raw_bytes = 30, .stored_bytes = 30},
        {.kind = GCT_NAME, .number = 1, .raw_bytes = 5000, .stored_bytes = 5000},
        {.kind = GCT_META, .raw_bytes = UINT32_MAX, .stored_bytes = UINT32_MAX},
        {.kind = GCT_META, .raw_bytes = 5, .stored_bytes = 4},
        {.kind = GCT_INDEX, .raw_bytes = 49, .stored_bytes = 49},
        {.kind = 6},
        {.kind = 0}};
    for (size_t i = 0; i < GCR_COUNT_OF(lies); i++) {
        struct gcr_error err;
        bool warned;
        if (open_forged(&lies[i], &warned, &err) != GCR_BAD_INPUT)
            fail_msg("lie %zu was believed", i);
        assert_non_null(strstr(err.text, "at offset 64"));
    }
}

/* Sizes within bounds that the file does not have are a torn tail: nothing is read or allocated. */
static void sizes_beyond_the_file_are_a_torn_tail(void **state)
{
    (void)state;
    const struct gct_section large[] = {
        {.kind = GCT_EVENTS,
         .coding = GCT_ZSTD,
         .events = 32768,
         .raw_bytes = 1,
         .stored_bytes = 900},
        {.kind = GCT_META, .raw_bytes = GCT_MAX_META_BYTES, .stored_bytes = GCT_MAX_META_BYTES},
        {.kind = GCT_INDEX, .raw_bytes = 48U * 89478485U, .stored_bytes = 48U * 89478485U}};
    for (size_t i = 0; i < GCR_COUNT_OF(large); i++) {
        struct gcr_error err;
        bool warned = false;
        assert_int_equal(open_forged(&large[i], &warned, &err), GCR_OK);
        assert_true(warned);
    }
}

/* Sections out of order, written as a recorder that forgot its lock would. */
static void gaps_in_numbers_are_refused(void **state)
{
    (void)state;
    char path[64];
    uint8_t bytes[4096];
    const struct gcr_shape shape = {.field_bytes = 8, .number = 2, .name = "x"};
    struct gcr_error err;
    uint64_t events;
    uint64_t hash;
    bool warned;
    size_t size = gcr_format_file_header(&sample_capabilities, 3, bytes, sizeof bytes);
    size_t shape_size = gcr_format_shape_section(&shape, bytes + size, sizeof bytes - size);
    sample_path("gaps", path, sizeof path);
    sample_write_bytes(path, bytes, size + shape_size);
    assert_int_equal(sample_read_events(path, &events, &hash, &warned, &err), GCR_BAD_INPUT);
    assert_non_null(strstr(err.text, "shape 2 at offset 64, expected number 1"));

    struct gcr_block_encoder *encoder;
    const struct gcr_event event = {.op = GCR_OP_FREEZE};
    size_t block_size;
    static uint8_t block[8192];
    assert_true(gcr_block_bound(1) <= sizeof block);
    assert_int_equal(gcr_block_encoder_create(3, &encoder, &err), GCR_OK);
    assert_int_equal(gcr_block_encode(encoder, 0, 5, &event, 1, block, &block_size, &err), GCR_OK);
    gcr_block_encoder_destroy(encoder);
    memcpy(bytes + size, block, block_size);
    sample_write_bytes(path, bytes, size + block_size);
    assert_int_equal(sample_read_events(path, &events, &hash, &warned, &err), GCR_BAD_INPUT);
    assert_non_null(strstr(err.text, "begins with event 5 of lane 0, expected 0"));
    (void)unlink(path);
}

/* Random damage below the checksums: contents changed, compressed again, hashed again. The decoder
 * refuses or decodes within bounds; address sanitizer watches. */
static void hostile_contents_are_decoded_safely_or_refused(void **state)
{
    (void)state;
    enum { EVENTS = 200, ROUNDS = 3000 };
    uint64_t seed = sample_seed(4711);
    static const struct gcr_shape shapes[SAMPLE_SHAPES + 1] = {
        {0}, {.field_bytes = 24}, {.item_bytes = 8}, {.item_bytes = 24}};
    static const struct gct_limits limits = {shapes, SAMPLE_SHAPES, SAMPLE_NAMES};
    static struct gcr_event events[EVENTS];
    static uint8_t raw[65536];
    static uint8_t changed[65536];
    struct gcr_error err;
    struct gcr_block_encoder *encoder;
    struct gct_block_decoder *decoder;
    struct gct_section section;
    size_t size;
    unsigned refused = 0;
    for (size_t i = 0; i < EVENTS; i++)
        events[i] = sample_random_event(&seed);
    assert_int_equal(gcr_block_encoder_create(3, &encoder, &err), GCR_OK);
    assert_int_equal(gct_block_decoder_create(&decoder, &err), GCR_OK);
    uint8_t *input = gct_block_decoder_input(decoder);
    uint8_t *content = input + GCT_SECTION_HEADER_BYTES;
    assert_int_equal(gcr_block_encode(encoder, 0, 0, events, EVENTS, input, &size, &err), GCR_OK);
    assert_int_equal(gct_get_section(input, &section, &err), GCR_OK);
    size_t raw_bytes = ZSTD_decompress(raw, sizeof raw, content, section.stored_bytes);
    assert_int_equal(raw_bytes, section.raw_bytes);
    for (unsigned round = 0; round < ROUNDS; round++) {
        memcpy(changed, raw, raw_bytes);
        size_t length = raw_bytes;
        for (unsigned k = 0; k <= round % 3; k++)
            changed[sample_random(&seed) % raw_bytes] = (uint8_t)sample_random(&seed);
        if (round % 7 == 0)
            length = sample_random(&seed) % raw_bytes;
        size_t stored = ZSTD_compress(content, 60000, changed, length, 1);
        assert_false(ZSTD_isError(stored));
        section.stored_bytes = (uint32_t)stored;
        section.raw_bytes = (uint32_t)length;
        gcr_status status = gct_block_decode(decoder, &section, &limits, events, &err);
        assert_true(status == GCR_OK || status == GCR_BAD_INPUT);
        refused += status == GCR_BAD_INPUT;
        for (size_t i = 0; i < EVENTS && status == GCR_OK; i++)
            assert_int_equal(gct_check_event(&events[i], &limits, &err), GCR_OK);
    }
    assert_true(refused > ROUNDS / 10);
    gct_block_decoder_destroy(decoder);
    gcr_block_encoder_destroy(encoder);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    struct gcr_error err;
    struct gcr_reader *reader;
    assert_int_equal(gcr_reader_open("no such file", &reader, &err), GCR_IO);
    assert_string_equal(err.text, "no such file: No such file or directory");
    assert_int_equal(gcr_reader_open(".", &reader, &err), GCR_BAD_INPUT);
    assert_int_equal(gcr_reader_open("/dev/zero", &reader, &err), GCR_BAD_INPUT);
}

int main(int argc, char **argv)
{
    sample_take_arguments(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_changed_byte_is_found),
        cmocka_unit_test(every_changed_byte_of_an_unfinished_file_is_found_or_warned_of),
        cmocka_unit_test(every_cut_leaves_a_readable_prefix),
        cmocka_unit_test(zeros_behind_the_last_section_are_a_torn_tail),
        cmocka_unit_test(unknown_headers_are_refused),
        cmocka_unit_test(headers_that_lie_are_refused),
        cmocka_unit_test(sizes_beyond_the_file_are_a_torn_tail),
        cmocka_unit_test(gaps_in_numbers_are_refused),
        cmocka_unit_test(hostile_contents_are_decoded_safely_or_refused),
        cmocka_unit_test(what_is_no_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
