/* Steps 1 to 3 of a collection, and step 6: which candidates are referred to from outside.
 *
 * Every function here exists once per head layout and, for the packed one, per place of the true
 * counts: `packed`, `side` and the distance from head to reference are constants where they are
 * used. No stack and no memory: working counts are in the GC heads, and step 3 uses the list itself
 * as its queue.
 *
 * Invariants (check level 2 and up): after step 2 each working count is between 0 and the true one,
 * and the differences add up to the visited edges between candidates. */
#include "allocators/linked_list/linked_list_design.h"

/* From a packed head to the reference, with the count in the object and without. */
enum { PACKED_DISTANCE = 16, PACKED_SIDE_DISTANCE = 8 };

GCR_ALWAYS_INLINE void visit(struct linked_list *ll, gcr_ref object, gcr_container_visitor *visitor,
                             void *arg)
{
    gcr_counting_visit_referents(&ll->counting, gcr_counting_type_of(&ll->counting, object), object,
                                 visitor, arg);
}

/* ---- deliberate damage, in test builds only ---- */

static gcr_ref *last_slot(const struct linked_list *ll, gcr_ref object)
{
    struct gcr_slot_span span[2];
    gcr_counted_spans(gcr_counting_type_of(&ll->counting, object), object, span);
    int i = span[1].count != 0;
    return span[i].count != 0 ? &span[i].start[span[i].count - 1] : NULL;
}

/* The slot of a reachable object that step 3 shall overlook: the first last slot that alone keeps a
 * candidate which itself refers to something. NULL: none here. */
static gcr_ref *slot_to_overlook(struct linked_list *ll, gcr_ref object)
{
    gcr_ref *slot = last_slot(ll, object);
    if (ll->counting.sabotage_countdown == 0 || slot == NULL || *slot == NULL || *slot == object ||
        !gcr_counting_type_is(gcr_counting_type_of(&ll->counting, *slot), GCR_SHAPE_CONTAINER) ||
        gcr_count_get(&ll->counting, ll->counting.side_counted, *slot) != 1)
        return NULL;
    const gcr_ref *deeper = last_slot(ll, *slot);
    if (deeper == NULL || *deeper == NULL ||
        !gcr_head_is_collecting(linked_list_head(ll, *slot), ll->packed))
        return NULL;
    ll->counting.sabotage_countdown = 0;
    ll->counting.sabotage_overlooked = true;
    return slot;
}

/* ---- working counts ---- */

GCR_ALWAYS_INLINE int64_t working_count(const struct gcr_gc_head *head, bool packed)
{
    return packed ? (int64_t)(head->prev >> GCR_PREV_COUNT_SHIFT) : gcr_wide_refs(head);
}

GCR_ALWAYS_INLINE void set_working_count_one(struct gcr_gc_head *head, bool packed)
{
    if (packed)
        head->prev = (head->prev & GCR_PREV_FLAGS) | (uintptr_t)1 << GCR_PREV_COUNT_SHIFT;
    else
        gcr_wide_set_refs(head, 1);
}

/* Step 1: working count = true count, collecting. Returns the number of candidates. */
GCR_ALWAYS_INLINE uint64_t copy_counts(struct linked_list *ll, struct gcr_gc_head *young,
                                       uint32_t distance, bool packed, bool side)
{
    uint64_t candidates = 0;
    for (struct gcr_gc_head *head = gcr_head_next(young); head != young;
         head = gcr_head_next(head)) {
        uint64_t count = gcr_count_get(&ll->counting, side, gcr_head_object(head, distance));
        if (packed)
            head->prev = (head->prev & GCR_PREV_FINALIZED) | GCR_PREV_COLLECTING |
                         (uintptr_t)count << GCR_PREV_COUNT_SHIFT;
        else
            gcr_wide_set_refs(head, (int64_t)count);
        candidates++;
    }
    return candidates;
}

/* ---- step 2 ---- */

