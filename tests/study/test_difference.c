/* What is said to have changed between two studies, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "sim/study/difference.h"
#include "study_kit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Two studies, A and B, and their difference. */
struct sides {
    struct study_kit a, b;
    struct gcr_dataset *of_a, *of_b;
    struct gcr_difference_rules rules;
    struct gcr_difference found;
};

static void begin(struct sides *sides)
{
    *sides = (struct sides){.rules = {.measured = 0.02}};
    for (size_t i = 0; i < GCR_METRIC_COUNT; i++)
        sides->rules.is_asked[i] = true;
    study_kit_begin(&sides->a);
    study_kit_begin(&sides->b);
}

static gcr_status find(struct sides *sides, struct gcr_error *err)
{
    sides->of_a = study_kit_open(&sides->a);
    sides->of_b = study_kit_open(&sides->b);
    return gcr_difference_find(sides->of_a, sides->of_b, &sides->rules, &sides->found, err);
}

static void must_find(struct sides *sides)
{
    struct gcr_error err = {""};
    gcr_status status = find(sides, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, GCR_OK);
}

static void end(struct sides *sides)
{
    gcr_difference_finish(&sides->found);
    gcr_dataset_close(sides->of_a);
    gcr_dataset_close(sides->of_b);
    study_kit_end(&sides->a);
    study_kit_end(&sides->b);
}

static const struct study_run steady = {.trace = "steady",
                                        .design = "semispace",
                                        .heap = "2x",
                                        .collector_ns = 1000,
                                        .peak_bytes = 1 << 20};

/* Runs whose mutator took so long, in microseconds; 0 ends the list. */
static void add_times(struct study_kit *kit, const char *design, const unsigned *times)
{
    for (unsigned i = 0; times[i] != 0; i++) {
        struct study_run run = steady;
        run.design = design;
        run.invocation = i + 1;
        run.mutator_ns = 1000ull * times[i];
        study_kit_run(kit, &run);
    }
}

/* A run as designs without threads of their own leave it: counts repeat. */
static void add_steady_counts(struct study_kit *kit, const struct study_run *run)
{
    const char *id = study_kit_job(kit, run);
    json_t *document = study_kit_result(run);
    char name[300];
    json_object_set_new(document, "concurrent", json_false());
    json_object_set_new(json_object_get(document, "time"), "helper_cpu_ns", json_integer(0));
    snprintf(name, sizeof name, "results/%s.json", id);
    study_kit_write_json(kit, name, document);
    json_decref(document);
}

static const struct gcr_change *change_of(const struct sides *sides, const char *design,
                                          enum gcr_metric_id metric)
{
    for (size_t i = 0; i < sides->found.count; i++) {
        const struct gcr_change *change = &sides->found.changes[i];
        if (change->metric == metric && strcmp(change->a->design, design) == 0)
            return change;
    }
    return NULL;
}

static enum gcr_change_kind kind_of(const struct sides *sides, const char *design,
                                    enum gcr_metric_id metric)
{
    const struct gcr_change *change = change_of(sides, design, metric);
    assert_non_null(change);
    return change->kind;
}

/* ---- measured figures ---- */

static void measured_figures_change_beyond_interval_and_threshold(void **unused)
{
    static const struct {
        const char *design;
        unsigned a[6], b[6];
        enum gcr_change_kind kind;
    } cases[] = {
        {"slower", {100, 101, 99, 102, 100}, {110, 111, 109, 112, 110}, GCR_CHANGE_WORSE},
        {"faster", {100, 101, 99, 102, 100}, {90, 91, 89, 92, 90}, GCR_CHANGE_BETTER},
        {"noisy", {100, 140, 70, 120, 90}, {110, 150, 80, 130, 100}, GCR_CHANGE_NONE},
        {"little",
         {10000, 10001, 9999, 10002, 10000},
         {10100, 10101, 10102, 10103, 10104},
         GCR_CHANGE_NONE}, /* 1%, and surely so */
        {"equal", {100, 101, 99, 102, 100}, {100, 101, 99, 102, 100}, GCR_CHANGE_NONE},
        {"once", {100}, {110}, GCR_CHANGE_UNSURE},
        {"once-here", {100, 101, 99}, {110}, GCR_CHANGE_UNSURE},
        {"once-near", {10000}, {10100}, GCR_CHANGE_NONE},
        {"once-equal", {100}, {100}, GCR_CHANGE_NONE},
    };
    struct sides sides;
    (void)unused;
    begin(&sides);
    for (size_t i = 0; i < COUNT(cases); i++) {
        add_times(&sides.a, cases[i].design, cases[i].a);
        add_times(&sides.b, cases[i].design, cases[i].b);
    }
    must_find(&sides);
    assert_int_equal(sides.found.pair_count, COUNT(cases));
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(gcr_change_name[kind_of(&sides, cases[i].design, GCR_METRIC_MUTATOR)],
                            gcr_change_name[cases[i].kind]);
    const struct gcr_change *slower = change_of(&sides, "slower", GCR_METRIC_MUTATOR);
    assert_true(slower->before.median == 100000 && slower->after.median == 110000);
    assert_true(slower->ratio.value == 1.1 && slower->ratio.in.low > 1.02);
    /* Worse comes first, then better; figures that nobody knows are not there. */
    assert_int_equal(sides.found.changes[0].kind, GCR_CHANGE_WORSE);
    assert_null(change_of(&sides, "slower", GCR_METRIC_LLC_MISSES));
    size_t sum = 0;
    for (size_t i = 0; i < GCR_CHANGE_KINDS; i++)
        sum += sides.found.kinds[i];
    assert_int_equal(sum, sides.found.count);
    end(&sides);
}

