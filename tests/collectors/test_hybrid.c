/* hybrid through the seam: external objects, ages, the third generation, budgets, refusals, and
 * damage. What it shares with generational is tested there. */
#include "allocators/hybrid/hybrid_inline.h"

#define YOUNG_COLLECTOR gcr_collector_hybrid
#define YOUNG_OPS gcr_mutator_ops_hybrid
#include "tests/collectors/young_kit.h"

static const char *const native[] = {"start=1M", "nursery=256K", NULL};

static const struct gcr_externals *externals(const struct fixture *fixture)
{
    return &inside(fixture)->copy.external;
}

static bool is_external(const struct fixture *fixture, uint32_t object)
{
    return gcr_header_is(header_of(fixture, object), GCR_HEADER_EXTERNAL);
}

static unsigned age_of(const struct fixture *fixture, uint32_t object)
{
    return (unsigned)((header_of(fixture, object) & GCR_HEADER_AGE_MASK) >> GCR_HEADER_AGE_SHIFT);
}

/* A normal full collection; asserts that it was none of generation 3. */
static void normal_round(struct fixture *fixture)
{
    assert_true(gcr_copy_collect(&inside(fixture)->copy, GCR_REASON_EXPLICIT, false));
    assert_int_equal(fixture_last(fixture)->generation, 1);
    assert_false(fixture_last(fixture)->full);
}

/* ---- where objects are born ---- */

static void test_large_objects_with_items_are_external(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, native, 0);
    /* header and length: 16 bytes; 6 KiB in all, rounded up to words, or 31 KiB with references */
    assert_true(is_young(&fixture, fixture_alloc(&fixture, MODEL_STRING, 6144 - 24, 0)));
    uint32_t string = fixture_alloc(&fixture, MODEL_STRING, 6144 - 23, 0);
    assert_true(is_external(&fixture, string));
    assert_true(gcr_header_is(header_of(&fixture, string), GCR_HEADER_UNVISITED));
    assert_int_equal(age_of(&fixture, string), 0);
    assert_true(is_young(&fixture, fixture_alloc(&fixture, MODEL_ARRAY, 31 * 128 - 3, 1)));
    assert_true(is_external(&fixture, fixture_alloc(&fixture, MODEL_ARRAY, 31 * 128 - 2, 2)));
    uint32_t pinned = fixture_alloc(&fixture, MODEL_PINNED, 0, 3);
    assert_true(is_external(&fixture, pinned));
    uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 31 * 128, 4); /* the body alone is large */
    assert_true(is_young(&fixture, list));
    gcr_ref body = *gcr_object_body(fixture_ref(&fixture, list), header_of(&fixture, list));
    assert_true(gcr_header_is(gcr_object_header(body), GCR_HEADER_EXTERNAL));
    assert_int_equal(gcr_vector_count(&externals(&fixture)->gen2), 4);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_limits_are_cut_in_small_nurseries(void **state)
{
    (void)state;
    const char *settings[] = {"start=1M", "nursery=16K", NULL};
    struct fixture fixture;
    young_open(&fixture, settings, 0);
    assert_true(is_young(&fixture, fixture_alloc(&fixture, MODEL_ARRAY, 509, 0)));    /* 4088 */
    assert_true(is_external(&fixture, fixture_alloc(&fixture, MODEL_ARRAY, 510, 1))); /* 4096 */
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- ages ---- */

static void test_an_object_is_copied_five_times_and_then_stays(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, native, 0);
    uint32_t object = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t child = fixture_alloc(&fixture, MODEL_STRING, 100, 1);
    fixture_store(&fixture, object, 0, child);
    fixture_write(&fixture, child, 0, 100, 9);
    fixture_root(&fixture, 1, 0);
    collect_minor(&fixture); /* 1: out of the nursery, which does not count */
    assert_int_equal(age_of(&fixture, object), 0);
    for (unsigned age = 1; age <= 3; age++) { /* 2 to 4: within the space */
        normal_round(&fixture);
        assert_int_equal(age_of(&fixture, object), age);
        assert_false(is_external(&fixture, object));
    }
    normal_round(&fixture); /* 5: to an external block */
    assert_true(is_external(&fixture, object) && is_external(&fixture, child));
    assert_int_equal(age_of(&fixture, object), 3);
    assert_false(gcr_header_is(header_of(&fixture, object), GCR_HEADER_UNVISITED));
    assert_int_equal(gcr_vector_count(&externals(&fixture)->gen3), 2);
    gcr_ref place = fixture_ref(&fixture, object);
    for (int round = 0; round < 50; round++) {
        assert_true(gcr_copy_collect(&inside(&fixture)->copy, GCR_REASON_EXPLICIT, false));
        assert_ptr_equal(fixture_ref(&fixture, object), place);
        fixture_check(&fixture);
    }
    fixture_assert_pattern(&fixture, child, 0, 100, 9);
    assert_int_equal(fixture.heap->work.copied_objects, 2 * 5);
    assert_int_equal(hybrid_of(fixture.heap)->aged_objects, 2);
    fixture_close(&fixture);
}

