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
#ifndef GCR_ALLOCATORS_COMMON_GC_HEAD_H
#define GCR_ALLOCATORS_COMMON_GC_HEAD_H

#include "allocators/common/counted.h"

enum {
    GCR_NEXT_UNREACHABLE = 1,
    GCR_PREV_FINALIZED = 1,
    GCR_PREV_COLLECTING = 2,
    GCR_PREV_FLAGS = 3,
    GCR_PREV_COUNT_SHIFT = 2,
    GCR_REFS_FINALIZED = 1,
    GCR_REFS_SHIFT = 1
};
enum { GCR_REFS_UNTRACKED = -2, GCR_REFS_REACHABLE = -3, GCR_REFS_TENTATIVE = -4 };

/* Also the head of each list. */
struct gcr_gc_head {
    uintptr_t next, prev;
};

struct gcr_wide_head {
    struct gcr_gc_head link;
    int64_t refs;
};

/* Links and flags are the header's, whatever the phase, but in a new object. */
#define GCR_HEAD_SET(word, value) GCR_STORE_AS(GCR_CAUSE_HEADER, word, value)

/* ---- from object to head and back ---- */

static inline struct gcr_gc_head *gcr_head_at(gcr_ref object, uint32_t head_bytes)
{
    return (struct gcr_gc_head *)((char *)object - head_bytes);
}

static inline gcr_ref gcr_head_object(const struct gcr_gc_head *head, uint32_t head_bytes)
{
    return (gcr_ref)((uintptr_t)head + head_bytes);
}

/* ---- the wide layout's third word ---- */

static inline int64_t gcr_wide_refs(const struct gcr_gc_head *head)
{
    return ((const struct gcr_wide_head *)head)->refs >> GCR_REFS_SHIFT;
}

static inline void gcr_wide_set_refs(struct gcr_gc_head *head, int64_t refs)
{
    struct gcr_wide_head *wide = (struct gcr_wide_head *)head;
    GCR_HEAD_SET(wide->refs, refs * (1 << GCR_REFS_SHIFT) | (wide->refs & GCR_REFS_FINALIZED));
}

/* ---- flags ---- */

static inline void gcr_head_init(struct gcr_gc_head *head, bool packed)
{
    head->next = 0;
    head->prev = 0;
    if (!packed)
        ((struct gcr_wide_head *)head)->refs = (int64_t)GCR_REFS_UNTRACKED * (1 << GCR_REFS_SHIFT);
}

static inline bool gcr_head_is_tracked(const struct gcr_gc_head *head, bool packed)
{
    return packed ? head->next != 0 : gcr_wide_refs(head) != GCR_REFS_UNTRACKED;
}

static inline bool gcr_head_is_finalized(const struct gcr_gc_head *head, bool packed)
{
    return packed ? (head->prev & GCR_PREV_FINALIZED) != 0
                  : (((const struct gcr_wide_head *)head)->refs & GCR_REFS_FINALIZED) != 0;
}

static inline void gcr_head_set_finalized(struct gcr_gc_head *head, bool packed)
{
    if (packed)
        GCR_HEAD_SET(head->prev, head->prev | GCR_PREV_FINALIZED);
    else
        GCR_HEAD_SET(((struct gcr_wide_head *)head)->refs,
                     ((struct gcr_wide_head *)head)->refs | GCR_REFS_FINALIZED);
}

/* Candidate of the running collection, reachable ones not counted any more. */
static inline bool gcr_head_is_collecting(const struct gcr_gc_head *head, bool packed)
{
    if (packed)
        return (head->prev & GCR_PREV_COLLECTING) != 0;
    int64_t refs = gcr_wide_refs(head);
    return refs >= 0 || refs == GCR_REFS_TENTATIVE;
}

static inline void gcr_head_clear_collecting(struct gcr_gc_head *head, bool packed)
{
    if (packed)
        GCR_HEAD_SET(head->prev, head->prev & ~(uintptr_t)GCR_PREV_COLLECTING);
    else
        gcr_wide_set_refs(head, GCR_REFS_REACHABLE);
}

