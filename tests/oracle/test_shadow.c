/* The shadow graph and the analysis of when objects became unreachable, event by event, by hand.
 * States count from 1; the first event leads to state 2. */
#include <stdarg.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "sim/oracle/address_map.h"
#include "sim/oracle/reach.h"
#include "sim/oracle/rules.h"
#include "sim/oracle/shadow.h"

static const struct gcr_shape shapes[] = {
    {.number = 0},
    {24, 2, 0, 0, GCR_SHAPE_CONTAINER, 1, "pair"},
    {16, 1, 8, 1, GCR_SHAPE_CONTAINER | GCR_SHAPE_RESIZABLE, 2, "list"},
    {8, 0, 0, 0, GCR_SHAPE_FINALIZER, 3, "file"},
};

static const struct gcr_capabilities capabilities = {.deaths = GCR_DEATHS_EXACT, .forks = 1};

struct fixture {
    struct gcr_shadow *shadow;
    struct gcr_reach reach;
};

static int setup(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof f);
    *state = &f;
    return gcr_shadow_create(shapes, GCR_COUNT_OF(shapes) - 1, &f.shadow, NULL) == GCR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    gcr_reach_finish(&f->reach);
    gcr_shadow_destroy(f->shadow);
    return 0;
}

static void apply(struct fixture *f, struct gcr_event event)
{
    assert_true(gcr_shadow_apply(f->shadow, &event));
}

#define APPLY(f, kind, ...) apply(f, (struct gcr_event){.op = (kind), __VA_ARGS__})

static uint32_t cover(const struct fixture *f, uint32_t index)
{
    return f->shadow->covers[gcr_shadow_find(f->shadow, index)];
}

static void analyse(struct fixture *f, bool trusted)
{
    assert_true(gcr_reach_cover(&f->reach, f->shadow, trusted));
}

static void object_is_covered_to_the_state_before_its_root_goes(void **state)
{
    struct fixture *f = *state;

    APPLY(f, GCR_OP_ALLOC, .a = 1, .b = 1, .c = gcr_root_thread(0)); /* 2 */
    APPLY(f, GCR_OP_ALLOC, .a = 2, .b = 1, .c = gcr_root_global(0)); /* 3 */
    APPLY(f, GCR_OP_STORE, .a = 2, .b = 1, .c = 1);                  /* 4 */
    APPLY(f, GCR_OP_ROOT, .a = gcr_root_thread(0));                  /* 5: o1 only by o2 */
    APPLY(f, GCR_OP_ALLOC, .a = 3, .b = 1, .c = gcr_root_thread(1)); /* 6 */
    APPLY(f, GCR_OP_STORE, .a = 2, .b = 1);                          /* 7: o1 is lost */
    analyse(f, false);
    assert_int_equal(cover(f, 1), 6);
    assert_int_equal(cover(f, 2), GCR_COVER_ALWAYS);
    assert_int_equal(cover(f, 3), GCR_COVER_ALWAYS);
}

static void cycle_does_not_cover_itself(void **state)
{
    struct fixture *f = *state;

    APPLY(f, GCR_OP_ALLOC, .a = 1, .b = 1, .c = gcr_root_thread(0)); /* 2 */
    APPLY(f, GCR_OP_ALLOC, .a = 2, .b = 1, .c = gcr_root_thread(1)); /* 3 */
    APPLY(f, GCR_OP_STORE, .a = 1, .c = 2);                          /* 4 */
    APPLY(f, GCR_OP_STORE, .a = 2, .c = 1);                          /* 5 */
    APPLY(f, GCR_OP_ROOT, .a = gcr_root_thread(1));                  /* 6 */
    APPLY(f, GCR_OP_ROOT, .a = gcr_root_thread(0));                  /* 7 */
    analyse(f, true);
    assert_int_equal(cover(f, 1), 6);
    assert_int_equal(cover(f, 2), 6);
}

