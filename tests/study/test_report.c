/* Reports: tables read back, what is put first, where files are, and what a report says of studies
 * that are whole, unfinished or failed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "sim/measure/json_at.h"
#include "sim/study/report.h"
#include "sim/study/report_choice.h"
#include "sim/study/report_path.h"
#include "sim/study/sheet.h"
#include "tests/study/study_kit.h"

/* ---- sheets ---- */

static gcr_status read_sheet(const struct study_kit *kit, const char *text, struct gcr_sheet *sheet,
                             struct gcr_error *err)
{
    study_kit_write(kit, "x.csv", text);
    return gcr_sheet_read(study_kit_path(kit, "x.csv"), sheet, err);
}

static void tables_are_read_back(void **state)
{
    struct study_kit kit;
    struct gcr_sheet sheet;
    struct gcr_error err;
    (void)state;
    study_kit_begin(&kit);
    assert_int_equal(
        read_sheet(&kit, "a,b,c\n1,,x\n\"p, \"\"q\"\"\n\",2.5e3,\"\"\r\n,-1,end", &sheet, &err),
        GCR_OK);
    assert_int_equal(sheet.row_count, 3);
    assert_int_equal(sheet.column_count, 3);
    assert_int_equal(gcr_sheet_column(&sheet, "c"), 2);
    assert_int_equal(gcr_sheet_column(&sheet, "d"), 3);
    assert_string_equal(gcr_sheet_text(&sheet, 1, 0), "p, \"q\"\n");
    assert_string_equal(gcr_sheet_text(&sheet, 1, 2), "");
    assert_string_equal(gcr_sheet_text(&sheet, 2, 2), "end");
    assert_string_equal(gcr_sheet_text(&sheet, 0, 3), "");
    assert_true(gcr_sheet_number(&sheet, 1, 1) == 2500);
    assert_true(isnan(gcr_sheet_number(&sheet, 0, 1)));
    assert_true(isnan(gcr_sheet_number(&sheet, 0, 2)));
    gcr_sheet_finish(&sheet);
    study_kit_end(&kit);
}

static void damaged_tables_are_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } damaged[] = {{"", "no head line"},
                   {"a,b\n1\n", "x.csv:2: 1 fields, the head has 2"},
                   {"a,b\n\"x\ny\",1\n1,2,3\n", "x.csv:4: 3 fields"},
                   {"a\n\"x", "x.csv:2: a quote is not closed"}};
    struct study_kit kit;
    (void)state;
    study_kit_begin(&kit);
    for (size_t i = 0; i < GCR_COUNT_OF(damaged); i++) {
        struct gcr_sheet sheet;
        struct gcr_error err;
        assert_int_equal(read_sheet(&kit, damaged[i].text, &sheet, &err), GCR_BAD_INPUT);
        assert_non_null(strstr(err.text, damaged[i].says));
    }
    struct gcr_sheet sheet;
    assert_int_equal(gcr_sheet_read("/nowhere/x.csv", &sheet, NULL), GCR_IO);
    study_kit_end(&kit);
}

/* ---- addresses ---- */

static void assert_relative(const struct study_kit *kit, const char *page, const char *directory,
                            const char *expected)
{
    char from[256], to[256], *address = NULL;
    snprintf(from, sizeof from, "%s/%s", kit->directory, page);
    snprintf(to, sizeof to, "%s/%s", kit->directory, directory);
    assert_int_equal(gcr_report_relative(from, to, &address, NULL), GCR_OK);
    assert_string_equal(address, expected);
    free(address);
}

