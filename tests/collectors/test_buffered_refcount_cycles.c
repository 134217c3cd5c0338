/* buffered-refcount: garbage cycles with both collectors; colours, both tests of a candidate and
 * what becomes of one that fails; counts beyond 13 bits. In place, epoch by epoch.
 *
 * What a mutator beside the collector could do between two steps of it is done here by storing a
 * reference that the test has kept to an object that has no handle left in the program. */
#include "tests/collectors/buffered_refcount_fixture.h"

static const char *const async[] = {"thread=off", NULL};
static const char *const sync[] = {"thread=off", "cycles=sync", NULL};

/* A scene that comes out the same with both collectors. */
static void with_both(void (*scene)(const char *const *settings))
{
    scene(async);
    scene(sync);
}

static enum recycler_colour colour(const struct fixture *fixture, uint32_t object)
{
    return recycler_colour_of(fixture_ref(fixture, object));
}

static struct recycler_stats *stats(const struct fixture *fixture)
{
    return &inside(fixture)->collector.stats;
}

/* A ring of `size` pairs through slot 0; number[0] is in root 0, at rest. */
static void make_ring(struct fixture *fixture, uint32_t *number, uint32_t size)
{
    number[0] = fixture_alloc(fixture, MODEL_PAIR, 0, 0);
    for (uint32_t i = 1; i < size; i++) {
        number[i] = fixture_alloc(fixture, MODEL_PAIR, 0, 1);
        fixture_store(fixture, number[i - 1], 0, number[i]);
    }
    fixture_store(fixture, number[size - 1], 0, number[0]);
    fixture_root(fixture, 1, 0);
    epochs(fixture, 4);
}

/* A heap with such a ring. */
static void open_ring(struct fixture *fixture, const char *const *settings, uint32_t *number,
                      uint32_t size)
{
    recycler_open(fixture, settings, 0);
    make_ring(fixture, number, size);
}

static void expect_dead(const struct fixture *fixture, const uint32_t *number, uint32_t size,
                        bool dead)
{
    for (uint32_t i = 0; i < size; i++)
        assert_int_equal(fixture_is_dead(fixture, number[i]), dead);
}

/* ---- a simple cycle ---- */

static void test_ring_is_found_in_one_epoch_and_freed_in_the_next(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t ring[5];
    open_ring(&fixture, async, ring, 5);
    assert_int_equal(colour(&fixture, ring[0]), RECYCLER_BLACK);
    fixture_root(&fixture, 0, 0);
    one_epoch(&fixture); /* the snapshot's decrement: purple, gray, white, orange */
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(colour(&fixture, ring[i]), RECYCLER_ORANGE);
        assert_true(recycler_is_buffered(fixture_ref(&fixture, ring[i])));
        assert_true(recycler_crc_is_zero(fixture_ref(&fixture, ring[i])));
    }
    one_epoch(&fixture);
    expect_dead(&fixture, ring, 5, true);
    assert_int_equal(stats(&fixture)->age[2], 5);
    assert_true(stats(&fixture)->freed_candidates >= 1);
    fixture_close(&fixture);
}

static void test_sync_frees_the_ring_in_the_same_epoch(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t ring[5];
    open_ring(&fixture, sync, ring, 5);
    fixture_root(&fixture, 0, 0);
    one_epoch(&fixture);
    expect_dead(&fixture, ring, 5, true);
    fixture_close(&fixture);
}

static void live_root_survives(const char *const *settings)
{
    struct fixture fixture;
    uint32_t ring[4];
    open_ring(&fixture, settings, ring, 4);
    fixture_root(&fixture, 5, ring[2]);
    one_epoch(&fixture);
    uint64_t grayed = stats(&fixture)->grayed;
    fixture_root(&fixture, 0, 0); /* ring[0] becomes a possible root, and is none */
    one_epoch(&fixture);
    assert_int_equal(stats(&fixture)->grayed, grayed + 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(colour(&fixture, ring[i]), RECYCLER_BLACK);
        assert_false(recycler_is_buffered(fixture_ref(&fixture, ring[i])));
    }
    assert_int_equal(recycler_rc(inside(&fixture), fixture_ref(&fixture, ring[2])), 2);
    assert_int_equal(recycler_rc(inside(&fixture), fixture_ref(&fixture, ring[0])), 1);
    epochs(&fixture, 3);
    expect_dead(&fixture, ring, 4, false);
    fixture_close(&fixture);
}

static void test_reference_from_outside_blackens_all(void **state)
{
    (void)state;
    with_both(live_root_survives);
}

