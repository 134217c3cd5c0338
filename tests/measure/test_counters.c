/* Counters: what is opened and refused, how intervals are booked, what is scaled and what stays
 * unknown. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "sim/measure/counters.h"
#include "tests/measure/fake_counters.h"

static struct fake_kernel kernel_with(uint32_t group_limit)
{
    return (struct fake_kernel){.group_limit = group_limit};
}

/* All events move by `by`, and by `by` nanoseconds. */
static void pass(struct fake_kernel *kernel, uint64_t by)
{
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++)
        kernel->count[e] += by;
    kernel->enabled_ns += by;
    kernel->running_ns += by;
}

/* The hardware is given to others meanwhile. */
static void pass_without_hardware(struct fake_kernel *kernel, uint64_t by)
{
    for (size_t e = GCR_COUNTER_TASK_CLOCK_NS; e < GCR_COUNTER_COUNT; e++)
        kernel->count[e] += by;
    kernel->enabled_ns += by;
}

static const struct gcr_phases mutating = {.current = GCR_PHASE_MUTATOR};
static const struct gcr_phases lazily_sweeping = {.current = GCR_PHASE_SWEEP};

static struct gcr_phases paused(enum gcr_gc_phase phase)
{
    return (struct gcr_phases){.current = phase, .in_pause = true};
}

/* Makes page faults: pages that nobody has touched. */
static void touch_new_pages(void)
{
    enum { PAGES = 64, PAGE = 4096 };
    volatile char *pages = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_true(pages != MAP_FAILED);
    for (size_t i = 0; i < PAGES; i++)
        pages[i * PAGE] = 1;
    munmap((void *)(uintptr_t)pages, (size_t)PAGES * PAGE);
}

/* ---- opening ---- */

static void hardware_is_one_group_and_the_kernel_s_events_another(void **unused)
{
    struct fake_kernel kernel = kernel_with(8);
    const struct gcr_counter_system system = fake_counter_system(&kernel);
    struct gcr_counter_set set;

    (void)unused;
    gcr_counter_set_open(&set, &system, false);
    assert_int_equal(set.group_count, 2);
    assert_int_equal(set.group[0].size, GCR_COUNTER_TASK_CLOCK_NS);
    assert_int_equal(set.group[1].size, GCR_COUNTER_COUNT - GCR_COUNTER_TASK_CLOCK_NS);
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++) {
        assert_int_equal(set.source[e], GCR_COUNTER_PERF_EVENT);
        assert_string_equal(set.reason[e], "");
    }
    gcr_counter_set_close(&set, false);
    assert_int_equal(kernel.opened, GCR_COUNTER_COUNT);
    assert_int_equal(kernel.closed, GCR_COUNTER_COUNT);
}

static void what_does_not_fit_beside_the_others_begins_a_group(void **unused)
{
    struct fake_kernel kernel = kernel_with(2);
    const struct gcr_counter_system system = fake_counter_system(&kernel);
    struct gcr_counter_set set;
    struct gcr_counter_reading reading;

    (void)unused;
    gcr_counter_set_open(&set, &system, false);
    assert_int_equal(set.group_count, 4); /* 2 + 2 + 1 of hardware, and the kernel's */
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++)
        kernel.count[e] = 1000 + e;
    assert_true(gcr_counter_set_read(&set, false, &reading));
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++)
        assert_int_equal(reading.value[e], 1000 + e);
    gcr_counter_set_close(&set, false);
}

