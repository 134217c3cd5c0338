/* Copy-on-write over lanes: which epochs there are, and the series of points within them. The
 * figures are the kernel's; where it refuses, its reason takes their place, and is seen to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/replay/script.h"

static const struct script_run followed = {.cow = true};

static void assert_figures_or_a_reason(const struct gcr_cow_epoch *epoch)
{
    if (!epoch->of_kernel) {
        assert_true(strlen(epoch->refusal) > 0);
        assert_int_equal(epoch->end.kernel_shared, 0);
        return;
    }
    assert_string_equal(epoch->refusal, "");
    assert_true(epoch->end.kernel_shared + epoch->end.kernel_dropped > 0);
    assert_true(epoch->end.kernel_copied <= epoch->end.kernel_shared);
    assert_true(epoch->end.kernel_dropped_copied <= epoch->end.kernel_dropped);
}

static void assert_epoch(const struct gcr_lane_result *lane, size_t i, uint64_t event,
                         uint32_t other, bool is_born)
{
    const struct gcr_cow_epoch *epoch = &lane->cow[i];

    assert_true(i < lane->cow_count);
    assert_int_equal(epoch->event, event);
    assert_int_equal(epoch->lane, other);
    assert_int_equal(epoch->is_born, is_born);
    assert_false(epoch->of_model);
    assert_figures_or_a_reason(epoch);
}

/* A page that has been copied stays so, or is given back. */
static uint64_t copies(const struct gcr_cow_point *point)
{
    return point->kernel_copied + point->kernel_dropped_copied;
}

/* In order of events, and never fewer copies. */
static void assert_series(const struct gcr_lane_result *lane)
{
    size_t seen = 0;

    for (size_t i = 0; i < lane->cow_count; i++) {
        const struct gcr_cow_epoch *epoch = &lane->cow[i];
        const struct gcr_cow_point *points = lane->cow_points + epoch->first_point;

        assert_int_equal(epoch->first_point, seen);
        assert_true(epoch->point_count <= 256);
        seen += epoch->point_count;
        if (!epoch->of_kernel)
            continue;
        assert_true(epoch->point_count >= 1);
        assert_int_equal(points[0].kernel_copied, 0);
        for (size_t k = 1; k < epoch->point_count; k++) {
            assert_true(points[k].event >= points[k - 1].event);
            assert_true(copies(&points[k]) >= copies(&points[k - 1]));
        }
        assert_true(points[epoch->point_count - 1].event <= epoch->end.event);
        assert_true(copies(&points[epoch->point_count - 1]) <= copies(&epoch->end));
    }
    assert_int_equal(seen, lane->cow_point_count);
}

/* 0 forks 2 and, later, 1, which forks 3. */
static void every_fork_begins_an_epoch_on_both_sides(void **unused)
{
    struct script script;
    struct gcr_result result;
    uint64_t first, second;

    (void)unused;
    script_init(&script, 4);
    script_list(&script, 900);
    first = script.count[0];
    script_fork(&script, 0, 2);
    script_churn(&script, 0, 1000, 500);
    second = script.count[0];
    script_fork(&script, 0, 1);
    script_fork(&script, 1, 3);
    for (uint32_t lane = 0; lane < 4; lane++) {
        script_store(&script, lane, 5, 1, 7); /* object 5's page is written in each process */
        script_exit(&script, lane);
    }
    script_replay(&script, &followed, &result);
    assert_string_equal(result.message, "");
    assert_true(result.cow);
    assert_int_equal(result.lanes[0].cow_count, 2);
    assert_epoch(&result.lanes[0], 0, first, 2, false);
    assert_epoch(&result.lanes[0], 1, second, 1, false);
    assert_int_equal(result.lanes[0].cow[0].end.event, second + 1);
    assert_int_equal(result.lanes[0].cow[1].end.event, script.count[0]);
    assert_int_equal(result.lanes[1].cow_count, 2);
    assert_epoch(&result.lanes[1], 0, 0, 0, true);
    assert_epoch(&result.lanes[1], 1, 0, 3, false);
    for (uint32_t lane = 2; lane < 4; lane++) {
        assert_int_equal(result.lanes[lane].cow_count, 1);
        assert_epoch(&result.lanes[lane], 0, 0, lane == 2 ? 0 : 1, true);
        if (result.lanes[lane].cow[0].of_kernel)
            assert_int_equal(result.lanes[lane].cow[0].end.kernel_copied, 1);
    }
    for (size_t i = 0; i < result.lane_count; i++)
        assert_series(&result.lanes[i]);
    gcr_result_finish(&result);
    script_free(&script);
}

static void long_epochs_keep_a_bounded_series(void **unused)
{
    struct script script;
    struct gcr_result result;
    const struct gcr_cow_epoch *epoch;

    (void)unused;
    script_init(&script, 2);
    script_list(&script, 300);
    script_fork(&script, 0, 1);
    script_exit(&script, 0);
    script_churn(&script, 1, 1000, 600000);
    script_exit(&script, 1);
    script_replay(&script, &followed, &result);
    assert_string_equal(result.message, "");
    assert_true(result.lanes[1].pause_count > 600);
    assert_series(&result.lanes[1]);
    epoch = &result.lanes[1].cow[0];
    if (epoch->of_kernel)
        assert_true(epoch->point_count > 100);
    gcr_result_finish(&result);
    script_free(&script);
}

static void nothing_is_followed_unless_asked_for(void **unused)
{
    static const struct script_run plain = {0};
    struct script script;
    struct gcr_result result;

    (void)unused;
    script_init(&script, 2);
    script_list(&script, 10);
    script_fork(&script, 0, 1);
    script_exit(&script, 0);
    script_exit(&script, 1);
    script_replay(&script, &plain, &result);
    assert_false(result.cow);
    assert_int_equal(result.lanes[0].cow_count + result.lanes[1].cow_count, 0);
    gcr_result_finish(&result);
    script_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fork_begins_an_epoch_on_both_sides),
        cmocka_unit_test(long_epochs_keep_a_bounded_series),
        cmocka_unit_test(nothing_is_followed_unless_asked_for),
    };

    return cmocka_run_group_tests_name("unit.cow", tests, NULL, NULL);
}
