/* generational through the seam: where objects are born, minor collections, the barrier, last
 * generation roots, bodies, weak references, sizing, budgets, refusals, and damage. */
#include "allocators/generational/generational_inline.h"

#define YOUNG_COLLECTOR gcr_collector_generational
#define YOUNG_OPS gcr_mutator_ops_generational
#include "tests/collectors/young_kit.h"

/* A nursery of 64 KiB in a space of 1 MiB. */
static const char *const small[] = {"start=1M", "nursery=64K", NULL};

/* ---- where objects are born ---- */

static void test_sizes_decide_where_objects_are_born(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, small, 0);
    /* 64 KiB is less than twice 48 KiB: a quarter of 48 KiB in items; 12288 bytes, 1536 slots */
    uint32_t string = fixture_alloc(&fixture, MODEL_STRING, 12288, 0);
    assert_true(is_young(&fixture, string));
    assert_false(is_young(&fixture, fixture_alloc(&fixture, MODEL_STRING, 12289, 1)));
    assert_true(is_young(&fixture, fixture_alloc(&fixture, MODEL_ARRAY, 1536, 2)));
    assert_false(is_young(&fixture, fixture_alloc(&fixture, MODEL_ARRAY, 1537, 3)));
    assert_true(is_young(&fixture, fixture_alloc(&fixture, MODEL_WEAK, 0, 4)));
    uint32_t finalizer = fixture_alloc(&fixture, MODEL_FINALIZER, 0, 5);
    assert_false(is_young(&fixture, finalizer));
    assert_true(gcr_header_is(header_of(&fixture, finalizer), GCR_HEADER_NO_YOUNG));
    uint32_t pinned = fixture_alloc(&fixture, MODEL_PINNED, 3, 6);
    assert_true(gcr_header_is(header_of(&fixture, pinned), GCR_HEADER_EXTERNAL));
    assert_true(gcr_header_is(header_of(&fixture, pinned), GCR_HEADER_NO_YOUNG));
    assert_false(gcr_header_is(header_of(&fixture, string), GCR_HEADER_NO_YOUNG));
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_limits_follow_the_nursery(void **state)
{
    (void)state;
    struct gcr_nursery nursery;
    gcr_nursery_init(&nursery, 0);
    struct gcr_layout fixed = {.fixed_bytes = 0}, items = {.fixed_bytes = 16, .item_bytes = 8};
    gcr_nursery_set_limits(&nursery, 3 * MIB, 48 * KIB); /* 48 KiB << 6 */
    fixed.fixed_bytes = 8 + 3 * MIB / 2 - 1;
    assert_true(gcr_nursery_takes(&nursery, &fixed, 0));
    fixed.fixed_bytes++;
    assert_false(gcr_nursery_takes(&nursery, &fixed, 0));
    assert_true(gcr_nursery_takes(&nursery, &items, (48 * KIB / 4 / 8) << 6));
    assert_false(gcr_nursery_takes(&nursery, &items, ((48 * KIB / 4 / 8) << 6) + 1));
    items.fixed_bytes = 8 + 3 * MIB / 4 - 1;
    assert_true(gcr_nursery_takes(&nursery, &items, 1));
    items.fixed_bytes++;
    assert_false(gcr_nursery_takes(&nursery, &items, 1));
    items.fixed_bytes = 16;
    gcr_nursery_set_limits(&nursery, 4 * KIB, 48 * KIB); /* smaller than the smallest */
    assert_true(gcr_nursery_takes(&nursery, &items, 128));
    assert_false(gcr_nursery_takes(&nursery, &items, 129));
    /* what fast paths take without asking is never what the rules refuse */
    for (uint64_t bytes = 4 * KIB; bytes <= 8 * MIB; bytes *= 2) {
        gcr_nursery_set_limits(&nursery, bytes, 48 * KIB);
        for (uint32_t item = 1; item <= 4096; item *= 2) {
            items.item_bytes = item;
            uint64_t length = (nursery.small_bytes - 16) / item;
            assert_true(gcr_nursery_takes(&nursery, &items, length));
        }
    }
}

