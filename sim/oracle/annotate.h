/* Exact deaths for a trace that has none, or late ones: Merlin (Hertz, Blackburn, Moss, McKinley,
 * Stefanovic: "Generating Object Lifetime Traces with Merlin", TOPLAS 2006), with the shadow graph
 * and its covers (shadow.h, reach.h) in place of time stamps.
 *
 * An object's DEATH comes right after the event by which it became unreachable. Two kinds of event
 * speak of an object that is unreachable, and so put off its death and that of all it refers to:
 *   - FINALIZED: it was at hand when its finalizer ran, so it dies after the last one that names
 * it;
 *   - RESURRECT: its finalizer, whenever a collector runs it, stores it into a global root, so it
 * dies with the next event that overwrites that root.
 * Objects that are reachable at the end of their lane get no DEATH. Each lane has its own: an
 * object that a fork shares dies in parent and child separately. */
#ifndef GCR_SIM_ORACLE_ANNOTATE_H
#define GCR_SIM_ORACLE_ANNOTATE_H

#include "sim/oracle/oracle.h"

struct gcr_annotation {
    bool replace;      /* the trace may have deaths: they are left out */
    bool keep_indexes; /* objects keep their indexes; else indexes of the dead are used again */
    uint32_t window;   /* events between two analyses, at least; 0: as is best */
};

struct gcr_annotation_result {
    uint64_t events; /* of the new trace */
    uint64_t objects, deaths;
    uint64_t highest_index; /* of the new trace */
};

/* Reads the trace two times, three times if shapes have finalizers: once to prove it valid
 * (gcr_check_trace), so that every DEATH is true and `check` passes on the result, and once to
 * write. All else stays: order of events, flags, shapes, names, metadata (plus "annotated"), zstd
 * level.
 *
 * GCR_USAGE: it has deaths and `replace` is not set. GCR_INVALID_TRACE: names the first bad event.
 * GCR_BAD_INPUT: damaged, or cut short where a fork leads to a lost lane. On failure no file
 * appears.
 *
 * O(events + objects log objects) where objects that are unreachable get a graph walk only once;
 * each event that overwrites the root of a RESURRECT adds O(live objects). Memory: about 80 bytes
 * for each object that is alive or died since the last analysis, 8 for each of its slots, 4 for
 * each index of the input, and about 60 bytes an event between two analyses, of which there are
 * as many as live objects, but at least 65 536. For each level of fork once more. */
gcr_status gcr_annotate(struct gcr_reader *reader, const char *path,
                        const struct gcr_annotation *options, struct gcr_annotation_result *out,
                        struct gcr_error *err) GCR_MUST_USE;

/* How often gcr_annotate reads the trace: for progress bars. */
uint32_t gcr_annotate_passes(struct gcr_reader *reader);

#endif
