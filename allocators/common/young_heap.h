/* A copying heap with a nursery in the current semispace: small objects are born there, and a minor
 * collection moves its survivors to the rest of the space.
 *
 *     to.start .. [nursery: start .. free .. end] .. promoted and directly old objects .. free ..
 * top
 *
 * A nursery is carved from the start of the free part after a full collection. Before a minor
 * collection as much room as the nursery has must be free behind it; else a full one comes first
 * (which may double the space), and drops the nursery. Old and prebuilt objects have NO_YOUNG,
 * prebuilt ones NO_HEAP too (common/remember.h).
 *
 * Source: PyPy's rpython/memory/gc/generation.py. Invariants (gcr_young_check): after a minor
 * collection nothing refers into the nursery and the remembered set is empty; between collections
 * an old object is without NO_YOUNG if and only if it is in the set, once; one with NO_YOUNG refers
 * to nothing in the nursery; the same for NO_HEAP, the list of last-generation roots and everything
 * younger. Cost: a minor collection O(survivors + roots + remembered objects + finalizer list). */
#ifndef GCR_ALLOCATORS_COMMON_YOUNG_HEAP_H
#define GCR_ALLOCATORS_COMMON_YOUNG_HEAP_H

#include "allocators/common/copy_check.h"
#include "allocators/common/remember.h"

/* Where an object is born. */
enum gcr_young_place { GCR_BORN_YOUNG, GCR_BORN_OLD, GCR_BORN_EXTERNAL };

struct gcr_young_heap {
    struct gcr_copy_heap copy;
    struct gcr_nursery nursery;
    struct gcr_remember remembered;
    size_t nominal_bytes; /* what the options ask for */
    size_t min_bytes;     /* a smaller one is not worth having (budgets, a full space) */
    size_t next_bytes; /* of the next nursery; 0: all are born old until the next full collection */
    uint64_t small_cap_bytes; /* larger objects need `place` in any case */
    /* By the size and kind of one object, or of a body. */
    enum gcr_young_place (*place)(const struct gcr_young_heap *h, const struct gcr_layout *layout,
                                  uint64_t length);

    uint64_t minor_collections;
    uint64_t nursery_allocated_bytes, promoted_bytes; /* of minor collections; headers included */
    uint64_t survivor_bytes;                          /* of the last minor collection */
};

static inline struct gcr_young_heap *gcr_young_heap_of(struct gcr_heap *heap)
{
    return (struct gcr_young_heap *)heap;
}

/* The option rows of struct gcr_young_heap, for a design's table. */
/* clang-format off */
#define GCR_YOUNG_OPTIONS                                                                          \
    {"nursery", GCR_OPT_CACHE_BYTES, "bytes", "0.5L2", 4096, 68719476736.0, NULL,                  \
     "size of the nursery; at most half of the space"},                                            \
    {"filter", GCR_OPT_CHOICE, NULL, "none", 0, 0, "none|young",                                   \
     "what the write barrier's slow path remembers: any store into an old object, or only those "  \
     "of younger references"},                                                                     \
    {"zeroing", GCR_OPT_CHOICE, NULL, "at-once", 0, 0, "at-once|steps",                            \
     "how the nursery is zeroed: after the collection, or ahead of the allocation"},               \
    {"zero-step", GCR_OPT_BYTES, "bytes", "32K", 64, 1073741824.0, NULL,                           \
     "with zeroing=steps: how much at a time"}
/* clang-format on */

/* Header bits of a last-generation object: NO_HEAP, and an age that nothing else reaches. */
#define GCR_YOUNG_LAST_FLAGS (GCR_HEADER_NO_HEAP | GCR_HEADER_AGE_MASK)

/* ---- life: young_heap.c ---- */

/* After gcr_copy_heap_create: reads the rows above; takes no memory. A nominal nursery is never
 * smaller by itself than the option says; min_bytes is what a budget must leave for one. */
void gcr_young_init(struct gcr_young_heap *h, const struct gcr_option_values *options,
                    size_t min_bytes);
/* After gcr_copy_heap_open: sizes the first nursery. */
void gcr_young_open(struct gcr_young_heap *h);
/* Gives everything back, the heap itself included. */
void gcr_young_destroy(struct gcr_young_heap *h, size_t heap_bytes);

/* Figures of the nursery after those of the space. */
size_t gcr_young_figures(struct gcr_heap *heap, struct gcr_design_figure *out);
void gcr_young_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg);
/* WEAKREF. */
bool gcr_young_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target);

/* The invariants above. `more` (may be NULL) looks at each object after them. */
bool gcr_young_check(struct gcr_heap *heap, int level,
                     bool (*more)(struct gcr_copy_check *check, gcr_ref object),
                     struct gcr_error *err);

/* ---- allocation: young_alloc.c ---- */

/* Whole allocation of any shape, collecting if need be. NULL: exhausted, *root unchanged. */
gcr_ref gcr_young_alloc_slow(struct gcr_young_heap *h, const struct gcr_shape *shape,
                             uint32_t length, uint32_t cookie, gcr_ref *root);
bool gcr_young_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length);
/* Young or old by the limits of common/nursery.h, never external. */
enum gcr_young_place gcr_young_place_by_limits(const struct gcr_young_heap *h,
                                               const struct gcr_layout *layout, uint64_t length);

/* ---- collecting: young_collect.c ---- */

/* A minor collection, or a full one where that is not possible. False: neither was. */
bool gcr_young_collect_minor(struct gcr_young_heap *h, enum gcr_reason reason);
/* An empty nursery, by a minor collection, a full one, or carving one. False: none until the next
 * full collection (next_bytes is 0), or exhausted. */
bool gcr_young_refill(struct gcr_young_heap *h);
/* COLLECT. */
void gcr_young_collect(struct gcr_heap *heap, uint32_t generation, enum gcr_reason reason);

/* For struct gcr_copy_design. */
void gcr_young_begin_full(struct gcr_copy_heap *h);
void gcr_young_end_full(struct gcr_copy_heap *h);
void gcr_young_bodied(struct gcr_copy_heap *h, gcr_ref object);
/* Forwards the objects on the list of last-generation roots; keeps on it those that still refer to
 * something younger. */
void gcr_young_forward_last(struct gcr_copy_heap *h);
/* Puts prebuilt and generation-3 objects on that list that refer to younger ones but are not on it:
 * after it was incomplete. */
void gcr_young_relist_last(struct gcr_young_heap *h);
/* Whether an object refers to anything younger than the last generation. */
bool gcr_young_refers_to_younger(const struct gcr_copy_heap *h, gcr_ref object);

#endif