/* One reference from a candidate to `container`. arg: number of such edges, at check level 2. */
GCR_ALWAYS_INLINE void subtract_one(gcr_ref container, void *arg, uint32_t distance, bool packed)
{
    struct gcr_gc_head *head = gcr_head_at(container, distance);
    bool candidate = packed ? (head->prev & GCR_PREV_COLLECTING) != 0 : gcr_wide_refs(head) >= 0;
    if (!candidate)
        return;
    GCR_CHECK(2, working_count(head, packed) > 0);
    if (packed)
        head->prev -= (uintptr_t)1 << GCR_PREV_COUNT_SHIFT;
    else
        ((struct gcr_wide_head *)head)->refs -= 1 << GCR_REFS_SHIFT;
    if (GCR_CHECK_LEVEL >= 2)
        ++*(uint64_t *)arg;
}

static void subtract_packed(struct gcr_counting *c, gcr_ref container, void *arg)
{
    (void)c;
    subtract_one(container, arg, PACKED_DISTANCE, true);
}

static void subtract_packed_side(struct gcr_counting *c, gcr_ref container, void *arg)
{
    (void)c;
    subtract_one(container, arg, PACKED_SIDE_DISTANCE, true);
}

static void subtract_wide(struct gcr_counting *c, gcr_ref container, void *arg)
{
    subtract_one(container, arg, linked_list_from(c)->head_distance, false);
}

GCR_ALWAYS_INLINE uint64_t subtract_internal(struct linked_list *ll, struct gcr_gc_head *young,
                                             uint32_t distance, gcr_container_visitor *subtract)
{
    uint64_t edges = 0;
    for (struct gcr_gc_head *head = gcr_head_next(young); head != young; head = gcr_head_next(head))
        visit(ll, gcr_head_object(head, distance), subtract, &edges);
    return edges;
}

/* After step 2: the counts' differences are the edges between candidates. */
static void check_counts(struct linked_list *ll, struct gcr_gc_head *young, uint64_t edges)
{
    uint64_t sum = 0;
    for (struct gcr_gc_head *head = gcr_head_next(young); head != young;
         head = gcr_head_next(head)) {
        gcr_ref object = gcr_head_object(head, ll->head_distance);
        int64_t count = (int64_t)gcr_count_get(&ll->counting, ll->counting.side_counted, object);
        int64_t working = working_count(head, ll->packed);
        GCR_CHECK(1, working >= 0 && working <= count);
        sum += (uint64_t)(count - working);
    }
    GCR_CHECK(1, sum == edges);
    (void)edges;
}

/* ---- step 3 ---- */

/* A candidate referred to by a reachable one: back from the unreachable list if it is there
 * already, else its turn is still to come and a count of 1 is enough. arg: the young list. */
GCR_ALWAYS_INLINE void reach_one(gcr_ref container, void *arg, uint32_t distance, bool packed)
{
    struct gcr_gc_head *young = arg;
    struct gcr_gc_head *head = gcr_head_at(container, distance);
    if (packed) {
        if (!(head->prev & GCR_PREV_COLLECTING))
            return;
        if (head->next & GCR_NEXT_UNREACHABLE) {
            /* That list is doubly linked, with the flag in every `next` and in none of its head. */
            struct gcr_gc_head *prev = gcr_head_prev(head);
            struct gcr_gc_head *next =
                (struct gcr_gc_head *)(head->next & ~(uintptr_t)GCR_NEXT_UNREACHABLE);
            prev->next = head->next;
            gcr_head_set_prev(next, prev);
            gcr_gc_list_append(young, head);
            set_working_count_one(head, true);
        } else if (head->prev >> GCR_PREV_COUNT_SHIFT == 0) {
            set_working_count_one(head, true);
        }
        return;
    }
    int64_t refs = gcr_wide_refs(head);
    if (refs == 0) {
        gcr_wide_set_refs(head, 1);
    } else if (refs == GCR_REFS_TENTATIVE) {
        gcr_gc_list_move(young, head);
        gcr_wide_set_refs(head, 1);
    }
}