static void test_nursery_is_half_the_space_at_most(void **state)
{
    (void)state;
    const char *settings[] = {"start=64K", "nursery=1M", NULL};
    struct fixture fixture;
    young_open(&fixture, settings, 0);
    assert_int_equal(inside(&fixture)->next_bytes, 32 * KIB);
    fixture_close(&fixture);
    const char *ample[] = {"start=8M", "nursery=16M", NULL};
    young_open(&fixture, ample, 0);
    assert_int_equal(inside(&fixture)->next_bytes, 4 * MIB);
    fixture_close(&fixture);
}

/* ---- minor collections ---- */

static void test_minor_promotes_survivors_and_frees_the_rest(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, small, 0);
    uint32_t kept = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t child = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    uint32_t dead = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    fixture_store(&fixture, kept, 1, child);
    fixture_store(&fixture, child, 0, kept);
    fixture_root(&fixture, 1, 0);
    fixture_write(&fixture, child, 0, 8, 3);
    const struct gcr_nursery *nursery = &inside(&fixture)->nursery;
    char *start = nursery->start, *behind = nursery->start + nursery->bytes;
    collect_minor(&fixture);
    assert_true(fixture_is_dead(&fixture, dead));
    assert_ptr_equal(fixture_ref(&fixture, kept), behind);
    assert_ptr_equal(fixture_ref(&fixture, child), behind + 32);
    assert_int_equal(fixture_slot(&fixture, kept, 1), child);
    fixture_assert_pattern(&fixture, child, 0, 8, 3);
    assert_true(gcr_header_is(header_of(&fixture, kept), GCR_HEADER_NO_YOUNG));
    const struct gcr_collection *done = fixture_last(&fixture);
    assert_int_equal(done->generation, 0);
    assert_false(done->full);
    assert_int_equal(done->survivors, 2);
    assert_int_equal(done->freed, 1);
    assert_int_equal(done->moved_bytes, 64);
    assert_int_equal(fixture.heap->work.promoted_objects, 2);
    assert_ptr_equal(nursery->start, start); /* the same nursery, empty and zero */
    assert_ptr_equal(nursery->free, start);
    fixture_check(&fixture);
    uint32_t next = fixture_alloc(&fixture, MODEL_PAIR, 0, 3);
    assert_ptr_equal(fixture_ref(&fixture, next), start);
    fixture_assert_zero(&fixture, next, 0, 8);
    fixture_close(&fixture);
}

static void test_full_nursery_is_collected_by_itself(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, small, 0);
    assert_null(inside(&fixture)->nursery.start); /* carved by the first allocation */
    drop_pairs(&fixture, 2048);                   /* exactly full */
    assert_int_equal(fixture.collection_count, 0);
    drop_pairs(&fixture, 1);
    assert_int_equal(fixture.collection_count, 1);
    assert_int_equal(fixture_last(&fixture)->freed, 2048);
    assert_int_equal(fixture_last(&fixture)->reason, GCR_REASON_ALLOCATION);
    assert_int_equal(inside(&fixture)->minor_collections, 1);
    fixture_close(&fixture);
}

static void test_explicit_collections_by_generation(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, small, 0);
    collect_minor(&fixture); /* no nursery yet: nothing */
    assert_int_equal(fixture.begun, 0);
    drop_pairs(&fixture, 1);
    gcr_collector_generational.collect(fixture.heap, 1, GCR_REASON_EXPLICIT);
    assert_int_equal(fixture_last(&fixture)->generation, 0);
    fixture_collect(&fixture);
    assert_int_equal(fixture_last(&fixture)->generation, 1);
    assert_true(fixture_last(&fixture)->full);
    assert_null(inside(&fixture)->nursery.start); /* dropped */
    fixture_close(&fixture);
}

/* The copy reserve: whatever survives, it fits. */
static void assert_reserve(struct fixture *fixture, void *arg)
{
    const struct gcr_young_heap *h = inside(fixture);
    const struct gcr_collection *done = fixture_last(fixture);
    uint32_t *minors = arg;
    if (done->full)
        return;
    ++*minors;
    assert_true(gcr_copy_space_room(&h->copy.space) + done->moved_bytes >= h->nursery.bytes);
}