static void green_objects_of_a_cycle(const char *const *settings)
{
    struct fixture fixture;
    recycler_open(&fixture, settings, 0);
    uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 4, 0);
    uint32_t string = fixture_alloc(&fixture, MODEL_STRING, 9, 1);
    uint32_t shared = fixture_alloc(&fixture, MODEL_STRING, 9, 2);
    fixture_store(&fixture, array, 0, array);
    fixture_store(&fixture, array, 1, string);
    fixture_store(&fixture, array, 2, string);
    fixture_store(&fixture, array, 3, shared);
    fixture_root(&fixture, 1, 0);
    epochs(&fixture, 4);
    uint64_t roots = stats(&fixture)->roots;
    fixture_root(&fixture, 0, 0);
    epochs(&fixture, 3);
    assert_true(fixture_is_dead(&fixture, array));
    assert_true(fixture_is_dead(&fixture, string));
    assert_int_equal(recycler_rc(inside(&fixture), fixture_ref(&fixture, shared)), 1);
    assert_int_equal(colour(&fixture, shared), RECYCLER_GREEN);
    assert_int_equal(stats(&fixture)->roots, roots + 1);
    fixture_close(&fixture);
}

static void test_green_objects_are_counted_and_never_roots(void **state)
{
    (void)state;
    with_both(green_objects_of_a_cycle);
}

/* ---- dependent cycles ---- */

/* `count` self-loops, each referring to the next through slot 1; the first is in root 0. */
static void make_chain(struct fixture *fixture, uint32_t *number, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        number[i] = fixture_alloc(fixture, MODEL_PAIR, 0, i == 0 ? 0 : 1);
        fixture_store(fixture, number[i], 0, number[i]);
        if (i != 0)
            fixture_store(fixture, number[i - 1], 1, number[i]);
    }
    fixture_root(fixture, 1, 0);
}

static void chain_dies(const char *const *settings, bool first_becomes_root_first)
{
    struct fixture fixture;
    uint32_t chain[12];
    recycler_open(&fixture, settings, 0);
    make_chain(&fixture, chain, 12);
    epochs(&fixture, 4);
    /* Each of them becomes a possible root in the epoch in which the chain loses its head. */
    for (uint32_t i = 0; i < 12; i++) {
        uint32_t k = first_becomes_root_first ? i : 11 - i;
        fixture_global(&fixture, (int)i, chain[k]);
    }
    epochs(&fixture, 3);
    for (int i = 0; i < 12; i++)
        fixture_global(&fixture, i, 0);
    fixture_root(&fixture, 0, 0);
    uint64_t rounds = inside(&fixture)->epochs;
    fixture_collect(&fixture);
    rounds = inside(&fixture)->epochs - rounds;
    expect_dead(&fixture, chain, 12, true);
    assert_true(rounds <= 8);
    fixture_close(&fixture);
}

static void test_chain_of_dependent_cycles(void **state)
{
    (void)state;
    chain_dies(async, true);
    chain_dies(async, false);
    chain_dies(sync, true);
    chain_dies(sync, false);
}

/* Two rings that share a third; the sharers die one epoch after the other. */
static void shared_ring_dies(const char *const *settings)
{
    struct fixture fixture;
    uint32_t left[3], right[3], shared[3];
    recycler_open(&fixture, settings, 0);
    make_ring(&fixture, shared, 3);
    fixture_global(&fixture, 0, shared[0]);
    make_ring(&fixture, left, 3);
    fixture_global(&fixture, 1, left[0]);
    make_ring(&fixture, right, 3);
    fixture_store(&fixture, left[1], 1, shared[1]);
    fixture_store(&fixture, right[2], 1, shared[2]);
    fixture_global(&fixture, 0, 0);
    epochs(&fixture, 4);
    fixture_global(&fixture, 1, 0);
    epochs(&fixture, 4);
    expect_dead(&fixture, left, 3, true);
    expect_dead(&fixture, shared, 3, false);
    fixture_root(&fixture, 0, 0);
    epochs(&fixture, 4);
    expect_dead(&fixture, right, 3, true);
    expect_dead(&fixture, shared, 3, true);
    fixture_close(&fixture);
}

static void test_shared_white_subgraph(void **state)
{
    (void)state;
    with_both(shared_ring_dies);
}

