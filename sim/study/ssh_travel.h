/* What travels to other machines before a study's jobs run there: DIRECTORY/ssh/travel, a folder of
 * links to study.json and, as traces/NAME.gct, to the traces of these jobs, with an empty results/
 * for what they leave. */
#ifndef GCR_SIM_STUDY_SSH_TRAVEL_H
#define GCR_SIM_STUDY_SSH_TRAVEL_H

#include "sim/study/engine.h"

/* Makes the folder anew; DIRECTORY/ssh exists. GCR_IO: a link could not be made. O(ids x jobs of
 * the plan). */
gcr_status gcr_ssh_travel_pack(const struct gcr_engine_setting *setting, const char *const *ids,
                               size_t count, struct gcr_error *err) GCR_MUST_USE;

#endif
