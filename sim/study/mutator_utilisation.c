/* MMU: the time in pauses within a window is a piecewise linear function of where the window
 * begins, and bends only where an end of the window meets an end of a pause. Its maxima lie where a
 * window begins with a pause or ends with one, or at the ends of the run.
 *
 * BMU: of all windows of length w or more the worst has length w, or begins with a pause and ends
 * with a later one: any other can be shortened by mutator time at an end, which leaves a smaller
 * share. The first kind is MMU(w). The second is the steepest line from a point (start of pause i,
 * time in pauses before) to a point (end of pause j, time in pauses by then) at least w to its
 * right. For one j it touches the lower convex hull of the starts that are far enough away: the
 * hull grows to the right as j does, and the touching point is found by bisection. (The same view
 * finds segments of maximum density: Chung and Lu, "An optimal algorithm for the maximum-density
 * segment problem", SIAM J. Comput. 34, 2004.) */
#include "sim/study/mutator_utilisation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct gcr_utilisation_memory {
    uint64_t longest_ns;
    size_t *hull; /* room for BMU's work */
    struct utilisation_pause {
        uint64_t start_ns, end_ns;
        uint64_t paused_ns; /* in all pauses before this one */
    } pauses[]; /* one more than there are: a pause of no length at the end of the run */
};

bool gcr_utilisation_init(struct gcr_utilisation *run, const struct gcr_stop_span *pauses,
                          size_t count, uint64_t total_ns)
{
    uint64_t end_ns = 0, paused_ns = 0;
    *run = (struct gcr_utilisation){.total_ns = total_ns, .count = count};
    if (total_ns == 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (pauses[i].start_ns < end_ns || pauses[i].start_ns > total_ns ||
            pauses[i].length_ns > total_ns - pauses[i].start_ns)
            return false;
        end_ns = pauses[i].start_ns + pauses[i].length_ns;
    }
    run->memory = malloc(sizeof *run->memory + (count + 1) * sizeof *run->memory->pauses);
    if (run->memory == NULL)
        return false;
    run->memory->longest_ns = 0;
    run->memory->hull = malloc((count + 1) * sizeof *run->memory->hull);
    if (run->memory->hull == NULL) {
        gcr_utilisation_finish(run);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        run->memory->pauses[i] =
            (struct utilisation_pause){.start_ns = pauses[i].start_ns,
                                       .end_ns = pauses[i].start_ns + pauses[i].length_ns,
                                       .paused_ns = paused_ns};
        paused_ns += pauses[i].length_ns;
        if (pauses[i].length_ns > run->memory->longest_ns)
            run->memory->longest_ns = pauses[i].length_ns;
    }
    run->memory->pauses[count] = (struct utilisation_pause){
        .start_ns = total_ns, .end_ns = total_ns, .paused_ns = paused_ns};
    return true;
}

void gcr_utilisation_finish(struct gcr_utilisation *run)
{
    if (run->memory != NULL)
        free(run->memory->hull);
    free(run->memory);
    *run = (struct gcr_utilisation){0};
}

/* Time in pauses from the beginning of the run to that moment; *next is the first pause that may
 * end after it, and is moved there: moments must not go back. */
static uint64_t utilisation_paused_by(const struct gcr_utilisation *run, uint64_t moment_ns,
                                      size_t *next)
{
    const struct utilisation_pause *pauses = run->memory->pauses;
    while (*next < run->count && pauses[*next].end_ns <= moment_ns)
        ++*next;
    uint64_t paused_ns = pauses[*next].paused_ns;
    if (moment_ns > pauses[*next].start_ns)
        paused_ns += moment_ns - pauses[*next].start_ns;
    return paused_ns;
}

static double utilisation_share(uint64_t paused_ns, uint64_t window_ns)
{
    return (double)(window_ns - paused_ns) / (double)window_ns;
}

static double utilisation_of_run(const struct gcr_utilisation *run)
{
    return utilisation_share(run->memory->pauses[run->count].paused_ns, run->total_ns);
}

/* The most time in pauses of any window of that length, at most the run's: windows that begin with
 * a pause, then those that end with one. Windows at the ends of the run bound those that would
 * reach beyond it. */
static uint64_t utilisation_most_paused(const struct gcr_utilisation *run, uint64_t window_ns)
{
    const struct utilisation_pause *pauses = run->memory->pauses;
    uint64_t last_ns = run->total_ns - window_ns, most_ns = 0;
    size_t from = 0, to = 0;
    for (size_t i = 0; i <= run->count; i++) {
        bool fits = pauses[i].start_ns <= last_ns;
        uint64_t start_ns = fits ? pauses[i].start_ns : last_ns;
        uint64_t before_ns =
            fits ? pauses[i].paused_ns : utilisation_paused_by(run, last_ns, &from);
        uint64_t paused_ns = utilisation_paused_by(run, start_ns + window_ns, &to) - before_ns;
        if (paused_ns > most_ns)
            most_ns = paused_ns;
        if (!fits)
            break;
    }
    from = to = 0;
    for (size_t i = 0; i < run->count; i++) {
        uint64_t end_ns = pauses[i].end_ns > window_ns ? pauses[i].end_ns : window_ns;
        uint64_t paused_ns = utilisation_paused_by(run, end_ns, &to) -
                             utilisation_paused_by(run, end_ns - window_ns, &from);
        if (paused_ns > most_ns)
            most_ns = paused_ns;
    }
    return most_ns;
}

