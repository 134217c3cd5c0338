/* mark-sweep: the trigger, budgets, refused pages, forks, damage, random runs. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/collectors/mark_sweep_fixture.h"
#include "tests/support/random_run.h"

/* ---- the trigger ---- */

static struct mark_sweep_policy policy(uint64_t threshold)
{
    return (struct mark_sweep_policy){.threshold = threshold,
                                      .start = threshold,
                                      .cap = 256 * (uint64_t)MIB,
                                      .raise_above = 0.02,
                                      .lower_below = 0.005,
                                      .growth = 1.5,
                                      .shrink = 0.5,
                                      .factor = 2};
}

/* Hand-computed: work c, operations m, live L, freed G; c x L against 0.02 and 0.005 x G x m. */
static void test_threshold_rule_by_hand(void **state)
{
    (void)state;
    static const struct {
        uint64_t c, m, live, freed, before, after;
    } rows[] = {
        {20, 1000, 4, 4, 1000, 1000},         /* 80 > 80? no; 80 < 20? no: stays */
        {21, 1000, 4, 4, 1000, 1500},         /* 84 > 80: grows by half */
        {5, 1000, 4, 4, 1000, 1000},          /* 20 < 20? no */
        {4, 1000, 4, 4, 1000, 500},           /* 16 < 20: halves */
        {4, 1000, 400, 4000, 100, 400},       /* 1600 < 20,000 halves to 50; at least L */
        {1000, 10, 300, 1, 4000, 6000},       /* costly */
        {1000, 10, 0, 1, 4000, 2000},         /* nothing lives: 0 < 0.05 */
        {1000, 10, 1, 0, 1 << 28, 256 << 20}, /* at most the cap */
        {9, 9, (uint64_t)1 << 40, (uint64_t)1 << 40, 8, 256 << 20}, /* L above the cap */
        {(uint64_t)1 << 40, 1, (uint64_t)1 << 40, 1, 8, 256 << 20}, /* products beyond 64 bits */
    };
    for (size_t i = 0; i < GCR_COUNT_OF(rows); i++) {
        struct mark_sweep_policy p = policy(rows[i].before);
        mark_sweep_adapt(&p, rows[i].c, rows[i].m, rows[i].live, rows[i].freed);
        assert_int_equal(p.threshold, rows[i].after);
    }
}

static void test_fixed_factor(void **state)
{
    (void)state;
    struct mark_sweep_policy p = policy(1000);
    p.trigger = MARK_SWEEP_FACTOR;
    p.factor = 3;
    mark_sweep_adapt(&p, 1, 1, 7000, 1);
    assert_int_equal(p.threshold, 14000); /* collect at 3 x 7000 */
    mark_sweep_adapt(&p, 1, 1, 10, 1);
    assert_int_equal(p.threshold, 1000); /* not below the start */
}

/* "Before each allocation: if more than the threshold came since." 40 bytes a pair. */
static void test_collects_before_the_allocation_that_follows_the_threshold(void **state)
{
    (void)state;
    const char *settings[] = {"start=4000", "trigger=factor", NULL};
    struct fixture fixture;
    mark_sweep_open(&fixture, settings, 0);
    drop_pairs(&fixture, 101); /* 4040 bytes: 4000 is not more than 4000, so the 101st is let in */
    assert_int_equal(fixture.begun, 0);
    drop_pairs(&fixture, 1);
    assert_int_equal(fixture.begun, 1);
    assert_int_equal(fixture_last(&fixture)->freed, 101);
    assert_int_equal(inside(&fixture)->since_bytes, 40);
    fixture_close(&fixture);
}

/* Bound of the card: used <= live at the last collection + threshold + what is asked for. */
static void test_used_stays_within_the_bound(void **state)
{
    (void)state;
    const char *settings[] = {"start=16K", NULL};
    struct fixture fixture;
    mark_sweep_open(&fixture, settings, 0);
    for (int round = 0; round < 200; round++) {
        keep_pairs(&fixture, 0, 10);
        for (int i = 0; i < 90; i++) {
            drop_pairs(&fixture, 1);
            const struct gcr_mark_sweep *h = inside(&fixture);
            assert_true(mark_sweep_used(h) <= h->tally.bytes + h->policy.threshold + 40);
            assert_true(h->policy.threshold >= h->tally.bytes || fixture.begun == 0);
        }
    }
    assert_true(fixture.begun > 5);
    fixture_close(&fixture);
}

