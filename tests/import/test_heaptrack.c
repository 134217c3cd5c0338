/* heaptrack: what each record becomes, which block a free of an interpreted file ends, what is
 * refused, and a real recording whose figures heaptrack's own printer gave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/splitmix.h"
#include "tests/import/import_kit.h"
#include "traces/import/heaptrack_classes.h"

/* The import of the running test; the next one takes its place. */
static struct imported taken;

static struct imported *take_bytes(const char *policy, const char *input, size_t size)
{
    char options[32];
    imported_free(&taken);
    (void)snprintf(options, sizeof options, "policy=%s", policy);
    assert_true(gcr_importer_find("heaptrack")->recognises(input, size < 4096 ? size : 4096));
    taken = import_bytes("heaptrack", options, input, size);
    return &taken;
}

static struct imported *take_text(const char *policy, const char *input)
{
    return take_bytes(policy, input, strlen(input));
}

static int drop_import(void **state)
{
    (void)state;
    imported_free(&taken);
    return 0;
}

static uint64_t note(const struct imported *imported, const char *name)
{
    return imported_count(imported, name);
}

static void expect_all(const struct imported *imported, const char *events)
{
    char statements[1024];
    (void)snprintf(statements, sizeof statements,
                   "shape 1 block fields=0 slots=0 items=1 item-slots=0 flags=acyclic\n%s", events);
    expect_events(imported, statements);
}

#define RAW_HEAD                                                                                   \
    "v 10650 3\nx 8 /bin/app\nX ./app\nI 1000 400000\nm 1 -\nm 1 x 555500000000 0 1000\n"          \
    "t 555500000123 0\nt 555500000456 1\n"
#define CLASS_HEAD                                                                                 \
    "v 10650 3\nX ./app\nI 1000 400000\ns 8 /bin/app\ns 4 main\ni 555500000123 1 2\nt 1 0\n"       \
    "i 555500000456 1\nt 2 1\n"

static void raw_blocks_live_from_plus_to_minus(void **state)
{
    (void)state;
    const struct imported *found =
        take_text("lifo", RAW_HEAD "+ 40 2 5555a000\n+ 18 2 5555a050\n- 5555a000\nc a\nR 1f4\n");
    assert_int_equal(found->status, GCR_OK);
    expect_all(found, "alloc o1 1 g1 64\n"
                      "alloc o2 1 g2 24\n"
                      "root g1 null\n"
                      "death o1\n"
                      "time 10000000\n");
    assert_int_equal(note(found, "interpreted"), 0);
    assert_int_equal(note(found, "allocations"), 2);
    assert_int_equal(note(found, "peak_live_bytes"), 0x58);
    assert_int_equal(note(found, "live_bytes_at_end"), 0x18);
    assert_int_equal(note(found, "call_paths"), 2);
    assert_int_equal(note(found, "resident_samples"), 1);
    assert_int_equal(note(found, "temporary"), 0);
    assert_string_equal(found->report.truncated, "");
}

static void interpreted_blocks_are_told_by_class(void **state)
{
    (void)state;
    const struct imported *found = take_text(
        "lifo", CLASS_HEAD "a 40 2\n+ 0\na 18 2\n+ 1\n- 0\n- 1\nc a\n# strings: 2\n# ips: 2\n\n");
    assert_int_equal(found->status, GCR_OK);
    expect_all(found, "alloc o1 1 g1 64\n"
                      "alloc o2 1 g2 24\n"
                      "root g1 null\n"
                      "death o1\n"
                      "root g2 null\n"
                      "death o2\n"
                      "time 10000000\n");
    assert_int_equal(note(found, "interpreted"), 1);
    assert_int_equal(note(found, "own_peak_bytes"), 0x58);
    assert_int_equal(note(found, "own_leaked_bytes"), 0);
    assert_int_equal(note(found, "guessed_frees"), 0);
}

/* Three blocks of one class, and a class in between so that no free is a temporary's. */
#define THREE_OF_A_CLASS CLASS_HEAD "a 10 2\na 20 2\n+ 0\n+ 0\n+ 0\n+ 1\n"

static void the_policy_decides_which_block_ends(void **state)
{
    (void)state;
    const struct imported *found = take_text("lifo", THREE_OF_A_CLASS "- 0\n- 0\n- 0\n");
    assert_non_null(strstr(found->text, "death o3\nroot g2 null\ndeath o2\nroot g1 null\n"));
    assert_int_equal(note(found, "guessed_frees"), 2);
    found = take_text("fifo", THREE_OF_A_CLASS "- 0\n- 0\n- 0\n");
    assert_non_null(strstr(found->text, "death o1\nroot g2 null\ndeath o2\nroot g3 null\n"));
    found = take_text("random", THREE_OF_A_CLASS "- 0\n- 0\n- 0\n- 0\n");
    for (unsigned i = 1; i <= 3; i++) {
        char line[16];
        (void)snprintf(line, sizeof line, "death o%u\n", i);
        assert_non_null(strstr(found->text, line));
    }
    assert_int_equal(note(found, "unknown_frees"), 1);
    assert_int_equal(note(found, "frees"), 3);
}