static void every_refusal_has_the_kernel_s_reason(void **unused)
{
    struct fake_kernel kernel = kernel_with(8);
    const struct gcr_counter_system system = fake_counter_system(&kernel);
    struct gcr_counter_set set;

    (void)unused;
    kernel.refuse[GCR_COUNTER_CYCLES] = ENOENT;
    kernel.refuse[GCR_COUNTER_INSTRUCTIONS] = EACCES;
    kernel.refuse[GCR_COUNTER_L1D_READ_MISSES] = ENOSYS;
    kernel.refuse[GCR_COUNTER_LLC_READ_MISSES] = EMFILE;
    kernel.refuse[GCR_COUNTER_DTLB_READ_MISSES] = EINVAL;
    gcr_counter_set_open(&set, &system, false);
    for (size_t e = 0; e < GCR_COUNTER_TASK_CLOCK_NS; e++)
        assert_int_equal(set.source[e], GCR_COUNTER_REFUSED);
    assert_string_equal(set.reason[GCR_COUNTER_CYCLES],
                        "perf_event_open: this machine has no such event (ENOENT; "
                        "kernel.perf_event_paranoid is 3)");
    assert_string_equal(set.reason[GCR_COUNTER_INSTRUCTIONS],
                        "perf_event_open: not allowed: needs 2 or less, or CAP_PERFMON (EACCES; "
                        "kernel.perf_event_paranoid is 3)");
    assert_string_equal(set.reason[GCR_COUNTER_L1D_READ_MISSES],
                        "perf_event_open: no such system call here (ENOSYS; "
                        "kernel.perf_event_paranoid is 3)");
    assert_non_null(strstr(set.reason[GCR_COUNTER_LLC_READ_MISSES], "(EMFILE;"));
    assert_non_null(strstr(set.reason[GCR_COUNTER_DTLB_READ_MISSES], "(EINVAL;"));
    assert_int_equal(set.source[GCR_COUNTER_TASK_CLOCK_NS], GCR_COUNTER_PERF_EVENT);
    gcr_counter_set_close(&set, false);
}

static void without_perf_events_the_kernel_s_own_come_from_elsewhere(void **unused)
{
    struct fake_kernel kernel = kernel_with(8);
    const struct gcr_counter_system system = fake_counter_system(&kernel);
    struct gcr_counter_set set;
    struct gcr_counter_reading before, after;

    (void)unused;
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++)
        kernel.refuse[e] = EACCES;
    gcr_counter_set_open(&set, &system, false);
    assert_int_equal(set.source[GCR_COUNTER_CYCLES], GCR_COUNTER_REFUSED);
    assert_int_equal(set.source[GCR_COUNTER_TASK_CLOCK_NS], GCR_COUNTER_CLOCK_GETTIME);
    assert_int_equal(set.source[GCR_COUNTER_MINOR_FAULTS], GCR_COUNTER_GETRUSAGE);
    assert_int_equal(set.source[GCR_COUNTER_MAJOR_FAULTS], GCR_COUNTER_GETRUSAGE);
    assert_int_equal(set.source[GCR_COUNTER_CONTEXT_SWITCHES], GCR_COUNTER_GETRUSAGE);
    assert_non_null(strstr(set.reason[GCR_COUNTER_MINOR_FAULTS], "needs 1 or less"));
    assert_true(gcr_counter_set_read(&set, true, &before));
    touch_new_pages();
    assert_true(gcr_counter_set_read(&set, false, &after));
    assert_true(after.value[GCR_COUNTER_MINOR_FAULTS] > before.value[GCR_COUNTER_MINOR_FAULTS]);
    assert_true(after.value[GCR_COUNTER_TASK_CLOCK_NS] > before.value[GCR_COUNTER_TASK_CLOCK_NS]);
    assert_int_equal(after.value[GCR_COUNTER_CYCLES], 0);
    gcr_counter_set_close(&set, false);
    assert_int_equal(kernel.closed, 0);
}

static void pages_that_allow_it_are_read_without_a_call(void **unused)
{
    struct fake_kernel kernel = kernel_with(8);
    const struct gcr_counter_system system = fake_counter_system(&kernel);
    struct gcr_counter_set set;
    struct gcr_counter_reading reading;

    (void)unused;
    kernel.has_pages = true;
    gcr_counter_set_open(&set, &system, false);
    assert_true(set.group[0].user_space);
    assert_false(set.group[1].user_space); /* the kernel's events have no counter */
    kernel.count[GCR_COUNTER_L1D_READ_MISSES] = 4711;
    kernel.page[GCR_COUNTER_L1D_READ_MISSES].offset = 1000000;
    assert_true(gcr_counter_set_read(&set, false, &reading));
    assert_int_equal(kernel.reads, 1);
    assert_int_equal(reading.value[GCR_COUNTER_L1D_READ_MISSES], 1004711);
    gcr_counter_set_close(&set, false);
    assert_int_equal(kernel.mapped, kernel.unmapped);

    /* One page that does not: the whole group is read with one call. */
    kernel = kernel_with(8);
    gcr_counter_set_open(&set, &system, false);
    assert_false(set.group[0].user_space);
    assert_true(gcr_counter_set_read(&set, false, &reading));
    assert_int_equal(kernel.reads, 2);
    gcr_counter_set_close(&set, false);
}

