/* The shared memory between `gcreplay record` and the recorded processes.
 *
 * `gcreplay record` creates one segment before it starts the program; the preload library maps it
 * and every forked process inherits it. Each recorded process owns one lane ring: it alone appends
 * events to it; `gcreplay record` alone takes them out, encodes them and writes the file. So the
 * program opens no file, and whatever ends a process (os._exit, a signal, kill -9) loses nothing
 * that its ring already holds.
 *
 * A ring's three positions, counted in events since the lane's start, never decrease:
 *     drained <= committed <= head,   head - drained <= events of the ring
 * Events below `committed` are final. Those above may still be patched by their process (an
 * allocation whose type is not known yet); they are valid as they stand, only less exact.
 * An event with op NONE is a hole and is left out of the file.
 * A ring grows, by its process alone, when it is full of events that are not final: all that is has
 * been drained then, so nobody reads what is moved.
 *
 * Rings belong to trace groups. A group is one trace file: it has lanes, shapes and metadata of its
 * own. Lane 0 of a group is that of the process that began it; forks of its processes get the next
 * lanes. A process that begins another group goes on there, as its lane 0. */
#ifndef GCR_WORKLOADS_CPYTHON_SEGMENT_H
#define GCR_WORKLOADS_CPYTHON_SEGMENT_H

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "traces/shape.h"
#include "workloads/cpython/ring_event.h"

/* The environment of a program to record. The library removes both as soon as it has read them,
 * unless executed programs are followed. The segment's is a path. */
#define GCR_SEGMENT_VARIABLE "GCREPLAY_RECORD_SEGMENT"
#define GCR_PRELOAD_VARIABLE "GCREPLAY_RECORD_PRELOAD" /* LD_PRELOAD as it was before */

enum {
    GCR_RING_EVENTS = 1 << 20,       /* at most; a power of two */
    GCR_RING_EVENTS_LEAST = 1 << 18, /* at first: the fewer pages, the fewer are out of cache */
    GCR_RINGS = 192,                 /* processes recorded at one time */
    GCR_SEGMENT_SHAPES = 1 << 16,
    GCR_SEGMENT_NAMES = 1 << 12, /* of phases */
    GCR_SEGMENT_NAME_BYTES = 128,
    GCR_GROUPS = 1 << 16, /* trace files in one recording */
    GCR_COMMAND_BYTES = 4000,
    GCR_SEGMENT_MAGIC = 0x67637234,
    GCR_REASON_BYTES = 160
};
#define GCR_GROUP_NONE UINT32_MAX
#define GCR_SEGMENT_NAME "gcreplay" /* of its mapping, as /proc/PID/maps shows it */

enum gcr_ring_state {
    GCR_RING_FREE = 0,
    GCR_RING_RESERVED, /* a fork is under way; the child will own it */
    GCR_RING_RUNNING,
    GCR_RING_STOPPED /* its process will append no more */
};

/* What a recording missed in one process, or did beside recording. Summed over lanes in the meta.
 */
struct gcr_recorder_counts {
    uint64_t allocations; /* blocks seen */
    uint64_t containers;  /* of those, with a GC head */
    uint64_t deaths;
    uint64_t snapshots, snapshot_objects;
    uint64_t collections; /* that the recorded runtime ran */
    uint64_t free_list_births;
    uint64_t resurrected;
    uint64_t finalized;                         /* finalizers that ran */
    uint64_t restated_objects, restated_events; /* that the lane begins with, see restate.h */
    /* losses */
    uint64_t unseen_collections; /* no snapshot was taken before them */
    uint64_t unseen_rebirths;    /* objects that died and came back between two hook calls */
    uint64_t
        unplaced_references; /* found by traversal, no slot to hold them; their target is rooted */
    uint64_t forced_drops;   /* stale edges dropped because counts said so */
    uint64_t
        count_drift; /* objects made up to keep the replay's trigger count equal to CPython's */
    uint64_t late_insertions; /* a root that came too late to be put before its collection */
    uint64_t revived; /* the trace had lost them as garbage: a new object took their place */
    uint64_t unmapped_blocks; /* no memory to note them */
    uint64_t lost_lanes;      /* forks without a free ring */
    /* page sampling, see sampler.h */
    uint64_t samplings;
    uint64_t pages_written;   /* in all samplings together */
    uint64_t pages_explained; /* of those, by recorded events */
    uint64_t pages_read;      /* of those, by a READ */
    uint64_t pages_unread;    /* of those, without an object to read */
    uint64_t pages_discarded; /* written around collections */
    uint64_t unsampled_processes;
};

struct gcr_ring {
    _Atomic uint32_t state; /* enum gcr_ring_state */
    _Atomic uint32_t group; /* written after lane, pid and parent; GCR_GROUP_NONE until then */
    uint32_t lane;
    int32_t pid;
    int32_t parent;           /* lane, -1: none */
    _Atomic uint32_t silent;  /* its events are for nobody: the process waits (window.h) */
    _Atomic uint32_t is_full; /* its file is: the process should go on in another */
    _Atomic uint64_t head;
    /* Events from here on are being moved (channel_insert): should the process end now, they are
     * not whole. UINT64_MAX otherwise. */
    _Atomic uint64_t torn;
    _Atomic uint64_t mask; /* events that it has room for, less one: valid up to `committed` */
    _Alignas(64) _Atomic uint64_t committed;
    _Alignas(64) _Atomic uint64_t drained;
    _Alignas(64) struct gcr_recorder_counts counts;
    char stop_reason[GCR_REASON_BYTES]; /* why recording stopped before the program did; "" if it
                                           did not */
    _Alignas(4096) struct ring_event events[GCR_RING_EVENTS];
};

