/* Steps 1 to 3 of a collection, and step 6: which candidates are referred to from outside.
 *
 * What linked-list does by moving heads between lists is here a closure with a work list: after
 * internal references are subtracted, whoever still has a count is DONE and scanned, and so is
 * whatever that reaches; CAND & ~DONE is unreachable. The work list holds small containers alone;
 * large ones are chained through the words of their heads that hold the counts meanwhile. An entry
 * that finds no room (a cap, or no page) is dropped, and its pool scanned again later: what is
 * DONE there and not SCANNED, or without that plane all that is DONE.
 *
 * Invariants (check level 2 and up): after step 2 each working count is between 0 and the true one,
 * and the differences add up to the visited edges between candidates. Cost: two visits of every
 * slot of every candidate; an edge to a small candidate reads its pool's place, its group and its
 * count, and with containers in arenas of their own nothing of the candidate itself. */
#include "allocators/bitmap/edges.h"

#define SATURATED UINT32_MAX /* stands for any larger count: the object is kept */

static const struct gcr_counting_type *type_of(const struct bitmap *b, gcr_ref object)
{
    return gcr_counting_type_of(&b->counting, object);
}

/* ---- step 1 ---- */

GCR_ALWAYS_INLINE void copy_group_counts(struct bitmap *b, const struct bitmap_pool *pool,
                                         uint32_t index, bool side)
{
    const struct bitmap_group *group = &b->transient.group[pool->first_group + index];
    uint32_t *count = &b->transient.count[group->first_count];
    for (uint64_t left = group->candidate; left != 0; left &= left - 1) {
        uint32_t bit = GCR_CTZ64(left);
        uint64_t true_count =
            gcr_count_get(&b->counting, side, bitmap_object(pool, index * 64 + bit));
        if (GCR_UNLIKELY(true_count >= SATURATED)) {
            true_count = SATURATED;
            b->saturated++;
        }
        if (b->full_counts)
            count[bit] = (uint32_t)true_count;
        else
            *count++ = (uint32_t)true_count;
    }
}

GCR_ALWAYS_INLINE void copy_counts_as(struct bitmap *b, struct gcr_gc_head *young, bool side)
{
    for (uint32_t p = 0; p < b->transient.pools; p++) {
        const struct bitmap_pool *pool = &b->transient.pool[p];
        for (uint32_t g = 0; g < pool->groups; g++)
            copy_group_counts(b, pool, g, side);
    }
    for (struct gcr_gc_head *head = gcr_head_next(young); head != young;
         head = gcr_head_next(head)) {
        uint64_t count = gcr_count_get(&b->counting, side, bitmap_large_object(b, head));
        head->prev = (head->prev & GCR_PREV_FINALIZED) | GCR_PREV_COLLECTING |
                     (uintptr_t)count << GCR_PREV_COUNT_SHIFT;
    }
}

static void copy_counts(struct bitmap *b, struct gcr_gc_head *young)
{
    if (b->counting.side_counted)
        copy_counts_as(b, young, true);
    else
        copy_counts_as(b, young, false);
}

/* ---- step 2 ---- */

/* One reference from a candidate to `container`. */
GCR_ALWAYS_INLINE void subtract_small(const struct bitmap_edges *e, gcr_ref container)
{
    struct bitmap_spot spot = bitmap_spot_of(e, container);
    if (spot.group == NULL || (spot.group->candidate & spot.bit) == 0)
        return;
    uint32_t *count = bitmap_spot_count(e, &spot);
    GCR_CHECK(2, *count != 0);
    *count -= *count != SATURATED;
    if (GCR_CHECK_LEVEL >= 2)
        e->walk->edges++;
}

static void subtract_any(struct gcr_counting *c, gcr_ref container, void *arg)
{
    struct bitmap_walk *walk = arg;
    if (!bitmap_is_large(container)) {
        subtract_small(&walk->find, container);
        return;
    }
    struct gcr_gc_head *head = bitmap_head(bitmap_from(c), container);
    if (!(head->prev & GCR_PREV_COLLECTING))
        return;
    head->prev -= (uintptr_t)1 << GCR_PREV_COUNT_SHIFT;
    if (GCR_CHECK_LEVEL >= 2)
        walk->edges++;
}

static const struct bitmap_visitor subtract = {subtract_small, subtract_any};

/* Calls once for each small candidate, in address order. */
typedef void candidate_function(struct bitmap *b, gcr_ref object, uint32_t working_count,
                                void *arg);

