/* When to collect, and a collection from step 1 to step 12 of gcmodule.c, in that order:
 *  1-3 copy counts, subtract internal references, find what is reachable (deduce.c)   4 untrack
 *  5 promote   6 set legacy finalizers aside   7 clear weak references   8 run finalizers
 *  9 see what they resurrected   10 break the remaining cycles   11 legacy garbage   12 free lists
 *
 * Nothing here allocates. Between collections no flag of a collection is set (check.c). */
#include "allocators/linked_list/gc_head.h"

struct cycle {
    struct linked_list *ll;
    struct gc_head *young, *old;
    struct gc_head unreachable; /* after step 3 */
    struct gc_head finalizers;  /* legacy ones and what they reach */
    struct gc_head garbage;     /* after step 9 */
    struct gcr_collection done;
    uint64_t candidates, untracked, moved;
};

static void enter_phase(struct linked_list *ll, enum gcr_gc_phase phase)
{
    ll->base.host->phase(ll->base.host, phase);
}

/* ---- trigger ---- */

/* The oldest generation whose count exceeds its threshold; a full collection waits until enough
 * objects have come to generation 2 since the last one. */
void gcr_linked_list_trigger(struct linked_list *ll)
{
    for (int g = LINKED_LIST_GENERATIONS - 1; g >= 0; g--) {
        if (ll->count[g] <= ll->threshold[g])
            continue;
        if (g == LINKED_LIST_GENERATIONS - 1 &&
            ll->long_lived_pending <
                (uint64_t)((double)ll->long_lived_total * ll->long_lived_ratio))
            continue;
        gcr_linked_list_collect(ll, (uint32_t)g, GCR_REASON_ALLOCATION);
        return;
    }
}

static void merge_generations(struct cycle *c, uint32_t g)
{
    struct linked_list *ll = c->ll;
    if (g + 1 < LINKED_LIST_GENERATIONS)
        ll->count[g + 1]++;
    for (uint32_t i = 0; i <= g; i++)
        ll->count[i] = 0;
    for (uint32_t i = 0; i < g; i++)
        list_merge(&ll->generation[i], &ll->generation[g]);
    c->young = &ll->generation[g];
    c->old = &ll->generation[g + 1 < LINKED_LIST_GENERATIONS ? g + 1 : g];
}

/* ---- step 4 ---- */

/* One pass in list order. Returns how many were untracked. */
static uint64_t untrack_pass(struct linked_list *ll, struct gc_head *list, uint32_t shape_flag)
{
    uint64_t untracked = 0;
    struct gc_head *next;
    for (struct gc_head *head = head_next(list); head != list; head = next) {
        next = head_next(head);
        gcr_ref object = head_object(head, ll->head_bytes);
        if (!type_is(object_type(ll, object), shape_flag) ||
            !gcr_linked_list_can_untrack(ll, object))
            continue;
        head_untrack(ll, head);
        if (shape_flag == GCR_SHAPE_TUPLE)
            object_header(object)->type |= OBJECT_UNTRACKED_TUPLE;
        untracked++;
    }
    return untracked;
}

static uint64_t untrack(struct linked_list *ll, struct gc_head *list, uint32_t shape_flag)
{
    uint64_t all = 0, now;
    if (ll->untrack == UNTRACK_OFF)
        return 0;
    do {
        now = untrack_pass(ll, list, shape_flag);
        all += now;
    } while (ll->untrack == UNTRACK_FIXPOINT && now != 0);
    return all;
}

/* Steps 4 and 5. The wide layouts have untracked tuples during step 3 already. */
static void untrack_and_promote(struct cycle *c, uint32_t g)
{
    struct linked_list *ll = c->ll;
    if (ll->packed || ll->untrack == UNTRACK_FIXPOINT)
        c->untracked += untrack(ll, c->young, GCR_SHAPE_TUPLE);
    if (c->young != c->old) {
        if (g == LINKED_LIST_GENERATIONS - 2)
            ll->long_lived_pending += list_count(c->young);
        ll->base.work.promoted_objects += c->candidates - c->moved - c->untracked;
        list_merge(c->young, c->old);
        return;
    }
    if (ll->untracks_dicts)
        c->untracked += untrack(ll, c->young, GCR_SHAPE_DICT);
    ll->long_lived_pending = 0;
    ll->long_lived_total = list_count(c->young);
}

/* ---- steps 7 and 8 ---- */

/* Weak references to unreachable objects, and unreachable weak references. */
static void clear_weak_references(struct linked_list *ll, struct gc_head *unreachable)
{
    for (struct gc_head *head = head_next(unreachable); head != unreachable;
         head = head_next(head)) {
        gcr_ref object = head_object(head, ll->head_bytes);
        if (type_is(object_type(ll, object), GCR_SHAPE_WEAK))
            gcr_linked_list_clear_weak(ll, object);
        if (object_header(object)->type & OBJECT_HAS_WEAK)
            gcr_linked_list_clear_weak_to(ll, object);
    }
}

/* Each object goes to a second list before its finalizer runs, because that may change the first
 * one. */
static void run_finalizers(struct linked_list *ll, struct gc_head *unreachable)
{
    struct gc_head seen;
    list_init(&seen);
    while (!list_is_empty(unreachable)) {
        struct gc_head *head = head_next(unreachable);
        gcr_ref object = head_object(head, ll->head_bytes);
        list_move(&seen, head);
        if (!type_is(object_type(ll, object), GCR_SHAPE_FINALIZER) ||
            head_is_finalized(head, ll->packed))
            continue;
        head_set_finalized(head, ll->packed);
        object_header(object)->count++;
        ll->base.work.finalized++;
        ll->base.host->finalize(ll->base.host, &ll->base, gcr_linked_list_cookie(ll, object),
                                object);
        if (--object_header(object)->count == 0)
            gcr_linked_list_bury(ll, object);
    }
    list_merge(&seen, unreachable);
}

