/* Boundary-tag heap: sizes, coalescing, best fit, top growth and trim, mappings, refusals, damage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "allocators/common/object_set.h"
#include "allocators/common/system_heap.h"

struct world {
    struct gcr_supply supply;
    struct gcr_system_heap heap;
};

static void open_world(struct world *w)
{
    gcr_supply_init(&w->supply, 0);
    gcr_system_heap_init(&w->heap, &w->supply);
}

static void check_world(const struct world *w)
{
    struct gcr_error err;
    if (!gcr_system_heap_check(&w->heap, &err))
        fail_msg("%s", err.text);
}

static void close_world(struct world *w)
{
    gcr_system_heap_finish(&w->heap);
    assert_int_equal(w->supply.committed_bytes, 0);
}

static void test_chunk_sizes(void **state)
{
    (void)state;
    /* request -> chunk: 8 bytes of overhead, rounded to 16, at least 32 */
    static const size_t expected[][2] = {{0, 32},    {1, 32},         {24, 32},   {25, 48},
                                         {40, 48},   {41, 64},        {513, 528}, {520, 528},
                                         {521, 544}, {100000, 100016}};
    struct world w;
    open_world(&w);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        char *a = gcr_system_heap_alloc(&w.heap, expected[i][0]);
        char *b = gcr_system_heap_alloc(&w.heap, 600);
        assert_int_equal((uintptr_t)a % 16, 0);
        assert_int_equal(b - a, expected[i][1]);
        assert_int_equal(gcr_system_heap_block_bytes(a), expected[i][1] - 8);
    }
    check_world(&w);
    close_world(&w);
}

static void test_neighbours_coalesce_at_once(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    char *b[5];
    for (int i = 0; i < 5; i++)
        b[i] = gcr_system_heap_alloc(&w.heap, 600); /* chunks of 608 */
    gcr_system_heap_free(&w.heap, b[1]);
    gcr_system_heap_free(&w.heap, b[3]);
    check_world(&w);
    gcr_system_heap_free(&w.heap, b[2]); /* joins both */
    check_world(&w);
    char *joined = gcr_system_heap_alloc(&w.heap, 3 * 608 - 8);
    assert_ptr_equal(joined, b[1]);
    check_world(&w);
    close_world(&w);
}

static void test_chunk_below_the_top_joins_it(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    char *a = gcr_system_heap_alloc(&w.heap, 600), *b = gcr_system_heap_alloc(&w.heap, 600);
    gcr_system_heap_free(&w.heap, a);
    gcr_system_heap_free(&w.heap, b);
    check_world(&w);
    assert_ptr_equal(gcr_system_heap_alloc(&w.heap, 5000), a);
    close_world(&w);
}

static void test_smallest_sufficient_bin_serves(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    char *large = gcr_system_heap_alloc(&w.heap, 3000);
    (void)gcr_system_heap_alloc(&w.heap, 1);
    char *small = gcr_system_heap_alloc(&w.heap, 700);
    (void)gcr_system_heap_alloc(&w.heap, 1);
    gcr_system_heap_free(&w.heap, small);
    gcr_system_heap_free(&w.heap, large);
    assert_ptr_equal(gcr_system_heap_alloc(&w.heap, 650), small);
    assert_ptr_equal(gcr_system_heap_alloc(&w.heap, 650), large);
    check_world(&w);
    close_world(&w);
}

static void test_rest_of_a_chunk_is_split_off(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    char *a = gcr_system_heap_alloc(&w.heap, 1000); /* chunk of 1008 */
    (void)gcr_system_heap_alloc(&w.heap, 1);
    gcr_system_heap_free(&w.heap, a);
    char *b = gcr_system_heap_alloc(&w.heap, 600), *c = gcr_system_heap_alloc(&w.heap, 300);
    assert_ptr_equal(b, a);
    assert_ptr_equal(c, a + 608);
    /* 1008 - 608 - 320 = 80 remain; a request of 56 takes 64, and 16 are too few to split */
    char *d = gcr_system_heap_alloc(&w.heap, 56);
    assert_ptr_equal(d, a + 608 + 320);
    assert_int_equal(gcr_system_heap_block_bytes(d), 72);
    check_world(&w);
    close_world(&w);
}

