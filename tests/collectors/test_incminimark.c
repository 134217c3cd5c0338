/* incminimark through the seam: layout, minor collections, the barrier and its cards, pinned and
 * prebuilt objects, weak references, finalizers, bodies. Major collections and their bounds:
 * test_incminimark_major.c; its own check: test_incminimark_damage.c. */
#include "tests/collectors/incminimark_fixture.h"

/* ---- layout ---- */

static void test_nursery_layout_to_the_byte(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, NULL, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);     /* 8 + 24 */
    uint32_t empty = fixture_alloc(&fixture, MODEL_EMPTY, 0, 1);   /* minimum: 16 */
    uint32_t string = fixture_alloc(&fixture, MODEL_STRING, 5, 2); /* 16 + 5, to 24 */
    uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 2, 3);     /* 16 + 8, body 16 + 16 */
    uint32_t last = fixture_alloc(&fixture, MODEL_EMPTY, 0, 4);
    const char *start = inside(&fixture)->nursery.start;
    assert_ptr_equal(fixture_ref(&fixture, pair), start);
    assert_ptr_equal(fixture_ref(&fixture, empty), start + 32);
    assert_ptr_equal(fixture_ref(&fixture, string), start + 48);
    assert_ptr_equal(fixture_ref(&fixture, list), start + 72);
    assert_ptr_equal(fixture_ref(&fixture, last), start + 128);
    assert_int_equal(inside(&fixture)->nursery.bytes, 4 * MIB);
    assert_int_equal(inc_header(&fixture, pair) >> 44, 0); /* no flag of the old generation */
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_old_objects_have_no_least_size(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, NULL, 0);
    (void)fixture_alloc(&fixture, MODEL_EMPTY, 0, 0);    /* 8 */
    (void)fixture_alloc(&fixture, MODEL_PAIR, 0, 1);     /* 32 */
    (void)fixture_alloc(&fixture, MODEL_STRING, 264, 2); /* 280: the largest in a page */
    collect_minor(&fixture);
    const struct gcr_incminimark *h = inside(&fixture);
    assert_int_equal(h->pages.used_bytes, 8 + 32 + 280);
    assert_int_equal(h->pages.pages_in_use, 3);
    assert_int_equal(h->raws.used_bytes, 0);
    (void)fixture_alloc(&fixture, MODEL_STRING, 265, 3); /* 288: a block of the general heap */
    collect_minor(&fixture);
    assert_int_equal(h->pages.used_bytes, 8 + 32 + 280);
    assert_in_range(h->raws.used_bytes, 288, 288 + 16);
    assert_int_equal(incminimark_page_blocks(1), (8192 - 32) / 8);
    assert_int_equal(incminimark_page_blocks(35), (8192 - 32) / 280);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* Small sizes, so that large arrays and many cards are cheap. */
static const char *const small_sizes[] = {"nursery=64K", "large=4K", "card-items=128",
                                          "min-heap=1M", NULL};

/* ---- minor collections ---- */

static void test_survivors_move_once(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, NULL, 0);
    uint32_t dead = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    uint32_t a = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t b = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    fixture_store(&fixture, a, 0, b);
    fixture_store(&fixture, b, 1, a);
    assert_true(inc_is_young(&fixture, a));
    collect_minor(&fixture);
    assert_true(fixture_is_dead(&fixture, dead));
    assert_false(inc_is_young(&fixture, a) || inc_is_young(&fixture, b));
    gcr_ref place = fixture_ref(&fixture, a);
    const struct gcr_collection *done = fixture_last(&fixture);
    assert_int_equal(done->generation, 0);
    assert_false(done->full);
    assert_int_equal(done->survivors, 2);
    assert_int_equal(done->freed, 1);
    assert_int_equal(done->moved_bytes, 64);
    assert_int_equal(fixture.heap->work.promoted_objects, 2);
    collect_minor(&fixture);
    fixture_collect(&fixture);
    assert_ptr_equal(fixture_ref(&fixture, a), place);
    assert_int_equal(inside(&fixture)->nursery.free - inside(&fixture)->nursery.start, 0);
    fixture_close(&fixture);
}

