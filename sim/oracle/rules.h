/* The rules of a well-formed event, except reachability: objects exist, slots, offsets and lengths
 * are in range, the shape allows it, the trace's capabilities allow it, and the order is right.
 * What can be said of an event alone, the reader has checked. Shared by `check` and by `run
 * --verify`. */
#ifndef GCR_SIM_ORACLE_RULES_H
#define GCR_SIM_ORACLE_RULES_H

#include "sim/oracle/shadow.h"
#include "traces/capability.h"

/* What the rules remember of one lane; a forked lane starts with a copy. */
struct gcr_rules {
    const struct gcr_capabilities *capabilities;
    bool begun;                /* an event other than PREBUILT was seen */
    bool ended;                /* EXIT was seen */
    uint32_t *resurrect_roots; /* global root slots reserved for resurrected objects */
    uint32_t resurrect_count, resurrect_room;
};

void gcr_rules_init(struct gcr_rules *rules, const struct gcr_capabilities *capabilities);
gcr_status gcr_rules_clone(const struct gcr_rules *from, struct gcr_rules *to,
                           struct gcr_error *err) GCR_MUST_USE;
void gcr_rules_finish(struct gcr_rules *rules);

/* Judges the event before gcr_shadow_apply. GCR_INVALID_TRACE: err says why, without the place. */
gcr_status gcr_rules_judge(struct gcr_rules *rules, const struct gcr_shadow *shadow,
                           const struct gcr_event *event, struct gcr_error *err) GCR_MUST_USE;

/* Whether the event is of a frequent kind, well formed beyond doubt, and none of its objects has
 * one of `flags`. False: ask gcr_rules_judge. */
static inline bool gcr_rules_pass(const struct gcr_rules *rules, const struct gcr_shadow *s,
                                  const struct gcr_event *e, uint32_t flags)
{
    const uint32_t bad = flags | GCR_NODE_DEATHED;
    uint32_t a, value;

    if (!rules->begun || rules->ended || rules->resurrect_count != 0)
        return false;
    a = gcr_shadow_find(s, e->a);
    switch (e->op) {
    case GCR_OP_STORE:
        value = gcr_shadow_find(s, e->c);
        return gcr_shadow_is_node(a) && (gcr_shadow_is_node(value) || e->c == 0) &&
               !((s->nodes[a].flags | s->nodes[value].flags) & bad) &&
               e->b < s->nodes[a].slot_count;
    case GCR_OP_LOAD:
        return gcr_shadow_is_node(a) && !(s->nodes[a].flags & bad) && e->b < s->nodes[a].slot_count;
    case GCR_OP_ROOT:
        value = gcr_shadow_find(s, e->b);
        return e->b == 0 || (gcr_shadow_is_node(value) && !(s->nodes[value].flags & bad));
    case GCR_OP_ALLOC:
        return e->d == 0 && (a == GCR_SHADOW_NULL ||
                             (!gcr_shadow_is_gone(a) && (s->nodes[a].flags & GCR_NODE_DEATHED)));
    case GCR_OP_DEATH:
        return rules->capabilities->deaths != GCR_DEATHS_NONE && gcr_shadow_is_node(a) &&
               !(s->nodes[a].flags & (bad | GCR_NODE_PREBUILT));
    default:
        return false;
    }
}

/* Indexes that a judged event names and that must be reachable; returns how many (0 .. 2). DEATH
 * (must be unreachable) and FINALIZED (may be) are not among them. */
static inline unsigned gcr_rules_operands(const struct gcr_event *e, uint32_t index[2])
{
    unsigned n = 0;

    switch (e->op) {
    case GCR_OP_STORE:
    case GCR_OP_COPY:
        index[n++] = e->a;
        if (e->c != 0)
            index[n++] = e->c;
        return n;
    case GCR_OP_WEAKREF:
        index[n++] = e->a;
        index[n++] = e->b;
        return n;
    case GCR_OP_ROOT:
        if (e->b != 0)
            index[n++] = e->b;
        return n;
    case GCR_OP_LOAD:
    case GCR_OP_READ:
    case GCR_OP_WRITE:
    case GCR_OP_RESIZE:
    case GCR_OP_TRACK:
    case GCR_OP_UNTRACK:
    case GCR_OP_RECYCLE:
    case GCR_OP_RESURRECT:
        index[n++] = e->a;
        return n;
    default:
        return 0;
    }
}

/* "lane 0, event 12 (store o3 1 o7): " before the message in err. */
void gcr_rules_place(struct gcr_error *err, uint32_t lane, uint64_t number,
                     const struct gcr_event *event);

#endif
