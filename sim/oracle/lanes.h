/* Walks every lane of a trace over a shadow graph, depth first: a forked lane is walked, on a copy,
 * when its FORK is reached. Behind gcr_check_trace and gcr_trace_peak_live. */
#ifndef GCR_SIM_ORACLE_LANES_H
#define GCR_SIM_ORACLE_LANES_H

#include "sim/oracle/oracle.h"

enum { GCR_LANES_WINDOW = 1 << 16 };

/* `prove`: every operand's reachability is judged, not only the form of the events. On
 * GCR_INVALID_TRACE, out names lane and number of the first bad event (first in the order of the
 * walk). Operands are judged whenever `window` events have passed, but not before as many have as
 * there were objects the last time; the verdict does not depend on it. O(events), and memory for
 * two shadow graphs a level of fork. */
gcr_status gcr_lanes_walk(struct gcr_reader *reader, bool prove, uint32_t window,
                          struct gcr_trace_check *out, struct gcr_error *err) GCR_MUST_USE;

#endif
