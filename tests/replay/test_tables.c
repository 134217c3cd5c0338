/* Handles, roots, cookies and live accounting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/replay/cookies.h"
#include "sim/replay/handles.h"
#include "sim/replay/live.h"
#include "sim/replay/roots.h"
#include "sim/replay/survey.h"
#include "tests/replay/script.h"

static void handles_start_null_and_survive_growth(void **unused)
{
    struct gcr_handles handles = {0};
    gcr_ref marker = (gcr_ref)0x1000;

    (void)unused;
    assert_true(gcr_handles_reserve(&handles, 0));
    assert_null(handles.table[0]);
    assert_true(gcr_handles_reserve(&handles, 5));
    assert_int_equal(handles.limit, 6);
    handles.table[5] = marker;
    assert_true(gcr_handles_reserve(&handles, GCR_MAX_OBJECT)); /* 16 GiB of addresses, few pages */
    assert_ptr_equal(handles.table[5], marker);
    assert_null(handles.table[GCR_MAX_OBJECT]);
    assert_int_equal(handles.limit, (uint32_t)GCR_MAX_OBJECT + 1);
    assert_true(gcr_handles_reserve(&handles, 7)); /* the limit never shrinks */
    assert_int_equal(handles.limit, (uint32_t)GCR_MAX_OBJECT + 1);
    gcr_handles_free(&handles);
}

static void null_and_lost_handles_are_no_objects(void **unused)
{
    (void)unused;
    assert_false(gcr_handle_is_object(NULL));
    assert_false(gcr_handle_is_object(GCR_HANDLE_LOST));
    assert_true(gcr_handle_is_object((gcr_ref)8));
}

static void roots_are_per_thread_and_global(void **unused)
{
    struct gcr_roots roots = {0};
    const struct gcr_root_span *spans;
    size_t count;
    gcr_ref a = (gcr_ref)0x10, b = (gcr_ref)0x20, c = (gcr_ref)0x30;

    (void)unused;
    assert_null(gcr_roots_find(&roots, 0, gcr_root_thread(3)));
    assert_true(gcr_roots_reserve(&roots, 0, gcr_root_thread(3)));
    assert_true(gcr_roots_reserve(&roots, 2, gcr_root_thread(0)));
    assert_true(gcr_roots_reserve(&roots, 2, gcr_root_global(4000)));
    *gcr_roots_find(&roots, 0, gcr_root_thread(3)) = a;
    *gcr_roots_find(&roots, 2, gcr_root_thread(0)) = b;
    *gcr_roots_find(&roots, 1, gcr_root_global(4000)) = c; /* any thread finds a global one */
    assert_null(gcr_roots_find(&roots, 0, gcr_root_thread(4)));
    assert_null(gcr_roots_find(&roots, 9, gcr_root_thread(0)));
    assert_null(gcr_roots_find(&roots, 1, gcr_root_thread(0)));
    spans = gcr_roots_spans(&roots, &count);
    assert_int_equal(count, 3); /* thread 1 has no slots */
    assert_int_equal(spans[0].count, 4001);
    assert_ptr_equal(spans[0].start[4000], c);
    assert_int_equal(spans[1].count, 4);
    assert_ptr_equal(spans[1].start[3], a);
    assert_int_equal(spans[2].count, 1);
    assert_ptr_equal(spans[2].start[0], b);
    gcr_roots_free(&roots);
}

static void roots_keep_their_values_when_they_grow(void **unused)
{
    struct gcr_roots roots = {0};

    (void)unused;
    for (uint32_t i = 0; i < 100000; i++) {
        assert_true(gcr_roots_reserve(&roots, 0, gcr_root_thread(i)));
        *gcr_roots_find(&roots, 0, gcr_root_thread(i)) = (gcr_ref)(uintptr_t)(i + 2);
    }
    for (uint32_t i = 0; i < 100000; i++)
        assert_ptr_equal(*gcr_roots_find(&roots, 0, gcr_root_thread(i)), (uintptr_t)(i + 2));
    gcr_roots_free(&roots);
}

static void cookies_lead_to_the_root_of_their_own_object(void **unused)
{
    struct gcr_cookies cookies = {0};
    uint32_t old, young, other;
    struct gcr_cookie taken;

    (void)unused;
    assert_false(gcr_cookies_resurrect(&cookies, 7, 3)); /* nothing has a finalizer yet */
    assert_true(gcr_cookies_reserve(&cookies, 3));
    old = gcr_cookies_add(&cookies, 7);
    assert_int_not_equal(old, 0);
    assert_true(gcr_cookies_resurrect(&cookies, 7, gcr_root_global(1)));
    young = gcr_cookies_add(&cookies, 7); /* index 7 used again before the old one was finalized */
    other = gcr_cookies_add(&cookies, 8);
    assert_true(gcr_cookies_resurrect(&cookies, 7, gcr_root_global(2)));
    assert_false(gcr_cookies_resurrect(&cookies, 9, 3));
    taken = gcr_cookies_take(&cookies, old);
    assert_int_equal(taken.root, gcr_root_global(1));
    assert_int_equal(taken.object, 7);
    assert_int_equal(gcr_cookies_take(&cookies, young).root, gcr_root_global(2));
    assert_int_equal(gcr_cookies_take(&cookies, other).root, GCR_NO_ROOT);
    assert_false(gcr_cookies_resurrect(&cookies, 7, 3)); /* finalized once, never again */
    gcr_cookies_free(&cookies);
}