static void test_a_full_nursery_is_collected(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, small_sizes, 0);
    drop_pairs(&fixture, 64 * KIB / 32);
    assert_int_equal(fixture.collection_count, 0);
    drop_pairs(&fixture, 1);
    assert_int_equal(fixture.collection_count, 1);
    assert_int_equal(fixture_last(&fixture)->reason, GCR_REASON_ALLOCATION);
    assert_int_equal(fixture_last(&fixture)->freed, 64 * KIB / 32);
    fixture_close(&fixture);
}

static void test_new_objects_are_zero_in_a_used_nursery(void **state)
{
    (void)state;
    for (int mode = 0; mode < 2; mode++) {
        const char *settings[] = {"nursery=16K", mode ? "incremental=off" : "incremental=on",
                                  "zero-step=4K", NULL};
        struct fixture fixture;
        inc_open(&fixture, settings, 0);
        for (uint32_t i = 0; i < 2000; i++) {
            uint32_t string = fixture_alloc(&fixture, MODEL_STRING, i % 300, 0);
            fixture_assert_zero(&fixture, string, 0, i % 300);
            if (i % 300 != 0)
                fixture_write(&fixture, string, 0, i % 300, (uint8_t)i);
        }
        assert_true(fixture.collection_count > 10);
        assert_int_equal(inside(&fixture)->nursery.zeroed_bytes != 0, mode);
        fixture_close(&fixture);
    }
}

/* ---- large objects ---- */

static void test_large_objects_are_raw_and_young(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, small_sizes, 0);
    uint32_t below = fixture_alloc(&fixture, MODEL_STRING, 4096 - 16 - 8, 0);
    uint32_t kept = fixture_alloc(&fixture, MODEL_STRING, 4096 - 16, 1);
    uint32_t dropped = fixture_alloc(&fixture, MODEL_STRING, 9000, FIXTURE_NO_ROOT);
    const struct gcr_incminimark *h = inside(&fixture);
    assert_true(gcr_nursery_has(&h->nursery, fixture_ref(&fixture, below)));
    assert_false(gcr_nursery_has(&h->nursery, fixture_ref(&fixture, kept)));
    assert_int_equal(h->raws.young_count, 2);
    gcr_ref place = fixture_ref(&fixture, kept);
    uint64_t used = h->raws.used_bytes;
    collect_minor(&fixture);
    assert_true(fixture_is_dead(&fixture, dropped));
    assert_ptr_equal(fixture_ref(&fixture, kept), place);
    assert_int_equal(h->raws.young_count, 0);
    assert_int_equal(gcr_vector_count(&h->raws.all), 2); /* the one below was promoted to raw */
    assert_true(h->raws.used_bytes < used);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_the_large_limit_follows_a_small_nursery(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, NULL, 0);
    assert_int_equal(inside(&fixture)->policy.large_bytes, 135168);
    fixture_close(&fixture);
    const char *const settings[] = {"nursery=128K", NULL};
    inc_open(&fixture, settings, 0);
    assert_int_equal(inside(&fixture)->policy.large_bytes, 64 * KIB);
    assert_int_equal(inside(&fixture)->policy.min_heap_bytes, 8 * 128 * KIB);
    fixture_close(&fixture);
}

static void test_card_bits_lie_in_front_of_the_header(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, small_sizes, 0);
    /* 128 items a card, 64 cards a word: 8193 items need two words */
    uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 8193, 0);
    const struct incminimark_raw *raw = incminimark_raw_at(&inside(&fixture)->raws, 0);
    assert_int_equal(raw->card_words, 2);
    assert_ptr_equal(raw->object, fixture_ref(&fixture, array));
    uint64_t header = inc_header(&fixture, array);
    assert_true(gcr_header_is(header, INCMINIMARK_HAS_CARDS));
    assert_true(gcr_header_is(header, INCMINIMARK_CARDS_SET));
    assert_true(gcr_header_is(header, GCR_HEADER_NO_YOUNG));
    collect_minor(&fixture);
    assert_false(gcr_header_is(inc_header(&fixture, array), INCMINIMARK_CARDS_SET));
    uint32_t young = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture_store(&fixture, array, 0, young);
    fixture_store(&fixture, array, 127, young);
    fixture_store(&fixture, array, 8192, young); /* card 64: bit 0 of byte 8 */
    const uint8_t *end = (const uint8_t *)fixture_ref(&fixture, array);
    assert_int_equal(end[-1], 1);
    assert_int_equal(end[-9], 1);
    assert_int_equal(end[-2], 0);
    assert_int_equal(gcr_vector_count(&inside(&fixture)->cards_set), 1);
    /* the flag stays, so that each store takes the slow path */
    assert_true(gcr_header_is(inc_header(&fixture, array), GCR_HEADER_NO_YOUNG));
    assert_int_equal(fixture.heap->work.barriers, 3);
    uint64_t cards = inside(&fixture)->figures.cards;
    collect_minor(&fixture);
    assert_int_equal(inside(&fixture)->figures.cards - cards, 2);
    assert_int_equal(fixture_slot(&fixture, array, 8192), young);
    assert_int_equal(end[-1] | end[-9], 0);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- the barrier ---- */

