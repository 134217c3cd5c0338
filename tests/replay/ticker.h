/* The test collector with a helper thread beside it, which counts ticks as long as it may run: what
 * the harness promises to concurrent designs, seen from a design. One at a time, in static storage;
 * a forked process has its own. */
#ifndef GCR_TESTS_REPLAY_TICKER_H
#define GCR_TESTS_REPLAY_TICKER_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/replay/engine.h"

struct ticker_counts {
    uint64_t rests, wakes;  /* calls of rest(true), rest(false) */
    uint64_t ticks_at_rest; /* ticks counted between the two: 0 */
    uint64_t forks;         /* calls of before_fork */
    bool destroyed_at_rest;
    long hold_ms; /* set by a test: each collection asks for a stopped clock that long */
};
extern struct ticker_counts ticker_counts;

/* Its engine. `concurrent` false: no thread, and the heap does not claim any. `own_rest` false: no
 * rest operation, so that before_fork and after_fork stand in. */
const struct gcr_engine *ticker_engine(bool concurrent, bool own_rest);

/* Whether the thread is at rest now. */
bool ticker_is_at_rest(void);

#endif
