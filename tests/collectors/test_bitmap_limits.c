/* bitmap: heaps without room, collections without working memory, and damage that the check must
 * find. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/collectors/bitmap_kit.h"

static const char *const no_trigger[] = {"threshold0=0", NULL};

/* ---- working memory refused ---- */

static void test_collection_without_memory_is_skipped(void **state)
{
    (void)state;
    struct fixture f;
    bitmap_kit_open(&f, no_trigger);
    struct bitmap *b = bitmap_kit_heap(&f);
    uint32_t ring = fixture_alloc(&f, NODE, 0, 0);
    fixture_store(&f, ring, 0, ring);
    fixture_root(&f, 0, 0);
    f.supply.fail_after = 1;
    kit_collect(&f, 1);
    assert_int_equal(b->skipped, 1);
    assert_int_equal(f.collection_count, 1); /* reported, and as having found nothing */
    assert_int_equal(fixture_last(&f)->collected + fixture_last(&f)->survivors, 0);
    assert_false(fixture_is_dead(&f, ring));
    assert_int_equal(bitmap_kit_generation(&f, ring), 0);
    assert_true(bitmap_kit_is_young(&f, ring));
    assert_int_equal(b->counting.count[0], 0); /* as if it had run */
    assert_int_equal(b->counting.count[2], 1);
    kit_collect(&f, 0);
    assert_true(fixture_is_dead(&f, ring));
    kit_close(&f);
}

/* Not every allocation tries again. */
static void test_skipped_collections_wait_for_the_next_trigger(void **state)
{
    (void)state;
    static const char *const settings[] = {"threshold0=20", NULL};
    struct fixture f;
    bitmap_kit_open(&f, settings);
    struct bitmap *b = bitmap_kit_heap(&f);
    for (int i = 0; i < 10; i++) { /* pages for what follows */
        uint32_t node = fixture_alloc(&f, NODE, 0, 0);
        fixture_store(&f, node, 0, node);
    }
    for (int i = 0; i < 50; i++) {
        f.supply.fail_after = 1; /* only collections ask for pages here */
        uint32_t node = fixture_alloc(&f, NODE, 0, 0);
        fixture_store(&f, node, 0, node);
    }
    f.supply.fail_after = 0;
    assert_int_equal(b->skipped, 2); /* at allocations 21 and 42 */
    kit_close(&f);
}

/* The work list finds no page, first in step 3, then in step 9: nothing is lost, and what is
 * garbage goes. */
static void test_work_list_without_memory(void **state)
{
    (void)state;
    for (uint64_t fail_at = 2; fail_at <= 4; fail_at++) {
        struct fixture f;
        bitmap_kit_open(&f, no_trigger);
        struct bitmap *b = bitmap_kit_heap(&f);
        uint32_t fan = fixture_alloc(&f, TUPLE, 40, 0);
        for (uint32_t i = 0; i < 40; i++) {
            uint32_t node = fixture_alloc(&f, NODE, 0, 1);
            fixture_store(&f, node, 0, fan);
            fixture_store(&f, fan, i, node);
        }
        uint32_t final = fixture_alloc(&f, FINAL, 0, 1), under = fixture_alloc(&f, NODE, 0, 2);
        f.resurrect_into[0] = 0;
        fixture_store(&f, final, 0, final);
        fixture_store(&f, final, 1, under);
        fixture_root(&f, 1, 0);
        fixture_root(&f, 2, 0);
        f.supply.fail_after = fail_at;
        kit_collect(&f, 2);
        assert_int_equal(b->skipped, 0);
        if (fail_at == 2)
            assert_true(b->work_list_overflows > 0);
        assert_int_equal(fixture_last(&f)->collected, 0);
        assert_false(fixture_is_dead(&f, final) || fixture_is_dead(&f, under));
        f.supply.fail_after = 0;
        fixture_check(&f);
        kit_close(&f);
    }
}

/* ---- exhaustion ---- */

static void test_emergency_collection_then_exhausted(void **state)
{
    (void)state;
    struct fixture_config config = bitmap_kit_config(no_trigger);
    config.budget_bytes = 4 << 20;
    struct fixture f;
    fixture_open(&f, &config);
    while (f.collection_count == 0) { /* garbage cycles fill the budget */
        uint32_t a = fixture_alloc(&f, TUPLE, 50, 0);
        assert_int_not_equal(a, 0);
        fixture_store(&f, a, 0, a);
    }
    assert_int_equal(fixture_last(&f)->reason, GCR_REASON_EMERGENCY);
    assert_true(fixture_last(&f)->collected > 1000);
    uint32_t chain = fixture_alloc(&f, TUPLE, 50, 0), next;
    while ((next = fixture_alloc(&f, TUPLE, 50, 1)) != 0) { /* now everything is live */
        fixture_store(&f, next, 0, chain);
        fixture_root(&f, 0, next);
        chain = next;
    }
    assert_true(f.supply.peak_bytes <= 4 << 20);
    fixture_check(&f);
    fixture_root(&f, 1, 0);
    fixture_root(&f, 0, 0);
    assert_int_not_equal(fixture_alloc(&f, TUPLE, 50, 0), 0); /* room again */
    kit_close(&f);
}

