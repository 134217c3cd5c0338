/* Option tables: what each type accepts and refuses, what the messages say, and writing back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/option.h"

static const struct gcr_option table[] = {
    {"verify", GCR_OPT_FLAG, NULL, "off", 0, 0, NULL, "check after each collection"},
    {"threshold", GCR_OPT_COUNT, "objects", "700", 0, 1e9, NULL, "allocations before a collection"},
    {"heap", GCR_OPT_BYTES, "bytes", "8M", 4096, 4294967296.0, NULL, "size of the heap"},
    {"growth", GCR_OPT_RATIO, "1", "0.5", 0.1, 4, NULL, "growth factor"},
    {"malloc", GCR_OPT_CHOICE, NULL, "pools", 0, 0, "pools|system|jemalloc", "who allocates"},
    {"output", GCR_OPT_TEXT, NULL, NULL, 0, 0, NULL, "where to write"},
    {0}};

static const struct gcr_option *row_of(const char *name)
{
    const struct gcr_option *row = table;
    while (strcmp(row->name, name) != 0)
        row++;
    return row;
}

static void defaults_come_from_the_table(void **state)
{
    (void)state;
    struct gcr_option_values v;
    gcr_options_init(table, &v);
    assert_false(gcr_option_flag(&v, "verify"));
    assert_int_equal(gcr_option_number(&v, "threshold"), 700);
    assert_int_equal(gcr_option_number(&v, "heap"), 8 << 20);
    assert_float_equal(gcr_option_ratio(&v, "growth"), 0.5, 0);
    assert_int_equal(gcr_option_number(&v, "malloc"), 0);
    assert_null(gcr_option_get(&v, "output")->text);
    assert_false(gcr_option_get(&v, "heap")->is_set);
}

static void bytes_accept_powers_of_1024(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"0", 0},
                {"4096", 4096},
                {"64K", 65536},
                {"64KiB", 65536},
                {"8M", 8 << 20},
                {"8MiB", 8 << 20},
                {"1G", 1 << 30},
                {"1GiB", 1 << 30},
                {"17179869183G", UINT64_C(17179869183) << 30},
                {"18446744073709551615", UINT64_MAX}};
    for (size_t i = 0; i < GCR_COUNT_OF(good); i++) {
        uint64_t bytes = 77;
        assert_true(gcr_parse_bytes(good[i].text, &bytes));
        assert_true(bytes == good[i].bytes);
    }
}

static void bytes_refuse_everything_else(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "K",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1 K",
                                      "1k",
                                      "1KB",
                                      "1Ki",
                                      "1.5M",
                                      "0x10",
                                      "1T",
                                      "1MiBx",
                                      "18446744073709551616",
                                      "17179869184G",
                                      "99999999999999999999K"};
    for (size_t i = 0; i < GCR_COUNT_OF(bad); i++) {
        uint64_t bytes = 77;
        assert_false(gcr_parse_bytes(bad[i], &bytes));
        assert_int_equal(bytes, 77);
    }
}

/* Sets name to text; returns whether that worked and that nothing changed if it did not. */
static bool accepts(const char *name, const char *text)
{
    struct gcr_option_values v;
    struct gcr_error err;
    gcr_options_init(table, &v);
    gcr_status status = gcr_option_set(&v, name, text, &err);
    assert_true(status == GCR_OK || status == GCR_USAGE);
    assert_true(gcr_option_get(&v, name)->is_set == (status == GCR_OK));
    if (status != GCR_OK) {
        assert_non_null(strstr(err.text, name));
        assert_non_null(strstr(err.text, text));
    }
    return status == GCR_OK;
}

static void each_type_accepts_its_values_only(void **state)
{
    (void)state;
    assert_true(accepts("verify", "on"));
    assert_true(accepts("verify", "no"));
    assert_true(accepts("verify", "1"));
    assert_false(accepts("verify", "maybe"));
    assert_false(accepts("verify", ""));
    assert_true(accepts("threshold", "0"));
    assert_true(accepts("threshold", "1000000000"));
    assert_false(accepts("threshold", "1000000001"));
    assert_false(accepts("threshold", "-1"));
    assert_false(accepts("threshold", "1K"));
    assert_false(accepts("threshold", "1e3"));
    assert_true(accepts("heap", "4G"));
    assert_false(accepts("heap", "4095"));
    assert_false(accepts("heap", "5G"));
    assert_true(accepts("growth", "1.25"));
    assert_true(accepts("growth", "1e-1"));
    assert_false(accepts("growth", "nan"));
    assert_false(accepts("growth", "inf"));
    assert_false(accepts("growth", "0x1p0"));
    assert_false(accepts("growth", " 1"));
    assert_false(accepts("growth", "4.5"));
    assert_true(accepts("malloc", "jemalloc"));
    assert_false(accepts("malloc", "jemallo"));
    assert_false(accepts("malloc", "pools|system"));
    assert_false(accepts("malloc", ""));
    assert_true(accepts("output", ""));
}

