/* The sparse table of counts: places, sharing of pages, leaves that come and go, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "allocators/common/side_counts.h"
#include "base/splitmix.h"

enum { PAGE = GCR_PAGE_BYTES, COVER = 2 * PAGE }; /* addresses whose counts fill a page */
static const uintptr_t GIB = (uintptr_t)1 << GCR_SIDE_LEAF_SHIFT;

/* Only addresses matter to the table: nothing is there. */
static const void *at(uintptr_t address)
{
    return (const void *)(0x300000000000u + address);
}

struct table {
    struct gcr_supply supply;
    struct gcr_side_counts counts;
};

static void open_table(struct table *t)
{
    gcr_supply_init(&t->supply, 0);
    assert_true(gcr_side_counts_init(&t->counts, &t->supply));
    assert_int_equal(t->supply.committed_bytes, 0);
}

static uint64_t set_counts(const struct table *t)
{
    struct gcr_error err;
    uint64_t set;
    if (!gcr_side_counts_check(&t->counts, &set, &err))
        fail_msg("%s", err.text);
    assert_int_equal(t->counts.committed_bytes, t->supply.committed_bytes);
    assert_int_equal(t->supply.by_kind_bytes[GCR_PAGES_SIDE], t->supply.committed_bytes);
    return set;
}

static void close_table(struct table *t)
{
    gcr_side_counts_finish(&t->counts);
    assert_int_equal(t->supply.committed_bytes, 0);
    assert_null(t->counts.directory);
}

static void test_counts_are_apart_and_start_at_zero(void **state)
{
    (void)state;
    struct table t;
    open_table(&t);
    assert_true(gcr_side_counts_enter(&t.counts, at(0), 1 << 20));
    for (uintptr_t a = 8; a < 1 << 20; a += 16) { /* references to objects without their count */
        uint64_t *count = gcr_side_count(&t.counts, at(a));
        assert_int_equal(*count, 0);
        *count = a;
    }
    for (uintptr_t a = 8; a < 1 << 20; a += 16)
        assert_int_equal(*gcr_side_count(&t.counts, at(a)), a);
    assert_ptr_equal(gcr_side_count(&t.counts, at(0)) + 1, gcr_side_count(&t.counts, at(16)));
    assert_ptr_equal(gcr_side_count(&t.counts, at(0)), gcr_side_count(&t.counts, at(15)));
    assert_int_equal(set_counts(&t), (1 << 20) / 16);
    close_table(&t);
}

static void test_bytes_and_pages_taken(void **state)
{
    (void)state;
    struct table t;
    open_table(&t);
    assert_true(gcr_side_counts_enter(&t.counts, at(0), 1 << 20));
    /* half a MiB of counts; a page each of the directory and of numbers of users */
    assert_int_equal(t.supply.committed_bytes, (1 << 19) + 2 * PAGE);
    assert_true(gcr_side_counts_enter(&t.counts, at(1 << 20), 1)); /* one large object */
    assert_int_equal(t.supply.committed_bytes, (1 << 19) + 3 * PAGE);
    gcr_side_counts_leave(&t.counts, at(0), 1 << 20);
    assert_int_equal(t.supply.committed_bytes, 3 * PAGE);
    gcr_side_counts_leave(&t.counts, at(1 << 20), 1);
    assert_int_equal(t.supply.committed_bytes, PAGE); /* the directory stays */
    set_counts(&t);
    close_table(&t);
}

static void test_shared_pages_stay_for_the_last(void **state)
{
    (void)state;
    struct table t;
    open_table(&t);
    /* Two arenas that are page-aligned meet in the middle of a page of counts. */
    assert_true(gcr_side_counts_enter(&t.counts, at(PAGE), 4 * COVER));
    assert_true(gcr_side_counts_enter(&t.counts, at(PAGE + 4 * COVER), 4 * COVER));
    assert_int_equal(t.supply.committed_bytes, (9 + 2) * PAGE);
    *gcr_side_count(&t.counts, at(PAGE + 4 * COVER)) = 7;
    gcr_side_counts_leave(&t.counts, at(PAGE), 4 * COVER);
    assert_int_equal(t.supply.committed_bytes, (5 + 2) * PAGE);
    assert_int_equal(*gcr_side_count(&t.counts, at(PAGE + 4 * COVER)), 7);
    assert_true(gcr_side_counts_enter(&t.counts, at(PAGE), 4 * COVER));
    assert_int_equal(*gcr_side_count(&t.counts, at(PAGE + 4 * COVER)), 7);
    assert_int_equal(set_counts(&t), 1);
    close_table(&t); /* with both still entered */
}

