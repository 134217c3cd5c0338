/* mark-compact-nursery through the seam: what is born where, minor and major collections, the
 * barrier, bodies, weak references, finalizers, sizing. */
#include "tests/collectors/mark_compact_nursery_fixture.h"

#include <string.h>

/* ---- birth ---- */

static void test_objects_are_born_in_the_nursery_in_order(void **state)
{
    (void)state;
    struct fixture fixture;
    nursery_open(&fixture, NULL, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);   /* 8 + 24 */
    uint32_t empty = fixture_alloc(&fixture, MODEL_EMPTY, 0, 1); /* 8, and room for an address */
    uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 3, 2); /* 16 + 24 */
    uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 2, 3);   /* 16 + 8, body 16 + 16 */
    uint32_t weak = fixture_alloc(&fixture, MODEL_WEAK, 0, 4);   /* 8 + 8 + 8 */
    const char *start = inside(&fixture)->nursery.start;
    assert_int_equal(inside(&fixture)->nursery.bytes, 4 * MIB);
    assert_ptr_equal(address(&fixture, pair), start);
    assert_int_equal(address(&fixture, empty) - start, 32);
    assert_int_equal(address(&fixture, array) - start, 48);
    assert_int_equal(address(&fixture, list) - start, 88);
    assert_int_equal(address(&fixture, weak) - start, 144);
    assert_int_equal(inside(&fixture)->compact.blocks, 0);
    fixture_check(&fixture);
    collect_minor(&fixture);
    /* in order of the first visit: roots, then what they refer to; 8 bytes suffice now */
    start = inside(&fixture)->compact.space.start;
    assert_ptr_equal(address(&fixture, pair), start);
    assert_int_equal(address(&fixture, empty) - start, 32);
    assert_int_equal(address(&fixture, array) - start, 40);
    assert_int_equal(address(&fixture, list) - start, 80);
    assert_int_equal(address(&fixture, weak) - start, 104);
    assert_int_equal(gcr_compact_used(&inside(&fixture)->compact), 104 + 24 + 32);
    assert_int_equal(inside(&fixture)->compact.blocks, 6);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_large_pinned_and_finalizable_objects_are_born_old(void **state)
{
    (void)state;
    const char *settings[] = {"nursery=64K", NULL};
    struct fixture fixture;
    nursery_open(&fixture, settings, 0);
    struct {
        uint32_t shape, length;
        bool young;
    } births[] = {
        {MODEL_ARRAY, (16 * KIB - 16) / 8, true}, /* a quarter, with references */
        {MODEL_ARRAY, (16 * KIB - 16) / 8 + 1, false},
        {MODEL_STRING, 32 * KIB - 16, true}, /* half, without */
        {MODEL_STRING, 32 * KIB - 16 + 1, false},
        {MODEL_LIST, (16 * KIB - 24 - 16) / 8, true}, /* object and body count together */
        {MODEL_LIST, (16 * KIB - 24 - 16) / 8 + 1, false},
        {MODEL_PINNED, 1, false},
        {MODEL_FINALIZER, 0, false},
    };
    for (size_t i = 0; i < sizeof births / sizeof births[0]; i++) {
        uint32_t object = fixture_alloc(&fixture, births[i].shape, births[i].length, 0);
        assert_int_equal(is_young(&fixture, object), births[i].young);
        assert_int_equal(
            gcr_header_is(gcr_object_header(fixture_ref(&fixture, object)), GCR_HEADER_NO_YOUNG),
            !births[i].young);
        fixture_assert_zero(&fixture, object, 0,
                            births[i].shape == MODEL_STRING ? births[i].length : 0);
        fixture_check(&fixture);
    }
    fixture_close(&fixture);
}

/* ---- minor collections ---- */

