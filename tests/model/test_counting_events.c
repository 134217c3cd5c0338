/* What one event costs in linked-list and bitmap, with counts in the objects and in the side table:
 * reads and writes by phase, as the modelled twins report them.
 *
 * Each event is replayed behind a preparation, and the preparation alone; the difference is the
 * event's. Numbers of writes are worked out by hand below; numbers of reads follow the code as gcc
 * 12 compiles it, and are here so that a change is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/compiler.h"
#include "sim/model/model.h"
#include "sim/replay/engine.h"
#include "sim/replay/modelled.h"
#include "sim/replay/replay.h"
#include "tests/oracle/trace_file.h"

static const char head[] = "gct 1\n"
                           "capabilities stores=exact loads=exact reads=exact deaths=none "
                           "roots=exact tracking=no threads=no "
                           "forks=no times=no faithful=no\n"
                           "shape 1 node fields=24 slots=2 items=0 item-slots=0 flags=container\n"
                           "shape 2 leaf fields=24 slots=0 items=0 item-slots=0 flags=acyclic\n"
                           "lane 0\n"
                           "alloc o1 1 t0\n"
                           "alloc o2 1 t1\n"
                           "alloc o3 2 t2\n"
                           "alloc o4 2 t3\n"
                           "root t4 null\n";

static struct gcr_model_counts replay(const char *name, const char *setting, const char *text)
{
    struct trace_file file;
    struct gcr_error err;
    struct gcr_engine engine;
    struct gcr_option_values options;
    struct gcr_result result;
    struct gcr_replay_config config = {.engine = &engine, .options = &options};
    trace_file_from_text(&file, text);
    gcr_modelled_engine(gcr_engine_twin(gcr_engine_find(name)), &engine);
    gcr_options_init(engine.collector->options, &options);
    assert_int_equal(gcr_option_assign(&options, name, setting, &err), GCR_OK);
    config.reader = file.reader;
    memset(&result, 0, sizeof result);
    gcr_status status = gcr_replay(&config, &result, &err);
    if (status != GCR_OK || result.outcome != GCR_OUTCOME_OK)
        fail_msg("%s %s: %s", name, setting, status != GCR_OK ? err.text : result.message);
    struct gcr_model_counts counts = result.lanes[0].model;
    gcr_result_finish(&result);
    trace_file_finish(&file);
    return counts;
}

enum { DESIGNS = 4, PHASES = 4 };

static const char *const designs[DESIGNS][2] = {{"linked-list", "counts=inline"},
                                                {"linked-list", "counts=side"},
                                                {"bitmap", "counts=inline"},
                                                {"bitmap", "counts=side"}};
static const enum gcr_gc_phase phases[PHASES] = {GCR_PHASE_MUTATOR, GCR_PHASE_ALLOCATION,
                                                 GCR_PHASE_BARRIER, GCR_PHASE_REFCOUNT};

struct cost {
    uint64_t reads, writes;
};

/* Writes:
 *   ROOT, LOAD: the root, and a count. STORE, COPY of one slot: the slot, and a count. READ: a
 *   count, up and down again. WRITE of eight bytes: each by itself.
 *   ALLOC: the pool's number of used blocks and its free list (2), one more block carved (3); the
 *   block's zeroes (1, or 2 where it lies in two lines), count, type; three figures of the heap;
 * the root. A node: the head (2) if it has one, two figures more, its links in the list (4) or its
 *   bit. A count in the side table is reference counting; in the object it is a part of the new
 *   object.
 *   Death: the count to 0, as link of the queue, and 0 again; the queue (2), twice the sign that
 * the loop is running, three figures, the block's link, the pool's free list and number of used
 *   blocks. bitmap: a figure about ownership. A node: two figures more; unlinked (4), or three
 *   planes.
 *   UNTRACK: a flag of the type; unlinked (4), or three planes. TRACK: the flag; linked (4), or one
 *   plane. RECYCLE: the flag.
 *   FREEZE: the one list with elements (4), each list made empty (2 each), three counters; bitmap:
 *   three lists and counters (9), two planes, two words of pools, bounds of arenas (4).
 * With counts in the side table each count costs a read more for the table's directory. */
