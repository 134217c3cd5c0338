/* Reachability kept up to date; see live_graph.h. */
#include "traces/import/live_graph.h"

#include <stdlib.h>

#include "base/check.h"

#define LIVE_ROOT UINT32_MAX
enum { LIVE_FEW_STEPS = 256 };

void live_graph_finish(struct live_graph *graph)
{
    free(graph->nodes);
    free(graph->edges);
    free(graph->queue);
    free(graph->suspects);
    gcr_number_map_finish(&graph->by_slot);
    *graph = (struct live_graph){.nodes = NULL};
}

/* ---- memory ---- */

static bool live_resize(uint32_t **array, size_t room)
{
    uint32_t *grown = realloc(*array, room * sizeof **array);
    if (grown != NULL)
        *array = grown;
    return grown != NULL;
}

static bool live_reserve_node(struct live_graph *graph)
{
    if (graph->node_count + 1 < graph->node_room)
        return true;
    size_t room = graph->node_room == 0 ? 1024 : (size_t)graph->node_room * 2;
    if (room > UINT32_MAX)
        return false;
    struct live_node *nodes = realloc(graph->nodes, room * sizeof *nodes);
    if (nodes == NULL)
        return false;
    graph->nodes = nodes;
    graph->node_room = (uint32_t)room;
    return live_resize(&graph->queue, room) && live_resize(&graph->suspects, room);
}

uint32_t live_graph_add(struct live_graph *graph)
{
    if (!live_reserve_node(graph)) {
        graph->out_of_memory = true;
        return 0;
    }
    graph->nodes[++graph->node_count] = (struct live_node){.roots = 0};
    return graph->node_count;
}

/* A null edge for the slot. 0: no memory. */
static uint32_t live_new_edge(struct live_graph *graph, uint64_t key)
{
    if (graph->edge_count + 1 >= graph->edge_room) {
        size_t room = graph->edge_room == 0 ? 1024 : (size_t)graph->edge_room * 2;
        struct live_edge *edges =
            room < UINT32_MAX ? realloc(graph->edges, room * sizeof *edges) : NULL;
        if (edges == NULL)
            return 0;
        graph->edges = edges;
        graph->edge_room = (uint32_t)room;
    }
    uint32_t edge = graph->edge_count + 1, source = (uint32_t)(key >> 32);
    if (!gcr_number_map_put(&graph->by_slot, key, edge))
        return 0;
    graph->edge_count = edge;
    graph->edges[edge] = (struct live_edge){.source = source, .next_out = graph->nodes[source].out};
    graph->nodes[source].out = edge;
    return edge;
}

/* ---- edges to an object ---- */

static void live_link(struct live_graph *graph, uint32_t edge, uint32_t target)
{
    struct live_edge *e = &graph->edges[edge];
    e->target = target;
    e->previous_in = 0;
    e->next_in = graph->nodes[target].in;
    if (e->next_in != 0)
        graph->edges[e->next_in].previous_in = edge;
    graph->nodes[target].in = edge;
}

static void live_unlink(struct live_graph *graph, uint32_t edge)
{
    struct live_edge *e = &graph->edges[edge];
    if (e->previous_in != 0)
        graph->edges[e->previous_in].next_in = e->next_in;
    else
        graph->nodes[e->target].in = e->next_in;
    if (e->next_in != 0)
        graph->edges[e->next_in].previous_in = e->previous_in;
    e->target = 0;
}

/* ---- becoming reachable ---- */

/* All that queue[0 .. count) leads to and that stands on nothing stands on it now. Breadth first:
 * so the forest stays low, and little stands on a supporter that is lost later. */
static void live_spread(struct live_graph *graph, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t e = graph->nodes[graph->queue[i]].out; e != 0; e = graph->edges[e].next_out) {
            uint32_t y = graph->edges[e].target;
            if (y == 0 || graph->nodes[y].supporter != 0)
                continue;
            graph->nodes[y].supporter = e;
            graph->queue[count++] = y; /* once an object: it has a supporter now */
        }
    }
}

static void live_support(struct live_graph *graph, uint32_t object, uint32_t supporter)
{
    graph->nodes[object].supporter = supporter;
    graph->queue[0] = object;
    live_spread(graph, 1);
}

/* ---- losing a supporter ---- */

