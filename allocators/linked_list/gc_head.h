/* The GC head of a container, in front of the object, and doubly linked circular lists of heads.
 *
 * Layout of 3.8 to 3.11 ("packed", 16 bytes): next, prev.
 *   next: 0 = not tracked. Bit 0: tentatively unreachable, inside a collection only.
 *   prev: bit 0: the finalizer has run (survives everything). Bit 1: collecting, the object is a
 * candidate of the running collection. Above: the link, or inside a collection, while the list is
 * only singly linked, the working count. Layout of 3.6 and 3.7 ("wide", 24 or 32 bytes): next,
 * prev, refs. Links stay intact all the time. refs: bit 0: the finalizer has run. Above, signed: -2
 * untracked, -3 reachable (the normal state), -4 tentatively unreachable, >= 0 the working count.
 *
 * Functions that differ take `packed`; where it is a constant, the other layout folds away. */
#ifndef GCR_ALLOCATORS_LINKED_LIST_GC_HEAD_H
#define GCR_ALLOCATORS_LINKED_LIST_GC_HEAD_H

#include "allocators/linked_list/object.h"

enum {
    NEXT_UNREACHABLE = 1,
    PREV_FINALIZED = 1,
    PREV_COLLECTING = 2,
    PREV_FLAGS = 3,
    PREV_COUNT_SHIFT = 2,
    REFS_FINALIZED = 1,
    REFS_SHIFT = 1
};
enum { REFS_UNTRACKED = -2, REFS_REACHABLE = -3, REFS_TENTATIVE = -4 };

struct wide_head {
    struct gc_head link;
    int64_t refs;
};

/* ---- from object to head and back ---- */

static inline struct gc_head *head_at(gcr_ref object, uint32_t head_bytes)
{
    return (struct gc_head *)((char *)object - head_bytes);
}

static inline gcr_ref head_object(const struct gc_head *head, uint32_t head_bytes)
{
    return (gcr_ref)((uintptr_t)head + head_bytes);
}

static inline struct gc_head *head_of(const struct linked_list *ll, gcr_ref object)
{
    return head_at(object, ll->head_bytes);
}

/* ---- the wide layout's third word ---- */

static inline int64_t wide_refs(const struct gc_head *head)
{
    return ((const struct wide_head *)head)->refs >> REFS_SHIFT;
}

static inline void wide_set_refs(struct gc_head *head, int64_t refs)
{
    struct wide_head *wide = (struct wide_head *)head;
    wide->refs = refs * (1 << REFS_SHIFT) | (wide->refs & REFS_FINALIZED);
}

/* ---- flags ---- */

static inline void head_init(struct gc_head *head, bool packed)
{
    head->next = 0;
    head->prev = 0;
    if (!packed)
        ((struct wide_head *)head)->refs = (int64_t)REFS_UNTRACKED * (1 << REFS_SHIFT);
}

static inline bool head_is_tracked(const struct gc_head *head, bool packed)
{
    return packed ? head->next != 0 : wide_refs(head) != REFS_UNTRACKED;
}

static inline bool head_is_finalized(const struct gc_head *head, bool packed)
{
    return packed ? (head->prev & PREV_FINALIZED) != 0
                  : (((const struct wide_head *)head)->refs & REFS_FINALIZED) != 0;
}

static inline void head_set_finalized(struct gc_head *head, bool packed)
{
    if (packed)
        head->prev |= PREV_FINALIZED;
    else
        ((struct wide_head *)head)->refs |= REFS_FINALIZED;
}

/* Candidate of the running collection, reachable ones not counted any more. */
static inline bool head_is_collecting(const struct gc_head *head, bool packed)
{
    if (packed)
        return (head->prev & PREV_COLLECTING) != 0;
    int64_t refs = wide_refs(head);
    return refs >= 0 || refs == REFS_TENTATIVE;
}

static inline void head_clear_collecting(struct gc_head *head, bool packed)
{
    if (packed)
        head->prev &= ~(uintptr_t)PREV_COLLECTING;
    else
        wide_set_refs(head, REFS_REACHABLE);
}

/* ---- lists (links without flags in `next`) ---- */

static inline struct gc_head *head_next(const struct gc_head *head)
{
    return (struct gc_head *)head->next;
}

static inline struct gc_head *head_prev(const struct gc_head *head)
{
    return (struct gc_head *)(head->prev & ~(uintptr_t)PREV_FLAGS);
}

static inline void head_set_prev(struct gc_head *head, const struct gc_head *prev)
{
    head->prev = (head->prev & PREV_FLAGS) | (uintptr_t)prev;
}

static inline void list_init(struct gc_head *list)
{
    list->next = list->prev = (uintptr_t)list;
}

static inline bool list_is_empty(const struct gc_head *list)
{
    return head_next(list) == list;
}

static inline void list_append(struct gc_head *list, struct gc_head *head)
{
    struct gc_head *last = head_prev(list);
    head_set_prev(head, last);
    last->next = (uintptr_t)head;
    head->next = (uintptr_t)list;
    list->prev = (uintptr_t)head;
}

static inline void list_unlink(struct gc_head *head)
{
    struct gc_head *prev = head_prev(head), *next = head_next(head);
    prev->next = (uintptr_t)next;
    head_set_prev(next, prev);
}

static inline void list_move(struct gc_head *list, struct gc_head *head)
{
    list_unlink(head);
    list_append(list, head);
}

/* Appends all of `from` to `to`; `from` becomes empty. O(1). */
static inline void list_merge(struct gc_head *from, struct gc_head *to)
{
    if (!list_is_empty(from)) {
        struct gc_head *last = head_prev(to), *first = head_next(from), *end = head_prev(from);
        last->next = (uintptr_t)first;
        head_set_prev(first, last);
        end->next = (uintptr_t)to;
        to->prev = (uintptr_t)end;
    }
    list_init(from);
}

static inline uint64_t list_count(const struct gc_head *list)
{
    uint64_t n = 0;
    for (const struct gc_head *head = head_next(list); head != list; head = head_next(head))
        n++;
    return n;
}

/* ---- tracking ---- */

/* Appends an untracked container to generation 0. */
static inline void head_track(struct linked_list *ll, struct gc_head *head)
{
    list_append(&ll->generation[0], head);
    if (!ll->packed)
        wide_set_refs(head, REFS_REACHABLE);
}

/* Takes a tracked container out of whatever list it is in. */
static inline void head_untrack(struct linked_list *ll, struct gc_head *head)
{
    list_unlink(head);
    head->next = 0;
    if (ll->packed)
        head->prev &= PREV_FINALIZED;
    else
        wide_set_refs(head, REFS_UNTRACKED);
}

#endif
