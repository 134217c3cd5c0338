/* The seam: all that a GC design (a "back end") sees of gcreplay, and all that gcreplay sees of it.
 *
 * A back end is one folder that defines
 *   - `const struct gcr_collector gcr_collector_NAME` (NAME with '_' for '-') in its .c files:
 * name, options, capabilities and the operations that are not hot;
 *   - `NAME_inline.h`: a `static const struct gcr_mutator_ops gcr_mutator_ops_NAME` whose functions
 *     are static inline: the allocation fast path, the barrier, the load. The replay loop is
 *     compiled once per back end around that constant table, so that nothing is called indirectly.
 * Adding a design = one folder + one `gcr_add_collector(name ...)` line in
 * allocators/CMakeLists.txt.
 *
 * A back end never prints, never reads a clock, never decides what is measured: it reports to the
 * host. */
#ifndef GCR_ALLOCATORS_COLLECTOR_H
#define GCR_ALLOCATORS_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/common/supply.h"
#include "base/option.h"
#include "base/status.h"
#include "traces/capability.h"
#include "traces/shape.h"

/* A reference: where an object is now. What it points at is the back end's business (header or
 * first field). Never dereferenced outside a back end. NULL is null. */
typedef struct gcr_object *gcr_ref;

struct gcr_heap;
struct gcr_host;

/* ---- what a design is ---- */

enum gcr_collector_cap {
    GCR_CAP_COLLECTS = 1u << 0, /* has a collector at all */
    GCR_CAP_MOVING = 1u << 1,   /* objects move: handles are updated in collections */
    GCR_CAP_GENERATIONAL = 1u << 2,
    GCR_CAP_REFCOUNTING = 1u << 3, /* frees at once when a count falls to zero */
    GCR_CAP_CONCURRENT = 1u << 4,
    GCR_CAP_BARRIER = 1u << 5,      /* needs a write barrier */
    GCR_CAP_COUNTS_ROOTS = 1u << 6, /* root changes cost something */
    GCR_CAP_COUNTS_LOADS = 1u << 7, /* loads and reads touch a count */
    GCR_CAP_PRECISE = 1u << 8,      /* a full collection retains exactly the reachable set, plus
                                       objects that wait for a finalizer and what those reach */
    GCR_CAP_NEEDS_DEATHS = 1u << 9, /* acts on DEATH (explicit-free): the trace must have them */
    GCR_CAP_NO_MODEL = 1u << 10,    /* cannot be compiled into a modelled twin */
    GCR_CAP_THREADS = 1u << 11      /* may have threads of its own, be it only in collections */
};

/* ---- what happens in collections, reported as it happens ---- */

enum gcr_reason {
    GCR_REASON_ALLOCATION,    /* the design's own trigger (threshold, space full) */
    GCR_REASON_EXPLICIT,      /* COLLECT event */
    GCR_REASON_GROWTH,        /* part of growing the heap (semispace doubling) */
    GCR_REASON_EMERGENCY,     /* the budget refused a page; not native behaviour */
    GCR_REASON_FINAL,         /* asked for by --final-collection */
    GCR_REASON_PROGRESS,      /* a step of an incremental collection under way */
    GCR_REASON_BACK_PRESSURE, /* the mutator waits for a collector thread that has fallen behind */
    GCR_REASON_FORK,          /* the mutator waits for helper threads to rest before a fork */
    GCR_REASON_COUNT
};
extern const char *const gcr_reason_name[GCR_REASON_COUNT];

enum gcr_gc_phase {
    GCR_PHASE_MUTATOR,
    GCR_PHASE_ALLOCATION,
    GCR_PHASE_BARRIER,
    GCR_PHASE_REFCOUNT,
    GCR_PHASE_MARK,
    GCR_PHASE_SWEEP,
    GCR_PHASE_COPY,
    GCR_PHASE_COMPACT,
    GCR_PHASE_FINALIZE,
    GCR_PHASE_COUNT
};

/* What one collection did; filled by the back end, handed to host->collection_end. */
struct gcr_collection {
    enum gcr_reason reason;
    uint32_t generation; /* what was collected: 0 youngest; a single-generation design says 0 */
    bool full;           /* everything was examined */
    uint64_t collected;  /* CPython-like: objects of the final garbage, as gc.get_stats() counts
                            them;  others: objects reclaimed */
    uint64_t freed; /* all objects whose memory was reclaimed, those freed in its wake included */
    uint64_t uncollectable;
    uint64_t survivors; /* examined and kept */
    uint64_t moved_bytes;
    uint64_t before_bytes, after_bytes; /* footprint at begin and end */
};

