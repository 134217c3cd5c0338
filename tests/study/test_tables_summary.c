/* runs.csv, summary.csv and geomean.csv, against figures computed by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/study/tables.h"
#include "tests/study/study_kit.h"

static void write_tables(struct study_kit *kit)
{
    struct gcr_error err = {""};
    struct gcr_dataset *dataset = study_kit_open(kit);
    assert_int_equal(gcr_summary_tables_write(dataset, kit->directory, &err), GCR_OK);
    assert_string_equal(err.text, "");
    gcr_dataset_close(dataset);
}

/* Runs of the given mutator times, without collection, with a peak of 1000 bytes. */
static void add_runs(struct study_kit *kit, const char *trace, const char *design,
                     const uint64_t *mutator_ns, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        study_kit_run(kit, &(struct study_run){.trace = trace,
                                               .design = design,
                                               .heap = "2x",
                                               .invocation = i + 1,
                                               .mutator_ns = mutator_ns[i],
                                               .peak_bytes = 1000,
                                               .budget_bytes = 4000});
}

static void expect_row(const char *text, const char *beginning, const char *rest)
{
    const char *row = study_kit_row(text, beginning);
    assert_string_equal(row + strlen(beginning), rest);
}

static void every_run_is_listed(void **state)
{
    struct study_kit kit;
    (void)state;
    study_kit_begin(&kit);
    add_runs(&kit, "a", "semispace:start=1M", (const uint64_t[]){1000, 2000}, 2);
    study_kit_run(&kit, &(struct study_run){.trace = "a",
                                            .design = "bitmap",
                                            .heap = "native",
                                            .outcome = "crashed",
                                            .mutator_ns = 5,
                                            .peak_bytes = 9});
    write_tables(&kit);
    char *text = study_kit_read(&kit, "runs.csv");
    char head[80];
    memcpy(head, text, sizeof head - 1);
    head[sizeof head - 1] = '\0';
    assert_string_equal(
        head, "id,trace,collector,design,heap,budget_bytes,mode,invocation,outcome,message,tim");
    assert_non_null(strstr(text, ",time_ns,mutator_ns,"));
    assert_non_null(strstr(text, ",cow_pages\n"));
    const char *row = study_kit_row(text, "a.semispace-start-1M.2x.timed.2,");
    assert_non_null(
        strstr(row, ",a,semispace,semispace:start=1M,2x,4000,timed,2,ok,,2000,2000,0,"));
    /* No figure of a failed run. */
    row = study_kit_row(text, "a.bitmap.native.timed.1,");
    const char *rest = strstr(row, ",crashed,it did not complete,");
    assert_non_null(rest);
    rest += strlen(",crashed,it did not complete");
    assert_int_equal(strspn(rest, ","), strlen(rest));
    assert_int_equal(strlen(rest), GCR_METRIC_COUNT);
    free(text);
    study_kit_end(&kit);
}

