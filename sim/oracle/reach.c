/* Covers, in two steps.
 *
 * 1. A plain depth-first closure over edges that existed during the whole window reaches nearly
 * every node: those are covered to the end (GCR_COVER_ALWAYS). Edges that appeared in the window
 * are set aside.
 * 2. What remains are nodes born or cut off in the window. Their incoming edges, with states
 *    [since, until), come from three places: those set aside, the log of dropped edges, and their
 * own current slots among each other. An edge u -> v extends v's cover to min(until - 1, cover(u))
 *    if since <= cover(v) + 1, i.e. without a gap. Covers only grow, so a work list finds the
 *    least fixed point; a cycle cannot support itself, for nothing extends it beyond its own cover.
 *    Incoming edges are sorted by `since`, and each is looked at once when v's cover gets there,
 * and again whenever u's cover has grown. */
#include "sim/oracle/reach.h"

#include <stdlib.h>
#include <string.h>

struct gcr_reach_edge {
    uint32_t from, target; /* from GCR_SHADOW_NULL: a root, or a node that is always covered */
    uint32_t since, last;  /* states, both included */
};

static bool reach_room(void *array, size_t *room, size_t wanted, size_t size)
{
    void **p = array;
    size_t grown = *room == 0 ? 256 : *room;
    void *bigger;

    if (wanted <= *room)
        return true;
    while (grown < wanted)
        grown *= 2;
    bigger = realloc(*p, grown * size);
    if (bigger == NULL)
        return false;
    *p = bigger;
    *room = grown;
    return true;
}

void gcr_reach_finish(struct gcr_reach *r)
{
    free(r->stack);
    free(r->edges);
    free(r->sorted);
    free(r->in_start);
    free(r->in_next);
    free(r->out_start);
    free(r->out_edge);
    free(r->histogram);
    memset(r, 0, sizeof *r);
}

static bool reach_push(struct gcr_reach *r, uint32_t node)
{
    if (r->stack_count == r->stack_room &&
        !reach_room(&r->stack, &r->stack_room, r->stack_count + 1, sizeof *r->stack))
        return false;
    r->stack[r->stack_count++] = node;
    return true;
}

static bool reach_add_edge(struct gcr_reach *r, struct gcr_reach_edge edge)
{
    if (r->edge_count == r->edge_room &&
        !reach_room(&r->edges, &r->edge_room, r->edge_count + 1, sizeof *r->edges))
        return false;
    r->edges[r->edge_count++] = edge;
    return true;
}

/* ---- step 1 ---- */

static bool reach_enter(struct gcr_reach *r, struct gcr_shadow *s, uint32_t node)
{
    if (s->nodes[node].cover == GCR_COVER_ALWAYS)
        return true;
    s->nodes[node].cover = GCR_COVER_ALWAYS;
    return reach_push(r, node);
}

/* One edge from something always covered. */
static bool reach_follow(struct gcr_reach *r, struct gcr_shadow *s, struct gcr_shadow_edge edge,
                         bool trusted)
{
    if (edge.target == GCR_SHADOW_NULL || s->nodes[edge.target].cover == GCR_COVER_ALWAYS)
        return true;
    if (trusted || edge.since == 0)
        return reach_enter(r, s, edge.target);
    return reach_add_edge(
        r, (struct gcr_reach_edge){GCR_SHADOW_NULL, edge.target, edge.since, GCR_COVER_ALWAYS});
}

static bool reach_drain(struct gcr_reach *r, struct gcr_shadow *s, bool trusted)
{
    while (r->stack_count != 0) {
        const struct gcr_shadow_node *n = &s->nodes[r->stack[--r->stack_count]];
        for (uint32_t i = gcr_shadow_slot_next(n, 0); i < n->slot_count;
             i = gcr_shadow_slot_next(n, i + 1))
            if (!reach_follow(r, s, gcr_shadow_slot(n, i), trusted))
                return false;
    }
    return true;
}

static bool reach_span(struct gcr_reach *r, struct gcr_shadow *s,
                       const struct gcr_shadow_roots *roots, bool trusted)
{
    for (uint32_t i = gcr_shadow_roots_next(roots, 0); i < roots->end;
         i = gcr_shadow_roots_next(roots, i + 1))
        if (!reach_follow(r, s, *gcr_shadow_roots_find(roots, i), trusted) ||
            !reach_drain(r, s, trusted))
            return false;
    return true;
}

