/* Lower bounds of what collectors cost: Cai, Blackburn, Bond, Maas, "Distilling the Real Cost of
 * Production Garbage Collectors", ISPASS 2022.
 *
 * What a program would cost under a collector that costs nothing cannot be measured. But every run
 * is an upper bound of it, and a closer one once the cost that is plainly the collector's has been
 * taken off: the distilled cost, total less explicit. The least distilled cost of all collectors
 * is the low bound, and total over low bound is at most what the collector costs in truth: LBO, as
 * the paper's normalized one, plus 1.
 *
 * Here:
 * - Cost is time on the replay clock (explicit: time in pauses), or CPU time of all threads
 *   (explicit: CPU time of collection, with helper threads and the work outside of pauses that a
 *   design names). What barriers, counts and allocation cost stays in the distilled cost, as in
 *   the paper.
 * - The minimum is over all heap sizes of a trace: what the program costs without a collector does
 *   not depend on them, and the least of more candidates is the closer bound.
 * - It is over collectors, as the paper's. Reference points (reference.h) take no part: epsilon's
 *   first touches of pages are off the clock, and explicit-free is told what no collector can know.
 *   Their measured totals stand beside. One below 1 says how far the low bound may lie above the
 *   truth.
 * - A configuration counts by its completed runs, of which the cost is the median. */
#ifndef GCR_SIM_STUDY_LBO_H
#define GCR_SIM_STUDY_LBO_H

#include "sim/study/dataset.h"
#include "sim/study/statistics.h"

struct gcr_lbo_cost {
    const char *name; /* "time", "cpu" */
    enum gcr_metric_id total, explicit;
};
extern const struct gcr_lbo_cost gcr_lbo_costs[];
enum { GCR_LBO_COSTS = 2 };

struct gcr_lbo {
    const struct gcr_point *point;
    bool is_reference;
    double total_ns; /* median; NAN: no run completed */
    double low_bound_ns;
    /* Runs of all collectors are resampled together, and the low bound is found anew each time. No
     * interval if this configuration or the one that sets the low bound has one run. */
    struct gcr_ratio lbo;
};

/* Of the timed configurations of a trace, in the dataset's order; none if no run knows the cost.
 * The caller frees *out. GCR_NO_MEMORY. O(configurations * samples * runs). */
gcr_status gcr_lbo_find(const struct gcr_dataset *dataset, const char *trace,
                        const struct gcr_lbo_cost *cost, struct gcr_lbo **out, size_t *count,
                        struct gcr_error *err) GCR_MUST_USE;

#endif
