/* A study's jobs as a Slurm job array: a script that a person can read, and submit as well. */
#ifndef GCR_SIM_STUDY_SLURM_SCRIPT_H
#define GCR_SIM_STUDY_SLURM_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct gcr_slurm_script {
    unsigned number;     /* of the array within the study: array-3.sh, array-3.jobs */
    const char *name;    /* of the array in the queue */
    const char *program; /* gcreplay, as the nodes find it */
    const char *const *ids;
    size_t count;       /* of jobs */
    size_t tasks;       /* at most; jobs of one task run one after the other */
    unsigned timeout_s; /* of a job, at most */
    bool is_timed;      /* a task has its node for itself */
};

/* Jobs that each task takes, and how many tasks that makes. */
size_t gcr_slurm_chunk(size_t jobs, size_t most_tasks);

/* Writes DIRECTORY/array-N.jobs (an ID a line) and DIRECTORY/array-N.sh. The script expects to be
 * submitted in DIRECTORY, which lies beside results/ in the study's directory. A task passes over
 * jobs that have a result, so that it can be run again. */
gcr_status gcr_slurm_script_write(const struct gcr_slurm_script *script, const char *directory,
                                  struct gcr_error *err) GCR_MUST_USE;

#endif