/* Running counters of a heap, kept by the back end for its whole life (a fork copies them). */
struct gcr_work {
    uint64_t allocated_objects, allocated_bytes; /* bytes: gcr_shape_object_bytes */
    uint64_t freed_objects;                      /* memory reclaimed, by any means */
    uint64_t marked_objects;
    uint64_t copied_objects, copied_bytes;
    uint64_t promoted_objects;
    uint64_t barriers; /* slow path of the write barrier taken */
    uint64_t finalized;
};

/* Footprint split. The sum is what the design holds from the system. */
struct gcr_footprint {
    uint64_t objects_bytes; /* object bytes of allocated objects, without headers and rounding */
    uint64_t headers_bytes; /* headers, hidden words */
    uint64_t free_bytes;    /* free room, rounding, dead but unswept */
    uint64_t side_bytes;    /* side tables */
    uint64_t buffers_bytes; /* work memory */
};

/* Fills in the rest from what the supply holds, once objects and headers are known: of the pages
 * for objects, what is neither is free. */
static inline void gcr_footprint_complete(struct gcr_footprint *footprint,
                                          const struct gcr_supply *supply)
{
    const uint64_t *kinds = supply->by_kind_bytes;
    footprint->free_bytes =
        kinds[GCR_PAGES_OBJECTS] - footprint->objects_bytes - footprint->headers_bytes;
    footprint->side_bytes = kinds[GCR_PAGES_SIDE];
    footprint->buffers_bytes = kinds[GCR_PAGES_WORK];
}

/* A contiguous run of root slots; a null slot holds NULL. Collectors update slots in place. */
struct gcr_root_span {
    gcr_ref *start;
    size_t count;
    uint32_t thread; /* whose they are, or GCR_GLOBAL_ROOTS */
};
#define GCR_GLOBAL_ROOTS UINT32_MAX

/* What a design's `forwarded` answers for an object that a minor collection has left in the
 * nursery (a pinned one): the host will ask for it again after the next one. Addresses of objects
 * are even. */
static inline gcr_ref gcr_still_young(gcr_ref object)
{
    return (gcr_ref)((uintptr_t)object | 1);
}

/* The host: what replay offers to a heap. One per heap. Functions are called on the mutator's
 * thread. */
struct gcr_host {
    const struct gcr_shape *shapes; /* by number; valid as long as the heap */
    uint32_t shape_count;
    const struct gcr_capabilities *capabilities; /* of the trace being replayed */
    struct gcr_supply *supply;
    bool
        report_frees; /* verified runs: call `freed` for each object when its memory is reclaimed */

    /* All strong roots, in place: spans of every thread and the global ones. *count spans; they
     * stay valid until the next event. */
    const struct gcr_root_span *(*roots)(struct gcr_host *host, size_t *count);

    /* Moving designs: call in each collection, once for each time that objects have moved, while
     * stubs or forwarding information exist. The host asks gcr_mutator_ops.forwarded for each
     * handle in scope: all of them, or after a minor collection only those allocated since the last
     * call or answered with gcr_still_young then. The replay clock is stopped, unless helper
     * threads run. */
    void (*update_handles)(struct gcr_host *host, struct gcr_heap *heap, bool minor);

    /* Runs the finalizer of an object found unreachable: does nothing, or stores the reference into
     * a global root (resurrection). `cookie` is the one its allocation was given. The object's
     * references must be intact. Called once per object. */
    void (*finalize)(struct gcr_host *host, struct gcr_heap *heap, uint32_t cookie, gcr_ref object);

    /* Verified runs only (report_frees): memory of `object` is about to be reused or given back. */
    void (*freed)(struct gcr_host *host, gcr_ref object);

    void (*collection_begin)(struct gcr_host *host, struct gcr_heap *heap, enum gcr_reason reason,
                             uint32_t generation);
    void (*collection_end)(struct gcr_host *host, struct gcr_heap *heap,
                           const struct gcr_collection *done);
    /* At phase changes: inside collections, and around work that a design does for its collector
     * outside of them (lazy sweeping in an allocation's slow path, ended by GCR_PHASE_MUTATOR).
     * Reads a clock: for blocks of work, never for single objects. */
    void (*phase)(struct gcr_host *host, enum gcr_gc_phase phase);