static void test_an_old_object_is_remembered_once(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, small_sizes, 0);
    uint32_t old = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    collect_minor(&fixture);
    uint32_t young = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    fixture_store(&fixture, old, 0, young);
    fixture_store(&fixture, old, 1, young);
    fixture_store(&fixture, young, 1, old); /* young objects need no barrier */
    assert_int_equal(fixture.heap->work.barriers, 1);
    assert_int_equal(gcr_vector_count(&inside(&fixture)->remember.objects), 1);
    collect_minor(&fixture);
    assert_false(inc_is_young(&fixture, young));
    assert_int_equal(fixture_slot(&fixture, old, 1), young);
    assert_int_equal(gcr_vector_count(&inside(&fixture)->remember.objects), 0);
    fixture_store(&fixture, old, 0, 0); /* null, too: the value is not looked at */
    assert_int_equal(fixture.heap->work.barriers, 2);
    fixture_close(&fixture);
}

static void test_prebuilt_objects_are_roots_from_their_first_store(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, small_sizes, 0);
    uint32_t prebuilt = fixture_prebuilt(&fixture, MODEL_ARRAY, 3);
    uint32_t list = fixture_prebuilt(&fixture, MODEL_LIST, 2);
    const struct gcr_vector *roots = &inside(&fixture)->remember.last;
    assert_int_equal(gcr_vector_count(roots), 1); /* the list: it refers to its body */
    uint32_t kept = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    fixture_store(&fixture, prebuilt, 2, kept);
    assert_int_equal(gcr_vector_count(roots), 2);
    uint32_t item = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    fixture_store(&fixture, list, 2, item);
    fixture_collect(&fixture);
    fixture_collect(&fixture);
    assert_int_equal(fixture_slot(&fixture, prebuilt, 2), kept);
    assert_int_equal(fixture_slot(&fixture, list, 2), item);
    fixture_store(&fixture, prebuilt, 2, 0);
    fixture_collect(&fixture);
    assert_true(fixture_is_dead(&fixture, kept));
    assert_int_equal(gcr_vector_count(roots), 2);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* Two old arrays with cards, of equal length, in roots 0 and 1; a young pair in root 2. */
static void two_arrays(struct fixture *fixture, uint32_t *dst, uint32_t *src, uint32_t *young)
{
    inc_open(fixture, small_sizes, 0);
    *dst = fixture_alloc(fixture, MODEL_ARRAY, 2000, 0);
    *src = fixture_alloc(fixture, MODEL_ARRAY, 2000, 1);
    collect_minor(fixture);
    *young = fixture_alloc(fixture, MODEL_PAIR, 0, 2);
}

static void test_copy_between_arrays_copies_card_bits(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t dst, src, young;
    two_arrays(&fixture, &dst, &src, &young);
    struct gcr_incminimark *h = inside(&fixture);
    fixture_copy(&fixture, dst, 0, src, 0, 2000); /* nothing young: no card */
    assert_int_equal(gcr_vector_count(&h->cards_set), 0);
    fixture_store(&fixture, src, 700, young); /* card 5 */
    fixture_copy(&fixture, dst, 256, src, 256, 1000);
    assert_int_equal(*incminimark_card_byte(fixture_ref(&fixture, dst), 0), 1 << 5);
    assert_int_equal(gcr_vector_count(&h->cards_set), 2);
    fixture_check(&fixture);
    collect_minor(&fixture);
    assert_int_equal(fixture_slot(&fixture, dst, 700), young);
    fixture_close(&fixture);
}

