/* A sample of measurements, and resamples of it: as many values, drawn with replacement. */
#ifndef GCR_SIM_STUDY_RESAMPLE_H
#define GCR_SIM_STUDY_RESAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* xoshiro256** (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2018). */
struct gcr_random {
    uint64_t state[4];
};

void gcr_random_begin(struct gcr_random *random, uint64_t seed);

/* 0 .. bound - 1, bound at least 1 and below 2^32. Some of them are likelier than others by less
 * than bound / 2^32. */
size_t gcr_random_below(struct gcr_random *random, size_t bound);

/* Values in ascending order, all finite, at least one. */
struct gcr_sample {
    size_t count;
    double *sorted;
    double *share;   /* what a value adds to the mean: (value - centre) / count */
    double centre;   /* so that sums neither overflow nor round where values are equal */
    uint32_t *times; /* how often the present resample drew a value */
};

/* Copies the values. False, and nothing to finish: there are none, or one is not finite, or there
 * is no memory. O(n log n). */
bool gcr_sample_begin(struct gcr_sample *sample, const double *values, size_t count) GCR_MUST_USE;
void gcr_sample_finish(struct gcr_sample *sample);

/* Of an even number of values: the middle of the two in the middle. */
double gcr_sample_median(const struct gcr_sample *sample);
double gcr_sample_mean(const struct gcr_sample *sample);

/* Draws the next resample; returns its median, and its mean into *mean unless that is NULL. O(n):
 * values are in order already, so that counting how often each was drawn sorts them. */
double gcr_sample_resample(struct gcr_sample *sample, struct gcr_random *random, double *mean);

#endif
