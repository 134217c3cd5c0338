/* The verifier's own state, shared by its files: verify.c (the checker interface), inspect.c (one
 * object of the heap against its node), compare.c (the complete comparison), digest.c,
 * checkpoint.c. */
#ifndef GCR_SIM_ORACLE_VERIFY_H
#define GCR_SIM_ORACLE_VERIFY_H

#include "sim/measure/growable.h"
#include "sim/oracle/address_map.h"
#include "sim/oracle/reach.h"
#include "sim/oracle/rules.h"
#include "sim/oracle/shadow.h"
#include "sim/replay/checker.h"

struct gcr_verify {
    struct gcr_checker checker; /* first: what replay/ holds */
    const struct gcr_replay_view *view;
    enum gcr_verify_mode mode;
    struct gcr_shadow *shadow;
    struct gcr_rules rules;
    struct gcr_reach reach;
    struct gcr_oracle_map map; /* non-moving designs: every object with memory -> node */

    bool moving;
    bool frees;       /* the design ever reclaims an object */
    bool resurrected; /* a finalizer stored its object: exact checks are set aside from then on */
    bool frozen;      /* FREEZE without UNFREEZE, in a design that heeds it */
    bool full_collection; /* one happened since the last comparison's event */
    bool finished;

    uint64_t window_start;              /* number of the window's first event */
    uint64_t number;                    /* of the current event */
    uint64_t events_since;              /* the last comparison */
    uint64_t old_slots, old_data_bytes; /* of the object that the current event resizes; else 0 */
    gcr_ref *places;                    /* by node, of the reachable: during a comparison */
    uint32_t place_room;
    struct gcr_shadow_list freed; /* nodes, in this window */
    uint32_t *finalized_now;      /* nodes whose finalizer ran during the current event */
    size_t finalized_count, finalized_room;
    struct gcr_growable checkpoint_memory; /* struct gcr_checkpoint */
    size_t checkpoint_count;
    uint64_t checkpoint_last; /* events that were over then */
    uint64_t checkpoint_next; /* events that will be over when the next one may be due */
    uint64_t freed_set;       /* digest of what was freed since the last collection's end */
    struct gcr_error fault;   /* found in a report, returned by after() */
    bool has_fault;
    bool no_memory;
    uint64_t comparisons;
};

/* Number of the event that led to a state of the window. */
static inline uint64_t gcr_verify_event_of(const struct gcr_verify *v, uint32_t state)
{
    return v->window_start + state - 2;
}

/* GCR_FAULT or GCR_INVALID_TRACE with "lane L, event N: " before the text. */
gcr_status gcr_verify_fail(const struct gcr_verify *v, gcr_status code, struct gcr_error *err,
                           const char *format, ...) GCR_PRINTF(4, 5);

/* Root slots to look at: those that the shadow graph knows, and, in its chunks, those that the heap
 * alone has, which should be null. */
static inline uint32_t gcr_verify_root_end(const struct gcr_verify *v,
                                           const struct gcr_shadow_roots *roots, uint32_t thread,
                                           bool global)
{
    uint32_t held = v->view->root_count(v->view, thread, global);
    uint32_t room = gcr_shadow_roots_room(roots);

    if (held > room)
        held = room;
    return held > roots->end ? held : roots->end;
}

/* ---- inspect.c ---- */

/* A new object, or the new items of a resized one: right shape and length, slots null, data zero
 * from old_slots and old_data_bytes on. Then stamps its data with its pattern. */
gcr_status gcr_inspect_fresh(struct gcr_verify *v, uint32_t node, struct gcr_error *err);
/* Everything about one reachable object: handle, shape, length, slots, weak target, data. */
gcr_status gcr_inspect_object(struct gcr_verify *v, uint32_t node, struct gcr_error *err);
/* Whether the same is quickly seen to be right. False: ask gcr_inspect_object. Needs v->places. */
bool gcr_inspect_quickly(const struct gcr_verify *v, uint32_t node);
/* In v->places: the object has no handle any more. */
#define GCR_INSPECT_NO_HANDLE ((gcr_ref)UINTPTR_MAX)
/* Whether the object can be looked up by its index: DEATH takes its handle away. */
static inline bool gcr_inspect_has_handle(const struct gcr_verify *v, uint32_t node)
{
    return !(v->shadow->nodes[node].flags & GCR_NODE_DEATHED);
}

/* ---- compare.c ---- */

/* The complete comparison; starts a new window. O(nodes + edges + data). */
gcr_status gcr_compare(struct gcr_verify *v, struct gcr_error *err);

/* ---- checkpoint.c ---- */

/* After an event: takes a digest if a checkpoint is due. */
gcr_status gcr_checkpoint_after(struct gcr_verify *v, const struct gcr_event *event,
                                struct gcr_error *err);
/* The lane is over: its checkpoints become the result's. */
gcr_status gcr_checkpoint_hand_over(struct gcr_verify *v, struct gcr_lane_result *out,
                                    struct gcr_error *err);
/* A forked lane begins. */
void gcr_checkpoint_restart(struct gcr_verify *v);
/* The heap has freed that node's object. */
void gcr_checkpoint_freed(struct gcr_verify *v, uint32_t node);

/* ---- digest.c ---- */

/* Digest of the graph that the heap itself holds. GCR_NO_MEMORY. O(reachable objects). */
gcr_status gcr_digest_heap(struct gcr_verify *v, uint64_t *digest, struct gcr_error *err);

#endif
