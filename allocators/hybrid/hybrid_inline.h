/* hybrid: what the replay loop inlines. */
#ifndef GCR_ALLOCATORS_HYBRID_HYBRID_INLINE_H
#define GCR_ALLOCATORS_HYBRID_HYBRID_INLINE_H

#include "allocators/common/young_ops.h"
#include "allocators/hybrid/hybrid.h"

static const struct gcr_mutator_ops gcr_mutator_ops_hybrid = {
    .alloc = gcr_young_op_alloc,
    .store = gcr_young_op_store,
    .copy = gcr_young_op_copy,
    .load = gcr_layout_op_load,
    .read = gcr_layout_op_read,
    .write = gcr_layout_op_write,
    .root = gcr_layout_op_root,
    .forwarded = gcr_young_op_forwarded,
};

#endif
