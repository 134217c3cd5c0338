/* How a study stands: which jobs are done, how long they took, how long the rest may take. */
#ifndef GCR_SIM_STUDY_STANDING_H
#define GCR_SIM_STUDY_STANDING_H

#include <stdbool.h>

#include "sim/study/plan.h"

/* Seconds of completed runs of one configuration. */
struct gcr_standing_cost {
    double sum_s;
    size_t count;
};

struct gcr_standing {
    const struct gcr_plan *plan;
    bool *is_done;                   /* by job, as in the plan */
    struct gcr_standing_cost *costs; /* by kind, trace, design, heap */
    struct gcr_standing_cost kinds[GCR_JOB_KINDS];
    size_t done;
};

gcr_status gcr_standing_init(struct gcr_standing *standing, const struct gcr_plan *plan,
                             struct gcr_error *err) GCR_MUST_USE;
void gcr_standing_finish(struct gcr_standing *standing);

/* Takes in results that are there. `retry_failed`: those that crashed, failed or were stopped count
 * as missing. */
void gcr_standing_read(struct gcr_standing *standing, const char *directory, bool retry_failed);

/* True for outcomes that say nothing of the design: "crashed", "failed", "timeout". */
bool gcr_outcome_is_accident(const char *outcome);

void gcr_standing_note(struct gcr_standing *standing, size_t job, double seconds);

/* Seconds that one job may take: the mean of its configuration, else of its kind; 0: not known. */
double gcr_standing_expect(const struct gcr_standing *standing, size_t job);

/* Seconds for all that is missing, with so many runs at a time that are not timed. *known: of how
 * many of them a configuration's mean is known. O(jobs). */
double gcr_standing_left(const struct gcr_standing *standing, unsigned at_a_time, size_t *known);

#endif
