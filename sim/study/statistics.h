/* Summaries of repeated measurements and how sure they are.
 *
 * Intervals are bootstrap percentile intervals (Efron and Tibshirani, "An Introduction to the
 * Bootstrap", 1993, chapter 13): the statistic of GCR_BOOTSTRAP_SAMPLES resamples, the 250th least
 * and the 250th greatest of them. The generator is seeded by the caller and values are put in order
 * first, so that the same data give the same digits, in whatever order they come.
 *
 * Few runs make short intervals: that of the median holds the true median in 1 - 2^(1-n) of all
 * studies at most, since it cannot pass the least and the most value (50% with 2 runs, 75% with 3,
 * 93.75% with 5). docs/studies.md says how sure one is of what. */
#ifndef GCR_SIM_STUDY_STATISTICS_H
#define GCR_SIM_STUDY_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GCR_BOOTSTRAP_SAMPLES = 10000 };

/* 95%. Both ends are NAN if nothing can be said: fewer than two values, or a value that is not
 * finite. Two values or more that are all equal have an interval: of that value alone. */
struct gcr_interval {
    double low, high;
};

/* Of a statistic of GCR_BOOTSTRAP_SAMPLES resamples, which are reordered; infinite ones may be
 * among them, NAN not. O(samples). */
struct gcr_interval gcr_interval_of(double *statistic);

struct gcr_summary {
    size_t count;
    double median, mean, least, most; /* NAN if count is 0, or a value is not finite */
    double deviation;                 /* of the sample, n - 1; NAN below two values */
    struct gcr_interval median_in, mean_in;
};

/* Values in any order, not changed. Without memory for a copy of them nothing is known. O(samples *
 * n); a millisecond or two for 50 values. */
struct gcr_summary gcr_summarise(const double *values, size_t count, uint64_t seed);

/* A quotient and its interval. */
struct gcr_ratio {
    double value; /* NAN: not known */
    struct gcr_interval in;
};

/* median(values) / median(base); both sides are resampled. A base of 0 gives NAN. There is no
 * interval if a side has fewer than two values, or if an end of it is infinite. */
struct gcr_ratio gcr_ratio_of_medians(const double *values, size_t count, const double *base,
                                      size_t base_count, uint64_t seed);

/* What gcr_geometric_mean takes from one trace. */
struct gcr_pair {
    const double *values, *base;
    size_t count, base_count;
};

/* The geometric mean over traces of the ratios of medians. Traces are taken as they are (not
 * resampled): the interval speaks of the runs' noise, not of other programs. NAN if there is no
 * pair or one has no ratio; no interval if one has none. O(pairs * samples * n). */
struct gcr_ratio gcr_geometric_mean(const struct gcr_pair *pairs, size_t pair_count, uint64_t seed);

/* What a ratio lets one say. Where it has no interval (a single run on a side) 1 is
 * GCR_VERDICT_SAME, all else GCR_VERDICT_UNSURE. */
enum gcr_verdict {
    GCR_VERDICT_UNKNOWN, /* no ratio */
    GCR_VERDICT_LESS,    /* the interval lies below 1 */
    GCR_VERDICT_MORE,    /* above 1 */
    GCR_VERDICT_SAME,    /* no difference shown: it holds 1 */
    GCR_VERDICT_UNSURE   /* they differ, but one run says nothing of noise */
};
extern const char *const gcr_verdict_name[]; /* "unknown", "less", "more", "same", "unsure" */
enum gcr_verdict gcr_verdict_of(const struct gcr_ratio *ratio);

#endif
