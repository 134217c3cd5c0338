/* LBO: low bounds and overheads computed by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/study/lbo.h"
#include "sim/study/reference.h"
#include "sim/study/tables.h"
#include "tests/study/study_kit.h"

static void add(struct study_kit *kit, const char *design, const char *heap, unsigned invocation,
                uint64_t mutator_ns, uint64_t collector_ns)
{
    study_kit_run(kit, &(struct study_run){.trace = "a",
                                           .design = design,
                                           .heap = heap,
                                           .invocation = invocation,
                                           .mutator_ns = mutator_ns,
                                           .collector_ns = collector_ns});
}

static void fail_run(struct study_kit *kit, const char *design, const char *heap)
{
    study_kit_run(kit, &(struct study_run){.trace = "a",
                                           .design = design,
                                           .heap = heap,
                                           .outcome = "heap_exhausted",
                                           .mutator_ns = 1});
}

static struct gcr_lbo *find(const struct gcr_dataset *dataset, size_t cost, size_t *count)
{
    struct gcr_error err = {""};
    struct gcr_lbo *rows = NULL;
    assert_int_equal(gcr_lbo_find(dataset, "a", &gcr_lbo_costs[cost], &rows, count, &err), GCR_OK);
    return rows;
}

static void expect_lbo(const struct gcr_lbo *row, double total, double low, double lbo)
{
    assert_true(row->total_ns == total);
    assert_true(row->low_bound_ns == low);
    assert_true(fabs(row->lbo.value - lbo) < 1e-12);
}

/* Distilled: mark-sweep 900, generational 800 in 2x and 780 in 4x, epsilon (no collector) 700. */
static void the_low_bound_is_the_least_distilled_cost_of_collectors(void **state)
{
    struct study_kit kit;
    size_t count = 0;
    (void)state;
    study_kit_begin(&kit);
    study_kit_name(&kit, "heaps", "2x");
    study_kit_name(&kit, "heaps", "4x");
    for (unsigned i = 1; i <= 2; i++) {
        add(&kit, "mark-sweep", "2x", i, 900, 300);
        add(&kit, "generational:nursery=1M", "2x", i, 800, 760);
        add(&kit, "generational:nursery=1M", "4x", i, 780, 156);
        add(&kit, "epsilon", "4x", i, 700, 0);
    }
    fail_run(&kit, "epsilon", "2x");
    struct gcr_dataset *dataset = study_kit_open(&kit);
    struct gcr_lbo *rows = find(dataset, 0, &count);
    assert_int_equal(count, 5);
    expect_lbo(&rows[0], 1200, 780, 1200.0 / 780);
    expect_lbo(&rows[1], 1560, 780, 2);
    expect_lbo(&rows[2], 936, 780, 1.2);
    assert_string_equal(rows[3].point->heap, "2x");
    assert_true(isnan(rows[3].total_ns));
    assert_true(isnan(rows[3].lbo.value));
    expect_lbo(&rows[4], 700, 780, 700.0 / 780);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(rows[i].is_reference, i >= 3);
    /* Equal runs: no noise. */
    assert_true(rows[1].lbo.in.low == 2 && rows[1].lbo.in.high == 2);
    free(rows);
    /* Nobody knows CPU times. */
    rows = find(dataset, 1, &count);
    assert_int_equal(count, 0);
    free(rows);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

/* A concurrent design: little time, much CPU time. */
static void cpu_time_has_helper_threads(void **state)
{
    struct study_kit kit;
    size_t count = 0;
    (void)state;
    study_kit_begin(&kit);
    study_kit_run(&kit, &(struct study_run){.trace = "a",
                                            .design = "buffered-refcount",
                                            .heap = "2x",
                                            .mutator_ns = 1000,
                                            .collector_ns = 10,
                                            .mutator_cpu_ns = 1000,
                                            .collector_cpu_ns = 900});
    study_kit_run(&kit, &(struct study_run){.trace = "a",
                                            .design = "semispace",
                                            .heap = "2x",
                                            .mutator_ns = 800,
                                            .collector_ns = 400,
                                            .mutator_cpu_ns = 800,
                                            .collector_cpu_ns = 400});
    struct gcr_dataset *dataset = study_kit_open(&kit);
    struct gcr_lbo *rows = find(dataset, 1, &count);
    assert_int_equal(count, 2);
    expect_lbo(&rows[0], 1900, 800, 1900.0 / 800);
    expect_lbo(&rows[1], 1200, 800, 1.5);
    /* One run: nothing is known of noise. */
    assert_true(isnan(rows[0].lbo.in.low) && isnan(rows[0].lbo.in.high));
    free(rows);
    rows = find(dataset, 0, &count);
    expect_lbo(&rows[0], 1010, 800, 1010.0 / 800);
    free(rows);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

/* A design's total and distilled cost are drawn from the same runs: with all cost distilled, its
 * own LBO is 1 in every resample, however noisy it is. */
static void costs_of_a_run_are_drawn_together(void **state)
{
    static const uint64_t noisy[] = {700, 1300, 1000, 800, 1250};
    struct study_kit kit;
    size_t count = 0;
    (void)state;
    study_kit_begin(&kit);
    for (unsigned i = 0; i < GCR_COUNT_OF(noisy); i++) {
        add(&kit, "semispace", "2x", i + 1, noisy[i], 0);
        add(&kit, "mark-sweep", "2x", i + 1, 5000, 5000);
    }
    struct gcr_dataset *dataset = study_kit_open(&kit);
    struct gcr_lbo *rows = find(dataset, 0, &count);
    expect_lbo(&rows[0], 1000, 1000, 1);
    assert_true(rows[0].lbo.in.low == 1 && rows[0].lbo.in.high == 1);
    /* Its low bound is another's, whose medians reach from 700 to 1300. */
    expect_lbo(&rows[1], 10000, 1000, 10);
    assert_true(fabs(rows[1].lbo.in.low - 10000.0 / 1300) < 1e-9);
    assert_true(fabs(rows[1].lbo.in.high - 10000.0 / 700) < 1e-9);
    free(rows);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

/* Two designs of equal distilled medians: the least of two noisy ones is found anew in each
 * resample, so that the bound of resamples is rather below than above. */
static void the_low_bound_is_resampled(void **state)
{
    static const uint64_t noisy[] = {900, 1000, 1100};
    struct study_kit kit;
    size_t count = 0;
    (void)state;
    study_kit_begin(&kit);
    for (unsigned i = 0; i < 3; i++) {
        add(&kit, "semispace", "2x", i + 1, noisy[i], 0);
        add(&kit, "mark-sweep", "2x", i + 1, noisy[i], 500);
        add(&kit, "generational", "2x", i + 1, 4000, 0);
    }
    struct gcr_dataset *dataset = study_kit_open(&kit);
    struct gcr_lbo *rows = find(dataset, 0, &count);
    expect_lbo(&rows[2], 4000, 1000, 4);
    /* P(median of 3 draws from 3 is the greatest) = 7/27 each; both: 6.7% > 2.5%. */
    assert_true(fabs(rows[2].lbo.in.low - 4000.0 / 1100) < 1e-9);
    assert_true(fabs(rows[2].lbo.in.high - 4000.0 / 900) < 1e-9);
    free(rows);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void without_collectors_there_is_no_bound(void **state)
{
    struct study_kit kit;
    size_t count = 0;
    (void)state;
    study_kit_begin(&kit);
    add(&kit, "epsilon", "native", 1, 700, 0);
    add(&kit, "explicit-free", "native", 1, 600, 0);
    fail_run(&kit, "semispace", "native");
    struct gcr_dataset *dataset = study_kit_open(&kit);
    struct gcr_lbo *rows = find(dataset, 0, &count);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++)
        assert_true(isnan(rows[i].lbo.value) && isnan(rows[i].low_bound_ns));
    assert_true(rows[0].total_ns == 700);
    free(rows);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void all_in_pauses_bounds_nothing(void **state)
{
    struct study_kit kit;
    size_t count = 0;
    (void)state;
    study_kit_begin(&kit);
    add(&kit, "semispace", "2x", 1, 0, 500);
    struct gcr_dataset *dataset = study_kit_open(&kit);
    struct gcr_lbo *rows = find(dataset, 0, &count);
    assert_true(isnan(rows[0].lbo.value));
    free(rows);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void the_table(void **state)
{
    struct study_kit kit;
    struct gcr_error err = {""};
    (void)state;
    study_kit_begin(&kit);
    study_kit_name(&kit, "heaps", "2x");
    for (unsigned i = 1; i <= 2; i++) {
        add(&kit, "semispace", "4x", i, 800, 200);
        add(&kit, "semispace", "2x", i, 800, 1200);
        add(&kit, "explicit-free", "2x", i, 600, 0);
    }
    struct gcr_dataset *dataset = study_kit_open(&kit);
    assert_int_equal(gcr_lbo_table_write(dataset, kit.directory, &err), GCR_OK);
    char *text = study_kit_read(&kit, "lbo.csv");
    assert_string_equal(text,
                        "trace,heap,design,cost,total,low_bound,lbo,lbo_low,lbo_high,is_reference\n"
                        "a,2x,semispace,time,2000,800,2.5,2.5,2.5,0\n"
                        "a,2x,explicit-free,time,600,800,0.75,0.75,0.75,1\n"
                        "a,4x,semispace,time,1000,800,1.25,1.25,1.25,0\n");
    free(text);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

/* epsilon, without a budget, stands in every heap in which it was not run. */
static void what_never_frees_is_in_every_heap(void **state)
{
    struct study_kit kit;
    struct gcr_error err = {""};
    (void)state;
    study_kit_begin(&kit);
    study_kit_name(&kit, "heaps", "2x");
    study_kit_name(&kit, "heaps", "4x");
    for (unsigned i = 1; i <= 2; i++) {
        add(&kit, "semispace", "2x", i, 800, 1200);
        add(&kit, "semispace", "4x", i, 800, 200);
        add(&kit, "epsilon", "native", i, 600, 0);
    }
    fail_run(&kit, "epsilon", "4x");
    struct gcr_dataset *dataset = study_kit_open(&kit);
    assert_int_equal(gcr_lbo_table_write(dataset, kit.directory, &err), GCR_OK);
    char *text = study_kit_read(&kit, "lbo.csv");
    assert_string_equal(study_kit_row(text, "a,2x,epsilon,time"),
                        "a,2x,epsilon,time,600,800,0.75,0.75,0.75,1");
    assert_string_equal(study_kit_row(text, "a,4x,epsilon,time"), "a,4x,epsilon,time,,800,,,,1");
    assert_string_equal(study_kit_row(text, "a,native,epsilon,time"),
                        "a,native,epsilon,time,600,800,0.75,0.75,0.75,1");
    free(text);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void references_are_known_by_what_they_are(void **state)
{
    (void)state;
    assert_true(gcr_reference_named("epsilon"));
    assert_true(gcr_reference_named("explicit-free"));
    assert_false(gcr_reference_named("linked-list"));
    assert_false(gcr_reference_named("buffered-refcount"));
    assert_false(gcr_reference_named("semispace"));
    assert_false(gcr_reference_named("no-such-design"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_low_bound_is_the_least_distilled_cost_of_collectors),
        cmocka_unit_test(cpu_time_has_helper_threads),
        cmocka_unit_test(costs_of_a_run_are_drawn_together),
        cmocka_unit_test(the_low_bound_is_resampled),
        cmocka_unit_test(without_collectors_there_is_no_bound),
        cmocka_unit_test(all_in_pauses_bounds_nothing),
        cmocka_unit_test(the_table),
        cmocka_unit_test(what_never_frees_is_in_every_heap),
        cmocka_unit_test(references_are_known_by_what_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