/* An edge of a live graph is cut in each epoch; what it held dies by counts or as a cycle. */
static void edges_cut(const char *const *settings)
{
    struct fixture fixture;
    uint32_t chain[10], back = 0;
    recycler_open(&fixture, settings, 0);
    make_chain(&fixture, chain, 10);
    for (uint32_t i = 1; i < 10; i++) /* every third one closes a ring over its elders */
        if (i % 3 == 0)
            fixture_store(&fixture, chain[i], 0, chain[back = i - 3]);
    (void)back;
    epochs(&fixture, 3);
    for (uint32_t i = 9; i > 0; i--) {
        fixture_store(&fixture, chain[i - 1], 1, 0);
        one_epoch(&fixture);
        assert_false(fixture_is_dead(&fixture, chain[i - 1]));
    }
    epochs(&fixture, 4);
    expect_dead(&fixture, chain, 1, false);
    expect_dead(&fixture, chain + 1, 9, true);
    fixture_close(&fixture);
}

static void test_one_edge_cut_in_each_epoch(void **state)
{
    (void)state;
    with_both(edges_cut);
}

/* ---- the two tests ---- */

static void test_delta_test_spares_what_was_touched_meanwhile(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t ring[4];
    open_ring(&fixture, async, ring, 4);
    fixture_root(&fixture, 0, 0);
    one_epoch(&fixture);
    assert_int_equal(colour(&fixture, ring[2]), RECYCLER_ORANGE);
    fixture_global(&fixture, 0, ring[2]); /* the reference was in flight when the trace ran */
    one_epoch(&fixture);
    assert_int_equal(stats(&fixture)->failed_delta, 1);
    expect_dead(&fixture, ring, 4, false);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(colour(&fixture, ring[i]), RECYCLER_BLACK);
    fixture_global(&fixture, 0, 0);
    epochs(&fixture, 3);
    expect_dead(&fixture, ring, 4, true);
    fixture_close(&fixture);
}

static void test_sigma_test_finds_a_reference_from_outside(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t ring[4];
    open_ring(&fixture, async, ring, 4);
    fixture_root(&fixture, 0, 0);
    one_epoch(&fixture);
    struct gcr_recycler *h = inside(&fixture);
    recycler_count_add(h, fixture_ref(&fixture, ring[3]), RECYCLER_CRC_SHIFT);
    h->collector.contexts = h->contexts;
    recycler_free_cycles(h);
    assert_int_equal(stats(&fixture)->failed_sigma, 1);
    assert_int_equal(colour(&fixture, ring[0]), RECYCLER_PURPLE); /* to be looked at again */
    assert_int_equal(colour(&fixture, ring[3]), RECYCLER_BLACK);
    fixture_check(&fixture);
    fixture_collect(&fixture);
    expect_dead(&fixture, ring, 4, true);
    fixture_close(&fixture);
}

static void test_member_without_a_count_is_released_when_its_candidate_fails(void **state)
{
    (void)state;
    struct fixture fixture;
    recycler_open(&fixture, async, 0);
    struct gcr_recycler *h = inside(&fixture);
    uint32_t head = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t tail = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture_store(&fixture, head, 0, head);
    fixture_store(&fixture, head, 1, tail);
    fixture_root(&fixture, 1, 0);
    epochs(&fixture, 4);
    fixture_root(&fixture, 0, 0);
    one_epoch(&fixture);
    assert_int_equal(colour(&fixture, tail), RECYCLER_ORANGE);
    /* The edge is gone, its decrement applied, and the head has a reference from outside. */
    *recycler_slot(&h->layouts, fixture_ref(&fixture, head), 1) = NULL;
    recycler_count_subtract(h, fixture_ref(&fixture, tail), RECYCLER_RC_SHIFT);
    stats(&fixture)->decrements++;
    recycler_count_add(h, fixture_ref(&fixture, head), RECYCLER_CRC_SHIFT);
    recycler_free_cycles(h);
    recycler_deliver(h);
    assert_true(fixture_is_dead(&fixture, tail));
    assert_int_equal(colour(&fixture, head), RECYCLER_PURPLE);
    fixture_check(&fixture);
    fixture_collect(&fixture);
    assert_int_equal(fixture_walk_count(&fixture), 0);
    fixture_close(&fixture);
}

static void test_ring_cut_as_its_root_dies_goes_by_counts(void **state)
{
    (void)state;
    struct fixture fixture;
    uint32_t ring[4];
    open_ring(&fixture, async, ring, 4);
    uint64_t candidates = stats(&fixture)->candidates;
    fixture_store(&fixture, ring[1], 0, 0);
    fixture_root(&fixture, 0, 0);
    one_epoch(&fixture);
    expect_dead(&fixture, ring, 4, false); /* the decrement of the cut edge is still to come */
    one_epoch(&fixture);
    expect_dead(&fixture, ring, 4, true);
    assert_int_equal(stats(&fixture)->candidates, candidates);
    fixture_close(&fixture);
}

