/* The checker of `run --verify`: the shadow graph beside a running heap.
 *
 * Every event: the operands' form, and that the heap has not freed them; what is new is looked at
 * and stamped. Complete comparisons (compare.c) come after full collections and whenever as many
 * events have passed as there are nodes, so that their cost is spread; with GCR_VERIFY_EVERY after
 * each event.
 *
 * When a freed object is used, the collector is to blame only if the object was reachable: the
 * covers (reach.h) decide between GCR_FAULT and GCR_INVALID_TRACE. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/oracle/oracle.h"
#include "sim/oracle/verify.h"

enum { VERIFY_MIN_WINDOW = 4096, VERIFY_SMALL_HEAP = 512 };

static struct gcr_verify *verify_of(struct gcr_checker *checker)
{
    return (struct gcr_verify *)checker;
}

gcr_status gcr_verify_fail(const struct gcr_verify *v, gcr_status code, struct gcr_error *err,
                           const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return gcr_fail(err, code, "lane %" PRIu32 ", event %" PRIu64 ": %s", v->view->lane, v->number,
                    text);
}

/* ---- before ---- */

/* A forked child's events are numbered from 0 again, and its peak is its own. */
static void verify_follow_number(struct gcr_verify *v, uint64_t number)
{
    uint64_t expected = v->window_start + v->shadow->now - 1;

    if (number != expected)
        v->window_start = number - (v->shadow->now - 1);
    if (number < expected) {
        v->shadow->peak_objects = v->shadow->live_objects;
        v->shadow->peak_bytes = v->shadow->live_bytes;
        gcr_checkpoint_restart(v);
    }
    v->number = number;
}

/* An operand that the heap has freed, or might have: whose fault? */
static gcr_status verify_blame(struct gcr_verify *v, uint32_t node, const struct gcr_event *event,
                               struct gcr_error *err)
{
    const struct gcr_shadow_node *n = &v->shadow->nodes[node];
    uint64_t freed_during = gcr_verify_event_of(v, v->shadow->lives[node].freed_at);
    uint32_t cover;
    gcr_status status;

    if (!gcr_reach_cover(&v->reach, v->shadow, false))
        return gcr_fail(err, GCR_NO_MEMORY, "no memory to verify");
    cover = v->shadow->covers[node];
    if (n->flags & GCR_NODE_GARBAGE)
        status = gcr_fail(err, GCR_INVALID_TRACE, "object o%" PRIu32 " has long been unreachable",
                          n->index);
    else if (cover < v->shadow->now)
        status = gcr_fail(err, GCR_INVALID_TRACE,
                          "object o%" PRIu32 " is unreachable since event %" PRIu64, n->index,
                          gcr_verify_event_of(v, cover + 1));
    else
        status = gcr_fail(err, GCR_FAULT,
                          "names object o%" PRIu32 ", which the heap freed during event %" PRIu64,
                          n->index, freed_during);
    gcr_rules_place(err, v->view->lane, v->number, event);
    return status;
}

/* A design that acts on deaths would now free the object a second time. */
static gcr_status verify_death(struct gcr_verify *v, const struct gcr_event *event,
                               struct gcr_error *err)
{
    uint32_t node = gcr_shadow_find(v->shadow, event->a);
    gcr_status status;

    if (gcr_shadow_is_gone(node) || !(v->shadow->nodes[node].flags & GCR_NODE_FREED) ||
        !gcr_collector_is(v->view->collector, GCR_CAP_NEEDS_DEATHS))
        return GCR_OK;
    status = gcr_compare(v, err); /* was it reachable when it was freed? */
    return status != GCR_OK
               ? status
               : gcr_verify_fail(v, GCR_FAULT, err,
                                 "object o%" PRIu32 " was freed before its DEATH", event->a);
}

static gcr_status verify_operands(struct gcr_verify *v, const struct gcr_event *event,
                                  struct gcr_error *err)
{
    uint32_t index[2];
    unsigned n = gcr_rules_operands(event, index);

