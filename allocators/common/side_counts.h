/* Reference counts beside the objects: a table with one count for each 16 bytes of the addresses
 * that objects have, on the supply's side-table pages.
 *
 * Source: linear side metadata as in MMTk (a table address is the object's, shifted, plus a base),
 * made sparse: each GiB of addresses has a *leaf* of its own, reserved when the first range in it
 * is entered and found through a directory. Finding a count is one load from the directory and
 * arithmetic, without a branch.
 *
 * Pages of a leaf are there while a range that has been entered (an arena, or one large object)
 * needs them; a page that several ranges share stays as long as one of them. Counts of a fresh page
 * are 0; whoever leaves a range that shares pages leaves 0 behind.
 *
 * Invariants (gcr_side_counts_check): committed pages are those with users; addresses of two
 * objects are at least 16 bytes apart. Cost: enter and leave O(pages of the range). */
#ifndef GCR_ALLOCATORS_COMMON_SIDE_COUNTS_H
#define GCR_ALLOCATORS_COMMON_SIDE_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/common/supply.h"
#include "base/status.h"

enum {
    GCR_SIDE_GRANULE_SHIFT = 4, /* one count for 16 bytes */
    GCR_SIDE_LEAF_SHIFT = 30,
    GCR_SIDE_ADDRESS_BITS = 48,
    GCR_SIDE_DIRECTORY_ENTRIES = 1 << (GCR_SIDE_ADDRESS_BITS - GCR_SIDE_LEAF_SHIFT),
    GCR_SIDE_DIRECTORY_PAGES =
        GCR_SIDE_DIRECTORY_ENTRIES * (int)sizeof(uintptr_t) / (int)GCR_PAGE_BYTES
};

struct gcr_side_counts {
    /* By GiB: what to add to the shifted address; entries of pages that are not there are never
     * looked at, those of leaves that are not there are 0. NULL: no table. */
    uintptr_t *directory;
    struct gcr_supply *supply;
    uint64_t directory_ready[GCR_SIDE_DIRECTORY_PAGES / 64]; /* bit set: page committed */
    uint64_t committed_bytes;                                /* directory and leaves */
};

/* Reserves the directory. False: no address space. */
bool gcr_side_counts_init(struct gcr_side_counts *counts, struct gcr_supply *supply) GCR_MUST_USE;
/* Gives everything back, whatever is entered. Also after an init that failed, or none on zeroes. */
void gcr_side_counts_finish(struct gcr_side_counts *counts);

/* Makes room for the counts of all addresses in [start, start + bytes), bytes > 0. False: the
 * supply refused, nothing has changed. */
bool gcr_side_counts_enter(struct gcr_side_counts *counts, const void *start,
                           size_t bytes) GCR_MUST_USE;
/* Takes back an enter of the same range. */
void gcr_side_counts_leave(struct gcr_side_counts *counts, const void *start, size_t bytes);

/* Where the count of an address in an entered range is. */
static inline uint64_t *gcr_side_count(const struct gcr_side_counts *counts, const void *object)
{
    uintptr_t address = (uintptr_t)object;
    return (uint64_t *)(counts->directory[address >> GCR_SIDE_LEAF_SHIFT] +
                        (address >> GCR_SIDE_GRANULE_SHIFT) * sizeof(uint64_t));
}

/* Bookkeeping against the supply's; *set gets the number of counts that are not 0. False: err names
 * the first fault. O(committed pages). */
bool gcr_side_counts_check(const struct gcr_side_counts *counts, uint64_t *set,
                           struct gcr_error *err);

#endif
