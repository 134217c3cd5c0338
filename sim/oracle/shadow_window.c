/* Windows of the shadow graph: what an analysis has found is taken up, and time starts anew. */
#include <string.h>

#include "sim/oracle/shadow_parts.h"

static void shadow_fold_deltas(struct gcr_shadow *s)
{
    uint32_t end = s->now < s->delta_room ? s->now + 1 : s->delta_room;

    for (uint32_t state = GCR_SHADOW_FIRST_STATE; state < end; state++) {
        s->live_objects += (uint64_t)s->deltas[state].objects;
        s->live_bytes += (uint64_t)s->deltas[state].bytes;
        if (s->live_objects > s->peak_objects)
            s->peak_objects = s->live_objects;
        if (s->live_bytes > s->peak_bytes)
            s->peak_bytes = s->live_bytes;
    }
    if (end > GCR_SHADOW_FIRST_STATE)
        memset(s->deltas, 0, end * sizeof *s->deltas);
}

/* What is unreachable from now on is garbage; `since` of all that changed counts from before. */
static void shadow_settle_unreachable(struct gcr_shadow *s, uint32_t node)
{
    struct gcr_shadow_node *n = &s->nodes[node];

    if (!(n->flags & GCR_NODE_GARBAGE))
        s->out_of_memory |=
            !gcr_shadow_count(s, s->covers[node] + 1, -1, -(int64_t)gcr_shadow_bytes(s, node));
    n->flags |= GCR_NODE_GARBAGE;
    s->out_of_memory |= !gcr_shadow_list_add(&s->garbage, node);
    s->covers[node] = 0;
    s->lives[node].deathed_at = 0;
}

static void shadow_settle_revived(struct gcr_shadow *s)
{
    for (uint32_t i = 0; i < s->revived.count; i++) {
        uint32_t node = s->revived.node[i];

        if (!(s->nodes[node].flags & GCR_NODE_GARBAGE))
            continue;
        s->out_of_memory |= !gcr_shadow_count(s, s->now, 1, (int64_t)gcr_shadow_bytes(s, node));
        s->nodes[node].flags &= ~(uint32_t)GCR_NODE_GARBAGE;
    }
    s->revived.count = 0;
}

static void shadow_settle_changed(struct gcr_shadow *s)
{
    for (uint32_t k = 0; k < s->changed.count; k++) {
        struct gcr_shadow_node *n = &s->nodes[s->changed.node[k]];

        if (!(n->flags & GCR_NODE_CHANGED))
            continue; /* released since */
        for (uint32_t i = gcr_shadow_slot_next(n, 0); i < n->slot_count;
             i = gcr_shadow_slot_next(n, i + 1))
            gcr_shadow_slot_find(n, i)->since = 0;
        n->flags &= ~(uint32_t)GCR_NODE_CHANGED;
    }
    s->changed.count = 0;
}

/* The free list is made anew, lowest numbers first, so that nodes stay close together and passes
 * over all of them stay short after the heap's peak. Most nodes are reachable: of them only the
 * cover is touched. */
static void shadow_settle_nodes(struct gcr_shadow *s)
{
    while (s->node_end > 1 && !(s->nodes[s->node_end - 1].flags & GCR_NODE_USED))
        s->node_end--;
    s->free_node = GCR_SHADOW_NULL;
    s->garbage.count = 0;
    for (uint32_t i = s->node_end - 1; i >= 1; i--) {
        if (s->covers[i] == GCR_COVER_ALWAYS) {
            s->covers[i] = GCR_SHADOW_FIRST_STATE;
        } else if (s->nodes[i].flags & GCR_NODE_USED) {
            shadow_settle_unreachable(s, i);
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
    shadow_settle_revived(s);
    shadow_settle_changed(s);
    shadow_settle_nodes(s);
    shadow_settle_roots(&s->globals);
    shadow_settle_roots(&s->held);
    for (uint32_t t = 0; t < s->thread_count; t++)
        shadow_settle_roots(&s->threads[t]);
    shadow_fold_deltas(s);
    s->drop_count = 0;
    s->now = GCR_SHADOW_FIRST_STATE;
}