/* ---- step 9 ---- */

static void separate_resurrected(struct cycle *c)
{
    struct linked_list *ll = c->ll;
    if (GCR_SABOTAGE == GCR_SABOTAGE_SKIP_SLOT && ll->sabotage_overlooked) {
        /* A second look would find the object again whose slot was overlooked; a damaged build
         * trusts the first one. */
        ll->sabotage_overlooked = false;
        c->done.collected = list_count(&c->unreachable);
        list_init(&c->garbage);
        list_merge(&c->unreachable, &c->garbage);
        return;
    }
    for (struct gc_head *head = head_next(&c->unreachable); head != &c->unreachable;
         head = head_next(head))
        head_clear_collecting(head, ll->packed);
    uint64_t garbage, untracked;
    uint64_t all =
        gcr_linked_list_deduce(ll, &c->unreachable, &c->garbage, false, &garbage, &untracked);
    c->done.collected = garbage;
    if (c->young != c->old)
        ll->base.work.promoted_objects += all - garbage;
    list_merge(&c->unreachable, c->old);
}

/* ---- step 10 ---- */

/* Drops all references of an object. */
static void clear_object(struct linked_list *ll, gcr_ref object)
{
    struct slot_span span[2];
    object_spans(object_type(ll, object), object, span);
    for (int i = 0; i < 2; i++) {
        for (uint64_t k = 0; k < span[i].count; k++) {
            gcr_ref value = span[i].start[k];
            span[i].start[k] = NULL;
            if (value != NULL && --object_header(value)->count == 0)
                gcr_linked_list_queue_dead(ll, value);
        }
    }
    gcr_linked_list_bury_queued(ll);
}

static void break_cycles(struct cycle *c)
{
    struct linked_list *ll = c->ll;
    while (!list_is_empty(&c->garbage)) {
        struct gc_head *head = head_next(&c->garbage);
        gcr_ref object = head_object(head, ll->head_bytes);
        object_header(object)->count++;
        clear_object(ll, object);
        if (--object_header(object)->count == 0)
            gcr_linked_list_bury(ll, object);
        if (head_next(&c->garbage) == head) { /* kept alive by somebody else */
            head_clear_collecting(head, ll->packed);
            list_move(c->old, head);
        }
    }
}

/* ---- step 11 ---- */

/* Objects with legacy finalizers get a count that nobody drops, which stands for gc.garbage. */
static void keep_legacy_garbage(struct cycle *c)
{
    struct linked_list *ll = c->ll;
    for (struct gc_head *head = head_next(&c->finalizers); head != &c->finalizers;
         head = head_next(head)) {
        gcr_ref object = head_object(head, ll->head_bytes);
        c->done.uncollectable++;
        if (type_is(object_type(ll, object), GCR_SHAPE_LEGACY_FINALIZER)) {
            object_header(object)->count++;
            object_header(object)->type |= OBJECT_GARBAGE;
        }
    }
    if (c->young != c->old)
        ll->base.work.promoted_objects += c->done.uncollectable;
    list_merge(&c->finalizers, c->old);
}

/* ---- all of it ---- */

static void collect_marked(struct cycle *c, uint32_t g)
{
    struct linked_list *ll = c->ll;
    enter_phase(ll, GCR_PHASE_MARK);
    c->candidates = gcr_linked_list_deduce(ll, c->young, &c->unreachable,
                                           ll->untrack != UNTRACK_OFF, &c->moved, &c->untracked);
    ll->base.work.marked_objects += c->candidates - c->moved;
    untrack_and_promote(c, g);
    list_init(&c->finalizers);
    gcr_linked_list_move_legacy(ll, &c->unreachable, &c->finalizers);
    enter_phase(ll, GCR_PHASE_FINALIZE);
    clear_weak_references(ll, &c->unreachable);
    run_finalizers(ll, &c->unreachable);
    enter_phase(ll, GCR_PHASE_MARK);
    separate_resurrected(c);
    enter_phase(ll, GCR_PHASE_SWEEP);
    break_cycles(c);
    keep_legacy_garbage(c);
    if (g == LINKED_LIST_GENERATIONS - 1 && ll->empties_free_lists)
        gcr_linked_list_empty_recycled(ll);
}

/* Level 2: the whole structure after each collection. */
static void check_after_collection(struct linked_list *ll)
{
    struct gcr_error err;
    if (!gcr_linked_list_check(&ll->base, 2, &err))
        gcr_check_failed(__FILE__, __LINE__, err.text);
}

void gcr_linked_list_collect(struct linked_list *ll, uint32_t generation, enum gcr_reason reason)
{
    struct gcr_host *host = ll->base.host;
    if (ll->collecting)
        return;
    uint32_t g = generation < LINKED_LIST_GENERATIONS ? generation : LINKED_LIST_GENERATIONS - 1;
    struct cycle c = {.ll = ll};
    c.done.reason = reason;
    c.done.generation = g;
    c.done.full = g == LINKED_LIST_GENERATIONS - 1;
    c.done.before_bytes = ll->base.supply->committed_bytes;
    uint64_t freed = ll->base.work.freed_objects;
    ll->collecting = true;
    host->collection_begin(host, &ll->base, reason, g);
    merge_generations(&c, g);
    collect_marked(&c, g);
    ll->collecting = false;
    if (GCR_CHECK_LEVEL >= 2)
        check_after_collection(ll);
    c.done.freed = ll->base.work.freed_objects - freed;
    c.done.survivors = c.candidates - c.done.collected;
    c.done.after_bytes = ll->base.supply->committed_bytes;
    host->collection_end(host, &ll->base, &c.done);
}
