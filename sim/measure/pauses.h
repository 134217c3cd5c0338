/* The list of a lane's pauses: every one, in order, exact. */
#ifndef GCR_SIM_MEASURE_PAUSES_H
#define GCR_SIM_MEASURE_PAUSES_H

#include "sim/measure/growable.h"
#include "sim/measure/result.h"

/* All zero: empty. */
struct gcr_pauses {
    struct gcr_growable memory;
    size_t count;
    uint64_t total_ns;
    uint64_t lost; /* pauses that found no memory in the list; total_ns has them */
    bool open;     /* between begin and end */
    uint64_t open_start_ns, open_event, open_before_bytes;
};

/* A collection begins at replay time start_ns, caused by event number `event`. */
void gcr_pauses_begin(struct gcr_pauses *pauses, uint64_t start_ns, uint64_t event,
                      uint64_t footprint_bytes);

/* It ends at replay time end_ns. Amortised O(1). */
void gcr_pauses_end(struct gcr_pauses *pauses, uint64_t end_ns, uint64_t footprint_bytes,
                    const struct gcr_collection *done);

/* The digest of what the last collection freed. */
void gcr_pauses_set_freed(struct gcr_pauses *pauses, uint64_t freed_set);

const struct gcr_pause *gcr_pauses_list(const struct gcr_pauses *pauses);

/* Forgets all pauses (a forked lane starts its own list). */
void gcr_pauses_reset(struct gcr_pauses *pauses);
void gcr_pauses_free(struct gcr_pauses *pauses);

/* Counts pauses by generation and by reason into *out, and sums their length. O(n). */
void gcr_pauses_summarise(const struct gcr_pauses *pauses, struct gcr_lane_result *out);

#endif
