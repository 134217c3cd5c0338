/* linked-list: layout, counting, COPY, RESIZE and recycled blocks, layout by layout: what the
 * mutator does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/collectors/linked_list_kit.h"

/* ---- layout ---- */

static void test_block_sizes_of_each_layout(void **state)
{
    (void)state;
    static const size_t expected[] = {48, 48, 64}; /* 24-byte payload behind 16, 24, 32 */
    static const size_t alignment[] = {16, 8, 16};
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        kit_open(&f, kit_head_settings[i]);
        uint32_t node = fixture_alloc(&f, NODE, 0, 0);
        const struct gcr_pools *pools = kit_heap(&f)->counting.container_pools;
        assert_int_equal(gcr_pools_block_bytes(pools, kit_head(&f, node)), expected[i]);
        assert_int_equal(pools->options.alignment, alignment[i]);
        assert_int_equal(pools->options.pool_bytes, i == 1 ? 4096 : 16384);
        assert_int_equal(pools->options.arena_bytes, i == 1 ? 256 << 10 : 1 << 20);
        kit_close(&f);
    }
}

static void test_leaf_has_no_head(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t leaf = fixture_alloc(&f, LEAF, 0, 0);
    struct linked_list *ll = kit_heap(&f);
    assert_int_equal(gcr_pools_block_bytes(&ll->counting.pools[0], fixture_ref(&f, leaf)), 48);
    assert_int_equal(ll->counting.count[0], 0);
    struct gcr_footprint parts;
    f.collector->footprint(f.heap, &parts);
    assert_int_equal(parts.objects_bytes, 24);
    assert_int_equal(parts.headers_bytes, 16);
    kit_close(&f);
}

static void test_footprint_counts_heads_and_hidden_words(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    fixture_alloc(&f, NODE, 0, 0);  /* 8 + 32 */
    fixture_alloc(&f, LIST, 10, 1); /* 8 + 80, 32 + 8 */
    fixture_alloc(&f, WEAK, 0, 2);  /* 8, 32 + 8 */
    struct gcr_footprint parts;
    f.collector->footprint(f.heap, &parts);
    assert_int_equal(parts.objects_bytes, 8 + 88 + 8);
    assert_int_equal(parts.headers_bytes, 32 + 40 + 40);
    kit_close(&f);
}

static void test_large_objects_come_from_the_system_heap(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    /* 16 head + 16 header + 8 field + 8 n: 59 items are the last that fit into 512 */
    uint32_t small = fixture_alloc(&f, TUPLE, 59, 0), large = fixture_alloc(&f, TUPLE, 60, 1);
    struct linked_list *ll = kit_heap(&f);
    assert_true(gcr_pools_owns(&ll->counting.pools[0], fixture_ref(&f, small)));
    assert_false(gcr_pools_owns(&ll->counting.pools[0], fixture_ref(&f, large)));
    assert_int_equal(ll->counting.system.used_chunks, 1);
    uint32_t huge = fixture_alloc(&f, TUPLE, 100000, 2);
    assert_int_equal(ll->counting.system.used_mappings, 1);
    fixture_store(&f, huge, 99999, small);
    assert_int_equal(fixture_slot(&f, huge, 99999), small);
    fixture_check(&f);
    fixture_root(&f, 2, 0);
    fixture_root(&f, 1, 0);
    assert_int_equal(ll->counting.system.used_mappings + ll->counting.system.used_chunks, 0);
    kit_close(&f);
}

static void test_fresh_objects_are_zero_also_in_reused_blocks(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    for (int round = 0; round < 3; round++) {
        uint32_t pair = fixture_alloc(&f, PAIR, 0, 0), bytes = fixture_alloc(&f, BYTES, 700, 1);
        assert_int_equal(fixture_slot(&f, pair, 1), 0);
        fixture_assert_zero(&f, pair, 0, 8);
        fixture_assert_zero(&f, bytes, 0, 700);
        fixture_store(&f, pair, 1, bytes);
        fixture_write(&f, pair, 0, 8, 3);
        fixture_write(&f, bytes, 0, 700, 5);
        fixture_assert_pattern(&f, bytes, 0, 700, 5);
        fixture_root(&f, 0, 0);
        fixture_root(&f, 1, 0);
        assert_true(fixture_is_dead(&f, pair) && fixture_is_dead(&f, bytes));
    }
    kit_close(&f);
}

