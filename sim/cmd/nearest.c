/* The name that a misspelled word most likely meant.
 *
 * Optimal string alignment (Damerau, CACM 7(3), 1964; Wagner and Fischer, JACM 21(1), 1974): the
 * least number of insertions, deletions, replacements and swaps of neighbours. O(length^2). */
#include "sim/cmd/arguments.h"

#include <stdint.h>
#include <string.h>

enum { NEAREST_MOST = 48 };

static size_t nearest_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t nearest_distance(const char *a, const char *b)
{
    size_t rows = strlen(a), columns = strlen(b);
    size_t cost[NEAREST_MOST + 1][NEAREST_MOST + 1];
    if (rows > NEAREST_MOST || columns > NEAREST_MOST)
        return SIZE_MAX;
    for (size_t i = 0; i <= rows; i++)
        cost[i][0] = i;
    for (size_t j = 0; j <= columns; j++)
        cost[0][j] = j;
    for (size_t i = 1; i <= rows; i++) {
        for (size_t j = 1; j <= columns; j++) {
            size_t replace = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            size_t best = nearest_min(cost[i - 1][j], cost[i][j - 1]) + 1;
            best = nearest_min(best, replace);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = nearest_min(best, cost[i - 2][j - 2] + 1);
            cost[i][j] = best;
        }
    }
    return cost[rows][columns];
}

const char *gcr_nearest_name(const char *word, const char *const *names, size_t n)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        size_t distance = nearest_distance(word, names[i]);
        if (distance < best_distance) {
            best_distance = distance;
            best = names[i];
        }
    }
    size_t limit = strlen(word) / 3;
    return best_distance <= (limit > 0 ? limit : 1) ? best : NULL;
}
