/* buffered-refcount: state and internal interface of the Recycler. Fast paths of the mutator are in
 * buffered_refcount_inline.h.
 *
 * Who touches what. The *mutator's* members are touched on the mutator's thread alone. The
 * *collector's* (struct recycler_collector, every object's count word after birth, the lists and
 * tables) belong to whoever holds the package: from the hand-over until it is taken back, that is
 * the collector's thread; otherwise the mutator's. Both transitions go through one mutex. What is
 * left is atomic: slots, weak targets, `attention`, the blocks' lists of returned slots, and
 * the two sums of freed bytes. The page supply is the mutator's: the collector asks for memory. */
#ifndef GCR_ALLOCATORS_BUFFERED_REFCOUNT_BUFFERED_REFCOUNT_H
#define GCR_ALLOCATORS_BUFFERED_REFCOUNT_BUFFERED_REFCOUNT_H

#include <pthread.h>

#include "allocators/buffered_refcount/list.h"
#include "allocators/buffered_refcount/object.h"
#include "allocators/buffered_refcount/table.h"
#include "allocators/common/blocks.h"
#include "allocators/common/immortals.h"
#include "allocators/common/vector.h"
#include "base/sabotage.h"

/* Tags in the low bits of an entry of a mutation buffer. A finalizer's entry is followed by a word
 * with its cookie. */
enum recycler_tag {
    RECYCLER_INC,
    RECYCLER_DEC,
    RECYCLER_WEAK,      /* a weak reference object: look at its target */
    RECYCLER_FINALIZER, /* an object with a finalizer was born */
    RECYCLER_TAG_MASK = 3
};

enum {
    RECYCLER_AGES = 10,      /* ages at free are counted up to here, the rest in the last */
    RECYCLER_EVENT_WORDS = 8 /* most that one event logs between two looks at the limit */
};

/* ---- the mutator's side ---- */

/* One mutation buffer. Between events top < limit, and RECYCLER_EVENT_WORDS more words have room
 * behind limit. */
struct recycler_log {
    uintptr_t *top, *limit;
    struct recycler_chunk *chunk; /* being filled; NULL: none yet */
    struct recycler_chunk *full;  /* filled since the last boundary, newest first */
    uint32_t chunks;              /* filled since the last boundary */
};

/* A mutator thread of the trace: the source's CPU. */
struct recycler_context {
    struct recycler_log log[2]; /* increments (and decrements, unless there are two) */
    struct gcr_blocks_context blocks;
    uint32_t thread;
    bool ran;                   /* in this epoch */
    struct gcr_vector stack[2]; /* snapshots of its roots, all slots in place */
    struct recycler_context *next;
    /* The package: written at a boundary, then the collector's until it is taken back. */
    struct recycler_chunk *now[2];    /* logged in the epoch that ended */
    struct recycler_chunk *before[2]; /* logged in the one before */
    uint8_t newest;                   /* which snapshot's references are (to be) counted */
    bool fresh;                       /* it was taken at this boundary */
};

/* What the System V ABI for thread-local storage passes to __tls_get_addr. */
struct recycler_tls_index {
    unsigned long module, offset;
};

/* An object whose finalizer is due. */
struct recycler_finalizable {
    uint64_t key; /* order << 32 | cookie */
    gcr_ref object;
};

/* How the barrier finds its context (barrier.h). */
enum recycler_reach {
    RECYCLER_REACH_PARAM,
    RECYCLER_REACH_CACHED,
    RECYCLER_REACH_TLS_IE,
    RECYCLER_REACH_TLS_GD,
    RECYCLER_REACH_GETSPECIFIC
};

/* ---- the collector's side ---- */

/* What happened, over the heap's life. */
struct recycler_stats {
    uint64_t freed_objects;          /* the host's */
    uint64_t freed_blocks;           /* bodies too */
    uint64_t increments, decrements; /* applied, internal ones included */
    uint64_t roots, roots_peak;      /* objects buffered as possible roots */
    uint64_t grayed;                 /* objects coloured gray */
    uint64_t candidates, freed_candidates, failed_delta, failed_sigma, kept_for_finalizers;
    uint64_t chunks_held, chunks_peak; /* of the collector's lists */
    uint64_t queued_finalizers;
    uint64_t age[RECYCLER_AGES];
};

