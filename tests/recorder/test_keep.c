/* Of each process's finished traces only the newest are kept; orders by clock and signal. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "workloads/cpython/keep.h"

/* ---- keep ---- */

static char folder[] = "/tmp/gcreplay_keep_XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void finish_trace(struct gcr_recording *recording, uint32_t number, int32_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%u.gct", folder, number);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    recording->traces[recording->trace_count++] =
        (struct gcr_recorded_trace){.path = strdup(path), .number = number, .pid = pid};
}

static bool exists(uint32_t number)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%u.gct", folder, number);
    return access(path, F_OK) == 0;
}

static void drop_all(struct gcr_recording *recording)
{
    for (size_t i = 0; i < recording->trace_count; i++)
        assert_int_equal(unlink(recording->traces[i].path), 0);
    gcr_recording_release(recording);
}

static void oldest_of_the_process_goes(void **state)
{
    (void)state;
    struct gcr_recording recording = {.traces = calloc(8, sizeof *recording.traces)};
    finish_trace(&recording, 3, 100); /* finished out of order */
    finish_trace(&recording, 1, 200);
    finish_trace(&recording, 0, 100);
    keep_newest(&recording, 2);
    assert_int_equal(recording.removed, 0);
    finish_trace(&recording, 5, 100);
    keep_newest(&recording, 2);
    assert_int_equal(recording.removed, 1);
    assert_int_equal(recording.trace_count, 3);
    assert_false(exists(0));
    assert_true(exists(1) && exists(3) && exists(5));
    finish_trace(&recording, 7, 100);
    keep_newest(&recording, 1);
    assert_int_equal(recording.removed, 3);
    assert_true(exists(1) && exists(7));
    assert_false(exists(3) || exists(5));
    drop_all(&recording);
}

static void nothing_goes_without_a_number(void **state)
{
    (void)state;
    struct gcr_recording recording = {.traces = calloc(8, sizeof *recording.traces)};
    keep_newest(&recording, 1);
    for (uint32_t i = 0; i < 5; i++) {
        finish_trace(&recording, i, 100);
        keep_newest(&recording, 0);
    }
    assert_int_equal(recording.trace_count, 5);
    assert_int_equal(recording.removed, 0);
    drop_all(&recording);
}

/* ---- orders ---- */

static struct gcr_segment *map_segment(void)
{
    struct gcr_segment *segment = mmap(NULL, sizeof *segment, PROT_READ | PROT_WRITE,
                                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(segment != MAP_FAILED);
    return segment;
}

static void signals_are_orders_where_asked_for(void **state)
{
    (void)state;
    struct gcr_segment *segment = map_segment();
    const struct gcr_recording_window window = {.begin_signal = SIGUSR2, .end_signal = SIGUSR1};
    struct orders orders;
    orders_init(&orders, &window, segment);
    assert_true(segment->window.used && segment->window.waits);
    assert_false(orders_take_signal(&orders, SIGTERM));
    assert_int_equal(atomic_load(&segment->window.begin) + atomic_load(&segment->window.end), 0);
    assert_true(orders_take_signal(&orders, SIGUSR2));
    assert_int_equal(atomic_load(&segment->window.begin), 1);
    assert_int_equal(atomic_load(&segment->window.end), 0);
    assert_true(orders_take_signal(&orders, SIGUSR1));
    assert_int_equal(atomic_load(&segment->window.end), 1);
    assert_true(orders_never_began(&orders));
    atomic_store(&segment->window.begun, 1);
    assert_false(orders_never_began(&orders));
    munmap(segment, sizeof *segment);
}

static void the_clock_begins_and_ends(void **state)
{
    (void)state;
    struct gcr_segment *segment = map_segment();
    struct gcr_recording_window window = {.begin_ns = UINT64_MAX / 2, .end_ns = 1};
    struct orders orders;
    orders_init(&orders, &window, segment);
    segment->begun_ns = 0; /* the clock's own beginning, long ago */
    orders_look(&orders);
    assert_int_equal(atomic_load(&segment->window.begin), 0);
    window.begin_ns = 1;
    orders_look(&orders);
    assert_int_equal(atomic_load(&segment->window.begin), 1);
    assert_int_equal(atomic_load(&segment->window.end), 0); /* nobody has begun yet */
    atomic_store(&segment->window.begun, 1);
    orders_look(&orders);
    orders.begun_ns--; /* were the clock too coarse to tell two looks apart */
    orders_look(&orders);
    assert_int_equal(atomic_load(&segment->window.end), 1);
    munmap(segment, sizeof *segment);
}

static void a_whole_run_needs_no_looking(void **state)
{
    (void)state;
    struct gcr_segment *segment = map_segment();
    const struct gcr_recording_window window = {0};
    struct orders orders;
    orders_init(&orders, &window, segment);
    orders_look(&orders);
    assert_false(segment->window.used || segment->window.waits);
    assert_false(orders_never_began(&orders));
    assert_false(orders_take_signal(&orders, SIGUSR1));
    munmap(segment, sizeof *segment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oldest_of_the_process_goes),
        cmocka_unit_test(nothing_goes_without_a_number),
        cmocka_unit_test(signals_are_orders_where_asked_for),
        cmocka_unit_test(the_clock_begins_and_ends),
        cmocka_unit_test(a_whole_run_needs_no_looking),
    };
    return cmocka_run_group_tests_name("unit.keep", tests, make_folder, remove_folder);
}
