/* Reference points: back ends that are no choice for a program, and say what one could cost: the
 * one that never collects, and the one that is told of deaths. Found by what they are. */
#ifndef GCR_SIM_STUDY_REFERENCE_H
#define GCR_SIM_STUDY_REFERENCE_H

#include <stdbool.h>

struct gcr_collector;

bool gcr_collector_is_reference(const struct gcr_collector *collector);

/* By its name; false for one that this build does not have. O(back ends). */
bool gcr_reference_named(const char *collector);

/* Nothing is ever given back: there is no heap size to compare it in but its own. O(back ends). */
bool gcr_collector_never_frees(const char *collector);

#endif
