/* bitmap: layout, planes and codes, large containers, ownership, the work list, what a collection
 * writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/collectors/bitmap_kit.h"

/* ---- layout ---- */

/* The table of blocks without heads: payload (with count and type), 8- and 16-byte classes. */
static void test_block_sizes_without_heads(void **state)
{
    (void)state;
    static const size_t table[][3] = {{24, 24, 32}, {32, 32, 32}, {40, 40, 48},    {48, 48, 48},
                                      {56, 56, 64}, {64, 64, 64}, {104, 104, 112}, {240, 240, 240}};
    static const char *const settings[2][2] = {{"alignment=8", NULL}, {"alignment=16", NULL}};
    for (int a = 0; a < 2; a++) {
        struct fixture f;
        bitmap_kit_open(&f, settings[a]);
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
            uint32_t items = (uint32_t)(table[i][0] - 24) / 8;
            uint32_t tuple = fixture_alloc(&f, TUPLE, items, 0);
            assert_int_equal(gcr_pools_block_bytes(bitmap_kit_heap(&f)->counting.container_pools,
                                                   fixture_ref(&f, tuple)),
                             table[i][1 + a]);
        }
        kit_close(&f);
    }
}

static void test_no_header_bytes_but_count_and_type(void **state)
{
    (void)state;
    struct fixture f;
    bitmap_kit_open(&f, NULL);
    fixture_alloc(&f, NODE, 0, 0);
    fixture_alloc(&f, LEAF, 0, 1);
    struct gcr_footprint parts;
    f.collector->footprint(f.heap, &parts);
    assert_int_equal(parts.objects_bytes, 8 + 24);
    assert_int_equal(parts.headers_bytes, 16 + 16);
    fixture_alloc(&f, TUPLE, 100, 2); /* above the small limit: a GC head */
    f.collector->footprint(f.heap, &parts);
    assert_int_equal(parts.headers_bytes,
                     16 + 16 + 16 + 16 +
                         gcr_system_heap_header_bytes(&bitmap_kit_heap(&f)->counting.system));
    kit_close(&f);
}

/* Slot numbers by reciprocal multiplication are those of division, for every class and block. */
static void test_slot_numbers_are_exact(void **state)
{
    (void)state;
    static const char *const settings[][4] = {
        {"alignment=8", "pool=64K", "arena=1M", NULL}, {"pool=4K", NULL}, {"planes=header", NULL}};
    for (size_t s = 0; s < 3; s++) {
        struct fixture f;
        bitmap_kit_open(&f, settings[s]);
        struct bitmap *b = bitmap_kit_heap(&f);
        struct gcr_pools *pools = b->counting.container_pools;
        for (uint32_t bytes = 24; bytes <= 512; bytes += 8) {
            char *block = gcr_pools_alloc(pools, bytes);
            struct gcr_pool *pool = gcr_pools_pool_of(pools, block);
            uint32_t size = (pool->size_class + 1) << pools->class_shift;
            uint32_t n = 0;
            for (uint32_t at = b->first_offset; at + size <= pools->options.pool_bytes; at += size)
                assert_int_equal(bitmap_block_number(b, (gcr_ref)((char *)pool + at)), n++);
            assert_true(n <= 64 * b->groups_per_pool);
            gcr_pools_free(pools, block);
        }
        kit_close(&f);
    }
}

static void test_bytes_of_planes(void **state)
{
    (void)state;
    static const struct {
        const char *settings[5];
        uint64_t bytes; /* of one arena's planes */
    } cases[] = {
        {{"index=slot", NULL}, 64 * 3 * 64}, /* 64 pools, 3 planes, 510 bits in 8 words */
        {{"index=granule", NULL}, 3 * 8192}, /* 8 KiB a plane */
        {{"index=slot", "alloc-plane=on", NULL}, 64 * 4 * 64},
        {{"index=slot", "pool=4K", "arena=256K", "alignment=8", NULL}, 64 * 3 * 24},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        bitmap_kit_open(&f, cases[i].settings);
        struct bitmap *b = bitmap_kit_heap(&f);
        uint64_t before = f.supply.by_kind_bytes[GCR_PAGES_SIDE];
        fixture_alloc(&f, NODE, 0, 0);
        assert_int_equal(b->planes.row_bytes, cases[i].bytes);
        uint64_t tables = f.supply.by_kind_bytes[GCR_PAGES_SIDE] - before;
        assert_true(tables >= cases[i].bytes);
        struct gcr_design_figure figures[GCR_MAX_DESIGN_FIGURES];
        size_t n = f.collector->figures(f.heap, figures);
        bool found = false;
        for (size_t k = 0; k < n; k++) {
            if (strcmp(figures[k].name, "permanent planes") == 0) {
                assert_int_equal((uint64_t)figures[k].value, cases[i].bytes);
                found = true;
            }
        }
        assert_true(found);
        kit_close(&f);
    }
}

