/* Which figure needs which capability of the trace: the one table for that. A figure that the trace
 * cannot support is refused with the reason; what can be given but means less gets a label. */
#ifndef GCR_SIM_MEASURE_CAPABILITY_RULES_H
#define GCR_SIM_MEASURE_CAPABILITY_RULES_H

#include <stddef.h>

#include "allocators/collector.h"
#include "traces/capability.h"

enum gcr_figure {
    GCR_FIGURE_LIVE,          /* live bytes, and overhead over them */
    GCR_FIGURE_BARRIERS,      /* slow paths of the write barrier */
    GCR_FIGURE_PROMOTION,     /* objects promoted by generational designs */
    GCR_FIGURE_DEATH_DRIVEN,  /* runs of designs that act on deaths (GCR_CAP_NEEDS_DEATHS) */
    GCR_FIGURE_RECORDED_PACE, /* runs that keep the recorded program's pace */
    GCR_FIGURE_COW_COUNTS,    /* pages that reference counts unshare after a fork */
    GCR_FIGURE_COUNT
};

struct gcr_figure_rule {
    const char *figure; /* what it is called in tables and messages */
    const char *needs;  /* of the trace, in words */
    const char *reason; /* why it is refused */
};
/* Indexed by enum gcr_figure. */
extern const struct gcr_figure_rule gcr_figure_rules[GCR_FIGURE_COUNT];

/* NULL if a result on that trace may show the figure, else why not. `verified`: an oracle followed
 * the run and knows what was live. */
const char *gcr_figure_refusal(enum gcr_figure figure, const struct gcr_capabilities *capabilities,
                               bool verified);

/* What a reader must know about the times of a run of a design with helper threads; the i-th label
 * that holds, NULL after the last. */
const char *gcr_concurrent_label(bool verified, bool pace_recorded, size_t i);

/* Why copy-on-write figures of a design with these capabilities are too low on that trace, or NULL.
 */
const char *gcr_cow_label(const struct gcr_capabilities *capabilities, uint32_t collector_caps);

/* What a reader must know about every figure of a trace; the i-th label that holds for it, NULL
 * after the last. `collector_caps`: of all designs that were run, or-ed. */
const char *gcr_trace_label(const struct gcr_capabilities *capabilities, uint32_t collector_caps,
                            size_t i);

#endif