static void a_threshold_is_exceeded_or_not(void **unused)
{
    static const unsigned before[] = {1000, 1001, 999, 1002, 1000, 0};
    static const unsigned after[] = {1050, 1051, 1049, 1052, 1050, 0};
    static const struct {
        double threshold;
        enum gcr_change_kind kind;
    } cases[] = {{0, GCR_CHANGE_WORSE}, {0.049, GCR_CHANGE_WORSE}, {0.051, GCR_CHANGE_NONE}};
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sides sides;
        begin(&sides);
        sides.rules.measured = cases[i].threshold;
        add_times(&sides.a, "semispace", before);
        add_times(&sides.b, "semispace", after);
        must_find(&sides);
        assert_int_equal(kind_of(&sides, "semispace", GCR_METRIC_MUTATOR), cases[i].kind);
        end(&sides);
    }
}

static void the_greatest_change_comes_first(void **unused)
{
    static const unsigned before[] = {100, 100, 0}, a_bit[] = {110, 110, 0}, much[] = {300, 300, 0},
                          less[] = {20, 20, 0};
    struct sides sides;
    (void)unused;
    begin(&sides);
    memset(sides.rules.is_asked, 0, sizeof sides.rules.is_asked);
    sides.rules.is_asked[GCR_METRIC_MUTATOR] = true;
    const unsigned *const after[] = {a_bit, much, less};
    static const char *const designs[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++) {
        add_times(&sides.a, designs[i], before);
        add_times(&sides.b, designs[i], after[i]);
    }
    must_find(&sides);
    assert_string_equal(sides.found.changes[0].a->design, "b");
    assert_string_equal(sides.found.changes[1].a->design, "a");
    assert_string_equal(sides.found.changes[2].a->design, "c");
    assert_int_equal(sides.found.changes[2].kind, GCR_CHANGE_BETTER);
    /* Only what was asked for, and outcomes. */
    assert_int_equal(sides.found.count, 6);
    end(&sides);
}

static void more_may_be_better_or_neither(void **unused)
{
    struct sides sides;
    (void)unused;
    begin(&sides);
    for (unsigned side = 0; side < 2; side++) {
        struct study_kit *kit = side == 0 ? &sides.a : &sides.b;
        for (unsigned i = 1; i <= 5; i++) {
            struct study_run run = steady;
            char name[300];
            run.invocation = i;
            run.mutator_ns = 1000;
            const char *id = study_kit_job(kit, &run);
            json_t *document = study_kit_result(&run);
            json_object_set_new(json_object_get(document, "time"), "events_per_second",
                                json_integer(side == 0 ? 5000 + i : 4000 + i));
            json_object_set_new(document, "pauses", json_pack("{s:i}", "count", 10 + side));
            snprintf(name, sizeof name, "results/%s.json", id);
            study_kit_write_json(kit, name, document);
            json_decref(document);
        }
    }
    must_find(&sides);
    assert_int_equal(kind_of(&sides, "semispace", GCR_METRIC_EVENTS_PER_SECOND), GCR_CHANGE_WORSE);
    assert_int_equal(kind_of(&sides, "semispace", GCR_METRIC_PAUSES), GCR_CHANGE_DIFFERENT);
    end(&sides);
}

