/* semispace through the seam: sizing, giving memory back, budgets, refusals, forks, damage, and
 * random runs against a shadow graph. */
#include "tests/collectors/semispace_fixture.h"
#include "tests/support/random_run.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- growth ---- */

static void test_ramp_doubles_by_the_red_zone(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    assert_int_equal(inside(&fixture)->copy.space.bytes, 8 * MIB);
    /* 8 MiB of live pairs: the first collection leaves nothing free, so that the counter is 2 at
     * once; the request still does not fit, so that it doubles in the same breath. */
    keep_pairs(&fixture, 0, 8 * MIB / 32 + 1);
    assert_int_equal(fixture.collection_count, 2);
    assert_int_equal(fixture.collections[0].reason, GCR_REASON_ALLOCATION);
    assert_int_equal(fixture.collections[1].reason, GCR_REASON_GROWTH);
    assert_int_equal(inside(&fixture)->copy.space.bytes, 16 * MIB);
    assert_int_equal(inside(&fixture)->copy.space.red_zone, 0);
    keep_pairs(&fixture, 0, 8 * MIB / 32);
    assert_int_equal(inside(&fixture)->copy.space.bytes, 32 * MIB);
    assert_int_equal(fixture.collection_count, 4);
    assert_int_equal(fixture.collections[3].reason, GCR_REASON_GROWTH);
    assert_int_equal(fixture.collections[3].moved_bytes, 16 * MIB);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_red_zone_arithmetic_at_its_edges(void **state)
{
    (void)state;
    /* S = 64 KiB = 2048 pairs. Free after the collection: more than S/3 = 21845 bytes -> 0; between
     * -> +1; less than S/5 = 13107 bytes -> +2. */
    const struct {
        uint32_t live_pairs, counter;
    } edges[] = {{0, 0}, {1365, 0}, {1366, 1}, {1638, 1}, {1639, 2}, {2048, 2}};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        const char *settings[] = {"start=64K", NULL};
        struct fixture fixture;
        semispace_open(&fixture, settings, 0);
        keep_pairs(&fixture, 0, edges[i].live_pairs);
        assert_int_equal(fixture.collection_count, 0);
        fixture_collect(&fixture);
        assert_int_equal(inside(&fixture)->copy.space.red_zone, edges[i].counter);
        fixture_close(&fixture);
    }
}

static void test_two_mild_warnings_in_a_row_double(void **state)
{
    (void)state;
    const char *settings[] = {"start=64K", NULL};
    struct fixture fixture;
    semispace_open(&fixture, settings, 0);
    keep_pairs(&fixture, 0, 1500); /* 73 % full: one warning a collection */
    fixture_collect(&fixture);
    fixture_collect(&fixture);
    assert_int_equal(inside(&fixture)->copy.space.red_zone, 2);
    assert_int_equal(inside(&fixture)->copy.space.bytes, 64 * KIB);
    drop_pairs(&fixture, 548 + 1); /* the next full space is doubled, not collected */
    assert_int_equal(fixture.collection_count, 3);
    assert_int_equal(fixture_last(&fixture)->reason, GCR_REASON_GROWTH);
    assert_int_equal(inside(&fixture)->copy.space.bytes, 128 * KIB);
    fixture_close(&fixture);
}

static void test_room_after_a_warning_takes_it_back(void **state)
{
    (void)state;
    const char *settings[] = {"start=64K", NULL};
    struct fixture fixture;
    semispace_open(&fixture, settings, 0);
    keep_pairs(&fixture, 0, 1500);
    fixture_collect(&fixture);
    assert_int_equal(inside(&fixture)->copy.space.red_zone, 1);
    fixture_root(&fixture, 0, 0);
    fixture_collect(&fixture);
    assert_int_equal(inside(&fixture)->copy.space.red_zone, 0);
    fixture_close(&fixture);
}

