/* Steps 1 to 3 of a collection, and step 6: which candidates are referred to from outside.
 *
 * Every function here exists once per head layout: `packed` is a constant where it is used. No
 * stack and no memory: working counts are in the GC heads, and step 3 uses the list itself as its
 * queue.
 *
 * Invariants (check level 2 and up): after step 2 each working count is between 0 and the true one,
 * and the differences add up to the visited edges between candidates.
 *
 * A *separate buffer* is not a container but has slots. While exactly one reference to it exists it
 * counts as part of its holder: a visit goes through it, one level. */
#include "allocators/linked_list/gc_head.h"

typedef void container_visitor(struct linked_list *ll, gcr_ref container, void *arg);

GCR_ALWAYS_INLINE void visit_value(struct linked_list *ll, gcr_ref value, container_visitor *visit,
                                   void *arg)
{
    if (value != NULL && type_is(object_type(ll, value), GCR_SHAPE_CONTAINER))
        visit(ll, value, arg);
}

static GCR_NOINLINE void visit_buffer(struct linked_list *ll, gcr_ref buffer,
                                      container_visitor *visit, void *arg)
{
    struct slot_span span[2];
    object_spans(object_type(ll, buffer), buffer, span);
    for (int i = 0; i < 2; i++) {
        for (uint64_t k = 0; k < span[i].count; k++)
            visit_value(ll, span[i].start[k], visit, arg);
    }
}

/* Visits the containers that an object refers to, directly or through a separate buffer. */
GCR_ALWAYS_INLINE void visit_referents(struct linked_list *ll, gcr_ref object,
                                       container_visitor *visit, void *arg)
{
    struct slot_span span[2];
    object_spans(object_type(ll, object), object, span);
    for (int i = 0; i < 2; i++) {
        gcr_ref *end = span[i].start + span[i].count;
        for (gcr_ref *slot = span[i].start; slot < end; slot++) {
            gcr_ref value = *slot;
            if (value == NULL)
                continue;
            const struct linked_list_type *type = object_type(ll, value);
            if (GCR_LIKELY(type_is(type, GCR_SHAPE_CONTAINER)))
                visit(ll, value, arg);
            else if (type_is(type, TYPE_IS_BUFFER) && object_header(value)->count == 1)
                visit_buffer(ll, value, visit, arg);
        }
    }
}

/* ---- deliberate damage, in test builds only ---- */

static gcr_ref *last_slot(const struct linked_list *ll, gcr_ref object)
{
    struct slot_span span[2];
    object_spans(object_type(ll, object), object, span);
    int i = span[1].count != 0;
    return span[i].count != 0 ? &span[i].start[span[i].count - 1] : NULL;
}

/* The slot of a reachable object that step 3 shall overlook: the first last slot that alone keeps a
 * candidate which itself refers to something. NULL: none here. */
static gcr_ref *slot_to_overlook(struct linked_list *ll, gcr_ref object)
{
    gcr_ref *slot = last_slot(ll, object);
    if (ll->sabotage_countdown == 0 || slot == NULL || *slot == NULL || *slot == object ||
        !type_is(object_type(ll, *slot), GCR_SHAPE_CONTAINER) || object_header(*slot)->count != 1)
        return NULL;
    const gcr_ref *deeper = last_slot(ll, *slot);
    if (deeper == NULL || *deeper == NULL || !head_is_collecting(head_of(ll, *slot), ll->packed))
        return NULL;
    ll->sabotage_countdown = 0;
    ll->sabotage_overlooked = true;
    return slot;
}

/* ---- working counts ---- */

GCR_ALWAYS_INLINE int64_t working_count(const struct gc_head *head, bool packed)
{
    return packed ? (int64_t)(head->prev >> PREV_COUNT_SHIFT) : wide_refs(head);
}

GCR_ALWAYS_INLINE void set_working_count_one(struct gc_head *head, bool packed)
{
    if (packed)
        head->prev = (head->prev & PREV_FLAGS) | (uintptr_t)1 << PREV_COUNT_SHIFT;
    else
        wide_set_refs(head, 1);
}

/* Step 1: working count = true count, collecting. Returns the number of candidates. */
GCR_ALWAYS_INLINE uint64_t copy_counts(struct linked_list *ll, struct gc_head *young,
                                       uint32_t head_bytes, bool packed)
{
    uint64_t candidates = 0;
    (void)ll;
    for (struct gc_head *head = head_next(young); head != young; head = head_next(head)) {
        uint64_t count = object_header(head_object(head, head_bytes))->count;
        if (packed)
            head->prev = (head->prev & PREV_FINALIZED) | PREV_COLLECTING |
                         (uintptr_t)count << PREV_COUNT_SHIFT;
        else
            wide_set_refs(head, (int64_t)count);
        candidates++;
    }
    return candidates;
}

/* ---- step 2 ---- */

