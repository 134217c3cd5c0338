/* Prebuilt objects: a mapping of their own, in which they are carved one after the other and never
 * freed or moved, and which a collection walks in address order to scan them as roots.
 *
 * The region knows nothing of layouts. A design with objects of common/layout.h uses the functions
 * at the end; another one carves with gcr_immortals_carve and steps with its own sizes.
 *
 * Invariant: objects tile start .. end; object_bytes and header_bytes are what their owners said
 * when they carved. Cost: carving O(1), a walk O(objects). */
#ifndef GCR_ALLOCATORS_COMMON_IMMORTALS_H
#define GCR_ALLOCATORS_COMMON_IMMORTALS_H

#include "allocators/common/layout.h"
#include "allocators/common/region.h"

struct gcr_immortals {
    struct gcr_region region;
    uint64_t objects, object_bytes, header_bytes;
};

/* Takes no memory yet. frugal: pages are committed one by one (a run with a budget), else 64 KiB at
 * a time. */
void gcr_immortals_init(struct gcr_immortals *immortals, struct gcr_supply *supply, bool frugal);
/* Gives all pages back. */
void gcr_immortals_finish(struct gcr_immortals *immortals);

/* Makes sure that `bytes` can be carved. False, with nothing changed, if the supply refuses. */
bool gcr_immortals_reserve(struct gcr_immortals *immortals, uint64_t bytes) GCR_MUST_USE;

/* Zeroed room for one object of `bytes` (a multiple of 8), counted as one object with that many
 * bytes of its own and of headers; NULL if the supply refuses. */
gcr_ref gcr_immortals_carve(struct gcr_immortals *immortals, uint64_t bytes, uint64_t object_bytes,
                            uint64_t header_bytes);

/* First and end address of the objects; equal (perhaps NULL) if there are none. */
static inline char *gcr_immortals_start(const struct gcr_immortals *immortals)
{
    return immortals->region.start;
}
static inline char *gcr_immortals_end(const struct gcr_immortals *immortals)
{
    return immortals->region.free;
}

/* Whether an address lies among them. */
static inline bool gcr_immortals_has(const struct gcr_immortals *immortals, const void *address)
{
    return (uintptr_t)address - (uintptr_t)immortals->region.start <
           (uintptr_t)(immortals->region.free - immortals->region.start);
}

/* ---- objects of common/layout.h ---- */

/* A new object with `length` items in itself (bodies are the design's business: carve them
 * elsewhere before this, and write the body word after it). `flags` are or-ed into the header. NULL
 * if the supply refuses. */
gcr_ref gcr_immortals_add(struct gcr_immortals *immortals, const struct gcr_layout *layout,
                          uint64_t flags, uint64_t length);

/* The first object, and the one after an object; NULL: no more. */
static inline gcr_ref gcr_immortals_first(const struct gcr_immortals *immortals)
{
    return immortals->objects != 0 ? (gcr_ref)(void *)immortals->region.start : NULL;
}
static inline gcr_ref gcr_immortals_next(const struct gcr_immortals *immortals,
                                         const struct gcr_layouts *layouts, gcr_ref object)
{
    char *next = (char *)object + gcr_layout_object_bytes(gcr_layout_of(layouts, object), object);
    return next < immortals->region.free ? (gcr_ref)(void *)next : NULL;
}

/* Calls `scan` with the slots of each object: as roots, or to check them. */
typedef void gcr_slots_scanner(void *arg, gcr_ref *slots, uint64_t count);
void gcr_immortals_scan(const struct gcr_immortals *immortals, const struct gcr_layouts *layouts,
                        gcr_slots_scanner *scan, void *arg);
/* Visits each object. False if the visitor stopped. */
bool gcr_immortals_walk(const struct gcr_immortals *immortals, const struct gcr_layouts *layouts,
                        gcr_walk_visitor *visit, void *arg);

/* Headers name shapes, objects tile the region, and the counters are their sums. False: err names
 * the first fault. */
bool gcr_immortals_check(const struct gcr_immortals *immortals, const struct gcr_layouts *layouts,
                         struct gcr_error *err);

#endif