static void files_are_found_from_the_page(void **state)
{
    struct study_kit kit;
    char *address = NULL;
    (void)state;
    study_kit_begin(&kit);
    assert_int_equal(mkdir(study_kit_path(&kit, "ab"), 0700), 0);
    assert_int_equal(mkdir(study_kit_path(&kit, "ab/c"), 0700), 0);
    assert_int_equal(mkdir(study_kit_path(&kit, "abc"), 0700), 0);
    assert_relative(&kit, "ab/page.html", "ab", "");
    assert_relative(&kit, "page.html", "ab", "ab/");
    assert_relative(&kit, "page.html", "ab/c", "ab/c/");
    assert_relative(&kit, "ab/c/page.html", "ab", "../");
    assert_relative(&kit, "ab/c/page.html", "abc", "../../abc/");
    assert_relative(&kit, "abc/page.html", "ab/../ab/c/", "../ab/c/");
    assert_int_equal(gcr_report_relative("/nowhere/x.html", "/", &address, NULL), GCR_IO);
    assert_int_equal(rmdir(study_kit_path(&kit, "ab/c")), 0);
    assert_int_equal(rmdir(study_kit_path(&kit, "ab")), 0);
    assert_int_equal(rmdir(study_kit_path(&kit, "abc")), 0);
    study_kit_end(&kit);
}

/* ---- reports ---- */

/* Two designs in two heaps, three times each; one fails in the smaller. */
static void make_study(struct study_kit *kit)
{
    static const char *const heaps[] = {"native", "2x"};
    study_kit_begin(kit);
    study_kit_name(kit, "traces", "a<b>");
    study_kit_name(kit, "designs", "linked-list");
    study_kit_name(kit, "designs", "semispace");
    for (size_t h = 0; h < 2; h++)
        study_kit_name(kit, "heaps", heaps[h]);
    for (unsigned i = 0; i < 12; i++) {
        bool is_second = i % 2 == 1, is_small = i / 2 % 2 == 1;
        struct study_run run = {.trace = "a<b>",
                                .design = is_second ? "semispace" : "linked-list",
                                .heap = heaps[is_small],
                                .invocation = i / 4 + 1,
                                .mutator_ns = (is_second ? 500000 : 1000000) + 1000 * i,
                                .collector_ns = 20000,
                                .peak_bytes = 1 << 20};
        run.outcome = is_second && is_small ? "heap_exhausted" : NULL;
        study_kit_run(kit, &run);
    }
    study_kit_write_json(kit, "study.json", kit->study);
}

static json_t *read_report(const struct study_kit *kit)
{
    json_t *document = json_load_file(study_kit_path(kit, "report.json"), 0, NULL);
    assert_string_equal(gcr_json_text_at(document, "schema"), "gcreplay-report-1");
    return document;
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("the page does not have: %s", part);
}

static struct gcr_report_counts write_report(const struct study_kit *kit, const char *heap)
{
    struct gcr_report_config config = {.directory = kit->directory, .heap = heap};
    struct gcr_report_counts counts;
    struct gcr_error err;
    gcr_status status = gcr_report_write(&config, &counts, &err);
    if (status != GCR_OK)
        fail_msg("%s", err.text);
    return counts;
}

static void a_page_says_what_the_tables_say(void **state)
{
    struct study_kit kit;
    (void)state;
    make_study(&kit);
    struct gcr_report_counts counts = write_report(&kit, NULL);
    assert_int_equal(counts.runs, 12);
    assert_int_equal(counts.failed, 3);
    assert_int_equal(counts.missing, 0);
    char *page = study_kit_read(&kit, "report.html");
    assert_int_equal(strlen(page), counts.page_bytes);
    assert_has(page, "<h3>a&lt;b&gt;</h3>");
    assert_null(strstr(page, "a<b>"));
    assert_has(page, "time, pauses and memory, heap 2x"); /* the one nearest to 2x */
    assert_has(page, "<strong>heap exhausted</strong>");  /* the row of semispace */
    assert_has(page, "3 of 12 runs did not complete.");
    assert_has(page, "1.02"); /* ms of linked-list: (1 000 000 + 6000 + 20 000) ns */
    json_t *report = read_report(&kit);
    assert_int_equal(json_array_size(json_object_get(report, "failures")), 3);
    assert_string_equal(gcr_json_text_at(report, "heap"), "2x");
    assert_string_equal(gcr_json_text_at(report, "metric"), "time_ns");
    assert_int_equal(json_array_size(json_object_get(report, "commands")), 4);
    json_decref(report);
    free(page);
    study_kit_end(&kit);
}

