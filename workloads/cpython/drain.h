/* The taking side of the lane rings: moves events from the shared segment into the trace files. */
#ifndef GCR_WORKLOADS_CPYTHON_DRAIN_H
#define GCR_WORKLOADS_CPYTHON_DRAIN_H

#include <stdbool.h>
#include <sys/types.h>

#include "workloads/cpython/groups.h"

enum {
    DRAIN_STATUS_UNKNOWN = 0,
    DRAIN_PATIENCE = 1500 /* looks, of 2 ms at least, for a forked child to start writing */
};

struct drain {
    struct gcr_segment *segment;
    struct groups *groups;
    int watch[GCR_RINGS]; /* pidfd of the process that owns the ring; -1: none */
    pid_t watched[GCR_RINGS];
    uint32_t orphaned[GCR_RINGS]; /* looks since the process that reserved the ring ended */
    uint32_t idle[GCR_RINGS];     /* looks since the ring had something to take */
    struct {                      /* processes that were reaped while their ring was in use */
        pid_t pid;
        uint32_t status;
    } ended[GCR_RINGS];
    uint32_t ended_count;
    uint64_t taken; /* events, in all */
};

void drain_init(struct drain *drain, struct gcr_segment *segment, struct groups *groups);
void drain_finish(struct drain *drain);

/* Notes how a process ended, for its lane's EXIT event. */
void drain_note_exit(struct drain *drain, pid_t pid, uint32_t status);

/* Takes what is final out of every ring, and everything out of those whose process has ended, which
 * become free. Finishes the files of groups that have no process left. *busy: something was taken.
 * *in_use: some ring is not free. */
gcr_status drain_all(struct drain *drain, bool *busy, bool *in_use,
                     struct gcr_error *err) GCR_MUST_USE;

/* Takes everything out of every ring, whether its process has ended or not, and finishes all files.
 */
gcr_status drain_rest(struct drain *drain, struct gcr_error *err) GCR_MUST_USE;

#endif
