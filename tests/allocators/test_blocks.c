/* The block heap on its own: allocation, returned slots (by the same and by another thread), swap
 * against a shadow, runs, giving back, refusals, damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include "allocators/common/blocks.h"

struct kit {
    struct gcr_supply supply;
    struct gcr_blocks blocks;
    struct gcr_blocks_context contexts[2];
};

static void kit_open(struct kit *kit, bool bits, uint64_t budget)
{
    struct gcr_error err;
    struct gcr_blocks_options options = {.bits = bits, .step_blocks = 4};
    *kit = (struct kit){0};
    gcr_supply_init(&kit->supply, budget);
    assert_int_equal(gcr_blocks_init(&kit->blocks, &kit->supply, &options, &err), GCR_OK);
}

static void kit_check(const struct kit *kit)
{
    struct gcr_error err = {""};
    if (!gcr_blocks_check(&kit->blocks, kit->contexts, 2, &err))
        fail_msg("%s", err.text);
    assert_int_equal(kit->supply.by_kind_bytes[GCR_PAGES_OBJECTS],
                     (kit->blocks.blocks_in_use + kit->blocks.free_blocks) * GCR_BLOCK_BYTES +
                         (kit->blocks.pages_in_use + kit->blocks.free_pages) * GCR_PAGE_BYTES);
}

static void kit_close(struct kit *kit)
{
    gcr_blocks_finish(&kit->blocks);
    assert_int_equal(kit->supply.committed_bytes, 0);
}

/* As designs do it: current block, other blocks of the class, returned slots, an empty block. */
static void *kit_alloc(struct kit *kit, int context, uint64_t bytes)
{
    struct gcr_blocks *blocks = &kit->blocks;
    if (bytes > GCR_BLOCK_MAX_SMALL_BYTES)
        return gcr_blocks_alloc_large(blocks, bytes);
    uint32_t size_class = gcr_blocks_class(blocks, bytes);
    struct gcr_blocks_context *own = &kit->contexts[context];
    void *object = gcr_blocks_alloc(blocks, &own->current[size_class], bytes);
    if (object != NULL)
        return object;
    if (!gcr_blocks_refill(blocks, own, size_class)) {
        gcr_blocks_take_returned(blocks);
        if (!gcr_blocks_refill(blocks, own, size_class) &&
            !gcr_blocks_refill_empty(blocks, own, size_class))
            return NULL;
    }
    return gcr_blocks_alloc(blocks, &own->current[size_class], bytes);
}

static void assert_zero(const void *object, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        assert_int_equal(((const char *)object)[i], 0);
}

/* ---- counting ---- */

static void test_returned_slots_are_allocated_again(void **state)
{
    (void)state;
    struct kit kit;
    void *object[1024];
    kit_open(&kit, false, 0);
    for (int i = 0; i < 1024; i++) {
        object[i] = kit_alloc(&kit, 0, 32);
        memset(object[i], 1, 32);
    }
    assert_int_equal(kit.blocks.blocks_in_use, 2);
    kit_check(&kit);
    for (int i = 0; i < 1024; i += 3)
        gcr_blocks_return(&kit.blocks, object[i]);
    kit_check(&kit); /* before they are taken, too */
    for (int i = 0; i < 1024; i += 3) {
        void *again = kit_alloc(&kit, 0, 32);
        assert_zero(again, 32);
        memset(again, 1, 32);
    }
    assert_int_equal(kit.blocks.blocks_in_use, 2);
    assert_int_equal(gcr_blocks_used_bytes(&kit.blocks), 2 * GCR_BLOCK_BYTES);
    kit_check(&kit);
    kit_close(&kit);
}

