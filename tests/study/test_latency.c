/* Percentiles and latencies, against values worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <math.h>

#include "base/compiler.h"
#include "sim/study/latency.h"
#include "sim/study/percentiles.h"

/* To rounding. */
static void assert_close(double found, double expected)
{
    if (fabs(found - expected) > 1e-12 * fmax(1, fabs(expected)))
        fail_msg("%.17g and not %.17g", found, expected);
}

/* ---- percentiles ---- */

static double value_at(const struct gcr_percentile *points, size_t count, double percent)
{
    for (size_t i = 0; i < count; i++)
        if (points[i].percent == percent)
            return points[i].value;
    return -1; /* left out */
}

static double *count_down(size_t count)
{
    double *values = malloc(count * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++)
        values[i] = (double)(count - i);
    return values;
}

/* Of 1 .. n the percentile p is the smallest whole number not below p n / 100. */
static void percentiles_are_ranks(void **unused)
{
    struct gcr_percentile points[GCR_PERCENTILES];
    double *values = count_down(1000);
    size_t count = gcr_percentiles(values, 1000, points);
    (void)unused;
    assert_true(value_at(points, count, 0) == 1);
    assert_true(value_at(points, count, 10) == 100);
    assert_true(value_at(points, count, 50) == 500);
    assert_true(value_at(points, count, 99) == 990);
    assert_true(value_at(points, count, 99.9) == 999);
    assert_true(value_at(points, count, 99.99) == -1);
    assert_true(value_at(points, count, 100) == 1000);
    free(values);
}

static void a_tail_needs_values(void **unused)
{
    static const struct {
        size_t count;
        double has, has_not;
    } cases[] = {{2, 50, 75},          {4, 75, 90},
                 {10, 90, 95},         {20, 95, 99},
                 {99, 95, 99},         {100, 99, 99.9},
                 {999, 99, 99.9},      {1000, 99.9, 99.99},
                 {9999, 99.9, 99.99},  {10000, 99.99, 99.999},
                 {100000, 99.999, 200}};
    struct gcr_percentile points[GCR_PERCENTILES];
    (void)unused;
    for (size_t i = 0; i < GCR_COUNT_OF(cases); i++) {
        double *values = count_down(cases[i].count);
        size_t count = gcr_percentiles(values, cases[i].count, points);
        assert_true(value_at(points, count, cases[i].has) > 0);
        assert_true(value_at(points, count, cases[i].has_not) == -1);
        assert_true(value_at(points, count, 100) == (double)cases[i].count);
        free(values);
    }
}

static void few_values_have_few_percentiles(void **unused)
{
    struct gcr_percentile points[GCR_PERCENTILES];
    double one = 7;
    (void)unused;
    assert_int_equal(gcr_percentiles(NULL, 0, points), 0);
    size_t count = gcr_percentiles(&one, 1, points);
    assert_true(value_at(points, count, 0) == 7 && value_at(points, count, 50) == 7);
    assert_true(value_at(points, count, 75) == -1 && value_at(points, count, 100) == 7);
}

/* ---- latencies ---- */

static void assert_latencies(const double *found, const double *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_close(found[i], expected[i]);
}

/* Evenly spaced requests have arrived when they began, whatever the window. */
static void an_even_load_is_its_own_meter(void **unused)
{
    struct gcr_service requests[10];
    double simple[10], metered[10];
    (void)unused;
    for (size_t i = 0; i < 10; i++)
        requests[i] = (struct gcr_service){.start_ns = 100 * i, .end_ns = 100 * i + 7 * (i + 1)};
    gcr_latency_simple(requests, 10, simple);
    for (size_t i = 0; i < 10; i++)
        assert_true(simple[i] == 7 * (double)(i + 1));
    static const uint64_t windows[] = {1, 50, 300, 1000, GCR_LATENCY_FULL};
    for (size_t w = 0; w < GCR_COUNT_OF(windows); w++) {
        gcr_latency_metered(requests, 10, windows[w], metered);
        assert_latencies(metered, simple, 10);
    }
}

/* A pause of 100 before the third request: five requests at 0, 10, 120, 130, 140, each of 5. Spread
 * over 0 .. 140 they come every 35: the third came at 70 and has waited 50; the second would have
 * come at 35, but is there at 10. */
