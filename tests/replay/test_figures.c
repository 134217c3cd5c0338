/* Clock, pauses, footprint series, percentiles: the arithmetic behind the figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/measure/clock.h"
#include "sim/measure/footprint.h"
#include "sim/measure/machine.h"
#include "sim/measure/pauses.h"
#include "sim/measure/phases.h"

static void clock_counts_only_while_it_runs(void **unused)
{
    struct gcr_clock clock = {0};

    (void)unused;
    gcr_clock_start(&clock, 1000);
    assert_int_equal(gcr_clock_stop(&clock, 1400), 400);
    assert_int_equal(gcr_clock_stop(&clock, 9000), 400); /* stopping twice changes nothing */
    gcr_clock_start(&clock, 10000);
    assert_int_equal(gcr_clock_stop(&clock, 10001), 401);
}

static void monotonic_time_does_not_go_back(void **unused)
{
    uint64_t first = gcr_monotonic_ns();

    (void)unused;
    assert_true(gcr_monotonic_ns() >= first);
}

static void phases_take_the_time_that_passed_in_them(void **unused)
{
    struct gcr_phases phases = {0};

    (void)unused;
    gcr_phases_change(&phases, 100, GCR_PHASE_SWEEP); /* the mutator's first 100 are not booked */
    gcr_phases_begin_pause(&phases, 130);             /* in the middle of the bracket */
    gcr_phases_change(&phases, 132, GCR_PHASE_MARK);  /* 2 before the first name */
    gcr_phases_change(&phases, 142, GCR_PHASE_COPY);
    gcr_phases_change(&phases, 147, GCR_PHASE_MARK);
    gcr_phases_end_pause(&phases, 150);
    gcr_phases_change(&phases, 151, GCR_PHASE_MUTATOR); /* the bracket goes on, then ends */
    gcr_phases_begin_pause(&phases, 200);
    gcr_phases_end_pause(&phases, 207);
    gcr_phases_begin_pause(&phases, 300);
    gcr_phases_change(&phases, 300, GCR_PHASE_SWEEP);
    gcr_phases_end_pause(&phases, 301);
    assert_int_equal(phases.pause_ns[GCR_PHASE_MARK], 13);
    assert_int_equal(phases.pause_ns[GCR_PHASE_COPY], 5);
    assert_int_equal(phases.pause_ns[GCR_PHASE_SWEEP], 1);
    assert_int_equal(phases.pause_ns[GCR_PHASE_MUTATOR], 2 + 7);
    assert_int_equal(phases.bracket_ns[GCR_PHASE_SWEEP], 31);
    assert_int_equal(gcr_phases_bracketed_ns(&phases), 31);
}

static void helpers_use_cpu_time_and_a_single_thread_has_none(void **unused)
{
    uint64_t before = gcr_process_cpu_ns() - gcr_thread_cpu_ns();
    uint64_t start = gcr_thread_cpu_ns();

    (void)unused;
    while (gcr_thread_cpu_ns() - start < 2000000)
        ;
    assert_true(gcr_process_cpu_ns() >= gcr_thread_cpu_ns() - 1000000);
    assert_in_range(gcr_process_cpu_ns() - gcr_thread_cpu_ns() - before + 1000000, 0, 2000000);
}

static void design_figures_add_up_or_keep_the_largest(void **unused)
{
    struct gcr_design_figure sum[] = {{"a", "objects", 3, GCR_DESIGN_SUM},
                                      {"b", "bytes", 7, GCR_DESIGN_MAX}};
    struct gcr_design_figure part[] = {{"a", "objects", 4, GCR_DESIGN_SUM},
                                       {"b", "bytes", 5, GCR_DESIGN_MAX}};
    struct gcr_lane_result lane = {.design = part, .design_count = 2}, failed = {0};

    (void)unused;
    gcr_design_figures_add(sum, 2, &lane);
    gcr_design_figures_add(sum, 2, &failed);
    assert_true(sum[0].value == 7 && sum[1].value == 7);
    part[1].value = 9;
    gcr_design_figures_add(sum, 2, &lane);
    assert_true(sum[0].value == 11 && sum[1].value == 9);
}

