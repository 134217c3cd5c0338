/* incminimark: major collections: the order of their states, what the mutator may do between steps,
 * pacing, thresholds and the bounds that follow, forks inside a cycle, trouble. */
#include "tests/collectors/incminimark_fixture.h"

#include <sys/wait.h>
#include <unistd.h>

static const char *const stepwise[] = {"nursery=64K", "large=4K", "min-heap=256K", "increment=0.05",
                                       NULL};

/* Some live pairs in root 60, and a cycle that is marking. */
static void open_marking(struct fixture *fixture)
{
    inc_open(fixture, stepwise, 0);
    keep_pairs(fixture, 60, 6000);
    collect_minor(fixture);
    inside(fixture)->threshold_bytes = 0;
    while (inside(fixture)->state != INCMINIMARK_MARKING)
        collect_minor(fixture);
}

static void finish_cycle(struct fixture *fixture)
{
    while (inside(fixture)->state != INCMINIMARK_SCANNING)
        collect_minor(fixture);
}

/* Steps until an old object is black. */
static void blacken(struct fixture *fixture, uint32_t object)
{
    while (!incminimark_is_marked(inside(fixture), fixture_ref(fixture, object))) {
        assert_int_equal(inside(fixture)->state, INCMINIMARK_MARKING);
        collect_minor(fixture);
    }
    assert_int_equal(inside(fixture)->state, INCMINIMARK_MARKING);
}

/* `deep`, not in a root, is now the last object that marking from root 60 comes to. */
static void hang_deep(struct fixture *fixture, uint32_t deep)
{
    fixture_root(fixture, 60, deep);
    keep_pairs(fixture, 60, 6000);
}

/* A cycle begins, and goes on until an object in a root is black. */
static void begin_and_blacken(struct fixture *fixture, uint32_t object)
{
    collect_minor(fixture);
    inside(fixture)->threshold_bytes = 0;
    collect_minor(fixture);
    blacken(fixture, object);
}

/* ---- states ---- */

static void note_state(struct fixture *fixture, void *arg)
{
    enum incminimark_state *states = arg, now = inside(fixture)->state;
    unsigned n = 0;
    while (states[n + 1] != (enum incminimark_state) - 1)
        n++;
    if (states[n] != now) {
        states[n + 1] = now;
        states[n + 2] = (enum incminimark_state) - 1;
    }
    struct gcr_error err = {""};
    if (!gcr_collector_incminimark.check(fixture->heap, 2, &err))
        fail_msg("%s", err.text);
}

static void test_a_cycle_passes_its_states_in_order(void **state)
{
    (void)state;
    struct fixture fixture;
    enum incminimark_state states[64] = {INCMINIMARK_SCANNING, (enum incminimark_state) - 1};
    inc_open(&fixture, stepwise, 0);
    fixture.after_collection = note_state;
    fixture.arg = states;
    keep_pairs(&fixture, 0, 12000); /* over 256 KiB survive: a cycle begins by itself */
    fixture_root(&fixture, 0, 0);
    for (int i = 0; i < 400 && inside(&fixture)->figures.majors == 0; i++)
        drop_pairs(&fixture, 500);
    finish_cycle(&fixture);
    assert_int_equal(states[1], INCMINIMARK_MARKING);
    assert_int_equal(states[2], INCMINIMARK_SWEEPING);
    assert_true(states[3] == INCMINIMARK_FINALIZING || states[3] == INCMINIMARK_SCANNING);
    uint32_t steps = 0;
    for (uint32_t i = 0; i < fixture.collection_count; i++) {
        const struct gcr_collection *done = &fixture.collections[i];
        assert_false(done->full);
        assert_true(done->generation == 1 || done->reason == GCR_REASON_ALLOCATION);
        steps += done->reason == GCR_REASON_PROGRESS;
    }
    assert_true(steps > 10);
    assert_int_equal(inside(&fixture)->figures.abandoned, 0);
    fixture_close(&fixture);
}

