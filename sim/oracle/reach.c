/* Covers, in two steps.
 *
 * 1. A plain closure over edges that existed during the whole window reaches nearly every node:
 * those are covered to the end (GCR_COVER_ALWAYS). What remains has fallen: it was born or cut off
 * in the window. In a trusted trace edges that appeared in the window are followed as well.
 * 2. How long the fallen were covered: if the trace is trusted, as Merlin has it (reach_stamp),
 * else by the fixed point of reach_exact.c.
 *
 * The closure is bound by memory: a node's line is fetched when the node is found, its slots when
 * it comes near the head of a short queue between the stack and the work (Cher, Hosking, Vitek:
 * "Software Prefetching for Mark-Sweep Garbage Collection", ASPLOS 2004). */
#include "sim/oracle/reach.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "sim/oracle/reach_parts.h"

enum { REACH_QUEUE = 32, REACH_SLOTS_AHEAD = 16 };

bool gcr_reach_room(void *array, size_t *room, size_t wanted, size_t size)
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
    free(r->fallen.node);
    free(r->weak.node);
    free(r->stack.node);
    free(r->edges);
    free(r->sorted);
    free(r->rank);
    free(r->cover);
    free(r->in_start);
    free(r->in_next);
    free(r->out_start);
    free(r->out_edge);
    memset(r, 0, sizeof *r);
}

/* ---- step 1 ---- */

/* Not yet covered to the end. */
static bool reach_enter(struct gcr_reach *r, struct gcr_shadow *s, uint32_t node)
{
    if (GCR_UNLIKELY(s->covers[node] == 0) && !gcr_shadow_list_add(&s->revived, node))
        return false;
    s->covers[node] = GCR_COVER_ALWAYS;
    GCR_PREFETCH(&s->nodes[node]);
    return gcr_shadow_list_add(&r->stack, node);
}

static bool reach_set_aside(struct gcr_reach *r, struct gcr_shadow_edge edge)
{
    return gcr_reach_add_edge(
        r, (struct gcr_reach_edge){GCR_SHADOW_NULL, edge.target, edge.since, GCR_COVER_ALWAYS});
}

/* One edge from something always covered. */
static bool reach_follow(struct gcr_reach *r, struct gcr_shadow *s, struct gcr_shadow_edge edge,
                         bool trusted)
{
    if (s->covers[edge.target] == GCR_COVER_ALWAYS)
        return true;
    return trusted || edge.since == 0 ? reach_enter(r, s, edge.target) : reach_set_aside(r, edge);
}

/* As reach_follow for each slot, but whether a target is new is not branched upon: that is as good
 * as chance in trees, half of whose nodes are leaves. Null counts as covered. */
GCR_ALWAYS_INLINE bool reach_scan_slots(struct gcr_reach *r, struct gcr_shadow *s,
                                        const struct gcr_shadow_node *n, bool trusted)
{
    uint32_t top = r->stack.count, *stack, *covers = s->covers;

    while (r->stack.room - top < n->slot_count)
        if (!gcr_shadow_list_grow(&r->stack))
            return false;
    stack = r->stack.node;
    for (uint32_t i = 0; i < n->slot_count; i++) {
        uint32_t target = n->slots[i].target, before = covers[target];

        if (!trusted && GCR_UNLIKELY(n->slots[i].since != 0)) {
            if (before != GCR_COVER_ALWAYS && !reach_set_aside(r, n->slots[i]))
                return false;
            continue;
        }
        if (GCR_UNLIKELY(before == 0) && !gcr_shadow_list_add(&s->revived, target))
            return false;
        covers[target] = GCR_COVER_ALWAYS;
        GCR_PREFETCH(&s->nodes[target]);
        stack[top] = target;
        top += before != GCR_COVER_ALWAYS;
    }
    r->stack.count = top;
    return true;
}

GCR_ALWAYS_INLINE bool reach_scan(struct gcr_reach *r, struct gcr_shadow *s, uint32_t node,
                                  bool trusted)
{
    const struct gcr_shadow_node *n = &s->nodes[node];

    r->flags |= n->flags;
    if (GCR_UNLIKELY(n->weak != GCR_SHADOW_NULL) && !gcr_shadow_list_add(&r->weak, node))
        return false;
    if (!gcr_shadow_is_sparse(n))
        return reach_scan_slots(r, s, n, trusted);
    for (uint32_t i = gcr_shadow_slot_next(n, 0); i < n->slot_count;
         i = gcr_shadow_slot_next(n, i + 1))
        if (!reach_follow(r, s, gcr_shadow_slot(n, i), trusted))
            return false;
    return true;
}

GCR_ALWAYS_INLINE bool reach_drain_as(struct gcr_reach *r, struct gcr_shadow *s, bool trusted)
{
    uint32_t queue[REACH_QUEUE], head = 0, tail = 0;

    for (;;) {
        while (r->stack.count != 0 && tail - head < REACH_QUEUE) {
            queue[tail++ % REACH_QUEUE] = r->stack.node[--r->stack.count];
            if (tail - head > REACH_SLOTS_AHEAD)
                GCR_PREFETCH(s->nodes[queue[(tail - REACH_SLOTS_AHEAD) % REACH_QUEUE]].slots);
        }
        if (head == tail)
            return true;
        if (!reach_scan(r, s, queue[head++ % REACH_QUEUE], trusted))
            return false;
    }
}

static bool reach_drain(struct gcr_reach *r, struct gcr_shadow *s, bool trusted)
{
    return trusted ? reach_drain_as(r, s, true) : reach_drain_as(r, s, false);
}