/* Rows of several arenas share pages: each arena's come with it and go with it. */
static void test_side_tables_come_and_go_with_arenas(void **state)
{
    (void)state;
    static const char *const settings[] = {"arena=64K", "pool=4K", "threshold0=0", NULL};
    struct fixture f;
    bitmap_kit_open(&f, settings);
    uint32_t list = 0;
    for (int i = 0; i < 40000; i++) {
        uint32_t node = fixture_alloc(&f, NODE, 0, 1);
        fixture_store(&f, node, 0, list);
        fixture_root(&f, 0, node);
        list = node;
    }
    fixture_check(&f);
    uint64_t high = f.supply.by_kind_bytes[GCR_PAGES_SIDE];
    const struct gcr_pools *pools = bitmap_kit_heap(&f)->counting.container_pools;
    assert_true(pools->arena_count > 15);
    fixture_root(&f, 1, 0);
    fixture_root(&f, 0, 0);
    assert_int_equal(pools->arena_count, 1);
    assert_true(f.supply.by_kind_bytes[GCR_PAGES_SIDE] < high);
    fixture_check(&f);
    fixture_alloc(&f, NODE, 0, 0);
    kit_close(&f);
}

/* ---- codes ---- */

static void test_codes_follow_collections(void **state)
{
    (void)state;
    static const char *const settings[][4] = {
        {"threshold0=0", NULL},
        {"threshold0=0", "index=granule", "working-counts=full", NULL},
        {"threshold0=0", "planes=header", NULL}};
    for (size_t s = 0; s < 3; s++) {
        struct fixture f;
        bitmap_kit_open(&f, settings[s]);
        uint32_t node = fixture_alloc(&f, NODE, 0, 0), large = fixture_alloc(&f, TUPLE, 200, 1);
        fixture_store(&f, large, 0, large);
        assert_int_equal(bitmap_kit_generation(&f, node), 0);
        assert_int_equal(bitmap_kit_generation(&f, large), 0);
        assert_true(bitmap_kit_is_young(&f, node) && !bitmap_kit_is_middle(&f, node));
        kit_collect(&f, 0);
        assert_int_equal(bitmap_kit_generation(&f, node), 1);
        assert_int_equal(bitmap_kit_generation(&f, large), 1);
        assert_true(!bitmap_kit_is_young(&f, node) && bitmap_kit_is_middle(&f, node));
        uint32_t fresh = fixture_alloc(&f, NODE, 0, 2);
        kit_collect(&f, 1);
        assert_int_equal(bitmap_kit_generation(&f, node), 2);
        assert_int_equal(bitmap_kit_generation(&f, fresh), 2);
        assert_int_equal(bitmap_kit_generation(&f, large), 2);
        assert_true(!bitmap_kit_is_young(&f, node) && !bitmap_kit_is_middle(&f, node));
        kit_collect(&f, 2);
        assert_int_equal(bitmap_kit_generation(&f, node), 2);
        kit_close(&f);
    }
}

