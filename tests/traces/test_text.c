/* The text form: dump and assemble are inverse, byte for byte; what people may write; what they are
 * told when it is wrong; nothing is left of a text that does not assemble. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "samples.h"
#include "traces/text.h"

#define HEADER "gct 1\ncapabilities loads=exact\nshape 1 node fields=16 slots=1\n"

/* Dumps path to text; the caller frees. */
static char *dump(const char *path, int lane, size_t *size)
{
    struct gcr_error err;
    struct gcr_reader *reader;
    char *text;
    FILE *out = open_memstream(&text, size);
    assert_non_null(out);
    assert_int_equal(gcr_reader_open(path, &reader, &err), GCR_OK);
    assert_int_equal(gcr_text_dump(reader, lane, out, &err), GCR_OK);
    gcr_reader_close(reader);
    assert_int_equal(fclose(out), 0);
    return text;
}

static gcr_status assemble(const char *text, const char *path, struct gcr_error *err)
{
    FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(in);
    gcr_status status = gcr_text_assemble(in, "t.gtt", path, err);
    (void)fclose(in);
    return status;
}

static void check_identity(const char *path)
{
    char again[64];
    struct gcr_error err;
    size_t text_size;
    size_t a_size;
    size_t b_size;
    char *text = dump(path, -1, &text_size);
    if (assemble(text, sample_path("again", again, sizeof again), &err) != GCR_OK)
        fail_msg("%s", err.text);
    uint8_t *a = sample_read_file(path, &a_size);
    uint8_t *b = sample_read_file(again, &b_size);
    assert_int_equal(a_size, b_size);
    assert_memory_equal(a, b, a_size);
    free(text);
    free(a);
    free(b);
    (void)unlink(again);
}

static void dump_then_assemble_is_the_identity(void **state)
{
    (void)state;
    uint64_t seed = sample_seed(31);
    char path[64];
    sample_path("identity", path, sizeof path);
    for (unsigned i = 0; i < 10; i++) {
        sample_write_file(path, seed + i, i, 1 + i * 150);
        check_identity(path);
    }
    (void)unlink(path);
}

/* Blocks that fill up, cuts at FORK, another zstd level, shapes between blocks. */
static void identity_holds_for_default_blocks_and_other_levels(void **state)
{
    (void)state;
    uint64_t seed = sample_seed(32);
    char path[64];
    struct gcr_error err;
    struct gcr_writer *writer;
    sample_path("level", path, sizeof path);
    assert_int_equal(gcr_writer_open_level(path, &sample_capabilities, 1, &writer, &err), GCR_OK);
    sample_declare(writer);
    for (unsigned i = 0; i < 40000; i++) {
        struct gcr_event event = sample_random_event(&seed);
        if (event.op == GCR_OP_FORK && i % 8 != 0)
            continue;
        assert_int_equal(gcr_writer_event(writer, i % 2, &event, &err), GCR_OK);
        if (i % 10000 == 0)
            assert_int_equal(gcr_writer_meta(writer, "{}", &err), GCR_OK);
    }
    assert_int_equal(gcr_writer_close(writer, &err), GCR_OK);
    check_identity(path);
    (void)unlink(path);
}

static void golden_programs_assemble(void **state)
{
    (void)state;
    unsigned seen = 0;
    char path[64];
    sample_path("golden", path, sizeof path);
    DIR *folder = opendir(GOLDEN_FOLDER);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char source[512];
        struct gcr_error err;
        if (strstr(entry->d_name, ".gtt") == NULL)
            continue;
        (void)snprintf(source, sizeof source, "%s/%s", GOLDEN_FOLDER, entry->d_name);
        FILE *in = fopen(source, "r");
        assert_non_null(in);
        if (gcr_text_assemble(in, source, path, &err) != GCR_OK)
            fail_msg("%s", err.text);
        (void)fclose(in);
        check_identity(path);
        seen++;
    }
    (void)closedir(folder);
    assert_true(seen >= 6);
    (void)unlink(path);
}

