/* Results on their way from a child process to its parent, over a socket.
 *
 * Both ends are the same executable, so structs travel as they are; arrays follow their owner. */
#ifndef GCR_SIM_REPLAY_TRANSFER_H
#define GCR_SIM_REPLAY_TRANSFER_H

#include "sim/measure/result.h"

/* What a child sends: a status, its message if it is not GCR_OK, else the results of its lane and
 * of all lanes below it. */
struct gcr_report {
    gcr_status status;
    struct gcr_error error;
    struct gcr_lane_result *lanes; /* malloc'ed, as are their arrays */
    size_t count;
};

/* False: the other end is gone. */
bool gcr_report_send(int socket, const struct gcr_report *report);

/* Reads one report, blocking; `idle` (may be NULL) is called about ten times a second meanwhile.
 * False: the other end is gone or sent nonsense; nothing needs freeing then. */
bool gcr_report_receive(int socket, struct gcr_report *report, void (*idle)(void *arg), void *arg);

#endif