static void gap_is_seen_though_the_object_is_reachable_again(void **state)
{
    struct fixture *f = *state;

    APPLY(f, GCR_OP_ALLOC, .a = 1, .b = 1, .c = gcr_root_thread(0)); /* 2 */
    APPLY(f, GCR_OP_ROOT, .a = gcr_root_thread(0));                  /* 3 */
    APPLY(f, GCR_OP_ROOT, .a = gcr_root_thread(0), .b = 1);          /* 4: not allowed */
    analyse(f, false);
    assert_int_equal(cover(f, 1), 2);
}

static void handing_over_in_one_event_leaves_no_gap(void **state)
{
    struct fixture *f = *state;

    APPLY(f, GCR_OP_ALLOC, .a = 1, .b = 2, .c = gcr_root_thread(0), .d = 2); /* 2 */
    APPLY(f, GCR_OP_ALLOC, .a = 2, .b = 1, .c = gcr_root_thread(1));         /* 3 */
    APPLY(f, GCR_OP_STORE, .a = 1, .b = 1, .c = 2);                          /* 4 */
    APPLY(f, GCR_OP_ROOT, .a = gcr_root_thread(1));                          /* 5 */
    APPLY(f, GCR_OP_COPY, .a = 1, .b = 2, .c = 1, .d = 1, .e = 1);           /* 6: now twice */
    APPLY(f, GCR_OP_STORE, .a = 1, .b = 1);                                  /* 7 */
    APPLY(f, GCR_OP_LOAD, .a = 1, .b = 2, .c = gcr_root_thread(0));          /* 8: o1 goes */
    analyse(f, false);
    assert_int_equal(cover(f, 1), 7);
    assert_int_equal(cover(f, 2), GCR_COVER_ALWAYS);
}

static void overlapping_copies_move_like_memmove(void **state)
{
    struct fixture *f = *state;
    const struct gcr_shadow_edge *slots;

    APPLY(f, GCR_OP_ALLOC, .a = 1, .b = 2, .c = gcr_root_thread(0), .d = 3);
    for (uint32_t i = 0; i < 3; i++) {
        APPLY(f, GCR_OP_ALLOC, .a = 2 + i, .b = 1, .c = gcr_root_thread(1 + i));
        APPLY(f, GCR_OP_STORE, .a = 1, .b = i, .c = 2 + i);
    }
    slots = f->shadow->nodes[gcr_shadow_find(f->shadow, 1)].slots;
    APPLY(f, GCR_OP_COPY, .a = 1, .b = 1, .c = 1, .d = 0, .e = 3); /* 2 2 3 4 */
    assert_int_equal(slots[1].target, gcr_shadow_find(f->shadow, 2));
    assert_int_equal(slots[2].target, gcr_shadow_find(f->shadow, 3));
    assert_int_equal(slots[3].target, gcr_shadow_find(f->shadow, 4));
    APPLY(f, GCR_OP_COPY, .a = 1, .b = 0, .c = 1, .d = 1, .e = 3); /* 2 3 4 4 */
    assert_int_equal(slots[1].target, gcr_shadow_find(f->shadow, 3));
    assert_int_equal(slots[2].target, gcr_shadow_find(f->shadow, 4));
    assert_int_equal(slots[3].target, gcr_shadow_find(f->shadow, 4));
}

static void new_window_forgets_the_log_and_keeps_the_graph(void **state)
{
    struct fixture *f = *state;

    APPLY(f, GCR_OP_PREBUILT, .a = 1, .b = 1);
    APPLY(f, GCR_OP_ALLOC, .a = 2, .b = 1, .c = gcr_root_thread(0));
    APPLY(f, GCR_OP_STORE, .a = 1, .c = 2);
    APPLY(f, GCR_OP_ROOT, .a = gcr_root_thread(0));
    APPLY(f, GCR_OP_ALLOC, .a = 3, .b = 1, .c = gcr_root_thread(0));
    APPLY(f, GCR_OP_ROOT, .a = gcr_root_thread(0));
    analyse(f, false);
    gcr_shadow_begin_window(f->shadow);
    assert_int_equal(f->shadow->live_objects, 2); /* o3 is garbage now */
    assert_int_equal(f->shadow->peak_objects, 3);
    assert_int_equal(f->shadow->drop_count, 0);
    APPLY(f, GCR_OP_STORE, .a = 1); /* 2 */
    analyse(f, true);
    assert_int_equal(cover(f, 1), GCR_COVER_ALWAYS);
    assert_int_equal(cover(f, 2), 1);
    assert_int_equal(cover(f, 3), 0);
}