static bool reach_span(struct gcr_reach *r, struct gcr_shadow *s,
                       const struct gcr_shadow_roots *roots, bool trusted)
{
    for (uint32_t i = gcr_shadow_roots_next(roots, 0); i < roots->end;
         i = gcr_shadow_roots_next(roots, i + 1))
        if (!reach_follow(r, s, *gcr_shadow_roots_find(roots, i), trusted))
            return false;
    return reach_drain(r, s, trusted);
}

static bool reach_from_roots(struct gcr_reach *r, struct gcr_shadow *s, bool trusted)
{
    for (uint32_t i = 0; i < s->prebuilt_count; i++)
        if (s->covers[s->prebuilt[i]] != GCR_COVER_ALWAYS && !reach_enter(r, s, s->prebuilt[i]))
            return false;
    if (!reach_drain(r, s, trusted) || !reach_span(r, s, &s->globals, trusted) ||
        !reach_span(r, s, &s->held, trusted))
        return false;
    for (uint32_t t = 0; t < s->thread_count; t++)
        if (!reach_span(r, s, &s->threads[t], trusted))
            return false;
    return true;
}

static bool reach_list_fallen(struct gcr_reach *r, const struct gcr_shadow *s)
{
    uint32_t count = 0;

    while (r->fallen.room < s->node_end)
        if (!gcr_shadow_list_grow(&r->fallen))
            return false;
    for (uint32_t i = 1; i < s->node_end; i++) {
        r->fallen.node[count] = i; /* without a branch: there is no telling who falls */
        count += gcr_shadow_is_open(s, i);
    }
    r->fallen.count = count;
    return true;
}

/* ---- step 2, trusted ---- */

/* What a node referred to when it fell was reachable as long as the node. */
static bool reach_pass_down(struct gcr_reach *r, struct gcr_shadow *s, uint32_t cover)
{
    while (r->stack.count != 0) {
        const struct gcr_shadow_node *n = &s->nodes[r->stack.node[--r->stack.count]];
        for (uint32_t i = gcr_shadow_slot_next(n, 0); i < n->slot_count;
             i = gcr_shadow_slot_next(n, i + 1)) {
            uint32_t target = gcr_shadow_slot(n, i).target;
            if (s->covers[target] >= cover || s->covers[target] == 0)
                continue;
            s->covers[target] = cover;
            if (!gcr_shadow_list_add(&r->stack, target))
                return false;
        }
    }
    return true;
}

/* In a valid trace whoever loses a reference has been reachable until then, for the event that took
 * it away named an object that was. So the last time that a fallen node, or one that leads to it,
 * lost a reference is when it fell. The log is in order of time: backwards, whatever comes first is
 * right. */
static bool reach_stamp(struct gcr_reach *r, struct gcr_shadow *s)
{
    for (size_t i = s->drop_count; i-- > 0;) {
        const struct gcr_shadow_drop *d = &s->drops[i];

        if (i >= REACH_QUEUE) {
            GCR_PREFETCH(&s->nodes[s->drops[i - REACH_QUEUE].target]);
            GCR_PREFETCH(s->nodes[s->drops[i - REACH_SLOTS_AHEAD].target].slots);
        }
        if (s->covers[d->target] >= d->until - 1 || s->covers[d->target] == 0)
            continue;
        s->covers[d->target] = d->until - 1;
        if (!gcr_shadow_list_add(&r->stack, d->target) || !reach_pass_down(r, s, d->until - 1))
            return false;
    }
    return true;
}

bool gcr_reach_cover(struct gcr_reach *r, struct gcr_shadow *s, bool trusted)
{
    r->stack.count = 0;
    r->weak.count = 0;
    r->edge_count = 0;
    r->flags = 0;
    if (!reach_from_roots(r, s, trusted))
        return false;
    if (trusted)
        return reach_list_fallen(r, s) && reach_stamp(r, s);
    return reach_list_fallen(r, s) && gcr_reach_exact(r, s);
}

void gcr_reach_cut_weak(struct gcr_reach *r, struct gcr_shadow *s)
{
    for (uint32_t i = 0; i < r->weak.count; i++) {
        struct gcr_shadow_node *n = &s->nodes[r->weak.node[i]];

        if (s->covers[n->weak] != GCR_COVER_ALWAYS)
            n->weak = GCR_SHADOW_NULL;
    }
}

bool gcr_reach_flag(struct gcr_reach *r, struct gcr_shadow *s, const uint32_t *from, size_t count,
                    uint32_t flag)
{
    r->stack.count = 0;
    for (size_t i = 0; i < count; i++)
        if (!(s->nodes[from[i]].flags & flag)) {
            s->nodes[from[i]].flags |= flag;
            if (!gcr_shadow_list_add(&r->stack, from[i]))
                return false;
        }
    while (r->stack.count != 0) {
        const struct gcr_shadow_node *n = &s->nodes[r->stack.node[--r->stack.count]];
        for (uint32_t i = gcr_shadow_slot_next(n, 0); i < n->slot_count;
             i = gcr_shadow_slot_next(n, i + 1)) {
            uint32_t to = gcr_shadow_slot(n, i).target;
            struct gcr_shadow_node *target = &s->nodes[to];
            if (to == GCR_SHADOW_NULL || s->covers[to] == GCR_COVER_ALWAYS ||
                (target->flags & flag))
                continue;
            target->flags |= flag;
            if (!gcr_shadow_list_add(&r->stack, to))
                return false;
        }
    }
    return true;
}
