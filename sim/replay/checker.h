/* The interface through which a replay is verified. replay/ knows nothing else of the oracle, which
 * implements it (oracle/verify.c).
 *
 * Order for one event: before() judges the operands; the heap carries the event out, reporting
 * frees, dead handles and collections as they happen; after() brings the shadow graph up to date,
 * judges what was freed, and compares. The first call that does not return GCR_OK ends the lane:
 * GCR_INVALID_TRACE or GCR_FAULT, with the message in err.
 *
 * What is done for one event is on the replay clock: stopping it would cost more than the work. */
#ifndef GCR_SIM_REPLAY_CHECKER_H
#define GCR_SIM_REPLAY_CHECKER_H

#include "allocators/collector.h"
#include "sim/measure/result.h"
#include "sim/replay/handles.h"
#include "traces/event.h"
#include "traces/reader.h"

/* What the checker may look at. Owned by the replay, valid for the whole lane. */
struct gcr_replay_view {
    struct gcr_heap *heap;
    const struct gcr_collector *collector;
    const struct gcr_mutator_ops *mutator; /* for stamping data; no inlining needed */
    const struct gcr_shape *shapes;
    uint32_t shape_count;
    /* Current address of the object with that index, NULL if dead or never allocated. */
    gcr_ref (*handle)(const struct gcr_replay_view *view, uint32_t index);
    /* Current value of a root; NULL if the slot does not exist. `thread` is ignored for global
     * ones. */
    gcr_ref (*root)(const struct gcr_replay_view *view, uint32_t thread, uint32_t root);
    /* How many root slots the thread, or the lane (global), has. */
    uint32_t (*root_count)(const struct gcr_replay_view *view, uint32_t thread, bool global);
    /* While the caller looks at the whole heap, the replay clock is held and helper threads rest
     * (true), then both go on (false); these nest. */
    void (*rest)(const struct gcr_replay_view *view, bool resting);
    void *replay;
    /* Where handle() looks, and where slots of the current thread [0] and global ones [1] begin:
     * for those who ask often. */
    const struct gcr_handles *handles;
    gcr_ref *const *root_base;
    uint64_t trace_events; /* of all lanes */
    uint32_t lane;         /* being replayed, for messages; a forked child sets it to its own */
};

/* As view->handle. */
static inline gcr_ref gcr_view_handle(const struct gcr_replay_view *view, uint32_t index)
{
    gcr_ref handle = index < view->handles->limit ? view->handles->table[index] : NULL;

    return gcr_handle_is_object(handle) ? handle : NULL;
}

/* As view->root of the current thread; the root exists. */
static inline gcr_ref gcr_view_current_root(const struct gcr_replay_view *view, uint32_t root)
{
    return view->root_base[root & 1][root >> 1];
}

/* Where the handle lies, to be fetched into the cache; never to be read through. */
static inline const void *gcr_view_handle_place(const struct gcr_replay_view *view, uint32_t index)
{
    return index < view->handles->limit ? &view->handles->table[index] : NULL;
}

/* The tag of an object's data pattern (gcr_pattern_byte): what the loop hands to every WRITE and
 * what the checker stamps at ALLOC and RESIZE, so that data of a verified run is one pattern
 * throughout. */
static inline uint8_t gcr_tag_of(uint32_t index)
{
    return (uint8_t)(index * 37 + 11);
}

struct gcr_checker {
    gcr_status (*before)(struct gcr_checker *checker, const struct gcr_event *event,
                         uint64_t number, struct gcr_error *err);
    gcr_status (*after)(struct gcr_checker *checker, const struct gcr_event *event, uint64_t number,
                        struct gcr_error *err);
    /* Reports during an event; they are judged in after(). DEATH makes the handle of its object
     * null: what becomes of that object later is reported by freed alone, never by handle_dead. */
    void (*freed)(struct gcr_checker *checker, gcr_ref object);       /* non-moving designs */
    void (*handle_dead)(struct gcr_checker *checker, uint32_t index); /* moving designs */
    void (*handle_moved)(struct gcr_checker *checker, uint32_t index, gcr_ref from, gcr_ref to);
    /* Returns a digest of the objects freed since the last one, or 0 if it does not know them. */
    uint64_t (*collected)(struct gcr_checker *checker, const struct gcr_collection *done);
    /* index: the object's own when it was allocated (by now the trace may have reused it); serial:
     * the how-manieth object of a finalizer shape it was, from 1. global_root: operand b of its
     * RESURRECT event, as in the event; 0xffffffff: none. */
    void (*finalized)(struct gcr_checker *checker, gcr_ref object, uint32_t index, uint32_t serial,
                      uint32_t global_root);
    /* Last comparison, at the lane's end (after a final collection if there was one): fills
     * verified, comparisons, graph_digest, checkpoints, has_resurrected, live_end_*,
     * live_peak_bytes of the result. */
    gcr_status (*finish)(struct gcr_checker *checker, struct gcr_lane_result *out,
                         struct gcr_error *err);
    void (*destroy)(struct gcr_checker *checker);
};

/* Makes a checker for a lane that starts with an empty heap. A forked child's lane goes on with its
 * copy of the parent's checker. */
typedef gcr_status gcr_checker_factory(const struct gcr_replay_view *view,
                                       enum gcr_verify_mode mode, struct gcr_checker **out,
                                       struct gcr_error *err);

#endif