static void reach_packed(struct gcr_counting *c, gcr_ref container, void *arg)
{
    (void)c;
    reach_one(container, arg, PACKED_DISTANCE, true);
}

static void reach_packed_side(struct gcr_counting *c, gcr_ref container, void *arg)
{
    (void)c;
    reach_one(container, arg, PACKED_SIDE_DISTANCE, true);
}

static void reach_wide(struct gcr_counting *c, gcr_ref container, void *arg)
{
    reach_one(container, arg, linked_list_from(c)->head_distance, false);
}

/* Visits what a reachable candidate refers to. */
GCR_ALWAYS_INLINE void reach_referents(struct linked_list *ll, gcr_ref object,
                                       struct gcr_gc_head *young, gcr_container_visitor *reach)
{
    gcr_ref *hidden = GCR_SABOTAGE == GCR_SABOTAGE_SKIP_SLOT ? slot_to_overlook(ll, object) : NULL;
    gcr_ref value = hidden != NULL ? *hidden : NULL;
    if (hidden != NULL)
        *hidden = NULL;
    visit(ll, object, reach, young);
    if (hidden != NULL)
        *hidden = value;
}

/* Appends to the unreachable list of the packed layout, where every `next` carries the flag. */
static inline void append_unreachable(struct gcr_gc_head *unreachable, struct gcr_gc_head *head)
{
    struct gcr_gc_head *last = gcr_head_prev(unreachable);
    last->next = (uintptr_t)head | GCR_NEXT_UNREACHABLE;
    gcr_head_set_prev(head, last);
    head->next = (uintptr_t)unreachable | GCR_NEXT_UNREACHABLE;
    unreachable->prev = (uintptr_t)head;
}

/* Step 3, packed: the young list is singly linked; back links are restored behind the walk. */
GCR_ALWAYS_INLINE void split_packed(struct linked_list *ll, struct gcr_gc_head *young,
                                    struct gcr_gc_head *unreachable, uint32_t distance,
                                    gcr_container_visitor *reach)
{
    struct gcr_gc_head *prev = young;
    struct gcr_gc_head *head = gcr_head_next(young);
    while (head != young) {
        if (head->prev >> GCR_PREV_COUNT_SHIFT != 0) {
            reach_referents(ll, gcr_head_object(head, distance), young, reach);
            head->prev = (head->prev & GCR_PREV_FINALIZED) | (uintptr_t)prev;
            prev = head;
        } else {
            prev->next = head->next;
            append_unreachable(unreachable, head);
        }
        head = gcr_head_next(prev);
    }
    young->prev = (uintptr_t)prev;
    unreachable->next &= ~(uintptr_t)GCR_NEXT_UNREACHABLE;
}

/* Step 3, wide; tuples are untracked on the way. Returns their number. */
static uint64_t split_wide(struct linked_list *ll, struct gcr_gc_head *young,
                           struct gcr_gc_head *unreachable, bool untrack)
{
    uint64_t untracked = 0;
    struct gcr_gc_head *head = gcr_head_next(young);
    while (head != young) {
        struct gcr_gc_head *next;
        if (gcr_wide_refs(head) != 0) {
            gcr_ref object = gcr_head_object(head, ll->head_distance);
            gcr_wide_set_refs(head, GCR_REFS_REACHABLE);
            reach_referents(ll, object, young, reach_wide);
            next = gcr_head_next(head);
            if (untrack &&
                gcr_counting_type_is(gcr_counting_type_of(&ll->counting, object),
                                     GCR_SHAPE_TUPLE) &&
                gcr_counting_can_untrack_as(&ll->counting, &linked_list_design, object)) {
                gcr_head_untrack(head, ll->packed);
                gcr_counted(object)->type |= GCR_COUNTED_UNTRACKED;
                untracked++;
            }
        } else {
            next = gcr_head_next(head);
            gcr_gc_list_move(unreachable, head);
            gcr_wide_set_refs(head, GCR_REFS_TENTATIVE);
        }
        head = next;
    }
    return untracked;
}

