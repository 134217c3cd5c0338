/* semispace through the seam: layout, collection, finalizers, weak references, bodies, pinned and
 * prebuilt objects. Sizing and trouble: test_semispace_space.c. */
#include "tests/collectors/semispace_fixture.h"

#include <string.h>

/* ---- layout ---- */

static void test_layout_to_the_byte(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);     /* 8 + 24 */
    uint32_t empty = fixture_alloc(&fixture, MODEL_EMPTY, 0, 1);   /* minimum: 16 */
    uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 3, 2);   /* 16 + 24 */
    uint32_t string = fixture_alloc(&fixture, MODEL_STRING, 5, 3); /* 16 + 5, to 24 */
    uint32_t weak = fixture_alloc(&fixture, MODEL_WEAK, 0, 4);     /* 8 + 8 + 8 */
    uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 2, 5);     /* 16 + 8, body 16 + 16 */
    uint32_t bare = fixture_alloc(&fixture, MODEL_LIST, 0, 6);     /* 16 + 8, no body */
    uint32_t last = fixture_alloc(&fixture, MODEL_EMPTY, 0, 7);
    const char *start = inside(&fixture)->copy.space.to.start;
    assert_ptr_equal(address(&fixture, pair), start);
    assert_int_equal(address(&fixture, empty) - start, 32);
    assert_int_equal(address(&fixture, array) - start, 48);
    assert_int_equal(address(&fixture, string) - start, 88);
    assert_int_equal(address(&fixture, weak) - start, 112);
    assert_int_equal(address(&fixture, list) - start, 136);
    assert_int_equal(address(&fixture, bare) - start, 192);
    assert_int_equal(address(&fixture, last) - start, 216);
    assert_ptr_equal(inside(&fixture)->copy.space.free, start + 232);
    struct gcr_footprint parts;
    gcr_collector_semispace.footprint(fixture.heap, &parts);
    assert_int_equal(parts.objects_bytes, 24 + 24 + 5 + 8 + (8 + 16) + 8);
    assert_int_equal(parts.headers_bytes, 8 + 8 + 16 + 16 + 16 + (16 + 16) + 16 + 8);
    fixture_collect(&fixture); /* recomputes both */
    struct gcr_footprint again;
    gcr_collector_semispace.footprint(fixture.heap, &again);
    assert_int_equal(parts.objects_bytes, again.objects_bytes);
    assert_int_equal(parts.headers_bytes, again.headers_bytes);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_header_holds_shape_and_no_flag_of_a_collection(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 7, 0);
    for (int round = 0; round < 2; round++) {
        uint64_t header = gcr_object_header(fixture_ref(&fixture, array));
        assert_int_equal(header & GCR_HEADER_ID_MASK, MODEL_ARRAY);
        assert_int_equal(header >> 32 & 0x3f, 0); /* forwarded .. unvisited */
        assert_int_equal(*gcr_object_word(fixture_ref(&fixture, array), 8), 7);
        fixture_collect(&fixture);
    }
    fixture_close(&fixture);
}

/* ---- collection ---- */

static void test_copies_breadth_first_and_drops_the_dead(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    const struct scene_family it = scene_family(&fixture);
    fixture_collect(&fixture);
    assert_true(fixture_is_dead(&fixture, it.dead));
    const char *start = inside(&fixture)->copy.space.to.start;
    assert_int_equal(address(&fixture, it.a) - start, 0);
    assert_int_equal(address(&fixture, it.b) - start, 32);
    assert_int_equal(address(&fixture, it.c) - start, 64);
    assert_int_equal(address(&fixture, it.d) - start, 96);
    const struct gcr_collection *done = fixture_last(&fixture);
    assert_int_equal(done->survivors, 4);
    assert_int_equal(done->freed, 1);
    assert_int_equal(done->moved_bytes, 4 * 32);
    assert_int_equal(fixture.heap->work.copied_objects, 4);
    assert_true(done->full);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_cycles_are_reclaimed_and_kept(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    scene_cycles_are_reclaimed_and_kept(&fixture);
    fixture_close(&fixture);
}

static void test_younger_generations_are_ignored(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    scene_younger_generations_are_ignored(&fixture);
    fixture_close(&fixture);
}

static void test_new_objects_lie_in_allocation_order(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    keep_pairs(&fixture, 0, 100);
    fixture_collect(&fixture);
    const char *expected = inside(&fixture)->copy.space.free;
    for (uint32_t i = 0; i < 50; i++) {
        uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, i, FIXTURE_NO_ROOT);
        assert_ptr_equal(address(&fixture, array), expected);
        expected += 16 + 8 * i;
    }
    fixture_close(&fixture);
}

/* ---- finalizers ---- */

