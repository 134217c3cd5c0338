/* Which objects of a growing and changing graph can be reached from its roots, at every moment.
 *
 * For importers of traces that say what was stored where, but not what was still alive. Every
 * reachable object knows one supporter: a root, or a slot of another reachable object, so that the
 * supporters form a forest with the roots at its base (as in Even and Shiloach, "An on-line
 * edge-deletion problem", JACM 28(1), 1981, without their levels). When a supporter goes, all that
 * stood on it is a suspect; suspects with another way from outside are rescued, and what
 * remains is unreachable. An unreachable object keeps its slots and may be reached again.
 *
 * Memory: 24 bytes an object, about 60 a slot that was ever set. Adding costs O(1), taking away
 * O(1) mostly, at worst O(objects, and references to them, that stood on what was taken). */
#ifndef GCR_TRACES_IMPORT_LIVE_GRAPH_H
#define GCR_TRACES_IMPORT_LIVE_GRAPH_H

#include <stdbool.h>

#include "base/number_map.h"

struct live_node {
    uint32_t roots;     /* that hold it */
    uint32_t in, out;   /* heads of the lists of edges to it and from it; 0: none */
    uint32_t supporter; /* an edge, LIVE_ROOT, or 0: unreachable */
};

struct live_edge {
    uint32_t source, target; /* target 0: the slot is null */
    uint32_t next_in, previous_in;
    uint32_t next_out;
};

/* All zero: empty. */
struct live_graph {
    struct live_node *nodes; /* [0] unused */
    uint32_t node_count, node_room;
    struct live_edge *edges; /* [0] unused */
    uint32_t edge_count, edge_room;
    struct gcr_number_map by_slot; /* object << 32 | slot -> edge */
    uint32_t *queue, *suspects;    /* as long as node_room */
    bool out_of_memory; /* sticks; what is said of reachability means nothing from then on */
};

void live_graph_finish(struct live_graph *graph);

/* The next object, 1, 2, 3 ...: unreachable, all slots null. 0: no memory. */
uint32_t live_graph_add(struct live_graph *graph);
/* One more root holds the object; one less (there must be one). */
void live_graph_root(struct live_graph *graph, uint32_t object);
void live_graph_unroot(struct live_graph *graph, uint32_t object);
/* value 0: null. */
void live_graph_store(struct live_graph *graph, uint32_t object, uint32_t slot, uint32_t value);
/* 0: null. */
uint32_t live_graph_slot(const struct live_graph *graph, uint32_t object, uint32_t slot);

static inline bool live_graph_reaches(const struct live_graph *graph, uint32_t object)
{
    return graph->nodes[object].supporter != 0;
}

#endif
