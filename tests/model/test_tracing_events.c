/* What one event costs in the designs that do not count references as they change: reads and writes
 * by phase, as the modelled twins report them; see event_costs.h. Numbers of writes are worked out
 * by hand below; numbers of reads follow the code as gcc 12 compiles it, and are here so that a
 * change is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "tests/model/event_costs.h"

enum event {
    ROOT,
    ROOT_NULL,
    ROOT_GLOBAL,
    STORE,
    STORE_NULL,
    STORE_OVER,
    COPY,
    LOAD,
    LOAD_GLOBAL,
    READ,
    WRITE,
    ALLOC_NODE,
    ALLOC_LEAF,
    DEATH,
    BOOKKEEPING,
    STORE_FIRST,
    STORE_OLD,
    STORE_AGAIN,
    COPY_OLD,
    LATER_LOAD,
    LATER_WRITE,
    LATER_ALLOC,
    EVENTS
};

/* STORE_FIRST and what follows come after a collection: o1 to o4 are old, o5 is young. */
static const char *const events[EVENTS][2] = {
    [ROOT] = {"", "root t4 o1\n"},
    [ROOT_NULL] = {"root t4 o1\n", "root t4 null\n"},
    [ROOT_GLOBAL] = {"", "root g0 o1\n"},
    [STORE] = {"", "store o1 0 o2\n"},
    [STORE_NULL] = {"store o1 0 o2\n", "store o1 0 null\n"},
    [STORE_OVER] = {"store o1 0 o2\n", "store o1 0 o3\n"},
    [COPY] = {"store o2 0 o3\n", "copy o1 0 o2 0 1\n"},
    [LOAD] = {"store o1 0 o2\n", "load o1 0 t4\n"},
    [LOAD_GLOBAL] = {"store o1 0 o2\n", "load o1 0 g0\n"},
    [READ] = {"", "read o3 0 8\n"},
    [WRITE] = {"", "write o3 0 8\n"},
    [ALLOC_NODE] = {"", "alloc o5 1 t4\n"},
    [ALLOC_LEAF] = {"", "alloc o5 2 t4\n"},
    [DEATH] = {"root t2 null\n", "death o3\n"},
    [BOOKKEEPING] = {"", "untrack o1\n"
                         "track o1\n"
                         "recycle o1\n"
                         "freeze\n"
                         "unfreeze\n"},
    [STORE_FIRST] = {"collect 2\n"
                     "alloc o5 2 t4\n",
                     "store o1 0 o5\n"},
    [STORE_OLD] = {"collect 2\n"
                   "alloc o5 2 t4\n"
                   "store o2 0 o5\n",
                   "store o1 0 o5\n"},
    [STORE_AGAIN] = {"collect 2\n"
                     "alloc o5 2 t4\n"
                     "store o1 0 o5\n",
                     "store o1 1 o5\n"},
    [COPY_OLD] = {"collect 2\n"
                  "alloc o5 2 t4\n"
                  "store o2 0 o5\n",
                  "copy o1 0 o2 0 1\n"},
    [LATER_LOAD] = {"collect 2\n"
                    "store o1 0 o2\n",
                    "load o1 0 t4\n"},
    [LATER_WRITE] = {"collect 2\n", "write o3 0 8\n"},
    [LATER_ALLOC] = {"collect 2\n"
                     "alloc o5 2 t4\n",
                     "alloc o6 2 t4\n"},
};

/* Writes, unless a design below says otherwise:
 *   ROOT, LOAD: the root. STORE, COPY of one slot: the slot. READ: where the data's end is noted.
 *   WRITE of eight bytes: each by itself, and that.
 *   DEATH, and what only a counting collector is told (TRACK, UNTRACK, RECYCLE, FREEZE): nothing.
 * Roots and slots are the mutator's own, also where a barrier goes with them. */