static void test_minimark_does_all_in_one_pause(void **state)
{
    (void)state;
    static const char *const settings[] = {"nursery=64K", "min-heap=256K", "incremental=off", NULL};
    struct fixture fixture;
    inc_open(&fixture, settings, 0);
    keep_pairs(&fixture, 0, 12000);
    uint32_t full = 0;
    for (uint32_t i = 0; i < fixture.collection_count; i++) {
        assert_int_equal(fixture.collections[i].generation, fixture.collections[i].full);
        assert_int_equal(fixture.collections[i].reason, GCR_REASON_ALLOCATION);
        full += fixture.collections[i].full;
    }
    assert_int_equal(full, inside(&fixture)->figures.majors);
    assert_true(full >= 1);
    assert_int_equal(inside(&fixture)->state, INCMINIMARK_SCANNING);
    fixture_close(&fixture);
}

static void test_a_full_collection_ends_the_cycle_and_makes_a_whole_one(void **state)
{
    (void)state;
    struct fixture fixture;
    open_marking(&fixture);
    uint32_t doomed = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    collect_minor(&fixture); /* its root makes it gray */
    fixture_root(&fixture, 0, 0);
    uint64_t majors = inside(&fixture)->figures.majors;
    fixture_collect(&fixture);
    assert_true(fixture_is_dead(&fixture, doomed));
    assert_int_equal(inside(&fixture)->figures.majors, majors + 2);
    assert_int_equal(inside(&fixture)->figures.floating_bytes, 32); /* exactly that object */
    assert_true(fixture_last(&fixture)->full);
    fixture_close(&fixture);
}

/* ---- the mutator between steps ---- */

static void test_a_white_object_stored_into_a_black_one_lives(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, stepwise, 0);
    uint32_t black = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t holder = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    uint32_t white = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    fixture_store(&fixture, holder, 0, white);
    hang_deep(&fixture, holder);
    begin_and_blacken(&fixture, black);
    assert_false(incminimark_is_marked(inside(&fixture), fixture_ref(&fixture, white)));
    fixture_store(&fixture, black, 1, white);
    fixture_store(&fixture, holder, 0, 0); /* the only other way to it */
    fixture_check(&fixture);
    finish_cycle(&fixture);
    assert_int_equal(fixture_slot(&fixture, black, 1), white);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

/* The source has no young references, but white ones: while marking the copy is remembered. */
static void test_a_copy_into_a_black_object_is_always_remembered(void **state)
{
    (void)state;
    for (uint32_t length = 4; length <= 2000; length += 1996) { /* without and with cards */
        struct fixture fixture;
        inc_open(&fixture, stepwise, 0);
        uint32_t black = fixture_alloc(&fixture, MODEL_ARRAY, length, 0);
        uint32_t source = fixture_alloc(&fixture, MODEL_ARRAY, length, 1);
        uint32_t holder = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
        uint32_t white = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
        fixture_store(&fixture, source, 1, white);
        fixture_store(&fixture, holder, 0, source);
        fixture_root(&fixture, 1, 0);
        hang_deep(&fixture, holder);
        begin_and_blacken(&fixture, black);
        assert_false(incminimark_is_marked(inside(&fixture), fixture_ref(&fixture, white)));
        fixture_copy(&fixture, black, 0, source, 0, length);
        fixture_store(&fixture, source, 1, 0);
        fixture_check(&fixture);
        finish_cycle(&fixture);
        assert_int_equal(fixture_slot(&fixture, black, 1), white);
        fixture_close(&fixture);
    }
}

