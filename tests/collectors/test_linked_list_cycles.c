/* linked-list: when a collection starts, which generation, and which cycles it finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/collectors/linked_list_kit.h"

/* ---- trigger ---- */

/* Allocates until the next collection ends; everything stays alive in a chain at root 0. Returns
 * the number of allocations. */
static uint32_t allocate_until_collection(struct fixture *f)
{
    uint32_t before = f->collection_count, n = 0;
    while (f->collection_count == before) {
        f->ops->alloc(f->heap, &kit_shapes[NODE], 0, 0, 0, &f->roots[1], false);
        f->ops->store(f->heap, f->roots[1], 0, f->roots[0]);
        f->ops->root(f->heap, &f->roots[0], f->roots[1], false);
        n++;
    }
    return n;
}

static void test_default_thresholds_pick_generations_as_cpython_does(void **state)
{
    (void)state;
    struct fixture_config config = kit_config(NULL);
    config.report_frees = false;
    struct fixture f;
    fixture_open(&f, &config);
    for (uint32_t trigger = 1; trigger <= 133; trigger++) {
        assert_int_equal(allocate_until_collection(&f), 701);
        uint32_t expected = trigger == 133 ? 2 : trigger % 12 == 0 ? 1 : 0;
        assert_int_equal(fixture_last(&f)->generation, expected);
        assert_int_equal(fixture_last(&f)->reason, GCR_REASON_ALLOCATION);
        assert_int_equal(fixture_last(&f)->full, expected == 2);
    }
    assert_int_equal(kit_heap(&f)->counting.long_lived_total, 133 * 701 - 1);
    f.ops->root(f.heap, &f.roots[1], NULL, false);
    kit_close(&f);
}

static void test_full_collection_waits_for_a_quarter(void **state)
{
    (void)state;
    static const char *const settings[] = {"threshold0=9", "threshold1=0", "threshold2=0", NULL};
    struct fixture f;
    kit_open(&f, settings);
    f.collector->gc_control(f.heap, false, (const uint32_t[]){9, 0, 0});
    for (int i = 0; i < 1000; i++) {
        f.ops->alloc(f.heap, &kit_shapes[NODE], 0, 0, 0, &f.roots[1], false);
        f.ops->store(f.heap, f.roots[1], 0, f.roots[0]);
        f.ops->root(f.heap, &f.roots[0], f.roots[1], false);
    }
    f.collector->gc_control(f.heap, true, (const uint32_t[]){9, 0, 0});
    kit_collect(&f, 2);
    assert_int_equal(kit_heap(&f)->counting.long_lived_total, 1000);
    /* Triggers alternate between generations 0 and 1; each generation-1 collection adds 20, the
     * first 19 (the newest object is not yet listed), then 20; the 13th makes 259 >= 250. */
    for (int trigger = 1; trigger <= 26; trigger++) {
        assert_int_equal(allocate_until_collection(&f), 10);
        assert_int_equal(fixture_last(&f)->generation, trigger % 2 == 0 ? 1 : 0);
    }
    assert_int_equal(kit_heap(&f)->counting.long_lived_pending, 259);
    allocate_until_collection(&f);
    assert_int_equal(fixture_last(&f)->generation, 2);
    assert_int_equal(kit_heap(&f)->counting.long_lived_pending, 0);
    assert_int_equal(kit_heap(&f)->counting.long_lived_total, 1269);
    kit_close(&f);
}

static void test_counter_rules(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    struct linked_list *ll = kit_heap(&f);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0);
    assert_int_equal(ll->counting.count[0], 1);
    fixture_alloc(&f, LEAF, 0, 1); /* not a container */
    assert_int_equal(ll->counting.count[0], 1);
    fixture_alloc_flags(&f, NODE, 0, GCR_ALLOC_UNCOUNTED, 2);
    assert_int_equal(ll->counting.count[0], 1);
    fixture_root(&f, 2, 0); /* an ordinary death counts down */
    assert_int_equal(ll->counting.count[0], 0);
    fixture_root(&f, 0, 0); /* and never below zero */
    assert_int_equal(ll->counting.count[0], 0);
    assert_true(fixture_is_dead(&f, a));
    uint32_t b = fixture_alloc(&f, NODE, 0, 0);
    f.ops->recycle(f.heap, fixture_ref(&f, b));
    fixture_root(&f, 0, 0);
    assert_int_equal(ll->counting.count[0], 1); /* recycled: no decrement */
    kit_close(&f);
}