/* ---- counts ---- */

static void one_more_miss_is_a_change(void **unused)
{
    struct study_run run = steady;
    struct sides sides;
    (void)unused;
    begin(&sides);
    run.mode = GCR_STUDY_CACHE;
    run.llc_misses = 1000000;
    study_kit_run(&sides.a, &run);
    run.llc_misses++;
    study_kit_run(&sides.b, &run);
    must_find(&sides);
    const struct gcr_change *change = change_of(&sides, "semispace", GCR_METRIC_LLC_MISSES);
    assert_non_null(change);
    assert_int_equal(change->kind, GCR_CHANGE_WORSE);
    assert_true(change->is_exact);
    assert_true(change->before.median == 1000000 && change->after.median == 1000001);
    assert_int_equal(kind_of(&sides, "semispace", GCR_METRIC_PEAK), GCR_CHANGE_NONE);
    assert_null(change_of(&sides, "semispace", GCR_METRIC_TIME));
    gcr_difference_finish(&sides.found);
    struct gcr_error err = {""};
    sides.rules.counted = 0.01;
    assert_int_equal(gcr_difference_find(sides.of_a, sides.of_b, &sides.rules, &sides.found, &err),
                     GCR_OK);
    assert_int_equal(kind_of(&sides, "semispace", GCR_METRIC_LLC_MISSES), GCR_CHANGE_NONE);
    end(&sides);
}

/* The peak footprint of a timed run repeats in a design without threads; in one that has some, or
 * of which nothing is known, one run on each side leaves it open. */
static void one_byte_is_a_change_where_bytes_repeat(void **unused)
{
    struct study_run run = steady;
    struct sides sides;
    (void)unused;
    begin(&sides);
    for (unsigned side = 0; side < 2; side++) {
        struct study_kit *kit = side == 0 ? &sides.a : &sides.b;
        run.peak_bytes = (1 << 20) - side; /* less is better */
        run.design = "semispace";
        add_steady_counts(kit, &run);
        run.peak_bytes = side == 0 ? 1 << 20 : 2 << 20;
        run.design = "buffered-refcount";
        study_kit_run(kit, &run);
    }
    must_find(&sides);
    assert_int_equal(kind_of(&sides, "semispace", GCR_METRIC_PEAK), GCR_CHANGE_BETTER);
    assert_int_equal(kind_of(&sides, "buffered-refcount", GCR_METRIC_PEAK), GCR_CHANGE_UNSURE);
    end(&sides);
}

/* ---- nothing, and something ---- */

static void from_nothing_to_something(void **unused)
{
    static const struct {
        const char *design;
        uint64_t a[4], b[4]; /* collector_ns + 1; 0 ends */
        enum gcr_change_kind kind;
    } cases[] = {{"now", {1, 1, 1}, {6, 7, 8}, GCR_CHANGE_WORSE},
                 {"once", {1}, {6}, GCR_CHANGE_UNSURE},
                 {"mixed", {1, 1, 9}, {6, 7, 8}, GCR_CHANGE_UNSURE},
                 {"never", {1, 1, 1}, {1, 1, 1}, GCR_CHANGE_NONE},
                 {"no-more", {6, 7, 8}, {1, 1, 1}, GCR_CHANGE_BETTER}};
    struct sides sides;
    (void)unused;
    begin(&sides);
    for (size_t i = 0; i < COUNT(cases); i++)
        for (unsigned side = 0; side < 2; side++) {
            const uint64_t *values = side == 0 ? cases[i].a : cases[i].b;
            for (unsigned k = 0; values[k] != 0; k++) {
                struct study_run run = steady;
                run.design = cases[i].design;
                run.invocation = k + 1;
                run.collector_ns = values[k] - 1;
                study_kit_run(side == 0 ? &sides.a : &sides.b, &run);
            }
        }
    must_find(&sides);
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(gcr_change_name[kind_of(&sides, cases[i].design, GCR_METRIC_COLLECTOR)],
                            gcr_change_name[cases[i].kind]);
    end(&sides);
}

/* ---- outcomes ---- */

static void add_outcomes(struct study_kit *kit, const char *design, const char *outcomes)
{
    for (unsigned i = 0; outcomes[i] != '\0'; i++) {
        struct study_run run = steady;
        run.design = design;
        run.invocation = i + 1;
        run.mutator_ns = 1000;
        run.outcome = outcomes[i] == 'o' ? NULL : outcomes[i] == 'h' ? "heap_exhausted" : "crashed";
        study_kit_run(kit, &run);
    }
}

