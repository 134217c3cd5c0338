/* Lines out of plain, gzip and zstd data, whole, cut short and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include "base/compiler.h"
#include "traces/import/input.h"

struct bytes {
    uint8_t *data;
    size_t size;
};

static struct bytes plain(const char *text, size_t size)
{
    struct bytes out = {test_malloc(size + 1), size};
    memcpy(out.data, text, size);
    return out;
}

static struct bytes gzip(const char *text, size_t size)
{
    struct bytes out = {test_malloc(size + size / 100 + 200), 0};
    z_stream z = {0};
    assert_int_equal(
        deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (const Bytef *)text;
    z.avail_in = (uInt)size;
    z.next_out = out.data;
    z.avail_out = (uInt)(size + size / 100 + 200);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out.size = z.total_out;
    deflateEnd(&z);
    return out;
}

static struct bytes zstd(const char *text, size_t size)
{
    struct bytes out = {test_malloc(ZSTD_compressBound(size)), 0};
    out.size = ZSTD_compress(out.data, ZSTD_compressBound(size), text, size, 3);
    assert_false(ZSTD_isError(out.size));
    return out;
}

typedef struct bytes packer(const char *text, size_t size);
static packer *const packers[] = {plain, gzip, zstd};

static struct bytes join(struct bytes a, struct bytes b)
{
    struct bytes out = {test_malloc(a.size + b.size), a.size + b.size};
    memcpy(out.data, a.data, a.size);
    memcpy(out.data + a.size, b.data, b.size);
    test_free(a.data);
    test_free(b.data);
    return out;
}

/* All lines, each with "|" behind it, and what came at the end. */
struct reading {
    char *text;
    size_t size;
    uint64_t lines;
    char torn[128];
    gcr_status status;
    struct gcr_error err;
};

static struct reading read_all(struct bytes in, bool wants_ends)
{
    struct reading out = {.err = {""}};
    struct gcr_input *input = NULL;
    FILE *text = open_memstream(&out.text, &out.size);
    assert_int_equal(gcr_input_open_memory(in.data, in.size, "x", &input, &out.err), GCR_OK);
    if (wants_ends)
        gcr_input_want_ends(input);
    for (;;) {
        char *line;
        size_t length;
        out.status = gcr_input_line(input, &line, &length, &out.err);
        if (out.status != GCR_OK || line == NULL)
            break;
        assert_int_equal(line[length], 0);
        fwrite(line, 1, length, text);
        fputc('|', text);
    }
    fclose(text);
    out.lines = gcr_input_number(input);
    if (out.status == GCR_OK && gcr_input_torn(input) != NULL)
        snprintf(out.torn, sizeof out.torn, "%s", gcr_input_torn(input));
    gcr_input_close(input);
    return out;
}

static void expect_text(struct bytes in, const char *text, uint64_t lines)
{
    struct reading got = read_all(in, false);
    assert_int_equal(got.status, GCR_OK);
    assert_string_equal(got.text, text);
    assert_int_equal(got.lines, lines);
    assert_string_equal(got.torn, "");
    free(got.text);
    test_free(in.data);
}

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < GCR_COUNT_OF(packers); i++) {
        expect_text(packers[i]("a\nbc\r\n\n d\n", 10), "a|bc|| d|", 4);
        expect_text(packers[i]("a\nb", 3), "a|b|", 2); /* no end of the last line */
        expect_text(packers[i]("", 0), "", 0);
        expect_text(packers[i]("\n", 1), "|", 1);
        expect_text(packers[i]("\r\r\n\r", 4), "\r||", 2);
    }
}

static void test_members_follow_each_other(void **state)
{
    (void)state;
    expect_text(join(gzip("a\nb", 3), gzip("c\nd\n", 4)), "a|bc|d|", 3);
    expect_text(join(zstd("a\nb", 3), zstd("c\nd\n", 4)), "a|bc|d|", 3);
    expect_text(join(gzip("a\n", 2), plain("\0\0\0", 3)), "a|", 1); /* padding */
}