/* An object with a finalizer that refers to `next`, in root `root`. */
static uint32_t finalizable(struct fixture *fixture, int root, uint32_t next)
{
    uint32_t object = fixture_alloc(fixture, MODEL_FINALIZER, 0, root);
    if (next != 0)
        fixture_store(fixture, object, 0, next);
    return object;
}

static void test_finalizers_run_parents_first_and_once(void **state)
{
    (void)state;
    for (int children_first = 0; children_first < 2; children_first++) {
        struct fixture fixture;
        semispace_open(&fixture, NULL, 0);
        uint32_t parent, child, leaf;
        if (children_first) {
            leaf = finalizable(&fixture, 0, 0);
            child = finalizable(&fixture, 1, leaf);
            parent = finalizable(&fixture, 2, child);
        } else {
            parent = finalizable(&fixture, 2, 0);
            child = finalizable(&fixture, 1, 0);
            leaf = finalizable(&fixture, 0, 0);
            fixture_store(&fixture, parent, 0, child);
            fixture_store(&fixture, child, 0, leaf);
        }
        for (int i = 0; i < 3; i++)
            fixture_root(&fixture, i, 0);
        const uint32_t order[] = {parent, child, leaf};
        for (uint32_t i = 0; i < 3; i++) {
            fixture_collect(&fixture);
            assert_int_equal(fixture.finalized_count, i + 1);
            assert_int_equal(fixture.finalized[i].cookie, order[i]);
            assert_false(fixture_is_dead(&fixture, order[i])); /* kept for its finalizer */
            fixture_check(&fixture);
        }
        fixture_collect(&fixture);
        assert_int_equal(fixture.finalized_count, 3);
        assert_int_equal(fixture.heap->work.finalized, 3);
        assert_int_equal(fixture_walk_count(&fixture), 0);
        fixture_close(&fixture);
    }
}

