/* A collection from step 1 to step 12 of gcmodule.c, in that order:
 *  1-3 copy counts, subtract internal references, find what is reachable (deduce.c)   4 untrack
 *  5 promote   6 set legacy finalizers aside   7 clear weak references   8 run finalizers
 *  9 see what they resurrected   10 break the remaining cycles   11 legacy garbage   12 free lists
 *
 * Nothing here allocates. Between collections no flag of a collection is set (check.c). */
#include "allocators/linked_list/linked_list_design.h"

struct cycle {
    struct linked_list *ll;
    struct gcr_gc_head *young, *old;
    struct gcr_gc_head unreachable; /* after step 3 */
    struct gcr_gc_head finalizers;  /* legacy ones and what they reach */
    struct gcr_gc_head garbage;     /* after step 9 */
    struct gcr_counting_cycle frame;
    uint64_t untracked, moved;
};

void gcr_linked_list_bury_queued(struct gcr_counting *c)
{
    gcr_counting_bury_queued_as(c, &linked_list_design);
}

void gcr_linked_list_bury(struct gcr_counting *c, gcr_ref object)
{
    gcr_counting_queue_dead(c, false, object);
    gcr_linked_list_bury_queued(c);
}

void gcr_linked_list_side_bury_queued(struct gcr_counting *c)
{
    gcr_counting_bury_queued_as(c, &linked_list_side_design);
}

void gcr_linked_list_side_bury(struct gcr_counting *c, gcr_ref object)
{
    gcr_counting_queue_dead(c, true, object);
    gcr_linked_list_side_bury_queued(c);
}

static void merge_generations(struct cycle *c, uint32_t g)
{
    struct linked_list *ll = c->ll;
    for (uint32_t i = 0; i < g; i++)
        gcr_gc_list_merge(&ll->generation[i], &ll->generation[g]);
    c->young = &ll->generation[g];
    c->old = &ll->generation[g + 1 < GCR_COUNTING_GENERATIONS ? g + 1 : g];
}

/* ---- step 4 ---- */

/* One pass in list order. Returns how many were untracked. */
static uint64_t untrack_pass(struct linked_list *ll, struct gcr_gc_head *list, uint32_t shape_flag)
{
    uint64_t untracked = 0;
    struct gcr_gc_head *next;
    for (struct gcr_gc_head *head = gcr_head_next(list); head != list; head = next) {
        next = gcr_head_next(head);
        gcr_ref object = gcr_head_object(head, ll->head_distance);
        if (!gcr_counting_type_is(gcr_counting_type_of(&ll->counting, object), shape_flag) ||
            !gcr_counting_can_untrack_as(&ll->counting, &linked_list_design, object))
            continue;
        gcr_head_untrack(head, ll->packed);
        if (shape_flag == GCR_SHAPE_TUPLE || ll->counting.has_own_rules)
            gcr_counted(object)->type |= GCR_COUNTED_UNTRACKED;
        untracked++;
    }
    return untracked;
}

static uint64_t untrack(struct linked_list *ll, struct gcr_gc_head *list, uint32_t shape_flag)
{
    uint64_t all = 0, now;
    if (ll->counting.untrack == GCR_UNTRACK_OFF)
        return 0;
    do {
        now = untrack_pass(ll, list, shape_flag);
        all += now;
    } while (ll->counting.untrack == GCR_UNTRACK_FIXPOINT && now != 0);
    return all;
}

/* Steps 4 and 5. The wide layouts have untracked tuples during step 3 already. */
static void untrack_and_promote(struct cycle *c, uint32_t g)
{
    struct linked_list *ll = c->ll;
    if (ll->packed || ll->counting.untrack == GCR_UNTRACK_FIXPOINT)
        c->untracked += untrack(ll, c->young, GCR_SHAPE_TUPLE);
    if (c->young == c->old && ll->counting.untracks_dicts)
        c->untracked += untrack(ll, c->young, GCR_SHAPE_DICT);
    ll->counting.untracked += c->untracked;
    if (g >= GCR_COUNTING_GENERATIONS - 2) /* CPython counts them by a walk, here too */
        gcr_counting_note_survivors(&ll->counting, g, gcr_gc_list_count(c->young));
    if (c->young == c->old)
        return;
    ll->counting.base.work.promoted_objects += c->frame.candidates - c->moved - c->untracked;
    gcr_gc_list_merge(c->young, c->old);
}

/* ---- steps 7 and 8 ---- */

static void clear_weak_references(struct linked_list *ll, struct gcr_gc_head *unreachable)
{
    for (struct gcr_gc_head *head = gcr_head_next(unreachable); head != unreachable;
         head = gcr_head_next(head))
        gcr_counting_clear_unreachable_weak(&ll->counting,
                                            gcr_head_object(head, ll->head_distance));
}

/* Each object goes to a second list before its finalizer runs, because that may change the first
 * one. */
