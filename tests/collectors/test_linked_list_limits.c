/* linked-list: heaps without room, and damage that the check must find. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/collectors/linked_list_kit.h"

/* ---- exhaustion ---- */

static void test_emergency_collection_then_exhausted(void **state)
{
    (void)state;
    struct fixture_config config = kit_config((const char *const[]){"threshold0=0", NULL});
    config.budget_bytes = 3 << 20;
    struct fixture f;
    fixture_open(&f, &config);
    f.after_collection = NULL;
    uint32_t n = 0;
    while (f.collection_count == 0) { /* garbage cycles fill the budget */
        uint32_t a = fixture_alloc(&f, TUPLE, 50, 0);
        assert_int_not_equal(a, 0);
        fixture_store(&f, a, 0, a);
        n++;
    }
    assert_int_equal(fixture_last(&f)->reason, GCR_REASON_EMERGENCY);
    assert_int_equal(fixture_last(&f)->generation, 2);
    assert_true(fixture_last(&f)->collected >= n - 2);
    fixture_check(&f);
    uint32_t chain = fixture_alloc(&f, TUPLE, 50, 0), next;
    while ((next = fixture_alloc(&f, TUPLE, 50, 1)) != 0) { /* now everything is live */
        fixture_store(&f, next, 0, chain);
        fixture_root(&f, 0, next);
        chain = next;
    }
    assert_int_equal(fixture_number(&f, f.roots[1]), chain);
    assert_true(f.supply.committed_bytes <= 3 << 20);
    fixture_check(&f);
    fixture_root(&f, 1, 0);
    fixture_root(&f, 0, 0);
    assert_int_not_equal(fixture_alloc(&f, TUPLE, 50, 0), 0); /* room again */
    kit_close(&f);
}

static void test_resize_refused_changes_nothing(void **state)
{
    (void)state;
    struct fixture_config config = kit_config(NULL);
    config.budget_bytes = 3 << 20;
    struct fixture f;
    fixture_open(&f, &config);
    uint32_t leaf[4], list = fixture_alloc(&f, LIST, 4, 0);
    kit_fill(&f, list, 4, leaf);
    assert_false(fixture_resize(&f, list, 1000000));
    assert_int_equal(fixture_last(&f)->reason, GCR_REASON_EMERGENCY);
    assert_int_equal(fixture_length(&f, list), 4);
    assert_int_equal(fixture_slot(&f, list, 3), leaf[3]);
    kit_close(&f);
}

static void test_refused_pages_one_by_one(void **state)
{
    (void)state;
    for (uint64_t fail_at = 1; fail_at <= 24; fail_at++) {
        struct fixture f;
        struct gcr_error err;
        struct fixture_config config = kit_config(NULL);
        config.fail_after = fail_at;
        if (fixture_try_open(&f, &config, &err) != GCR_OK)
            continue;
        for (int i = 0; i < 2000; i++) {
            static const uint32_t shape[] = {NODE, LIST, WEAK, FINAL, BYTES};
            uint32_t object = fixture_alloc(&f, shape[i % 5],
                                            i % 5 == 1   ? 300
                                            : i % 5 == 4 ? 2000
                                                         : 0,
                                            i % 60);
            if (object != 0 && i % 5 == 2)
                fixture_weakref(&f, object, object);
        }
        fixture_check(&f);
        fixture_close(&f);
    }
}

/* ---- damage ---- */