static void pauses_are_listed_exactly(void **unused)
{
    struct gcr_pauses pauses = {0};
    struct gcr_lane_result result = {0};
    const struct gcr_collection minor = {.reason = GCR_REASON_ALLOCATION,
                                         .generation = 1,
                                         .collected = 3,
                                         .freed = 4,
                                         .survivors = 12,
                                         .uncollectable = 1};
    const struct gcr_collection full = {
        .reason = GCR_REASON_EXPLICIT, .generation = 2, .full = true};
    const struct gcr_pause *list;

    (void)unused;
    gcr_pauses_begin(&pauses, 100, 7, 4096);
    gcr_pauses_end(&pauses, 150, 8192, &minor);
    gcr_pauses_begin(&pauses, 500, 9, 8192);
    gcr_pauses_end(&pauses, 501, 4096, &full);
    list = gcr_pauses_list(&pauses);
    assert_int_equal(pauses.count, 2);
    assert_int_equal(list[0].start_ns, 100);
    assert_int_equal(list[0].length_ns, 50);
    assert_int_equal(list[0].event, 7);
    assert_int_equal(list[0].collected, 3);
    assert_int_equal(list[0].freed, 4);
    assert_int_equal(list[0].survivors, 12);
    assert_int_equal(list[0].uncollectable, 1);
    assert_int_equal(list[0].before_bytes, 4096);
    assert_int_equal(list[0].after_bytes, 8192);
    assert_false(list[0].full);
    assert_true(list[1].full);
    gcr_pauses_summarise(&pauses, &result);
    assert_int_equal(result.collector_ns, 51);
    assert_int_equal(result.collections_by_generation[1], 1);
    assert_int_equal(result.collections_by_generation[2], 1);
    assert_int_equal(result.collections_by_reason[GCR_REASON_EXPLICIT], 1);
    gcr_pauses_reset(&pauses);
    assert_int_equal(pauses.count, 0);
    gcr_pauses_free(&pauses);
}

static void many_pauses_are_all_kept(void **unused)
{
    struct gcr_pauses pauses = {0};
    const struct gcr_collection done = {.reason = GCR_REASON_ALLOCATION};

    (void)unused;
    for (uint64_t i = 0; i < 100000; i++) {
        gcr_pauses_begin(&pauses, i * 10, i, 0);
        gcr_pauses_end(&pauses, i * 10 + i % 7, 0, &done);
    }
    assert_int_equal(pauses.count, 100000);
    for (uint64_t i = 0; i < 100000; i++) {
        assert_int_equal(gcr_pauses_list(&pauses)[i].event, i);
        assert_int_equal(gcr_pauses_list(&pauses)[i].length_ns, i % 7);
    }
    gcr_pauses_free(&pauses);
}

/* The split that the tests' points have: the object bytes are handed in. */
static void split_objects(void *arg, struct gcr_footprint *out)
{
    *out = (struct gcr_footprint){.objects_bytes = *(uint64_t *)arg};
}

static void add(struct gcr_footprint_series *series, uint64_t clock_ns, uint64_t event,
                uint64_t bytes)
{
    gcr_footprint_add(series, clock_ns, event, bytes, split_objects, &bytes);
}

static void mean_weighs_each_value_by_its_time(void **unused)
{
    struct gcr_footprint_series series = {0};

    (void)unused;
    add(&series, 0, 0, 100);
    assert_int_equal(gcr_footprint_mean(&series), 100); /* no time has passed */
    add(&series, 10, 1, 400);                           /* 100 for 10 ns */
    add(&series, 40, 2, 200);                           /* 400 for 30 ns */
    add(&series, 100, 3, 0);                            /* 200 for 60 ns */
    assert_int_equal(gcr_footprint_mean(&series), (100 * 10 + 400 * 30 + 200 * 60) / 100);
    gcr_footprint_free(&series);
}