/* Against a plain model: thousands of objects come, are named for resurrection, and go. */
static void cookies_agree_with_a_model(void **unused)
{
    enum { OBJECTS = 5000, STEPS = 60000 };
    static uint32_t cookie_of[OBJECTS], root_of[OBJECTS];
    struct gcr_cookies cookies = {0};
    uint64_t random = 88172645463325252u;
    uint32_t highest = 0;

    (void)unused;
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t object;

        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        object = (uint32_t)(random % OBJECTS);
        if (cookie_of[object] == 0) {
            assert_true(gcr_cookies_reserve(&cookies, 1));
            cookie_of[object] = gcr_cookies_add(&cookies, object);
            root_of[object] = GCR_NO_ROOT;
            if (cookie_of[object] > highest)
                highest = cookie_of[object];
        } else if ((random >> 40) % 3 == 0) {
            root_of[object] = gcr_root_global(step);
            assert_true(gcr_cookies_resurrect(&cookies, object, root_of[object]));
        } else {
            struct gcr_cookie taken = gcr_cookies_take(&cookies, cookie_of[object]);

            assert_int_equal(taken.object, object);
            assert_int_equal(taken.root, root_of[object]);
            cookie_of[object] = 0;
        }
    }
    assert_true(highest <= OBJECTS); /* cookies are used again */
    gcr_cookies_free(&cookies);
}

static void account(struct gcr_live *live, uint8_t op, uint32_t a, uint32_t b, uint32_t c,
                    uint32_t d)
{
    const struct gcr_event event = {.op = op, .a = a, .b = b, .c = c, .d = d};
    uint64_t deaths = 0;

    assert_true(gcr_live_reserve(live, a + 1));
    assert_true(gcr_live_account(live, &event, 1, &deaths));
    assert_int_equal(deaths, op == GCR_OP_DEATH);
}

static void live_bytes_follow_alloc_resize_and_death(void **unused)
{
    struct gcr_live live = {.shapes = script_shapes};

    (void)unused;
    account(&live, GCR_OP_PREBUILT, 1, SHAPE_ARRAY, 10, 0); /* 80 */
    account(&live, GCR_OP_ALLOC, 2, SHAPE_PAIR, 0, 0);      /* 24 */
    account(&live, GCR_OP_ALLOC, 3, SHAPE_LIST, 0, 2);      /* 16 */
    assert_int_equal(live.objects, 3);
    assert_int_equal(live.bytes, 120);
    account(&live, GCR_OP_RESIZE, 3, 100, 0, 0); /* 800 */
    assert_int_equal(live.bytes, 904);
    account(&live, GCR_OP_RESIZE, 3, 1, 0, 0);
    assert_int_equal(live.bytes, 112);
    account(&live, GCR_OP_STORE, 2, 0, 1, 0); /* no effect */
    account(&live, GCR_OP_DEATH, 2, 0, 0, 0);
    account(&live, GCR_OP_DEATH, 3, 0, 0, 0);
    assert_int_equal(live.bytes, 80);
    assert_int_equal(live.objects, 1);
    assert_int_equal(live.peak_bytes, 904);
    account(&live, GCR_OP_ALLOC, 3, SHAPE_LIST, 0, 1); /* side entry and index used again */
    assert_int_equal(live.bytes, 88);
    assert_int_equal(live.side_end, 2);
    gcr_live_free(&live);
}

static void live_bytes_of_huge_objects_are_exact(void **unused)
{
    struct gcr_live live = {.shapes = script_shapes};
    const uint64_t huge = (uint64_t)200000 << 16;

    (void)unused;
    account(&live, GCR_OP_ALLOC, 4, SHAPE_HUGE, 0, 200000);
    account(&live, GCR_OP_ALLOC, 5, SHAPE_PAIR, 0, 0);
    assert_true(live.bytes == huge + 24);
    account(&live, GCR_OP_DEATH, 4, 0, 0, 0);
    assert_int_equal(live.bytes, 24);
    assert_true(live.peak_bytes == huge + 24);
    gcr_live_free(&live);
}

/* Allocations, resizes and deaths in any order, with others between; each index lives once at a
 * time. Returns the live bytes after the last, by a plain sum. */
