/* Decodes and checks one block. Internal to traces/. */
#ifndef GCR_TRACES_BLOCK_DECODE_H
#define GCR_TRACES_BLOCK_DECODE_H

#include "base/status.h"
#include "traces/event.h"
#include "traces/section.h"

/* What operands may name. */
struct gct_limits {
    const struct gcr_shape *shapes; /* [0 .. shape_count]; [0] is all zero */
    uint32_t shape_count;
    uint32_t name_count;
};

/* Known operation, allowed flags, operands within bounds, zero where unused: what can be said of an
 * event alone. GCR_INVALID_TRACE says what is wrong, without naming a place. O(1). */
gcr_status gct_check_event(const struct gcr_event *event, const struct gct_limits *limits,
                           struct gcr_error *err) GCR_MUST_USE;

/* True only of stores, roots and deaths that gct_check_event accepts whatever the limits: a short
 * way past it for the operations that make up most of a trace. */
static inline bool gct_event_is_plain(const struct gcr_event *event)
{
    if (event->flags != 0 || event->unused != 0 || event->d != 0 || event->e != 0)
        return false;
    switch (event->op) {
    case GCR_OP_STORE:
        return event->a - 1 < GCR_MAX_OBJECT && event->c <= GCR_MAX_OBJECT;
    case GCR_OP_ROOT:
        return gcr_root_slot(event->a) <= GCR_MAX_ROOT_SLOT && event->b <= GCR_MAX_OBJECT &&
               event->c == 0;
    case GCR_OP_DEATH:
        return event->a - 1 < GCR_MAX_OBJECT && event->b == 0 && event->c == 0;
    default:
        return false;
    }
}

struct gct_block_decoder; /* buffers for one block of the largest size */
gcr_status gct_block_decoder_create(struct gct_block_decoder **out,
                                    struct gcr_error *err) GCR_MUST_USE;
void gct_block_decoder_destroy(struct gct_block_decoder *decoder);

/* Where to put the stored content of a block (gcr_block_bound(GCR_BLOCK_EVENTS) bytes), header
 * first. */
uint8_t *gct_block_decoder_input(struct gct_block_decoder *decoder);

/* Decodes the content that lies in the input buffer behind its header to events[0 ..
 * section->events). The same checks as gct_check_event. GCR_BAD_INPUT: the events are not to be
 * used. Allocates nothing. */
gcr_status gct_block_decode(struct gct_block_decoder *decoder, const struct gct_section *section,
                            const struct gct_limits *limits, struct gcr_event *events,
                            struct gcr_error *err) GCR_MUST_USE;

#endif