static void test_room_for_the_whole_nursery_before_each_minor(void **state)
{
    (void)state;
    uint32_t minors = 0;
    struct fixture fixture;
    young_open(&fixture, small, 0);
    fixture.after_collection = assert_reserve;
    fixture.arg = &minors;
    assert_true(try_keep_pairs(&fixture, 0, 100000)); /* everything survives */
    assert_true(minors > 30);
    assert_int_equal(fixture_walk_count(&fixture), 100000);
    assert_true(inside(&fixture)->copy.space.bytes >= 4 * MIB); /* it grew by doubling */
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_zeroing_in_steps(void **state)
{
    (void)state;
    const char *settings[] = {"start=1M", "nursery=64K", "zeroing=steps", "zero-step=4K", NULL};
    struct fixture fixture;
    young_open(&fixture, settings, 0);
    const struct gcr_nursery *nursery = &inside(&fixture)->nursery;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 30; i++) {
            uint32_t string = fixture_alloc(&fixture, MODEL_STRING, 1000, 0);
            fixture_assert_zero(&fixture, string, 0, 1000);
            fixture_write(&fixture, string, 0, 1000, 0xfe);
            assert_true(nursery->limit - nursery->free < 8 * KIB);
        }
        collect_minor(&fixture);
        assert_ptr_equal(nursery->limit, nursery->start);
        fixture_check(&fixture);
    }
    assert_true(nursery->zeroed_bytes >= 2 * 30 * KIB);
    fixture_close(&fixture);
}

/* ---- the barrier ---- */

static uint32_t old_pair(struct fixture *fixture, int root)
{
    uint32_t pair = fixture_alloc(fixture, MODEL_PAIR, 0, root);
    collect_minor(fixture);
    return pair;
}

static size_t remembered(const struct fixture *fixture)
{
    return gcr_vector_count(&inside(fixture)->remembered.objects);
}

static size_t last_roots(const struct fixture *fixture)
{
    return gcr_vector_count(&inside(fixture)->remembered.last);
}