static const struct {
    const char *before, *event;
    struct cost cost[DESIGNS][PHASES]; /* in the order of `designs` and `phases` */
} cases[] = {
    {"",
     "root t4 o1\n",
     {{{0, 1}, {0, 0}, {0, 0}, {2, 1}},
      {{0, 1}, {0, 0}, {0, 0}, {4, 1}},
      {{0, 1}, {0, 0}, {0, 0}, {2, 1}},
      {{0, 1}, {0, 0}, {0, 0}, {4, 1}}}},
    {"root t4 o1\n",
     "root t4 null\n",
     {{{0, 1}, {0, 0}, {0, 0}, {2, 1}},
      {{0, 1}, {0, 0}, {0, 0}, {4, 1}},
      {{0, 1}, {0, 0}, {0, 0}, {2, 1}},
      {{0, 1}, {0, 0}, {0, 0}, {4, 1}}}},
    {"",
     "store o1 0 o2\n",
     {{{0, 1}, {0, 0}, {0, 0}, {7, 1}},
      {{0, 1}, {0, 0}, {0, 0}, {9, 1}},
      {{0, 1}, {0, 0}, {0, 0}, {7, 1}},
      {{0, 1}, {0, 0}, {0, 0}, {9, 1}}}},
    {"store o1 0 o2\n",
     "store o1 0 null\n",
     {{{0, 1}, {0, 0}, {0, 0}, {6, 1}},
      {{0, 1}, {0, 0}, {0, 0}, {8, 1}},
      {{0, 1}, {0, 0}, {0, 0}, {6, 1}},
      {{0, 1}, {0, 0}, {0, 0}, {8, 1}}}},
    {"store o1 0 o2\n",
     "load o1 0 t4\n",
     {{{6, 1}, {0, 0}, {0, 0}, {1, 1}},
      {{8, 1}, {0, 0}, {0, 0}, {1, 1}},
      {{6, 1}, {0, 0}, {0, 0}, {1, 1}},
      {{8, 1}, {0, 0}, {0, 0}, {1, 1}}}},
    {"",
     "read o3 0 8\n",
     {{{10, 0}, {0, 0}, {0, 0}, {2, 2}},
      {{12, 0}, {0, 0}, {0, 0}, {2, 2}},
      {{10, 0}, {0, 0}, {0, 0}, {2, 2}},
      {{12, 0}, {0, 0}, {0, 0}, {2, 2}}}},
    {"",
     "write o3 0 8\n",
     {{{8, 8}, {0, 0}, {0, 0}, {0, 0}},
      {{8, 8}, {0, 0}, {0, 0}, {0, 0}},
      {{8, 8}, {0, 0}, {0, 0}, {0, 0}},
      {{8, 8}, {0, 0}, {0, 0}, {0, 0}}}},
    {"store o2 0 o3\n",
     "copy o1 0 o2 0 1\n",
     {{{0, 1}, {0, 0}, {0, 0}, {19, 1}},
      {{0, 1}, {0, 0}, {0, 0}, {21, 1}},
      {{0, 1}, {0, 0}, {0, 0}, {19, 1}},
      {{0, 1}, {0, 0}, {0, 0}, {21, 1}}}},
    {"",
     "alloc o5 1 t4\n",
     {{{0, 0}, {39, 21}, {0, 0}, {0, 0}},
      {{0, 0}, {41, 19}, {0, 0}, {0, 1}},
      {{0, 0}, {52, 15}, {0, 0}, {0, 0}},
      {{0, 0}, {54, 15}, {0, 0}, {0, 1}}}},
    {"",
     "alloc o5 2 t4\n",
     {{{0, 0}, {28, 12}, {0, 0}, {0, 0}},
      {{0, 0}, {30, 12}, {0, 0}, {0, 1}},
      {{0, 0}, {28, 12}, {0, 0}, {0, 0}},
      {{0, 0}, {30, 12}, {0, 0}, {0, 1}}}},
    {"",
     "root t2 null\n",
     {{{0, 1}, {0, 0}, {0, 0}, {31, 13}},
      {{0, 1}, {0, 0}, {0, 0}, {38, 13}},
      {{0, 1}, {0, 0}, {0, 0}, {40, 14}},
      {{0, 1}, {0, 0}, {0, 0}, {47, 14}}}},
    {"",
     "root t0 null\n",
     {{{0, 1}, {0, 0}, {0, 0}, {44, 19}},
      {{0, 1}, {0, 0}, {0, 0}, {51, 19}},
      {{0, 1}, {0, 0}, {0, 0}, {65, 19}},
      {{0, 1}, {0, 0}, {0, 0}, {72, 19}}}},
    {"",
     "untrack o1\n",
     {{{0, 0}, {9, 5}, {0, 0}, {0, 0}},
      {{0, 0}, {9, 5}, {0, 0}, {0, 0}},
      {{0, 0}, {24, 4}, {0, 0}, {0, 0}},
      {{0, 0}, {24, 4}, {0, 0}, {0, 0}}}},
    {"untrack o1\n",
     "track o1\n",
     {{{0, 0}, {8, 5}, {0, 0}, {0, 0}},
      {{0, 0}, {8, 5}, {0, 0}, {0, 0}},
      {{0, 0}, {35, 2}, {0, 0}, {0, 0}},
      {{0, 0}, {35, 2}, {0, 0}, {0, 0}}}},
    {"",
     "recycle o1\n",
     {{{0, 0}, {1, 1}, {0, 0}, {0, 0}},
      {{0, 0}, {1, 1}, {0, 0}, {0, 0}},
      {{0, 0}, {1, 1}, {0, 0}, {0, 0}},
      {{0, 0}, {1, 1}, {0, 0}, {0, 0}}}},
    {"",
     "freeze\n",
     {{{0, 0}, {0, 0}, {6, 13}, {0, 0}},
      {{0, 0}, {0, 0}, {6, 13}, {0, 0}},
      {{0, 0}, {0, 0}, {75, 17}, {0, 0}},
      {{0, 0}, {0, 0}, {75, 17}, {0, 0}}}},
};

