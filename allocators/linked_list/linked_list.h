/* linked-list: CPython's reference counting with the generational cycle collector on linked lists.
 *
 * Source: CPython 3.11 Modules/gcmodule.c and Objects/obmalloc.c (Schemenauer, Peters, Marangozov,
 * Inada and others); layouts of 3.6 and 3.7 by option. docs/collectors/linked-list.md has the
 * algorithm, the layout to the byte and the deviations.
 *
 * A block:   [GC head, containers only] object header [body word] [weak target word] payload
 *            ^ block                    ^ gcr_ref
 * The payload is as in traces/shape.h. The items of a resizable shape are in a raw block of their
 * own.
 *
 * Parts, in the order in which a reader may want them: object.h (an object's words), gc_head.h
 * (list links and flags), allocate.c, body.c (RESIZE), death.c (counts that fall to zero), deduce.c
 * (steps 1 to 3), collect.c (trigger and steps 4 to 12), weak.c, look.c, check.c; linked_list.c has
 * options, life cycle and the descriptor; linked_list_inline.h the mutator's fast paths. */
#ifndef GCR_ALLOCATORS_LINKED_LIST_H
#define GCR_ALLOCATORS_LINKED_LIST_H

#include "allocators/collector.h"
#include "allocators/common/object_set.h"
#include "allocators/common/pools.h"
#include "allocators/common/system_heap.h"
#include "allocators/linked_list/address_map.h"
#include "base/check.h"
#include "base/compiler.h"
#include "base/sabotage.h"
#include "traces/event.h"

enum { LINKED_LIST_GENERATIONS = 3 };

enum linked_list_untrack { UNTRACK_ONCE, UNTRACK_FIXPOINT, UNTRACK_OFF };

/* What decoding an object of a shape takes, precomputed: stands for a type descriptor, like the
 * host's shapes, and like them is no part of the footprint. */
struct linked_list_type {
    uint32_t flags; /* enum gcr_shape_flag and the TYPE_IS_ bits below */
    uint32_t slots; /* fixed ones */
    uint32_t item_slots;
    uint32_t item_bytes;   /* of each item in the object itself: 0 if resizable */
    uint32_t slots_offset; /* from the object's address to its first slot */
    uint32_t head_bytes;   /* GC head; 0 if not a container */
    uint32_t header_bytes; /* everything before the payload, GC head included */
    uint32_t fixed_data;   /* bytes of plain data outside the items */
    uint32_t item_data;
    uint32_t inline_slots;                 /* slots below this number lie in the object itself */
    uint64_t base_bytes;                   /* block bytes without items */
    uint64_t field_bytes, body_item_bytes; /* object bytes, and of each item wherever it lies */
};

enum {
    TYPE_IS_PLAIN = 1 << 28, /* the inline allocation path serves it */
    TYPE_IS_BUFFER = 1 << 29 /* not a container, no finalizer, but has slots */
};

/* List links; see gc_head.h. Also the head of each list. */
struct gc_head {
    uintptr_t next, prev;
};

struct linked_list {
    struct gcr_heap base;

    /* --- the mutator's fast paths --- */
    const struct linked_list_type *types; /* by shape number */
    struct gcr_pools *container_pools;    /* &pools[0], or &pools[1] with separate-pools */
    uint64_t small_limit;
    uint32_t head_bytes;  /* 16, 24 or 32 */
    bool packed;          /* head_bytes == 16: flags and counts share the two words */
    bool tracks_at_alloc; /* the trace has no TRACK events */
    bool collecting;
    bool burying;           /* the loop over dead objects is running */
    uint64_t trigger_above; /* threshold[0]; UINT64_MAX while collection is off */
    uint64_t count[LINKED_LIST_GENERATIONS];
    gcr_ref dead;          /* objects whose count fell to zero, chained through the count */
    uint64_t header_bytes; /* of allocated objects */
    uint64_t freed_bytes;  /* object bytes of freed objects, ever */
    int64_t resized_bytes; /* object bytes gained by RESIZE, ever */

    struct gc_head generation[LINKED_LIST_GENERATIONS];
    struct gc_head permanent; /* frozen */

    /* --- policy --- */
    uint32_t threshold[LINKED_LIST_GENERATIONS];
    bool threshold_set[LINKED_LIST_GENERATIONS]; /* by an option: GCCONTROL does not change it */
    bool enabled;
    bool untracks_dicts; /* faithful trace at its recorded policy */
    bool empties_free_lists;
    enum linked_list_untrack untrack;
    double long_lived_ratio;
    uint64_t long_lived_total, long_lived_pending;

    /* --- memory --- */
    struct gcr_pools pools[2];
    uint32_t pools_count;
    struct gcr_system_heap system;
    /* Blocks of recycled objects by size class, last in first out: [1] containers, [0] others. */
    void *recycled[2][GCR_POOLS_MAX_CLASSES];

    /* Weak references and finalizer cookies; weak.c. */
    struct gcr_address_map side;