static void test_first_store_into_an_old_object_remembers_it(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, small, 0);
    uint32_t old = old_pair(&fixture, 0), young = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture_store(&fixture, young, 0, old); /* a young one never */
    assert_int_equal(remembered(&fixture), 0);
    fixture_store(&fixture, old, 0, 0); /* null too */
    assert_int_equal(remembered(&fixture), 1);
    assert_false(gcr_header_is(header_of(&fixture, old), GCR_HEADER_NO_YOUNG));
    fixture_store(&fixture, old, 0, young);
    fixture_store(&fixture, old, 1, young);
    assert_int_equal(remembered(&fixture), 1);
    assert_int_equal(fixture.heap->work.barriers, 1);
    fixture_root(&fixture, 1, 0);
    collect_minor(&fixture);
    assert_false(fixture_is_dead(&fixture, young)); /* reached from the old one alone */
    assert_int_equal(remembered(&fixture), 0);
    assert_true(gcr_header_is(header_of(&fixture, old), GCR_HEADER_NO_YOUNG));
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_filter_remembers_young_values_only(void **state)
{
    (void)state;
    const char *settings[] = {"start=1M", "nursery=64K", "filter=young", NULL};
    struct fixture fixture;
    young_open(&fixture, settings, 0);
    uint32_t prebuilt = fixture_prebuilt(&fixture, MODEL_PAIR, 0);
    uint32_t a = old_pair(&fixture, 0), b = old_pair(&fixture, 1);
    fixture_store(&fixture, a, 0, b);
    fixture_store(&fixture, a, 1, 0);
    assert_int_equal(remembered(&fixture), 0);
    fixture_store(&fixture, prebuilt, 0, prebuilt);
    assert_int_equal(last_roots(&fixture), 0);
    fixture_store(&fixture, prebuilt, 1, b); /* younger, but not young */
    assert_int_equal(last_roots(&fixture), 1);
    assert_int_equal(remembered(&fixture), 0);
    uint32_t young = fixture_alloc(&fixture, MODEL_PAIR, 0, 2);
    fixture_store(&fixture, a, 0, young);
    assert_int_equal(remembered(&fixture), 1);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_copy_is_one_barrier_and_looks_at_the_source(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, small, 0);
    uint32_t prebuilt = fixture_prebuilt(&fixture, MODEL_ARRAY, 4);
    uint32_t dst = fixture_alloc(&fixture, MODEL_ARRAY, 4, 0);
    uint32_t src = fixture_alloc(&fixture, MODEL_ARRAY, 4, 1);
    collect_minor(&fixture);
    fixture_copy(&fixture, dst, 0, src, 0, 4); /* the source cannot refer to the young */
    assert_int_equal(remembered(&fixture), 0);
    fixture_copy(&fixture, prebuilt, 0, src, 0, 4); /* but it is no last-generation object */
    assert_int_equal(remembered(&fixture), 0);
    assert_int_equal(last_roots(&fixture), 1);
    uint32_t young = fixture_alloc(&fixture, MODEL_ARRAY, 4, 2);
    fixture_store(&fixture, young, 2, young);
    fixture_copy(&fixture, dst, 0, young, 1, 3);
    assert_int_equal(remembered(&fixture), 1);
    assert_int_equal(fixture_slot(&fixture, dst, 1), young);
    fixture_root(&fixture, 2, 0);
    collect_minor(&fixture);
    assert_false(fixture_is_dead(&fixture, young));
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_last_generation_roots_come_and_go(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, small, 0);
    uint32_t a = fixture_prebuilt(&fixture, MODEL_PAIR, 0),
             b = fixture_prebuilt(&fixture, MODEL_PAIR, 0);
    uint32_t object = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    fixture_store(&fixture, a, 0, object);
    fixture_store(&fixture, b, 0, a);
    fixture_root(&fixture, 0, 0);
    assert_int_equal(last_roots(&fixture), 2); /* the value is not inspected */
    collect_minor(&fixture);
    assert_int_equal(last_roots(&fixture), 2); /* only full collections look through them */
    fixture_collect(&fixture);
    assert_false(fixture_is_dead(&fixture, object));
    assert_int_equal(last_roots(&fixture), 1); /* b refers to the last generation alone */
    assert_true(gcr_header_is(header_of(&fixture, b), GCR_HEADER_NO_HEAP));
    assert_false(gcr_header_is(header_of(&fixture, a), GCR_HEADER_NO_HEAP));
    fixture_store(&fixture, a, 0, 0);
    fixture_collect(&fixture);
    assert_true(fixture_is_dead(&fixture, object));
    assert_int_equal(last_roots(&fixture), 0);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* A page refused to the set loses no edge: the next collection is a full one. */
static void test_incomplete_set_makes_the_next_collection_full(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, small, 0);
    uint32_t old = old_pair(&fixture, 0), young = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture.supply.fail_after = 1;
    fixture_store(&fixture, old, 0, young);
    fixture_root(&fixture, 1, 0);
    assert_true(inside(&fixture)->remembered.incomplete);
    fixture_check(&fixture);
    collect_minor(&fixture);
    assert_true(fixture_last(&fixture)->full);
    assert_false(fixture_is_dead(&fixture, young));
    assert_false(inside(&fixture)->remembered.incomplete);
    uint32_t prebuilt = fixture_prebuilt(&fixture, MODEL_PAIR, 0);
    young = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture.supply.fail_after = 1;
    fixture_store(&fixture, prebuilt, 0, young);
    fixture_root(&fixture, 1, 0);
    assert_true(inside(&fixture)->remembered.last_incomplete);
    for (int round = 0; round < 3; round++) {
        fixture_collect(&fixture);
        assert_false(fixture_is_dead(&fixture, young));
        assert_false(inside(&fixture)->remembered.last_incomplete);
        assert_int_equal(last_roots(&fixture), 1);
    }
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- bodies and weak references ---- */

static void test_bodies_are_young_or_old_whatever_their_owner_is(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, small, 0);
    uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 2000, 0); /* old body, young owner */
    gcr_ref body = *gcr_object_body(fixture_ref(&fixture, list), header_of(&fixture, list));
    assert_true(is_young(&fixture, list));
    assert_false(gcr_nursery_has(&inside(&fixture)->nursery, body));
    uint32_t item = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture_store(&fixture, list, 1 + 1999, item); /* the barrier is the body's */
    assert_int_equal(remembered(&fixture), 1);
    fixture_root(&fixture, 1, 0);
    collect_minor(&fixture);
    assert_int_equal(fixture_slot(&fixture, list, 1 + 1999), item);
    assert_true(fixture_resize(&fixture, list, 100)); /* an old list gets ... */
    assert_true(fixture_resize(&fixture, list, 200)); /* ... a young body: remembered */
    body = *gcr_object_body(fixture_ref(&fixture, list), header_of(&fixture, list));
    assert_true(gcr_nursery_has(&inside(&fixture)->nursery, body));
    assert_int_equal(remembered(&fixture), 1);
    item = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture_store(&fixture, list, 1 + 150, item);
    fixture_root(&fixture, 1, 0);
    assert_true(fixture_resize(&fixture, list, 3000)); /* an old one with young items: remembered */
    body = *gcr_object_body(fixture_ref(&fixture, list), header_of(&fixture, list));
    assert_false(gcr_header_is(gcr_object_header(body), GCR_HEADER_NO_YOUNG));
    collect_minor(&fixture);
    assert_int_equal(fixture_slot(&fixture, list, 1 + 150), item);
    fixture_check(&fixture);
    fixture_collect(&fixture);
    assert_int_equal(fixture_length(&fixture, list), 3000);
    fixture_close(&fixture);
}

