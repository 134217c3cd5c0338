/* What a reader of a report should be warned of. */
#ifndef GCR_SIM_STUDY_REPORT_WARNINGS_H
#define GCR_SIM_STUDY_REPORT_WARNINGS_H

#include "sim/study/report_facts.h"

/* Appends to facts->warnings what follows from the dataset and the other facts: jobs that are
 * missing, runs that failed, single runs, several machines or builds, and what the study noted of
 * its environment. O(points). */
void gcr_report_warnings_add(const struct gcr_dataset *dataset, struct gcr_report_facts *facts);

#endif
