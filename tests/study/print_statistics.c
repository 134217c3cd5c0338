/* Prints what sim/study/statistics.h says of the numbers on standard input, for
 * scripts/validate_statistics.sh. A line is a set: NAME, then pairs separated by ';', a pair being
 * values, '/', and the values of the base:
 *
 *     mice 94 197 16 / 52 104 146 ; 3 4 / 5 6
 *
 * A line of output is a figure: NAME, median | mean | deviation (of the first pair's values), ratio
 * (of the first pair) or geomean (of all), the figure and its interval, 17 digits. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/study/statistics.h"

enum { MOST_VALUES = 4096, MOST_PAIRS = 64, SEED = 1 };

struct set {
    const char *name;
    double values[MOST_VALUES];
    struct gcr_pair pairs[MOST_PAIRS];
    size_t pair_count;
};

/* False: a word is no number, or there are too many. */
static bool read_set(char *line, struct set *set)
{
    size_t count = 0;
    bool in_base = false;
    set->name = strtok(line, " \n");
    set->pairs[0] = (struct gcr_pair){.values = set->values};
    set->pair_count = 1;
    for (char *word; (word = strtok(NULL, " \n")) != NULL;) {
        struct gcr_pair *pair = &set->pairs[set->pair_count - 1];
        char *end = word;
        if (strcmp(word, "/") == 0) {
            in_base = true;
            pair->base = set->values + count;
            continue;
        }
        if (strcmp(word, ";") == 0) {
            if (set->pair_count == MOST_PAIRS)
                return false;
            in_base = false;
            set->pairs[set->pair_count++] = (struct gcr_pair){.values = set->values + count};
            continue;
        }
        if (count == MOST_VALUES)
            return false;
        set->values[count++] = strtod(word, &end);
        if (*end != '\0')
            return false;
        *(in_base ? &pair->base_count : &pair->count) += 1;
    }
    return set->name != NULL;
}

static void print_figure(const char *set, const char *name, double value, struct gcr_interval in)
{
    printf("%s %s %.17g %.17g %.17g\n", set, name, value, in.low, in.high);
}

static void print_set(const struct set *set)
{
    const struct gcr_pair *first = &set->pairs[0];
    struct gcr_summary summary = gcr_summarise(first->values, first->count, SEED);
    print_figure(set->name, "median", summary.median, summary.median_in);
    print_figure(set->name, "mean", summary.mean, summary.mean_in);
    print_figure(set->name, "deviation", summary.deviation,
                 (struct gcr_interval){summary.least, summary.most});
    struct gcr_ratio ratio =
        gcr_ratio_of_medians(first->values, first->count, first->base, first->base_count, SEED);
    print_figure(set->name, "ratio", ratio.value, ratio.in);
    ratio = gcr_geometric_mean(set->pairs, set->pair_count, SEED);
    print_figure(set->name, "geomean", ratio.value, ratio.in);
}

int main(void)
{
    static struct set set;
    static char line[1 << 17];
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (!read_set(line, &set)) {
            fprintf(stderr, "print_statistics: a set that cannot be read\n");
            return 2;
        }
        print_set(&set);
    }
    return 0;
}
