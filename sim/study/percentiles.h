/* Distributions by their percentiles, with a tail as long as the count allows. */
#ifndef GCR_SIM_STUDY_PERCENTILES_H
#define GCR_SIM_STUDY_PERCENTILES_H

#include <stddef.h>
#include <stdint.h>

enum { GCR_PERCENTILES = 12 };

struct gcr_percentile {
    double percent; /* 0, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 99.999, 100 */
    double value;
};

/* Sorts values[0..count) and takes percentiles by nearest rank: the smallest value such that at
 * least that share of all are not above it; 0 is the least. One above 50 and below 100 is left out
 * if no value lies beyond its rank (99.9 needs more than 999 values): it would be the maximum by
 * another name. Returns how many; 0 without values. O(n log n). */
size_t gcr_percentiles(double *values, size_t count, struct gcr_percentile out[GCR_PERCENTILES]);

#endif