static void test_refused_pages_one_by_one(void **state)
{
    (void)state;
    static const char *const settings[][3] = {
        {"threshold0=100", NULL}, {"planes=header", "work-list=3", NULL}, {"arena=64K", NULL}};
    for (uint64_t fail_at = 1; fail_at <= 40; fail_at++) {
        struct fixture f;
        struct gcr_error err;
        struct fixture_config config = bitmap_kit_config(settings[fail_at % 3]);
        config.fail_after = fail_at;
        if (fixture_try_open(&f, &config, &err) != GCR_OK)
            continue;
        for (int i = 0; i < 2000; i++) {
            static const uint32_t shape[] = {NODE, LIST, WEAK, FINAL, BYTES, TUPLE};
            static const uint32_t length[] = {0, 300, 0, 0, 2000, 90};
            uint32_t object = fixture_alloc(&f, shape[i % 6], length[i % 6], i % 60);
            if (object != 0 && i % 6 == 2)
                fixture_weakref(&f, object, object);
            if (object != 0 && (i % 6 == 0 || i % 6 == 3))
                fixture_store(&f, object, 0, object);
        }
        fixture_check(&f);
        fixture_close(&f);
    }
}

static void test_bad_geometry_is_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"pool=5000", NULL}, {"arena=70000", NULL}, {"small-limit=500", NULL}};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f;
        struct gcr_error err;
        struct fixture_config config = bitmap_kit_config(bad[i]);
        assert_int_equal(fixture_try_open(&f, &config, &err), GCR_USAGE);
    }
}

/* ---- damage ---- */

static void test_check_finds_damaged_planes(void **state)
{
    (void)state;
    static const char *const settings[] = {"threshold0=0", "alloc-plane=on", NULL};
    struct fixture f;
    bitmap_kit_open(&f, settings);
    uint32_t node = fixture_alloc(&f, NODE, 0, 0);
    fixture_alloc(&f, NODE, 0, 1);
    struct bitmap_place place = bitmap_kit_place(&f, node);
    uint64_t kept[4];
    memcpy(kept, place.words, sizeof kept);
    place.words[PLANE_TRACKED] |= (uint64_t)1 << 40; /* a free block */
    fixture_expect_damage(&f, "in use");
    place.words[PLANE_ALLOC] |= (uint64_t)1 << 40;
    fixture_expect_damage(&f, "tracked bits");
    memcpy(place.words, kept, sizeof kept);
    place.words[PLANE_ALLOC] |= (uint64_t)1 << 40;
    fixture_expect_damage(&f, "blocks in use");
    memcpy(place.words, kept, sizeof kept);
    place.words[PLANE_TRACKED] &= ~place.bit;
    place.words[PLANE_GEN1] |= place.bit;
    fixture_expect_damage(&f, "untracked block has a generation");
    memcpy(place.words, kept, sizeof kept);
    place.words[PLANE_GEN0] |= place.bit; /* middle, and its pool does not say so */
    fixture_expect_damage(&f, "middle");
    memcpy(place.words, kept, sizeof kept);
    bitmap_young_words(bitmap_kit_heap(&f), place.pool / 64)[0] = 0;
    fixture_expect_damage(&f, "young");
    bitmap_set_young(bitmap_kit_heap(&f), place.pool);
    fixture_check(&f);
    kit_close(&f);
}

static void test_check_finds_damaged_tables(void **state)
{
    (void)state;
    struct fixture f;
    bitmap_kit_open(&f, no_trigger);
    struct bitmap *b = bitmap_kit_heap(&f);
    uint32_t final = fixture_alloc(&f, FINAL, 0, 0), large = fixture_alloc(&f, TUPLE, 200, 1);
    struct bitmap_place place = bitmap_kit_place(&f, final);
    uint64_t *finalized = bitmap_finalized_word(b, &place);
    *finalized = (uint64_t)1 << 50;
    fixture_expect_damage(&f, "finalized bits");
    *finalized = 0;
    b->finalized_planes++;
    fixture_expect_damage(&f, "planes of finalized blocks");
    b->finalized_planes--;
    uint32_t *slot = bitmap_finalized_slot(b, place.pool);
    *slot += 100;
    fixture_expect_damage(&f, "does not exist");
    *slot -= 100;
    b->transient.committed_bytes = 4096;
    fixture_expect_damage(&f, "transient");
    b->transient.committed_bytes = 0;
    struct gcr_gc_head *head = bitmap_head(bitmap_kit_heap(&f), fixture_ref(&f, large));
    head->prev |= GCR_PREV_COLLECTING;
    fixture_expect_damage(&f, "flags of a large container");
    head->prev &= ~(uintptr_t)GCR_PREV_COLLECTING;
    uintptr_t prev = head->prev;
    head->prev = (uintptr_t)head;
    fixture_expect_damage(&f, "next.prev");
    head->prev = prev;
    struct gcr_counted *words = gcr_counted(fixture_ref(&f, large));
    words->type &= ~GCR_COUNTED_LARGE;
    fixture_expect_damage(&f, "type word");
    words->type |= GCR_COUNTED_LARGE;
    gcr_gc_list_unlink(head); /* says that it is tracked, but is in no list */
    fixture_expect_damage(&f, "tracked");
    gcr_gc_list_append(&b->large[0], head);
    gcr_counted(fixture_ref(&f, final))->count++;
    fixture_expect_damage(&f, "count");
    gcr_counted(fixture_ref(&f, final))->count--;
    gcr_counted(fixture_ref(&f, final))->type ^= GCR_COUNTED_BUFFER;
    fixture_expect_damage(&f, "kind");
    gcr_counted(fixture_ref(&f, final))->type ^= GCR_COUNTED_BUFFER;
    kit_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collection_without_memory_is_skipped),
        cmocka_unit_test(test_skipped_collections_wait_for_the_next_trigger),
        cmocka_unit_test(test_work_list_without_memory),
        cmocka_unit_test(test_emergency_collection_then_exhausted),
        cmocka_unit_test(test_refused_pages_one_by_one),
        cmocka_unit_test(test_bad_geometry_is_refused),
        cmocka_unit_test(test_check_finds_damaged_planes),
        cmocka_unit_test(test_check_finds_damaged_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