static void test_top_grows_and_is_trimmed(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    enum { N = 2000 };
    static void *block[N];
    for (int i = 0; i < N; i++)
        block[i] = gcr_system_heap_alloc(&w.heap, 1000);
    uint64_t peak = w.supply.committed_bytes;
    assert_true(peak >= (uint64_t)N * 1008);
    assert_true(peak < (uint64_t)N * 1008 + (1 << 18));
    for (int i = N - 1; i >= 0; i--)
        gcr_system_heap_free(&w.heap, block[i]);
    check_world(&w);
    assert_true(w.supply.committed_bytes < 512 * 1024);
    assert_int_equal(w.heap.used_chunks, 0);
    close_world(&w);
}

static void test_large_requests_have_their_own_mapping(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    void *below = gcr_system_heap_alloc(&w.heap, 128 * 1024 - 1);
    assert_int_equal(w.heap.used_mappings, 0);
    uint64_t before = w.supply.committed_bytes;
    unsigned char *large = gcr_system_heap_alloc(&w.heap, 128 * 1024);
    assert_int_equal(w.heap.used_mappings, 1);
    assert_int_equal(w.supply.committed_bytes - before, 128 * 1024 + 4096);
    assert_int_equal(gcr_system_heap_block_bytes(large), 128 * 1024 + 4096 - 32);
    memset(large, 1, 128 * 1024);
    gcr_system_heap_free(&w.heap, large);
    assert_int_equal(w.supply.committed_bytes, before);
    gcr_system_heap_free(&w.heap, below);
    check_world(&w);
    close_world(&w);
}

static void test_refused_page_leaves_everything_intact(void **state)
{
    (void)state;
    for (uint64_t fail_at = 1; fail_at <= 5; fail_at++) {
        struct world w;
        open_world(&w);
        w.supply.fail_after = fail_at;
        int served = 0;
        for (int i = 0; i < 400; i++) {
            served += gcr_system_heap_alloc(&w.heap, 1500) != NULL;
            served += i % 100 != 0 || gcr_system_heap_alloc(&w.heap, 200000) != NULL;
            check_world(&w);
        }
        assert_true(served >= 800 - 1);
        close_world(&w);
    }
}

static void test_budget_bounds_it(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    w.supply.budget_bytes = 1 << 20;
    size_t got = 0;
    while (gcr_system_heap_alloc(&w.heap, 1000) != NULL)
        got += 1008;
    assert_true(got > (1 << 20) - 3 * 4096);
    assert_true(w.supply.committed_bytes <= 1 << 20);
    check_world(&w);
    close_world(&w);
}

static void expect_damage(const struct world *w, const char *word)
{
    struct gcr_error err;
    assert_false(gcr_system_heap_check(&w->heap, &err));
    if (strstr(err.text, word) == NULL)
        fail_msg("\"%s\" does not mention %s", err.text, word);
}

static void test_check_finds_damage(void **state)
{
    (void)state;
    struct world w;
    open_world(&w);
    char *a = gcr_system_heap_alloc(&w.heap, 600);
    char *b = gcr_system_heap_alloc(&w.heap, 600);
    (void)gcr_system_heap_alloc(&w.heap, 600);
    size_t *size_a = (size_t *)(a - 8);
    size_t kept = *size_a;
    *size_a = 16 | 1;
    expect_damage(&w, "impossible");
    *size_a = kept;
    gcr_system_heap_free(&w.heap, b);
    size_t *foot = (size_t *)(b - 8 + 608 - 8);
    *foot = 48;
    expect_damage(&w, "both ends");
    *foot = 608;
    *size_a &= ~(size_t)1; /* says that there is a free chunk below the first one */
    expect_damage(&w, "neighbour");
    *size_a |= 1;
    w.heap.used_chunks++;
    expect_damage(&w, "in use");
    w.heap.used_chunks--;
    w.heap.bin_used[0] ^= 2;
    expect_damage(&w, "bit");
    w.heap.bin_used[0] ^= 2;
    check_world(&w);
    close_world(&w);
}

struct seen {
    struct gcr_object_set *live;
    size_t blocks;
};