static void test_separate_pools(void **state)
{
    (void)state;
    static const char *const settings[] = {"separate-pools=on", NULL};
    struct fixture f;
    kit_open(&f, settings);
    uint32_t node = fixture_alloc(&f, NODE, 0, 0), leaf = fixture_alloc(&f, LEAF, 0, 1);
    assert_true(gcr_pools_owns(&kit_heap(&f)->counting.pools[1], fixture_ref(&f, node)));
    assert_true(gcr_pools_owns(&kit_heap(&f)->counting.pools[0], fixture_ref(&f, leaf)));
    assert_false(gcr_pools_owns(&kit_heap(&f)->counting.pools[0], fixture_ref(&f, node)));
    assert_int_equal(fixture_walk_count(&f), 2);
    kit_close(&f);
}

static void test_bad_geometry_is_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"pool=5000", NULL}, {"arena=70000", NULL}, {"small-limit=500", NULL}};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f;
        struct gcr_error err;
        struct fixture_config config = kit_config(bad[i]);
        assert_int_equal(fixture_try_open(&f, &config, &err), GCR_USAGE);
    }
}

/* ---- counting ---- */

static void test_acyclic_objects_die_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        kit_open(&f, kit_head_settings[i]);
        uint32_t a = fixture_alloc(&f, NODE, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
        fixture_store(&f, a, 0, b);
        fixture_root(&f, 1, 0);
        assert_false(fixture_is_dead(&f, b));
        fixture_root(&f, 0, 0);
        assert_true(fixture_is_dead(&f, a) && fixture_is_dead(&f, b));
        assert_int_equal(f.collection_count, 0);
        assert_int_equal(f.heap->work.freed_objects, 2);
        assert_int_equal(fixture_walk_count(&f), 0);
        kit_close(&f);
    }
}

static void test_alloc_drops_the_roots_old_value_last(void **state)
{
    (void)state;
    static const char *const settings[] = {"threshold0=1", NULL};
    struct fixture f;
    kit_open(&f, settings);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0);
    uint32_t b = fixture_alloc(&f, NODE, 0, 0); /* count 2 > 1: collects while a is in the root */
    assert_int_equal(f.collection_count, 1);
    assert_int_equal(fixture_last(&f)->collected, 0);
    assert_int_equal(fixture_last(&f)->survivors, 1); /* a; b is not yet listed */
    assert_true(fixture_is_dead(&f, a));
    assert_int_equal(kit_generation(&f, b), 0);
    kit_close(&f);
}

static void test_deep_list_needs_no_recursion(void **state)
{
    (void)state;
    enum { DEPTH = 1000000 };
    struct fixture_config config = kit_config(NULL);
    config.report_frees = false;
    struct fixture f;
    fixture_open(&f, &config);
    const struct gcr_mutator_ops *ops = f.ops;
    for (int i = 0; i < DEPTH; i++) {
        ops->alloc(f.heap, &kit_shapes[NODE], 0, 0, 0, &f.roots[1], false);
        ops->store(f.heap, f.roots[1], 0, f.roots[0]);
        ops->root(f.heap, &f.roots[0], f.roots[1], false);
    }
    ops->root(f.heap, &f.roots[1], NULL, false);
    ops->root(f.heap, &f.roots[0], NULL, false);
    assert_int_equal(f.heap->work.freed_objects, DEPTH);
    assert_int_equal(kit_heap(&f)->counting.pools[0].arena_count,
                     1); /* all but the last arena went back */
    kit_close(&f);
}

static void test_load_and_read_count_and_give_back(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t a = fixture_alloc(&f, PAIR, 0, 0), b = fixture_alloc(&f, PAIR, 0, 1);
    fixture_store(&f, a, 1, b);
    f.ops->load(f.heap, fixture_ref(&f, a), 1, &f.roots[2], false);
    assert_int_equal(gcr_counted(fixture_ref(&f, b))->count, 3);
    f.ops->read(f.heap, fixture_ref(&f, a), 0, 8);
    assert_int_equal(gcr_counted(fixture_ref(&f, a))->count, 1);
    f.ops->load(f.heap, fixture_ref(&f, a), 0, &f.roots[2], false);
    assert_null(f.roots[2]);
    fixture_check(&f);
    kit_close(&f);
}

static void test_storing_an_objects_own_value_again_keeps_it(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
    fixture_store(&f, a, 0, b);
    fixture_root(&f, 1, 0);
    fixture_store(&f, a, 0, b);
    fixture_root(&f, 0, a);
    assert_false(fixture_is_dead(&f, b));
    kit_close(&f);
}