static void assignment_sets_number_text_and_choice(void **state)
{
    (void)state;
    struct gcr_option_values v;
    struct gcr_error err;
    gcr_options_init(table, &v);
    assert_int_equal(gcr_option_assign(&v, "cmd", "heap=64K", &err), GCR_OK);
    assert_int_equal(gcr_option_assign(&v, "cmd", "malloc=system", &err), GCR_OK);
    assert_int_equal(gcr_option_assign(&v, "cmd", "output=a=b", &err), GCR_OK);
    assert_int_equal(gcr_option_number(&v, "heap"), 65536);
    assert_int_equal(gcr_option_number(&v, "malloc"), 1);
    assert_string_equal(gcr_option_get(&v, "output")->text, "a=b");
    assert_string_equal(gcr_option_get(&v, "heap")->text, "64K");
}

static void messages_name_owner_option_value_and_range(void **state)
{
    (void)state;
    struct gcr_option_values v;
    struct gcr_error err;
    gcr_options_init(table, &v);
    assert_int_equal(gcr_option_assign(&v, "semispace", "heap=1", &err), GCR_USAGE);
    assert_string_equal(err.text,
                        "semispace: option 'heap' cannot be '1'; allowed: 4K .. 4G bytes");
    assert_int_equal(gcr_option_assign(&v, "semispace", "hea=1", &err), GCR_USAGE);
    assert_string_equal(err.text, "semispace: unknown option 'hea'; known options: verify, "
                                  "threshold, heap, growth, malloc, output");
    assert_int_equal(gcr_option_assign(&v, "semispace", "heap", &err), GCR_USAGE);
    assert_string_equal(err.text, "semispace: expected NAME=VALUE, found 'heap'");
    assert_int_equal(gcr_option_assign(&v, "semispace", "=4", &err), GCR_USAGE);
    assert_int_equal(gcr_option_set(&v, "malloc", "x", &err), GCR_USAGE);
    assert_string_equal(err.text, "option 'malloc' cannot be 'x'; allowed: pools|system|jemalloc");
}

static void empty_table_knows_no_option(void **state)
{
    (void)state;
    static const struct gcr_option empty[] = {{0}};
    struct gcr_option_values v;
    struct gcr_error err;
    gcr_options_init(empty, &v);
    assert_int_equal(gcr_option_assign(&v, "epsilon", "a=1", &err), GCR_USAGE);
    assert_string_equal(err.text, "epsilon: unknown option 'a'; known options: none");
}

static void ranges_read_well(void **state)
{
    (void)state;
    char text[64];
    gcr_option_range(row_of("verify"), text, sizeof text);
    assert_string_equal(text, "on|off");
    gcr_option_range(row_of("threshold"), text, sizeof text);
    assert_string_equal(text, "0 .. 1000000000 objects");
    gcr_option_range(row_of("growth"), text, sizeof text);
    assert_string_equal(text, "0.1 .. 4");
}

static void formatted_values_read_back(void **state)
{
    (void)state;
    static const char *const words[][3] = {{"verify", "yes", "on"},
                                           {"threshold", "0012", "12"},
                                           {"heap", "8192K", "8M"},
                                           {"heap", "5000", "5000"},
                                           {"heap", "1GiB", "1G"},
                                           {"growth", "0.10", "0.1"},
                                           {"growth", "0.3333333333333333", "0.3333333333333333"},
                                           {"malloc", "system", "system"},
                                           {"output", "x.json", "x.json"}};
    for (size_t i = 0; i < GCR_COUNT_OF(words); i++) {
        struct gcr_option_values v;
        struct gcr_error err;
        char text[64];
        gcr_options_init(table, &v);
        assert_int_equal(gcr_option_set(&v, words[i][0], words[i][1], &err), GCR_OK);
        gcr_option_format(row_of(words[i][0]), gcr_option_get(&v, words[i][0]), text, sizeof text);
        assert_string_equal(text, words[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_come_from_the_table),
        cmocka_unit_test(bytes_accept_powers_of_1024),
        cmocka_unit_test(bytes_refuse_everything_else),
        cmocka_unit_test(each_type_accepts_its_values_only),
        cmocka_unit_test(assignment_sets_number_text_and_choice),
        cmocka_unit_test(messages_name_owner_option_value_and_range),
        cmocka_unit_test(empty_table_knows_no_option),
        cmocka_unit_test(ranges_read_well),
        cmocka_unit_test(formatted_values_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
