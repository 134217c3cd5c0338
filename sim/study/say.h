/* What an engine tells the user. */
#ifndef GCR_SIM_STUDY_SAY_H
#define GCR_SIM_STUDY_SAY_H

#include "sim/study/engine.h"

/* One line, formatted. Longer than 1 KiB: cut. */
void gcr_say(const struct gcr_engine_setting *setting, const char *format, ...) GCR_PRINTF(2, 3);

#endif