static void series_keeps_every_peak_when_it_thins(void **unused)
{
    enum { POINTS = 300000, PEAK_AT = 123457 };
    struct gcr_footprint_series series = {0};
    const struct gcr_footprint_sample *list;
    uint64_t highest = 0, objects = 0;

    (void)unused;
    for (uint64_t i = 0; i < POINTS; i++)
        add(&series, i, i, i == PEAK_AT ? 1000000 : 1000 + i % 10);
    list = gcr_footprint_list(&series);
    assert_in_range(series.count, GCR_FOOTPRINT_SAMPLES / 2, GCR_FOOTPRINT_SAMPLES);
    for (size_t i = 0; i < series.count; i++) {
        if (i > 0)
            assert_true(list[i].clock_ns > list[i - 1].clock_ns);
        if (list[i].footprint_bytes > highest) {
            highest = list[i].footprint_bytes;
            objects = list[i].by_kind.objects_bytes;
            assert_int_equal(list[i].event, highest == 1000000 ? PEAK_AT : list[i].event);
        }
    }
    assert_int_equal(highest, 1000000);
    assert_int_equal(objects, 1000000);
    assert_int_equal(series.peak.event, PEAK_AT);
    assert_int_equal(series.peak.by_kind.objects_bytes, 1000000);
    gcr_footprint_free(&series);
}

static void live_bytes_reach_the_points_of_their_moment(void **unused)
{
    struct gcr_footprint_series series = {0};
    const struct gcr_footprint_sample *list;

    (void)unused;
    add(&series, 0, 0, 10);
    add(&series, 1, 5, 30);
    add(&series, 2, 9, 20);
    assert_int_equal(gcr_footprint_next_unlabelled(&series), 0);
    gcr_footprint_label_live(&series, 0, 111);
    assert_int_equal(gcr_footprint_next_unlabelled(&series), 5);
    gcr_footprint_label_live(&series, 5, 222);
    gcr_footprint_label_live(&series, 9, 333);
    assert_int_equal(gcr_footprint_next_unlabelled(&series), UINT64_MAX);
    list = gcr_footprint_list(&series);
    assert_int_equal(list[0].live_bytes, 111);
    assert_int_equal(list[1].live_bytes, 222);
    assert_int_equal(list[2].live_bytes, 333);
    assert_int_equal(series.peak.live_bytes, 222);
    gcr_footprint_free(&series);
}

/* Labelled in steps that do not agree with the groups: each sample must have its own moment's
 * value. */
static void live_bytes_survive_thinning(void **unused)
{
    struct gcr_footprint_series series = {0};
    const struct gcr_footprint_sample *list;

    (void)unused;
    for (uint64_t i = 0; i < 50000; i++) {
        add(&series, i, i, (i * 2654435761u) % 100003);
        if (i % 17 == 0)
            while (gcr_footprint_next_unlabelled(&series) <= i) {
                uint64_t next = gcr_footprint_next_unlabelled(&series);
                gcr_footprint_label_live(&series, next, next * 3);
            }
    }
    while (gcr_footprint_next_unlabelled(&series) != UINT64_MAX) {
        uint64_t next = gcr_footprint_next_unlabelled(&series);
        gcr_footprint_label_live(&series, next, next * 3);
    }
    list = gcr_footprint_list(&series);
    for (size_t i = 0; i < series.count; i++)
        assert_int_equal(list[i].live_bytes, list[i].event * 3);
    gcr_footprint_free(&series);
}

