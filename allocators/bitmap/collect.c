/* A collection from step 1 to step 12 of gcmodule.c on planes; large containers, on lists, go along
 * in each step. Candidates and working memory come first (transient.c): if they are refused, the
 * collection is skipped, and the counters of the generations stand as if it had found nothing.
 *  1-3 copy counts, subtract internal references, find what is reachable (deduce.c)   4 untrack
 *  5 promote: the survivors' code   6 keep what legacy finalizers reach   7 clear weak references
 *  8 run finalizers   9 see what they resurrected   10 break the remaining cycles   11 legacy
 *  garbage   12 free lists
 *
 * Steps 7, 8 and 10 walk UNREACH in address order, pools first, then the list, and look at each bit
 * again just before use: whatever was freed meanwhile has lost it. */
#include "allocators/bitmap/bitmap_design.h"

struct cycle {
    struct bitmap *b;
    struct gcr_counting_cycle frame;
    struct gcr_gc_head *young, *old; /* lists of large containers */
    struct gcr_gc_head unreachable, garbage, kept;
    uint64_t unreached, untracked;
};

void gcr_bitmap_bury_queued(struct gcr_counting *c)
{
    gcr_counting_bury_queued_as(c, &bitmap_design);
}

void gcr_bitmap_bury(struct gcr_counting *c, gcr_ref object)
{
    gcr_counting_queue_dead(c, false, object);
    gcr_bitmap_bury_queued(c);
}

void gcr_bitmap_side_bury_queued(struct gcr_counting *c)
{
    gcr_counting_bury_queued_as(c, &bitmap_side_design);
}

void gcr_bitmap_side_bury(struct gcr_counting *c, gcr_ref object)
{
    gcr_counting_queue_dead(c, true, object);
    gcr_bitmap_side_bury_queued(c);
}

/* ---- sets ---- */

enum set { SET_SURVIVORS, SET_UNREACHABLE, SET_KEPT };

static inline uint64_t members(const struct bitmap_group *group, enum set set)
{
    switch (set) {
    case SET_SURVIVORS:
        return group->candidate & group->done;
    case SET_UNREACHABLE:
        return group->unreachable;
    default:
        return group->done & ~group->candidate; /* after step 9: CAND is what was unreachable */
    }
}

typedef void object_function(struct cycle *c, gcr_ref object);

/* Calls for each small member in address order, if it is one still when its turn comes. */
GCR_ALWAYS_INLINE void each_small(struct cycle *c, enum set set, object_function *function)
{
    const struct bitmap_transient *t = &c->b->transient;
    for (uint32_t p = 0; p < t->pools; p++) {
        const struct bitmap_pool *pool = &t->pool[p];
        for (uint32_t g = 0; g < pool->groups; g++) {
            const struct bitmap_group *group = &t->group[pool->first_group + g];
            for (uint64_t left = members(group, set); left != 0; left &= left - 1) {
                if (members(group, set) & left & -left)
                    function(c, bitmap_object(pool, g * 64 + GCR_CTZ64(left)));
            }
        }
    }
}

/* Gives the survivors' code to members: 1 after a collection of generation 0, else 2. Returns their
 * number. Writes only what changes. */
static uint64_t settle(struct cycle *c, enum set set)
{
    const struct bitmap_transient *t = &c->b->transient;
    bool to_middle = c->frame.generation == 0;
    uint64_t settled = 0;
    for (uint32_t g = 0; g < t->groups; g++) {
        uint64_t set_bits = members(&t->group[g], set);
        if (set_bits == 0)
            continue;
        const struct bitmap_pool *pool = &t->pool[t->group[g].pool];
        uint64_t *words = pool->planes + (size_t)(g - pool->first_group) * c->b->group_words;
        settled += bitmap_popcount(set_bits);
        if (to_middle) {
            BITMAP_SET_PLANE(words[PLANE_GEN0], words[PLANE_GEN0] | set_bits);
            bitmap_set_middle(c->b, pool->number);
        } else if ((words[PLANE_GEN1] & ~words[PLANE_GEN0] & set_bits) != set_bits) {
            BITMAP_SET_PLANE(words[PLANE_GEN1], words[PLANE_GEN1] | set_bits);
            BITMAP_SET_PLANE(words[PLANE_GEN0], words[PLANE_GEN0] & ~set_bits);
        }
    }
    return settled;
}

/* ---- step 4 ---- */

