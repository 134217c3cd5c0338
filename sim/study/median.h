/* Numbers in order, and the one in their middle. */
#ifndef GCR_SIM_STUDY_MEDIAN_H
#define GCR_SIM_STUDY_MEDIAN_H

#include <stddef.h>

/* Ascending; none of them is NAN. O(n log n). */
void gcr_sort_doubles(double *values, size_t count);

/* Sorts them. Of an even number, the middle of the two in the middle; NAN if there are none. */
double gcr_median(double *values, size_t count);

#endif