static void an_event_that_cannot_be_read_is_refused_from_then_on(void **unused)
{
    struct fake_kernel kernel = kernel_with(8);
    const struct gcr_counter_system system = fake_counter_system(&kernel);
    struct gcr_counter_set set;
    struct gcr_counter_reading reading;

    (void)unused;
    gcr_counter_set_open(&set, &system, false);
    kernel.read_error[GCR_COUNTER_CYCLES] = EIO;
    assert_false(gcr_counter_set_read(&set, false, &reading));
    assert_int_equal(set.source[GCR_COUNTER_INSTRUCTIONS], GCR_COUNTER_REFUSED);
    assert_non_null(strstr(set.reason[GCR_COUNTER_INSTRUCTIONS], "could not be read"));
    assert_int_equal(set.source[GCR_COUNTER_MINOR_FAULTS], GCR_COUNTER_PERF_EVENT);
    assert_true(gcr_counter_set_read(&set, false, &reading)); /* the rest still is */
    gcr_counter_set_close(&set, false);
    assert_int_equal(kernel.closed, kernel.opened);
}

static void a_group_that_cannot_be_switched_on_is_refused(void **unused)
{
    struct fake_kernel kernel = kernel_with(8);
    const struct gcr_counter_system system = fake_counter_system(&kernel);
    struct gcr_counter_set set;
    struct gcr_counter_reading reading;

    (void)unused;
    kernel.enable_error = EIO;
    gcr_counter_set_open(&set, &system, false);
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++) {
        assert_int_equal(set.source[e], GCR_COUNTER_REFUSED);
        assert_non_null(strstr(set.reason[e], "could not be switched on"));
    }
    assert_true(gcr_counter_set_read(&set, true, &reading)); /* nothing to read */
    assert_int_equal(kernel.reads, 0);
    gcr_counter_set_close(&set, false);
    assert_int_equal(kernel.closed, GCR_COUNTER_COUNT);
}

/* ---- booking ---- */

static void intervals_go_to_what_was_in_force(void **unused)
{
    struct fake_kernel kernel = kernel_with(8);
    const struct gcr_counter_system system = fake_counter_system(&kernel);
    struct gcr_counters *counters = gcr_counters_create(&system, false);
    struct gcr_counter_figure figures[GCR_COUNTER_COUNT];
    const struct gcr_phases marking = paused(GCR_PHASE_MARK), unnamed = paused(GCR_PHASE_MUTATOR);

    (void)unused;
    pass(&kernel, 5000); /* stopped: nobody's */
    gcr_counters_start(counters);
    pass(&kernel, 100);
    gcr_counters_split(counters, &mutating);
    pass(&kernel, 7);
    gcr_counters_split(counters, &unnamed);
    pass(&kernel, 30);
    gcr_counters_split(counters, &marking);
    pass(&kernel, 4);
    gcr_counters_stop(counters, &lazily_sweeping);
    pass(&kernel, 5000);
    gcr_counters_stop(counters, &marking);  /* stopped already */
    gcr_counters_split(counters, &marking); /* nothing to split */
    gcr_counters_start(counters);
    pass(&kernel, 200);
    gcr_counters_stop(counters, &mutating);
    gcr_counters_figures(counters, figures);
    assert_int_equal(gcr_counters_intervals(counters), 5);
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++) {
        assert_int_equal(figures[e].source, GCR_COUNTER_PERF_EVENT);
        assert_false(figures[e].scaled);
        assert_int_equal(figures[e].mutator, 304); /* lazy sweeping is the mutator's time */
        assert_int_equal(figures[e].collector, 37);
        assert_int_equal(figures[e].phase[GCR_PHASE_MUTATOR], 7);
        assert_int_equal(figures[e].phase[GCR_PHASE_MARK], 30);
        assert_int_equal(figures[e].phase[GCR_PHASE_SWEEP], 4);
        assert_int_equal(figures[e].outside_pauses, 4);
        assert_int_equal(figures[e].helpers, 0);
    }
    gcr_counters_destroy(counters);
    assert_int_equal(kernel.closed, kernel.opened);
}

