/* The shadow graph: the program's heap as the events alone describe it, whatever a collector does.
 *
 * A node is one object from its ALLOC until the analysis (reach.h) releases it; an index that is
 * used again gets a new node, so edges from garbage never lead to the index's next owner. Time is
 * counted in windows: `now` is the number of the state that the current event leads to. State 1 is
 * the window's start, the first event of the window leads to state 2. Every edge knows the state in
 * which it appeared, and edges that disappear are logged with both ends of their life: from these
 * the analysis works out when each object became unreachable. */
#ifndef GCR_SIM_ORACLE_SHADOW_H
#define GCR_SIM_ORACLE_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/number_map.h"
#include "base/status.h"
#include "sim/oracle/shadow_roots.h"
#include "sim/oracle/slot_pool.h"
#include "traces/event.h"
#include "traces/shape.h"

/* Node numbers: 0 is null. */
enum { GCR_SHADOW_NULL = 0 };
/* In by_index: the object was found unreachable and released before any DEATH named it. The second
 * says that it had a finalizer, whose run may still be reported. */
#define GCR_SHADOW_GONE UINT32_MAX
#define GCR_SHADOW_GONE_FINALIZER (UINT32_MAX - 1)

static inline bool gcr_shadow_is_gone(uint32_t node)
{
    return node >= GCR_SHADOW_GONE_FINALIZER;
}

/* Neither null nor gone. */
static inline bool gcr_shadow_is_node(uint32_t node)
{
    return node - 1 < GCR_SHADOW_GONE_FINALIZER - 1;
}

/* The cover of a node is the last state of an unbroken run of states in which it is reachable; of
 * one that is reachable to the end of the window, GCR_COVER_ALWAYS; of garbage of an earlier window
 * and of unused nodes, 0; of null, GCR_COVER_ALWAYS: there is nothing to be found. Before the
 * analysis it is the state from which that run is known: its birth, or the window's start. */
#define GCR_COVER_ALWAYS UINT32_MAX

enum gcr_shadow_flag {
    GCR_NODE_USED = 1u << 0,
    GCR_NODE_PREBUILT = 1u << 1,
    GCR_NODE_DEATHED = 1u << 2,   /* a DEATH event named it */
    GCR_NODE_FREED = 1u << 3,     /* the heap under test reclaimed it, in state freed_at */
    GCR_NODE_FINALIZED = 1u << 4, /* the heap under test ran its finalizer */
    GCR_NODE_RESURRECTS = 1u << 5,
    GCR_NODE_GARBAGE =
        1u << 6, /* unreachable since an earlier window, kept because a heap has it */
    GCR_NODE_CHANGED = 1u << 7,   /* a slot was set in this window */
    GCR_NODE_EXCUSED = 1u << 8,   /* a finalizer waits for it: see compare.c */
    GCR_NODE_WEAK_LOST = 1u << 9, /* the weak target's node was released */
    GCR_NODE_OVER = 1u << 10      /* about to be released */
};

/* From so many slots on they are kept in proportion to how many were ever set. */
enum { GCR_SHADOW_SPARSE_SLOTS = 1 << 16 };

/* What walks over the graph look at: 32 bytes, slots out of line. */
struct gcr_shadow_node {
    union {
        struct gcr_shadow_edge *slots;   /* NULL if the object has no pointer slots */
        struct gcr_shadow_roots *sparse; /* instead, of a node that gcr_shadow_is_sparse */
    };
    uint32_t slot_count;
    uint32_t shape;
    uint32_t length; /* items */
    uint32_t index;
    uint32_t weak; /* target node of a weak reference */
    uint32_t flags;
};

/* What is asked more rarely of a node. */
struct gcr_shadow_life {
    uint32_t freed_at;   /* state, with GCR_NODE_FREED */
    uint32_t deathed_at; /* state, with GCR_NODE_DEATHED in this window */
    uint32_t serial;     /* the how-manieth object with a finalizer it was, from 1; 0: has none */
    uint32_t ordinal;    /* the how-manieth object of the trace it is, from 0, modulo 2^32 */
    uint32_t previous;   /* an earlier owner of the index whose finalizer a heap has still to run */
    uint32_t newer; /* the owner whose `previous` this one is; 0 for the index's present owner */
};

