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
 * slot of every candidate; each edge to a small candidate reads its type word, its pool's entry,
 * its group and its count. */
#include "allocators/bitmap/bitmap_design.h"

#define SATURATED UINT32_MAX /* stands for any larger count: the object is kept */

GCR_ALWAYS_INLINE void visit(struct bitmap *b, const struct gcr_counting_type *type, gcr_ref object,
                             gcr_container_visitor *visitor, void *arg)
{
    gcr_counting_visit_referents(&b->counting, type, object, visitor, arg);
}

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

/* One reference from a candidate to `container`. arg: number of such edges, at check level 2. */
static void subtract_one(struct gcr_counting *c, gcr_ref container, void *arg)
{
    struct bitmap *b = bitmap_from(c);
    if (GCR_UNLIKELY(bitmap_is_large(container))) {
        struct gcr_gc_head *head = bitmap_head(b, container);
        if (!(head->prev & GCR_PREV_COLLECTING))
            return;
        head->prev -= (uintptr_t)1 << GCR_PREV_COUNT_SHIFT;
    } else {
        uint32_t block = bitmap_block_number(b, container);
        struct bitmap_group *group = bitmap_group_of(b, bitmap_pool_number(b, container), block);
        if (group == NULL || !(group->candidate >> block % 64 & 1))
            return;
        uint32_t *count = bitmap_count_of(b, group, block % 64);
        GCR_CHECK(2, *count != 0);
        if (GCR_LIKELY(*count != SATURATED))
            --*count;
    }
    if (GCR_CHECK_LEVEL >= 2)
        ++*(uint64_t *)arg;
}

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

static void subtract_internal(struct bitmap *b, struct gcr_gc_head *young, uint64_t *edges)
{
    for (uint32_t p = 0; p < b->transient.pools; p++) {
        const struct bitmap_pool *pool = &b->transient.pool[p];
        for (uint32_t g = 0; g < pool->groups; g++) {
            uint64_t left = b->transient.group[pool->first_group + g].candidate;
            for (; left != 0; left &= left - 1) {
                gcr_ref object = bitmap_object(pool, g * 64 + GCR_CTZ64(left));
                visit(b, type_of(b, object), object, subtract_one, edges);
            }
        }
    }
    for (struct gcr_gc_head *head = gcr_head_next(young); head != young;
         head = gcr_head_next(head)) {
        gcr_ref object = bitmap_large_object(b, head);
        visit(b, type_of(b, object), object, subtract_one, edges);
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
 */
static inline void remember(struct bitmap *b, const struct bitmap_group *group, gcr_ref object)
{
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
GCR_ALWAYS_INLINE void scan(struct bitmap *b, gcr_ref object, gcr_container_visitor *visitor,
                            void *arg)
{
    const struct gcr_counting_type *type = type_of(b, object);
    b->seen_flags |= type->flags;
    visit(b, type, object, visitor, arg);
}

static void note_scanned(struct bitmap *b, gcr_ref object)
{
    uint32_t block = bitmap_block_number(b, object);
    const struct bitmap_group *group = bitmap_group_of(b, bitmap_pool_number(b, object), block);
    b->transient.scanned[group - b->transient.group] |= (uint64_t)1 << block % 64;
}

/* Scans until nothing waits in the work list. */
GCR_ALWAYS_INLINE void drain_work_list(struct bitmap *b, gcr_container_visitor *visitor, void *arg)
{
    const uintptr_t *entry;
    while ((entry = gcr_vector_pop(&b->work_list)) != NULL) {
        gcr_ref object = (gcr_ref)*entry;
        if (GCR_UNLIKELY(b->transient.scanned != NULL))
            note_scanned(b, object);
        scan(b, object, visitor, arg);
    }
}

typedef void drain_function(struct bitmap *b, void *arg);

/* Pools that had no room in the work list: what is DONE there and not known to be scanned. */
static bool rescan_pool(struct bitmap *b, struct bitmap_pool *pool, gcr_container_visitor *visitor,
                        drain_function *drain, void *arg)
{
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
            scan(b, bitmap_object(pool, g * 64 + GCR_CTZ64(left)), visitor, arg);
            drain(b, arg);
        }
    }
    return true;
}

static void rescan_all(struct bitmap *b, gcr_container_visitor *visitor, drain_function *drain,
                       void *arg)
{
    for (bool again = true; again;) {
        again = false;
        for (uint32_t p = 0; p < b->transient.pools; p++)
            again |= rescan_pool(b, &b->transient.pool[p], visitor, drain, arg);
    }
}

/* ---- step 3 ---- */

/* A candidate referred to by a reachable one. */
static void reach_one(struct gcr_counting *c, gcr_ref container, void *arg)
{
    struct bitmap *b = bitmap_from(c);
    (void)arg;
    if (GCR_UNLIKELY(bitmap_is_large(container))) {
        struct gcr_gc_head *head = bitmap_head(b, container);
        if (!(head->prev & GCR_PREV_COLLECTING))
            return;
        head->prev = (head->prev & GCR_PREV_FINALIZED) | (uintptr_t)b->pending_large;
        b->pending_large = head;
        return;
    }
    uint32_t block = bitmap_block_number(b, container);
    struct bitmap_group *group = bitmap_group_of(b, bitmap_pool_number(b, container), block);
    if (group == NULL || !((group->candidate & ~group->done) >> block % 64 & 1))
        return;
    group->done |= (uint64_t)1 << block % 64;
    remember(b, group, container);
}

static void drain_reached(struct bitmap *b, void *arg)
{
    for (;;) {
        drain_work_list(b, reach_one, arg);
        struct gcr_gc_head *head = b->pending_large;
        if (head == NULL)
            return;
        b->pending_large = gcr_head_prev(head);
        scan(b, bitmap_large_object(b, head), reach_one, arg);
    }
}

/* Those of a group with a count left are referred to from outside. */
static void reach_group(struct bitmap *b, const struct bitmap_pool *pool, uint32_t index)
{
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
        drain_reached(b, NULL);
    }
}

