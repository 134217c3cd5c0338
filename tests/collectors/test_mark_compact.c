/* mark-compact through the seam: layout, collection, order, finalizers, weak references, bodies,
 * pinned and prebuilt objects, in every variant. Sizing and moves: test_mark_compact_bounds.c. */
#include "tests/collectors/mark_compact_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ---- layout ---- */

static void test_layout_to_the_byte(void **state)
{
    (void)state;
    struct fixture fixture;
    mark_compact_open(&fixture, NULL, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);     /* 8 + 24 */
    uint32_t empty = fixture_alloc(&fixture, MODEL_EMPTY, 0, 1);   /* the header alone: 8 */
    uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 3, 2);   /* 16 + 24 */
    uint32_t string = fixture_alloc(&fixture, MODEL_STRING, 5, 3); /* 16 + 5, to 24 */
    uint32_t weak = fixture_alloc(&fixture, MODEL_WEAK, 0, 4);     /* 8 + 8 + 8 */
    uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 2, 5);     /* 16 + 8, body 16 + 16 */
    uint32_t bare = fixture_alloc(&fixture, MODEL_LIST, 0, 6);     /* 16 + 8, no body */
    uint32_t last = fixture_alloc(&fixture, MODEL_EMPTY, 0, 7);
    const char *start = inside(&fixture)->space.start;
    assert_ptr_equal(address(&fixture, pair), start);
    assert_int_equal(address(&fixture, empty) - start, 32);
    assert_int_equal(address(&fixture, array) - start, 40);
    assert_int_equal(address(&fixture, string) - start, 80);
    assert_int_equal(address(&fixture, weak) - start, 104);
    assert_int_equal(address(&fixture, list) - start, 128);
    assert_int_equal(address(&fixture, bare) - start, 184);
    assert_int_equal(address(&fixture, last) - start, 208);
    assert_ptr_equal(inside(&fixture)->free, start + 216);
    assert_int_equal(inside(&fixture)->blocks, 9);
    struct gcr_footprint parts, again;
    gcr_collector_mark_compact.footprint(fixture.heap, &parts);
    assert_int_equal(parts.objects_bytes, 24 + 24 + 5 + 8 + (8 + 16) + 8);
    assert_int_equal(parts.headers_bytes, 8 + 8 + 16 + 16 + 16 + (16 + 16) + 16 + 8);
    fixture_collect(&fixture); /* recomputes both */
    gcr_collector_mark_compact.footprint(fixture.heap, &again);
    assert_int_equal(parts.objects_bytes, again.objects_bytes);
    assert_int_equal(parts.headers_bytes, again.headers_bytes);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_header_holds_shape_and_no_flag_between_collections(void **state)
{
    (void)state;
    for (size_t i = 0; i < MARK_COMPACT_VARIANTS; i++) {
        struct fixture fixture;
        mark_compact_open(&fixture, mark_compact_variants[i], 0);
        drop_pairs(&fixture, 1);
        uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 7, 0);
        for (int round = 0; round < 3; round++) {
            uint64_t header = gcr_object_header(fixture_ref(&fixture, array));
            assert_int_equal(header & GCR_HEADER_ID_MASK, MODEL_ARRAY);
            assert_int_equal(header >> 32 & 0xff, 0);
            assert_int_equal(header >> 44, 0);
            assert_int_equal(*gcr_object_word(fixture_ref(&fixture, array), 8), 7);
            fixture_collect(&fixture);
        }
        fixture_close(&fixture);
    }
}

/* ---- collection ---- */

