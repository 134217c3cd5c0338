#include "sim/oracle/rules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "traces/text.h"

void gcr_rules_init(struct gcr_rules *rules, const struct gcr_capabilities *capabilities)
{
    *rules = (struct gcr_rules){.capabilities = capabilities};
}

gcr_status gcr_rules_clone(const struct gcr_rules *from, struct gcr_rules *to,
                           struct gcr_error *err)
{
    *to = *from;
    to->resurrect_room = from->resurrect_count;
    if (from->resurrect_count == 0) {
        to->resurrect_roots = NULL;
        return GCR_OK;
    }
    to->resurrect_roots = malloc(from->resurrect_count * sizeof *to->resurrect_roots);
    if (to->resurrect_roots == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory for a forked lane's rules");
    memcpy(to->resurrect_roots, from->resurrect_roots,
           from->resurrect_count * sizeof *to->resurrect_roots);
    return GCR_OK;
}

void gcr_rules_finish(struct gcr_rules *rules)
{
    free(rules->resurrect_roots);
    rules->resurrect_roots = NULL;
}

void gcr_rules_place(struct gcr_error *err, uint32_t lane, uint64_t number,
                     const struct gcr_event *event)
{
    char text[128];

    gcr_text_format_event(event, text, sizeof text);
    gcr_error_prefix(err, "lane %" PRIu32 ", event %" PRIu64 " (%s)", lane, number, text);
}

/* ---- objects ---- */

static gcr_status rules_find(const struct gcr_shadow *s, uint32_t index,
                             const struct gcr_shadow_node **out, struct gcr_error *err)
{
    uint32_t node = gcr_shadow_find(s, index);

    if (gcr_shadow_is_gone(node))
        return gcr_fail(err, GCR_INVALID_TRACE, "object o%" PRIu32 " has long been unreachable",
                        index);
    if (node == GCR_SHADOW_NULL)
        return gcr_fail(err, GCR_INVALID_TRACE, "object o%" PRIu32 " does not exist", index);
    if (s->nodes[node].flags & GCR_NODE_DEATHED)
        return gcr_fail(err, GCR_INVALID_TRACE, "object o%" PRIu32 " has died", index);
    *out = &s->nodes[node];
    return GCR_OK;
}

/* A null value is as good as an object. */
static gcr_status rules_value(const struct gcr_shadow *s, uint32_t index, struct gcr_error *err)
{
    const struct gcr_shadow_node *ignored;

    return index == 0 ? GCR_OK : rules_find(s, index, &ignored, err);
}

static gcr_status rules_slots(const struct gcr_shadow *s, uint32_t index, uint32_t first,
                              uint32_t count, struct gcr_error *err)
{
    const struct gcr_shadow_node *n = NULL;
    gcr_status status = rules_find(s, index, &n, err);

    if (status != GCR_OK)
        return status;
    if ((uint64_t)first + count > n->slot_count)
        return gcr_fail(err, GCR_INVALID_TRACE,
                        "slot %" PRIu64 " of object o%" PRIu32 ", which has %" PRIu32 " slots",
                        count == 0 ? (uint64_t)first : (uint64_t)first + count - 1, index,
                        n->slot_count);
    return GCR_OK;
}

static gcr_status rules_data(const struct gcr_shadow *s, const struct gcr_event *e,
                             struct gcr_error *err)
{
    const struct gcr_shadow_node *n = NULL;
    gcr_status status = rules_find(s, e->a, &n, err);
    uint64_t bytes;

    if (status != GCR_OK)
        return status;
    bytes = gcr_shape_data_bytes(&s->shapes[n->shape], n->length);
    if ((uint64_t)e->b + e->c > bytes)
        return gcr_fail(err, GCR_INVALID_TRACE,
                        "data bytes %" PRIu32 " to %" PRIu64 " of object o%" PRIu32
                        ", which has %" PRIu64,
                        e->b, (uint64_t)e->b + e->c, e->a, bytes);
    return GCR_OK;
}

/* Length of a new or resized object of `number`. */
static gcr_status rules_length(const struct gcr_shadow *s, uint32_t number, uint32_t length,
                               struct gcr_error *err)
{
    const struct gcr_shape *shape = &s->shapes[number];

