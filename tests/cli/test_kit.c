/* The command-line kit by itself: the parser over one table, names that are near, tables and units.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/cmd/arguments.h"
#include "sim/cmd/table.h"

static const struct gcr_flag flags[] = {
    {"TRACE", 0, NULL, "a word", GCR_FLAG_REQUIRED, NULL},
    {"MORE", 0, NULL, "other words", GCR_FLAG_REPEATED, NULL},
    {"--collector", 'c', "NAME", "a required flag", GCR_FLAG_REQUIRED, NULL},
    {"--set", 0, "X", "a repeated flag", GCR_FLAG_REPEATED, NULL},
    {"--verify", 0, "MODE", "a flag with an implied value", GCR_FLAG_OPTIONAL, "on"},
    {"--quiet", 'q', NULL, "a switch", GCR_FLAG_OPTIONAL, NULL},
    {0}};
static const struct gcr_command words = {"words", "summary", "usage", flags, NULL};

static const struct gcr_flag rest_flags[] = {
    {"--mode", 0, "MODE", "a flag", GCR_FLAG_OPTIONAL, NULL},
    {"--", 0, "PROGRAM ARGS", "what to run", GCR_FLAG_REQUIRED, NULL},
    {0}};
static const struct gcr_command with_rest = {"rest", "summary", "usage", rest_flags, NULL};

enum { MOST_WORDS = 16 };

/* line: words between single spaces; kept in buffer. */
static gcr_status parse(const struct gcr_command *command, const char *line, char *buffer,
                        struct gcr_arguments **out, struct gcr_error *err)
{
    static char *argv[MOST_WORDS];
    int argc = 0;
    bool help = false;
    strcpy(buffer, line);
    for (char *rest = buffer, *word; (word = strtok_r(rest, " ", &rest)) != NULL;)
        argv[argc++] = word;
    gcr_status status = gcr_arguments_parse(command, argc, argv, out, &help, err);
    if (status == GCR_OK)
        assert_false(help);
    return status;
}

static void every_form_of_a_flag_is_understood(void **state)
{
    (void)state;
    struct gcr_error err;
    struct gcr_arguments *arguments = NULL;
    char buffer[256];
    assert_int_equal(parse(&words, "a -c x b --set=1 --verify c --set 2 -q --set =3 -", buffer,
                           &arguments, &err),
                     GCR_OK);
    assert_string_equal(gcr_argument(arguments, "TRACE"), "a");
    assert_int_equal(gcr_argument_count(arguments, "MORE"), 3);
    assert_string_equal(gcr_argument_at(arguments, "MORE", 1), "c");
    assert_string_equal(gcr_argument_at(arguments, "MORE", 2), "-");
    assert_string_equal(gcr_argument(arguments, "--collector"), "x");
    assert_int_equal(gcr_argument_count(arguments, "--set"), 3);
    assert_string_equal(gcr_argument_at(arguments, "--set", 2), "=3");
    assert_string_equal(gcr_argument(arguments, "--verify"), "on");
    assert_string_equal(gcr_argument(arguments, "--quiet"), "");
    gcr_arguments_destroy(arguments);
    assert_int_equal(parse(&words, "a b --verify=every --collector=c=d", buffer, &arguments, &err),
                     GCR_OK);
    assert_string_equal(gcr_argument(arguments, "--verify"), "every");
    assert_string_equal(gcr_argument(arguments, "--collector"), "c=d");
    assert_null(gcr_argument(arguments, "--quiet"));
    gcr_arguments_destroy(arguments);
}

static void words_after_two_dashes(void **state)
{
    (void)state;
    struct gcr_error err;
    struct gcr_arguments *arguments = NULL;
    char buffer[256];
    size_t count = 0;
    assert_int_equal(parse(&words, "-c x -- -a --b", buffer, &arguments, &err), GCR_OK);
    assert_string_equal(gcr_argument(arguments, "TRACE"), "-a");
    assert_string_equal(gcr_argument(arguments, "MORE"), "--b");
    gcr_arguments_destroy(arguments);

    assert_int_equal(parse(&with_rest, "--mode m -- python3 --mode -x", buffer, &arguments, &err),
                     GCR_OK);
    char *const *rest = gcr_argument_rest(arguments, &count);
    assert_int_equal(count, 3);
    assert_string_equal(rest[0], "python3");
    assert_string_equal(rest[2], "-x");
    assert_string_equal(gcr_argument(arguments, "--mode"), "m");
    gcr_arguments_destroy(arguments);
    assert_int_equal(parse(&with_rest, "--mode m", buffer, &arguments, &err), GCR_USAGE);
    assert_int_equal(parse(&with_rest, "--mode m --", buffer, &arguments, &err), GCR_USAGE);
}