static bool reach_from_roots(struct gcr_reach *r, struct gcr_shadow *s, bool trusted)
{
    for (uint32_t i = 0; i < s->prebuilt_count; i++)
        if (!reach_enter(r, s, s->prebuilt[i]))
            return false;
    if (!reach_drain(r, s, trusted) || !reach_span(r, s, &s->globals, trusted) ||
        !reach_span(r, s, &s->held, trusted))
        return false;
    for (uint32_t t = 0; t < s->thread_count; t++)
        if (!reach_span(r, s, &s->threads[t], trusted))
            return false;
    return true;
}

/* ---- step 2 ---- */

/* Neither covered to the end, nor garbage of an earlier window, which nothing revives. */
static bool reach_is_open(const struct gcr_shadow *s, uint32_t node)
{
    const struct gcr_shadow_node *n = &s->nodes[node];

    return (n->flags & (GCR_NODE_USED | GCR_NODE_GARBAGE)) == GCR_NODE_USED &&
           n->cover != GCR_COVER_ALWAYS;
}

static bool reach_add_log(struct gcr_reach *r, const struct gcr_shadow *s)
{
    for (size_t i = 0; i < s->drop_count; i++) {
        const struct gcr_shadow_drop *d = &s->drops[i];
        bool always = d->from == GCR_SHADOW_NULL || s->nodes[d->from].cover == GCR_COVER_ALWAYS;

        if (!reach_is_open(s, d->target) || (!always && !reach_is_open(s, d->from)))
            continue;
        if (!reach_add_edge(r, (struct gcr_reach_edge){always ? GCR_SHADOW_NULL : d->from,
                                                       d->target, d->since, d->until - 1}))
            return false;
    }
    return true;
}

static bool reach_add_slots(struct gcr_reach *r, const struct gcr_shadow *s, uint32_t node)
{
    const struct gcr_shadow_node *n = &s->nodes[node];

    for (uint32_t i = gcr_shadow_slot_next(n, 0); i < n->slot_count;
         i = gcr_shadow_slot_next(n, i + 1)) {
        struct gcr_shadow_edge edge = gcr_shadow_slot(n, i);
        if (edge.target != GCR_SHADOW_NULL && reach_is_open(s, edge.target) &&
            !reach_add_edge(
                r, (struct gcr_reach_edge){node, edge.target, edge.since, GCR_COVER_ALWAYS}))
            return false;
    }
    return true;
}

/* Stable counting sort by `since`, then by target into r->sorted; in_start[v] .. in_start[v + 1]
 * are v's incoming edges. */
static bool reach_sort(struct gcr_reach *r, const struct gcr_shadow *s)
{
    size_t states = (size_t)s->now + 2;
    struct gcr_reach_edge *by_since;

    if (!reach_room(&r->histogram, &r->histogram_room, states, sizeof *r->histogram) ||
        !reach_room(&r->sorted, &r->sorted_room, r->edge_count, sizeof *r->sorted))
        return false;
    by_since = r->sorted;
    memset(r->histogram, 0, states * sizeof *r->histogram);
    for (size_t i = 0; i < r->edge_count; i++)
        r->histogram[r->edges[i].since + 1]++;
    for (size_t i = 1; i < states; i++)
        r->histogram[i] += r->histogram[i - 1];
    for (size_t i = 0; i < r->edge_count; i++)
        by_since[r->histogram[r->edges[i].since]++] = r->edges[i];

    memset(r->in_start, 0, ((size_t)s->node_end + 1) * sizeof *r->in_start);
    for (size_t i = 0; i < r->edge_count; i++)
        r->in_start[by_since[i].target + 1]++;
    for (size_t i = 1; i <= s->node_end; i++)
        r->in_start[i] += r->in_start[i - 1];
    memcpy(r->in_next, r->in_start, s->node_end * sizeof *r->in_next);
    for (size_t i = 0; i < r->edge_count; i++)
        r->edges[r->in_next[by_since[i].target]++] = by_since[i];
    memcpy(r->in_next, r->in_start, s->node_end * sizeof *r->in_next);
    return true;
}

/* out_edge[out_start[u] .. out_start[u + 1]) are the edges that leave u, as positions in r->edges.
 */
static bool reach_index_out(struct gcr_reach *r, const struct gcr_shadow *s)
{
    if (!reach_room(&r->out_edge, &r->out_room, r->edge_count, sizeof *r->out_edge))
        return false;
    memset(r->out_start, 0, ((size_t)s->node_end + 1) * sizeof *r->out_start);
    for (size_t i = 0; i < r->edge_count; i++)
        r->out_start[r->edges[i].from]++;
    for (size_t i = 1; i <= s->node_end; i++)
        r->out_start[i] += r->out_start[i - 1];
    for (size_t i = r->edge_count; i-- > 0;)
        r->out_edge[--r->out_start[r->edges[i].from]] = (uint32_t)i;
    return true;
}

