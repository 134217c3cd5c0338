/* The shadow graph's bookkeeping: nodes, names, roots, edges with the time they appeared, and the
 * log of edges that disappeared. Who is reachable is worked out in reach.c.
 *
 * Invariants: an edge's target is a used node; `since` <= now; every edge that disappears after the
 * window's start is logged unless it appeared in the same event; the log's `until` never falls. */
#include "sim/oracle/shadow.h"

#include <stdlib.h>
#include <string.h>

#include "sim/oracle/shadow_slots.h"

enum { SHADOW_FIRST_STATE = 1, SHADOW_FIRST_ROOM = 64 };

/* Doubles *room until it exceeds `index`; new elements are zero. */
static bool shadow_grow(void **array, uint32_t *room, uint64_t index, size_t size)
{
    uint64_t wanted = *room == 0 ? SHADOW_FIRST_ROOM : *room;
    char *grown;

    while (wanted <= index)
        wanted *= 2;
    if (wanted > UINT32_MAX)
        wanted = UINT32_MAX;
    if (wanted <= index)
        return false;
    grown = realloc(*array, (size_t)wanted * size);
    if (grown == NULL)
        return false;
    memset(grown + (size_t)*room * size, 0, (size_t)(wanted - *room) * size);
    *array = grown;
    *room = (uint32_t)wanted;
    return true;
}

#define SHADOW_RESERVE(array, room, index)                                                         \
    ((index) < (room) || shadow_grow((void **)&(array), &(room), (index), sizeof *(array)))

gcr_status gcr_shadow_create(const struct gcr_shape *shapes, uint32_t shape_count,
                             struct gcr_shadow **out, struct gcr_error *err)
{
    struct gcr_shadow *s = calloc(1, sizeof *s);

    if (s == NULL || !SHADOW_RESERVE(s->nodes, s->node_room, 0) ||
        !SHADOW_RESERVE(s->threads, s->thread_count, 0)) {
        if (s != NULL)
            free(s->nodes);
        free(s);
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for the shadow graph");
    }
    s->shapes = shapes;
    s->shape_count = shape_count;
    s->node_end = 1;
    s->now = SHADOW_FIRST_STATE;
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
    gcr_oracle_map_finish(&s->awaiting);
    free(s->nodes);
    free(s->by_index);
    free(s->prebuilt);
    free(s->resurrecting);
    free(s->drops);
    free(s->deltas);
    free(s);
}

/* ---- edges ---- */

static bool shadow_log_drop(struct gcr_shadow *s, uint32_t from, const struct gcr_shadow_edge *edge)
{
    if (edge->since == s->now)
        return true; /* appeared in this very event: no state had it */
    if (s->drop_count == s->drop_room) {
        size_t room = s->drop_room == 0 ? 1024 : s->drop_room * 2;
        struct gcr_shadow_drop *grown = realloc(s->drops, room * sizeof *grown);
        if (grown == NULL)
            return false;
        s->drops = grown;
        s->drop_room = room;
    }
    s->drops[s->drop_count++] = (struct gcr_shadow_drop){from, edge->target, edge->since, s->now};
    return true;
}

static bool shadow_set_edge(struct gcr_shadow *s, uint32_t from, struct gcr_shadow_edge *edge,
                            uint32_t target)
{
    if (edge->target == target)
        return true;
    if (edge->target != GCR_SHADOW_NULL && !shadow_log_drop(s, from, edge))
        return false;
    edge->target = target;
    edge->since = s->now;
    return true;
}

static bool shadow_set_slot(struct gcr_shadow *s, uint32_t node, uint32_t slot, uint32_t target)
{
    struct gcr_shadow_node *n = &s->nodes[node];
    struct gcr_shadow_edge *edge;

    n->flags |= GCR_NODE_CHANGED;
    if (target == GCR_SHADOW_NULL && gcr_shadow_slot_find(n, slot) == NULL)
        return true; /* null as it is */
    edge = gcr_shadow_make_slot(n, slot);
    return edge != NULL && shadow_set_edge(s, node, edge, target);
}

static bool shadow_set_root_slot(struct gcr_shadow *s, struct gcr_shadow_roots *roots,
                                 uint32_t slot, uint32_t target)
{
    struct gcr_shadow_edge *edge;

    if (target == GCR_SHADOW_NULL && gcr_shadow_roots_find(roots, slot) == NULL)
        return true; /* null as it is */
    edge = gcr_shadow_roots_make(roots, slot);
    return edge != NULL && shadow_set_edge(s, GCR_SHADOW_NULL, edge, target);
}