GCR_ALWAYS_INLINE void each_candidate(struct bitmap *b, candidate_function *function, void *arg)
{
    for (uint32_t p = 0; p < b->transient.pools; p++) {
        const struct bitmap_pool *pool = &b->transient.pool[p];
        for (uint32_t g = 0; g < pool->groups; g++) {
            const struct bitmap_group *group = &b->transient.group[pool->first_group + g];
            for (uint64_t left = group->candidate; left != 0; left &= left - 1) {
                uint32_t bit = GCR_CTZ64(left);
                function(b, bitmap_object(pool, g * 64 + bit), *bitmap_count_of(b, group, bit),
                         arg);
            }
        }
    }
}

static void subtract_internal(const struct bitmap_walk *walk, struct gcr_gc_head *young)
{
    const struct bitmap_edges e = walk->find;
    struct bitmap *b = e.b;
    for (uint32_t p = 0; p < b->transient.pools; p++) {
        const struct bitmap_pool *pool = &b->transient.pool[p];
        for (uint32_t g = 0; g < pool->groups; g++) {
            uint64_t left = b->transient.group[pool->first_group + g].candidate;
            for (; left != 0; left &= left - 1) {
                gcr_ref object = bitmap_object(pool, g * 64 + GCR_CTZ64(left));
                bitmap_visit_referents(&e, type_of(b, object), object, &subtract);
            }
        }
    }
    for (struct gcr_gc_head *head = gcr_head_next(young); head != young;
         head = gcr_head_next(head)) {
        gcr_ref object = bitmap_large_object(b, head);
        bitmap_visit_referents(&e, type_of(b, object), object, &subtract);
    }
}

/* After step 2: the counts' differences are the edges between candidates. */
static void sum_difference(struct bitmap *b, gcr_ref object, uint32_t working_count, void *arg)
{
    uint64_t count = gcr_count_get(&b->counting, b->counting.side_counted, object);
    GCR_CHECK(1, working_count <= count);
    if (working_count != SATURATED)
        *(uint64_t *)arg += count - working_count;
}

static void check_counts(struct bitmap *b, const struct gcr_gc_head *young, uint64_t edges)
{
    uint64_t sum = 0;
    each_candidate(b, sum_difference, &sum);
    for (const struct gcr_gc_head *head = gcr_head_next(young); head != young;
         head = gcr_head_next(head)) {
        uint64_t count =
            gcr_count_get(&b->counting, b->counting.side_counted, bitmap_large_object(b, head));
        uint64_t working = head->prev >> GCR_PREV_COUNT_SHIFT;
        GCR_CHECK(1, working <= count);
        sum += count - working;
    }
    GCR_CHECK(1, sum == edges || b->saturated != 0);
}

/* ---- the work list ---- */

/* A small container that has become DONE: its turn to be scanned comes later, one way or another.
 * It is fetched meanwhile (Boehm, "Reducing garbage collector cache misses", ISMM 2000). */
static inline void remember(struct bitmap *b, const struct bitmap_group *group, gcr_ref object)
{
    GCR_PREFETCH(object);
    if (GCR_UNLIKELY(b->work_list_cap != 0 &&
                     gcr_vector_count(&b->work_list) >= b->work_list_cap) ||
        !gcr_vector_push_word(&b->work_list, (uintptr_t)object)) {
        b->work_list_overflows++;
        b->transient.pool[group->pool].rescan = true;
        return;
    }
    if (b->work_list.used_bytes > b->work_list_peak_bytes)
        b->work_list_peak_bytes = b->work_list.used_bytes;
}

/* Visits the referents of a container that is DONE. */
GCR_ALWAYS_INLINE void scan(const struct bitmap_edges *e, gcr_ref object,
                            const struct bitmap_visitor *visitor)
{
    const struct gcr_counting_type *type = type_of(e->b, object);
    e->b->seen_flags |= type->flags;
    bitmap_visit_referents(e, type, object, visitor);
}

static void note_scanned(struct bitmap *b, gcr_ref object)
{
    uint32_t block = bitmap_block_number(b, object);
    const struct bitmap_group *group = bitmap_group_of(b, bitmap_pool_number(b, object), block);
    b->transient.scanned[group - b->transient.group] |= (uint64_t)1 << block % 64;
}

/* Scans until nothing waits in the work list. */
GCR_ALWAYS_INLINE void drain_work_list(const struct bitmap_walk *walk,
                                       const struct bitmap_visitor *visitor)
{
    const struct bitmap_edges e = walk->find;
    const uintptr_t *entry;
    while ((entry = gcr_vector_pop(&e.b->work_list)) != NULL) {
        gcr_ref object = (gcr_ref)*entry;
        if (GCR_UNLIKELY(e.b->transient.scanned != NULL))
            note_scanned(e.b, object);
        scan(&e, object, visitor);
    }
}

typedef void drain_function(struct bitmap_walk *walk);