static void run_finalizers(struct linked_list *ll, struct gcr_gc_head *unreachable)
{
    struct gcr_gc_head seen;
    gcr_gc_list_init(&seen);
    while (!gcr_gc_list_is_empty(unreachable)) {
        struct gcr_gc_head *head = gcr_head_next(unreachable);
        gcr_gc_list_move(&seen, head);
        gcr_counting_finalize_unreachable(&ll->counting, gcr_head_object(head, ll->head_distance));
    }
    gcr_gc_list_merge(&seen, unreachable);
}

/* ---- step 9 ---- */

static void separate_resurrected(struct cycle *c)
{
    struct linked_list *ll = c->ll;
    if (GCR_SABOTAGE == GCR_SABOTAGE_SKIP_SLOT && ll->counting.sabotage_overlooked) {
        /* A second look would find the object again whose slot was overlooked; a damaged build
         * trusts the first one. */
        ll->counting.sabotage_overlooked = false;
        c->frame.done.collected = gcr_gc_list_count(&c->unreachable);
        gcr_gc_list_init(&c->garbage);
        gcr_gc_list_merge(&c->unreachable, &c->garbage);
        return;
    }
    for (struct gcr_gc_head *head = gcr_head_next(&c->unreachable); head != &c->unreachable;
         head = gcr_head_next(head))
        gcr_head_clear_collecting(head, ll->packed);
    uint64_t garbage, untracked;
    uint64_t all =
        gcr_linked_list_deduce(ll, &c->unreachable, &c->garbage, false, &garbage, &untracked);
    c->frame.done.collected = garbage;
    if (c->young != c->old)
        ll->counting.base.work.promoted_objects += all - garbage;
    gcr_gc_list_merge(&c->unreachable, c->old);
}

/* ---- step 10 ---- */

static void break_cycles(struct cycle *c)
{
    struct linked_list *ll = c->ll;
    while (!gcr_gc_list_is_empty(&c->garbage)) {
        struct gcr_gc_head *head = gcr_head_next(&c->garbage);
        gcr_counting_clear_garbage(&ll->counting, gcr_head_object(head, ll->head_distance));
        if (gcr_head_next(&c->garbage) == head) { /* kept alive by somebody else */
            gcr_head_clear_collecting(head, ll->packed);
            gcr_gc_list_move(c->old, head);
        }
    }
}

/* ---- step 11 ---- */

static void keep_legacy_garbage(struct cycle *c)
{
    struct linked_list *ll = c->ll;
    for (struct gcr_gc_head *head = gcr_head_next(&c->finalizers); head != &c->finalizers;
         head = gcr_head_next(head)) {
        c->frame.done.uncollectable++;
        gcr_counting_keep_legacy(&ll->counting, gcr_head_object(head, ll->head_distance));
    }
    if (c->young != c->old)
        ll->counting.base.work.promoted_objects += c->frame.done.uncollectable;
    gcr_gc_list_merge(&c->finalizers, c->old);
}

/* ---- all of it ---- */

static void collect_marked(struct cycle *c, uint32_t g)
{
    struct linked_list *ll = c->ll;
    gcr_counting_enter_phase(&ll->counting, GCR_PHASE_MARK);
    c->frame.candidates =
        gcr_linked_list_deduce(ll, c->young, &c->unreachable,
                               ll->counting.untrack != GCR_UNTRACK_OFF, &c->moved, &c->untracked);
    ll->counting.base.work.marked_objects += c->frame.candidates - c->moved;
    untrack_and_promote(c, g);
    gcr_gc_list_init(&c->finalizers);
    gcr_linked_list_move_legacy(ll, &c->unreachable, &c->finalizers);
    gcr_counting_enter_phase(&ll->counting, GCR_PHASE_FINALIZE);
    clear_weak_references(ll, &c->unreachable);
    run_finalizers(ll, &c->unreachable);
    gcr_counting_enter_phase(&ll->counting, GCR_PHASE_MARK);
    separate_resurrected(c);
    gcr_counting_enter_phase(&ll->counting, GCR_PHASE_SWEEP);
    break_cycles(c);
    keep_legacy_garbage(c);
    if (g == GCR_COUNTING_GENERATIONS - 1 && ll->counting.empties_free_lists)
        gcr_counting_empty_recycled(&ll->counting);
}

/* Level 2: the whole structure after each collection. */
static void check_after_collection(struct gcr_counting *c)
{
    struct gcr_error err;
    c->collecting = false;
    if (!gcr_linked_list_check(&c->base, 2, &err))
        gcr_check_failed(__FILE__, __LINE__, err.text);
}

void gcr_linked_list_collect(struct gcr_counting *counting, uint32_t generation,
                             enum gcr_reason reason)
{
    struct cycle c = {.ll = linked_list_from(counting)};
    if (!gcr_counting_begin_collection(counting, &c.frame, generation, reason))
        return;
    merge_generations(&c, c.frame.generation);
    collect_marked(&c, c.frame.generation);
    if (GCR_CHECK_LEVEL >= 2)
        check_after_collection(counting);
    gcr_counting_end_collection(counting, &c.frame);
}
