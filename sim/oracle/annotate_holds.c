#include "sim/oracle/annotate_holds.h"

#include <stdlib.h>
#include <string.h>

#define RULE_FREE UINT32_MAX

void gcr_annotate_holds_init(struct gcr_annotate_holds *h, const struct gcr_annotate_plan *plan)
{
    *h = (struct gcr_annotate_holds){.plan = plan, .free_rule = RULE_FREE};
}

bool gcr_annotate_holds_clone(const struct gcr_annotate_holds *h, uint32_t lane,
                              struct gcr_annotate_holds *copy)
{
    *copy = *h;
    copy->lane = lane;
    copy->next_birth = copy->next_end = 0;
    copy->loose = NULL;
    copy->loose_count = copy->loose_room = 0;
    if (h->rule_count == 0) {
        copy->rule = NULL;
        copy->rule_room = 0;
        return true;
    }
    copy->rule_room = h->rule_count;
    copy->rule = malloc(h->rule_count * sizeof *copy->rule);
    if (copy->rule == NULL)
        return false;
    memcpy(copy->rule, h->rule, h->rule_count * sizeof *copy->rule);
    return true;
}

void gcr_annotate_holds_finish(struct gcr_annotate_holds *h)
{
    free(h->rule);
    free(h->loose);
    *h = (struct gcr_annotate_holds){0};
}

static bool holds_reserve(void *array, uint32_t *room, uint32_t at, size_t size)
{
    void **p = array, *grown;
    uint32_t wanted = *room < 8 ? 16 : *room * 2;

    if (at < *room)
        return true;
    grown = realloc(*p, wanted * size);
    if (grown == NULL)
        return false;
    *p = grown;
    *room = wanted;
    return true;
}

/* ---- FINALIZED to come ---- */

bool gcr_annotate_holds_pass(struct gcr_annotate_holds *h, struct gcr_shadow *s, uint64_t number,
                             const struct gcr_event *e)
{
    const struct gcr_annotate_marks *births = &h->plan->births[h->lane];
    const struct gcr_annotate_marks *ends = &h->plan->ends[h->lane];
    bool ok = true;

    if (h->next_birth < births->count && births->mark[h->next_birth].number == number)
        ok = gcr_shadow_hold(s, births->mark[h->next_birth++].id, gcr_shadow_find(s, e->a));
    for (; ok && h->next_end < ends->count && ends->mark[h->next_end].number == number;
         h->next_end++)
        ok = gcr_shadow_hold(s, ends->mark[h->next_end].id, GCR_SHADOW_NULL);
    return ok;
}

bool gcr_annotate_holds_inherit(struct gcr_annotate_holds *h, struct gcr_shadow *s, bool *ended)
{
    const struct gcr_annotate_marks *ends = &h->plan->ends[h->lane];
    bool *named, ok = true;

    *ended = false;
    if (h->plan->kept == 0)
        return true;
    named = calloc(h->plan->kept, sizeof *named);
    if (named == NULL)
        return false;
    for (size_t i = 0; i < ends->count; i++)
        named[ends->mark[i].id] = true;
    for (uint32_t i = gcr_shadow_roots_next(&s->held, 0); i < h->plan->kept && i < s->held.end;
         i = gcr_shadow_roots_next(&s->held, i + 1)) {
        if (named[i] || gcr_shadow_roots_find(&s->held, i)->target == GCR_SHADOW_NULL)
            continue;
        ok &= gcr_shadow_hold(s, i, GCR_SHADOW_NULL);
        *ended = true;
    }
    free(named);
    return ok;
}

/* ---- RESURRECT ---- */

static uint32_t holds_rule_slot(const struct gcr_annotate_holds *h, uint32_t rule)
{
    return h->plan->kept + rule;
}

static uint32_t holds_rule_node(const struct gcr_annotate_holds *h, const struct gcr_shadow *s,
                                uint32_t rule)
{
    return gcr_shadow_roots_find(&s->held, holds_rule_slot(h, rule))->target;
}

bool gcr_annotate_holds_resurrect(struct gcr_annotate_holds *h, struct gcr_shadow *s, uint32_t node,
                                  uint32_t root)
{
    uint32_t rule = h->free_rule;

    for (uint32_t i = 0; i < h->rule_count; i++)
        if (h->rule[i].root != RULE_FREE && holds_rule_node(h, s, i) == node) {
            h->rule[i].root = root; /* the last rule for an object counts */
            return true;
        }
    if (rule != RULE_FREE) {
        h->free_rule = h->rule[rule].next;
    } else {
        if (!holds_reserve(&h->rule, &h->rule_room, h->rule_count, sizeof *h->rule))
            return false;
        rule = h->rule_count++;
    }
    h->rule[rule] = (struct gcr_annotate_rule){.root = root};
    h->rules_in_force++;
    return gcr_shadow_hold(s, holds_rule_slot(h, rule), node);
}

static bool holds_rule_ends(const struct gcr_annotate_holds *h, uint32_t rule,
                            const struct gcr_event *e)
{
    if (h->rule[rule].root == RULE_FREE)
        return false;
    return e->op == GCR_OP_DEATH || (e->op == GCR_OP_ROOT && e->a == h->rule[rule].root);
}

bool gcr_annotate_holds_ends_rules(const struct gcr_annotate_holds *h, const struct gcr_event *e)
{
    if (h->rules_in_force == 0 || (e->op != GCR_OP_DEATH && e->op != GCR_OP_ROOT))
        return false;
    for (uint32_t i = 0; i < h->rule_count; i++)
        if (holds_rule_ends(h, i, e))
            return true;
    return false;
}

bool gcr_annotate_holds_loosen(struct gcr_annotate_holds *h, struct gcr_shadow *s,
                               const struct gcr_event *e)
{
    for (uint32_t i = 0; i < h->rule_count; i++) {
        if (!holds_rule_ends(h, i, e))
            continue;
        if (!holds_reserve(&h->loose, &h->loose_room, h->loose_count + 1, sizeof *h->loose))
            return false;
        h->loose[h->loose_count++] = holds_rule_node(h, s, i);
        h->loose[h->loose_count++] = h->rule[i].root;
        if (!gcr_shadow_hold(s, holds_rule_slot(h, i), GCR_SHADOW_NULL))
            return false;
        h->rule[i] = (struct gcr_annotate_rule){.root = RULE_FREE, .next = h->free_rule};
        h->free_rule = i;
        h->rules_in_force--;
    }
    return true;
}

bool gcr_annotate_holds_fasten(struct gcr_annotate_holds *h, struct gcr_shadow *s)
{
    bool ok = true;

    for (uint32_t i = 0; i < h->loose_count && ok; i += 2)
        if (s->covers[h->loose[i]] == GCR_COVER_ALWAYS)
            ok = gcr_annotate_holds_resurrect(h, s, h->loose[i], h->loose[i + 1]);
    h->loose_count = 0;
    return ok;
}
