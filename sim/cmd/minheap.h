/* Finding the smallest budget with which a run completes: doubling, bisection, and a look below.
 *
 * Completion is taken to be monotone in the budget (more never hurts), which is nearly true: sizing
 * rules round, and a smaller heap may collect at a luckier moment. So once the bisection has ended,
 * some budgets below the answer are tried as well; if one of them completes, the search goes on
 * from there, and the answer says so. */
#ifndef GCR_SIM_CMD_MINHEAP_H
#define GCR_SIM_CMD_MINHEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum { GCR_MINHEAP_MOST_RUNS = 96 };

struct gcr_minheap_run {
    uint64_t budget_bytes;
    bool completed;
};

/* Tries one budget. Not GCR_OK ends the search. */
typedef gcr_status gcr_minheap_try(void *arg, uint64_t budget_bytes, bool *completed,
                                   struct gcr_error *err);

struct gcr_minheap_search {
    /* The question. */
    uint64_t lower_bytes; /* known not to complete (less than what must live), or 0 */
    uint64_t first_bytes; /* tried first, then doubled until a run completes */
    uint64_t limit_bytes; /* the largest budget worth a try */
    double tolerance;     /* relative: how far above the true answer least_bytes may be */
    gcr_minheap_try *try;
    void *arg;
    /* The answer. */
    uint64_t least_bytes; /* the smallest that completed; 0: none did */
    uint64_t fails_bytes; /* the largest below it that did not, or lower_bytes */
    bool is_monotone;     /* every run below least_bytes failed, every one above completed */
    struct gcr_minheap_run runs[GCR_MINHEAP_MOST_RUNS];
    unsigned run_count;
};

/* O(log(limit / first) + log(1 / tolerance)) runs; budgets are whole pages. */
gcr_status gcr_minheap_find(struct gcr_minheap_search *search, struct gcr_error *err) GCR_MUST_USE;

#endif
