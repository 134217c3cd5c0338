#include "sim/study/statistics.h"

#include <math.h>
#include <stdlib.h>

#include "sim/study/resample.h"

static const struct gcr_interval no_interval = {(double)NAN, (double)NAN};

const char *const gcr_verdict_name[] = {
    [GCR_VERDICT_UNKNOWN] = "unknown", [GCR_VERDICT_LESS] = "less",     [GCR_VERDICT_MORE] = "more",
    [GCR_VERDICT_SAME] = "same",       [GCR_VERDICT_UNSURE] = "unsure",
};

/* ---- intervals ---- */

/* The value of a rank, from 0; what is left of it is not greater, what is right not less. O(n) on
 * average. Hoare, "Algorithm 65: Find", CACM 4(7), 1961. */
static double interval_select(double *values, ptrdiff_t count, ptrdiff_t rank)
{
    ptrdiff_t low = 0, high = count - 1;
    while (low < high) {
        double pivot = values[rank];
        ptrdiff_t i = low, j = high;
        while (i <= j) {
            while (values[i] < pivot)
                i++;
            while (pivot < values[j])
                j--;
            if (i <= j) {
                double kept = values[i];
                values[i++] = values[j];
                values[j--] = kept;
            }
        }
        if (j < rank)
            low = i;
        if (rank < i)
            high = j;
    }
    return values[rank];
}

/* Efron and Tibshirani, section 12.5: the k-th
 * least and the k-th greatest, k the whole part of 2.5% of (samples + 1). Infinite statistics are
 * in order, and an end among them is not known. */
struct gcr_interval gcr_interval_of(double *statistic)
{
    const ptrdiff_t k = (GCR_BOOTSTRAP_SAMPLES + 1) / 40;
    struct gcr_interval in = {
        interval_select(statistic, GCR_BOOTSTRAP_SAMPLES, k - 1),
        interval_select(statistic, GCR_BOOTSTRAP_SAMPLES, GCR_BOOTSTRAP_SAMPLES - k),
    };
    return isfinite(in.low) && isfinite(in.high) ? in : no_interval;
}

/* ---- one configuration ---- */

/* Scaled by the greatest distance, whose square may not overflow. */
static double summary_deviation(const struct gcr_sample *sample, double mean)
{
    size_t last = sample->count - 1;
    double scale = fmax(sample->sorted[last] - mean, mean - sample->sorted[0]), sum = 0;
    if (last == 0)
        return (double)NAN;
    if (!(scale > 0))
        return 0;
    for (size_t i = 0; i <= last; i++) {
        double distance = (sample->sorted[i] - mean) / scale;
        sum += distance * distance;
    }
    return scale * sqrt(sum / (double)last);
}

struct gcr_summary gcr_summarise(const double *values, size_t count, uint64_t seed)
{
    const double unknown = (double)NAN;
    struct gcr_summary summary = {count,   unknown, unknown,     unknown,
                                  unknown, unknown, no_interval, no_interval};
    struct gcr_sample sample;
    if (!gcr_sample_begin(&sample, values, count))
        return summary;
    summary.median = gcr_sample_median(&sample);
    summary.mean = gcr_sample_mean(&sample);
    summary.least = sample.sorted[0];
    summary.most = sample.sorted[count - 1];
    summary.deviation = summary_deviation(&sample, summary.mean);
    if (count > 1) {
        struct gcr_random random;
        double medians[GCR_BOOTSTRAP_SAMPLES], means[GCR_BOOTSTRAP_SAMPLES];
        gcr_random_begin(&random, seed);
        for (size_t i = 0; i < GCR_BOOTSTRAP_SAMPLES; i++)
            medians[i] = gcr_sample_resample(&sample, &random, &means[i]);
        summary.median_in = gcr_interval_of(medians);
        summary.mean_in = gcr_interval_of(means);
    }
    gcr_sample_finish(&sample);
    return summary;
}

/* ---- ratios ---- */

/* Both sides of a ratio. */
struct ratio_sides {
    struct gcr_sample values, base;
};

static bool ratio_begin(struct ratio_sides *sides, const struct gcr_pair *pair)
{
    if (!gcr_sample_begin(&sides->values, pair->values, pair->count))
        return false;
    if (gcr_sample_begin(&sides->base, pair->base, pair->base_count))
        return true;
    gcr_sample_finish(&sides->values);
    return false;
}

