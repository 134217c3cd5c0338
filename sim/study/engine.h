/* What carries out the jobs of a study: one machine, several, or a cluster.
 *
 * An engine starts, for each job, `PROGRAM study -o DIRECTORY --job ID`, somewhere, and sees to it
 * that what the job wrote is in DIRECTORY/results when run() returns. A job writes its result by
 * rename: DIRECTORY/results/ID.full.json (some jobs), then DIRECTORY/results/ID.json, or nothing if
 * it was killed or could not write. It reads DIRECTORY/study.json and its trace (from
 * DIRECTORY/traces/NAME.gct if that exists, else from the path in study.json), and says one line on
 * standard output when it is over: "ID OUTCOME SECONDS", and after a blank a message if there is
 * one. Its exit code is 0 if the result was written, whatever the run's outcome.
 *
 * What is missing afterwards is the driver's business: it starts a new round with those jobs, and
 * gives up on a job after GCR_STUDY_MOST_ROUNDS. */
#ifndef GCR_SIM_STUDY_ENGINE_H
#define GCR_SIM_STUDY_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum { GCR_STUDY_MOST_ROUNDS = 3 };

struct gcr_plan;

/* What all jobs of a study have in common. Texts are owned by the caller. */
struct gcr_engine_setting {
    const struct gcr_plan *plan;
    const char *directory;      /* absolute */
    const char *program;        /* this gcreplay, absolute */
    unsigned jobs;              /* runs at a time that are not timed; 0: as many as processors */
    const char *hosts;          /* --hosts, or NULL */
    const char *remote_program; /* --remote-program: gcreplay's path on the hosts, or NULL */
    const char *slurm_options;  /* --slurm-options: words for sbatch, or NULL */
    /* Called for every line that the user may want to see. If its first word is a job's ID, that
     * job has ended, and its result is in its place or missing. */
    void (*say)(void *arg, const char *line);
    void *arg;
};

struct gcr_study_engine {
    const char *name, *summary;
    /* Before anything is written: is all there that it needs? GCR_USAGE or GCR_UNSUPPORTED says
     * what is missing and how to get it. */
    gcr_status (*check)(const struct gcr_engine_setting *setting, struct gcr_error *err);
    /* Runs the jobs, in this order as far as it decides, and returns when no more of them is under
     * way. `is_timed`: one at a time on each machine. GCR_OK even if some left no result; else the
     * engine itself failed. */
    gcr_status (*run)(const struct gcr_engine_setting *setting, const char *const *ids,
                      size_t count, bool is_timed, struct gcr_error *err);
    /* Called once when every job has a result; NULL: nothing is to be tidied. */
    void (*end)(const struct gcr_engine_setting *setting);
};

extern const struct gcr_study_engine gcr_local_engine, gcr_ssh_engine, gcr_slurm_engine;

/* All of them, ended by NULL; the first is the default. */
extern const struct gcr_study_engine *const gcr_study_engines[];

#endif