/* Equal runs: every interval is the value itself. */
static void figures_and_ratios(void **state)
{
    struct study_kit kit;
    (void)state;
    study_kit_begin(&kit);
    json_object_set_new(kit.study, "baseline", json_string("semispace"));
    add_runs(&kit, "a", "generational", (const uint64_t[]){500, 500, 500}, 3);
    add_runs(&kit, "a", "semispace", (const uint64_t[]){1000, 1000}, 2);
    add_runs(&kit, "a", "bitmap", (const uint64_t[]){3000}, 1);
    add_runs(&kit, "a", "linked-list", (const uint64_t[]){2500, 2500}, 2);
    study_kit_run(&kit, &(struct study_run){.trace = "a",
                                            .design = "linked-list",
                                            .heap = "2x",
                                            .invocation = 3,
                                            .outcome = "heap_exhausted",
                                            .mutator_ns = 1,
                                            .peak_bytes = 1});
    write_tables(&kit);
    char *text = study_kit_read(&kit, "summary.csv");
    expect_row(text, "a,generational,2x,4000,timed,time_ns,",
               "ns,3,0,500,500,500,500,500,500,500,500,0.5,0.5,0.5,less");
    expect_row(text, "a,semispace,2x,4000,timed,time_ns,",
               "ns,2,0,1000,1000,1000,1000,1000,1000,1000,1000,1,1,1,same");
    expect_row(text, "a,bitmap,2x,4000,timed,time_ns,",
               "ns,1,0,3000,,,3000,,,3000,3000,3,,,unsure");
    /* The failed run is counted, and its figures are not. */
    expect_row(text, "a,linked-list,2x,4000,timed,time_ns,",
               "ns,2,1,2500,2500,2500,2500,2500,2500,2500,2500,2.5,2.5,2.5,more");
    expect_row(text, "a,linked-list,2x,4000,timed,footprint_peak_bytes,",
               "bytes,2,1,1000,1000,1000,1000,1000,1000,1000,1000,1,1,1,same");
    /* Nobody knows these. */
    assert_null(strstr(text, ",cow_pages,"));
    assert_null(strstr(text, ",cpu_ns,"));
    assert_null(strstr(text, ",llc_misses,"));
    free(text);
    study_kit_end(&kit);
}

static void without_the_baseline_there_is_no_ratio(void **state)
{
    struct study_kit kit;
    (void)state;
    study_kit_begin(&kit);
    json_object_set_new(kit.study, "baseline", json_string("semispace"));
    add_runs(&kit, "a", "generational", (const uint64_t[]){500, 500}, 2);
    study_kit_run(&kit, &(struct study_run){.trace = "a",
                                            .design = "semispace",
                                            .heap = "2x",
                                            .outcome = "heap_exhausted",
                                            .mutator_ns = 7,
                                            .peak_bytes = 7});
    write_tables(&kit);
    char *text = study_kit_read(&kit, "summary.csv");
    expect_row(text, "a,generational,2x,4000,timed,time_ns,",
               "ns,2,0,500,500,500,500,500,500,500,500,,,,unknown");
    expect_row(text, "a,semispace,2x,,timed,time_ns,", "ns,0,1,,,,,,,,,,,,unknown");
    free(text);
    text = study_kit_read(&kit, "geomean.csv");
    expect_row(text, "generational,2x,timed,time_ns,", "0/1,,,,unknown");
    free(text);
    study_kit_end(&kit);
}

/* One modelled run says all there is to say: its counts repeat. */
static void counts_that_repeat_have_intervals(void **state)
{
    struct study_kit kit;
    struct study_run run = {.trace = "a",
                            .design = "semispace",
                            .heap = "2x",
                            .mode = GCR_STUDY_CACHE,
                            .mutator_ns = 99,
                            .peak_bytes = 1000,
                            .llc_misses = 200};
    (void)state;
    study_kit_begin(&kit);
    study_kit_run(&kit, &run);
    run.design = "bitmap";
    run.llc_misses = 150;
    study_kit_run(&kit, &run);
    write_tables(&kit);
    char *text = study_kit_read(&kit, "summary.csv");
    expect_row(text, "a,bitmap,2x,,cache,llc_misses,",
               "misses,1,0,150,150,150,150,150,150,150,150,0.75,0.75,0.75,less");
    assert_null(strstr(text, ",time_ns,")); /* modelled runs have no times */
    free(text);
    study_kit_end(&kit);
}

