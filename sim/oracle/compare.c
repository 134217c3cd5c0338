/* The complete comparison of heap and shadow graph.
 *
 * In order: who is reachable, and since when not (reach.h); was anything freed while it was
 * reachable; after a full collection of a precise design, was anything kept that should be gone;
 * does every reachable object stand in the heap as the events made it; then nodes that no one needs
 * are released and a new window starts.
 *
 * What a precise design may keep: objects whose finalizer has still to run or ran in this very
 * collection, and all that those reach; and what became garbage in the collection's own event (an
 * ALLOC's collection sees the old value of its root). A heap's object whose node has died by DEATH
 * has no handle any more and can only be counted. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "sim/oracle/verify.h"

enum { COMPARE_HANDLES_AHEAD = 16, COMPARE_OBJECTS_AHEAD = 12 };

static bool compare_is_reachable(const struct gcr_shadow *s, uint32_t node)
{
    return s->covers[node] == GCR_COVER_ALWAYS;
}

/* ---- what was freed ---- */

static gcr_status compare_judge_reachable(struct gcr_verify *v, uint32_t node,
                                          struct gcr_error *err)
{
    const struct gcr_shadow_node *n = &v->shadow->nodes[node];
    const struct gcr_shadow_life *life = &v->shadow->lives[node];

    if ((n->flags & GCR_NODE_DEATHED) && !v->resurrected)
        return gcr_verify_fail(v, GCR_INVALID_TRACE, err,
                               "the DEATH of object o%" PRIu32 " in event %" PRIu64
                               " is not true: it is still reachable",
                               n->index, gcr_verify_event_of(v, life->deathed_at));
    if ((n->flags & GCR_NODE_FREED) && !(n->flags & GCR_NODE_DEATHED))
        return gcr_verify_fail(v, GCR_FAULT, err,
                               "object o%" PRIu32 ", freed during event %" PRIu64
                               ", is still reachable",
                               n->index, gcr_verify_event_of(v, life->freed_at));
    return GCR_OK;
}

static gcr_status compare_judge_freed(struct gcr_verify *v, uint32_t node, struct gcr_error *err)
{
    const struct gcr_shadow_node *n = &v->shadow->nodes[node];
    const struct gcr_shadow_life *life = &v->shadow->lives[node];
    uint32_t cover = v->shadow->covers[node];

    if (cover < life->freed_at || v->resurrected)
        return GCR_OK;
    if ((n->flags & GCR_NODE_DEATHED) && life->deathed_at <= life->freed_at)
        return gcr_verify_fail(v, GCR_INVALID_TRACE, err,
                               "the DEATH of object o%" PRIu32 " in event %" PRIu64
                               " is not true: it was reachable until event %" PRIu64,
                               n->index, gcr_verify_event_of(v, life->deathed_at),
                               gcr_verify_event_of(v, cover + 1));
    return gcr_verify_fail(v, GCR_FAULT, err,
                           "object o%" PRIu32 " was freed during event %" PRIu64
                           " but was reachable until event %" PRIu64,
                           n->index, gcr_verify_event_of(v, life->freed_at),
                           gcr_verify_event_of(v, cover + 1));
}

/* Whether all that was freed in this window was unreachable then, and nothing that is reachable now
 * has been freed or declared dead. What was freed in an earlier window was judged there. */
static bool compare_freed_is_right(const struct gcr_verify *v)
{
    const struct gcr_shadow *s = v->shadow;

    if (v->reach.flags & (GCR_NODE_FREED | GCR_NODE_DEATHED))
        return false;
    for (uint32_t i = 0; i < v->freed.count; i++)
        if (s->covers[v->freed.node[i]] >= s->lives[v->freed.node[i]].freed_at)
            return false;
    return true;
}

/* If something is wrong: the first node of which it is. */
static gcr_status compare_freed(struct gcr_verify *v, struct gcr_error *err)
{
    const struct gcr_shadow *s = v->shadow;
    gcr_status status = GCR_OK;

    if (compare_freed_is_right(v))
        return GCR_OK;
    for (uint32_t i = 1; i < s->node_end && status == GCR_OK; i++) {
        if (!(s->nodes[i].flags & GCR_NODE_USED))
            continue;
        if (compare_is_reachable(s, i))
            status = compare_judge_reachable(v, i, err);
        else if (s->nodes[i].flags & GCR_NODE_FREED)
            status = compare_judge_freed(v, i, err);
    }
    return status;
}

