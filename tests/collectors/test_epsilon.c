/* epsilon through the seam: never collects, carves in order, commits in steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "allocators/epsilon/epsilon_inline.h"
#include "tests/support/heap_model.h"

enum { PAGE = GCR_PAGE_BYTES };

static struct fixture_config epsilon_config(const char *const *settings, uint64_t budget)
{
    return (struct fixture_config){.collector = &gcr_collector_epsilon,
                                   .ops = &gcr_mutator_ops_epsilon,
                                   .shapes = model_shapes,
                                   .shape_count = MODEL_SHAPES,
                                   .settings = settings,
                                   .budget_bytes = budget};
}

static const char *at(const struct fixture *fixture, uint32_t object)
{
    return (const char *)fixture_ref(fixture, object);
}

static void test_objects_follow_each_other_to_the_byte(void **state)
{
    (void)state;
    struct fixture fixture;
    struct fixture_config config = epsilon_config(NULL, 0);
    fixture_open(&fixture, &config);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);     /* 8 + 24 */
    uint32_t empty = fixture_alloc(&fixture, MODEL_EMPTY, 0, 1);   /* minimum */
    uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 3, 2);   /* 16 + 24 */
    uint32_t string = fixture_alloc(&fixture, MODEL_STRING, 5, 3); /* 16 + 5, rounded */
    uint32_t weak = fixture_alloc(&fixture, MODEL_WEAK, 0, 4);     /* 8 + 8 + 8 */
    uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 2, 5);     /* 16 + 8, body 16 + 16 */
    uint32_t record = fixture_alloc(&fixture, MODEL_RECORD, 1, 6); /* 16 + 13 + 11, 40 */
    uint32_t last = fixture_alloc(&fixture, MODEL_EMPTY, 0, 7);
    assert_int_equal(at(&fixture, empty) - at(&fixture, pair), 32);
    assert_int_equal(at(&fixture, array) - at(&fixture, empty), 16);
    assert_int_equal(at(&fixture, string) - at(&fixture, array), 40);
    assert_int_equal(at(&fixture, weak) - at(&fixture, string), 24);
    assert_int_equal(at(&fixture, list) - at(&fixture, weak), 24);
    assert_int_equal(at(&fixture, record) - at(&fixture, list), 24 + 32);
    assert_int_equal(at(&fixture, last) - at(&fixture, record), 40);
    struct gcr_footprint parts;
    gcr_collector_epsilon.footprint(fixture.heap, &parts);
    assert_int_equal(parts.objects_bytes, 24 + 0 + 24 + 5 + 8 + (8 + 16) + (13 + 11));
    assert_int_equal(parts.headers_bytes, 8 + 8 + 16 + 16 + 16 + (16 + 16) + 16 + 8);
    assert_int_equal(fixture_walk_count(&fixture), 8);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_commits_in_steps_and_up_to_the_budget(void **state)
{
    (void)state;
    const char *settings[] = {"step=64K", "pretouch=off", NULL};
    struct fixture fixture;
    struct fixture_config config = epsilon_config(settings, 300 * 1024);
    fixture_open(&fixture, &config);
    uint64_t before = fixture.supply.committed_bytes;
    assert_int_not_equal(fixture_alloc(&fixture, MODEL_PAIR, 0, 0), 0);
    assert_int_equal(fixture.supply.committed_bytes, before + 64 * 1024);
    uint64_t objects = 1;
    while (fixture_alloc(&fixture, MODEL_PAIR, 0, 0) != 0)
        objects++;
    assert_int_equal(fixture.supply.committed_bytes, 300 * 1024);
    assert_int_equal(objects, (300 * 1024 - before) / 32);
    assert_int_equal(fixture.collection_count, 0);
    assert_int_equal(fixture.heap->work.allocated_objects, objects);
    assert_int_not_equal(fixture.roots[0], NULL); /* the last one that fitted */
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_explicit_collection_is_ignored(void **state)
{
    (void)state;
    struct fixture fixture;
    struct fixture_config config = epsilon_config(NULL, 0);
    fixture_open(&fixture, &config);
    uint32_t dropped = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    gcr_ref where = fixture_ref(&fixture, dropped);
    gcr_collector_epsilon.collect(fixture.heap, 2, GCR_REASON_EXPLICIT);
    assert_int_equal(fixture.begun, 0);
    assert_ptr_equal(fixture_ref(&fixture, dropped), where);
    assert_int_equal(fixture_walk_count(&fixture), 1);
    fixture_close(&fixture);
}

/* ---- touching beforehand ---- */

struct held_clock {
    int stops, starts;
    uint64_t committed_at_stop;
    struct fixture *fixture;
};
static struct held_clock *held_clock_of(struct gcr_host *host)
{
    return ((struct fixture *)host)->arg;
}

static void held_clock_stop(struct gcr_host *host, bool stopped)
{
    struct held_clock *clock = held_clock_of(host);
    if (stopped) {
        assert_int_equal(clock->stops, clock->starts);
        clock->stops++;
        clock->committed_at_stop = host->supply->committed_bytes;
    } else {
        clock->starts++;
        assert_true(host->supply->committed_bytes > clock->committed_at_stop);
    }
}

static size_t resident_pages(const void *start, size_t pages)
{
    unsigned char map[256];
    size_t resident = 0;
    assert_true(pages <= sizeof map);
    assert_int_equal(mincore((void *)(uintptr_t)start, pages * PAGE, map), 0);
    for (size_t i = 0; i < pages; i++)
        resident += map[i] & 1u;
    return resident;
}

static void run_pretouch(const char *setting, size_t expected_pages, int expected_stops)
{
    const char *settings[] = {"step=256K", setting, NULL};
    struct fixture fixture;
    struct held_clock clock = {.fixture = &fixture};
    struct fixture_config config = epsilon_config(settings, 0);
    fixture_open(&fixture, &config);
    fixture.host.stop_clock = held_clock_stop;
    fixture.arg = &clock;
    uint32_t first = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    const void *start = fixture_ref(&fixture, first);
    assert_int_equal((uintptr_t)start % PAGE, 0);
    assert_int_equal(resident_pages(start, 64), expected_pages);
    assert_int_equal(clock.stops, expected_stops);
    assert_int_equal(clock.starts, expected_stops);
    assert_false(fixture.supply.pretouch); /* other users of the supply are not affected */
    fixture_close(&fixture);
}

static void test_pretouch_makes_a_step_resident_off_the_clock(void **state)
{
    (void)state;
    run_pretouch("pretouch=on", 64, 1);
}

static void test_without_pretouch_pages_fault_on_first_use(void **state)
{
    (void)state;
    run_pretouch("pretouch=off", 1, 0);
}

/* ---- bodies ---- */

static void test_resize_keeps_items_and_fills_slack(void **state)
{
    (void)state;
    struct fixture fixture;
    struct fixture_config config = epsilon_config(NULL, 0);
    fixture_open(&fixture, &config);
    uint32_t table = fixture_alloc(&fixture, MODEL_TABLE, 3, 0);
    uint32_t alias = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
    fixture_store(&fixture, alias, 0, table);
    fixture_store(&fixture, table, 1, alias);
    fixture_write(&fixture, table, 0, 4 + 3 * 11, 9);
    assert_true(fixture_resize(&fixture, table, 20));
    assert_int_equal(fixture_length(&fixture, table), 20);
    assert_int_equal(fixture_slot(&fixture, table, 1), alias);
    assert_int_equal(fixture_slot(&fixture, table, 19), 0);
    fixture_assert_pattern(&fixture, table, 0, 4 + 3 * 11, 9);
    fixture_assert_zero(&fixture, table, 4 + 3 * 11, 17 * 11);
    fixture_store(&fixture, table, 19, table);
    assert_true(fixture_resize(&fixture, table, 2));
    fixture_assert_pattern(&fixture, table, 0, 4 + 2 * 11, 9);
    assert_int_equal(fixture_slot(&fixture, alias, 0), table);
    assert_true(fixture_resize(&fixture, table, 0));
    assert_true(fixture_resize(&fixture, table, 1));
    assert_int_equal(fixture_slot(&fixture, table, 0), 0);
    fixture_assert_zero(&fixture, table, 4, 11);
    assert_int_equal(fixture_walk_count(&fixture), 2);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_random_runs_equal_the_shadow_graph(void **state)
{
    (void)state;
    uint64_t seed = model_seed(1);
    for (uint32_t round = 0; round < 20; round++) {
        struct fixture fixture;
        struct model model;
        struct fixture_config config = epsilon_config(NULL, 0);
        fixture_open(&fixture, &config);
        model_init(&model, &fixture, seed + round, round % 4);
        model.finalizers = true;
        model_run(&model, 4000);
        assert_false(model.exhausted);
        assert_true(model_compare(&model, false) > 0);
        assert_int_equal(fixture_walk_count(&fixture), fixture.handle_count - 1);
        assert_int_equal(fixture.finalized_count, 0);
        model_finish(&model);
        fixture_close(&fixture);
    }
}

/* ---- trouble ---- */

static void test_refused_commit_is_exhaustion(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth <= 8; nth++) {
        const char *settings[] = {"step=4K", NULL};
        struct fixture fixture;
        struct gcr_error err;
        struct fixture_config config = epsilon_config(settings, 0);
        config.fail_after = nth;
        gcr_status status = fixture_try_open(&fixture, &config, &err);
        if (nth <= 2) { /* the heap's page and the table of shapes */
            assert_int_equal(status, GCR_HEAP_EXHAUSTED);
            continue;
        }
        assert_int_equal(status, GCR_OK);
        uint64_t objects = 0;
        while (fixture_alloc(&fixture, MODEL_PAIR, 0, 0) != 0)
            objects++;
        assert_int_equal(objects, (nth - 3) * PAGE / 32);
        assert_int_equal(fixture.supply.refused, 1);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

static void test_child_of_a_fork_goes_on_alone(void **state)
{
    (void)state;
    struct fixture fixture;
    struct fixture_config config = epsilon_config(NULL, 0);
    fixture_open(&fixture, &config);
    uint32_t object = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    fixture_write(&fixture, object, 0, 8, 3);
    pid_t child = fork();
    if (child == 0) {
        uint32_t more = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
        fixture_store(&fixture, object, 0, more);
        fixture_write(&fixture, object, 0, 8, 4);
        _exit(fixture_slot(&fixture, object, 0) == more ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(fixture_slot(&fixture, object, 0), 0);
    fixture_assert_pattern(&fixture, object, 0, 8, 3);
    fixture_close(&fixture);
}

static void test_check_finds_damage(void **state)
{
    (void)state;
    struct fixture fixture;
    struct gcr_error err;
    struct fixture_config config = epsilon_config(NULL, 0);
    fixture_open(&fixture, &config);
    uint32_t object = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint64_t *word = gcr_object_word(fixture_ref(&fixture, object), 0);
    uint64_t right = word[0];
    fixture_check(&fixture);
    word[0] = right + 1000;
    assert_false(gcr_collector_epsilon.check(fixture.heap, 2, &err));
    word[0] = right;
    word[1] = (uint64_t)(uintptr_t)&fixture;
    assert_false(gcr_collector_epsilon.check(fixture.heap, 2, &err));
    word[1] = 0;
    epsilon_of(fixture.heap)->region.free[16] = 1;
    assert_false(gcr_collector_epsilon.check(fixture.heap, 3, &err));
    epsilon_of(fixture.heap)->region.free[16] = 0;
    fixture_check(&fixture);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects_follow_each_other_to_the_byte),
        cmocka_unit_test(test_commits_in_steps_and_up_to_the_budget),
        cmocka_unit_test(test_explicit_collection_is_ignored),
        cmocka_unit_test(test_pretouch_makes_a_step_resident_off_the_clock),
        cmocka_unit_test(test_without_pretouch_pages_fault_on_first_use),
        cmocka_unit_test(test_resize_keeps_items_and_fills_slack),
        cmocka_unit_test(test_random_runs_equal_the_shadow_graph),
        cmocka_unit_test(test_refused_commit_is_exhaustion),
        cmocka_unit_test(test_child_of_a_fork_goes_on_alone),
        cmocka_unit_test(test_check_finds_damage),
    };
    return cmocka_run_group_tests_name("collector.epsilon", tests, NULL, NULL);
}