static void a_temporary_ends_itself_under_every_policy(void **state)
{
    (void)state;
    static const char *const policies[] = {"lifo", "fifo", "random"};
    for (size_t i = 0; i < GCR_COUNT_OF(policies); i++) {
        const struct imported *found =
            take_text(policies[i], CLASS_HEAD "a 10 2\n+ 0\n+ 0\n+ 0\nc 1\n- 0\n");
        assert_non_null(strstr(found->text, "death o3\n"));
        assert_int_equal(note(found, "temporary"), 1);
        assert_int_equal(note(found, "guessed_frees"), 1);
    }
}

/* A model: the ring against a plain array, for each policy. */
static void classes_keep_their_objects(void **state)
{
    (void)state;
    uint64_t seed = 99;
    for (enum class_policy policy = CLASS_LIFO; policy <= CLASS_RANDOM; policy++) {
        struct heaptrack_classes classes;
        uint32_t model[2000];
        uint32_t count = 0;
        heaptrack_classes_init(&classes, policy, 7);
        assert_true(heaptrack_classes_add(&classes, 16));
        for (uint32_t object = 1; object <= 2000; object++) {
            if (gcr_splitmix_below(&seed, 5) < 3) {
                assert_true(heaptrack_classes_begin(&classes, 0, object));
                model[count++] = object;
                continue;
            }
            uint32_t found = heaptrack_classes_end(&classes, 0, false);
            uint32_t at = 0;
            if (count == 0) {
                assert_int_equal(found, 0);
                continue;
            }
            while (at < count && model[at] != found)
                at++;
            assert_true(at < count);
            assert_true(policy == CLASS_RANDOM || at == (policy == CLASS_FIFO ? 0 : count - 1));
            memmove(&model[at], &model[at + 1], (count - at - 1) * sizeof model[0]);
            count--;
        }
        assert_int_equal(classes.classes[0].count, count);
        heaptrack_classes_finish(&classes);
    }
}

static void odd_frees_and_addresses_are_counted(void **state)
{
    (void)state;
    const struct imported *found = take_text(
        "lifo", RAW_HEAD "- 77\n+ 10 1 50\n+ 20 1 50\n- 50\n- 50\n+ 0 2 60\n- 60\n+ 8 1 60\n");
    assert_int_equal(found->status, GCR_OK);
    assert_int_equal(note(found, "unknown_frees"), 2);
    assert_int_equal(note(found, "reused_live_addresses"), 1);
    assert_int_equal(note(found, "empty"), 1);
    assert_int_equal(note(found, "temporary"), 2);
    assert_int_equal(note(found, "possible_reallocations"), 1);
    assert_int_equal(note(found, "peak_live_bytes"), 0x20);
    /* heaptrack's own sum still holds the 16 bytes whose address was used again. */
    assert_int_equal(note(found, "own_peak_bytes"), 0x30);
    assert_int_equal(note(found, "own_leaked_bytes"), 0x18);
    assert_int_equal(note(found, "live_bytes_at_end"), 0x8);
}

static void attaching_restarts_heaptracks_totals(void **state)
{
    (void)state;
    const struct imported *found = take_text("lifo", RAW_HEAD "+ 100 1 50\nA\n- 50\n+ 10 1 60\n");
    assert_int_equal(note(found, "attached"), 1);
    assert_int_equal(note(found, "allocations"), 2);
    assert_int_equal(note(found, "own_allocations"), 1);
    assert_int_equal((int64_t)note(found, "own_peak_bytes"), 0);
    assert_int_equal((int64_t)note(found, "own_leaked_bytes"), 0x10 - 0x100);
}

static void time_never_goes_back(void **state)
{
    (void)state;
    const struct imported *found = take_text("lifo", RAW_HEAD "c 5\nc 4\nc 10\n");
    expect_all(found, "time 5000000\ntime 16000000\n");
    assert_int_equal(note(found, "late_times"), 1);
    assert_int_equal(note(found, "times"), 2);
}