    if (event->op == GCR_OP_DEATH)
        return verify_death(v, event, err);
    for (unsigned i = 0; i < n; i++) {
        uint32_t node = gcr_shadow_find(v->shadow, index[i]);
        if (v->shadow->nodes[node].flags & (GCR_NODE_FREED | GCR_NODE_GARBAGE))
            return verify_blame(v, node, event, err);
    }
    return GCR_OK;
}

static void verify_note_old_size(struct gcr_verify *v, const struct gcr_event *event)
{
    if (event->op == GCR_OP_RESIZE) {
        const struct gcr_shadow_node *n = &v->shadow->nodes[gcr_shadow_find(v->shadow, event->a)];
        v->old_slots = n->slot_count;
        v->old_data_bytes = gcr_shape_data_bytes(&v->shadow->shapes[n->shape], n->length);
    }
}

static gcr_status verify_before(struct gcr_checker *checker, const struct gcr_event *event,
                                uint64_t number, struct gcr_error *err)
{
    struct gcr_verify *v = verify_of(checker);
    gcr_status status;

    verify_follow_number(v, number);
    v->finalized_count = 0;
    v->full_collection = false;
    if (gcr_rules_pass(&v->rules, v->shadow, event, GCR_NODE_FREED | GCR_NODE_GARBAGE))
        return GCR_OK; /* no RESIZE: there is no old size */
    status = gcr_rules_judge(&v->rules, v->shadow, event, err);
    if (status == GCR_INVALID_TRACE)
        gcr_rules_place(err, v->view->lane, number, event);
    if (status == GCR_OK)
        status = verify_operands(v, event, err);
    if (status != GCR_OK)
        return status;
    verify_note_old_size(v, event);
    return GCR_OK;
}

/* ---- reports ---- */

/* The state that the event under way leads to. */
static uint32_t verify_coming_state(const struct gcr_verify *v)
{
    return v->shadow->now + 1;
}

static void verify_mark_freed(struct gcr_verify *v, uint32_t node)
{
    v->shadow->nodes[node].flags |= GCR_NODE_FREED;
    v->shadow->lives[node].freed_at = verify_coming_state(v);
    v->no_memory |= !gcr_shadow_list_add(&v->freed, node);
    gcr_checkpoint_freed(v, node);
}

static void verify_freed(struct gcr_checker *checker, gcr_ref object)
{
    struct gcr_verify *v = verify_of(checker);
    uint32_t node;

    if (v->moving || v->finished)
        return; /* a moving design's objects are known by their handles */
    node = gcr_oracle_map_take(&v->map, object);
    if (node != GCR_SHADOW_NULL) {
        verify_mark_freed(v, node);
        return;
    }
    if (!v->has_fault)
        (void)gcr_verify_fail(v, GCR_FAULT, &v->fault,
                              "the heap frees %p, where no object is (freed twice?)",
                              (void *)object);
    v->has_fault = true;
}

static void verify_handle_dead(struct gcr_checker *checker, uint32_t index)
{
    struct gcr_verify *v = verify_of(checker);
    uint32_t node = gcr_shadow_find(v->shadow, index);

    if (!v->finished && node != GCR_SHADOW_NULL && gcr_inspect_has_handle(v, node))
        verify_mark_freed(v, node);
}

static void verify_handle_moved(struct gcr_checker *checker, uint32_t index, gcr_ref from,
                                gcr_ref to)
{
    (void)checker; /* where objects lie is asked for when it is needed */
    (void)index;
    (void)from;
    (void)to;
}

static uint64_t verify_collected(struct gcr_checker *checker, const struct gcr_collection *done)
{
    struct gcr_verify *v = verify_of(checker);
    uint64_t freed_set = v->freed_set;

    if (done->full)
        v->full_collection = true;
    v->freed_set = 0;
    return v->moving ? 0 : freed_set;
}