static void test_empty_blocks_serve_other_classes_and_go_back(void **state)
{
    (void)state;
    struct kit kit;
    void *object[512];
    kit_open(&kit, false, 0);
    for (int i = 0; i < 512; i++)
        object[i] = kit_alloc(&kit, 0, 32);
    void *other = kit_alloc(&kit, 1, 32); /* the other context's block */
    assert_ptr_not_equal(gcr_blocks_block_of(&kit.blocks, other),
                         gcr_blocks_block_of(&kit.blocks, object[0]));
    gcr_blocks_retire(&kit.blocks, &kit.contexts[0]);
    for (int i = 0; i < 512; i++)
        gcr_blocks_return(&kit.blocks, object[i]);
    gcr_blocks_take_returned(&kit.blocks);
    assert_int_equal(kit.blocks.blocks_in_use, 1);
    kit_check(&kit);
    char *large = kit_alloc(&kit, 0, 1000); /* of 1024 */
    assert_ptr_equal(large, object[0]);
    assert_zero(large, 1000);
    gcr_blocks_return(&kit.blocks, large);
    gcr_blocks_retire(&kit.blocks, &kit.contexts[0]);
    gcr_blocks_retire(&kit.blocks, &kit.contexts[1]);
    kit_check(&kit);
    gcr_blocks_return(&kit.blocks, other);
    gcr_blocks_take_returned(&kit.blocks);
    gcr_blocks_age(&kit.blocks, 2);
    assert_int_equal(kit.blocks.free_blocks, 4); /* as many as were committed at once */
    gcr_blocks_age(&kit.blocks, 2);
    assert_int_equal(kit.supply.by_kind_bytes[GCR_PAGES_OBJECTS], 0);
    kit_check(&kit);
    kit_close(&kit);
}

/* ---- another thread returns ---- */

enum { RING = 4096, PASSES = 60000 };
struct passing {
    struct kit *kit;
    void *ring[RING]; /* NULL: free place; atomic */
};

static void *return_all(void *arg)
{
    struct passing *passing = arg;
    for (uint32_t i = 0; i < PASSES; i++) {
        void **place = &passing->ring[i % RING], *object;
        while ((object = GCR_EXCHANGE(place, NULL)) == NULL)
            ;
        gcr_blocks_return(&passing->kit->blocks, object);
    }
    return NULL;
}

