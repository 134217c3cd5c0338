/* A sliding mark-compact space, with all that a design needs around it: the space itself and its
 * sizing rules, marking, compaction in place or into a larger space, weak references, finalizers,
 * pinned and prebuilt objects. `mark-compact` is this and an allocation fast path;
 * `mark-compact-nursery` puts a nursery and a write barrier in front.
 *
 * Source: PyPy's mark-compact collector (pypy/rpython/memory/gc/markcompact.py, deleted in 2012),
 * in two states of its history, and a third mode without their limits:
 *
 *   doc    2009: an address or null in each header, 2 bytes of backup for each object of the space,
 *          a space that doubles, objects moved chunk by chunk
 *   2010   the last one: an offset in survivors' headers, a half-word of backup for each survivor,
 *          one mapping that is never left and never given back
 *   ideal  as 2010, with any factor, with growth and release, and with marks on the side if wanted
 *
 * A collection: mark breadth-first (a stack in mode doc); assign addresses in one linear walk;
 * update references in a second; tell the host; move in a third. With marks in headers the header
 * of a survivor holds its new place during a collection, and the type ids wait in an array behind
 * the objects, in address order. With side marks (offset tables as in Kermany and Petrank, "The
 * Compressor", PLDI 2006) headers are not written at all.
 *
 * Invariants (gcr_compact_check; gcr_compact_check_plan between the second and the third walk):
 *   start <= free <= top <= start + reserved; objects, bodies and fillers tile start .. free and
 *   are `blocks` many; no mark in the space outside a collection, all prebuilt objects marked; with
 *   `zeroed`, free .. top is zero; survivors keep their order, leave no gap, and (in place) move
 *   down only; the backup ends with the last survivor (mode doc: the last object).
 *
 * Cost: a collection is one walk of the live graph and three over the used space. Not simulated:
 * identity hashes (no event takes one; their header bits are carried along). */
#ifndef GCR_ALLOCATORS_COMMON_COMPACT_H
#define GCR_ALLOCATORS_COMMON_COMPACT_H

#include "allocators/collector.h"
#include "allocators/common/finalizer_list.h"
#include "allocators/common/immortals.h"
#include "allocators/common/layout_ops.h"
#include "allocators/common/mark_bitmap.h"
#include "allocators/common/mark_fifo.h"
#include "allocators/common/mark_stack.h"
#include "allocators/common/weak_list.h"

enum gcr_compact_mode { GCR_COMPACT_DOC, GCR_COMPACT_2010, GCR_COMPACT_IDEAL };

/* Where a collection keeps marks, new addresses and type ids. */
enum gcr_compact_format {
    GCR_COMPACT_SURVIVORS, /* header: mark and offset; backup of survivors' ids */
    GCR_COMPACT_ALL,       /* header: address or null; backup of every object's id */
    GCR_COMPACT_SIDE       /* bit per word and offset per 64 words; headers untouched */
};

struct gcr_compact_config {
    enum gcr_compact_mode mode;
    enum gcr_compact_format format;
    double factor;         /* M */
    uint64_t floor_bytes;  /* no collection below */
    uint64_t first_bytes;  /* used space at the first collection */
    uint64_t space_bytes;  /* address space of the first space */
    uint64_t chunk_bytes;  /* a move gives the old space back in multiples of this; whole pages */
    uint32_t backup_bytes; /* of a type id: 2 or 4; 0 with side marks */
    bool lifo;             /* mark with a stack instead of a queue */
    bool release;          /* give the tail back after each collection */
    bool grow;             /* move to a larger space when this one is too small */
    bool pieces;           /* a move copies large objects chunk by chunk */
    uint64_t budget_bytes; /* 0: none */
    uint64_t promotion_bytes; /* that a minor collection may move to the end of the space */
    uint64_t old_flags;       /* header flags of every object of the space between collections */
};

/* A reservation filled from the bottom; start .. top is committed. */
struct gcr_compact_space {
    char *start, *top;
    size_t reserved_bytes;
};

/* What `forwarded` answers by. */
enum gcr_compact_forwarding {
    GCR_COMPACT_FORWARD_NONE,  /* nothing has moved */
    GCR_COMPACT_FORWARD_PLAN,  /* between the second and the third walk */
    GCR_COMPACT_FORWARD_DESIGN /* the design's own collection (a minor one) */
};

/* What objects add up to. object_bytes holds for the moment when heap.work.allocated_bytes was
 * base_bytes; objects likewise. */
struct gcr_compact_tally {
    uint64_t objects, object_bytes, header_bytes;
    uint64_t base_objects, base_bytes;
};

