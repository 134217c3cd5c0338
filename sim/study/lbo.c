#include "sim/study/lbo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/study/estimate.h"
#include "sim/study/median.h"
#include "sim/study/reference.h"
#include "sim/study/resample.h"

const struct gcr_lbo_cost gcr_lbo_costs[] = {
    {"time", GCR_METRIC_TIME, GCR_METRIC_COLLECTOR},
    {"cpu", GCR_METRIC_CPU, GCR_METRIC_COLLECTOR_CPU},
};
_Static_assert(GCR_COUNT_OF(gcr_lbo_costs) == GCR_LBO_COSTS, "one row a cost");

/* A configuration's runs: [0] total, [1] distilled. A run's two costs are drawn together. */
struct lbo_side {
    double *cost[2], *drawn[2]; /* `runs` of each */
    size_t runs;
    double median[2];
    double *resampled; /* median total of each resample */
};

struct lbo_work {
    struct lbo_side *sides;
    struct gcr_lbo *rows;
    size_t count;
    double *lows;   /* the low bound of each resample */
    size_t low_row; /* sets the low bound; count: none */
};

/* ---- what there is ---- */

static bool lbo_side_begin(struct lbo_side *side, const struct gcr_point *point,
                           const struct gcr_lbo_cost *cost)
{
    bool has_memory = true;
    for (size_t k = 0; k < 2; k++) {
        side->cost[k] = calloc(point->run_count + 1, sizeof *side->cost[k]);
        side->drawn[k] = calloc(point->run_count + 1, sizeof *side->drawn[k]);
        has_memory = has_memory && side->cost[k] != NULL && side->drawn[k] != NULL;
    }
    side->resampled = calloc(GCR_BOOTSTRAP_SAMPLES, sizeof *side->resampled);
    if (!has_memory || side->resampled == NULL)
        return false;
    for (size_t i = 0; i < point->run_count; i++) {
        double total = point->runs[i].value[cost->total];
        double distilled = total - point->runs[i].value[cost->explicit];
        if (!isfinite(distilled))
            continue;
        side->cost[0][side->runs] = total;
        side->cost[1][side->runs++] = distilled;
    }
    for (size_t k = 0; k < 2; k++) {
        memcpy(side->drawn[k], side->cost[k], side->runs * sizeof *side->drawn[k]);
        side->median[k] = gcr_median(side->drawn[k], side->runs);
    }
    return true;
}

static bool lbo_begin(struct lbo_work *work, const struct gcr_dataset *dataset, const char *trace,
                      const struct gcr_lbo_cost *cost)
{
    work->sides = calloc(dataset->point_count + 1, sizeof *work->sides);
    work->rows = calloc(dataset->point_count + 1, sizeof *work->rows);
    work->lows = calloc(GCR_BOOTSTRAP_SAMPLES, sizeof *work->lows);
    if (work->sides == NULL || work->rows == NULL || work->lows == NULL)
        return false;
    for (size_t i = 0; i < dataset->point_count; i++) {
        const struct gcr_point *point = &dataset->points[i];
        if (point->mode != GCR_STUDY_TIMED || strcmp(point->trace, trace) != 0)
            continue;
        struct lbo_side *side = &work->sides[work->count];
        work->rows[work->count++] =
            (struct gcr_lbo){.point = point, .is_reference = gcr_reference_named(point->collector)};
        if (!lbo_side_begin(side, point, cost))
            return false;
    }
    return true;
}

static void lbo_finish(struct lbo_work *work)
{
    for (size_t i = 0; i < work->count; i++) {
        for (size_t k = 0; k < 2; k++) {
            free(work->sides[i].cost[k]);
            free(work->sides[i].drawn[k]);
        }
        free(work->sides[i].resampled);
    }
    free(work->sides);
    free(work->lows);
}

/* ---- what it comes to ---- */

static void lbo_find_low(struct lbo_work *work)
{
    double low = (double)INFINITY;
    work->low_row = work->count;
    for (size_t i = 0; i < work->count; i++)
        if (!work->rows[i].is_reference && work->sides[i].median[1] < low) {
            low = work->sides[i].median[1];
            work->low_row = i;
        }
}

static void lbo_resample(struct lbo_work *work, size_t row, uint64_t seed)
{
    struct lbo_side *side = &work->sides[row];
    struct gcr_random random;
    gcr_random_begin(&random, seed);
    for (size_t b = 0; b < GCR_BOOTSTRAP_SAMPLES && side->runs > 0; b++) {
        for (size_t i = 0; i < side->runs; i++) {
            size_t run = gcr_random_below(&random, side->runs);
            side->drawn[0][i] = side->cost[0][run];
            side->drawn[1][i] = side->cost[1][run];
        }
        side->resampled[b] = gcr_median(side->drawn[0], side->runs);
        double distilled = gcr_median(side->drawn[1], side->runs);
        if (!work->rows[row].is_reference && distilled < work->lows[b])
            work->lows[b] = distilled;
    }
}

static void lbo_resample_all(struct lbo_work *work, const struct gcr_dataset *dataset,
                             const struct gcr_lbo_cost *cost)
{
    for (size_t b = 0; b < GCR_BOOTSTRAP_SAMPLES; b++)
        work->lows[b] = (double)INFINITY;
    for (size_t i = 0; i < work->count; i++) {
        const struct gcr_point *point = work->rows[i].point;
        lbo_resample(work, i,
                     gcr_estimate_seed(dataset, point->trace, point->design, point->heap,
                                       point->mode, cost->name));
    }
}

/* A low bound that is not above 0 (nothing but pauses, or clocks that differ) bounds nothing. */
static void lbo_conclude(struct lbo_work *work, size_t row)
{
    struct lbo_side *side = &work->sides[row];
    struct gcr_lbo *out = &work->rows[row];
    bool has_low = work->low_row < work->count && work->sides[work->low_row].median[1] > 0;
    out->total_ns = side->median[0];
    out->low_bound_ns = has_low ? work->sides[work->low_row].median[1] : (double)NAN;
    out->lbo.value = out->total_ns / out->low_bound_ns;
    out->lbo.in = (struct gcr_interval){(double)NAN, (double)NAN};
    if (!has_low || side->runs < 2 || work->sides[work->low_row].runs < 2)
        return;
    for (size_t b = 0; b < GCR_BOOTSTRAP_SAMPLES; b++) {
        if (!(work->lows[b] > 0))
            return;
        side->resampled[b] /= work->lows[b];
    }
    out->lbo.in = gcr_interval_of(side->resampled);
}

static bool lbo_is_known(const struct lbo_work *work)
{
    for (size_t i = 0; i < work->count; i++)
        if (work->sides[i].runs > 0)
            return true;
    return false;
}

gcr_status gcr_lbo_find(const struct gcr_dataset *dataset, const char *trace,
                        const struct gcr_lbo_cost *cost, struct gcr_lbo **out, size_t *count,
                        struct gcr_error *err)
{
    struct lbo_work work = {0};
    bool has_memory = lbo_begin(&work, dataset, trace, cost);
    if (has_memory) {
        lbo_find_low(&work);
        lbo_resample_all(&work, dataset, cost);
        for (size_t i = 0; i < work.count; i++)
            lbo_conclude(&work, i);
        *count = lbo_is_known(&work) ? work.count : 0;
        *out = work.rows;
    } else {
        free(work.rows);
    }
    lbo_finish(&work);
    return has_memory ? GCR_OK : gcr_fail(err, GCR_NO_MEMORY, "no memory for the LBO of %s", trace);
}