static void test_a_thread_returns_while_the_mutator_allocates(void **state)
{
    (void)state;
    struct kit kit;
    struct passing *passing = calloc(1, sizeof *passing);
    pthread_t thread;
    assert_non_null(passing);
    kit_open(&kit, false, 0);
    passing->kit = &kit;
    assert_int_equal(pthread_create(&thread, NULL, return_all, passing), 0);
    for (uint32_t i = 0; i < PASSES; i++) {
        uint64_t bytes = i % 97 == 0 ? 5000 : 16 + i % 5 * 16;
        uint64_t *object = kit_alloc(&kit, (int)(i / 1000 % 2), bytes);
        assert_non_null(object);
        assert_zero(object, (size_t)bytes);
        memset(object, 0x5a, (size_t)bytes);
        void **place = &passing->ring[i % RING];
        while (GCR_LOAD_ACQUIRE(place) != NULL)
            ;
        (void)GCR_EXCHANGE(place, (void *)object);
        if (i % 1000 == 0)
            gcr_blocks_take_returned(&kit.blocks);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    gcr_blocks_retire(&kit.blocks, &kit.contexts[0]);
    gcr_blocks_retire(&kit.blocks, &kit.contexts[1]);
    gcr_blocks_take_returned(&kit.blocks);
    kit_check(&kit);
    assert_int_equal(kit.blocks.blocks_in_use, 0);
    assert_int_equal(kit.blocks.pages_in_use, 0);
    kit_close(&kit);
    free(passing);
}

/* ---- tracing ---- */

static uint64_t next_random(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return *random >> 33;
}

struct shadow {
    void *object[3000];
    uint64_t bytes[3000];
    size_t count;
};

static bool see(void *arg, void *object, uint64_t room)
{
    const struct shadow *shadow = arg;
    for (size_t i = 0; i < shadow->count; i++)
        if (shadow->object[i] == object)
            return room >= shadow->bytes[i];
    return false;
}

static void count_dead(void *arg, void *object)
{
    (void)object;
    ++*(uint64_t *)arg;
}

/* Marks what the shadow keeps, drops the rest, and expects exactly that. */
static void collect(struct kit *kit, struct shadow *shadow, uint64_t *random)
{
    struct gcr_blocks *blocks = &kit->blocks;
    struct gcr_blocks_tally tally = {0};
    size_t kept = 0, before = shadow->count;
    uint64_t dead = 0;
    for (int i = 0; i < 2; i++)
        gcr_blocks_drop(blocks, &kit->contexts[i]);
    gcr_blocks_clear_marks(blocks, 0, gcr_blocks_count(blocks));
    for (size_t i = 0; i < before; i++) {
        if (next_random(random) % 3 == 0)
            continue;
        bool bits = blocks->options.bits;
        assert_true(gcr_blocks_mark(gcr_blocks_map(blocks), shadow->object[i], bits, i % 2, true));
        assert_false(gcr_blocks_mark(gcr_blocks_map(blocks), shadow->object[i], bits, i % 2, true));
        assert_true(gcr_blocks_is_marked(blocks, shadow->object[i]));
        shadow->object[kept] = shadow->object[i];
        shadow->bytes[kept++] = shadow->bytes[i];
    }
    shadow->count = kept;
    gcr_blocks_begin_swap(blocks);
    gcr_blocks_swap(blocks, 0, gcr_blocks_count(blocks), &tally);
    gcr_blocks_visit_dead(blocks, count_dead, &dead);
    gcr_blocks_visit_unmarked_runs(blocks, count_dead, &dead);
    gcr_blocks_swap_runs(blocks, &tally);
    assert_int_equal(tally.live, kept);
    assert_int_equal(tally.dead, before - kept);
    assert_int_equal(dead, before - kept);
    gcr_blocks_relink(blocks);
    if (next_random(random) % 2 == 0)
        gcr_blocks_build(blocks, 0, gcr_blocks_count(blocks));
    gcr_blocks_age(blocks, 1 + (uint32_t)(next_random(random) % 3));
    assert_true(gcr_blocks_walk(blocks, see, shadow));
    kit_check(kit);
}

static void test_swap_equals_the_shadow(void **state)
{
    (void)state;
    for (int bits = 0; bits < 2; bits++) {
        struct kit kit;
        struct shadow *shadow = calloc(1, sizeof *shadow);
        uint64_t random = 7 + (uint64_t)bits;
        assert_non_null(shadow);
        kit_open(&kit, bits, 0);
        for (int round = 0; round < 12; round++) {
            while (shadow->count < 3000) {
                uint64_t bytes = 8 * (1 + next_random(&random) % (round % 2 == 0 ? 20 : 300));
                if (next_random(&random) % 50 == 0)
                    bytes *= 40;
                void *object = kit_alloc(&kit, (int)(next_random(&random) % 2), bytes);
                assert_zero(object, (size_t)bytes);
                memset(object, 0xee, (size_t)bytes);
                assert_true(gcr_blocks_is_object(&kit.blocks, object));
                assert_false(gcr_blocks_is_object(&kit.blocks, (char *)object + 8));
                shadow->object[shadow->count] = object;
                shadow->bytes[shadow->count++] = bytes;
            }
            kit_check(&kit);
            collect(&kit, shadow, &random);
        }
        kit_close(&kit);
        free(shadow);
    }
}

static void test_given_up_collection_keeps_everything(void **state)
{
    (void)state;
    struct kit kit;
    kit_open(&kit, false, 0);
    void *first = kit_alloc(&kit, 0, 48);
    (void)kit_alloc(&kit, 0, 48);
    void *large = kit_alloc(&kit, 0, 9000);
    gcr_blocks_drop(&kit.blocks, &kit.contexts[0]);
    gcr_blocks_clear_marks(&kit.blocks, 0, gcr_blocks_count(&kit.blocks));
    assert_true(gcr_blocks_mark(gcr_blocks_map(&kit.blocks), first, false, false, true));
    assert_true(gcr_blocks_mark(gcr_blocks_map(&kit.blocks), large, false, false, true));
    gcr_blocks_keep_all(&kit.blocks);
    gcr_blocks_relink(&kit.blocks);
    kit_check(&kit);
    assert_true(gcr_blocks_is_object(&kit.blocks, first));
    assert_false(gcr_blocks_is_marked(&kit.blocks, large));
    void *third = kit_alloc(&kit, 1, 48);
    assert_int_equal((char *)third - (char *)first, 96);
    kit_close(&kit);
}

/* ---- refusals ---- */

static void test_budget_and_every_refused_commit(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 40; n++) {
        struct kit kit;
        kit_open(&kit, false, 1 << 20);
        kit.supply.fail_after = n;
        for (int i = 0; i < 30000; i++) {
            uint64_t bytes = i % 31 == 0 ? 9000 : (uint64_t)(8 + i % 300 * 8);
            if (kit_alloc(&kit, 0, bytes) == NULL && kit.supply.refused > 3)
                break;
        }
        assert_true(kit.supply.peak_bytes <= 1 << 20);
        kit_check(&kit);
        kit_close(&kit);
    }
}