static void test_copy_at_another_offset_sets_cards_one_by_one(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t dst, src, young;
    two_arrays(&fixture, &dst, &src, &young);
    fixture_store(&fixture, src, 700, young);
    fixture_copy(&fixture, dst, 100, src, 600, 300); /* items 100 to 399: cards 0 to 3 */
    assert_int_equal(*incminimark_card_byte(fixture_ref(&fixture, dst), 0), 0xf);
    fixture_check(&fixture);
    collect_minor(&fixture);
    assert_int_equal(fixture_slot(&fixture, dst, 200), young);
    fixture_close(&fixture);
}

static void test_copy_inside_an_array_remembers_it_whole(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t dst, src, young;
    two_arrays(&fixture, &dst, &src, &young);
    fixture_copy(&fixture, src, 10, src, 0, 1000); /* no card is set: nothing young can move */
    assert_true(gcr_header_is(inc_header(&fixture, src), GCR_HEADER_NO_YOUNG));
    fixture_store(&fixture, src, 5, young);
    fixture_copy(&fixture, src, 500, src, 0, 1000);
    assert_false(gcr_header_is(inc_header(&fixture, src), GCR_HEADER_NO_YOUNG));
    fixture_check(&fixture);
    collect_minor(&fixture);
    assert_int_equal(fixture_slot(&fixture, src, 505), young);
    (void)dst;
    fixture_close(&fixture);
}

static void test_copy_from_an_unremembered_object_is_free(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, small_sizes, 0);
    uint32_t dst = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t src = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    collect_minor(&fixture);
    fixture_copy(&fixture, dst, 0, src, 0, 2);
    assert_int_equal(fixture.heap->work.barriers, 0);
    uint32_t young = fixture_alloc(&fixture, MODEL_PAIR, 0, 2);
    fixture_copy(&fixture, dst, 0, young, 0, 2);
    assert_int_equal(fixture.heap->work.barriers, 1);
    fixture_close(&fixture);
}

/* ---- bodies ---- */

static void test_resize_through_an_old_owner(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, small_sizes, 0);
    uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 3, 0);
    uint32_t item = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    fixture_store(&fixture, list, 3, item);
    collect_minor(&fixture);
    assert_true(fixture_resize(&fixture, list, 2000)); /* over the limit: raw, young, with cards */
    gcr_ref body = inc_body(&fixture, list);
    assert_true(incminimark_raw_is_young(&inside(&fixture)->raws, body));
    assert_true(gcr_header_is(gcr_object_header(body), INCMINIMARK_HAS_CARDS));
    uint32_t young = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    fixture_store(&fixture, list, 1 + 1999, young);
    fixture_check(&fixture);
    collect_minor(&fixture);
    assert_ptr_equal(inc_body(&fixture, list), body);
    assert_int_equal(fixture_slot(&fixture, list, 3), item);
    assert_int_equal(fixture_slot(&fixture, list, 2000), young);
    uint64_t used = inside(&fixture)->raws.used_bytes;
    assert_true(fixture_resize(&fixture, list, 700)); /* shrinks where it is */
    assert_ptr_equal(inc_body(&fixture, list), body);
    assert_int_equal(inside(&fixture)->raws.used_bytes, used);
    fixture_check(&fixture);
    fixture_collect(&fixture);
    assert_true(fixture_is_dead(&fixture, young));
    assert_int_equal(fixture_slot(&fixture, list, 3), item);
    fixture_close(&fixture);
}

static void test_a_shrunk_young_body_leaves_a_filler(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, small_sizes, 0);
    uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 30, 0);
    (void)fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    assert_true(fixture_resize(&fixture, list, 29));
    assert_true(fixture_resize(&fixture, list, 4));
    fixture_check(&fixture);
    assert_int_equal(fixture_walk_count(&fixture), 2);
    fixture_close(&fixture);
}

/* ---- pinned objects ---- */