/* Why a process is not recorded. */
enum gcr_refusal {
    GCR_REFUSED_NOT = 0,
    GCR_REFUSED_VERSION,   /* CPython, but not 3.11 */
    GCR_REFUSED_ALLOCATOR, /* PYTHONMALLOC or -X dev replaced the allocators */
    GCR_REFUSED_MEMORY,    /* no address space for the recorder's tables */
    GCR_REFUSED_ROOM,      /* no free ring, or too many groups */
    GCR_REFUSALS
};

enum gcr_group_origin {
    GCR_GROUP_PROGRAM = 0, /* the first Python process; group 0 is of this kind, and no other */
    GCR_GROUP_EXECUTED,    /* a Python that a process of the recording executed (--follow) */
    GCR_GROUP_CONTINUED    /* a recorded process goes on in another file */
};

/* One trace file. Rows are used once; group n is the n-th that was begun. */
struct gcr_group {
    _Atomic uint32_t lanes; /* numbers given out */
    uint32_t origin;        /* enum gcr_group_origin */
    uint32_t previous;      /* CONTINUED: the group that its process came from */
    uint32_t sequence;      /* CONTINUED: how many files its process has left behind */
    int32_t pid, parent_pid;
    uint32_t command_bytes;
    char command[GCR_COMMAND_BYTES]; /* words, each ended by NUL; cut if longer */
};

/* Which part of the program's run is recorded: window.h. */
struct gcr_window {
    uint32_t used;               /* 0: all of it, in one file a group */
    uint32_t waits;              /* recording does not begin with the program */
    uint64_t begin_allocations;  /* of a process, when it begins; 0: not by number */
    uint64_t end_allocations;    /* since then, when it ends; 0: not by number */
    uint64_t rotate_events;      /* of the program in one lane, before it goes on in another file;
                                    0: not by number */
    _Atomic uint32_t begin, end; /* orders to all processes */
    _Atomic uint32_t begun;      /* some process has */
};

struct gcr_segment {
    uint32_t magic, bytes_of_ring; /* guards against a library of another build */
    uint32_t neutral;              /* mode: 0 faithful, 1 neutral */
    uint32_t dense_every;          /* neutral: containers between snapshots of the youngest */
    uint32_t sample;               /* enum gcr_sample */
    uint32_t follow;               /* --follow */
    uint32_t sample_every;         /* events between samplings */
    _Atomic uint32_t unsampled, unsampled_is_told; /* processes; the reason below is the first's */
    char unsampled_reason[GCR_REASON_BYTES];
    pthread_mutex_t recorder_lives; /* held by `gcreplay record` for as long as it takes events;
                                       process-shared, robust: the kernel tells of its death */
    _Atomic uint32_t claimed;       /* the first Python process took group 0 */
    _Atomic uint32_t groups;        /* numbers given out */
    _Atomic uint32_t not_followed;  /* other Pythons seen, without --follow */
    _Atomic uint32_t skipped[GCR_REFUSALS]; /* with it: Pythons that could not be recorded */
    _Atomic uint32_t refused; /* why the program could not be recorded: enum gcr_refusal */
    char python_version[64];
    struct gcr_window window;
    uint64_t begun_ns;         /* when recording began, by CLOCK_MONOTONIC */
    _Atomic uint32_t requests; /* request numbers given out */
    pthread_mutex_t lock;      /* of both tables below: process-shared, robust */
    _Atomic uint32_t shape_count;
    _Atomic uint32_t name_count;
    struct gcr_shape shapes[GCR_SEGMENT_SHAPES]; /* [0] unused; of all groups */
    uint32_t
        shape_index[2 * GCR_SEGMENT_SHAPES]; /* open addressing by content -> number; 0: empty */
    char names[GCR_SEGMENT_NAMES][GCR_SEGMENT_NAME_BYTES]; /* [0] unused; of all groups */
    struct gcr_group group[GCR_GROUPS];
    struct gcr_ring rings[GCR_RINGS];
};

/* For adding to the tables. A process may die with the lock: entries are written before they count.
 */
static inline void segment_lock(struct gcr_segment *segment)
{
    if (pthread_mutex_lock(&segment->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&segment->lock);
}
static inline void segment_unlock(struct gcr_segment *segment)
{
    pthread_mutex_unlock(&segment->lock);
}

/* In which processes the pages that reads write are sampled. */
enum gcr_sample {
    GCR_SAMPLE_NOTHING = 0,
    GCR_SAMPLE_FORKED, /* from its first fork on, a process and all its children */
    GCR_SAMPLE_ALL     /* the first process from its start, too */
};

#endif
