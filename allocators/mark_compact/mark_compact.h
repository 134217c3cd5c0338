/* mark-compact: internal interface. The heap is that of common/compact.h, with nothing added. */
#ifndef GCR_ALLOCATORS_MARK_COMPACT_MARK_COMPACT_H
#define GCR_ALLOCATORS_MARK_COMPACT_MARK_COMPACT_H

#include "allocators/common/compact.h"

extern const struct gcr_collector gcr_collector_mark_compact;

/* ---- alloc.c ---- */

/* Whole allocation of any shape, collecting if need be. NULL: exhausted, *root unchanged. */
gcr_ref mark_compact_alloc_slow(struct gcr_compact *h, const struct gcr_shape *shape,
                                uint32_t length, uint32_t cookie, gcr_ref *root);
gcr_ref mark_compact_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                              uint32_t cookie);
bool mark_compact_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length);

/* ---- collect.c ---- */

/* One collection, finalizers included, after which `requested_bytes` may be allocated by the sizing
 * rules. False: out of work memory; the heap is exhausted. */
bool mark_compact_collect(struct gcr_compact *h, enum gcr_reason reason, uint64_t requested_bytes);

#endif