static void test_unrelated_finalizers_run_together_in_order_of_registration(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    uint32_t shared = fixture_alloc(&fixture, MODEL_PAIR, 0, 9);
    uint32_t objects[5];
    for (int i = 0; i < 5; i++)
        objects[i] = finalizable(&fixture, i, shared); /* sharing a plain object orders nothing */
    for (int i = 0; i < 10; i++)
        fixture_root(&fixture, i, 0);
    fixture_collect(&fixture);
    assert_int_equal(fixture.finalized_count, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(fixture.finalized[i].cookie, objects[i]);
    fixture_close(&fixture);
}

static void test_cycle_of_finalizers_runs_one_at_a_time(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    uint32_t first = finalizable(&fixture, 0, 0);
    uint32_t second = finalizable(&fixture, 1, first);
    fixture_store(&fixture, first, 0, second);
    fixture_root(&fixture, 0, 0);
    fixture_root(&fixture, 1, 0);
    fixture_collect(&fixture);
    assert_int_equal(fixture.finalized_count, 1);
    assert_int_equal(fixture.finalized[0].cookie, first);
    fixture_collect(&fixture);
    assert_int_equal(fixture.finalized_count, 2);
    assert_int_equal(fixture.finalized[1].cookie, second);
    fixture_collect(&fixture);
    assert_int_equal(fixture_walk_count(&fixture), 0);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_resurrected_object_is_not_finalized_again(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    fixture.resurrect_into[0] = 3;
    uint32_t held = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    uint32_t object = finalizable(&fixture, 0, held);
    fixture_root(&fixture, 0, 0);
    fixture_root(&fixture, 1, 0);
    fixture_collect(&fixture);
    assert_ptr_equal(fixture.globals[3], fixture_ref(&fixture, object));
    fixture_collect(&fixture);
    assert_false(fixture_is_dead(&fixture, object));
    assert_int_equal(fixture_slot(&fixture, object, 0), held);
    fixture_global(&fixture, 3, 0);
    fixture_collect(&fixture);
    assert_true(fixture_is_dead(&fixture, object));
    assert_true(fixture_is_dead(&fixture, held));
    assert_int_equal(fixture.finalized_count, 1);
    fixture_close(&fixture);
}

/* ---- weak references ---- */

static gcr_ref target_of(const struct fixture *fixture, uint32_t weak)
{
    return gcr_collector_semispace.weak_target(fixture->heap, fixture_ref(fixture, weak));
}

static void test_weak_references_follow_or_are_cleared(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    uint32_t live = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t dying = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    uint32_t to_live = fixture_alloc(&fixture, MODEL_WEAK, 0, 2);
    uint32_t to_dying = fixture_alloc(&fixture, MODEL_WEAK, 0, 3);
    uint32_t dead_itself = fixture_alloc(&fixture, MODEL_WEAK, 0, 4);
    fixture_weakref(&fixture, to_live, live);
    fixture_weakref(&fixture, to_dying, dying);
    fixture_weakref(&fixture, dead_itself, live);
    fixture_root(&fixture, 1, 0);
    fixture_root(&fixture, 4, 0);
    fixture_collect(&fixture);
    assert_ptr_equal(target_of(&fixture, to_live), fixture_ref(&fixture, live));
    assert_null(target_of(&fixture, to_dying));
    assert_true(fixture_is_dead(&fixture, dying));
    assert_int_equal(gcr_vector_count(&inside(&fixture)->copy.weak.old), 2);
    fixture_weakref(&fixture, to_dying, live); /* a new target for the cleared one */
    fixture_collect(&fixture);
    assert_ptr_equal(target_of(&fixture, to_dying), fixture_ref(&fixture, live));
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_weak_reference_to_an_object_kept_for_its_finalizer_is_updated(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    uint32_t object = finalizable(&fixture, 0, 0);
    uint32_t weak = fixture_alloc(&fixture, MODEL_WEAK, 0, 1);
    fixture_weakref(&fixture, weak, object);
    fixture_root(&fixture, 0, 0);
    fixture_collect(&fixture);
    assert_int_equal(fixture.finalized_count, 1);
    assert_ptr_equal(target_of(&fixture, weak), fixture_ref(&fixture, object));
    fixture_collect(&fixture);
    assert_null(target_of(&fixture, weak));
    fixture_close(&fixture);
}

/* ---- bodies ---- */

static void test_resize_is_seen_through_every_alias(void **state)
{
    (void)state;
    struct fixture fixture;
    const char *settings[] = {"start=4K", NULL};
    semispace_open(&fixture, settings, 0);
    uint32_t table = fixture_alloc(&fixture, MODEL_TABLE, 3, 0);
    uint32_t alias = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture_store(&fixture, alias, 0, table);
    fixture_store(&fixture, table, 1, alias);
    fixture_write(&fixture, table, 0, 4 + 3 * 11, 9);
    assert_true(fixture_resize(&fixture, table, 400)); /* 7.6 KB: collects and grows on the way */
    assert_true(fixture.collection_count > 0);
    assert_int_equal(fixture_length(&fixture, table), 400);
    assert_int_equal(fixture_slot(&fixture, alias, 0), table);
    assert_int_equal(fixture_slot(&fixture, table, 1), alias);
    fixture_assert_pattern(&fixture, table, 0, 4 + 3 * 11, 9);
    fixture_assert_zero(&fixture, table, 4 + 3 * 11, 397 * 11);
    fixture_collect(&fixture);
    assert_true(fixture_resize(&fixture, table, 2));
    fixture_assert_pattern(&fixture, table, 0, 4 + 2 * 11, 9);
    assert_int_equal(fixture_walk_count(&fixture), 2);
    fixture_check(&fixture);
    fixture_collect(&fixture);
    assert_int_equal(gcr_copy_space_used(&inside(&fixture)->copy.space), (16 + 8) + (16 + 40) + 32);
    assert_int_equal(fixture_slot(&fixture, alias, 0), table);
    fixture_close(&fixture);
}

static void test_shrinking_leaves_fillers_of_every_size(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    for (uint32_t cut = 0; cut <= 6; cut++) {
        uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 6, 0);
        uint32_t behind = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
        assert_true(fixture_resize(&fixture, list, 6 - cut)); /* 8 x cut bytes of slack */
        assert_int_equal(fixture_length(&fixture, list), 6 - cut);
        assert_false(fixture_is_dead(&fixture, behind));
        fixture_check(&fixture);
    }
    assert_int_equal(fixture_walk_count(&fixture), 14);
    fixture_close(&fixture);
}

static void test_copy_event_crosses_into_the_body(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 4, 0); /* slot 0 fixed, 1 .. 4 items */
    uint32_t pairs[5];
    for (uint32_t i = 0; i < 5; i++) {
        pairs[i] = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
        fixture_store(&fixture, list, i, pairs[i]);
    }
    fixture_copy(&fixture, list, 1, list, 0, 4); /* upwards, overlapping */
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(fixture_slot(&fixture, list, i), pairs[i == 0 ? 0 : i - 1]);
    fixture_copy(&fixture, list, 0, list, 2, 3); /* downwards */
    assert_int_equal(fixture_slot(&fixture, list, 0), pairs[1]);
    assert_int_equal(fixture_slot(&fixture, list, 2), pairs[3]);
    fixture_close(&fixture);
}

/* ---- pinned and prebuilt ---- */

static void test_pinned_objects_stay_and_are_swept(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    uint32_t pinned = fixture_alloc(&fixture, MODEL_PINNED, 3, 0);
    uint32_t chained = fixture_alloc(&fixture, MODEL_PINNED, 0, 1);
    uint32_t dead = fixture_alloc(&fixture, MODEL_PINNED, 100, FIXTURE_NO_ROOT);
    uint32_t moving = fixture_alloc(&fixture, MODEL_PAIR, 0, 2);
    fixture_store(&fixture, pinned, 0, chained);
    fixture_store(&fixture, chained, 1, moving);
    fixture_store(&fixture, moving, 0, pinned); /* a cycle through both kinds */
    fixture_root(&fixture, 1, 0);
    fixture_root(&fixture, 2, 0);
    gcr_ref where = fixture_ref(&fixture, pinned), before = fixture_ref(&fixture, moving);
    fixture_check(&fixture);
    for (int round = 0; round < 3; round++) {
        fixture_collect(&fixture);
        assert_ptr_equal(fixture_ref(&fixture, pinned), where);
        assert_int_equal(fixture_slot(&fixture, chained, 1), moving);
        assert_int_equal(fixture_slot(&fixture, moving, 0), pinned);
        fixture_check(&fixture);
    }
    assert_ptr_not_equal(fixture_ref(&fixture, moving), before);
    assert_true(fixture_is_dead(&fixture, dead));
    assert_int_equal(fixture_walk_count(&fixture), 3);
    fixture_root(&fixture, 0, 0);
    fixture_collect(&fixture);
    assert_int_equal(fixture_walk_count(&fixture), 0);
    assert_int_equal(inside(&fixture)->copy.external.system.used_chunks, 0);
    fixture_close(&fixture);
}

static void test_pinned_allocation_triggers_collections(void **state)
{
    (void)state;
    struct fixture fixture;
    const char *settings[] = {"start=64K", NULL};
    semispace_open(&fixture, settings, 0);
    for (int i = 0; i < 1000; i++) /* 1 MiB of garbage outside the space */
        assert_int_not_equal(fixture_alloc(&fixture, MODEL_PINNED, 128, FIXTURE_NO_ROOT), 0);
    assert_true(fixture.collection_count >= 10);
    assert_true(fixture.supply.peak_bytes <= 400 * KIB);
    fixture_close(&fixture);
}

static void test_prebuilt_objects_are_roots_that_do_not_move(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    uint32_t array = fixture_prebuilt(&fixture, MODEL_ARRAY, 2);
    uint32_t list = fixture_prebuilt(&fixture, MODEL_LIST, 2);
    uint32_t child = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t item = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    gcr_ref where = fixture_ref(&fixture, array), moved = fixture_ref(&fixture, child);
    fixture_store(&fixture, array, 1, child);
    fixture_store(&fixture, list, 2, item);
    fixture_root(&fixture, 0, 0);
    fixture_root(&fixture, 1, 0);
    fixture_collect(&fixture);
    assert_ptr_equal(fixture_ref(&fixture, array), where);
    assert_ptr_not_equal(fixture_ref(&fixture, child), moved);
    assert_int_equal(fixture_slot(&fixture, array, 1), child);
    assert_int_equal(fixture_slot(&fixture, list, 2), item);
    assert_int_equal(fixture_last(&fixture)->survivors, 2);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout_to_the_byte),
        cmocka_unit_test(test_header_holds_shape_and_no_flag_of_a_collection),
        cmocka_unit_test(test_copies_breadth_first_and_drops_the_dead),
        cmocka_unit_test(test_cycles_are_reclaimed_and_kept),
        cmocka_unit_test(test_younger_generations_are_ignored),
        cmocka_unit_test(test_new_objects_lie_in_allocation_order),
        cmocka_unit_test(test_finalizers_run_parents_first_and_once),
        cmocka_unit_test(test_unrelated_finalizers_run_together_in_order_of_registration),
        cmocka_unit_test(test_cycle_of_finalizers_runs_one_at_a_time),
        cmocka_unit_test(test_resurrected_object_is_not_finalized_again),
        cmocka_unit_test(test_weak_references_follow_or_are_cleared),
        cmocka_unit_test(test_weak_reference_to_an_object_kept_for_its_finalizer_is_updated),
        cmocka_unit_test(test_resize_is_seen_through_every_alias),
        cmocka_unit_test(test_shrinking_leaves_fillers_of_every_size),
        cmocka_unit_test(test_copy_event_crosses_into_the_body),
        cmocka_unit_test(test_pinned_objects_stay_and_are_swept),
        cmocka_unit_test(test_pinned_allocation_triggers_collections),
        cmocka_unit_test(test_prebuilt_objects_are_roots_that_do_not_move),
    };
    return cmocka_run_group_tests_name("collector.semispace", tests, NULL, NULL);
}