static void untrack_if_shape(struct cycle *c, gcr_ref object, uint32_t shape_flag)
{
    struct gcr_counting *counting = &c->b->counting;
    if (!gcr_counting_type_is(gcr_counting_type_of(counting, object), shape_flag) ||
        !gcr_counting_can_untrack_as(counting, &bitmap_design, object))
        return;
    bitmap_quit(counting, object);
    if (shape_flag == GCR_SHAPE_TUPLE || counting->has_own_rules)
        gcr_counted(object)->type |= GCR_COUNTED_UNTRACKED;
    c->untracked++;
}

static void untrack_if_tuple(struct cycle *c, gcr_ref object)
{
    untrack_if_shape(c, object, GCR_SHAPE_TUPLE);
}

static void untrack_if_dict(struct cycle *c, gcr_ref object)
{
    untrack_if_shape(c, object, GCR_SHAPE_DICT);
}

static void each_young_large(struct cycle *c, object_function *function)
{
    struct gcr_gc_head *next;
    for (struct gcr_gc_head *head = gcr_head_next(c->young); head != c->young; head = next) {
        next = gcr_head_next(head);
        function(c, bitmap_large_object(c->b, head));
    }
}

static void untrack_tuples(struct cycle *c)
{
    uint64_t before;
    do {
        before = c->untracked;
        each_small(c, SET_SURVIVORS, untrack_if_tuple);
        each_young_large(c, untrack_if_tuple);
    } while (c->b->counting.untrack == GCR_UNTRACK_FIXPOINT && c->untracked != before);
}

static void untrack_dicts(struct cycle *c)
{
    uint64_t before;
    do {
        before = c->untracked;
        each_small(c, SET_SURVIVORS, untrack_if_dict);
        each_young_large(c, untrack_if_dict);
    } while (c->b->counting.untrack == GCR_UNTRACK_FIXPOINT && c->untracked != before);
}

/* Scanning has shown which shapes there are at all. */
static void untrack(struct cycle *c)
{
    const struct bitmap *b = c->b;
    if (b->counting.untrack == GCR_UNTRACK_OFF)
        return;
    if (b->seen_flags & GCR_SHAPE_TUPLE)
        untrack_tuples(c);
    if (c->frame.generation == GCR_COUNTING_GENERATIONS - 1 && b->counting.untracks_dicts &&
        b->seen_flags & GCR_SHAPE_DICT)
        untrack_dicts(c);
    c->b->counting.untracked += c->untracked;
}

/* ---- step 5 ---- */

static void promote(struct cycle *c)
{
    struct gcr_counting *counting = &c->b->counting;
    uint64_t survivors = c->frame.candidates - c->unreached - c->untracked;
    settle(c, SET_SURVIVORS);
    gcr_counting_note_survivors(counting, c->frame.generation, survivors);
    if (c->young == c->old)
        return;
    counting->base.work.promoted_objects += survivors;
    gcr_gc_list_merge(c->young, c->old);
}

/* ---- steps 7 and 8 ---- */

static void clear_weak(struct cycle *c, gcr_ref object)
{
    gcr_counting_clear_unreachable_weak(&c->b->counting, object);
}

static void clear_weak_references(struct cycle *c)
{
    each_small(c, SET_UNREACHABLE, clear_weak);
    for (struct gcr_gc_head *head = gcr_head_next(&c->unreachable); head != &c->unreachable;
         head = gcr_head_next(head))
        clear_weak(c, bitmap_large_object(c->b, head));
}

static void finalize(struct cycle *c, gcr_ref object)
{
    gcr_counting_finalize_unreachable(&c->b->counting, object);
}

/* Large ones go to a second list first, because a finalizer may change the list. */
static void run_finalizers(struct cycle *c)
{
    struct gcr_gc_head seen;
    gcr_gc_list_init(&seen);
    each_small(c, SET_UNREACHABLE, finalize);
    while (!gcr_gc_list_is_empty(&c->unreachable)) {
        struct gcr_gc_head *head = gcr_head_next(&c->unreachable);
        gcr_gc_list_move(&seen, head);
        finalize(c, bitmap_large_object(c->b, head));
    }
    gcr_gc_list_merge(&seen, &c->unreachable);
}

/* ---- step 9 ---- */

static void separate_resurrected(struct cycle *c)
{
    struct bitmap *b = c->b;
    uint64_t all = gcr_bitmap_retake_unreachable(b) + gcr_gc_list_count(&c->unreachable);
    c->frame.done.collected = gcr_bitmap_deduce(b, &c->unreachable, &c->garbage);
    settle(c, SET_SURVIVORS);
    gcr_gc_list_merge(&c->unreachable, c->old);
    if (c->young != c->old)
        b->counting.base.work.promoted_objects += all - c->frame.done.collected;
}

