/* What a report's page is written with: escaping, figures with their digits, ratios in words, and
 * SVG that shares a page with others. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "sim/study/markup.h"
#include "sim/study/quantity.h"
#include "sim/study/report_facts.h"
#include "sim/study/svg_inline.h"

static const struct gcr_interval unknown = {(double)NAN, (double)NAN};

/* ---- markup ---- */

static char written[8192];

static void assert_text(const char *text, const char *expected)
{
    FILE *out = fmemopen(memset(written, 0, sizeof written), sizeof written, "w");
    assert_non_null(out);
    gcr_markup_text(out, text);
    fclose(out);
    assert_string_equal(written, expected);
}

static void text_is_escaped(void **state)
{
    (void)state;
    assert_text("plain", "plain");
    assert_text(NULL, "");
    assert_text("<b a=\"1\" c='2'>&amp;", "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;");
    assert_text("a\tb\nc", "a\tb\nc");
    assert_text("µs €\xF0\x9F\x8C\xB3", "µs €\xF0\x9F\x8C\xB3");
}

static void what_is_no_text_is_replaced(void **state)
{
    (void)state;
    assert_text("a\001b\177", "a\xEF\xBF\xBD"
                              "b\xEF\xBF\xBD");
    assert_text("\xFFx", "\xEF\xBF\xBDx");
    assert_text("\xC3", "\xEF\xBF\xBD");                 /* cut short */
    assert_text("\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"); /* '/' written in two bytes */
    assert_text("\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"); /* a surrogate */
    assert_text("\xE2\x82<", "\xEF\xBF\xBD\xEF\xBF\xBD&lt;"); /* the '<' is not swallowed */
}

static void formats_escape_their_texts(void **state)
{
    (void)state;
    FILE *out = fmemopen(written, sizeof written, "w");
    gcr_markup(out, "<i>%s</i> %d %zu%% %c", "<&>", -3, (size_t)7, 'x');
    fputc(' ', out);
    gcr_markup_id(out, "a b:c_1.5x-");
    fputc(' ', out);
    gcr_markup_address(out, "tables/a b&\"c%.csv");
    fclose(out);
    assert_string_equal(written, "<i>&lt;&amp;&gt;</i> -3 7% x a_20b_3ac_5f1.5x- "
                                 "tables/a%20b%26%22c%25.csv");
}

static void shells_read_words_back(void **state)
{
    static const char *const words[][2] = {{"plain-1.5x", "plain-1.5x"},
                                           {"", "''"},
                                           {"a b", "'a b'"},
                                           {"it's $x", "'it'\\''s $x'"},
                                           {"a:b=c", "a:b=c"}};
    (void)state;
    for (size_t i = 0; i < GCR_COUNT_OF(words); i++) {
        char *quoted = gcr_shell_quote(words[i][0]);
        assert_string_equal(quoted, words[i][1]);
        free(quoted);
    }
}

/* ---- figures ---- */

static void assert_decimals(double value, double low, double high, int expected)
{
    assert_int_equal(gcr_decimals(value, (struct gcr_interval){low, high}), expected);
}

static void digits_follow_the_interval(void **state)
{
    (void)state;
    assert_decimals(12.3456789, 12.1, 12.6, 2);      /* half of it 0.25: two digits */
    assert_decimals(12.3456789, 10, 16, 1);          /* 3.0 */
    assert_decimals(12.3456789, 12.3456, 12.346, 2); /* four digits are enough */
    assert_decimals(1234.5678, 1200, 1300, 0);
    assert_decimals(0.00123456, 0.0012, 0.0013, 6); /* half of it 0.00005 */
    assert_decimals(5, 5, 5, 0);                    /* a whole count */
    assert_decimals(5.25, 5.25, 5.25, 2);
    assert_decimals((double)NAN, 1, 2, 0);
    assert_int_equal(gcr_decimals(0.0123456, unknown), 4);
    assert_int_equal(gcr_decimals(123456, unknown), 0);
    assert_int_equal(gcr_decimals(0, unknown), 0);
}

static void assert_number(double value, int decimals, const char *expected)
{
    char text[64];
    assert_string_equal(gcr_number_format(text, sizeof text, value, decimals), expected);
}

static void thousands_are_set_apart(void **state)
{
    (void)state;
    assert_number(1234, 0, "1234");
    assert_number(12345, 0,
                  "12\xE2\x80\xAF"
                  "345");
    assert_number(-1234567.891, 1,
                  "-1\xE2\x80\xAF"
                  "234\xE2\x80\xAF"
                  "567.9");
    assert_number(0.5, 2, "0.50");
    assert_number((double)NAN, 2, "");
    assert_number((double)INFINITY, 2, "");
    char small[4];
    gcr_number_format(small, sizeof small, 123456, 0);
    assert_true(strlen(small) < sizeof small);
}

static void assert_unit(const char *unit, double a, double b, double c, const char *expected)
{
    const double values[] = {a, b, c};
    assert_string_equal(gcr_scale_of(unit, values, 3).unit, expected);
}

static void units_fit_the_typical_figure(void **state)
{
    (void)state;
    assert_unit("ns", 1, 2e6, 9e12, "ms");
    assert_unit("ns", 999, 500, 3, "ns");
    assert_unit("ns", (double)NAN, 4e9, 0, "s");
    assert_unit("bytes", 2048, 4096, 8192, "KiB");
    assert_unit("", 5, 6, 7, "");
    assert_unit("1/s", 3e6, 3e6, 3e6, "10⁶/s");
    assert_unit("furlongs", 3e6, 3e6, 3e6, "furlongs");
    assert_string_equal(gcr_scale_of("ns", NULL, 0).unit, "ns");
}