static void reused_index_is_another_node(void **state)
{
    struct fixture *f = *state;
    uint32_t first;

    f->shadow->has_heap = true;
    APPLY(f, GCR_OP_ALLOC, .a = 1, .b = 3, .c = gcr_root_thread(0));
    first = gcr_shadow_find(f->shadow, 1);
    APPLY(f, GCR_OP_ROOT, .a = gcr_root_thread(0));
    APPLY(f, GCR_OP_DEATH, .a = 1);
    APPLY(f, GCR_OP_ALLOC, .a = 1, .b = 3, .c = gcr_root_thread(0));
    assert_int_not_equal(gcr_shadow_find(f->shadow, 1), first);
    /* Both have finalizers, which may run in any order, but once. */
    assert_int_equal(gcr_shadow_awaiting(f->shadow, 1, 2), gcr_shadow_find(f->shadow, 1));
    assert_int_equal(gcr_shadow_awaiting(f->shadow, 1, 1), first);
    f->shadow->nodes[first].flags |= GCR_NODE_FINALIZED;
    assert_int_equal(gcr_shadow_awaiting(f->shadow, 1, 1), GCR_SHADOW_NULL);
    assert_int_equal(gcr_shadow_awaiting(f->shadow, 1, 3), GCR_SHADOW_NULL);
    analyse(f, true);
    gcr_shadow_release(f->shadow, first, false);
    assert_int_not_equal(gcr_shadow_find(f->shadow, 1), GCR_SHADOW_NULL);
}

static void clone_is_independent(void **state)
{
    struct fixture *f = *state;
    struct gcr_shadow *child;

    APPLY(f, GCR_OP_ALLOC, .a = 1, .b = 2, .c = gcr_root_thread(0), .d = 100);
    APPLY(f, GCR_OP_STORE, .a = 1, .b = 100, .c = 1);
    analyse(f, true);
    gcr_shadow_begin_window(f->shadow);
    assert_int_equal(gcr_shadow_clone(f->shadow, &child, NULL), GCR_OK);
    APPLY(f, GCR_OP_RESIZE, .a = 1, .b = 1);
    assert_int_equal(child->nodes[gcr_shadow_find(child, 1)].length, 100);
    assert_int_equal(child->nodes[gcr_shadow_find(child, 1)].slots[100].target,
                     gcr_shadow_find(child, 1));
    gcr_shadow_destroy(child);
}

static void rules_hold_the_order_of_events(void **state)
{
    struct fixture *f = *state;
    struct gcr_rules rules;
    struct gcr_error err;
    const struct gcr_event prebuilt = {.op = GCR_OP_PREBUILT, .a = 1, .b = 1};
    const struct gcr_event root = {.op = GCR_OP_ROOT};
    const struct gcr_event leave = {.op = GCR_OP_EXIT};

    gcr_rules_init(&rules, &capabilities);
    assert_int_equal(gcr_rules_judge(&rules, f->shadow, &prebuilt, &err), GCR_OK);
    assert_int_equal(gcr_rules_judge(&rules, f->shadow, &root, &err), GCR_OK);
    assert_int_equal(gcr_rules_judge(&rules, f->shadow, &prebuilt, &err), GCR_INVALID_TRACE);
    assert_string_equal(err.text, "PREBUILT after other events");
    assert_int_equal(gcr_rules_judge(&rules, f->shadow, &leave, &err), GCR_OK);
    assert_int_equal(gcr_rules_judge(&rules, f->shadow, &root, &err), GCR_INVALID_TRACE);
    assert_string_equal(err.text, "an event after EXIT");
    gcr_rules_finish(&rules);
}