/* ---- budgets and refusals ---- */

static void test_budget_ends_in_exhaustion_with_everything_intact(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        struct fixture fixture;
        const char *settings[7] = {NULL};
        for (int i = 1; mark_sweep_modes[mode][i] != NULL; i++)
            settings[i - 1] = mark_sweep_modes[mode][i]; /* the usual threshold: 8 MiB */
        mark_sweep_open(&fixture, settings, 4 * MIB);
        uint32_t kept = 0;
        gcr_ref *head = &fixture.roots[0], *rest = &fixture.roots[1];
        for (;; kept++) {
            *rest = *head;
            if (fixture_alloc(&fixture, MODEL_PAIR, 0, 0) == 0)
                break;
            fixture.ops->store(fixture.heap, *head, 0, *rest);
        }
        *rest = NULL;
        assert_true(kept > 30000);
        assert_int_equal(fixture.collection_count, 1); /* one, labelled as not native */
        assert_int_equal(fixture_last(&fixture)->reason, GCR_REASON_EMERGENCY);
        assert_int_equal(fixture_walk_count(&fixture), kept);
        assert_true(fixture.supply.peak_bytes <= 4 * MIB);
        fixture_check(&fixture);
        fixture_root(&fixture, 0, 0); /* and what is given up can be used again */
        fixture.heap->report_frees = false;
        drop_pairs(&fixture, 1000);
        assert_true(fixture.supply.peak_bytes <= 4 * MIB);
        fixture_close(&fixture);
    }
}

/* An array whose references need more stack than the budget has left: nothing is freed, nothing is
 * lost, and the heap says that it is exhausted. */
static void test_no_memory_for_the_stack_is_exhaustion(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode++) {
        struct fixture fixture;
        mark_sweep_open(&fixture, mark_sweep_modes[mode], 0);
        inside(&fixture)->trigger_above = UINT64_MAX;
        uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 50000, 0);
        for (uint32_t i = 0; i < 50000; i++) {
            fixture_alloc(&fixture, MODEL_EMPTY, 0, 1);
            fixture.ops->store(fixture.heap, fixture.roots[0], i, fixture.roots[1]);
        }
        uint32_t dead = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
        uint32_t waiting = fixture_alloc(&fixture, MODEL_FINALIZER, 0, FIXTURE_NO_ROOT);
        fixture.supply.system_limit_bytes = fixture.supply.committed_bytes + 20 * PAGE;
        fixture_collect(&fixture);
        assert_int_equal(fixture_last(&fixture)->freed, 0);
        assert_false(fixture_is_dead(&fixture, dead));
        assert_int_equal(fixture.finalized_count, 0);
        assert_int_equal(fixture_walk_count(&fixture), 50003);
        assert_int_equal(fixture_alloc(&fixture, MODEL_PAIR, 0, 3), 0);
        assert_false(fixture_is_dead(&fixture, array) || fixture_is_dead(&fixture, waiting));
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

/* Each commit of a run is refused in turn, in the first mode and in the last: either the collection
 * that follows makes room, or the heap ends as exhausted; it is sound in either case. */
static void test_every_refused_commit_is_survived(void **state)
{
    (void)state;
    for (int mode = 0; mode < MODES; mode += 7) {
        bool reached = true;
        for (uint64_t nth = 1; reached; nth++) {
            struct fixture fixture;
            struct gcr_error err;
            struct fixture_config config = mark_sweep_config(mark_sweep_modes[mode], 0);
            config.fail_after = nth;
            if (fixture_try_open(&fixture, &config, &err) != GCR_OK)
                continue;
            struct model model;
            model_init(&model, &fixture, 7, 3);
            model.finalizers = true;
            model_run(&model, 250);
            reached = fixture.supply.refused != 0;
            fixture_check(&fixture);
            (void)model_compare(&model, false);
            model_finish(&model);
            fixture_close(&fixture);
        }
    }
}

