/* The heap size that is meant where none is named; see answer.h. */
#include <math.h>
#include <string.h>

#include "sim/study/answer.h"
#include "sim/study/heap_word.h"

/* How sizes are preferred: lower first, then by distance. */
struct heap_worth {
    unsigned kind;
    double distance;
};

static double heap_distance(double factor, double wanted)
{
    return factor > 0 ? fabs(log(factor / wanted)) : (double)INFINITY;
}

/* Over the first trace that knows its peak. */
static double heap_bytes_factor(const struct gcr_dataset *dataset, uint64_t bytes)
{
    for (size_t i = 0; i < dataset->trace_count; i++)
        if (dataset->traces[i].peak_live_bytes > 0)
            return (double)bytes / (double)dataset->traces[i].peak_live_bytes;
    return 0;
}

static struct heap_worth heap_worth_of(const struct gcr_dataset *dataset, const char *heap,
                                       double wanted)
{
    struct gcr_heap_word word;
    if (!gcr_heap_word_parse(heap, &word))
        return (struct heap_worth){3, 0};
    switch (word.kind) {
    case GCR_HEAP_LIVE_MULTIPLE:
        return (struct heap_worth){0, heap_distance(word.factor, wanted)};
    case GCR_HEAP_BYTES:
        return (struct heap_worth){1,
                                   heap_distance(heap_bytes_factor(dataset, word.bytes), wanted)};
    case GCR_HEAP_MINIMUM_MULTIPLE:
        return (struct heap_worth){2, heap_distance(word.factor, wanted)};
    case GCR_HEAP_NATIVE:
    default:
        return (struct heap_worth){3, 0};
    }
}

static bool heap_has_results(const struct gcr_dataset *dataset, enum gcr_study_mode mode,
                             const char *heap)
{
    for (size_t i = 0; i < dataset->point_count; i++)
        if (dataset->points[i].mode == mode && strcmp(dataset->points[i].heap, heap) == 0)
            return true;
    return false;
}

const char *gcr_heap_nearest(const struct gcr_dataset *dataset, enum gcr_study_mode mode,
                             double factor)
{
    const char *nearest = "";
    struct heap_worth best = {4, 0};
    for (size_t i = 0; i < dataset->heap_count; i++) {
        const struct heap_worth worth = heap_worth_of(dataset, dataset->heaps[i], factor);
        if (worth.kind > best.kind || (worth.kind == best.kind && worth.distance >= best.distance))
            continue;
        if (!heap_has_results(dataset, mode, dataset->heaps[i]))
            continue;
        best = worth;
        nearest = dataset->heaps[i];
    }
    return nearest;
}