/* ---- COPY ---- */

static void test_copy_overlap_in_both_directions(void **state)
{
    (void)state;
    static const uint32_t shape[] = {TUPLE, LIST};
    for (int s = 0; s < 2; s++) {
        struct fixture f;
        uint32_t leaf[8];
        kit_open(&f, NULL);
        uint32_t a = fixture_alloc(&f, shape[s], 8, 0);
        kit_fill(&f, a, 8, leaf);
        fixture_copy(&f, a, 1, a, 0, 7); /* shift up by one: the last one dies, the first doubles */
        assert_true(fixture_is_dead(&f, leaf[7]));
        assert_int_equal(gcr_counted(fixture_ref(&f, leaf[0]))->count, 2);
        assert_int_equal(gcr_counted(fixture_ref(&f, leaf[3]))->count, 1);
        for (uint32_t i = 1; i < 8; i++)
            assert_int_equal(fixture_slot(&f, a, i), leaf[i - 1]);
        fixture_check(&f);
        fixture_copy(&f, a, 0, a, 3, 5); /* shift down by three */
        assert_true(fixture_is_dead(&f, leaf[0]) && fixture_is_dead(&f, leaf[1]));
        for (uint32_t i = 0; i < 5; i++)
            assert_int_equal(fixture_slot(&f, a, i), leaf[i + 2]);
        fixture_check(&f);
        fixture_copy(&f, a, 2, a, 2, 3); /* onto itself */
        assert_int_equal(fixture_slot(&f, a, 2), leaf[4]);
        kit_close(&f);
    }
}

static void test_copy_between_objects(void **state)
{
    (void)state;
    struct fixture f;
    uint32_t la[4], lb[4];
    kit_open(&f, NULL);
    uint32_t a = fixture_alloc(&f, TUPLE, 4, 0), b = fixture_alloc(&f, LIST, 4, 1);
    kit_fill(&f, a, 4, la);
    kit_fill(&f, b, 4, lb);
    fixture_copy(&f, b, 1, a, 0, 3);
    assert_int_equal(fixture_slot(&f, b, 0), lb[0]);
    assert_int_equal(fixture_slot(&f, b, 3), la[2]);
    assert_true(fixture_is_dead(&f, lb[1]) && fixture_is_dead(&f, lb[3]));
    assert_int_equal(gcr_counted(fixture_ref(&f, la[1]))->count, 2);
    kit_close(&f);
}

/* ---- RESIZE ---- */

static void test_resize_grows_and_shrinks(void **state)
{
    (void)state;
    struct fixture f;
    uint32_t leaf[6];
    kit_open(&f, NULL);
    uint32_t d = fixture_alloc(&f, DICT, 3, 0);
    assert_true(gcr_shape_data_bytes(&kit_shapes[DICT], 3) == 8 + 3 * 8);
    kit_fill(&f, d, 6, leaf);
    fixture_write(&f, d, 0, 32, 9);
    assert_true(fixture_resize(&f, d, 100));
    assert_int_equal(fixture_length(&f, d), 100);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(fixture_slot(&f, d, i), leaf[i]);
    assert_int_equal(fixture_slot(&f, d, 199), 0);
    fixture_assert_pattern(&f, d, 0, 32, 9);
    fixture_assert_zero(&f, d, 32, 97 * 8);
    fixture_check(&f);
    assert_true(fixture_resize(&f, d, 1));
    assert_int_equal(fixture_slot(&f, d, 1), leaf[1]);
    assert_true(fixture_is_dead(&f, leaf[2]) && fixture_is_dead(&f, leaf[5]));
    fixture_assert_pattern(&f, d, 0, 16, 9);
    fixture_check(&f);
    assert_true(fixture_resize(&f, d, 0));
    assert_true(fixture_is_dead(&f, leaf[0]));
    assert_null(*gcr_counted_body(fixture_ref(&f, d)));
    assert_true(fixture_resize(&f, d, 2));
    fixture_assert_zero(&f, d, 8, 16);
    kit_close(&f);
}

