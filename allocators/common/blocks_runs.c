/* The block heap's large objects: runs of 4 KiB pages, first fit in address order.
 *
 * Runs tile the pages below the frontier. Neighbouring free runs of one state are merged when a
 * search passes them; a request may span free runs of different states, whose pages are committed
 * or zeroed piece by piece. O(runs) a request, from the first free one on. */
#include "allocators/common/blocks_parts.h"

static struct gcr_run *run_at(const struct gcr_blocks *blocks, uint32_t page)
{
    return &blocks->run[page];
}

/* Merges the free run at `page` with followers of the same state; returns its end. */
static uint32_t run_merge(struct gcr_blocks *blocks, uint32_t page)
{
    struct gcr_run *run = run_at(blocks, page);
    uint32_t end = page + run->pages;
    while (end < blocks->page_frontier && run_at(blocks, end)->state == run->state) {
        const struct gcr_run *next = run_at(blocks, end);
        if (next->age < run->age)
            run->age = next->age;
        run->pages += next->pages;
        end = page + run->pages;
    }
    return end;
}

/* End of the free runs from `page` on. */
static uint32_t runs_free_end(struct gcr_blocks *blocks, uint32_t page, uint32_t wanted)
{
    uint32_t end = page;
    while (end < blocks->page_frontier && run_at(blocks, end)->state != GCR_RUN_USED &&
           end - page < wanted)
        end = run_merge(blocks, end);
    return end;
}

/* First page of the first place with room; it may reach beyond the frontier. */
static uint32_t runs_find(struct gcr_blocks *blocks, uint32_t pages)
{
    uint32_t page = blocks->first_free_page;
    bool seen = false;
    while (page < blocks->page_frontier) {
        if (run_at(blocks, page)->state == GCR_RUN_USED) {
            page += run_at(blocks, page)->pages;
            continue;
        }
        if (!seen)
            blocks->first_free_page = page;
        seen = true;
        uint32_t end = runs_free_end(blocks, page, pages);
        if (end - page >= pages || end == blocks->page_frontier)
            return page;
        page = end;
    }
    if (!seen)
        blocks->first_free_page = page;
    return page;
}

/* Moves the frontier so that pages below `end` belong to runs; what is new counts as given back. */
static bool runs_advance(struct gcr_blocks *blocks, uint32_t end)
{
    uint32_t first = blocks->page_frontier;
    size_t table = gcr_page_round(end * sizeof *blocks->run);
    if (end > blocks->small_bytes / GCR_PAGE_BYTES)
        return false;
    if (table > blocks->run_table_bytes) {
        if (!gcr_supply_commit(blocks->supply, GCR_PAGES_SIDE,
                               (char *)blocks->run + blocks->run_table_bytes,
                               table - blocks->run_table_bytes))
            return false;
        blocks->run_table_bytes = table;
    }
    *run_at(blocks, first) = (struct gcr_run){.pages = end - first, .state = GCR_RUN_GIVEN_BACK};
    blocks->page_frontier = end;
    return true;
}

/* Cuts a free run so that it has `pages`. */
static void run_split(struct gcr_blocks *blocks, uint32_t page, uint32_t pages)
{
    struct gcr_run *run = run_at(blocks, page);
    if (run->pages == pages)
        return;
    struct gcr_run *rest = run_at(blocks, page + pages);
    *rest = *run;
    rest->pages = run->pages - pages;
    run->pages = pages;
}

/* Commits what is not committed of free pages first .. end. False: refused; what was committed
 * until then stays with the heap as clean free runs. */
static bool runs_commit(struct gcr_blocks *blocks, uint32_t first, uint32_t end)
{
    for (uint32_t page = first; page < end; page += run_at(blocks, page)->pages) {
        struct gcr_run *run = run_at(blocks, page);
        if (run->pages > end - page)
            run_split(blocks, page, end - page);
        if (run->state != GCR_RUN_GIVEN_BACK)
            continue;
        if (!gcr_supply_commit(blocks->supply, GCR_PAGES_OBJECTS, gcr_blocks_page(blocks, page),
                               (size_t)run->pages * GCR_PAGE_BYTES))
            return false;
        run->state = GCR_RUN_CLEAN;
        run->age = 0;
        blocks->free_pages += run->pages;
    }
    return true;
}

static void runs_zero(struct gcr_blocks *blocks, uint32_t first, uint32_t end)
{
    for (uint32_t page = first; page < end; page += run_at(blocks, page)->pages)
        if (run_at(blocks, page)->state == GCR_RUN_FREE)
            memset(gcr_blocks_page(blocks, page), 0,
                   (size_t)run_at(blocks, page)->pages * GCR_PAGE_BYTES);
}

void *gcr_blocks_alloc_large(struct gcr_blocks *blocks, uint64_t bytes)
{
    if (bytes > blocks->small_bytes)
        return NULL;
    uint32_t pages = (uint32_t)(gcr_page_round((size_t)bytes) / GCR_PAGE_BYTES);
    uint32_t first = runs_find(blocks, pages), end = first + pages;
    if ((end > blocks->page_frontier && !runs_advance(blocks, end)) ||
        !runs_commit(blocks, first, end))
        return NULL;
    runs_zero(blocks, first, end);
    *run_at(blocks, first) = (struct gcr_run){.pages = pages, .alloc = 1, .state = GCR_RUN_USED};
    blocks->free_pages -= pages;
    blocks->pages_in_use += pages;
    return gcr_blocks_page(blocks, first);
}

void gcr_blocks_free_run(struct gcr_blocks *blocks, uint32_t page)
{
    struct gcr_run *run = run_at(blocks, page);
    GCR_CHECK(1, run->state == GCR_RUN_USED);
    run->alloc = run->mark = 0;
    run->state = GCR_RUN_FREE;
    run->age = 0;
    blocks->pages_in_use -= run->pages;
    blocks->free_pages += run->pages;
    if (page < blocks->first_free_page)
        blocks->first_free_page = page;
}

/* ---- sweep ---- */

void gcr_blocks_visit_unmarked_runs(struct gcr_blocks *blocks, gcr_blocks_dead_visitor *visit,
                                    void *arg)
{
    for (uint32_t page = 0; page < blocks->page_frontier; page += run_at(blocks, page)->pages) {
        const struct gcr_run *run = run_at(blocks, page);
        if (run->state == GCR_RUN_USED && run->alloc && !run->mark)
            visit(arg, gcr_blocks_page(blocks, page));
    }
}

void gcr_blocks_swap_runs(struct gcr_blocks *blocks, struct gcr_blocks_tally *tally)
{
    for (uint32_t page = 0; page < blocks->page_frontier; page += run_at(blocks, page)->pages) {
        struct gcr_run *run = run_at(blocks, page);
        if (run->state != GCR_RUN_USED)
            continue;
        if (run->mark) {
            tally->live++;
            tally->live_bytes += (uint64_t)run->pages * GCR_PAGE_BYTES;
            run->mark = 0; /* alloc is set: the swap of two arrays with one entry */
        } else {
            tally->dead++;
            gcr_blocks_free_run(blocks, page);
        }
    }
}
