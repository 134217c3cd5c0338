#include "sim/study/percentiles.h"
#include "sim/study/median.h"

#include <stdlib.h>

#include "base/compiler.h"

/* In thousandths of a per cent, so that ranks are exact: 99.9 per cent of 1000 is 999, which no
 * product of binary fractions says. */
static const uint32_t percentiles_listed[GCR_PERCENTILES] = {
    0, 10000, 25000, 50000, 75000, 90000, 95000, 99000, 99900, 99990, 99999, 100000};
enum { PERCENTILES_HALF = 50000, PERCENTILES_ALL = 100000 };

size_t gcr_percentiles(double *values, size_t count, struct gcr_percentile out[GCR_PERCENTILES])
{
    size_t listed = 0;
    if (count == 0)
        return 0;
    gcr_sort_doubles(values, count);
    for (size_t i = 0; i < GCR_PERCENTILES; i++) {
        uint64_t share = percentiles_listed[i];
        uint64_t rank = ((uint64_t)count * share + PERCENTILES_ALL - 1) / PERCENTILES_ALL;
        if (rank == 0)
            rank = 1;
        if (rank == count && share > PERCENTILES_HALF && share < PERCENTILES_ALL)
            continue;
        out[listed++] =
            (struct gcr_percentile){.percent = (double)share / 1000, .value = values[rank - 1]};
    }
    return listed;
}
