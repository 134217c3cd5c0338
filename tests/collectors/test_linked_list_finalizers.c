/* linked-list: finalizers, resurrection and weak references. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/collectors/linked_list_kit.h"

/* ---- finalizers ---- */

static void test_finalizer_runs_once_by_counting(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t a = fixture_alloc(&f, FINAL, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
    fixture_store(&f, a, 0, b);
    fixture_root(&f, 1, 0);
    f.resurrect_into[0] = 4;
    fixture_root(&f, 0, 0); /* revived, with its reference intact, tracked in generation 0 */
    assert_int_equal(f.finalized_count, 1);
    assert_int_equal(f.finalized[0].cookie, a);
    assert_false(fixture_is_dead(&f, a) || fixture_is_dead(&f, b));
    assert_int_equal(kit_generation(&f, a), 0);
    fixture_check(&f);
    fixture_global(&f, 4, 0);
    assert_true(fixture_is_dead(&f, a) && fixture_is_dead(&f, b));
    assert_int_equal(f.finalized_count, 1);
    assert_int_equal(f.heap->work.finalized, 1);
    kit_close(&f);
}

static void test_finalizer_of_an_object_that_is_no_container(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t a = fixture_alloc(&f, FINAL_LEAF, 0, 0);
    f.resurrect_into[0] = 0;
    fixture_root(&f, 0, 0);
    assert_false(fixture_is_dead(&f, a));
    fixture_global(&f, 0, 0);
    assert_true(fixture_is_dead(&f, a));
    assert_int_equal(f.finalized_count, 1);
    kit_close(&f);
}

static void test_cycle_with_finalizer_is_finalized_then_freed(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        kit_open(&f, kit_head_settings[i]);
        uint32_t a = fixture_alloc(&f, FINAL, 0, 0), b = fixture_alloc(&f, FINAL, 0, 1);
        fixture_store(&f, a, 0, b);
        fixture_store(&f, b, 0, a);
        fixture_root(&f, 0, 0);
        fixture_root(&f, 1, 0);
        kit_collect(&f, 0);
        assert_int_equal(f.finalized_count, 2);
        assert_int_equal(fixture_last(&f)->collected, 2);
        assert_int_equal(fixture_walk_count(&f), 0);
        kit_close(&f);
    }
}

/* a <-> b and c <-> c are garbage; a's finalizer stores a into a root: a and b live, c goes. */
static void test_resurrection_keeps_what_it_reaches(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        kit_open(&f, kit_head_settings[i]);
        uint32_t a = fixture_alloc(&f, FINAL, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
        uint32_t c = fixture_alloc(&f, NODE, 0, 2);
        fixture_store(&f, a, 0, b);
        fixture_store(&f, b, 0, a);
        fixture_store(&f, c, 0, c);
        for (int root = 0; root < 3; root++)
            fixture_root(&f, root, 0);
        f.resurrect_into[0] = 7;
        kit_collect(&f, 0);
        assert_int_equal(fixture_last(&f)->collected, 1);
        assert_true(fixture_is_dead(&f, c));
        assert_int_equal(fixture_slot(&f, b, 0), a);
        assert_int_equal(fixture_slot(&f, a, 0), b);
        assert_int_equal(kit_generation(&f, a), 1);
        assert_int_equal(kit_generation(&f, b), 1);
        fixture_check(&f);
        fixture_global(&f, 7, 0);
        kit_collect(&f, 2); /* no second finalizer */
        assert_int_equal(f.finalized_count, 1);
        assert_int_equal(fixture_walk_count(&f), 0);
        kit_close(&f);
    }
}

static void test_legacy_finalizer_keeps_its_cycle(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        kit_open(&f, kit_head_settings[i]);
        uint32_t a = fixture_alloc(&f, LEGACY, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
        uint32_t c = fixture_alloc(&f, NODE, 0, 2); /* garbage that refers to the legacy cycle */
        fixture_store(&f, a, 0, b);
        fixture_store(&f, b, 0, a);
        fixture_store(&f, c, 0, c);
        for (int root = 0; root < 3; root++)
            fixture_root(&f, root, 0);
        kit_collect(&f, 0);
        assert_int_equal(fixture_last(&f)->uncollectable, 2);
        assert_int_equal(fixture_last(&f)->collected, 1);
        assert_false(fixture_is_dead(&f, a) || fixture_is_dead(&f, b));
        assert_int_equal(kit_generation(&f, a), 1);
        assert_int_equal(f.finalized_count, 0);
        fixture_check(&f);
        kit_collect(&f, 2);
        assert_int_equal(fixture_last(&f)->uncollectable, 0); /* held by the garbage list now */
        kit_close(&f);
    }
}