    /* Holds the replay clock (stopped) and lets it go on (not stopped), around what a comparison
     * must not count: epsilon's touching of fresh pages. Outside collections, not nested. NULL: no
     * clock. */
    void (*stop_clock)(struct gcr_host *host, bool stopped);
};

/* First member of every back end's heap struct. */
struct gcr_heap {
    const struct gcr_collector *collector;
    struct gcr_host *host;
    const struct gcr_shape *shapes; /* == host->shapes */
    struct gcr_supply *supply;      /* == host->supply */
    struct gcr_work work;
    bool report_frees; /* == host->report_frees */
    /* Set by create, if it starts threads that collect while the mutator runs: the replay clock is
     * then not stopped for the harness's own work, and events are decoded a window ahead. While
     * such threads run, the mutator's thread may call footprint, and reads the supply's counters:
     * so pages are taken and given back on the mutator's thread only, as are all calls of the host.
     */
    bool concurrent;
};

/* A new heap's first member. */
static inline struct gcr_heap gcr_heap_begin(const struct gcr_collector *collector,
                                             struct gcr_host *host)
{
    return (struct gcr_heap){.collector = collector,
                             .host = host,
                             .shapes = host->shapes,
                             .supply = host->supply,
                             .report_frees = host->report_frees};
}

/* ---- the hot operations: one constant table per back end, all functions static inline ---- */

/* NULL members (all but alloc, store, copy and load may be) cost nothing: the loop leaves the call
 * out. Objects and slots are never out of range
 * (the loop checks that against the shape when verifying; FORMAT.md makes it the trace's promise).
 */
struct gcr_mutator_ops {
    /* Allocates, then *root = new object (counting designs drop the old value last); returns it.
     * Slots are null and data is zero. A collection that this causes sees *root's old value as a
     * root, and not the new object. `cookie` != 0 only for shapes with a finalizer. `flags`: enum
     * gcr_alloc_flag of traces/event.h. NULL: heap exhausted, *root unchanged. */
    gcr_ref (*alloc)(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                     unsigned flags, uint32_t cookie, gcr_ref *root, bool global_root);
    void (*store)(struct gcr_heap *heap, gcr_ref object, uint32_t slot, gcr_ref value);
    /* n pointer slots; ranges may overlap if dst == src (memmove). */
    void (*copy)(struct gcr_heap *heap, gcr_ref dst, uint32_t dst_slot, gcr_ref src,
                 uint32_t src_slot, uint32_t n);
    /* *root = slot's value. */
    void (*load)(struct gcr_heap *heap, gcr_ref object, uint32_t slot, gcr_ref *root,
                 bool global_root);
    /* Touch data bytes. write puts gcr_pattern_byte(tag, offset + i) into byte offset + i. */
    void (*read)(struct gcr_heap *heap, gcr_ref object, uint32_t offset, uint32_t length);
    void (*write)(struct gcr_heap *heap, gcr_ref object, uint32_t offset, uint32_t length,
                  uint8_t tag);
    /* *root = value. */
    void (*root)(struct gcr_heap *heap, gcr_ref *root, gcr_ref value, bool global_root);
    /* Where an object went; only inside host->update_handles. NULL: dead; the same: not moved;
     * gcr_still_young(the same). */
    gcr_ref (*forwarded)(struct gcr_heap *heap, gcr_ref object);

    void (*death)(struct gcr_heap *heap, gcr_ref object); /* explicit-free alone */
    void (*track)(struct gcr_heap *heap, gcr_ref object);
    void (*untrack)(struct gcr_heap *heap, gcr_ref object);
    void (*recycle)(struct gcr_heap *heap, gcr_ref object);
};

/* The data pattern of an object: what WRITE stores and what verification expects. */
static inline uint8_t gcr_pattern_byte(uint8_t tag, uint64_t offset)
{
    return (uint8_t)(tag + (offset & 0x7f) + 1);
}

/* ---- the rest ---- */

struct gcr_heap_config {
    const struct gcr_option_values *options; /* of the back end's own table, resolved */
    uint64_t budget_bytes;                   /* 0: native sizing; else the supply enforces it too */
};

/* A figure that only this design has: "mark stack peak", "collections of generation 3", "loads per
 * free". Names are lower case, without punctuation, and constant. */