static void test_old_weak_reference_to_a_young_target(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, small, 0);
    uint32_t weak = fixture_alloc(&fixture, MODEL_WEAK, 0, 0);
    collect_minor(&fixture);
    for (int kept = 0; kept < 2; kept++) {
        uint32_t target = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
        fixture_weakref(&fixture, weak, target);
        fixture_root(&fixture, 1, kept ? target : 0);
        collect_minor(&fixture);
        assert_int_equal(fixture_is_dead(&fixture, target), !kept);
        assert_ptr_equal(*gcr_object_weak_word(fixture_ref(&fixture, weak)),
                         fixture_ref(&fixture, target));
        fixture_check(&fixture);
    }
    assert_int_equal(gcr_weak_list_count(&inside(&fixture)->copy.weak), 1);
    fixture_close(&fixture);
}

static void test_young_weak_references_die_or_become_old(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, small, 0);
    uint32_t target = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t kept = fixture_alloc(&fixture, MODEL_WEAK, 0, 1);
    uint32_t dead = fixture_alloc(&fixture, MODEL_WEAK, 0, 2);
    fixture_weakref(&fixture, kept, target);
    fixture_weakref(&fixture, dead, target);
    fixture_root(&fixture, 2, 0);
    assert_int_equal(gcr_vector_count(&inside(&fixture)->copy.weak.young), 2);
    collect_minor(&fixture);
    assert_int_equal(gcr_vector_count(&inside(&fixture)->copy.weak.young), 0);
    assert_int_equal(gcr_vector_count(&inside(&fixture)->copy.weak.old), 1);
    assert_ptr_equal(*gcr_object_weak_word(fixture_ref(&fixture, kept)),
                     fixture_ref(&fixture, target));
    fixture_close(&fixture);
}

/* ---- sizing ---- */

static void test_full_collection_comes_when_the_reserve_is_gone(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, small, 0);
    /* 1 MiB: nursery 64 KiB, promoted 64 KiB each time: after 14 minor ones 64 KiB are left, after
     * the 15th none, so that the 16th overflow is a full collection. */
    uint32_t kept = 0;
    while (inside(&fixture)->copy.full_collections == 0) {
        assert_true(try_keep_pairs(&fixture, 0, 1));
        kept++;
    }
    assert_int_equal(inside(&fixture)->minor_collections, 15);
    assert_int_equal(kept, 16 * 2048 + 1);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_figures_add_up(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, small, 0);
    drop_pairs(&fixture, 2048 * 10 + 1);
    struct gcr_design_figure figures[GCR_MAX_DESIGN_FIGURES];
    size_t count = gcr_collector_generational.figures(fixture.heap, figures);
    double minors = -1, allocated = -1, promoted = -1;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(figures[i].name, "minor collections") == 0)
            minors = figures[i].value;
        if (strcmp(figures[i].name, "collected nursery bytes") == 0)
            allocated = figures[i].value;
        if (strcmp(figures[i].name, "promoted bytes") == 0)
            promoted = figures[i].value;
    }
    assert_float_equal(minors, 10, 0);
    assert_float_equal(allocated, 10 * 64 * KIB, 0);
    assert_float_equal(promoted, 0, 0);
    fixture_close(&fixture);
}