/* Lines of all lengths up to the bound cross every boundary of a buffer. */
static void test_long_lines(void **state)
{
    (void)state;
    enum { LONGEST = GCR_INPUT_LONGEST_LINE };
    size_t size = 0, room = 4u << 20;
    char *text = test_malloc(room);
    const size_t lengths[] = {65535, 1, 65536, 0, 65537, LONGEST, 3, LONGEST - 1};
    for (size_t i = 0; i < GCR_COUNT_OF(lengths); i++) {
        memset(text + size, 'a' + (int)i, lengths[i]);
        size += lengths[i];
        text[size++] = '\n';
    }
    for (size_t p = 0; p < GCR_COUNT_OF(packers); p++) {
        struct bytes packed = packers[p](text, size);
        struct gcr_input *input = NULL;
        struct gcr_error err;
        assert_int_equal(gcr_input_open_memory(packed.data, packed.size, "x", &input, &err),
                         GCR_OK);
        for (size_t i = 0; i < GCR_COUNT_OF(lengths); i++) {
            char *line = NULL;
            size_t length = 0;
            assert_int_equal(gcr_input_line(input, &line, &length, &err), GCR_OK);
            assert_int_equal(length, lengths[i]);
            for (size_t k = 0; k < length; k++)
                assert_true(line[k] == 'a' + (int)i);
        }
        gcr_input_close(input);
        test_free(packed.data);
    }
    memset(text, 'x', LONGEST + 1);
    text[LONGEST + 1] = '\n';
    struct bytes over = plain(text, LONGEST + 2);
    struct reading got = read_all(over, false);
    assert_int_equal(got.status, GCR_BAD_INPUT);
    assert_non_null(strstr(got.err.text, "x:1: a line of more than 1048576 bytes"));
    free(got.text);
    test_free(over.data);
    test_free(text);
}

/* Cut at many places: what comes is a prefix in whole lines, and it is said that it was cut. */
static void test_cut_short(void **state)
{
    (void)state;
    enum { ROOM = 300 << 10 };
    char *text = test_malloc(ROOM), *expected = test_malloc(ROOM);
    size_t size = 0;
    for (unsigned i = 0; size + 20 < ROOM; i++)
        size += (size_t)snprintf(text + size, ROOM - size, "%u %x\n", i, i * 2654435761u);
    for (size_t k = 0; k < size; k++)
        expected[k] = (char)(text[k] == '\n' ? '|' : text[k]);
    for (size_t p = 1; p < GCR_COUNT_OF(packers); p++) {
        struct bytes packed = packers[p](text, size);
        size_t longest = 0;
        for (size_t cut = 4; cut < packed.size; cut += cut < 40 ? 1 : packed.size / 97) {
            struct bytes part = plain((const char *)packed.data, cut);
            struct reading got = read_all(part, false);
            assert_int_equal(got.status, GCR_OK);
            assert_non_null(strstr(got.torn, "data end in their middle"));
            assert_true(got.size <= size && memcmp(got.text, expected, got.size) == 0);
            assert_true(got.size == 0 || got.text[got.size - 1] == '|');
            longest = got.size > longest ? got.size : longest;
            free(got.text);
            test_free(part.data);
        }
        assert_true(longest > 0);
        test_free(packed.data);
    }
    test_free(text);
    test_free(expected);
}

static void test_wanted_ends(void **state)
{
    (void)state;
    struct bytes in = plain("a\nb", 3);
    struct reading got = read_all(in, true);
    assert_string_equal(got.text, "a|");
    assert_string_equal(got.torn, "the last line has no end");
    free(got.text);
    in.size = 2;
    got = read_all(in, true);
    assert_string_equal(got.text, "a|");
    assert_string_equal(got.torn, "");
    free(got.text);
    test_free(in.data);
}

/* Every byte changed in turn: an error that says so, or the same text (unused bits), or, where a
 * length of the head is hit, a shorter one that counts as torn. Never silence over other text. */