static void ratio_finish(struct ratio_sides *sides)
{
    gcr_sample_finish(&sides->values);
    gcr_sample_finish(&sides->base);
}

static bool ratio_has_noise(const struct ratio_sides *sides)
{
    return sides->values.count > 1 && sides->base.count > 1;
}

static double ratio_value(const struct ratio_sides *sides)
{
    double base = gcr_sample_median(&sides->base);
    return base != 0 ? gcr_sample_median(&sides->values) / base : (double)NAN;
}

/* A resample of the base may have a median of 0 where the base itself has not: then the other side
 * is as much, or beyond every measure. */
static double ratio_resample(struct ratio_sides *sides, struct gcr_random *random)
{
    double value = gcr_sample_resample(&sides->values, random, NULL);
    double base = gcr_sample_resample(&sides->base, random, NULL);
    return value == base ? 1 : value / base;
}

struct gcr_ratio gcr_ratio_of_medians(const double *values, size_t count, const double *base,
                                      size_t base_count, uint64_t seed)
{
    struct gcr_ratio ratio = {(double)NAN, no_interval};
    struct ratio_sides sides;
    if (!ratio_begin(&sides, &(struct gcr_pair){values, base, count, base_count}))
        return ratio;
    ratio.value = ratio_value(&sides);
    if (!isnan(ratio.value) && ratio_has_noise(&sides)) {
        struct gcr_random random;
        double ratios[GCR_BOOTSTRAP_SAMPLES];
        gcr_random_begin(&random, seed);
        for (size_t i = 0; i < GCR_BOOTSTRAP_SAMPLES; i++)
            ratios[i] = ratio_resample(&sides, &random);
        ratio.in = gcr_interval_of(ratios);
    }
    ratio_finish(&sides);
    return ratio;
}

/* Adds the logarithms of one trace's ratio and of its resamples. False: it has none. */
static bool geomean_add(const struct gcr_pair *pair, struct gcr_random *random, double *sum,
                        double *sums, bool *has_noise)
{
    struct ratio_sides sides;
    if (!ratio_begin(&sides, pair))
        return false;
    double ratio = ratio_value(&sides);
    *has_noise = *has_noise && ratio_has_noise(&sides);
    *sum += log(ratio);
    for (size_t i = 0; i < GCR_BOOTSTRAP_SAMPLES && *has_noise; i++)
        sums[i] += log(ratio_resample(&sides, random));
    ratio_finish(&sides);
    return !isnan(ratio);
}

/* 0 times beyond every measure: nothing can be said. */
static bool geomean_finish(double *sums, size_t count)
{
    for (size_t i = 0; i < GCR_BOOTSTRAP_SAMPLES; i++) {
        if (isnan(sums[i]))
            return false;
        sums[i] = exp(sums[i] / (double)count);
    }
    return true;
}

struct gcr_ratio gcr_geometric_mean(const struct gcr_pair *pairs, size_t pair_count, uint64_t seed)
{
    struct gcr_ratio ratio = {(double)NAN, no_interval};
    double sum = 0, sums[GCR_BOOTSTRAP_SAMPLES] = {0};
    bool has_noise = pair_count > 0;
    struct gcr_random random;
    gcr_random_begin(&random, seed);
    for (size_t i = 0; i < pair_count; i++)
        if (!geomean_add(&pairs[i], &random, &sum, sums, &has_noise))
            return ratio;
    if (pair_count > 0)
        ratio.value = exp(sum / (double)pair_count);
    if (has_noise && geomean_finish(sums, pair_count))
        ratio.in = gcr_interval_of(sums);
    return ratio;
}

/* ---- verdicts ---- */

enum gcr_verdict gcr_verdict_of(const struct gcr_ratio *ratio)
{
    if (isnan(ratio->value))
        return GCR_VERDICT_UNKNOWN;
    if (isnan(ratio->in.low) || isnan(ratio->in.high))
        return ratio->value == 1 ? GCR_VERDICT_SAME : GCR_VERDICT_UNSURE;
    if (ratio->in.high < 1)
        return GCR_VERDICT_LESS;
    if (ratio->in.low > 1)
        return GCR_VERDICT_MORE;
    return GCR_VERDICT_SAME;
}
