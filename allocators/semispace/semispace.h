/* semispace: state and internal interface. The mutator's fast paths are in semispace_inline.h. */
#ifndef GCR_ALLOCATORS_SEMISPACE_SEMISPACE_H
#define GCR_ALLOCATORS_SEMISPACE_SEMISPACE_H

#include "allocators/collector.h"
#include "allocators/common/layout_ops.h"
#include "allocators/common/region.h"
#include "allocators/common/system_heap.h"
#include "allocators/common/vector.h"
#include "base/sabotage.h"

/* One half. Invariant: committed_bytes <= reserved_bytes, both whole pages. */
struct semispace_half {
    char *start;
    size_t reserved_bytes, committed_bytes;
};

/* How the evacuated half is emptied. */
enum semispace_clear { SEMISPACE_DONTNEED, SEMISPACE_MEMSET, SEMISPACE_NONE };

/* An object with a finalizer. `fate` is used inside a collection only. */
enum semispace_fate { SEMISPACE_KEPT, SEMISPACE_UNREACHED, SEMISPACE_RUN };
struct semispace_finalizable {
    gcr_ref object;
    uint32_t cookie;
    uint32_t fate; /* enum semispace_fate */
};
_Static_assert(sizeof(struct semispace_finalizable) == 16, "a pair of words, as the source's");

/* What the objects add up to: recomputed by each collection, adjusted by the slow paths. The fast
 * path counts in gcr_work alone; `marked` are the values of that at the last recomputation. */
struct semispace_tally {
    uint64_t objects, object_bytes, header_bytes;
    uint64_t marked_objects, marked_bytes;
};

/* Invariants (semispace_check):
 *   to.start <= free <= limit <= top == to.start + space_bytes, and to is committed up to top;
 *   objects and fillers tile to.start .. free; bytes free .. limit are zero;
 *   no header in to-space has FORWARDED, EXTERNAL, ORDERING or UNVISITED;
 *   every reference leads to the start of an object in to-space, of a pinned or of a prebuilt one;
 *   with a budget: the spaces shrink when lists, pinned or prebuilt objects grow, so that a flip
 * always finds room for what is in use. */
struct gcr_semispace {
    struct gcr_heap heap;
    struct gcr_layouts layouts;
    char *free, *limit; /* allocation: zeroed room */
    char *top;
    size_t space_bytes; /* S */
    struct semispace_half to, from;
    bool split;              /* both halves lie in one reservation; no more growth */
    bool out_of_work_memory; /* a collection could not order finalizers: heap exhausted */
    uint32_t red_zone;

    /* options */
    enum semispace_clear clear;
    uint64_t budget_bytes, max_space_bytes;
    uint32_t red_zone_divisor, red_zone_deep_divisor;

    struct gcr_region prebuilt;
    struct gcr_system_heap pinned_heap;
    struct gcr_vector pinned;      /* gcr_ref */
    struct gcr_vector pinned_gray; /* gcr_ref; as much room as `pinned` has elements */
    struct gcr_vector weak;        /* gcr_ref: all weak reference objects */
    struct gcr_vector finalizable; /* struct semispace_finalizable, in order of registration */
    struct gcr_vector pending;     /* gcr_ref: stack of the finalizer order */

    struct semispace_tally tally;
    uint64_t prebuilt_object_bytes, prebuilt_header_bytes;
    uint64_t pinned_object_bytes, pinned_header_bytes;
    int64_t pinned_allowance; /* bytes of pinned objects until the next collection */
#if GCR_SABOTAGE != GCR_SABOTAGE_NONE
    bool sabotaged;
#endif
};
GCR_ASSERT_LAYOUT_HEAP(struct gcr_semispace);

static inline struct gcr_semispace *semispace_of(struct gcr_heap *heap)
{
    return (struct gcr_semispace *)heap;
}

/* Shapes that the inline path leaves to the slow one. */
enum {
    SEMISPACE_SPECIAL = GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER | GCR_SHAPE_WEAK |
                        GCR_SHAPE_PINNED | GCR_SHAPE_RESIZABLE
};

extern const struct gcr_collector gcr_collector_semispace;

/* ---- alloc.c: slow paths of allocation, and RESIZE ---- */

