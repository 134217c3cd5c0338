/* The figures that a study compares, read from result documents (docs/result.md). */
#ifndef GCR_SIM_STUDY_METRIC_H
#define GCR_SIM_STUDY_METRIC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum gcr_metric_id {
    GCR_METRIC_TIME,      /* mutator and collector, on the replay clock */
    GCR_METRIC_MUTATOR,   /* as far as it is on the clock */
    GCR_METRIC_COLLECTOR, /* in pauses */
    GCR_METRIC_CPU,       /* of all threads */
    GCR_METRIC_COLLECTOR_CPU,
    GCR_METRIC_EVENTS_PER_SECOND,
    GCR_METRIC_PAUSES,
    GCR_METRIC_PAUSE_P50,
    GCR_METRIC_PAUSE_P99,
    GCR_METRIC_PAUSE_MAX,
    GCR_METRIC_REQUEST_P50, /* simple latency; of traces that have requests */
    GCR_METRIC_REQUEST_P99,
    GCR_METRIC_REQUEST_MAX,
    GCR_METRIC_PEAK,
    GCR_METRIC_MEAN,
    GCR_METRIC_OVERHEAD, /* peak footprint over peak live */
    GCR_METRIC_RSS,
    GCR_METRIC_L1_MISSES,
    GCR_METRIC_L2_MISSES,
    GCR_METRIC_LLC_MISSES,
    GCR_METRIC_TLB_MISSES, /* of the last level */
    GCR_METRIC_TRAFFIC,    /* bytes to and from memory */
    GCR_METRIC_ACCESSES,
    GCR_METRIC_COW_PAGES, /* pages that forked children unshared, all together */
    GCR_METRIC_COUNT
};

struct gcr_metric {
    const char *name;  /* column of CSV files: "time_ns" */
    const char *title; /* "total time" */
    const char *unit;  /* "ns", "bytes", "pages", "misses", "1/s" or "" */
    enum { GCR_LESS_IS_BETTER, GCR_MORE_IS_BETTER, GCR_NEITHER_IS_BETTER } sense;
    enum { GCR_OF_TIMED, GCR_OF_CACHE, GCR_OF_BOTH } mode; /* runs that know it */
    bool repeats; /* the same in every run of a design without threads of its own */
    double (*read)(const json_t *result, const char *path); /* NAN: this run does not know it */
    const char *path;
};

extern const struct gcr_metric gcr_metrics[GCR_METRIC_COUNT];

/* The figure of one result document; NAN if it does not have it. */
double gcr_metric_read(enum gcr_metric_id metric, const json_t *result);

/* GCR_METRIC_COUNT if there is none of that name. */
enum gcr_metric_id gcr_metric_find(const char *name);

#endif