static void test_full_collections_copy_nursery_objects_without_ageing(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, native, 0);
    uint32_t object = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    normal_round(&fixture);
    assert_int_equal(age_of(&fixture, object), 0);
    fixture_close(&fixture);
}

static void test_external_objects_grow_old_by_sweeps(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, native, 0);
    uint32_t object = fixture_alloc(&fixture, MODEL_PINNED, 3, 0);
    gcr_ref place = fixture_ref(&fixture, object);
    for (unsigned age = 1; age <= 3; age++) {
        assert_int_equal(gcr_vector_count(&externals(&fixture)->gen2), 1);
        normal_round(&fixture);
        assert_int_equal(age_of(&fixture, object), age);
        assert_ptr_equal(fixture_ref(&fixture, object), place);
    }
    assert_int_equal(gcr_vector_count(&externals(&fixture)->gen2), 0);
    assert_int_equal(gcr_vector_count(&externals(&fixture)->gen3), 1);
    uint32_t young = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture_store(&fixture, object, 0, young); /* 3 -> 1 */
    fixture_root(&fixture, 1, 0);
    for (int round = 0; round < 12; round++) { /* keeps it, wherever it is by now */
        normal_round(&fixture);
        assert_false(fixture_is_dead(&fixture, young));
        fixture_check(&fixture);
    }
    assert_int_equal(gcr_vector_count(&inside(&fixture)->remembered.last), 0); /* both are old */
    fixture_close(&fixture);
}

static void test_refused_block_keeps_the_object_in_the_space(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, native, 0);
    uint32_t object = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    collect_minor(&fixture);
    for (int i = 0; i < 3; i++)
        normal_round(&fixture);
    assert_int_equal(age_of(&fixture, object), 3);
    fixture.supply.system_limit_bytes =
        fixture.supply.committed_bytes + MIB; /* for the flip alone */
    normal_round(&fixture);
    assert_false(is_external(&fixture, object));
    assert_int_equal(age_of(&fixture, object), 0);
    fixture.supply.system_limit_bytes = 0;
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- generation 3 ---- */

static void test_generation_3_is_collected_every_twentieth_time(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, native, 0);
    uint32_t object = fixture_alloc(&fixture, MODEL_PINNED, 3, 0);
    for (int i = 0; i < 4; i++)
        normal_round(&fixture);
    fixture_root(&fixture, 0, 0); /* garbage of generation 3 */
    for (int round = 5; round < 20; round++) {
        normal_round(&fixture);
        assert_int_equal(externals(&fixture)->objects, 1);
    }
    assert_true(gcr_copy_collect(&inside(&fixture)->copy, GCR_REASON_EXPLICIT, false));
    assert_int_equal(fixture_last(&fixture)->generation, 2);
    assert_true(fixture_last(&fixture)->full);
    assert_true(fixture_is_dead(&fixture, object));
    assert_int_equal(externals(&fixture)->objects, 0);
    assert_int_equal(externals(&fixture)->block_bytes, 0);
    normal_round(&fixture); /* the counter begins anew */
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_explicit_full_collection_takes_generation_3_along(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, native, 0);
    uint32_t a = fixture_alloc(&fixture, MODEL_PINNED, 3, 0),
             b = fixture_alloc(&fixture, MODEL_PINNED, 3, 1);
    fixture_store(&fixture, a, 0, b);
    fixture_store(&fixture, b, 0, a);
    for (int i = 0; i < 4; i++)
        normal_round(&fixture);
    fixture_root(&fixture, 0, 0);
    fixture_root(&fixture, 1, 0);
    fixture_collect(&fixture); /* a cycle of generation 3 */
    assert_true(fixture_is_dead(&fixture, a) && fixture_is_dead(&fixture, b));
    assert_int_equal(gcr_vector_count(&inside(&fixture)->remembered.last), 0);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_prebuilt_objects_are_roots_in_both_kinds_of_round(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, native, 0);
    uint32_t prebuilt = fixture_prebuilt(&fixture, MODEL_PAIR, 0);
    uint32_t object = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    fixture_store(&fixture, prebuilt, 0, object);
    fixture_root(&fixture, 0, 0);
    for (int round = 0; round < 12; round++) {
        if (round % 3 == 2)
            fixture_collect(&fixture);
        else
            normal_round(&fixture);
        assert_false(fixture_is_dead(&fixture, object));
        fixture_check(&fixture);
    }
    fixture_store(&fixture, prebuilt, 0, 0);
    fixture_collect(&fixture);
    assert_true(fixture_is_dead(&fixture, object));
    fixture_close(&fixture);
}