static void test_budget_shrinks_the_nursery_and_then_has_none(void **state)
{
    (void)state;
    const char *settings[] = {"nursery=1M", NULL};
    struct fixture fixture;
    young_open(&fixture, settings, 2 * MIB);
    assert_int_equal(inside(&fixture)->next_bytes,
                     (inside(&fixture)->copy.space.bytes / 2) & ~(size_t)7);
    fixture_close(&fixture);
    settings[0] = "nursery=200K";
    young_open(&fixture, settings, 2 * MIB);
    struct gcr_young_heap *h = inside(&fixture);
    assert_int_equal(h->next_bytes, 200 * KIB);
    bool had_none = false;
    uint32_t kept = 0;
    while (try_keep_pairs(&fixture, 0, 1)) {
        kept++;
        assert_true(h->next_bytes == 0 || h->next_bytes >= 48 * KIB);
        had_none |= h->next_bytes == 0;
    }
    assert_true(had_none);
    assert_true(kept * 32 > h->copy.space.bytes - 64); /* to the last object */
    assert_true(fixture.supply.peak_bytes <= 2 * MIB);
    for (uint32_t i = 0; i < fixture.collection_count; i++)
        if (fixture.collections[i].full)
            assert_int_equal(fixture.collections[i].reason, GCR_REASON_EMERGENCY);
    assert_int_equal(fixture_walk_count(&fixture), kept);
    fixture_check(&fixture);
    fixture_root(&fixture, 0, 0);
    drop_pairs(&fixture, 1); /* there is room again, and a nursery */
    fixture_collect(&fixture);
    drop_pairs(&fixture, 1);
    assert_non_null(h->nursery.start);
    fixture_close(&fixture);
}

