/* Nodes of the shadow graph: which are used, and which of them an index names.
 *
 * An index that is used again passes to a new node. Beside a heap an earlier owner stays known as
 * long as its finalizer has still to run: owners of one index are a list, newest first, and earlier
 * ones are found by their serial. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/oracle/shadow_parts.h"
#include "sim/oracle/shadow_slots.h"

enum { SHADOW_FIRST_ROOM = 64, SHADOW_HUGE_PAGE = 1 << 21, SHADOW_HUGE_FROM = 1 << 22 };

/* A walk over the graph is bound by address translation, so that long tables ask for huge pages;
 * which they get only where nothing has been touched yet. */
static void *shadow_realloc(void *array, size_t old_bytes, size_t bytes)
{
    void *grown;

    if (bytes < SHADOW_HUGE_FROM)
        return realloc(array, bytes);
    grown = aligned_alloc(SHADOW_HUGE_PAGE,
                          (bytes + SHADOW_HUGE_PAGE - 1) / SHADOW_HUGE_PAGE * SHADOW_HUGE_PAGE);
    if (grown == NULL)
        return NULL;
    (void)madvise(grown, bytes, MADV_HUGEPAGE); /* a hint */
    if (old_bytes != 0)
        memcpy(grown, array, old_bytes);
    free(array);
    return grown;
}

bool gcr_shadow_grow(void **array, uint32_t *room, uint64_t index, size_t size)
{
    uint64_t wanted = *room == 0 ? SHADOW_FIRST_ROOM : *room;
    char *grown;

    while (wanted <= index)
        wanted *= 2;
    if (wanted > UINT32_MAX)
        wanted = UINT32_MAX;
    if (wanted <= index)
        return false;
    grown = shadow_realloc(*array, (size_t)*room * size, (size_t)wanted * size);
    if (grown == NULL)
        return false;
    memset(grown + (size_t)*room * size, 0, (size_t)(wanted - *room) * size);
    *array = grown;
    *room = (uint32_t)wanted;
    return true;
}

bool gcr_shadow_list_grow(struct gcr_shadow_list *list)
{
    return gcr_shadow_grow((void **)&list->node, &list->room, list->room, sizeof *list->node);
}

bool gcr_shadow_reserve_node(struct gcr_shadow *s, uint32_t node)
{
    uint32_t lives = s->node_room, covers = s->node_room;

    if (node < s->node_room)
        return true;
    return GCR_SHADOW_RESERVE(s->lives, lives, node) &&
           GCR_SHADOW_RESERVE(s->covers, covers, node) &&
           GCR_SHADOW_RESERVE(s->nodes, s->node_room, node);
}

static uint32_t shadow_take_node(struct gcr_shadow *s)
{
    uint32_t node = s->free_node;

    if (node != GCR_SHADOW_NULL) {
        s->free_node = s->nodes[node].weak;
    } else {
        if (s->node_end >= (uint32_t)INT32_MAX || !gcr_shadow_reserve_node(s, s->node_end))
            return GCR_SHADOW_NULL;
        node = s->node_end++;
    }
    s->nodes[node] = (struct gcr_shadow_node){.flags = GCR_NODE_USED};
    s->lives[node] = (struct gcr_shadow_life){.ordinal = (uint32_t)s->allocated};
    s->covers[node] = s->now;
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

uint32_t gcr_shadow_awaiting(const struct gcr_shadow *s, uint32_t index, uint32_t serial)
{
    uint32_t node = gcr_shadow_find(s, index);

    if (gcr_shadow_is_gone(node))
        return GCR_SHADOW_NULL;
    if (node != GCR_SHADOW_NULL && s->lives[node].serial != serial)
        node = gcr_number_map_find(&s->awaiting, serial);
    return gcr_shadow_is_pending(s, node) ? node : GCR_SHADOW_NULL;
}

/* What a new owner of the index remembers: the present one if its finalizer is still to run. */
static uint32_t shadow_previous(const struct gcr_shadow *s, uint32_t index)
{
    uint32_t old = gcr_shadow_find(s, index);

    if (!s->has_heap || old == GCR_SHADOW_NULL || gcr_shadow_is_gone(old))
        return GCR_SHADOW_NULL;
    return gcr_shadow_is_pending(s, old) ? old : s->lives[old].previous;
}

/* Takes a node out of the list of its index's owners. */
static void shadow_unlink_owner(struct gcr_shadow *s, uint32_t node, bool gone)
{
    const struct gcr_shadow_life *n = &s->lives[node];
    uint32_t index = s->nodes[node].index;

    if (gcr_shadow_find(s, index) == node) {
        s->by_index[index] = n->previous;
        if (gone && n->previous == GCR_SHADOW_NULL)
            s->by_index[index] =
                shadow_finalizes(s, node) ? GCR_SHADOW_GONE_FINALIZER : GCR_SHADOW_GONE;
    } else if (n->newer != GCR_SHADOW_NULL) {
        s->lives[n->newer].previous = n->previous;
        (void)gcr_number_map_take(&s->awaiting, n->serial);
    } else {
        return; /* it was passed over when the index was given again */
    }
    if (n->previous == GCR_SHADOW_NULL)
        return;
    s->lives[n->previous].newer = n->newer;
    if (n->newer == GCR_SHADOW_NULL) /* the present owner again */
        (void)gcr_number_map_take(&s->awaiting, s->lives[n->previous].serial);
}

/* `old` becomes the owner before `node`. */
static bool shadow_succeed(struct gcr_shadow *s, uint32_t node, uint32_t old)
{
    s->lives[node].previous = old;
    if (old == GCR_SHADOW_NULL)
        return true;
    s->lives[old].newer = node;
    return gcr_number_map_put(&s->awaiting, s->lives[old].serial, old);
}

uint32_t gcr_shadow_add_node(struct gcr_shadow *s, uint32_t index, uint32_t shape, uint32_t length)
{
    uint64_t slots = gcr_shape_slot_count(&s->shapes[shape], length);
    uint32_t node = shadow_take_node(s);
    struct gcr_shadow_node *n = &s->nodes[node];

    if (node == GCR_SHADOW_NULL || !GCR_SHADOW_RESERVE(s->by_index, s->index_room, index))
        return GCR_SHADOW_NULL;
    n->shape = shape;
    n->length = length;
    n->index = index;
    if (shadow_finalizes(s, node))
        s->lives[node].serial = ++s->finalizable;
    if (slots != 0) {
        if (!gcr_shadow_take_slots(&s->pool, n, (uint32_t)slots))
            return GCR_SHADOW_NULL;
    }
    if (!shadow_succeed(s, node, shadow_previous(s, index)))
        return GCR_SHADOW_NULL;
    s->by_index[index] = node;
    s->allocated++;
    if (!gcr_shadow_count(s, s->now, 1, (int64_t)gcr_shadow_bytes(s, node)))
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
        s->out_of_memory |=
            !gcr_shadow_count(s, s->covers[node] + 1, -1, -(int64_t)gcr_shadow_bytes(s, node));
    shadow_unlink_owner(s, node, gone);
    if (n->flags & GCR_NODE_RESURRECTS)
        shadow_forget_resurrecting(s, node);
    gcr_shadow_give_slots(&s->pool, n);
    *n = (struct gcr_shadow_node){.weak = s->free_node};
    s->covers[node] = 0;
    s->free_node = node;
    s->used_nodes--;
}