/* Whether a reachable object stands on something other than `object`, as a few steps can tell. */
static bool live_stands_apart(const struct live_graph *graph, uint32_t from, uint32_t object)
{
    for (int step = 0; step < LIVE_FEW_STEPS && from != object; step++) {
        uint32_t supporter = graph->nodes[from].supporter;
        if (supporter == LIVE_ROOT)
            return true;
        if (supporter == 0)
            return false;
        from = graph->edges[supporter].source;
    }
    return false;
}

/* An edge to the object from one that does not stand on it; tries the first few. */
static uint32_t live_other_edge(const struct live_graph *graph, uint32_t object)
{
    uint32_t e = graph->nodes[object].in;
    for (int tries = 0; e != 0 && tries < 8; tries++, e = graph->edges[e].next_in)
        if (graph->edges[e].source != object &&
            live_stands_apart(graph, graph->edges[e].source, object))
            return e;
    return 0;
}

/* Gathers what stands on the object, itself first; all of it is without a supporter then. What a
 * root holds stands on that. Returns how many. */
static uint32_t live_gather(struct live_graph *graph, uint32_t object)
{
    uint32_t count = 0;
    graph->nodes[object].supporter = 0;
    graph->suspects[count++] = object;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t x = graph->suspects[i];
        for (uint32_t e = graph->nodes[x].out; e != 0; e = graph->edges[e].next_out) {
            uint32_t y = graph->edges[e].target;
            if (y == 0 || graph->nodes[y].supporter != e)
                continue;
            graph->nodes[y].supporter = graph->nodes[y].roots > 0 ? LIVE_ROOT : 0;
            if (graph->nodes[y].supporter == 0)
                graph->suspects[count++] = y;
        }
    }
    return count;
}

static void live_lose(struct live_graph *graph, uint32_t object)
{
    struct live_node *node = &graph->nodes[object];
    node->supporter = node->roots > 0 ? LIVE_ROOT : 0;
    if (node->supporter == 0)
        node->supporter = live_other_edge(graph, object);
    if (node->supporter != 0)
        return;
    uint32_t suspects = live_gather(graph, object), rescued = 0;
    for (uint32_t i = 0; i < suspects; i++) {
        uint32_t x = graph->suspects[i], e = graph->nodes[x].in;
        while (e != 0 && graph->nodes[graph->edges[e].source].supporter == 0)
            e = graph->edges[e].next_in;
        if (e == 0)
            continue;
        live_unlink(graph, e); /* to the front: found at once next time */
        live_link(graph, e, x);
        graph->nodes[x].supporter = e;
        graph->queue[rescued++] = x;
    }
    live_spread(graph, rescued);
}

/* ---- changes ---- */

void live_graph_root(struct live_graph *graph, uint32_t object)
{
    struct live_node *node = &graph->nodes[object];
    node->roots++;
    if (node->supporter == 0)
        live_support(graph, object, LIVE_ROOT);
    else
        node->supporter = LIVE_ROOT; /* the least likely to take much with it when it goes */
}

void live_graph_unroot(struct live_graph *graph, uint32_t object)
{
    struct live_node *node = &graph->nodes[object];
    GCR_CHECK(1, node->roots > 0);
    if (--node->roots == 0)
        live_lose(graph, object);
}

void live_graph_store(struct live_graph *graph, uint32_t object, uint32_t slot, uint32_t value)
{
    uint64_t key = (uint64_t)object << 32 | slot;
    uint32_t edge = gcr_number_map_find(&graph->by_slot, key);
    if (edge == 0 && value == 0)
        return;
    if (edge == 0)
        edge = live_new_edge(graph, key);
    if (edge == 0) {
        graph->out_of_memory = true;
        return;
    }
    uint32_t old = graph->edges[edge].target;
    if (old == value)
        return;
    if (old != 0)
        live_unlink(graph, edge);
    if (value != 0) {
        live_link(graph, edge, value);
        if (graph->nodes[object].supporter != 0 && graph->nodes[value].supporter == 0)
            live_support(graph, value, edge);
    }
    if (old != 0 && graph->nodes[old].supporter == edge)
        live_lose(graph, old);
}

uint32_t live_graph_slot(const struct live_graph *graph, uint32_t object, uint32_t slot)
{
    uint32_t edge = gcr_number_map_find(&graph->by_slot, (uint64_t)object << 32 | slot);
    return edge != 0 ? graph->edges[edge].target : 0;
}