static void a_shared_counter_is_scaled_by_its_share_and_marked(void **unused)
{
    struct fake_kernel kernel = kernel_with(8);
    const struct gcr_counter_system system = fake_counter_system(&kernel);
    struct gcr_counters *counters = gcr_counters_create(&system, false);
    struct gcr_counter_figure figures[GCR_COUNTER_COUNT];
    const struct gcr_counter_figure *cycles = &figures[GCR_COUNTER_CYCLES];
    const struct gcr_phases marking = paused(GCR_PHASE_MARK), copying = paused(GCR_PHASE_COPY);

    (void)unused;
    gcr_counters_start(counters);
    pass(&kernel, 300);
    pass_without_hardware(&kernel, 100);
    gcr_counters_split(counters, &mutating); /* 300 in 300 of 400 ns */
    pass(&kernel, 10);
    pass_without_hardware(&kernel, 30);
    gcr_counters_split(counters, &marking); /* 10 in 10 of 40 ns */
    pass_without_hardware(&kernel, 60);
    gcr_counters_stop(counters, &copying); /* never counted */
    gcr_counters_figures(counters, figures);
    assert_true(cycles->scaled);
    assert_true(cycles->counted_ratio > 0.619 && cycles->counted_ratio < 0.621); /* 310 of 500 */
    assert_int_equal(cycles->mutator, 400);
    assert_int_equal(cycles->phase[GCR_PHASE_MARK], 40);
    assert_true(cycles->phase[GCR_PHASE_COPY] == GCR_COUNTER_UNKNOWN);
    assert_int_equal(cycles->collector, 100);            /* 10 in 10 of 100 ns */
    assert_int_equal(cycles->phase[GCR_PHASE_SWEEP], 0); /* which did not happen: known */
    assert_false(figures[GCR_COUNTER_MINOR_FAULTS].scaled);
    assert_int_equal(figures[GCR_COUNTER_MINOR_FAULTS].mutator, 400);
    gcr_counters_destroy(counters);
}

static void refused_events_have_no_values(void **unused)
{
    struct fake_kernel kernel = kernel_with(8);
    const struct gcr_counter_system system = fake_counter_system(&kernel);
    struct gcr_counters *counters;
    struct gcr_counter_figure figures[GCR_COUNTER_COUNT];
    const struct gcr_counter_figure *cycles = &figures[GCR_COUNTER_CYCLES];

    (void)unused;
    kernel.refuse[GCR_COUNTER_CYCLES] = ENOENT;
    counters = gcr_counters_create(&system, false);
    gcr_counters_start(counters);
    pass(&kernel, 300);
    gcr_counters_stop(counters, &mutating);
    gcr_counters_figures(counters, figures);
    assert_int_equal(cycles->source, GCR_COUNTER_REFUSED);
    assert_true(cycles->mutator == GCR_COUNTER_UNKNOWN);
    assert_true(cycles->collector == GCR_COUNTER_UNKNOWN);
    assert_true(cycles->helpers == GCR_COUNTER_UNKNOWN);
    assert_true(cycles->per_interval == GCR_COUNTER_UNKNOWN);
    for (size_t p = 0; p < GCR_PHASE_COUNT; p++)
        assert_true(cycles->phase[p] == GCR_COUNTER_UNKNOWN);
    assert_non_null(strstr(cycles->reason, "ENOENT"));
    assert_int_equal(figures[GCR_COUNTER_INSTRUCTIONS].mutator, 300);
    gcr_counters_destroy(counters);
}