/* ---- the external budget ---- */

static void test_large_allocations_use_up_their_allowance(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, native, 0); /* 1 MiB to begin with */
    for (int i = 0; i < 10; i++)
        assert_int_not_equal(fixture_alloc(&fixture, MODEL_STRING, 100 * KIB, 0), 0);
    assert_int_equal(fixture.collection_count, 0);
    assert_int_not_equal(fixture_alloc(&fixture, MODEL_STRING, 100 * KIB, 0), 0);
    assert_int_equal(fixture.collection_count, 1); /* before the eleventh exists */
    assert_int_equal(fixture_last(&fixture)->generation, 1);
    assert_int_equal(fixture_last(&fixture)->freed, 9);
    /* what the sweep found alive, and the space again; less the eleventh */
    int64_t allowance = inside(&fixture)->copy.external_allowance;
    assert_true(allowance > (int64_t)(MIB - KIB) && allowance < (int64_t)(MIB + KIB));
    fixture_close(&fixture);
}

static void test_blocks_come_from_pools_by_option(void **state)
{
    (void)state;
    const char *settings[] = {"start=1M", "nursery=256K", "external=pools", NULL};
    struct fixture fixture;
    young_open(&fixture, settings, 0);
    uint32_t small = fixture_alloc(&fixture, MODEL_PINNED, 0, 0);
    uint32_t large = fixture_alloc(&fixture, MODEL_STRING, 100 * KIB, 1);
    assert_true(gcr_pools_owns(externals(&fixture)->pools, fixture_ref(&fixture, small)));
    assert_false(gcr_pools_owns(externals(&fixture)->pools, fixture_ref(&fixture, large)));
    fixture_root(&fixture, 0, 0);
    fixture_root(&fixture, 1, 0);
    fixture_collect(&fixture);
    assert_int_equal(externals(&fixture)->objects, 0);
    assert_int_equal(externals(&fixture)->pools->pools_in_use, 0);
    fixture_close(&fixture);
}

static void test_shrunk_external_body_keeps_its_block(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, native, 0);
    uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 5000, 0);
    uint32_t item = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture_store(&fixture, list, 1 + 20, item);
    fixture_root(&fixture, 1, 0);
    uint64_t bytes = externals(&fixture)->block_bytes;
    assert_true(fixture_resize(&fixture, list, 100));
    assert_int_equal(externals(&fixture)->block_bytes, bytes);
    fixture_check(&fixture);
    normal_round(&fixture);
    assert_int_equal(fixture_slot(&fixture, list, 1 + 20), item);
    assert_true(fixture_resize(&fixture, list, 6000)); /* a new block */
    normal_round(&fixture);
    assert_int_equal(gcr_vector_count(&externals(&fixture)->gen2), 1);
    assert_int_equal(fixture_slot(&fixture, list, 1 + 20), item);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- budgets and refusals ---- */

static void test_budget_is_shared_by_spaces_and_blocks(void **state)
{
    (void)state;
    const uint64_t budget = 4 * MIB;
    struct fixture fixture;
    young_open(&fixture, NULL, budget);
    size_t before = inside(&fixture)->copy.space.bytes;
    assert_true(before >= budget / 3 - 40 * KIB && before <= budget / 3);
    int kept = 0;
    for (; kept < FIXTURE_ROOTS - 2; kept++) {
        drop_pairs(&fixture, 3000);
        if (fixture_alloc(&fixture, MODEL_STRING, 90 * KIB, kept) == 0)
            break;
        assert_true(fixture.supply.peak_bytes <= budget);
    }
    assert_true(kept > 30 && kept < FIXTURE_ROOTS - 2); /* exhausted */
    fixture_check(&fixture);
    for (int i = 0; i < kept; i++)
        fixture_root(&fixture, i, 0);
    fixture_collect(&fixture);
    assert_int_equal(externals(&fixture)->objects, 0);
    assert_true(try_keep_pairs(&fixture, 0, (uint32_t)(budget / 3 / 32)));
    fixture_check(&fixture);
    assert_true(fixture.supply.peak_bytes <= budget);
    fixture_close(&fixture);
}

