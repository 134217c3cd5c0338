/* A set of pages of the supply's region, for ranges that come and go.
 *
 * One bit a page, in blocks of a gigabyte of addresses that exist once one of their pages has been
 * in the set; a directory of blocks spans the region. The memory is mapped apart from malloc and
 * from the region. Ranges are whole pages; what lies outside of the region is ignored. */
#ifndef GCR_SIM_MEASURE_PAGE_SET_H
#define GCR_SIM_MEASURE_PAGE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* All zero: not set up. */
struct gcr_page_set {
    uint64_t **blocks; /* NULL: no page of that gigabyte */
    size_t block_count;
    uintptr_t first, last; /* addresses of the region */
    uint64_t pages;        /* how many are in the set */
};

typedef void gcr_page_visitor(void *arg, uintptr_t page);

/* Empty. False if the system refuses the directory. */
bool gcr_page_set_init(struct gcr_page_set *set) GCR_MUST_USE;
void gcr_page_set_finish(struct gcr_page_set *set);
/* No page is in it; the blocks stay. O(blocks' bytes). */
void gcr_page_set_clear(struct gcr_page_set *set);

/* False if there is no memory: pages up to some point of the range have been added. */
bool gcr_page_set_add(struct gcr_page_set *set, uintptr_t start, uintptr_t end) GCR_MUST_USE;
/* Returns how many of the range were in the set. O(pages of the range / 64). */
uint64_t gcr_page_set_remove(struct gcr_page_set *set, uintptr_t start, uintptr_t end);
/* How many pages of the range are in the set. O(pages of the range / 64). */
uint64_t gcr_page_set_count(const struct gcr_page_set *set, uintptr_t start, uintptr_t end);
/* Calls visit (unless NULL) for each of them, in ascending order; returns how many. */
uint64_t gcr_page_set_visit(const struct gcr_page_set *set, uintptr_t start, uintptr_t end,
                            gcr_page_visitor *visit, void *arg);

#endif
