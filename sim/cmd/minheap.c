/* The search; see minheap.h. */
#include "sim/cmd/minheap.h"

#include "allocators/common/supply.h"

static uint64_t minheap_page(uint64_t bytes)
{
    uint64_t pages = (bytes + GCR_PAGE_BYTES - 1) / GCR_PAGE_BYTES;
    return (pages > 0 ? pages : 1) * GCR_PAGE_BYTES;
}

static gcr_status minheap_try(struct gcr_minheap_search *search, uint64_t bytes, bool *completed,
                              struct gcr_error *err)
{
    if (search->run_count == GCR_MINHEAP_MOST_RUNS)
        return gcr_fail(err, GCR_FAULT, "no answer after %d runs", GCR_MINHEAP_MOST_RUNS);
    gcr_status status = search->try(search->arg, bytes, completed, err);
    if (status == GCR_OK)
        search->runs[search->run_count++] = (struct gcr_minheap_run){bytes, *completed};
    return status;
}

/* Some budget that completes, from first_bytes upwards; `fails` rises to the largest that did not.
 */
static gcr_status minheap_double(struct gcr_minheap_search *search, uint64_t *fails,
                                 struct gcr_error *err)
{
    uint64_t bytes = minheap_page(search->first_bytes);
    bool completed = false;
    for (;;) {
        gcr_status status = minheap_try(search, bytes, &completed, err);
        if (status != GCR_OK)
            return status;
        if (completed) {
            search->least_bytes = bytes;
            return GCR_OK;
        }
        *fails = bytes;
        if (bytes > search->limit_bytes / 2)
            return GCR_OK;
        bytes *= 2;
    }
}

static gcr_status minheap_bisect(struct gcr_minheap_search *search, uint64_t fails,
                                 struct gcr_error *err)
{
    while ((double)(search->least_bytes - fails) >
               search->tolerance * (double)search->least_bytes &&
           search->least_bytes - fails > GCR_PAGE_BYTES) {
        uint64_t middle = minheap_page(fails + (search->least_bytes - fails) / 2);
        bool completed = false;
        if (middle == search->least_bytes)
            middle -= GCR_PAGE_BYTES;
        gcr_status status = minheap_try(search, middle, &completed, err);
        if (status != GCR_OK)
            return status;
        if (completed)
            search->least_bytes = middle;
        else
            fails = middle;
    }
    search->fails_bytes = fails;
    return GCR_OK;
}

/* The largest budget below `bytes` that is known to fail. */
static uint64_t minheap_failed_below(const struct gcr_minheap_search *search, uint64_t bytes)
{
    uint64_t fails = search->lower_bytes;
    for (unsigned i = 0; i < search->run_count; i++) {
        const struct gcr_minheap_run *run = &search->runs[i];
        if (!run->completed && run->budget_bytes < bytes && run->budget_bytes > fails)
            fails = run->budget_bytes;
    }
    return fails;
}

/* Tries three budgets below the answer; *found is one that completed, or 0. */
static gcr_status minheap_look_below(struct gcr_minheap_search *search, uint64_t *found,
                                     struct gcr_error *err)
{
    *found = 0;
    for (double step = 2; step <= 8 && *found == 0; step *= 2) {
        double share = step * search->tolerance;
        uint64_t bytes;
        bool completed = false;
        if (share >= 1)
            break;
        bytes = minheap_page((uint64_t)((double)search->fails_bytes * (1 - share)));
        if (bytes <= search->lower_bytes || bytes >= search->fails_bytes)
            break;
        gcr_status status = minheap_try(search, bytes, &completed, err);
        if (status != GCR_OK)
            return status;
        if (completed)
            *found = bytes;
    }
    return GCR_OK;
}

static bool minheap_is_monotone(const struct gcr_minheap_search *search)
{
    for (unsigned i = 0; i < search->run_count; i++)
        if (!search->runs[i].completed && search->runs[i].budget_bytes > search->least_bytes)
            return false;
    return true;
}

gcr_status gcr_minheap_find(struct gcr_minheap_search *search, struct gcr_error *err)
{
    uint64_t fails = search->lower_bytes, found = 0;
    search->least_bytes = search->fails_bytes = 0;
    search->run_count = 0;
    search->is_monotone = true;
    gcr_status status = minheap_double(search, &fails, err);
    while (status == GCR_OK && search->least_bytes != 0) {
        status = minheap_bisect(search, fails, err);
        if (status == GCR_OK)
            status = minheap_look_below(search, &found, err);
        if (found == 0)
            break;
        search->least_bytes = found;
        fails = minheap_failed_below(search, found);
    }
    if (search->least_bytes == 0)
        search->fails_bytes = fails;
    search->is_monotone = minheap_is_monotone(search);
    return status;
}