/* Clears the unreachable flags, so that ordinary list operations work; returns the list's length.
 */
static uint64_t clear_unreachable_flags(struct gcr_gc_head *unreachable)
{
    uint64_t n = 0;
    for (struct gcr_gc_head *head = gcr_head_next(unreachable); head != unreachable;
         head = gcr_head_next(head)) {
        head->next &= ~(uintptr_t)GCR_NEXT_UNREACHABLE;
        n++;
    }
    return n;
}

GCR_ALWAYS_INLINE uint64_t count_and_subtract(struct linked_list *ll, struct gcr_gc_head *young,
                                              uint32_t distance, bool packed, bool side,
                                              gcr_container_visitor *subtract)
{
    uint64_t candidates = copy_counts(ll, young, distance, packed, side);
    uint64_t edges = subtract_internal(ll, young, distance, subtract);
    if (GCR_CHECK_LEVEL >= 2)
        check_counts(ll, young, edges);
    (void)edges;
    return candidates;
}

uint64_t gcr_linked_list_deduce(struct linked_list *ll, struct gcr_gc_head *young,
                                struct gcr_gc_head *unreachable, bool untrack, uint64_t *moved,
                                uint64_t *untracked)
{
    uint64_t candidates;
    gcr_gc_list_init(unreachable);
    *untracked = 0;
    if (ll->packed && !ll->counting.side_counted) {
        candidates = count_and_subtract(ll, young, PACKED_DISTANCE, true, false, subtract_packed);
        split_packed(ll, young, unreachable, PACKED_DISTANCE, reach_packed);
    } else if (ll->packed) {
        candidates =
            count_and_subtract(ll, young, PACKED_SIDE_DISTANCE, true, true, subtract_packed_side);
        split_packed(ll, young, unreachable, PACKED_SIDE_DISTANCE, reach_packed_side);
    } else {
        candidates = count_and_subtract(ll, young, ll->head_distance, false,
                                        ll->counting.side_counted, subtract_wide);
        *untracked = split_wide(ll, young, unreachable, untrack);
    }
    /* CPython does this as part of step 6, and again after step 9; nothing looks at the flags
     * between. */
    *moved = clear_unreachable_flags(unreachable);
    if (GCR_CHECK_LEVEL >= 2)
        GCR_CHECK(1, gcr_gc_list_count(young) + *moved + *untracked == candidates);
    return candidates;
}

/* ---- step 6 ---- */

static void move_if_unreachable(struct gcr_counting *c, gcr_ref container, void *arg)
{
    struct linked_list *ll = linked_list_from(c);
    struct gcr_gc_head *finalizers = arg;
    struct gcr_gc_head *head = linked_list_head(ll, container);
    if (gcr_head_is_collecting(head, ll->packed)) {
        gcr_head_clear_collecting(head, ll->packed);
        gcr_gc_list_move(finalizers, head);
    }
}

void gcr_linked_list_move_legacy(struct linked_list *ll, struct gcr_gc_head *unreachable,
                                 struct gcr_gc_head *finalizers)
{
    struct gcr_gc_head *next;
    for (struct gcr_gc_head *head = gcr_head_next(unreachable); head != unreachable; head = next) {
        next = gcr_head_next(head);
        gcr_ref object = gcr_head_object(head, ll->head_distance);
        if (gcr_counting_type_is(gcr_counting_type_of(&ll->counting, object),
                                 GCR_SHAPE_LEGACY_FINALIZER))
            move_if_unreachable(&ll->counting, object, finalizers);
    }
    /* The list grows while it is walked: a breadth-first closure. */
    for (struct gcr_gc_head *head = gcr_head_next(finalizers); head != finalizers;
         head = gcr_head_next(head))
        visit(ll, gcr_head_object(head, ll->head_distance), move_if_unreachable, finalizers);
}