/* ---- damage ---- */

static void expect_fault(const struct kit *kit, const char *words)
{
    struct gcr_error err = {""};
    assert_false(gcr_blocks_check(&kit->blocks, kit->contexts, 2, &err));
    assert_non_null(strstr(err.text, words));
}

static void test_check_finds_damage(void **state)
{
    (void)state;
    struct kit kit;
    kit_open(&kit, false, 0);
    char *object = kit_alloc(&kit, 0, 32);
    (void)kit_alloc(&kit, 0, 5000);
    struct gcr_block *block = gcr_blocks_block_of(&kit.blocks, object);
    kit_check(&kit);
    block->alloc[0] = 0;
    expect_fault(&kit, "disagree");
    block->alloc[0] = 1;
    block->alloc[1] = 1;
    expect_fault(&kit, "alloc entry set");
    block->alloc[1] = 0;
    block->slots--;
    expect_fault(&kit, "does not fit its class");
    block->slots++;
    struct gcr_blocks_context kept = kit.contexts[0];
    kit.contexts[1] = kept;
    expect_fault(&kit, "more or fewer contexts");
    kit.contexts[1] = (struct gcr_blocks_context){0};
    struct gcr_block *pool = kit.blocks.free_pool;
    kit.blocks.free_pool = pool->next;
    expect_fault(&kit, "missing from its list");
    kit.blocks.free_pool = block;
    expect_fault(&kit, "another state");
    kit.blocks.free_pool = pool;
    kit.blocks.first_free_page = 7;
    kit.blocks.run[0].state = GCR_RUN_FREE;
    expect_fault(&kit, "below the first free page");
    kit.blocks.run[0].state = GCR_RUN_USED;
    kit.blocks.run[0].pages = 9;
    expect_fault(&kit, "tile");
    kit.blocks.run[0].pages = 2;
    kit.blocks.pages_in_use++;
    expect_fault(&kit, "pages do not add up");
    kit.blocks.pages_in_use--;
    kit_check(&kit);
    kit_close(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_returned_slots_are_allocated_again),
        cmocka_unit_test(test_empty_blocks_serve_other_classes_and_go_back),
        cmocka_unit_test(test_a_thread_returns_while_the_mutator_allocates),
        cmocka_unit_test(test_swap_equals_the_shadow),
        cmocka_unit_test(test_given_up_collection_keeps_everything),
        cmocka_unit_test(test_budget_and_every_refused_commit),
        cmocka_unit_test(test_check_finds_damage),
    };
    return cmocka_run_group_tests_name("unit.blocks", tests, NULL, NULL);
}
