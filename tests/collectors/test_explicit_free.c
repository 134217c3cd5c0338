/* explicit-free through the seam, on every allocator that this machine has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "allocators/explicit_free/explicit_free_inline.h"
#include "tests/support/heap_model.h"

static const char *const allocators[] = {"allocator=pools", "allocator=system",
                                         "allocator=jemalloc", "allocator=mimalloc"};
enum { ALLOCATORS = sizeof allocators / sizeof allocators[0] };

/* Opens a heap; false if this allocator is not there, which must be said as such. */
static bool explicit_open(struct fixture *fixture, const char *allocator, uint64_t budget,
                          bool report_frees, uint64_t fail_after)
{
    const char *settings[] = {allocator, NULL};
    const struct fixture_config config = {.collector = &gcr_collector_explicit_free,
                                          .ops = &gcr_mutator_ops_explicit_free,
                                          .shapes = model_shapes,
                                          .shape_count = MODEL_SHAPES,
                                          .settings = settings,
                                          .budget_bytes = budget,
                                          .report_frees = report_frees,
                                          .fail_after = fail_after};
    struct gcr_error err = {"no message"};
    gcr_status status = fixture_try_open(fixture, &config, &err);
    if (status == GCR_UNSUPPORTED) {
        assert_non_null(strstr(err.text, "explicit-free"));
        print_message("%s: %s\n", allocator, err.text);
    } else if (status == GCR_HEAP_EXHAUSTED) {
        assert_true(fail_after != 0 || budget != 0);
    } else {
        assert_int_equal(status, GCR_OK);
    }
    return status == GCR_OK;
}

static void test_death_frees_object_and_body_and_nothing_else(void **state)
{
    (void)state;
    for (int a = 0; a < ALLOCATORS; a++) {
        struct fixture fixture;
        if (!explicit_open(&fixture, allocators[a], 0, true, 0))
            continue;
        uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 100, 0);
        uint32_t kept = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
        uint32_t big = fixture_alloc(&fixture, MODEL_ARRAY, 5000, 2);
        fixture_store(&fixture, list, 7, kept);
        fixture_store(&fixture, kept, 0, list); /* a cycle */
        fixture_write(&fixture, kept, 0, 8, 5);
        gcr_ref where = fixture_ref(&fixture, list);
        fixture_death(&fixture, list);
        assert_int_equal(fixture.freed_count, 1);
        assert_ptr_equal(fixture.freed[0], where);
        assert_int_equal(fixture.heap->work.freed_objects, 1);
        assert_int_equal(fixture_walk_count(&fixture), 2);
        fixture_assert_pattern(&fixture, kept, 0, 8, 5);
        fixture_check(&fixture);
        fixture_death(&fixture, big);
        fixture_death(&fixture, kept);
        assert_int_equal(fixture_walk_count(&fixture), 0);
        struct gcr_footprint parts;
        gcr_collector_explicit_free.footprint(fixture.heap, &parts);
        assert_int_equal(parts.objects_bytes, 0);
        fixture_close(&fixture);
    }
}

