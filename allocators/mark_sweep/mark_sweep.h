/* mark-sweep: state and internal interface. The mutator's fast paths are in mark_sweep_inline.h. */
#ifndef GCR_ALLOCATORS_MARK_SWEEP_MARK_SWEEP_H
#define GCR_ALLOCATORS_MARK_SWEEP_MARK_SWEEP_H

#include "allocators/collector.h"
#include "allocators/common/access.h"
#include "allocators/common/finalizer_list.h"
#include "allocators/common/immortals.h"
#include "allocators/common/mark_bitmap.h"
#include "allocators/common/mark_stack.h"
#include "allocators/common/pools.h"
#include "allocators/common/system_heap.h"
#include "allocators/mark_sweep/object.h"
#include "base/sabotage.h"

enum {
    MARK_SWEEP_GRANULE = 16, /* of blocks, and for a bit in the bitmaps */
    MARK_SWEEP_ARENA_BYTES = 1 << 20
};

/* Orders of the options' choices. */
enum mark_sweep_allocator { MARK_SWEEP_SYSTEM, MARK_SWEEP_POOLS };
enum mark_sweep_trigger { MARK_SWEEP_COSTS, MARK_SWEEP_FACTOR };

/* Options of the trigger, and its state. */
struct mark_sweep_policy {
    enum mark_sweep_trigger trigger;
    uint64_t start;     /* threshold of the first collection; least one of the fixed factor */
    uint64_t threshold; /* collect when more bytes than this came since the last collection */
    uint64_t cap, peak; /* largest allowed; largest there was */
    double raise_above, lower_below, growth, shrink, factor;
    uint64_t raised, lowered; /* how often */
};

/* What the objects of the lists add up to; recomputed by the marking of each collection. */
struct mark_sweep_tally {
    uint64_t objects;
    uint64_t bytes;        /* sizes: headers, hidden words, payload, bodies */
    uint64_t header_bytes; /* the part of them that is no payload */
};

/* Invariants (mark_sweep_check):
 *   between collections no object has MARKED or ORDERING, or a bit in `marks`, but prebuilt ones;
 *   each object is on exactly one of: `plain`, `weak`, `finalizable`, or (sweep=pools) has a bit in
 *   `allocated`; LISTED says which of the two; large ones are listed;
 *   sizes of all objects add up to mark_sweep_used(); their number is mark_sweep_objects();
 *   allocated_bytes == used + freed_bytes, both over the whole life. */
struct gcr_mark_sweep {
    struct gcr_heap heap;

    /* --- the mutator's fast paths --- */
    struct mark_sweep_type *types; /* by shape number */
    uint64_t since_bytes;          /* allocated and grown since the last collection */
    uint64_t trigger_above;        /* == policy.threshold */
    uint64_t events;               /* the mutator's operations since the last collection */
    gcr_ref plain;                 /* head of the list of plain objects */
    bool pooled;                   /* blocks come from pools */
    bool inlines;                  /* ... and a small plain object needs nothing but one */
    bool sweeps_pools;             /* plain small objects are on no list */
    bool has_pools;                /* they are initialised */
    struct gcr_pools pools;
    struct gcr_mark_bitmap marks, allocated;

    gcr_ref weak;          /* head of the list of weak references */
    gcr_ref prebuilt_weak; /* head of the list of prebuilt ones, linked through a spare word */
    struct gcr_finalizer_list finalizable;
    uint64_t weak_finalizable; /* entries of that list that are weak references, too */

    /* --- options --- */
    uint64_t budget_bytes;
    bool side_marks, marks_on_push, orders_finalizers, retains;
    struct mark_sweep_policy policy;

    /* --- memory --- */
    struct gcr_system_heap system; /* all blocks, or those beyond the pools */
    struct gcr_immortals immortals;
    char *immortals_covered; /* end of what the bitmap covers of them */
    struct gcr_mark_stack stack;
    size_t types_bytes;
    bool exhausted; /* a collection found no work memory: nothing is allocated any more */