static void test_survivors_slide_down_in_their_order_without_gaps(void **state)
{
    (void)state;
    for (size_t i = 0; i < MARK_COMPACT_VARIANTS; i++) {
        struct fixture fixture;
        mark_compact_open(&fixture, mark_compact_variants[i], 0);
        uint32_t kept[20];
        uint64_t bytes = 0;
        for (uint32_t k = 0; k < 20; k++) {
            drop_pairs(&fixture, k % 3);
            kept[k] = fixture_alloc(&fixture, MODEL_STRING, k * 7, (int)(k + 1));
            fixture_write(&fixture, kept[k], 0, k * 7, (uint8_t)k);
            bytes += 16 + gcr_word_round(k * 7);
        }
        char *before[20];
        for (uint32_t k = 0; k < 20; k++)
            before[k] = address(&fixture, kept[k]);
        fixture_collect(&fixture);
        const char *expected = inside(&fixture)->space.start;
        for (uint32_t k = 0; k < 20; k++) {
            assert_ptr_equal(address(&fixture, kept[k]), expected);
            assert_true(address(&fixture, kept[k]) <= before[k]);
            fixture_assert_pattern(&fixture, kept[k], 0, k * 7, (uint8_t)k);
            expected += 16 + gcr_word_round(k * 7);
        }
        assert_ptr_equal(inside(&fixture)->free, expected);
        assert_int_equal(gcr_compact_used(inside(&fixture)), bytes);
        assert_int_equal(fixture_last(&fixture)->survivors, 20);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

static void test_what_has_not_moved_is_not_counted_as_moved(void **state)
{
    (void)state;
    struct fixture fixture;
    mark_compact_open(&fixture, NULL, 0);
    fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    drop_pairs(&fixture, 1);
    fixture_alloc(&fixture, MODEL_ARRAY, 4, 1);
    fixture_collect(&fixture);
    assert_int_equal(fixture_last(&fixture)->moved_bytes, 48);
    assert_int_equal(fixture.heap->work.copied_objects, 1);
    assert_int_equal(fixture_last(&fixture)->freed, 1);
    assert_true(fixture.phases[GCR_PHASE_MARK] == 1 && fixture.phases[GCR_PHASE_COMPACT] == 1);
    fixture_collect(&fixture);
    assert_int_equal(fixture_last(&fixture)->moved_bytes, 0);
    fixture_close(&fixture);
}

static void test_cycles_are_reclaimed_and_kept(void **state)
{
    (void)state;
    struct fixture fixture;
    mark_compact_open(&fixture, NULL, 0);
    scene_cycles_are_reclaimed_and_kept(&fixture);
    fixture_close(&fixture);
}

static void test_younger_generations_are_ignored(void **state)
{
    (void)state;
    struct fixture fixture;
    mark_compact_open(&fixture, NULL, 0);
    scene_younger_generations_are_ignored(&fixture);
    assert_int_equal(inside(&fixture)->live_bytes, 0);
    fixture_close(&fixture);
}

/* A list a thousand deep, and one object with a thousand references, both ways of marking. */
static void test_work_list_holds_the_width_of_the_graph(void **state)
{
    (void)state;
    static const char *const orders[][4] = {{"mode=ideal", "worklist=queue", NULL},
                                            {"mode=ideal", "worklist=stack", NULL}};
    for (int lifo = 0; lifo < 2; lifo++) {
        struct fixture fixture;
        mark_compact_open(&fixture, orders[lifo], 0);
        keep_pairs(&fixture, 0, 100000);
        fixture_collect(&fixture);
        struct gcr_compact *h = inside(&fixture);
        if (lifo)
            assert_true(h->stack.peak_entries <= PAGE / 8);
        else
            assert_int_equal(h->fifo.peak_bytes, PAGE); /* at most one entry at a time */
        fixture_root(&fixture, 0, 0);
        uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 20000, 2);
        for (uint32_t i = 0; i < 20000; i++) {
            fixture_store(&fixture, array, i, fixture_alloc(&fixture, MODEL_EMPTY, 0, 3));
            fixture_root(&fixture, 3, 0);
        }
        fixture_collect(&fixture);
        uint64_t peak = lifo ? h->stack.peak_entries * 8 : h->fifo.peak_bytes;
        assert_in_range(peak, 20000 * 8 - 64 * KIB, 20000 * 8 + 64 * KIB);
        assert_int_equal(h->fifo.kept == h->fifo.limit, 1);
        assert_int_equal(fixture.supply.by_kind_bytes[GCR_PAGES_WORK], 0);
        fixture_close(&fixture);
    }
}

/* ---- finalizers and weak references ---- */

static uint32_t finalizable(struct fixture *fixture, int root, uint32_t next)
{
    uint32_t object = fixture_alloc(fixture, MODEL_FINALIZER, 0, root);
    if (next != 0)
        fixture_store(fixture, object, 0, next);
    return object;
}

/* What an earlier entry of the list reaches stays registered; mode doc takes all at once. */
static void test_finalizers_by_mode(void **state)
{
    (void)state;
    static const char *const modes[][3] = {
        {"mode=doc", NULL}, {"mode=2010", NULL}, {"mode=ideal", NULL}};
    for (int mode = 0; mode < 3; mode++) {
        struct fixture fixture;
        mark_compact_open(&fixture, modes[mode], 0);
        uint32_t first = finalizable(&fixture, 0, 0);
        uint32_t second = finalizable(&fixture, 1, 0);
        uint32_t third = finalizable(&fixture, 2, 0);
        fixture_store(&fixture, first, 0, second); /* registered before what it reaches */
        fixture_store(&fixture, third, 0, first);  /* and after */
        for (int i = 0; i < 3; i++)
            fixture_root(&fixture, i, 0);
        fixture_collect(&fixture);
        assert_int_equal(fixture.finalized_count, mode == 0 ? 3 : 2);
        assert_int_equal(fixture.finalized[0].cookie, first);
        assert_int_equal(fixture.finalized[1].cookie, mode == 0 ? second : third);
        assert_false(fixture_is_dead(&fixture, second));
        fixture_check(&fixture);
        fixture_collect(&fixture);
        assert_int_equal(fixture.finalized_count, 3);
        fixture_collect(&fixture);
        assert_int_equal(fixture_walk_count(&fixture), 0);
        assert_int_equal(fixture.heap->work.finalized, 3);
        fixture_close(&fixture);
    }
}

static void test_resurrection_keeps_and_finalizes_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < MARK_COMPACT_VARIANTS; i++) {
        struct fixture fixture;
        mark_compact_open(&fixture, mark_compact_variants[i], 0);
        fixture.resurrect_into[0] = 3;
        drop_pairs(&fixture, 2);
        uint32_t child = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
        uint32_t object = finalizable(&fixture, 0, child);
        fixture_root(&fixture, 0, 0);
        fixture_root(&fixture, 1, 0);
        fixture_collect(&fixture);
        assert_int_equal(fixture.finalized_count, 1);
        assert_ptr_equal(fixture.globals[3], fixture_ref(&fixture, object));
        assert_int_equal(fixture_slot(&fixture, object, 0), child);
        fixture_global(&fixture, 3, 0);
        fixture_collect(&fixture);
        assert_true(fixture_is_dead(&fixture, object));
        assert_int_equal(fixture.finalized_count, 1);
        fixture_close(&fixture);
    }
}