static void every_event_has_a_spelling(void **state)
{
    (void)state;
    static const struct {
        struct gcr_event event;
        const char *text;
    } rows[] = {{{.op = GCR_OP_STORE, .a = 12, .b = 1, .c = 7}, "store o12 1 o7"},
                {{.op = GCR_OP_STORE, .a = 12, .b = 1}, "store o12 1 null"},
                {{.op = GCR_OP_ALLOC, .a = 1, .b = 2, .c = 11, .d = 5, .flags = 3},
                 "alloc o1 2 g5 5 uncounted notrigger"},
                {{.op = GCR_OP_ROOT, .a = 10}, "root t5 null"},
                {{.op = GCR_OP_TIME, .a = 1, .b = 1}, "time 4294967297"},
                {{.op = GCR_OP_REQUEST, .a = 3, .flags = 2}, "request 3 end"},
                {{.op = GCR_OP_COPY, .a = 1, .b = 2, .c = 3, .d = 4, .e = 5}, "copy o1 2 o3 4 5"},
                {{.op = GCR_OP_FREEZE}, "freeze"},
                {{.op = GCR_OP_COUNT}, "unknown operation 28"}};
    for (size_t i = 0; i < GCR_COUNT_OF(rows); i++) {
        char text[100];
        int n = gcr_text_format_event(&rows[i].event, text, sizeof text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(n, strlen(text));
        assert_int_equal(gcr_text_format_event(&rows[i].event, text, 4), n);
        assert_int_equal(strlen(text), 3);
    }
}

/* The same trace, tersely and with every liberty that people have. */
static void liberties_of_people_are_understood(void **state)
{
    (void)state;
    char a[64];
    char b[64];
    struct gcr_error err;
    static const char strict[] =
        HEADER "name 1 \"a b\"\nlane 0\nalloc o1 1 t0 0\nstore o1 0 null\n"
               "gccontrol 1 700 10 0\nphase 1\nalloc o2 1 g0 0 notrigger\n";
    static const char loose[] =
        "# comment\n\ngct 1 # the version\r\n\tcapabilities loads=exact\nshape 1 \"node\" slots=1 "
        "fields=16 flags=\nname 1 \"a\\x20b\"\n  lane 0\nalloc o1 1 t0\nstore o1\ngccontrol 1 700 "
        "10\nphase 1 #\nalloc o2 1 g0 notrigger # no length";
    sample_path("strict", a, sizeof a);
    sample_path("loose", b, sizeof b);
    assert_int_equal(assemble(strict, a, &err), GCR_OK);
    if (assemble(loose, b, &err) != GCR_OK)
        fail_msg("%s", err.text);
    sample_take_equal_files(a, b);
}

static void one_lane_can_be_dumped(void **state)
{
    (void)state;
    char path[64];
    size_t size;
    sample_write_file(sample_path("lane", path, sizeof path), 5, 4, 20);
    char *text = dump(path, 1, &size);
    assert_non_null(strstr(text, "lane 1\n"));
    assert_null(strstr(text, "lane 0\n"));
    assert_non_null(strstr(text, "shape 3 \""));
    free(text);
    struct gcr_reader *reader;
    struct gcr_error err;
    assert_int_equal(gcr_reader_open(path, &reader, &err), GCR_OK);
    assert_int_equal(gcr_text_dump(reader, 2, stdout, &err), GCR_USAGE);
    gcr_reader_close(reader);
    (void)unlink(path);
}

static void errors_name_line_and_what_was_expected(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "t.gtt:1: expected 'gct 1' first"},
        {"lane 0\n", "t.gtt:1: expected 'gct 1' first"},
        {"gct 2\n", "t.gtt:1: version 2; this program knows 1"},
        {"gct 1\nlane 0\n", "t.gtt:2: expected 'capabilities ...' first"},
        {"gct 1\ncapabilities deaths=maybe\n", "deaths: expected none|granulated|exact"},
        {"gct 1\ncapabilities colour=red\n", "t.gtt:2: unknown capability 'colour'"},
        {"gct 1\nzstd 99\n", "expected a zstd level up to 22, found '99'"},
        {HEADER "shape 3 x fields=8\n", "t.gtt:4: expected shape number 2, found 3"},
        {HEADER "shape 2 x fields=8 slots=2\n", "t.gtt:4: shape 2 (x): 2 slots in 8 field bytes"},
        {HEADER "shape 2 x flags=shiny\n", "unknown shape flag 'shiny'"},
        {HEADER "shape 2 x flags=resizable\n", "resizable, but without items"},
        {HEADER "alloc o1 1 t0\n", "t.gtt:4: expected a lane line before the first event"},
        {HEADER "lane 65536\n", "t.gtt:4: expected a lane, a number up to 65535, found '65536'"},
        {HEADER "lane 0\nallok o1\n", "t.gtt:5: expected an event or a directive, found 'allok'"},
        {HEADER "lane 0\nalloc o1 2 t0\n",
         "t.gtt:5: event 0 of lane 0: alloc: shape 2 is not allowed"},
        {HEADER "lane 0\nalloc o0 1 t0\n",
         "t.gtt:5: alloc: expected an object (o1 and up) as object"},
        {HEADER "lane 0\nalloc o1 1 t0 3\n", "length of a shape without items"},
        {HEADER "lane 0\nalloc o1 1\n",
         "expected a root (t0 and up, or g0 and up) as root, found the "
         "line's end"},
        {HEADER "lane 0\nroot x1 null\n", "found 'x1'"},
        {HEADER "lane 0\ndeath null\n", "expected an object (o1 and up) as object, found 'null'"},
        {HEADER "lane 0\nfreeze now\n", "freeze: expected the line's end, found 'now'"},
        {HEADER "lane 0\nread o1 0 4294967296\n", "expected a number below 4294967296 as bytes"},
        {HEADER "lane 0\nphase 1\n", "phase: undeclared name"},
        {HEADER "lane 0\nrequest 1\n", "request: neither begin nor end"},
        {HEADER "lane 0\nexit 0\nfreeze\n",
         "t.gtt:6: event 1 of lane 0: freeze after the lane's exit"},
        {HEADER "lane 0\nfreeze\nprebuilt o1 1\n", "prebuilt must precede all other events"},
        {HEADER "name 1 \"a\n", "t.gtt:4: expected a closing quote"},
        {HEADER "name 1 \"\\q\"\n", "after a backslash"},
        {HEADER "meta [1]\n", "metadata must be one JSON object"},
        {HEADER "meta {\n", "metadata is not JSON"},
        {HEADER "gct 1\n", "t.gtt:4: expected 'gct' before shapes, names and events"}};
    char path[64];
    char partial[80];
    sample_path("wrong", path, sizeof path);
    (void)snprintf(partial, sizeof partial, "%s.partial", path);
    for (size_t i = 0; i < GCR_COUNT_OF(rows); i++) {
        struct gcr_error err;
        FILE *in = tmpfile();
        assert_non_null(in);
        (void)fputs(rows[i].text, in);
        rewind(in);
        assert_int_equal(gcr_text_assemble(in, "t.gtt", path, &err), GCR_BAD_INPUT);
        (void)fclose(in);
        if (strstr(err.text, rows[i].message) == NULL)
            fail_msg("'%s' instead of '%s'", err.text, rows[i].message);
        assert_int_not_equal(access(path, F_OK), 0);
        assert_int_not_equal(access(partial, F_OK), 0);
    }
}

static void nul_bytes_are_refused(void **state)
{
    (void)state;
    char path[64];
    struct gcr_error err;
    static const char text[] = HEADER "lane 0\nfreeze\0\n";
    FILE *in = tmpfile();
    assert_non_null(in);
    (void)fwrite(text, 1, sizeof text - 1, in);
    rewind(in);
    assert_int_equal(gcr_text_assemble(in, "t.gtt", sample_path("nul", path, sizeof path), &err),
                     GCR_BAD_INPUT);
    assert_string_equal(err.text, "t.gtt:5: expected text, found a NUL byte");
    (void)fclose(in);
}

int main(int argc, char **argv)
{
    sample_take_arguments(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dump_then_assemble_is_the_identity),
        cmocka_unit_test(identity_holds_for_default_blocks_and_other_levels),
        cmocka_unit_test(golden_programs_assemble),
        cmocka_unit_test(every_event_has_a_spelling),
        cmocka_unit_test(liberties_of_people_are_understood),
        cmocka_unit_test(one_lane_can_be_dumped),
        cmocka_unit_test(errors_name_line_and_what_was_expected),
        cmocka_unit_test(nul_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
