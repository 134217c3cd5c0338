/* Copies of shadow graphs, for forked lanes. */
#include <stdlib.h>
#include <string.h>

#include "sim/oracle/shadow_slots.h"

/* A copy of n elements, or NULL: without memory, or because there are none. */
static void *shadow_copy_array(const void *from, size_t n, size_t size, bool *ok)
{
    void *copy = n == 0 ? NULL : malloc(n * size);

    if (n != 0 && copy == NULL)
        *ok = false;
    else if (n != 0)
        memcpy(copy, from, n * size);
    return copy;
}

static bool shadow_clone_slots(struct gcr_shadow *copy)
{
    for (uint32_t i = 1; i < copy->node_end; i++) {
        struct gcr_shadow_node *n = &copy->nodes[i];
        const struct gcr_shadow_node from = *n;

        if (!(n->flags & GCR_NODE_USED) || from.slots == NULL)
            continue;
        if (!gcr_shadow_take_slots(&copy->pool, n, from.slot_count) ||
            !gcr_shadow_copy_slots(n, &from)) {
            copy->node_end = i + 1; /* the rest still belongs to the original */
            return false;
        }
    }
    return true;
}

/* Makes a copy of its own of what *roots shares with the original. */
static void shadow_clone_roots(struct gcr_shadow_roots *roots, bool *ok)
{
    struct gcr_shadow_roots copy;

    *ok &= gcr_shadow_roots_clone(roots, &copy);
    *roots = copy;
}

gcr_status gcr_shadow_clone(const struct gcr_shadow *s, struct gcr_shadow **out,
                            struct gcr_error *err)
{
    struct gcr_shadow *c = malloc(sizeof *c);
    bool ok = true;

    if (c == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a forked lane's shadow graph");
    *c = *s;
    gcr_slot_pool_init(&c->pool);
    c->awaiting =
        (struct gcr_number_map){0}; /* filled beside a heap only, and then nobody clones */
    c->drops = NULL;
    c->drop_count = c->drop_room = 0;
    c->deltas = NULL;
    c->delta_room = 0;
    c->changed = c->garbage = c->revived = (struct gcr_shadow_list){0};
    c->nodes = shadow_copy_array(s->nodes, s->node_room, sizeof *s->nodes, &ok);
    c->lives = shadow_copy_array(s->lives, s->node_room, sizeof *s->lives, &ok);
    c->covers = shadow_copy_array(s->covers, s->node_room, sizeof *s->covers, &ok);
    c->by_index = shadow_copy_array(s->by_index, s->index_room, sizeof *s->by_index, &ok);
    c->prebuilt = shadow_copy_array(s->prebuilt, s->prebuilt_room, sizeof *s->prebuilt, &ok);
    c->resurrecting =
        shadow_copy_array(s->resurrecting, s->resurrecting_room, sizeof *s->resurrecting, &ok);
    c->threads = shadow_copy_array(s->threads, s->thread_count, sizeof *s->threads, &ok);
    shadow_clone_roots(&c->globals, &ok);
    shadow_clone_roots(&c->held, &ok);
    if (c->threads == NULL)
        c->thread_count = 0;
    for (uint32_t i = 0; i < c->thread_count; i++)
        shadow_clone_roots(&c->threads[i], &ok);
    if (c->nodes == NULL)
        c->node_end = 0;
    else if (!shadow_clone_slots(c))
        ok = false;
    if (!ok) {
        gcr_shadow_destroy(c);
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a forked lane's shadow graph");
    }
    *out = c;
    return GCR_OK;
}