static void test_notrigger_postpones_and_disabled_never_triggers(void **state)
{
    (void)state;
    static const char *const settings[] = {"threshold0=2", NULL};
    struct fixture f;
    kit_open(&f, settings);
    for (int i = 0; i < 5; i++)
        fixture_alloc_flags(&f, NODE, 0, GCR_ALLOC_NOTRIGGER, i);
    assert_int_equal(f.collection_count, 0);
    assert_int_equal(kit_heap(&f)->counting.count[0], 5);
    fixture_alloc(&f, NODE, 0, 5);
    assert_int_equal(f.collection_count, 1);
    f.collector->gc_control(f.heap, false, (const uint32_t[]){700, 10, 10});
    for (int i = 0; i < 20; i++)
        fixture_alloc(&f, NODE, 0, i);
    assert_int_equal(f.collection_count, 1);
    kit_collect(&f, 0); /* explicit ones work all the same */
    assert_int_equal(f.collection_count, 2);
    kit_close(&f);
}

static void test_gccontrol_sets_thresholds_unless_an_option_did(void **state)
{
    (void)state;
    static const char *const settings[] = {"threshold1=3", NULL};
    struct fixture f;
    kit_open(&f, settings);
    f.collector->gc_control(f.heap, true, (const uint32_t[]){5, 6, 7});
    assert_int_equal(kit_heap(&f)->counting.threshold[0], 5);
    assert_int_equal(kit_heap(&f)->counting.threshold[1], 3);
    assert_int_equal(kit_heap(&f)->counting.threshold[2], 7);
    f.collector->gc_control(f.heap, true, (const uint32_t[]){0, 6, 7});
    for (int i = 0; i < 50; i++)
        fixture_alloc(&f, NODE, 0, i);
    assert_int_equal(f.collection_count, 0); /* threshold 0 means never */
    kit_close(&f);
}

/* ---- cycles ---- */

static void test_cycle_is_collected_in_each_layout(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        kit_open(&f, kit_head_settings[i]);
        uint32_t a = fixture_alloc(&f, NODE, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
        uint32_t kept = fixture_alloc(&f, NODE, 0, 2);
        fixture_store(&f, a, 0, b);
        fixture_store(&f, b, 0, a);
        fixture_store(&f, kept, 0, kept);
        fixture_root(&f, 0, 0);
        fixture_root(&f, 1, 0);
        assert_false(fixture_is_dead(&f, a));
        kit_collect(&f, 0);
        assert_true(fixture_is_dead(&f, a) && fixture_is_dead(&f, b));
        assert_int_equal(fixture_last(&f)->collected, 2);
        assert_int_equal(fixture_last(&f)->freed, 2);
        assert_int_equal(fixture_last(&f)->survivors, 1);
        assert_int_equal(kit_generation(&f, kept), 1);
        fixture_check(&f);
        kit_collect(&f, 1);
        assert_int_equal(kit_generation(&f, kept), 2);
        kit_close(&f);
    }
}

static void test_old_garbage_waits_for_its_generation(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0);
    fixture_store(&f, a, 0, a);
    kit_collect(&f, 1);
    fixture_root(&f, 0, 0);
    kit_collect(&f, 1);
    assert_false(fixture_is_dead(&f, a));
    kit_collect(&f, 2);
    assert_true(fixture_is_dead(&f, a));
    kit_close(&f);
}

/* Reachable objects that the walk meets in the wrong order first go to the unreachable list. */
static void test_chain_in_the_wrong_order_survives(void **state)
{
    (void)state;
    enum { N = 50 };
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        uint32_t node[N];
        kit_open(&f, kit_head_settings[i]);
        for (int k = 0; k < N; k++) {
            node[k] = fixture_alloc(&f, PAIR, 0, 1);
            if (k > 0)
                fixture_store(&f, node[k], 0, node[k - 1]); /* younger refers to older */
            fixture_root(&f, 0, node[k]);
        }
        fixture_root(&f, 1, 0);
        fixture_store(&f, node[0], 1, node[N / 2]);
        kit_collect(&f, 0);
        assert_int_equal(fixture_last(&f)->survivors, N);
        for (int k = 0; k < N; k++)
            assert_int_equal(kit_generation(&f, node[k]), 1);
        fixture_check(&f);
        kit_collect(&f, 2);
        assert_int_equal(fixture_last(&f)->collected, 0);
        fixture_root(&f, 0, 0);
        kit_collect(&f, 2);
        assert_int_equal(fixture_walk_count(&f), 0);
        assert_int_equal(fixture_last(&f)->collected, N / 2 + 1); /* the others died by counting */
        kit_close(&f);
    }
}

static void test_chain_through_list_bodies_is_collected(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t a = fixture_alloc(&f, LIST, 3, 0), b = fixture_alloc(&f, LIST, 200, 1);
    fixture_store(&f, a, 2, b);
    fixture_store(&f, b, 199, a);
    fixture_root(&f, 0, 0);
    fixture_root(&f, 1, 0);
    kit_collect(&f, 2);
    assert_true(fixture_is_dead(&f, a) && fixture_is_dead(&f, b));
    assert_int_equal(kit_heap(&f)->counting.system.used_chunks, 0);
    kit_close(&f);
}

