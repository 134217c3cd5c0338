/* What the copying designs share: a heap of objects of common/layout.h in a pair of spaces
 * (copy_space.h), with prebuilt objects, external ones (external.h), weak references and
 * finalizers; full collections by Cheney's scan; room, growth and budgets.
 *
 * A design begins its heap with struct gcr_copy_heap and describes itself in a constant struct
 * gcr_copy_design. The scan itself (cheney.h) is compiled once per design, around its own way of
 * forwarding a reference.
 *
 * Order of a full collection: begin, flip, older roots, roots, scan, finalizer order, weak
 * references, the host's handles, sweep, emptying the old half (or the second step of a doubling),
 * finalizers. Source: PyPy's semispace.py. Cost: O(live bytes) plus the lists. */
#ifndef GCR_ALLOCATORS_COMMON_COPY_HEAP_H
#define GCR_ALLOCATORS_COMMON_COPY_HEAP_H

#include "allocators/common/copy_space.h"
#include "allocators/common/external.h"
#include "allocators/common/finalizer_order.h"
#include "allocators/common/immortals.h"
#include "allocators/common/layout_ops.h"
#include "allocators/common/weak_list.h"
#include "base/sabotage.h"

struct gcr_copy_heap;

/* What differs from design to design. Members that may be NULL say so. */
struct gcr_copy_design {
    const char *name;
    uint64_t old_flags;      /* in the header of every object that is not young */
    uint64_t immortal_flags; /* more of them, in prebuilt objects */
    bool ages;               /* external objects have a generation 3 */

    /* Brings `count` slots up to date: copies what they refer to, if that is to be copied and has
     * not been. */
    void (*forward)(struct gcr_copy_heap *h, gcr_ref *slots, uint64_t count);
    /* Forwards all thread and global roots, and the internal one. */
    void (*forward_roots)(struct gcr_copy_heap *h);
    /* Cheney's scan from `from`, and the grey external objects, until nothing is left. */
    void (*scan)(struct gcr_copy_heap *h, char *from);

    /* Budget: S if `extra` more bytes are committed outside the spaces. */
    size_t (*share)(const struct gcr_copy_heap *h, uint64_t extra);
    /* Generation that the next full collection collects, for the host. NULL: 0, the only one. */
    uint32_t (*generation)(const struct gcr_copy_heap *h);
    /* Before the flip of a full collection. NULL: nothing. */
    void (*begin_full)(struct gcr_copy_heap *h);
    /* Objects outside the spaces that are roots of a full collection: forwards their slots. */
    void (*older_roots)(struct gcr_copy_heap *h);
    /* Frees unreached external objects and sets swept_bytes; returns how many. */
    uint64_t (*sweep)(struct gcr_copy_heap *h);
    /* The space has been emptied and sized, before finalizers run. NULL: nothing. */
    void (*end_full)(struct gcr_copy_heap *h);
    /* Last resort of an allocation that found no room in the space, or outside it; true if it is
     * worth another try. NULL: there is none. */
    bool (*last_resort)(struct gcr_copy_heap *h, uint64_t bytes, bool outside);
    /* A prebuilt object was given a body in the space. NULL: nothing. */
    void (*bodied)(struct gcr_copy_heap *h, gcr_ref object);
    bool (*check)(struct gcr_heap *heap, int level, struct gcr_error *err);
};

/* What objects add up to. `settled`: as counted by the last collection, adjusted by slow paths.
 * Objects of fast paths since then come on top: gcr_work less what it was at the last collection
 * (`marked_*`; slow paths that count into `settled` move these along), and their headers in
 * `fresh_header_bytes`. */
struct gcr_copy_tally {
    uint64_t objects, object_bytes, header_bytes; /* settled */
    uint64_t marked_objects, marked_bytes;        /* of gcr_work, modulo 2^64 */
    uint64_t fresh_header_bytes;
};

/* Counted while scanning. */
struct gcr_copy_count {
    uint64_t objects, object_bytes, header_bytes;
    uint64_t promoted; /* copied out of a nursery */
};

struct gcr_copy_heap {
    struct gcr_heap heap;
    struct gcr_layouts layouts;
    struct gcr_copy_space space;
    const struct gcr_copy_design *design;
    uint64_t budget_bytes;
    bool out_of_work_memory; /* a collection could not order finalizers: heap exhausted */
    bool collecting;         /* inside a collection: no other may begin */
    bool sabotaged;          /* builds with deliberate damage: it is done */