/* Whole allocation of any shape, collecting if need be. NULL: exhausted, *root unchanged. */
gcr_ref semispace_alloc_slow(struct gcr_semispace *h, const struct gcr_shape *shape,
                             uint32_t length, uint32_t cookie, gcr_ref *root);
gcr_ref semispace_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                           uint32_t cookie);
bool semispace_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length);

/* ---- space.c: the halves, growth, budget ---- */

bool semispace_spaces_create(struct gcr_semispace *h, uint64_t start_bytes) GCR_MUST_USE;
void semispace_spaces_destroy(struct gcr_semispace *h);
/* Makes `bytes` available between free and limit; collects and grows as the rules say. */
bool semispace_make_room(struct gcr_semispace *h, uint64_t bytes) GCR_MUST_USE;
/* Before up to `bytes` are committed outside the spaces: with a budget, makes the spaces smaller so
 * that they still fit, collecting if need be. */
bool semispace_make_side_room(struct gcr_semispace *h, uint64_t bytes) GCR_MUST_USE;
/* Prepares the empty half for a collection. False: refused, nothing changed. */
bool semispace_prepare_flip(struct gcr_semispace *h) GCR_MUST_USE;
/* Empties the half that a collection has evacuated. */
void semispace_clear_from(struct gcr_semispace *h);
/* The other end of a doubling: drops the small half that was evacuated and makes the second big
 * one, or splits the first in two for good. */
void semispace_finish_doubling(struct gcr_semispace *h);
void semispace_record_red_zone(struct gcr_semispace *h);
/* Sets limit, after free or top changed. */
void semispace_set_limit(struct gcr_semispace *h);

static inline size_t semispace_used(const struct gcr_semispace *h)
{
    return (size_t)(h->free - h->to.start);
}

/* ---- collect.c ---- */

/* One collection into the empty half; `grown`: part of a doubling (the empty half is already
 * prepared, the old one is not cleared, no red zone recorded). False: to-space was refused and
 * nothing happened. */
bool semispace_collect(struct gcr_semispace *h, enum gcr_reason reason, bool grown);

/* Brings one slot up to date: copies what it refers to, if that is in from-space and not yet
 * copied. */
void semispace_forward_slot(struct gcr_semispace *h, gcr_ref *slot);
/* Cheney scan from `scan`, and the grey pinned objects, until nothing is left. Returns h->free. */
char *semispace_scan(struct gcr_semispace *h, char *scan);

/* Inside a collection: whether an object has been copied, or marked if it does not move. */
static inline bool semispace_survives(gcr_ref object)
{
    uint64_t header = gcr_object_header(object);
    if (!gcr_header_is(header, GCR_HEADER_FORWARDED))
        return false;
    return !gcr_header_is(header, GCR_HEADER_UNVISITED);
}

/* Where an object is now that survives. */
static inline gcr_ref semispace_new_address(gcr_ref object)
{
    if (gcr_header_is(gcr_object_header(object), GCR_HEADER_EXTERNAL))
        return object;
    return (gcr_ref)*gcr_object_word(object, GCR_HEADER_BYTES);
}

/* ---- finalizers.c ---- */

/* Decides which unreached finalizable objects are finalized now, and copies all of them. Returns
 * the scan position. */
char *semispace_order_finalizers(struct gcr_semispace *h, char *scan);
/* Calls the host for those; takes them off the list. Returns how many. */
uint64_t semispace_run_finalizers(struct gcr_semispace *h);

/* ---- external.c: pinned objects, prebuilt objects, weak references ---- */

gcr_ref semispace_alloc_pinned(struct gcr_semispace *h, const struct gcr_shape *shape,
                               uint64_t length);
/* Puts it on the list; room for it was reserved there and on the mark stack. */
void semispace_add_pinned(struct gcr_semispace *h, gcr_ref object);
/* Gives the block of an object back that is not on the list. */
void semispace_free_pinned(struct gcr_semispace *h, gcr_ref object);
void semispace_scan_prebuilt(struct gcr_semispace *h);
void semispace_update_weak(struct gcr_semispace *h);
/* Frees unvisited pinned objects, sets UNVISITED on the others; returns how many were freed. */
uint64_t semispace_sweep_pinned(struct gcr_semispace *h);

/* ---- check.c ---- */

bool semispace_check(struct gcr_heap *heap, int level, struct gcr_error *err);

#endif
