/* The body of a resizable object as a raw block: the slots of all items, then their data; its
 * length is in its owner. For designs whose allocator frees blocks one by one.
 *
 * Source of the rule for reuse: CPython's realloc of small blocks (Objects/obmalloc.c): a block
 * stays if the new size fits and more than three quarters of it remain in use. */
#ifndef GCR_ALLOCATORS_COMMON_RAW_BODY_H
#define GCR_ALLOCATORS_COMMON_RAW_BODY_H

#include <string.h>

#include "traces/shape.h"

/* Whether a body of `bytes` may stay in (or move into) its block of `have_bytes`. */
static inline bool gcr_raw_body_fits(uint64_t have_bytes, uint64_t bytes)
{
    return bytes <= have_bytes && 4 * bytes > 3 * have_bytes;
}

/* Turns a body of `before` items into one of `after`, in one block or from one into another; what
 * is new is zero. item_data: bytes of plain data an item. In place, the data moves before growing
 * slots and after shrinking ones. O(items).
 */
static inline void gcr_raw_body_move(uint32_t item_slots, uint32_t item_data, char *to,
                                     const char *from, uint64_t before, uint64_t after)
{
    uint64_t slot_bytes = (uint64_t)item_slots * GCR_SLOT_BYTES, data_bytes = item_data;
    uint64_t kept = before < after ? before : after;
    if (to != from && kept != 0)
        memcpy(to, from, kept * slot_bytes);
    if (kept != 0)
        memmove(to + after * slot_bytes, from + before * slot_bytes, kept * data_bytes);
    if (after > before) {
        memset(to + before * slot_bytes, 0, (after - before) * slot_bytes);
        memset(to + after * slot_bytes + before * data_bytes, 0, (after - before) * data_bytes);
    }
}

#endif
