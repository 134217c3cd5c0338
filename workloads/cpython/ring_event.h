/* An event as it lies in a lane ring: 16 bytes, one store.
 *
 * The recorded process writes every event and the recorder reads it once, so what matters is how
 * many cache lines both touch. The recorder writes no COPY; of all other events only ALLOC and
 * GCCONTROL have more than three operands, and each of them has one below 2^16. */
#ifndef GCR_WORKLOADS_CPYTHON_RING_EVENT_H
#define GCR_WORKLOADS_CPYTHON_RING_EVENT_H

#include <stdint.h>

#include "traces/event.h"

struct ring_event {
    _Alignas(16) uint8_t op; /* enum gcr_op */
    uint8_t flags;           /* of the event, and enum ring_event_flag */
    uint16_t low;            /* ALLOC: shape; GCCONTROL: enabled; else 0 */
    uint32_t word[3];        /* ALLOC: object, root, length; GCCONTROL: thresholds; else a, b, c */
};
_Static_assert(sizeof(struct ring_event) == 16, "events in rings are fixed width");

enum ring_event_flag {
    RING_EVENT_PENDING = 1u << 7, /* an ALLOC that is not settled yet */
    RING_EVENT_UNROOTS = 1u << 6  /* DEATH: word[1] is a root slot that is cleared just before it */
};

static inline struct ring_event ring_event_make(unsigned op, unsigned flags, unsigned low,
                                                uint32_t x, uint32_t y, uint32_t z)
{
    return (struct ring_event){
        .op = (uint8_t)op, .flags = (uint8_t)flags, .low = (uint16_t)low, .word = {x, y, z}};
}

static inline struct ring_event ring_event_pack(struct gcr_event event)
{
    if (event.op == GCR_OP_ALLOC)
        return ring_event_make(event.op, event.flags, event.b, event.a, event.c, event.d);
    if (event.op == GCR_OP_GCCONTROL)
        return ring_event_make(event.op, event.flags, event.a, event.b, event.c, event.d);
    return ring_event_make(event.op, event.flags, 0, event.a, event.b, event.c);
}

/* What comes before it if RING_EVENT_UNROOTS is set is the reader's affair. */
static inline struct gcr_event ring_event_unpack(struct ring_event event)
{
    const uint32_t *w = event.word;
    const uint8_t flags = event.flags & (uint8_t) ~(RING_EVENT_PENDING | RING_EVENT_UNROOTS);
    const struct gcr_event plain = {.op = event.op, .flags = flags};
    struct gcr_event out = plain;
    if (event.op == GCR_OP_ALLOC) {
        out.a = w[0], out.b = event.low, out.c = w[1], out.d = w[2];
    } else if (event.op == GCR_OP_GCCONTROL) {
        out.a = event.low, out.b = w[0], out.c = w[1], out.d = w[2];
    } else {
        out.a = w[0], out.c = w[2];
        out.b = (event.flags & RING_EVENT_UNROOTS) != 0 ? 0 : w[1];
    }
    return out;
}

#endif
