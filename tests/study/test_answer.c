/* The answer: who is best, who cannot be told apart from it, what failed, and the words for it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/study/answer.h"
#include "tests/study/study_kit.h"

enum { RUNS = 5 };

/* Five runs around a time, in ms: noise 0 is the same in all, else that many percent each way. */
static void add_runs(struct study_kit *kit, const char *trace, const char *design, const char *heap,
                     uint64_t ms, uint64_t noise, uint64_t peak_mib)
{
    static const int steps[RUNS] = {-2, 2, 0, 1, -1};
    for (unsigned i = 0; i < RUNS; i++)
        study_kit_run(kit, &(struct study_run){
                               .trace = trace,
                               .design = design,
                               .heap = heap,
                               .invocation = i + 1,
                               .mutator_ns = (uint64_t)((int64_t)(ms * 1000000) +
                                                        steps[i] * (int64_t)(ms * noise * 5000)),
                               .peak_bytes = peak_mib << 20});
}

static void add_failure(struct study_kit *kit, const char *trace, const char *design,
                        const char *heap, unsigned invocation)
{
    study_kit_run(kit, &(struct study_run){.trace = trace,
                                           .design = design,
                                           .heap = heap,
                                           .invocation = invocation,
                                           .outcome = "heap_exhausted",
                                           .mutator_ns = 1,
                                           .peak_bytes = 1});
}

static struct gcr_answer *answer_of(const struct gcr_dataset *dataset, enum gcr_metric_id metric,
                                    const char *heap)
{
    struct gcr_error err = {""};
    struct gcr_answer *answer = NULL;
    gcr_status status = gcr_answer_find(dataset, metric, heap, &answer, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, GCR_OK);
    return answer;
}