/* ---- finalizers in cycles ---- */

static void cycle_with_finalizers(const char *const *settings)
{
    struct fixture fixture;
    recycler_open(&fixture, settings, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t one = fixture_alloc(&fixture, MODEL_FINALIZER, 0, 1);
    uint32_t two = fixture_alloc(&fixture, MODEL_FINALIZER, 0, 2);
    fixture_store(&fixture, pair, 0, one);
    fixture_store(&fixture, one, 0, two);
    fixture_store(&fixture, two, 0, pair);
    fixture.resurrect_into[1] = 4;
    for (int i = 0; i < 3; i++)
        fixture_root(&fixture, i, 0);
    fixture_collect(&fixture);
    assert_int_equal(fixture.finalized_count, 2);
    assert_int_equal(fixture.finalized[0].cookie, one);
    assert_int_equal(fixture.finalized[1].cookie, two);
    assert_int_equal(fixture_slot(&fixture, two, 0), pair); /* intact: `two` was resurrected */
    assert_int_equal(fixture_slot(&fixture, pair, 0), one);
    fixture_global(&fixture, 4, 0);
    fixture_collect(&fixture);
    assert_int_equal(fixture.finalized_count, 2);
    assert_int_equal(fixture_walk_count(&fixture), 0);
    fixture_close(&fixture);
}

static void test_cycle_with_finalizers(void **state)
{
    (void)state;
    with_both(cycle_with_finalizers);
}

/* ---- counts beyond 13 bits ---- */

static void popular_object(const char *const *settings)
{
    enum { REFERENCES = 20000 };
    struct fixture fixture;
    recycler_open(&fixture, settings, 0);
    struct recycler_collector *c = &inside(&fixture)->collector;
    uint32_t popular = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, REFERENCES, 1);
    for (uint32_t i = 0; i < REFERENCES; i++)
        fixture_store(&fixture, array, i, popular);
    epochs(&fixture, 3);
    gcr_ref object = fixture_ref(&fixture, popular);
    assert_int_equal(recycler_rc(inside(&fixture), object), REFERENCES + 1);
    assert_int_equal(*recycler_count_word(object) & RECYCLER_COUNT,
                     RECYCLER_OVER | (REFERENCES + 1) % 8192);
    assert_int_equal(c->more_rc.count, 1);
    for (uint32_t i = 0; i < REFERENCES - 10; i++)
        fixture_store(&fixture, array, i, 0);
    epochs(&fixture, 3);
    assert_int_equal(recycler_rc(inside(&fixture), object), 11);
    assert_int_equal(c->more_rc.count, 0);
    for (uint32_t i = 0; i < REFERENCES; i++)
        fixture_store(&fixture, array, i, popular);
    fixture_store(&fixture, popular, 0, array); /* a cycle of 20 000 edges */
    epochs(&fixture, 3);
    fixture_root(&fixture, 0, 0);
    fixture_root(&fixture, 1, 0);
    fixture_collect(&fixture);
    assert_true(fixture_is_dead(&fixture, popular));
    assert_int_equal(c->more_rc.count, 0);
    assert_int_equal(c->more_crc.count, 0);
    assert_int_equal(c->more_crc.peak, inside(&fixture)->synchronous ? 0 : 1);
    fixture_close(&fixture);
}

static void test_counts_overflow_into_both_tables(void **state)
{
    (void)state;
    with_both(popular_object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ring_is_found_in_one_epoch_and_freed_in_the_next),
        cmocka_unit_test(test_sync_frees_the_ring_in_the_same_epoch),
        cmocka_unit_test(test_reference_from_outside_blackens_all),
        cmocka_unit_test(test_green_objects_are_counted_and_never_roots),
        cmocka_unit_test(test_chain_of_dependent_cycles),
        cmocka_unit_test(test_shared_white_subgraph),
        cmocka_unit_test(test_one_edge_cut_in_each_epoch),
        cmocka_unit_test(test_delta_test_spares_what_was_touched_meanwhile),
        cmocka_unit_test(test_sigma_test_finds_a_reference_from_outside),
        cmocka_unit_test(test_member_without_a_count_is_released_when_its_candidate_fails),
        cmocka_unit_test(test_ring_cut_as_its_root_dies_goes_by_counts),
        cmocka_unit_test(test_cycle_with_finalizers),
        cmocka_unit_test(test_counts_overflow_into_both_tables),
    };
    return cmocka_run_group_tests_name("collector.buffered_refcount_cycles", tests, NULL, NULL);
}
