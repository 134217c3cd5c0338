/* Reference counting as CPython does it, for the designs that differ only in how they find cycles.
 *
 * Source: CPython 3.11 Objects/object.c, Objects/obmalloc.c and Modules/gcmodule.c (Schemenauer,
 * Peters, Marangozov, Inada and others): counts at every slot and root, death at zero without
 * recursion, size-class pools with the system heap above them, weak references, free lists of
 * recycled blocks, and the thresholds that start a collection.
 *
 * A design is this heap plus a way to hold sets of containers (lists of heads, bit planes): its
 * struct begins with a struct gcr_counting, and a constant struct gcr_counting_design says how to
 * track, untrack and let go of one container. Hot functions are templates over that constant
 * (counting_inline.h, counting_death.h), so that nothing is called indirectly; the others go
 * through `design`.
 *
 * Parts: counted.h (an object's words), counting.c (types, options, life cycle), counting_alloc.c,
 * counting_body.c (RESIZE), counting_weak.c, counting_collect.[ch] (triggers, the frame of a
 * collection, steps that all designs share), counting_look.c, counting_check.c.
 *
 * Invariant: between events the count of an object is the number of slots and roots that refer to
 * it, plus one if it is prebuilt or uncollectable garbage. Cost: O(1) an event, deaths aside. */
#ifndef GCR_ALLOCATORS_COMMON_COUNTING_H
#define GCR_ALLOCATORS_COMMON_COUNTING_H

#include "allocators/common/address_map.h"
#include "allocators/common/counted.h"
#include "allocators/common/object_set.h"
#include "allocators/common/pools.h"
#include "allocators/common/side_counts.h"
#include "allocators/common/system_heap.h"
#include "base/check.h"
#include "base/option.h"
#include "base/sabotage.h"
#include "traces/event.h"

enum { GCR_COUNTING_GENERATIONS = 3 };

/* CPython's free lists: of tuples by length, of lists, of dicts (counting_free_lists.h). */
enum {
    GCR_FREE_LIST_TUPLES = 20,
    GCR_FREE_LIST_LISTS = GCR_FREE_LIST_TUPLES,
    GCR_FREE_LIST_DICTS,
    GCR_FREE_LISTS
};

enum gcr_counting_untrack { GCR_UNTRACK_ONCE, GCR_UNTRACK_FIXPOINT, GCR_UNTRACK_OFF };

/* How free and realloc learn which allocator a block came from. */
enum gcr_ownership {
    GCR_OWNERSHIP_SIZED, /* the caller knows the type, hence the size */
    GCR_OWNERSHIP_RANGE, /* arenas lie in reserved ranges */
    GCR_OWNERSHIP_RADIX  /* one radix tree over all arenas */
};

enum gcr_block_owner { GCR_BLOCK_OF_POOLS, GCR_BLOCK_OF_CONTAINER_POOLS, GCR_BLOCK_OF_SYSTEM };

struct gcr_counting;

/* What a design does with one container. All members are set. */
struct gcr_counting_design {
    uint32_t min_container_bytes; /* of a block from the pools */
    bool side_counts;             /* counts lie beside the objects; == gcr_counting.side_counted */
    /* A fresh container, its words set, in a large block or not: untracked from here on. */
    void (*enter)(struct gcr_counting *c, gcr_ref container, bool large);
    bool (*is_tracked)(struct gcr_counting *c, gcr_ref container);
    /* An untracked one joins generation 0; a tracked one leaves whatever set it is in. */
    void (*track)(struct gcr_counting *c, gcr_ref container);
    void (*untrack)(struct gcr_counting *c, gcr_ref container);
    /* Notes that its finalizer runs now. False: it has run before. */
    bool (*take_finalizer_turn)(struct gcr_counting *c, gcr_ref container);
    /* It dies, finalizer over: leaves every set, tracked or not. */
    void (*leave)(struct gcr_counting *c, gcr_ref container);
    /* Its block goes back to its allocator. `block` is where the head, if any, begins. */
    void (*free_block)(struct gcr_counting *c, const struct gcr_counting_type *type, gcr_ref object,
                       void *block);
    /* The count has just fallen to 0: frees the object and what dies with it, without recursion;
     * inside such a loop, only queues it. Out of line. */
    void (*bury)(struct gcr_counting *c, gcr_ref object);
    void (*bury_queued)(struct gcr_counting *c);
    void (*collect)(struct gcr_counting *c, uint32_t generation, enum gcr_reason reason);
    /* Room for what the design keeps for a new object of this type, in a block from the pools.
     * False: refused. */
    bool (*promise)(struct gcr_counting *c, const struct gcr_counting_type *type, void *block);
};

