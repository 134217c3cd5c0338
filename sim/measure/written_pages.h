/* Copy-on-write by the kernel: which pages of the heap a process shared with its relatives right
 * after a fork, and which of these it has written since.
 *
 * The kernel's own account, from asynchronous write protection: right after the fork the process
 * opens a userfaultfd (UFFD_FEATURE_WP_ASYNC, Linux 6.7), registers the supply's region, and lets
 * PAGEMAP_SCAN protect and list every page that it holds there. The first store to such a page
 * takes the protection off, in the same fault that makes the copy; later scans list the pages
 * without it. Nothing is sampled and nothing is missed, whoever writes: compiled code, libc, the
 * kernel itself.
 *
 * What is shared: pages of the supply's region that the page tables hold, in memory or in swap, but
 * not the kernel's page of zeroes, which backs pages that were only ever read: a store to one of
 * those takes a new page and copies nothing that a fork has shared. Pages that are given back to
 * the system are no longer shared from then on, whatever is committed in their place.
 *
 * What it cannot see: memory outside of the region (libgc's, libc's malloc), hence refused; and
 * whether a written page really was copied: if every relative has ended or has its own copy by
 * then, the kernel lets the last one keep the page. The count is of pages that this process no
 * longer shares by its own doing, which is what the model counts too.
 *
 * Cost: arming is one walk over the page tables of the heap; the first store to each page after it
 * faults even if no relative shares the page any longer; each count is a walk as well. Not for
 * timed runs. */
#ifndef GCR_SIM_MEASURE_WRITTEN_PAGES_H
#define GCR_SIM_MEASURE_WRITTEN_PAGES_H

#include <stdint.h>
#include <sys/types.h>

#include "allocators/common/supply.h"
#include "base/status.h"
#include "sim/measure/page_set.h"

struct gcr_written_pages {
    struct gcr_supply_observer observer; /* first member */
    int uffd, pagemap;                   /* -1: not open */
    pid_t owner;                         /* which process they are of */
    bool is_armed;
    struct gcr_page_set shared; /* and not released since */
    uint64_t dropped, dropped_copied;
    bool is_elsewhere; /* pages have been committed outside of the region */
};

/* Since the process was armed. */
struct gcr_written_counts {
    uint64_t shared;         /* and not given back since */
    uint64_t copied;         /* of these: written since */
    uint64_t dropped;        /* shared pages given back since */
    uint64_t dropped_copied; /* of these: written before they were */
    uint64_t fresh;          /* pages held now that are not of the shared ones */
};

/* Puts itself before the supply's observers; it must live as long as the supply. GCR_NO_MEMORY. */
gcr_status gcr_written_pages_open(struct gcr_written_pages *pages, struct gcr_supply *supply,
                                  struct gcr_error *err) GCR_MUST_USE;
void gcr_written_pages_close(struct gcr_written_pages *pages);

/* Called right after a fork, in each process, before either stores into the heap: all that was
 * known is forgotten, and the pages held now are the shared ones. GCR_UNSUPPORTED: the kernel
 * refuses, or memory of the heap lies outside of the region; err says why, and nothing is armed.
 * O(pages held). */
gcr_status gcr_written_pages_arm(struct gcr_written_pages *pages, const struct gcr_supply *supply,
                                 struct gcr_error *err) GCR_MUST_USE;
bool gcr_written_pages_are_armed(const struct gcr_written_pages *pages);

/* GCR_UNSUPPORTED if the kernel refuses to say. O(pages held). */
gcr_status gcr_written_pages_count(const struct gcr_written_pages *pages,
                                   struct gcr_written_counts *out,
                                   struct gcr_error *err) GCR_MUST_USE;
/* Pages that were shared, have not been released and have been written since, in ascending order.
 */
gcr_status gcr_written_pages_visit_copied(const struct gcr_written_pages *pages,
                                          gcr_page_visitor *visit, void *arg,
                                          struct gcr_error *err) GCR_MUST_USE;
/* Pages that were shared and have not been released, written or not, in ascending order. */
void gcr_written_pages_visit_shared(const struct gcr_written_pages *pages, gcr_page_visitor *visit,
                                    void *arg);

#endif
