/* Job arrays of a study and what DIRECTORY/slurm/ remembers of them:
 *   array-N.jobs  IDs, a line each     array-N.sh     what was submitted
 *   array-N.id    Slurm's id for it    array-N.over   the same, once no task of it is left
 *   array-N.T.log what task T said     errors.log     what Slurm's commands complained of */
#ifndef GCR_SIM_STUDY_SLURM_ARRAY_H
#define GCR_SIM_STUDY_SLURM_ARRAY_H

#include "sim/study/engine.h"
#include "sim/study/slurm_queue.h"

struct gcr_slurm_array {
    const struct gcr_engine_setting *setting;
    char folder[4096]; /* DIRECTORY/slurm */
    unsigned number;
    uint64_t id; /* Slurm's; 0: not submitted */
    char **ids;  /* of its jobs; owned */
    size_t count;
};

/* Writes the script of a new array and submits it. GCR_IO: sbatch refused it; its own words went to
 * errors.log and are named. */
gcr_status gcr_slurm_array_submit(struct gcr_slurm_array *array,
                                  const struct gcr_engine_setting *setting, const char *const *ids,
                                  size_t count, bool is_timed, struct gcr_error *err) GCR_MUST_USE;

/* Finds the first array that was submitted and is not known to be over; array->id is 0 if there is
 * none. An array whose driver died before it could write down the id is found in the queue by its
 * name. */
gcr_status gcr_slurm_array_find(struct gcr_slurm_array *array,
                                const struct gcr_engine_setting *setting,
                                struct gcr_error *err) GCR_MUST_USE;

/* Counts its tasks in the queue. GCR_IO: squeue does not answer. */
gcr_status gcr_slurm_array_ask(const struct gcr_slurm_array *array, struct gcr_slurm_tally *tally,
                               struct gcr_error *err) GCR_MUST_USE;

/* No task of it is left. */
gcr_status gcr_slurm_array_end(const struct gcr_slurm_array *array,
                               struct gcr_error *err) GCR_MUST_USE;

/* Whether any of its tasks has said anything; if none did, the nodes do not see this directory. */
bool gcr_slurm_array_has_spoken(const struct gcr_slurm_array *array);

void gcr_slurm_array_close(struct gcr_slurm_array *array);

#endif
