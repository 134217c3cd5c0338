/* gcr_check_trace on traces written by hand: valid ones with known figures, and for each rule one
 * that breaks it, which must be refused at the right event of the right lane. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sim/oracle/oracle.h"
#include "tests/oracle/trace_file.h"

#define HEAD(deaths, others)                                                                       \
    "gct 1\n"                                                                                      \
    "capabilities stores=exact loads=exact reads=exact deaths=" deaths " roots=exact " others      \
    " faithful=no\n"                                                                               \
    "shape 1 pair fields=24 slots=2 items=0 item-slots=0 flags=container\n"                        \
    "shape 2 list fields=16 slots=1 items=8 item-slots=1 flags=container,resizable\n"              \
    "shape 3 text fields=8 slots=0 items=1 item-slots=0 flags=acyclic\n"                           \
    "shape 4 weak fields=8 slots=0 items=0 item-slots=0 flags=container,weak\n"                    \
    "shape 5 file fields=8 slots=0 items=0 item-slots=0 flags=finalizer\n"
#define ALL HEAD("exact", "tracking=yes threads=yes forks=yes times=yes")
#define BARE HEAD("none", "tracking=no threads=no forks=no times=no")

struct bad_trace {
    const char *text;
    uint32_t lane;
    uint64_t event;
    const char *reason; /* part of the message */
};

static const struct bad_trace bad_traces[] = {
    /* one operand unreachable, in each position */
    {ALL "lane 0\nalloc o1 1 t0\nalloc o2 1 t1\nroot t0 null\nstore o2 0 o1\n", 0, 3,
     "object o1 is unreachable since event 2"},
    {ALL "lane 0\nalloc o1 1 t0\nalloc o2 1 t1\nroot t0 null\nstore o1 0 o2\n", 0, 3,
     "object o1 is unreachable since event 2"},
    {ALL "lane 0\nalloc o1 1 t0\nroot t0 null\nroot t0 o1\nread o1 0 1\n", 0, 2,
     "object o1 is unreachable since event 1"},
    {ALL "lane 0\nalloc o1 1 t0\nalloc o2 1 t0\nread o1 0 1\n", 0, 2, "since event 1"},
    /* an unreachable ring that is taken up again: its members hold each other all the time */
    {ALL "lane 0\nalloc o1 1 t0\nalloc o2 1 t1\nstore o1 0 o2\nstore o2 0 o1\nroot t0 null\n"
         "root t1 null\ncollect 2\nroot t0 o2\nread o1 0 1\n",
     0, 7, "object o2 is unreachable since event 5"},
    {ALL "lane 0\nalloc o1 2 t0 3\nalloc o2 1 t1\nstore o1 3 o2\nroot t1 null\nresize o1 2\n"
         "load o1 1 t1\nread o2 0 8\n",
     0, 6, "object o2 is unreachable since event 4"},
    /* deaths */
    {ALL "lane 0\nalloc o1 1 t0\ndeath o1\n", 0, 1, "object o1 is still reachable"},
    {ALL "lane 0\nalloc o1 1 t0\nroot t0 null\ndeath o1\nread o1 0 1\n", 0, 3, "o1 has died"},
    {ALL "lane 0\nalloc o1 1 t0\nroot t0 null\ndeath o1\ndeath o1\n", 0, 3, "o1 has died"},
    {ALL "lane 0\nprebuilt o1 1\ndeath o1\n", 0, 1, "immortal"},
    {ALL "lane 0\nalloc o1 1 t0\nroot t0 null\nalloc o1 1 t0\n", 0, 2, "used again before"},
    {BARE "lane 0\nalloc o1 1 t0\nroot t0 null\ndeath o1\n", 0, 2, "no deaths"},
    /* existence, ranges and shapes */
    {ALL "lane 0\nalloc o1 1 t0\nstore o1 0 o7\n", 0, 1, "o7 does not exist"},
    {ALL "lane 0\nalloc o1 1 t0\nstore o1 2 o1\n", 0, 1, "which has 2 slots"},
    {ALL "lane 0\nalloc o1 1 t0\nload o1 2 t1\n", 0, 1, "which has 2 slots"},
    {ALL "lane 0\nalloc o1 1 t0\ncopy o1 0 o1 1 2\n", 0, 1, "which has 2 slots"},
    {ALL "lane 0\nalloc o1 3 t0 4\nread o1 8 5\n", 0, 1, "which has 12"},
    {ALL "lane 0\nalloc o1 1 t0\nwrite o1 0 9\n", 0, 1, "which has 8"},
    {ALL "lane 0\nalloc o1 3 t0 4\nresize o1 5\n", 0, 1, "not resizable"},
    {ALL "lane 0\nalloc o1 1 t0\nweakref o1 o1\n", 0, 1, "no weak reference"},
    {ALL "lane 0\nalloc o1 1 t0\nfinalized o1\n", 0, 1, "no finalizer"},
    {ALL "lane 0\nalloc o1 1 t0\nresurrect o1 g0\n", 0, 1, "no finalizer"},
    {ALL "lane 0\nalloc o1 5 t0\nresurrect o1 g1\nroot g1 o1\n", 0, 2, "kept for resurrected"},
    /* order and capabilities */
    {BARE "lane 0\nthread 1\n", 0, 0, "no threads"},
    {BARE "lane 0\nfork 1\n", 0, 0, "no forks"},
    {BARE "lane 0\ntime 5\n", 0, 0, "no times"},
    {BARE "lane 0\nalloc o1 1 t0\ntrack o1\n", 0, 1, "no tracking"},
    /* lanes */
    {ALL "lane 0\nfork 1\nfork 1\nlane 1\nexit 0\n", 0, 1, "forked a second time"},
    {ALL "lane 0\nexit 0\nlane 1\nexit 0\n", 1, 0, "forked nowhere"},
    {ALL "lane 0\nalloc o1 1 t0\nfork 1\nroot t0 null\nlane 1\nroot t0 null\nread o1 0 1\n", 1, 1,
     "object o1 is unreachable since event 0"},
    {ALL "lane 0\nalloc o1 1 t0\nfork 1\nroot t0 null\nread o1 0 1\nlane 1\nread o1 0 1\n", 0, 3,
     "object o1 is unreachable since event 2"},
    /* the roots of another thread do not end with it, those of this one are not that one's */
    {ALL "lane 0\nalloc o1 1 t0\nthread 1\nalloc o2 1 t0\nread o1 0 1\nthread 0\nroot t0 null\n"
         "read o2 0 1\nread o1 0 1\n",
     0, 7, "object o1 is unreachable since event 5"},
    /* a weak reference holds nothing */
    {ALL "lane 0\nalloc o1 1 t0\nalloc o2 4 t1\nweakref o2 o1\nroot t0 null\nroot t0 o1\n", 0, 4,
     "object o1 is unreachable since event 3"},
    /* the first of two */
    {ALL "lane 0\nalloc o1 1 t0\nroot t0 null\nread o1 0 1\nstore o1 9 o9\n", 0, 2,
     "object o1 is unreachable"},
};