static void test_ring_of_tuples_is_collected(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t a = fixture_alloc(&f, TUPLE, 1, 0), b = fixture_alloc(&f, TUPLE, 1, 1);
    fixture_store(&f, a, 0, b);
    fixture_store(&f, b, 0, a);
    fixture_root(&f, 0, 0);
    fixture_root(&f, 1, 0);
    kit_collect(&f, 2);
    assert_int_equal(fixture_walk_count(&f), 0);
    kit_close(&f);
}

static void test_separate_buffer_is_seen_through_while_private(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0), buffer = fixture_alloc(&f, BUFFER, 0, 1);
    fixture_store(&f, a, 0, buffer);
    fixture_store(&f, buffer, 1, a);
    fixture_root(&f, 0, 0);
    kit_collect(&f, 2); /* root 1 still holds the buffer: opaque, and a is held from outside */
    assert_false(fixture_is_dead(&f, a));
    fixture_root(&f, 1, 0);
    kit_collect(&f, 2);
    assert_true(fixture_is_dead(&f, a) && fixture_is_dead(&f, buffer));
    assert_int_equal(fixture_last(&f)->collected, 1);
    assert_int_equal(fixture_last(&f)->freed, 2);
    kit_close(&f);
}

static void test_cycle_of_other_objects_stays(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t a = fixture_alloc(&f, BUFFER, 0, 0);
    fixture_store(&f, a, 0, a);
    fixture_root(&f, 0, 0);
    kit_collect(&f, 2);
    assert_false(fixture_is_dead(&f, a)); /* as in CPython: nobody can find it */
    assert_int_equal(fixture_last(&f)->collected, 0);
    fixture_close(&f);
}

static void test_prebuilt_objects_are_immortal(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t p = fixture_prebuilt(&f, NODE, 0), a = fixture_alloc(&f, NODE, 0, 0);
    assert_false(kit_is_tracked(&f, p));
    assert_int_equal(kit_heap(&f)->counting.count[0], 1);
    fixture_store(&f, p, 0, a);
    fixture_store(&f, a, 0, a);
    fixture_root(&f, 0, 0);
    kit_collect(&f, 2);
    assert_false(fixture_is_dead(&f, a)); /* what it refers to is a root */
    kit_track(&f, p);
    kit_collect(&f, 2);
    assert_false(fixture_is_dead(&f, p));
    assert_int_equal(fixture_last(&f)->collected, 0);
    kit_close(&f);
}

/* ---- freeze ---- */

static void test_frozen_objects_are_no_candidates(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
    fixture_store(&f, a, 0, a);
    f.collector->freeze(f.heap);
    assert_int_equal(kit_heap(&f)->counting.count[0], 0);
    assert_int_equal(kit_generation(&f, a), 3);
    uintptr_t prev = kit_head(&f, a)->prev, next = kit_head(&f, a)->next;
    fixture_root(&f, 0, 0);
    kit_collect(&f, 2);
    assert_false(fixture_is_dead(&f, a));
    assert_int_equal(kit_head(&f, a)->prev, prev); /* not written */
    assert_int_equal(kit_head(&f, a)->next, next);
    fixture_root(&f, 1, 0); /* dies by counting, out of the permanent list */
    assert_true(fixture_is_dead(&f, b));
    fixture_check(&f);
    f.collector->unfreeze(f.heap);
    assert_int_equal(kit_generation(&f, a), 2);
    kit_collect(&f, 2);
    assert_true(fixture_is_dead(&f, a));
    kit_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_thresholds_pick_generations_as_cpython_does),
        cmocka_unit_test(test_full_collection_waits_for_a_quarter),
        cmocka_unit_test(test_counter_rules),
        cmocka_unit_test(test_notrigger_postpones_and_disabled_never_triggers),
        cmocka_unit_test(test_gccontrol_sets_thresholds_unless_an_option_did),
        cmocka_unit_test(test_cycle_is_collected_in_each_layout),
        cmocka_unit_test(test_old_garbage_waits_for_its_generation),
        cmocka_unit_test(test_chain_in_the_wrong_order_survives),
        cmocka_unit_test(test_chain_through_list_bodies_is_collected),
        cmocka_unit_test(test_ring_of_tuples_is_collected),
        cmocka_unit_test(test_separate_buffer_is_seen_through_while_private),
        cmocka_unit_test(test_cycle_of_other_objects_stays),
        cmocka_unit_test(test_prebuilt_objects_are_immortal),
        cmocka_unit_test(test_frozen_objects_are_no_candidates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