/* One reference from a candidate to `container`. arg: number of such edges, at check level 2. */
GCR_ALWAYS_INLINE void subtract_one(struct linked_list *ll, gcr_ref container, void *arg,
                                    bool packed)
{
    struct gc_head *head = head_at(container, packed ? 16 : ll->head_bytes);
    bool candidate = packed ? (head->prev & PREV_COLLECTING) != 0 : wide_refs(head) >= 0;
    if (!candidate)
        return;
    GCR_CHECK(2, working_count(head, packed) > 0);
    if (packed)
        head->prev -= (uintptr_t)1 << PREV_COUNT_SHIFT;
    else
        ((struct wide_head *)head)->refs -= 1 << REFS_SHIFT;
    if (GCR_CHECK_LEVEL >= 2)
        ++*(uint64_t *)arg;
}

static void subtract_packed(struct linked_list *ll, gcr_ref container, void *arg)
{
    subtract_one(ll, container, arg, true);
}

static void subtract_wide(struct linked_list *ll, gcr_ref container, void *arg)
{
    subtract_one(ll, container, arg, false);
}

GCR_ALWAYS_INLINE uint64_t subtract_internal(struct linked_list *ll, struct gc_head *young,
                                             uint32_t head_bytes, bool packed)
{
    uint64_t edges = 0;
    for (struct gc_head *head = head_next(young); head != young; head = head_next(head))
        visit_referents(ll, head_object(head, head_bytes), packed ? subtract_packed : subtract_wide,
                        &edges);
    return edges;
}