static void test_budget_ends_in_exhaustion_with_everything_intact(void **state)
{
    (void)state;
    for (uint64_t budget = 600 * KIB; budget <= 3 * MIB; budget += 300 * KIB) {
        struct fixture fixture;
        young_open(&fixture, NULL, budget);
        uint32_t kept = 0;
        while (try_keep_pairs(&fixture, 0, 1))
            kept++;
        assert_true(kept * 32 > budget / 3);
        assert_true(fixture.supply.peak_bytes <= budget);
        assert_int_equal(fixture_walk_count(&fixture), kept);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

static void test_every_refused_commit_is_survived(void **state)
{
    (void)state;
    const char *settings[] = {"start=8K", "nursery=4K", "period=3", "large=300", NULL};
    run_refusals(settings, model_seed(3), 60);
}

/* ---- damage ---- */

static void test_check_names_each_kind_of_damage(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, native, 0);
    uint32_t old = fixture_alloc(&fixture, MODEL_PINNED, 0, 0);
    for (int i = 0; i < 3; i++)
        normal_round(&fixture);
    uint32_t external = fixture_alloc(&fixture, MODEL_PINNED, 0, 1);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 2);
    collect_minor(&fixture);
    uint64_t *old_header = gcr_object_word(fixture_ref(&fixture, old), 0);
    uint64_t *header = gcr_object_word(fixture_ref(&fixture, external), 0);
    uint64_t *old_slot = gcr_object_word(fixture_ref(&fixture, old), 16);
    normal_round(&fixture);
    assert_true(gcr_header_is(*old_header, GCR_HEADER_NO_HEAP));
    fixture_check(&fixture);
    DAMAGED(&fixture, *old_header, *old_header | GCR_HEADER_UNVISITED, 2, "wrong flags");
    DAMAGED(&fixture, *header, *header & ~GCR_HEADER_UNVISITED, 2, "wrong flags");
    DAMAGED(&fixture, *header, *header | GCR_HEADER_AGE_MASK, 2, "age is not that");
    DAMAGED(&fixture, *old_header, *old_header & ~GCR_HEADER_AGE_MASK, 2, "younger object");
    DAMAGED(&fixture, *old_header, *old_header & ~(GCR_HEADER_AGE_MASK | GCR_HEADER_NO_HEAP), 2,
            "age is not that");
    DAMAGED(&fixture, *old_header, *old_header & ~GCR_HEADER_NO_HEAP, 2,
            "roots and flags disagree");
    DAMAGED(&fixture, *old_slot, (uint64_t)(uintptr_t)fixture_ref(&fixture, pair), 2, "not listed");
    DAMAGED(&fixture, *old_slot, (uint64_t)(uintptr_t)fixture_ref(&fixture, external), 2,
            "not listed");
    DAMAGED(&fixture, *header, *header & ~GCR_HEADER_EXTERNAL, 2, "wrong flags");
    fixture_close(&fixture);
}

/* ---- random runs ---- */

static void test_random_runs_equal_the_shadow_graph(void **state)
{
    (void)state;
    static const char *const sets[][8] = {
        {"start=16K", "nursery=4K", "period=3", NULL},
        {"start=16K", "nursery=8K", "filter=young", "large=200", "large-pointers=300", NULL},
        {"start=64K", "nursery=16K", "zeroing=steps", "zero-step=1K", "external=pools", "period=2",
         NULL},
        {"start=16K", "nursery=4K", "clear=none", "max-age=1", "period=4", NULL},
        {"start=64K", "nursery=64K", "clear=memset", "filter=young", "max-age=0", NULL},
    };
    uint64_t seed = model_seed(1);
    for (uint64_t i = 0; i < 40; i++)
        run_random(seed + i, sets[i % 5], i % 2 == 0 ? 0 : (400 + 60 * i) * KIB, i % 3 == 0,
                   i % 4 == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_large_objects_with_items_are_external),
        cmocka_unit_test(test_limits_are_cut_in_small_nurseries),
        cmocka_unit_test(test_an_object_is_copied_five_times_and_then_stays),
        cmocka_unit_test(test_full_collections_copy_nursery_objects_without_ageing),
        cmocka_unit_test(test_external_objects_grow_old_by_sweeps),
        cmocka_unit_test(test_refused_block_keeps_the_object_in_the_space),
        cmocka_unit_test(test_generation_3_is_collected_every_twentieth_time),
        cmocka_unit_test(test_explicit_full_collection_takes_generation_3_along),
        cmocka_unit_test(test_prebuilt_objects_are_roots_in_both_kinds_of_round),
        cmocka_unit_test(test_large_allocations_use_up_their_allowance),
        cmocka_unit_test(test_blocks_come_from_pools_by_option),
        cmocka_unit_test(test_shrunk_external_body_keeps_its_block),
        cmocka_unit_test(test_budget_is_shared_by_spaces_and_blocks),
        cmocka_unit_test(test_budget_ends_in_exhaustion_with_everything_intact),
        cmocka_unit_test(test_every_refused_commit_is_survived),
        cmocka_unit_test(test_check_names_each_kind_of_damage),
        cmocka_unit_test(test_random_runs_equal_the_shadow_graph),
    };
    return cmocka_run_group_tests_name("collector.hybrid", tests, NULL, NULL);
}
