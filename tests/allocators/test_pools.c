/* Size-class pools: classes, carving, pool states, order of arenas, radix tree, refusals, damage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "allocators/common/pools.h"

struct world {
    struct gcr_supply supply;
    struct gcr_pools pools;
};

#define GEOMETRY(block_alignment, pool, arena, limit)                                              \
    {                                                                                              \
        .alignment = block_alignment, .pool_bytes = pool, .arena_bytes = arena,                    \
        .small_limit = limit                                                                       \
    }
static const struct gcr_pools_options layout_311 = GEOMETRY(16, 16384, 1 << 20, 512);
static const struct gcr_pools_options layout_36 = GEOMETRY(8, 4096, 256 << 10, 512);

static void open_world(struct world *w, const struct gcr_pools_options *options)
{
    struct gcr_error err;
    gcr_supply_init(&w->supply, 0);
    assert_int_equal(gcr_pools_init(&w->pools, options, &w->supply, &err), GCR_OK);
}

static void check_world(const struct world *w)
{
    struct gcr_error err;
    if (!gcr_pools_check(&w->pools, &err))
        fail_msg("%s", err.text);
}

static void close_world(struct world *w)
{
    gcr_pools_finish(&w->pools);
    assert_int_equal(w->supply.committed_bytes, 0);
}

static void test_blocks_per_pool_are_those_of_cpython(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &layout_36);
    assert_int_equal(gcr_pools_blocks_per_pool(&w.pools, 48), 84);
    assert_int_equal(gcr_pools_blocks_per_pool(&w.pools, 24), 168);
    assert_int_equal(gcr_pools_blocks_per_pool(&w.pools, 32), 126);
    assert_int_equal(w.pools.class_count, 64);
    close_world(&w);
    open_world(&w, &layout_311);
    assert_int_equal(gcr_pools_blocks_per_pool(&w.pools, 48), 340);
    assert_int_equal(gcr_pools_blocks_per_pool(&w.pools, 40), 340);
    assert_int_equal(gcr_pools_blocks_per_pool(&w.pools, 32), 510);
    assert_int_equal(w.pools.class_count, 32);
    close_world(&w);
}

static void test_block_sizes_round_to_the_class(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &layout_311);
    for (size_t bytes = 1; bytes <= 512; bytes++) {
        void *block = gcr_pools_alloc(&w.pools, bytes);
        assert_int_equal(gcr_pools_block_bytes(&w.pools, block), (bytes + 15) / 16 * 16);
        assert_int_equal((uintptr_t)block % 16, 0);
        memset(block, 0xaa, bytes);
    }
    check_world(&w);
    close_world(&w);
}

static void test_freed_block_is_reused_first(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &layout_311);
    void *a = gcr_pools_alloc(&w.pools, 48), *b = gcr_pools_alloc(&w.pools, 48);
    assert_int_equal((char *)b - (char *)a, 48);
    gcr_pools_free(&w.pools, a);
    assert_ptr_equal(gcr_pools_alloc(&w.pools, 33), a);
    close_world(&w);
}

static void test_full_pool_is_relinked_at_the_front(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &layout_36);
    void *block[84 * 2 + 1];
    for (size_t i = 0; i < 84 * 2 + 1; i++)
        block[i] = gcr_pools_alloc(&w.pools, 48);
    assert_int_equal(w.pools.pools_in_use, 3);
    check_world(&w);
    gcr_pools_free(&w.pools, block[5]);
    assert_ptr_equal(gcr_pools_alloc(&w.pools, 48), block[5]);
    check_world(&w);
    close_world(&w);
}

static void test_empty_pool_serves_another_class(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &layout_36);
    char *a = gcr_pools_alloc(&w.pools, 48);
    gcr_pools_free(&w.pools, a);
    assert_int_equal(w.pools.pools_in_use, 0);
    char *b = gcr_pools_alloc(&w.pools, 200);
    assert_ptr_equal(a, b);
    assert_int_equal(gcr_pools_block_bytes(&w.pools, b), 200);
    check_world(&w);
    close_world(&w);
}

static void test_unaligned_arena_loses_one_pool(void **state)
{
    (void)state;
    struct world w;
    gcr_supply_init(&w.supply, 0);
    /* Shift the next reservation off a pool boundary by one page, whatever it would have been. */
    void *pad = gcr_supply_reserve(&w.supply, GCR_PAGE_BYTES, 1 << 16);
    struct gcr_error err;
    assert_int_equal(gcr_pools_init(&w.pools, &layout_311, &w.supply, &err), GCR_OK);
    size_t n = 0;
    while (w.pools.arena_count < 2) {
        (void)gcr_pools_alloc(&w.pools, 512);
        n++;
    }
    uint64_t pools_of_first = w.pools.pools_in_use - 1;
    assert_true(pools_of_first == 64 || pools_of_first == 63);
    assert_int_equal(n, pools_of_first * gcr_pools_blocks_per_pool(&w.pools, 512) + 1);
    check_world(&w);
    gcr_pools_finish(&w.pools);
    gcr_supply_unreserve(&w.supply, pad, GCR_PAGE_BYTES);
    assert_int_equal(w.supply.committed_bytes, 0);
}

