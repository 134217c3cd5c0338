/* Reachability over a window of events: when did each object become unreachable?
 *
 * Merlin (Hertz, Blackburn, Moss, McKinley, Stefanovic: "Generating Object Lifetime Traces with
 * Merlin", TOPLAS 2006) finds death times by giving each object the time at which it last lost a
 * reference and passing later times on along references, at long intervals. It relies on the trace
 * being valid: an unreachable object that is wrongly used again looks reachable at the next
 * interval. As the oracle must also refute traces, edges here carry both ends of their life, and
 * the analysis computes for each node its *cover*: the last state of the unbroken run of states,
 * from its birth or the window's start, in which a path from a root existed. That is exact up to
 * the first invalid event, whatever happens after it, and so finds that event. */
#ifndef GCR_SIM_ORACLE_REACH_H
#define GCR_SIM_ORACLE_REACH_H

#include <stdbool.h>

#include "sim/oracle/shadow.h"

/* Work memory, kept from one analysis to the next, and what the last one found. Zero it first. */
struct gcr_reach {
    struct gcr_shadow_list fallen; /* not garbage before, and unreachable now; in ascending order */
    struct gcr_shadow_list weak;   /* reachable, and with a weak target */
    uint32_t flags;                /* of all nodes reachable now, together */

    struct gcr_shadow_list stack;
    struct gcr_reach_edge *edges, *sorted;
    size_t edge_count, edge_room, sorted_room;
    uint32_t *rank; /* by node: place among the fallen */
    uint32_t *cover, *in_start, *in_next, *out_start, *out_edge; /* by rank; edges by place */
    size_t rank_room, node_room, out_room;
};

void gcr_reach_finish(struct gcr_reach *reach);

/* Sets the cover of every node that is not garbage of an earlier window (those keep 0 unless they
 * are reachable again); once a window. `trusted`: the trace is taken to be valid, so that a node
 * that is reachable at the end has been so all the time, and whoever lost a reference until then:
 * this spares most of the work, and in a trace that is not valid it may give a cover that is too
 * large, never one too small. False: no memory. O(nodes + edges + window), plus, if it is not
 * trusted, the chains of changes among nodes that died or were born in it. */
bool gcr_reach_cover(struct gcr_reach *reach, struct gcr_shadow *shadow, bool trusted);

/* After an analysis: reachable weak references to what is not reachable become null. O(weak
 * references). */
void gcr_reach_cut_weak(struct gcr_reach *reach, struct gcr_shadow *shadow);

/* Visits, in addition, all that can be reached from `count` given nodes, setting `flag` on each
 * node that does not have it yet. Nodes with cover ALWAYS are not entered. False: no memory. */
bool gcr_reach_flag(struct gcr_reach *reach, struct gcr_shadow *shadow, const uint32_t *from,
                    size_t count, uint32_t flag);

#endif