static void strings_and_commands_may_have_line_ends(void **state)
{
    (void)state;
    const struct imported *found =
        take_text("lifo", "v 10650 3\nx d /bin/a\nb\r\nc d\nX ./app a\n+ 5\nI am no record\n"
                          "I 1000 4000\nm 5 a\n- 1 5555 0 1000\nt 1 0\n+ 8 1 9\n");
    if (found->status != GCR_OK)
        fail_msg("%s", found->err.text);
    assert_int_equal(note(found, "allocations"), 1);
    found = take_text("lifo", "v 10650 3\nX ./app\nI 1 2\ns 3 + 0\ns 4 a\n+ \nt 0 0\na 8 1\n"
                              "s 2 \r\n\n+ 0\n");
    if (found->status != GCR_OK)
        fail_msg("%s", found->err.text);
    assert_int_equal(note(found, "allocations"), 1);
}

static void older_versions_are_read(void **state)
{
    (void)state;
    /* 0: interpreted, and yet with addresses; 1: classes, its number left out; 2: plain strings. */
    const struct imported *found =
        take_text("lifo", "v 10000\nX ./app\ns a string\ni 5 1\nt 1 0\n+ 10 1 ab\n- ab\n");
    assert_int_equal(found->status, GCR_OK);
    assert_int_equal(note(found, "file_version"), 0);
    assert_int_equal(note(found, "temporary"), 1);
    found = take_text("lifo", "v 10200\nX ./app\nI 1 2\ns two words\nt 0 0\na 10 1\n+ 0\n- 0\n");
    assert_int_equal(found->status, GCR_OK);
    assert_int_equal(note(found, "file_version"), 1);
    assert_int_equal(note(found, "interpreted"), 1);
    found = take_text("lifo", "v 10300 2\nx /bin/app\nX ./app\nI 1 2\nm a b 1 2\n"
                              "t 0 0\n+ 10 1 ab\n");
    assert_int_equal(found->status, GCR_OK);
    assert_int_equal(note(found, "live_at_end"), 1);
}

static void expect_refusal(const char *input, const char *message)
{
    const struct imported *found = take_text("lifo", input);
    if (found->status != GCR_BAD_INPUT)
        fail_msg("'%s' was taken", input);
    if (strstr(found->err.text, message) == NULL)
        fail_msg("'%s' instead of '%s'", found->err.text, message);
}

static void malformed_lines_are_named(void **state)
{
    (void)state;
    expect_refusal("v 10650 4\n", "input:1: file version 4; versions 0 to 3 are known");
    expect_refusal("v 10650 3\nv 10650 3\n", "input:2: expected heaptrack's version");
    expect_refusal(RAW_HEAD "x 3 sub\n", "input:9: a second executable ('x')");
    expect_refusal(RAW_HEAD "s 3 abc\n", "input:9: a record 's' in a raw file");
    expect_refusal(CLASS_HEAD "m 1 -\n", "input:10: a record 'm' in an interpreted file");
    expect_refusal(RAW_HEAD "+ 10 1\n", "'+': expected a size, a call path and an address, found");
    expect_refusal(RAW_HEAD "+ 10 1 5g\n", "'+': expected");
    expect_refusal(RAW_HEAD "+ 10  1 5\n", "'+': expected");
    expect_refusal(RAW_HEAD "+ 10 1 5 \n", "'+': expected");
    expect_refusal(RAW_HEAD "+ 11111111111111111 1 5\n", "'+': expected");
    expect_refusal(RAW_HEAD "+ 1000000000000 1 5\n", "no block has 281474976710656 bytes");
    expect_refusal(RAW_HEAD "+ 10 3 5\n", "call path 3 is not defined; there are 2");
    expect_refusal(RAW_HEAD "- \n", "'-': expected an address");
    expect_refusal(RAW_HEAD "t 5 3\n", "call path 3 is not defined; there are 2");
    expect_refusal(CLASS_HEAD "t 3 0\n", "ip 3 is not defined; there are 2");
    expect_refusal(CLASS_HEAD "i 5 1 2 3\n", "string 3 is not defined; there are 2");
    expect_refusal(CLASS_HEAD "i 5 1 1 1 999 3 1 1\n", "string 3 is not defined");
    expect_refusal(CLASS_HEAD "a 5 3\n", "call path 3 is not defined");
    expect_refusal(CLASS_HEAD "+ 0\n", "allocation class 0 is not defined; there are 0");
    expect_refusal(CLASS_HEAD "a 5 1\n- 1\n", "allocation class 1 is not defined; there are 1");
    expect_refusal(CLASS_HEAD "s 3 abcd\n", "expected the line's end behind the string");
    expect_refusal(CLASS_HEAD "s fffffffff abcd\n", "expected a string's length and the string");
    expect_refusal(RAW_HEAD "c ffffffffffffffff\n", "milliseconds are no time");
    expect_refusal(RAW_HEAD "? 5\n", "input:9: not a record of heaptrack: '? 5'");
    expect_refusal("v 10650 3\nX ./app\nI 1 2\n+ 0\n", "input:4: a block before any");
}