static void bad_trace_is_refused_at_its_event(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_traces / sizeof bad_traces[0]; i++) {
        const struct bad_trace *bad = &bad_traces[i];
        struct trace_file file;
        struct gcr_trace_check check;
        struct gcr_error err = {""};
        gcr_status status;

        trace_file_from_text(&file, bad->text);
        status = gcr_check_trace(file.reader, &check, &err);
        if (status != GCR_INVALID_TRACE || check.bad_lane != bad->lane ||
            check.bad_event != bad->event || strstr(err.text, bad->reason) == NULL)
            fail_msg("case %zu, expected lane %u event %u (%s): status %d, lane %u event %u: %s", i,
                     bad->lane, (unsigned)bad->event, bad->reason, (int)status, check.bad_lane,
                     (unsigned)check.bad_event, err.text);
        trace_file_finish(&file);
    }
}

static void message_names_lane_event_and_text(void **state)
{
    struct trace_file file;
    struct gcr_trace_check check;
    struct gcr_error err = {""};

    (void)state;
    trace_file_from_text(&file, bad_traces[0].text);
    assert_int_equal(gcr_check_trace(file.reader, &check, &err), GCR_INVALID_TRACE);
    assert_string_equal(err.text, "lane 0, event 3 (store o2 0 o1): object o1 is unreachable since "
                                  "event 2");
    trace_file_finish(&file);
}

/* Pair 24 bytes, text 8 + length, list 16 + 8 x length. Peak: o1, o2, o3 with 4 items = 24 + 18 +
 * 48, before the root of o1 is dropped; o3 then shrinks. */
static void valid_trace_has_its_figures(void **state)
{
    static const char text[] =
        ALL "lane 0\nalloc o1 1 t0\nalloc o2 3 t1 10\nalloc o3 2 t2\nresize o3 4\nroot t0 null\n"
            "death o1\nresize o3 1\nfork 1\nalloc o1 1 t0\n"
            "lane 1\nread o2 0 18\nroot t1 null\nroot t2 null\n";
    struct trace_file file;
    struct gcr_trace_check check;
    struct gcr_error err = {""};
    uint64_t peak;

    (void)state;
    trace_file_from_text(&file, text);
    if (gcr_check_trace(file.reader, &check, &err) != GCR_OK)
        fail_msg("%s", err.text);
    assert_int_equal(check.events, 12);
    assert_int_equal(check.objects, 4);
    assert_int_equal(check.peak_live_objects, 3);
    assert_int_equal(check.peak_live_bytes, 24 + 18 + 48);
    assert_int_equal(check.live_end_objects, 3);
    assert_int_equal(check.live_end_bytes, 18 + 24 + 24);
    assert_int_equal(gcr_trace_peak_live(file.reader, &peak, &err), GCR_OK);
    assert_int_equal(peak, 24 + 18 + 48);
    trace_file_finish(&file);
}

static void peak_without_deaths_comes_from_the_shadow_graph(void **state)
{
    static const char text[] = BARE "lane 0\nalloc o1 1 t0\nalloc o2 1 t0\nalloc o3 1 t1\n"
                                    "store o3 0 o3\nroot t1 null\nalloc o4 3 t1 100\n";
    struct trace_file file;
    struct gcr_error err = {""};
    uint64_t peak;

    (void)state;
    trace_file_from_text(&file, text);
    assert_int_equal(gcr_trace_peak_live(file.reader, &peak, &err), GCR_OK);
    assert_int_equal(peak, 24 + 108); /* o2 and o4; before that o2 and o3 */
    trace_file_finish(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_trace_is_refused_at_its_event),
        cmocka_unit_test(message_names_lane_event_and_text),
        cmocka_unit_test(valid_trace_has_its_figures),
        cmocka_unit_test(peak_without_deaths_comes_from_the_shadow_graph),
    };

    return cmocka_run_group_tests_name("unit.check", tests, NULL, NULL);
}
