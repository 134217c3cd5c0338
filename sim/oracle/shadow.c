/* The shadow graph's life, and what each event does to it. Nodes and the owners of indexes are in
 * shadow_nodes.c, edges in shadow_edges.h, windows in shadow_window.c; who is reachable is worked
 * out in reach.c. */
#include "sim/oracle/shadow.h"

#include <stdlib.h>
#include <string.h>

#include "sim/oracle/shadow_edges.h"
#include "sim/oracle/shadow_parts.h"
#include "sim/oracle/shadow_slots.h"

gcr_status gcr_shadow_create(const struct gcr_shape *shapes, uint32_t shape_count,
                             struct gcr_shadow **out, struct gcr_error *err)
{
    struct gcr_shadow *s = calloc(1, sizeof *s);

    if (s == NULL || !gcr_shadow_reserve_node(s, 0) ||
        !GCR_SHADOW_RESERVE(s->threads, s->thread_count, 0)) {
        gcr_shadow_destroy(s);
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the shadow graph");
    }
    s->covers[GCR_SHADOW_NULL] = GCR_COVER_ALWAYS;
    s->shapes = shapes;
    s->shape_count = shape_count;
    s->node_end = 1;
    s->now = GCR_SHADOW_FIRST_STATE;
    gcr_slot_pool_init(&s->pool);
    *out = s;
    return GCR_OK;
}

void gcr_shadow_destroy(struct gcr_shadow *s)
{
    if (s == NULL)
        return;
    for (uint32_t i = 1; i < s->node_end; i++)
        if (s->nodes[i].flags & GCR_NODE_USED)
            gcr_shadow_give_slots(&s->pool, &s->nodes[i]);
    gcr_slot_pool_finish(&s->pool);
    for (uint32_t i = 0; i < s->thread_count; i++)
        gcr_shadow_roots_finish(&s->threads[i]);
    free(s->threads);
    gcr_shadow_roots_finish(&s->globals);
    gcr_shadow_roots_finish(&s->held);
    gcr_number_map_finish(&s->awaiting);
    free(s->nodes);
    free(s->lives);
    free(s->covers);
    free(s->changed.node);
    free(s->garbage.node);
    free(s->revived.node);
    free(s->by_index);
    free(s->prebuilt);
    free(s->resurrecting);
    free(s->drops);
    free(s->deltas);
    free(s);
}

/* ---- edges ---- */

bool gcr_shadow_grow_log(struct gcr_shadow *s)
{
    size_t room = s->drop_room == 0 ? 1024 : s->drop_room * 2;
    struct gcr_shadow_drop *grown = realloc(s->drops, room * sizeof *grown);

    if (grown == NULL)
        return false;
    s->drops = grown;
    s->drop_room = room;
    return true;
}

bool gcr_shadow_set_global(struct gcr_shadow *s, uint32_t slot, uint32_t node)
{
    return gcr_shadow_set_root_slot(s, &s->globals, slot, node);
}

bool gcr_shadow_hold(struct gcr_shadow *s, uint32_t slot, uint32_t node)
{
    return gcr_shadow_set_root_slot(s, &s->held, slot, node);
}

/* ---- events ---- */

static bool shadow_add_prebuilt(struct gcr_shadow *s, const struct gcr_event *e)
{
    uint32_t node = gcr_shadow_add_node(s, e->a, e->b, e->c);

    if (node == GCR_SHADOW_NULL ||
        !GCR_SHADOW_RESERVE(s->prebuilt, s->prebuilt_room, s->prebuilt_count))
        return false;
    s->nodes[node].flags |= GCR_NODE_PREBUILT;
    s->prebuilt[s->prebuilt_count++] = node;
    return true;
}

static bool shadow_alloc(struct gcr_shadow *s, const struct gcr_event *e)
{
    uint32_t node = gcr_shadow_add_node(s, e->a, e->b, e->d);

    return node != GCR_SHADOW_NULL && gcr_shadow_set_root(s, e->c, node);
}

/* Between slots of which few were ever set: the source's are noted, the target's cleared, and the
 * notes written. */
static bool shadow_copy_sparse(struct gcr_shadow *s, uint32_t dst, uint32_t src,
                               const struct gcr_event *e)
{
    const struct gcr_shadow_node *from = &s->nodes[src], *to = &s->nodes[dst];
    struct shadow_note {
        uint32_t slot, target;
    } *notes = NULL;
    uint32_t count = 0, room = 0;
    bool ok = true;

    for (uint32_t i = gcr_shadow_slot_next(from, e->d);
         ok && i < from->slot_count && i - e->d < e->e; i = gcr_shadow_slot_next(from, i + 1)) {
        uint32_t target = gcr_shadow_slot(from, i).target;
        if (target == GCR_SHADOW_NULL)
            continue;
        ok = GCR_SHADOW_RESERVE(notes, room, count);
        if (ok)
            notes[count++] = (struct shadow_note){e->b + (i - e->d), target};
    }
    for (uint32_t i = gcr_shadow_slot_next(to, e->b); ok && i < to->slot_count && i - e->b < e->e;
         i = gcr_shadow_slot_next(to, i + 1))
        ok = gcr_shadow_set_slot(s, dst, i, GCR_SHADOW_NULL);
    for (uint32_t i = 0; ok && i < count; i++)
        ok = gcr_shadow_set_slot(s, dst, notes[i].slot, notes[i].target);
    free(notes);
    return ok;
}