static void a_command_line_that_never_ends_is_refused(void **state)
{
    (void)state;
    static char input[8192];
    size_t length = (size_t)snprintf(input, sizeof input, "v 10650 3\nX ./app\n");
    while (length < sizeof input - 8) {
        memcpy(input + length, "word\n", 5);
        length += 5;
    }
    const struct imported *found = take_bytes("lifo", input, length);
    assert_int_equal(found->status, GCR_BAD_INPUT);
    assert_non_null(strstr(found->err.text, "expected the record 'I'"));
}

static void what_is_cut_short_is_kept_and_labelled(void **state)
{
    (void)state;
    const struct imported *found = take_text("lifo", RAW_HEAD "+ 10 1 50\n+ 10 1 6");
    assert_int_equal(found->status, GCR_OK);
    assert_int_equal(note(found, "allocations"), 1);
    assert_string_equal(found->report.truncated, "the last line has no end");
    found = take_text("lifo", CLASS_HEAD "a 10 1\n+ 0\ns 30 abc\n");
    assert_int_equal(found->status, GCR_OK);
    assert_int_equal(note(found, "allocations"), 1);
    assert_string_equal(found->report.truncated, "the input ends within a string");
}

/* Recorded with Debian's heaptrack 1.4.0 of `python3 -S -c 'print(sum(len(str(i)) for i in
 * range(100)))'`. heaptrack_print says of it: 918 calls, peak 827.47K, leaked 399.47K; the costs of
 * its flame graphs add up to 827470 and 399468; its interpreter says 426 temporary allocations. */
static void a_real_recording_has_the_printers_figures(const char *file)
{
    char from[512];
    struct imported found = {.path = "recorded.gct"};
    struct gcr_option_values options;
    const struct gcr_importer *importer;
    (void)snprintf(from, sizeof from, "%s/%s", RECORDINGS, file);
    assert_int_equal(gcr_import_recognise(from, &importer, &found.err), GCR_OK);
    assert_string_equal(importer->name, "heaptrack");
    gcr_options_init(importer->options, &options);
    if (gcr_import_file(importer, &options, from, found.path, &found.report, NULL, NULL,
                        &found.err) != GCR_OK)
        fail_msg("%s", found.err.text);
    assert_string_equal(found.report.truncated, "");
    assert_int_equal(note(&found, "allocations"), 918);
    assert_int_equal(note(&found, "own_allocations"), 918);
    assert_int_equal(note(&found, "peak_live_bytes"), 827470);
    assert_int_equal(note(&found, "own_peak_bytes"), 827470);
    assert_int_equal(note(&found, "live_bytes_at_end"), 399468);
    assert_int_equal(note(&found, "own_leaked_bytes"), 399468);
    assert_int_equal(note(&found, "live_at_end"), 23);
    assert_int_equal(note(&found, "temporary"), 426);
    assert_int_equal(note(&found, "unknown_frees"), 0);
    assert_int_equal(note(&found, "reused_live_addresses"), 0);
    imported_free(&found);
}

static void a_real_raw_recording(void **state)
{
    (void)state;
    a_real_recording_has_the_printers_figures("python.raw.zst");
}

static void the_same_recording_interpreted(void **state)
{
    (void)state;
    a_real_recording_has_the_printers_figures("python.zst");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_blocks_live_from_plus_to_minus),
        cmocka_unit_test(interpreted_blocks_are_told_by_class),
        cmocka_unit_test(the_policy_decides_which_block_ends),
        cmocka_unit_test(a_temporary_ends_itself_under_every_policy),
        cmocka_unit_test(classes_keep_their_objects),
        cmocka_unit_test(odd_frees_and_addresses_are_counted),
        cmocka_unit_test(attaching_restarts_heaptracks_totals),
        cmocka_unit_test(time_never_goes_back),
        cmocka_unit_test(strings_and_commands_may_have_line_ends),
        cmocka_unit_test(older_versions_are_read),
        cmocka_unit_test(malformed_lines_are_named),
        cmocka_unit_test(a_command_line_that_never_ends_is_refused),
        cmocka_unit_test(what_is_cut_short_is_kept_and_labelled),
        cmocka_unit_test(a_real_raw_recording),
        cmocka_unit_test(the_same_recording_interpreted),
    };
    return cmocka_run_group_tests(tests, NULL, drop_import);
}
