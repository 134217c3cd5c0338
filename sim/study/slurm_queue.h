/* What Slurm's commands say, line by line. */
#ifndef GCR_SIM_STUDY_SLURM_QUEUE_H
#define GCR_SIM_STUDY_SLURM_QUEUE_H

#include <stddef.h>
#include <stdint.h>

/* An array's tasks in the queue. Those that are over are not counted. */
struct gcr_slurm_tally {
    uint64_t array; /* its job id */
    size_t running, pending;
    size_t held;     /* of the pending: they wait for a person */
    char reason[64]; /* why the last one counted as pending waits */
};

/* Format for `squeue --array --noheader`: id of the array, state, reason. */
#define GCR_SLURM_QUEUE_FORMAT "%F %T %r"

/* Counts a line if it is of that array. */
void gcr_slurm_tally_line(struct gcr_slurm_tally *tally, const char *line);

/* The id that `sbatch --parsable` says: "12" or "12;cluster". 0: it is neither. */
uint64_t gcr_slurm_job_id(const char *line);

/* MaxArraySize if this line of `scontrol show config` has it, else 0. */
size_t gcr_slurm_max_array_size(const char *line);

#endif
