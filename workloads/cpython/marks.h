/* Marks: recorded time, and the requests and phases that the program itself tells of.
 *
 * TIME events carry nanoseconds since `gcreplay record` made the segment, by the monotonic clock,
 * the same for all processes. One is due every millisecond; whether it is, is looked up at
 * allocations, at intervals that follow the pace of allocation, so that a busy program's clock is
 * read about every 50 us and an idle one's at each allocation. A TIME precedes each REQUEST and
 * PHASE. Recorded time contains what recording costs.
 *
 * The program marks requests and phases through the built-in module `_gcreplay`, which only
 * recorded programs find; python/gcreplay_marks.py is the front for people. */
#ifndef GCR_WORKLOADS_CPYTHON_MARKS_H
#define GCR_WORKLOADS_CPYTHON_MARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "traces/event.h"

struct recorder;

enum { MARKS_TIME_NS = 1000000, MARKS_LOOK_NS = 50000, MARKS_MOST_SKIPPED = 1 << 12 };

struct marks {
    uint64_t time_ns;    /* of the last TIME event of this lane */
    uint64_t look_ns;    /* when the clock was read last */
    uint32_t skipped;    /* allocations until it is read again */
    uint32_t skip_count; /* how many at a time */
    uint32_t phase;      /* number of the present phase's name; 0: none begun */
};

/* The clock is read: writes a TIME event if one is due. Not within a collection. */
void marks_look(struct recorder *recorder);

static inline bool marks_is_due(struct marks *marks)
{
    if (marks->skipped > 0) {
        marks->skipped--;
        return false;
    }
    return true;
}

/* A lane begins whose heap has just been restated: writes the time, a phase of that name, and the
 * program's own phase if it is in one. */
void marks_begin(struct recorder *recorder, const char *name);

/* Writes the time, and then the event (REQUEST or PHASE). */
void marks_write(struct recorder *recorder, struct gcr_event event);

/* Makes `_gcreplay` a built-in module of the interpreter, which has not been initialised yet. The
 * recorder stays where it is. */
void marks_add_module(struct recorder *recorder);

#endif
