/* linked-list: which containers collections look at, and when they stop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/collectors/linked_list_kit.h"

static void test_tracking_follows_the_trace(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        kit_open_tracking(&f, kit_head_settings[i], false);
        uint32_t a = fixture_alloc(&f, NODE, 0, 0);
        assert_false(kit_is_tracked(&f, a));
        fixture_store(&f, a, 0, a);
        kit_track(&f, a);
        kit_track(&f, a); /* no-op */
        assert_int_equal(kit_generation(&f, a), 0);
        f.ops->untrack(f.heap, fixture_ref(&f, a));
        f.ops->untrack(f.heap, fixture_ref(&f, a));
        assert_false(kit_is_tracked(&f, a));
        fixture_root(&f, 0, 0);
        kit_collect(&f, 2);
        assert_false(fixture_is_dead(&f, a)); /* untracked: never a candidate */
        kit_track(&f, a);
        kit_collect(&f, 2);
        assert_true(fixture_is_dead(&f, a));
        kit_close(&f);
    }
}

/* outer -> middle -> inner -> leaf, tracked outer first: one pass frees one level at a time. */
static void nested_tuples(struct fixture *f, uint32_t tuple[3])
{
    uint32_t leaf = fixture_alloc(f, LEAF, 0, 3);
    for (int i = 0; i < 3; i++)
        tuple[i] = fixture_alloc(f, TUPLE, 1, i);
    fixture_store(f, tuple[0], 0, tuple[1]);
    fixture_store(f, tuple[1], 0, tuple[2]);
    fixture_store(f, tuple[2], 0, leaf);
}

static void test_tuples_are_untracked_level_by_level(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        uint32_t tuple[3];
        kit_open(&f, kit_head_settings[i]);
        nested_tuples(&f, tuple);
        for (int round = 2; round >= 0; round--) {
            kit_collect(&f, 0);
            kit_collect(&f, 2);
            kit_collect(&f, 2);
        }
        for (int k = 0; k < 3; k++)
            assert_false(kit_is_tracked(&f, tuple[k]));
        assert_int_equal(fixture_last(&f)->survivors, 0);
        /* a non-null item makes it tracked again, null does not */
        fixture_store(&f, tuple[1], 0, 0);
        assert_false(kit_is_tracked(&f, tuple[1]));
        fixture_store(&f, tuple[2], 0, tuple[0]);
        assert_int_equal(kit_generation(&f, tuple[2]), 0);
        fixture_check(&f);
        kit_close(&f);
    }
}

static void test_untrack_once_needs_a_collection_a_level(void **state)
{
    (void)state;
    struct fixture f;
    uint32_t tuple[3];
    kit_open(&f, NULL);
    nested_tuples(&f, tuple);
    kit_collect(&f, 0);
    assert_true(kit_is_tracked(&f, tuple[0]) && kit_is_tracked(&f, tuple[1]));
    assert_false(kit_is_tracked(&f, tuple[2]));
    kit_collect(&f, 1);
    assert_true(kit_is_tracked(&f, tuple[0]));
    assert_false(kit_is_tracked(&f, tuple[1]));
    kit_collect(&f, 2);
    assert_false(kit_is_tracked(&f, tuple[0]));
    kit_close(&f);
}

static void test_untrack_fixpoint_and_off(void **state)
{
    (void)state;
    static const char *const fixpoint[] = {"untrack=fixpoint", NULL}, *const off[] = {"untrack=off",
                                                                                      NULL};
    struct fixture f;
    uint32_t tuple[3];
    kit_open(&f, fixpoint);
    nested_tuples(&f, tuple);
    kit_collect(&f, 0);
    for (int k = 0; k < 3; k++)
        assert_false(kit_is_tracked(&f, tuple[k]));
    kit_close(&f);
    kit_open(&f, off);
    nested_tuples(&f, tuple);
    kit_collect(&f, 2);
    for (int k = 0; k < 3; k++)
        assert_true(kit_is_tracked(&f, tuple[k]));
    kit_close(&f);
}

static void test_null_item_keeps_a_tuple_tracked(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t t = fixture_alloc(&f, TUPLE, 2, 0);
    fixture_store(&f, t, 0, fixture_alloc(&f, LEAF, 0, 1));
    kit_collect(&f, 0);
    assert_true(kit_is_tracked(&f, t));
    kit_close(&f);
}

static void test_copy_into_an_untracked_tuple_tracks_it(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t t = fixture_alloc(&f, TUPLE, 1, 0), n = fixture_alloc(&f, NODE, 0, 1);
    fixture_store(&f, t, 0, fixture_alloc(&f, LEAF, 0, 2));
    fixture_store(&f, n, 0, n);
    kit_collect(&f, 0);
    assert_false(kit_is_tracked(&f, t));
    fixture_copy(&f, t, 0, n, 0, 1);
    assert_int_equal(kit_generation(&f, t), 0);
    kit_close(&f);
}

static void test_dicts_are_untracked_in_faithful_full_collections_only(void **state)
{
    (void)state;
    static const char *const other[] = {"threshold0=200", NULL};
    for (int faithful = 0; faithful < 2; faithful++) {
        for (int changed = 0; changed < 2; changed++) {
            struct fixture f;
            kit_open_tracking(&f, changed ? other : NULL, faithful);
            uint32_t d = fixture_alloc(&f, DICT, 4, 0); /* null entries do not block a dict */
            fixture_store(&f, d, 0, fixture_alloc(&f, LEAF, 0, 1));
            kit_track(&f, d);
            kit_collect(&f, 1);
            assert_true(kit_is_tracked(&f, d));
            kit_collect(&f, 2);
            assert_int_equal(kit_is_tracked(&f, d), !(faithful && !changed));
            kit_close(&f);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tracking_follows_the_trace),
        cmocka_unit_test(test_tuples_are_untracked_level_by_level),
        cmocka_unit_test(test_untrack_once_needs_a_collection_a_level),
        cmocka_unit_test(test_untrack_fixpoint_and_off),
        cmocka_unit_test(test_null_item_keeps_a_tuple_tracked),
        cmocka_unit_test(test_copy_into_an_untracked_tuple_tracks_it),
        cmocka_unit_test(test_dicts_are_untracked_in_faithful_full_collections_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