/* ---- what was kept ---- */

/* Flags what finalizers keep: see above. */
static bool compare_excuse(struct gcr_verify *v)
{
    struct gcr_shadow *s = v->shadow;

    if (s->finalizable == 0)
        return true;
    for (uint32_t i = 1; i < s->node_end; i++)
        if (!compare_is_reachable(s, i)) /* of the others nobody asks */
            s->nodes[i].flags &= ~(uint32_t)GCR_NODE_EXCUSED;
    for (uint32_t i = 1; i < s->node_end; i++)
        if (!compare_is_reachable(s, i) && gcr_shadow_is_pending(s, i) &&
            !gcr_reach_flag(&v->reach, s, &i, 1, GCR_NODE_EXCUSED))
            return false;
    return gcr_reach_flag(&v->reach, s, v->finalized_now, v->finalized_count, GCR_NODE_EXCUSED);
}

/* Unreachable before the collection's event, not freed, and not excused. */
static bool compare_is_leak(const struct gcr_shadow *s, uint32_t node)
{
    uint32_t flags;

    if (compare_is_reachable(s, node))
        return false;
    flags = s->nodes[node].flags;
    return (flags & GCR_NODE_USED) && !(flags & (GCR_NODE_FREED | GCR_NODE_EXCUSED)) &&
           (uint64_t)s->covers[node] + 1 < s->now;
}

static gcr_status compare_leaks(struct gcr_verify *v, struct gcr_error *err)
{
    const struct gcr_shadow *s = v->shadow;

    for (uint32_t i = 1; i < s->node_end; i++) {
        const struct gcr_shadow_node *n = &s->nodes[i];
        if (!compare_is_leak(s, i) || (v->moving && !gcr_inspect_has_handle(v, i)))
            continue;
        return gcr_verify_fail(v, GCR_FAULT, err,
                               "object o%" PRIu32 " (%s) is unreachable, yet survived the full "
                               "collection during this event",
                               n->index, s->shapes[n->shape].name);
    }
    return GCR_OK;
}

struct compare_walk {
    struct gcr_verify *verify;
    uint64_t unknown;
    gcr_ref last_unknown;
};

static bool compare_visit(void *arg, gcr_ref object)
{
    struct compare_walk *walk = arg;

    if (gcr_oracle_map_find(&walk->verify->map, object) == 0) {
        walk->unknown++;
        walk->last_unknown = object;
    }
    return true;
}

/* Moving designs: the map is made from the handles for the occasion. *nameless: how many excused
 * objects have no handle. */
static bool compare_map_handles(struct gcr_verify *v, uint64_t *nameless)
{
    const struct gcr_shadow *s = v->shadow;

    gcr_oracle_map_clear(&v->map);
    *nameless = 0;
    for (uint32_t i = 1; i < s->node_end; i++) {
        const struct gcr_shadow_node *n = &s->nodes[i];
        gcr_ref object;

        if ((n->flags & (GCR_NODE_USED | GCR_NODE_FREED)) != GCR_NODE_USED)
            continue;
        if (!gcr_inspect_has_handle(v, i)) {
            *nameless += !compare_is_leak(s, i);
            continue;
        }
        object = gcr_view_handle(v->view, n->index);
        if ((uintptr_t)object > 1 && !gcr_oracle_map_put(&v->map, object, i))
            return false;
    }
    return true;
}

static gcr_status compare_walk_heap(struct gcr_verify *v, struct gcr_error *err)
{
    struct compare_walk walk = {.verify = v};
    uint64_t nameless = 0;
    uint32_t shape;

    if (v->moving && !compare_map_handles(v, &nameless))
        return gcr_fail(err, GCR_NO_MEMORY, "no memory to verify");
    v->view->collector->walk(v->view->heap, compare_visit, &walk);
    if (walk.unknown <= nameless)
        return GCR_OK;
    shape = v->view->collector->shape_number(v->view->heap, walk.last_unknown);
    return gcr_verify_fail(v, GCR_FAULT, err,
                           "after a full collection the heap holds %" PRIu64
                           " dead objects too many, one of them at %p of shape %" PRIu32,
                           walk.unknown - nameless, (void *)walk.last_unknown, shape);
}

static gcr_status compare_retained(struct gcr_verify *v, struct gcr_error *err)
{
    gcr_status status;

    if (!v->full_collection || v->resurrected || v->frozen ||
        !gcr_collector_is(v->view->collector, GCR_CAP_PRECISE))
        return GCR_OK;
    status = compare_leaks(v, err);
    return status == GCR_OK ? compare_walk_heap(v, err) : status;
}

