/* Live objects and bytes by the trace's own DEATH events: exact where deaths are exact.
 *
 * Runs over each batch after it has been carried out, off the clock. 4 bytes for each index in use:
 * the size, or for resizable and for huge objects the number of an entry in a side table. */
#ifndef GCR_SIM_REPLAY_LIVE_H
#define GCR_SIM_REPLAY_LIVE_H

#include <stdint.h>

#include "sim/measure/growable.h"
#include "traces/event.h"
#include "traces/shape.h"

struct gcr_live_entry {
    uint64_t bytes;
    uint32_t shape;
    uint32_t next_free;
};

/* Zero but for `shapes`: nothing lives. */
struct gcr_live {
    const struct gcr_shape *shapes;
    struct gcr_growable memory;      /* uint32_t by index */
    struct gcr_growable side_memory; /* struct gcr_live_entry; 0 is unused */
    uint32_t side_end, side_free;
    uint64_t objects, bytes, peak_bytes;
};

/* Makes room for objects with indexes below `limit`. False: no memory. Amortised O(1). */
bool gcr_live_reserve(struct gcr_live *live, uint32_t limit) GCR_MUST_USE;

/* Takes note of events[0..n), for whose objects there is room, and adds the number of deaths among
 * them to *deaths. False: no memory. O(n). */
bool gcr_live_account(struct gcr_live *live, const struct gcr_event *events, size_t n,
                      uint64_t *deaths) GCR_MUST_USE;

void gcr_live_free(struct gcr_live *live);

#endif