/* Against a table of values; neighbours, and addresses of one place in different leaves. */
static void address_map_keeps_what_is_in_it(void **state)
{
    enum { ADDRESSES = 3000, ROUNDS = 60000 };
    static uint32_t present[ADDRESSES];
    struct gcr_oracle_map map = {0};
    uint64_t rng = 7;
    size_t count = 0;

    (void)state;
    memset(present, 0, sizeof present);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t k = (uint32_t)((rng = rng * 6364136223846793005u + 1442695040888963407u) >> 33);
        gcr_ref address = (gcr_ref)(uintptr_t)(0x200000000000u + (uint64_t)(k % 3) * 0x100000000u +
                                               (uint64_t)(k % ADDRESSES / 3) * 8);

        k %= ADDRESSES;
        assert_int_equal(gcr_oracle_map_find(&map, address), present[k]);
        if (present[k] != 0) {
            assert_int_equal(gcr_oracle_map_take(&map, address), present[k]);
            present[k] = 0;
            count--;
        } else {
            assert_true(gcr_oracle_map_put(&map, address, i + 1));
            present[k] = i + 1;
            count++;
        }
        assert_int_equal(map.count, count);
    }
    gcr_oracle_map_clear(&map);
    assert_int_equal(map.count, 0);
    gcr_oracle_map_finish(&map);
}

/* A slot with the largest number costs a chunk and the way to it, and is found again. */
static void far_root_slots_cost_little(void **unused)
{
    struct gcr_shadow_roots roots = {0}, copy;
    const uint32_t slots[] = {5, 1023, 1024, GCR_MAX_ROOT_SLOT};
    uint32_t seen = 0, used = 0;

    (void)unused;
    assert_null(gcr_shadow_roots_find(&roots, GCR_MAX_ROOT_SLOT));
    for (uint32_t i = 0; i < GCR_COUNT_OF(slots); i++)
        gcr_shadow_roots_make(&roots, slots[i])->target = i + 1;
    assert_true(gcr_shadow_roots_clone(&roots, &copy));
    gcr_shadow_roots_finish(&roots);
    for (uint32_t i = gcr_shadow_roots_next(&copy, 0); i < copy.end;
         i = gcr_shadow_roots_next(&copy, i + 1)) {
        seen++;
        if (gcr_shadow_roots_find(&copy, i)->target == 0)
            continue;
        assert_int_equal(i, slots[used]);
        assert_int_equal(gcr_shadow_roots_find(&copy, i)->target, ++used);
    }
    assert_int_equal(used, GCR_COUNT_OF(slots));
    assert_int_equal(seen,
                     3 * GCR_ROOT_CHUNK_SLOTS); /* three chunks, not a thousand million slots */
    gcr_shadow_roots_finish(&copy);
}

/* The longest object that there can be, with a few slots set, cut and copied, costs what they do.
 */
