/* Counts in a side table (counts=side), in linked-list and in bitmap: layout, what is written
 * where, large objects, footprint, refusals, damage. That both free what they free with counts in
 * the objects is the matter of test_lockstep.c and of the tests with random operations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/collectors/bitmap_kit.h"

enum { LINKED_LIST, BITMAP, DESIGNS };

static struct fixture_config config_of(int design, const char *const *settings)
{
    return design == BITMAP ? bitmap_kit_config(settings) : kit_config(settings);
}

static void open_design(struct fixture *f, int design, const char *const *settings)
{
    struct fixture_config config = config_of(design, settings);
    fixture_open(f, &config);
}

static const char *const side[] = {"counts=side", NULL};

static struct gcr_counting *counting(const struct fixture *f)
{
    return gcr_counting_of(f->heap);
}

static uint64_t *count_of(const struct fixture *f, uint32_t object)
{
    return gcr_side_count(&counting(f)->side_counts, fixture_ref(f, object));
}

/* ---- layout ---- */

static char *block_of(const struct fixture *f, uint32_t object)
{
    gcr_ref ref = fixture_ref(f, object);
    bool large = (gcr_counted(ref)->type & GCR_COUNTED_LARGE) != 0;
    return (char *)ref - gcr_counting_ref_offset(gcr_counting_type_of(counting(f), ref), large);
}

static size_t block_bytes(const struct fixture *f, uint32_t shape, uint32_t length)
{
    uint32_t object = fixture_alloc((struct fixture *)f, shape, length, 0);
    return gcr_pools_block_bytes(&counting(f)->pools[0], block_of(f, object));
}

static void test_blocks_are_a_word_smaller(void **state)
{
    (void)state;
    static const struct {
        int design;
        const char *settings[4];
        uint32_t shape, length;
        size_t inline_bytes, side_bytes;
    } cases[] = {
        /* head 16, count, type, 8 bytes of fields; without the count */
        {LINKED_LIST, {NULL}, NODE, 0, 48, 32},
        {LINKED_LIST, {NULL}, PAIR, 0, 64, 48},
        {LINKED_LIST, {"head=24", NULL}, NODE, 0, 48, 40},
        {LINKED_LIST, {"head=24", "alignment=16", NULL}, NODE, 0, 48, 48},
        {LINKED_LIST, {"head=32", NULL}, NODE, 0, 64, 48},
        {LINKED_LIST, {NULL}, LEAF, 0, 48, 32}, /* count, type, 24 bytes */
        {LINKED_LIST, {NULL}, BYTES, 0, 16, 16},
        {LINKED_LIST, {"alignment=8", NULL}, BYTES, 0, 16, 16}, /* two never share a count */
        {LINKED_LIST, {"alignment=8", NULL}, BYTES, 8, 24, 24},
        {BITMAP, {NULL}, NODE, 0, 32, 32}, /* containers have at least 24 */
        {BITMAP, {NULL}, PAIR, 0, 48, 32},
        {BITMAP, {"alignment=8", NULL}, NODE, 0, 24, 24},
        {BITMAP, {"alignment=8", NULL}, PAIR, 0, 40, 32},
        {BITMAP, {NULL}, LEAF, 0, 48, 32},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int s = 0; s < 2; s++) {
            const char *settings[6] = {s == 1 ? "counts=side" : "counts=inline"};
            for (int k = 0; cases[i].settings[k] != NULL; k++)
                settings[k + 1] = cases[i].settings[k];
            struct fixture f;
            open_design(&f, cases[i].design, settings);
            assert_int_equal(block_bytes(&f, cases[i].shape, cases[i].length),
                             s == 1 ? cases[i].side_bytes : cases[i].inline_bytes);
            kit_close(&f);
        }
    }
}

static void test_a_reference_points_where_the_count_would_be(void **state)
{
    (void)state;
    for (int design = 0; design < DESIGNS; design++) {
        struct fixture f;
        open_design(&f, design, side);
        uint32_t node = fixture_alloc(&f, NODE, 0, 0), leaf = fixture_alloc(&f, LEAF, 0, 1);
        char *ref = (char *)fixture_ref(&f, node);
        size_t head = design == BITMAP ? 0 : 16;
        assert_ptr_equal(ref + 8 - head, block_of(&f, node));
        assert_int_equal((uintptr_t)block_of(&f, node) % 16, 0);
        assert_ptr_equal((char *)fixture_ref(&f, leaf) + 8, block_of(&f, leaf));
        uint64_t word;
        memcpy(&word, block_of(&f, node) + head, sizeof word); /* the object begins with its type */
        assert_int_equal(word & GCR_COUNTED_SHAPE_MASK, NODE);
        fixture_store(&f, node, 0, leaf);
        memcpy(&word, block_of(&f, node) + head + 8, sizeof word); /* and its slot follows */
        assert_int_equal(word, (uintptr_t)fixture_ref(&f, leaf));
        kit_close(&f);
    }
}

