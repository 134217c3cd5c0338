/* MMU and BMU: closed forms, and every window of small runs tried one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <math.h>

#include "base/compiler.h"
#include "sim/study/mutator_utilisation.h"

/* To rounding. */
static void assert_close(double found, double expected)
{
    if (fabs(found - expected) > 1e-12 * fmax(1, fabs(expected)))
        fail_msg("%.17g and not %.17g", found, expected);
}

static struct gcr_utilisation run_of(const struct gcr_stop_span *pauses, size_t count,
                                     uint64_t total_ns)
{
    struct gcr_utilisation run;
    assert_true(gcr_utilisation_init(&run, pauses, count, total_ns));
    return run;
}

static void without_pauses_all_is_the_mutators(void **unused)
{
    struct gcr_utilisation run = run_of(NULL, 0, 5000000);
    struct gcr_utilisation_point points[GCR_UTILISATION_POINTS];
    size_t count = gcr_utilisation_curve(&run, points);
    (void)unused;
    assert_true(count > 20);
    for (size_t i = 0; i < count; i++)
        assert_true(points[i].mmu == 1 && points[i].bmu == 1);
    assert_true(points[0].window_ns <= 5000);
    assert_int_equal(points[count - 1].window_ns, 5000000);
    assert_true(gcr_utilisation_mmu(&run, 0) == 1);
    gcr_utilisation_finish(&run);
}

/* One pause of p: a window w holds min(w, p) of it. */
static void one_pause_is_a_hyperbola(void **unused)
{
    const struct gcr_stop_span pause = {.start_ns = 300000, .length_ns = 100000};
    struct gcr_utilisation run = run_of(&pause, 1, 1000000);
    (void)unused;
    for (uint64_t w = 50000; w <= 1000000; w += 50000) {
        double paused = w < 100000 ? (double)w : 100000;
        assert_close(gcr_utilisation_mmu(&run, w), 1 - paused / (double)w);
        assert_close(gcr_utilisation_bmu(&run, w), 1 - paused / (double)w);
    }
    assert_true(gcr_utilisation_mmu(&run, 0) == 0);
    gcr_utilisation_finish(&run);
}

/* Pauses of 2 ms every 10 ms, 40 of them. A window of k periods and x begins with a pause and holds
 * k + min(x, 2) / 2 of them. */
static void periodic_pauses_make_a_sawtooth(void **unused)
{
    struct gcr_stop_span pauses[40];
    (void)unused;
    for (size_t i = 0; i < GCR_COUNT_OF(pauses); i++)
        pauses[i] = (struct gcr_stop_span){.start_ns = i * 10, .length_ns = 2};
    struct gcr_utilisation run = run_of(pauses, GCR_COUNT_OF(pauses), 400);
    for (uint64_t w = 1; w <= 390; w++) {
        uint64_t periods = w / 10, rest = w % 10;
        uint64_t paused = 2 * periods + (rest < 2 ? rest : 2);
        assert_close(gcr_utilisation_mmu(&run, w), 1 - (double)paused / (double)w);
        /* No window that is longer is worse than k periods and a whole pause. */
        uint64_t k = w <= 2 ? 0 : (w - 2 + 9) / 10;
        double bounded = 1 - (double)(2 * k + 2) / (double)(10 * k + 2);
        double at_once = 1 - (double)paused / (double)w;
        if (k >= 40)
            continue;
        assert_close(gcr_utilisation_bmu(&run, w), at_once < bounded ? at_once : bounded);
    }
    gcr_utilisation_finish(&run);
}

static void a_run_that_is_one_pause_has_nothing(void **unused)
{
    const struct gcr_stop_span pause = {.start_ns = 0, .length_ns = 40000};
    struct gcr_utilisation run = run_of(&pause, 1, 40000);
    struct gcr_utilisation_point points[GCR_UTILISATION_POINTS];
    size_t count = gcr_utilisation_curve(&run, points);
    (void)unused;
    assert_true(count >= 1);
    for (size_t i = 0; i < count; i++)
        assert_true(points[i].mmu == 0 && points[i].bmu == 0);
    assert_true(gcr_utilisation_mmu(&run, 1) == 0);
    gcr_utilisation_finish(&run);
}

static void longer_than_the_run_is_the_run(void **unused)
{
    const struct gcr_stop_span pauses[] = {{10, 20}, {50, 5}, {90, 10}};
    struct gcr_utilisation run = run_of(pauses, 3, 100);
    (void)unused;
    assert_close(gcr_utilisation_mmu(&run, 100), 0.65);
    assert_close(gcr_utilisation_bmu(&run, 100), 0.65);
    assert_close(gcr_utilisation_mmu(&run, 101), 0.65);
    assert_close(gcr_utilisation_bmu(&run, UINT64_MAX), 0.65);
    gcr_utilisation_finish(&run);
}

/* A short window between two pauses is better than a longer one that reaches both: MMU falls, and
 * BMU has seen it coming. 0..4 paused, 4..6 free, 6..10 paused, then free. */
