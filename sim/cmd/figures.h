/* The figures of a result document that tables show: of the whole run, or of one of its lanes. */
#ifndef GCR_SIM_CMD_FIGURES_H
#define GCR_SIM_CMD_FIGURES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/measure/json_at.h"

enum { GCR_FIGURE_KINDS = 5 };
extern const char *const gcr_figure_kind_name[GCR_FIGURE_KINDS];

/* Strings and JSON values belong to the document. */
struct gcr_figures {
    const char *outcome, *message;
    bool is_ok, verified;
    bool is_known; /* false: a run that crashed and left no figures; all below are zero */
    uint64_t events;
    uint64_t collections;
    const json_t *by_generation, *by_reason;
    uint64_t footprint_peak_bytes, footprint_mean_bytes;
    uint64_t by_kind_bytes[GCR_FIGURE_KINDS];
    bool live_known;
    uint64_t live_peak_bytes;
    double overhead; /* NAN if live is not known */
    uint64_t pauses, p50_ns, p99_ns, max_ns, total_ns;
    uint64_t mutator_ns, collector_ns, wall_ns;
    const json_t *design; /* [{"name", "unit", "value"}] */
    const json_t *phases; /* "mark_ns": nanoseconds ... */
    uint64_t outside_pauses_ns;
    bool cpu_known;
    uint64_t mutator_cpu_ns, collector_cpu_ns, helper_cpu_ns;
    bool is_paced; /* at the recorded pace */
    uint64_t waited_ns, late_max_ns;
    double events_per_second; /* NAN if no time passed */
    uint64_t allocated, freed, promoted, barriers, marked, copied;
};

void gcr_figures_read(const json_t *run_or_lane, struct gcr_figures *out);

#endif