static void test_weak_references_follow_and_clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < MARK_COMPACT_VARIANTS; i++) {
        struct fixture fixture;
        mark_compact_open(&fixture, mark_compact_variants[i], 0);
        drop_pairs(&fixture, 3);
        uint32_t target = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
        uint32_t weak = fixture_alloc(&fixture, MODEL_WEAK, 0, 1);
        uint32_t waiting = finalizable(&fixture, 2, 0);
        uint32_t other = fixture_alloc(&fixture, MODEL_WEAK, 0, 3);
        fixture_weakref(&fixture, weak, target);
        fixture_weakref(&fixture, other, waiting);
        fixture_root(&fixture, 2, 0);
        fixture_collect(&fixture);
        assert_ptr_equal(fixture.collector->weak_target(fixture.heap, fixture_ref(&fixture, weak)),
                         fixture_ref(&fixture, target));
        assert_ptr_equal(fixture.collector->weak_target(fixture.heap, fixture_ref(&fixture, other)),
                         fixture_ref(&fixture, waiting)); /* alive for its finalizer: kept */
        fixture_root(&fixture, 0, 0);
        fixture_collect(&fixture);
        assert_null(fixture.collector->weak_target(fixture.heap, fixture_ref(&fixture, weak)));
        assert_null(fixture.collector->weak_target(fixture.heap, fixture_ref(&fixture, other)));
        fixture_root(&fixture, 1, 0);
        fixture_collect(&fixture);
        assert_int_equal(gcr_weak_list_count(&inside(&fixture)->weak), 1);
        fixture_close(&fixture);
    }
}

/* ---- bodies, pinned, prebuilt ---- */