static void verify_finalized(struct gcr_checker *checker, gcr_ref object, uint32_t index,
                             uint32_t serial, uint32_t global_root)
{
    struct gcr_verify *v = verify_of(checker);
    uint32_t node = gcr_shadow_awaiting(v->shadow, index, serial);

    if (v->finished)
        return;
    if (node == GCR_SHADOW_NULL) {
        if (v->frees && !v->has_fault)
            (void)gcr_verify_fail(v, GCR_FAULT, &v->fault,
                                  "the heap finalizes object o%" PRIu32
                                  " at %p, which has no finalizer to run (run twice?)",
                                  index, (void *)object);
        v->has_fault |= v->frees;
        return;
    }
    v->shadow->nodes[node].flags |= GCR_NODE_FINALIZED;
    if (v->finalized_count == v->finalized_room) {
        size_t room = v->finalized_room == 0 ? 64 : v->finalized_room * 2;
        uint32_t *grown = realloc(v->finalized_now, room * sizeof *grown);
        v->no_memory |= grown == NULL;
        if (grown == NULL)
            return;
        v->finalized_now = grown;
        v->finalized_room = room;
    }
    v->finalized_now[v->finalized_count++] = node;
    if (global_root != UINT32_MAX) {
        v->resurrected = true;
        v->no_memory |= !gcr_shadow_set_global(v->shadow, gcr_root_slot(global_root), node);
    }
}

/* ---- after ---- */

static gcr_status verify_new(struct gcr_verify *v, uint32_t index, struct gcr_error *err)
{
    uint32_t node = gcr_shadow_find(v->shadow, index);
    gcr_ref object = gcr_view_handle(v->view, index);

    if (!v->moving && v->frees && object != NULL) {
        if (gcr_oracle_map_find(&v->map, object) != GCR_SHADOW_NULL)
            return gcr_verify_fail(
                v, GCR_FAULT, err,
                "object o%" PRIu32 " is allocated at %p, where object o%" PRIu32 " still is", index,
                (void *)object, v->shadow->nodes[gcr_oracle_map_find(&v->map, object)].index);
        if (!gcr_oracle_map_put(&v->map, object, node))
            return gcr_fail(err, GCR_NO_MEMORY, "no memory to verify");
    }
    return gcr_inspect_fresh(v, node, err);
}

/* The root that the event has set holds what it should. */
static gcr_status verify_root(struct gcr_verify *v, uint32_t root, uint32_t target,
                              struct gcr_error *err)
{
    uint32_t index = v->shadow->nodes[target].index;
    gcr_ref found = gcr_view_current_root(v->view, root), expected = NULL;

    if (target != GCR_SHADOW_NULL && !gcr_inspect_has_handle(v, target))
        return GCR_OK;
    if (target != GCR_SHADOW_NULL)
        expected = gcr_view_handle(v->view, index);
    if (found == expected)
        return GCR_OK;
    return gcr_verify_fail(v, GCR_FAULT, err,
                           "root %" PRIu32 " gets %p, not object o%" PRIu32 " at %p", root,
                           (void *)found, index, (void *)expected);
}

/* A load has just given the root what the slot refers to. */
static gcr_status verify_loaded(struct gcr_verify *v, const struct gcr_event *event,
                                struct gcr_error *err)
{
    uint32_t node = gcr_shadow_find(v->shadow, event->a);

    return verify_root(v, event->c, gcr_shadow_slot(&v->shadow->nodes[node], event->b).target, err);
}

static gcr_status verify_outcome(struct gcr_verify *v, const struct gcr_event *event,
                                 struct gcr_error *err)
{
    gcr_status status;

    switch (event->op) {
    case GCR_OP_PREBUILT:
        return verify_new(v, event->a, err);
    case GCR_OP_ALLOC:
        status = verify_new(v, event->a, err);
        return status == GCR_OK
                   ? verify_root(v, event->c, gcr_shadow_find(v->shadow, event->a), err)
                   : status;
    case GCR_OP_RESIZE:
        status = gcr_inspect_fresh(v, gcr_shadow_find(v->shadow, event->a), err);
        v->old_slots = v->old_data_bytes = 0; /* as of all that is new */
        return status;
    case GCR_OP_LOAD:
        return verify_loaded(v, event, err);
    case GCR_OP_FREEZE:
    case GCR_OP_UNFREEZE:
        v->frozen = event->op == GCR_OP_FREEZE && v->view->collector->freeze != NULL;
        return GCR_OK;
    default:
        return GCR_OK;
    }
}

