/* What one event costs in a design: reads and writes by phase, as its modelled twin reports them.
 *
 * An event is replayed behind a preparation, and the preparation alone; the difference is the
 * event's. */
#ifndef GCR_TESTS_MODEL_EVENT_COSTS_H
#define GCR_TESTS_MODEL_EVENT_COSTS_H

#include <stdint.h>

enum { EVENT_PHASES = 4 };

struct event_cost {
    uint64_t reads, writes;
};

/* In the order MUTATOR, ALLOCATION, BARRIER, REFCOUNT. */
struct event_costs {
    struct event_cost phase[EVENT_PHASES];
};

/* The cost of `event` after `before`, both lines of a trace in text form, in a heap of four
 * objects: o1 and o2, nodes of two slots and 8 bytes of data, and o3 and o4, leaves of 24 bytes, in
 * roots t0 to t3; t4 is null. `setting`: OPTION=VALUE of the design, or NULL. Fails the test if
 * a replay fails. */
struct event_costs event_costs_of(const char *design, const char *setting, const char *before,
                                  const char *event);

/* Fails the test where the cost is another than `should`. Reads only at check level 1 and below:
 * higher ones read more. */
void event_costs_check(const char *design, const char *setting, const char *before,
                       const char *event, const struct event_costs *should);

/* Set-up and tear-down of a group of tests: the model, of one geometry. 0, or -1 on failure. */
int event_costs_open(void **state);
int event_costs_close(void **state);

#endif
