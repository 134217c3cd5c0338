/* Which points of a long series a table keeps. All functions fill kept[0 .. *) with indices in
 * ascending order, have room for min(count, most) of them asked for, and return how many. */
#ifndef GCR_SIM_STUDY_THIN_H
#define GCR_SIM_STUDY_THIN_H

#include <stddef.h>
#include <stdint.h>

/* The first, the last, and of each of most - 2 equal stretches between them the largest (the
 * earliest of equals; what is not finite counts as least). All of them if there are no more than
 * `most`, which is 2 or more. O(count). */
size_t gcr_thin_to_maxima(const double *values, size_t count, size_t most, size_t *kept);

/* The `most` largest; of equal ones at the limit the earliest. SIZE_MAX: no memory.
 * O(count log count). */
size_t gcr_thin_to_largest(const double *values, size_t count, size_t most, size_t *kept);

#endif
