/* The replay loop over tables of operations of our own: what NULL members leave out, what minor
 * collections look at, when the clock runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "sim/replay/loop.h"
#include "sim/replay/prepare.h"
#include "tests/replay/script.h"

/* A heap of pretend objects: addresses are numbers, nothing is stored behind them. */
struct pretend {
    struct gcr_heap heap;
    uintptr_t next;
    uint64_t asked, deaths, tracked;
    uint64_t odd_die; /* forwarded: objects of odd number are dead */
};

static gcr_ref pretend_alloc(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                             unsigned flags, uint32_t cookie, gcr_ref *root, bool global_root)
{
    struct pretend *p = (struct pretend *)heap;

    (void)shape;
    (void)length;
    (void)flags;
    (void)cookie;
    (void)global_root;
    p->next += 16;
    *root = (gcr_ref)p->next;
    return *root;
}

static gcr_ref pretend_forwarded(struct gcr_heap *heap, gcr_ref object)
{
    struct pretend *p = (struct pretend *)heap;

    p->asked++;
    if (p->odd_die && (uintptr_t)object / 16 % 2 == 1)
        return NULL;
    return (gcr_ref)((uintptr_t)object + 0x100000);
}

static void pretend_death(struct gcr_heap *heap, gcr_ref object)
{
    assert_true(gcr_handle_is_object(object));
    ((struct pretend *)heap)->deaths++;
}

static void pretend_track(struct gcr_heap *heap, gcr_ref object)
{
    assert_non_null(object);
    ((struct pretend *)heap)->tracked++;
}

/* No event of these programs gets here. */
static void unexpected_store(struct gcr_heap *heap, gcr_ref object, uint32_t slot, gcr_ref value)
{
    fail_msg("store %p %p %u %p", (void *)heap, (void *)object, slot, (void *)value);
}

static void unexpected_copy(struct gcr_heap *heap, gcr_ref dst, uint32_t dst_slot, gcr_ref src,
                            uint32_t src_slot, uint32_t n)
{
    fail_msg("copy %p %p %u %p %u %u", (void *)heap, (void *)dst, dst_slot, (void *)src, src_slot,
             n);
}

static void unexpected_load(struct gcr_heap *heap, gcr_ref object, uint32_t slot, gcr_ref *root,
                            bool global_root)
{
    fail_msg("load %p %p %u %p %d", (void *)heap, (void *)object, slot, (void *)root, global_root);
}

static const struct gcr_mutator_ops least_ops = {.alloc = pretend_alloc,
                                                 .store = unexpected_store,
                                                 .copy = unexpected_copy,
                                                 .load = unexpected_load};
static const struct gcr_mutator_ops moving_ops = {.alloc = pretend_alloc,
                                                  .store = unexpected_store,
                                                  .copy = unexpected_copy,
                                                  .load = unexpected_load,
                                                  .forwarded = pretend_forwarded,
                                                  .death = pretend_death,
                                                  .track = pretend_track};

struct fixture {
    struct gcr_collector collector;
    struct gcr_engine engine;
    struct gcr_capabilities capabilities;
    struct pretend heap;
    struct gcr_replay_state state;
};

static void open_fixture(struct fixture *f, uint32_t caps)
{
    *f = (struct fixture){.collector = {.name = "pretend", .caps = caps}};
    f->engine.collector = &f->collector;
    gcr_state_init(&f->state, &f->engine, script_shapes, SHAPE_COUNT - 1, &f->capabilities);
    f->state.heap = &f->heap.heap;
}

static void prepare(struct fixture *f, const struct script *script)
{
    struct gcr_preparation prepared =
        gcr_prepare_batch(&f->state, script->events[0], script->count[0]);

    assert_int_equal(prepared.what, GCR_PREPARED_ALL);
    assert_int_equal(prepared.usable, script->count[0]);
    f->state.batch = script->events[0];
}

