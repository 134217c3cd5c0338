/* mark-compact-nursery: state and internal interface. The space of common/compact.h, and in front
 * of it a nursery with a write barrier. The mutator's fast paths are in
 * mark_compact_nursery_inline.h. */
#ifndef GCR_ALLOCATORS_MARK_COMPACT_NURSERY_MARK_COMPACT_NURSERY_H
#define GCR_ALLOCATORS_MARK_COMPACT_NURSERY_MARK_COMPACT_NURSERY_H

#include "allocators/common/compact.h"
#include "allocators/common/nursery.h"
#include "allocators/common/remember.h"

/* Header of an object that has left the nursery; the word behind it is the new address. It has the
 * mark bit set, so it is tested for before that. */
#define MARK_COMPACT_NURSERY_GONE UINT64_MAX

/* A minor collection. */
struct mark_compact_nursery_minor {
    char *first, *scan; /* the promoted region, and what of it is still to be scanned */
    uint64_t objects, object_bytes, header_bytes; /* promoted */
};

/* Invariants (mark_compact_nursery_check), besides those of compact.h and nursery.h:
 *   an object outside the nursery has NO_YOUNG, or it is in the remembered set, exactly once;
 *   one that has it refers to nothing in the nursery; no nursery object has it;
 *   objects and fillers tile the nursery's used part; no header is GONE outside a minor collection;
 *   with a budget: what a minor collection of a full nursery would promote can be committed. */
struct gcr_mark_compact_nursery {
    struct gcr_compact compact; /* first */
    struct gcr_nursery nursery;
    struct gcr_remember remember;
    uint64_t plain_limit_bytes, pointer_limit_bytes; /* largest young object without, with slots */
    uint64_t young_header_bytes;
    struct mark_compact_nursery_minor minor;

    /* options */
    char *mapping; /* of the nursery, nominal_bytes */
    uint64_t nominal_bytes, committed_bytes;
    bool follow; /* nursery <= N / 4 */

    /* figures */
    uint64_t minors, promoted_bytes, most_promoted_bytes, most_remembered;
};
_Static_assert(offsetof(struct gcr_mark_compact_nursery, compact) == 0, "a compact heap");

static inline struct gcr_mark_compact_nursery *mark_compact_nursery_of(struct gcr_heap *heap)
{
    return (struct gcr_mark_compact_nursery *)heap;
}

extern const struct gcr_collector gcr_collector_mark_compact_nursery;

/* Bytes of an object in the nursery: room for a forwarding address. */
static inline uint64_t mark_compact_nursery_bytes(uint64_t bytes)
{
    return bytes < GCR_OBJECT_MIN_BYTES ? GCR_OBJECT_MIN_BYTES : bytes;
}

/* From an object of the nursery to the next: fillers alone may be shorter than its least size. */
static inline uint64_t mark_compact_nursery_step(const struct gcr_layouts *layouts, gcr_ref object)
{
    uint64_t header = gcr_object_header(object);
    uint64_t bytes = gcr_layout_object_bytes(gcr_layout_of_header(layouts, header), object);
    return gcr_header_is(header, GCR_HEADER_INTERNAL) ? bytes : mark_compact_nursery_bytes(bytes);
}

/* ---- alloc.c ---- */

/* Whole allocation of any shape, collecting if need be. NULL: exhausted, *root unchanged. */
gcr_ref mark_compact_nursery_alloc_slow(struct gcr_mark_compact_nursery *h,
                                        const struct gcr_shape *shape, uint32_t length,
                                        uint32_t cookie, gcr_ref *root);
gcr_ref mark_compact_nursery_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape,
                                      uint32_t length, uint32_t cookie);
bool mark_compact_nursery_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length);
bool mark_compact_nursery_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target);

/* ---- collect.c ---- */

/* A minor collection, and in the same pause a major one if the sizing rules ask for it. False: no
 * memory, nothing was collected; or the heap has become exhausted. */
bool mark_compact_nursery_minor(struct gcr_mark_compact_nursery *h, enum gcr_reason reason);
/* Both, in one pause. */
bool mark_compact_nursery_major(struct gcr_compact *compact, enum gcr_reason reason,
                                uint64_t requested_bytes);
/* Takes `bytes` of the mapping for the nursery; limits follow. False: the supply refused. */
bool mark_compact_nursery_place(struct gcr_mark_compact_nursery *h, uint64_t bytes);

/* ---- minor.c ---- */

/* Copies what lives in the nursery to the end of the space, for which there is room, and empties
 * it. */
void mark_compact_nursery_promote(struct gcr_mark_compact_nursery *h, struct gcr_collection *done);

/* ---- check.c ---- */

bool mark_compact_nursery_check(struct gcr_heap *heap, int level, struct gcr_error *err);

#endif