    struct gcr_object_set objects; /* verified runs alone */
    uint64_t live_containers;      /* bounds list walks in check() */
    uint32_t sabotage_countdown;
    bool sabotage_overlooked; /* a slot was overlooked in this collection */
    struct linked_list_type *types_memory;
};

static inline struct linked_list *linked_list_of(struct gcr_heap *heap)
{
    return (struct linked_list *)heap;
}

/* ---- allocate.c ---- */

/* Object with count 1, untracked, zero payload; the caller counts, triggers, tracks. Everything
 * that the inline path does not serve: large ones, hidden words, bodies, recycled blocks, refused
 * pages, verified runs. NULL: heap exhausted. */
gcr_ref gcr_linked_list_alloc_slow(struct linked_list *ll, const struct gcr_shape *shape,
                                   uint32_t length, unsigned flags, uint32_t cookie);
gcr_ref gcr_linked_list_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape,
                                 uint32_t length, uint32_t cookie);
/* Gives an object's block back, or to the list of recycled blocks. */
void gcr_linked_list_free_block(struct linked_list *ll, gcr_ref object);
/* Empties the lists of recycled blocks (step 12). */
void gcr_linked_list_empty_recycled(struct linked_list *ll);
/* A raw block of `bytes` > 0 for a body, or NULL; no collection. */
void *gcr_linked_list_block_alloc(struct linked_list *ll, uint64_t bytes);
void gcr_linked_list_block_free(struct linked_list *ll, void *block);
size_t gcr_linked_list_block_bytes(const struct linked_list *ll, const void *block);

/* ---- body.c ---- */

bool gcr_linked_list_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length);

/* ---- death.c ---- */

/* The object's count has just fallen to 0: frees it and what dies with it, without recursion;
 * inside such a loop, only queues it. */
void gcr_linked_list_bury(struct linked_list *ll, gcr_ref object);
/* Queues it without starting; gcr_linked_list_bury_queued starts. */
void gcr_linked_list_queue_dead(struct linked_list *ll, gcr_ref object);
void gcr_linked_list_bury_queued(struct linked_list *ll);

/* ---- deduce.c ---- */

/* Steps 1 to 3: splits the list `young` into what is referred to from outside (stays) and the rest
 * (moves to `unreachable`, flagged so). Returns the number of candidates; *moved gets the number of
 * the unreachable ones, *untracked that of tuples untracked on the way (layouts up to 3.7). */
uint64_t gcr_linked_list_deduce(struct linked_list *ll, struct gc_head *young,
                                struct gc_head *unreachable, bool untrack, uint64_t *moved,
                                uint64_t *untracked);
/* Step 6: moves objects with legacy finalizers, and all they reach in `unreachable`, to
 * `finalizers`. */
void gcr_linked_list_move_legacy(struct linked_list *ll, struct gc_head *unreachable,
                                 struct gc_head *finalizers);
/* True if no item of this tuple or dict could ever be tracked. */
bool gcr_linked_list_can_untrack(struct linked_list *ll, gcr_ref object);

/* ---- collect.c ---- */

void gcr_linked_list_trigger(struct linked_list *ll);
void gcr_linked_list_collect(struct linked_list *ll, uint32_t generation, enum gcr_reason reason);

/* ---- weak.c ---- */

/* Room for what a new object of this type may put into the side table. False: refused. */
bool gcr_linked_list_side_promise(struct linked_list *ll, const struct linked_list_type *type);
void gcr_linked_list_side_release(struct linked_list *ll, const struct linked_list_type *type);
void gcr_linked_list_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target);
/* The object leaves the tables: nulls weak references to it, forgets its own target and cookie. */
void gcr_linked_list_clear_weak_to(struct linked_list *ll, gcr_ref target);
void gcr_linked_list_clear_weak(struct linked_list *ll, gcr_ref weak);
void gcr_linked_list_set_cookie(struct linked_list *ll, gcr_ref object, uint32_t cookie);
uint32_t gcr_linked_list_cookie(const struct linked_list *ll, gcr_ref object);
void gcr_linked_list_forget_cookie(struct linked_list *ll, gcr_ref object);
/* Next weak reference to the same target; start with weak == NULL. NULL: no more. */
gcr_ref gcr_linked_list_next_weak(const struct linked_list *ll, gcr_ref target, gcr_ref weak);

/* ---- look.c, check.c ---- */

void gcr_linked_list_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg);
uint32_t gcr_linked_list_shape_number(struct gcr_heap *heap, gcr_ref object);
uint32_t gcr_linked_list_length(struct gcr_heap *heap, gcr_ref object);
gcr_ref gcr_linked_list_slot(struct gcr_heap *heap, gcr_ref object, uint32_t slot);
const uint8_t *gcr_linked_list_data(struct gcr_heap *heap, gcr_ref object, uint64_t offset,
                                    uint64_t *bytes);
gcr_ref gcr_linked_list_weak_target(struct gcr_heap *heap, gcr_ref weak);
void gcr_linked_list_footprint(struct gcr_heap *heap, struct gcr_footprint *out);
bool gcr_linked_list_check(struct gcr_heap *heap, int level, struct gcr_error *err);

#endif