static void test_a_white_object_moved_to_a_root_lives(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, stepwise, 0);
    uint32_t black = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t holder = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    uint32_t white = fixture_alloc(&fixture, MODEL_PAIR, 0, FIXTURE_NO_ROOT);
    fixture_store(&fixture, holder, 0, white);
    hang_deep(&fixture, holder);
    begin_and_blacken(&fixture, black);
    assert_false(incminimark_is_marked(inside(&fixture), fixture_ref(&fixture, white)));
    fixture_root(&fixture, 1, white);
    fixture_store(&fixture, holder, 0, 0);
    finish_cycle(&fixture);
    assert_ptr_equal(fixture.roots[1], fixture_ref(&fixture, white));
    assert_false(fixture_is_dead(&fixture, white));
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_what_becomes_old_while_sweeping_is_not_swept(void **state)
{
    (void)state;
    struct fixture fixture;
    open_marking(&fixture);
    while (inside(&fixture)->state == INCMINIMARK_MARKING)
        collect_minor(&fixture);
    assert_int_equal(inside(&fixture)->state, INCMINIMARK_SWEEPING);
    uint32_t small = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    uint32_t large = fixture_alloc(&fixture, MODEL_ARRAY, 3000, 1);
    uint32_t finalizer = fixture_alloc(&fixture, MODEL_FINALIZER, 0, 2);
    collect_minor(&fixture);
    fixture_check(&fixture);
    finish_cycle(&fixture);
    assert_false(fixture_is_dead(&fixture, small) || fixture_is_dead(&fixture, large) ||
                 fixture_is_dead(&fixture, finalizer));
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_a_fork_may_fall_inside_a_cycle(void **state)
{
    (void)state;
    for (int sweeping = 0; sweeping < 2; sweeping++) {
        struct fixture fixture;
        open_marking(&fixture);
        while (sweeping && inside(&fixture)->state == INCMINIMARK_MARKING)
            collect_minor(&fixture);
        pid_t child = fork();
        assert_true(child >= 0);
        finish_cycle(&fixture);
        fixture_check(&fixture);
        fixture_collect(&fixture);
        assert_int_equal(fixture_walk_count(&fixture), 6000);
        if (child == 0)
            _exit(0);
        int status = -1;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        fixture_close(&fixture);
    }
}

static void test_marks_in_a_bitmap_leave_headers_alone(void **state)
{
    (void)state;
    static const char *const settings[] = {"nursery=64K", "increment=0.05", "marks=bitmap", NULL};
    struct fixture fixture;
    inc_open(&fixture, settings, 0);
    uint32_t first = fixture_alloc(&fixture, MODEL_PAIR, 0, 0);
    keep_pairs(&fixture, 60, 6000);
    collect_minor(&fixture);
    uint64_t header = inc_header(&fixture, first);
    begin_and_blacken(&fixture, first);
    assert_int_equal(inc_header(&fixture, first), header);
    finish_cycle(&fixture);
    assert_false(incminimark_is_marked(inside(&fixture), fixture_ref(&fixture, first)));
    fixture_close(&fixture);
}

/* ---- thresholds and bounds ---- */

static void test_threshold_rule(void **state)
{
    (void)state;
    static const char *const settings[] = {"nursery=64K", "min-heap=1M", "max-delta=2M",
                                           "max-heap=8M", NULL};
    struct fixture fixture;
    inc_open(&fixture, settings, 0);
    struct gcr_incminimark *h = inside(&fixture);
    assert_int_equal(h->threshold_bytes, MIB);
    h->previous_threshold_bytes = 100 * MIB;
    incminimark_set_threshold(h, MIB, 0); /* 1.82 x used */
    assert_int_equal(h->threshold_bytes, (uint64_t)(1.82 * MIB));
    h->previous_threshold_bytes = MIB;
    incminimark_set_threshold(h, MIB, 1000); /* 1.4 x the one before, and what is reserved */
    assert_int_equal(h->threshold_bytes, (uint64_t)(1.4 * MIB) + 1000);
    h->previous_threshold_bytes = 100 * MIB;
    incminimark_set_threshold(h, 5 * MIB, 0); /* used + max-delta */
    assert_int_equal(h->threshold_bytes, 7 * MIB);
    h->previous_threshold_bytes = 100 * MIB;
    incminimark_set_threshold(h, 7 * MIB, 0);
    assert_int_equal(h->threshold_bytes, 8 * MIB);
    incminimark_set_threshold(h, 100, 0);
    assert_int_equal(h->threshold_bytes, MIB);
    assert_false(h->over_max_heap);
    fixture_close(&fixture);
}

/* What each collection of a run must leave. */
struct bounds {
    uint64_t threshold, majors;
    uint64_t left;       /* in use when the last cycle ended: may be above the next threshold */
    uint32_t thresholds; /* seen to change */
    enum incminimark_state state;
};

static void check_bounds(struct fixture *fixture, void *arg)
{
    struct bounds *bounds = arg;
    const struct gcr_incminimark *h = inside(fixture);
    uint64_t used = incminimark_used(h);
    if (h->figures.majors != bounds->majors) {
        double most = (double)bounds->threshold;
        for (; bounds->majors < h->figures.majors; bounds->majors++)
            most *= 1.4;
        assert_true((double)h->threshold_bytes <= most + 1 ||
                    h->threshold_bytes == h->policy.min_heap_bytes);
        assert_true((double)h->threshold_bytes <= 1.82 * (double)used + 1 ||
                    h->threshold_bytes == h->policy.min_heap_bytes);
        bounds->thresholds += h->threshold_bytes != bounds->threshold;
        bounds->threshold = h->threshold_bytes;
        bounds->left = used;
    }
    if (h->state == INCMINIMARK_SCANNING && bounds->state != INCMINIMARK_SCANNING)
        bounds->left = used; /* finalizing takes one more minor collection */
    bounds->state = h->state;
    uint64_t cycle = h->state == INCMINIMARK_SCANNING ? 0 : h->figures.cycle_made_old_bytes;
    uint64_t begins = h->threshold_bytes > bounds->left ? h->threshold_bytes : bounds->left;
    assert_true(used <= begins + h->policy.nursery_bytes + cycle);
    if (h->state != INCMINIMARK_SCANNING) /* the pacing rule: the debit is covered */
        assert_true(h->made_old_bytes <= h->credit_bytes);
}

static void test_bounds_hold_while_the_heap_grows_and_turns_over(void **state)
{
    (void)state;
    for (int incremental = 0; incremental < 2; incremental++) {
        const char *settings[] = {"nursery=64K", incremental ? "increment=0.5" : "incremental=off",
                                  NULL};
        struct fixture fixture;
        inc_open(&fixture, settings, 0);
        struct bounds bounds = {.threshold = inside(&fixture)->threshold_bytes};
        assert_int_equal(bounds.threshold, 8 * 64 * KIB);
        fixture.after_collection = check_bounds;
        fixture.arg = &bounds;
        for (int list = 0; list < 60; list++) { /* 30 lists live, then replaced one by one */
            fixture_root(&fixture, list % 30, 0);
            fixture.roots[61] = NULL;
            keep_pairs(&fixture, 61, 3000);
            fixture.roots[list % 30] = fixture.roots[61];
        }
        const struct gcr_incminimark *h = inside(&fixture);
        uint64_t live = 30 * 3000 * 32, nursery = h->policy.nursery_bytes;
        assert_true(bounds.thresholds >= 3);
        /* Promoted while live bytes are marked and swept, at half a nursery a step. */
        uint64_t steps = 2 * live / h->policy.increment_bytes + 2 * live / (3 * nursery) + 8;
        assert_true(h->figures.cycle_made_old_peak_bytes <= (steps + 1) * nursery / 2 + nursery);
        if (incremental)
            assert_true(h->figures.cycle_made_old_peak_bytes > 0);
        fixture_collect(&fixture);
        assert_true(h->figures.floating_bytes <= h->figures.cycle_made_old_peak_bytes);
        fixture_close(&fixture);
    }
}

static void test_a_large_allocation_pays_for_its_steps(void **state)
{
    (void)state;
    struct fixture fixture;
    open_marking(&fixture);
    uint64_t steps = inside(&fixture)->figures.steps;
    struct gcr_incminimark *h = inside(&fixture);
    h->threshold_bytes = 0;
    uint32_t large = fixture_alloc(&fixture, MODEL_STRING, 200 * KIB, 0);
    assert_int_not_equal(large, 0);
    assert_true(h->figures.steps >= steps + 200 / 32 || h->state == INCMINIMARK_SCANNING);
    fixture_close(&fixture);
}

static void test_bytes_kept_by_finalizers_do_not_raise_the_threshold(void **state)
{
    (void)state;
    static const char *const settings[] = {"nursery=64K", "min-heap=128K", NULL};
    struct fixture fixture;
    inc_open(&fixture, settings, 0);
    uint32_t finalizer = fixture_alloc(&fixture, MODEL_FINALIZER, 0, 0);
    keep_pairs(&fixture, 1, 5000);
    fixture.ops->store(fixture.heap, fixture_ref(&fixture, finalizer), 0, fixture.roots[1]);
    fixture_root(&fixture, 1, 0);
    fixture_collect(&fixture);
    assert_int_equal(inside(&fixture)->kept_by_finalizers_bytes, 0);
    fixture_root(&fixture, 0, 0);
    fixture_collect(&fixture);
    assert_int_equal(inside(&fixture)->kept_by_finalizers_bytes, 5000 * 32 + 16);
    assert_int_equal(inside(&fixture)->threshold_bytes, 128 * KIB);
    fixture_close(&fixture);
}

/* ---- memory ---- */

static void test_empty_arenas_go_back(void **state)
{
    (void)state;
    struct fixture fixture;
    inc_open(&fixture, NULL, 0);
    keep_pairs(&fixture, 0, 100000);
    collect_minor(&fixture);
    struct gcr_incminimark *h = inside(&fixture);
    uint64_t arenas = h->pages.arena_count, held = fixture.supply.committed_bytes;
    assert_int_equal(arenas, (100000 / ((8192 - 32) / 32) + 64) / 64);
    fixture_root(&fixture, 0, 0);
    fixture_collect(&fixture);
    assert_int_equal(h->pages.arena_count, 0);
    assert_int_equal(h->pages.arena_peak, arenas);
    assert_true(fixture.supply.committed_bytes <= held - arenas * 512 * KIB);
    keep_pairs(&fixture, 0, 100);
    fixture_collect(&fixture);
    assert_int_equal(h->pages.arena_count, 1);
    fixture_check(&fixture);
    fixture_close(&fixture);
}

static void test_the_maximum_heap_ends_in_exhaustion(void **state)
{
    (void)state;
    static const char *const settings[] = {"nursery=64K", "min-heap=1M", "max-heap=1M", NULL};
    struct fixture fixture;
    inc_open(&fixture, settings, 0);
    uint32_t pairs = 0;
    for (;; pairs++) {
        fixture.roots[1] = fixture.roots[0];
        if (fixture_alloc(&fixture, MODEL_PAIR, 0, 0) == 0)
            break;
        fixture.ops->store(fixture.heap, fixture.roots[0], 0, fixture.roots[1]);
        assert_true(pairs < 100000);
    }
    assert_true(pairs >= MIB / 32 - 1);
    assert_true(pairs <= (MIB + 10 * 64 * KIB) / 32); /* and what one cycle promotes */
    assert_int_equal(fixture_last(&fixture)->reason, GCR_REASON_EMERGENCY);
    fixture_root(&fixture, 0, 0); /* and room again once something dies */
    fixture_root(&fixture, 1, 0);
    assert_int_not_equal(fixture_alloc(&fixture, MODEL_PAIR, 0, 0), 0);
    fixture_close(&fixture);
}

static void test_a_budget_holds_and_ends_in_exhaustion(void **state)
{
    (void)state;
    for (uint64_t budget = MIB; budget <= 16 * MIB; budget *= 4) {
        struct fixture fixture;
        inc_open(&fixture, NULL, budget);
        assert_true(inside(&fixture)->policy.nursery_bytes <= budget / 8);
        uint64_t kept = 0;
        for (;; kept += 32) {
            fixture.roots[1] = fixture.roots[0];
            if (fixture_alloc(&fixture, MODEL_PAIR, 0, 0) == 0)
                break;
            fixture.ops->store(fixture.heap, fixture.roots[0], 0, fixture.roots[1]);
        }
        assert_true(fixture.supply.peak_bytes <= budget);
        assert_true(kept > budget / 2); /* nursery, reserve and stack leave at least that */
        assert_false(inside(&fixture)->frozen);
        fixture_check(&fixture);
        fixture_close(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cycle_passes_its_states_in_order),
        cmocka_unit_test(test_minimark_does_all_in_one_pause),
        cmocka_unit_test(test_a_full_collection_ends_the_cycle_and_makes_a_whole_one),
        cmocka_unit_test(test_a_white_object_stored_into_a_black_one_lives),
        cmocka_unit_test(test_a_copy_into_a_black_object_is_always_remembered),
        cmocka_unit_test(test_a_white_object_moved_to_a_root_lives),
        cmocka_unit_test(test_what_becomes_old_while_sweeping_is_not_swept),
        cmocka_unit_test(test_a_fork_may_fall_inside_a_cycle),
        cmocka_unit_test(test_marks_in_a_bitmap_leave_headers_alone),
        cmocka_unit_test(test_threshold_rule),
        cmocka_unit_test(test_bounds_hold_while_the_heap_grows_and_turns_over),
        cmocka_unit_test(test_a_large_allocation_pays_for_its_steps),
        cmocka_unit_test(test_bytes_kept_by_finalizers_do_not_raise_the_threshold),
        cmocka_unit_test(test_empty_arenas_go_back),
        cmocka_unit_test(test_the_maximum_heap_ends_in_exhaustion),
        cmocka_unit_test(test_a_budget_holds_and_ends_in_exhaustion),
    };
    return cmocka_run_group_tests_name("collector.incminimark_major", tests, NULL, NULL);
}
