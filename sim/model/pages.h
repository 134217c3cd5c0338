/* Copy-on-write by the model: which pages of the heap a process has written since it last forked or
 * was forked, and why.
 *
 * A page is *resident* from its first store after a commit until its release. At a fork every
 * resident page becomes *shared*; the first store to a shared page makes a copy of it, in the
 * process that stores. Stores to pages that were not resident then cost memory, but copy nothing:
 * they are *fresh*. Pages are those of the supply's region; 4 KiB each. */
#ifndef GCR_SIM_MODEL_PAGES_H
#define GCR_SIM_MODEL_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/common/access.h"
#include "allocators/common/supply.h"
#include "base/status.h"

/* Since the last fork (or birth), as of now. */
struct gcr_page_counts {
    uint64_t shared;         /* resident at the fork and not released since, copied or not */
    uint64_t copied;         /* of these: written since. What the fork costs this process now */
    uint64_t dropped;        /* shared pages given back to the system since */
    uint64_t dropped_copied; /* of these: copied before; copied + dropped_copied copies were made */
    uint64_t fresh;          /* resident now, not so at the fork or released in between */
    /* copied, split by the cause of the first store; and pages that have each cause among all their
     * stores (these add up to more). */
    uint64_t first_cause[GCR_CAUSE_COUNT_OF], any_cause[GCR_CAUSE_COUNT_OF];
};

/* Used by the model. */
gcr_status gcr_pages_open(struct gcr_error *err) GCR_MUST_USE;
void gcr_pages_close(void);
bool gcr_pages_are_open(void);
/* A store that may be the first to its page with this cause: called for those that the store filter
 * (store_filter.h) does not know. Addresses outside the supply's region are ignored. O(1). */
void gcr_pages_note(uintptr_t address, enum gcr_write_cause cause);
/* The cause that a page's kind implies (side tables, buffers), or `otherwise`. */
enum gcr_write_cause gcr_pages_cause(uintptr_t address, enum gcr_write_cause otherwise);

/* For gcr_supply_observe, with one supply at a time. Pages made resident by request count as stored
 * to; pages released are as if they had never been. Does nothing while the tracker is closed. */
extern struct gcr_supply_observer gcr_pages_observer;

/* The process has forked, or has just been forked: a new epoch begins. O(pages). */
void gcr_pages_fork(void);
/* O(1). */
void gcr_pages_count(struct gcr_page_counts *out);
/* Calls visit for each page that a fork has left shared and that has been written since, in
 * ascending order. O(pages of the heap). */
void gcr_pages_visit_copied(void (*visit)(void *arg, uintptr_t page), void *arg);
/* The same for all pages that were shared at the fork and have not been released. */
void gcr_pages_visit_shared(void (*visit)(void *arg, uintptr_t page), void *arg);

#endif