static bool verify_is_due(const struct gcr_verify *v, const struct gcr_event *event)
{
    uint64_t nodes = v->shadow->used_nodes;

    /* At a fork: each side goes on from a fresh window, for the child counts its own events. */
    if (v->mode == GCR_VERIFY_EVERY || event->op == GCR_OP_FORK)
        return true;
    if (v->full_collection &&
        (nodes <= VERIFY_SMALL_HEAP || v->events_since >= v->shadow->live_objects))
        return true;
    return v->events_since >= VERIFY_MIN_WINDOW && v->events_since >= nodes;
}

static gcr_status verify_after(struct gcr_checker *checker, const struct gcr_event *event,
                               uint64_t number, struct gcr_error *err)
{
    struct gcr_verify *v = verify_of(checker);
    gcr_status status;

    v->number = number;
    if (v->has_fault) {
        if (err != NULL)
            *err = v->fault;
        return GCR_FAULT;
    }
    if (!gcr_shadow_apply(v->shadow, event) || v->no_memory)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory to verify");
    v->events_since++;
    status = verify_outcome(v, event, err);
    if (status == GCR_OK && verify_is_due(v, event))
        status = gcr_compare(v, err);
    return status == GCR_OK ? gcr_checkpoint_after(v, event, err) : status;
}

/* ---- the end ---- */

static gcr_status verify_finish(struct gcr_checker *checker, struct gcr_lane_result *out,
                                struct gcr_error *err)
{
    struct gcr_verify *v = verify_of(checker);
    gcr_status status = GCR_OK;

    if (v->has_fault) {
        if (err != NULL)
            *err = v->fault;
        return GCR_FAULT;
    }
    if (v->no_memory)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory to verify");
    status = gcr_compare(v, err);
    if (status == GCR_OK)
        status = gcr_digest_heap(v, &out->graph_digest, err);
    if (status == GCR_OK)
        status = gcr_checkpoint_hand_over(v, out, err);
    if (status != GCR_OK)
        return status;
    v->finished = true;
    out->verified = true;
    out->comparisons = v->comparisons;
    out->live_known = true;
    out->live_end_objects = v->shadow->live_objects;
    out->live_end_bytes = v->shadow->live_bytes;
    out->live_peak_bytes = v->shadow->peak_bytes;
    return GCR_OK;
}

static void verify_destroy(struct gcr_checker *checker)
{
    struct gcr_verify *v = verify_of(checker);

    gcr_reach_finish(&v->reach);
    gcr_oracle_map_finish(&v->map);
    gcr_rules_finish(&v->rules);
    gcr_shadow_destroy(v->shadow);
    gcr_growable_free(&v->checkpoint_memory);
    free(v->finalized_now);
    free(v->freed.node);
    free(v->places);
    free(v);
}

gcr_status gcr_verify_checker(const struct gcr_replay_view *view, enum gcr_verify_mode mode,
                              struct gcr_checker **out, struct gcr_error *err)
{
    struct gcr_verify *v = calloc(1, sizeof *v);
    gcr_status status;

    if (v == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory to verify");
    status = gcr_shadow_create(view->shapes, view->shape_count, &v->shadow, err);
    if (status != GCR_OK) {
        free(v);
        return status;
    }
    v->shadow->has_heap = true;
    v->checker = (struct gcr_checker){
        .before = verify_before,
        .after = verify_after,
        .freed = verify_freed,
        .handle_dead = verify_handle_dead,
        .handle_moved = verify_handle_moved,
        .collected = verify_collected,
        .finalized = verify_finalized,
        .finish = verify_finish,
        .destroy = verify_destroy,
    };
    v->view = view;
    v->mode = mode;
    v->moving = gcr_collector_is(view->collector, GCR_CAP_MOVING);
    v->frees = gcr_collector_is(view->collector,
                                GCR_CAP_COLLECTS | GCR_CAP_REFCOUNTING | GCR_CAP_NEEDS_DEATHS);
    gcr_rules_init(&v->rules, view->heap->host->capabilities);
    *out = &v->checker;
    return GCR_OK;
}