static void test_freeze_is_a_code(void **state)
{
    (void)state;
    static const char *const settings[] = {"threshold0=0", NULL};
    struct fixture f;
    bitmap_kit_open(&f, settings);
    uint32_t ring = fixture_alloc(&f, NODE, 0, 0), large = fixture_alloc(&f, TUPLE, 200, 1);
    fixture_store(&f, ring, 0, ring);
    fixture_store(&f, large, 7, large);
    kit_collect(&f, 0);
    uint32_t young = fixture_alloc(&f, NODE, 0, 2);
    f.collector->freeze(f.heap);
    assert_int_equal(bitmap_kit_generation(&f, ring), BITMAP_FROZEN);
    assert_int_equal(bitmap_kit_generation(&f, young), BITMAP_FROZEN);
    assert_int_equal(bitmap_kit_generation(&f, large), BITMAP_FROZEN);
    assert_false(bitmap_kit_is_young(&f, young) || bitmap_kit_is_middle(&f, young));
    fixture_root(&f, 0, 0);
    fixture_root(&f, 1, 0);
    kit_collect(&f, 2); /* frozen garbage stays */
    assert_int_equal(fixture_last(&f)->survivors, 0);
    assert_false(fixture_is_dead(&f, ring) || fixture_is_dead(&f, large));
    f.collector->unfreeze(f.heap);
    assert_int_equal(bitmap_kit_generation(&f, ring), 2);
    assert_int_equal(bitmap_kit_generation(&f, large), 2);
    kit_collect(&f, 2);
    assert_true(fixture_is_dead(&f, ring) && fixture_is_dead(&f, large));
    kit_close(&f);
}

static void test_finalized_planes_are_lazy(void **state)
{
    (void)state;
    static const char *const settings[] = {"threshold0=0", NULL};
    struct fixture f;
    bitmap_kit_open(&f, settings);
    struct bitmap *b = bitmap_kit_heap(&f);
    fixture_alloc(&f, NODE, 0, 0);
    fixture_alloc(&f, FINAL_LEAF, 0, 1); /* not a container: its bit is in its type word */
    assert_int_equal(b->finalized_planes, 0);
    uint32_t final = fixture_alloc(&f, FINAL, 0, 2);
    assert_int_equal(b->finalized_planes, 1);
    fixture_alloc(&f, FINAL, 0, 3); /* the same pool */
    assert_int_equal(b->finalized_planes, 1);
    f.resurrect_into[0] = 0;
    fixture_store(&f, final, 0, final);
    fixture_root(&f, 2, 0);
    for (int i = 0; i < 3; i++) /* once, however often it becomes garbage */
        kit_collect(&f, 2);
    assert_int_equal(f.finalized_count, 1);
    assert_false(fixture_is_dead(&f, final));
    fixture_check(&f);
    f.resurrect_into[0] = FIXTURE_NO_ROOT;
    fixture_global(&f, 0, 0);
    kit_collect(&f, 2);
    assert_true(fixture_is_dead(&f, final));
    assert_int_equal(f.finalized_count, 1);
    fixture_root(&f, 3, 0);
    fixture_root(&f, 0, 0); /* the last one of its pool */
    assert_int_equal(b->finalized_planes, 0);
    kit_close(&f);
}

/* ---- collecting ---- */

static void test_cycles_through_small_and_large(void **state)
{
    (void)state;
    static const char *const settings[] = {"threshold0=0", NULL};
    struct fixture f;
    bitmap_kit_open(&f, settings);
    uint32_t live = fixture_alloc(&f, TUPLE, 300, 0), under = fixture_alloc(&f, NODE, 0, 1);
    fixture_store(&f, live, 299, under);
    fixture_store(&f, under, 0, live);
    uint32_t large = fixture_alloc(&f, TUPLE, 300, 2), small = fixture_alloc(&f, PAIR, 0, 3);
    fixture_store(&f, large, 5, small);
    fixture_store(&f, small, 0, large);
    fixture_store(&f, small, 1, live);
    for (int root = 1; root < 4; root++)
        fixture_root(&f, root, 0);
    kit_collect(&f, 2);
    assert_int_equal(fixture_last(&f)->collected, 2);
    assert_true(fixture_is_dead(&f, large) && fixture_is_dead(&f, small));
    assert_false(fixture_is_dead(&f, live) || fixture_is_dead(&f, under));
    kit_close(&f);
}