/* Invariants: recycler_check. */
struct recycler_collector {
    struct recycler_context *contexts; /* of this package, linked by next */
    uint32_t epoch;                    /* that ended at the boundary */
    uint32_t cause; /* in which what is now being processed was logged, or found gone */
    bool failed;    /* memory was refused: counts are unreliable, nothing is freed ever again */
    bool remote;    /* another thread than the mutator's is processing */

    struct recycler_list roots;  /* purple objects; odd words: epochs, see recycler_mark_cause */
    struct recycler_list cycles; /* candidates: (epoch of its cause << 1 | 1), members */
    struct recycler_list stack, second_stack, release_stack; /* empty between walks */
    struct recycler_list dead;  /* freed objects whose report is due (verified runs) */
    struct recycler_list queue; /* pairs: order and cookie, object to finalize */
    uint32_t roots_cause;       /* that the last epoch word in `roots` named; 0: none */
    struct recycler_table more_rc, more_crc; /* object -> what does not fit its 13 bits */
    struct recycler_table finalizers;        /* object -> order << 32 | cookie */
    struct recycler_table weak_targets;      /* weak reference -> its target */
    struct recycler_table weak_refs;         /* target -> weak reference, several */
    uint32_t finalizer_order;
    uint32_t epochs_without_cycles;
    struct recycler_chunk *reserve; /* chunks for lists */
    uint32_t reserve_count;
    struct recycler_chunk *used_up;               /* mutation chunks for the mutator */
    uint64_t freed_own_bytes, freed_header_bytes; /* atomic: the mutator looks */
    struct recycler_stats stats;
};

/* The package's way between the threads, and the collector's requests for memory. */
enum recycler_hand_state { RECYCLER_DONE, RECYCLER_WORK };
struct recycler_request {
    bool posted, done;
    enum gcr_page_kind kind;
    void *start; /* to give back; or the answer */
    size_t bytes;
};
struct recycler_hand {
    pthread_mutex_t lock;
    pthread_cond_t to_collector, to_mutator;
    pthread_t thread;
    uint32_t pause; /* atomic: the collector shall stand still where it is */
    bool started, stop;
    bool still; /* it does, or waits for an answer */
    enum recycler_hand_state state;
    struct recycler_request request;
};

struct gcr_recycler {
    struct gcr_heap heap;
    struct gcr_layouts layouts;
    struct recycler_context *context; /* current */
    uint32_t attention;               /* atomic: the next safepoint has something to do */
    uint8_t reach;                    /* enum recycler_reach */
    bool two_buffers, logs_stacks;

    /* options */
    bool threaded, synchronous, green, reuses_stacks, cancels_stacks;
    uint32_t chunk_bytes, chunk_entries, epoch_chunks, pool_chunks, fraction, force_epochs;
    uint32_t sweep_chunks, collect_chunks, collect_below;
    uint64_t floor_bytes, budget_bytes;

