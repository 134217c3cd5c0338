/* What a batch of events needs, found in one pass without a branch on what each event is: which
 * operations it has, its highest object index, and how many root slots it names. */
#ifndef GCR_SIM_REPLAY_SURVEY_H
#define GCR_SIM_REPLAY_SURVEY_H

#include <stddef.h>
#include <stdint.h>

#include "traces/event.h"

/* Where the operands of an operation lie in the event, in bytes. One without objects or roots has a
 * mask of 0; one with a single object names it twice. */
struct gcr_survey_row {
    uint8_t first, second, root;
    uint32_t object_mask, root_mask;
    uint32_t bit; /* gcr_op_bit */
};

/* By enum gcr_op. */
struct gcr_survey_table {
    struct gcr_survey_row row[GCR_OP_COUNT];
};

struct gcr_survey {
    uint32_t ops;          /* a bit for each operation: 1 << enum gcr_op */
    uint32_t highest;      /* object index, given or used; 0: none but null */
    uint32_t thread_slots; /* highest root slot of a thread, plus 1; 0: none */
    uint32_t global_slots;
};
_Static_assert(GCR_OP_COUNT <= 32, "operations are bits of a word");

static inline uint32_t gcr_op_bit(enum gcr_op op)
{
    return UINT32_C(1) << op;
}

/* Follows from gcr_op_table. */
void gcr_survey_init(struct gcr_survey_table *table);

/* O(n). */
struct gcr_survey gcr_survey_events(const struct gcr_survey_table *table,
                                    const struct gcr_event *events, size_t n);

/* The highest index that an ALLOC or a PREBUILT gives, 0 if there is none. O(n). */
uint32_t gcr_survey_highest_new(const struct gcr_event *events, size_t n);

#endif