    if (length != 0 && !gcr_shape_has_items(shape))
        return gcr_fail(err, GCR_INVALID_TRACE,
                        "length %" PRIu32 " for shape %" PRIu32 " (%s), which has no items", length,
                        number, shape->name);
    if (gcr_shape_slot_count(shape, length) > UINT32_MAX)
        return gcr_fail(err, GCR_INVALID_TRACE,
                        "length %" PRIu32 " of shape %" PRIu32 " gives more than 2^32 slots",
                        length, number);
    return GCR_OK;
}

/* An index is free if it was never given, or its object has died since. */
static gcr_status rules_new(const struct gcr_shadow *s, uint32_t index, uint32_t shape,
                            uint32_t length, struct gcr_error *err)
{
    uint32_t node = gcr_shadow_find(s, index);

    if (gcr_shadow_is_gone(node) ||
        (node != GCR_SHADOW_NULL && !(s->nodes[node].flags & GCR_NODE_DEATHED)))
        return gcr_fail(err, GCR_INVALID_TRACE,
                        "index o%" PRIu32 " is used again before a DEATH of its object", index);
    return rules_length(s, shape, length, err);
}

static gcr_status rules_death(const struct gcr_rules *rules, const struct gcr_shadow *s,
                              uint32_t index, struct gcr_error *err)
{
    const struct gcr_shadow_node *n = NULL;
    gcr_status status;

    if (rules->capabilities->deaths == GCR_DEATHS_NONE)
        return gcr_fail(err, GCR_INVALID_TRACE, "the header says that the trace has no deaths");
    if (gcr_shadow_is_gone(gcr_shadow_find(s, index)))
        return GCR_OK;
    status = rules_find(s, index, &n, err);
    if (status == GCR_OK && (n->flags & GCR_NODE_PREBUILT))
        return gcr_fail(err, GCR_INVALID_TRACE, "object o%" PRIu32 " is prebuilt: it is immortal",
                        index);
    return status;
}

/* ---- roots ---- */

static bool rules_is_reserved(const struct gcr_rules *rules, uint32_t root)
{
    if (!gcr_root_is_global(root))
        return false;
    for (uint32_t i = 0; i < rules->resurrect_count; i++)
        if (rules->resurrect_roots[i] == gcr_root_slot(root))
            return true;
    return false;
}

static gcr_status rules_root(const struct gcr_rules *rules, uint32_t root, struct gcr_error *err)
{
    if (rules->resurrect_count != 0 && rules_is_reserved(rules, root))
        return gcr_fail(err, GCR_INVALID_TRACE,
                        "global root %" PRIu32 " is kept for resurrected objects",
                        gcr_root_slot(root));
    return GCR_OK;
}

static gcr_status rules_resurrect(struct gcr_rules *rules, const struct gcr_shadow *s,
                                  const struct gcr_event *e, struct gcr_error *err)
{
    const struct gcr_shadow_node *n = NULL;
    gcr_status status = rules_find(s, e->a, &n, err);

    if (status != GCR_OK)
        return status;
    if (!gcr_shape_is(&s->shapes[n->shape], GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER))
        return gcr_fail(err, GCR_INVALID_TRACE, "object o%" PRIu32 " has no finalizer", e->a);
    if (rules_is_reserved(rules, e->b))
        return GCR_OK;
    if (gcr_shadow_root(s, e->b) != GCR_SHADOW_NULL)
        return gcr_fail(err, GCR_INVALID_TRACE, "global root %" PRIu32 " holds an object already",
                        gcr_root_slot(e->b));
    if (rules->resurrect_count == rules->resurrect_room) {
        uint32_t room = rules->resurrect_room * 2 + 8;
        uint32_t *grown = realloc(rules->resurrect_roots, room * sizeof *grown);
        if (grown == NULL)
            return gcr_fail(err, GCR_NO_MEMORY, "no memory for the table of resurrections");
        rules->resurrect_roots = grown;
        rules->resurrect_room = room;
    }
    rules->resurrect_roots[rules->resurrect_count++] = gcr_root_slot(e->b);
    return GCR_OK;
}

/* ---- the rest ---- */

static gcr_status rules_alloc(const struct gcr_rules *rules, const struct gcr_shadow *s,
                              const struct gcr_event *e, struct gcr_error *err)
{
    gcr_status status = rules_new(s, e->a, e->b, e->d, err);

    return status == GCR_OK ? rules_root(rules, e->c, err) : status;
}

static gcr_status rules_resize(const struct gcr_shadow *s, const struct gcr_event *e,
                               struct gcr_error *err)
{
    const struct gcr_shadow_node *n = NULL;
    gcr_status status = rules_find(s, e->a, &n, err);

    if (status != GCR_OK)
        return status;
    if (!gcr_shape_is(&s->shapes[n->shape], GCR_SHAPE_RESIZABLE))
        return gcr_fail(err, GCR_INVALID_TRACE,
                        "object o%" PRIu32 " cannot change its length: shape %" PRIu32
                        " (%s) is not resizable",
                        e->a, n->shape, s->shapes[n->shape].name);
    return rules_length(s, n->shape, e->b, err);
}

static gcr_status rules_weakref(const struct gcr_shadow *s, const struct gcr_event *e,
                                struct gcr_error *err)
{
    const struct gcr_shadow_node *weak = NULL, *target = NULL;
    gcr_status status = rules_find(s, e->a, &weak, err);