static void test_space_that_cannot_grow_does_with_less_nursery(void **state)
{
    (void)state;
    const char *settings[] = {"start=256K", "max=256K", "nursery=64K", NULL};
    struct fixture fixture;
    young_open(&fixture, settings, 0);
    uint32_t kept = 0;
    while (try_keep_pairs(&fixture, 0, 1))
        kept++;
    assert_int_equal(kept, 256 * KIB / 32);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_every_refused_commit_is_survived(void **state)
{
    (void)state;
    const char *settings[] = {"start=8K", "nursery=4K", NULL};
    run_refusals(settings, model_seed(3), 60);
}

static void test_absurdly_small_budgets_are_refused_or_respected(void **state)
{
    (void)state;
    for (uint64_t pages = 1; pages < 40; pages++) {
        struct fixture fixture;
        struct gcr_error err;
        const struct fixture_config config = young_config(NULL, pages * PAGE);
        if (fixture_try_open(&fixture, &config, &err) != GCR_OK)
            continue;
        (void)try_keep_pairs(&fixture, 0, 10000);
        assert_true(fixture.supply.peak_bytes <= pages * PAGE);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

/* ---- damage ---- */

static void test_check_names_each_kind_of_damage(void **state)
{
    (void)state;
    struct fixture fixture;
    young_open(&fixture, small, 0);
    uint32_t prebuilt = fixture_prebuilt(&fixture, MODEL_PAIR, 0);
    uint32_t old = old_pair(&fixture, 0), other = old_pair(&fixture, 1);
    uint32_t young = fixture_alloc(&fixture, MODEL_PAIR, 0, 2);
    uint64_t *old_header = gcr_object_word(fixture_ref(&fixture, old), 0);
    uint64_t *old_slot = gcr_object_word(fixture_ref(&fixture, old), 8);
    uint64_t *prebuilt_header = gcr_object_word(fixture_ref(&fixture, prebuilt), 0);
    uint64_t *prebuilt_slot = gcr_object_word(fixture_ref(&fixture, prebuilt), 8);
    uint64_t *young_header = gcr_object_word(fixture_ref(&fixture, young), 0);
    uint64_t young_word = (uint64_t)(uintptr_t)fixture_ref(&fixture, young);
    struct gcr_nursery *nursery = &inside(&fixture)->nursery;
    fixture_check(&fixture);
    DAMAGED(&fixture, *old_slot, young_word, 2, "not remembered");
    DAMAGED(&fixture, *old_header, *old_header & ~GCR_HEADER_NO_YOUNG, 2, "set and flags disagree");
    DAMAGED(&fixture, *young_header, *young_header | GCR_HEADER_NO_YOUNG, 2, "flag in the nursery");
    DAMAGED(&fixture, *old_header, *old_header | GCR_HEADER_NO_HEAP, 2, "flag of a collection");
    DAMAGED(&fixture, *prebuilt_slot, (uint64_t)(uintptr_t)fixture_ref(&fixture, other), 2,
            "not listed");
    DAMAGED(&fixture, *prebuilt_header, *prebuilt_header & ~GCR_HEADER_NO_HEAP, 2,
            "roots and flags disagree");
    DAMAGED(&fixture, *(uint64_t *)(void *)(nursery->free + 40), 1, 3, "nursery is not zero");
    DAMAGED(&fixture, *old_slot, young_word + 8, 3, "middle of an object");
    DAMAGED(&fixture, *old_slot, (uint64_t)(uintptr_t)(nursery->free + 64), 2,
            "outside the objects");
    DAMAGED(&fixture, *old_header, *old_header | GCR_HEADER_FORWARDED, 2, "flag of a collection");
    fixture_store(&fixture, old, 0, young);
    fixture_check(&fixture);
    DAMAGED(&fixture, *old_header, *old_header | GCR_HEADER_NO_YOUNG, 2, "remembered");
    gcr_ref *entry = gcr_vector_at(&inside(&fixture)->remembered.objects, 0);
    DAMAGED(&fixture, *(uintptr_t *)(void *)entry, (uintptr_t)fixture_ref(&fixture, other), 2,
            "set and flags disagree");
    DAMAGED(&fixture, *(uintptr_t *)(void *)&nursery->free, (uintptr_t)(nursery->top + 8), 2,
            "does not hold in the nursery");
    fixture_close(&fixture);
}

/* ---- random runs ---- */

static void test_random_runs_equal_the_shadow_graph(void **state)
{
    (void)state;
    static const char *const sets[][6] = {
        {"start=16K", "nursery=4K", NULL},
        {"start=16K", "nursery=8K", "filter=young", NULL},
        {"start=64K", "nursery=16K", "zeroing=steps", "zero-step=1K", NULL},
        {"start=16K", "nursery=4K", "clear=none", NULL},
        {"start=64K", "nursery=64K", "clear=memset", "filter=young", NULL},
    };
    uint64_t seed = model_seed(1);
    for (uint64_t i = 0; i < 40; i++)
        run_random(seed + i, sets[i % 5], i % 2 == 0 ? 0 : (200 + 60 * i) * KIB, i % 3 == 0,
                   i % 4 == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_decide_where_objects_are_born),
        cmocka_unit_test(test_limits_follow_the_nursery),
        cmocka_unit_test(test_nursery_is_half_the_space_at_most),
        cmocka_unit_test(test_minor_promotes_survivors_and_frees_the_rest),
        cmocka_unit_test(test_full_nursery_is_collected_by_itself),
        cmocka_unit_test(test_explicit_collections_by_generation),
        cmocka_unit_test(test_room_for_the_whole_nursery_before_each_minor),
        cmocka_unit_test(test_zeroing_in_steps),
        cmocka_unit_test(test_first_store_into_an_old_object_remembers_it),
        cmocka_unit_test(test_filter_remembers_young_values_only),
        cmocka_unit_test(test_copy_is_one_barrier_and_looks_at_the_source),
        cmocka_unit_test(test_last_generation_roots_come_and_go),
        cmocka_unit_test(test_incomplete_set_makes_the_next_collection_full),
        cmocka_unit_test(test_bodies_are_young_or_old_whatever_their_owner_is),
        cmocka_unit_test(test_old_weak_reference_to_a_young_target),
        cmocka_unit_test(test_young_weak_references_die_or_become_old),
        cmocka_unit_test(test_full_collection_comes_when_the_reserve_is_gone),
        cmocka_unit_test(test_figures_add_up),
        cmocka_unit_test(test_budget_shrinks_the_nursery_and_then_has_none),
        cmocka_unit_test(test_space_that_cannot_grow_does_with_less_nursery),
        cmocka_unit_test(test_every_refused_commit_is_survived),
        cmocka_unit_test(test_absurdly_small_budgets_are_refused_or_respected),
        cmocka_unit_test(test_check_names_each_kind_of_damage),
        cmocka_unit_test(test_random_runs_equal_the_shadow_graph),
    };
    return cmocka_run_group_tests_name("collector.generational", tests, NULL, NULL);
}
