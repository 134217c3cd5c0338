/* What share of every window of time is left to the mutator.
 *
 * MMU(w), the minimum mutator utilisation: the smallest share of mutator time in any window of
 * length w that lies within the run (Cheng and Blelloch, "A parallel, real-time garbage collector",
 * PLDI 2001). BMU(w), the bounded one: the smallest in any window of length w or more (Sachindran,
 * Moss and Berger, "MC2: high-performance garbage collection for memory-constrained environments",
 * OOPSLA 2004); unlike MMU it never falls as windows grow. Both are exact: not sampled, and BMU
 * takes every longer window into account, not only those of the curve.
 *
 * Work of helper threads beside the mutator is no pause. */
#ifndef GCR_SIM_STUDY_MUTATOR_UTILISATION_H
#define GCR_SIM_STUDY_MUTATOR_UTILISATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times in nanoseconds from the run's beginning. */
struct gcr_stop_span {
    uint64_t start_ns, length_ns;
};

/* All pauses of one run, in order and without overlap, within [0, total_ns]. */
struct gcr_utilisation {
    uint64_t total_ns;
    size_t count;
    struct gcr_utilisation_memory *memory;
};

/* Keeps a copy. Pauses that overlap, are out of order or end after total_ns are refused, and so is
 * a run without length: false, also without memory. O(count). */
bool gcr_utilisation_init(struct gcr_utilisation *run, const struct gcr_stop_span *pauses,
                          size_t count, uint64_t total_ns);
void gcr_utilisation_finish(struct gcr_utilisation *run);

/* 0 .. 1. A window of the run's length or more: the mutator's share of the whole run. A window of 0
 * is a moment: 0 if there is any pause, else 1. O(pauses). */
double gcr_utilisation_mmu(const struct gcr_utilisation *run, uint64_t window_ns);
/* Likewise. O(pauses * log pauses). */
double gcr_utilisation_bmu(const struct gcr_utilisation *run, uint64_t window_ns);

struct gcr_utilisation_point {
    uint64_t window_ns;
    double mmu, bmu;
};
enum { GCR_UTILISATION_POINTS = 256 };

/* Both curves at windows of 20 a decade, the same for every run, from just below the longest pause
 * (without pauses: a thousandth of the run; never below a microsecond) to the whole run, with these
 * two themselves. Returns how many. */
size_t gcr_utilisation_curve(const struct gcr_utilisation *run,
                             struct gcr_utilisation_point out[GCR_UTILISATION_POINTS]);

#endif