struct gcr_counting {
    struct gcr_heap base;
    const struct gcr_counting_design *design;

    /* --- the mutator's fast paths --- */
    const struct gcr_counting_type *types; /* by shape number */
    struct gcr_pools *container_pools;     /* &pools[0], or &pools[1] if containers live apart */
    uint64_t small_limit;
    bool tracks_at_alloc; /* the trace has no TRACK events */
    bool has_own_rules;   /* the trace says neither what is tracked nor what free lists served, as
                             a neutral recording does: CPython's rules are followed instead */
    bool has_buffers;     /* a shape of the trace makes separate buffers (counting_collect.h) */
    bool side_counted;    /* counts lie in side_counts, not in the objects */
    bool collecting;
    bool burying;           /* the loop over dead objects is running */
    uint64_t trigger_above; /* threshold[0]; UINT64_MAX while collection is off */
    uint64_t count[GCR_COUNTING_GENERATIONS];
    gcr_ref dead;          /* objects whose count fell to zero, chained through the count */
    uint64_t header_bytes; /* of allocated objects */
    uint64_t freed_bytes;  /* object bytes of freed objects, ever */
    int64_t resized_bytes; /* object bytes gained by RESIZE, ever */

    /* --- policy --- */
    uint32_t threshold[GCR_COUNTING_GENERATIONS];
    bool threshold_set[GCR_COUNTING_GENERATIONS]; /* by an option: GCCONTROL does not change it */
    bool enabled;
    bool untracks_dicts; /* faithful trace at its recorded policy, or has_own_rules */
    bool empties_free_lists;
    bool freezes_at_fork;
    enum gcr_counting_untrack untrack;
    double long_lived_ratio;
    uint64_t long_lived_total, long_lived_pending;

    /* --- memory --- */
    struct gcr_pools pools[2];
    uint32_t pools_count;
    uint32_t head_bytes, large_head_bytes; /* of containers, by where their block is from */
    uint32_t absent_bytes; /* 8 if counts lie in the side table: a reference points that far in
                              front of the object's first byte; else 0 */
    enum gcr_ownership ownership;
    struct gcr_system_heap system;
    /* Blocks of recycled objects by size class, last in first out: [1] containers, [0] others. */
    void *recycled[2][GCR_POOLS_MAX_CLASSES];
    uint32_t free_list_length[GCR_FREE_LISTS]; /* of those blocks, if has_own_rules */

    struct gcr_side_counts side_counts; /* unused unless side_counted */

    /* Weak references and finalizer cookies; counting_weak.c. */
    struct gcr_address_map side;

    /* --- figures --- */
    uint64_t candidates; /* of all collections */
    uint64_t untracked;  /* by collections */
    uint64_t owner_tests, owner_loads;

    struct gcr_object_set objects; /* verified runs alone */
    uint64_t live_containers;      /* bounds list walks in check() */
    uint32_t sabotage_countdown;
    bool sabotage_overlooked; /* a slot was overlooked in this collection */
    struct gcr_counting_type *types_memory;
};

static inline struct gcr_counting *gcr_counting_of(struct gcr_heap *heap)
{
    return (struct gcr_counting *)heap;
}

static inline const struct gcr_counting_type *gcr_counting_type_of(const struct gcr_counting *c,
                                                                   gcr_ref object)
{
    return &c->types[gcr_counted(object)->type & GCR_COUNTED_SHAPE_MASK];
}

