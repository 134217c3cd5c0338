/* What the files of the analysis share: reach.c (closure, and covers of a trusted trace) and
 * reach_exact.c (covers of a trace that is to be proved). */
#ifndef GCR_SIM_ORACLE_REACH_PARTS_H
#define GCR_SIM_ORACLE_REACH_PARTS_H

#include "sim/oracle/reach.h"

/* An edge to a fallen node. In the closure's notes by node; in the fixed point by rank: from 0 for
 * a root or a node that is always covered, else rank + 1, and target a rank. */
struct gcr_reach_edge {
    uint32_t from, target;
    uint32_t since, last; /* states, both included */
};

/* Grows an array, doubling, to `wanted` elements; false: no memory. */
bool gcr_reach_room(void *array, size_t *room, size_t wanted, size_t size);

static inline bool gcr_reach_add_edge(struct gcr_reach *r, struct gcr_reach_edge edge)
{
    if (r->edge_count == r->edge_room &&
        !gcr_reach_room(&r->edges, &r->edge_room, r->edge_count + 1, sizeof *r->edges))
        return false;
    r->edges[r->edge_count++] = edge;
    return true;
}

/* Step 2 of a trace that is not trusted; r->edges are those that the closure has set aside. False:
 * no memory. */
bool gcr_reach_exact(struct gcr_reach *r, struct gcr_shadow *s);

#endif