static bool shadow_set_root(struct gcr_shadow *s, uint32_t root, uint32_t target)
{
    struct gcr_shadow_roots *roots = &s->globals;

    if (!gcr_root_is_global(root)) {
        if (!SHADOW_RESERVE(s->threads, s->thread_count, s->thread))
            return false;
        roots = &s->threads[s->thread];
    }
    return shadow_set_root_slot(s, roots, gcr_root_slot(root), target);
}

bool gcr_shadow_set_global(struct gcr_shadow *s, uint32_t slot, uint32_t node)
{
    return shadow_set_root_slot(s, &s->globals, slot, node);
}

bool gcr_shadow_hold(struct gcr_shadow *s, uint32_t slot, uint32_t node)
{
    return shadow_set_root_slot(s, &s->held, slot, node);
}

/* ---- nodes ---- */

static bool shadow_count(struct gcr_shadow *s, uint32_t state, int64_t objects, int64_t bytes)
{
    if (!SHADOW_RESERVE(s->deltas, s->delta_room, state))
        return false;
    s->deltas[state].objects += objects;
    s->deltas[state].bytes += bytes;
    return true;
}

static uint32_t shadow_take_node(struct gcr_shadow *s)
{
    uint32_t node = s->free_node;

    if (node != GCR_SHADOW_NULL) {
        s->free_node = s->nodes[node].weak;
    } else {
        if (s->node_end >= (uint32_t)INT32_MAX ||
            !SHADOW_RESERVE(s->nodes, s->node_room, s->node_end))
            return GCR_SHADOW_NULL;
        node = s->node_end++;
    }
    s->nodes[node] = (struct gcr_shadow_node){.flags = GCR_NODE_USED};
    s->used_nodes++;
    return node;
}

static bool shadow_finalizes(const struct gcr_shadow *s, uint32_t node)
{
    return gcr_shape_is(&s->shapes[s->nodes[node].shape],
                        GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER);
}

bool gcr_shadow_is_pending(const struct gcr_shadow *s, uint32_t node)
{
    const struct gcr_shadow_node *n = &s->nodes[node];

    return (n->flags & (GCR_NODE_USED | GCR_NODE_FREED | GCR_NODE_FINALIZED)) == GCR_NODE_USED &&
           shadow_finalizes(s, node);
}

/* The map is made for addresses: serials, which are never 0, pass for some. */
static gcr_ref shadow_serial_key(uint32_t serial)
{
    return (gcr_ref)((uintptr_t)serial * 16);
}

uint32_t gcr_shadow_awaiting(const struct gcr_shadow *s, uint32_t index, uint32_t serial)
{
    uint32_t node = gcr_shadow_find(s, index);

    if (gcr_shadow_is_gone(node))
        return GCR_SHADOW_NULL;
    if (node != GCR_SHADOW_NULL && s->nodes[node].serial != serial)
        node = gcr_oracle_map_find(&s->awaiting, shadow_serial_key(serial));
    return gcr_shadow_is_pending(s, node) ? node : GCR_SHADOW_NULL;
}

/* What a new owner of the index remembers: the present one if its finalizer is still to run. */
static uint32_t shadow_previous(const struct gcr_shadow *s, uint32_t index)
{
    uint32_t old = gcr_shadow_find(s, index);

    if (!s->has_heap || old == GCR_SHADOW_NULL || gcr_shadow_is_gone(old))
        return GCR_SHADOW_NULL;
    return gcr_shadow_is_pending(s, old) ? old : s->nodes[old].previous;
}

/* Takes a node out of the list of its index's owners. */
static void shadow_unlink_owner(struct gcr_shadow *s, uint32_t node, bool gone)
{
    const struct gcr_shadow_node *n = &s->nodes[node];

    if (gcr_shadow_find(s, n->index) == node) {
        s->by_index[n->index] = n->previous;
        if (gone && n->previous == GCR_SHADOW_NULL)
            s->by_index[n->index] =
                shadow_finalizes(s, node) ? GCR_SHADOW_GONE_FINALIZER : GCR_SHADOW_GONE;
    } else if (n->newer != GCR_SHADOW_NULL) {
        s->nodes[n->newer].previous = n->previous;
        (void)gcr_oracle_map_take(&s->awaiting, shadow_serial_key(n->serial));
    } else {
        return; /* it was passed over when the index was given again */
    }
    if (n->previous == GCR_SHADOW_NULL)
        return;
    s->nodes[n->previous].newer = n->newer;
    if (n->newer == GCR_SHADOW_NULL) /* the present owner again */
        (void)gcr_oracle_map_take(&s->awaiting, shadow_serial_key(s->nodes[n->previous].serial));
}