static void percentiles_are_by_nearest_rank(void **unused)
{
    uint64_t values[] = {50, 10, 40, 20, 30};
    uint64_t hundred[100];

    (void)unused;
    assert_int_equal(gcr_percentile_ns(values, 5, 50), 30);
    assert_int_equal(gcr_percentile_ns(values, 5, 20), 10);
    assert_int_equal(gcr_percentile_ns(values, 5, 21), 20);
    assert_int_equal(gcr_percentile_ns(values, 5, 99), 50);
    assert_int_equal(gcr_percentile_ns(values, 5, 0), 10);
    assert_int_equal(gcr_percentile_ns(values, 5, 100), 50);
    assert_int_equal(gcr_percentile_ns(values, 0, 50), 0);
    for (uint64_t i = 0; i < 100; i++)
        hundred[i] = 100 - i;
    assert_int_equal(gcr_percentile_ns(hundred, 100, 99), 99);
    assert_int_equal(gcr_percentile_ns(hundred, 100, 50), 50);
}

static void percentiles_range_over_all_lanes(void **unused)
{
    struct gcr_pause first[] = {{.length_ns = 5}, {.length_ns = 1}}, second[] = {{.length_ns = 3}};
    struct gcr_lane_result lanes[] = {{.pauses = first, .pause_count = 2},
                                      {.pauses = second, .pause_count = 1}};
    const struct gcr_result result = {.lanes = lanes, .lane_count = 2};

    (void)unused;
    assert_int_equal(gcr_result_pause_count(&result), 3);
    assert_int_equal(gcr_result_pause_percentile(&result, 50), 3);
    assert_int_equal(gcr_result_pause_percentile(&result, 100), 5);
}

static void growable_memory_keeps_its_content(void **unused)
{
    struct gcr_growable memory = {0};

    (void)unused;
    assert_true(gcr_growable_reserve(&memory, 10));
    memcpy(memory.base, "gcreplay", 9);
    assert_true(gcr_growable_reserve(&memory, (size_t)1 << 30));
    assert_string_equal(memory.base, "gcreplay");
    assert_int_equal(((char *)memory.base)[((size_t)1 << 30) - 1], 0);
    assert_false(gcr_growable_reserve(&memory, SIZE_MAX));
    assert_string_equal(memory.base, "gcreplay");
    gcr_growable_free(&memory);
    assert_null(memory.base);
}

static void machine_is_described(void **unused)
{
    struct gcr_machine machine;

    (void)unused;
    gcr_machine_read(&machine);
    assert_true(machine.cores > 0);
    assert_true(machine.memory_bytes > 1 << 20);
    assert_true(strncmp(machine.kernel, "Linux", 5) == 0);
}

static void resident_peak_follows_touched_memory(void **unused)
{
    const size_t bytes = 32 << 20;
    uint64_t before = gcr_rss_peak_bytes();
    char *memory = malloc(bytes);

    (void)unused;
    assert_non_null(memory);
    memset(memory, 1, bytes);
    assert_true(gcr_rss_peak_bytes() >= before + bytes / 2);
    assert_int_equal(memory[bytes / 2], 1);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_counts_only_while_it_runs),
        cmocka_unit_test(monotonic_time_does_not_go_back),
        cmocka_unit_test(phases_take_the_time_that_passed_in_them),
        cmocka_unit_test(helpers_use_cpu_time_and_a_single_thread_has_none),
        cmocka_unit_test(design_figures_add_up_or_keep_the_largest),
        cmocka_unit_test(pauses_are_listed_exactly),
        cmocka_unit_test(many_pauses_are_all_kept),
        cmocka_unit_test(mean_weighs_each_value_by_its_time),
        cmocka_unit_test(series_keeps_every_peak_when_it_thins),
        cmocka_unit_test(live_bytes_reach_the_points_of_their_moment),
        cmocka_unit_test(live_bytes_survive_thinning),
        cmocka_unit_test(percentiles_are_by_nearest_rank),
        cmocka_unit_test(percentiles_range_over_all_lanes),
        cmocka_unit_test(growable_memory_keeps_its_content),
        cmocka_unit_test(machine_is_described),
        cmocka_unit_test(resident_peak_follows_touched_memory),
    };

    return cmocka_run_group_tests_name("unit.figures", tests, NULL, NULL);
}