static void assert_ratio(double value, double low, double high, const char *expected)
{
    struct gcr_ratio ratio = {value, {low, high}};
    char text[128];
    assert_string_equal(gcr_ratio_format(text, sizeof text, &ratio), expected);
}

static void ratios_are_words(void **state)
{
    (void)state;
    assert_ratio(0.77, 0.7, 0.8, "23 % less");
    assert_ratio(1.025, 1.02, 1.03, "2.5 % more");
    assert_ratio(2.34, 2.3, 2.4, "2.3 times");
    assert_ratio(31.4, 30, 32, "31 times");
    assert_ratio(1.2, 0.9, 1.4, "no difference shown");
    assert_ratio(1, (double)NAN, (double)NAN, "the same");
    assert_ratio(1, 1, 1, "the same");
    assert_ratio(1.5, (double)NAN, (double)NAN, "50 % more, not sure");
    assert_ratio((double)NAN, (double)NAN, (double)NAN, "");
}

/* ---- SVG ---- */

static bool inlined(const char *svg)
{
    FILE *out = fmemopen(written, sizeof written, "w");
    bool is_good = gcr_svg_inline(svg, strlen(svg), "f1-", "a & b", out);
    fclose(out);
    return is_good;
}

static void ids_get_a_prefix(void **state)
{
    (void)state;
    assert_true(inlined("<?xml version=\"1.0\"?>\n<!DOCTYPE svg>\n<!-- <g> -->\n"
                        "<svg width=\"80\" height=\"40\" viewBox=\"0 0 80 40\" onload=\"x()\"\n"
                        " xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://x\">\n"
                        "<title>Gnuplot</title><desc>by <b>x</b></desc>\n"
                        "<defs><circle id='gpDot' r='0.5'/></defs>\n"
                        "<g id=\"p_1\"><title>a:b=2M</title>\n"
                        "<use xlink:href='#gpDot'  fill='rgb(1,   2, 3)'/>\n"
                        "<path clip-path=\"url(#c)\" d='M1,2\n\t L3,4 '/></g>\n"
                        "</svg>\n"));
    assert_string_equal(
        written, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"a &amp; b\" "
                 "viewBox=\"0 0 80 40\"><defs><circle id=\"f1-gpDot\" r=\"0.5\"/></defs>"
                 "<g id=\"f1-p_1\"><title>a:b=2M</title>"
                 "<use href=\"#f1-gpDot\" fill=\"rgb(1, 2, 3)\"/>"
                 "<path clip-path=\"url(#f1-c)\" d=\"M1,2 L3,4\"/></g></svg>");
}

static void nothing_runs_and_nothing_is_loaded(void **state)
{
    (void)state;
    assert_true(inlined("<svg width=\"8\" height=\"4\"><script xlink:href=\"gnuplot_svg.js\"/>"
                        "<script><![CDATA[ if (a > b) </svg> ]]></script><style>*{}</style>"
                        "<a xlink:href=\"http://x/\" onclick=\"f('>')\"><text> a &lt; b </text></a>"
                        "<image href=\"http://x/y.png\" x='\"1\"'/></svg>"));
    assert_string_equal(written,
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"a "
                        "&amp; b\" viewBox=\"0 0 8 4\"><a><text> a &lt; b </text></a>"
                        "<image x=\"&quot;1&quot;\"/></svg>");
}

static void empty_groups_go(void **state)
{
    (void)state;
    assert_true(inlined("<svg viewBox=\"0 0 8 4\"><g fill=\"none\">\n</g>\n<g><path d=\"M0 0\"/>"
                        "</g>\n<g/></svg>"));
    assert_non_null(strstr(written, "4\"><g><path d=\"M0 0\"/></g><g/></svg>"));
}

static void damaged_pictures_are_refused(void **state)
{
    static const char *const damaged[] = {"",
                                          "plain text",
                                          "<html></html>",
                                          "<svg>",
                                          "<svg viewBox=\"0 0 1 1\"><g>",
                                          "<svg viewBox=\"0 0 1 1\"><g id=\"x></svg>",
                                          "<svg viewBox=\"0 0 1 1\"><path id=x/></svg>",
                                          "<svg viewBox=\"0 0 1 1\"><!-- </svg>",
                                          "<svg viewBox=\"0 0 1 1\"><script> </svg>"};
    (void)state;
    for (size_t i = 0; i < GCR_COUNT_OF(damaged); i++)
        assert_false(inlined(damaged[i]));
}

/* Whatever the first n bytes are, reading stays within them. */
static void pictures_cut_anywhere_do_no_harm(void **state)
{
    static const char svg[] = "<?xml?><!-- c --><svg viewBox='0 0 1 1'><g id='a'><title>t</title>"
                              "<use xlink:href='#a' fill='url(#a)'/><script> x </script></g></svg>";
    (void)state;
    for (size_t length = 0; length < sizeof svg - 1; length++) {
        char *cut = strndup(svg, length);
        FILE *out = fmemopen(written, sizeof written, "w");
        assert_false(gcr_svg_inline(cut, length, "f-", "x", out));
        fclose(out);
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(what_is_no_text_is_replaced),
        cmocka_unit_test(formats_escape_their_texts),
        cmocka_unit_test(shells_read_words_back),
        cmocka_unit_test(digits_follow_the_interval),
        cmocka_unit_test(thousands_are_set_apart),
        cmocka_unit_test(units_fit_the_typical_figure),
        cmocka_unit_test(ratios_are_words),
        cmocka_unit_test(ids_get_a_prefix),
        cmocka_unit_test(nothing_runs_and_nothing_is_loaded),
        cmocka_unit_test(empty_groups_go),
        cmocka_unit_test(damaged_pictures_are_refused),
        cmocka_unit_test(pictures_cut_anywhere_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