/* ---- what is there ---- */

static gcr_status compare_root(struct gcr_verify *v, const struct gcr_shadow_roots *roots,
                               uint32_t thread, uint32_t slot, bool global, struct gcr_error *err)
{
    uint32_t target = gcr_shadow_roots_find(roots, slot)->target, index = 0;
    uint32_t root = global ? gcr_root_global(slot) : gcr_root_thread(slot);
    gcr_ref found = v->view->root(v->view, thread, root), expected = NULL;

    if (target != GCR_SHADOW_NULL) {
        if (!gcr_inspect_has_handle(v, target))
            return GCR_OK;
        index = v->shadow->nodes[target].index;
        expected = gcr_view_handle(v->view, index);
    } else if (global && v->resurrected) {
        return GCR_OK; /* may be the slot of an object that the shadow graph no longer has */
    }
    if (found == expected)
        return GCR_OK;
    if (global)
        return gcr_verify_fail(v, GCR_FAULT, err,
                               "global root %" PRIu32 ": refers to %p, not to object o%" PRIu32
                               " at %p",
                               slot, (void *)found, index, (void *)expected);
    return gcr_verify_fail(v, GCR_FAULT, err,
                           "root %" PRIu32 " of thread %" PRIu32
                           ": refers to %p, not to object o%" PRIu32 " at %p",
                           slot, thread, (void *)found, index, (void *)expected);
}

static gcr_status compare_root_span(struct gcr_verify *v, const struct gcr_shadow_roots *roots,
                                    uint32_t thread, bool global, struct gcr_error *err)
{
    uint32_t end = gcr_verify_root_end(v, roots, thread, global);
    gcr_status status = GCR_OK;

    for (uint32_t i = gcr_shadow_roots_next(roots, 0); i < end && status == GCR_OK;
         i = gcr_shadow_roots_next(roots, i + 1))
        status = compare_root(v, roots, thread, i, global, err);
    return status;
}

static gcr_status compare_roots(struct gcr_verify *v, struct gcr_error *err)
{
    const struct gcr_shadow *s = v->shadow;
    gcr_status status;

    status = compare_root_span(v, &s->globals, 0, true, err);
    for (uint32_t t = 0; t < s->thread_count && status == GCR_OK; t++)
        status = compare_root_span(v, &s->threads[t], t, false, err);
    return status;
}

/* Where every reachable object is, in a table by node: slots are then judged by one look each. */
static bool compare_find_places(struct gcr_verify *v)
{
    const struct gcr_shadow *s = v->shadow;

    if (v->place_room < s->node_end) {
        free(v->places);
        v->place_room = s->node_room;
        v->places = malloc(v->place_room * sizeof(gcr_ref));
        if (v->places == NULL) {
            v->place_room = 0;
            return false;
        }
    }
    v->places[GCR_SHADOW_NULL] = NULL;
    for (uint32_t i = 1; i < s->node_end; i++) {
        if (i + COMPARE_HANDLES_AHEAD < s->node_end)
            GCR_PREFETCH(gcr_view_handle_place(v->view, s->nodes[i + COMPARE_HANDLES_AHEAD].index));
        if (!compare_is_reachable(s, i))
            v->places[i] = NULL; /* fetched ahead, no more */
        else
            v->places[i] = gcr_inspect_has_handle(v, i)
                               ? gcr_view_handle(v->view, s->nodes[i].index)
                               : GCR_INSPECT_NO_HANDLE;
    }
    return true;
}

static gcr_status compare_objects(struct gcr_verify *v, struct gcr_error *err)
{
    const struct gcr_shadow *s = v->shadow;
    gcr_status status = GCR_OK;

    if (!compare_find_places(v))
        return gcr_fail(err, GCR_NO_MEMORY, "no memory to verify");
    for (uint32_t i = 1; i < s->node_end && status == GCR_OK; i++) {
        if (i + COMPARE_OBJECTS_AHEAD < s->node_end) {
            GCR_PREFETCH(v->places[i + COMPARE_OBJECTS_AHEAD]);
            GCR_PREFETCH(s->nodes[i + COMPARE_OBJECTS_AHEAD].slots);
        }
        if (compare_is_reachable(s, i) && v->places[i] != GCR_INSPECT_NO_HANDLE &&
            !gcr_inspect_quickly(v, i))
            status = gcr_inspect_object(v, i, err);
    }
    return status;
}