struct gcr_design_figure {
    const char *name;
    const char *unit; /* "objects", "bytes", "collections", "ns" ... */
    double value;
    /* How values of several processes combine, and what a forked child starts with. */
    enum { GCR_DESIGN_SUM, GCR_DESIGN_MAX } combine;
};
enum { GCR_MAX_DESIGN_FIGURES = 64 };

/* Called for every object that has memory and has not been freed, dead or alive; bodies are not
 * objects. Order is the back end's. Return false to stop. */
typedef bool gcr_walk_visitor(void *arg, gcr_ref object);

struct gcr_collector {
    const char *name;                 /* CLI spelling, lower case: "linked-list" */
    const char *summary;              /* one line for `gcreplay list` */
    const char *source;               /* the algorithm's source: authors, title, year or project */
    uint32_t caps;                    /* enum gcr_collector_cap */
    uint32_t generations;             /* how many generations results list; 1 if not generational */
    const struct gcr_option *options; /* ended by a row without name; may be NULL */

    gcr_status (*create)(const struct gcr_heap_config *config, struct gcr_host *host,
                         struct gcr_heap **out, struct gcr_error *err);
    void (*destroy)(struct gcr_heap *heap); /* all pages go back to the supply */

    /* An immortal object that exists before the first event. NULL: no memory. */
    gcr_ref (*prebuilt)(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                        uint32_t cookie);
    /* New item count of a resizable object. May collect: *handle is then brought up to date by
     * host->update_handles, re-read it. Slots and data beyond the old length are zero. False: heap
     * exhausted, nothing changed. */
    bool (*resize)(struct gcr_heap *heap, gcr_ref *handle, uint32_t length);
    /* Sets the hidden target of a weak reference object. False: heap exhausted. */
    bool (*weakref)(struct gcr_heap *heap, gcr_ref weak, gcr_ref target);
    /* An explicit collection of `generation` (>= 2: full; a design without such a generation
     * ignores younger ones). */
    void (*collect)(struct gcr_heap *heap, uint32_t generation, enum gcr_reason reason);
    void (*gc_control)(struct gcr_heap *heap, bool enabled,
                       const uint32_t thresholds[3]);       /* or NULL */
    void (*freeze)(struct gcr_heap *heap);                  /* or NULL */
    void (*unfreeze)(struct gcr_heap *heap);                /* or NULL */
    void (*thread)(struct gcr_heap *heap, uint32_t thread); /* mutator context switch, or NULL */
    void (*before_fork)(struct gcr_heap *heap);             /* or NULL */
    void (*after_fork)(struct gcr_heap *heap, bool child);  /* or NULL */
    /* Concurrent designs: brings the threads to rest, in the middle of whatever they do; from the
     * return of rest(true) until rest(false) none of them touches the heap. Called at the end of a
     * window of events before the clock stops, at a lane's end, and around each look at the heap in
     * verified runs; not a pause of the design's. The heap may be destroyed at rest. NULL in a
     * concurrent design: before_fork and after_fork(false) stand in. */
    void (*rest)(struct gcr_heap *heap, bool resting);

    /* Looking, without side effects (no counts, no barriers). */
    void (*walk)(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg);
    uint32_t (*shape_number)(struct gcr_heap *heap, gcr_ref object);
    uint32_t (*length)(struct gcr_heap *heap, gcr_ref object); /* items */
    gcr_ref (*slot)(struct gcr_heap *heap, gcr_ref object, uint32_t slot);
    /* Address of data byte `offset`, and how many bytes follow contiguously from there. */
    const uint8_t *(*data)(struct gcr_heap *heap, gcr_ref object, uint64_t offset, uint64_t *bytes);
    gcr_ref (*weak_target)(struct gcr_heap *heap, gcr_ref weak);
    void (*footprint)(struct gcr_heap *heap, struct gcr_footprint *out);
    /* The design's own figures, over the heap's whole life, at most GCR_MAX_DESIGN_FIGURES; returns
     * how many. The same names in the same order each time. NULL: none. */
    size_t (*figures)(struct gcr_heap *heap, struct gcr_design_figure *out);
    /* Its own invariants at check level 2 or 3. False: err names the first broken one. */
    bool (*check)(struct gcr_heap *heap, int level, struct gcr_error *err);
};

static inline bool gcr_collector_is(const struct gcr_collector *collector, uint32_t caps)
{
    return (collector->caps & caps) != 0;
}

#endif