static void slots_of_a_very_long_object_cost_what_is_set(void **state)
{
    enum { LAST = 0xfffffffe };
    struct fixture *f = *state;
    struct gcr_shadow *child;
    const struct gcr_shadow_node *n;
    uint32_t seen = 0;

    APPLY(f, GCR_OP_ALLOC, .a = 1, .b = 2, .c = gcr_root_thread(0), .d = LAST);
    APPLY(f, GCR_OP_ALLOC, .a = 2, .b = 1, .c = gcr_root_thread(1)); /* 3 */
    APPLY(f, GCR_OP_STORE, .a = 1, .b = LAST, .c = 2);
    APPLY(f, GCR_OP_STORE, .a = 1, .b = 7, .c = 1);
    APPLY(f, GCR_OP_ROOT, .a = gcr_root_thread(1)); /* 6 */
    n = &f->shadow->nodes[gcr_shadow_find(f->shadow, 1)];
    assert_true(gcr_shadow_is_sparse(n));
    assert_int_equal(gcr_shadow_slot(n, LAST).target, gcr_shadow_find(f->shadow, 2));
    assert_int_equal(gcr_shadow_slot(n, 5000).target, GCR_SHADOW_NULL);
    for (uint32_t i = gcr_shadow_slot_next(n, 0); i < n->slot_count;
         i = gcr_shadow_slot_next(n, i + 1))
        seen++;
    assert_true(seen <= 2 * GCR_ROOT_CHUNK_SLOTS);
    /* all slots but the first go one down, over each other */
    APPLY(f, GCR_OP_COPY, .a = 1, .b = 0, .c = 1, .d = 1, .e = LAST); /* 7 */
    assert_int_equal(gcr_shadow_slot(n, LAST - 1).target, gcr_shadow_find(f->shadow, 2));
    assert_int_equal(gcr_shadow_slot(n, 6).target, gcr_shadow_find(f->shadow, 1));
    assert_int_equal(gcr_shadow_slot(n, 7).target, GCR_SHADOW_NULL);
    analyse(f, false);
    assert_int_equal(cover(f, 2), GCR_COVER_ALWAYS);
    gcr_shadow_begin_window(f->shadow);
    assert_int_equal(gcr_shadow_clone(f->shadow, &child, NULL), GCR_OK);
    n = &child->nodes[gcr_shadow_find(child, 1)];
    assert_int_equal(gcr_shadow_slot(n, LAST - 1).target, gcr_shadow_find(child, 2));
    gcr_shadow_destroy(child);
    /* cut off: first what lies at the end, and then so short that few slots are left */
    APPLY(f, GCR_OP_RESIZE, .a = 1, .b = 100000); /* 2 */
    APPLY(f, GCR_OP_RESIZE, .a = 1, .b = 10);     /* 3 */
    n = &f->shadow->nodes[gcr_shadow_find(f->shadow, 1)];
    assert_false(gcr_shadow_is_sparse(n));
    assert_int_equal(gcr_shadow_slot(n, 6).target, gcr_shadow_find(f->shadow, 1));
    APPLY(f, GCR_OP_RESIZE, .a = 1, .b = 1000000);
    assert_int_equal(gcr_shadow_slot(n, 6).target, gcr_shadow_find(f->shadow, 1));
    analyse(f, false);
    assert_int_equal(cover(f, 2), 1);
    assert_int_equal(cover(f, 1), GCR_COVER_ALWAYS);
}

/* A walk over the slots ends with the highest that was made, however roomy its chunk is. */
static void walk_over_root_slots_ends_with_the_highest(void **unused)
{
    struct gcr_shadow_roots roots = {0};
    uint32_t seen = 0;

    (void)unused;
    gcr_shadow_roots_make(&roots, 20)->target = 1;
    gcr_shadow_roots_make(&roots, 7)->target = 1;
    for (uint32_t i = gcr_shadow_roots_next(&roots, 0); i < roots.end;
         i = gcr_shadow_roots_next(&roots, i + 1))
        seen++;
    assert_int_equal(seen, 21);
    assert_int_equal(gcr_shadow_roots_room(&roots), GCR_ROOT_CHUNK_SLOTS);
    gcr_shadow_roots_finish(&roots);
}

int main(void)
{
#define SHADOW_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        SHADOW_TEST(object_is_covered_to_the_state_before_its_root_goes),
        SHADOW_TEST(cycle_does_not_cover_itself),
        SHADOW_TEST(gap_is_seen_though_the_object_is_reachable_again),
        SHADOW_TEST(handing_over_in_one_event_leaves_no_gap),
        SHADOW_TEST(overlapping_copies_move_like_memmove),
        SHADOW_TEST(new_window_forgets_the_log_and_keeps_the_graph),
        SHADOW_TEST(reused_index_is_another_node),
        SHADOW_TEST(clone_is_independent),
        SHADOW_TEST(rules_hold_the_order_of_events),
        cmocka_unit_test(far_root_slots_cost_little),
        cmocka_unit_test_setup_teardown(slots_of_a_very_long_object_cost_what_is_set, setup,
                                        teardown),
        cmocka_unit_test(walk_over_root_slots_ends_with_the_highest),
        cmocka_unit_test(address_map_keeps_what_is_in_it),
    };

    return cmocka_run_group_tests_name("unit.shadow", tests, NULL, NULL);
}
