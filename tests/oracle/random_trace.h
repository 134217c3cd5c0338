/* Random valid traces from a seed: every kind of event, threads, nested forks, cycles, deep lists,
 * popular and big objects, finalizers, weak references, reused indexes.
 *
 * The same seed gives the same sequence whatever the limit, so that a trace cut at `max_events` is
 * a prefix of the longer one: a failure is shrunk by searching for the shortest prefix that fails.
 */
#ifndef GCR_TESTS_ORACLE_RANDOM_TRACE_H
#define GCR_TESTS_ORACLE_RANDOM_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct gcr_random_options {
    uint64_t seed;
    uint64_t max_events; /* over all lanes; the trace ends there */
    bool resurrect;      /* finalizers may store their object; such a trace has no deaths */
    bool no_forks;
    bool no_deaths;
};

/* Writes the trace to `path`. O(events), and now and then a marking pass over a few hundred
 * objects. */
gcr_status gcr_random_trace_write(const char *path, const struct gcr_random_options *options,
                                  struct gcr_error *err) GCR_MUST_USE;

#endif