static void an_empty_interval_s_counts_are_known(void **unused)
{
    struct fake_kernel kernel = kernel_with(8);
    const struct gcr_counter_system system = fake_counter_system(&kernel);
    struct gcr_counters *counters;
    struct gcr_counter_figure figures[GCR_COUNTER_COUNT];

    (void)unused;
    kernel.step[GCR_COUNTER_INSTRUCTIONS] = 13;
    counters = gcr_counters_create(&system, false);
    gcr_counters_start(counters);
    gcr_counters_stop(counters, &mutating);
    gcr_counters_figures(counters, figures);
    assert_int_equal(figures[GCR_COUNTER_INSTRUCTIONS].per_interval, 13);
    assert_int_equal(figures[GCR_COUNTER_INSTRUCTIONS].mutator, 13);
    assert_int_equal(figures[GCR_COUNTER_CYCLES].per_interval, 0);
    gcr_counters_destroy(counters);
}

/* ---- processes and threads ---- */

static void a_forked_child_opens_its_own(void **unused)
{
    struct fake_kernel kernel = kernel_with(8);
    const struct gcr_counter_system system = fake_counter_system(&kernel);
    struct gcr_counters *counters;
    struct gcr_counter_figure figures[GCR_COUNTER_COUNT];

    (void)unused;
    kernel.has_pages = true;
    counters = gcr_counters_create(&system, false);
    gcr_counters_start(counters);
    pass(&kernel, 300);
    gcr_counters_stop(counters, &mutating);
    gcr_counters_after_fork(counters);
    assert_int_equal(kernel.opened, 2 * GCR_COUNTER_COUNT);
    assert_int_equal(kernel.closed, GCR_COUNTER_COUNT);
    assert_int_equal(kernel.unmapped, 0); /* the child never had those mappings */
    gcr_counters_start(counters);
    pass(&kernel, 20);
    gcr_counters_stop(counters, &mutating);
    gcr_counters_figures(counters, figures);
    assert_int_equal(figures[GCR_COUNTER_CYCLES].mutator, 20);
    assert_int_equal(gcr_counters_intervals(counters), 1);
    gcr_counters_destroy(counters);
    assert_int_equal(kernel.closed, 2 * GCR_COUNTER_COUNT);
}

static void what_other_threads_count_stands_apart(void **unused)
{
    struct fake_kernel kernel = kernel_with(8);
    const struct gcr_counter_system system = fake_counter_system(&kernel);
    struct gcr_counters *counters = gcr_counters_create(&system, true);
    struct gcr_counter_figure figures[GCR_COUNTER_COUNT];

    (void)unused;
    pass(&kernel, 1000);
    kernel.helpers[GCR_COUNTER_CYCLES] = 50; /* before the lane */
    gcr_counters_begin_lane(counters);
    gcr_counters_start(counters);
    pass(&kernel, 300);
    kernel.helpers[GCR_COUNTER_CYCLES] += 444;
    gcr_counters_stop(counters, &mutating);
    pass(&kernel, 70); /* the harness's own */
    gcr_counters_figures(counters, figures);
    assert_int_equal(figures[GCR_COUNTER_CYCLES].helpers, 444);
    assert_int_equal(figures[GCR_COUNTER_CYCLES].mutator, 300);
    assert_int_equal(figures[GCR_COUNTER_MINOR_FAULTS].helpers, 0);
    gcr_counters_destroy(counters);
    assert_int_equal(kernel.opened, 2 * GCR_COUNTER_COUNT);
    assert_int_equal(kernel.closed, kernel.opened);

    /* An old kernel: the thread's own are there all the same. */
    kernel = kernel_with(8);
    kernel.refuse_inherited = EINVAL;
    counters = gcr_counters_create(&system, true);
    gcr_counters_begin_lane(counters);
    gcr_counters_start(counters);
    pass(&kernel, 300);
    gcr_counters_stop(counters, &mutating);
    gcr_counters_figures(counters, figures);
    assert_int_equal(figures[GCR_COUNTER_CYCLES].mutator, 300);
    assert_true(figures[GCR_COUNTER_CYCLES].helpers == GCR_COUNTER_UNKNOWN);
    assert_non_null(strstr(figures[GCR_COUNTER_CYCLES].reason, "Linux 5.13"));
    gcr_counters_destroy(counters);
}

