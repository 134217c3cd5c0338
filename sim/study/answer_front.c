/* The Pareto front of a metric and memory, over all designs and heap sizes of a contest. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/study/answer_parts.h"
#include "sim/study/reference.h"

struct front_candidate {
    struct gcr_front_place place;
    double cost;                     /* less is better, whatever the metric */
    const struct gcr_point **points; /* one a trace */
};

static bool front_is_of_memory(enum gcr_metric_id metric)
{
    return strcmp(gcr_metrics[metric].unit, "bytes") == 0 || metric == GCR_METRIC_OVERHEAD;
}

/* False: it is a reference, or does not stand on every trace. */
static bool front_read(const struct gcr_contest_scope *scope, struct front_candidate *candidate,
                       const char *design, const char *heap)
{
    candidate->points = gcr_dataset_array(scope->answer->memory, scope->trace_count,
                                          sizeof(const struct gcr_point *));
    if (candidate->points == NULL)
        return false;
    for (size_t i = 0; i < scope->trace_count; i++) {
        const struct gcr_point *point = gcr_scope_point(scope, i, design, heap);
        if (!gcr_point_stands(point, scope->answer->metric) ||
            !gcr_point_stands(point, GCR_METRIC_PEAK))
            return false;
        candidate->points[i] = point;
    }
    candidate->place = (struct gcr_front_place){.design = design, .heap = heap};
    return !gcr_reference_named(candidate->points[0]->collector);
}

/* The mean over traces of the logarithm of the median over the best median of that trace. */
static double front_mean(const struct gcr_contest_scope *scope,
                         const struct front_candidate *candidate, const double *best,
                         enum gcr_metric_id metric)
{
    double sum = 0;
    for (size_t i = 0; i < scope->trace_count; i++)
        sum += log(gcr_point_median(candidate->points[i], metric) / best[i]);
    return exp(sum / (double)scope->trace_count);
}

/* The best median of each trace, or 1 each if there is but one trace: then figures stay as they
 * are. NULL: no memory. */
static double *front_best(const struct gcr_contest_scope *scope,
                          const struct front_candidate *candidates, size_t count,
                          enum gcr_metric_id metric)
{
    bool is_more = gcr_metrics[metric].sense == GCR_MORE_IS_BETTER;
    double *best = gcr_dataset_array(scope->answer->memory, scope->trace_count, sizeof *best);
    for (size_t i = 0; i < scope->trace_count && best != NULL; i++) {
        best[i] = 1;
        for (size_t k = 0; k < count && scope->trace_count > 1; k++) {
            double median = gcr_point_median(candidates[k].points[i], metric);
            if (k == 0 || (is_more ? median > best[i] : median < best[i]))
                best[i] = median;
        }
    }
    return best;
}

static int front_compare(const void *left, const void *right)
{
    const struct front_candidate *a = left, *b = right;
    if (a->cost != b->cost)
        return a->cost < b->cost ? -1 : 1;
    return (a->place.peak_bytes > b->place.peak_bytes) -
           (a->place.peak_bytes < b->place.peak_bytes);
}

static void front_sort(const struct gcr_contest_scope *scope, struct front_candidate *candidates,
                       size_t count)
{
    enum gcr_metric_id metric = scope->answer->metric;
    bool is_more = gcr_metrics[metric].sense == GCR_MORE_IS_BETTER;
    const double *best = front_best(scope, candidates, count, metric);
    const double *least = front_best(scope, candidates, count, GCR_METRIC_PEAK);
    for (size_t i = 0; i < count && best != NULL && least != NULL; i++) {
        struct gcr_front_place *place = &candidates[i].place;
        place->value = front_mean(scope, &candidates[i], best, metric);
        place->peak_bytes = front_mean(scope, &candidates[i], least, GCR_METRIC_PEAK);
        candidates[i].cost = is_more ? -place->value : place->value;
    }
    if (count > 0)
        qsort(candidates, count, sizeof *candidates, front_compare);
}

void gcr_contest_find_front(const struct gcr_contest_scope *scope, struct gcr_contest *contest)
{
    const struct gcr_dataset *dataset = scope->dataset;
    struct gcr_dataset_memory *memory = scope->answer->memory;
    size_t most = dataset->design_count * dataset->heap_count, count = 0;
    if (front_is_of_memory(scope->answer->metric))
        return;
    struct front_candidate *candidates = gcr_dataset_array(memory, most, sizeof *candidates);
    contest->front = gcr_dataset_array(memory, most, sizeof *contest->front);
    if (candidates == NULL || contest->front == NULL)
        return;
    for (size_t i = 0; i < most; i++)
        count += front_read(scope, &candidates[count], dataset->designs[i / dataset->heap_count],
                            dataset->heaps[i % dataset->heap_count]);
    front_sort(scope, candidates, count);
    double peak = (double)INFINITY;
    for (size_t i = 0; i < count; i++)
        if (candidates[i].place.peak_bytes < peak) {
            peak = candidates[i].place.peak_bytes;
            contest->front[contest->front_count++] = candidates[i].place;
        }
}
