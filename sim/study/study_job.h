/* One job of a study, wherever an engine has started it: a run in a process of its own and its
 * result in the study's directory. */
#ifndef GCR_SIM_STUDY_STUDY_JOB_H
#define GCR_SIM_STUDY_STUDY_JOB_H

#include <stdio.h>

#include "sim/study/plan.h"

struct gcr_study_job {
    const struct gcr_plan *plan;
    const struct gcr_plan_job *job;
    const char *directory; /* the study's */
    const char *program;   /* this gcreplay */
};

/* Runs it and writes its result; says "ID OUTCOME SECONDS [MESSAGE]" on `out`, where OUTCOME is
 * "killed" if the run was killed from outside, and "unwritten" if the result could not be written:
 * neither leaves a result. GCR_IO with an empty message: it did not, and `out` says why. */
gcr_status gcr_study_job_run(const struct gcr_study_job *study_job, FILE *out,
                             struct gcr_error *err) GCR_MUST_USE;

/* Seconds after which a job's process is stopped: a search makes many runs. */
unsigned gcr_study_job_timeout(const struct gcr_plan *plan, const struct gcr_plan_job *job);

#endif
