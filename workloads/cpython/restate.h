/* Restating the heap: what the mirror holds, written as the beginning of a lane.
 *
 * Recording can begin, and go on in another file, in the middle of a program because the mirror
 * says at every moment what a replay of all events so far would hold. restate_write turns that into
 * events, after which a replay of the new lane holds the same:
 *
 *  - every living object, with its shape and length, its known references, its root if it has one
 *    and its weak target; nothing counts for CPython's trigger, and nothing can start a collection;
 *  - in a faithful recording the collector's lists as CPython has them, its three counters, and the
 *    two numbers that decide when generation 2 is due. No event places an object on a list, but
 *    CPython's own operations do, and they are events: see restate.c;
 *  - in a neutral one a full collection behind all that, so that every design begins with a heap
 *    that is settled and old, as it is in the program;
 *  - the collector's settings and the current thread.
 *
 * The objects' indexes and the roots stay what they were. */
#ifndef GCR_WORKLOADS_CPYTHON_RESTATE_H
#define GCR_WORKLOADS_CPYTHON_RESTATE_H

#include "workloads/cpython/recorder.h"

/* May the heap be restated now? Not while a collection runs or waits to be settled, and not between
 * a snapshot and the collection that it is for. */
bool restate_is_possible(const struct recorder *recorder);

/* Writes the mirror's state. The recorder's channel is at the beginning of a lane 0, no allocation
 * is pending, and restate_is_possible. Adds to restated_objects and restated_events.
 * O(objects + references + the collector's counters). */
void restate_write(struct recorder *recorder);

#endif