/* An edge that disappeared: it existed in the states since .. until - 1. */
struct gcr_shadow_drop {
    uint32_t from; /* GCR_SHADOW_NULL: a root */
    uint32_t target, since, until;
};

/* Change of the live heap at one state of the window. */
struct gcr_shadow_delta {
    int64_t bytes, objects;
};

/* Node numbers. All zero: none. */
struct gcr_shadow_list {
    uint32_t *node;
    uint32_t count, room;
};

struct gcr_shadow {
    const struct gcr_shape *shapes; /* by number, not owned */
    uint32_t shape_count;

    struct gcr_shadow_node *nodes; /* [0] unused */
    struct gcr_shadow_life *lives; /* by node */
    uint32_t *covers;              /* by node: dense, for passes over all of them */
    uint32_t node_end, node_room;  /* nodes[1 .. node_end) were given out once */
    uint32_t free_node;            /* list through `weak` */
    uint32_t used_nodes;
    uint32_t finalizable; /* objects with a finalizer so far */

    uint32_t *by_index; /* index -> node, 0 or a GONE mark */
    uint32_t index_room;

    struct gcr_shadow_roots globals, *threads;
    struct gcr_shadow_roots held;  /* roots that no event names: see gcr_shadow_hold */
    uint32_t thread_count, thread; /* threads seen, current one */

    uint32_t *prebuilt; /* nodes */
    uint32_t prebuilt_count, prebuilt_room;
    uint32_t *resurrecting; /* nodes named by RESURRECT, while they are used */
    uint32_t resurrecting_count, resurrecting_room;

    struct gcr_slot_pool pool;

    struct gcr_number_map awaiting; /* earlier owners of indexes, by their serial */
    bool has_heap; /* a heap under test runs beside it: owners of an index that await a finalizer
                      count */
    uint32_t now;
    struct gcr_shadow_drop *drops;
    size_t drop_count, drop_room;
    struct gcr_shadow_delta *deltas; /* by state */
    uint32_t delta_room;
    struct gcr_shadow_list changed; /* nodes with GCR_NODE_CHANGED */
    struct gcr_shadow_list garbage; /* nodes with GCR_NODE_GARBAGE at the window's start */
    struct gcr_shadow_list revived; /* of those, what the analysis found reachable again */

    uint64_t allocated;                /* objects, prebuilt ones included */
    uint64_t live_objects, live_bytes; /* at the window's start */
    uint64_t peak_objects, peak_bytes; /* up to the window's start */
    bool out_of_memory;
};

/* An empty graph over the given shapes, which must outlive it. GCR_NO_MEMORY. */
gcr_status gcr_shadow_create(const struct gcr_shape *shapes, uint32_t shape_count,
                             struct gcr_shadow **out, struct gcr_error *err) GCR_MUST_USE;
void gcr_shadow_destroy(struct gcr_shadow *shadow);

/* A deep copy, for a forked lane; the window must be fresh (gcr_shadow_begin_window). O(nodes). */
gcr_status gcr_shadow_clone(const struct gcr_shadow *shadow, struct gcr_shadow **out,
                            struct gcr_error *err) GCR_MUST_USE;

/* Carries out one event that gcr_rules_judge found well formed, and advances `now`. False: no
 * memory (the graph is then good for nothing but destruction). Amortised O(1), O(slots) for ALLOC,
 * COPY and RESIZE. */
bool gcr_shadow_apply(struct gcr_shadow *shadow, const struct gcr_event *event);

/* The host stored a finalized object into a global root (resurrection). False: no memory. */
bool gcr_shadow_set_global(struct gcr_shadow *shadow, uint32_t slot, uint32_t node);

/* Sets a root of a kind that no event names: what keeps an object alive of which only later events
 * speak (annotate_holds.h). node GCR_SHADOW_NULL clears it. It counts from the present state on.
 * False: no memory. Amortised O(1). */
bool gcr_shadow_hold(struct gcr_shadow *shadow, uint32_t slot, uint32_t node);

/* The owner of an index, present or earlier, with that serial, if it awaits its finalizer; else
 * GCR_SHADOW_NULL. */
uint32_t gcr_shadow_awaiting(const struct gcr_shadow *shadow, uint32_t index, uint32_t serial);

