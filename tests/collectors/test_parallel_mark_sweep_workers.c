/* parallel-mark-sweep: workers and packets. The same graph is marked by any number of workers in
 * every way, packets and ranges are all consumed, one worker is deterministic, and a fork finds no
 * thread. */
#include <stdlib.h>

#include "tests/collectors/parallel_mark_sweep_fixture.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A graph with everything that stresses marking: a long list, a wide array, a tree, garbage of each
 * kind in between. Returns how many objects are reachable. */
static uint32_t build_graph(struct fixture *fixture)
{
    uint32_t array = fixture_alloc(fixture, MODEL_ARRAY, 700, 10);
    for (uint32_t i = 0; i < 700; i++) {
        uint32_t pair = fixture_alloc(fixture, MODEL_PAIR, 0, 11);
        fixture_store(fixture, array, i, pair);
        (void)fixture_alloc(fixture, MODEL_STRING, i, FIXTURE_NO_ROOT);
        if (i % 7 == 0)
            fixture_store(fixture, pair, 1, array); /* back, so that the array is found often */
    }
    fixture_root(fixture, 11, 0);
    uint32_t list = fixture_alloc(fixture, MODEL_LIST, 300, 12);
    for (uint32_t i = 1; i <= 300; i++)
        fixture_copy(fixture, list, i, array, i, 1);
    keep_pairs(fixture, 0, 2000);
    uint32_t large = fixture_alloc(fixture, MODEL_ARRAY, 3000, 13); /* a run of pages */
    fixture_store(fixture, large, 2999, list);
    return 1 + 700 + 1 + 2000 + 1;
}

/* Which handles are dead after a collection, as bytes. The caller frees it. */
static uint8_t *collect_and_see(const char *const *settings, uint32_t *reachable, uint32_t *handles)
{
    struct fixture fixture;
    pms_open(&fixture, settings, 0);
    *reachable = build_graph(&fixture);
    fixture_collect(&fixture);
    assert_int_equal(fixture_last(&fixture)->survivors, *reachable);
    assert_int_equal(fixture_walk_count(&fixture), *reachable);
    fixture_check(&fixture);
    struct gcr_error err;
    assert_true(pms_check_reachable(inside(&fixture), true, &err));
    assert_int_equal(inside(&fixture)->life.published, inside(&fixture)->life.taken);
    *handles = fixture.handle_count;
    uint8_t *dead = malloc(*handles);
    assert_non_null(dead);
    for (uint32_t i = 0; i < *handles; i++)
        dead[i] = i == 0 || fixture_is_dead(&fixture, i);
    fixture_close(&fixture);
    return dead;
}

static void test_any_number_of_workers_marks_the_same_set(void **state)
{
    (void)state;
    static const char *const ways[][6] = {
        {"workers=1", NULL},
        {"workers=2", NULL},
        {"workers=4", "packet=16", NULL},
        {"workers=8", "packet=16", "range=64", NULL},
        {"workers=4", "packet=16", "marks=bit", "prefetch=0", NULL},
        {"workers=4", "packet=16", "mark=plain", "range=64", NULL},
        {"workers=3", "packet=16", "marks=bit", "mark=plain", "share=full", NULL},
        {"workers=1", "packet=16", "range=64", "prefetch=64", "sweep=eager", NULL},
    };
    uint32_t reachable, handles, expected_handles;
    uint8_t *expected = collect_and_see(ways[0], &reachable, &expected_handles);
    for (size_t i = 1; i < GCR_COUNT_OF(ways); i++) {
        uint8_t *dead = collect_and_see(ways[i], &reachable, &handles);
        assert_int_equal(handles, expected_handles);
        assert_memory_equal(dead, expected, handles);
        free(dead);
    }
    free(expected);
}

static void test_full_buffers_become_packets_and_big_arrays_ranges(void **state)
{
    (void)state;
    struct fixture fixture;
    const char *settings[] = {"workers=1", "packet=16", "range=64", "prefetch=0", NULL};
    pms_open(&fixture, settings, 0);
    uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 64, 0);
    for (uint32_t i = 0; i < 64; i++)
        fixture_store(&fixture, array, i, fixture_alloc(&fixture, MODEL_PAIR, 0, 1));
    fixture_root(&fixture, 1, 0);
    fixture_collect(&fixture);
    const struct pms_counters *life = &inside(&fixture)->life;
    /* 64 references into a buffer of 32: after 32 and 48 the older 16 leave */
    assert_int_equal(life->published, 2);
    assert_int_equal(life->ranges, 0);
    uint32_t larger = fixture_alloc(&fixture, MODEL_ARRAY, 65, 0);
    fixture_store(&fixture, larger, 64, array);
    fixture_collect(&fixture);
    assert_int_equal(life->ranges, 2); /* slots 0 to 63, and 64 */
    assert_int_equal(life->published, life->taken);
    assert_int_equal(inside(&fixture)->pool.in_use, 0);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* With a pool of nothing, a worker goes on with its own stack. */
static void test_without_packets_the_own_stack_serves(void **state)
{
    (void)state;
    struct fixture fixture;
    const char *settings[] = {"workers=2", "packet=16", "range=1000000", NULL};
    pms_open(&fixture, settings, 0);
    uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 500, 0);
    for (uint32_t i = 0; i < 500; i++)
        fixture_store(&fixture, array, i, fixture_alloc(&fixture, MODEL_PAIR, 0, 1));
    inside(&fixture)->pool.limit_bytes = 0;
    fixture_collect(&fixture);
    assert_int_equal(inside(&fixture)->life.published, 0);
    assert_true(inside(&fixture)->life.spilled >= 400);
    assert_int_equal(fixture_last(&fixture)->survivors, 501);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* And if that is refused too, nothing is freed, nothing is lost, and the heap is exhausted. */
