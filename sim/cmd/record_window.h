/* The flags of `gcreplay record` that choose a part of the program's run. */
#ifndef GCR_SIM_CMD_RECORD_WINDOW_H
#define GCR_SIM_CMD_RECORD_WINDOW_H

#include "sim/cmd/command.h"
#include "workloads/cpython/orders.h"

/* GCR_USAGE: a value is wrong, or --keep stands without --rotate. */
gcr_status record_parse_window(const struct gcr_arguments *arguments,
                               struct gcr_recording_window *window,
                               struct gcr_error *err) GCR_MUST_USE;

#endif
