/* Covers of the fallen when the trace is not trusted.
 *
 * Their incoming edges, with states [since, until), come from three places: those set aside by the
 * closure, the log of dropped edges, and their own current slots among each other. An edge u -> v
 * extends v's cover to min(until - 1, cover(u)) if since <= cover(v) + 1, i.e. without a gap.
 * Covers only grow, so a work list finds the least fixed point; a cycle cannot support itself, for
 * nothing extends it beyond its own cover. Incoming edges are sorted by `since`, and each is looked
 * at once when v's cover gets there, and again whenever u's cover has grown. All tables are by rank
 * among the fallen, so that their size is what fell and not the heap. */
#include <stdlib.h>
#include <string.h>

#include "sim/oracle/reach_parts.h"

enum { EXACT_INSERTION = 24 };

static bool exact_tables(struct gcr_reach *r, const struct gcr_shadow *s)
{
    uint32_t **table[] = {&r->cover, &r->in_start, &r->in_next, &r->out_start};
    size_t wanted = (size_t)r->fallen.count + 2, room = r->node_room;

    if (!gcr_reach_room(&r->rank, &r->rank_room, s->node_end, sizeof *r->rank))
        return false;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        room = r->node_room;
        if (!gcr_reach_room(table[i], &room, wanted, sizeof **table[i]))
            return false;
    }
    r->node_room = room;
    for (uint32_t i = 0; i < r->fallen.count; i++) {
        r->rank[r->fallen.node[i]] = i;
        r->cover[i] = s->covers[r->fallen.node[i]];
    }
    return true;
}

/* ---- edges ---- */

/* What the closure set aside: most of the targets have been reached after all. */
static void exact_keep_open(struct gcr_reach *r, const struct gcr_shadow *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->edge_count; i++) {
        struct gcr_reach_edge edge = r->edges[i];

        if (!gcr_shadow_is_open(s, edge.target))
            continue;
        edge.target = r->rank[edge.target];
        r->edges[kept++] = edge;
    }
    r->edge_count = kept;
}

static bool exact_add_log(struct gcr_reach *r, const struct gcr_shadow *s)
{
    for (size_t i = 0; i < s->drop_count; i++) {
        const struct gcr_shadow_drop *d = &s->drops[i];
        bool always = d->from == GCR_SHADOW_NULL || s->covers[d->from] == GCR_COVER_ALWAYS;

        if (!gcr_shadow_is_open(s, d->target) || (!always && !gcr_shadow_is_open(s, d->from)))
            continue;
        if (!gcr_reach_add_edge(r, (struct gcr_reach_edge){always ? 0 : r->rank[d->from] + 1,
                                                           r->rank[d->target], d->since,
                                                           d->until - 1}))
            return false;
    }
    return true;
}

static bool exact_add_slots(struct gcr_reach *r, const struct gcr_shadow *s, uint32_t rank)
{
    const struct gcr_shadow_node *n = &s->nodes[r->fallen.node[rank]];

    for (uint32_t i = gcr_shadow_slot_next(n, 0); i < n->slot_count;
         i = gcr_shadow_slot_next(n, i + 1)) {
        struct gcr_shadow_edge edge = gcr_shadow_slot(n, i);
        if (edge.target != GCR_SHADOW_NULL && gcr_shadow_is_open(s, edge.target) &&
            !gcr_reach_add_edge(r, (struct gcr_reach_edge){rank + 1, r->rank[edge.target],
                                                           edge.since, GCR_COVER_ALWAYS}))
            return false;
    }
    return true;
}

static int exact_by_since(const void *a, const void *b)
{
    const struct gcr_reach_edge *x = a, *y = b;

    return (x->since > y->since) - (x->since < y->since);
}

/* Most nodes have one or two edges. */
static void exact_sort_few(struct gcr_reach_edge *edges, size_t n)
{
    if (n > EXACT_INSERTION) {
        qsort(edges, n, sizeof *edges, exact_by_since);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        struct gcr_reach_edge edge = edges[i];
        size_t k = i;

        for (; k > 0 && edges[k - 1].since > edge.since; k--)
            edges[k] = edges[k - 1];
        edges[k] = edge;
    }
}

/* By target, then by `since`, into r->sorted; in_start[v] .. in_start[v + 1] are v's incoming
 * edges. */
