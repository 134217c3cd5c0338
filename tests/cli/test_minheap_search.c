/* The search for the smallest heap, on functions of the budget instead of runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/cmd/minheap.h"

enum { MIB = 1 << 20, PAGE = 4096 };

/* Completes from `from` bytes on, but not in [gap_from, gap_to). */
struct fake {
    uint64_t from, gap_from, gap_to;
    unsigned fails_at_run; /* 0: never */
    unsigned runs;
};

static gcr_status try_fake(void *arg, uint64_t budget_bytes, bool *completed, struct gcr_error *err)
{
    struct fake *fake = arg;

    assert_int_equal(budget_bytes % PAGE, 0);
    if (++fake->runs == fake->fails_at_run)
        return gcr_fail(err, GCR_FAULT, "it broke");
    *completed = budget_bytes >= fake->from &&
                 (budget_bytes < fake->gap_from || budget_bytes >= fake->gap_to);
    return GCR_OK;
}

static struct gcr_minheap_search search_for(struct fake *fake, uint64_t lower, uint64_t first)
{
    return (struct gcr_minheap_search){.lower_bytes = lower,
                                       .first_bytes = first,
                                       .limit_bytes = 1024u * MIB,
                                       .tolerance = 0.01,
                                       .try = try_fake,
                                       .arg = fake};
}

static void answer_is_within_tolerance(void **unused)
{
    (void)unused;
    for (uint64_t from = 5 * MIB; from < 400u * MIB; from += 13 * MIB + 12345) {
        struct fake fake = {.from = from};
        struct gcr_minheap_search search = search_for(&fake, 4 * MIB, 30 * MIB);

        assert_int_equal(gcr_minheap_find(&search, NULL), GCR_OK);
        assert_true(search.least_bytes >= from);
        assert_true((double)search.least_bytes <= 1.011 * (double)from + PAGE);
        assert_true(search.fails_bytes < from);
        assert_true(search.is_monotone);
        assert_int_equal(search.run_count, fake.runs);
        assert_in_range(fake.runs, 2, 20);
    }
}

static void small_heaps_are_found_to_the_page(void **unused)
{
    struct fake fake = {.from = 3 * PAGE};
    struct gcr_minheap_search search = search_for(&fake, 0, 64 * PAGE);

    (void)unused;
    assert_int_equal(gcr_minheap_find(&search, NULL), GCR_OK);
    assert_int_equal(search.least_bytes, 3 * PAGE);
    assert_int_equal(search.fails_bytes, 2 * PAGE);
}

static void what_never_completes_has_no_answer(void **unused)
{
    struct fake fake = {.from = UINT64_MAX};
    struct gcr_minheap_search search = search_for(&fake, 0, 10 * MIB);

    (void)unused;
    assert_int_equal(gcr_minheap_find(&search, NULL), GCR_OK);
    assert_int_equal(search.least_bytes, 0);
    assert_int_equal(search.fails_bytes, 640 * MIB); /* 10 MiB doubled up to the limit */
    assert_int_equal(fake.runs, 7);
}

static void larger_heaps_that_fail_are_noted(void **unused)
{
    /* 10 MiB on, but not from 19.5 to 21 MiB: the bisection below 20 MiB stops above the gap. */
    struct fake fake = {.from = 10 * MIB, .gap_from = 19 * MIB + MIB / 2, .gap_to = 21 * MIB};
    struct gcr_minheap_search search = search_for(&fake, 0, 20 * MIB);

    (void)unused;
    assert_int_equal(gcr_minheap_find(&search, NULL), GCR_OK);
    assert_in_range(search.least_bytes, 10 * MIB, 10 * MIB + MIB / 5);
    assert_false(search.is_monotone);
}

static void a_failed_run_ends_the_search(void **unused)
{
    struct fake fake = {.from = 10 * MIB, .fails_at_run = 3};
    struct gcr_minheap_search search = search_for(&fake, 0, 20 * MIB);
    struct gcr_error err = {""};

    (void)unused;
    assert_int_equal(gcr_minheap_find(&search, &err), GCR_FAULT);
    assert_string_equal(err.text, "it broke");
    assert_int_equal(fake.runs, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_is_within_tolerance),
        cmocka_unit_test(small_heaps_are_found_to_the_page),
        cmocka_unit_test(what_never_completes_has_no_answer),
        cmocka_unit_test(larger_heaps_that_fail_are_noted),
        cmocka_unit_test(a_failed_run_ends_the_search),
    };

    return cmocka_run_group_tests_name("unit.minheap", tests, NULL, NULL);
}