static void test_absurdly_small_budget_is_refused(void **state)
{
    (void)state;
    const struct fixture_config config = mark_sweep_config(NULL, 0);
    scene_tiny_budgets_are_refused(&config);
}

static void test_sweep_by_pools_needs_pools_and_a_bitmap(void **state)
{
    (void)state;
    static const char *const wrong[][3] = {{"sweep=pools", NULL},
                                           {"sweep=pools", "allocator=pools", NULL},
                                           {"sweep=pools", "marks=bitmap", NULL}};
    for (size_t i = 0; i < GCR_COUNT_OF(wrong); i++) {
        struct fixture fixture;
        struct gcr_error err;
        struct fixture_config config = mark_sweep_config(wrong[i], 0);
        assert_int_equal(fixture_try_open(&fixture, &config, &err), GCR_USAGE);
        assert_non_null(strstr(err.text, "sweep=pools needs"));
    }
}

/* ---- forks and damage ---- */

static void test_fork_leaves_both_sides_working(void **state)
{
    (void)state;
    struct fixture fixture;
    struct model model;
    mark_sweep_open(&fixture, mark_sweep_modes[7], 0);
    model_init(&model, &fixture, 5, 2);
    model_run(&model, 2000);
    pid_t child = fork();
    model.random += child == 0;
    model_run(&model, 3000);
    fixture_collect(&fixture);
    (void)model_compare(&model, true);
    if (child == 0)
        _exit(0);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    model_finish(&model);
    fixture_close(&fixture);
}

