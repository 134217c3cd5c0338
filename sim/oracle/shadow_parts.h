/* What the files of the shadow graph share. */
#ifndef GCR_SIM_ORACLE_SHADOW_PARTS_H
#define GCR_SIM_ORACLE_SHADOW_PARTS_H

#include "sim/oracle/shadow.h"

enum { GCR_SHADOW_FIRST_STATE = 1 };

/* Doubles *room until it exceeds `index`; new elements are zero. False: no memory, or beyond 32
 * bits. */
bool gcr_shadow_grow(void **array, uint32_t *room, uint64_t index, size_t size);

#define GCR_SHADOW_RESERVE(array, room, index)                                                     \
    ((index) < (room) || gcr_shadow_grow((void **)&(array), &(room), (index), sizeof *(array)))

/* Room for the node of that number. */
bool gcr_shadow_reserve_node(struct gcr_shadow *shadow, uint32_t node);

/* The live heap changes in that state. False: no memory. */
static inline bool gcr_shadow_count(struct gcr_shadow *s, uint32_t state, int64_t objects,
                                    int64_t bytes)
{
    if (!GCR_SHADOW_RESERVE(s->deltas, s->delta_room, state))
        return false;
    s->deltas[state].objects += objects;
    s->deltas[state].bytes += bytes;
    return true;
}

/* A new node under the index; the index's former owner, dead, loses the name. GCR_SHADOW_NULL: no
 * memory. */
uint32_t gcr_shadow_add_node(struct gcr_shadow *shadow, uint32_t index, uint32_t shape,
                             uint32_t length);

#endif