static void test_pinned_objects_stay_in_the_nursery(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, small_sizes, 0);
    struct gcr_incminimark *h = inside(&fixture);
    assert_int_equal(h->policy.max_pinned, 64 / (2 * 4));
    drop_pairs(&fixture, 10);
    uint32_t blob = fixture_alloc(&fixture, INC_BLOB, 100, 0);
    drop_pairs(&fixture, 10);
    uint32_t other = fixture_alloc(&fixture, INC_BLOB, 200, FIXTURE_NO_ROOT);
    fixture_write(&fixture, blob, 0, 100, 7);
    gcr_ref place = fixture_ref(&fixture, blob);
    for (int round = 0; round < 3; round++) {
        collect_minor(&fixture);
        assert_ptr_equal(fixture_ref(&fixture, blob), place);
        assert_true(fixture_is_dead(&fixture, other));
        assert_int_equal(h->pinned_count, 1);
        assert_ptr_equal(h->nursery.top, place); /* the first range ends there */
        drop_pairs(&fixture, 600);               /* into the second range */
        assert_ptr_not_equal(h->nursery.top, place);
        fixture_check(&fixture);
        fixture_assert_pattern(&fixture, blob, 0, 100, 7);
    }
    assert_int_equal(h->figures.pinned_peak, 1);
    fixture_root(&fixture, 0, 0);
    collect_minor(&fixture);
    assert_true(fixture_is_dead(&fixture, blob));
    assert_ptr_equal(h->nursery.top, h->nursery.start + h->nursery.bytes);
    fixture_close(&fixture);
}

static void test_every_parent_of_a_pinned_object_keeps_it(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, small_sizes, 0);
    uint32_t first = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t second = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    uint32_t blob = fixture_alloc(&fixture, INC_BLOB, 100, FIXTURE_NO_ROOT);
    fixture_store(&fixture, first, 0, blob);
    fixture_store(&fixture, second, 0, blob);
    collect_minor(&fixture);
    assert_int_equal(gcr_vector_count(&inside(&fixture)->pinned_parents), 2);
    fixture_root(&fixture, 0, 0);
    fixture_collect(&fixture); /* the first parent dies */
    assert_true(fixture_is_dead(&fixture, first));
    assert_int_equal(gcr_vector_count(&inside(&fixture)->pinned_parents), 1);
    assert_int_equal(fixture_slot(&fixture, second, 0), blob);
    fixture_root(&fixture, 1, 0);
    fixture_collect(&fixture); /* the second, and with it the blob */
    assert_true(fixture_is_dead(&fixture, blob));
    assert_int_equal(fixture_walk_count(&fixture), 0);
    fixture_close(&fixture);
}

static void test_pinned_objects_beyond_the_maximum_are_born_old(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, small_sizes, 0);
    uint32_t blobs[10];
    for (int i = 0; i < 10; i++)
        blobs[i] = fixture_alloc(&fixture, INC_BLOB, 100, i);
    for (int i = 0; i < 10; i++)
        assert_int_equal(inc_is_young(&fixture, blobs[i]), i < 8);
    uint32_t with_slots = fixture_alloc(&fixture, MODEL_PINNED, 2, 10);
    assert_false(inc_is_young(&fixture, with_slots));
    gcr_ref place = fixture_ref(&fixture, with_slots);
    fixture_collect(&fixture);
    assert_ptr_equal(fixture_ref(&fixture, with_slots), place);
    fixture_check(&fixture);
    fixture_close(&fixture);
    const char *const minimark[] = {"incremental=off", NULL};
    inc_open(&fixture, minimark, 0);
    assert_false(inc_is_young(&fixture, fixture_alloc(&fixture, INC_BLOB, 100, 0)));
    fixture_close(&fixture);
}

/* ---- weak references and finalizers ---- */