/* Pools that had no room in the work list: what is DONE there and not known to be scanned. */
static bool rescan_pool(struct bitmap_walk *walk, struct bitmap_pool *pool,
                        const struct bitmap_visitor *visitor, drain_function *drain)
{
    struct bitmap *b = walk->find.b;
    if (!pool->rescan)
        return false;
    pool->rescan = false;
    b->rescanned_pools++;
    for (uint32_t g = 0; g < pool->groups; g++) {
        const struct bitmap_group *group = &b->transient.group[pool->first_group + g];
        uint64_t *scanned =
            b->transient.scanned != NULL ? &b->transient.scanned[pool->first_group + g] : NULL;
        uint64_t left = group->done & group->candidate & ~(scanned != NULL ? *scanned : 0);
        if (scanned != NULL)
            *scanned |= left;
        for (; left != 0; left &= left - 1) {
            scan(&walk->find, bitmap_object(pool, g * 64 + GCR_CTZ64(left)), visitor);
            drain(walk);
        }
    }
    return true;
}

static void rescan_all(struct bitmap_walk *walk, const struct bitmap_visitor *visitor,
                       drain_function *drain)
{
    const struct bitmap_transient *t = &walk->find.b->transient;
    for (bool again = true; again;) {
        again = false;
        for (uint32_t p = 0; p < t->pools; p++)
            again |= rescan_pool(walk, &t->pool[p], visitor, drain);
    }
}

/* ---- step 3 ---- */

/* A candidate referred to by a reachable one. */
GCR_ALWAYS_INLINE void reach_small(const struct bitmap_edges *e, gcr_ref container)
{
    struct bitmap_spot spot = bitmap_spot_of(e, container);
    if (spot.group == NULL || (spot.group->candidate & ~spot.group->done & spot.bit) == 0)
        return;
    spot.group->done |= spot.bit;
    remember(e->b, spot.group, container);
}

static void reach_any(struct gcr_counting *c, gcr_ref container, void *arg)
{
    const struct bitmap_walk *walk = arg;
    struct bitmap *b = bitmap_from(c);
    if (!bitmap_is_large(container)) {
        reach_small(&walk->find, container);
        return;
    }
    struct gcr_gc_head *head = bitmap_head(b, container);
    if (!(head->prev & GCR_PREV_COLLECTING))
        return;
    head->prev = (head->prev & GCR_PREV_FINALIZED) | (uintptr_t)b->pending_large;
    b->pending_large = head;
}

static const struct bitmap_visitor reach = {reach_small, reach_any};

static void drain_reached(struct bitmap_walk *walk)
{
    struct bitmap *b = walk->find.b;
    for (;;) {
        drain_work_list(walk, &reach);
        struct gcr_gc_head *head = b->pending_large;
        if (head == NULL)
            return;
        b->pending_large = gcr_head_prev(head);
        scan(&walk->find, bitmap_large_object(b, head), &reach);
    }
}

/* Those of a group with a count left are referred to from outside. */
static void reach_group(struct bitmap_walk *walk, const struct bitmap_pool *pool, uint32_t index)
{
    struct bitmap *b = walk->find.b;
    struct bitmap_group *group = &b->transient.group[pool->first_group + index];
    const uint32_t *count = &b->transient.count[group->first_count];
    uint64_t outside = 0;
    for (uint64_t left = group->candidate; left != 0; left &= left - 1) {
        uint32_t bit = GCR_CTZ64(left);
        uint32_t working = b->full_counts ? count[bit] : *count++;
        outside |= (uint64_t)(working != 0) << bit;
    }
    for (uint64_t left = outside & ~group->done; left != 0; left &= left - 1) {
        uint64_t bit = left & -left;
        if (group->done & bit) /* one before it has led here */
            continue;
        group->done |= bit;
        remember(b, group, bitmap_object(pool, index * 64 + GCR_CTZ64(left)));
        drain_reached(walk);
    }
}

static void reach_all(struct bitmap_walk *walk, struct gcr_gc_head *young)
{
    struct bitmap *b = walk->find.b;
    for (uint32_t p = 0; p < b->transient.pools; p++) {
        const struct bitmap_pool *pool = &b->transient.pool[p];
        for (uint32_t g = 0; g < pool->groups; g++)
            reach_group(walk, pool, g);
    }
    for (struct gcr_gc_head *head = gcr_head_next(young); head != young;
         head = gcr_head_next(head)) {
        if ((head->prev & GCR_PREV_COLLECTING) == 0 || head->prev >> GCR_PREV_COUNT_SHIFT == 0)
            continue;
        reach_any(&b->counting, bitmap_large_object(b, head), walk);
        drain_reached(walk);
    }
    rescan_all(walk, &reach, drain_reached);
}