static void test_empty_arenas_go_back_but_one(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &layout_36);
    enum { N = 64 * 8 * 5 };
    static void *block[N];
    for (size_t i = 0; i < N; i++)
        block[i] = gcr_pools_alloc(&w.pools, 512);
    uint64_t arenas = w.pools.arena_count;
    assert_true(arenas >= 5);
    for (size_t i = 0; i < N; i++)
        gcr_pools_free(&w.pools, block[i]);
    check_world(&w);
    assert_int_equal(w.pools.arena_count, 1);
    assert_int_equal(w.pools.pools_in_use, 0);
    assert_int_equal(w.supply.by_kind_bytes[GCR_PAGES_OBJECTS], 256 << 10);
    close_world(&w);
}

static void test_allocation_prefers_the_fullest_arena(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &layout_36);
    enum { PER_POOL = 7, N = 64 * PER_POOL * 3 };
    static char *block[N];
    for (size_t i = 0; i < N; i++)
        block[i] = gcr_pools_alloc(&w.pools, 512);
    /* Empty ten pools of the first arena and two of the second. */
    for (size_t i = 0; i < 10 * PER_POOL; i++)
        gcr_pools_free(&w.pools, block[i]);
    size_t second = 65 * PER_POOL;
    for (size_t i = second; i < second + 2 * PER_POOL; i++)
        gcr_pools_free(&w.pools, block[i]);
    check_world(&w);
    char *next = gcr_pools_alloc(&w.pools, 100);
    assert_true(next >= block[second] - 4096 && next < block[second] + 3 * 4096);
    close_world(&w);
}

static void test_radix_tree_knows_exactly_its_arenas(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &layout_311);
    static char foreign[64];
    assert_false(gcr_pools_owns(&w.pools, foreign));
    for (int i = 0; i < 32 * 64 * 3; i++) {
        char *block = gcr_pools_alloc(&w.pools, 512);
        assert_true(gcr_pools_owns(&w.pools, block));
        assert_true(gcr_pools_owns(&w.pools, block + 511));
    }
    char *other = gcr_supply_map(&w.supply, GCR_PAGES_SIDE, 4096, 4096);
    assert_false(gcr_pools_owns(&w.pools, other));
    assert_false(gcr_pools_owns(&w.pools, (void *)((uintptr_t)1 << 50)));
    assert_false(gcr_pools_owns(&w.pools, NULL));
    assert_false(gcr_pools_owns(&w.pools, w.pools.tree));
    gcr_supply_unmap(&w.supply, GCR_PAGES_SIDE, other, 4096);
    close_world(&w);
}

static void test_freed_arena_is_no_longer_owned(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &layout_36);
    enum { N = 64 * 7 * 2 };
    static void *block[N];
    for (size_t i = 0; i < N; i++)
        block[i] = gcr_pools_alloc(&w.pools, 512);
    for (size_t i = 0; i < N; i++)
        gcr_pools_free(&w.pools, block[i]);
    int owned = 0;
    for (size_t i = 0; i < N; i++)
        owned += gcr_pools_owns(&w.pools, block[i]);
    assert_in_range(owned, 1, 64 * 7);
    close_world(&w);
}

struct seen {
    size_t blocks, bytes;
};

static bool count_block(void *arg, void *block, size_t bytes)
{
    struct seen *seen = arg;
    assert_non_null(block);
    seen->blocks++;
    seen->bytes += bytes;
    return true;
}

static void test_walk_visits_blocks_in_use_only(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &layout_311);
    void *block[1000];
    for (size_t i = 0; i < 1000; i++)
        block[i] = gcr_pools_alloc(&w.pools, i % 512 + 1);
    for (size_t i = 0; i < 1000; i += 3)
        gcr_pools_free(&w.pools, block[i]);
    size_t expected = 0, bytes = 0;
    for (size_t i = 0; i < 1000; i++) {
        if (i % 3 != 0) {
            expected++;
            bytes += gcr_pools_round(&w.pools, i % 512 + 1);
        }
    }
    struct seen seen = {0, 0};
    assert_true(gcr_pools_walk(&w.pools, count_block, &seen));
    assert_int_equal(seen.blocks, expected);
    assert_int_equal(seen.bytes, bytes);
    close_world(&w);
}

