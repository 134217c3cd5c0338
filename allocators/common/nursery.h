/* A bump nursery: where new objects are born, and the rules for those that are not.
 *
 * The range itself belongs to the design that uses it (a piece of a semispace, a mapping of its
 * own). Allocation bumps `free` up to `limit` in zeroed memory. After a minor collection the used
 * part is zeroed again: at once with one memset, or step by step ahead of the allocation, so that
 * each line is zeroed shortly before it is used.
 *
 * Source of sizes and limits: PyPy's rpython/memory/gc/generation.py. Invariants
 * (gcr_nursery_check): start <= free <= limit <= top <= start + bytes; free to limit is zero;
 * without a nursery all are NULL and nothing is young. Cost: allocation and the test whether an
 * object is young take a subtraction and a comparison; a reset O(bytes used). */
#ifndef GCR_ALLOCATORS_COMMON_NURSERY_H
#define GCR_ALLOCATORS_COMMON_NURSERY_H

#include "allocators/common/layout.h"

enum {
    GCR_NURSERY_MIN_BYTES = 48 * 1024, /* below it a budget leaves no nursery */
    /* Total size up to which any object is young, whatever its shape: an eighth of the smallest
     * native nursery (gcr_nursery_set_limits lowers it for smaller ones). Fast paths test this
     * alone. */
    GCR_NURSERY_SMALL_BYTES = GCR_NURSERY_MIN_BYTES / 8
};

struct gcr_nursery {
    char *free, *limit; /* allocation: zeroed room */
    char *top;          /* where limit ends; a design with pinned objects in the nursery moves it */
    char *start;        /* NULL: no nursery */
    size_t bytes;       /* 0: no nursery */
    char *dirty;        /* bytes at and above are zero anyway */
    size_t step_bytes;  /* zeroed at a time, ahead of free; 0: all at the reset */
    uint64_t zeroed_bytes; /* ever */

    /* Limits of what is young, from gcr_nursery_set_limits. */
    uint64_t small_bytes;      /* total size that is always young */
    uint64_t plain_bytes;      /* without items: of everything behind the header */
    uint64_t base_bytes;       /* with items: of the part before them, without the header */
    uint64_t items_base_bytes; /* with items: (this / bytes of an item) << items_shift items */
    unsigned items_shift;
};

/* No nursery; zeroing by `step_bytes`, or at once (0). */
void gcr_nursery_init(struct gcr_nursery *nursery, size_t step_bytes);

/* Limits for a nursery of `bytes` by the original's rules: an object without items up to half of
 * it, one with items whose fixed part is up to a quarter and whose items take up to a quarter of
 * `min_bytes` times the largest power of two that still fits into `bytes`; of `bytes` itself if
 * that is less. */
void gcr_nursery_set_limits(struct gcr_nursery *nursery, uint64_t bytes, uint64_t min_bytes);

/* Whether an object of the layout with `length` items in itself is born young, by those limits.
 * The length word counts as part before the items. */
bool gcr_nursery_takes(const struct gcr_nursery *nursery, const struct gcr_layout *layout,
                       uint64_t length);

/* Takes a range for the nursery: committed memory of the caller's, zero if `zeroed`. */
void gcr_nursery_place(struct gcr_nursery *nursery, char *start, size_t bytes, bool zeroed);
/* Forgets the range: no nursery, nothing is young. */
void gcr_nursery_drop(struct gcr_nursery *nursery);
/* Empties it after a minor collection: zeroes what was used, by steps or at once. */
void gcr_nursery_reset(struct gcr_nursery *nursery);

/* The slow half of gcr_nursery_alloc: zeroes the next step if there is one. NULL: does not fit. */
void *gcr_nursery_alloc_slow(struct gcr_nursery *nursery, uint64_t bytes);

/* Whether an object lies in it. Any pointer will do, NULL too. */
static inline bool gcr_nursery_has(const struct gcr_nursery *nursery, const void *object)
{
    return (uintptr_t)object - (uintptr_t)nursery->start < nursery->bytes;
}

static inline size_t gcr_nursery_used(const struct gcr_nursery *nursery)
{
    return (size_t)(nursery->free - nursery->start);
}

/* Zeroed memory, or NULL: does not fit. bytes: a multiple of 8. */
static inline void *gcr_nursery_alloc(struct gcr_nursery *nursery, uint64_t bytes)
{
    if (GCR_UNLIKELY(bytes > (uint64_t)(nursery->limit - nursery->free)))
        return gcr_nursery_alloc_slow(nursery, bytes);
    void *start = nursery->free;
    nursery->free += bytes;
    return start;
}

/* The invariants above, at level 3 also that free room is zero. NULL, or what is wrong. */
const char *gcr_nursery_check(const struct gcr_nursery *nursery, int level);

#endif