static void errors_name_the_word(void **state)
{
    (void)state;
    static const struct {
        const char *line, *text;
    } cases[] = {
        {"a b", "missing -c, --collector NAME"},
        {"-c x", "missing TRACE"},
        {"-c x a", "missing MORE..."},
        {"a b -c", "-c needs a value: NAME"},
        {"a b -c x --colector y", "unknown flag --colector; did you mean --collector?"},
        {"a b -c x --zzzzzz", "unknown flag --zzzzzz (see"},
        {"a b -c x --collector y", "--collector is given twice"},
        {"a b -c x --quiet=1", "--quiet takes no value"},
    };
    for (size_t i = 0; i < GCR_COUNT_OF(cases); i++) {
        struct gcr_error err = {""};
        struct gcr_arguments *arguments = NULL;
        char buffer[256];
        assert_int_equal(parse(&words, cases[i].line, buffer, &arguments, &err), GCR_USAGE);
        if (strstr(err.text, cases[i].text) == NULL)
            fail_msg("'%s' gave '%s', expected '%s'", cases[i].line, err.text, cases[i].text);
    }
}

static void near_names_are_found_and_far_ones_are_not(void **state)
{
    (void)state;
    static const char *const names[] = {"--verify", "--heap", "--final-collection"};
    assert_string_equal(gcr_nearest_name("--verfiy", names, 3), "--verify");
    assert_string_equal(gcr_nearest_name("--final-colection", names, 3), "--final-collection");
    assert_string_equal(gcr_nearest_name("--hepa", names, 3), "--heap");
    assert_null(gcr_nearest_name("--json", names, 3));
    assert_null(gcr_nearest_name("x", names, 3));
    assert_null(gcr_nearest_name("--heap", names, 0));
}

static void units_are_readable(void **state)
{
    (void)state;
    assert_string_equal(gcr_text_bytes(0).s, "0 B");
    assert_string_equal(gcr_text_bytes(1023).s, "1023 B");
    assert_string_equal(gcr_text_bytes(1536).s, "1.50 KiB");
    assert_string_equal(gcr_text_bytes(35127296).s, "33.5 MiB");
    assert_string_equal(gcr_text_bytes(UINT64_MAX).s, "16.0 EiB");
    assert_string_equal(gcr_text_ns(999).s, "999 ns");
    assert_string_equal(gcr_text_ns(1240000).s, "1.24 ms");
    assert_string_equal(gcr_text_ns(999600).s, "1.00 ms");
    assert_string_equal(gcr_text_ns(90000000000).s, "90.0 s");
    assert_string_equal(gcr_text_ns(1200000000000).s, "20.0 min");
    assert_string_equal(gcr_text_count(99999).s, "99999");
    assert_string_equal(gcr_text_count(57100000).s, "57.1 M");
    assert_string_equal(gcr_text_ratio(1.5).s, "1.50x");
    assert_string_equal(gcr_text_ratio(1.0 / 0.0).s, "-");
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
    (void)state;
    struct gcr_table table;
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    assert_non_null(out);
    gcr_table_begin(&table, "lrl");
    for (int i = 0; i < 20; i++) {
        gcr_table_row(&table);
        gcr_table_cell(&table, 0, "%s", i == 0 ? "name" : "semispace");
        gcr_table_cell(&table, 1, "%d", i * 1000);
    }
    gcr_table_cell(&table, 2, "last");
    gcr_table_end(&table, true, 1, out);
    fclose(out);
    static const char begin[] = " name           0\n"
                                " ----------------------\n"
                                " semispace   1000\n";
    static const char end[] = " semispace  19000  last\n";
    assert_memory_equal(text, begin, sizeof begin - 1);
    assert_string_equal(text + bytes - (sizeof end - 1), end);
    free(text);
}

static void help_names_every_row(void **state)
{
    (void)state;
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    assert_non_null(out);
    gcr_command_print_help(&words, out);
    fclose(out);
    static const char *const parts[] = {"gcreplay words: summary",
                                        "usage: gcreplay words usage",
                                        "  TRACE  ",
                                        "  MORE...  ",
                                        "  -c, --collector NAME  ",
                                        "  --set X...  ",
                                        "  --verify[=MODE]  ",
                                        "  -q, --quiet  ",
                                        "  -h, --help  "};
    for (size_t i = 0; i < GCR_COUNT_OF(parts); i++)
        if (strstr(text, parts[i]) == NULL)
            fail_msg("no '%s' in:\n%s", parts[i], text);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_a_flag_is_understood),
        cmocka_unit_test(words_after_two_dashes),
        cmocka_unit_test(errors_name_the_word),
        cmocka_unit_test(near_names_are_found_and_far_ones_are_not),
        cmocka_unit_test(units_are_readable),
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(help_names_every_row),
    };
    return cmocka_run_group_tests_name("command-line kit", tests, NULL, NULL);
}
