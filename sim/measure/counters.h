/* Counters of a lane, divided as its replay clock is.
 *
 * The replay starts, stops and splits them where it starts and stops its clock and changes phases
 * (replay/timing.h): an interval's counts go to the bucket that was in force. What the kernel gives
 * and what it refuses is counter_set.h's matter. Threads that the design starts are counted by a
 * second set of events that new threads inherit; they are known for the whole lane only, and the
 * second set makes the kernel take turns with the hardware's counters.
 *
 * Each start or stop costs one system call a group that cannot be read in user space, and one for
 * the software events: figures that say what an empty interval counts are taken at the opening. */
#ifndef GCR_SIM_MEASURE_COUNTERS_H
#define GCR_SIM_MEASURE_COUNTERS_H

#include "base/status.h"
#include "sim/measure/counter_set.h"
#include "sim/measure/phases.h"

struct gcr_counters;

/* Opens the counters of the calling thread, stopped at 0. NULL: no memory. `helpers`: the design
 * may start threads; must then be called before it does. *system is copied. */
struct gcr_counters *gcr_counters_create(const struct gcr_counter_system *system, bool helpers);
void gcr_counters_destroy(struct gcr_counters *counters);

/* In a forked child: opens the child's own, stopped at 0. */
void gcr_counters_after_fork(struct gcr_counters *counters);

/* A lane begins; what helper threads do counts from here. */
void gcr_counters_begin_lane(struct gcr_counters *counters);

/* Begins an interval; ends one and books it to what `phases` says is in force; ends one and begins
 * the next. Stopping what is stopped, and splitting it, does nothing. */
void gcr_counters_start(struct gcr_counters *counters);
void gcr_counters_stop(struct gcr_counters *counters, const struct gcr_phases *phases);
void gcr_counters_split(struct gcr_counters *counters, const struct gcr_phases *phases);

/* How many intervals were booked. */
uint64_t gcr_counters_intervals(const struct gcr_counters *counters);

/* The lane's figures so far, stopped. */
void gcr_counters_figures(struct gcr_counters *counters,
                          struct gcr_counter_figure out[GCR_COUNTER_COUNT]);

#endif
