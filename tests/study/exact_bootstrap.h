/* The bootstrap without chance: every resample there is, with its probability. */
#ifndef GCR_TESTS_STUDY_EXACT_BOOTSTRAP_H
#define GCR_TESTS_STUDY_EXACT_BOOTSTRAP_H

#include <stddef.h>

enum { EXACT_MOST = 1u << 15 };

/* A statistic's distribution: values in ascending order, no two equal. */
struct exact {
    size_t count;
    struct exact_atom {
        double value, probability;
    } atoms[EXACT_MOST];
};

/* Over all multisets of n of the n values, each as probable as draws with replacement make it:
 * binomial(2n - 1, n) of them, so n <= 9. */
void exact_medians(const double *values, size_t count, struct exact *out);
void exact_means(const double *values, size_t count, struct exact *out);
/* Of two independent statistics. */
void exact_ratios(const struct exact *values, const struct exact *base, struct exact *out);

/* The probabilities of less than, and of at most, x. Values that are equal but for rounding count
 * as equal. */
double exact_below(const struct exact *exact, double x);
double exact_up_to(const struct exact *exact, double x);

#endif
