/* Results that other machines leave: whether they have come, seen from the study's directory. */
#ifndef GCR_SIM_STUDY_AWAITED_H
#define GCR_SIM_STUDY_AWAITED_H

#include "sim/study/engine.h"

struct gcr_awaited_job;

/* The results of some jobs. */
struct gcr_awaited {
    const struct gcr_engine_setting *setting;
    const char *const *ids;       /* in the caller's order */
    struct gcr_awaited_job *jobs; /* by ID */
    size_t count, there;          /* jobs; those whose result has come */
};

/* Ids must outlive it. Results that are there already are counted and not spoken of. O(n log n). */
gcr_status gcr_awaited_open(struct gcr_awaited *awaited, const struct gcr_engine_setting *setting,
                            const char *const *ids, size_t count,
                            struct gcr_error *err) GCR_MUST_USE;
void gcr_awaited_close(struct gcr_awaited *awaited);

/* Looks again, and says "ID OUTCOME SECONDS" for each result that was not there before. Reads the
 * directory once instead of asking for every name. O(files log n). */
gcr_status gcr_awaited_look(struct gcr_awaited *awaited, struct gcr_error *err) GCR_MUST_USE;

/* Those that are missing, in the caller's order: count - there of them. O(n log n). */
size_t gcr_awaited_missing(const struct gcr_awaited *awaited, const char **ids);

#endif
