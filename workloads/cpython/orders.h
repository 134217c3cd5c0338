/* The part of a program's run that is to be recorded, as `gcreplay record` sees to it: it tells the
 * recorded processes when to begin and to end, by the clock or on a signal to itself. What they do
 * then is in window.h. */
#ifndef GCR_WORKLOADS_CPYTHON_ORDERS_H
#define GCR_WORKLOADS_CPYTHON_ORDERS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct gcr_segment;

/* All zero: the whole run, in one file. */
struct gcr_recording_window {
    uint64_t begin_ns, begin_allocations; /* since the program's start; 0: not by them */
    int begin_signal;                     /* 0: none */
    uint64_t end_ns, end_allocations;     /* since recording began; 0: not by them */
    int end_signal;
    uint64_t rotate_bytes, rotate_events; /* of a file; 0: not by them */
    uint32_t keep;                        /* finished files a process; 0: all */
};

struct orders {
    const struct gcr_recording_window *window;
    struct gcr_segment *segment;
    uint64_t begun_ns; /* when the first process was seen to have begun, by the monotonic clock; 0:
                          none has */
};

/* Writes into the segment what processes can see to themselves. */
void orders_init(struct orders *orders, const struct gcr_recording_window *window,
                 struct gcr_segment *segment);

/* Adds the signals that are orders. */
void orders_add_signals(const struct orders *orders, sigset_t *set);

/* A signal has come. False: it is no order. */
bool orders_take_signal(struct orders *orders, int signal_number);

/* Gives the orders that are due by the clock. To be called every few milliseconds. */
void orders_look(struct orders *orders);

/* True: processes wait, and none has begun. */
bool orders_never_began(const struct orders *orders);

#endif