/* Returns whether the edge's target is covered further than before. */
static bool reach_extend(struct gcr_shadow *s, const struct gcr_reach_edge *edge)
{
    uint32_t from = edge->from == GCR_SHADOW_NULL ? GCR_COVER_ALWAYS : s->nodes[edge->from].cover;
    uint32_t reach = from < edge->last ? from : edge->last;
    struct gcr_shadow_node *target = &s->nodes[edge->target];

    if (reach <= target->cover)
        return false;
    target->cover = reach;
    return true;
}

static bool reach_is_due(const struct gcr_shadow *s, const struct gcr_reach_edge *edge)
{
    return edge->since <= (uint64_t)s->nodes[edge->target].cover + 1;
}

/* Looks at the incoming edges that v's cover has come up to. */
static bool reach_advance(struct gcr_reach *r, struct gcr_shadow *s, uint32_t v)
{
    bool grown = false;

    while (r->in_next[v] < r->in_start[v + 1] && reach_is_due(s, &r->edges[r->in_next[v]]))
        grown |= reach_extend(s, &r->edges[r->in_next[v]++]);
    return grown;
}

/* A node whose cover has grown passes that on. */
static bool reach_pass_on(struct gcr_reach *r, struct gcr_shadow *s, uint32_t u)
{
    for (uint32_t i = r->out_start[u]; i < r->out_start[u + 1]; i++) {
        const struct gcr_reach_edge *edge = &r->edges[r->out_edge[i]];
        if (!reach_is_due(s, edge) || !reach_extend(s, edge))
            continue;
        reach_advance(r, s, edge->target);
        if (!reach_push(r, edge->target))
            return false;
    }
    return true;
}

static bool reach_settle(struct gcr_reach *r, struct gcr_shadow *s)
{
    for (uint32_t v = 1; v < s->node_end; v++) {
        if (r->in_start[v] == r->in_start[v + 1] || !reach_advance(r, s, v))
            continue;
        if (!reach_push(r, v))
            return false;
    }
    while (r->stack_count != 0)
        if (!reach_pass_on(r, s, r->stack[--r->stack_count]))
            return false;
    return true;
}

static bool reach_node_tables(struct gcr_reach *r, const struct gcr_shadow *s)
{
    size_t wanted = (size_t)s->node_end + 1, room = r->node_room;

    if (wanted <= room)
        return true;
    if (!reach_room(&r->in_start, &room, wanted, sizeof *r->in_start))
        return false;
    room = r->node_room;
    if (!reach_room(&r->in_next, &room, wanted, sizeof *r->in_next))
        return false;
    room = r->node_room;
    if (!reach_room(&r->out_start, &room, wanted, sizeof *r->out_start))
        return false;
    r->node_room = room;
    return true;
}

bool gcr_reach_cover(struct gcr_reach *r, struct gcr_shadow *s, bool trusted)
{
    size_t kept = 0;

    r->stack_count = 0;
    r->edge_count = 0;
    if (!reach_from_roots(r, s, trusted))
        return false;
    for (size_t i = 0; i < r->edge_count; i++) /* most targets have been reached after all */
        if (reach_is_open(s, r->edges[i].target))
            r->edges[kept++] = r->edges[i];
    r->edge_count = kept;
    if (!reach_add_log(r, s) || !reach_node_tables(r, s))
        return false;
    for (uint32_t i = 1; i < s->node_end; i++)
        if (reach_is_open(s, i) && !reach_add_slots(r, s, i))
            return false;
    return reach_sort(r, s) && reach_index_out(r, s) && reach_settle(r, s);
}

bool gcr_reach_flag(struct gcr_reach *r, struct gcr_shadow *s, const uint32_t *from, size_t count,
                    uint32_t flag)
{
    r->stack_count = 0;
    for (size_t i = 0; i < count; i++)
        if (!(s->nodes[from[i]].flags & flag)) {
            s->nodes[from[i]].flags |= flag;
            if (!reach_push(r, from[i]))
                return false;
        }
    while (r->stack_count != 0) {
        const struct gcr_shadow_node *n = &s->nodes[r->stack[--r->stack_count]];
        for (uint32_t i = gcr_shadow_slot_next(n, 0); i < n->slot_count;
             i = gcr_shadow_slot_next(n, i + 1)) {
            uint32_t to = gcr_shadow_slot(n, i).target;
            struct gcr_shadow_node *target = &s->nodes[to];
            if (to == GCR_SHADOW_NULL || target->cover == GCR_COVER_ALWAYS ||
                (target->flags & flag))
                continue;
            target->flags |= flag;
            if (!reach_push(r, to))
                return false;
        }
    }
    return true;
}