/* ---- step 10 ---- */

static void break_cycles(struct cycle *c)
{
    struct bitmap *b = c->b;
    for (uint32_t p = 0; p < b->transient.pools; p++) {
        const struct bitmap_pool *pool = &b->transient.pool[p];
        for (uint32_t g = 0; g < pool->groups; g++) {
            const struct bitmap_group *group = &b->transient.group[pool->first_group + g];
            for (uint64_t left = group->unreachable; left != 0; left &= left - 1) {
                if (group->unreachable & left & -left)
                    gcr_counting_clear_garbage(&b->counting,
                                               bitmap_object(pool, g * 64 + GCR_CTZ64(left)));
            }
        }
    }
    settle(c, SET_UNREACHABLE); /* kept alive by somebody else */
    while (!gcr_gc_list_is_empty(&c->garbage)) {
        struct gcr_gc_head *head = gcr_head_next(&c->garbage);
        gcr_counting_clear_garbage(&b->counting, bitmap_large_object(c->b, head));
        if (gcr_head_next(&c->garbage) == head) {
            gcr_head_clear_collecting(head, true);
            gcr_gc_list_move(c->old, head);
        }
    }
}

/* ---- step 11 ---- */

static void keep_garbage(struct cycle *c, gcr_ref object)
{
    c->frame.done.uncollectable++;
    gcr_counting_keep_legacy(&c->b->counting, object);
}

static void keep_legacy_garbage(struct cycle *c)
{
    each_small(c, SET_KEPT, keep_garbage);
    settle(c, SET_KEPT);
    for (struct gcr_gc_head *head = gcr_head_next(&c->kept); head != &c->kept;
         head = gcr_head_next(head))
        keep_garbage(c, bitmap_large_object(c->b, head));
    if (c->young != c->old)
        c->b->counting.base.work.promoted_objects += c->frame.done.uncollectable;
    gcr_gc_list_merge(&c->kept, c->old);
}

/* ---- all of it ---- */

static void merge_large(struct cycle *c)
{
    struct bitmap *b = c->b;
    uint32_t g = c->frame.generation;
    for (uint32_t i = 0; i < g; i++)
        gcr_gc_list_merge(&b->large[i], &b->large[g]);
    c->young = &b->large[g];
    c->old = &b->large[g + 1 < GCR_COUNTING_GENERATIONS ? g + 1 : g];
}

static void collect_candidates(struct cycle *c)
{
    struct bitmap *b = c->b;
    struct gcr_counting *counting = &b->counting;
    merge_large(c);
    c->frame.candidates += gcr_gc_list_count(c->young);
    b->seen_flags = 0;
    c->unreached = gcr_bitmap_deduce(b, c->young, &c->unreachable);
    counting->base.work.marked_objects += c->frame.candidates - c->unreached;
    untrack(c);
    promote(c);
    gcr_bitmap_keep_legacy(b, &c->unreachable, &c->kept);
    gcr_counting_enter_phase(counting, GCR_PHASE_FINALIZE);
    clear_weak_references(c);
    run_finalizers(c);
    gcr_counting_enter_phase(counting, GCR_PHASE_MARK);
    separate_resurrected(c);
    gcr_counting_enter_phase(counting, GCR_PHASE_SWEEP);
    break_cycles(c);
    keep_legacy_garbage(c);
    if (c->frame.generation == GCR_COUNTING_GENERATIONS - 1 && counting->empties_free_lists)
        gcr_counting_empty_recycled(counting);
    gcr_bitmap_drop_transient(b);
}

/* Level 2: the whole structure after each collection. */
static void check_after_collection(struct gcr_counting *c)
{
    struct gcr_error err;
    c->collecting = false;
    if (!gcr_bitmap_check(&c->base, 2, &err))
        gcr_check_failed(__FILE__, __LINE__, err.text);
}

void gcr_bitmap_collect(struct gcr_counting *counting, uint32_t generation, enum gcr_reason reason)
{
    struct cycle c = {.b = bitmap_from(counting)};
    if (!gcr_counting_begin_collection(counting, &c.frame, generation, reason))
        return;
    gcr_counting_enter_phase(counting, GCR_PHASE_MARK);
    if (gcr_bitmap_take_candidates(c.b, c.frame.generation, &c.frame.candidates)) {
        collect_candidates(&c);
    } else {
        c.b->skipped++;
        c.frame.done.full = false;
    }
    if (GCR_CHECK_LEVEL >= 2)
        check_after_collection(counting);
    gcr_counting_end_collection(counting, &c.frame);
}