/* 0.5 on one trace, 2 on the second: 1 together; sqrt(0.5 * 0.5) over two of three. */
static void means_over_traces(void **state)
{
    static const struct {
        const char *trace, *design;
        uint64_t ns;
    } runs[] = {{"a", "semispace", 1000}, {"b", "semispace", 1000}, {"c", "semispace", 1000},
                {"a", "mixed", 500},      {"b", "mixed", 2000},     {"c", "mixed", 1000},
                {"a", "fast", 250},       {"b", "fast", 1000}};
    struct study_kit kit;
    (void)state;
    study_kit_begin(&kit);
    for (size_t i = 0; i < GCR_COUNT_OF(runs); i++)
        add_runs(&kit, runs[i].trace, runs[i].design, (const uint64_t[]){runs[i].ns, runs[i].ns},
                 2);
    study_kit_run(&kit, &(struct study_run){
                            .trace = "c", .design = "fast", .heap = "2x", .outcome = "timeout"});
    write_tables(&kit);
    char *text = study_kit_read(&kit, "geomean.csv");
    expect_row(text, "mixed,2x,timed,time_ns,", "3/3,1,1,1,same");
    expect_row(text, "fast,2x,timed,time_ns,", "2/3,0.5,0.5,0.5,less");
    expect_row(text, "semispace,2x,timed,time_ns,", "3/3,1,1,1,same");
    /* No time in pauses on either side: no mean of ratios. */
    expect_row(text, "mixed,2x,timed,collector_ns,", "3/3,,,,unknown");
    free(text);
    study_kit_end(&kit);
}

static const uint64_t noisy[] = {900, 1100, 1000, 1300, 950},
                      noisier[] = {1003, 1211, 857, 1153, 1399, 991, 1087, 1117, 1321};

static char *noisy_summary(int seed, bool has_more)
{
    struct study_kit kit;
    study_kit_begin(&kit);
    json_object_set_new(kit.study, "seed", json_integer(seed));
    add_runs(&kit, "a", "semispace", noisy, GCR_COUNT_OF(noisy));
    if (has_more)
        add_runs(&kit, "a", "bitmap", noisy, GCR_COUNT_OF(noisy));
    add_runs(&kit, "a", "generational", noisier, GCR_COUNT_OF(noisier));
    write_tables(&kit);
    char *text = study_kit_read(&kit, "summary.csv");
    study_kit_end(&kit);
    return text;
}

/* To the last digit, whatever else is in the study. */
static void tables_repeat(void **state)
{
    static const char row[] = "a,generational,2x,4000,timed,time_ns,";
    char *first = noisy_summary(1, false), *again = noisy_summary(1, false);
    char *more = noisy_summary(1, true), *other = noisy_summary(2, false);
    char kept[1024];
    (void)state;
    assert_string_equal(first, again);
    strcpy(kept, study_kit_row(first, row));
    assert_string_equal(study_kit_row(more, row), kept);
    /* The mean's interval has enough different resamples to show another seed. */
    assert_string_not_equal(study_kit_row(other, row), kept);
    assert_non_null(strstr(kept, ",1117,"));
    assert_non_null(strstr(kept, "same")); /* 1117 / 1000 within that noise */
    free(first);
    free(again);
    free(more);
    free(other);
}

static void an_empty_study_has_heads_alone(void **state)
{
    struct study_kit kit;
    (void)state;
    study_kit_begin(&kit);
    write_tables(&kit);
    static const char *const names[] = {"runs.csv", "summary.csv", "geomean.csv"};
    for (size_t i = 0; i < GCR_COUNT_OF(names); i++) {
        char *text = study_kit_read(&kit, names[i]);
        assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
        free(text);
    }
    study_kit_end(&kit);
}

static void a_directory_that_is_not_there(void **state)
{
    struct study_kit kit;
    struct gcr_error err = {""};
    (void)state;
    study_kit_begin(&kit);
    struct gcr_dataset *dataset = study_kit_open(&kit);
    assert_int_equal(gcr_summary_tables_write(dataset, "/nonexistent/tables", &err), GCR_IO);
    assert_non_null(strstr(err.text, "/nonexistent/tables/runs.csv"));
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_is_listed),
        cmocka_unit_test(figures_and_ratios),
        cmocka_unit_test(without_the_baseline_there_is_no_ratio),
        cmocka_unit_test(counts_that_repeat_have_intervals),
        cmocka_unit_test(means_over_traces),
        cmocka_unit_test(tables_repeat),
        cmocka_unit_test(an_empty_study_has_heads_alone),
        cmocka_unit_test(a_directory_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
