/* glibc's mtrace logs: what each line becomes, real lines of 2.36, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/import/import_kit.h"

#define SHAPE "shape 1 block fields=0 slots=0 items=1 item-slots=0 flags=acyclic\n"

static void test_each_line(void **state)
{
    (void)state;
    struct imported got = import_text("mtrace", "",
                                      "= Start\n"
                                      "@ ./a b]:(main+0x1f)[0x13be] + 0x5550 0x120\n"
                                      "+ 0x6000 0\n"
                                      "@ ./app:[0x10] < 0x5550\n"
                                      "@ ./app:[0x10] > 0x7000 0x1000\n"
                                      "@ ./app:[0x149b] + (nil) 0x4000000000000000\n"
                                      "@ ./app:[0x14d2] ! 0x7000 0x4000000000000000\n"
                                      "@ [0x22] - 0x6000\n"
                                      "- 0x9999\n"
                                      "= End\n");
    assert_int_equal(got.status, GCR_OK);
    expect_events(&got, SHAPE "alloc o1 1 g1 288\n"
                              "alloc o2 1 g2 0\n"
                              "root g1 null\n"
                              "death o1\n"
                              "alloc o1 1 g1 4096\n"
                              "root g2 null\n"
                              "death o2\n");
    assert_int_equal(imported_count(&got, "allocations"), 3);
    assert_int_equal(imported_count(&got, "allocated_bytes"), 288 + 4096);
    assert_int_equal(imported_count(&got, "reallocations"), 1);
    assert_int_equal(imported_count(&got, "empty"), 1);
    assert_int_equal(imported_count(&got, "failed"), 2);
    assert_int_equal(imported_count(&got, "unknown_frees"), 1);
    assert_int_equal(imported_count(&got, "peak_live_bytes"), 4096);
    assert_int_equal(imported_count(&got, "live_at_end"), 1);
    assert_int_equal(got.facts.peak_live_bytes, 4096);
    assert_int_equal(got.report.lines, 10);
    assert_int_equal(got.report.events, 7);
    assert_string_equal(got.report.truncated, "");
    imported_free(&got);
}

/* An address whose free was not seen. */
static void test_reused_address(void **state)
{
    (void)state;
    struct imported got =
        import_text("mtrace", "", "= Start\n+ 0x10 0x8\n+ 0x10 0x20\n- 0x10\n- 0x10\n");
    expect_events(&got, SHAPE "alloc o1 1 g1 8\nroot g1 null\ndeath o1\n"
                              "alloc o1 1 g1 32\nroot g1 null\ndeath o1\n");
    assert_int_equal(imported_count(&got, "reused_live_addresses"), 1);
    assert_int_equal(imported_count(&got, "unknown_frees"), 1);
    assert_int_equal(imported_count(&got, "live_at_end"), 0);
    imported_free(&got);
}

/* Beyond 32 bits a size stays exact. */
static void test_large_blocks(void **state)
{
    (void)state;
    struct imported got = import_text("mtrace", "",
                                      "= Start\n+ 0x10 0xffffffff\n+ 0x20 0x100000007\n+ 0x30 "
                                      "0x200000007\n+ 0x40 0xffffffffffff\n");
    assert_int_equal(got.status, GCR_OK);
    assert_int_equal(got.facts.peak_live_bytes,
                     0xffffffffull + 0x100000007ull + 0x200000007ull + 0xffffffffffffull);
    assert_int_equal(imported_count(&got, "peak_live_bytes"), got.facts.peak_live_bytes);
    assert_non_null(strstr(got.text, "shape 2 \"large block\" fields=7 "));
    assert_non_null(strstr(got.text, "shape 3 \"large block\" fields=65535 "));
    assert_null(strstr(got.text, "shape 4"));
    imported_free(&got);
}

