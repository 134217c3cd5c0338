/* parallel-mark-sweep: state and internal interface. The mutator's fast paths are in
 * parallel_mark_sweep_inline.h. */
#ifndef GCR_ALLOCATORS_PARALLEL_MARK_SWEEP_PARALLEL_MARK_SWEEP_H
#define GCR_ALLOCATORS_PARALLEL_MARK_SWEEP_PARALLEL_MARK_SWEEP_H

#include <pthread.h>

#include "allocators/collector.h"
#include "allocators/common/blocks.h"
#include "allocators/common/finalizer_list.h"
#include "allocators/common/immortals.h"
#include "allocators/common/layout_ops.h"
#include "allocators/common/mark_stack.h"
#include "allocators/common/weak_list.h"

enum {
    PMS_MAX_WORKERS = 64,
    PMS_DEFAULT_MAX_WORKERS = 8,
    PMS_MAX_CONTEXTS = 65536, /* threads beyond share contexts */
    PMS_MAX_PREFETCH = 64
};

enum pms_mark { PMS_MARK_ATOMIC, PMS_MARK_PLAIN };
enum pms_sweep { PMS_SWEEP_LAZY, PMS_SWEEP_EAGER };
enum pms_share { PMS_SHARE_HUNGRY, PMS_SHARE_FULL };

/* Published work: references to scan, or a range of one big array's slots. */
struct pms_packet {
    struct pms_packet *next;
    gcr_ref object;     /* a range of this one's slots; NULL: references */
    uint64_t from, end; /* slots; references: who published them, and how many */
    gcr_ref entry[];
};

/* Packets come from here. All under team.lock. */
struct pms_pool {
    char *start;
    size_t reserved_bytes, committed_bytes, used_bytes, packet_bytes;
    uint64_t limit_bytes; /* of committed_bytes, for the present collection */
    struct pms_packet *spare;
    uint64_t in_use, peak_in_use; /* packets */
};

/* What marking counts, and the life's counters of a design's own figures. */
struct pms_counters {
    uint64_t published, taken,
        taken_elsewhere; /* packets; by another worker than the publisher's */
    uint64_t ranges;     /* of big arrays */
    uint64_t spilled;    /* references to the own stack: no packet left */
};

/* One worker, on pages of its own, with its local buffer behind it. */
struct pms_worker {
    struct gcr_parallel_mark_sweep *h;
    gcr_ref *bottom, *top, *end; /* local buffer: twice a packet's references */
    gcr_ref ring[PMS_MAX_PREFETCH];
    uint32_t ring_at, waiting;
    gcr_ref range_object; /* NULL: no range taken */
    uint64_t range_from, range_end;
    struct gcr_mark_stack own; /* when there are no packets */

    uint64_t objects, object_bytes, header_bytes,
        marked;       /* this collection's; marked: bodies too */
    uint64_t stop_at; /* leave the drain when so many were marked */
    struct gcr_blocks_tally swept;
    struct pms_counters counters;

    pthread_t thread; /* workers other than 0 */
    void *stack;      /* of the thread */
    uint32_t index;
    uint64_t round; /* of the team, when the thread was created */
};

enum pms_job { PMS_JOB_CLEAR, PMS_JOB_MARK, PMS_JOB_SWAP, PMS_JOB_BUILD, PMS_JOB_LEAVE };

/* The workers. Fields below `lock` are under it, but `outstanding`, `hungry` and the cursors, which
 * are atomic. */
struct pms_team {
    struct pms_worker *worker[PMS_MAX_WORKERS];
    uint32_t wanted, count; /* count: those that exist now, the mutator's thread included */
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    enum pms_job job;
    uint64_t round;
    uint32_t busy;

    struct pms_packet *published;
    pthread_cond_t packets;
    uint32_t waiting;    /* workers that wait for packets */
    int64_t outstanding; /* packets published + workers that hold work; 0: marking is finished */
    uint32_t hungry;     /* == waiting, to be read without the lock */
    uint64_t next_block, next_root; /* cursors */
    const struct gcr_root_span *roots;
    size_t root_spans;
    bool prebuilt_wait; /* worker 0 is to scan the prebuilt objects */
    bool refused;       /* atomic: no memory for work */
};

/* What the objects add up to: recomputed by each collection, adjusted by the slow paths. */
struct pms_tally {
    uint64_t objects, object_bytes, header_bytes;
    uint64_t marked_objects, marked_bytes; /* gcr_work's at the last recomputation */
};

/* Invariants (pms_check): those of blocks.h; every reference leads to an allocated object or to a
 * prebuilt one; between collections no packet is in use and all that were published have been
 * taken; right after a collection the alloc arrays are the reachable set (level 3). */
struct gcr_parallel_mark_sweep {
    struct gcr_heap heap;
    struct gcr_layouts layouts;
    struct gcr_blocks_context *context; /* the current thread's */
    struct gcr_blocks blocks;

