/* When a lane's requests began and ended, on the replay clock.
 *
 * REQUEST events are noted as they come; who belongs to whom is found out once the lane is over. A
 * request belongs to the process that began it. One that the process did not end (it forked and the
 * child ended it, or the trace stopped) is counted as unfinished, and so is one whose number begins
 * again before its end; an end without a beginning in this process says nothing and is left out. */
#ifndef GCR_SIM_MEASURE_REQUESTS_H
#define GCR_SIM_MEASURE_REQUESTS_H

#include "sim/measure/growable.h"
#include "sim/measure/result.h"

/* 32 MiB of notes: a million requests. Later ones are counted, not listed. */
enum { GCR_MAX_REQUEST_NOTES = 1 << 21 };

struct gcr_request_note {
    uint64_t clock_ns;
    uint32_t number;
    uint32_t position : 31; /* its place in the log */
    uint32_t is_end : 1;
};
_Static_assert(sizeof(struct gcr_request_note) == 16, "a million requests make two million notes");

/* All zero: empty. */
struct gcr_request_log {
    struct gcr_growable memory; /* struct gcr_request_note */
    size_t room;                /* notes for which there is memory, touched */
    size_t count;
    uint64_t dropped; /* ends that found the log full */
};

/* Makes room for one note more than has been asked for before: off the clock, so that noting costs
 * a store. Amortised O(1). False: no memory. */
bool gcr_requests_reserve(struct gcr_request_log *log) GCR_MUST_USE;

/* A request begins or ends at that replay time, which is never before the last one's. O(1). */
void gcr_requests_note(struct gcr_request_log *log, uint32_t number, bool is_end,
                       uint64_t clock_ns);

/* Fills requests, request_count, requests_unfinished and requests_dropped of *out: whole requests,
 * by their beginning. Sorts the log, which is of no use afterwards. False: no memory. O(n log n).
 */
bool gcr_requests_list(struct gcr_request_log *log, struct gcr_lane_result *out) GCR_MUST_USE;

/* Forgets all notes (a forked lane starts its own log). */
void gcr_requests_reset(struct gcr_request_log *log);
void gcr_requests_free(struct gcr_request_log *log);

#endif