    if (status != GCR_OK)
        return status;
    if (!gcr_shape_is(&s->shapes[weak->shape], GCR_SHAPE_WEAK))
        return gcr_fail(err, GCR_INVALID_TRACE,
                        "object o%" PRIu32 " is no weak reference: shape %" PRIu32 " (%s)", e->a,
                        weak->shape, s->shapes[weak->shape].name);
    return rules_find(s, e->b, &target, err);
}

/* The finalizer ran in the recorded program, so the object existed, reachable or not. */
static gcr_status rules_finalized(const struct gcr_shadow *s, uint32_t index, struct gcr_error *err)
{
    const struct gcr_shadow_node *n = NULL;
    gcr_status status;

    if (gcr_shadow_find(s, index) == GCR_SHADOW_GONE_FINALIZER)
        return GCR_OK;
    if (gcr_shadow_find(s, index) == GCR_SHADOW_GONE)
        return gcr_fail(err, GCR_INVALID_TRACE, "object o%" PRIu32 " has no finalizer", index);
    status = rules_find(s, index, &n, err);
    if (status == GCR_OK &&
        !gcr_shape_is(&s->shapes[n->shape], GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER))
        return gcr_fail(err, GCR_INVALID_TRACE, "object o%" PRIu32 " has no finalizer", index);
    return status;
}

static gcr_status rules_capability(bool has, const char *what, struct gcr_error *err)
{
    if (has)
        return GCR_OK;
    return gcr_fail(err, GCR_INVALID_TRACE, "the header says that the trace has no %s", what);
}

static gcr_status rules_access(const struct gcr_rules *rules, const struct gcr_shadow *s,
                               const struct gcr_event *e, struct gcr_error *err)
{
    const struct gcr_shadow_node *n = NULL;
    gcr_status status;

    switch (e->op) {
    case GCR_OP_LOAD:
        status = rules_slots(s, e->a, e->b, 1, err);
        return status == GCR_OK ? rules_root(rules, e->c, err) : status;
    case GCR_OP_READ:
        status = rules_capability(rules->capabilities->reads != GCR_READS_NONE, "reads", err);
        return status == GCR_OK ? rules_data(s, e, err) : status;
    case GCR_OP_TRACK:
    case GCR_OP_UNTRACK:
        status = rules_capability(rules->capabilities->tracking != 0, "tracking", err);
        return status == GCR_OK ? rules_find(s, e->a, &n, err) : status;
    case GCR_OP_RECYCLE:
        return rules_find(s, e->a, &n, err);
    default:
        return rules_data(s, e, err);
    }
}

static gcr_status rules_by_kind(struct gcr_rules *rules, const struct gcr_shadow *s,
                                const struct gcr_event *e, struct gcr_error *err)
{
    gcr_status status;

    switch (e->op) {
    case GCR_OP_PREBUILT:
        if (rules->begun)
            return gcr_fail(err, GCR_INVALID_TRACE, "PREBUILT after other events");
        return rules_new(s, e->a, e->b, e->c, err);
    case GCR_OP_ALLOC:
        return rules_alloc(rules, s, e, err);
    case GCR_OP_STORE:
        status = rules_slots(s, e->a, e->b, 1, err);
        return status == GCR_OK ? rules_value(s, e->c, err) : status;
    case GCR_OP_COPY:
        status = rules_slots(s, e->a, e->b, e->e, err);
        return status == GCR_OK ? rules_slots(s, e->c, e->d, e->e, err) : status;
    case GCR_OP_LOAD:
    case GCR_OP_READ:
    case GCR_OP_WRITE:
    case GCR_OP_TRACK:
    case GCR_OP_UNTRACK:
    case GCR_OP_RECYCLE:
        return rules_access(rules, s, e, err);
    case GCR_OP_RESIZE:
        return rules_resize(s, e, err);
    case GCR_OP_ROOT:
        if (e->b == 0)
            return GCR_OK;
        status = rules_root(rules, e->a, err);
        return status == GCR_OK ? rules_value(s, e->b, err) : status;
    case GCR_OP_DEATH:
        return rules_death(rules, s, e->a, err);
    case GCR_OP_WEAKREF:
        return rules_weakref(s, e, err);
    case GCR_OP_FINALIZED:
        return rules_finalized(s, e->a, err);
    case GCR_OP_RESURRECT:
        return rules_resurrect(rules, s, e, err);
    case GCR_OP_THREAD:
        return rules_capability(rules->capabilities->threads != 0, "threads", err);
    case GCR_OP_FORK:
        return rules_capability(rules->capabilities->forks != 0, "forks", err);
    case GCR_OP_TIME:
        return rules_capability(rules->capabilities->times != 0, "times", err);
    default:
        return GCR_OK;
    }
}

gcr_status gcr_rules_judge(struct gcr_rules *rules, const struct gcr_shadow *s,
                           const struct gcr_event *e, struct gcr_error *err)
{
    gcr_status status;

    if (rules->ended)
        return gcr_fail(err, GCR_INVALID_TRACE, "an event after EXIT");
    status = rules_by_kind(rules, s, e, err);
    if (e->op != GCR_OP_PREBUILT)
        rules->begun = true;
    if (e->op == GCR_OP_EXIT)
        rules->ended = true;
    return status;
}