static void bounded_utilisation_looks_ahead(void **unused)
{
    const struct gcr_stop_span pauses[] = {{0, 40}, {60, 40}};
    struct gcr_utilisation run = run_of(pauses, 2, 1000);
    (void)unused;
    assert_close(gcr_utilisation_mmu(&run, 60), 20.0 / 60);
    assert_close(gcr_utilisation_mmu(&run, 100), 0.2);
    assert_close(gcr_utilisation_bmu(&run, 60), 0.2);
    assert_close(gcr_utilisation_bmu(&run, 100), 0.2);
    assert_close(gcr_utilisation_bmu(&run, 200), 0.6);
    gcr_utilisation_finish(&run);
}

static void nonsense_is_refused(void **unused)
{
    const struct gcr_stop_span overlap[] = {{10, 20}, {29, 5}}, back[] = {{50, 5}, {10, 5}};
    const struct gcr_stop_span beyond[] = {{90, 11}}, huge[] = {{1, UINT64_MAX}};
    struct gcr_utilisation run;
    (void)unused;
    assert_false(gcr_utilisation_init(&run, overlap, 2, 100));
    assert_false(gcr_utilisation_init(&run, back, 2, 100));
    assert_false(gcr_utilisation_init(&run, beyond, 1, 100));
    assert_false(gcr_utilisation_init(&run, huge, 1, 100));
    assert_false(gcr_utilisation_init(&run, NULL, 0, 0));
    gcr_utilisation_finish(&run);
}

/* ---- every window ---- */

/* All coordinates even: windows at odd ones, between the ends of pauses, are tried as well. */
enum { BRUTE_LENGTH = 160, BRUTE_RUNS = 300 };

static uint64_t random_next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static size_t random_pauses(uint64_t *seed, struct gcr_stop_span *pauses, bool *is_paused)
{
    uint64_t at = 2 * (random_next(seed) % 10);
    size_t count = 0;
    for (size_t i = 0; i < BRUTE_LENGTH; i++)
        is_paused[i] = false;
    while (at < BRUTE_LENGTH) {
        uint64_t length = 2 * (random_next(seed) % 8);
        if (length > BRUTE_LENGTH - at)
            length = BRUTE_LENGTH - at;
        pauses[count++] = (struct gcr_stop_span){.start_ns = at, .length_ns = length};
        for (uint64_t i = at; i < at + length; i++)
            is_paused[i] = true;
        at += length + 2 * (random_next(seed) % 12); /* 0: the next pause follows at once */
    }
    return count;
}

static double brute_mmu(const bool *is_paused, uint64_t window)
{
    uint64_t most = 0;
    for (uint64_t start = 0; start + window <= BRUTE_LENGTH; start++) {
        uint64_t paused = 0;
        for (uint64_t i = start; i < start + window; i++)
            paused += is_paused[i];
        if (paused > most)
            most = paused;
    }
    return 1 - (double)most / (double)window;
}

static void every_window_of_small_runs_agrees(void **unused)
{
    struct gcr_stop_span pauses[BRUTE_LENGTH];
    bool is_paused[BRUTE_LENGTH];
    uint64_t seed = 17;
    (void)unused;
    for (int n = 0; n < BRUTE_RUNS; n++) {
        size_t count = random_pauses(&seed, pauses, is_paused);
        struct gcr_utilisation run = run_of(pauses, count, BRUTE_LENGTH);
        double bounded = 1;
        for (uint64_t window = BRUTE_LENGTH; window > 0; window--) {
            double mmu = brute_mmu(is_paused, window);
            if (mmu < bounded)
                bounded = mmu;
            assert_close(gcr_utilisation_mmu(&run, window), mmu);
            assert_close(gcr_utilisation_bmu(&run, window), bounded);
        }
        gcr_utilisation_finish(&run);
    }
}

static void the_curve_begins_at_the_longest_pause_and_ends_with_the_run(void **unused)
{
    const struct gcr_stop_span pauses[] = {{1000000, 30000}, {5000000, 123456}};
    struct gcr_utilisation run = run_of(pauses, 2, 200000000);
    struct gcr_utilisation_point points[GCR_UTILISATION_POINTS];
    size_t count = gcr_utilisation_curve(&run, points);
    bool has_longest = false;
    (void)unused;
    assert_int_equal(points[0].window_ns, 112202); /* 10^5.05 */
    assert_int_equal(points[count - 1].window_ns, 200000000);
    assert_close(points[count - 1].mmu, 1 - 153456.0 / 200000000);
    for (size_t i = 0; i < count; i++) {
        has_longest |= points[i].window_ns == 123456;
        assert_true(points[i].bmu <= points[i].mmu);
        assert_true((points[i].mmu > 0) == (points[i].window_ns > 123456));
        if (i > 0)
            assert_true(points[i].window_ns > points[i - 1].window_ns &&
                        points[i].bmu >= points[i - 1].bmu);
    }
    assert_true(has_longest);
    gcr_utilisation_finish(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_pauses_all_is_the_mutators),
        cmocka_unit_test(one_pause_is_a_hyperbola),
        cmocka_unit_test(periodic_pauses_make_a_sawtooth),
        cmocka_unit_test(a_run_that_is_one_pause_has_nothing),
        cmocka_unit_test(longer_than_the_run_is_the_run),
        cmocka_unit_test(bounded_utilisation_looks_ahead),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(every_window_of_small_runs_agrees),
        cmocka_unit_test(the_curve_begins_at_the_longest_pause_and_ends_with_the_run),
    };
    return cmocka_run_group_tests_name("unit.mutator_utilisation", tests, NULL, NULL);
}