static void outcomes_are_figures_too(void **unused)
{
    static const struct {
        const char *design, *a, *b;
        enum gcr_change_kind kind;
    } cases[] = {
        {"stops", "ooo", "hhh", GCR_CHANGE_WORSE},   {"flakes", "ooo", "oco", GCR_CHANGE_WORSE},
        {"works", "hhh", "ooo", GCR_CHANGE_BETTER},  {"heals", "oco", "ooo", GCR_CHANGE_BETTER},
        {"begins", "hhh", "hho", GCR_CHANGE_BETTER}, {"gives-up", "oco", "ccc", GCR_CHANGE_WORSE},
        {"same", "hhh", "hhh", GCR_CHANGE_NONE},     {"other", "hhh", "ccc", GCR_CHANGE_DIFFERENT},
        {"chance", "cco", "ooc", GCR_CHANGE_UNSURE}, {"good", "ooo", "oo", GCR_CHANGE_NONE},
    };
    struct sides sides;
    (void)unused;
    begin(&sides);
    for (size_t i = 0; i < COUNT(cases); i++) {
        add_outcomes(&sides.a, cases[i].design, cases[i].a);
        add_outcomes(&sides.b, cases[i].design, cases[i].b);
    }
    must_find(&sides);
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(gcr_change_name[kind_of(&sides, cases[i].design, GCR_METRIC_COUNT)],
                            gcr_change_name[cases[i].kind]);
    const struct gcr_change *stops = change_of(&sides, "stops", GCR_METRIC_COUNT);
    assert_string_equal(stops->outcome_a, "ok");
    assert_string_equal(stops->outcome_b, "heap_exhausted");
    assert_int_equal(kind_of(&sides, "stops", GCR_METRIC_MUTATOR), GCR_CHANGE_UNKNOWN);
    assert_null(change_of(&sides, "same", GCR_METRIC_MUTATOR));
    end(&sides);
}

/* ---- pairs ---- */

static void configurations_on_one_side_are_listed(void **unused)
{
    struct study_run run = steady;
    struct sides sides;
    (void)unused;
    begin(&sides);
    study_kit_run(&sides.a, &run);
    study_kit_run(&sides.b, &run);
    run.heap = "3x";
    study_kit_run(&sides.a, &run);
    run.heap = "2x";
    run.mode = GCR_STUDY_CACHE;
    study_kit_run(&sides.b, &run);
    must_find(&sides);
    assert_int_equal(sides.found.pair_count, 1);
    assert_int_equal(sides.found.only_a_count, 1);
    assert_string_equal(sides.found.only_a[0]->heap, "3x");
    assert_int_equal(sides.found.only_b_count, 1);
    assert_int_equal(sides.found.only_b[0]->mode, GCR_STUDY_CACHE);
    end(&sides);
}

static void nothing_in_common_is_wrong_use(void **unused)
{
    struct study_run run = steady;
    struct gcr_error err = {""};
    struct sides sides;
    (void)unused;
    begin(&sides);
    study_kit_run(&sides.a, &run);
    run.trace = "other";
    study_kit_run(&sides.b, &run);
    assert_int_equal(find(&sides, &err), GCR_USAGE);
    assert_non_null(strstr(err.text, "in common"));
    end(&sides);
}

/* ---- warnings ---- */

static bool has_warning(const json_t *warnings, const char *text)
{
    size_t i;
    json_t *warning;
    json_array_foreach(warnings, i,
                       warning) if (strstr(json_string_value(warning), text) != NULL) return true;
    return false;
}

/* A single result on a machine, of a trace, with an option. */
static struct gcr_dataset *single(const struct study_kit *kit, const struct study_run *run,
                                  const char *digest, const char *kernel, const char *nursery)
{
    struct gcr_dataset *dataset = NULL;
    struct gcr_error err = {""};
    json_t *document = study_kit_result(run);
    json_object_set_new(json_object_get(document, "trace"), "digest", json_string(digest));
    json_object_set_new(document, "machine", json_pack("{s:s, s:i}", "kernel", kernel, "cores", 2));
    json_object_set_new(document, "options", json_pack("{s:s}", "nursery", nursery));
    study_kit_write_json(kit, "single.json", document);
    json_decref(document);
    assert_int_equal(gcr_dataset_open(study_kit_path(kit, "single.json"), &dataset, &err), GCR_OK);
    return dataset;
}

