/* The oracle: what is reachable, from the events alone. Entry points for the layers above. */
#ifndef GCR_SIM_ORACLE_ORACLE_H
#define GCR_SIM_ORACLE_ORACLE_H

#include "sim/replay/checker.h"
#include "traces/reader.h"

/* The checker of `run --verify` (see replay/checker.h). */
gcr_checker_factory gcr_verify_checker;

/* Proves a trace valid: every operand of every event reachable at that event, deaths true, slots
 * and offsets in range, RESIZE only of resizable shapes, PREBUILT first, roots and threads in
 * range, and so on. GCR_INVALID_TRACE names the first bad event: lane, number, the event as text,
 * and why. Method: shadow graph; death times as in Merlin (Hertz et al., TOPLAS 2006). */
struct gcr_trace_check {
    uint64_t events, objects, peak_live_objects, peak_live_bytes;
    uint64_t live_end_objects, live_end_bytes;
    uint32_t bad_lane;
    uint64_t bad_event; /* when invalid */
};
gcr_status gcr_check_trace(struct gcr_reader *reader, struct gcr_trace_check *out,
                           struct gcr_error *err) GCR_MUST_USE;

/* Peak live bytes of lane 0 and of the whole trace (highest lane), without a full check: by DEATH
 * events where the trace has them, else by the shadow graph. For `--heap 2.0x`. */
gcr_status gcr_trace_peak_live(struct gcr_reader *reader, uint64_t *peak_bytes,
                               struct gcr_error *err) GCR_MUST_USE;

#endif