static void test_no_memory_for_work_is_exhaustion(void **state)
{
    (void)state;
    for (int workers = 1; workers <= 3; workers++) {
        char count[] = "workers=0";
        count[8] = (char)('0' + workers);
        struct fixture fixture;
        const char *settings[] = {count, "packet=16", "range=1000000", NULL};
        pms_open(&fixture, settings, 0);
        fixture_collect(&fixture); /* so that the workers exist */
        uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 500, 0);
        for (uint32_t i = 0; i < 500; i++)
            fixture_store(&fixture, array, i, fixture_alloc(&fixture, MODEL_PAIR, 0, 1));
        drop_pairs(&fixture, 100);
        inside(&fixture)->pool.limit_bytes = 0;
        fixture.supply.system_limit_bytes = fixture.supply.committed_bytes;
        fixture_collect(&fixture);
        assert_true(inside(&fixture)->out_of_work_memory);
        assert_int_equal(fixture_last(&fixture)->freed, 0);
        assert_int_equal(fixture_walk_count(&fixture), 1 + 500 + 100);
        assert_int_equal(fixture_alloc(&fixture, MODEL_PAIR, 0, 2), 0);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

/* Everything that a run leaves behind but the addresses of the harness. */
struct trail {
    uint64_t collections, published, ranges, marked, lazy;
    uint64_t where; /* a hash of all objects' addresses, in order of allocation */
};

static struct trail run_once(uint64_t seed)
{
    struct fixture fixture;
    struct model model;
    struct trail trail = {0};
    const char *settings[] = {"workers=1", "floor=64K", "packet=16", "range=64", NULL};
    pms_open(&fixture, settings, 0);
    uintptr_t base = inside(&fixture)->blocks.base;
    model_init(&model, &fixture, seed, 3);
    model_run(&model, 6000);
    for (uint32_t i = 1; i < fixture.handle_count; i++)
        trail.where =
            (trail.where ^
             (fixture_is_dead(&fixture, i) ? 0 : (uintptr_t)fixture_ref(&fixture, i) - base)) *
            0x100000001b3u;
    const struct gcr_parallel_mark_sweep *h = inside(&fixture);
    trail.collections = fixture.collection_count;
    trail.published = h->life.published;
    trail.ranges = h->life.ranges;
    trail.marked = h->heap.work.marked_objects;
    trail.lazy = h->lazy_blocks;
    model_finish(&model);
    fixture_close(&fixture);
    return trail;
}

static void test_one_worker_repeats_itself_exactly(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct trail first = run_once(seed), second = run_once(seed);
        assert_true(first.collections > 2);
        assert_memory_equal(&first, &second, sizeof first);
    }
}

static void test_fork_joins_the_workers_and_both_sides_collect(void **state)
{
    (void)state;
    struct fixture fixture;
    const char *settings[] = {"workers=3", NULL};
    pms_open(&fixture, settings, 0);
    uint32_t reachable = build_graph(&fixture);
    fixture_collect(&fixture);
    assert_int_equal(inside(&fixture)->team.count, 3);
    gcr_collector_parallel_mark_sweep.before_fork(fixture.heap);
    assert_int_equal(inside(&fixture)->team.count, 1);
    pid_t child = fork();
    assert_true(child >= 0);
    drop_pairs(&fixture, 500);
    fixture_collect(&fixture);
    assert_int_equal(inside(&fixture)->team.count, 3);
    assert_int_equal(fixture_walk_count(&fixture), reachable);
    fixture_check(&fixture);
    if (child == 0)
        _exit(0); /* an assertion that fails ends the child otherwise */
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    fixture_close(&fixture);
}

static void test_threads_that_cannot_be_had_are_done_without(void **state)
{
    (void)state;
    struct fixture fixture;
    const char *settings[] = {"workers=8", NULL};
    pms_open(&fixture, settings, 0);
    uint32_t reachable = build_graph(&fixture);
    fixture.supply.system_limit_bytes = fixture.supply.committed_bytes + 64 * KIB;
    fixture_collect(&fixture);
    assert_int_equal(inside(&fixture)->team.count, 1);
    assert_int_equal(fixture_walk_count(&fixture), reachable);
    fixture.supply.system_limit_bytes = 0;
    fixture_collect(&fixture); /* later there is room */
    assert_int_equal(inside(&fixture)->team.count, 8);
    assert_int_equal(fixture_walk_count(&fixture), reachable);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_number_of_workers_marks_the_same_set),
        cmocka_unit_test(test_full_buffers_become_packets_and_big_arrays_ranges),
        cmocka_unit_test(test_without_packets_the_own_stack_serves),
        cmocka_unit_test(test_no_memory_for_work_is_exhaustion),
        cmocka_unit_test(test_one_worker_repeats_itself_exactly),
        cmocka_unit_test(test_fork_joins_the_workers_and_both_sides_collect),
        cmocka_unit_test(test_threads_that_cannot_be_had_are_done_without),
    };
    return cmocka_run_group_tests_name("collector.parallel_mark_sweep_workers", tests, NULL, NULL);
}