/* ---- what is written ---- */

static void test_counting_writes_no_page_of_objects(void **state)
{
    (void)state;
    enum { N = 3000 };
    for (int design = 0; design < DESIGNS; design++) {
        struct fixture f;
        open_design(&f, design, (const char *const[]){"counts=side", "threshold0=0", NULL});
        uint32_t chain = 0, first = 0;
        for (int i = 0; i < N; i++) {
            uint32_t node = fixture_alloc(&f, PAIR, 0, 1);
            first = first == 0 ? node : first;
            fixture_store(&f, node, 0, chain);
            fixture_root(&f, 0, node);
            chain = node;
        }
        fixture_root(&f, 1, 0);
        static char before[N][64];
        for (uint32_t n = 0; n < N; n++)
            memcpy(before[n], block_of(&f, first + n), 48);
        for (uint32_t n = 0; n < N; n++) { /* the program only looks */
            uint64_t count = *count_of(&f, first + n);
            fixture_root(&f, 2, first + n);
            assert_int_equal(*count_of(&f, first + n), count + 1);
            f.ops->read(f.heap, fixture_ref(&f, first + n), 0, 8);
            f.ops->load(f.heap, fixture_ref(&f, first + n), 0, &f.roots[3], false);
            fixture_root(&f, 2, 0);
            fixture_root(&f, 3, 0);
            assert_int_equal(*count_of(&f, first + n), count);
        }
        for (uint32_t n = 0; n < N; n++)
            assert_memory_equal(before[n], block_of(&f, first + n), 48);
        kit_close(&f);
    }
}

/* ---- life ---- */

static uint64_t side_kind(const struct fixture *f)
{
    return f->supply.by_kind_bytes[GCR_PAGES_SIDE];
}

static void test_counts_of_large_objects_come_and_go(void **state)
{
    (void)state;
    for (int design = 0; design < DESIGNS; design++) {
        struct fixture f;
        open_design(&f, design, side);
        uint32_t small = fixture_alloc(&f, NODE, 0, 0);
        uint64_t before = side_kind(&f);
        for (uint32_t length = 100; length < 200000; length *= 7) { /* chunks, then mappings */
            uint32_t tuple = fixture_alloc(&f, TUPLE, length, 1);
            uint32_t bytes = fixture_alloc(&f, BYTES, 8 * length, 2);
            fixture_store(&f, tuple, length - 1, bytes);
            assert_int_equal(*count_of(&f, tuple), 1);
            assert_int_equal(*count_of(&f, bytes), 2);
            fixture_store(&f, tuple, 0, tuple); /* a cycle that only a collection frees */
            fixture_root(&f, 1, 0);
            assert_int_equal(*count_of(&f, tuple), 1);
            fixture_check(&f);
            kit_collect(&f, 2);
            assert_true(fixture_is_dead(&f, tuple));
            assert_int_equal(*count_of(&f, bytes), 1);
            fixture_root(&f, 2, 0);
            assert_true(fixture_is_dead(&f, bytes));
            /* A page with numbers of users for 16 MiB of addresses stays. */
            assert_in_range(side_kind(&f), before, before + 2 * GCR_PAGE_BYTES);
        }
        assert_int_equal(*count_of(&f, small), 1);
        kit_close(&f);
    }
}

static void test_reused_and_recycled_blocks_start_at_one(void **state)
{
    (void)state;
    for (int design = 0; design < DESIGNS; design++) {
        struct fixture f;
        open_design(&f, design, side);
        for (int round = 0; round < 3; round++) {
            uint32_t a = fixture_alloc(&f, PAIR, 0, 0);
            fixture_root(&f, 1, a);
            fixture_root(&f, 2, a);
            assert_int_equal(*count_of(&f, a), 3);
            uint64_t *count = count_of(&f, a);
            if (round == 1)
                f.ops->recycle(f.heap, fixture_ref(&f, a));
            for (int root = 0; root < 3; root++)
                fixture_root(&f, root, 0);
            assert_true(fixture_is_dead(&f, a));
            assert_int_equal(*count, 0);
            uint32_t b = fixture_alloc_flags(&f, PAIR, 0, round == 1 ? GCR_ALLOC_UNCOUNTED : 0, 0);
            assert_ptr_equal(count_of(&f, b), count);
            assert_int_equal(*count, 1);
            fixture_root(&f, 0, 0);
        }
        kit_close(&f);
    }
}