/* ---- lists (links without flags in `next`) ---- */

static inline struct gcr_gc_head *gcr_head_next(const struct gcr_gc_head *head)
{
    return (struct gcr_gc_head *)head->next;
}

static inline struct gcr_gc_head *gcr_head_prev(const struct gcr_gc_head *head)
{
    return (struct gcr_gc_head *)(head->prev & ~(uintptr_t)GCR_PREV_FLAGS);
}

static inline void gcr_head_set_prev(struct gcr_gc_head *head, const struct gcr_gc_head *prev)
{
    GCR_HEAD_SET(head->prev, (head->prev & GCR_PREV_FLAGS) | (uintptr_t)prev);
}

static inline void gcr_gc_list_init(struct gcr_gc_head *list)
{
    GCR_HEAD_SET(list->prev, (uintptr_t)list);
    GCR_HEAD_SET(list->next, (uintptr_t)list);
}

static inline bool gcr_gc_list_is_empty(const struct gcr_gc_head *list)
{
    return gcr_head_next(list) == list;
}

static inline void gcr_gc_list_append(struct gcr_gc_head *list, struct gcr_gc_head *head)
{
    struct gcr_gc_head *last = gcr_head_prev(list);
    gcr_head_set_prev(head, last);
    GCR_HEAD_SET(last->next, (uintptr_t)head);
    GCR_HEAD_SET(head->next, (uintptr_t)list);
    GCR_HEAD_SET(list->prev, (uintptr_t)head);
}

static inline void gcr_gc_list_unlink(struct gcr_gc_head *head)
{
    struct gcr_gc_head *prev = gcr_head_prev(head), *next = gcr_head_next(head);
    GCR_HEAD_SET(prev->next, (uintptr_t)next);
    gcr_head_set_prev(next, prev);
}

static inline void gcr_gc_list_move(struct gcr_gc_head *list, struct gcr_gc_head *head)
{
    gcr_gc_list_unlink(head);
    gcr_gc_list_append(list, head);
}

/* Appends all of `from` to `to`; `from` becomes empty. O(1). */
static inline void gcr_gc_list_merge(struct gcr_gc_head *from, struct gcr_gc_head *to)
{
    if (!gcr_gc_list_is_empty(from)) {
        struct gcr_gc_head *last = gcr_head_prev(to), *first = gcr_head_next(from),
                           *end = gcr_head_prev(from);
        GCR_HEAD_SET(last->next, (uintptr_t)first);
        gcr_head_set_prev(first, last);
        GCR_HEAD_SET(end->next, (uintptr_t)to);
        GCR_HEAD_SET(to->prev, (uintptr_t)end);
    }
    gcr_gc_list_init(from);
}

static inline uint64_t gcr_gc_list_count(const struct gcr_gc_head *list)
{
    uint64_t n = 0;
    for (const struct gcr_gc_head *head = gcr_head_next(list); head != list;
         head = gcr_head_next(head))
        n++;
    return n;
}

/* ---- tracking ---- */

/* Appends an untracked container to the youngest generation. */
static inline void gcr_head_track(struct gcr_gc_head *youngest, struct gcr_gc_head *head,
                                  bool packed)
{
    gcr_gc_list_append(youngest, head);
    if (!packed)
        gcr_wide_set_refs(head, GCR_REFS_REACHABLE);
}

/* Takes a tracked container out of whatever list it is in. */
static inline void gcr_head_untrack(struct gcr_gc_head *head, bool packed)
{
    gcr_gc_list_unlink(head);
    GCR_HEAD_SET(head->next, 0);
    if (packed)
        GCR_HEAD_SET(head->prev, head->prev & GCR_PREV_FINALIZED);
    else
        gcr_wide_set_refs(head, GCR_REFS_UNTRACKED);
}

#endif
