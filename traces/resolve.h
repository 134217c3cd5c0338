/* From the columns of a block to its events: predictions undone, events put together and checked,
 * in one walk. Internal to traces/. */
#ifndef GCR_TRACES_RESOLVE_H
#define GCR_TRACES_RESOLVE_H

#include <stdbool.h>

#include "traces/block_decode.h"
#include "traces/predict.h"

enum { RESOLVE_OP_BITS = 5, RESOLVE_OPS = 1 << RESOLVE_OP_BITS };
_Static_assert((unsigned)GCR_OP_COUNT <= (unsigned)RESOLVE_OPS,
               "an operation must fit in five bits");

/* Operand j of all the block's events of one operation. */
struct resolve_column {
    const uint32_t *values; /* final, or differences to the predictor's register */
    uint32_t predictor;
};

struct resolve_input {
    const uint8_t *codes; /* operation and flags of each event: known ones, allowed flags */
    uint32_t events;
    uint32_t predictors; /* a bit for each that some column names */
    struct resolve_column column[RESOLVE_OPS][GCR_OP_MAX_OPERANDS];
};

/* Writes the block's events, as many as there are codes. False: some event breaks a rule of
 * gct_check_event. O(events). */
bool resolve_events(const struct resolve_input *input, const struct gct_limits *limits,
                    struct predict_state *state, struct gcr_event *events);

#endif
