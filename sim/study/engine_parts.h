/* What engines share. */
#ifndef GCR_SIM_STUDY_ENGINE_PARTS_H
#define GCR_SIM_STUDY_ENGINE_PARTS_H

#include "sim/study/engine.h"
#include "sim/study/tool.h"

/* Is GNU parallel there? */
gcr_status gcr_parallel_check(struct gcr_error *err) GCR_MUST_USE;

/* Runs such a command of GNU parallel, the IDs on its standard input, its lines to setting->say.
 * Jobs that failed are no failure of parallel's. */
gcr_status gcr_parallel_run(const struct gcr_engine_setting *setting, const char *const *words,
                            const char *const *ids, size_t count,
                            struct gcr_error *err) GCR_MUST_USE;

/* IDs, one a line; the caller frees it. NULL: no memory. */
char *gcr_engine_join_ids(const char *const *ids, size_t count, struct gcr_error *err);

#endif