static void test_check_finds_damaged_heads(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0), b = fixture_alloc(&f, NODE, 0, 1);
    fixture_alloc(&f, NODE, 0, 2);
    struct gcr_gc_head *head = kit_head(&f, a), *other = kit_head(&f, b);
    head->prev |= GCR_PREV_COLLECTING;
    fixture_expect_damage(&f, "collecting");
    head->prev &= ~(uintptr_t)GCR_PREV_COLLECTING;
    head->next |= GCR_NEXT_UNREACHABLE;
    fixture_expect_damage(&f, "unreachable");
    head->next &= ~(uintptr_t)GCR_NEXT_UNREACHABLE;
    uintptr_t kept = other->prev;
    other->prev = (uintptr_t)other;
    fixture_expect_damage(&f, "next.prev");
    other->prev = kept;
    kept = other->next;
    other->next = (uintptr_t)head; /* a circle that leaves the list's head out */
    head->prev = (uintptr_t)other;
    fixture_expect_damage(&f, "next.prev");
    other->next = kept;
    head->prev = (uintptr_t)&kit_heap(&f)->generation[0];
    gcr_gc_list_unlink(head); /* still says that it is tracked, but is in no list */
    fixture_expect_damage(&f, "tracked");
    head->next = 0;
    head->prev = 0;
    fixture_check(&f);
    kit_close(&f);
}

static void test_check_finds_damaged_wide_heads(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, kit_head_settings[1]);
    uint32_t a = fixture_alloc(&f, NODE, 0, 0);
    struct gcr_gc_head *head = kit_head(&f, a);
    static const int64_t wrong[] = {0, 1, GCR_REFS_TENTATIVE, GCR_REFS_UNTRACKED};
    for (size_t i = 0; i < 4; i++) {
        gcr_wide_set_refs(head, wrong[i]);
        fixture_expect_damage(&f, "collecting");
    }
    gcr_wide_set_refs(head, GCR_REFS_REACHABLE);
    kit_close(&f);
}

static void test_check_finds_damaged_objects(void **state)
{
    (void)state;
    struct fixture f;
    kit_open(&f, NULL);
    struct linked_list *ll = kit_heap(&f);
    uint32_t a = fixture_alloc(&f, PAIR, 0, 0), weak = fixture_alloc(&f, WEAK, 0, 1);
    fixture_weakref(&f, weak, a);
    struct gcr_counted *header = gcr_counted(fixture_ref(&f, a));
    header->count++;
    fixture_expect_damage(&f, "count");
    header->count = 0;
    fixture_expect_damage(&f, "zero");
    header->count = 1;
    uint64_t type = header->type;
    header->type = (type & ~GCR_COUNTED_SHAPE_MASK) | LEAF;
    fixture_expect_damage(&f, "not a container");
    header->type = type | GCR_COUNTED_LARGE;
    fixture_expect_damage(&f, "large");
    header->type = type & ~GCR_COUNTED_HAS_WEAK;
    fixture_expect_damage(&f, "weak");
    header->type = type;
    gcr_ref *target = gcr_counted_weak_target(&ll->counting.types[WEAK], fixture_ref(&f, weak));
    *target = NULL;
    fixture_expect_damage(&f, "weak target");
    *target = fixture_ref(&f, a);
    gcr_ref *slot = gcr_counted_slot(&ll->counting.types[PAIR], fixture_ref(&f, a), 0);
    *slot = (gcr_ref)(uintptr_t)0x1230;
    fixture_expect_damage(&f, "where no object is");
    *slot = NULL;
    ll->counting.header_bytes += 8;
    fixture_expect_damage(&f, "header bytes");
    ll->counting.header_bytes -= 8;
    ll->counting.collecting = true;
    fixture_expect_damage(&f, "running");
    ll->counting.collecting = false;
    ll->counting.dead = fixture_ref(&f, a);
    fixture_expect_damage(&f, "queued");
    ll->counting.dead = NULL;
    f.supply.committed_bytes += 4096;
    fixture_expect_damage(&f, "committed");
    f.supply.committed_bytes -= 4096;
    kit_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_emergency_collection_then_exhausted),
        cmocka_unit_test(test_resize_refused_changes_nothing),
        cmocka_unit_test(test_refused_pages_one_by_one),
        cmocka_unit_test(test_check_finds_damaged_heads),
        cmocka_unit_test(test_check_finds_damaged_wide_heads),
        cmocka_unit_test(test_check_finds_damaged_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
