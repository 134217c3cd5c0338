/* The handle table: object index -> where the object is now. Handles are weak: they keep nothing
 * alive, and collections bring them up to date (host.c, loop.h).
 *
 * 8 bytes for each index in use. An entry is null before ALLOC and after DEATH, and GCR_HANDLE_LOST
 * if a collection reclaimed an object that the trace had not declared dead. */
#ifndef GCR_SIM_REPLAY_HANDLES_H
#define GCR_SIM_REPLAY_HANDLES_H

#include <stdint.h>

#include "allocators/collector.h"
#include "sim/measure/growable.h"

#define GCR_HANDLE_LOST ((gcr_ref)1)

/* All zero: empty. */
struct gcr_handles {
    gcr_ref *table;
    uint32_t limit; /* highest index ever allocated, plus 1; larger ones were never allocated */
    struct gcr_growable memory;
    /* Minor collections examine only these: indexes allocated since the last collection, and those
     * that were still young after it. */
    uint32_t *young;
    size_t young_count;
    size_t young_kept; /* while an update is under way: how many are still young */
    struct gcr_growable young_memory;
};

/* Neither null nor lost: one comparison. */
static inline bool gcr_handle_is_object(gcr_ref handle)
{
    return (uintptr_t)handle > 1;
}

/* Makes room for `index`. May move the table. False: no memory. Amortised O(1). */
bool gcr_handles_reserve(struct gcr_handles *handles, uint32_t index) GCR_MUST_USE;

/* Makes room for n more young indexes. */
bool gcr_handles_reserve_young(struct gcr_handles *handles, size_t n) GCR_MUST_USE;

void gcr_handles_free(struct gcr_handles *handles);

#endif