    /* the mutator's */
    struct gcr_blocks blocks;
    struct gcr_immortals immortals;
    struct recycler_context *contexts; /* newest first */
    struct gcr_vector by_thread;       /* struct recycler_context *; NULL: has not run */
    char *context_room, *context_end;  /* of the last page for contexts */
    struct gcr_vector context_pages;
    struct recycler_context *cached; /* RECYCLER_REACH_CACHED: looked up since the last call */
    struct recycler_tls_index tls;
    pthread_key_t key;
    bool has_key;
    struct recycler_chunk *chunks; /* free ones of the pool */
    struct recycler_chunk *sink;   /* what a heap that has failed logs into */
    uint32_t pool_count, pool_free, context_count;
    uint32_t epoch; /* being replayed; from 1 */
    bool exhausted; /* the heap has failed for want of memory, for good */
    bool epoch_due, in_flight, delivering, quiescing;
    uint32_t pauses_open;
    enum gcr_reason pause_reason;
    uint64_t pause_freed, pause_bytes;      /* when it began */
    uint64_t boundary_bytes, trigger_bytes; /* allocated at the last boundary; allowed since */
    uint64_t extra_own_bytes; /* of the program's: prebuilt ones and what RESIZE added */
    uint64_t header_bytes;    /* ever allocated */
    uint64_t logged_words;
    struct gcr_vector batch; /* struct recycler_finalizable: being delivered */
    size_t batch_done;
    uint64_t born;          /* objects and bodies */
    uint64_t cut_own_bytes; /* of the program's, that RESIZE took off */
    uint32_t quiet_epoch;   /* that began when the heap had come to rest; 0: never */
    gcr_ref unborn;         /* a body that no object refers to yet */
    /* figures */
    uint64_t epochs, waits, rounds_peak, stack_slots_peak, context_slots_peak, pool_peak;
    uint64_t finalizer_generations;

    struct recycler_stats seen; /* the collector's, as of the last package that came back */
    uint64_t overflow_peak;

    struct recycler_collector collector;
    struct recycler_hand hand;
};

static inline struct gcr_recycler *recycler_of(struct gcr_heap *heap)
{
    return (struct gcr_recycler *)heap;
}

extern const struct gcr_collector gcr_collector_buffered_refcount;

/* ---- log.c: mutation buffers ---- */

/* The first context, and the first chunks of the pool. */
bool recycler_logs_create(struct gcr_recycler *h) GCR_MUST_USE;
void recycler_logs_destroy(struct gcr_recycler *h);
/* Makes the current context's logs writable if a boundary has taken their chunks. Waits for the
 * collector if the pool is used up. Without any chunk the heap has failed, and what is logged is
 * lost. */
void recycler_logs_refill(struct gcr_recycler *h);
/* A log has reached its limit. A safepoint. */
void recycler_log_full(struct gcr_recycler *h);
/* At a boundary: what was logged becomes part of the package. */
void recycler_logs_swap(struct gcr_recycler *h, struct recycler_context *context);
/* The context of a thread, made if need be; NULL: no memory. */
struct recycler_context *recycler_context_of_thread(struct gcr_recycler *h, uint32_t thread);
/* Unused chunks of the pool and of the reserve go back to the supply. */
void recycler_chunks_trim(struct gcr_recycler *h);

/* ---- epoch.c: boundaries, safepoints, waiting ---- */

/* Takes finished packages back, delivers reports, ends an epoch if one is due. */
void recycler_safepoint(struct gcr_recycler *h);
/* One more look at whether an epoch is due, before memory is handed out. A safepoint if so. */
void recycler_test_trigger(struct gcr_recycler *h);
/* Ends the epoch; no package may be in flight. */
void recycler_boundary(struct gcr_recycler *h);
/* Waits until no package is in flight, and takes it back; delivers nothing. */
void recycler_settle(struct gcr_recycler *h);
/* Boundaries back to back until nothing is left to do. */
void recycler_quiesce(struct gcr_recycler *h, enum gcr_reason reason);
/* After a refusal: waits for the collector until `again` succeeds, and then collects fully. False:
 * it never did. */
bool recycler_find_memory(struct gcr_recycler *h, bool (*again)(struct gcr_recycler *h, void *arg),
                          void *arg);
void recycler_pause_begin(struct gcr_recycler *h, enum gcr_reason reason);
void recycler_pause_end(struct gcr_recycler *h, bool full);
void recycler_fail(struct gcr_recycler *h);
/* Sums what is pending; whether the heap is at rest. No package in flight. */
bool recycler_is_quiet(const struct gcr_recycler *h);

/* ---- deliver.c: what the collector has found, told to the host ---- */

void recycler_deliver(struct gcr_recycler *h);

/* ---- hand.c: the two threads ---- */