static void test_large_object_doubles_step_by_step(void **state)
{
    (void)state;
    const char *settings[] = {"start=64K", NULL};
    struct fixture fixture;
    semispace_open(&fixture, settings, 0);
    keep_pairs(&fixture, 0, 10);
    assert_int_not_equal(fixture_alloc(&fixture, MODEL_STRING, 1000 * KIB, 5), 0);
    /* one collection, then 64 -> 128 -> 256 -> 512 -> 1024 -> 2048 KiB: by the rule, missing bytes
     * are counted down by each present size, and 960 KiB would be reached at 1024 only with the
     * rest free */
    assert_int_equal(fixture.collections[0].reason, GCR_REASON_ALLOCATION);
    for (uint32_t i = 1; i < fixture.collection_count; i++)
        assert_int_equal(fixture.collections[i].reason, GCR_REASON_GROWTH);
    uint64_t size = 64 * KIB, missing = 1000 * KIB + 16 - (64 * KIB - 320);
    uint32_t doublings = 0;
    for (; (int64_t)missing > 0; doublings++) {
        missing -= size;
        size *= 2;
    }
    assert_int_equal(fixture.collection_count, 1 + doublings);
    assert_int_equal(inside(&fixture)->copy.space.bytes, size);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_max_ends_growth(void **state)
{
    (void)state;
    const char *settings[] = {"start=64K", "max=128K", NULL};
    struct fixture fixture;
    semispace_open(&fixture, settings, 0);
    keep_pairs(&fixture, 0, 4096);
    assert_int_equal(inside(&fixture)->copy.space.bytes, 128 * KIB);
    gcr_ref head = fixture.roots[0];
    assert_int_equal(fixture_alloc(&fixture, MODEL_PAIR, 0, 1), 0);
    assert_non_null(head);
    assert_null(fixture.roots[1]); /* unchanged */
    fixture_root(&fixture, 0, 0);
    assert_int_not_equal(fixture_alloc(&fixture, MODEL_PAIR, 0, 1), 0);
    fixture_close(&fixture);
}

static void test_start_above_max_is_refused(void **state)
{
    (void)state;
    const char *settings[] = {"start=64M", "max=32M", NULL};
    struct fixture fixture;
    struct gcr_error err;
    struct fixture_config config = semispace_config(settings, 0);
    assert_int_equal(fixture_try_open(&fixture, &config, &err), GCR_USAGE);
    assert_non_null(strstr(err.text, "max"));
}

/* ---- refused halves ---- */

static void test_refused_bigger_half_changes_nothing(void **state)
{
    (void)state;
    const char *settings[] = {"start=64K", NULL};
    struct fixture fixture;
    semispace_open(&fixture, settings, 0);
    keep_pairs(&fixture, 0, 1800);
    fixture_collect(&fixture);
    assert_int_equal(inside(&fixture)->copy.space.red_zone, 2);
    fixture.supply.fail_after = 1;
    drop_pairs(&fixture, 300); /* refused doubling: collected instead */
    assert_int_equal(fixture.supply.refused, 1);
    assert_int_equal(fixture_last(&fixture)->reason, GCR_REASON_ALLOCATION);
    assert_int_equal(inside(&fixture)->copy.space.bytes, 64 * KIB);
    assert_false(inside(&fixture)->copy.space.split);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void run_split(const char *clear, uint64_t limit, uint64_t fail_after)
{
    const char *settings[] = {"start=64K", clear, NULL};
    struct fixture fixture;
    semispace_open(&fixture, settings, 0);
    keep_pairs(&fixture, 0, 1800);
    fixture_collect(&fixture);
    fixture.supply.system_limit_bytes = limit;
    fixture.supply.fail_after = fail_after;
    drop_pairs(&fixture, 300);
    assert_true(inside(&fixture)->copy.space.split);
    assert_int_equal(inside(&fixture)->copy.space.bytes, 64 * KIB);
    fixture.supply.system_limit_bytes = 0;
    for (int round = 0; round < 3; round++) {
        fixture_collect(&fixture);
        assert_int_equal(fixture_walk_count(&fixture), 1800);
        fixture_check(&fixture);
    }
    uint32_t more = 0;
    while (fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT) != 0 && more < 1000)
        more++;
    assert_int_equal(more, 1000);
    keep_pairs(&fixture, 10, 248); /* the space is full now, and will not grow */
    assert_int_equal(fixture_alloc(&fixture, MODEL_PAIR, 0, 20), 0);
    assert_int_equal(inside(&fixture)->copy.space.bytes, 64 * KIB);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_refused_second_half_splits_the_first(void **state)
{
    (void)state;
    run_split("keep=0", 250 * KIB, 0); /* 128 K + 64 K fit, twice 128 K do not */
    run_split("clear=memset", 0, 2);   /* the second commit of the doubling */
    run_split("clear=none", 0, 2);
}

static void test_every_refused_commit_is_survived(void **state)
{
    (void)state;
    uint64_t seed = model_seed(3);
    uint32_t exhausted = 0;
    for (uint64_t nth = 1; nth < 60; nth++) {
        const char *settings[] = {"start=4K",
                                  nth % 3 == 0   ? "clear=memset"
                                  : nth % 3 == 1 ? "clear=none"
                                                 : NULL,
                                  NULL};
        struct fixture fixture;
        struct model model;
        struct gcr_error err;
        struct fixture_config config = semispace_config(settings, 0);
        config.fail_after = nth;
        if (fixture_try_open(&fixture, &config, &err) != GCR_OK)
            continue;
        model_init(&model, &fixture, seed, 2);
        model.finalizers = true;
        for (int round = 0; round < 4; round++) {
            model_run(&model, 1000);
            (void)model_compare(&model, false);
        }
        exhausted += model.exhausted;
        assert_true(!model.exhausted || fixture.supply.refused != 0);
        model_finish(&model);
        fixture_close(&fixture);
    }
    assert_true(exhausted < 59);
}

/* ---- giving memory back ---- */

static size_t resident_pages(const void *start, size_t bytes)
{
    static unsigned char map[4096];
    size_t pages = bytes / PAGE, resident = 0;
    assert_true(pages <= sizeof map);
    assert_int_equal(mincore((void *)(uintptr_t)start, bytes, map), 0);
    for (size_t i = 0; i < pages; i++)
        resident += map[i] & 1u;
    return resident;
}

static void test_emptied_half_goes_back_to_the_system(void **state)
{
    (void)state;
    const char *settings[] = {"keep=0", NULL};
    struct fixture fixture;
    semispace_open(&fixture, settings, 0);
    keep_pairs(&fixture, 0, 100000);
    char *old = inside(&fixture)->copy.space.to.start;
    assert_true(resident_pages(old, 8 * MIB) >= 100000 * 32 / PAGE);
    fixture_root(&fixture, 0, 0);
    uint64_t before = fixture.supply.committed_bytes;
    fixture_collect(&fixture);
    assert_ptr_equal(inside(&fixture)->copy.space.from.start, old);
    assert_int_equal(resident_pages(old, 8 * MIB), 0);
    assert_int_equal(fixture.supply.committed_bytes, before);
    assert_int_equal(fixture.supply.peak_bytes, before + 8 * MIB);
    fixture_close(&fixture);
}

/* What the next copy will fill stays, and is counted; the rest of the half goes back. */
static void test_the_next_copys_pages_stay(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    keep_pairs(&fixture, 0, 50000);
    drop_pairs(&fixture, 100000);
    uint64_t before = fixture.supply.committed_bytes;
    char *old = inside(&fixture)->copy.space.to.start;
    fixture_collect(&fixture);
    size_t kept = gcr_page_round(50000 * 32);
    assert_int_equal(inside(&fixture)->copy.space.from.committed_bytes, kept);
    assert_int_equal(resident_pages(old, 8 * MIB), kept / PAGE);
    assert_int_equal(fixture.supply.committed_bytes, before + kept);
    fixture_collect(&fixture); /* into the dirty pages; what is free behind them is zero */
    fixture_check(&fixture);
    drop_pairs(&fixture, 200000);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_free_room_is_zero_under_every_clear_method(void **state)
{
    (void)state;
    const char *methods[] = {"keep=0", "clear=memset", "clear=none", "keep=1", "window=0"};
    for (int i = 0; i < 5; i++) {
        const char *settings[] = {"start=256K", methods[i], NULL};
        struct fixture fixture;
        semispace_open(&fixture, settings, 0);
        for (int round = 0; round < 6; round++) {
            for (int k = 0; k < 20; k++) {
                uint32_t string = fixture_alloc(&fixture, MODEL_STRING, 10000, 0);
                fixture_assert_zero(&fixture, string, 0, 10000);
                fixture_write(&fixture, string, 0, 10000, 0xfe);
            }
            fixture_collect(&fixture);
            fixture_check(&fixture);
        }
        uint64_t held = fixture.supply.by_kind_bytes[GCR_PAGES_OBJECTS];
        if (i < 3)
            assert_int_equal(held, i == 0 ? 256 * KIB : 512 * KIB);
        fixture_close(&fixture);
    }
}

/* ---- budgets ---- */

static void test_budget_halves_are_what_the_rest_leaves(void **state)
{
    (void)state;
    const uint64_t budget = 4 * MIB;
    struct fixture fixture;
    semispace_open(&fixture, NULL, budget);
    uint64_t rest = fixture.supply.committed_bytes - inside(&fixture)->copy.space.bytes;
    assert_int_equal(inside(&fixture)->copy.space.bytes, (budget - rest) / 2 / PAGE * PAGE);
    keep_pairs(&fixture, 0, 20000);
    drop_pairs(&fixture, 200000);
    assert_true(fixture.collection_count > 2);
    for (uint32_t i = 0; i < fixture.collection_count; i++)
        assert_int_equal(fixture.collections[i].reason, GCR_REASON_EMERGENCY);
    assert_true(fixture.supply.peak_bytes <= budget);
    assert_true(fixture.supply.peak_bytes > budget - 4 * PAGE);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_budget_ends_in_exhaustion_with_everything_intact(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, MIB);
    uint32_t kept = 0;
    gcr_ref *head = &fixture.roots[0], *rest = &fixture.roots[1];
    for (;; kept++) {
        *rest = *head;
        if (fixture_alloc(&fixture, MODEL_PAIR, 0, 0) == 0)
            break;
        fixture.ops->store(fixture.heap, *head, 0, *rest);
    }
    *rest = NULL;
    assert_int_equal(kept, inside(&fixture)->copy.space.bytes / 32);
    assert_int_equal(fixture.collection_count, 1); /* one emergency collection, labelled as such */
    assert_int_equal(fixture_walk_count(&fixture), kept);
    assert_true(fixture.supply.peak_bytes <= MIB);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_budget_shrinks_the_halves_for_pinned_objects(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 2 * MIB);
    size_t before = inside(&fixture)->copy.space.bytes;
    keep_pairs(&fixture, 0, 5000);
    uint32_t pinned[20];
    for (int i = 0; i < 20; i++) {
        pinned[i] = fixture_alloc(&fixture, MODEL_PINNED, 4000, 20 + i);
        assert_int_not_equal(pinned[i], 0);
        assert_true(fixture.supply.committed_bytes + inside(&fixture)->copy.space.bytes <= 2 * MIB);
    }
    assert_true(inside(&fixture)->copy.space.bytes <= before - 20 * 32000 / 2);
    fixture_collect(&fixture);
    fixture_check(&fixture);
    for (int i = 0; i < 20; i++)
        fixture_root(&fixture, 20 + i, 0);
    fixture_collect(&fixture); /* frees them; the next flip gives the room back to the halves */
    fixture_collect(&fixture);
    assert_true(inside(&fixture)->copy.space.bytes >=
                before - 256 * KIB / 2); /* its heap keeps a reserve */
    assert_true(fixture.supply.peak_bytes <= 2 * MIB);
    fixture_close(&fixture);
}

static void test_absurdly_small_budget_is_refused(void **state)
{
    (void)state;
    const struct fixture_config config = semispace_config(NULL, 0);
    scene_tiny_budgets_are_refused(&config);
}

static void test_no_memory_to_order_finalizers_is_exhaustion(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 5000, 0);
    for (uint32_t i = 0; i < 5000; i++) {
        uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 1);
        fixture_store(&fixture, array, i, pair);
    }
    uint32_t object = fixture_alloc(&fixture, MODEL_FINALIZER, 0, 1);
    fixture_store(&fixture, object, 0, array);
    uint32_t live = fixture_alloc(&fixture, MODEL_PAIR, 0, 2);
    fixture_root(&fixture, 0, 0);
    fixture_root(&fixture, 1, 0);
    fixture.supply.system_limit_bytes = fixture.supply.committed_bytes + 8 * MIB + 3 * PAGE;
    fixture_collect(&fixture);
    assert_int_equal(fixture.finalized_count, 0);
    assert_false(fixture_is_dead(&fixture, object)); /* kept, with all that it reaches */
    assert_false(fixture_is_dead(&fixture, live));
    assert_int_equal(fixture_walk_count(&fixture), 5003);
    assert_int_equal(fixture_alloc(&fixture, MODEL_PAIR, 0, 3), 0);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* ---- forks and damage ---- */

static void test_fork_leaves_both_sides_working(void **state)
{
    (void)state;
    const char *settings[] = {"start=16K", NULL};
    struct fixture fixture;
    struct model model;
    semispace_open(&fixture, settings, 0);
    model_init(&model, &fixture, 5, 2);
    model_run(&model, 2000);
    for (int side = 0; side < 2; side++) {
        pid_t child = side == 0 ? fork() : 0;
        if (child == 0) {
            model.random += (uint64_t)side;
            model_run(&model, 3000);
            fixture_collect(&fixture);
            (void)model_compare(&model, true);
        }
        if (child == 0 && side == 0)
            _exit(0);
        int status = 0;
        if (side == 0) {
            assert_int_equal(waitpid(child, &status, 0), child);
            assert_int_equal(status, 0);
        }
    }
    model_finish(&model);
    fixture_close(&fixture);
}

static void test_check_names_each_kind_of_damage(void **state)
{
    (void)state;
    struct fixture fixture;
    semispace_open(&fixture, NULL, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 4, 1);
    uint32_t pinned = fixture_alloc(&fixture, MODEL_PINNED, 0, 2);
    fixture_store(&fixture, pair, 0, array);
    struct gcr_semispace *h = inside(&fixture);
    uint64_t *header = gcr_object_word(fixture_ref(&fixture, pair), 0);
    uint64_t *slot = gcr_object_word(fixture_ref(&fixture, pair), 8);
    uint64_t *length = gcr_object_word(fixture_ref(&fixture, array), 8);
    uint64_t *pinned_header = gcr_object_word(fixture_ref(&fixture, pinned), 0);
    fixture_check(&fixture);
    DAMAGED(&fixture, *header, *header + 999, 2, "names no shape");
    DAMAGED(&fixture, *header, *header | GCR_HEADER_FORWARDED, 2, "flag of a collection");
    DAMAGED(&fixture, *header, *header | GCR_HEADER_ORDERING, 2, "flag of a collection");
    DAMAGED(&fixture, *length, 1u << 20, 2, "beyond the allocated part");
    DAMAGED(&fixture, *slot, *slot + 8, 3, "middle of an object");
    DAMAGED(&fixture, *slot, *slot + 4, 2, "not aligned");
    DAMAGED(&fixture, *slot, (uint64_t)(uintptr_t)h->copy.space.from.start, 2,
            "outside the objects");
    DAMAGED(&fixture, *slot, (uint64_t)(uintptr_t)h->copy.space.free, 2, "outside the objects");
    DAMAGED(&fixture, *slot, (uint64_t)(uintptr_t)&h->copy.space.red_zone_divisor & ~(uint64_t)7, 2,
            "no known object");
    DAMAGED(&fixture, *pinned_header, *pinned_header & ~GCR_HEADER_UNVISITED, 2, "external object");
    DAMAGED(&fixture, *(uint64_t *)(void *)(h->copy.space.free + 80), 1, 3, "not zero");
    fixture_close(&fixture);
}

/* ---- random runs ---- */

static void run_random(uint64_t seed, const char *clear, uint64_t budget, bool finalizers,
                       bool every_collection)
{
    const char *settings[] = {"start=4K", clear, NULL};
    const struct random_run run = {
        .config = semispace_config(settings, budget),
        .seed = seed,
        .prebuilt = (uint32_t)(seed % 7),
        .rounds = 10,
        .steps = 1000,
        .finalizers = finalizers,
        .watch = every_collection ? RANDOM_WATCH_COMPARE : RANDOM_WATCH_NOTHING,
    };
    (void)random_run(&run);
}

static void test_random_runs_equal_the_shadow_graph(void **state)
{
    (void)state;
    static const char *const methods[] = {"clear=dontneed", "clear=memset", "clear=none", "keep=0",
                                          "window=0"};
    uint64_t seed = model_seed(1);
    for (uint64_t i = 0; i < 30; i++)
        run_random(seed + i, methods[i % 5], i % 2 == 0 ? 0 : (200 + 100 * i) * KIB, i % 5 == 0,
                   i % 4 == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ramp_doubles_by_the_red_zone),
        cmocka_unit_test(test_red_zone_arithmetic_at_its_edges),
        cmocka_unit_test(test_two_mild_warnings_in_a_row_double),
        cmocka_unit_test(test_room_after_a_warning_takes_it_back),
        cmocka_unit_test(test_large_object_doubles_step_by_step),
        cmocka_unit_test(test_max_ends_growth),
        cmocka_unit_test(test_start_above_max_is_refused),
        cmocka_unit_test(test_refused_bigger_half_changes_nothing),
        cmocka_unit_test(test_refused_second_half_splits_the_first),
        cmocka_unit_test(test_every_refused_commit_is_survived),
        cmocka_unit_test(test_emptied_half_goes_back_to_the_system),
        cmocka_unit_test(test_the_next_copys_pages_stay),
        cmocka_unit_test(test_free_room_is_zero_under_every_clear_method),
        cmocka_unit_test(test_budget_halves_are_what_the_rest_leaves),
        cmocka_unit_test(test_budget_ends_in_exhaustion_with_everything_intact),
        cmocka_unit_test(test_budget_shrinks_the_halves_for_pinned_objects),
        cmocka_unit_test(test_absurdly_small_budget_is_refused),
        cmocka_unit_test(test_no_memory_to_order_finalizers_is_exhaustion),
        cmocka_unit_test(test_fork_leaves_both_sides_working),
        cmocka_unit_test(test_check_names_each_kind_of_damage),
        cmocka_unit_test(test_random_runs_equal_the_shadow_graph),
    };
    return cmocka_run_group_tests_name("collector.semispace_space", tests, NULL, NULL);
}