    struct gcr_blocks_context *contexts; /* by thread number, modulo PMS_MAX_CONTEXTS */
    uint32_t context_count;              /* committed and in use */
    size_t contexts_bytes;               /* committed */
    struct gcr_immortals immortals;
    struct gcr_finalizer_list finalizers;
    struct gcr_weak_list weak;
    struct pms_team team;
    struct pms_pool pool;

    /* options */
    enum pms_mark mark;
    enum pms_sweep sweep;
    enum pms_share share;
    uint32_t packet_entries, prefetch, give_back_after;
    uint64_t range_slots, floor_bytes, budget_bytes;
    double factor;

    uint64_t limit_bytes; /* of blocks and runs in use, until the next collection */
    struct pms_tally tally;
    gcr_ref pending;         /* a body whose owner is being allocated: a root meanwhile */
    bool out_of_work_memory; /* a collection could not be completed: heap exhausted */
    bool swept_now;          /* by the last collection, at once (eager, or an emergency) */
    struct pms_counters life;
    uint64_t collections;
    uint64_t empty_blocks, lazy_blocks, eager_blocks, given_up, peak_stack_entries;
};
GCR_ASSERT_LAYOUT_HEAP(struct gcr_parallel_mark_sweep);

static inline struct gcr_parallel_mark_sweep *pms_of(struct gcr_heap *heap)
{
    return (struct gcr_parallel_mark_sweep *)heap;
}

/* Shapes that the inline path leaves to the slow one. */
enum {
    PMS_SPECIAL =
        GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER | GCR_SHAPE_WEAK | GCR_SHAPE_RESIZABLE
};

extern const struct gcr_collector gcr_collector_parallel_mark_sweep;

/* ---- allocate.c ---- */

/* Whole allocation of any shape, collecting if need be. NULL: exhausted, *root unchanged. */
gcr_ref pms_alloc_slow(struct gcr_parallel_mark_sweep *h, const struct gcr_shape *shape,
                       uint32_t length, uint32_t cookie, gcr_ref *root);
gcr_ref pms_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                     uint32_t cookie);
bool pms_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length);
void pms_thread(struct gcr_heap *heap, uint32_t thread);

/* ---- collect.c ---- */

/* One full collection. False: no work memory; nothing was freed, and the heap is exhausted. */
bool pms_collect(struct gcr_parallel_mark_sweep *h, enum gcr_reason reason);
/* Sets the limit that the next collection waits for. */
void pms_set_limit(struct gcr_parallel_mark_sweep *h);

/* ---- mark.c ---- */

/* One worker's part in marking: its share of the roots, then packets until all are done. */
void pms_mark_part(struct pms_worker *worker);
/* Marks a reference and keeps it for scanning. */
void pms_mark_reference(struct pms_worker *worker, gcr_ref object);
/* Scans what this worker holds, and packets, alone, until nothing is left or `objects` more have
 * been marked. True: nothing is left. */
bool pms_drain_alone(struct pms_worker *worker, uint64_t objects);

/* ---- packets.c ---- */

void pms_pool_init(struct gcr_parallel_mark_sweep *h);
void pms_pool_finish(struct gcr_parallel_mark_sweep *h);
/* Between collections: gives back all but a little. */
void pms_pool_trim(struct gcr_parallel_mark_sweep *h);
/* Makes room in a full local buffer: publishes its older half, or moves it to the own stack. */
void pms_spill(struct pms_worker *worker);
/* Publishes the older half of a local buffer, for workers that wait. */
void pms_share(struct pms_worker *worker);
/* Publishes a big array's slots as a range. False: no packet left. */
bool pms_publish_range(struct pms_worker *worker, gcr_ref object, uint64_t slots);
/* References from the own stack into the empty local buffer. False: there are none. */
bool pms_unspill(struct pms_worker *worker);
/* The local buffer has run dry: gives up the hold, and waits for a packet. False: marking is
 * finished. */
bool pms_next_packet(struct pms_worker *worker);
/* The same without waiting or counting, for one worker alone. */
bool pms_take_packet(struct pms_worker *worker);

/* ---- team.c ---- */

/* Creates what is missing of the workers, as many as memory allows. No job may run. */
void pms_team_assemble(struct gcr_parallel_mark_sweep *h);
/* All workers do the job, or worker 0 alone; returns when it is done. */
void pms_team_run(struct gcr_parallel_mark_sweep *h, enum pms_job job, bool alone);
/* Threads end and their memory goes back; worker 0 stays. */
void pms_team_dismiss(struct gcr_parallel_mark_sweep *h);
/* Locks, and worker 0. False: no memory for it. */
bool pms_team_init(struct gcr_parallel_mark_sweep *h) GCR_MUST_USE;
void pms_team_finish(struct gcr_parallel_mark_sweep *h);

/* ---- check.c ---- */

bool pms_check(struct gcr_heap *heap, int level, struct gcr_error *err);
/* All that the roots, prebuilt objects and waiting finalizers reach is allocated, and (`exact`:
 * right after a collection) nothing else. O(heap), in the harness's memory. */
bool pms_check_reachable(struct gcr_parallel_mark_sweep *h, bool exact, struct gcr_error *err);

#endif
