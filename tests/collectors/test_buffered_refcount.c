/* buffered-refcount through the seam: layout, when what dies, buffers, snapshots, weak references,
 * finalizers, bodies. All in place, so that every epoch ends where the test says. */
#include "tests/collectors/buffered_refcount_fixture.h"

static const char *const in_place[] = {"thread=off", NULL};

/* ---- layout ---- */

static void test_header_is_two_words_of_32_bits(void **state)
{
    (void)state;
    struct fixture fixture;
    recycler_open(&fixture, in_place, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t string = fixture_alloc(&fixture, MODEL_STRING, 5, 1);
    uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 3, 2);
    const uint32_t *word = (const uint32_t *)(const void *)fixture_ref(&fixture, pair);
    assert_int_equal(word[0], MODEL_PAIR);
    assert_int_equal(word[1], 1); /* RC 1, CRC 0, black, not buffered */
    word = (const uint32_t *)(const void *)fixture_ref(&fixture, string);
    assert_int_equal(word[0] & RECYCLER_ID_MASK, MODEL_STRING);
    assert_int_equal(word[1], 1u | (uint32_t)RECYCLER_GREEN << 28);
    assert_int_equal(word[2], 5);
    word = (const uint32_t *)(const void *)fixture_ref(&fixture, array);
    assert_int_equal(word[0], MODEL_ARRAY | 1u << RECYCLER_HIDDEN_SHIFT);
    assert_int_equal(word[2], 3);
    struct gcr_footprint parts;
    fixture.collector->footprint(fixture.heap, &parts);
    assert_int_equal(parts.objects_bytes, 24 + 5 + 24);
    assert_int_equal(parts.headers_bytes, 8 + 16 + 16);
    assert_int_equal(inside(&fixture)->chunk_entries, (65536 - 24) / 8);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_prebuilt_objects_are_not_counted(void **state)
{
    (void)state;
    struct fixture fixture;
    recycler_open(&fixture, in_place, 0);
    uint32_t root = fixture_prebuilt(&fixture, MODEL_LIST, 2);
    uint32_t item = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    fixture_store(&fixture, root, 1, item);
    fixture_store(&fixture, item, 0, root);
    assert_true(fixture_resize(&fixture, root, 20)); /* its body is no longer a prebuilt one */
    fixture_collect(&fixture);
    assert_int_equal(fixture_slot(&fixture, root, 1), item);
    assert_int_equal(*recycler_count_word(fixture_ref(&fixture, root)), 0);
    assert_int_equal(recycler_rc(inside(&fixture), fixture_ref(&fixture, item)), 1);
    fixture_store(&fixture, root, 1, 0);
    fixture_collect(&fixture);
    assert_true(fixture_is_dead(&fixture, item));
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- when what dies ---- */

static uint64_t freed_at(const struct fixture *fixture, unsigned age)
{
    return inside(fixture)->collector.stats.age[age];
}

static void test_what_is_never_stored_dies_with_its_first_decrement(void **state)
{
    (void)state;
    struct fixture fixture;
    recycler_open(&fixture, in_place, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    one_epoch(&fixture);
    assert_false(fixture_is_dead(&fixture, pair));
    one_epoch(&fixture);
    assert_true(fixture_is_dead(&fixture, pair));
    assert_int_equal(freed_at(&fixture, 2), 1);
    fixture_close(&fixture);
}

static void test_snapshot_keeps_what_only_a_thread_root_has(void **state)
{
    (void)state;
    struct fixture fixture;
    recycler_open(&fixture, in_place, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    epochs(&fixture, 5);
    assert_int_equal(recycler_rc(inside(&fixture), fixture_ref(&fixture, pair)), 1);
    fixture_root(&fixture, 0, 0);
    one_epoch(&fixture); /* the successor of the snapshot that had it */
    assert_true(fixture_is_dead(&fixture, pair));
    assert_int_equal(freed_at(&fixture, 1), 1);
    fixture_close(&fixture);
}

static void test_heap_reference_dies_one_epoch_after_its_decrement_was_logged(void **state)
{
    (void)state;
    struct fixture fixture;
    recycler_open(&fixture, in_place, 0);
    uint32_t owner = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    uint32_t leaf = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    fixture_store(&fixture, owner, 0, pair);
    fixture_store(&fixture, pair, 0, leaf);
    epochs(&fixture, 3);
    fixture_store(&fixture, owner, 0, 0);
    one_epoch(&fixture);
    assert_false(fixture_is_dead(&fixture, pair));
    one_epoch(&fixture);
    assert_true(fixture_is_dead(&fixture, pair));
    assert_true(fixture_is_dead(&fixture, leaf)); /* released with it */
    assert_int_equal(freed_at(&fixture, 2), 2);
    fixture_close(&fixture);
}

static void test_load_protects_although_nothing_is_logged(void **state)
{
    (void)state;
    struct fixture fixture;
    recycler_open(&fixture, in_place, 0);
    uint32_t owner = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    fixture_store(&fixture, owner, 0, pair);
    epochs(&fixture, 3);
    uint64_t logged = inside(&fixture)->logged_words;
    fixture.ops->load(fixture.heap, fixture_ref(&fixture, owner), 0, &fixture.roots[1], false);
    fixture_store(&fixture, owner, 0, 0);
    epochs(&fixture, 4);
    assert_int_equal(inside(&fixture)->logged_words, logged + 1);
    assert_int_equal(recycler_rc(inside(&fixture), fixture_ref(&fixture, pair)), 1);
    fixture_close(&fixture);
}

static void test_global_roots_go_through_the_barrier(void **state)
{
    (void)state;
    struct fixture fixture;
    recycler_open(&fixture, in_place, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    fixture_global(&fixture, 3, pair);
    fixture_root(&fixture, 0, 0);
    epochs(&fixture, 3);
    assert_int_equal(recycler_rc(inside(&fixture), fixture_ref(&fixture, pair)), 1);
    fixture_global(&fixture, 3, 0);
    epochs(&fixture, 2);
    assert_true(fixture_is_dead(&fixture, pair));
    fixture_close(&fixture);
}

/* ---- contexts ---- */

static void test_idle_context_keeps_its_snapshot(void **state)
{
    (void)state;
    struct fixture fixture;
    recycler_open(&fixture, in_place, 0);
    struct gcr_recycler *h = inside(&fixture);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    one_epoch(&fixture);
    const struct recycler_context *first = h->context;
    fixture.collector->thread(fixture.heap, 7);
    one_epoch(&fixture); /* thread 0 ran in this one */
    uint8_t newest = first->newest;
    assert_ptr_not_equal(h->context, first);
    epochs(&fixture, 3);
    assert_false(first->fresh);
    assert_int_equal(first->newest, newest);
    assert_int_equal(recycler_rc(h, fixture_ref(&fixture, pair)), 1);
    fixture.collector->thread(fixture.heap, 0);
    fixture_root(&fixture, 0, 0);
    one_epoch(&fixture);
    assert_true(first->fresh);
    assert_true(fixture_is_dead(&fixture, pair));
    fixture_close(&fixture);
}

static void test_full_chunks_end_an_epoch(void **state)
{
    (void)state;
    const char *const settings[] = {"thread=off", "chunk=4K", "epoch-chunks=3", NULL};
    struct fixture fixture;
    recycler_open(&fixture, settings, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint64_t entries = inside(&fixture)->chunk_entries;
    for (uint64_t logged = 1; logged < 3 * entries; logged += 2) {
        assert_int_equal(inside(&fixture)->epoch, 1);
        fixture_store(&fixture, pair, 0, pair);
    }
    for (uint64_t logged = 0; logged < entries; logged += 2)
        fixture_store(&fixture, pair, 0, pair);
    assert_int_equal(inside(&fixture)->epoch, 2);
    assert_int_equal(fixture_last(&fixture)->reason, GCR_REASON_ALLOCATION);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_allocation_ends_an_epoch(void **state)
{
    (void)state;
    const char *const settings[] = {"thread=off", "floor=1M", "fraction=4", NULL};
    struct fixture fixture;
    recycler_open(&fixture, settings, 0);
    for (int i = 0; i < 30; i++)
        (void)fixture_alloc(&fixture, MODEL_STRING, 8000, FIXTURE_NO_ROOT);
    assert_int_equal(inside(&fixture)->epoch, 1); /* 240 KB of 256 KiB */
    for (int i = 0; i < 5; i++)
        (void)fixture_alloc(&fixture, MODEL_STRING, 8000, FIXTURE_NO_ROOT);
    assert_int_equal(inside(&fixture)->epoch, 2);
    fixture_close(&fixture);
}

/* ---- back-pressure ---- */

static void stores_without_room(const char *const *settings)
{
    struct fixture fixture;
    recycler_open(&fixture, settings, 0);
    uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 200, 0);
    uint32_t other = fixture_alloc(&fixture, MODEL_ARRAY, 200, 1);
    for (uint32_t i = 0; i < 200; i++)
        fixture_store(&fixture, array, i, i % 2 == 0 ? array : other);
    for (int i = 0; i < 60; i++)
        fixture_copy(&fixture, i % 3 == 0 ? array : other, 1, array, 0, 199);
    bool seen = false;
    for (uint32_t i = 0; i < fixture.collection_count; i++)
        seen |= fixture.collections[i].reason == GCR_REASON_BACK_PRESSURE;
    assert_true(seen);
    assert_true(inside(&fixture)->waits > 0);
    assert_true(inside(&fixture)->pool_peak <= 4);
    recycler_settle(inside(&fixture));
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_mutator_waits_when_the_pool_is_used_up(void **state)
{
    (void)state;
    const char *const one[] = {"thread=off", "chunk=4K", "pool=4", "epoch-chunks=1000", NULL};
    const char *const two[] = {"thread=off",        "chunk=4K",    "pool=4",
                               "epoch-chunks=1000", "buffers=two", NULL};
    const char *const threaded[] = {"chunk=4K", "pool=4", "epoch-chunks=1000", NULL};
    stores_without_room(one);
    stores_without_room(two);
    stores_without_room(threaded);
}

/* ---- weak references ---- */

static void test_weak_reference_is_nulled_when_its_target_is_freed(void **state)
{
    (void)state;
    struct fixture fixture;
    recycler_open(&fixture, in_place, 0);
    uint32_t weak = fixture_alloc(&fixture, MODEL_WEAK, 0, 0);
    epochs(&fixture, 4); /* old */
    uint32_t young = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture_weakref(&fixture, weak, young);
    epochs(&fixture, 3);
    assert_ptr_equal(fixture.collector->weak_target(fixture.heap, fixture_ref(&fixture, weak)),
                     fixture_ref(&fixture, young));
    fixture_root(&fixture, 1, 0);
    epochs(&fixture, 1);
    assert_true(fixture_is_dead(&fixture, young));
    assert_null(fixture.collector->weak_target(fixture.heap, fixture_ref(&fixture, weak)));
    assert_int_equal(inside(&fixture)->collector.weak_refs.count, 0);
    fixture_close(&fixture);
}

static void test_weak_reference_may_be_retargeted_and_die_first(void **state)
{
    (void)state;
    struct fixture fixture;
    recycler_open(&fixture, in_place, 0);
    uint32_t weak = fixture_alloc(&fixture, MODEL_WEAK, 0, 0);
    uint32_t first = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    uint32_t second = fixture_alloc(&fixture, MODEL_PAIR, 0, 2);
    fixture_weakref(&fixture, weak, first);
    epochs(&fixture, 2);
    fixture_weakref(&fixture, weak, second);
    fixture_root(&fixture, 1, 0);
    epochs(&fixture, 3);
    assert_true(fixture_is_dead(&fixture, first));
    assert_ptr_equal(fixture.collector->weak_target(fixture.heap, fixture_ref(&fixture, weak)),
                     fixture_ref(&fixture, second));
    assert_int_equal(inside(&fixture)->collector.weak_refs.count, 1);
    fixture_root(&fixture, 0, 0);
    epochs(&fixture, 3);
    assert_true(fixture_is_dead(&fixture, weak));
    assert_int_equal(inside(&fixture)->collector.weak_targets.count, 0);
    fixture_collect(&fixture);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- finalizers ---- */

static void test_finalizers_run_once_in_the_order_of_birth(void **state)
{
    (void)state;
    struct fixture fixture;
    recycler_open(&fixture, in_place, 0);
    uint32_t number[5];
    for (int i = 0; i < 5; i++)
        number[i] = fixture_alloc(&fixture, MODEL_FINALIZER, 0, i);
    epochs(&fixture, 3);
    for (int i = 4; i >= 0; i--)
        fixture_root(&fixture, i, 0);
    fixture_collect(&fixture);
    assert_int_equal(fixture.finalized_count, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(fixture.finalized[i].cookie, number[i]);
        assert_true(fixture_is_dead(&fixture, number[i]));
    }
    fixture_collect(&fixture);
    assert_int_equal(fixture.finalized_count, 5);
    assert_int_equal(fixture_walk_count(&fixture), 0);
    fixture_close(&fixture);
}

static void test_resurrected_object_stays_and_dies_without_a_second_run(void **state)
{
    (void)state;
    struct fixture fixture;
    recycler_open(&fixture, in_place, 0);
    uint32_t object = fixture_alloc(&fixture, MODEL_FINALIZER, 0, 0);
    uint32_t held = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    fixture_store(&fixture, object, 0, held);
    fixture.resurrect_into[0] = 9;
    fixture_root(&fixture, 0, 0);
    fixture_collect(&fixture);
    assert_int_equal(fixture.finalized_count, 1);
    assert_ptr_equal(fixture.globals[9], fixture_ref(&fixture, object));
    assert_int_equal(fixture_slot(&fixture, object, 0), held);
    fixture_global(&fixture, 9, 0);
    fixture_collect(&fixture);
    assert_int_equal(fixture.finalized_count, 1);
    assert_true(fixture_is_dead(&fixture, object));
    assert_true(fixture_is_dead(&fixture, held));
    fixture_close(&fixture);
}

/* ---- bodies ---- */

static void test_cut_body_keeps_its_room(void **state)
{
    (void)state;
    struct fixture fixture;
    recycler_open(&fixture, in_place, 0);
    uint32_t table = fixture_alloc(&fixture, MODEL_TABLE, 10, 0);
    uint32_t item = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    fixture_store(&fixture, table, 9, item);
    fixture_write(&fixture, table, 0, 4 + 10 * 11, 7);
    gcr_ref body = *recycler_body_word(fixture_ref(&fixture, table));
    assert_true(fixture_resize(&fixture, table, 4));
    assert_ptr_equal(*recycler_body_word(fixture_ref(&fixture, table)), body);
    fixture_assert_pattern(&fixture, table, 0, 4 + 4 * 11, 7);
    assert_true(fixture_resize(&fixture, table, 8));
    assert_ptr_equal(*recycler_body_word(fixture_ref(&fixture, table)), body);
    fixture_assert_zero(&fixture, table, 4 + 4 * 11, 4 * 11);
    assert_true(fixture_resize(&fixture, table, 11));
    assert_ptr_not_equal(*recycler_body_word(fixture_ref(&fixture, table)), body);
    fixture_assert_pattern(&fixture, table, 0, 4 + 4 * 11, 7);
    fixture_assert_zero(&fixture, table, 4 + 4 * 11, 7 * 11);
    fixture_collect(&fixture);
    assert_true(fixture_is_dead(&fixture, item)); /* dropped by the cut */
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_growing_a_large_list_survives_epochs_inside(void **state)
{
    (void)state;
    const char *const settings[] = {"thread=off", "chunk=4K", "epoch-chunks=1", "pool=4", NULL};
    struct fixture fixture;
    recycler_open(&fixture, settings, 0);
    uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 3000, 0);
    uint32_t item[100];
    for (uint32_t i = 0; i < 100; i++) {
        item[i] = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
        fixture_store(&fixture, list, 1 + i * 29, item[i]);
    }
    for (uint32_t length = 4000; length < 9000; length += 1000) {
        uint32_t before = inside(&fixture)->epoch;
        for (uint32_t i = 0; i < 2500; i++)
            fixture_store(&fixture, list, 1 + i, item[i % 100]);
        assert_true(fixture_resize(&fixture, list, length));
        assert_true(inside(&fixture)->epoch > before + 2);
        for (uint32_t i = 0; i < 2500; i++)
            assert_int_equal(fixture_slot(&fixture, list, 1 + i), item[i % 100]);
        fixture_check(&fixture);
    }
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_is_two_words_of_32_bits),
        cmocka_unit_test(test_prebuilt_objects_are_not_counted),
        cmocka_unit_test(test_what_is_never_stored_dies_with_its_first_decrement),
        cmocka_unit_test(test_snapshot_keeps_what_only_a_thread_root_has),
        cmocka_unit_test(test_heap_reference_dies_one_epoch_after_its_decrement_was_logged),
        cmocka_unit_test(test_load_protects_although_nothing_is_logged),
        cmocka_unit_test(test_global_roots_go_through_the_barrier),
        cmocka_unit_test(test_idle_context_keeps_its_snapshot),
        cmocka_unit_test(test_full_chunks_end_an_epoch),
        cmocka_unit_test(test_allocation_ends_an_epoch),
        cmocka_unit_test(test_mutator_waits_when_the_pool_is_used_up),
        cmocka_unit_test(test_weak_reference_is_nulled_when_its_target_is_freed),
        cmocka_unit_test(test_weak_reference_may_be_retargeted_and_die_first),
        cmocka_unit_test(test_finalizers_run_once_in_the_order_of_birth),
        cmocka_unit_test(test_resurrected_object_stays_and_dies_without_a_second_run),
        cmocka_unit_test(test_cut_body_keeps_its_room),
        cmocka_unit_test(test_growing_a_large_list_survives_epochs_inside),
    };
    return cmocka_run_group_tests_name("collector.buffered_refcount", tests, NULL, NULL);
}