/* n lists of `length` from one root, in the order that makes the work list deepest. */
static void grow_fans(struct fixture *f, uint32_t fans, uint32_t width)
{
    uint32_t all = fixture_alloc(f, LIST, fans, 0);
    for (uint32_t i = 0; i < fans; i++) {
        uint32_t fan = fixture_alloc(f, TUPLE, width, 1);
        fixture_store(f, all, i, fan);
        for (uint32_t k = 0; k < width; k++) {
            uint32_t node = fixture_alloc(f, NODE, 0, 2);
            fixture_store(f, node, 0, all);
            fixture_store(f, fan, k, node);
        }
    }
    fixture_root(f, 1, 0);
    fixture_root(f, 2, 0);
}

static void test_work_list_cap_loses_nothing(void **state)
{
    (void)state;
    static const char *const settings[][4] = {
        {"threshold0=0", "work-list=1", NULL},
        {"threshold0=0", "work-list=7", "index=granule", NULL},
        {"threshold0=0", "work-list=0", NULL}};
    for (size_t s = 0; s < 3; s++) {
        struct fixture f;
        bitmap_kit_open(&f, settings[s]);
        struct bitmap *b = bitmap_kit_heap(&f);
        grow_fans(&f, 40, 40);
        uint32_t ring = fixture_alloc(&f, NODE, 0, 1);
        fixture_store(&f, ring, 0, ring);
        fixture_root(&f, 1, 0);
        kit_collect(&f, 2);
        assert_int_equal(fixture_last(&f)->collected, 1);
        assert_int_equal(fixture_last(&f)->survivors, 1 + 40 + 40 * 40);
        assert_int_equal(b->work_list_overflows != 0, s != 2);
        assert_int_equal(b->rescanned_pools != 0, s != 2);
        if (s != 2)
            assert_true(b->work_list_peak_bytes <= (s == 0 ? 1 : 7) * sizeof(uintptr_t));
        kit_close(&f);
    }
}

/* Neither counts nor heads: without garbage, a collection writes to no page of small containers. */
static void test_collection_writes_no_object(void **state)
{
    (void)state;
    static const char *const settings[] = {"threshold0=0", NULL};
    struct fixture f;
    bitmap_kit_open(&f, settings);
    grow_fans(&f, 10, 30);
    const struct gcr_pools *pools = bitmap_kit_heap(&f)->counting.container_pools;
    char *arena = (char *)pools->range_start, *copy = malloc(pools->options.arena_bytes);
    assert_non_null(copy);
    assert_int_equal(pools->arena_count, 1);
    memcpy(copy, arena, pools->options.arena_bytes);
    for (uint32_t g = 0; g < 3; g++)
        kit_collect(&f, g);
    assert_memory_equal(copy, arena, pools->options.arena_bytes);
    free(copy);
    kit_close(&f);
}

static void test_transient_memory_is_given_back(void **state)
{
    (void)state;
    static const char *const settings[] = {"threshold0=0", NULL};
    struct fixture f;
    bitmap_kit_open(&f, settings);
    grow_fans(&f, 10, 30);
    assert_int_equal(f.supply.by_kind_bytes[GCR_PAGES_WORK], 0);
    kit_collect(&f, 2);
    assert_int_equal(f.supply.by_kind_bytes[GCR_PAGES_WORK], 0);
    uint64_t peak = bitmap_kit_heap(&f)->transient_peak_bytes;
    assert_true(peak >= 4 * 311 && peak <= 64 << 10);
    kit_close(&f);
}

/* A count that 32 bits cannot hold stands for "referred to from outside". */
static void test_saturated_count_keeps_its_object(void **state)
{
    (void)state;
    static const char *const settings[] = {"threshold0=0", NULL};
    struct fixture f;
    bitmap_kit_open(&f, settings);
    uint32_t ring = fixture_alloc(&f, NODE, 0, 0);
    fixture_store(&f, ring, 0, ring);
    gcr_counted(fixture_ref(&f, ring))->count += (uint64_t)1 << 40;
    kit_collect(&f, 2);
    assert_int_equal(bitmap_kit_heap(&f)->saturated, 1);
    assert_false(fixture_is_dead(&f, ring));
    gcr_counted(fixture_ref(&f, ring))->count -= (uint64_t)1 << 40;
    kit_close(&f);
}

/* ---- ownership ---- */