static void null_operations_leave_their_events_out(void **unused)
{
    struct fixture f;
    struct script script;

    (void)unused;
    open_fixture(&f, 0);
    script_init(&script, 1);
    script_alloc(&script, 0, 1, SHAPE_PAIR, 0, gcr_root_thread(0));
    script_add(&script, 0, (struct gcr_event){.op = GCR_OP_READ, .a = 1, .c = 8});
    script_add(&script, 0, (struct gcr_event){.op = GCR_OP_WRITE, .a = 1, .c = 8});
    script_add(&script, 0, (struct gcr_event){.op = GCR_OP_TRACK, .a = 1});
    script_root(&script, 0, gcr_root_global(3), 1);
    script_root(&script, 0, gcr_root_thread(0), 0);
    script_death(&script, 0, 1);
    prepare(&f, &script);
    assert_int_equal(gcr_loop_batch(&least_ops, false, &f.state, script.events[0], script.count[0]),
                     script.count[0]);
    assert_int_equal(f.state.stop, GCR_STOP_NONE);
    assert_ptr_equal(*gcr_roots_find(&f.state.roots, 0, gcr_root_global(3)), (gcr_ref)16);
    assert_null(*gcr_roots_find(&f.state.roots, 0, gcr_root_thread(0)));
    assert_null(f.state.handles.table[1]);
    gcr_loop_update_handles(&least_ops, &f.state, false); /* nothing moves: nothing happens */
    gcr_state_finish(&f.state);
    script_free(&script);
}

static void deaths_and_tracking_reach_a_design_that_wants_them(void **unused)
{
    struct fixture f;
    struct script script;

    (void)unused;
    open_fixture(&f, GCR_CAP_MOVING);
    script_init(&script, 1);
    script_churn(&script, 0, 1, 20);
    script_alloc(&script, 0, 1, SHAPE_PAIR, 0, gcr_root_thread(0));
    script_add(&script, 0, (struct gcr_event){.op = GCR_OP_TRACK, .a = 1});
    prepare(&f, &script);
    gcr_loop_batch(&moving_ops, false, &f.state, script.events[0], script.count[0]);
    assert_int_equal(f.heap.deaths, 20);
    assert_int_equal(f.heap.tracked, 1);
    gcr_state_finish(&f.state);
    script_free(&script);
}

static void minor_collection_asks_for_young_handles_alone(void **unused)
{
    struct fixture f;
    struct script script;

    (void)unused;
    open_fixture(&f, GCR_CAP_MOVING | GCR_CAP_GENERATIONAL);
    script_init(&script, 1);
    for (uint32_t i = 1; i <= 10; i++)
        script_alloc(&script, 0, i, SHAPE_PAIR, 0, gcr_root_thread(i));
    prepare(&f, &script);
    gcr_loop_batch(&moving_ops, false, &f.state, script.events[0], 10);
    gcr_loop_update_handles(&moving_ops, &f.state, true);
    assert_int_equal(f.heap.asked, 10);
    assert_ptr_equal(f.state.handles.table[10], (gcr_ref)(10 * 16 + 0x100000));
    gcr_loop_update_handles(&moving_ops, &f.state, true); /* none is young any more */
    assert_int_equal(f.heap.asked, 10);
    script_free(&script);
    script_init(&script, 1);
    script_alloc(&script, 0, 11, SHAPE_PAIR, 0, gcr_root_thread(0));
    script_death(&script, 0, 10);
    prepare(&f, &script);
    gcr_loop_batch(&moving_ops, false, &f.state, script.events[0], 2);
    gcr_loop_update_handles(&moving_ops, &f.state, true);
    assert_int_equal(f.heap.asked, 11);
    gcr_loop_update_handles(&moving_ops, &f.state, false); /* full: all that have a name */
    assert_int_equal(f.heap.asked, 11 + 10);
    gcr_state_finish(&f.state);
    script_free(&script);
}

