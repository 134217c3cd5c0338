/* What the files of the scanner share. */
#ifndef GCR_WORKLOADS_CPYTHON_SCAN_PARTS_H
#define GCR_WORKLOADS_CPYTHON_SCAN_PARTS_H

#include "workloads/cpython/scan.h"

/* ---- scan_compare.c ---- */

/* For tuples, lists and dicts: matches references with edges by slot. Both are in slot order.
 * O(both). */
void scan_compare_positions(struct scanner *scanner, uint32_t object);
/* For all others: matches references with edges by target, whatever their order; gives the new ones
 * slots, and *length grows with them where there are none left. O(both and the object's words). */
void scan_compare_sets(struct scanner *scanner, const struct type_info *info, uint32_t object,
                       uint32_t *length);

#endif