    /* --- accounts --- */
    struct mark_sweep_tally tally;                           /* at the last collection */
    struct mark_sweep_tally marking;                         /* of the collection under way */
    uint64_t tally_allocated_objects, tally_allocated_bytes; /* heap.work at that time */
    uint64_t grown_bytes, shrunk_bytes;                      /* by RESIZE, since then */
    uint64_t allocated_bytes, freed_bytes; /* sizes, ever, up to the last collection */
    uint64_t swept_objects,
        swept_bytes; /* by the present or last sweep; bytes from check level 2 on */
#if GCR_SABOTAGE != GCR_SABOTAGE_NONE
    bool sabotaged;
#endif
};

static inline struct gcr_mark_sweep *mark_sweep_of(struct gcr_heap *heap)
{
    return (struct gcr_mark_sweep *)heap;
}

extern const struct gcr_collector gcr_collector_mark_sweep;

static inline const struct mark_sweep_type *mark_sweep_type_of(const struct gcr_mark_sweep *h,
                                                               gcr_ref object)
{
    return &h->types[mark_sweep_id(object)];
}

/* Sizes of all objects, and how many there are. */
static inline uint64_t mark_sweep_used(const struct gcr_mark_sweep *h)
{
    return h->tally.bytes + h->since_bytes - h->shrunk_bytes;
}
static inline uint64_t mark_sweep_objects(const struct gcr_mark_sweep *h)
{
    return h->tally.objects + h->heap.work.allocated_objects - h->tally_allocated_objects;
}

static inline bool mark_sweep_is_marked(const struct gcr_mark_sweep *h, gcr_ref object)
{
    return h->side_marks ? gcr_mark_bitmap_get(&h->marks, object)
                         : mark_sweep_is(object, MARK_SWEEP_MARKED);
}

static inline void mark_sweep_set_mark(struct gcr_mark_sweep *h, gcr_ref object)
{
    if (h->side_marks)
        gcr_mark_bitmap_set(&h->marks, object);
    else
        GCR_STORE_AS(GCR_CAUSE_HEADER, *mark_sweep_word(object, 0),
                     *mark_sweep_word(object, 0) | MARK_SWEEP_MARKED);
}

static inline void mark_sweep_clear_mark(struct gcr_mark_sweep *h, gcr_ref object)
{
    if (h->side_marks)
        gcr_mark_bitmap_unset(&h->marks, object);
    else
        GCR_STORE_AS(GCR_CAUSE_HEADER, *mark_sweep_word(object, 0),
                     *mark_sweep_word(object, 0) & ~MARK_SWEEP_MARKED);
}

/* What the mark stack holds at least between collections. */
static inline uint64_t mark_sweep_least_stack(uint64_t budget_bytes)
{
    uint64_t share = budget_bytes / 64;
    return budget_bytes == 0 ? 16 * GCR_PAGE_BYTES
                             : (share > GCR_PAGE_BYTES ? share : GCR_PAGE_BYTES);
}

/* A collection found no work memory: nothing is allocated any more, inline or not. */
static inline void mark_sweep_exhaust(struct gcr_mark_sweep *h)
{
    h->exhausted = true;
    h->inlines = false;
}

/* Whether an entry of the finalizer list is the one list that its object is on: not once it is to
 * be finalized, or has been (a hole while finalizers run). */
static inline bool mark_sweep_waits(const struct gcr_finalizable *entry)
{
    return entry->object != NULL && entry->fate == GCR_FINALIZER_KEPT;
}

/* Distance to the next prebuilt object. They are 16-aligned, for the bitmap's sake. */
static inline uint64_t mark_sweep_prebuilt_bytes(const struct gcr_mark_sweep *h, gcr_ref object)
{
    const struct mark_sweep_type *type = mark_sweep_type_of(h, object);
    uint64_t bytes = mark_sweep_block_bytes(type, mark_sweep_length(type, object));
    return (bytes + MARK_SWEEP_GRANULE - 1) & ~(uint64_t)(MARK_SWEEP_GRANULE - 1);
}

/* Pushes an object on a list of the heap. cause: what its link is written for. */
static inline void mark_sweep_push(const struct mark_sweep_type *type, gcr_ref *list,
                                   gcr_ref object, enum gcr_write_cause cause)
{
    (void)cause;
    GCR_STORE_AS(cause, *mark_sweep_link(type, object), *list);
    *list = object;
}

/* ---- allocate.c ---- */

/* Allocation of any shape, collecting if need be. NULL: exhausted, *root unchanged. */
gcr_ref mark_sweep_alloc_slow(struct gcr_mark_sweep *h, const struct gcr_shape *shape,
                              uint32_t length, uint32_t cookie, gcr_ref *root);
