/* A checker that judges nothing by itself: it counts what it is told and lets a test look at the
 * heap. One at a time, in static storage; forked lanes have their own copy. */
#ifndef GCR_TESTS_REPLAY_PROBE_H
#define GCR_TESTS_REPLAY_PROBE_H

#include "sim/replay/checker.h"

struct probe {
    struct gcr_checker checker; /* first */
    const struct gcr_replay_view *view;
    uint64_t before, after, dead, moved, collected, finalized;
    uint32_t finalized_index, finalized_serial, finalized_root;
    const struct gcr_event *last_before;
    uint32_t lane; /* that is being counted; a child counts its own events from 0 */

    /* Set by the test beforehand; any may be NULL or 0. */
    uint64_t refuse_before, refuse_after; /* event number + 1 that is refused */
    void (*on_after)(struct probe *probe, const struct gcr_event *event, uint64_t number);
    uint64_t (*on_finish)(struct probe *probe); /* its value becomes graph_digest */
};

extern struct probe probe;

/* Forgets everything, also the test's settings. */
void probe_reset(void);
gcr_checker_factory probe_checker;

#endif