static const struct {
    const char *name, *setting;
    struct event_costs cost[EVENTS];
} designs[] = {
    /* mark-sweep, blocks from the boundary-tag heap. Every operation counts itself for the trigger
     * (1): with the mutator for LOAD, READ and WRITE, in the barrier for the others. ALLOC: the
     * chunk's size, the segment's top and what lies below it (3), chunks in use (1); whether the
     * block is a large one (1); the block's zeroes (2: it lies in two lines), the header (1); that
     * it is listed, the link, the list (3); three figures and the operation (4); the root. */
    {.name = "mark-sweep",
     .setting = "allocator=system",
     .cost =
         {
             [ROOT] = {{{0, 1}, {0, 0}, {1, 1}, {0, 0}}},
             [ROOT_NULL] = {{{0, 1}, {0, 0}, {1, 1}, {0, 0}}},
             [ROOT_GLOBAL] = {{{0, 1}, {0, 0}, {1, 1}, {0, 0}}},
             [STORE] = {{{0, 1}, {0, 0}, {2, 1}, {0, 0}}},
             [STORE_NULL] = {{{0, 1}, {0, 0}, {2, 1}, {0, 0}}},
             [STORE_OVER] = {{{0, 1}, {0, 0}, {2, 1}, {0, 0}}},
             [COPY] = {{{1, 1}, {0, 0}, {5, 1}, {0, 0}}},
             [LOAD] = {{{3, 2}, {0, 0}, {0, 0}, {0, 0}}},
             [LOAD_GLOBAL] = {{{3, 2}, {0, 0}, {0, 0}, {0, 0}}},
             [READ] = {{{12, 2}, {0, 0}, {0, 0}, {0, 0}}},
             [WRITE] = {{{11, 10}, {0, 0}, {0, 0}, {0, 0}}},
             [ALLOC_NODE] = {{{0, 0}, {42, 16}, {0, 0}, {0, 0}}},
             [ALLOC_LEAF] = {{{0, 0}, {42, 16}, {0, 0}, {0, 0}}},
             [STORE_FIRST] = {{{0, 1}, {0, 0}, {2, 1}, {0, 0}}},
             [STORE_OLD] = {{{0, 1}, {0, 0}, {2, 1}, {0, 0}}},
             [STORE_AGAIN] = {{{0, 1}, {0, 0}, {2, 1}, {0, 0}}},
             [COPY_OLD] = {{{1, 1}, {0, 0}, {5, 1}, {0, 0}}},
             [LATER_LOAD] = {{{3, 2}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_WRITE] = {{{11, 10}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_ALLOC] = {{{0, 0}, {42, 16}, {0, 0}, {0, 0}}},
         }},
    /* mark-sweep, blocks from pools, allocated inline. ALLOC: the operation; the pool's number of
     * used blocks and its free list (2), one more block carved (3); zeroes (2), header, link, list
     * (3); three figures; the root. */
    {.name = "mark-sweep",
     .setting = "allocator=pools",
     .cost =
         {
             [ROOT] = {{{0, 1}, {0, 0}, {1, 1}, {0, 0}}},
             [ROOT_NULL] = {{{0, 1}, {0, 0}, {1, 1}, {0, 0}}},
             [ROOT_GLOBAL] = {{{0, 1}, {0, 0}, {1, 1}, {0, 0}}},
             [STORE] = {{{0, 1}, {0, 0}, {2, 1}, {0, 0}}},
             [STORE_NULL] = {{{0, 1}, {0, 0}, {2, 1}, {0, 0}}},
             [STORE_OVER] = {{{0, 1}, {0, 0}, {2, 1}, {0, 0}}},
             [COPY] = {{{1, 1}, {0, 0}, {5, 1}, {0, 0}}},
             [LOAD] = {{{3, 2}, {0, 0}, {0, 0}, {0, 0}}},
             [LOAD_GLOBAL] = {{{3, 2}, {0, 0}, {0, 0}, {0, 0}}},
             [READ] = {{{12, 2}, {0, 0}, {0, 0}, {0, 0}}},
             [WRITE] = {{{11, 10}, {0, 0}, {0, 0}, {0, 0}}},
             [ALLOC_NODE] = {{{0, 0}, {28, 15}, {0, 0}, {0, 0}}},
             [ALLOC_LEAF] = {{{0, 0}, {28, 15}, {0, 0}, {0, 0}}},
             [STORE_FIRST] = {{{0, 1}, {0, 0}, {2, 1}, {0, 0}}},
             [STORE_OLD] = {{{0, 1}, {0, 0}, {2, 1}, {0, 0}}},
             [STORE_AGAIN] = {{{0, 1}, {0, 0}, {2, 1}, {0, 0}}},
             [COPY_OLD] = {{{1, 1}, {0, 0}, {5, 1}, {0, 0}}},
             [LATER_LOAD] = {{{3, 2}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_WRITE] = {{{11, 10}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_ALLOC] = {{{0, 0}, {28, 15}, {0, 0}, {0, 0}}},
         }},
    /* semispace. ALLOC: the bump, the header, three figures, the root. The space is zero already.
     */
    {.name = "semispace",
     .cost =
         {
             [ROOT] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_NULL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_GLOBAL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [STORE] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_NULL] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_OVER] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY] = {{{1, 1}, {0, 0}, {2, 0}, {0, 0}}},
             [LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LOAD_GLOBAL] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [READ] = {{{12, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [ALLOC_NODE] = {{{0, 0}, {15, 6}, {0, 0}, {0, 0}}},
             [ALLOC_LEAF] = {{{0, 0}, {15, 6}, {0, 0}, {0, 0}}},
             [STORE_FIRST] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_OLD] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_AGAIN] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY_OLD] = {{{1, 1}, {0, 0}, {2, 0}, {0, 0}}},
             [LATER_LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_ALLOC] = {{{0, 0}, {15, 6}, {0, 0}, {0, 0}}},
         }},
    /* generational. ALLOC as in semispace. A store into an old object: a figure, the entry, the
     * set's length, the header; four more for the set's first pages. */
    {.name = "generational",
     .cost =
         {
             [ROOT] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_NULL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_GLOBAL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [STORE] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_NULL] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_OVER] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY] = {{{1, 1}, {0, 0}, {6, 0}, {0, 0}}},
             [LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LOAD_GLOBAL] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [READ] = {{{12, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [ALLOC_NODE] = {{{0, 0}, {16, 6}, {0, 0}, {0, 0}}},
             [ALLOC_LEAF] = {{{0, 0}, {16, 6}, {0, 0}, {0, 0}}},
             [STORE_FIRST] = {{{0, 1}, {0, 0}, {31, 8}, {0, 0}}},
             [STORE_OLD] = {{{0, 1}, {0, 0}, {10, 4}, {0, 0}}},
             [STORE_AGAIN] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY_OLD] = {{{1, 1}, {0, 0}, {14, 4}, {0, 0}}},
             [LATER_LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_ALLOC] = {{{0, 0}, {16, 6}, {0, 0}, {0, 0}}},
         }},
    /* hybrid: as generational, with whose barrier and nursery it works. */
    {.name = "hybrid",
     .cost =
         {
             [ROOT] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_NULL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_GLOBAL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [STORE] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_NULL] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_OVER] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY] = {{{1, 1}, {0, 0}, {6, 0}, {0, 0}}},
             [LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LOAD_GLOBAL] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [READ] = {{{12, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [ALLOC_NODE] = {{{0, 0}, {16, 6}, {0, 0}, {0, 0}}},
             [ALLOC_LEAF] = {{{0, 0}, {16, 6}, {0, 0}, {0, 0}}},
             [STORE_FIRST] = {{{0, 1}, {0, 0}, {31, 8}, {0, 0}}},
             [STORE_OLD] = {{{0, 1}, {0, 0}, {10, 4}, {0, 0}}},
             [STORE_AGAIN] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY_OLD] = {{{1, 1}, {0, 0}, {14, 4}, {0, 0}}},
             [LATER_LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_ALLOC] = {{{0, 0}, {16, 6}, {0, 0}, {0, 0}}},
         }},
    /* mark-compact. ALLOC: the bump, the quota, blocks, the header, three figures, the root. */
    {.name = "mark-compact",
     .cost =
         {
             [ROOT] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_NULL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_GLOBAL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [STORE] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_NULL] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_OVER] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY] = {{{1, 1}, {0, 0}, {2, 0}, {0, 0}}},
             [LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LOAD_GLOBAL] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [READ] = {{{12, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [ALLOC_NODE] = {{{0, 0}, {18, 8}, {0, 0}, {0, 0}}},
             [ALLOC_LEAF] = {{{0, 0}, {18, 8}, {0, 0}, {0, 0}}},
             [STORE_FIRST] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_OLD] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_AGAIN] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY_OLD] = {{{1, 1}, {0, 0}, {2, 0}, {0, 0}}},
             [LATER_LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_ALLOC] = {{{0, 0}, {18, 8}, {0, 0}, {0, 0}}},
         }},
    /* mark-compact-nursery: a nursery and a barrier as in generational. */
    {.name = "mark-compact-nursery",
     .cost =
         {
             [ROOT] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_NULL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_GLOBAL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [STORE] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_NULL] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_OVER] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY] = {{{1, 1}, {0, 0}, {6, 0}, {0, 0}}},
             [LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LOAD_GLOBAL] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [READ] = {{{12, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [ALLOC_NODE] = {{{0, 0}, {16, 6}, {0, 0}, {0, 0}}},
             [ALLOC_LEAF] = {{{0, 0}, {16, 6}, {0, 0}, {0, 0}}},
             [STORE_FIRST] = {{{0, 1}, {0, 0}, {30, 8}, {0, 0}}},
             [STORE_OLD] = {{{0, 1}, {0, 0}, {10, 4}, {0, 0}}},
             [STORE_AGAIN] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY_OLD] = {{{1, 1}, {0, 0}, {14, 4}, {0, 0}}},
             [LATER_LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_ALLOC] = {{{0, 0}, {16, 6}, {0, 0}, {0, 0}}},
         }},
    /* incminimark. ALLOC as in generational, and four words cleared one by one. A store into an old
     * object as there; the collection has taken the set's pages already. */
    {.name = "incminimark",
     .cost =
         {
             [ROOT] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_NULL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_GLOBAL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [STORE] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_NULL] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_OVER] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY] = {{{1, 1}, {0, 0}, {14, 0}, {0, 0}}},
             [LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LOAD_GLOBAL] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [READ] = {{{12, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [ALLOC_NODE] = {{{0, 0}, {18, 10}, {0, 0}, {0, 0}}},
             [ALLOC_LEAF] = {{{0, 0}, {18, 10}, {0, 0}, {0, 0}}},
             [STORE_FIRST] = {{{0, 1}, {0, 0}, {15, 4}, {0, 0}}},
             [STORE_OLD] = {{{0, 1}, {0, 0}, {15, 4}, {0, 0}}},
             [STORE_AGAIN] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY_OLD] = {{{1, 1}, {0, 0}, {25, 4}, {0, 0}}},
             [LATER_LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_ALLOC] = {{{0, 0}, {18, 10}, {0, 0}, {0, 0}}},
         }},
    /* buffered-refcount. A store into the heap or a global root: the entry of each value that is
     * not null, old or new, and the log's top. A LOAD into a global root is the mutator's, log and
     * all. ALLOC: the cached context, the block's free list and alloc entry (3); four words
     * cleared, two halves of the header (6); four figures; the entry and the log's top (2); the
     * root. */
    {.name = "buffered-refcount",
     .cost =
         {
             [ROOT] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [ROOT_NULL] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [ROOT_GLOBAL] = {{{0, 1}, {0, 0}, {6, 2}, {0, 0}}},
             [STORE] = {{{0, 1}, {0, 0}, {7, 2}, {0, 0}}},
             [STORE_NULL] = {{{0, 1}, {0, 0}, {7, 2}, {0, 0}}},
             [STORE_OVER] = {{{0, 1}, {0, 0}, {7, 3}, {0, 0}}},
             [COPY] = {{{0, 1}, {0, 0}, {9, 2}, {0, 0}}},
             [LOAD] = {{{3, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LOAD_GLOBAL] = {{{8, 3}, {0, 0}, {0, 0}, {0, 0}}},
             [READ] = {{{14, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [WRITE] = {{{13, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [ALLOC_NODE] = {{{0, 0}, {34, 16}, {0, 0}, {0, 0}}},
             [ALLOC_LEAF] = {{{0, 0}, {33, 16}, {0, 0}, {0, 0}}},
             [STORE_FIRST] = {{{0, 1}, {0, 0}, {7, 2}, {0, 0}}},
             [STORE_OLD] = {{{0, 1}, {0, 0}, {7, 2}, {0, 0}}},
             [STORE_AGAIN] = {{{0, 1}, {0, 0}, {7, 2}, {0, 0}}},
             [COPY_OLD] = {{{0, 1}, {0, 0}, {9, 2}, {0, 0}}},
             [LATER_LOAD] = {{{3, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_WRITE] = {{{13, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_ALLOC] = {{{0, 0}, {33, 16}, {0, 0}, {0, 0}}},
         }},
    /* parallel-mark-sweep. ALLOC: the block's free list and alloc entry (2), four words cleared,
     * the header, three figures, the root. */
    {.name = "parallel-mark-sweep",
     .cost =
         {
             [ROOT] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_NULL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_GLOBAL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [STORE] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_NULL] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_OVER] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY] = {{{1, 1}, {0, 0}, {2, 0}, {0, 0}}},
             [LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LOAD_GLOBAL] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [READ] = {{{12, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [ALLOC_NODE] = {{{0, 0}, {21, 11}, {0, 0}, {0, 0}}},
             [ALLOC_LEAF] = {{{0, 0}, {21, 11}, {0, 0}, {0, 0}}},
             [STORE_FIRST] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_OLD] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_AGAIN] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY_OLD] = {{{1, 1}, {0, 0}, {2, 0}, {0, 0}}},
             [LATER_LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_ALLOC] = {{{0, 0}, {21, 11}, {0, 0}, {0, 0}}},
         }},
    /* epsilon. ALLOC as in semispace. */
    {.name = "epsilon",
     .cost =
         {
             [ROOT] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_NULL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_GLOBAL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [STORE] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_NULL] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_OVER] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY] = {{{1, 1}, {0, 0}, {2, 0}, {0, 0}}},
             [LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LOAD_GLOBAL] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [READ] = {{{12, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [ALLOC_NODE] = {{{0, 0}, {15, 6}, {0, 0}, {0, 0}}},
             [ALLOC_LEAF] = {{{0, 0}, {15, 6}, {0, 0}, {0, 0}}},
             [STORE_FIRST] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_OLD] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_AGAIN] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY_OLD] = {{{1, 1}, {0, 0}, {2, 0}, {0, 0}}},
             [LATER_LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_ALLOC] = {{{0, 0}, {15, 6}, {0, 0}, {0, 0}}},
         }},
    /* explicit-free. ALLOC: the pool (2), one more block carved (3), zeroes (2 lines, or 1),
     * header, four figures, the root. DEATH: three figures, the block's link, the pool's free list
     * and number of used blocks. */
    {.name = "explicit-free",
     .cost =
         {
             [ROOT] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_NULL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [ROOT_GLOBAL] = {{{0, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [STORE] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_NULL] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_OVER] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY] = {{{1, 1}, {0, 0}, {2, 0}, {0, 0}}},
             [LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LOAD_GLOBAL] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [READ] = {{{12, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [ALLOC_NODE] = {{{0, 0}, {27, 13}, {0, 0}, {0, 0}}},
             [ALLOC_LEAF] = {{{0, 0}, {27, 13}, {0, 0}, {0, 0}}},
             [DEATH] = {{{0, 0}, {17, 6}, {0, 0}, {0, 0}}},
             [STORE_FIRST] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_OLD] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [STORE_AGAIN] = {{{0, 1}, {0, 0}, {1, 0}, {0, 0}}},
             [COPY_OLD] = {{{1, 1}, {0, 0}, {2, 0}, {0, 0}}},
             [LATER_LOAD] = {{{2, 1}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_WRITE] = {{{11, 9}, {0, 0}, {0, 0}, {0, 0}}},
             [LATER_ALLOC] = {{{0, 0}, {27, 12}, {0, 0}, {0, 0}}},
         }},
};

static void test_events_cost_what_they_should(void **state)
{
    (void)state;
    for (size_t d = 0; d < GCR_COUNT_OF(designs); d++) {
        for (size_t i = 0; i < EVENTS; i++)
            event_costs_check(designs[d].name, designs[d].setting, events[i][0], events[i][1],
                              &designs[d].cost[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_cost_what_they_should),
    };
    return cmocka_run_group_tests(tests, event_costs_open, event_costs_close);
}
