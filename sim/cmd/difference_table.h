/* A difference as text for people: warnings, one line a change, and how many there were. */
#ifndef GCR_SIM_CMD_DIFFERENCE_TABLE_H
#define GCR_SIM_CMD_DIFFERENCE_TABLE_H

#include <stdio.h>

#include "sim/study/difference.h"

/* Which lines there are: those of what changed; also those of what is unsure; or every figure. */
enum gcr_difference_detail { GCR_DIFFERENCE_CHANGED, GCR_DIFFERENCE_UNSURE, GCR_DIFFERENCE_ALL };

void gcr_difference_print(const struct gcr_difference *difference,
                          enum gcr_difference_detail detail, const json_t *warnings, FILE *out);

#endif