/* ---- sums ---- */

static void sums_are_as_unknown_as_their_parts(void **unused)
{
    struct gcr_counter_figure sum[GCR_COUNTER_COUNT] = {0}, part[GCR_COUNTER_COUNT] = {0};

    (void)unused;
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++)
        sum[e] = part[e] = (struct gcr_counter_figure){
            .source = GCR_COUNTER_PERF_EVENT, .counted_ratio = 1, .mutator = 10, .collector = 3};
    part[0].source = GCR_COUNTER_REFUSED;
    strcpy(part[0].reason, "no");
    part[0].mutator = GCR_COUNTER_UNKNOWN;
    part[1].scaled = true;
    part[1].counted_ratio = 0.5;
    part[1].phase[GCR_PHASE_MARK] = GCR_COUNTER_UNKNOWN;
    gcr_counter_figures_add(sum, part);
    assert_int_equal(sum[0].source, GCR_COUNTER_REFUSED);
    assert_string_equal(sum[0].reason, "no");
    assert_true(sum[0].mutator == GCR_COUNTER_UNKNOWN);
    assert_true(sum[1].scaled && sum[1].counted_ratio == 0.5);
    assert_int_equal(sum[1].mutator, 20);
    assert_true(sum[1].phase[GCR_PHASE_MARK] == GCR_COUNTER_UNKNOWN);
    assert_int_equal(sum[2].collector, 6);
}

/* What this machine has: whatever it is, the kernel's own events are never refused. */
static void the_kernel_s_own_events_are_always_there(void **unused)
{
    const struct gcr_counter_system system = gcr_counter_system_real();
    struct gcr_counters *counters = gcr_counters_create(&system, false);
    struct gcr_counter_figure figures[GCR_COUNTER_COUNT];

    (void)unused;
    gcr_counters_start(counters);
    touch_new_pages();
    gcr_counters_stop(counters, &mutating);
    gcr_counters_figures(counters, figures);
    for (size_t e = 0; e < GCR_COUNTER_COUNT; e++) {
        print_message("%s: %s %s\n", gcr_counter_name[e],
                      gcr_counter_source_name[figures[e].source], figures[e].reason);
        if (e >= GCR_COUNTER_TASK_CLOCK_NS)
            assert_int_not_equal(figures[e].source, GCR_COUNTER_REFUSED);
        if (figures[e].source == GCR_COUNTER_REFUSED)
            assert_true(figures[e].reason[0] != '\0');
    }
    assert_true(figures[GCR_COUNTER_MINOR_FAULTS].mutator > 0);
    assert_true(figures[GCR_COUNTER_TASK_CLOCK_NS].mutator > 0);
    assert_int_equal(figures[GCR_COUNTER_MINOR_FAULTS].collector, 0);
    gcr_counters_destroy(counters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hardware_is_one_group_and_the_kernel_s_events_another),
        cmocka_unit_test(what_does_not_fit_beside_the_others_begins_a_group),
        cmocka_unit_test(every_refusal_has_the_kernel_s_reason),
        cmocka_unit_test(without_perf_events_the_kernel_s_own_come_from_elsewhere),
        cmocka_unit_test(pages_that_allow_it_are_read_without_a_call),
        cmocka_unit_test(an_event_that_cannot_be_read_is_refused_from_then_on),
        cmocka_unit_test(a_group_that_cannot_be_switched_on_is_refused),
        cmocka_unit_test(intervals_go_to_what_was_in_force),
        cmocka_unit_test(a_shared_counter_is_scaled_by_its_share_and_marked),
        cmocka_unit_test(refused_events_have_no_values),
        cmocka_unit_test(an_empty_interval_s_counts_are_known),
        cmocka_unit_test(a_forked_child_opens_its_own),
        cmocka_unit_test(what_other_threads_count_stands_apart),
        cmocka_unit_test(sums_are_as_unknown_as_their_parts),
        cmocka_unit_test(the_kernel_s_own_events_are_always_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