bool recycler_hand_create(struct gcr_recycler *h) GCR_MUST_USE;
void recycler_hand_destroy(struct gcr_recycler *h);
void recycler_hand_start(struct gcr_recycler *h);
/* Joins the thread; no package may be in flight. */
void recycler_hand_stop(struct gcr_recycler *h);
/* Processes the package, here or on the other thread. */
void recycler_hand_over(struct gcr_recycler *h);
/* Answers requests; true if no package is being processed (any more). `wait`: until none is. */
bool recycler_hand_back(struct gcr_recycler *h, bool wait);
/* The seam's rest: the collector stands still in the middle of whatever it does. */
void recycler_rest(struct gcr_heap *heap, bool resting);
/* Stands still until the mutator says otherwise. On the collector's thread. */
void recycler_hand_stand(struct gcr_recycler *h);
/* Memory for whoever holds the package. NULL: refused, and the collector has failed. */
void *recycler_memory_map(struct gcr_recycler *h, enum gcr_page_kind kind, size_t bytes);
void recycler_memory_unmap(struct gcr_recycler *h, enum gcr_page_kind kind, void *start,
                           size_t bytes);

/* ---- alloc.c ---- */

gcr_ref recycler_alloc_slow(struct gcr_recycler *h, const struct gcr_shape *shape, uint32_t length,
                            uint32_t cookie, gcr_ref *root, bool global_root);
gcr_ref recycler_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                          uint32_t cookie);
bool recycler_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length);
bool recycler_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target);

/* ---- count.c: one package ---- */

void recycler_process(struct gcr_recycler *h);
/* RC -= 1 and what follows from it. */
void recycler_decrement(struct gcr_recycler *h, gcr_ref object);
/* RC is 0: the object's referents lose a reference each, and so on; frees. */
void recycler_release(struct gcr_recycler *h, gcr_ref object);
/* Purple, and in the root buffer. */
void recycler_possible_root(struct gcr_recycler *h, gcr_ref object);
/* Its memory, overflow entries and weak references. RC may be anything. */
void recycler_free(struct gcr_recycler *h, gcr_ref object);
/* If it has a finalizer that has not run: gives it the queue's reference and queues it. */
bool recycler_queue_finalizer(struct gcr_recycler *h, gcr_ref object);

/* ---- trace.c, cycles_sync.c, cycles_async.c ---- */

/* The root buffer without what is not purple; frees released objects. */
void recycler_sweep_roots(struct gcr_recycler *h);
void recycler_collect_sync(struct gcr_recycler *h);
/* Frees or puts back the candidates of the epoch before. */
void recycler_free_cycles(struct gcr_recycler *h);
void recycler_find_cycles(struct gcr_recycler *h);

/* ---- weak.c ---- */

void recycler_weak_register(struct gcr_recycler *h, gcr_ref weak);
/* Either may have nothing registered. */
void recycler_weak_target_dies(struct gcr_recycler *h, gcr_ref target);
void recycler_weak_dies(struct gcr_recycler *h, gcr_ref weak);

/* ---- figures.c ---- */

size_t recycler_figures(struct gcr_heap *heap, struct gcr_design_figure *out);

/* ---- check.c ---- */

bool recycler_check(struct gcr_heap *heap, int level, struct gcr_error *err);

/* Every walk of the collector passes here once an object. */
static inline void recycler_breathe(struct gcr_recycler *h)
{
    if (GCR_UNLIKELY(GCR_LOAD_RELAXED(&h->hand.pause) != 0) && h->collector.remote)
        recycler_hand_stand(h);
}

/* Tells the host, where its thread is the one at work. */
static inline void recycler_phase(struct gcr_recycler *h, enum gcr_gc_phase phase)
{
    if (!h->collector.remote && h->pauses_open != 0)
        h->heap.host->phase(h->heap.host, phase);
}

/* A word that names an epoch instead of an object. */
static inline bool recycler_is_epoch(uintptr_t word)
{
    return (word & 1) != 0;
}

/* A referent of an object that is being walked; NULL: null or immortal. */
static inline gcr_ref recycler_referent(gcr_ref *slot)
{
    gcr_ref object = GCR_LOAD_ACQUIRE(slot);
    return object != NULL && !recycler_is_immortal(object) ? object : NULL;
}

#endif