static void the_same_results_make_the_same_page(void **state)
{
    struct study_kit kit;
    (void)state;
    make_study(&kit);
    write_report(&kit, NULL);
    char *first = study_kit_read(&kit, "report.html");
    write_report(&kit, NULL);
    char *second = study_kit_read(&kit, "report.html");
    assert_string_equal(first, second);
    free(first);
    free(second);
    study_kit_end(&kit);
}

static void an_unfinished_study_says_so(void **state)
{
    struct study_kit kit;
    (void)state;
    make_study(&kit);
    for (unsigned i = 4; i < 7; i++) {
        struct study_run run = {
            .trace = "a<b>", .design = "semispace", .heap = "native", .invocation = i};
        study_kit_job(&kit, &run);
    }
    study_kit_write_json(&kit, "study.json", kit.study);
    struct gcr_report_counts counts = write_report(&kit, NULL);
    assert_int_equal(counts.missing, 3);
    char *page = study_kit_read(&kit, "report.html");
    assert_has(page, "3 of 15 jobs have no result yet");
    free(page);
    study_kit_end(&kit);
}

static void what_is_shown_first_can_be_chosen(void **state)
{
    struct study_kit kit;
    struct gcr_report_counts counts;
    struct gcr_error err;
    (void)state;
    make_study(&kit);
    write_report(&kit, "native");
    json_t *report = read_report(&kit);
    assert_string_equal(gcr_json_text_at(report, "heap"), "native");
    json_decref(report);
    struct gcr_report_config config = {.directory = kit.directory, .heap = "3x"};
    assert_int_equal(gcr_report_write(&config, &counts, &err), GCR_USAGE);
    assert_non_null(strstr(err.text, "no run has the heap size '3x'; there are: native, 2x"));
    config = (struct gcr_report_config){.directory = kit.directory, .metric = "speed"};
    assert_int_equal(gcr_report_write(&config, &counts, &err), GCR_USAGE);
    assert_non_null(strstr(err.text, "there is no metric 'speed'; there are: time_ns, "));
    config.metric = "llc_misses";
    assert_int_equal(gcr_report_write(&config, &counts, &err), GCR_USAGE);
    assert_non_null(strstr(err.text, "no run knows the metric 'llc_misses'; they know: time_ns"));
    config = (struct gcr_report_config){.directory = "/nowhere"};
    assert_int_equal(gcr_report_write(&config, &counts, &err), GCR_USAGE);
    study_kit_end(&kit);
}

static void a_study_in_which_all_failed_has_a_page(void **state)
{
    struct study_kit kit;
    struct study_run run = {
        .trace = "t", .design = "epsilon", .heap = "2x", .outcome = "heap_exhausted"};
    (void)state;
    study_kit_begin(&kit);
    study_kit_run(&kit, &run);
    study_kit_write_json(&kit, "study.json", kit.study);
    struct gcr_report_counts counts = write_report(&kit, NULL);
    assert_int_equal(counts.failed, 1);
    char *page = study_kit_read(&kit, "report.html");
    assert_has(page, "<strong>heap exhausted</strong>");
    free(page);
    study_kit_end(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_read_back),
        cmocka_unit_test(damaged_tables_are_refused),
        cmocka_unit_test(files_are_found_from_the_page),
        cmocka_unit_test(a_page_says_what_the_tables_say),
        cmocka_unit_test(the_same_results_make_the_same_page),
        cmocka_unit_test(an_unfinished_study_says_so),
        cmocka_unit_test(what_is_shown_first_can_be_chosen),
        cmocka_unit_test(a_study_in_which_all_failed_has_a_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