static void a_full_window_spreads_arrivals_over_the_run(void **unused)
{
    const struct gcr_service requests[] = {{0, 5}, {10, 15}, {120, 125}, {130, 135}, {140, 145}};
    const double expected[] = {5, 5, 55, 30, 5};
    double found[5];
    (void)unused;
    gcr_latency_metered(requests, 5, GCR_LATENCY_FULL, found);
    assert_latencies(found, expected, 5);
    /* So does a window of twice the run. */
    gcr_latency_metered(requests, 5, 280, found);
    assert_latencies(found, expected, 5);
}

/* A window of 40: from 20 before to the first at 20 after or more.
 * 0:   0 .. 120 (the first at 20 or more), place 0 of 2: 0.
 * 10:  0 .. 120, place 1 of 2: 60, later than 10.
 * 120: 120 .. 140, place 0.
 * 130: 120 .. 140 (the last), place 1 of 2: 130.
 * 140: 120 .. 140, place 2 of 2: 140. */
static void a_short_window_forgives_a_long_pause(void **unused)
{
    const struct gcr_service requests[] = {{0, 5}, {10, 15}, {120, 125}, {130, 135}, {140, 145}};
    const double expected[] = {5, 5, 5, 5, 5};
    double found[5];
    (void)unused;
    gcr_latency_metered(requests, 5, 40, found);
    assert_latencies(found, expected, 5);
}

/* A window of 220: 110 to either side.
 * 0:   0 .. 120, place 0: 0.
 * 10:  0 .. 120, place 1 of 2: 60, later than 10.
 * 120: from 10 (the first at 10 or more) to 140 (the last): place 1 of 3: 10 + 130/3 = 53.33.
 * 130: from 120: place 1 of 2: 130.
 * 140: from 120: place 2 of 2: 140. */
static void a_window_sees_as_far_as_half_its_length(void **unused)
{
    const struct gcr_service requests[] = {{0, 5}, {10, 15}, {120, 125}, {130, 135}, {140, 145}};
    const double expected[] = {5, 5, 125 - (10 + 130.0 / 3), 5, 5};
    double found[5];
    (void)unused;
    gcr_latency_metered(requests, 5, 220, found);
    assert_latencies(found, expected, 5);
}

static void requests_alone_and_at_once_are_served(void **unused)
{
    struct gcr_service one = {50, 80}, same[] = {{10, 40}, {10, 20}, {10, 30}};
    const double expected[] = {10, 20, 30};
    double found[3];
    (void)unused;
    gcr_latency_metered(&one, 1, GCR_LATENCY_FULL, found);
    assert_true(found[0] == 30);
    gcr_latency_sort(same, 3);
    gcr_latency_metered(same, 3, 1000, found);
    assert_latencies(found, expected, 3);
    gcr_latency_sort(NULL, 0);
    gcr_latency_metered(NULL, 0, 1000, found);
}

/* Metered latency is never less than simple latency, and the kinds are what the tables call them.
 */
static void metered_is_never_less_than_simple(void **unused)
{
    enum { COUNT = 500 };
    struct gcr_service requests[COUNT];
    double simple[COUNT], metered[COUNT];
    uint64_t at = 0, seed = 5;
    (void)unused;
    for (size_t i = 0; i < COUNT; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        at += (seed >> 40) % 40000 == 0 ? 90000000 : (seed >> 40) % 900000;
        requests[i] = (struct gcr_service){.start_ns = at, .end_ns = at + (seed >> 50) % 7000};
    }
    gcr_latency_sort(requests, COUNT);
    gcr_latency_simple(requests, COUNT, simple);
    assert_string_equal(gcr_latency_kinds[0].name, "simple");
    for (size_t k = 1; k < GCR_LATENCY_KINDS; k++) {
        gcr_latency_metered(requests, COUNT, gcr_latency_kinds[k].window_ns, metered);
        for (size_t i = 0; i < COUNT; i++)
            assert_true(metered[i] >= simple[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_ranks),
        cmocka_unit_test(a_tail_needs_values),
        cmocka_unit_test(few_values_have_few_percentiles),
        cmocka_unit_test(an_even_load_is_its_own_meter),
        cmocka_unit_test(a_full_window_spreads_arrivals_over_the_run),
        cmocka_unit_test(a_short_window_forgives_a_long_pause),
        cmocka_unit_test(a_window_sees_as_far_as_half_its_length),
        cmocka_unit_test(requests_alone_and_at_once_are_served),
        cmocka_unit_test(metered_is_never_less_than_simple),
    };
    return cmocka_run_group_tests_name("unit.latency", tests, NULL, NULL);
}