/* Back links again; who is still collecting moves to `unreachable`. Returns their number. */
static uint64_t split_large(struct gcr_gc_head *young, struct gcr_gc_head *unreachable)
{
    uint64_t moved = 0;
    struct gcr_gc_head *prev = young, *next;
    for (struct gcr_gc_head *head = gcr_head_next(young); head != young; head = next) {
        next = gcr_head_next(head);
        if (head->prev & GCR_PREV_COLLECTING) {
            gcr_gc_list_append(unreachable, head);
            moved++;
            continue;
        }
        prev->next = (uintptr_t)head;
        head->prev = (head->prev & GCR_PREV_FINALIZED) | (uintptr_t)prev;
        prev = head;
    }
    prev->next = (uintptr_t)young;
    young->prev = (uintptr_t)prev;
    return moved;
}

uint64_t gcr_bitmap_deduce(struct bitmap *b, struct gcr_gc_head *young,
                           struct gcr_gc_head *unreachable)
{
    struct bitmap_walk walk;
    uint64_t found = 0;
    gcr_gc_list_init(unreachable);
    copy_counts(b, young);
    bitmap_walk_begin(&walk, b);
    subtract_internal(&walk, young);
    if (GCR_CHECK_LEVEL >= 2)
        check_counts(b, young, walk.edges);
    reach_all(&walk, young);
    for (uint32_t g = 0; g < b->transient.groups; g++) {
        struct bitmap_group *group = &b->transient.group[g];
        group->unreachable = group->candidate & ~group->done;
        found += bitmap_popcount(group->unreachable);
    }
    return found + split_large(young, unreachable);
}

/* ---- step 6 ---- */

GCR_ALWAYS_INLINE void keep_small(const struct bitmap_edges *e, gcr_ref container)
{
    struct bitmap_spot spot = bitmap_spot_of(e, container);
    if (spot.group == NULL || (spot.group->unreachable & spot.bit) == 0)
        return;
    spot.group->unreachable &= ~spot.bit;
    spot.group->done |= spot.bit;
    remember(e->b, spot.group, container);
}

static void keep_any(struct gcr_counting *c, gcr_ref container, void *arg)
{
    const struct bitmap_walk *walk = arg;
    if (!bitmap_is_large(container)) {
        keep_small(&walk->find, container);
        return;
    }
    struct gcr_gc_head *head = bitmap_head(bitmap_from(c), container);
    if (!(head->prev & GCR_PREV_COLLECTING))
        return;
    gcr_head_clear_collecting(head, true);
    gcr_gc_list_move(walk->keeping, head);
}

static const struct bitmap_visitor keep = {keep_small, keep_any};

static void drain_kept(struct bitmap_walk *walk)
{
    drain_work_list(walk, &keep);
}

/* Legacy finalizers themselves. True if there is one. */
static bool keep_roots(struct bitmap_walk *walk, struct gcr_gc_head *unreachable)
{
    struct bitmap *b = walk->find.b;
    struct gcr_gc_head *next;
    bool any = false;
    for (uint32_t p = 0; p < b->transient.pools; p++) {
        const struct bitmap_pool *pool = &b->transient.pool[p];
        for (uint32_t g = 0; g < pool->groups; g++) {
            uint64_t left = b->transient.group[pool->first_group + g].unreachable;
            for (; left != 0; left &= left - 1) {
                gcr_ref object = bitmap_object(pool, g * 64 + GCR_CTZ64(left));
                if (!gcr_counting_type_is(type_of(b, object), GCR_SHAPE_LEGACY_FINALIZER))
                    continue;
                keep_any(&b->counting, object, walk);
                any = true;
            }
        }
    }
    for (struct gcr_gc_head *head = gcr_head_next(unreachable); head != unreachable; head = next) {
        next = gcr_head_next(head);
        if (gcr_counting_type_is(type_of(b, bitmap_large_object(b, head)),
                                 GCR_SHAPE_LEGACY_FINALIZER)) {
            keep_any(&b->counting, bitmap_large_object(b, head), walk);
            any = true;
        }
    }
    return any;
}

void gcr_bitmap_keep_legacy(struct bitmap *b, struct gcr_gc_head *unreachable,
                            struct gcr_gc_head *kept)
{
    gcr_gc_list_init(kept);
    for (uint32_t g = 0; g < b->transient.groups; g++)
        b->transient.group[g].done = 0; /* from here on: kept by a legacy finalizer */
    struct bitmap_walk walk;
    bitmap_walk_begin(&walk, b);
    walk.keeping = kept;
    if (!keep_roots(&walk, unreachable))
        return;
    drain_kept(&walk);
    rescan_all(&walk, &keep, drain_kept);
    /* The list grows while it is walked: a breadth-first closure. */
    for (struct gcr_gc_head *head = gcr_head_next(kept); head != kept; head = gcr_head_next(head)) {
        scan(&walk.find, bitmap_large_object(b, head), &keep);
        drain_kept(&walk);
        rescan_all(&walk, &keep, drain_kept);
    }
}
