/* Tells a perf that runs around gcreplay when to count, through its control FIFO.
 *
 * The protocol is perf's own (perf-stat(1), --control=fifo:CTL[,ACK]): the words `enable` and
 * `disable`, a line each, are written to the first FIFO; perf answers each on the second, if there
 * is one, with the line `ack` and a NUL. */
#ifndef GCR_SIM_REPLAY_CONTROL_H
#define GCR_SIM_REPLAY_CONTROL_H

#include <stdbool.h>

#include "base/status.h"

struct gcr_control {
    int command, answer; /* file descriptors; answer -1: none */
    char name[256];      /* of the FIFO, for messages */
};

/* `paths`: "FIFO" or "FIFO,ACK"; both must exist, and somebody must be reading the first. GCR_USAGE
 * says which is not so. */
gcr_status gcr_control_open(const char *paths, struct gcr_control *out,
                            struct gcr_error *err) GCR_MUST_USE;
void gcr_control_close(struct gcr_control *control);

/* Switches counting on or off and waits for the answer if there is to be one, at most 10 seconds.
 * GCR_IO: it did not come, or the other side has gone. */
gcr_status gcr_control_enable(const struct gcr_control *control, bool on,
                              struct gcr_error *err) GCR_MUST_USE;

#endif
