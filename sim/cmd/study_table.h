/* What a study has found, in short: one table for each of its traces, and which design is best. */
#ifndef GCR_SIM_CMD_STUDY_TABLE_H
#define GCR_SIM_CMD_STUDY_TABLE_H

#include <stdio.h>

#include "base/status.h"

/* Prints medians over invocations. *faults: runs that neither completed nor were refused nor found
 * their heap too small. */
gcr_status gcr_study_table_print(const char *directory, FILE *out, size_t *faults,
                                 struct gcr_error *err) GCR_MUST_USE;

#endif