    struct gcr_immortals prebuilt;
    struct gcr_externals external;
    struct gcr_weak_list weak;
    struct gcr_finalizer_list finalizers;
    int64_t external_allowance; /* bytes of external objects until the next collection */
    uint64_t swept_bytes;       /* live bytes of external objects that the last sweeps found */

    struct gcr_copy_tally tally;
    struct gcr_copy_count count; /* of the present collection */
    gcr_ref held;                /* an internal root: a body that has no object yet */

    /* Minor collections: what lies here is copied. */
    const char *young_start;
    size_t young_bytes; /* 0: not in a minor collection */
    uint64_t full_collections;
};
GCR_ASSERT_LAYOUT_HEAP(struct gcr_copy_heap);

static inline struct gcr_copy_heap *gcr_copy_heap_of(struct gcr_heap *heap)
{
    return (struct gcr_copy_heap *)heap;
}

/* Shapes that need a slow path when they are allocated. */
enum {
    GCR_COPY_SPECIAL = GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER | GCR_SHAPE_WEAK |
                       GCR_SHAPE_PINNED | GCR_SHAPE_RESIZABLE
};

/* ---- life: copy_heap.c ---- */

/* A heap of `heap_bytes` (the design's struct) on a mapping of its own, its parts without memory
 * but for the table of layouts. Options: GCR_COPY_SPACE_OPTIONS. On failure nothing is left. */
gcr_status gcr_copy_heap_create(const struct gcr_heap_config *config, struct gcr_host *host,
                                const struct gcr_collector *collector,
                                const struct gcr_copy_design *design, size_t heap_bytes, bool pools,
                                struct gcr_copy_heap **out, struct gcr_error *err) GCR_MUST_USE;
/* The two halves: native ones of the option `start`, or of design->share in reservations of half
 * the budget. GCR_HEAP_EXHAUSTED: no room; the heap is then to be destroyed. */
gcr_status gcr_copy_heap_open(struct gcr_copy_heap *h, const struct gcr_heap_config *config,
                              struct gcr_error *err) GCR_MUST_USE;
/* Gives everything back. */
void gcr_copy_heap_destroy(struct gcr_copy_heap *h, size_t heap_bytes);

void gcr_copy_op_footprint(struct gcr_heap *heap, struct gcr_footprint *out);
/* What every design of the family reports of its space. Returns how many figures. */
size_t gcr_copy_figures(const struct gcr_copy_heap *h, struct gcr_design_figure *out);

/* ---- room: copy_room.c ---- */

/* Makes `bytes` available between free and limit; collects and grows as the rules say. */
bool gcr_copy_make_room(struct gcr_copy_heap *h, uint64_t bytes) GCR_MUST_USE;
/* The same without zeroing it: collects or doubles by the rules until `bytes` are free. */
bool gcr_copy_find_room(struct gcr_copy_heap *h, uint64_t bytes) GCR_MUST_USE;
/* Before up to `bytes` are committed outside the spaces: with a budget, makes the spaces smaller so
 * that they still fit, collecting if need be. */
bool gcr_copy_make_side_room(struct gcr_copy_heap *h, uint64_t bytes) GCR_MUST_USE;
/* The same, but never collects. */
bool gcr_copy_make_side_room_now(struct gcr_copy_heap *h, uint64_t bytes) GCR_MUST_USE;
/* Committed apart from the halves: tables, lists, external and prebuilt objects. */
uint64_t gcr_copy_rest_bytes(const struct gcr_copy_heap *h);
/* Half of what the rest leaves of the budget, whole pages. */
size_t gcr_copy_half_share(const struct gcr_copy_heap *h, uint64_t extra);

/* ---- collecting: copy_collect.c ---- */

/* One full collection into the empty half; `grown`: part of a doubling (the empty half is already
 * prepared, the old one is not cleared, no red zone recorded). False: to-space was refused and
 * nothing happened. */
