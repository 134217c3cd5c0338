/* How long the program's users wait (Blackburn et al., "Rethinking Java performance analysis",
 * ASPLOS 2025).
 *
 * Simple latency of a request is its end less its beginning. It hides queues: a request that a
 * pause has kept from beginning looks fast. Metered latency gives each request an arrival as it
 * would be if requests came evenly, and counts from there, or from its real beginning if that is
 * earlier. Evenly means: over a window of time around its real beginning. The longer the window,
 * the longer the queues that a pause may leave behind; a window as long as the run spreads all
 * arrivals evenly over it.
 *
 * Of n requests by their beginnings b[0..n), with a window w: the window of request i begins with
 * the first request s with b[s] >= b[i] - w/2 and ends with the first one e with b[e] >= b[i] + w/2
 * (the last request, if there is none); arrivals within are b[s] + (i - s) * (b[e] - b[s]) / (e -
 * s). This is what the benchmark suite of that paper computes, but in double precision. */
#ifndef GCR_SIM_STUDY_LATENCY_H
#define GCR_SIM_STUDY_LATENCY_H

#include <stddef.h>
#include <stdint.h>

struct gcr_service {
    uint64_t start_ns, end_ns;
};

/* By beginnings, in place. O(n log n). */
void gcr_latency_sort(struct gcr_service *requests, size_t count);

/* Into latency_ns[0..count). O(n). */
void gcr_latency_simple(const struct gcr_service *requests, size_t count, double *latency_ns);

#define GCR_LATENCY_FULL UINT64_MAX
/* Requests by their beginnings; a window in nanoseconds, or GCR_LATENCY_FULL. O(n). */
void gcr_latency_metered(const struct gcr_service *requests, size_t count, uint64_t window_ns,
                         double *latency_ns);

/* The kinds that tables have: "simple", "metered-1ms", "metered-10ms", "metered-100ms",
 * "metered-full". */
struct gcr_latency_kind {
    const char *name;
    uint64_t window_ns; /* 0: simple */
};
enum { GCR_LATENCY_KINDS = 5 };
extern const struct gcr_latency_kind gcr_latency_kinds[GCR_LATENCY_KINDS];

#endif