/* Check levels above 1 read more. */
static bool reads_are_known(void)
{
    return GCR_CHECK_LEVEL <= 1;
}

static void check_event(size_t i, size_t d)
{
    char before[2048], after[2048];
    snprintf(before, sizeof before, "%s%s", head, cases[i].before);
    snprintf(after, sizeof after, "%s%s", before, cases[i].event);
    struct gcr_model_counts a = replay(designs[d][0], designs[d][1], before);
    struct gcr_model_counts b = replay(designs[d][0], designs[d][1], after);
    for (int p = 0; p < PHASES; p++) {
        const struct cost *cost = &cases[i].cost[d][p];
        uint64_t reads = b.phase[phases[p]].reads - a.phase[phases[p]].reads;
        uint64_t writes = b.phase[phases[p]].writes - a.phase[phases[p]].writes;
        if (writes != cost->writes || (reads_are_known() && reads != cost->reads))
            fail_msg("%s %s, phase %d: %llu reads and %llu writes, should be %llu and %llu: %s",
                     designs[d][0], designs[d][1], (int)phases[p], (unsigned long long)reads,
                     (unsigned long long)writes, (unsigned long long)cost->reads,
                     (unsigned long long)cost->writes, cases[i].event);
    }
}

static void test_events_cost_what_they_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < GCR_COUNT_OF(cases); i++) {
        for (size_t d = 0; d < DESIGNS; d++)
            check_event(i, d);
    }
}

static int open_model(void **state)
{
    struct gcr_geometry geometry;
    struct gcr_error err;
    (void)state;
    if (gcr_geometry_parse("skylake", &geometry, &err) != GCR_OK)
        return -1;
    struct gcr_model_config config = {.geometry = &geometry, .vectors = GCR_VECTORS_SCALAR};
    if (gcr_model_open(&config, &err) != GCR_OK)
        return -1;
    (void)gcr_model_pause(true);
    return 0;
}

static int close_model(void **state)
{
    (void)state;
    gcr_model_close();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_cost_what_they_should),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}
