/* A trace in memory, without its DEATH events and without its indexes: objects are numbered in the
 * order of their allocation along the way from lane 0 to their lane, so that traces which differ in
 * deaths and use of indexes alone are equal, event by event. */
#ifndef GCR_TESTS_ORACLE_FLAT_TRACE_H
#define GCR_TESTS_ORACLE_FLAT_TRACE_H

#include <stddef.h>

#include "traces/reader.h"

struct flat_lane {
    struct gcr_event *events;
    size_t count;
    uint32_t parent;
    size_t forked_at; /* number of the parent's FORK */
    uint32_t base;    /* objects that existed, or had, at its start */
};

struct flat_death {
    uint32_t lane, object;
    uint64_t after; /* so many events of the lane, deaths not counted */
};

struct flat_trace {
    struct flat_lane *lanes;
    uint32_t lane_count;
    struct flat_death *deaths; /* by lane, place and object */
    size_t death_count, death_room;
};

void flat_read(struct flat_trace *flat, struct gcr_reader *reader);
void flat_finish(struct flat_trace *flat);

void flat_add_death(struct flat_trace *flat, struct flat_death death);
void flat_sort_deaths(struct flat_trace *flat);
/* The test fails, naming `what`, unless both have the same events, or the same deaths. */
void flat_compare_events(const struct flat_trace *a, const struct flat_trace *b, const char *what);
void flat_compare_deaths(const struct flat_trace *a, const struct flat_trace *b, const char *what);

#endif