/* After step 2: the counts' differences are the edges between candidates. */
static void check_counts(struct linked_list *ll, struct gc_head *young, uint64_t edges)
{
    uint64_t sum = 0;
    for (struct gc_head *head = head_next(young); head != young; head = head_next(head)) {
        int64_t count = (int64_t)object_header(head_object(head, ll->head_bytes))->count;
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
GCR_ALWAYS_INLINE void reach_one(struct linked_list *ll, gcr_ref container, void *arg, bool packed)
{
    struct gc_head *young = arg;
    struct gc_head *head = head_at(container, packed ? 16 : ll->head_bytes);
    if (packed) {
        if (!(head->prev & PREV_COLLECTING))
            return;
        if (head->next & NEXT_UNREACHABLE) {
            /* That list is doubly linked, with the flag in every `next` and in none of its head. */
            struct gc_head *prev = head_prev(head);
            struct gc_head *next = (struct gc_head *)(head->next & ~(uintptr_t)NEXT_UNREACHABLE);
            prev->next = head->next;
            head_set_prev(next, prev);
            list_append(young, head);
            set_working_count_one(head, true);
        } else if (head->prev >> PREV_COUNT_SHIFT == 0) {
            set_working_count_one(head, true);
        }
        return;
    }
    int64_t refs = wide_refs(head);
    if (refs == 0) {
        wide_set_refs(head, 1);
    } else if (refs == REFS_TENTATIVE) {
        list_move(young, head);
        wide_set_refs(head, 1);
    }
}

static void reach_packed(struct linked_list *ll, gcr_ref container, void *arg)
{
    reach_one(ll, container, arg, true);
}

static void reach_wide(struct linked_list *ll, gcr_ref container, void *arg)
{
    reach_one(ll, container, arg, false);
}

/* Visits what a reachable candidate refers to. */
GCR_ALWAYS_INLINE void reach_referents(struct linked_list *ll, gcr_ref object,
                                       struct gc_head *young, bool packed)
{
    gcr_ref *hidden = GCR_SABOTAGE == GCR_SABOTAGE_SKIP_SLOT ? slot_to_overlook(ll, object) : NULL;
    gcr_ref value = hidden != NULL ? *hidden : NULL;
    if (hidden != NULL)
        *hidden = NULL;
    visit_referents(ll, object, packed ? reach_packed : reach_wide, young);
    if (hidden != NULL)
        *hidden = value;
}

/* Appends to the unreachable list of the packed layout, where every `next` carries the flag. */
static inline void append_unreachable(struct gc_head *unreachable, struct gc_head *head)
{
    struct gc_head *last = head_prev(unreachable);
    last->next = (uintptr_t)head | NEXT_UNREACHABLE;
    head_set_prev(head, last);
    head->next = (uintptr_t)unreachable | NEXT_UNREACHABLE;
    unreachable->prev = (uintptr_t)head;
}

/* Step 3, packed: the young list is singly linked; back links are restored behind the walk. */
static void split_packed(struct linked_list *ll, struct gc_head *young, struct gc_head *unreachable)
{
    struct gc_head *prev = young;
    struct gc_head *head = head_next(young);
    while (head != young) {
        if (head->prev >> PREV_COUNT_SHIFT != 0) {
            reach_referents(ll, head_object(head, 16), young, true);
            head->prev = (head->prev & PREV_FINALIZED) | (uintptr_t)prev;
            prev = head;
        } else {
            prev->next = head->next;
            append_unreachable(unreachable, head);
        }
        head = head_next(prev);
    }
    young->prev = (uintptr_t)prev;
    unreachable->next &= ~(uintptr_t)NEXT_UNREACHABLE;
}

/* Step 3, wide; tuples are untracked on the way. Returns their number. */
static uint64_t split_wide(struct linked_list *ll, struct gc_head *young,
                           struct gc_head *unreachable, bool untrack)
{
    uint64_t untracked = 0;
    struct gc_head *head = head_next(young);
    while (head != young) {
        struct gc_head *next;
        if (wide_refs(head) != 0) {
            gcr_ref object = head_object(head, ll->head_bytes);
            wide_set_refs(head, REFS_REACHABLE);
            reach_referents(ll, object, young, false);
            next = head_next(head);
            if (untrack && type_is(object_type(ll, object), GCR_SHAPE_TUPLE) &&
                gcr_linked_list_can_untrack(ll, object)) {
                head_untrack(ll, head);
                object_header(object)->type |= OBJECT_UNTRACKED_TUPLE;
                untracked++;
            }
        } else {
            next = head_next(head);
            list_move(unreachable, head);
            wide_set_refs(head, REFS_TENTATIVE);
        }
        head = next;
    }
    return untracked;
}

/* Clears the unreachable flags, so that ordinary list operations work; returns the list's length.
 */
static uint64_t clear_unreachable_flags(struct gc_head *unreachable)
{
    uint64_t n = 0;
    for (struct gc_head *head = head_next(unreachable); head != unreachable;
         head = head_next(head)) {
        head->next &= ~(uintptr_t)NEXT_UNREACHABLE;
        n++;
    }
    return n;
}

GCR_ALWAYS_INLINE uint64_t count_and_subtract(struct linked_list *ll, struct gc_head *young,
                                              uint32_t head_bytes, bool packed)
{
    uint64_t candidates = copy_counts(ll, young, head_bytes, packed);
    uint64_t edges = subtract_internal(ll, young, head_bytes, packed);
    if (GCR_CHECK_LEVEL >= 2)
        check_counts(ll, young, edges);
    (void)edges;
    return candidates;
}

uint64_t gcr_linked_list_deduce(struct linked_list *ll, struct gc_head *young,
                                struct gc_head *unreachable, bool untrack, uint64_t *moved,
                                uint64_t *untracked)
{
    uint64_t candidates;
    list_init(unreachable);
    *untracked = 0;
    if (ll->packed) {
        candidates = count_and_subtract(ll, young, 16, true);
        split_packed(ll, young, unreachable);
    } else {
        candidates = count_and_subtract(ll, young, ll->head_bytes, false);
        *untracked = split_wide(ll, young, unreachable, untrack);
    }
    /* CPython does this as part of step 6, and again after step 9; nothing looks at the flags
     * between. */
    *moved = clear_unreachable_flags(unreachable);
    if (GCR_CHECK_LEVEL >= 2)
        GCR_CHECK(1, list_count(young) + *moved + *untracked == candidates);
    return candidates;
}

/* ---- step 4's question ---- */

bool gcr_linked_list_can_untrack(struct linked_list *ll, gcr_ref object)
{
    const struct linked_list_type *type = object_type(ll, object);
    bool tuple = type_is(type, GCR_SHAPE_TUPLE);
    struct slot_span span[2];
    object_spans(type, object, span);
    for (int i = 0; i < 2; i++) {
        for (uint64_t k = 0; k < span[i].count; k++) {
            gcr_ref item = span[i].start[k];
            if (item == NULL) {
                if (tuple)
                    return false;
                continue;
            }
            const struct linked_list_type *of_item = object_type(ll, item);
            if (type_is(of_item, GCR_SHAPE_CONTAINER) &&
                (!type_is(of_item, GCR_SHAPE_TUPLE) ||
                 head_is_tracked(head_of(ll, item), ll->packed)))
                return false;
        }
    }
    return true;
}

/* ---- step 6 ---- */

static void move_if_unreachable(struct linked_list *ll, gcr_ref container, void *arg)
{
    struct gc_head *finalizers = arg;
    struct gc_head *head = head_of(ll, container);
    if (head_is_collecting(head, ll->packed)) {
        head_clear_collecting(head, ll->packed);
        list_move(finalizers, head);
    }
}

void gcr_linked_list_move_legacy(struct linked_list *ll, struct gc_head *unreachable,
                                 struct gc_head *finalizers)
{
    struct gc_head *next;
    for (struct gc_head *head = head_next(unreachable); head != unreachable; head = next) {
        next = head_next(head);
        gcr_ref object = head_object(head, ll->head_bytes);
        if (type_is(object_type(ll, object), GCR_SHAPE_LEGACY_FINALIZER))
            move_if_unreachable(ll, object, finalizers);
    }
    /* The list grows while it is walked: a breadth-first closure. */
    for (struct gc_head *head = head_next(finalizers); head != finalizers; head = head_next(head))
        visit_referents(ll, head_object(head, ll->head_bytes), move_if_unreachable, finalizers);
}