/* Whether a heap has still to run the node's finalizer. */
bool gcr_shadow_is_pending(const struct gcr_shadow *shadow, uint32_t node);

/* Frees a node. Nothing may refer to it any more. `gone`: its index, if still its own, stays taken.
 */
void gcr_shadow_release(struct gcr_shadow *shadow, uint32_t node, bool gone);

/* Starts a new window after an analysis: folds the deltas into the live figures and the peaks,
 * takes up unreachable nodes as garbage, forgets the log. O(window + garbage), and a pass over the
 * covers. */
void gcr_shadow_begin_window(struct gcr_shadow *shadow);

/* Adds a node to a list; false: no memory. Amortised O(1). */
bool gcr_shadow_list_grow(struct gcr_shadow_list *list);
static inline bool gcr_shadow_list_add(struct gcr_shadow_list *list, uint32_t node)
{
    if (list->count == list->room && !gcr_shadow_list_grow(list))
        return false;
    list->node[list->count++] = node;
    return true;
}

/* Whether an analysis has still to say how long the node was reachable, or has said that it is not
 * to the end: neither covered to the end, nor garbage of an earlier window, nor unused. */
static inline bool gcr_shadow_is_open(const struct gcr_shadow *shadow, uint32_t node)
{
    return shadow->covers[node] - 1 < GCR_COVER_ALWAYS - 1;
}

static inline bool gcr_shadow_is_sparse(const struct gcr_shadow_node *n)
{
    return n->slot_count >= GCR_SHADOW_SPARSE_SLOTS;
}

/* All slots that are not null, in order, and some others:
 *     for (uint32_t i = gcr_shadow_slot_next(n, 0); i < n->slot_count;
 *          i = gcr_shadow_slot_next(n, i + 1))
 */
static inline uint32_t gcr_shadow_slot_next(const struct gcr_shadow_node *n, uint32_t from)
{
    uint32_t next;

    if (!gcr_shadow_is_sparse(n))
        return from;
    next = gcr_shadow_roots_next(n->sparse, from);
    return next < n->sparse->end ? next : n->slot_count;
}

/* The slot, or NULL if it was never set. */
static inline struct gcr_shadow_edge *gcr_shadow_slot_find(const struct gcr_shadow_node *n,
                                                           uint32_t slot)
{
    return gcr_shadow_is_sparse(n) ? gcr_shadow_roots_find(n->sparse, slot) : &n->slots[slot];
}

/* What the slot refers to, and since when; all zero for null. */
static inline struct gcr_shadow_edge gcr_shadow_slot(const struct gcr_shadow_node *n, uint32_t slot)
{
    const struct gcr_shadow_edge *edge = gcr_shadow_slot_find(n, slot);

    return edge != NULL ? *edge : (struct gcr_shadow_edge){0};
}

/* Node of an index, GCR_SHADOW_NULL if there is none, or one that gcr_shadow_is_gone. */
static inline uint32_t gcr_shadow_find(const struct gcr_shadow *shadow, uint32_t index)
{
    return index < shadow->index_room ? shadow->by_index[index] : GCR_SHADOW_NULL;
}

/* The roots of a root operand (of the current thread, or global). */
static inline const struct gcr_shadow_roots *gcr_shadow_root_span(const struct gcr_shadow *shadow,
                                                                  uint32_t root)
{
    if (gcr_root_is_global(root))
        return &shadow->globals;
    return shadow->thread < shadow->thread_count ? &shadow->threads[shadow->thread] : NULL;
}

/* Target of a root operand; null if the slot was never set. */
static inline uint32_t gcr_shadow_root(const struct gcr_shadow *shadow, uint32_t root)
{
    const struct gcr_shadow_roots *roots = gcr_shadow_root_span(shadow, root);
    const struct gcr_shadow_edge *slot =
        roots != NULL ? gcr_shadow_roots_find(roots, gcr_root_slot(root)) : NULL;

    return slot != NULL ? slot->target : GCR_SHADOW_NULL;
}

/* Bytes that a node counts as live. */
static inline uint64_t gcr_shadow_bytes(const struct gcr_shadow *shadow, uint32_t node)
{
    const struct gcr_shadow_node *n = &shadow->nodes[node];
    return gcr_shape_object_bytes(&shadow->shapes[n->shape], n->length);
}

#endif