static void single_results_are_a_pair_with_warnings(void **unused)
{
    struct sides sides;
    struct study_run run = steady;
    struct gcr_error err = {""};
    (void)unused;
    begin(&sides);
    run.mutator_ns = 1000;
    sides.of_a = single(&sides.a, &run, "aaaa", "6.1", "1M");
    sides.of_b = single(&sides.b, &run, "bbbb", "6.5", "2M");
    assert_int_equal(gcr_difference_find(sides.of_a, sides.of_b, &sides.rules, &sides.found, &err),
                     GCR_OK);
    json_t *warnings = gcr_difference_warnings(&sides.found);
    assert_int_equal(json_array_size(warnings), 3);
    assert_true(has_warning(warnings, "not the same recording: digest aaaa in A, bbbb in B"));
    assert_true(has_warning(warnings, "machine: kernel: 6.1 in A, 6.5 in B"));
    assert_true(has_warning(warnings, "semispace: option: nursery: 1M in A, 2M in B"));
    json_decref(warnings);
    gcr_difference_finish(&sides.found);
    gcr_dataset_close(sides.of_b);
    run.design = "epsilon";
    sides.of_b = single(&sides.b, &run, "aaaa", "6.1", "2M");
    assert_int_equal(gcr_difference_find(sides.of_a, sides.of_b, &sides.rules, &sides.found, &err),
                     GCR_OK);
    assert_int_equal(sides.found.pair_count, 1);
    warnings = gcr_difference_warnings(&sides.found);
    assert_int_equal(json_array_size(warnings), 1); /* options of other designs are not held */
    assert_true(has_warning(warnings, "not the same design: semispace in A, epsilon in B"));
    json_decref(warnings);
    end(&sides);
}

static void unfinished_studies_are_warned_of(void **unused)
{
    struct study_run run = steady;
    struct sides sides;
    (void)unused;
    begin(&sides);
    study_kit_run(&sides.a, &run);
    study_kit_run(&sides.b, &run);
    run.invocation = 2;
    study_kit_job(&sides.b, &run);
    must_find(&sides);
    json_t *warnings = gcr_difference_warnings(&sides.found);
    assert_int_equal(json_array_size(warnings), 1);
    assert_true(has_warning(warnings, "B is not complete: 1 jobs have no result yet"));
    json_decref(warnings);
    end(&sides);
}

/* ---- the document ---- */

static void the_document_has_every_figure(void **unused)
{
    static const unsigned before[] = {100, 101, 99, 0}, after[] = {120, 121, 119, 0};
    struct sides sides;
    (void)unused;
    begin(&sides);
    add_times(&sides.a, "semispace", before);
    add_times(&sides.b, "semispace", after);
    must_find(&sides);
    json_t *warnings = gcr_difference_warnings(&sides.found);
    json_t *document = gcr_difference_json(&sides.found, &sides.rules, warnings);
    const json_t *changes = json_object_get(document, "changes");
    assert_string_equal(json_string_value(json_object_get(document, "schema")), "gcreplay-diff-1");
    assert_int_equal(json_array_size(changes), sides.found.count);
    const json_t *first = json_array_get(changes, 0);
    assert_string_equal(json_string_value(json_object_get(first, "change")), "worse");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(first, "a"), "runs")), 3);
    assert_true(json_real_value(json_object_get(first, "ratio_low")) > 1.15);
    json_decref(document);
    json_decref(warnings);
    end(&sides);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measured_figures_change_beyond_interval_and_threshold),
        cmocka_unit_test(a_threshold_is_exceeded_or_not),
        cmocka_unit_test(the_greatest_change_comes_first),
        cmocka_unit_test(more_may_be_better_or_neither),
        cmocka_unit_test(one_more_miss_is_a_change),
        cmocka_unit_test(one_byte_is_a_change_where_bytes_repeat),
        cmocka_unit_test(from_nothing_to_something),
        cmocka_unit_test(outcomes_are_figures_too),
        cmocka_unit_test(configurations_on_one_side_are_listed),
        cmocka_unit_test(nothing_in_common_is_wrong_use),
        cmocka_unit_test(single_results_are_a_pair_with_warnings),
        cmocka_unit_test(unfinished_studies_are_warned_of),
        cmocka_unit_test(the_document_has_every_figure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