/* State of a collection. */
struct gcr_compact_pass {
    char *base, *target;         /* start of the space, and of the one that objects go to */
    size_t used_bytes;           /* of the space, at begin */
    struct gcr_compact_space to; /* moving: the new space */
    bool moving;
    uint64_t requested_bytes;
    uint64_t survivors, live_bytes, largest_bytes; /* in the space */
    char *backup;                                  /* type ids */
    uint64_t backup_bytes, backup_entries;
    char *extra; /* pages committed for the backup alone */
    size_t extra_bytes;
    uint64_t *offsets; /* side marks: bytes that live below each 64 words */
    size_t offsets_bytes;
    uint64_t moved_bytes, moved_objects;
    struct gcr_compact_tally tally; /* of what is marked */
};

/* Pinned objects: each in a run of whole pages. */
struct gcr_compact_pinned {
    struct gcr_vector objects; /* gcr_ref, on side pages */
    uint64_t page_bytes;
    int64_t allowance_bytes; /* until the next collection (no budget) */
};

/* Over the heap's life. */
struct gcr_compact_figures {
    uint64_t collections, moves;
    double used_over_live_before; /* most used at a collection / live after the previous one */
    double used_over_live_now;    /* most used at a collection / live after it */
    uint64_t backup_peak_bytes, largest_move_bytes, stack_peak_bytes;
    uint64_t move_peak_bytes; /* most committed while moving to another space */
};

struct gcr_compact {
    struct gcr_heap heap;
    struct gcr_layouts layouts;

    /* allocation */
    char *free;
    uint64_t quota_bytes;  /* bytes and charges that the fast path may spend */
    uint32_t charge_bytes; /* cost of an object besides its size */
    bool zeroed;           /* free .. top is zero */
    bool exhausted;        /* a collection found no work memory: nothing is allocated any more */
    uint64_t blocks;       /* objects, bodies and fillers in the space */

    /* sizing */
    struct gcr_compact_space space;
    uint64_t allowed_bytes; /* to spend between two collections, charges of mode 2010 included */
    uint64_t base_used_bytes, base_blocks; /* right after the last collection */
    uint64_t live_bytes;                   /* N: in the space after the last collection */
    uint64_t extra_bytes;                  /* of the present limit, beyond factor times N */

    struct gcr_compact_config config;
    struct gcr_compact_pass pass;
    enum gcr_compact_forwarding forwarding;

    struct gcr_immortals prebuilt;
    struct gcr_compact_pinned pinned;
    struct gcr_weak_list weak;
    struct gcr_finalizer_list finalizers;
    struct gcr_mark_fifo fifo;
    struct gcr_mark_stack stack;
    struct gcr_mark_bitmap bitmap; /* side marks */
    struct gcr_compact_tally tally;
    struct gcr_compact_figures figures;

    /* Tests: called after each chunk that a move gives back, and at its end. */
    void (*on_chunk)(struct gcr_compact *h, void *arg);
    void *on_chunk_arg;
};
GCR_ASSERT_LAYOUT_HEAP(struct gcr_compact);

/* Shapes that a fast path leaves to the slow one. */
enum {
    GCR_COMPACT_SPECIAL = GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER | GCR_SHAPE_WEAK |
                          GCR_SHAPE_PINNED | GCR_SHAPE_RESIZABLE
};

static inline struct gcr_compact *gcr_compact_of(struct gcr_heap *heap)
{
    return (struct gcr_compact *)heap;
}

static inline uint64_t gcr_compact_used(const struct gcr_compact *h)
{
    return (uint64_t)(h->free - h->space.start);
}

/* ---- life ---- */

/* Sets up everything behind heap.heap, which is set; `config` is complete. On failure everything
 * is given back but the heap's own page. */
gcr_status gcr_compact_init(struct gcr_compact *h, const struct gcr_compact_config *config,
                            struct gcr_error *err) GCR_MUST_USE;
void gcr_compact_finish(struct gcr_compact *h);

/* ---- room (compact_space.c) ---- */

/* Makes sure that `blocks` objects of `bytes` in all can be carved; collects if the sizing rules or
 * the supply say so. False: exhausted. */
typedef bool gcr_compact_collector(struct gcr_compact *h, enum gcr_reason reason,
                                   uint64_t requested_bytes);
bool gcr_compact_make_room(struct gcr_compact *h, uint64_t bytes, uint64_t blocks,
                           gcr_compact_collector *collect) GCR_MUST_USE;
/* The same without collecting and without asking the sizing rules. */
bool gcr_compact_extend(struct gcr_compact *h, uint64_t bytes, uint64_t blocks) GCR_MUST_USE;
/* Room for `bytes` that a minor collection may promote, out of what is kept for that. False: the
 * supply refused (never because of a budget, if gcr_compact_has_reserve held). */
