/* Pauses, requests and footprint for Perfetto (ui.perfetto.dev) and chrome://tracing: the JSON
 * object form of the Trace Event Format (Google, "Trace Event Format").
 *
 * A configuration is a process, a lane is a thread of it; a pause is a complete event ("X") with
 * its figures as arguments, a request a pair of asynchronous ones ("b", "e"), footprint and live
 * bytes are counters ("C"). Times are those of each lane's replay clock, from its own start.
 *
 * A file holds at most GCR_PERFETTO_PAUSES pauses, as many requests, and a quarter as many points
 * of counters, in equal shares for all configurations: of pauses and requests the longest, of
 * points the highest of each stretch. "otherData" says how many were left out. */
#ifndef GCR_SIM_STUDY_PERFETTO_H
#define GCR_SIM_STUDY_PERFETTO_H

#include "sim/study/dataset.h"

enum { GCR_PERFETTO_PAUSES = 100000 };

/* All timed configurations of which a run kept its lists, in the order of the study. GCR_IO,
 * GCR_NO_MEMORY; then no file appears. O(n log n) in the pauses and requests of each. */
gcr_status gcr_pauses_trace_write(const struct gcr_dataset *dataset, const char *path,
                                  struct gcr_error *err) GCR_MUST_USE;

/* One result document, with its lists. */
gcr_status gcr_pauses_trace_write_result(const json_t *result, const char *path,
                                         struct gcr_error *err) GCR_MUST_USE;

#endif