bool gcr_copy_collect(struct gcr_copy_heap *h, enum gcr_reason reason, bool grown);
/* Forwards the slots of one object where it is. */
void gcr_copy_forward_object(struct gcr_copy_heap *h, gcr_ref object);
/* Forwards the slots of all prebuilt objects. */
void gcr_copy_forward_prebuilt(struct gcr_copy_heap *h);
/* Checks, calls the host's finalizers, and tells the host. */
void gcr_copy_end_collection(struct gcr_copy_heap *h, struct gcr_collection *done);
/* Sweep without generations, for struct gcr_copy_design. */
uint64_t gcr_copy_sweep(struct gcr_copy_heap *h);

/* Inside a collection: where a surviving object is now, as the weak list wants it. */
gcr_ref gcr_copy_survivor(void *h, gcr_ref object);

/* Inside a collection: whether an object has been copied, or marked if it does not move; not for
 * objects outside the nursery in a minor one. */
static inline bool gcr_copy_survives(gcr_ref object)
{
    uint64_t header = gcr_object_header(object);
    if (!gcr_header_is(header, GCR_HEADER_FORWARDED))
        return false;
    return !gcr_header_is(header, GCR_HEADER_UNVISITED);
}

/* Where an object is now that survives. */
static inline gcr_ref gcr_copy_new_address(gcr_ref object)
{
    if (gcr_header_is(gcr_object_header(object), GCR_HEADER_EXTERNAL))
        return object;
    return (gcr_ref)*gcr_object_word(object, GCR_HEADER_BYTES);
}

static inline bool gcr_copy_is_young(const struct gcr_copy_heap *h, const void *object)
{
    return (uintptr_t)object - (uintptr_t)h->young_start < h->young_bytes;
}

/* For gcr_mutator_ops.forwarded. */
static inline gcr_ref gcr_copy_forwarded(const struct gcr_copy_heap *h, gcr_ref object)
{
    if (h->young_bytes != 0 && !gcr_copy_is_young(h, object))
        return object;
    return gcr_copy_survives(object) ? gcr_copy_new_address(object) : NULL;
}

/* ---- allocation: copy_alloc.c ---- */

/* Room on the lists that a new object of the shape must be on. May collect. */
bool gcr_copy_reserve_lists(struct gcr_copy_heap *h, const struct gcr_shape *shape,
                            bool prebuilt) GCR_MUST_USE;
/* What one more element may commit: a growing vector may for a moment hold its contents twice. 0:
 * it has room. */
uint64_t gcr_copy_list_growth(const struct gcr_vector *list, size_t count);
/* Puts it on those lists; room was reserved. `young`: it lies in a nursery. */
void gcr_copy_register(struct gcr_copy_heap *h, const struct gcr_shape *shape, gcr_ref object,
                       uint32_t cookie, bool prebuilt, bool young);

/* Carves an object from room that gcr_copy_make_room has made, and counts its headers as settled.
 */
gcr_ref gcr_copy_carve(struct gcr_copy_heap *h, const struct gcr_layout *layout, uint64_t length);
/* An external object of generation 2, on its list. Collects when the allowance is used up. NULL:
 * exhausted. Counted as settled. */
gcr_ref gcr_copy_alloc_external(struct gcr_copy_heap *h, const struct gcr_layout *layout,
                                uint64_t length);

/* Bytes of a new object's body; 0: none (no items, or items in the object itself). */
uint64_t gcr_copy_body_bytes(const struct gcr_copy_heap *h, const struct gcr_shape *shape,
                             uint64_t length);

/* Counts the object as allocated: fresh, until gcr_copy_settle says otherwise. */
void gcr_copy_count_allocated(struct gcr_copy_heap *h, const struct gcr_shape *shape,
                              uint64_t length);
/* So many fresh objects and bytes lie where minor collections do not look: settled. */
static inline void gcr_copy_settle(struct gcr_copy_heap *h, uint64_t objects, uint64_t bytes)
{
    h->tally.objects += objects;
    h->tally.marked_objects += objects;
    h->tally.object_bytes += bytes;
    h->tally.marked_bytes += bytes;
}
static inline uint64_t gcr_copy_fresh_objects(const struct gcr_copy_heap *h)
{
    return h->heap.work.allocated_objects - h->tally.marked_objects;
}

/* ---- common operations of struct gcr_collector ---- */

gcr_ref gcr_copy_op_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                             uint32_t cookie);

/* Cuts a body down in place. */
void gcr_copy_shrink(struct gcr_copy_heap *h, const struct gcr_layout *layout, gcr_ref body,
                     uint64_t length);

#endif
