/* Which pages of this process have been written: asynchronous write protection
 * (base/pagemap_scan.h).
 *
 * A first store to a protected page takes the protection off inside the page fault, without anybody
 * waiting; a scan lists the pages without it and protects them again in the same step. A watch
 * belongs to the process that opened it: after a fork the child has to close it and open its own,
 * and the parent has to keep it: as long as a child still has the inherited descriptor, closing it
 * takes nothing away, and no other watch can have the same pages.
 *
 * The one descriptor that a watch holds is close-on-exec and numbered high, out of the way of
 * programs that close what they inherit. Should one close it all the same, the protection is gone,
 * and page_watch_is_alive says so: it asks about a page of its own. */
#ifndef GCR_WORKLOADS_CPYTHON_PAGE_WATCH_H
#define GCR_WORKLOADS_CPYTHON_PAGE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pagemap_scan.h"
#include "base/status.h"

enum { WATCH_PAGE_BYTES = 4096 };

struct page_watch {
    int file;       /* the userfaultfd; -1: closed */
    char *sentinel; /* a page of its own, watched like all others */
};

/* GCR_UNSUPPORTED: the kernel refuses; err says what and why. */
gcr_status page_watch_open(struct page_watch *watch, struct gcr_error *err) GCR_MUST_USE;
/* All protection is gone after it. Never closes a descriptor that is not the watch's own. Also how
 * a child forgets its parent's. */
void page_watch_close(struct page_watch *watch);

/* Registers pages [start, end), which are mapped; registered ones may be among them. False: the
 * kernel refuses some. */
bool page_watch_add(const struct page_watch *watch, uint64_t start, uint64_t end);
/* Protects all pages of [start, end) that are registered and held. O(pages). */
gcr_status page_watch_protect(uint64_t start, uint64_t end, struct gcr_error *err) GCR_MUST_USE;

/* Calls visit for each run of pages of [start, end) that are registered and were written since they
 * were last protected, in ascending order, and protects them. `found`: room for `room` runs.
 * O(pages). */
typedef void page_visitor(void *arg, uint64_t start, uint64_t end);
gcr_status page_watch_take(uint64_t start, uint64_t end, struct gcr_page_region *found,
                           uint64_t room, page_visitor *visit, void *arg,
                           struct gcr_error *err) GCR_MUST_USE;

/* Does the kernel still watch? */
bool page_watch_is_alive(const struct page_watch *watch);

/* Whether this kernel lets a process watch itself: opens, writes, takes, closes. */
gcr_status page_watch_probe(struct gcr_error *err) GCR_MUST_USE;

#endif