/* `old` becomes the owner before `node`. */
static bool shadow_succeed(struct gcr_shadow *s, uint32_t node, uint32_t old)
{
    s->nodes[node].previous = old;
    if (old == GCR_SHADOW_NULL)
        return true;
    s->nodes[old].newer = node;
    return gcr_oracle_map_put(&s->awaiting, shadow_serial_key(s->nodes[old].serial), old);
}

/* A new node under the index; the index's former owner, dead, loses the name. */
static uint32_t shadow_add_node(struct gcr_shadow *s, uint32_t index, uint32_t shape,
                                uint32_t length)
{
    uint64_t slots = gcr_shape_slot_count(&s->shapes[shape], length);
    uint32_t node = shadow_take_node(s);
    struct gcr_shadow_node *n = &s->nodes[node];

    if (node == GCR_SHADOW_NULL || !SHADOW_RESERVE(s->by_index, s->index_room, index))
        return GCR_SHADOW_NULL;
    n->shape = shape;
    n->length = length;
    n->index = index;
    n->cover = s->now;
    n->ordinal = (uint32_t)s->allocated;
    if (shadow_finalizes(s, node))
        n->serial = ++s->finalizable;
    if (slots != 0) {
        if (!gcr_shadow_take_slots(&s->pool, n, (uint32_t)slots))
            return GCR_SHADOW_NULL;
    }
    if (!shadow_succeed(s, node, shadow_previous(s, index)))
        return GCR_SHADOW_NULL;
    s->by_index[index] = node;
    s->allocated++;
    if (!shadow_count(s, s->now, 1, (int64_t)gcr_shadow_bytes(s, node)))
        return GCR_SHADOW_NULL;
    return node;
}

static void shadow_forget_resurrecting(struct gcr_shadow *s, uint32_t node)
{
    for (uint32_t i = 0; i < s->resurrecting_count; i++)
        if (s->resurrecting[i] == node) {
            s->resurrecting[i] = s->resurrecting[--s->resurrecting_count];
            return;
        }
}

void gcr_shadow_release(struct gcr_shadow *s, uint32_t node, bool gone)
{
    struct gcr_shadow_node *n = &s->nodes[node];

    /* Its states were counted when it was made, so that deltas has room for every state up to now.
     */
    if (!(n->flags & GCR_NODE_GARBAGE))
        s->out_of_memory |= !shadow_count(s, n->cover + 1, -1, -(int64_t)gcr_shadow_bytes(s, node));
    shadow_unlink_owner(s, node, gone);
    if (n->flags & GCR_NODE_RESURRECTS)
        shadow_forget_resurrecting(s, node);
    gcr_shadow_give_slots(&s->pool, n);
    *n = (struct gcr_shadow_node){.weak = s->free_node};
    s->free_node = node;
    s->used_nodes--;
}

/* ---- events ---- */

static bool shadow_add_prebuilt(struct gcr_shadow *s, const struct gcr_event *e)
{
    uint32_t node = shadow_add_node(s, e->a, e->b, e->c);

    if (node == GCR_SHADOW_NULL ||
        !SHADOW_RESERVE(s->prebuilt, s->prebuilt_room, s->prebuilt_count))
        return false;
    s->nodes[node].flags |= GCR_NODE_PREBUILT;
    s->prebuilt[s->prebuilt_count++] = node;
    return true;
}

static bool shadow_alloc(struct gcr_shadow *s, const struct gcr_event *e)
{
    uint32_t node = shadow_add_node(s, e->a, e->b, e->d);

    return node != GCR_SHADOW_NULL && shadow_set_root(s, e->c, node);
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
        ok = SHADOW_RESERVE(notes, room, count);
        if (ok)
            notes[count++] = (struct shadow_note){e->b + (i - e->d), target};
    }
    for (uint32_t i = gcr_shadow_slot_next(to, e->b); ok && i < to->slot_count && i - e->b < e->e;
         i = gcr_shadow_slot_next(to, i + 1))
        ok = shadow_set_slot(s, dst, i, GCR_SHADOW_NULL);
    for (uint32_t i = 0; ok && i < count; i++)
        ok = shadow_set_slot(s, dst, notes[i].slot, notes[i].target);
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
        ok = shadow_set_slot(s, dst, e->b + k, s->nodes[src].slots[e->d + k].target);
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
        if (!shadow_set_slot(s, node, i, GCR_SHADOW_NULL))
            return false;
    if (count != n->slot_count) {
        old = *n;
        ok = gcr_shadow_take_slots(&s->pool, n, count) && gcr_shadow_copy_slots(n, &old);
        gcr_shadow_give_slots(&s->pool, &old);
    }
    n->length = e->b;
    return ok && shadow_count(s, s->now, 0, (int64_t)(gcr_shadow_bytes(s, node) - before));
}