static void test_cut_short(void **state)
{
    (void)state;
    struct imported got = import_text("mtrace", "", "= Start\n+ 0x10 0x8\n+ 0x20 0x1");
    assert_int_equal(got.status, GCR_OK);
    assert_string_equal(got.report.truncated, "the last line has no end");
    assert_int_equal(imported_count(&got, "allocations"), 1);
    imported_free(&got);
    got = import_text("mtrace", "", "= Start\n+ 0x10 0x8\n< 0x10\n");
    assert_string_equal(got.report.truncated, "the last reallocation has no second line");
    assert_int_equal(imported_count(&got, "live_at_end"), 1);
    imported_free(&got);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"= Start\nhello\n", "input:2: not a line of mtrace: 'hello'"},
        {"= Begin\n", "input:1: not a line of mtrace"},
        {"= Start\n\n", "input:2: not a line of mtrace"},
        {"@ ./app + 0x1 0x2\n", "input:1: not a line of mtrace"},
        {"+\n", "not a line of mtrace"},
        {"+ 0x10\n", "expected a size after the address"},
        {"+ 0x10 \n", "expected a size after the address"},
        {"+ 0x10 0x\n", "expected a size after the address"},
        {"+ 0x10 -5\n", "expected a size after the address"},
        {"+ 0x10 0x5 x\n", "unexpected ' x' at the end"},
        {"+ zz 0x5\n", "expected an address, found 'zz 0x5'"},
        {"+ 0x11112222333344445 0x5\n", "expected an address"},
        {"- 0x10 0x5\n", "unexpected ' 0x5' at the end"},
        {"+ 0x10 0x1000000000000\n", "input:1: no block has 281474976710656 bytes"},
        {"> 0x10 0x5\n", "'>' without '<' in the line before"},
        {"< 0x10\n- 0x10\n", "input:2: expected '>' after the line with '<'"},
    };
    for (size_t i = 0; i < GCR_COUNT_OF(bad); i++)
        expect_refused("mtrace", "", bad[i].text, bad[i].message);
    struct imported got = import_bytes("mtrace", "", "= Start\n+ 0x10\0 0x5\n", 20);
    assert_int_equal(got.status, GCR_BAD_INPUT);
    imported_free(&got);
}

/* A long random history against bookkeeping of the test's own. */
static void test_random_history(void **state)
{
    (void)state;
    enum { ADDRESSES = 300, STEPS = 20000 };
    static uint64_t live[ADDRESSES]; /* size + 1; 0: free */
    uint64_t rng = 11, bytes = 0, peak = 0, allocations = 0, frees = 0, unknown = 0, reused = 0;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    fputs("= Start\n", out);
    for (int step = 0; step < STEPS; step++) {
        rng = rng * 6364136223846793005u + 1442695040888963407u;
        unsigned k = (unsigned)(rng >> 33) % ADDRESSES, other = (unsigned)(rng >> 45) % ADDRESSES;
        uint64_t want = (rng >> 20) % 5000;
        unsigned what = (unsigned)(rng >> 60) % 3;
        if (what != 0) { /* a free, alone or of a realloc */
            fprintf(out, "@ ./x:[0x1] %c %#x\n", what == 1 ? '-' : '<', 0x1000 + 16 * k);
            unknown += live[k] == 0;
            frees += live[k] != 0;
            bytes -= live[k] != 0 ? live[k] - 1 : 0;
            live[k] = 0;
        }
        if (what != 1) {
            k = other;
            fprintf(out, "@ ./x:[0x1] %c %#x %#llx\n", what == 0 ? '+' : '>', 0x1000 + 16 * k,
                    (unsigned long long)want);
            reused += live[k] != 0;
            frees += live[k] != 0;
            bytes -= live[k] != 0 ? live[k] - 1 : 0;
            live[k] = want + 1;
            bytes += want;
            allocations++;
            peak = bytes > peak ? bytes : peak;
        }
    }
    fclose(out);
    struct imported got = import_text("mtrace", "", text);
    assert_int_equal(got.status, GCR_OK);
    assert_int_equal(imported_count(&got, "allocations"), allocations);
    assert_int_equal(imported_count(&got, "frees"), frees);
    assert_int_equal(imported_count(&got, "unknown_frees"), unknown);
    assert_int_equal(imported_count(&got, "reused_live_addresses"), reused);
    assert_int_equal(imported_count(&got, "peak_live_bytes"), peak);
    assert_int_equal(imported_count(&got, "live_bytes_at_end"), bytes);
    assert_int_equal(got.facts.peak_live_bytes, peak);
    assert_int_equal(got.facts.live_end_bytes, bytes);
    imported_free(&got);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_line),    cmocka_unit_test(test_reused_address),
        cmocka_unit_test(test_large_blocks), cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_random_history),
    };
    return cmocka_run_group_tests_name("unit.import_mtrace", tests, NULL, NULL);
}
