/* parallel-mark-sweep through the seam: layout, blocks, collection, finalizers, weak references,
 * bodies, large and prebuilt objects, contexts. Workers and packets:
 * test_parallel_mark_sweep_workers.c. */
#include "tests/collectors/parallel_mark_sweep_fixture.h"
#include "tests/support/random_run.h"

#include <string.h>

/* ---- layout ---- */

static void test_size_classes_are_16_apart_and_then_four_a_doubling(void **state)
{
    (void)state;
    static const uint16_t expected[GCR_BLOCK_CLASSES] = {
        16,  32,  48,  64,  80,  96,  112, 128,  160,  192,  224,  256,
        320, 384, 448, 512, 640, 768, 896, 1024, 1280, 1536, 1792, 2048};
    struct fixture fixture;
    pms_open(&fixture, NULL, 0);
    const struct gcr_blocks *blocks = &inside(&fixture)->blocks;
    assert_memory_equal(blocks->class_bytes, expected, sizeof expected);
    for (uint32_t bytes = 1; bytes <= GCR_BLOCK_MAX_SMALL_BYTES; bytes++) {
        uint32_t size_class = gcr_blocks_class(blocks, bytes);
        assert_true(blocks->class_bytes[size_class] >= bytes);
        assert_true(size_class == 0 || blocks->class_bytes[size_class - 1] < bytes);
    }
    fixture_close(&fixture);
}

