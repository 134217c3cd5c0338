/* bdw: state and internal interface. The mutator's fast paths are in bdw_inline.h. */
#ifndef GCR_ALLOCATORS_BDW_BDW_H
#define GCR_ALLOCATORS_BDW_BDW_H

#include "allocators/collector.h"
#include "allocators/common/immortals.h"
#include "allocators/common/layout_ops.h"
#include "allocators/common/object_set.h"

/* Set in every header: libgc can hand a free cell to a mark procedure, whose first word is then a
 * link (an address below 2^47) or zero, and never this. It also keeps headers from looking like
 * addresses where libgc scans whole objects. */
#define BDW_HEADER_TAG ((uint64_t)1 << 62)

/* Whether a cell's first word is a header: neither a link nor an inverted address, which libgc's
 * own tables have there. */
static inline bool bdw_is_header(uint64_t word)
{
    return word >> 62 == BDW_HEADER_TAG >> 62;
}

enum {
    BDW_GRANULE_BYTES = 16,
    BDW_MAX_SMALL_BYTES = 2048, /* half a block of libgc's; larger ones are allocated one by one */
    BDW_LISTS = BDW_MAX_SMALL_BYTES / BDW_GRANULE_BYTES + 1,
    BDW_MAX_KINDS = 12 /* libgc has room for 16 in all, some of them its own */
};

/* The first kinds; the others describe one layout's slots by a bitmap. */
enum bdw_kind { BDW_KIND_NO_SLOTS, BDW_KIND_ALL_SLOTS, BDW_KIND_PROC, BDW_KIND_FIRST_BITMAP };

enum bdw_mode { BDW_MODE_FULL, BDW_MODE_INCREMENTAL, BDW_MODE_GENERATIONAL };
enum bdw_descriptors { BDW_DESCRIPTORS_BITMAP, BDW_DESCRIPTORS_PROC };
enum bdw_finalizers { BDW_FINALIZERS_NO_ORDER, BDW_FINALIZERS_TOPOLOGICAL };

/* Objects that exist, as the last count found them, and the counters at that moment. */
struct bdw_tally {
    uint64_t objects, object_bytes, header_bytes;
    uint64_t counted_objects, counted_bytes; /* gcr_work's allocated_ at the count */
};

/* What a collection that libgc has begun is to the host. */
struct bdw_pause {
    bool open, full; /* full: opened by libgc's own start event */
    enum gcr_reason reason;
    uint64_t before_bytes;
};

/* libgc's heap is the process's, so there is at most one of these at a time. */
struct gcr_bdw {
    struct gcr_heap heap;
    struct gcr_layouts layouts;
    void *list[BDW_MAX_KINDS][BDW_LISTS]; /* cells of one batch each, by kind and granules */
    bool fresh[BDW_MAX_KINDS][BDW_LISTS]; /* nothing is left to sweep for that list */
    uint8_t *kind_of;                     /* by layout id */
    size_t kind_bytes;                    /* of that table */
    int kind_number[BDW_MAX_KINDS];       /* libgc's number of each */

    struct gcr_immortals immortals;
    gcr_ref pending[2]; /* roots of an allocation under way: the body, the object */

    /* options */
    enum bdw_mode mode;
    enum bdw_descriptors descriptors;
    enum bdw_finalizers finalizers;
    bool counts;
    uint64_t budget_bytes;

    enum gcr_reason reason; /* of the next collection */
    struct bdw_pause pause;
    bool exhausted;
    bool uncounted; /* a collection has ended since the last count */
    struct bdw_tally tally;
    uint64_t libgc_objects_bytes, libgc_side_bytes; /* told to the supply */
    struct gcr_object_set known;                    /* verified runs: objects, not bodies */
    struct gcr_object_set dead;                     /* scratch of one report */

    uint64_t collections, partial, batches, fresh_batches, cells, links;
};
GCR_ASSERT_LAYOUT_HEAP(struct gcr_bdw);

static inline struct gcr_bdw *bdw_of(struct gcr_heap *heap)
{
    return (struct gcr_bdw *)heap;
}

/* Shapes that the inline path leaves to the slow one. */
enum { BDW_SPECIAL = GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER | GCR_SHAPE_RESIZABLE };

extern const struct gcr_collector gcr_collector_bdw;

/* ---- allocate.c ---- */

/* Whole allocation of any shape, collecting if need be. NULL: exhausted, *root unchanged. */
gcr_ref bdw_alloc_slow(struct gcr_bdw *h, const struct gcr_shape *shape, uint32_t length,
                       uint32_t cookie, gcr_ref *root);
gcr_ref bdw_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                     uint32_t cookie);
bool bdw_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length);
bool bdw_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target);

/* ---- libgc.c: the process's collector ---- */

/* Initialises libgc if this is the process's first heap, and makes `h` the heap that it serves. */
gcr_status bdw_attach(struct gcr_bdw *h, const struct gcr_option_values *options,
                      struct gcr_error *err);
/* Frees all objects; the process may open another heap. */
void bdw_detach(struct gcr_bdw *h);
/* The kind for objects of a layout, made if there is room for one more. */
uint8_t bdw_choose_kind(struct gcr_bdw *h, const struct gcr_layout *layout);
/* A finalizer for libgc, for an object of the heap; the cookie comes back to the host. */
void bdw_register_finalizer(struct gcr_bdw *h, gcr_ref object, uint32_t cookie);
/* Forgets the batches: their cells are unreachable, and free again after the collection. */
void bdw_drop_lists(struct gcr_bdw *h);

/* ---- collect.c ---- */

/* After any call that may have collected: memory is accounted, finalizers run, survivors are
 * counted. */
void bdw_settle(struct gcr_bdw *h);
/* Tells the supply what libgc holds, and libgc how much it may hold. False: beyond the budget. */
bool bdw_account(struct gcr_bdw *h);
void bdw_collect(struct gcr_heap *heap, uint32_t generation, enum gcr_reason reason);
/* libgc's event, by its number. */
void bdw_on_event(struct gcr_bdw *h, int event);
/* Marks from the roots: inside a collection. */
void bdw_push_roots(struct gcr_bdw *h);

/* ---- check.c ---- */

bool bdw_check(struct gcr_heap *heap, int level, struct gcr_error *err);

#endif