static void test_ranges_across_leaves(void **state)
{
    (void)state;
    struct table t;
    open_table(&t);
    uintptr_t start = GIB - 3 * COVER; /* of the second leaf's addresses */
    assert_true(gcr_side_counts_enter(&t.counts, at(start), 5 * COVER));
    /* The numbers of users of the first leaf's last pages are on a page of their own. */
    assert_int_equal(t.supply.committed_bytes, (5 + 1 + 3) * PAGE);
    *gcr_side_count(&t.counts, at(GIB - 16)) = 1;
    *gcr_side_count(&t.counts, at(GIB)) = 2;
    assert_int_equal(set_counts(&t), 2);
    *gcr_side_count(&t.counts, at(GIB - 16)) = 0;
    *gcr_side_count(&t.counts, at(GIB)) = 0;
    gcr_side_counts_leave(&t.counts, at(start), 5 * COVER);
    assert_int_equal(t.supply.committed_bytes, PAGE);
    for (uintptr_t gib = 0; gib < 2000; gib += 37) { /* far apart: more pages of the directory */
        assert_true(gcr_side_counts_enter(&t.counts, at(gib * GIB + 24), 1));
        *gcr_side_count(&t.counts, at(gib * GIB + 24)) = gib + 1;
    }
    for (uintptr_t gib = 0; gib < 2000; gib += 37)
        assert_int_equal(*gcr_side_count(&t.counts, at(gib * GIB + 24)), gib + 1);
    assert_false(gcr_side_counts_enter(&t.counts, (const void *)((uintptr_t)1 << 50), 1));
    close_table(&t);
}

/* Random ranges on a grid, each entered at most once, refused at times; counts of the ranges that
 * are there keep their values. */
static void test_random_ranges_with_refusals(void **state)
{
    (void)state;
    enum { RANGES = 64, STEPS = 6000 };
    struct table t;
    uint64_t rng = 4711;
    bool there[RANGES] = {false};
    open_table(&t);
    for (int step = 0; step < STEPS; step++) {
        size_t i = gcr_splitmix_below(&rng, RANGES);
        uintptr_t start = GIB - RANGES / 2 * 3 * PAGE + i * 3 * PAGE; /* 1.5 pages of counts each */
        if (there[i]) {
            assert_int_equal(*gcr_side_count(&t.counts, at(start)), i + 1);
            assert_int_equal(*gcr_side_count(&t.counts, at(start + 3 * PAGE - 16)), i + 1);
            *gcr_side_count(&t.counts, at(start)) = 0;
            *gcr_side_count(&t.counts, at(start + 3 * PAGE - 16)) = 0;
            gcr_side_counts_leave(&t.counts, at(start), 3 * PAGE);
            there[i] = false;
        } else {
            uint64_t before = t.supply.committed_bytes;
            t.supply.fail_after = gcr_splitmix_below(&rng, 4);
            there[i] = gcr_side_counts_enter(&t.counts, at(start), 3 * PAGE);
            t.supply.fail_after = 0;
            if (there[i]) {
                assert_int_equal(*gcr_side_count(&t.counts, at(start)), 0);
                *gcr_side_count(&t.counts, at(start)) = i + 1;
                *gcr_side_count(&t.counts, at(start + 3 * PAGE - 16)) = i + 1;
            } else { /* at most a page of the directory or of numbers of users has stayed */
                assert_true(t.supply.committed_bytes <= before + 2 * PAGE);
            }
        }
        uint64_t expected = 0;
        for (size_t k = 0; k < RANGES; k++)
            expected += there[k] ? 2 : 0;
        if (step % 64 == 0)
            assert_int_equal(set_counts(&t), expected);
    }
    close_table(&t);
}

static void test_check_finds_lost_pages(void **state)
{
    (void)state;
    struct table t;
    struct gcr_error err;
    uint64_t set;
    open_table(&t);
    assert_true(gcr_side_counts_enter(&t.counts, at(0), COVER));
    t.counts.committed_bytes += PAGE;
    assert_false(gcr_side_counts_check(&t.counts, &set, &err));
    t.counts.committed_bytes -= PAGE;
    close_table(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_are_apart_and_start_at_zero),
        cmocka_unit_test(test_bytes_and_pages_taken),
        cmocka_unit_test(test_shared_pages_stay_for_the_last),
        cmocka_unit_test(test_ranges_across_leaves),
        cmocka_unit_test(test_random_ranges_with_refusals),
        cmocka_unit_test(test_check_finds_lost_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
