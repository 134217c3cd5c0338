/* A bump region: one large reservation, carved from the bottom, committed in steps as it fills, and
 * never given back before the end. Objects in it never move. For immortal objects, and for a heap
 * that does not collect.
 *
 * Invariant: start <= free <= top <= start + reserved_bytes; pages below top are committed, bytes
 * from free to top are zero. */
#ifndef GCR_ALLOCATORS_COMMON_REGION_H
#define GCR_ALLOCATORS_COMMON_REGION_H

#include "allocators/common/supply.h"
#include "base/check.h"

struct gcr_region {
    char *free, *top;
    char *start; /* NULL: nothing reserved yet */
    struct gcr_supply *supply;
    size_t want_bytes, step_bytes, reserved_bytes;
};

/* Takes no memory yet. want_bytes: address space to ask for first (halved until the system grants
 * it); step_bytes: what is committed at a time, whole pages. */
static inline void gcr_region_init(struct gcr_region *region, struct gcr_supply *supply,
                                   size_t want_bytes, size_t step_bytes)
{
    *region =
        (struct gcr_region){.supply = supply, .want_bytes = want_bytes, .step_bytes = step_bytes};
}

void gcr_region_finish(struct gcr_region *region);

/* Commits so that `bytes` more can be carved: a whole step if the supply grants it, else what is
 * needed. False, with nothing changed, if it refuses or the reservation is full. */
bool gcr_region_grow(struct gcr_region *region, uint64_t bytes) GCR_MUST_USE;

/* Zeroed memory, or NULL. bytes: a multiple of 8. */
static inline void *gcr_region_alloc(struct gcr_region *region, uint64_t bytes)
{
    if (GCR_UNLIKELY(bytes > (uint64_t)(region->top - region->free)) &&
        !gcr_region_grow(region, bytes))
        return NULL;
    void *start = region->free;
    region->free += bytes;
    return start;
}

#endif
