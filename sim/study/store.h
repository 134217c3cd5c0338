/* A study's directory: who may work in it, and what it says it is. docs/studies.md lists the files.
 *
 * Two locks: one is held by the driver alone, so that a second one is refused; the other is handed
 * down to engines and jobs as well, so that a driver waits for what an earlier one, killed, has
 * left running. */
#ifndef GCR_SIM_STUDY_STORE_H
#define GCR_SIM_STUDY_STORE_H

#include <stdbool.h>

#include "sim/study/plan.h"

struct gcr_study_store {
    char directory[4096];       /* absolute */
    int driver_lock, jobs_lock; /* -1: not held */
};

/* Makes the directory if it is not there, and takes both locks. `wait` is called if that takes
 * time, with what is being waited for; NULL: nobody asks. GCR_USAGE: it holds something else than a
 * study; GCR_IO: another driver is at work there. */
gcr_status gcr_study_store_open(struct gcr_study_store *store, const char *directory,
                                void (*wait)(const char *what), struct gcr_error *err) GCR_MUST_USE;
void gcr_study_store_close(struct gcr_study_store *store);

/* True if a study has been written there. */
bool gcr_study_store_exists(const char *directory);

/* study.json alone: budgets have become known. */
gcr_status gcr_study_store_write_plan(const struct gcr_study_store *store,
                                      const struct gcr_plan *plan,
                                      struct gcr_error *err) GCR_MUST_USE;
/* study.json, then study.ini. */
gcr_status gcr_study_store_write(const struct gcr_study_store *store, const struct gcr_plan *plan,
                                 const struct gcr_study_file *file,
                                 struct gcr_error *err) GCR_MUST_USE;

#endif