static void test_legacy_finalizer_runs_by_counting(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t a = fixture_alloc(&f, LEGACY, 0, 0);
    fixture_root(&f, 0, 0);
    assert_int_equal(f.finalized_count, 1);
    assert_true(fixture_is_dead(&f, a));
    kit_close(&f);
}

/* ---- weak references ---- */

static void test_weak_reference_is_cleared_by_counting(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t weak[5], a = fixture_alloc(&f, NODE, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
    for (int i = 0; i < 5; i++) {
        weak[i] = fixture_alloc(&f, WEAK, 0, 2 + i);
        fixture_weakref(&f, weak[i], a);
    }
    assert_int_equal(gcr_counted(fixture_ref(&f, a))->count, 1); /* not counted */
    fixture_root(&f, 4, 0);                                      /* the middle one dies first */
    fixture_weakref(&f, weak[4], b);                             /* another moves on */
    fixture_check(&f);
    fixture_root(&f, 0, 0);
    assert_null(f.collector->weak_target(f.heap, fixture_ref(&f, weak[0])));
    assert_ptr_equal(f.collector->weak_target(f.heap, fixture_ref(&f, weak[4])),
                     fixture_ref(&f, b));
    assert_int_equal(kit_heap(&f)->counting.side.count, 2);
    kit_close(&f);
}

static bool weak_was_null_at_finalizer;

/* The fixture's finalize, but it looks at a weak reference first. */
static void (*plain_finalize)(struct gcr_host *, struct gcr_heap *, uint32_t, gcr_ref);
static void looking_finalize(struct gcr_host *host, struct gcr_heap *heap, uint32_t cookie,
                             gcr_ref object)
{
    struct fixture *f = (struct fixture *)host;
    weak_was_null_at_finalizer = f->collector->weak_target(heap, f->roots[5]) == NULL;
    plain_finalize(host, heap, cookie, object);
}

static void test_weak_references_are_cleared_before_finalizers_run(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t a = fixture_alloc(&f, FINAL, 0, 0), weak = fixture_alloc(&f, WEAK, 0, 5);
    fixture_store(&f, a, 0, a);
    fixture_weakref(&f, weak, a);
    fixture_root(&f, 0, 0);
    plain_finalize = f.host.finalize;
    f.host.finalize = looking_finalize;
    weak_was_null_at_finalizer = false;
    f.resurrect_into[0] = 1;
    kit_collect(&f, 2);
    assert_int_equal(f.finalized_count, 1);
    assert_true(weak_was_null_at_finalizer);
    assert_null(f.collector->weak_target(f.heap, fixture_ref(&f, weak)));
    kit_close(&f);
}

static void test_unreachable_weak_reference_to_a_live_object(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0), weak = fixture_alloc(&f, WEAK, 0, 1);
    fixture_weakref(&f, weak, a);
    fixture_store(&f, weak, 0, weak);
    fixture_root(&f, 1, 0);
    kit_collect(&f, 2);
    assert_true(fixture_is_dead(&f, weak));
    assert_int_equal(kit_heap(&f)->counting.side.count, 0);
    assert_int_equal(gcr_counted(fixture_ref(&f, a))->type & GCR_COUNTED_HAS_WEAK, 0);
    kit_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finalizer_runs_once_by_counting),
        cmocka_unit_test(test_finalizer_of_an_object_that_is_no_container),
        cmocka_unit_test(test_cycle_with_finalizer_is_finalized_then_freed),
        cmocka_unit_test(test_resurrection_keeps_what_it_reaches),
        cmocka_unit_test(test_legacy_finalizer_keeps_its_cycle),
        cmocka_unit_test(test_legacy_finalizer_runs_by_counting),
        cmocka_unit_test(test_weak_reference_is_cleared_by_counting),
        cmocka_unit_test(test_weak_references_are_cleared_before_finalizers_run),
        cmocka_unit_test(test_unreachable_weak_reference_to_a_live_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