static void dead_handles_are_marked_lost(void **unused)
{
    struct fixture f;
    struct script script;

    (void)unused;
    open_fixture(&f, GCR_CAP_MOVING);
    script_init(&script, 1);
    for (uint32_t i = 1; i <= 4; i++)
        script_alloc(&script, 0, i, SHAPE_PAIR, 0, gcr_root_thread(i));
    prepare(&f, &script);
    gcr_loop_batch(&moving_ops, false, &f.state, script.events[0], 4);
    f.heap.odd_die = 1;
    gcr_loop_update_handles(&moving_ops, &f.state, false);
    assert_ptr_equal(f.state.handles.table[1], GCR_HANDLE_LOST);
    assert_true(gcr_handle_is_object(f.state.handles.table[2]));
    assert_null(f.state.view.handle(&f.state.view, 1)); /* a checker sees null */
    assert_null(f.state.view.handle(&f.state.view, 4000));
    gcr_loop_update_handles(&moving_ops, &f.state, false);
    assert_int_equal(f.heap.asked, 4 + 2); /* lost ones are not asked for again */
    gcr_state_finish(&f.state);
    script_free(&script);
}

static void preparation_stops_at_forks_and_unknown_objects(void **unused)
{
    struct fixture f;
    struct script script;
    struct gcr_preparation prepared;

    (void)unused;
    open_fixture(&f, 0);
    script_init(&script, 1);
    script_alloc(&script, 0, 1, SHAPE_PAIR, 0, gcr_root_thread(0));
    script_fork(&script, 0, 1);
    script_store(&script, 0, 1, 0, 44);
    prepared = gcr_prepare_batch(&f.state, script.events[0], 3);
    assert_int_equal(prepared.what, GCR_PREPARED_FORK_EXIT);
    assert_int_equal(prepared.usable, 1);
    prepared = gcr_prepare_batch(&f.state, script.events[0] + 2, 1);
    assert_int_equal(prepared.what, GCR_PREPARED_NO_OBJECT);
    assert_int_equal(prepared.usable, 0);
    assert_int_equal(prepared.object, 44);
    gcr_state_finish(&f.state);
    script_free(&script);
}

static void sleep_ms(long ms)
{
    const struct timespec time = {.tv_nsec = ms * 1000000};

    nanosleep(&time, NULL);
}

static void clock_runs_in_the_batch_and_stands_still_when_held(void **unused)
{
    struct fixture f;
    struct script script;
    uint64_t wall = gcr_monotonic_ns();

    (void)unused;
    open_fixture(&f, 0);
    script_init(&script, 1);
    script_alloc(&script, 0, 1, SHAPE_PAIR, 0, gcr_root_thread(0));
    prepare(&f, &script);
    f.state.host.stop_clock(&f.state.host, true); /* while it does not run: no effect */
    f.state.host.stop_clock(&f.state.host, false);
    assert_false(f.state.timing.clock.running);
    gcr_timing_start(&f.state.timing);
    f.state.host.stop_clock(&f.state.host, true);
    sleep_ms(20);
    f.state.host.stop_clock(&f.state.host, false);
    assert_true(f.state.timing.clock.running);
    (void)gcr_timing_stop(&f.state.timing);
    sleep_ms(20);
    gcr_loop_batch(&least_ops, false, &f.state, script.events[0], 1);
    assert_false(f.state.timing.clock.running);
    wall = gcr_monotonic_ns() - wall;
    assert_true(f.state.timing.clock.elapsed_ns + 40000000 <= wall);
    gcr_state_finish(&f.state);
    script_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_operations_leave_their_events_out),
        cmocka_unit_test(deaths_and_tracking_reach_a_design_that_wants_them),
        cmocka_unit_test(minor_collection_asks_for_young_handles_alone),
        cmocka_unit_test(dead_handles_are_marked_lost),
        cmocka_unit_test(preparation_stops_at_forks_and_unknown_objects),
        cmocka_unit_test(clock_runs_in_the_batch_and_stands_still_when_held),
    };

    return cmocka_run_group_tests_name("unit.loop", tests, NULL, NULL);
}
