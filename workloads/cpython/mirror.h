/* The mirror: what a replay of the events written so far holds, at every moment.
 *
 * For each object: its known edges (slot -> target), how many known edges lead to it, and whether a
 * root slot refers to it. The replay's reference count of an object is exactly
 *     in_count + (root != 0)
 * and every function that changes one of them writes the event that makes the replay follow. So the
 * recorder knows what the replay will free, and keeps this promise: an object whose memory the
 * program still holds never falls to count 0, and one that the program has freed does.
 *
 * Object index = record number. Every root is a global root slot that belongs to one object.
 *
 * A traced container (one on the collector's lists) loses its root only where its real count has
 * just been compared with its known edges (snapshot_examine.c; in a neutral one also reach.c);
 * whenever one of its known edges goes away at another time, it gets a root. By induction,
 * everything that the program can reach is reachable in the trace at every event. */
#ifndef GCR_WORKLOADS_CPYTHON_MIRROR_H
#define GCR_WORKLOADS_CPYTHON_MIRROR_H

#include <stdbool.h>
#include <stdint.h>

#include "workloads/cpython/channel.h"
#include "workloads/cpython/page_notes.h"

enum record_kind {
    RECORD_FREE = 0,
    RECORD_OBJECT, /* has an ALLOC event */
    RECORD_BODY,   /* a raw block that is part of another object: no events of its own */
    RECORD_PARKED, /* a dead object's block on one of the runtime's free lists */
    RECORD_STATIC  /* the stand-in for everything that was never allocated */
};

enum record_flag {
    RECORD_PENDING =
        1u << 0, /* its ALLOC event can still be patched and has provisional operands */
    RECORD_CONTAINER = 1u << 1, /* has a GC head */
    RECORD_DEAD = 1u << 2,      /* really freed during the collection under way */
    RECORD_NEW = 1u << 3,       /* allocated during the collection under way */
    RECORD_RECYCLED = 1u << 4,  /* RECYCLE is due: its death goes to a free list */
    RECORD_TYPED = 1u << 5,     /* `type` is known and the shape follows it */
    RECORD_TUPLE = 1u << 6,
    RECORD_DICT = 1u << 7,
    RECORD_REPLAY_FREED = 1u << 8, /* the replayed collection under way frees it */
    RECORD_WEAK_KNOWN = 1u << 9,   /* its WEAKREF event is written */
    RECORD_REACHED = 1u << 10,     /* scratch mark of collection.c */
    RECORD_UNCOUNTED = 1u << 11,   /* its ALLOC does not count */
    RECORD_FINALIZED = 1u << 12,   /* was garbage; perhaps gone before it was counted */
    RECORD_FINALIZER_RAN = 1u << 13,
    RECORD_FINALIZER_TOLD = 1u << 14, /* its FINALIZED event is written */
    RECORD_TOUCHED = 1u << 15         /* is in the list `touched` */
};

enum {
    GENERATION_PERMANENT = 3, /* gc.freeze */
    GENERATION_NONE = 7       /* not tracked */
};

/* 64 bytes: one cache line. */
struct record {
    uint64_t block;    /* address */
    uint32_t bytes;    /* as asked for */
    uint32_t event;    /* low word of the ALLOC event's position */
    uint32_t in_count; /* known edges to it */
    uint32_t in_head;  /* first of them; 0: none. BODY: the object that it was last part of */
    uint32_t edges;    /* its own: first of a run; 0: none */
    uint32_t edge_count;
    uint32_t root;    /* number of its root slot, from 1; 0: none */
    uint32_t epoch;   /* of the snapshot that last examined it */
    uint32_t length;  /* items, as the replay knows them */
    uint32_t type;    /* index of types.h; 0: unknown */
    uint32_t scratch; /* 0 outside a function that uses it */
    uint32_t seen;    /* what the last scan saw, if its edges are just that; 0: look. See scan.c */
    uint16_t flags;   /* enum record_flag */
    uint8_t kind;     /* enum record_kind */
    uint8_t generation; /* the list it is on, as the replay knows it */
    uint8_t prefix;     /* bytes of the block before the object */
    uint8_t edge_class; /* capacity class of the run */
    uint8_t tier;       /* neutral: how often it was examined; see snapshot_tiers.c */
    uint8_t garbage;    /* neutral: no root leads to it any more, nor does the program (reach.c) */
};
_Static_assert(sizeof(struct record) == 64, "a record is a cache line");

struct edge {
    uint64_t raw; /* the pointer as the program stores it */
    uint32_t src, dst, slot;
    uint32_t next, prev; /* among the edges to dst; prev 0: first. Unused when dst is static */
    uint32_t unused;
};

enum { EDGE_CLASSES = 60, RECORD_LIMIT = 1 << 27, EDGE_LIMIT = 1 << 28 };

enum { MIRROR_TOUCHED_LEAST = 1 << 16 };

enum { STEP_DOWN = 0 }; /* no ALLOC has position 0: the stand-in's PREBUILT is first */

struct index_list {
    uint32_t *item;
    uint32_t count;
};

struct mirror {
    struct channel *channel;
    struct record *records;
    struct edge *edges;
    uint32_t record_top, edge_top, root_top;
    struct index_list free_records, free_roots;
    uint32_t free_edges[EDGE_CLASSES]; /* runs, chained through edge.next */
    uint32_t unused_roots;  /* so many of free_roots, the first, were free all the time since the
                               last snapshot began */
    uint32_t touched_limit; /* entries at which `touched` is rid of what is dead or twice there */
    struct index_list touched; /* untraced objects that gained an edge or a temporary root; neutral:
                                  and containers that got a root because they lost an edge */
    uint32_t static_record;
    uint32_t raw_shape; /* of blocks of unknown type */
    bool neutral;       /* the kind of recording */
    uint32_t epoch;     /* number of the snapshot under way or last taken */
    bool examining;     /* faithful mode: roots of this epoch's candidates are about to be judged */
    int young_count;    /* CPython's generations[0].count as the replay computes it */
    struct index_list steps; /* while `logging`: changes of young_count in order; the low word of
                                the ALLOC event's position for +1, STEP_DOWN for -1 */
    bool logging;
    struct page_notes *notes; /* while pages are sampled: what events explain; else NULL */
    bool exhausted;           /* a table is full: recording must stop */
};