static void test_bodies_grow_and_shrink_in_a_walkable_space(void **state)
{
    (void)state;
    for (size_t i = 0; i < MARK_COMPACT_VARIANTS; i++) {
        struct fixture fixture;
        mark_compact_open(&fixture, mark_compact_variants[i], 0);
        uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 3, 0);
        uint32_t alias = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
        fixture_store(&fixture, alias, 0, list);
        fixture_store(&fixture, list, 2, alias); /* item 1: slot 0 is the fixed one */
        assert_true(fixture_resize(&fixture, list, 50));
        assert_int_equal(fixture_slot(&fixture, list, 2), alias);
        fixture_store(&fixture, list, 50, alias);
        assert_true(fixture_resize(&fixture, list, 49)); /* 8 bytes of slack: a lengthless filler */
        assert_true(fixture_resize(&fixture, list, 10));
        assert_int_equal(fixture_length(&fixture, list), 10);
        fixture_check(&fixture);
        fixture_collect(&fixture);
        assert_int_equal(fixture_slot(&fixture, list, 2), alias);
        assert_int_equal(fixture_slot(&fixture, alias, 0), list);
        assert_int_equal(inside(&fixture)->blocks, 3); /* list, body, alias: no filler is left */
        assert_true(fixture_resize(&fixture, list, 0));
        assert_true(fixture_resize(&fixture, list, 4));
        assert_int_equal(fixture_slot(&fixture, list, 2), 0);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

static void test_pinned_objects_stay_and_are_swept(void **state)
{
    (void)state;
    for (size_t i = 0; i < MARK_COMPACT_VARIANTS; i++) {
        struct fixture fixture;
        mark_compact_open(&fixture, mark_compact_variants[i], 0);
        drop_pairs(&fixture, 2);
        uint32_t pinned = fixture_alloc(&fixture, MODEL_PINNED, 600, 0); /* two pages */
        uint32_t target = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
        fixture_store(&fixture, pinned, 601, target);
        fixture_root(&fixture, 1, 0);
        char *at = address(&fixture, pinned);
        assert_int_equal((uintptr_t)at % PAGE, 0);
        assert_int_equal(inside(&fixture)->pinned.page_bytes, 2 * PAGE);
        fixture_collect(&fixture);
        assert_ptr_equal(address(&fixture, pinned), at);
        assert_int_equal(fixture_slot(&fixture, pinned, 601), target);
        assert_ptr_equal(address(&fixture, target), inside(&fixture)->space.start);
        fixture_check(&fixture);
        fixture_root(&fixture, 0, 0);
        fixture_collect(&fixture);
        assert_true(fixture_is_dead(&fixture, pinned));
        assert_int_equal(inside(&fixture)->pinned.page_bytes, 0);
        assert_int_equal(fixture.phases[GCR_PHASE_SWEEP], 2);
        fixture_close(&fixture);
    }
}

static void test_pinned_garbage_alone_causes_collections(void **state)
{
    (void)state;
    const char *settings[] = {"space=64K", NULL};
    struct fixture fixture;
    mark_compact_open(&fixture, settings, 0);
    for (int i = 0; i < 200; i++)
        fixture_alloc(&fixture, MODEL_PINNED, 10, FIXTURE_NO_ROOT);
    assert_true(fixture.collection_count >= 10);
    assert_true(fixture.supply.peak_bytes < 40 * PAGE);
    fixture_close(&fixture);
}

static void test_prebuilt_objects_are_roots_with_a_permanent_mark(void **state)
{
    (void)state;
    for (size_t i = 0; i < MARK_COMPACT_VARIANTS; i++) {
        struct fixture fixture;
        mark_compact_open(&fixture, mark_compact_variants[i], 0);
        uint32_t plain = fixture_prebuilt(&fixture, MODEL_PAIR, 0);
        uint32_t list = fixture_prebuilt(&fixture, MODEL_LIST, 2);
        drop_pairs(&fixture, 3);
        uint32_t kept = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
        fixture_store(&fixture, plain, 0, kept);
        fixture_store(&fixture, list, 2, kept);
        fixture_root(&fixture, 0, 0);
        char *at = address(&fixture, plain);
        for (int round = 0; round < 2; round++) {
            fixture_collect(&fixture);
            assert_ptr_equal(address(&fixture, plain), at);
            assert_true(
                gcr_header_is(gcr_object_header(fixture_ref(&fixture, plain)), GCR_HEADER_MARKED));
            assert_int_equal(fixture_slot(&fixture, plain, 0), kept);
            assert_int_equal(fixture_slot(&fixture, list, 2), kept);
            fixture_check(&fixture);
        }
        assert_int_equal(fixture_walk_count(&fixture), 3);
        fixture_close(&fixture);
    }
}

/* With side marks the dense prefix is not written at all; with marks in headers every survivor is.
 */
static void test_side_marks_leave_the_dense_prefix_untouched(void **state)
{
    (void)state;
    const char *settings[] = {"mode=ideal", "marks=side", NULL};
    struct fixture fixture;
    mark_compact_open(&fixture, settings, 0);
    keep_pairs(&fixture, 0, 4 * PAGE / PAIR_BYTES); /* four pages, all alive */
    drop_pairs(&fixture, 10);
    keep_pairs(&fixture, 2, 100);
    struct gcr_compact *h = inside(&fixture);
    /* A read-only prefix: a write would be a crash. */
    assert_int_equal(mprotect(h->space.start, 4 * PAGE, PROT_READ), 0);
    fixture_collect(&fixture);
    assert_int_equal(mprotect(h->space.start, 4 * PAGE, PROT_READ | PROT_WRITE), 0);
    assert_int_equal(fixture_last(&fixture)->moved_bytes, 100 * PAIR_BYTES);
    assert_int_equal(h->figures.backup_peak_bytes, 0);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- options ---- */

static void assert_refused(const char *const *settings, const char *word)
{
    struct fixture fixture;
    struct gcr_error err;
    struct fixture_config config = mark_compact_config(settings, 0);
    assert_int_equal(fixture_try_open(&fixture, &config, &err), GCR_USAGE);
    assert_non_null(strstr(err.text, word));
}

static void test_options_that_do_not_go_together_are_refused(void **state)
{
    (void)state;
    const char *side[] = {"mode=2010", "marks=side", NULL};
    const char *factor[] = {"factor=1.0", NULL};
    assert_refused(side, "ideal");
    assert_refused(factor, "factor");
}

static void test_two_byte_backup_needs_few_shapes(void **state)
{
    (void)state;
    enum { SHAPES = 40000 };
    struct gcr_shape *shapes = calloc(SHAPES + 1, sizeof *shapes);
    assert_non_null(shapes);
    for (uint32_t i = 1; i <= SHAPES; i++)
        shapes[i] = (struct gcr_shape){.field_bytes = 8, .number = i};
    const char *two[] = {"backup=2", NULL};
    struct fixture fixture;
    struct gcr_error err;
    struct fixture_config config = mark_compact_config(two, 0);
    config.shapes = shapes;
    config.shape_count = SHAPES;
    assert_int_equal(fixture_try_open(&fixture, &config, &err), GCR_USAGE);
    assert_non_null(strstr(err.text, "2 bytes"));
    config.settings = NULL; /* auto takes 4 */
    fixture_open(&fixture, &config);
    assert_int_equal(inside(&fixture)->config.backup_bytes, 4);
    uint32_t object = fixture_alloc(&fixture, SHAPES, 0, 0);
    fixture_collect(&fixture);
    assert_int_equal(fixture.collector->shape_number(fixture.heap, fixture_ref(&fixture, object)),
                     SHAPES);
    fixture_close(&fixture);
    free(shapes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout_to_the_byte),
        cmocka_unit_test(test_header_holds_shape_and_no_flag_between_collections),
        cmocka_unit_test(test_survivors_slide_down_in_their_order_without_gaps),
        cmocka_unit_test(test_what_has_not_moved_is_not_counted_as_moved),
        cmocka_unit_test(test_cycles_are_reclaimed_and_kept),
        cmocka_unit_test(test_younger_generations_are_ignored),
        cmocka_unit_test(test_work_list_holds_the_width_of_the_graph),
        cmocka_unit_test(test_finalizers_by_mode),
        cmocka_unit_test(test_resurrection_keeps_and_finalizes_once),
        cmocka_unit_test(test_weak_references_follow_and_clear),
        cmocka_unit_test(test_bodies_grow_and_shrink_in_a_walkable_space),
        cmocka_unit_test(test_pinned_objects_stay_and_are_swept),
        cmocka_unit_test(test_pinned_garbage_alone_causes_collections),
        cmocka_unit_test(test_prebuilt_objects_are_roots_with_a_permanent_mark),
        cmocka_unit_test(test_side_marks_leave_the_dense_prefix_untouched),
        cmocka_unit_test(test_options_that_do_not_go_together_are_refused),
        cmocka_unit_test(test_two_byte_backup_needs_few_shapes),
    };
    return cmocka_run_group_tests_name("collector.mark_compact", tests, NULL, NULL);
}
