/* Datasets: what is found in a study's directory, in that of compare -o and in one result, in which
 * order, and what becomes of files that are damaged or not there. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/study/study_kit.h"

static const struct study_run steady = {.trace = "steady",
                                        .design = "semispace",
                                        .heap = "2x",
                                        .mutator_ns = 700,
                                        .collector_ns = 300,
                                        .peak_bytes = 4096,
                                        .budget_bytes = 8192};

static struct study_run steady_with(const char *design, const char *heap, unsigned invocation)
{
    struct study_run run = steady;
    run.design = design;
    run.heap = heap;
    run.invocation = invocation;
    run.mutator_ns += invocation;
    return run;
}

/* A study of one trace whose jobs are shuffled, and a modelled run. */
static struct gcr_dataset *shuffled_study(struct study_kit *kit)
{
    study_kit_begin(kit);
    study_kit_name(kit, "traces", "steady");
    study_kit_name(kit, "designs", "semispace");
    study_kit_name(kit, "designs", "generational:nursery=2M");
    study_kit_name(kit, "heaps", "native");
    study_kit_name(kit, "heaps", "2x");
    const struct study_run runs[] = {steady_with("generational:nursery=2M", "2x", 1),
                                     steady_with("semispace", "2x", 3),
                                     steady_with("semispace", "native", 2),
                                     steady_with("semispace", "2x", 1),
                                     steady_with("generational:nursery=2M", "native", 1),
                                     steady_with("semispace", "2x", 2),
                                     steady_with("semispace", "native", 1)};
    for (size_t i = 0; i < GCR_COUNT_OF(runs); i++)
        study_kit_run(kit, &runs[i]);
    struct study_run modelled = steady_with("semispace", "native", 1);
    modelled.mode = GCR_STUDY_CACHE;
    modelled.llc_misses = 77;
    study_kit_run(kit, &modelled);
    return study_kit_open(kit);
}

