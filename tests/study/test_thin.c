/* Thinning: what is kept of series with known peaks, and of the largest with ties at the limit. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "sim/study/thin.h"

#define ASSERT_KEPT(n, ...)                                                                        \
    do {                                                                                           \
        const size_t expected_[] = {__VA_ARGS__};                                                  \
        assert_int_equal(n, GCR_COUNT_OF(expected_));                                              \
        assert_memory_equal(kept, expected_, sizeof expected_);                                    \
    } while (0)

static void short_series_stay_whole(void **state)
{
    const double values[] = {3, 1, 2};
    size_t kept[8];
    (void)state;
    assert_int_equal(gcr_thin_to_maxima(values, 0, 4, kept), 0);
    assert_int_equal(gcr_thin_to_largest(values, 0, 4, kept), 0);
    ASSERT_KEPT(gcr_thin_to_maxima(values, 1, 2, kept), 0);
    ASSERT_KEPT(gcr_thin_to_maxima(values, 3, 3, kept), 0, 1, 2);
    ASSERT_KEPT(gcr_thin_to_largest(values, 3, 3, kept), 0, 1, 2);
    ASSERT_KEPT(gcr_thin_to_largest(values, 3, 1, kept), 0);
    assert_int_equal(gcr_thin_to_largest(values, 3, 0, kept), 0);
}

static void ends_and_peaks_are_kept(void **state)
{
    /* Between the ends stretches of 3, 3, 4: their largest are 2, 5 (the first of two), 9. */
    const double values[] = {9, 1, 5, 4, 2, 7, 7, 0, 1, 8, 2, 3};
    const double unknown[] = {1, (double)NAN, (double)NAN, 2, (double)NAN, 1};
    size_t kept[8];
    (void)state;
    ASSERT_KEPT(gcr_thin_to_maxima(values, 12, 5, kept), 0, 2, 5, 9, 11);
    ASSERT_KEPT(gcr_thin_to_maxima(values, 12, 2, kept), 0, 11);
    ASSERT_KEPT(gcr_thin_to_maxima(unknown, 6, 4, kept), 0, 1, 3, 5);
}

static void no_length_loses_its_peak(void **state)
{
    size_t kept[400];
    (void)state;
    for (size_t count = 401; count < 9000; count += 37) {
        double *values = calloc(count, sizeof *values);
        assert_non_null(values);
        size_t peak = count * 7 / 11;
        values[peak] = 1;
        size_t n = gcr_thin_to_maxima(values, count, 400, kept), found = 0;
        assert_int_equal(n, 400);
        for (size_t i = 0; i < n; i++) {
            found += kept[i] == peak;
            assert_true(i == 0 || kept[i] > kept[i - 1]);
        }
        assert_int_equal(found, 1);
        assert_int_equal(kept[n - 1], count - 1);
        free(values);
    }
}

static void the_largest_are_kept_in_their_order(void **state)
{
    const double values[] = {5, 1, 9, 5, (double)NAN, 7, 5, 2};
    size_t kept[8];
    (void)state;
    ASSERT_KEPT(gcr_thin_to_largest(values, 8, 4, kept), 0, 2, 3, 5);
    ASSERT_KEPT(gcr_thin_to_largest(values, 8, 7, kept), 0, 1, 2, 3, 5, 6, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_series_stay_whole),
        cmocka_unit_test(ends_and_peaks_are_kept),
        cmocka_unit_test(no_length_loses_its_peak),
        cmocka_unit_test(the_largest_are_kept_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
