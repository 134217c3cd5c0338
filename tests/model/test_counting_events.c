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

#include <cmocka.h>

#include "base/compiler.h"
#include "tests/model/event_costs.h"

enum { DESIGNS = 4 };

static const char *const designs[DESIGNS][2] = {{"linked-list", "counts=inline"},
                                                {"linked-list", "counts=side"},
                                                {"bitmap", "counts=inline"},
                                                {"bitmap", "counts=side"}};
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
 * With counts in the side table each count costs a read more for the table's directory. A death
 * reads two words for the address of its pool's header, which it fetches. */
static const struct {
    const char *before, *event;
    struct event_costs cost[DESIGNS]; /* in the order of `designs` */
} cases[] = {
    {"",
     "root t4 o1\n",
     {{{{0, 1}, {0, 0}, {0, 0}, {2, 1}}},
      {{{0, 1}, {0, 0}, {0, 0}, {4, 1}}},
      {{{0, 1}, {0, 0}, {0, 0}, {2, 1}}},
      {{{0, 1}, {0, 0}, {0, 0}, {4, 1}}}}},
    {"root t4 o1\n",
     "root t4 null\n",
     {{{{0, 1}, {0, 0}, {0, 0}, {2, 1}}},
      {{{0, 1}, {0, 0}, {0, 0}, {4, 1}}},
      {{{0, 1}, {0, 0}, {0, 0}, {2, 1}}},
      {{{0, 1}, {0, 0}, {0, 0}, {4, 1}}}}},
    {"",
     "store o1 0 o2\n",
     {{{{0, 1}, {0, 0}, {0, 0}, {7, 1}}},
      {{{0, 1}, {0, 0}, {0, 0}, {9, 1}}},
      {{{0, 1}, {0, 0}, {0, 0}, {7, 1}}},
      {{{0, 1}, {0, 0}, {0, 0}, {9, 1}}}}},
    {"store o1 0 o2\n",
     "store o1 0 null\n",
     {{{{0, 1}, {0, 0}, {0, 0}, {6, 1}}},
      {{{0, 1}, {0, 0}, {0, 0}, {8, 1}}},
      {{{0, 1}, {0, 0}, {0, 0}, {6, 1}}},
      {{{0, 1}, {0, 0}, {0, 0}, {8, 1}}}}},
    {"store o1 0 o2\n",
     "load o1 0 t4\n",
     {{{{6, 1}, {0, 0}, {0, 0}, {1, 1}}},
      {{{8, 1}, {0, 0}, {0, 0}, {1, 1}}},
      {{{6, 1}, {0, 0}, {0, 0}, {1, 1}}},
      {{{8, 1}, {0, 0}, {0, 0}, {1, 1}}}}},
    {"",
     "read o3 0 8\n",
     {{{{10, 0}, {0, 0}, {0, 0}, {2, 2}}},
      {{{12, 0}, {0, 0}, {0, 0}, {2, 2}}},
      {{{10, 0}, {0, 0}, {0, 0}, {2, 2}}},
      {{{12, 0}, {0, 0}, {0, 0}, {2, 2}}}}},
    {"",
     "write o3 0 8\n",
     {{{{8, 8}, {0, 0}, {0, 0}, {0, 0}}},
      {{{8, 8}, {0, 0}, {0, 0}, {0, 0}}},
      {{{8, 8}, {0, 0}, {0, 0}, {0, 0}}},
      {{{8, 8}, {0, 0}, {0, 0}, {0, 0}}}}},
    {"store o2 0 o3\n",
     "copy o1 0 o2 0 1\n",
     {{{{0, 1}, {0, 0}, {0, 0}, {19, 1}}},
      {{{0, 1}, {0, 0}, {0, 0}, {21, 1}}},
      {{{0, 1}, {0, 0}, {0, 0}, {19, 1}}},
      {{{0, 1}, {0, 0}, {0, 0}, {21, 1}}}}},
    {"",
     "alloc o5 1 t4\n",
     {{{{0, 0}, {40, 21}, {0, 0}, {0, 0}}},
      {{{0, 0}, {42, 19}, {0, 0}, {0, 1}}},
      {{{0, 0}, {53, 15}, {0, 0}, {0, 0}}},
      {{{0, 0}, {55, 15}, {0, 0}, {0, 1}}}}},
    {"",
     "alloc o5 2 t4\n",
     {{{{0, 0}, {28, 12}, {0, 0}, {0, 0}}},
      {{{0, 0}, {30, 12}, {0, 0}, {0, 1}}},
      {{{0, 0}, {28, 12}, {0, 0}, {0, 0}}},
      {{{0, 0}, {30, 12}, {0, 0}, {0, 1}}}}},
    {"",
     "root t2 null\n",
     {{{{0, 1}, {0, 0}, {0, 0}, {33, 13}}},
      {{{0, 1}, {0, 0}, {0, 0}, {40, 13}}},
      {{{0, 1}, {0, 0}, {0, 0}, {42, 14}}},
      {{{0, 1}, {0, 0}, {0, 0}, {49, 14}}}}},
    {"",
     "root t0 null\n",
     {{{{0, 1}, {0, 0}, {0, 0}, {47, 19}}},
      {{{0, 1}, {0, 0}, {0, 0}, {54, 19}}},
      {{{0, 1}, {0, 0}, {0, 0}, {68, 19}}},
      {{{0, 1}, {0, 0}, {0, 0}, {75, 19}}}}},
    {"",
     "untrack o1\n",
     {{{{0, 0}, {9, 5}, {0, 0}, {0, 0}}},
      {{{0, 0}, {9, 5}, {0, 0}, {0, 0}}},
      {{{0, 0}, {24, 4}, {0, 0}, {0, 0}}},
      {{{0, 0}, {24, 4}, {0, 0}, {0, 0}}}}},
    {"untrack o1\n",
     "track o1\n",
     {{{{0, 0}, {8, 5}, {0, 0}, {0, 0}}},
      {{{0, 0}, {8, 5}, {0, 0}, {0, 0}}},
      {{{0, 0}, {35, 2}, {0, 0}, {0, 0}}},
      {{{0, 0}, {35, 2}, {0, 0}, {0, 0}}}}},
    {"",
     "recycle o1\n",
     {{{{0, 0}, {1, 1}, {0, 0}, {0, 0}}},
      {{{0, 0}, {1, 1}, {0, 0}, {0, 0}}},
      {{{0, 0}, {1, 1}, {0, 0}, {0, 0}}},
      {{{0, 0}, {1, 1}, {0, 0}, {0, 0}}}}},
    {"",
     "freeze\n",
     {{{{0, 0}, {0, 0}, {6, 13}, {0, 0}}},
      {{{0, 0}, {0, 0}, {6, 13}, {0, 0}}},
      {{{0, 0}, {0, 0}, {75, 17}, {0, 0}}},
      {{{0, 0}, {0, 0}, {75, 17}, {0, 0}}}}},
};

static void test_events_cost_what_they_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < GCR_COUNT_OF(cases); i++) {
        for (size_t d = 0; d < DESIGNS; d++)
            event_costs_check(designs[d][0], designs[d][1], cases[i].before, cases[i].event,
                              &cases[i].cost[d]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_cost_what_they_should),
    };
    return cmocka_run_group_tests(tests, event_costs_open, event_costs_close);
}