static void reach_all(struct bitmap *b, struct gcr_gc_head *young)
{
    for (uint32_t p = 0; p < b->transient.pools; p++) {
        const struct bitmap_pool *pool = &b->transient.pool[p];
        for (uint32_t g = 0; g < pool->groups; g++)
            reach_group(b, pool, g);
    }
    for (struct gcr_gc_head *head = gcr_head_next(young); head != young;
         head = gcr_head_next(head)) {
        if ((head->prev & GCR_PREV_COLLECTING) == 0 || head->prev >> GCR_PREV_COUNT_SHIFT == 0)
            continue;
        reach_one(&b->counting, bitmap_large_object(b, head), NULL);
        drain_reached(b, NULL);
    }
    rescan_all(b, reach_one, drain_reached, NULL);
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
    uint64_t edges = 0, found = 0;
    gcr_gc_list_init(unreachable);
    copy_counts(b, young);
    subtract_internal(b, young, &edges);
    if (GCR_CHECK_LEVEL >= 2)
        check_counts(b, young, edges);
    reach_all(b, young);
    for (uint32_t g = 0; g < b->transient.groups; g++) {
        struct bitmap_group *group = &b->transient.group[g];
        group->unreachable = group->candidate & ~group->done;
        found += bitmap_popcount(group->unreachable);
    }
    return found + split_large(young, unreachable);
}

/* ---- step 6 ---- */

/* arg: the list of large ones that are kept. */
static void keep_one(struct gcr_counting *c, gcr_ref container, void *arg)
{
    struct bitmap *b = bitmap_from(c);
    if (GCR_UNLIKELY(bitmap_is_large(container))) {
        struct gcr_gc_head *head = bitmap_head(b, container);
        if (!(head->prev & GCR_PREV_COLLECTING))
            return;
        gcr_head_clear_collecting(head, true);
        gcr_gc_list_move(arg, head);
        return;
    }
    uint32_t block = bitmap_block_number(b, container);
    struct bitmap_group *group = bitmap_group_of(b, bitmap_pool_number(b, container), block);
    uint64_t bit = (uint64_t)1 << block % 64;
    if (group == NULL || !(group->unreachable & bit))
        return;
    group->unreachable &= ~bit;
    group->done |= bit;
    remember(b, group, container);
}

static void drain_kept(struct bitmap *b, void *arg)
{
    drain_work_list(b, keep_one, arg);
}

/* Legacy finalizers themselves. True if there is one. */
static bool keep_roots(struct bitmap *b, struct gcr_gc_head *unreachable, struct gcr_gc_head *kept)
{
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
                keep_one(&b->counting, object, kept);
                any = true;
            }
        }
    }
    for (struct gcr_gc_head *head = gcr_head_next(unreachable); head != unreachable; head = next) {
        next = gcr_head_next(head);
        if (gcr_counting_type_is(type_of(b, bitmap_large_object(b, head)),
                                 GCR_SHAPE_LEGACY_FINALIZER)) {
            keep_one(&b->counting, bitmap_large_object(b, head), kept);
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
    if (!keep_roots(b, unreachable, kept))
        return;
    drain_kept(b, kept);
    rescan_all(b, keep_one, drain_kept, kept);
    /* The list grows while it is walked: a breadth-first closure. */
    for (struct gcr_gc_head *head = gcr_head_next(kept); head != kept; head = gcr_head_next(head)) {
        scan(b, bitmap_large_object(b, head), keep_one, kept);
        drain_kept(b, kept);
        rescan_all(b, keep_one, drain_kept, kept);
    }
}