static uint64_t random_life(struct gcr_event *events, size_t n, uint64_t *deaths, uint64_t *peak)
{
    enum { INDEXES = 50 };
    static const uint32_t shapes[] = {SHAPE_PAIR, SHAPE_ARRAY, SHAPE_LIST};
    uint64_t bytes[INDEXES + 1] = {0}, sum = 0, random = 88172645463325252u;
    uint32_t shape[INDEXES + 1] = {0};

    *deaths = *peak = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t index, length;

        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        index = (uint32_t)(random >> 8) % INDEXES + 1;
        length = (uint32_t)(random >> 40) % 20;
        if (shape[index] == 0) {
            shape[index] = shapes[random % GCR_COUNT_OF(shapes)];
            if (!gcr_shape_has_items(&script_shapes[shape[index]]))
                length = 0;
            bytes[index] = gcr_shape_object_bytes(&script_shapes[shape[index]], length);
            sum += bytes[index];
            events[i] = (struct gcr_event){
                .op = GCR_OP_ALLOC, .a = index, .b = shape[index], .c = 7, .d = length};
        } else if (random % 3 == 0) {
            sum -= bytes[index];
            bytes[index] = 0;
            shape[index] = 0;
            ++*deaths;
            events[i] = (struct gcr_event){.op = GCR_OP_DEATH, .a = index};
        } else if (shape[index] == SHAPE_LIST) {
            sum -= bytes[index];
            bytes[index] = gcr_shape_object_bytes(&script_shapes[SHAPE_LIST], length);
            sum += bytes[index];
            events[i] = (struct gcr_event){.op = GCR_OP_RESIZE, .a = index, .b = length};
        } else {
            events[i] = (struct gcr_event){.op = GCR_OP_STORE, .a = index, .b = 3, .c = index};
        }
        *peak = sum > *peak ? sum : *peak;
    }
    return sum;
}

static void live_bytes_of_a_whole_batch_are_those_of_its_events(void **unused)
{
    enum { EVENTS = 3000 };
    static struct gcr_event events[EVENTS];
    struct gcr_live live = {.shapes = script_shapes};
    uint64_t expected_deaths, expected_peak, deaths = 0;
    uint64_t expected = random_life(events, EVENTS, &expected_deaths, &expected_peak);

    (void)unused;
    assert_true(gcr_live_reserve(&live, 51));
    assert_true(gcr_live_account(&live, events, 1000, &deaths));
    assert_true(gcr_live_account(&live, events + 1000, EVENTS - 1000, &deaths));
    assert_int_equal(live.bytes, expected);
    assert_int_equal(live.peak_bytes, expected_peak);
    assert_int_equal(deaths, expected_deaths);
    gcr_live_free(&live);
}

static void survey_finds_the_highest_of_every_operand(void **unused)
{
    struct gcr_survey_table table;
    struct gcr_survey survey;
    struct gcr_event events[] = {
        {.op = GCR_OP_ALLOC, .a = 5, .b = 900, .c = gcr_root_thread(2), .d = 901},
        {.op = GCR_OP_STORE, .a = 1, .b = 902, .c = 6},
        {.op = GCR_OP_TIME, .a = 903, .b = 904},
        {.op = GCR_OP_COPY, .a = 2, .b = 905, .c = 7, .d = 906, .e = 907},
        {.op = GCR_OP_ROOT, .a = gcr_root_global(0), .b = 4},
        {.op = GCR_OP_LOAD, .a = 3, .b = 908, .c = gcr_root_thread(11)},
        {.op = GCR_OP_WEAKREF, .a = 4, .b = 8},
        {.op = GCR_OP_RESURRECT, .a = 9, .b = gcr_root_global(20)},
    };

    (void)unused;
    gcr_survey_init(&table);
    survey = gcr_survey_events(&table, events, GCR_COUNT_OF(events));
    assert_int_equal(survey.highest, 9);
    assert_int_equal(survey.thread_slots, 12);
    assert_int_equal(survey.global_slots, 21);
    assert_true((survey.ops & gcr_op_bit(GCR_OP_COPY)) != 0);
    assert_true((survey.ops & gcr_op_bit(GCR_OP_FORK)) == 0);
    assert_int_equal(gcr_survey_highest_new(events, GCR_COUNT_OF(events)), 5);
    survey = gcr_survey_events(&table, events + 1, 3); /* no root, not even slot 0 */
    assert_int_equal(survey.thread_slots, 0);
    assert_int_equal(survey.global_slots, 0);
    assert_int_equal(survey.highest, 7);
    survey = gcr_survey_events(&table, events + 4, 1);
    assert_int_equal(survey.thread_slots, 0);
    assert_int_equal(survey.global_slots, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handles_start_null_and_survive_growth),
        cmocka_unit_test(null_and_lost_handles_are_no_objects),
        cmocka_unit_test(roots_are_per_thread_and_global),
        cmocka_unit_test(roots_keep_their_values_when_they_grow),
        cmocka_unit_test(cookies_lead_to_the_root_of_their_own_object),
        cmocka_unit_test(cookies_agree_with_a_model),
        cmocka_unit_test(live_bytes_follow_alloc_resize_and_death),
        cmocka_unit_test(live_bytes_of_huge_objects_are_exact),
        cmocka_unit_test(live_bytes_of_a_whole_batch_are_those_of_its_events),
        cmocka_unit_test(survey_finds_the_highest_of_every_operand),
    };

    return cmocka_run_group_tests_name("unit.replay_tables", tests, NULL, NULL);
}
