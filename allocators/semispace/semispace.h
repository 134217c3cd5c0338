/* semispace: state and internal interface. The mutator's fast paths are in semispace_inline.h; the
 * spaces, the collection and its scan are those of the copying designs
 * (allocators/common/copy_heap.h).
 *
 * Invariants (gcr_copy_check): to.start <= free <= limit <= top == to.start + S; objects and
 * fillers tile to.start .. free; bytes free .. limit are zero; no header in to-space has a flag of
 * a collection; every reference leads to the start of an object in to-space, of a pinned or of a
 * prebuilt one. With a budget, the spaces shrink when lists, pinned or prebuilt objects grow, so
 * that a flip always finds room for what is in use. */
#ifndef GCR_ALLOCATORS_SEMISPACE_SEMISPACE_H
#define GCR_ALLOCATORS_SEMISPACE_SEMISPACE_H

#include "allocators/common/copy_heap.h"

struct gcr_semispace {
    struct gcr_copy_heap copy;
};

static inline struct gcr_semispace *semispace_of(struct gcr_heap *heap)
{
    return (struct gcr_semispace *)heap;
}

extern const struct gcr_collector gcr_collector_semispace;
extern const struct gcr_copy_design semispace_design;

/* ---- alloc.c: slow paths of allocation, and RESIZE ---- */

/* Whole allocation of any shape, collecting if need be. NULL: exhausted, *root unchanged. */
gcr_ref semispace_alloc_slow(struct gcr_semispace *h, const struct gcr_shape *shape,
                             uint32_t length, uint32_t cookie, gcr_ref *root);
bool semispace_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length);

/* ---- semispace.c ---- */

bool semispace_check(struct gcr_heap *heap, int level, struct gcr_error *err);

#endif
