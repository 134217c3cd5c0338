#include "sim/study/estimate.h"

#include <math.h>
#include <stdlib.h>

/* FNV-1a (Fowler, Noll, Vo); a text's end counts, so that "ab" "c" is not "a" "bc". */
static uint64_t estimate_hash(uint64_t hash, const char *text)
{
    do {
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    } while (*text++ != '\0');
    return hash;
}

uint64_t gcr_estimate_seed(const struct gcr_dataset *dataset, const char *trace, const char *design,
                           const char *heap, enum gcr_study_mode mode, const char *metric)
{
    uint64_t hash = 0xcbf29ce484222325u ^ dataset->seed * 0x9e3779b97f4a7c15u;
    hash = estimate_hash(hash, trace);
    hash = estimate_hash(hash, design);
    hash = estimate_hash(hash, heap);
    hash = estimate_hash(hash, gcr_study_mode_name[mode]);
    return estimate_hash(hash, metric);
}

static uint64_t estimate_point_seed(const struct gcr_dataset *dataset,
                                    const struct gcr_point *point, enum gcr_metric_id metric)
{
    return gcr_estimate_seed(dataset, point->trace, point->design, point->heap, point->mode,
                             gcr_metrics[metric].name);
}

bool gcr_metric_is_of(enum gcr_metric_id metric, enum gcr_study_mode mode)
{
    return gcr_metrics[metric].mode == GCR_OF_BOTH ||
           (gcr_metrics[metric].mode == GCR_OF_CACHE) == (mode == GCR_STUDY_CACHE);
}

bool gcr_estimate_is_exact(const struct gcr_point *point, enum gcr_metric_id metric)
{
    if (!gcr_metrics[metric].repeats)
        return false;
    for (size_t i = 0; i < point->run_count; i++)
        if (point->runs[i].is_ok && !point->runs[i].is_exact)
            return false;
    return true;
}

bool gcr_estimate_values(const struct gcr_point *point, enum gcr_metric_id metric,
                         struct gcr_estimate_values *out)
{
    size_t runs = point != NULL ? point->run_count : 0;
    *out = (struct gcr_estimate_values){.values = calloc(runs + 1, sizeof *out->values)};
    if (out->values == NULL)
        return false;
    if (runs > 0)
        out->runs = out->count = gcr_point_values(point, metric, out->values);
    if (out->count == 1 && gcr_estimate_is_exact(point, metric))
        out->values[out->count++] = out->values[0];
    return true;
}

struct gcr_summary gcr_estimate_summary(const struct gcr_dataset *dataset,
                                        const struct gcr_point *point, enum gcr_metric_id metric)
{
    struct gcr_estimate_values of;
    if (!gcr_estimate_values(point, metric, &of))
        return gcr_summarise(NULL, 0, 0);
    struct gcr_summary summary =
        gcr_summarise(of.values, of.count, estimate_point_seed(dataset, point, metric));
    summary.count = of.runs;
    free(of.values);
    return summary;
}

static const struct gcr_ratio estimate_unknown = {(double)NAN, {(double)NAN, (double)NAN}};

struct gcr_ratio gcr_estimate_ratio(const struct gcr_dataset *dataset,
                                    const struct gcr_point *point, const struct gcr_point *base,
                                    enum gcr_metric_id metric)
{
    struct gcr_estimate_values of, over;
    struct gcr_ratio ratio = estimate_unknown;
    if (point == NULL || base == NULL || !gcr_estimate_values(point, metric, &of))
        return ratio;
    if (gcr_estimate_values(base, metric, &over)) {
        ratio = gcr_ratio_of_medians(of.values, of.count, over.values, over.count,
                                     estimate_point_seed(dataset, point, metric));
        free(over.values);
    }
    free(of.values);
    if (point == base && !isnan(ratio.value))
        ratio = (struct gcr_ratio){1, {1, 1}};
    return ratio;
}

/* ---- over traces ---- */

/* Both sides of each pair that has both. */
struct estimate_pairs {
    struct gcr_pair *pairs;
    size_t count;
    bool are_same; /* each configuration against itself */
};

/* False: no memory. */
static bool estimate_add_pair(struct estimate_pairs *all, const struct gcr_point *point,
                              const struct gcr_point *base, enum gcr_metric_id metric)
{
    struct gcr_estimate_values of, over;
    if (!gcr_estimate_values(point, metric, &of))
        return false;
    if (!gcr_estimate_values(base, metric, &over)) {
        free(of.values);
        return false;
    }
    if (of.count == 0 || over.count == 0) {
        free(of.values);
        free(over.values);
        return true;
    }
    all->pairs[all->count++] = (struct gcr_pair){of.values, over.values, of.count, over.count};
    all->are_same = all->are_same && point == base;
    return true;
}

struct gcr_ratio gcr_estimate_mean_ratio(const struct gcr_point *const *points,
                                         const struct gcr_point *const *bases, size_t count,
                                         enum gcr_metric_id metric, uint64_t seed, size_t *used)
{
    struct estimate_pairs all = {.pairs = calloc(count + 1, sizeof *all.pairs), .are_same = true};
    struct gcr_ratio ratio = estimate_unknown;
    bool has_memory = all.pairs != NULL;
    for (size_t i = 0; i < count && has_memory; i++)
        has_memory = estimate_add_pair(&all, points[i], bases[i], metric);
    if (has_memory && all.count > 0)
        ratio = gcr_geometric_mean(all.pairs, all.count, seed);
    /* The median was 0 on a side: exp(log 0) would be a mean of 0. */
    if (!(ratio.value > 0) || isinf(ratio.value))
        ratio = estimate_unknown;
    else if (all.are_same)
        ratio = (struct gcr_ratio){1, {1, 1}};
    if (used != NULL)
        *used = all.count;
    for (size_t i = 0; i < all.count; i++) {
        free((double *)all.pairs[i].values);
        free((double *)all.pairs[i].base);
    }
    free(all.pairs);
    return ratio;
}