gcr_ref mark_sweep_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                            uint32_t cookie);
bool mark_sweep_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length);
/* Gives the blocks of an object that is on no list any more back: its own, its body. */
void mark_sweep_free_object(struct gcr_mark_sweep *h, const struct mark_sweep_type *type,
                            gcr_ref object);

/* ---- mark.c ---- */

/* Pushes what the roots and the prebuilt objects refer to. */
void mark_sweep_mark_roots(struct gcr_mark_sweep *h);
/* Pushes the references of one object; not the object itself. */
void mark_sweep_mark_referents(struct gcr_mark_sweep *h, gcr_ref object);
/* Marks an object, unless it is marked, and all that is reachable from it and from the stack. */
void mark_sweep_mark_from(struct gcr_mark_sweep *h, gcr_ref object);
/* Marks all that is reachable from the stack. */
void mark_sweep_drain(struct gcr_mark_sweep *h);

/* ---- finalize.c ---- */

/* Decides which objects are finalized after this collection (fate RUN in the list) by the rule of
 * the option, marks what all of the list reach, and leaves unmarked those that are to be finalized.
 * What the roots reach is on the stack. */
void mark_sweep_decide_finalizers(struct gcr_mark_sweep *h);
/* Step 6: clears the marks of the list and moves those to be finalized to the lists they belong to
 * from now on. */
void mark_sweep_settle_finalizers(struct gcr_mark_sweep *h);

/* ---- sweep.c ---- */

/* Step 4: clears weak references to unmarked objects, then sweeps the list of weak references. */
void mark_sweep_weak_references(struct gcr_mark_sweep *h);
/* Step 5: frees unmarked plain objects, clears the marks of the others. */
void mark_sweep_plain(struct gcr_mark_sweep *h);
/* Clears all marks and order flags, frees nothing: the end of a collection that could not mark. */
void mark_sweep_abandon(struct gcr_mark_sweep *h);

/* ---- collect.c ---- */

void mark_sweep_collect(struct gcr_mark_sweep *h, enum gcr_reason reason);

/* ---- trigger.c ---- */

/* The new threshold after a collection that marked and swept that many objects, while the mutator
 * did that many operations before it; live and freed: sizes. */
void mark_sweep_adapt(struct mark_sweep_policy *policy, uint64_t collector_work,
                      uint64_t mutator_work, uint64_t live_bytes, uint64_t freed_bytes);

/* ---- look.c ---- */

gcr_ref *mark_sweep_far_slot(const struct gcr_mark_sweep *h, gcr_ref object, uint32_t slot);
void mark_sweep_copy_slots(const struct gcr_mark_sweep *h, gcr_ref dst, uint32_t dst_slot,
                           gcr_ref src, uint32_t src_slot, uint32_t n);
void mark_sweep_read_data(const struct gcr_mark_sweep *h, gcr_ref object, uint32_t offset,
                          uint32_t length);
void mark_sweep_write_data(const struct gcr_mark_sweep *h, gcr_ref object, uint32_t offset,
                           uint32_t length, uint8_t tag);
bool mark_sweep_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target);
uint32_t mark_sweep_shape_number(struct gcr_heap *heap, gcr_ref object);
uint32_t mark_sweep_items(struct gcr_heap *heap, gcr_ref object);
gcr_ref mark_sweep_slot(struct gcr_heap *heap, gcr_ref object, uint32_t slot);
const uint8_t *mark_sweep_data(struct gcr_heap *heap, gcr_ref object, uint64_t offset,
                               uint64_t *bytes);
gcr_ref mark_sweep_weak_target(struct gcr_heap *heap, gcr_ref weak);
/* Every object that has not been freed, prebuilt ones included. */
void mark_sweep_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg);
/* The objects on no list: those with a bit in `allocated`. False if the visitor stopped. */
bool mark_sweep_walk_pools(const struct gcr_mark_sweep *h, gcr_walk_visitor *visit, void *arg);
void mark_sweep_footprint(struct gcr_heap *heap, struct gcr_footprint *out);
size_t mark_sweep_figures(struct gcr_heap *heap, struct gcr_design_figure *out);

/* ---- check.c ---- */

bool mark_sweep_check(struct gcr_heap *heap, int level, struct gcr_error *err);

#endif