static void test_ownership_loads_are_counted(void **state)
{
    (void)state;
    static const struct {
        const char *settings[3];
        uint64_t loads;
    } cases[] = {{{"ownership=sized", NULL}, 2},
                 {{"ownership=range", NULL}, 0},
                 {{"ownership=radix", NULL}, 3},
                 {{"ownership=radix", "separate-arenas=off", NULL}, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        bitmap_kit_open(&f, cases[i].settings);
        const struct gcr_counting *c = &bitmap_kit_heap(&f)->counting;
        static const uint32_t shape[] = {NODE, LEAF, TUPLE, BYTES};
        for (int k = 0; k < 4; k++) /* both pools, small and large blocks of the system heap */
            fixture_alloc(&f, shape[k], k < 2 ? 0 : 600, k);
        fixture_check(&f);
        uint64_t tests = c->owner_tests, loads = c->owner_loads;
        for (int k = 0; k < 4; k++)
            fixture_root(&f, k, 0);
        assert_int_equal(c->owner_tests - tests, 4);
        assert_int_equal(c->owner_loads - loads, 4 * cases[i].loads);
        assert_int_equal(fixture_walk_count(&f), 0);
        kit_close(&f);
    }
}

/* Where size alone says whose a body is, it moves when it crosses the small limit. */
static void test_sized_bodies_move_across_the_limit(void **state)
{
    (void)state;
    static const char *const sized[] = {"ownership=sized", NULL};
    for (int s = 0; s < 2; s++) {
        struct fixture f;
        bitmap_kit_open(&f, s == 0 ? sized : NULL);
        struct gcr_counting *c = &bitmap_kit_heap(&f)->counting;
        uint32_t leaf[80], list = fixture_alloc(&f, LIST, 80, 0);
        kit_fill(&f, list, 80, leaf);
        assert_true(fixture_resize(&f, list, 63)); /* 504 bytes of 640: in place if it may be */
        char *body = *gcr_counted_body(fixture_ref(&f, list));
        assert_int_equal(gcr_pools_owns(&c->pools[0], body), s == 0);
        assert_int_equal(fixture_slot(&f, list, 62), leaf[62]);
        assert_true(fixture_resize(&f, list, 70));
        fixture_check(&f);
        kit_close(&f);
    }
}

/* A container's least size counts where its block is freed as where it was allocated: this tuple
 * needs 16 bytes, its count being elsewhere, and gets 24, above the small limit. */
static void test_sized_least_containers_go_back_where_they_came_from(void **state)
{
    (void)state;
    static const char *const sized[] = {"ownership=sized", "small-limit=16", "counts=side", NULL};
    struct fixture f;
    bitmap_kit_open(&f, sized);
    const struct gcr_counting *c = &bitmap_kit_heap(&f)->counting;
    for (int i = 0; i < 8; i++)
        fixture_alloc(&f, TUPLE, 0, i);
    assert_int_equal(c->system.used_chunks, 8);
    for (int i = 0; i < 8; i++)
        fixture_root(&f, i, 0);
    assert_int_equal(c->system.used_chunks, 0);
    fixture_check(&f);
    kit_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_sizes_without_heads),
        cmocka_unit_test(test_no_header_bytes_but_count_and_type),
        cmocka_unit_test(test_slot_numbers_are_exact),
        cmocka_unit_test(test_bytes_of_planes),
        cmocka_unit_test(test_side_tables_come_and_go_with_arenas),
        cmocka_unit_test(test_codes_follow_collections),
        cmocka_unit_test(test_freeze_is_a_code),
        cmocka_unit_test(test_finalized_planes_are_lazy),
        cmocka_unit_test(test_cycles_through_small_and_large),
        cmocka_unit_test(test_work_list_cap_loses_nothing),
        cmocka_unit_test(test_collection_writes_no_object),
        cmocka_unit_test(test_transient_memory_is_given_back),
        cmocka_unit_test(test_saturated_count_keeps_its_object),
        cmocka_unit_test(test_ownership_loads_are_counted),
        cmocka_unit_test(test_sized_bodies_move_across_the_limit),
        cmocka_unit_test(test_sized_least_containers_go_back_where_they_came_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