static void test_objects_fill_a_block_from_the_bottom(void **state)
{
    (void)state;
    struct fixture fixture;
    pms_open(&fixture, NULL, 0);
    uint32_t first = fixture_alloc(&fixture, MODEL_PAIR, 0, 0); /* 8 + 24: a slot of 32 */
    const char *start = address(&fixture, first);
    assert_int_equal((uintptr_t)start % GCR_BLOCK_BYTES, 0);
    for (uint32_t i = 1; i < 512; i++)
        assert_ptr_equal(address(&fixture, fixture_alloc(&fixture, MODEL_PAIR, 0, 1)),
                         start + 32 * i);
    uint32_t next = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    assert_int_equal((uintptr_t)address(&fixture, next) % GCR_BLOCK_BYTES, 0);
    uint32_t odd = fixture_alloc(&fixture, MODEL_STRING, 50, 2); /* 16 + 50: a slot of 80 */
    uint32_t second = fixture_alloc(&fixture, MODEL_STRING, 60, 3);
    assert_int_equal(address(&fixture, second) - address(&fixture, odd), 80);
    assert_int_equal(gcr_object_header(fixture_ref(&fixture, first)) & GCR_HEADER_ID_MASK,
                     MODEL_PAIR);
    struct gcr_footprint parts;
    gcr_collector_parallel_mark_sweep.footprint(fixture.heap, &parts);
    assert_int_equal(parts.objects_bytes, 513 * 24 + 50 + 60);
    assert_int_equal(parts.headers_bytes, 513 * 8 + 2 * 16);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_control_record_and_arrays_lie_outside_of_blocks(void **state)
{
    (void)state;
    for (int bits = 0; bits < 2; bits++) {
        struct fixture fixture;
        const char *settings[] = {bits ? "marks=bit" : "marks=byte", NULL};
        pms_open(&fixture, settings, 0);
        uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
        struct gcr_blocks *blocks = &inside(&fixture)->blocks;
        const struct gcr_block *block = gcr_blocks_block_of(blocks, fixture_ref(&fixture, pair));
        assert_int_equal(block->slot_bytes, 32);
        assert_int_equal(block->slots, 512);
        size_t apart = (size_t)(block->mark - block->alloc);
        assert_int_equal(apart, bits ? 64 : 512); /* an entry a slot, in each of two arrays */
        assert_false(gcr_blocks_owns(blocks, block->alloc));
        assert_false(gcr_blocks_owns(blocks, block));
        assert_int_equal(block->alloc[0], 1);
        assert_int_equal(block->alloc[1], 0);
        fixture_close(&fixture);
    }
}

static void test_large_objects_are_first_fit_runs_of_pages(void **state)
{
    (void)state;
    struct fixture fixture;
    pms_open(&fixture, NULL, 0);
    uint32_t small = fixture_alloc(&fixture, MODEL_STRING, 2032, 0); /* 2048 in all */
    uint32_t a = fixture_alloc(&fixture, MODEL_STRING, 2033, 1);     /* 2049: a page */
    uint32_t b = fixture_alloc(&fixture, MODEL_STRING, 3 * PAGE - 16, 2);
    uint32_t c = fixture_alloc(&fixture, MODEL_STRING, 3 * PAGE - 15, 3);
    const struct gcr_blocks *blocks = &inside(&fixture)->blocks;
    assert_true(gcr_blocks_is_small(blocks, fixture_ref(&fixture, small)));
    assert_false(gcr_blocks_is_small(blocks, fixture_ref(&fixture, a)));
    assert_int_equal(address(&fixture, b) - address(&fixture, a), PAGE);
    assert_int_equal(address(&fixture, c) - address(&fixture, b), 3 * PAGE);
    assert_int_equal(gcr_blocks_room_of(blocks, fixture_ref(&fixture, c)), 4 * PAGE);
    char *hole = address(&fixture, b);
    fixture_write(&fixture, b, 0, 2 * PAGE, 77);
    fixture_root(&fixture, 2, 0);
    fixture_collect(&fixture);
    assert_true(fixture_is_dead(&fixture, b));
    uint32_t d = fixture_alloc(&fixture, MODEL_STRING, 4 * PAGE, 4); /* too large for the hole */
    assert_true(address(&fixture, d) > address(&fixture, c));
    uint32_t e = fixture_alloc(&fixture, MODEL_STRING, 2 * PAGE - 16, 5);
    assert_ptr_equal(address(&fixture, e), hole);
    fixture_assert_zero(&fixture, e, 0, 2 * PAGE - 16); /* the old contents are gone */
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- collection ---- */

static void test_swap_makes_marked_slots_the_allocated_ones(void **state)
{
    (void)state;
    for (int eager = 0; eager < 2; eager++) {
        struct fixture fixture;
        const char *settings[] = {eager ? "sweep=eager" : "sweep=lazy", "workers=1", NULL};
        pms_open(&fixture, settings, 0);
        uint32_t pairs[6];
        for (int i = 0; i < 6; i++)
            pairs[i] = fixture_alloc(&fixture, MODEL_PAIR, 0, i);
        struct gcr_block *block =
            gcr_blocks_block_of(&inside(&fixture)->blocks, fixture_ref(&fixture, pairs[0]));
        uint8_t *alloc = block->alloc, *mark = block->mark;
        fixture_root(&fixture, 1, 0);
        fixture_root(&fixture, 4, 0);
        fixture_collect(&fixture);
        assert_ptr_equal(block->alloc, mark);
        assert_ptr_equal(block->mark, alloc);
        for (int i = 0; i < 6; i++) {
            assert_int_equal(block->alloc[i], i != 1 && i != 4);
            assert_int_equal(fixture_is_dead(&fixture, pairs[i]), i == 1 || i == 4);
        }
        assert_int_equal(block->unbuilt, !eager);
        const struct gcr_collection *done = fixture_last(&fixture);
        assert_int_equal(done->survivors, 4);
        assert_int_equal(done->freed, 2);
        /* the first free slots in address order are given out again, zeroed */
        uint32_t again = fixture_alloc(&fixture, MODEL_PAIR, 0, 6);
        assert_int_equal(address(&fixture, again) - address(&fixture, pairs[0]), 32);
        assert_int_equal(fixture_slot(&fixture, again, 0), 0);
        assert_int_equal(fixture.phases[GCR_PHASE_MUTATOR] != 0, !eager);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

static void test_frees_are_reported_in_address_order(void **state)
{
    (void)state;
    struct fixture fixture;
    const char *settings[] = {"workers=3", NULL};
    pms_open(&fixture, settings, 0);
    drop_pairs(&fixture, 2000);
    (void)fixture_alloc(&fixture, MODEL_STRING, 2 * PAGE, FIXTURE_NO_ROOT);
    fixture_collect(&fixture);
    assert_int_equal(fixture.freed_count, 2001);
    for (uint32_t i = 1; i < fixture.freed_count; i++)
        assert_true(fixture.freed[i] > fixture.freed[i - 1]);
    fixture_close(&fixture);
}

static void test_collects_when_blocks_would_exceed_the_limit(void **state)
{
    (void)state;
    struct fixture fixture;
    const char *settings[] = {"floor=128K", "workers=1", NULL};
    pms_open(&fixture, settings, 0);
    drop_pairs(&fixture, 128 * KIB / 32);
    assert_int_equal(fixture.collection_count, 0);
    drop_pairs(&fixture, 1);
    assert_int_equal(fixture.collection_count, 1);
    assert_int_equal(fixture_last(&fixture)->reason, GCR_REASON_ALLOCATION);
    keep_pairs(&fixture, 0, 512 * KIB / 32);
    fixture_collect(&fixture);
    assert_int_equal(inside(&fixture)->limit_bytes, 2 * 512 * KIB); /* twice what was marked */
    uint32_t collections = fixture.collection_count;
    drop_pairs(&fixture, 512 * KIB / 32);
    assert_int_equal(fixture.collection_count, collections);
    drop_pairs(&fixture, 512);
    assert_int_equal(fixture.collection_count, collections + 1);
    fixture_close(&fixture);
}

static void test_free_blocks_go_back_after_some_collections(void **state)
{
    (void)state;
    struct fixture fixture;
    const char *settings[] = {"give-back=3", "workers=1", NULL};
    pms_open(&fixture, settings, 0);
    drop_pairs(&fixture, 256 * KIB / 32);
    (void)fixture_alloc(&fixture, MODEL_STRING, 50 * PAGE, FIXTURE_NO_ROOT);
    const struct gcr_blocks *blocks = &inside(&fixture)->blocks;
    for (int i = 0; i < 2; i++) {
        fixture_collect(&fixture);
        assert_int_equal(blocks->free_blocks, 16);
        assert_int_equal(blocks->free_pages, 51);
    }
    fixture_collect(&fixture);
    assert_int_equal(blocks->free_blocks, 0);
    assert_int_equal(blocks->free_pages, 0);
    assert_int_equal(fixture.supply.by_kind_bytes[GCR_PAGES_OBJECTS], 0);
    drop_pairs(&fixture, 600); /* and can be had again */
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_younger_generations_are_ignored(void **state)
{
    (void)state;
    struct fixture fixture;
    pms_open(&fixture, NULL, 0);
    scene_younger_generations_are_ignored(&fixture);
    fixture_close(&fixture);
}

/* ---- contexts ---- */

static void test_each_thread_allocates_from_blocks_of_its_own(void **state)
{
    (void)state;
    struct fixture fixture;
    pms_open(&fixture, NULL, 0);
    uint32_t mine = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    gcr_collector_parallel_mark_sweep.thread(fixture.heap, 300);
    uint32_t theirs = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    const struct gcr_blocks *blocks = &inside(&fixture)->blocks;
    assert_ptr_not_equal(gcr_blocks_block_of(blocks, fixture_ref(&fixture, mine)),
                         gcr_blocks_block_of(blocks, fixture_ref(&fixture, theirs)));
    gcr_collector_parallel_mark_sweep.thread(fixture.heap, 0);
    uint32_t next = fixture_alloc(&fixture, MODEL_PAIR, 0, 2);
    assert_int_equal(address(&fixture, next) - address(&fixture, mine), 32);
    fixture_check(&fixture);
    fixture_collect(&fixture);
    assert_false(fixture_is_dead(&fixture, theirs));
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- finalizers and weak references ---- */

static void test_finalizers_run_parents_first_and_weak_references_follow(void **state)
{
    (void)state;
    struct fixture fixture;
    const char *settings[] = {"workers=2", NULL};
    pms_open(&fixture, settings, 0);
    uint32_t child = fixture_alloc(&fixture, MODEL_FINALIZER, 0, 0);
    uint32_t parent = fixture_alloc(&fixture, MODEL_FINALIZER, 0, 1);
    uint32_t weak = fixture_alloc(&fixture, MODEL_WEAK, 0, 2);
    fixture_store(&fixture, parent, 0, child);
    fixture_weakref(&fixture, weak, child);
    fixture_root(&fixture, 0, 0);
    fixture_root(&fixture, 1, 0);
    for (uint32_t i = 0; i < 2; i++) {
        fixture_collect(&fixture);
        assert_int_equal(fixture.finalized_count, i + 1);
        assert_int_equal(fixture.finalized[i].cookie, i == 0 ? parent : child);
        assert_ptr_equal(gcr_layout_op_weak_target(fixture.heap, fixture_ref(&fixture, weak)),
                         fixture_ref(&fixture, child));
    }
    fixture_collect(&fixture);
    assert_true(fixture_is_dead(&fixture, child));
    assert_null(gcr_layout_op_weak_target(fixture.heap, fixture_ref(&fixture, weak)));
    assert_int_equal(fixture_walk_count(&fixture), 1);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* What one unreached finalizable object keeps is larger than worker 0 marks alone. */
static void test_much_that_waits_for_a_finalizer_is_marked_by_all(void **state)
{
    (void)state;
    struct fixture fixture;
    const char *settings[] = {"workers=3", "packet=16", NULL};
    pms_open(&fixture, settings, 0);
    keep_pairs(&fixture, 0, 6000);
    uint32_t finalizable = fixture_alloc(&fixture, MODEL_FINALIZER, 0, 2);
    fixture.ops->store(fixture.heap, fixture_ref(&fixture, finalizable), 0, fixture.roots[0]);
    fixture_root(&fixture, 0, 0);
    fixture_root(&fixture, 2, 0);
    fixture_collect(&fixture);
    assert_int_equal(fixture.finalized_count, 1);
    assert_int_equal(fixture_last(&fixture)->survivors, 6001);
    fixture_collect(&fixture);
    assert_int_equal(fixture_walk_count(&fixture), 0);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- bodies ---- */

static void test_resize_stays_in_place_within_the_slot(void **state)
{
    (void)state;
    struct fixture fixture;
    pms_open(&fixture, NULL, 0);
    uint32_t table = fixture_alloc(&fixture, MODEL_TABLE, 3, 0); /* body 16 + 57, to 80 */
    uint32_t value = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture_store(&fixture, table, 1, value);
    fixture_write(&fixture, table, 0, 4 + 3 * 11, 9);
    gcr_ref object = fixture_ref(&fixture, table);
    gcr_ref body = *gcr_object_body(object, gcr_object_header(object));
    assert_true(fixture_resize(&fixture, table, 2));
    assert_true(fixture_resize(&fixture, table, 3)); /* back, within 80 bytes */
    assert_ptr_equal(*gcr_object_body(object, gcr_object_header(object)), body);
    fixture_assert_pattern(&fixture, table, 0, 4 + 2 * 11, 9);
    fixture_assert_zero(&fixture, table, 4 + 2 * 11, 11);
    assert_int_equal(fixture_slot(&fixture, table, 1), value);
    assert_int_equal(fixture_slot(&fixture, table, 2), 0);
    assert_true(fixture_resize(&fixture, table, 100));
    assert_ptr_not_equal(*gcr_object_body(object, gcr_object_header(object)), body);
    fixture_assert_pattern(&fixture, table, 0, 4 + 2 * 11, 9);
    fixture_assert_zero(&fixture, table, 4 + 2 * 11, 98 * 11);
    fixture_collect(&fixture);
    assert_int_equal(fixture_slot(&fixture, table, 1), value);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- budget ---- */

static void test_budget_is_never_exceeded_and_ends_in_exhaustion(void **state)
{
    (void)state;
    static const uint64_t budgets[] = {200 * KIB, 400 * KIB, MIB};
    for (size_t i = 0; i < GCR_COUNT_OF(budgets); i++) {
        struct fixture fixture;
        const char *settings[] = {"workers=2", NULL};
        pms_open(&fixture, settings, budgets[i]);
        uint32_t kept = 0;
        for (;; kept++) {
            fixture.roots[1] = fixture.roots[0];
            if (fixture_alloc(&fixture, MODEL_PAIR, 0, 0) == 0)
                break;
            fixture.ops->store(fixture.heap, fixture.roots[0], 0, fixture.roots[1]);
        }
        assert_true(fixture.supply.peak_bytes <= budgets[i]);
        assert_true(i == 0 || kept * 32 > budgets[i] / 3);
        assert_int_equal(fixture_walk_count(&fixture), kept);
        fixture_check(&fixture);
        fixture_root(&fixture, 0, 0);
        fixture_root(&fixture, 1, 0);
        assert_int_not_equal(fixture_alloc(&fixture, MODEL_STRING, (uint32_t)(budgets[i] / 8), 0),
                             0);
        assert_true(fixture.supply.peak_bytes <= budgets[i]);
        fixture_close(&fixture);
    }
}

/* The n-th commit refused, for every n: an allocation fails or succeeds, and nothing is lost. */
static void test_every_refused_commit_is_survived(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 60; n++) {
        struct fixture fixture;
        const char *settings[] = {"workers=2", "floor=64K", "packet=16", NULL};
        struct fixture_config config = pms_config(settings, 0);
        struct gcr_error err;
        config.fail_after = n;
        if (fixture_try_open(&fixture, &config, &err) != GCR_OK)
            continue;
        struct model model;
        model_init(&model, &fixture, n, 2);
        model_run(&model, 1500);
        if (!inside(&fixture)->out_of_work_memory) {
            fixture_collect(&fixture);
            (void)model_compare(&model, !inside(&fixture)->out_of_work_memory);
        }
        fixture_check(&fixture);
        model_finish(&model);
        fixture_close(&fixture);
    }
}

/* ---- damage ---- */

static void test_check_names_each_kind_of_damage(void **state)
{
    (void)state;
    struct fixture fixture;
    const char *settings[] = {"workers=1", "sweep=eager", NULL};
    pms_open(&fixture, settings, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t other = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    uint32_t large = fixture_alloc(&fixture, MODEL_STRING, 2 * PAGE, 2);
    uint32_t weak = fixture_alloc(&fixture, MODEL_WEAK, 0, 3);
    uint32_t prebuilt = fixture_prebuilt(&fixture, MODEL_PAIR, 0);
    fixture_store(&fixture, pair, 0, other);
    fixture_store(&fixture, prebuilt, 0, other);
    fixture_weakref(&fixture, weak, other);
    fixture_collect(&fixture);
    struct gcr_parallel_mark_sweep *h = inside(&fixture);
    struct gcr_block *block = gcr_blocks_block_of(&h->blocks, fixture_ref(&fixture, pair));
    struct gcr_run *run = gcr_blocks_run_of(&h->blocks, fixture_ref(&fixture, large));
    uint64_t *header = gcr_object_word(fixture_ref(&fixture, pair), 0);
    uint64_t *slot = gcr_object_word(fixture_ref(&fixture, pair), 8);
    uint64_t *from_prebuilt = gcr_object_word(fixture_ref(&fixture, prebuilt), 8);
    uint64_t *target = gcr_object_word(fixture_ref(&fixture, weak), 8);
    uint64_t *length = gcr_object_word(fixture_ref(&fixture, large), 8);
    uint64_t *link = (uint64_t *)block->free;
    fixture_check(&fixture);
    DAMAGED(&fixture, *header, *header + 999, 2, "names no shape");
    DAMAGED(&fixture, *length, 1u << 20, 2, "larger than its slot");
    DAMAGED(&fixture, *slot, *slot + 8, 3, "reachable object is not allocated");
    DAMAGED(&fixture, *from_prebuilt, *from_prebuilt + 64, 2, "no allocated object");
    DAMAGED(&fixture, *target, *target + 64, 2, "weak reference to no object");
    DAMAGED(&fixture, block->alloc[1], 0, 2, "free slots and alloc array disagree");
    DAMAGED(&fixture, block->alloc[3], 1, 2, "alloc entry set");
    DAMAGED(&fixture, block->alloc[0], 1 + GCR_BLOCK_FLAG, 2, "flag of a collection");
    DAMAGED(&fixture, *link, *link + 8, 2, "middle of a slot");
    DAMAGED(&fixture, *link, (uint64_t)(uintptr_t)link, 2, "twice on free lists");
    DAMAGED(&fixture, *link, *link + GCR_BLOCK_BYTES, 2, "leads out of its block");
    DAMAGED(&fixture, block->state, GCR_BLOCK_FULL, 2, "");
    DAMAGED(&fixture, block->state, GCR_BLOCK_CURRENT, 2, "current in more or fewer contexts");
    DAMAGED(&fixture, block->swaps, (uint8_t)(block->swaps + 1), 2, "not swept exactly once");
    DAMAGED(&fixture, run->pages, 2, 2, "runs do not tile");
    DAMAGED(&fixture, h->blocks.pages_in_use, 1, 2, "pages do not add up");
    DAMAGED(&fixture, h->blocks.free_blocks, 1, 2, "blocks do not add up");
    DAMAGED(&fixture, h->life.taken, h->life.taken + 1, 2, "packet that nobody took");
    DAMAGED(&fixture, h->team.outstanding, 1, 2, "outstanding");
    DAMAGED(&fixture, h->team.worker[0]->waiting, 1, 2, "holds work");
    fixture_close(&fixture);
}

/* Right after a collection the alloc arrays are the reachable set: one more, or one less, shows. */
static void test_alloc_arrays_are_compared_with_the_reachable_set(void **state)
{
    (void)state;
    struct fixture fixture;
    struct gcr_error err;
    const char *settings[] = {"workers=2", NULL};
    pms_open(&fixture, settings, 0);
    keep_pairs(&fixture, 0, 100);
    drop_pairs(&fixture, 100);
    fixture_collect(&fixture);
    struct gcr_parallel_mark_sweep *h = inside(&fixture);
    struct gcr_block *block = gcr_blocks_block_of(&h->blocks, fixture.roots[0]);
    assert_true(pms_check_reachable(h, true, &err));
    block->alloc[200] = 1;
    assert_false(pms_check_reachable(h, true, &err));
    assert_true(pms_check_reachable(h, false, &err));
    block->alloc[200] = 0;
    block->alloc[50] = 0;
    assert_false(pms_check_reachable(h, false, &err));
    block->alloc[50] = 1;
    fixture_close(&fixture);
}

/* ---- random runs ---- */

static void run_random(uint64_t seed, const char *const *settings, uint64_t budget, bool finalizers)
{
    const struct random_run run = {
        .config = pms_config(settings, budget),
        .seed = seed,
        .prebuilt = (uint32_t)(seed % 7),
        .rounds = 10,
        .steps = 1000,
        .finalizers = finalizers,
    };
    (void)random_run(&run);
}

static void test_random_runs_equal_the_shadow_graph(void **state)
{
    (void)state;
    static const char *const ways[][6] = {
        {"workers=1", "floor=64K", NULL},
        {"workers=1", "floor=64K", "marks=bit", "sweep=eager", "prefetch=0", NULL},
        {"workers=3", "floor=64K", "packet=16", "range=64", "sweep=eager", NULL},
        {"workers=4", "floor=64K", "packet=16", "range=64", "marks=bit", NULL},
        {"workers=2", "floor=64K", "packet=16", "mark=plain", "share=full", NULL},
    };
    uint64_t seed = model_seed(1);
    for (uint64_t i = 0; i < 30; i++)
        run_random(seed + i, ways[i % GCR_COUNT_OF(ways)], i % 2 == 0 ? 0 : (300 + 100 * i) * KIB,
                   i % 4 == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size_classes_are_16_apart_and_then_four_a_doubling),
        cmocka_unit_test(test_objects_fill_a_block_from_the_bottom),
        cmocka_unit_test(test_control_record_and_arrays_lie_outside_of_blocks),
        cmocka_unit_test(test_large_objects_are_first_fit_runs_of_pages),
        cmocka_unit_test(test_swap_makes_marked_slots_the_allocated_ones),
        cmocka_unit_test(test_frees_are_reported_in_address_order),
        cmocka_unit_test(test_collects_when_blocks_would_exceed_the_limit),
        cmocka_unit_test(test_free_blocks_go_back_after_some_collections),
        cmocka_unit_test(test_younger_generations_are_ignored),
        cmocka_unit_test(test_each_thread_allocates_from_blocks_of_its_own),
        cmocka_unit_test(test_finalizers_run_parents_first_and_weak_references_follow),
        cmocka_unit_test(test_much_that_waits_for_a_finalizer_is_marked_by_all),
        cmocka_unit_test(test_resize_stays_in_place_within_the_slot),
        cmocka_unit_test(test_budget_is_never_exceeded_and_ends_in_exhaustion),
        cmocka_unit_test(test_every_refused_commit_is_survived),
        cmocka_unit_test(test_check_names_each_kind_of_damage),
        cmocka_unit_test(test_alloc_arrays_are_compared_with_the_reachable_set),
        cmocka_unit_test(test_random_runs_equal_the_shadow_graph),
    };
    return cmocka_run_group_tests_name("collector.parallel_mark_sweep", tests, NULL, NULL);
}
