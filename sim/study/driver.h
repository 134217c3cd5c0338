/* Drives a study: what is missing is handed to an engine, stage by stage, until every job has a
 * result.
 *
 * Stages: searches for smallest heaps; timed runs; modelled runs. Killed at any moment, the same
 * call goes on with what is missing: results are files that appear whole. */
#ifndef GCR_SIM_STUDY_DRIVER_H
#define GCR_SIM_STUDY_DRIVER_H

#include "sim/study/engine.h"
#include "sim/study/plan.h"
#include "sim/study/store.h"

/* A job that has ended, and how far the study is. Texts are the driver's. */
struct gcr_study_progress {
    const char *id;
    const char *outcome, *message; /* "killed" and "unwritten" left no result */
    double seconds;
    size_t done, total;     /* jobs */
    double spent_s, left_s; /* since the driver began; estimated */
};

struct gcr_study_driver {
    const struct gcr_study_store *store;
    struct gcr_plan *plan; /* budgets that hang on searches are filled in */
    const struct gcr_study_engine *engine;
    struct gcr_engine_setting setting; /* say and arg are set by the driver */
    bool retry_failed;                 /* run again what crashed, failed or was stopped */
    void (*ended)(void *arg, const struct gcr_study_progress *progress);
    void (*remark)(void *arg, const char *line); /* other words of the engine and its jobs */
    void *arg;
};

/* Looks at what is there, without running anything. */
struct gcr_study_outlook {
    size_t done, missing;
    size_t estimated; /* of the missing: how many have runs of the same kind to go by */
    double left_s;    /* for all the missing; 0: no run to go by */
};
/* `is_done[i]` (may be NULL) for each job of the plan. O(jobs, and bytes of their results). */
gcr_status gcr_study_look(const char *directory, const struct gcr_plan *plan, bool retry_failed,
                          unsigned at_a_time, bool *is_done, struct gcr_study_outlook *outlook,
                          struct gcr_error *err) GCR_MUST_USE;

/* GCR_OK: every job has a result, good or bad. */
gcr_status gcr_study_drive(const struct gcr_study_driver *driver,
                           struct gcr_error *err) GCR_MUST_USE;

#endif