static void test_damage(void **state)
{
    (void)state;
    char text[600];
    size_t size = 0, refused = 0;
    for (unsigned i = 0; size + 20 < sizeof text; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%u\n", i * 40503u);
    struct bytes packed = gzip(text, size);
    struct reading whole = read_all(packed, false);
    for (size_t at = 10; at < packed.size; at++) {
        packed.data[at] ^= 0x20;
        struct reading got = read_all(packed, false);
        packed.data[at] ^= 0x20;
        if (got.status == GCR_BAD_INPUT)
            assert_non_null(strstr(got.err.text, "damaged gzip data"));
        else
            assert_true(got.torn[0] != '\0' || strcmp(got.text, whole.text) == 0);
        refused += got.status == GCR_BAD_INPUT;
        free(got.text);
    }
    assert_true(refused > packed.size / 2);
    free(whole.text);
    test_free(packed.data);
    struct bytes tail = join(zstd("a\n", 2), plain("garbage", 7));
    struct reading got = read_all(tail, false);
    assert_int_equal(got.status, GCR_BAD_INPUT);
    assert_non_null(strstr(got.err.text, "damaged zstd data near byte"));
    free(got.text);
    test_free(tail.data);
}

static void test_peek(void **state)
{
    (void)state;
    char text[9000];
    memset(text, 'x', sizeof text);
    text[5000] = '\n';
    for (size_t p = 0; p < GCR_COUNT_OF(packers); p++) {
        struct bytes packed = packers[p](text, sizeof text);
        struct gcr_input *input = NULL;
        struct gcr_error err;
        const char *head;
        char *line;
        size_t count, length;
        assert_int_equal(gcr_input_open_memory(packed.data, packed.size, "x", &input, &err),
                         GCR_OK);
        assert_int_equal(gcr_input_peek(input, &head, &count, &err), GCR_OK);
        assert_int_equal(count, 4096);
        assert_memory_equal(head, text, 4096);
        assert_int_equal(gcr_input_number(input), 0);
        assert_int_equal(gcr_input_line(input, &line, &length, &err), GCR_OK);
        assert_int_equal(length, 5000);
        assert_int_equal(gcr_input_number(input), 1);
        gcr_input_close(input);
        test_free(packed.data);
    }
}

static void test_files(void **state)
{
    (void)state;
    struct gcr_input *input = NULL;
    struct gcr_error err;
    assert_int_equal(gcr_input_open("/nonexistent/x", &input, &err), GCR_BAD_INPUT);
    assert_string_equal(err.text, "/nonexistent/x: No such file or directory");
    assert_int_equal(gcr_input_open(".", &input, &err), GCR_OK);
    char *line;
    size_t length;
    assert_int_equal(gcr_input_line(input, &line, &length, &err), GCR_IO);
    assert_string_equal(err.text, ".: cannot read: Is a directory");
    gcr_input_close(input);
    char path[] = "/tmp/gcr_input_XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    struct bytes packed = gzip("one\ntwo\n", 8);
    fwrite(packed.data, 1, packed.size, file);
    fclose(file);
    assert_int_equal(gcr_input_open(path, &input, &err), GCR_OK);
    assert_int_equal(gcr_input_line(input, &line, &length, &err), GCR_OK);
    assert_string_equal(line, "one");
    assert_int_equal(gcr_input_line(input, &line, &length, &err), GCR_OK);
    assert_string_equal(line, "two");
    assert_int_equal(gcr_input_line(input, &line, &length, &err), GCR_OK);
    assert_null(line);
    assert_int_equal(gcr_input_taken(input), packed.size);
    gcr_input_close(input);
    test_free(packed.data);
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),       cmocka_unit_test(test_members_follow_each_other),
        cmocka_unit_test(test_long_lines),  cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_wanted_ends), cmocka_unit_test(test_damage),
        cmocka_unit_test(test_peek),        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests_name("unit.import_input", tests, NULL, NULL);
}