/* Objects with nothing but a type, next to containers behind heads of any size. */
static void test_smallest_objects_do_not_share_counts(void **state)
{
    (void)state;
    static const char *const settings[][5] = {
        {"counts=side", NULL},
        {"counts=side", "alignment=8", NULL},
        {"counts=side", "alignment=8", "small-limit=64", NULL},
        {"counts=side", "head=24", NULL},
        {"counts=side", "head=24", "alignment=16", NULL},
        {"counts=side", "head=24", "small-limit=16", NULL},
        {"counts=side", "head=32", "alignment=8", NULL},
    };
    for (int design = 0; design < DESIGNS; design++) {
        for (size_t s = 0; s < (design == BITMAP ? 3 : sizeof settings / sizeof settings[0]); s++) {
            struct fixture f;
            open_design(&f, design, settings[s]);
            for (int i = 0; i < 800; i++) {
                static const uint32_t shape[] = {BYTES, TUPLE, BYTES, NODE, LIST};
                fixture_alloc(&f, shape[i % 5], 0, i % 60);
                if (i % 16 == 0)
                    fixture_check(&f);
            }
            kit_close(&f);
        }
    }
}

static void test_footprint(void **state)
{
    (void)state;
    enum { N = 60000 };
    for (int design = 0; design < DESIGNS; design++) {
        uint64_t kind[2], objects[2], headers[2];
        for (int s = 0; s < 2; s++) {
            struct fixture f;
            open_design(&f, design, s == 1 ? side : NULL);
            for (uint32_t i = 0; i < N; i++) {
                uint32_t a = fixture_alloc(&f, PAIR, 0, 1);
                fixture_store(&f, a, 0, a - 1);
                fixture_root(&f, 0, a);
            }
            struct gcr_footprint footprint;
            f.collector->footprint(f.heap, &footprint);
            kind[s] = side_kind(&f);
            objects[s] = f.supply.by_kind_bytes[GCR_PAGES_OBJECTS];
            headers[s] = footprint.headers_bytes;
            assert_true(footprint.side_bytes >= kind[s]);
            kit_close(&f);
        }
        assert_int_equal(headers[0] - headers[1], N * 8);
        assert_true(objects[1] < objects[0]);
        /* Half of the arenas' bytes, pages at their ends, and what finds them. */
        assert_in_range(kind[1] - kind[0], objects[1] / 2 - 16 * 4096, objects[1] / 2 + 16 * 4096);
    }
}

/* ---- refusals and damage ---- */

static void test_refused_pages_one_by_one(void **state)
{
    (void)state;
    for (int design = 0; design < DESIGNS; design++) {
        for (uint64_t fail_at = 1; fail_at <= 60; fail_at++) {
            struct fixture f;
            struct gcr_error err;
            struct fixture_config config = config_of(design, side);
            config.fail_after = fail_at;
            if (fixture_try_open(&f, &config, &err) != GCR_OK)
                continue;
            for (int i = 0; i < 600; i++) {
                static const uint32_t shape[] = {NODE, LIST, WEAK, FINAL, BYTES};
                static const uint32_t length[] = {0, 300, 0, 0, 2000};
                uint32_t object = fixture_alloc(&f, shape[i % 5], length[i % 5], i % 60);
                if (object != 0 && i % 5 == 2)
                    fixture_weakref(&f, object, object);
            }
            fixture_check(&f);
            fixture_close(&f);
        }
    }
}

static void test_check_finds_wrong_counts(void **state)
{
    (void)state;
    for (int design = 0; design < DESIGNS; design++) {
        struct fixture f;
        open_design(&f, design, side);
        uint32_t a = fixture_alloc(&f, NODE, 0, 0), leaf = fixture_alloc(&f, LEAF, 0, 1);
        uint32_t large = fixture_alloc(&f, TUPLE, 1000, 2);
        const uint32_t objects[] = {a, leaf, large};
        for (size_t i = 0; i < 3; i++) {
            ++*count_of(&f, objects[i]);
            fixture_expect_damage(&f, "count is 2, should be 1");
            *count_of(&f, objects[i]) = 0;
            fixture_expect_damage(&f, design == LINKED_LIST && i != 1 ? "zero"
                                                                      : "count is 0, should be 1");
            *count_of(&f, objects[i]) = 1;
        }
        uint64_t *count = count_of(&f, leaf); /* of a block that nobody lives in any more */
        fixture_root(&f, 1, 0);
        fixture_check(&f);
        *count = 1;
        fixture_expect_damage(&f, "counts in the side table");
        *count = 0;
        counting(&f)->side_counts.committed_bytes += GCR_PAGE_BYTES;
        fixture_expect_damage(&f, "side counts");
        counting(&f)->side_counts.committed_bytes -= GCR_PAGE_BYTES;
        kit_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_a_word_smaller),
        cmocka_unit_test(test_a_reference_points_where_the_count_would_be),
        cmocka_unit_test(test_counting_writes_no_page_of_objects),
        cmocka_unit_test(test_counts_of_large_objects_come_and_go),
        cmocka_unit_test(test_reused_and_recycled_blocks_start_at_one),
        cmocka_unit_test(test_smallest_objects_do_not_share_counts),
        cmocka_unit_test(test_footprint),
        cmocka_unit_test(test_refused_pages_one_by_one),
        cmocka_unit_test(test_check_finds_wrong_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