/* Bytes of the object's block, as it was asked for. */
static inline uint64_t gcr_counting_block_bytes(const struct gcr_counting_design *design,
                                                const struct gcr_counting_type *type,
                                                uint64_t length)
{
    uint64_t bytes = type->base_bytes + length * type->item_bytes;
    if (bytes < design->min_container_bytes && gcr_counting_type_is(type, GCR_SHAPE_CONTAINER))
        return design->min_container_bytes;
    return bytes;
}

/* From the block to the reference. */
static inline int32_t gcr_counting_ref_offset(const struct gcr_counting_type *type, bool large)
{
    return large ? type->large_ref_offset : type->ref_offset;
}

/* GC head, count and type if they are in the object, hidden words. */
static inline uint32_t gcr_counting_header_bytes(const struct gcr_counting_type *type, bool large)
{
    return (uint32_t)(gcr_counting_ref_offset(type, large) + (int32_t)type->slots_offset);
}

/* ---- counts ----
 *
 * `side`: where they are; design->side_counts where that is a constant, else c->side_counted. */

GCR_ALWAYS_INLINE uint64_t gcr_count_get(const struct gcr_counting *c, bool side, gcr_ref object)
{
    return side ? *gcr_side_count(&c->side_counts, object) : gcr_counted(object)->count;
}

GCR_ALWAYS_INLINE void gcr_count_set(const struct gcr_counting *c, bool side, gcr_ref object,
                                     uint64_t value)
{
    if (side)
        GCR_STORE_AS(GCR_CAUSE_COUNT, *gcr_side_count(&c->side_counts, object), value);
    else
        GCR_STORE_AS(GCR_CAUSE_COUNT, gcr_counted(object)->count, value);
}

/* A new object's: its count in the object is a part of what is new. */
GCR_ALWAYS_INLINE void gcr_count_begin(const struct gcr_counting *c, bool side, gcr_ref object)
{
    if (side)
        GCR_STORE_AS(GCR_CAUSE_COUNT, *gcr_side_count(&c->side_counts, object), 1);
    else
        gcr_counted(object)->count = 1;
}

/* One more; returns the new count. */
GCR_ALWAYS_INLINE uint64_t gcr_count_up(const struct gcr_counting *c, bool side, gcr_ref object)
{
    if (side)
        return GCR_ADD_AS(GCR_CAUSE_COUNT, *gcr_side_count(&c->side_counts, object), 1);
    return GCR_ADD_AS(GCR_CAUSE_COUNT, gcr_counted(object)->count, 1);
}

/* One less; returns the new count. */
GCR_ALWAYS_INLINE uint64_t gcr_count_down(const struct gcr_counting *c, bool side, gcr_ref object)
{
    if (side)
        return GCR_ADD_AS(GCR_CAUSE_COUNT, *gcr_side_count(&c->side_counts, object), UINT64_MAX);
    return GCR_ADD_AS(GCR_CAUSE_COUNT, gcr_counted(object)->count, UINT64_MAX);
}

/* ---- options that every such design has ---- */

#define GCR_COUNTING_GEOMETRY_OPTIONS                                                              \
    {                                                                                              \
        "small-limit", GCR_OPT_BYTES, "bytes", "512", 16, 2048, NULL,                              \
            "largest block from the pools; larger ones come from the system heap"                  \
    }
#define GCR_COUNTING_COUNTS_OPTION                                                                 \
    {                                                                                              \
        "counts", GCR_OPT_CHOICE, NULL, "inline", 0, 0, "inline|side",                             \
            "where reference counts lie: in the objects, or in a side table of 8 bytes for each "  \
            "16 bytes of the heap's pages, objects then being 8 bytes smaller"                     \
    }