static void expect_order(const struct gcr_contest *contest, const char *const *designs,
                         size_t count)
{
    assert_int_equal(contest->count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(contest->standings[i].design, designs[i]);
}

static void expect_sentences(const struct gcr_contest *contest, const char *const *sentences,
                             size_t count)
{
    for (size_t i = 0; i < count && i < contest->sentence_count; i++)
        assert_string_equal(contest->sentences[i], sentences[i]);
    assert_int_equal(contest->sentence_count, count);
}

static void one_trace(void **state)
{
    struct study_kit kit;
    (void)state;
    study_kit_begin(&kit);
    study_kit_name(&kit, "traces", "service");
    study_kit_name(&kit, "heaps", "native");
    study_kit_name(&kit, "heaps", "2x");
    add_runs(&kit, "service", "mark-sweep", "2x", 150, 0, 40);
    add_runs(&kit, "service", "generational:nursery=1M", "2x", 100, 1, 50);
    add_runs(&kit, "service", "hybrid", "2x", 100, 2, 60);
    add_runs(&kit, "service", "explicit-free", "2x", 50, 0, 30);
    add_runs(&kit, "service", "linked-list", "native", 90, 0, 45);
    add_failure(&kit, "service", "semispace", "2x", 1);
    add_failure(&kit, "service", "epsilon", "2x", 1);
    add_runs(&kit, "service", "bitmap", "2x", 80, 0, 20);
    add_failure(&kit, "service", "bitmap", "2x", 6);
    struct gcr_dataset *dataset = study_kit_open(&kit);
    struct gcr_answer *answer = answer_of(dataset, GCR_METRIC_COUNT, NULL);
    assert_int_equal(answer->metric, GCR_METRIC_TIME);
    assert_string_equal(answer->heap, "2x");
    assert_int_equal(answer->contest_count, 1);
    const struct gcr_contest *contest = &answer->contests[0];
    static const char *const order[] = {"generational:nursery=1M",
                                        "hybrid",
                                        "mark-sweep",
                                        "explicit-free",
                                        "semispace",
                                        "epsilon",
                                        "bitmap"};
    expect_order(contest, order, GCR_COUNT_OF(order));
    assert_string_equal(contest->trace, "service");
    assert_int_equal(contest->stand_count, 3);
    assert_int_equal(contest->standings[1].verdict, GCR_VERDICT_SAME);
    assert_int_equal(contest->standings[2].verdict, GCR_VERDICT_MORE);
    assert_true(contest->standings[2].to_best.value == 1.5);
    assert_true(contest->standings[3].is_reference);
    assert_true(contest->standings[3].to_best.value == 0.5);
    assert_string_equal(contest->standings[6].failure, "heap exhausted in 1 of 6 runs");
    assert_true(isnan(contest->standings[6].to_best.value));
    assert_int_equal(contest->standings[6].verdict, GCR_VERDICT_UNKNOWN);
    /* linked-list is faster in less memory than those in 2x, but for mark-sweep's memory. */
    static const char *const sentences[] = {
        "service in a heap of 2x: generational:nursery=1M has the least total time, 100.0 ms (95% "
        "interval 99.00 ms to 101.0 ms, 5 runs).",
        "No difference from it is shown for hybrid 1.000 times (0.980 to 1.020).",
        "Others, in multiples of it: mark-sweep 1.50 times (1.49 to 1.52).",
        "For reference: explicit-free 0.50 times (0.50 to 0.51).",
        "Not completed: semispace (heap exhausted); epsilon (heap exhausted); bitmap (heap "
        "exhausted in 1 of 6 runs).",
        "In all heap sizes, none has both a better total time and a smaller peak footprint than: "
        "linked-list in native (90.00 ms, 45.00 MiB), mark-sweep in 2x (150.0 ms, 40.00 MiB).",
    };
    expect_sentences(contest, sentences, GCR_COUNT_OF(sentences));
    assert_int_equal(contest->front_count, 2);
    assert_int_equal(answer->note_count, 0);
    gcr_answer_close(answer);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

/* On a: 100, 200, 100; on b: 400, 100, 800: means of 200, 141 and 283. */
static void several_traces(void **state)
{
    struct study_kit kit;
    (void)state;
    study_kit_begin(&kit);
    add_runs(&kit, "a", "semispace", "2x", 100, 0, 64);
    add_runs(&kit, "b", "semispace", "2x", 400, 0, 64);
    add_runs(&kit, "a", "generational", "2x", 200, 0, 32);
    add_runs(&kit, "b", "generational", "2x", 100, 0, 128);
    add_runs(&kit, "a", "mark-sweep", "2x", 100, 0, 16);
    add_runs(&kit, "b", "mark-sweep", "2x", 800, 0, 64);
    add_runs(&kit, "a", "hybrid", "2x", 10, 0, 1);
    add_failure(&kit, "b", "hybrid", "2x", 1);
    add_runs(&kit, "b", "bitmap", "2x", 10, 0, 1);
    struct gcr_dataset *dataset = study_kit_open(&kit);
    struct gcr_answer *answer = answer_of(dataset, GCR_METRIC_TIME, "2x");
    assert_int_equal(answer->contest_count, 3);
    const struct gcr_contest *all = &answer->contests[0];
    static const char *const order[] = {"generational", "semispace", "mark-sweep", "hybrid",
                                        "bitmap"};
    expect_order(all, order, GCR_COUNT_OF(order));
    assert_string_equal(all->trace, "");
    assert_int_equal(all->stand_count, 3);
    assert_true(fabs(all->standings[1].to_best.value - sqrt(2)) < 1e-12);
    assert_true(fabs(all->standings[2].to_best.value - 2) < 1e-12);
    assert_true(fabs(all->standings[2].to_best.in.low - 2) < 1e-12);
    assert_int_equal(all->standings[2].verdict, GCR_VERDICT_MORE);
    assert_true(all->standings[0].to_best.value == 1);
    assert_string_equal(all->standings[3].failure, "heap exhausted on b");
    assert_string_equal(all->standings[4].failure, "no result on a");
    /* Times over the least of each trace: 1.41, 2, 2.83; peaks likewise: 2, 2, 1. */
    assert_int_equal(all->front_count, 2);
    assert_string_equal(all->front[0].design, "generational");
    assert_true(fabs(all->front[0].value - sqrt(2)) < 1e-12);
    assert_true(fabs(all->front[0].peak_bytes - 2) < 1e-12);
    assert_string_equal(all->front[1].design, "mark-sweep");
    static const char *const sentences[] = {
        "Over all 2 traces in a heap of 2x: generational has the least total time in the geometric "
        "mean.",
        "Others, in multiples of it: semispace 1.41 times, mark-sweep 2.00 times.",
        "Not completed on every trace: hybrid (heap exhausted on b); bitmap (no result on a).",
        "In all heap sizes, none has both a better total time and a smaller peak footprint than: "
        "generational in 2x (1.41 and 2.00 times the best there is), mark-sweep in 2x (2.83 and "
        "1.000 times the best there is).",
    };
    expect_sentences(all, sentences, GCR_COUNT_OF(sentences));
    assert_string_equal(answer->contests[1].trace, "a");
    assert_string_equal(answer->contests[1].standings[0].design, "hybrid");
    assert_string_equal(answer->contests[2].standings[0].design, "bitmap");
    gcr_answer_close(answer);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

/* Ties on the front: of two configurations with the same time, the smaller. */
static void the_front_has_no_place_twice(void **state)
{
    struct study_kit kit;
    (void)state;
    study_kit_begin(&kit);
    add_runs(&kit, "a", "semispace", "2x", 100, 0, 64);
    add_runs(&kit, "a", "bitmap", "2x", 100, 0, 32);
    add_runs(&kit, "a", "hybrid", "2x", 200, 0, 32);
    add_runs(&kit, "a", "hybrid", "4x", 90, 0, 99);
    struct gcr_dataset *dataset = study_kit_open(&kit);
    struct gcr_answer *answer = answer_of(dataset, GCR_METRIC_TIME, NULL);
    const struct gcr_contest *contest = &answer->contests[0];
    assert_int_equal(contest->front_count, 2);
    assert_string_equal(contest->front[0].heap, "4x");
    assert_string_equal(contest->front[1].design, "bitmap");
    gcr_answer_close(answer);
    /* The metric is memory: no front. */
    answer = answer_of(dataset, GCR_METRIC_PEAK, NULL);
    assert_int_equal(answer->contests[0].front_count, 0);
    assert_string_equal(answer->contests[0].standings[0].design, "bitmap");
    assert_string_equal(answer->contests[0].sentences[0],
                        "a in a heap of 2x: bitmap has the least peak footprint, 32.00 MiB (the "
                        "same in every run).");
    gcr_answer_close(answer);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void single_runs_say_little(void **state)
{
    struct study_kit kit;
    struct study_run run = {
        .trace = "a", .design = "semispace", .heap = "native", .mutator_ns = 1500, .peak_bytes = 1};
    (void)state;
    study_kit_begin(&kit);
    study_kit_run(&kit, &run);
    run.design = "bitmap";
    run.mutator_ns = 3000;
    study_kit_run(&kit, &run);
    run.invocation = 2;
    study_kit_job(&kit, &run);
    struct gcr_dataset *dataset = study_kit_open(&kit);
    struct gcr_answer *answer = answer_of(dataset, GCR_METRIC_TIME, NULL);
    const struct gcr_contest *contest = &answer->contests[0];
    static const char *const sentences[] = {
        "a, each design sizing its heap itself: semispace has the least total time, 1.500 µs (one "
        "run).",
        "Others, of which single runs say little: bitmap 2.00 times.",
        "In all heap sizes, none has both a better total time and a smaller peak footprint than: "
        "semispace in native (1.500 µs, 1 B).",
    };
    expect_sentences(contest, sentences, GCR_COUNT_OF(sentences));
    assert_int_equal(answer->note_count, 2);
    assert_string_equal(answer->notes[0], "1 job has no result yet, which may change this.");
    assert_string_equal(answer->notes[1], "Where there is one run, nothing is known of its noise.");
    gcr_answer_close(answer);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void few_runs_are_less_sure(void **state)
{
    struct study_kit kit;
    (void)state;
    study_kit_begin(&kit);
    add_runs(&kit, "a", "bitmap", "2x", 100, 1, 4);
    for (unsigned i = 1; i <= 3; i++)
        study_kit_run(&kit, &(struct study_run){.trace = "a",
                                                .design = "semispace",
                                                .heap = "2x",
                                                .invocation = i,
                                                .mutator_ns = 100 * i,
                                                .peak_bytes = 1});
    struct gcr_dataset *dataset = study_kit_open(&kit);
    struct gcr_answer *answer = answer_of(dataset, GCR_METRIC_TIME, NULL);
    assert_int_equal(answer->note_count, 1);
    assert_string_equal(answer->notes[0], "With 3 runs an interval holds the true median in 75% of "
                                          "studies at best; 5 runs come near 95%.");
    gcr_answer_close(answer);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

/* Modelled runs: counts repeat, so that one run is sure. */
static void counts_are_sure(void **state)
{
    struct study_kit kit;
    struct study_run run = {.trace = "a",
                            .design = "semispace",
                            .heap = "2x",
                            .mode = GCR_STUDY_CACHE,
                            .mutator_ns = 9,
                            .peak_bytes = 1 << 20,
                            .llc_misses = 2345678};
    (void)state;
    study_kit_begin(&kit);
    study_kit_run(&kit, &run);
    run.design = "bitmap";
    run.llc_misses *= 2;
    study_kit_run(&kit, &run);
    struct gcr_dataset *dataset = study_kit_open(&kit);
    struct gcr_answer *answer = answer_of(dataset, GCR_METRIC_COUNT, NULL);
    assert_int_equal(answer->metric, GCR_METRIC_LLC_MISSES);
    assert_int_equal(answer->mode, GCR_STUDY_CACHE);
    assert_string_equal(answer->contests[0].sentences[0],
                        "a in a heap of 2x: semispace has the least last-level misses, 2.346 "
                        "million misses (the same in every run).");
    assert_string_equal(answer->contests[0].sentences[1],
                        "Others, in multiples of it: bitmap 2.00 times.");
    assert_int_equal(answer->note_count, 0);
    gcr_answer_close(answer);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void nothing_completed(void **state)
{
    struct study_kit kit;
    (void)state;
    study_kit_begin(&kit);
    add_failure(&kit, "a", "semispace", "2x", 1);
    add_runs(&kit, "a", "semispace", "4x", 100, 0, 4);
    add_runs(&kit, "a", "explicit-free", "2x", 100, 0, 4);
    struct gcr_dataset *dataset = study_kit_open(&kit);
    struct gcr_answer *answer = answer_of(dataset, GCR_METRIC_TIME, "2x");
    const struct gcr_contest *contest = &answer->contests[0];
    static const char front[] = "In all heap sizes, none has both a better total time and a "
                                "smaller peak footprint than: semispace in 4x (100.0 ms, 4.000 "
                                "MiB).";
    static const char *const sentences[] = {
        "a in a heap of 2x: no collector completed all its runs.",
        "For reference: explicit-free 100.0 ms.",
        "Not completed: semispace (heap exhausted).",
        front,
    };
    assert_int_equal(contest->stand_count, 0);
    expect_sentences(contest, sentences, GCR_COUNT_OF(sentences));
    gcr_answer_close(answer);
    answer = answer_of(dataset, GCR_METRIC_TIME, "4x");
    assert_non_null(strstr(answer->contests[0].sentences[0],
                           "; it is the only one that completed all its runs."));
    gcr_answer_close(answer);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

/* epsilon is run without a budget; if it has a result in the budget as well, that one counts. */
static void what_never_frees_stands_beside(void **state)
{
    struct study_kit kit;
    (void)state;
    study_kit_begin(&kit);
    study_kit_name(&kit, "heaps", "2x");
    add_runs(&kit, "a", "semispace", "2x", 100, 0, 4);
    add_runs(&kit, "a", "epsilon", "native", 80, 0, 400);
    struct gcr_dataset *dataset = study_kit_open(&kit);
    struct gcr_answer *answer = answer_of(dataset, GCR_METRIC_TIME, NULL);
    assert_string_equal(answer->heap, "2x");
    assert_string_equal(answer->contests[0].sentences[1],
                        "For reference: epsilon 0.80 times in all the memory it wants.");
    gcr_answer_close(answer);
    gcr_dataset_close(dataset);
    add_failure(&kit, "a", "epsilon", "2x", 1);
    dataset = study_kit_open(&kit);
    answer = answer_of(dataset, GCR_METRIC_TIME, NULL);
    assert_string_equal(answer->contests[0].sentences[1],
                        "Not completed: epsilon (heap exhausted).");
    gcr_answer_close(answer);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void more_may_be_better(void **state)
{
    struct study_kit kit;
    (void)state;
    study_kit_begin(&kit);
    for (unsigned i = 0; i < 2; i++) {
        struct study_run run = {.trace = "a",
                                .design = i == 0 ? "semispace" : "bitmap",
                                .heap = "2x",
                                .mutator_ns = 9,
                                .peak_bytes = 4096};
        json_t *document = study_kit_result(&run);
        json_object_set_new(json_object_get(document, "time"), "events_per_second",
                            json_real(1e6 * (i + 1)));
        char name[300] = "results/";
        strcat(strcat(name, study_kit_job(&kit, &run)), ".json");
        study_kit_write_json(&kit, name, document);
        json_decref(document);
    }
    struct gcr_dataset *dataset = study_kit_open(&kit);
    struct gcr_answer *answer = answer_of(dataset, GCR_METRIC_EVENTS_PER_SECOND, NULL);
    const struct gcr_contest *contest = &answer->contests[0];
    assert_string_equal(contest->sentences[0],
                        "a in a heap of 2x: bitmap has the most events replayed per second, 2.000 "
                        "million per second (one run).");
    assert_true(contest->standings[1].to_best.value == 0.5);
    assert_int_equal(contest->front_count, 1);
    assert_string_equal(contest->front[0].design, "bitmap");
    gcr_answer_close(answer);
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void expect_refusal(const struct gcr_dataset *dataset, enum gcr_metric_id metric,
                           const char *heap, const char *words)
{
    struct gcr_error err = {""};
    struct gcr_answer *answer = NULL;
    assert_int_equal(gcr_answer_find(dataset, metric, heap, &answer, &err), GCR_USAGE);
    assert_null(answer);
    assert_non_null(strstr(err.text, words));
}

static void questions_without_an_answer(void **state)
{
    struct study_kit kit;
    (void)state;
    study_kit_begin(&kit);
    struct gcr_dataset *dataset = study_kit_open(&kit);
    expect_refusal(dataset, GCR_METRIC_COUNT, NULL, "no run knows");
    gcr_dataset_close(dataset);
    add_runs(&kit, "a", "semispace", "2x", 100, 0, 4);
    dataset = study_kit_open(&kit);
    expect_refusal(dataset, GCR_METRIC_TIME, "3x", "no timed results with a heap of '3x'");
    expect_refusal(dataset, GCR_METRIC_LLC_MISSES, NULL, "no run knows llc_misses");
    gcr_dataset_close(dataset);
    study_kit_end(&kit);
}

static void the_nearest_heap(void **state)
{
    static const struct {
        const char *heaps[4], *nearest;
    } cases[] = {{{"native", "1.5x", "2.5x", "6x"}, "2.5x"},
                 {{"native", "64M", "4x"}, "4x"},
                 {{"native", "1M", "3M"}, "3M"},
                 {{"2min", "native", "512K"}, "512K"},
                 {{"native", "3min", "2min"}, "2min"},
                 {{"native"}, "native"}};
    (void)state;
    for (size_t i = 0; i < GCR_COUNT_OF(cases); i++) {
        struct study_kit kit;
        study_kit_begin(&kit);
        study_kit_name(&kit, "traces", "a"); /* its peak is 1 MiB */
        study_kit_name(&kit, "heaps", "2x"); /* without results */
        for (size_t k = 0; k < 4 && cases[i].heaps[k] != NULL; k++)
            add_failure(&kit, "a", "semispace", cases[i].heaps[k], 1);
        struct gcr_dataset *dataset = study_kit_open(&kit);
        assert_string_equal(gcr_heap_nearest(dataset, GCR_STUDY_TIMED, 2), cases[i].nearest);
        assert_string_equal(gcr_heap_nearest(dataset, GCR_STUDY_CACHE, 2), "");
        gcr_dataset_close(dataset);
        study_kit_end(&kit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_trace),
        cmocka_unit_test(several_traces),
        cmocka_unit_test(the_front_has_no_place_twice),
        cmocka_unit_test(single_runs_say_little),
        cmocka_unit_test(few_runs_are_less_sure),
        cmocka_unit_test(counts_are_sure),
        cmocka_unit_test(nothing_completed),
        cmocka_unit_test(what_never_frees_stands_beside),
        cmocka_unit_test(more_may_be_better),
        cmocka_unit_test(questions_without_an_answer),
        cmocka_unit_test(the_nearest_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
