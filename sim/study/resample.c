#include "sim/study/resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/splitmix.h"
#include "sim/study/median.h"

/* ---- the generator ---- */

/* By SplitMix64, as the authors of xoshiro advise for its state. */
void gcr_random_begin(struct gcr_random *random, uint64_t seed)
{
    for (size_t i = 0; i < 4; i++)
        random->state[i] = gcr_splitmix_next(&seed);
}

static uint64_t random_rotate(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static uint64_t random_next(struct gcr_random *random)
{
    uint64_t *s = random->state, drawn = random_rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = random_rotate(s[3], 45);
    return drawn;
}

size_t gcr_random_below(struct gcr_random *random, size_t bound)
{
    return (size_t)((random_next(random) >> 32) * bound >> 32);
}

/* ---- the sample ---- */

/* The median, unless values are so far apart that a difference overflows. */
static void sample_share_out(struct gcr_sample *sample)
{
    bool is_narrow = isfinite(sample->sorted[sample->count - 1] - sample->sorted[0]);
    sample->centre = is_narrow ? gcr_sample_median(sample) : 0;
    for (size_t i = 0; i < sample->count; i++)
        sample->share[i] = (sample->sorted[i] - sample->centre) / (double)sample->count;
}

bool gcr_sample_begin(struct gcr_sample *sample, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return false;
    if (count == 0 || count > UINT32_MAX)
        return false;
    *sample = (struct gcr_sample){
        .count = count,
        .sorted = calloc(count, sizeof *sample->sorted),
        .share = calloc(count, sizeof *sample->share),
        .times = calloc(count, sizeof *sample->times),
    };
    if (sample->sorted == NULL || sample->share == NULL || sample->times == NULL) {
        gcr_sample_finish(sample);
        return false;
    }
    memcpy(sample->sorted, values, count * sizeof *values);
    gcr_sort_doubles(sample->sorted, count);
    sample_share_out(sample);
    return true;
}

void gcr_sample_finish(struct gcr_sample *sample)
{
    free(sample->sorted);
    free(sample->share);
    free(sample->times);
}

/* Halves first: their sum cannot overflow. */
static double sample_middle(double low, double high)
{
    return low / 2 + high / 2;
}

double gcr_sample_median(const struct gcr_sample *sample)
{
    size_t count = sample->count;
    return sample_middle(sample->sorted[(count - 1) / 2], sample->sorted[count / 2]);
}

double gcr_sample_mean(const struct gcr_sample *sample)
{
    double sum = 0;
    for (size_t i = 0; i < sample->count; i++)
        sum += sample->share[i];
    return sample->centre + sum;
}

/* ---- resamples ---- */

/* The value of a rank, from 0, in the present resample; `at` and `below` are where to begin and how
 * many values lie before that. */
static double sample_drawn(const struct gcr_sample *sample, size_t rank, size_t *at, size_t *below)
{
    while (*below + sample->times[*at] <= rank)
        *below += sample->times[(*at)++];
    return sample->sorted[*at];
}

double gcr_sample_resample(struct gcr_sample *sample, struct gcr_random *random, double *mean)
{
    size_t count = sample->count, at = 0, below = 0;
    double sum = 0;
    memset(sample->times, 0, count * sizeof *sample->times);
    for (size_t i = 0; i < count; i++) {
        size_t drawn = gcr_random_below(random, count);
        sample->times[drawn]++;
        sum += sample->share[drawn];
    }
    if (mean != NULL)
        *mean = sample->centre + sum;
    double low = sample_drawn(sample, (count - 1) / 2, &at, &below);
    return sample_middle(low, sample_drawn(sample, count / 2, &at, &below));
}
