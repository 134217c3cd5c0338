/* Edges of the shadow graph, with the state in which they appeared, and the log of edges that
 * disappeared.
 *
 * Invariants: an edge's target is a used node; `since` <= now; every edge that disappears after the
 * window's start is logged unless it appeared in the same event; the log's `until` never falls.
 *
 * All functions return false without memory. */
#ifndef GCR_SIM_ORACLE_SHADOW_EDGES_H
#define GCR_SIM_ORACLE_SHADOW_EDGES_H

#include "sim/oracle/shadow_parts.h"
#include "sim/oracle/shadow_slots.h"

/* Room for another entry of the log; false: no memory. */
bool gcr_shadow_grow_log(struct gcr_shadow *shadow);

static inline bool gcr_shadow_log_drop(struct gcr_shadow *s, uint32_t from,
                                       const struct gcr_shadow_edge *edge)
{
    if (edge->since == s->now)
        return true; /* appeared in this very event: no state had it */
    if (s->drop_count == s->drop_room && !gcr_shadow_grow_log(s))
        return false;
    s->drops[s->drop_count++] = (struct gcr_shadow_drop){from, edge->target, edge->since, s->now};
    return true;
}

static inline bool gcr_shadow_set_edge(struct gcr_shadow *s, uint32_t from,
                                       struct gcr_shadow_edge *edge, uint32_t target)
{
    if (edge->target == target)
        return true;
    if (edge->target != GCR_SHADOW_NULL && !gcr_shadow_log_drop(s, from, edge))
        return false;
    edge->target = target;
    edge->since = s->now;
    return true;
}

static inline bool gcr_shadow_set_slot(struct gcr_shadow *s, uint32_t node, uint32_t slot,
                                       uint32_t target)
{
    struct gcr_shadow_node *n = &s->nodes[node];
    struct gcr_shadow_edge *edge;

    if (!(n->flags & GCR_NODE_CHANGED) && !gcr_shadow_list_add(&s->changed, node))
        return false;
    n->flags |= GCR_NODE_CHANGED;
    if (target == GCR_SHADOW_NULL && gcr_shadow_slot_find(n, slot) == NULL)
        return true; /* null as it is */
    edge = gcr_shadow_make_slot(n, slot);
    return edge != NULL && gcr_shadow_set_edge(s, node, edge, target);
}

static inline bool gcr_shadow_set_root_slot(struct gcr_shadow *s, struct gcr_shadow_roots *roots,
                                            uint32_t slot, uint32_t target)
{
    struct gcr_shadow_edge *edge;

    if (target == GCR_SHADOW_NULL && gcr_shadow_roots_find(roots, slot) == NULL)
        return true; /* null as it is */
    edge = slot < roots->end ? gcr_shadow_roots_find(roots, slot) : NULL;
    if (edge == NULL)
        edge = gcr_shadow_roots_make(roots, slot);
    return edge != NULL && gcr_shadow_set_edge(s, GCR_SHADOW_NULL, edge, target);
}

static inline bool gcr_shadow_set_root(struct gcr_shadow *s, uint32_t root, uint32_t target)
{
    struct gcr_shadow_roots *roots = &s->globals;

    if (!gcr_root_is_global(root)) {
        if (!GCR_SHADOW_RESERVE(s->threads, s->thread_count, s->thread))
            return false;
        roots = &s->threads[s->thread];
    }
    return gcr_shadow_set_root_slot(s, roots, gcr_root_slot(root), target);
}

#endif
