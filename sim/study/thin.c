#include "sim/study/thin.h"

#include <math.h>
#include <stdlib.h>

static size_t thin_all(size_t count, size_t *kept)
{
    for (size_t i = 0; i < count; i++)
        kept[i] = i;
    return count;
}

static double thin_value(double value)
{
    return isfinite(value) ? value : -(double)INFINITY;
}

size_t gcr_thin_to_maxima(const double *values, size_t count, size_t most, size_t *kept)
{
    if (count <= most)
        return thin_all(count, kept);
    size_t inner = count - 2, stretches = most - 2, n = 0;
    kept[n++] = 0;
    for (size_t k = 0; k < stretches; k++) {
        /* k * inner / stretches without a product that overflows. */
        size_t begin = inner / stretches * k + inner % stretches * k / stretches;
        size_t end = inner / stretches * (k + 1) + inner % stretches * (k + 1) / stretches;
        size_t best = begin;
        for (size_t i = begin + 1; i < end; i++)
            if (thin_value(values[1 + i]) > thin_value(values[1 + best]))
                best = i;
        kept[n++] = 1 + best;
    }
    kept[n++] = count - 1;
    return n;
}

/* ---- the largest ---- */

struct thin_point {
    double value;
    size_t index;
};

static int thin_largest_first(const void *left, const void *right)
{
    const struct thin_point *a = left, *b = right;
    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

static int thin_by_index(const void *left, const void *right)
{
    const size_t *a = left, *b = right;
    return *a < *b ? -1 : *a > *b;
}

size_t gcr_thin_to_largest(const double *values, size_t count, size_t most, size_t *kept)
{
    if (count <= most)
        return thin_all(count, kept);
    struct thin_point *points = malloc(count * sizeof *points);
    if (points == NULL)
        return SIZE_MAX;
    for (size_t i = 0; i < count; i++)
        points[i] = (struct thin_point){thin_value(values[i]), i};
    qsort(points, count, sizeof *points, thin_largest_first);
    for (size_t i = 0; i < most; i++)
        kept[i] = points[i].index;
    free(points);
    qsort(kept, most, sizeof *kept, thin_by_index);
    return most;
}