static void test_minor_promotes_in_first_visit_order_and_drops_the_rest(void **state)
{
    (void)state;
    struct fixture fixture;
    nursery_open(&fixture, NULL, 0);
    const struct scene_family it = scene_family(&fixture);
    collect_minor(&fixture);
    assert_true(fixture_is_dead(&fixture, it.dead));
    const char *start = inside(&fixture)->compact.space.start;
    assert_int_equal(address(&fixture, it.a) - start, 0);
    assert_int_equal(address(&fixture, it.b) - start, 32);
    assert_int_equal(address(&fixture, it.c) - start, 64);
    assert_int_equal(address(&fixture, it.d) - start, 96);
    const struct gcr_collection *done = fixture_last(&fixture);
    assert_int_equal(done->generation, 0);
    assert_false(done->full);
    assert_int_equal(done->survivors, 4);
    assert_int_equal(done->freed, 1);
    assert_int_equal(done->moved_bytes, 4 * PAIR_BYTES);
    assert_int_equal(fixture.heap->work.promoted_objects, 4);
    assert_int_equal(fixture.phases[GCR_PHASE_COPY], 1);
    assert_int_equal(fixture.phases[GCR_PHASE_MARK], 0);
    assert_int_equal(gcr_nursery_used(&inside(&fixture)->nursery), 0);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_barrier_remembers_an_old_object_once(void **state)
{
    (void)state;
    for (int filtered = 0; filtered < 2; filtered++) {
        const char *settings[] = {filtered ? "filter=value" : "filter=none", NULL};
        struct fixture fixture;
        nursery_open(&fixture, settings, 0);
        struct gcr_vector *set = &inside(&fixture)->remember.objects;
        uint32_t old = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
        collect_minor(&fixture);
        fixture_store(&fixture, old, 0, old);
        fixture_store(&fixture, old, 0, 0);
        assert_int_equal(gcr_vector_count(set), filtered ? 0 : 1);
        uint32_t young = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
        fixture_store(&fixture, young, 0, young); /* young objects are not remembered */
        fixture_store(&fixture, old, 1, young);
        fixture_store(&fixture, old, 0, young);
        assert_int_equal(gcr_vector_count(set), 1);
        assert_int_equal(fixture.heap->work.barriers, filtered ? 3 : 1);
        fixture_root(&fixture, 1, 0);
        fixture_check(&fixture);
        collect_minor(&fixture);
        assert_false(fixture_is_dead(&fixture, young));
        assert_int_equal(fixture_slot(&fixture, old, 1), young);
        assert_int_equal(fixture_slot(&fixture, old, 0), young);
        assert_int_equal(gcr_vector_count(set), 0);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

static void test_prebuilt_and_pinned_objects_go_through_the_set(void **state)
{
    (void)state;
    struct fixture fixture;
    nursery_open(&fixture, NULL, 0);
    uint32_t prebuilt = fixture_prebuilt(&fixture, MODEL_LIST, 3);
    uint32_t pinned = fixture_alloc(&fixture, MODEL_PINNED, 2, 0);
    uint32_t a = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    uint32_t b = fixture_alloc(&fixture, MODEL_PAIR, 0, 2);
    fixture_store(&fixture, prebuilt, 2, a); /* an item: its body is remembered */
    fixture_store(&fixture, pinned, 3, b);
    fixture_root(&fixture, 1, 0);
    fixture_root(&fixture, 2, 0);
    assert_int_equal(gcr_vector_count(&inside(&fixture)->remember.objects), 2);
    fixture_check(&fixture);
    collect_minor(&fixture);
    assert_int_equal(fixture_slot(&fixture, prebuilt, 2), a);
    assert_int_equal(fixture_slot(&fixture, pinned, 3), b);
    fixture_collect(&fixture);
    assert_int_equal(fixture_slot(&fixture, prebuilt, 2), a);
    assert_int_equal(fixture_slot(&fixture, pinned, 3), b);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_copy_takes_one_barrier_or_none(void **state)
{
    (void)state;
    struct fixture fixture;
    nursery_open(&fixture, NULL, 0);
    struct gcr_vector *set = &inside(&fixture)->remember.objects;
    uint32_t from = fixture_alloc(&fixture, MODEL_ARRAY, 8, 0);
    uint32_t to = fixture_alloc(&fixture, MODEL_ARRAY, 8, 1);
    collect_minor(&fixture);
    fixture_copy(&fixture, to, 0, from, 0, 8);
    assert_int_equal(gcr_vector_count(set), 0); /* the source refers to nothing young */
    fixture_store(&fixture, from, 7, fixture_alloc(&fixture, MODEL_PAIR, 0, 2));
    fixture_copy(&fixture, to, 0, from, 0, 8);
    assert_int_equal(gcr_vector_count(set), 2);
    fixture_root(&fixture, 2, 0);
    fixture_root(&fixture, 0, 0);
    collect_minor(&fixture);
    assert_int_not_equal(fixture_slot(&fixture, to, 7), 0);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* A refused page of the remembered set: the next minor collection looks at everything. */
static void test_lost_remembered_object_costs_time_not_truth(void **state)
{
    (void)state;
    struct fixture fixture;
    nursery_open(&fixture, NULL, 0);
    uint32_t old = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    collect_minor(&fixture);
    gcr_vector_finish(&inside(&fixture)->remember.objects); /* no page left over */
    uint32_t young = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture.supply.fail_after = 1;
    fixture_store(&fixture, old, 1, young);
    fixture_root(&fixture, 1, 0);
    assert_true(inside(&fixture)->remember.incomplete);
    fixture_check(&fixture);
    collect_minor(&fixture);
    assert_false(fixture_is_dead(&fixture, young));
    assert_int_equal(fixture_slot(&fixture, old, 1), young);
    assert_false(inside(&fixture)->remember.incomplete);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_full_nursery_causes_a_minor_collection(void **state)
{
    (void)state;
    const char *settings[] = {"nursery=64K", NULL};
    struct fixture fixture;
    nursery_open(&fixture, settings, 0);
    drop_pairs(&fixture, 64 * KIB / PAIR_BYTES);
    assert_int_equal(fixture.collection_count, 0);
    drop_pairs(&fixture, 1);
    assert_int_equal(fixture.collection_count, 1);
    assert_int_equal(fixture_last(&fixture)->reason, GCR_REASON_ALLOCATION);
    assert_int_equal(fixture_last(&fixture)->freed, 2048);
    assert_int_equal(gcr_compact_used(&inside(&fixture)->compact), 0);
    fixture_close(&fixture);
}

/* ---- bodies ---- */

static void test_bodies_may_be_younger_or_older_than_their_owners(void **state)
{
    (void)state;
    const char *settings[] = {"nursery=64K", NULL};
    struct fixture fixture;
    nursery_open(&fixture, settings, 0);
    uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 3, 0);
    collect_minor(&fixture);
    uint32_t young = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture_store(&fixture, list, 1, young);
    assert_true(fixture_resize(&fixture, list, 10)); /* young body of an old owner */
    gcr_ref owner = fixture_ref(&fixture, list);
    assert_true(gcr_nursery_has(&inside(&fixture)->nursery,
                                *gcr_object_body(owner, gcr_object_header(owner))));
    fixture_check(&fixture);
    assert_true(fixture_resize(&fixture, list, 5)); /* cut in the nursery */
    fixture_store(&fixture, list, 5, young);
    fixture_root(&fixture, 1, 0);
    collect_minor(&fixture);
    assert_int_equal(fixture_slot(&fixture, list, 1), young);
    assert_int_equal(fixture_slot(&fixture, list, 5), young);
    uint32_t next = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture_store(&fixture, list, 2, next);
    assert_true(fixture_resize(&fixture, list, 4000)); /* old body with a young item */
    fixture_root(&fixture, 1, 0);
    fixture_check(&fixture);
    collect_minor(&fixture);
    assert_int_equal(fixture_slot(&fixture, list, 2), next);
    assert_true(fixture_resize(&fixture, list, 100)); /* cut in the space: a filler */
    fixture_check(&fixture);
    fixture_collect(&fixture);
    assert_int_equal(fixture_length(&fixture, list), 100);
    assert_int_equal(fixture_slot(&fixture, list, 2), next);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- weak references, finalizers ---- */

static void test_old_weak_references_to_young_targets(void **state)
{
    (void)state;
    struct fixture fixture;
    nursery_open(&fixture, NULL, 0);
    uint32_t weak = fixture_alloc(&fixture, MODEL_WEAK, 0, 0);
    uint32_t other = fixture_alloc(&fixture, MODEL_WEAK, 0, 1);
    collect_minor(&fixture);
    uint32_t kept = fixture_alloc(&fixture, MODEL_PAIR, 0, 2);
    uint32_t dropped = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    fixture_weakref(&fixture, weak, kept);
    fixture_weakref(&fixture, other, dropped);
    collect_minor(&fixture);
    assert_true(fixture_is_dead(&fixture, dropped));
    assert_ptr_equal(fixture.collector->weak_target(fixture.heap, fixture_ref(&fixture, weak)),
                     fixture_ref(&fixture, kept));
    assert_null(fixture.collector->weak_target(fixture.heap, fixture_ref(&fixture, other)));
    fixture_root(&fixture, 2, 0);
    collect_minor(&fixture);
    assert_false(fixture_is_dead(&fixture, kept)); /* old garbage until a major collection */
    fixture_collect(&fixture);
    assert_true(fixture_is_dead(&fixture, kept));
    assert_null(fixture.collector->weak_target(fixture.heap, fixture_ref(&fixture, weak)));
    fixture_close(&fixture);
}

static void test_finalizers_run_in_major_collections(void **state)
{
    (void)state;
    struct fixture fixture;
    nursery_open(&fixture, NULL, 0);
    uint32_t child = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    uint32_t object = fixture_alloc(&fixture, MODEL_FINALIZER, 0, 0);
    fixture_store(&fixture, object, 0, child);
    fixture_root(&fixture, 0, 0);
    fixture_root(&fixture, 1, 0);
    collect_minor(&fixture);
    assert_int_equal(fixture.finalized_count, 0);
    assert_false(fixture_is_dead(&fixture, child)); /* the old object keeps it */
    fixture.resurrect_into[0] = 5;
    fixture_collect(&fixture);
    assert_int_equal(fixture.finalized_count, 1);
    assert_int_equal(fixture_slot(&fixture, object, 0), child);
    fixture_global(&fixture, 5, 0);
    fixture_collect(&fixture);
    assert_int_equal(fixture_walk_count(&fixture), 0);
    fixture_close(&fixture);
}

/* ---- major collections and sizing ---- */

static void test_major_empties_the_nursery_and_compacts_in_one_pause(void **state)
{
    (void)state;
    struct fixture fixture;
    nursery_open(&fixture, NULL, 0);
    keep_pairs(&fixture, 0, 100);
    collect_minor(&fixture);
    fixture_root(&fixture, 0, 0); /* old garbage */
    uint32_t kept = fixture_alloc(&fixture, MODEL_PAIR, 0, 2);
    drop_pairs(&fixture, 10);
    fixture_collect(&fixture);
    const struct gcr_collection *done = fixture_last(&fixture);
    assert_int_equal(done->generation, 1);
    assert_true(done->full);
    assert_int_equal(done->freed, 110);
    assert_int_equal(done->survivors, 1);
    assert_int_equal(done->moved_bytes, 2 * PAIR_BYTES); /* promoted, then slid */
    assert_ptr_equal(address(&fixture, kept), inside(&fixture)->compact.space.start);
    assert_int_equal(fixture.phases[GCR_PHASE_COMPACT], 1);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* used + nursery <= max(floor, M * N) + nursery + survivors of one minor collection, at any time.
 */
struct bound {
    double factor;
    uint64_t floor, most_used;
    uint32_t majors;
};

static void watch_bound(struct fixture *fixture, void *arg)
{
    struct bound *bound = arg;
    const struct gcr_mark_compact_nursery *h = inside(fixture);
    bound->majors += fixture_last(fixture)->full;
    bound->most_used = gcr_compact_used(&h->compact);
}

static void test_used_stays_below_factor_times_live(void **state)
{
    (void)state;
    static const char *const factors[] = {"factor=1.2", "factor=1.5", "factor=3"};
    for (int i = 0; i < 3; i++) {
        const char *settings[] = {factors[i], "nursery=64K", "floor=256K", NULL};
        struct fixture fixture;
        nursery_open(&fixture, settings, 0);
        struct gcr_mark_compact_nursery *h = inside(&fixture);
        struct bound bound = {.factor = h->compact.config.factor, .floor = 256 * KIB};
        fixture.after_collection = watch_bound;
        fixture.arg = &bound;
        uint32_t table = fixture_alloc(&fixture, MODEL_ARRAY, 20000, 0);
        uint64_t random = 1;
        for (uint32_t step = 0; step < 200000; step++) {
            uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
            random = random * 6364136223846793005u + 1442695040888963407u;
            if (step < 20000 || step % 3 == 0)
                fixture_store(&fixture, table,
                              step < 20000 ? step : (uint32_t)(random >> 33) % 20000, pair);
            uint64_t multiple = (uint64_t)(bound.factor * (double)h->compact.live_bytes);
            uint64_t limit = multiple > bound.floor ? multiple : bound.floor;
            assert_true(gcr_compact_used(&h->compact) <= limit + h->most_promoted_bytes);
        }
        assert_true(bound.majors >= 2);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

static void test_nursery_follows_the_live_size(void **state)
{
    (void)state;
    const char *settings[] = {"nursery=1M", "follow=on", "floor=1M", NULL};
    struct fixture fixture;
    nursery_open(&fixture, settings, 0);
    struct gcr_mark_compact_nursery *h = inside(&fixture);
    assert_int_equal(h->nursery.bytes, MIB);
    keep_pairs(&fixture, 0, MIB / PAIR_BYTES);
    fixture_collect(&fixture);
    assert_int_equal(h->nursery.bytes, MIB / 4);
    assert_int_equal(h->pointer_limit_bytes, MIB / 16);
    fixture_root(&fixture, 0, 0);
    fixture_collect(&fixture);
    assert_int_equal(h->nursery.bytes, 48 * KIB);
    assert_int_equal(h->committed_bytes, 48 * KIB);
    keep_pairs(&fixture, 0, 8 * MIB / PAIR_BYTES);
    fixture_collect(&fixture);
    assert_int_equal(h->nursery.bytes, MIB); /* never above what was asked for */
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* Fewer full collections than the same space without a nursery, when most objects die young. */
static void test_direct_old_allocation_asks_for_a_major_first(void **state)
{
    (void)state;
    const char *settings[] = {"nursery=64K", "floor=1M", NULL};
    struct fixture fixture;
    nursery_open(&fixture, settings, 0);
    for (int i = 0; i < 10; i++)
        assert_int_not_equal(fixture_alloc(&fixture, MODEL_STRING, 100 * KIB, 0), 0);
    assert_int_equal(fixture.collection_count, 0);
    assert_int_not_equal(fixture_alloc(&fixture, MODEL_STRING, 100 * KIB, 0), 0);
    assert_int_equal(fixture.collection_count, 1);
    assert_true(fixture_last(&fixture)->full);
    assert_int_equal(fixture_last(&fixture)->freed, 9);
    assert_int_not_equal(fixture_alloc(&fixture, MODEL_STRING, 5 * MIB, 0),
                         0); /* above the floor */
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* With a budget, a minor collection in which everything survives always fits. */
static void test_everything_may_survive_within_a_budget(void **state)
{
    (void)state;
    for (uint64_t pages = 64; pages <= 512; pages *= 2) {
        const char *settings[] = {"nursery=4M", NULL};
        struct fixture fixture;
        nursery_open(&fixture, settings, pages * PAGE);
        assert_true(inside(&fixture)->nursery.bytes <= pages * PAGE / 8);
        uint32_t pairs = 0;
        for (;; pairs++) {
            fixture.roots[1] = fixture.roots[0];
            if (fixture_alloc(&fixture, MODEL_PAIR, 0, 0) == 0)
                break;
            fixture.ops->store(fixture.heap, fixture.roots[0], 0, fixture.roots[1]);
        }
        assert_true(fixture.supply.peak_bytes <= pages * PAGE);
        assert_true(pairs * PAIR_BYTES > pages * PAGE / 3);
        assert_false(inside(&fixture)->compact.exhausted);
        for (uint32_t i = 0; i < fixture.collection_count; i++)
            assert_true(fixture.collections[i].before_bytes <= pages * PAGE);
        fixture_root(&fixture, 0, 0);
        fixture_root(&fixture, 1, 0);
        fixture_collect(&fixture);
        drop_pairs(&fixture, 1000);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

/* ---- damage ---- */

static struct fixture damaged;

static void damage_begin(void)
{
    nursery_open(&damaged, NULL, 0);
    keep_pairs(&damaged, 0, 20);
    (void)fixture_alloc(&damaged, MODEL_ARRAY, 4, 3);
    (void)fixture_alloc(&damaged, MODEL_WEAK, 0, 4);
    collect_minor(&damaged);
    keep_pairs(&damaged, 5, 5);
    (void)fixture_alloc(&damaged, MODEL_PAIR, 0, 2);
    damaged.ops->store(damaged.heap, damaged.roots[3], 0, damaged.roots[2]); /* remembered */
    fixture_check(&damaged);
}

static void damage_found(const char *what)
{
    assert_true(check_fails(&damaged, 3, what));
}

/* Changes a word, expects the check to say `what`, and puts it back. */
static void damage_word(uint64_t *word, uint64_t value, const char *what)
{
    uint64_t before = *word;
    *word = value;
    damage_found(what);
    *word = before;
    fixture_check(&damaged);
}

static void test_check_finds_damage(void **state)
{
    (void)state;
    damage_begin();
    struct gcr_mark_compact_nursery *h = inside(&damaged);
    gcr_ref old = damaged.roots[0], array = damaged.roots[3], young = damaged.roots[2];
    uint64_t *header = gcr_object_word(old, 0);
    damage_word(header, *header & ~GCR_HEADER_NO_YOUNG, "not remembered");
    damage_word(gcr_object_word(old, 8), (uintptr_t)young, "refers to the nursery");
    damage_word(gcr_object_word(array, 0), gcr_object_header(array) | GCR_HEADER_NO_YOUNG,
                "refers to the nursery");
    damage_word(gcr_object_word(young, 0), gcr_object_header(young) | GCR_HEADER_NO_YOUNG,
                "wrong flags");
    damage_word(gcr_object_word(young, 0), MARK_COMPACT_NURSERY_GONE, "forwarding header");
    damage_word(gcr_object_word(young, 8), (uintptr_t)h->nursery.free + 64, "leads to no object");
    damage_word((uint64_t *)(void *)(h->nursery.free + 8), 1, "not zero");
    damage_word((uint64_t *)(void *)&h->nursery.free, (uintptr_t)h->nursery.start - 8,
                "in the nursery");
    damage_word(header, *header | GCR_HEADER_MARKED, "mark bit");
    damage_word(&h->compact.blocks, 3, "number of objects");
    gcr_remember_add(&h->remember, array); /* a second entry for it */
    damage_found("listed twice");
    (void)gcr_vector_pop(&h->remember.objects);
    fixture_check(&damaged);
    fixture_close(&damaged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects_are_born_in_the_nursery_in_order),
        cmocka_unit_test(test_large_pinned_and_finalizable_objects_are_born_old),
        cmocka_unit_test(test_minor_promotes_in_first_visit_order_and_drops_the_rest),
        cmocka_unit_test(test_barrier_remembers_an_old_object_once),
        cmocka_unit_test(test_prebuilt_and_pinned_objects_go_through_the_set),
        cmocka_unit_test(test_copy_takes_one_barrier_or_none),
        cmocka_unit_test(test_lost_remembered_object_costs_time_not_truth),
        cmocka_unit_test(test_full_nursery_causes_a_minor_collection),
        cmocka_unit_test(test_bodies_may_be_younger_or_older_than_their_owners),
        cmocka_unit_test(test_old_weak_references_to_young_targets),
        cmocka_unit_test(test_finalizers_run_in_major_collections),
        cmocka_unit_test(test_major_empties_the_nursery_and_compacts_in_one_pause),
        cmocka_unit_test(test_used_stays_below_factor_times_live),
        cmocka_unit_test(test_nursery_follows_the_live_size),
        cmocka_unit_test(test_direct_old_allocation_asks_for_a_major_first),
        cmocka_unit_test(test_everything_may_survive_within_a_budget),
        cmocka_unit_test(test_check_finds_damage),
    };
    return cmocka_run_group_tests_name("collector.mark_compact_nursery", tests, NULL, NULL);
}
