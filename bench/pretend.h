/* The replay loop over events in memory, around operations that do nothing (null_design.h). What is
 * left is the harness. */
#ifndef GCR_BENCH_PRETEND_H
#define GCR_BENCH_PRETEND_H

#include "bench/gcr_bench.h"
#include "bench/null_design.h"
#include "sim/replay/state.h"

enum { BENCH_PRETEND_BATCH = 4096 }; /* events that are carried out at a time */

struct bench_pretend {
    struct gcr_replay_state state;
    struct gcr_capabilities capabilities;
    struct null_heap heap;
    struct gcr_shape *shapes;
    struct gcr_event *events;
    size_t count;
};

/* Takes `events` and `shapes`, both from malloc, over in any case. NULL: gcr_bench_fail was called.
 */
struct bench_pretend *bench_pretend_open(struct gcr_bench *b, struct gcr_shape *shapes,
                                         uint32_t shape_count, struct gcr_event *events,
                                         size_t count);
void bench_pretend_close(void *fixture);

/* All events, batch by batch; they must be such that the loop carries out itself. False: it stopped
 * early. The first time, preparation grows the tables. */
bool bench_pretend_prepare(struct bench_pretend *r);
bool bench_pretend_run(struct bench_pretend *r);

/* All handles move, as in a full collection. */
void bench_pretend_update(struct bench_pretend *r);

#endif