static void test_check_names_each_kind_of_damage(void **state)
{
    (void)state;
    struct fixture fixture;
    mark_sweep_open(&fixture, NULL, 0);
    uint32_t fixed = fixture_prebuilt(&fixture, MODEL_PAIR, 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t array = fixture_alloc(&fixture, MODEL_ARRAY, 4, 1);
    uint32_t weak = fixture_alloc(&fixture, MODEL_WEAK, 0, 2);
    uint32_t waiting = fixture_alloc(&fixture, MODEL_FINALIZER, 0, 3);
    fixture_store(&fixture, pair, 0, array);
    struct gcr_mark_sweep *h = inside(&fixture);
    uint64_t *header = word(&fixture, pair, 0);
    fixture_check(&fixture);
    DAMAGED(&fixture, *header, *header + 999, 2, "names no shape");
    DAMAGED(&fixture, *header, *header | MARK_SWEEP_MARKED, 2, "mark is set");
    DAMAGED(&fixture, *header, *header | MARK_SWEEP_ORDERING, 2, "finalizer order");
    DAMAGED(&fixture, *header, *header & ~MARK_SWEEP_LISTED, 2, "not where its header says");
    DAMAGED(&fixture, *word(&fixture, fixed, 0), right & ~MARK_SWEEP_MARKED, 2, "not marked");
    DAMAGED(&fixture, *word(&fixture, fixed, 0), right & ~(MARK_SWEEP_PREBUILT | MARK_SWEEP_MARKED),
            2, "does not say so");
    DAMAGED(&fixture, *word(&fixture, array, 16), 5, 2, "accounts say");
    /* on two lists, on none, in a circle */
    DAMAGED(&fixture, *word(&fixture, weak, 8), (uint64_t)(uintptr_t)fixture_ref(&fixture, pair), 2,
            "runs in a circle");
    DAMAGED(&fixture, *word(&fixture, array, 8), 0, 2, "accounts say");
    DAMAGED(&fixture, *word(&fixture, pair, 8), (uint64_t)(uintptr_t)fixture_ref(&fixture, array),
            2, "runs in a circle");
    gcr_finalizer_list_at(&h->finalizable, 0)->fate = GCR_FINALIZER_RUN;
    assert_true(check_fails(&fixture, 2, "accounts say"));
    gcr_finalizer_list_at(&h->finalizable, 0)->fate = GCR_FINALIZER_KEPT;
    DAMAGED(&fixture, h->weak_finalizable, 1, 2, "weak references with finalizers");
    DAMAGED(&fixture, h->since_bytes, h->since_bytes + 8, 2, "accounts say");
    DAMAGED(&fixture, h->freed_bytes, 8, 2, "accounts say");
    DAMAGED(&fixture, h->tally.objects, 1, 2, "accounts say");
    DAMAGED(&fixture, h->immortals.object_bytes, 1, 2, "prebuilt objects do not add up");
    DAMAGED(&fixture, *word(&fixture, pair, 16), right + 8, 3, "refers to no object");
    DAMAGED(&fixture, *word(&fixture, weak, 16), (uint64_t)(uintptr_t)h, 3,
            "weak reference to no object");
    (void)waiting;
    fixture_close(&fixture);
}

static void test_check_names_damage_of_the_bitmaps(void **state)
{
    (void)state;
    struct fixture fixture;
    mark_sweep_open(&fixture, mark_sweep_modes[7], 0);
    uint32_t pair = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t list = fixture_alloc(&fixture, MODEL_LIST, 4, 1);
    struct gcr_mark_sweep *h = inside(&fixture);
    gcr_ref object = fixture_ref(&fixture, pair);
    uint64_t *marks = gcr_mark_bitmap_word(&h->marks, object);
    uint64_t *allocated = gcr_mark_bitmap_word(&h->allocated, object);
    uint64_t *listed = gcr_mark_bitmap_word(&h->allocated, fixture_ref(&fixture, list));
    uint64_t bit = (uint64_t)1 << (gcr_mark_bitmap_index(&h->marks, object) % 64);
    uint64_t list_bit = (uint64_t)1
                        << (gcr_mark_bitmap_index(&h->allocated, fixture_ref(&fixture, list)) % 64);
    DAMAGED(&fixture, *marks, *marks | bit, 2, "mark is set");
    DAMAGED(&fixture, *marks, *marks | bit << 1, 2, "pool of no object");
    DAMAGED(&fixture, *allocated, *allocated & ~bit, 2, "accounts say");
    DAMAGED(&fixture, *listed, *listed | list_bit, 2, "swept by its bit");
    DAMAGED(&fixture, *mark_sweep_word(object, 0), right | MARK_SWEEP_MARKED, 2, "not on the side");
    fixture_close(&fixture);
}

/* ---- random runs ---- */

static void run_random(uint64_t seed, const char *const *settings, uint64_t budget, bool finalizers,
                       bool every_collection)
{
    const struct random_run run = {
        .config = mark_sweep_config(settings, budget),
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
    uint64_t seed = model_seed(1);
    for (uint64_t i = 0; i < 4 * MODES; i++)
        run_random(seed + i, mark_sweep_modes[i % MODES],
                   i / MODES % 2 == 0 ? 0 : (1200 + 100 * i) * KIB, i % 5 == 0, i % 3 == 0);
}

static void test_random_runs_under_the_rule_of_2012(void **state)
{
    (void)state;
    static const char *const settings[2][4] = {
        {"start=16K", "finalizer-order=2012", NULL},
        {"start=16K", "finalizer-order=2012", "mark=push", NULL},
    };
    uint64_t seed = model_seed(100);
    for (uint64_t i = 0; i < 6; i++)
        run_random(seed + i, settings[i % 2], 0, true, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threshold_rule_by_hand),
        cmocka_unit_test(test_fixed_factor),
        cmocka_unit_test(test_collects_before_the_allocation_that_follows_the_threshold),
        cmocka_unit_test(test_used_stays_within_the_bound),
        cmocka_unit_test(test_budget_ends_in_exhaustion_with_everything_intact),
        cmocka_unit_test(test_no_memory_for_the_stack_is_exhaustion),
        cmocka_unit_test(test_every_refused_commit_is_survived),
        cmocka_unit_test(test_absurdly_small_budget_is_refused),
        cmocka_unit_test(test_sweep_by_pools_needs_pools_and_a_bitmap),
        cmocka_unit_test(test_fork_leaves_both_sides_working),
        cmocka_unit_test(test_check_names_each_kind_of_damage),
        cmocka_unit_test(test_check_names_damage_of_the_bitmaps),
        cmocka_unit_test(test_random_runs_equal_the_shadow_graph),
        cmocka_unit_test(test_random_runs_under_the_rule_of_2012),
    };
    return cmocka_run_group_tests_name("collector.mark_sweep_limits", tests, NULL, NULL);
}
