/* All results of a study (or of a compare -o directory, or one result file), by configuration.
 *
 * A configuration is a trace on a design (back end and options) in a heap in a mode; its runs are
 * repetitions. Short results are held in memory; the long ones, with every pause and the footprint
 * series, stay in their files until asked for. docs/studies.md describes the directory. */
#ifndef GCR_SIM_STUDY_DATASET_H
#define GCR_SIM_STUDY_DATASET_H

#include <jansson.h>

#include "base/status.h"
#include "sim/study/metric.h"
#include "sim/study/statistics.h"

enum gcr_study_mode { GCR_STUDY_TIMED, GCR_STUDY_CACHE };
extern const char *const gcr_study_mode_name[]; /* "timed", "cache" */

/* One run. Texts are owned by the dataset. */
struct gcr_observation {
    const char *id;      /* its job's */
    const char *file;    /* path of the short result */
    const char *full;    /* path of the one with all lists; NULL: only the short one was kept */
    const char *outcome; /* "ok", "heap_exhausted", ..., or of the job: "refused", "timeout", ... */
    const char *message; /* why, if it is not ok */
    bool is_ok;
    bool is_exact; /* modelled at fixed addresses, or timed without threads of the design's own:
                      counts are those of any other run */
    unsigned invocation;            /* from 1 */
    double value[GCR_METRIC_COUNT]; /* NAN: not known; all of them if the run is not ok */
};

struct gcr_point {
    const char *trace;     /* its name in the study */
    const char *collector; /* the back end */
    const char *design;    /* back end and options, as tables call it: "generational:nursery=2M" */
    const char *heap;      /* as asked for: "native", "64M", "2x", "1.5min" */
    uint64_t budget_bytes; /* 0: native, or not known */
    enum gcr_study_mode mode;
    struct gcr_observation *runs; /* by invocation */
    size_t run_count, ok_count;
};

struct gcr_dataset_trace {
    const char *name, *path, *digest;
    uint64_t events, lanes, peak_live_bytes; /* peak 0: not known */
};

struct gcr_dataset {
    const char *directory; /* or file */
    const json_t *study;   /* the document study.json; NULL: not a study */
    const char *question;  /* "" */
    const char *baseline;  /* a design's name; the first design if none was chosen */
    uint64_t seed;         /* of bootstraps; 1 unless the study says so */
    struct gcr_dataset_trace *traces;
    size_t trace_count;
    const char **designs; /* in the study's order */
    size_t design_count;
    const char **heaps; /* in the study's order */
    size_t heap_count;
    struct gcr_point *points; /* with a result or more: traces outer, then designs, heaps, modes */
    size_t point_count;
    size_t missing; /* jobs of the study without a result yet */
    struct gcr_dataset_memory *memory;
};

/* Reads what is there: a directory that `gcreplay study` wrote, one that `compare -o` wrote (each
 * result is invocation 1 of its configuration), or a single result. Results that are damaged become
 * observations with the outcome "unreadable". GCR_USAGE: nothing of that kind is there.
 * GCR_BAD_INPUT: study.json, compare.json or the single result is damaged. O(bytes of the short
 * results). */
gcr_status gcr_dataset_open(const char *path, struct gcr_dataset **out,
                            struct gcr_error *err) GCR_MUST_USE;
void gcr_dataset_close(struct gcr_dataset *dataset);

/* NULL: no such configuration. O(points). */
const struct gcr_point *gcr_dataset_find(const struct gcr_dataset *dataset, const char *trace,
                                         const char *design, const char *heap,
                                         enum gcr_study_mode mode);

/* The complete document of the first completed run that kept its lists; NULL: none did. The caller
 * owns it. O(its bytes). */
json_t *gcr_point_full(const struct gcr_point *point);

/* The metric's values of the completed runs that know it, into values[0..run_count). Returns how
 * many. */
size_t gcr_point_values(const struct gcr_point *point, enum gcr_metric_id metric, double *values);

#endif