double gcr_utilisation_mmu(const struct gcr_utilisation *run, uint64_t window_ns)
{
    if (window_ns >= run->total_ns)
        return utilisation_of_run(run);
    if (window_ns == 0)
        return run->memory->longest_ns > 0 ? 0 : 1;
    return utilisation_share(utilisation_most_paused(run, window_ns), window_ns);
}

/* ---- BMU ---- */

/* From the start of pause i to the end of pause k: the share of pauses. */
static double utilisation_slope(const struct utilisation_pause *i,
                                const struct utilisation_pause *k)
{
    uint64_t paused_ns = k->paused_ns + (k->end_ns - k->start_ns) - i->paused_ns;
    return (double)paused_ns / (double)(k->end_ns - i->start_ns);
}

/* True if b lies on or above the line from a to c: points (start, paused before). */
static bool utilisation_is_above(const struct utilisation_pause *a,
                                 const struct utilisation_pause *b,
                                 const struct utilisation_pause *c)
{
    double ab = (double)(b->paused_ns - a->paused_ns) * (double)(c->start_ns - a->start_ns);
    double ac = (double)(c->paused_ns - a->paused_ns) * (double)(b->start_ns - a->start_ns);
    return ab >= ac;
}

/* Adds the start of pause i to the hull of `count` starts; returns the new count. */
static size_t utilisation_hull_add(const struct utilisation_pause *pauses, size_t *hull,
                                   size_t count, size_t i)
{
    while (count >= 2 &&
           utilisation_is_above(&pauses[hull[count - 2]], &pauses[hull[count - 1]], &pauses[i]))
        count--;
    hull[count] = i;
    return count + 1;
}

/* The steepest line from the hull to the end of pause k: slopes rise towards it and fall behind. */
static double utilisation_steepest(const struct utilisation_pause *pauses, const size_t *hull,
                                   size_t count, const struct utilisation_pause *k)
{
    size_t low = 0, high = count - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (utilisation_slope(&pauses[hull[middle]], k) <
            utilisation_slope(&pauses[hull[middle + 1]], k))
            low = middle + 1;
        else
            high = middle;
    }
    return utilisation_slope(&pauses[hull[low]], k);
}

double gcr_utilisation_bmu(const struct gcr_utilisation *run, uint64_t window_ns)
{
    const struct utilisation_pause *pauses = run->memory->pauses;
    size_t *hull = run->memory->hull, count = 0, next = 0;
    double worst = gcr_utilisation_mmu(run, window_ns);
    if (window_ns == 0 || window_ns >= run->total_ns)
        return worst;
    for (size_t k = 0; k < run->count; k++) {
        while (next <= k && pauses[next].start_ns + window_ns <= pauses[k].end_ns)
            count = utilisation_hull_add(pauses, hull, count, next++);
        if (count == 0)
            continue;
        double share = 1 - utilisation_steepest(pauses, hull, count, &pauses[k]);
        if (share < worst)
            worst = share;
    }
    return worst;
}

/* ---- the curves ---- */

enum { UTILISATION_A_DECADE = 20 };

/* The n-th window of the grid that all runs share: 10^(n/20) nanoseconds. */
static uint64_t utilisation_window(unsigned n)
{
    return (uint64_t)(pow(10, (double)n / UTILISATION_A_DECADE) + 0.5);
}

static void utilisation_add(const struct gcr_utilisation *run, uint64_t window_ns,
                            struct gcr_utilisation_point *out, size_t *count)
{
    if (*count == GCR_UTILISATION_POINTS || (*count > 0 && out[*count - 1].window_ns >= window_ns))
        return;
    out[(*count)++] = (struct gcr_utilisation_point){.window_ns = window_ns,
                                                     .mmu = gcr_utilisation_mmu(run, window_ns),
                                                     .bmu = gcr_utilisation_bmu(run, window_ns)};
}

size_t gcr_utilisation_curve(const struct gcr_utilisation *run,
                             struct gcr_utilisation_point out[GCR_UTILISATION_POINTS])
{
    uint64_t longest_ns = run->memory->longest_ns, from_ns = longest_ns;
    size_t count = 0;
    unsigned n = 0;
    if (from_ns == 0)
        from_ns = run->total_ns / 1000;
    if (from_ns < 1000)
        from_ns = 1000;
    while (utilisation_window(n + 1) <= from_ns)
        n++;
    /* Room for 12 decades: a microsecond to eleven days. */
    for (; utilisation_window(n) < run->total_ns && count < GCR_UTILISATION_POINTS - 2; n++) {
        uint64_t window_ns = utilisation_window(n);
        if (count > 0 && out[count - 1].window_ns < longest_ns && longest_ns < window_ns)
            utilisation_add(run, longest_ns, out, &count);
        utilisation_add(run, window_ns, out, &count);
    }
    if (longest_ns < run->total_ns && longest_ns >= from_ns)
        utilisation_add(run, longest_ns, out, &count);
    utilisation_add(run, run->total_ns, out, &count);
    return count;
}