static void test_refused_page_leaves_everything_intact(void **state)
{
    (void)state;
    for (uint64_t fail_at = 1; fail_at <= 6; fail_at++) {
        struct world w;
        open_world(&w, &layout_311);
        w.supply.fail_after = fail_at;
        int refused = 0;
        for (int i = 0; i < 32 * 64 * 2; i++) {
            if (gcr_pools_alloc(&w.pools, 512) == NULL) {
                refused++;
                check_world(&w);
            }
        }
        assert_int_equal(refused, w.supply.refused);
        check_world(&w);
        assert_non_null(gcr_pools_alloc(&w.pools, 8));
        close_world(&w);
    }
}

static void test_init_refused(void **state)
{
    (void)state;
    struct gcr_supply supply;
    struct gcr_pools pools;
    struct gcr_error err;
    gcr_supply_init(&supply, 0);
    supply.fail_after = 1;
    assert_int_equal(gcr_pools_init(&pools, &layout_311, &supply, &err), GCR_HEAP_EXHAUSTED);
    assert_int_equal(supply.committed_bytes, 0);
}

static void test_bad_options_are_named(void **state)
{
    (void)state;
    static const struct {
        struct gcr_pools_options options;
        const char *word;
    } bad[] = {{GEOMETRY(12, 4096, 1 << 18, 512), "alignment"},
               {GEOMETRY(8, 5000, 1 << 18, 512), "pool"},
               {GEOMETRY(8, 4096, 5 << 16, 512), "arena"},
               {GEOMETRY(8, 65536, 65536, 512), "arena"},
               {GEOMETRY(8, 4096, 1 << 18, 510), "small limit"},
               {GEOMETRY(8, 4096, 1 << 18, 2048), "small limit"}};
    struct gcr_supply supply;
    struct gcr_pools pools;
    gcr_supply_init(&supply, 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct gcr_error err;
        assert_int_equal(gcr_pools_init(&pools, &bad[i].options, &supply, &err), GCR_USAGE);
        assert_non_null(strstr(err.text, bad[i].word));
    }
}

static void expect_damage(const struct world *w, const char *word)
{
    struct gcr_error err;
    assert_false(gcr_pools_check(&w->pools, &err));
    if (strstr(err.text, word) == NULL)
        fail_msg("\"%s\" does not mention %s", err.text, word);
}

static void test_check_finds_damage(void **state)
{
    (void)state;
    struct world w;
    open_world(&w, &layout_311);
    void **a = gcr_pools_alloc(&w.pools, 48), **b = gcr_pools_alloc(&w.pools, 48);
    gcr_pools_free(&w.pools, a);
    struct gcr_pool *pool = gcr_pools_pool_of(&w.pools, b);
    void *next = *a;

    *a = a; /* a circle */
    expect_damage(&w, "free list");
    *a = (char *)b + 8; /* inside a block */
    expect_damage(&w, "free list");
    *a = next;
    pool->used++;
    expect_damage(&w, "carved");
    pool->used--;
    pool->size_class = 1000;
    expect_damage(&w, "class");
    pool->size_class = 2;
    pool->arena = 7;
    expect_damage(&w, "arena");
    pool->arena = 0;
    w.pools.pools_in_use++;
    expect_damage(&w, "in use");
    w.pools.pools_in_use--;
    struct gcr_pool *head = &w.pools.class_head[2];
    head->next = head->prev = head; /* drops the pool from its class */
    expect_damage(&w, "listed");
    head->next = head->prev = pool;
    struct gcr_arena **last = w.pools.last_with_free;
    for (int i = 0; i < 65; i++) {
        struct gcr_arena *kept = last[i];
        if (kept == NULL)
            continue;
        last[i] = NULL;
        expect_damage(&w, "usable order");
        last[i] = kept;
    }
    check_world(&w);
    close_world(&w);
}

/* xorshift64*, Vigna 2016. */
static uint64_t next_random(uint64_t *s)
{
    *s ^= *s >> 12;
    *s ^= *s << 25;
    *s ^= *s >> 27;
    return *s * 2685821657736338717u;
}

static uint64_t seed = 20260729;

static void run_random(const struct gcr_pools_options *options)
{
    enum { SLOTS = 4000 };
    static unsigned char *block[SLOTS];
    static size_t size[SLOTS];
    memset(block, 0, sizeof block);
    struct world w;
    open_world(&w, options);
    uint64_t s = seed;
    for (int step = 0; step < 100000; step++) {
        size_t i = next_random(&s) % SLOTS;
        if (block[i] != NULL) {
            assert_int_equal(block[i][0], i & 0xff);
            assert_int_equal(block[i][size[i] - 1], i & 0xff);
            gcr_pools_free(&w.pools, block[i]);
            block[i] = NULL;
        } else {
            size[i] = next_random(&s) % 512 + 1;
            block[i] = gcr_pools_alloc(&w.pools, size[i]);
            memset(block[i], (int)(i & 0xff), size[i]);
        }
        if (step % 5000 == 0)
            check_world(&w);
        if (step % 30000 == 29999) { /* drain, so that arenas go back and come again */
            for (size_t j = 0; j < SLOTS; j++) {
                if (block[j] != NULL)
                    gcr_pools_free(&w.pools, block[j]);
                block[j] = NULL;
            }
            check_world(&w);
            assert_int_equal(w.pools.arena_count, 1);
        }
    }
    close_world(&w);
}