static void points_come_in_the_studys_order(void **state)
{
    static const char *const expected[][3] = {{"semispace", "native", "timed"},
                                              {"semispace", "native", "cache"},
                                              {"semispace", "2x", "timed"},
                                              {"generational:nursery=2M", "native", "timed"},
                                              {"generational:nursery=2M", "2x", "timed"}};
    struct study_kit kit;
    struct gcr_dataset *dataset = shuffled_study(&kit);
    (void)state;
    assert_int_equal(dataset->point_count, GCR_COUNT_OF(expected));
    for (size_t i = 0; i < dataset->point_count; i++) {
        assert_string_equal(dataset->points[i].trace, "steady");
        assert_string_equal(dataset->points[i].design, expected[i][0]);
        assert_string_equal(dataset->points[i].heap, expected[i][1]);
        assert_string_equal(gcr_study_mode_name[dataset->points[i].mode], expected[i][2]);
    }
    assert_string_equal(dataset->points[4].collector, "generational");
    assert_ptr_equal(gcr_dataset_find(dataset, "steady", "semispace", "2x", GCR_STUDY_TIMED),
                     &dataset->points[2]);
    assert_null(gcr_dataset_find(dataset, "steady", "bitmap", "2x", GCR_STUDY_TIMED));
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void runs_come_by_invocation_with_their_figures(void **state)
{
    struct study_kit kit;
    struct gcr_dataset *dataset = shuffled_study(&kit);
    const struct gcr_point *point = &dataset->points[2];
    (void)state;
    assert_int_equal(point->run_count, 3);
    assert_int_equal(point->budget_bytes, 8192);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(point->runs[i].invocation, i + 1);
        assert_true(point->runs[i].value[GCR_METRIC_MUTATOR] == 701 + i);
        assert_true(point->runs[i].value[GCR_METRIC_TIME] == 1001 + i);
        assert_true(isnan(point->runs[i].value[GCR_METRIC_LLC_MISSES]));
        assert_false(point->runs[i].is_exact);
    }
    const struct gcr_observation *modelled = &dataset->points[1].runs[0];
    assert_true(modelled->value[GCR_METRIC_LLC_MISSES] == 77);
    assert_true(isnan(modelled->value[GCR_METRIC_TIME]));
    assert_true(modelled->is_exact);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void the_study_says_what_it_is_about(void **state)
{
    struct study_kit kit;
    struct gcr_dataset *dataset = shuffled_study(&kit);
    (void)state;
    assert_int_equal(dataset->missing, 0);
    assert_int_equal(dataset->trace_count, 1);
    assert_int_equal(dataset->traces[0].peak_live_bytes, 1 << 20);
    assert_string_equal(dataset->traces[0].path, "steady.gct");
    assert_string_equal(dataset->question, "Which?");
    assert_string_equal(dataset->baseline, "semispace");
    assert_int_equal(dataset->seed, 1);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void failed_runs_know_nothing(void **state)
{
    struct study_kit kit;
    struct study_run run = steady;
    (void)state;
    study_kit_begin(&kit);
    study_kit_run(&kit, &run);
    run.invocation = 2;
    run.outcome = "heap_exhausted";
    study_kit_run(&kit, &run);
    run.invocation = 3;
    study_kit_job(&kit, &run); /* not run yet */
    struct gcr_dataset *dataset = study_kit_open(&kit);
    double values[2];
    assert_int_equal(dataset->missing, 1);
    assert_int_equal(dataset->point_count, 1);
    assert_int_equal(dataset->points[0].run_count, 2);
    assert_int_equal(dataset->points[0].ok_count, 1);
    const struct gcr_observation *failed = &dataset->points[0].runs[1];
    assert_false(failed->is_ok);
    assert_string_equal(failed->outcome, "heap_exhausted");
    assert_string_equal(failed->message, "it did not complete");
    for (size_t i = 0; i < GCR_METRIC_COUNT; i++)
        assert_true(isnan(failed->value[i]));
    assert_int_equal(gcr_point_values(&dataset->points[0], GCR_METRIC_PEAK, values), 1);
    assert_true(values[0] == 4096);
    /* No trace was listed: what is known of it is what the runs saw. */
    assert_int_equal(dataset->traces[0].peak_live_bytes, 2048);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void damaged_results_are_unreadable(void **state)
{
    static const struct {
        const char *text, *why;
    } damage[] = {{"", "end of file"},
                  {"{\"schema\": \"gcreplay-result-1\", \"outcome\": \"ok\"", "end of file"},
                  {"[1, 2]", "not an object"},
                  {"{\"schema\": \"other-1\", \"outcome\": \"ok\"}", "schema"},
                  {"{\"schema\": \"gcreplay-result-1\"}", "outcome"},
                  {"{\"schema\": 5, \"outcome\": 5}", "outcome"}};
    struct study_kit kit;
    struct study_run run = steady;
    (void)state;
    study_kit_begin(&kit);
    for (unsigned i = 0; i < GCR_COUNT_OF(damage); i++) {
        char name[300];
        run.invocation = i + 1;
        snprintf(name, sizeof name, "results/%s.json", study_kit_job(&kit, &run));
        study_kit_write(&kit, name, damage[i].text);
    }
    struct gcr_dataset *dataset = study_kit_open(&kit);
    assert_int_equal(dataset->points[0].run_count, GCR_COUNT_OF(damage));
    assert_int_equal(dataset->points[0].ok_count, 0);
    for (size_t i = 0; i < GCR_COUNT_OF(damage); i++) {
        const struct gcr_observation *seen = &dataset->points[0].runs[i];
        assert_string_equal(seen->outcome, "unreadable");
        assert_non_null(strstr(seen->message, seen->file));
        assert_non_null(strstr(seen->message, damage[i].why));
        assert_true(isnan(seen->value[GCR_METRIC_TIME]));
    }
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void results_with_odd_values_do_no_harm(void **state)
{
    struct study_kit kit;
    (void)state;
    study_kit_begin(&kit);
    char name[300];
    snprintf(name, sizeof name, "results/%s.json", study_kit_job(&kit, &steady));
    study_kit_write(&kit, name,
                    "{\"outcome\": \"ok\", \"time\": [], \"memory\": {\"footprint_peak_bytes\": "
                    "\"many\", \"budget_bytes\": -5}, \"lanes\": 7}");
    struct gcr_dataset *dataset = study_kit_open(&kit);
    assert_true(dataset->points[0].runs[0].is_ok);
    for (size_t i = 0; i < GCR_METRIC_COUNT; i++)
        assert_true(isnan(dataset->points[0].runs[0].value[i]));
    assert_int_equal(dataset->points[0].budget_bytes, 0);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void the_full_result_is_that_of_a_completed_run(void **state)
{
    struct study_kit kit;
    struct study_run run = steady;
    char name[300];
    (void)state;
    study_kit_begin(&kit);
    for (run.invocation = 1; run.invocation <= 4; run.invocation++) {
        run.outcome = run.invocation == 1 ? "crashed" : NULL;
        snprintf(name, sizeof name, "results/%s.full.json", study_kit_run(&kit, &run));
        /* 1: failed; 2: kept no lists; 3: damaged since; 4: good */
        if (run.invocation == 3)
            study_kit_write(&kit, name, "{");
        else if (run.invocation != 2)
            study_kit_write_json(&kit, name, kit.study); /* any object */
    }
    struct gcr_dataset *dataset = study_kit_open(&kit);
    const struct gcr_point *point = &dataset->points[0];
    assert_non_null(point->runs[0].full);
    assert_null(point->runs[1].full);
    json_t *full = gcr_point_full(point);
    assert_non_null(full);
    assert_int_equal(json_array_size(json_object_get(full, "jobs")), 4);
    json_decref(full);
    assert_int_equal(remove(point->runs[3].full), 0);
    assert_null(gcr_point_full(point));
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void the_baseline_is_a_design(void **state)
{
    static const struct {
        const char *asked, *found;
    } cases[] = {{"semispace", "semispace"},
                 {"generational", "generational:nursery=1M"},
                 {"generational:nursery=2M", "generational:nursery=2M"},
                 {"bitmap", "bitmap"}, /* nowhere: then no ratio is known */
                 {"", "generational:nursery=1M"}};
    (void)state;
    for (size_t i = 0; i < GCR_COUNT_OF(cases); i++) {
        struct study_kit kit;
        study_kit_begin(&kit);
        json_object_set_new(kit.study, "baseline", json_string(cases[i].asked));
        json_object_set_new(kit.study, "seed", json_integer(42));
        struct study_run runs[] = {steady_with("generational:nursery=1M", "2x", 1),
                                   steady_with("generational:nursery=2M", "2x", 1),
                                   steady_with("semispace", "2x", 1)};
        for (size_t k = 0; k < GCR_COUNT_OF(runs); k++)
            study_kit_run(&kit, &runs[k]);
        struct gcr_dataset *dataset = study_kit_open(&kit);
        assert_string_equal(dataset->baseline, cases[i].found);
        assert_int_equal(dataset->seed, 42);
        gcr_dataset_close(dataset);
        study_kit_end(&kit);
    }
}

static void expect_refusal(const char *path, gcr_status expected, const char *words)
{
    struct gcr_error err = {""};
    struct gcr_dataset *dataset = NULL;
    assert_int_equal(gcr_dataset_open(path, &dataset, &err), expected);
    assert_null(dataset);
    assert_non_null(strstr(err.text, words));
    assert_non_null(strstr(err.text, path));
    assert_null(strchr(err.text, '\n'));
}

static void what_is_no_dataset_is_refused(void **state)
{
    struct study_kit kit;
    char path[512];
    (void)state;
    study_kit_begin(&kit);
    expect_refusal(kit.directory, GCR_USAGE, "neither study.json nor compare.json");
    expect_refusal("/nonexistent/study", GCR_USAGE, "No such file");
    study_kit_write(&kit, "study.json", "{\"schema\": ");
    expect_refusal(kit.directory, GCR_BAD_INPUT, "line 1");
    study_kit_write(&kit, "study.json", "{\"schema\": \"gcreplay-study-9\"}");
    expect_refusal(kit.directory, GCR_BAD_INPUT, "gcreplay-study-1");
    study_kit_write(&kit, "study.json", "{\"schema\": \"gcreplay-study-1\"}");
    expect_refusal(kit.directory, GCR_BAD_INPUT, "jobs");
    snprintf(path, sizeof path, "%s", study_kit_path(&kit, "study.json"));
    expect_refusal(path, GCR_BAD_INPUT, "gcreplay-result-1");
    study_kit_end(&kit);
}

static void an_empty_study_is_empty(void **state)
{
    struct study_kit kit;
    (void)state;
    study_kit_begin(&kit);
    struct gcr_dataset *dataset = study_kit_open(&kit);
    assert_int_equal(dataset->point_count, 0);
    assert_string_equal(dataset->baseline, "");
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void one_result_is_a_dataset(void **state)
{
    struct study_kit kit;
    struct study_run run = steady;
    struct gcr_error err = {""};
    struct gcr_dataset *dataset = NULL;
    (void)state;
    study_kit_begin(&kit);
    run.budget_bytes = 3 << 20;
    json_t *document = study_kit_result(&run);
    study_kit_write_json(&kit, "my.json", document);
    json_decref(document);
    assert_int_equal(gcr_dataset_open(study_kit_path(&kit, "my.json"), &dataset, &err), GCR_OK);
    assert_int_equal(dataset->point_count, 1);
    const struct gcr_point *point = &dataset->points[0];
    assert_string_equal(point->trace, "steady");
    assert_string_equal(point->design, "semispace");
    assert_string_equal(point->heap, "3M");
    assert_int_equal(point->mode, GCR_STUDY_TIMED);
    assert_string_equal(point->runs[0].id, "my");
    assert_string_equal(point->runs[0].full, point->runs[0].file);
    assert_true(point->runs[0].value[GCR_METRIC_TIME] == 1000);
    assert_string_equal(dataset->baseline, "semispace");
    assert_int_equal(dataset->traces[0].events, 1000);
    document = gcr_point_full(point);
    assert_non_null(document);
    json_decref(document);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

/* compare.json with two traces of one name, a refused run, one without a file, and a file that is
 * not there. */
static void a_comparison_is_a_dataset(void **state)
{
    struct study_kit kit;
    struct study_run run = steady;
    struct gcr_error err = {""};
    struct gcr_dataset *dataset = NULL;
    (void)state;
    study_kit_begin(&kit);
    study_kit_write(
        &kit, "compare.json",
        "{\"schema\": \"gcreplay-compare-1\", \"comparisons\": ["
        "{\"trace\": {\"path\": \"a/steady.gct\", \"events\": 5, \"lanes\": 2}, \"budget_bytes\": "
        "null, \"runs\": ["
        "{\"collector\": \"linked-list\", \"name\": \"linked-list:freeze=fork\", \"file\": "
        "\"one.json\", \"outcome\": \"ok\"},"
        "{\"collector\": \"explicit-free\", \"name\": \"explicit-free\", \"file\": null, "
        "\"outcome\": \"not_run\", \"message\": \"no deaths\"},"
        "{\"collector\": \"epsilon\", \"name\": \"epsilon\", \"file\": null, \"outcome\": "
        "\"failed\", \"message\": \"killed\"},"
        "{\"collector\": \"bitmap\", \"name\": \"bitmap\", \"file\": \"gone.json\"}]},"
        "{\"trace\": {\"path\": \"b/steady.gct\"}, \"budget_bytes\": 1536, \"runs\": ["
        "{\"collector\": \"semispace\", \"name\": \"semispace\", \"file\": \"two.json\", "
        "\"model\": {}}]}]}");
    json_t *document = study_kit_result(&run);
    study_kit_write_json(&kit, "one.json", document);
    study_kit_write_json(&kit, "two.json", document);
    json_decref(document);
    assert_int_equal(gcr_dataset_open(kit.directory, &dataset, &err), GCR_OK);
    static const char *const expected[][5] = {
        {"steady", "linked-list:freeze=fork", "native", "timed", "ok"},
        {"steady", "explicit-free", "native", "timed", "refused"},
        {"steady", "epsilon", "native", "timed", "failed"},
        {"steady", "bitmap", "native", "timed", "unreadable"},
        {"steady-2", "semispace", "1536", "cache", "ok"}};
    assert_int_equal(dataset->point_count, GCR_COUNT_OF(expected));
    for (size_t i = 0; i < dataset->point_count; i++) {
        const struct gcr_point *point = &dataset->points[i];
        assert_string_equal(point->trace, expected[i][0]);
        assert_string_equal(point->design, expected[i][1]);
        assert_string_equal(point->heap, expected[i][2]);
        assert_string_equal(gcr_study_mode_name[point->mode], expected[i][3]);
        assert_string_equal(point->runs[0].outcome, expected[i][4]);
        assert_int_equal(point->run_count, 1);
        assert_int_equal(point->runs[0].invocation, 1);
    }
    assert_string_equal(dataset->points[1].runs[0].message, "no deaths");
    assert_int_equal(dataset->traces[0].lanes, 2);
    assert_string_equal(dataset->points[0].collector, "linked-list");
    assert_non_null(dataset->points[0].runs[0].full);
    assert_null(dataset->study);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void metrics_count_cpu_time_once(void **state)
{
    (void)state;
    json_t *document =
        json_pack("{s:{s:i, s:i, s:i, s:{s:i}}}", "time", "mutator_cpu_ns", 100, "collector_cpu_ns",
                  60, "helper_cpu_ns", 30, "phases", "outside_pauses_ns", 20);
    assert_true(gcr_metric_read(GCR_METRIC_CPU, document) == 140);
    assert_true(gcr_metric_read(GCR_METRIC_COLLECTOR_CPU, document) == 60);
    assert_true(isnan(gcr_metric_read(GCR_METRIC_TIME, document)));
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_come_in_the_studys_order),
        cmocka_unit_test(runs_come_by_invocation_with_their_figures),
        cmocka_unit_test(the_study_says_what_it_is_about),
        cmocka_unit_test(failed_runs_know_nothing),
        cmocka_unit_test(damaged_results_are_unreadable),
        cmocka_unit_test(results_with_odd_values_do_no_harm),
        cmocka_unit_test(the_full_result_is_that_of_a_completed_run),
        cmocka_unit_test(the_baseline_is_a_design),
        cmocka_unit_test(what_is_no_dataset_is_refused),
        cmocka_unit_test(an_empty_study_is_empty),
        cmocka_unit_test(one_result_is_a_dataset),
        cmocka_unit_test(a_comparison_is_a_dataset),
        cmocka_unit_test(metrics_count_cpu_time_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