bool gcr_compact_extend_for_promotion(struct gcr_compact *h, uint64_t bytes) GCR_MUST_USE;
/* With a budget: whether it still has what the next collections will need. */
bool gcr_compact_has_reserve(const struct gcr_compact *h);
/* Whether the sizing rules allow `bytes` in `blocks` objects more before the next collection. */
bool gcr_compact_is_allowed(const struct gcr_compact *h, uint64_t bytes, uint64_t blocks);
/* Carves from room that was made. */
gcr_ref gcr_compact_carve(struct gcr_compact *h, const struct gcr_layout *layout, uint64_t length);
/* What the fast path may spend, after carving or when anything outside the space has grown. O(1).
 */
void gcr_compact_settle(struct gcr_compact *h);
/* Before up to `bytes` are committed outside the space: with a budget, makes sure that they fit
 * beside what a collection needs, collecting if need be (`collect` not NULL). */
bool gcr_compact_make_side_room(struct gcr_compact *h, uint64_t bytes,
                                gcr_compact_collector *collect) GCR_MUST_USE;
/* Gives whole pages above free back. */
void gcr_compact_trim(struct gcr_compact *h);

/* ---- allocation of everything but plain objects (compact_alloc.c) ---- */

/* Room on the lists that an object of the shape joins. */
bool gcr_compact_reserve_lists(struct gcr_compact *h, const struct gcr_shape *shape, bool prebuilt,
                               gcr_compact_collector *collect) GCR_MUST_USE;
/* On them, and counts the object. young: it lies in a nursery. */
void gcr_compact_register(struct gcr_compact *h, const struct gcr_shape *shape, gcr_ref object,
                          uint64_t length, uint32_t cookie, bool young);
/* An object in the space or pinned, with its body in the space; on no list yet. NULL: exhausted. */
gcr_ref gcr_compact_alloc(struct gcr_compact *h, const struct gcr_shape *shape, uint64_t length,
                          gcr_compact_collector *collect);
gcr_ref gcr_compact_prebuilt(struct gcr_compact *h, const struct gcr_shape *shape, uint64_t length,
                             gcr_compact_collector *collect);
/* Bytes of a new object's body; 0: none. */
uint64_t gcr_compact_body_bytes(const struct gcr_compact *h, const struct gcr_shape *shape,
                                uint64_t length);
/* The old body of a resizable object that has been given `body`: copies the items, settles the
 * tally. `old` may be NULL. */
void gcr_compact_replace_body(struct gcr_compact *h, const struct gcr_layout *layout, gcr_ref old,
                              gcr_ref body);
/* Cuts a body of the space, leaving a filler. Room for one more block was made. */
void gcr_compact_shrink_body(struct gcr_compact *h, const struct gcr_layout *layout, gcr_ref body,
                             uint64_t length);

/* ---- collecting (compact_collect.c) ---- */

/* A full collection of the space, between the host's collection_begin and collection_end: steps
 * mark to compact. Fills in what `done` says of objects and bytes. The finalizers that it has
 * chosen are still to run. False: it ran out of work memory, nothing has changed, and the heap is
 * exhausted. */
bool gcr_compact_run(struct gcr_compact *h, uint64_t requested_bytes, struct gcr_collection *done);

/* Whether and where an object survives the present collection (NULL: not). The same address for
 * pinned and prebuilt ones. */
gcr_ref gcr_compact_forwarded(struct gcr_compact *h, gcr_ref object);

/* Objects as gcr_collection counts them: not bodies. */
static inline uint64_t gcr_compact_objects(const struct gcr_compact *h)
{
    return h->tally.objects + h->heap.work.allocated_objects - h->tally.base_objects;
}

/* ---- looking ---- */

void gcr_compact_walk_old(struct gcr_compact *h, gcr_walk_visitor *visit, void *arg, bool *go_on);
/* objects_bytes and headers_bytes of everything in the tally. */
void gcr_compact_footprint(struct gcr_heap *heap, struct gcr_footprint *out);
size_t gcr_compact_list_figures(struct gcr_compact *h, struct gcr_design_figure *out);

/* Whether a reference outside the space is a design's own (the nursery's); may be NULL. */
typedef bool gcr_compact_is_own(const struct gcr_compact *h, const void *address);
bool gcr_compact_check(struct gcr_compact *h, int level, gcr_compact_is_own *is_own,
                       struct gcr_error *err);
/* Between the second and the third walk: order, gaps, direction, backup. O(used). */
bool gcr_compact_check_plan(struct gcr_compact *h, struct gcr_error *err);

#endif