static void test_resize_in_place_follows_the_three_quarter_rule(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t list = fixture_alloc(&f, LIST, 15, 0); /* 120 bytes in a block of 128 */
    char *body = *gcr_counted_body(fixture_ref(&f, list));
    assert_true(fixture_resize(&f, list, 16)); /* 128 fit */
    assert_ptr_equal(*gcr_counted_body(fixture_ref(&f, list)), body);
    assert_true(fixture_resize(&f, list, 13)); /* 104 > 96 = 3/4 of 128 */
    assert_ptr_equal(*gcr_counted_body(fixture_ref(&f, list)), body);
    assert_true(fixture_resize(&f, list, 12)); /* 96 is not more than 3/4 */
    assert_ptr_not_equal(*gcr_counted_body(fixture_ref(&f, list)), body);
    assert_true(fixture_resize(&f, list, 300)); /* to the system heap and back */
    assert_int_equal(kit_heap(&f)->counting.system.used_chunks, 1);
    fixture_check(&f);
    assert_true(fixture_resize(&f, list, 3));
    assert_int_equal(kit_heap(&f)->counting.system.used_chunks, 0);
    kit_close(&f);
}

/* ---- recycled blocks ---- */

static void test_recycled_blocks_are_last_in_first_out(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t a = fixture_alloc(&f, TUPLE, 2, 0), b = fixture_alloc(&f, TUPLE, 2, 1);
    gcr_ref at_a = fixture_ref(&f, a), at_b = fixture_ref(&f, b);
    f.ops->recycle(f.heap, at_a);
    f.ops->recycle(f.heap, at_b);
    fixture_root(&f, 0, 0);
    fixture_root(&f, 1, 0);
    assert_int_equal(fixture_walk_count(&f), 0); /* recycled blocks are no objects */
    fixture_check(&f);
    uint32_t c = fixture_alloc(&f, TUPLE, 2, 2); /* an ordinary allocation does not take them */
    assert_ptr_not_equal(fixture_ref(&f, c), at_a);
    assert_ptr_not_equal(fixture_ref(&f, c), at_b);
    uint32_t d = fixture_alloc_flags(&f, TUPLE, 2, GCR_ALLOC_UNCOUNTED, 3);
    uint32_t e = fixture_alloc_flags(&f, TUPLE, 2, GCR_ALLOC_UNCOUNTED, 4);
    assert_ptr_equal(fixture_ref(&f, d), at_b);
    assert_ptr_equal(fixture_ref(&f, e), at_a);
    assert_int_equal(fixture_slot(&f, d, 0), 0);
    kit_close(&f);
}

static void test_full_collection_empties_the_free_lists(void **state)
{
    (void)state;
    static const char *const kept[] = {"empty-free-lists=off", NULL};
    for (int keep = 0; keep < 2; keep++) {
        struct fixture f;
        kit_open(&f, keep ? kept : NULL);
        uint32_t a = fixture_alloc(&f, TUPLE, 2, 0);
        f.ops->recycle(f.heap, fixture_ref(&f, a));
        fixture_root(&f, 0, 0);
        uint64_t pools = kit_heap(&f)->counting.pools[0].pools_in_use;
        kit_collect(&f, 1);
        assert_int_equal(kit_heap(&f)->counting.pools[0].pools_in_use, pools);
        kit_collect(&f, 2);
        assert_int_equal(kit_heap(&f)->counting.pools[0].pools_in_use, keep ? pools : pools - 1);
        kit_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_sizes_of_each_layout),
        cmocka_unit_test(test_leaf_has_no_head),
        cmocka_unit_test(test_footprint_counts_heads_and_hidden_words),
        cmocka_unit_test(test_large_objects_come_from_the_system_heap),
        cmocka_unit_test(test_fresh_objects_are_zero_also_in_reused_blocks),
        cmocka_unit_test(test_separate_pools),
        cmocka_unit_test(test_bad_geometry_is_refused),
        cmocka_unit_test(test_acyclic_objects_die_at_once),
        cmocka_unit_test(test_alloc_drops_the_roots_old_value_last),
        cmocka_unit_test(test_deep_list_needs_no_recursion),
        cmocka_unit_test(test_load_and_read_count_and_give_back),
        cmocka_unit_test(test_storing_an_objects_own_value_again_keeps_it),
        cmocka_unit_test(test_copy_overlap_in_both_directions),
        cmocka_unit_test(test_copy_between_objects),
        cmocka_unit_test(test_resize_grows_and_shrinks),
        cmocka_unit_test(test_resize_in_place_follows_the_three_quarter_rule),
        cmocka_unit_test(test_recycled_blocks_are_last_in_first_out),
        cmocka_unit_test(test_full_collection_empties_the_free_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
