#include "sim/study/median.h"

#include <math.h>
#include <stdlib.h>

static int median_compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

void gcr_sort_doubles(double *values, size_t count)
{
    qsort(values, count, sizeof *values, median_compare);
}

double gcr_median(double *values, size_t count)
{
    if (count == 0)
        return (double)NAN;
    gcr_sort_doubles(values, count);
    return values[(count - 1) / 2] / 2 + values[count / 2] / 2;
}