#define GCR_COUNTING_POLICY_OPTIONS(untrack_default)                                               \
    {"threshold0",                                                                                 \
     GCR_OPT_COUNT,                                                                                \
     "objects",                                                                                    \
     "700",                                                                                        \
     0,                                                                                            \
     2147483647,                                                                                   \
     NULL,                                                                                         \
     "container allocations minus frees above which a collection starts; 0 never; if set, "        \
     "overrides the trace"},                                                                       \
        {"threshold1",                                                                             \
         GCR_OPT_COUNT,                                                                            \
         "collections",                                                                            \
         "10",                                                                                     \
         0,                                                                                        \
         2147483647,                                                                               \
         NULL,                                                                                     \
         "collections of generation 0 above which generation 1 is collected; if set, overrides "   \
         "the trace"},                                                                             \
        {"threshold2",                                                                             \
         GCR_OPT_COUNT,                                                                            \
         "collections",                                                                            \
         "10",                                                                                     \
         0,                                                                                        \
         2147483647,                                                                               \
         NULL,                                                                                     \
         "collections of generation 1 above which generation 2 is collected; if set, overrides "   \
         "the trace"},                                                                             \
        {"long-lived-ratio",                                                                       \
         GCR_OPT_RATIO,                                                                            \
         "1",                                                                                      \
         "0.25",                                                                                   \
         0,                                                                                        \
         100,                                                                                      \
         NULL,                                                                                     \
         "an automatic full collection waits until this part of its last survivors has newly "     \
         "arrived"},                                                                               \
        {"untrack",                                                                                \
         GCR_OPT_CHOICE,                                                                           \
         NULL,                                                                                     \
         untrack_default,                                                                          \
         0,                                                                                        \
         0,                                                                                        \
         "once|fixpoint|off",                                                                      \
         "collections stop tracking tuples (and dicts, where the trace allows) that cannot be "    \
         "in a cycle: in one pass, until nothing changes, or never"},                              \
        {"free-lists",                                                                             \
         GCR_OPT_CHOICE,                                                                           \
         NULL,                                                                                     \
         "auto",                                                                                   \
         0,                                                                                        \
         0,                                                                                        \
         "auto|trace|cpython",                                                                     \
         "what dies into free lists and is tracked: as the trace says, or by CPython's rules for " \
         "tuples, lists and dicts; auto: those for neutral recordings alone"},                     \
    {                                                                                              \
        "empty-free-lists", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL,                                  \
            "full collections give back the blocks of recycled objects"                            \
    }

/* gc.freeze() before each fork, whatever the trace does itself. */
#define GCR_COUNTING_FREEZE_OPTION                                                                 \
    {                                                                                              \
        "freeze", GCR_OPT_CHOICE, NULL, "trace", 0, 0, "trace|fork",                               \
            "when all tracked objects are set aside from further collections: where the trace "    \
            "says so, or also right before each fork, as CPython's gc.freeze() is meant"           \
    }

/* ---- counting.c ---- */

/* The part of create that comes first: `heap` is zero but for its size; takes no memory. */
void gcr_counting_init(struct gcr_counting *c, const struct gcr_collector *collector,
                       const struct gcr_counting_design *design, struct gcr_host *host,
                       const struct gcr_option_values *options);
/* Rows for all shapes, after the pools are open. head_bytes: of containers, in blocks from the
 * pools and in larger ones. */
gcr_status gcr_counting_describe(struct gcr_counting *c, uint32_t head_bytes,
                                 uint32_t large_head_bytes, struct gcr_error *err) GCR_MUST_USE;
/* One allocator for all objects, or (containers != NULL) a second one for containers; and the side
 * table of counts. A design that sets the pools' hooks itself calls those below from its own. */
gcr_status gcr_counting_open_pools(struct gcr_counting *c, const struct gcr_pools_options *others,
                                   const struct gcr_pools_options *containers,
                                   struct gcr_error *err) GCR_MUST_USE;
/* Hooks of the pools: an arena's counts come and go with it. arg: the struct gcr_counting. */
bool gcr_counting_arena_mapped(void *arg, void *start, size_t bytes);
void gcr_counting_arena_unmapped(void *arg, void *start, size_t bytes);
/* Gives everything back but the heap struct itself. Also after an open that failed half-way. */
void gcr_counting_finish(struct gcr_counting *c);

void gcr_counting_gc_control(struct gcr_heap *heap, bool enabled, const uint32_t thresholds[3]);
/* Freezes, if the option says so. */
void gcr_counting_before_fork(struct gcr_heap *heap);

