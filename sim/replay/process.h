/* One replaying process: a lane, its state, and the processes that it has forked.
 *
 * lane.c replays a lane within a process; lanes.c makes and collects processes. The two meet in
 * gcr_lanes_fork, which lane.c is given as a function so that neither includes the other. */
#ifndef GCR_SIM_REPLAY_PROCESS_H
#define GCR_SIM_REPLAY_PROCESS_H

#include <sys/types.h>

#include "sim/replay/source.h"
#include "sim/replay/state.h"

enum {
    GCR_BATCH_EVENTS = 4096,
    GCR_COW_BATCH_EVENTS = 256 /* after each of which written pages may be looked at */
};

/* Shared between all processes of a run. */
struct gcr_shared_progress {
    _Atomic uint64_t events_done;
};

/* A forked child, as its parent sees it. */
struct gcr_child {
    uint32_t lane;
    pid_t pid;
    int socket; /* both ways: a byte starts the child, results come back, closing ends it */
};

struct gcr_process;
/* Forks a child for `lane`; returns in the parent only. Failure to fork is recorded as that lane's
 * outcome. */
typedef void gcr_fork_function(struct gcr_process *process, uint32_t lane);

struct gcr_process {
    const struct gcr_replay_config *config;
    const struct gcr_event_source *source;
    gcr_fork_function *fork;
    struct gcr_replay_state state;
    struct gcr_lane_result result; /* of this process's own lane */
    void *stream;
    const struct gcr_event *events; /* decoded: in the buffer, or the stream's own */
    struct gcr_event *buffer;       /* event_room of them */
    size_t event_room;
    size_t position, end; /* events[position..end) are decoded and not yet carried out */
    uint64_t start_ns;    /* wall time at which the lane began */

    int up; /* socket to the parent; -1 in the root process */
    struct gcr_child *children;
    size_t child_count, child_room;
    struct gcr_lane_result *results; /* of lanes that are over: own first, then descendants' */
    size_t result_count, result_room;

    struct gcr_shared_progress *shared;
    bool is_root;         /* the process that gcr_replay was called in: it alone reports progress */
    uint64_t reported_ns; /* wall time of the last report */
};

/* ---- lane.c ---- */

/* Creates heap and checker of lane 0. On failure nothing is left behind but the state, which
 * gcr_state_finish frees. */
gcr_status gcr_lane_create_heap(struct gcr_process *process, struct gcr_error *err) GCR_MUST_USE;

/* Replays the process's lane from its first event to its end and fills process->result. Not GCR_OK:
 * damaged input or no memory for the harness; what the heap did is an outcome in the result. */
gcr_status gcr_lane_replay(struct gcr_process *process, struct gcr_error *err) GCR_MUST_USE;

/* The heap's part after a fork, on the clock, in the parent or the child. */
void gcr_lane_after_fork(struct gcr_replay_state *state, bool child);

/* Calls config->progress if it is time and this is the root process. `ahead`: events carried out
 * beyond those that events_done has. */
void gcr_process_report(struct gcr_process *process, size_t ahead);

/* Moves *lane into process->results. GCR_NO_MEMORY: *lane has been freed. */
gcr_status gcr_process_add_result(struct gcr_process *process, struct gcr_lane_result *lane,
                                  struct gcr_error *err) GCR_MUST_USE;

#endif