static bool shadow_copy(struct gcr_shadow *s, const struct gcr_event *e)
{
    uint32_t dst = gcr_shadow_find(s, e->a), src = gcr_shadow_find(s, e->c);
    bool backwards = dst == src && e->b > e->d, ok = true;

    if (gcr_shadow_is_sparse(&s->nodes[dst]) || gcr_shadow_is_sparse(&s->nodes[src]))
        return shadow_copy_sparse(s, dst, src, e);
    for (uint32_t i = 0; i < e->e && ok; i++) {
        uint32_t k = backwards ? e->e - 1 - i : i;
        ok = gcr_shadow_set_slot(s, dst, e->b + k, s->nodes[src].slots[e->d + k].target);
    }
    return ok;
}

static bool shadow_resize(struct gcr_shadow *s, const struct gcr_event *e)
{
    uint32_t node = gcr_shadow_find(s, e->a);
    struct gcr_shadow_node *n = &s->nodes[node], old;
    const struct gcr_shape *shape = &s->shapes[n->shape];
    uint32_t count = (uint32_t)gcr_shape_slot_count(shape, e->b);
    uint64_t before = gcr_shadow_bytes(s, node);
    bool ok = true;

    for (uint32_t i = gcr_shadow_slot_next(n, count); i < n->slot_count;
         i = gcr_shadow_slot_next(n, i + 1))
        if (!gcr_shadow_set_slot(s, node, i, GCR_SHADOW_NULL))
            return false;
    if (count != n->slot_count) {
        old = *n;
        ok = gcr_shadow_take_slots(&s->pool, n, count) && gcr_shadow_copy_slots(n, &old);
        gcr_shadow_give_slots(&s->pool, &old);
    }
    n->length = e->b;
    return ok && gcr_shadow_count(s, s->now, 0, (int64_t)(gcr_shadow_bytes(s, node) - before));
}

static bool shadow_resurrects(struct gcr_shadow *s, uint32_t node)
{
    if (s->nodes[node].flags & GCR_NODE_RESURRECTS)
        return true;
    if (!GCR_SHADOW_RESERVE(s->resurrecting, s->resurrecting_room, s->resurrecting_count))
        return false;
    s->nodes[node].flags |= GCR_NODE_RESURRECTS;
    s->resurrecting[s->resurrecting_count++] = node;
    return true;
}

static void shadow_death(struct gcr_shadow *s, uint32_t index)
{
    uint32_t node = gcr_shadow_find(s, index);

    if (gcr_shadow_is_gone(node)) {
        s->by_index[index] = GCR_SHADOW_NULL;
        return;
    }
    s->nodes[node].flags |= GCR_NODE_DEATHED;
    s->lives[node].deathed_at = s->now;
}

static bool shadow_carry_out(struct gcr_shadow *s, const struct gcr_event *e)
{
    uint32_t node;

    switch (e->op) {
    case GCR_OP_PREBUILT:
        return shadow_add_prebuilt(s, e);
    case GCR_OP_ALLOC:
        return shadow_alloc(s, e);
    case GCR_OP_STORE:
        return gcr_shadow_set_slot(s, gcr_shadow_find(s, e->a), e->b, gcr_shadow_find(s, e->c));
    case GCR_OP_COPY:
        return shadow_copy(s, e);
    case GCR_OP_LOAD:
        node = gcr_shadow_find(s, e->a);
        return gcr_shadow_set_root(s, e->c, gcr_shadow_slot(&s->nodes[node], e->b).target);
    case GCR_OP_RESIZE:
        return shadow_resize(s, e);
    case GCR_OP_ROOT:
        return gcr_shadow_set_root(s, e->a, gcr_shadow_find(s, e->b));
    case GCR_OP_DEATH:
        shadow_death(s, e->a);
        return true;
    case GCR_OP_WEAKREF:
        node = gcr_shadow_find(s, e->a);
        s->nodes[node].weak = gcr_shadow_find(s, e->b);
        s->nodes[node].flags &= ~(uint32_t)GCR_NODE_WEAK_LOST;
        return true;
    case GCR_OP_RESURRECT:
        return shadow_resurrects(s, gcr_shadow_find(s, e->a));
    case GCR_OP_THREAD:
        s->thread = e->a;
        return true;
    default:
        return true; /* marks and requests to the collector: the graph stays as it is */
    }
}

bool gcr_shadow_apply(struct gcr_shadow *s, const struct gcr_event *event)
{
    s->now++;
    if (!shadow_carry_out(s, event))
        s->out_of_memory = true;
    return !s->out_of_memory;
}