/* ---- clearing up ---- */

/* Whether nobody will speak of this node again. */
static bool compare_is_over(const struct gcr_verify *v, uint32_t node)
{
    const struct gcr_shadow *s = v->shadow;
    uint32_t flags;

    if (compare_is_reachable(s, node))
        return false;
    flags = s->nodes[node].flags;
    if (s->lives[node].previous != GCR_SHADOW_NULL && !(flags & GCR_NODE_DEATHED))
        return false; /* its index is still taken, and must not fall back to the earlier owner */
    if ((flags & GCR_NODE_FREED) || !v->frees)
        return true;
    return v->moving && (flags & GCR_NODE_DEATHED) && !(flags & GCR_NODE_EXCUSED);
}

/* Weak references must not refer to nodes that go. */
static void compare_cut_weak(struct gcr_verify *v, struct gcr_shadow_node *n)
{
    if (n->weak == GCR_SHADOW_NULL || !compare_is_over(v, n->weak))
        return;
    if (!(v->shadow->nodes[n->weak].flags & GCR_NODE_FREED))
        n->flags |= GCR_NODE_WEAK_LOST;
    n->weak = GCR_SHADOW_NULL;
}

/* Nor must garbage that stays. */
static void compare_cut(struct gcr_verify *v, struct gcr_shadow_node *n)
{
    for (uint32_t i = gcr_shadow_slot_next(n, 0); i < n->slot_count;
         i = gcr_shadow_slot_next(n, i + 1)) {
        struct gcr_shadow_edge *slot = gcr_shadow_slot_find(n, i);
        if (slot->target != GCR_SHADOW_NULL && compare_is_over(v, slot->target))
            slot->target = GCR_SHADOW_NULL;
    }
    compare_cut_weak(v, n);
}

static void compare_part(struct gcr_verify *v, const struct gcr_shadow_list *list)
{
    struct gcr_shadow *s = v->shadow;

    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t node = list->node[i];

        if (compare_is_over(v, node))
            s->nodes[node].flags |= GCR_NODE_OVER;
        else if (!compare_is_reachable(s, node)) /* garbage of an earlier window may be */
            compare_cut(v, &s->nodes[node]);
    }
}

static void compare_release_part(struct gcr_shadow *s, const struct gcr_shadow_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t node = list->node[i];

        if (s->nodes[node].flags & GCR_NODE_OVER)
            gcr_shadow_release(s, node, !(s->nodes[node].flags & GCR_NODE_DEATHED));
    }
}

/* Who goes is decided before the first one does: a release may be what makes the next owner of an
 * index go as well, but that one has not been cut off yet and waits for the next comparison. */
static void compare_release(struct gcr_verify *v)
{
    struct gcr_shadow *s = v->shadow;

    for (uint32_t i = 0; i < v->reach.weak.count; i++)
        compare_cut_weak(v, &s->nodes[v->reach.weak.node[i]]);
    compare_part(v, &v->reach.fallen);
    compare_part(v, &s->garbage);
    compare_release_part(s, &v->reach.fallen);
    compare_release_part(s, &s->garbage);
    gcr_shadow_begin_window(s);
    v->freed.count = 0;
}

static gcr_status compare_heap(struct gcr_verify *v, struct gcr_error *err)
{
    gcr_status status = compare_freed(v, err);

    if (status == GCR_OK)
        status = compare_retained(v, err);
    if (status == GCR_OK)
        status = compare_roots(v, err);
    if (status == GCR_OK)
        status = compare_objects(v, err);
    return status;
}

gcr_status gcr_compare(struct gcr_verify *v, struct gcr_error *err)
{
    gcr_status status;

    v->view->rest(v->view, true);
    if (gcr_reach_cover(&v->reach, v->shadow, true) && compare_excuse(v))
        status = compare_heap(v, err);
    else
        status = gcr_fail(err, GCR_NO_MEMORY, "no memory to verify");
    if (status == GCR_OK)
        compare_release(v);
    v->view->rest(v->view, false);
    if (status != GCR_OK)
        return status;
    v->finalized_count = 0;
    v->comparisons++;
    v->events_since = 0;
    v->full_collection = false;
    v->window_start = v->number + 1;
    return v->shadow->out_of_memory ? gcr_fail(err, GCR_NO_MEMORY, "no memory to verify") : GCR_OK;
}