bool mirror_init(struct mirror *mirror, struct channel *channel);

static inline struct record *mirror_record(struct mirror *mirror, uint32_t object)
{
    return &mirror->records[object];
}

/* The real reference count of an object. */
static inline int64_t record_refcount(const struct record *record)
{
    return *(const int64_t *)(uintptr_t)(record->block + record->prefix);
}

static inline void list_push(struct index_list *list, uint32_t item)
{
    list->item[list->count++] = item;
}

/* A fresh record, flags PENDING, with its provisional ALLOC event (a raw leaf, rooted). */
uint32_t mirror_allocate(struct mirror *mirror, uint64_t block, uint32_t bytes, unsigned flags);
/* A fresh ALLOC event for a record whose former object is dead (its block was reused unseen). */
void mirror_reallocate(struct mirror *mirror, uint32_t object, unsigned flags);
/* A fresh record for a block on one of the runtime's free lists: no object, no event. */
uint32_t mirror_park(struct mirror *mirror, uint64_t block, uint32_t bytes);
/* The patchable ALLOC event of a pending object. */
struct ring_event *mirror_alloc_event(struct mirror *mirror, uint32_t object);
void mirror_release_record(struct mirror *mirror, uint32_t object);

/* The object is found to be a container that counts; a counted container is freed. */
void mirror_count_up(struct mirror *mirror, uint32_t object);
void mirror_count_down(struct mirror *mirror);

/* The number of a root slot that is free, from 1. */
uint32_t mirror_take_root(struct mirror *mirror);
/* A root slot that no event since the last snapshot began has named: for events that are put in
 * before events already written. */
uint32_t mirror_take_unused_root(struct mirror *mirror);
/* An untraced object gained an edge or a temporary root: the next snapshot judges it. */
void mirror_touch(struct mirror *mirror, uint32_t object);

/* Neutral mode: whether nothing rooted leads to the object in the trace. Nothing but its death may
 * be written about it; if the program has it after all, scan_revive. The object's known edges must
 * be those of the trace, or waiting for scan_finish. O(1) for containers; for others, O(holders
 * that are lost). */
bool mirror_is_lost(const struct mirror *mirror, uint32_t object);

void mirror_root(struct mirror *mirror, uint32_t object);
void mirror_unroot(struct mirror *mirror, uint32_t object);

/* Room for `count` edges in the object's run, which may move; contents are kept. */
void mirror_reserve_edges(struct mirror *mirror, uint32_t object, uint32_t count);
void mirror_free_edges(struct mirror *mirror, uint32_t object);
void edge_link(struct mirror *mirror, uint32_t edge);
void edge_unlink(struct mirror *mirror, uint32_t edge);
/* Moves an edge within or between runs; its in-list follows. */
void edge_move(struct mirror *mirror, uint32_t from, uint32_t to);

/* A known edge to dst has just been taken off in_count, and the replay is about to lose it: gives
 * dst a root if that could hide it from the trace. See the head comment. */
void mirror_protect(struct mirror *mirror, uint32_t dst);

/* Writes STORE src slot dst; counts are the caller's business. */
void mirror_store(struct mirror *mirror, uint32_t src, uint32_t slot, uint32_t dst);

/* Takes all known edges to an object off that is lost, or freed in the replay, without events: they
 * come from lost objects. */
void mirror_forget_holders(struct mirror *mirror, uint32_t object);

/* The object is really dead: makes the replay free it by counting, then writes DEATH. Everything it
 * refers to that is still allocated stays alive. */
void mirror_bury(struct mirror *mirror, uint32_t object);

/* Removes all edges of an object that the replay has freed or will free, without events. */
void mirror_forget_edges(struct mirror *mirror, uint32_t object);

/* ---- pages that events explain (sampler.h) ---- */

/* The block at that address is allocated, freed, moved or written as a whole. */
void mirror_note_block_written(struct mirror *mirror, uint64_t block, uint32_t bytes);
static inline void mirror_note_block(struct mirror *mirror, uint64_t block, uint32_t bytes)
{
    if (GCR_UNLIKELY(mirror->notes != NULL) && block != 0)
        mirror_note_block_written(mirror, block, bytes);
}
/* The object's count, or its GC head, changes. */
static inline void mirror_note_object(struct mirror *mirror, uint32_t object)
{
    const struct record *record = mirror_record(mirror, object);
    if (GCR_UNLIKELY(mirror->notes != NULL) && record->kind != RECORD_STATIC && record->block != 0)
        page_notes_add(mirror->notes, record->block + record->prefix);
}
/* What an event changes. */
void mirror_note_event(struct mirror *mirror, enum gcr_op op, uint32_t a, uint32_t b, uint32_t c);

static inline void mirror_event(struct mirror *mirror, enum gcr_op op, uint32_t a, uint32_t b,
                                uint32_t c)
{
    if (GCR_UNLIKELY(mirror->notes != NULL))
        mirror_note_event(mirror, op, a, b, c);
    channel_append(mirror->channel, (struct gcr_event){.op = (uint8_t)op, .a = a, .b = b, .c = c});
}

static inline bool record_is_traced(const struct record *record)
{
    return record->generation <= GENERATION_PERMANENT;
}

#endif
