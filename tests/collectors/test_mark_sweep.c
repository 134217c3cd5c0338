/* mark-sweep through the seam: layout, lists, collection, finalizers, weak references, bodies,
 * prebuilt objects, in each of its modes. Trigger, trouble and damage: test_mark_sweep_limits.c. */
#include "tests/collectors/mark_sweep_fixture.h"

#include <string.h>

static const char *const lists[] = {NULL};
static const char *const pools[] = {"allocator=pools", "marks=bitmap", "sweep=pools", NULL};

/* ---- layout ---- */

/* Bytes that the accounts hold for a new object, and the offset of its first slot or data byte. */
static void assert_layout(const char *const *settings, uint32_t shape, uint32_t length,
                          uint64_t bytes, uint64_t payload)
{
    struct fixture fixture;
    mark_sweep_open(&fixture, settings, 0);
    uint32_t object = fixture_alloc(&fixture, shape, length, 0);
    assert_int_equal(mark_sweep_used(inside(&fixture)), bytes);
    assert_int_equal(mark_sweep_payload(fixture_ref(&fixture, object)) -
                         (char *)fixture_ref(&fixture, object),
                     payload);
    fixture_collect(&fixture);
    assert_int_equal(mark_sweep_used(inside(&fixture)), bytes); /* as the marking adds it up */
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_layout_to_the_byte(void **state)
{
    (void)state;
    assert_layout(lists, MODEL_PAIR, 0, 16 + 24, 16);
    assert_layout(lists, MODEL_EMPTY, 0, 16, 16);
    assert_layout(lists, MODEL_ARRAY, 3, 24 + 24, 24);
    assert_layout(lists, MODEL_STRING, 5, 24 + 5, 24);
    assert_layout(lists, MODEL_WEAK, 0, 24 + 8, 24);
    assert_layout(lists, MODEL_FINALIZER, 0, 16 + 8, 16);
    assert_layout(lists, MODEL_LIST, 2, 32 + 8 + 16, 32);
    assert_layout(lists, MODEL_TABLE, 0, 32 + 4, 32);
    assert_layout(pools, MODEL_PAIR, 0, 8 + 24, 8); /* no link */
    assert_layout(pools, MODEL_EMPTY, 0, 8, 8);
    assert_layout(pools, MODEL_STRING, 5, 16 + 5, 16);
    assert_layout(pools, MODEL_STRING, 5000, 16 + 5000, 16); /* large: its link is in front */
    assert_layout(pools, MODEL_LIST, 2, 32 + 8 + 16, 32);
}

static void test_header_is_type_mark_flags_link(void **state)
{
    (void)state;
    struct fixture fixture;
    mark_sweep_open(&fixture, lists, 0);
    uint32_t first = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t second = fixture_alloc(&fixture, MODEL_ARRAY, 7, 1);
    for (int round = 0; round < 2; round++) {
        uint32_t id;
        memcpy(&id, word(&fixture, second, 0), sizeof id);
        const uint8_t *bytes = (const uint8_t *)word(&fixture, second, 0);
        assert_int_equal(id, MODEL_ARRAY);
        assert_int_equal(bytes[4], 0);               /* mark */
        assert_int_equal(bytes[5] & 7, 2);           /* link, length */
        assert_int_equal(bytes[6] + bytes[7], 0);    /* padding */
        assert_ptr_equal(*word(&fixture, second, 8), /* newest first */
                         (uintptr_t)fixture_ref(&fixture, first));
        assert_int_equal(*word(&fixture, second, 16), 7);
        assert_null((gcr_ref)*word(&fixture, first, 8));
        fixture_collect(&fixture);
    }
    fixture_close(&fixture);
}

/* ---- collection ---- */

static void for_each_mode(void (*test)(struct fixture *fixture))
{
    for (int mode = 0; mode < MODES; mode++) {
        struct fixture fixture;
        mark_sweep_open(&fixture, mark_sweep_modes[mode], 0);
        test(&fixture);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

static void keeps_what_is_reachable(struct fixture *fixture)
{
    /* root -> a -> (b -> d, c); d -> a closes a cycle; a dead pair in between */
    uint32_t d = fixture_alloc(fixture, MODEL_PAIR, 0, 1);
    uint32_t b = fixture_alloc(fixture, MODEL_PAIR, 0, 2);
    uint32_t dead = fixture_alloc(fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    uint32_t c = fixture_alloc(fixture, MODEL_STRING, 700, 3);
    uint32_t a = fixture_alloc(fixture, MODEL_PAIR, 0, 0);
    fixture_store(fixture, a, 0, b);
    fixture_store(fixture, a, 1, c);
    fixture_store(fixture, b, 0, d);
    fixture_store(fixture, d, 1, a);
    for (int i = 1; i < 4; i++)
        fixture_root(fixture, i, 0);
    uint64_t before = mark_sweep_used(inside(fixture));
    gcr_collector_mark_sweep.collect(fixture->heap, 2, GCR_REASON_EXPLICIT);
    assert_true(fixture_is_dead(fixture, dead));
    assert_int_equal(fixture->freed_count, 1);
    const struct gcr_collection *done = fixture_last(fixture);
    assert_int_equal(done->survivors, 4);
    assert_int_equal(done->freed, 1);
    assert_true(done->full);
    assert_int_equal(mark_sweep_used(inside(fixture)),
                     before - mark_sweep_bytes(&inside(fixture)->types[MODEL_PAIR], 0));
    fixture_root(fixture, 0, 0);
    gcr_collector_mark_sweep.collect(fixture->heap, 2, GCR_REASON_EXPLICIT);
    assert_int_equal(fixture_walk_count(fixture), 0);
    assert_int_equal(mark_sweep_used(inside(fixture)), 0);
    assert_int_equal(fixture->heap->work.freed_objects, 5);
    assert_int_equal(fixture->heap->work.marked_objects, 4);
    assert_true(fixture->phases[GCR_PHASE_MARK] == 2 && fixture->phases[GCR_PHASE_SWEEP] == 2);
}

static void test_keeps_what_is_reachable(void **state)
{
    (void)state;
    for_each_mode(keeps_what_is_reachable);
}

static void test_younger_generations_are_ignored(void **state)
{
    (void)state;
    struct fixture fixture;
    mark_sweep_open(&fixture, NULL, 0);
    scene_younger_generations_are_ignored(&fixture);
    fixture_close(&fixture);
}

/* mark=pop pushes every edge, mark=push every object: the deepest stack tells which. */
static void test_popped_marks_stack_edges_pushed_marks_stack_objects(void **state)
{
    (void)state;
    static const struct {
        const char *settings[2];
        uint64_t peak;
    } rows[] = {{{"mark=pop", NULL}, 900}, {{"mark=push", NULL}, 2}};
    for (size_t i = 0; i < 2; i++) {
        struct fixture fixture;
        mark_sweep_open(&fixture, rows[i].settings, 0);
        uint32_t target = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
        uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 900, 0);
        for (uint32_t k = 0; k < 900; k++)
            fixture_store(&fixture, array, k, target);
        fixture_root(&fixture, 1, 0);
        fixture_collect(&fixture);
        struct gcr_design_figure figures[GCR_MAX_DESIGN_FIGURES];
        assert_true(gcr_collector_mark_sweep.figures(fixture.heap, figures) > 0);
        assert_string_equal(figures[0].name, "mark stack peak");
        assert_true(figures[0].value >= (double)rows[i].peak / 2 &&
                    figures[0].value <= (double)rows[i].peak + 1);
        fixture_close(&fixture);
    }
}

/* Four marked objects in a pool full of garbage: the pools' sweep gives blocks back one by one,
 * and pools of which nothing is left as a whole. */
static void test_pools_are_swept_by_their_bits(void **state)
{
    (void)state;
    struct fixture fixture;
    mark_sweep_open(&fixture, pools, 0);
    uint32_t kept[4];
    for (int i = 0; i < 4; i++) {
        kept[i] = fixture_alloc(&fixture, MODEL_PAIR, 0, i);
        drop_pairs(&fixture, 700);
    }
    uint64_t in_use = inside(&fixture)->pools.pools_in_use;
    fixture_collect(&fixture);
    assert_int_equal(fixture_last(&fixture)->freed, 2800);
    assert_int_equal(fixture_walk_count(&fixture), 4);
    assert_true(in_use >= 5 && inside(&fixture)->pools.pools_in_use <= 4);
    for (int i = 0; i < 4; i++)
        assert_true(
            gcr_mark_bitmap_get(&inside(&fixture)->allocated, fixture_ref(&fixture, kept[i])));
    fixture_check(&fixture);
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

static void finalizers_run_parents_first_and_once(struct fixture *fixture)
{
    uint32_t leaf = finalizable(fixture, 0, 0);
    uint32_t child = finalizable(fixture, 1, leaf);
    uint32_t parent = finalizable(fixture, 2, child);
    for (int i = 0; i < 3; i++)
        fixture_root(fixture, i, 0);
    const uint32_t order[] = {parent, child, leaf};
    for (uint32_t i = 0; i < 3; i++) {
        fixture_collect(fixture);
        assert_int_equal(fixture->finalized_count, i + 1);
        assert_int_equal(fixture->finalized[i].cookie, order[i]);
        assert_false(fixture_is_dead(fixture, order[i])); /* kept for its finalizer */
        fixture_check(fixture);
    }
    fixture_collect(fixture);
    assert_int_equal(fixture->finalized_count, 3);
    assert_int_equal(fixture->heap->work.finalized, 3);
    assert_int_equal(fixture_walk_count(fixture), 0);
}

static void test_finalizers_run_parents_first_and_once(void **state)
{
    (void)state;
    for_each_mode(finalizers_run_parents_first_and_once);
}

static void finalizers_run_in_order_of_registration(struct fixture *fixture)
{
    uint32_t shared = fixture_alloc(fixture, MODEL_PAIR, 0, 9);
    uint32_t objects[5];
    for (int i = 0; i < 5; i++)
        objects[i] = finalizable(fixture, i, shared); /* sharing a plain object orders nothing */
    for (int i = 0; i < 10; i++)
        fixture_root(fixture, i, 0);
    fixture_collect(fixture);
    assert_int_equal(fixture->finalized_count, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(fixture->finalized[i].cookie, objects[i]);
}

static void test_finalizers_run_in_order_of_registration(void **state)
{
    (void)state;
    for_each_mode(finalizers_run_in_order_of_registration);
}

static void cycle_of_finalizers_runs_one_at_a_time(struct fixture *fixture)
{
    uint32_t first = finalizable(fixture, 0, 0);
    uint32_t second = finalizable(fixture, 1, first);
    fixture_store(fixture, first, 0, second);
    fixture_root(fixture, 0, 0);
    fixture_root(fixture, 1, 0);
    fixture_collect(fixture);
    assert_int_equal(fixture->finalized_count, 1);
    assert_int_equal(fixture->finalized[0].cookie, first);
    fixture_collect(fixture);
    assert_int_equal(fixture->finalized_count, 2);
    fixture_collect(fixture);
    assert_int_equal(fixture_walk_count(fixture), 0);
}

static void test_cycle_of_finalizers_runs_one_at_a_time(void **state)
{
    (void)state;
    for_each_mode(cycle_of_finalizers_runs_one_at_a_time);
}

/* The source's rule: all that are not referred to by others run together; one that reaches itself
 * never does, and stays. */
static void test_2012_rule_never_finalizes_what_reaches_itself(void **state)
{
    (void)state;
    const char *settings[] = {"finalizer-order=2012", NULL, NULL};
    for (int push = 0; push < 2; push++) {
        struct fixture fixture;
        settings[1] = push ? "mark=push" : NULL;
        mark_sweep_open(&fixture, settings, 0);
        uint32_t ring = finalizable(&fixture, 0, 0);
        uint32_t back = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
        fixture_store(&fixture, ring, 0, back);
        fixture_store(&fixture, back, 0, ring);
        uint32_t child = finalizable(&fixture, 2, 0);
        uint32_t parent = finalizable(&fixture, 3, child);
        uint32_t alive = finalizable(&fixture, 4, 0);
        for (int i = 0; i < 4; i++)
            fixture_root(&fixture, i, 0);
        fixture_collect(&fixture);
        assert_int_equal(fixture.finalized_count, 1);
        assert_int_equal(fixture.finalized[0].cookie, parent);
        fixture_collect(&fixture);
        assert_int_equal(fixture.finalized_count, 2);
        assert_int_equal(fixture.finalized[1].cookie, child);
        for (int i = 0; i < 3; i++)
            fixture_collect(&fixture);
        assert_int_equal(fixture.finalized_count, 2);
        assert_false(fixture_is_dead(&fixture, ring)); /* for ever */
        assert_false(fixture_is_dead(&fixture, alive));
        assert_int_equal(fixture_walk_count(&fixture), 3);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

static void resurrected_object_is_not_finalized_again(struct fixture *fixture)
{
    fixture->resurrect_into[0] = 3;
    uint32_t held = fixture_alloc(fixture, MODEL_PAIR, 0, 1);
    uint32_t object = finalizable(fixture, 0, held);
    fixture_root(fixture, 0, 0);
    fixture_root(fixture, 1, 0);
    fixture_collect(fixture);
    assert_ptr_equal(fixture->globals[3], fixture_ref(fixture, object));
    fixture_collect(fixture);
    assert_false(fixture_is_dead(fixture, object));
    assert_int_equal(fixture_slot(fixture, object, 0), held);
    fixture_global(fixture, 3, 0);
    fixture_collect(fixture);
    assert_true(fixture_is_dead(fixture, object));
    assert_true(fixture_is_dead(fixture, held));
    assert_int_equal(fixture->finalized_count, 1);
}

static void test_resurrected_object_is_not_finalized_again(void **state)
{
    (void)state;
    for_each_mode(resurrected_object_is_not_finalized_again);
}

/* ---- weak references ---- */

static gcr_ref target_of(const struct fixture *fixture, uint32_t weak)
{
    return gcr_collector_mark_sweep.weak_target(fixture->heap, fixture_ref(fixture, weak));
}

static void weak_references_are_cleared(struct fixture *fixture)
{
    uint32_t target = fixture_alloc(fixture, MODEL_PAIR, 0, 0);
    uint32_t weak = fixture_alloc(fixture, MODEL_WEAK, 0, 1);
    uint32_t other = fixture_alloc(fixture, MODEL_WEAK, 0, 2); /* to the weak reference */
    fixture_weakref(fixture, weak, target);
    fixture_weakref(fixture, other, weak);
    fixture_collect(fixture);
    assert_ptr_equal(target_of(fixture, weak), fixture_ref(fixture, target));
    fixture_root(fixture, 0, 0);
    fixture_collect(fixture);
    assert_null(target_of(fixture, weak));
    assert_ptr_equal(target_of(fixture, other), fixture_ref(fixture, weak));
    fixture_root(fixture, 1, 0);
    fixture_collect(fixture);
    assert_null(target_of(fixture, other)); /* two passes: whichever comes first on the list */
    assert_int_equal(fixture_walk_count(fixture), 1);
}

static void test_weak_references_are_cleared(void **state)
{
    (void)state;
    for_each_mode(weak_references_are_cleared);
}

static void weak_reference_to_a_weak_reference_in_either_order(struct fixture *fixture)
{
    for (int reversed = 0; reversed < 2; reversed++) {
        uint32_t a = fixture_alloc(fixture, MODEL_WEAK, 0, 0);
        uint32_t b = fixture_alloc(fixture, MODEL_WEAK, 0, 1);
        fixture_weakref(fixture, reversed ? a : b, reversed ? b : a);
        fixture_root(fixture, reversed ? 1 : 0, 0);
        fixture_collect(fixture);
        assert_null(target_of(fixture, reversed ? a : b));
        fixture_root(fixture, reversed ? 0 : 1, 0);
    }
}

static void test_weak_reference_to_a_weak_reference_in_either_order(void **state)
{
    (void)state;
    for_each_mode(weak_reference_to_a_weak_reference_in_either_order);
}

static void weak_reference_to_what_is_finalized_is_cleared_first(struct fixture *fixture)
{
    uint32_t child = finalizable(fixture, 0, 0);
    uint32_t parent = finalizable(fixture, 1, child);
    uint32_t to_parent = fixture_alloc(fixture, MODEL_WEAK, 0, 2);
    uint32_t to_child = fixture_alloc(fixture, MODEL_WEAK, 0, 3);
    fixture_weakref(fixture, to_parent, parent);
    fixture_weakref(fixture, to_child, child);
    fixture_root(fixture, 0, 0);
    fixture_root(fixture, 1, 0);
    fixture_collect(fixture);
    assert_int_equal(fixture->finalized_count, 1);
    assert_null(target_of(fixture, to_parent));
    assert_ptr_equal(target_of(fixture, to_child), fixture_ref(fixture, child));
}

static void test_weak_reference_to_what_is_finalized_is_cleared_first(void **state)
{
    (void)state;
    for_each_mode(weak_reference_to_what_is_finalized_is_cleared_first);
}

static void test_weak_references_with_finalizers(void **state)
{
    (void)state;
    static const struct gcr_shape shapes[] = {
        [0] = {0},
        [1] = {8, 1, 0, 0, GCR_SHAPE_WEAK | GCR_SHAPE_FINALIZER, 1, "weak, finalizer"},
        [2] = {8, 1, 0, 0, 0, 2, "cell"},
    };
    for (int mode = 0; mode < MODES; mode++) {
        struct fixture fixture;
        struct fixture_config config = mark_sweep_config(mark_sweep_modes[mode], 0);
        config.shapes = shapes;
        config.shape_count = 2;
        fixture_open(&fixture, &config);
        uint32_t target = fixture_alloc(&fixture, 2, 0, 0);
        uint32_t weak = fixture_alloc(&fixture, 1, 0, 1);
        fixture_weakref(&fixture, weak, target);
        fixture.resurrect_into[0] = 0;
        fixture_root(&fixture, 1, 0);
        fixture_collect(&fixture); /* finalized, stored in a global root, on the weak list now */
        assert_int_equal(fixture.finalized_count, 1);
        assert_ptr_equal(target_of(&fixture, weak), fixture_ref(&fixture, target));
        fixture_root(&fixture, 0, 0);
        fixture_collect(&fixture);
        assert_true(fixture_is_dead(&fixture, target));
        assert_null(target_of(&fixture, weak));
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

/* ---- bodies ---- */

static void bodies_grow_and_shrink(struct fixture *fixture)
{
    uint32_t pair = fixture_alloc(fixture, MODEL_PAIR, 0, 1);
    uint32_t list = fixture_alloc(fixture, MODEL_LIST, 0, 0);
    uint64_t empty = mark_sweep_used(inside(fixture));
    static const uint32_t lengths[] = {1, 2, 100, 99, 5000, 4999, 3, 0, 60, 80};
    for (size_t i = 0; i < GCR_COUNT_OF(lengths); i++) {
        uint32_t before = fixture_length(fixture, list);
        assert_true(fixture_resize(fixture, list, lengths[i]));
        assert_int_equal(fixture_length(fixture, list), lengths[i]);
        for (uint32_t k = 0; k < lengths[i]; k++) {
            assert_int_equal(fixture_slot(fixture, list, 1 + k), k < before ? pair : 0);
            fixture_store(fixture, list, 1 + k, pair);
        }
        assert_int_equal(mark_sweep_used(inside(fixture)), empty + 8 * lengths[i]);
        fixture_collect(fixture);
        assert_int_equal(mark_sweep_used(inside(fixture)), empty + 8 * lengths[i]);
        fixture_check(fixture);
    }
    fixture_root(fixture, 1, 0);
    fixture_collect(fixture);
    assert_false(fixture_is_dead(fixture, pair)); /* the body holds it */
    fixture_root(fixture, 0, 0);
    fixture_collect(fixture);
    assert_int_equal(mark_sweep_used(inside(fixture)), 0);
    if (inside(fixture)->pooled)
        assert_int_equal(inside(fixture)->pools.pools_in_use, 0);
    else
        assert_int_equal(inside(fixture)->system.used_chunks, 0);
}

static void test_bodies_grow_and_shrink(void **state)
{
    (void)state;
    for_each_mode(bodies_grow_and_shrink);
}

/* Card rule: growth counts as bytes since the last collection, and the trigger is tested first. */
static void growth_triggers(struct fixture *fixture)
{
    uint32_t list = fixture_alloc(fixture, MODEL_LIST, 0, 0);
    assert_true(fixture_resize(fixture, list, 5000)); /* 40,000 bytes: over the threshold now */
    assert_int_equal(fixture->begun, 0);
    assert_true(fixture_resize(fixture, list, 4999)); /* shrinking tests nothing */
    assert_int_equal(fixture->begun, 0);
    assert_true(fixture_resize(fixture, list, 5001));
    assert_int_equal(fixture->begun, 1);
    assert_int_equal(fixture_last(fixture)->reason, GCR_REASON_ALLOCATION);
}

static void test_growth_triggers(void **state)
{
    (void)state;
    for_each_mode(growth_triggers);
}

/* ---- prebuilt objects ---- */

static void prebuilt_objects_are_roots_and_immortal(struct fixture *fixture)
{
    uint32_t fixed = fixture_prebuilt(fixture, MODEL_PAIR, 0);
    uint32_t list = fixture_prebuilt(fixture, MODEL_LIST, 3);
    uint32_t weak = fixture_prebuilt(fixture, MODEL_WEAK, 0);
    uint32_t text = fixture_prebuilt(fixture, MODEL_STRING, 9);
    uint32_t held = fixture_alloc(fixture, MODEL_PAIR, 0, 0);
    uint32_t item = fixture_alloc(fixture, MODEL_PAIR, 0, 1);
    uint32_t mortal = fixture_alloc(fixture, MODEL_PAIR, 0, 2);
    fixture_store(fixture, fixed, 0, held);
    fixture_store(fixture, list, 2, item);
    fixture_weakref(fixture, weak, mortal);
    for (int i = 0; i < 3; i++)
        fixture_root(fixture, i, 0);
    for (int round = 0; round < 2; round++) {
        fixture_collect(fixture);
        assert_false(fixture_is_dead(fixture, held) || fixture_is_dead(fixture, item));
        assert_true(fixture_is_dead(fixture, mortal));
        assert_null(target_of(fixture, weak));
        assert_int_equal(fixture_last(fixture)->survivors, 2); /* they are not counted */
        assert_true(fixture_resize(fixture, list, 40));
        fixture_check(fixture);
    }
    assert_int_equal(fixture_walk_count(fixture), 6);
    assert_int_equal(fixture_length(fixture, text), 9);
    fixture_store(fixture, fixed, 0, 0);
    fixture_collect(fixture);
    assert_true(fixture_is_dead(fixture, held));
}

static void test_prebuilt_objects_are_roots_and_immortal(void **state)
{
    (void)state;
    for_each_mode(prebuilt_objects_are_roots_and_immortal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout_to_the_byte),
        cmocka_unit_test(test_header_is_type_mark_flags_link),
        cmocka_unit_test(test_keeps_what_is_reachable),
        cmocka_unit_test(test_younger_generations_are_ignored),
        cmocka_unit_test(test_popped_marks_stack_edges_pushed_marks_stack_objects),
        cmocka_unit_test(test_pools_are_swept_by_their_bits),
        cmocka_unit_test(test_finalizers_run_parents_first_and_once),
        cmocka_unit_test(test_finalizers_run_in_order_of_registration),
        cmocka_unit_test(test_cycle_of_finalizers_runs_one_at_a_time),
        cmocka_unit_test(test_2012_rule_never_finalizes_what_reaches_itself),
        cmocka_unit_test(test_resurrected_object_is_not_finalized_again),
        cmocka_unit_test(test_weak_references_are_cleared),
        cmocka_unit_test(test_weak_reference_to_a_weak_reference_in_either_order),
        cmocka_unit_test(test_weak_reference_to_what_is_finalized_is_cleared_first),
        cmocka_unit_test(test_weak_references_with_finalizers),
        cmocka_unit_test(test_bodies_grow_and_shrink),
        cmocka_unit_test(test_growth_triggers),
        cmocka_unit_test(test_prebuilt_objects_are_roots_and_immortal),
    };
    return cmocka_run_group_tests_name("collector.mark_sweep", tests, NULL, NULL);
}
