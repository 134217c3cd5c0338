#include "exact_bootstrap.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static void add_atom(struct exact *out, double value, double probability)
{
    if (out->count == EXACT_MOST)
        abort();
    out->atoms[out->count++] = (struct exact_atom){value, probability};
}

static int compare_atoms(const void *left, const void *right)
{
    const struct exact_atom *a = left, *b = right;
    return (a->value > b->value) - (a->value < b->value);
}

static bool are_equal(double a, double b)
{
    return fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b));
}

static void merge(struct exact *out)
{
    size_t kept = 0;
    qsort(out->atoms, out->count, sizeof *out->atoms, compare_atoms);
    for (size_t i = 1; i < out->count; i++) {
        if (are_equal(out->atoms[kept].value, out->atoms[i].value))
            out->atoms[kept].probability += out->atoms[i].probability;
        else
            out->atoms[++kept] = out->atoms[i];
    }
    out->count = kept + 1;
}

struct walk {
    double sorted[16];
    size_t count;
    size_t drawn[16]; /* indices, ascending */
    bool of_means;
    struct exact *out;
};

static double walk_statistic(const struct walk *walk)
{
    size_t n = walk->count;
    double sum = 0;
    if (n == 0)
        abort();
    if (!walk->of_means)
        return (walk->sorted[walk->drawn[(n - 1) / 2]] + walk->sorted[walk->drawn[n / 2]]) / 2;
    for (size_t i = 0; i < n; i++)
        sum += walk->sorted[walk->drawn[i]];
    return sum / (double)n;
}

/* `ways` is n! / (product of the factorials of the multiplicities) / n^n, built up draw by draw. */
static void walk_from(struct walk *walk, size_t depth, size_t least, double ways, size_t run)
{
    double n = (double)walk->count;
    if (depth == walk->count) {
        add_atom(walk->out, walk_statistic(walk), ways);
        return;
    }
    for (size_t i = least; i < walk->count; i++) {
        size_t times = i == least && depth > 0 ? run + 1 : 1;
        walk->drawn[depth] = i;
        walk_from(walk, depth + 1, i, ways * (double)(depth + 1) / ((double)times * n), times);
    }
}

static int compare_reals(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void enumerate(const double *values, size_t count, bool of_means, struct exact *out)
{
    struct walk walk = {.count = count, .of_means = of_means, .out = out};
    if (count > 9)
        abort();
    for (size_t i = 0; i < count; i++)
        walk.sorted[i] = values[i];
    qsort(walk.sorted, count, sizeof *walk.sorted, compare_reals);
    out->count = 0;
    walk_from(&walk, 0, 0, 1, 0);
    merge(out);
}

void exact_medians(const double *values, size_t count, struct exact *out)
{
    enumerate(values, count, false, out);
}

void exact_means(const double *values, size_t count, struct exact *out)
{
    enumerate(values, count, true, out);
}

void exact_ratios(const struct exact *values, const struct exact *base, struct exact *out)
{
    out->count = 0;
    for (size_t i = 0; i < values->count; i++)
        for (size_t k = 0; k < base->count; k++)
            add_atom(out, values->atoms[i].value / base->atoms[k].value,
                     values->atoms[i].probability * base->atoms[k].probability);
    merge(out);
}

double exact_below(const struct exact *exact, double x)
{
    double sum = 0;
    for (size_t i = 0; i < exact->count; i++)
        if (exact->atoms[i].value < x && !are_equal(exact->atoms[i].value, x))
            sum += exact->atoms[i].probability;
    return sum;
}

double exact_up_to(const struct exact *exact, double x)
{
    double sum = 0;
    for (size_t i = 0; i < exact->count; i++)
        if (exact->atoms[i].value < x || are_equal(exact->atoms[i].value, x))
            sum += exact->atoms[i].probability;
    return sum;
}