static void test_pools_layout_to_the_byte(void **state)
{
    (void)state;
    struct fixture fixture;
    assert_true(explicit_open(&fixture, "allocator=pools", 0, false, 0));
    uint32_t first = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t second = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    char *a = (char *)fixture_ref(&fixture, first), *b = (char *)fixture_ref(&fixture, second);
    assert_int_equal(b - a, 32);
    assert_int_equal(gcr_object_header(fixture_ref(&fixture, first)) & GCR_HEADER_ID_MASK,
                     MODEL_PAIR);
    struct gcr_footprint parts;
    gcr_collector_explicit_free.footprint(fixture.heap, &parts);
    assert_int_equal(parts.objects_bytes, 2 * 24);
    assert_int_equal(parts.headers_bytes, 2 * 8 + sizeof(struct gcr_pool));
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_pools_use_the_memory_of_the_dead_again(void **state)
{
    (void)state;
    struct fixture fixture;
    assert_true(explicit_open(&fixture, "allocator=pools", 0, false, 0));
    uint32_t victim = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    fixture_write(&fixture, victim, 0, 8, 1);
    gcr_ref where = fixture_ref(&fixture, victim);
    fixture_root(&fixture, 0, 0);
    fixture_death(&fixture, victim);
    uint32_t next = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    assert_ptr_equal(fixture_ref(&fixture, next), where);
    assert_int_equal(fixture_slot(&fixture, next, 0), 0);
    fixture_assert_zero(&fixture, next, 0, 8);
    /* a ramp and its end: arenas go back */
    uint64_t before = fixture.supply.committed_bytes;
    uint32_t from = fixture.handle_count;
    for (int i = 0; i < 100000; i++)
        assert_int_not_equal(fixture_alloc(&fixture, MODEL_PAIR, 0, 1), 0);
    assert_true(fixture.supply.committed_bytes >= before + 100000 * 32 - (1 << 20));
    for (uint32_t i = from; i < from + 100000; i++)
        fixture_death(&fixture, i);
    assert_true(fixture.supply.committed_bytes <= before + (1 << 20) + GCR_PAGE_BYTES);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_weak_reference_to_the_dead_is_null(void **state)
{
    (void)state;
    for (int a = 0; a < ALLOCATORS; a++) {
        struct fixture fixture;
        if (!explicit_open(&fixture, allocators[a], 0, true, 0))
            continue;
        uint32_t target = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
        uint32_t other = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
        uint32_t weak = fixture_alloc(&fixture, MODEL_WEAK, 0, 2);
        uint32_t second = fixture_alloc(&fixture, MODEL_WEAK, 0, 3);
        fixture_weakref(&fixture, weak, target);
        fixture_weakref(&fixture, second, other);
        assert_ptr_equal(
            gcr_collector_explicit_free.weak_target(fixture.heap, fixture_ref(&fixture, weak)),
            fixture_ref(&fixture, target));
        fixture_death(&fixture, target);
        assert_null(
            gcr_collector_explicit_free.weak_target(fixture.heap, fixture_ref(&fixture, weak)));
        fixture_death(&fixture, second); /* the weak reference dies before its target */
        fixture_death(&fixture, other);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

static void test_prebuilt_objects_are_immortal(void **state)
{
    (void)state;
    struct fixture fixture;
    assert_true(explicit_open(&fixture, "allocator=pools", 0, true, 0));
    uint32_t object = fixture_prebuilt(&fixture, MODEL_LIST, 3);
    gcr_ref where = fixture_ref(&fixture, object);
    fixture.ops->death(fixture.heap, where);
    assert_int_equal(fixture.freed_count, 0);
    assert_int_equal(fixture_walk_count(&fixture), 1);
    assert_true(fixture_resize(&fixture, object, 30));
    assert_int_equal(fixture_length(&fixture, object), 30);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- random runs ---- */

static void run_random(const char *allocator, uint64_t seed, bool report_frees)
{
    struct fixture fixture;
    struct model model;
    if (!explicit_open(&fixture, allocator, 0, report_frees, 0))
        return;
    model_init(&model, &fixture, seed, 3);
    for (int round = 0; round < 30; round++) {
        model_run(&model, 200);
        assert_false(model.exhausted);
        model_reap(&model);
        bool listed = report_frees || strcmp(allocator, "allocator=pools") == 0;
        uint32_t reachable = model_compare(&model, listed);
        assert_true(reachable >= 3);
    }
    if (report_frees)
        assert_int_equal(fixture.freed_count, fixture.heap->work.freed_objects);
    if (strcmp(allocator, "allocator=system") == 0) { /* not freed one by one otherwise */
        memset(model.roots, 0, sizeof model.roots);
        for (uint32_t i = 1; i < fixture.handle_count; i++)
            if (!fixture_is_dead(&fixture, i) && !model.objects[i].prebuilt)
                fixture_death(&fixture, i);
    }
    model_finish(&model);
    fixture_close(&fixture);
}

static void test_random_runs_equal_the_shadow_graph(void **state)
{
    (void)state;
    uint64_t seed = model_seed(1);
    for (int a = 0; a < ALLOCATORS; a++)
        for (uint64_t round = 0; round < 6; round++)
            run_random(allocators[a], seed + round, true);
    for (uint64_t round = 0; round < 6; round++) /* the inlined paths */
        run_random("allocator=pools", seed + round, false);
    run_random("allocator=jemalloc", seed, false);
    run_random("allocator=mimalloc", seed, false);
}

/* ---- limits and trouble ---- */

static void test_budget_ends_in_exhaustion(void **state)
{
    (void)state;
    const uint64_t budget = 80 << 20; /* mimalloc takes 32 MiB at a time */
    for (int a = 0; a < ALLOCATORS; a++) {
        struct fixture fixture;
        if (!explicit_open(&fixture, allocators[a], budget, true, 0))
            continue;
        uint64_t objects = 0;
        while (fixture_alloc(&fixture, MODEL_ARRAY, 12000, 0) != 0)
            objects++;
        assert_true(objects * 96000 <= budget);
        assert_true(objects * 96000 >= budget / 2 - (32 << 20));
        assert_true(fixture.supply.peak_bytes <= budget);
        fixture_death(&fixture, 1);
        fixture_close(&fixture);
    }
}

static void test_footprint_follows_foreign_allocators(void **state)
{
    (void)state;
    for (int a = 1; a < ALLOCATORS; a++) {
        struct fixture fixture;
        if (!explicit_open(&fixture, allocators[a], 0, true, 0))
            continue;
        for (int i = 0; i < 1000; i++)
            assert_int_not_equal(fixture_alloc(&fixture, MODEL_STRING, 10000, 0), 0);
        fixture_check(&fixture); /* asks for the footprint: the parts add up */
        uint64_t grown = fixture.supply.by_kind_bytes[GCR_PAGES_OBJECTS];
        assert_true(grown >= 1000 * 10016);
        assert_true(grown <= 1000 * 10016 * 2 + (64 << 20));
        fixture_close(&fixture);
    }
}

static void test_every_refused_commit_is_survived(void **state)
{
    (void)state;
    uint64_t seed = model_seed(7);
    uint32_t finished = 0;
    for (uint64_t nth = 1; nth < 40; nth++) {
        struct fixture fixture;
        struct model model;
        if (!explicit_open(&fixture, "allocator=pools", 0, true, nth))
            continue;
        model_init(&model, &fixture, seed, 2);
        model.max_length = 2000;
        for (int round = 0; round < 5; round++) {
            model_run(&model, 300);
            model_reap(&model);
            (void)model_compare(&model, true);
        }
        finished += model.exhausted ? 0 : 1;
        assert_true(!model.exhausted || fixture.supply.refused != 0);
        model_finish(&model);
        fixture_close(&fixture);
    }
    assert_true(finished < 39);
}

static void test_fork_leaves_both_sides_working(void **state)
{
    (void)state;
    for (int a = 0; a < ALLOCATORS; a++) {
        struct fixture fixture;
        struct model model;
        if (!explicit_open(&fixture, allocators[a], 0, true, 0))
            continue;
        model_init(&model, &fixture, 11, 0);
        model_run(&model, 1000);
        pid_t child = fork();
        if (child == 0) {
            model.random += 1;
            model_run(&model, 1000);
            model_reap(&model);
            (void)model_compare(&model, true);
            _exit(0);
        }
        int status = -1;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        model_run(&model, 1000);
        model_reap(&model);
        (void)model_compare(&model, true);
        model_finish(&model);
        fixture_close(&fixture);
    }
}

static void test_process_malloc_is_untouched(void **state)
{
    (void)state;
    for (int a = 2; a < ALLOCATORS; a++) {
        struct fixture fixture;
        if (!explicit_open(&fixture, allocators[a], 0, true, 0))
            continue;
        void *ours = malloc(100);
        uint32_t object = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
        /* libc's heap and the other allocator's memory lie in different mappings */
        uintptr_t x = (uintptr_t)ours, y = (uintptr_t)fixture_ref(&fixture, object);
        assert_true((x > y ? x - y : y - x) > (1 << 20));
        free(ours);
        fixture_close(&fixture);
    }
}

static void test_check_finds_damage(void **state)
{
    (void)state;
    struct fixture fixture;
    struct gcr_error err;
    assert_true(explicit_open(&fixture, "allocator=pools", 0, true, 0));
    uint32_t object = fixture_alloc(&fixture, MODEL_ARRAY, 4, 0);
    uint64_t *word = gcr_object_word(fixture_ref(&fixture, object), 0);
    uint64_t header = word[0], length = word[1];
    word[0] = header + 500;
    assert_false(gcr_collector_explicit_free.check(fixture.heap, 2, &err));
    word[0] = header;
    word[1] = length - 1;
    assert_false(gcr_collector_explicit_free.check(fixture.heap, 2, &err));
    word[1] = length;
    fixture_check(&fixture);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* first: an allocator keeps some of what earlier heaps of this process had */
        cmocka_unit_test(test_footprint_follows_foreign_allocators),
        cmocka_unit_test(test_death_frees_object_and_body_and_nothing_else),
        cmocka_unit_test(test_pools_layout_to_the_byte),
        cmocka_unit_test(test_pools_use_the_memory_of_the_dead_again),
        cmocka_unit_test(test_weak_reference_to_the_dead_is_null),
        cmocka_unit_test(test_prebuilt_objects_are_immortal),
        cmocka_unit_test(test_random_runs_equal_the_shadow_graph),
        cmocka_unit_test(test_budget_ends_in_exhaustion),
        cmocka_unit_test(test_every_refused_commit_is_survived),
        cmocka_unit_test(test_fork_leaves_both_sides_working),
        cmocka_unit_test(test_process_malloc_is_untouched),
        cmocka_unit_test(test_check_finds_damage),
    };
    return cmocka_run_group_tests_name("collector.explicit_free", tests, NULL, NULL);
}