static bool exact_sort(struct gcr_reach *r)
{
    uint32_t ranks = r->fallen.count;

    if (!gcr_reach_room(&r->sorted, &r->sorted_room, r->edge_count, sizeof *r->sorted))
        return false;
    memset(r->in_start, 0, ((size_t)ranks + 1) * sizeof *r->in_start);
    for (size_t i = 0; i < r->edge_count; i++)
        r->in_start[r->edges[i].target + 1]++;
    for (uint32_t v = 0; v < ranks; v++)
        r->in_start[v + 1] += r->in_start[v];
    memcpy(r->in_next, r->in_start, ranks * sizeof *r->in_next);
    for (size_t i = 0; i < r->edge_count; i++)
        r->sorted[r->in_next[r->edges[i].target]++] = r->edges[i];
    memcpy(r->in_next, r->in_start, ranks * sizeof *r->in_next);
    for (uint32_t v = 0; v < ranks; v++)
        exact_sort_few(&r->sorted[r->in_start[v]], r->in_start[v + 1] - r->in_start[v]);
    return true;
}

/* out_edge[out_start[u] .. out_start[u + 1]) are the edges that leave the node of rank u - 1, as
 * places in r->sorted. */
static bool exact_index_out(struct gcr_reach *r)
{
    uint32_t ends = r->fallen.count + 1;

    if (!gcr_reach_room(&r->out_edge, &r->out_room, r->edge_count, sizeof *r->out_edge))
        return false;
    memset(r->out_start, 0, ((size_t)ends + 1) * sizeof *r->out_start);
    for (size_t i = 0; i < r->edge_count; i++)
        r->out_start[r->sorted[i].from]++;
    for (uint32_t u = 1; u <= ends; u++)
        r->out_start[u] += r->out_start[u - 1];
    for (size_t i = r->edge_count; i-- > 0;)
        r->out_edge[--r->out_start[r->sorted[i].from]] = (uint32_t)i;
    return true;
}

/* ---- the fixed point ---- */

/* Returns whether the edge's target is covered further than before. */
static bool exact_extend(struct gcr_reach *r, const struct gcr_reach_edge *edge)
{
    uint32_t from = edge->from == 0 ? GCR_COVER_ALWAYS : r->cover[edge->from - 1];
    uint32_t reach = from < edge->last ? from : edge->last;

    if (reach <= r->cover[edge->target])
        return false;
    r->cover[edge->target] = reach;
    return true;
}

static bool exact_is_due(const struct gcr_reach *r, const struct gcr_reach_edge *edge)
{
    return edge->since <= (uint64_t)r->cover[edge->target] + 1;
}

/* Looks at the incoming edges that v's cover has come up to. */
static bool exact_advance(struct gcr_reach *r, uint32_t v)
{
    bool grown = false;

    while (r->in_next[v] < r->in_start[v + 1] && exact_is_due(r, &r->sorted[r->in_next[v]]))
        grown |= exact_extend(r, &r->sorted[r->in_next[v]++]);
    return grown;
}

/* A node whose cover has grown passes that on. */
static bool exact_pass_on(struct gcr_reach *r, uint32_t u)
{
    for (uint32_t i = r->out_start[u + 1]; i < r->out_start[u + 2]; i++) {
        const struct gcr_reach_edge *edge = &r->sorted[r->out_edge[i]];
        if (!exact_is_due(r, edge) || !exact_extend(r, edge))
            continue;
        exact_advance(r, edge->target);
        if (!gcr_shadow_list_add(&r->stack, edge->target))
            return false;
    }
    return true;
}

static bool exact_settle(struct gcr_reach *r)
{
    for (uint32_t v = 0; v < r->fallen.count; v++) {
        if (!exact_advance(r, v))
            continue;
        if (!gcr_shadow_list_add(&r->stack, v))
            return false;
    }
    while (r->stack.count != 0)
        if (!exact_pass_on(r, r->stack.node[--r->stack.count]))
            return false;
    return true;
}

/* Covered to the end after all: it is no longer among the fallen. */
static bool exact_write_back(struct gcr_reach *r, struct gcr_shadow *s)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < r->fallen.count; i++) {
        uint32_t node = r->fallen.node[i];

        s->covers[node] = r->cover[i];
        if (r->cover[i] != GCR_COVER_ALWAYS) {
            r->fallen.node[kept++] = node;
            continue;
        }
        r->flags |= s->nodes[node].flags;
        if (s->nodes[node].weak != GCR_SHADOW_NULL && !gcr_shadow_list_add(&r->weak, node))
            return false;
    }
    r->fallen.count = kept;
    return true;
}

bool gcr_reach_exact(struct gcr_reach *r, struct gcr_shadow *s)
{
    if (!exact_tables(r, s))
        return false;
    exact_keep_open(r, s);
    if (!exact_add_log(r, s))
        return false;
    for (uint32_t i = 0; i < r->fallen.count; i++)
        if (!exact_add_slots(r, s, i))
            return false;
    return exact_sort(r) && exact_index_out(r) && exact_settle(r) && exact_write_back(r, s);
}