static void test_random_operations(void **state)
{
    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    run_random(&layout_311);
    run_random(&layout_36);
    run_random(&(struct gcr_pools_options)GEOMETRY(8, 65536, 1 << 17, 1024));
}

/* ---- sweeping ---- */

static bool announce(void *arg, void *start, size_t bytes)
{
    (void)start;
    *(int64_t *)arg += (int64_t)bytes;
    return *(int64_t *)arg <= 4 << 20; /* no fifth megabyte */
}

static void renounce(void *arg, void *start, size_t bytes)
{
    (void)start;
    *(int64_t *)arg -= (int64_t)bytes;
}

/* What a sweep does: pools emptied as a whole, or a chain of blocks at once; arenas announced, kept
 * in reserve, given back. */
static void test_sweep_by_pools_with_a_reserve_of_arenas(void **state)
{
    (void)state;
    struct world w;
    int64_t announced = 0;
    open_world(&w, &layout_311);
    w.pools.hooks =
        (struct gcr_pools_hooks){.mapped = announce, .unmapped = renounce, .arg = &announced};
    gcr_pools_keep(&w.pools, 2);
    void *block;
    uint32_t blocks = 0;
    while ((block = gcr_pools_alloc(&w.pools, 64)) != NULL)
        blocks++;
    assert_int_equal(announced, 5 << 20); /* the fifth was refused, and unmapped */
    announced -= 1 << 20;
    assert_int_equal(w.pools.arena_count, 4);
    check_world(&w);
    struct gcr_pools_cursor cursor = {.pools = &w.pools};
    struct gcr_pool *pool;
    uint32_t pools = 0;
    while ((pool = gcr_pools_next_used(&cursor)) != NULL) {
        char *first = (char *)pool + sizeof *pool;
        uint32_t used = pool->used;
        *(void **)(void *)first = first + 64;
        gcr_pools_free_chain(&w.pools, pool, first, first + 64, 2);
        assert_int_equal(pool->used, used - 2);
        if (pools++ % 2 == 0)
            gcr_pools_free_all(&w.pools, pool);
        check_world(&w);
    }
    assert_true(pools * 255 >= blocks);
    cursor = (struct gcr_pools_cursor){.pools = &w.pools};
    while ((pool = gcr_pools_next_used(&cursor)) != NULL)
        gcr_pools_free_all(&w.pools, pool);
    check_world(&w);
    assert_int_equal(w.pools.pools_in_use, 0);
    assert_int_equal(w.pools.free_arenas, w.pools.arena_count);
    assert_true(w.pools.arena_count >= 2 && w.pools.arena_count <= 3);
    for (uint32_t i = 0; i < 1000; i++)
        assert_non_null(gcr_pools_alloc(&w.pools, 48));
    gcr_pools_keep(&w.pools, 0);
    check_world(&w);
    assert_int_equal(w.pools.arena_count, 1);
    assert_int_equal(announced, 1 << 20);
    close_world(&w);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        seed = strtoull(argv[2], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_per_pool_are_those_of_cpython),
        cmocka_unit_test(test_block_sizes_round_to_the_class),
        cmocka_unit_test(test_freed_block_is_reused_first),
        cmocka_unit_test(test_full_pool_is_relinked_at_the_front),
        cmocka_unit_test(test_empty_pool_serves_another_class),
        cmocka_unit_test(test_unaligned_arena_loses_one_pool),
        cmocka_unit_test(test_empty_arenas_go_back_but_one),
        cmocka_unit_test(test_allocation_prefers_the_fullest_arena),
        cmocka_unit_test(test_radix_tree_knows_exactly_its_arenas),
        cmocka_unit_test(test_freed_arena_is_no_longer_owned),
        cmocka_unit_test(test_walk_visits_blocks_in_use_only),
        cmocka_unit_test(test_refused_page_leaves_everything_intact),
        cmocka_unit_test(test_init_refused),
        cmocka_unit_test(test_bad_options_are_named),
        cmocka_unit_test(test_check_finds_damage),
        cmocka_unit_test(test_sweep_by_pools_with_a_reserve_of_arenas),
        cmocka_unit_test(test_random_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