static bool shadow_resurrects(struct gcr_shadow *s, uint32_t node)
{
    if (s->nodes[node].flags & GCR_NODE_RESURRECTS)
        return true;
    if (!SHADOW_RESERVE(s->resurrecting, s->resurrecting_room, s->resurrecting_count))
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
    s->nodes[node].deathed_at = s->now;
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
        return shadow_set_slot(s, gcr_shadow_find(s, e->a), e->b, gcr_shadow_find(s, e->c));
    case GCR_OP_COPY:
        return shadow_copy(s, e);
    case GCR_OP_LOAD:
        node = gcr_shadow_find(s, e->a);
        return shadow_set_root(s, e->c, gcr_shadow_slot(&s->nodes[node], e->b).target);
    case GCR_OP_RESIZE:
        return shadow_resize(s, e);
    case GCR_OP_ROOT:
        return shadow_set_root(s, e->a, gcr_shadow_find(s, e->b));
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

/* ---- windows ---- */

static void shadow_fold_deltas(struct gcr_shadow *s)
{
    uint32_t end = s->now < s->delta_room ? s->now + 1 : s->delta_room;

    for (uint32_t state = SHADOW_FIRST_STATE; state < end; state++) {
        s->live_objects += (uint64_t)s->deltas[state].objects;
        s->live_bytes += (uint64_t)s->deltas[state].bytes;
        if (s->live_objects > s->peak_objects)
            s->peak_objects = s->live_objects;
        if (s->live_bytes > s->peak_bytes)
            s->peak_bytes = s->live_bytes;
    }
    if (end > SHADOW_FIRST_STATE)
        memset(s->deltas, 0, end * sizeof *s->deltas);
}

static void shadow_settle_node(struct gcr_shadow *s, uint32_t node)
{
    struct gcr_shadow_node *n = &s->nodes[node];
    bool was_garbage = (n->flags & GCR_NODE_GARBAGE) != 0;
    int64_t bytes = (int64_t)gcr_shadow_bytes(s, node);

    if (n->cover == GCR_COVER_ALWAYS) {
        if (was_garbage) /* resurrected */
            s->out_of_memory |= !shadow_count(s, s->now, 1, bytes);
        n->flags &= ~(uint32_t)GCR_NODE_GARBAGE;
        n->cover = SHADOW_FIRST_STATE;
    } else if (!was_garbage) {
        s->out_of_memory |= !shadow_count(s, n->cover + 1, -1, -bytes);
        n->flags |= GCR_NODE_GARBAGE;
        n->cover = 0;
    }
    n->deathed_at = 0;
    if (n->flags & GCR_NODE_CHANGED)
        for (uint32_t i = gcr_shadow_slot_next(n, 0); i < n->slot_count;
             i = gcr_shadow_slot_next(n, i + 1))
            gcr_shadow_slot_find(n, i)->since = 0;
    n->flags &= ~(uint32_t)GCR_NODE_CHANGED;
}

/* The free list is made anew, lowest numbers first, so that nodes stay close together and passes
 * over all of them stay short after the heap's peak. */
static void shadow_settle_nodes(struct gcr_shadow *s)
{
    while (s->node_end > 1 && !(s->nodes[s->node_end - 1].flags & GCR_NODE_USED))
        s->node_end--;
    s->free_node = GCR_SHADOW_NULL;
    for (uint32_t i = s->node_end - 1; i >= 1; i--) {
        if (s->nodes[i].flags & GCR_NODE_USED) {
            shadow_settle_node(s, i);
        } else {
            s->nodes[i].weak = s->free_node;
            s->free_node = i;
        }
    }
}

static void shadow_settle_roots(struct gcr_shadow_roots *roots)
{
    for (uint32_t i = gcr_shadow_roots_next(roots, 0); i < roots->end;
         i = gcr_shadow_roots_next(roots, i + 1))
        gcr_shadow_roots_find(roots, i)->since = 0;
}

void gcr_shadow_begin_window(struct gcr_shadow *s)
{
    shadow_settle_nodes(s);
    shadow_settle_roots(&s->globals);
    shadow_settle_roots(&s->held);
    for (uint32_t t = 0; t < s->thread_count; t++)
        shadow_settle_roots(&s->threads[t]);
    shadow_fold_deltas(s);
    s->drop_count = 0;
    s->now = SHADOW_FIRST_STATE;
}