static void test_an_old_weak_reference_to_a_young_target(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, small_sizes, 0);
    uint32_t weak = fixture_alloc(&fixture, MODEL_WEAK, 0, 0);
    collect_minor(&fixture);
    uint32_t kept = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture_weakref(&fixture, weak, kept);
    collect_minor(&fixture);
    gcr_ref at = fixture_ref(&fixture, weak);
    assert_ptr_equal(*gcr_object_weak_word(at), fixture_ref(&fixture, kept));
    uint32_t large = fixture_alloc(&fixture, MODEL_STRING, 8000, FIXTURE_NO_ROOT);
    fixture_weakref(&fixture, weak, large); /* a young raw target */
    collect_minor(&fixture);
    assert_null(*gcr_object_weak_word(at));
    fixture_weakref(&fixture, weak, kept);
    fixture_root(&fixture, 1, 0);
    collect_minor(&fixture); /* an old target dies in a major collection only */
    assert_non_null(*gcr_object_weak_word(at));
    fixture_collect(&fixture);
    assert_null(*gcr_object_weak_word(at));
    fixture_close(&fixture);
}

static void test_finalizers_run_parents_first_and_once(void **state)
{
    (void)state;
    for (int bitmap = 0; bitmap < 2; bitmap++) {
        const char *settings[] = {"nursery=64K", bitmap ? "marks=bitmap" : "marks=header", NULL};
        struct fixture fixture;
        inc_open(&fixture, settings, 0);
        uint32_t child = fixture_alloc(&fixture, MODEL_FINALIZER, 0, 0);
        assert_false(inc_is_young(&fixture, child)); /* born old */
        uint32_t parent = fixture_alloc(&fixture, MODEL_FINALIZER, 0, 1);
        fixture_store(&fixture, parent, 0, child);
        uint32_t reborn = fixture_alloc(&fixture, MODEL_FINALIZER, 0, 2);
        fixture.resurrect_into[1] = 5;
        for (int root = 0; root < 3; root++)
            fixture_root(&fixture, root, 0);
        collect_minor(&fixture);
        assert_int_equal(fixture.finalized_count, 0);
        fixture_collect(&fixture);
        assert_int_equal(fixture.finalized_count, 2);
        assert_int_equal(fixture.finalized[0].cookie, parent);
        assert_int_equal(fixture.finalized[1].cookie, reborn);
        assert_ptr_equal(fixture.globals[5], fixture_ref(&fixture, reborn));
        fixture_collect(&fixture);
        assert_int_equal(fixture.finalized_count, 3);
        assert_int_equal(fixture.finalized[2].cookie, child);
        fixture_collect(&fixture);
        assert_true(fixture_is_dead(&fixture, child) && fixture_is_dead(&fixture, parent));
        assert_false(fixture_is_dead(&fixture, reborn));
        assert_int_equal(fixture.finalized_count, 3);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nursery_layout_to_the_byte),
        cmocka_unit_test(test_old_objects_have_no_least_size),
        cmocka_unit_test(test_survivors_move_once),
        cmocka_unit_test(test_a_full_nursery_is_collected),
        cmocka_unit_test(test_new_objects_are_zero_in_a_used_nursery),
        cmocka_unit_test(test_large_objects_are_raw_and_young),
        cmocka_unit_test(test_the_large_limit_follows_a_small_nursery),
        cmocka_unit_test(test_card_bits_lie_in_front_of_the_header),
        cmocka_unit_test(test_an_old_object_is_remembered_once),
        cmocka_unit_test(test_prebuilt_objects_are_roots_from_their_first_store),
        cmocka_unit_test(test_copy_between_arrays_copies_card_bits),
        cmocka_unit_test(test_copy_at_another_offset_sets_cards_one_by_one),
        cmocka_unit_test(test_copy_inside_an_array_remembers_it_whole),
        cmocka_unit_test(test_copy_from_an_unremembered_object_is_free),
        cmocka_unit_test(test_resize_through_an_old_owner),
        cmocka_unit_test(test_a_shrunk_young_body_leaves_a_filler),
        cmocka_unit_test(test_pinned_objects_stay_in_the_nursery),
        cmocka_unit_test(test_every_parent_of_a_pinned_object_keeps_it),
        cmocka_unit_test(test_pinned_objects_beyond_the_maximum_are_born_old),
        cmocka_unit_test(test_an_old_weak_reference_to_a_young_target),
        cmocka_unit_test(test_finalizers_run_parents_first_and_once),
    };
    return cmocka_run_group_tests_name("collector.incminimark", tests, NULL, NULL);
}