/* The figures that every such design has; returns how many. */
size_t gcr_counting_figures(const struct gcr_counting *c, struct gcr_design_figure *out);

/* ---- counting_alloc.c ---- */

/* Object with count 1, untracked, zero payload; the caller counts, triggers, tracks. Everything
 * that the inline path does not serve: large ones, hidden words, bodies, recycled blocks, refused
 * pages, verified runs. NULL: heap exhausted. */
gcr_ref gcr_counting_alloc_slow(struct gcr_counting *c, const struct gcr_shape *shape,
                                uint32_t length, unsigned flags, uint32_t cookie);
gcr_ref gcr_counting_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                              uint32_t cookie);
/* Tables that a plain object in a timed run has no part in. */
void gcr_counting_leave_tables(struct gcr_counting *c, const struct gcr_counting_type *type,
                               gcr_ref object);
/* Empties the lists of recycled blocks (step 12). */
void gcr_counting_empty_recycled(struct gcr_counting *c);
/* A raw block of `bytes` > 0 for a body, or NULL; no collection. */
void *gcr_counting_block_alloc(struct gcr_counting *c, uint64_t bytes);
/* `bytes`: what was last asked for. */
void gcr_counting_block_free(struct gcr_counting *c, void *block, uint64_t bytes);
/* Usable bytes. */
size_t gcr_counting_block_room(struct gcr_counting *c, void *block, uint64_t bytes);

/* ---- counting_body.c ---- */

bool gcr_counting_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length);

/* ---- counting_weak.c ---- */

/* Room for what a new object of this type may put into the side table. False: refused. */
bool gcr_counting_side_promise(struct gcr_counting *c, const struct gcr_counting_type *type);
void gcr_counting_side_release(struct gcr_counting *c, const struct gcr_counting_type *type);
bool gcr_counting_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target);
/* The object leaves the tables: nulls weak references to it, forgets its own target and cookie. */
void gcr_counting_clear_weak_to(struct gcr_counting *c, gcr_ref target);
void gcr_counting_clear_weak(struct gcr_counting *c, gcr_ref weak);
void gcr_counting_set_cookie(struct gcr_counting *c, gcr_ref object, uint32_t cookie);
uint32_t gcr_counting_cookie(const struct gcr_counting *c, gcr_ref object);
void gcr_counting_forget_cookie(struct gcr_counting *c, gcr_ref object);
/* Next weak reference to the same target; start with weak == NULL. NULL: no more. */
gcr_ref gcr_counting_next_weak(const struct gcr_counting *c, gcr_ref target, gcr_ref weak);

/* ---- counting_collect.c (more in counting_collect.h) ---- */

/* After an allocation that took count[0] above its threshold: collects the oldest generation whose
 * count exceeds its threshold; a full collection waits until enough objects have come to generation
 * 2 since the last one. */
void gcr_counting_trigger(struct gcr_counting *c);

/* ---- counting_look.c, counting_check.c ---- */

void gcr_counting_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg);
uint32_t gcr_counting_shape_number(struct gcr_heap *heap, gcr_ref object);
uint32_t gcr_counting_length(struct gcr_heap *heap, gcr_ref object);
gcr_ref gcr_counting_slot(struct gcr_heap *heap, gcr_ref object, uint32_t slot);
const uint8_t *gcr_counting_data(struct gcr_heap *heap, gcr_ref object, uint64_t offset,
                                 uint64_t *bytes);
gcr_ref gcr_counting_weak_target(struct gcr_heap *heap, gcr_ref weak);
void gcr_counting_footprint(struct gcr_heap *heap, struct gcr_footprint *out);

/* All that does not depend on the design. Level 2: idle, allocators, footprint. Level 3, in
 * verified runs: every object, with its count recomputed from all slots, roots and hidden counts;
 * `tracked` is how many containers the design's sets hold. False: err names the first fault. */
bool gcr_counting_check(struct gcr_counting *c, int level, uint64_t tracked, struct gcr_error *err);

#endif