static bool count_block(void *arg, void *block, size_t bytes)
{
    struct seen *seen = arg;
    assert_true(gcr_object_set_has(seen->live, block));
    assert_int_equal(bytes, gcr_system_heap_block_bytes(block));
    seen->blocks++;
    return true;
}

static uint64_t seed = 20260729;

/* xorshift64*, Vigna 2016. */
static uint64_t next_random(uint64_t *s)
{
    *s ^= *s >> 12;
    *s ^= *s << 25;
    *s ^= *s >> 27;
    return *s * 2685821657736338717u;
}

static size_t random_size(uint64_t *s)
{
    uint64_t r = next_random(s);
    return r % 50 == 0  ? 100000 + next_random(s) % 200000
           : r % 5 == 0 ? next_random(s) % 20000
                        : next_random(s) % 1500;
}

static void test_random_operations(void **state)
{
    (void)state;
    enum { SLOTS = 500 };
    static unsigned char *block[SLOTS];
    static size_t size[SLOTS];
    print_message("seed %llu\n", (unsigned long long)seed);
    struct gcr_object_set live = {0};
    struct world w;
    open_world(&w);
    uint64_t s = seed;
    for (int step = 0; step < 60000; step++) {
        size_t i = next_random(&s) % SLOTS;
        if (block[i] != NULL) {
            if (size[i] > 0) {
                assert_int_equal(block[i][0], i & 0xff);
                assert_int_equal(block[i][size[i] - 1], i & 0xff);
            }
            gcr_system_heap_free(&w.heap, block[i]);
            assert_true(gcr_object_set_remove(&live, block[i]));
            block[i] = NULL;
        } else {
            size[i] = random_size(&s);
            block[i] = gcr_system_heap_alloc(&w.heap, size[i]);
            assert_true(gcr_system_heap_block_bytes(block[i]) >= size[i]);
            memset(block[i], (int)(i & 0xff), size[i]);
            gcr_object_set_add(&live, block[i]);
        }
        if (step % 500 == 0) {
            check_world(&w);
            struct seen seen = {&live, 0};
            assert_true(gcr_system_heap_walk(&w.heap, count_block, &seen));
            assert_int_equal(seen.blocks, live.count);
            assert_int_equal(gcr_system_heap_header_bytes(&w.heap),
                             8 * w.heap.used_chunks + 32 * w.heap.used_mappings);
        }
    }
    gcr_object_set_finish(&live);
    close_world(&w);
}

static void test_object_set_against_a_plain_array(void **state)
{
    (void)state;
    enum { N = 5000 };
    static bool in[N];
    static char address[N * 8];
    struct gcr_object_set set = {0};
    assert_false(gcr_object_set_has(&set, address));
    assert_false(gcr_object_set_remove(&set, address));
    uint64_t s = seed;
    size_t count = 0;
    for (int step = 0; step < 100000; step++) {
        size_t i = next_random(&s) % N;
        assert_int_equal(gcr_object_set_has(&set, address + 8 * i), in[i]);
        if (in[i])
            assert_true(gcr_object_set_remove(&set, address + 8 * i));
        else
            gcr_object_set_add(&set, address + 8 * i);
        in[i] = !in[i];
        count = in[i] ? count + 1 : count - 1;
        assert_int_equal(set.count, count);
    }
    for (size_t i = 0; i < N; i++)
        assert_int_equal(gcr_object_set_has(&set, address + 8 * i), in[i]);
    gcr_object_set_finish(&set);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        seed = strtoull(argv[2], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunk_sizes),
        cmocka_unit_test(test_neighbours_coalesce_at_once),
        cmocka_unit_test(test_chunk_below_the_top_joins_it),
        cmocka_unit_test(test_smallest_sufficient_bin_serves),
        cmocka_unit_test(test_rest_of_a_chunk_is_split_off),
        cmocka_unit_test(test_top_grows_and_is_trimmed),
        cmocka_unit_test(test_large_requests_have_their_own_mapping),
        cmocka_unit_test(test_refused_page_leaves_everything_intact),
        cmocka_unit_test(test_budget_bounds_it),
        cmocka_unit_test(test_check_finds_damage),
        cmocka_unit_test(test_random_operations),
        cmocka_unit_test(test_object_set_against_a_plain_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
