/* The recorder of one process: all its parts in one struct, handed to everything. */
#ifndef GCR_WORKLOADS_CPYTHON_RECORDER_H
#define GCR_WORKLOADS_CPYTHON_RECORDER_H

#include "workloads/cpython/marks.h"
#include "workloads/cpython/sampler.h"
#include "workloads/cpython/scan.h"
#include "workloads/cpython/window.h"

/* What a snapshot saw of a candidate's memory when it scanned it: the program stands still until
 * the snapshot's end, so nobody needs to look again. */
struct look {
    uint32_t count; /* its real reference count; UINT32_MAX: so many or more */
    bool kept;      /* it has a root, whatever the counts */
};

/* What a snapshot looked at, and what it leaves for a collection. */
struct snapshot {
    struct index_list candidates;    /* of the last snapshot, in the order of the lists */
    struct look *looks;              /* of the candidates, in the same order */
    struct index_list finalizable;   /* scratch: candidates whose finalizer may have run */
    struct index_list changing;      /* scratch: numbers of those that gain or lose a root ... */
    uint64_t disturbances;           /* ... and what had been changed when they were found */
    struct index_list generation[4]; /* objects that the replay has on that list, as last seen;
                                        entries whose record says otherwise are stale */
    int collects; /* the generation that the last snapshot expects to be collected; -1: none */
    uint64_t
        position; /* of the first event after its additions: what resurrection inserts before */
};

/* A collection of the recorded runtime, from its trigger to the first hook call after its end. */
struct collection {
    bool running;
    bool has_snapshot;
    struct index_list dead;  /* really freed meanwhile, in order */
    struct index_list fresh; /* allocated meanwhile: those marked NEW, some perhaps dead again */
    struct index_list work;
    struct index_list left;      /* neutral: older objects that lost a holder in it */
    struct index_list stand_ins; /* objects made up for the number of survivors */
    uint64_t trigger;            /* position of the event that starts it in the replay */
    struct gcr_event *inserts;   /* roots to put before it */
    uint32_t insert_count;
    struct gcr_event *cuts; /* what makes freed weak references part of the garbage */
    uint32_t cut_count;
    bool count_is_due; /* the trigger count must be compared at the next allocation */
    Py_ssize_t seen[3], collected[3],
        uncollectable[3]; /* CPython's statistics when last looked at */
};

/* The mirror of the runtime's free lists. */
enum { FREE_LIST_LIMIT = 2048 };
struct free_list_mirror {
    uint64_t member[FREE_LIST_LIMIT]; /* addresses of objects, bottom first */
};

/* Allocation sites by return address: does what is allocated there have a GC head? */
enum { SITE_TABLE = 1 << 14 };
struct site {
    uint64_t address;
    uint32_t containers, others;
};

/* Neutral mode: containers by how often they were examined. */
enum { TIERS = 4, TIERS_YOUNG_LEAST = 1 << 16 };
struct tiers {
    struct index_list member[TIERS];
    uint64_t allocated;   /* containers, so far */
    uint64_t due[TIERS];  /* examine tier i when `allocated` gets there */
    uint64_t live;        /* containers */
    uint64_t searched;    /* objects that searches for roots visited */
    uint32_t young_limit; /* entries of tier 0 when it is thinned out */
};

/* Scratch lists of reach.c. */
struct reach_lists {
    struct index_list marked, lost;
    uint64_t scanned; /* times that what would be lost was examined, and had changed */
};

struct hook_context {
    struct recorder *recorder;
    PyMemAllocatorEx original;
};

struct recorder {
    bool on;
    bool inside; /* a hook is running: what it allocates is not the program's */
    bool neutral;
    struct gcr_segment *segment;
    struct gcr_recorder_counts *counts; /* in the ring */
    struct channel channel;
    struct heap_map map;
    struct mirror mirror;
    struct types types;
    struct scanner scanner;
    struct snapshot snapshot;
    struct collection collection;
    struct tiers tiers;
    struct reach_lists reach;
    struct sampler sampler;
    struct marks marks;
    struct window window;
    struct hook_context object_hooks, memory_hooks;
    struct py_free_list_tops free_list_tops; /* as last seen */
    struct free_list_mirror *free_lists;
    struct site *sites;
    py_gc *gc;
    PyInterpreterState *interpreter;
    struct gcr_ring *child_ring; /* between fork's prepare and its end */
    /* the last block allocated, until the next hook call tells whether it has a GC head */
    uint32_t last;
    struct site *last_site;
    int last_count;
    uint64_t thread;
    int enabled, thresholds[3]; /* as last written */
};

/* ---- snapshot.c, snapshot_examine.c, snapshot_tiers.c ---- */

bool snapshot_init(struct recorder *recorder);
/* Brings tracking, edges and roots of generations 0 .. `generation` up to date: what CPython's
 * collector would see now. `collects`: a collection of them follows. O(objects and references). */
void snapshot_take(struct recorder *recorder, int generation, bool collects);
/* Neutral mode: the same for the containers of tiers 0 .. `tier`, wherever CPython keeps them. */
void snapshot_take_tiers(struct recorder *recorder, unsigned tier);
/* Whether a container is complete enough to be scanned. */
bool snapshot_can_scan(struct recorder *recorder, uint32_t object);
/* Whether the program may find the object again by ways that count no references. */
bool snapshot_is_found_uncounted(const struct record *record);
/* Neutral mode: a container is born. Amortised O(1). */
void snapshot_add_young(struct recorder *recorder, uint32_t object);
/* gc.freeze and gc.unfreeze: everything on the lists goes to the permanent one, and back to the
 * oldest. */
void snapshot_freeze(struct recorder *recorder);
void snapshot_unfreeze(struct recorder *recorder);

/* ---- reach.c ---- */

bool reach_init(struct recorder *recorder);
/* Neutral mode: may this object, all references to which are known, lose its root? True if
 * something rooted leads to it, or if it is garbage for certain, with all that it alone leads to.
 * May scan objects and give roots. Amortised O(1) for each container ever allocated. */
bool reach_allows_unrooting(struct recorder *recorder, uint32_t object);
/* Whether something rooted leads to it; false if that could not be found out within the budget. */
bool reach_is_held(struct recorder *recorder, uint32_t object);

/* ---- collection.c ---- */

bool collection_init(struct recorder *recorder);
/* A collection was found to be running, or to have run; the event at `trigger` starts it in the
 * replay. */
void collection_begin(struct recorder *recorder, uint64_t trigger);
/* Marks REACHED the candidates that a collection of them would leave; true of `rooted`: something
 * beside known references holds it. */
void collection_find_reachable(struct recorder *recorder,
                               bool (*rooted)(const struct recorder *, const struct record *));
/* It is over: carries it out on the mirror and writes what the replay cannot know. */
void collection_end(struct recorder *recorder);
/* Neutral mode: a collection that was expected, and for which what it would find has lost its
 * roots, does not come: they get roots from before that on. */
void collection_cancel(struct recorder *recorder);
/* True if CPython's statistics show one that has not been ended here. */
bool collection_is_new(const struct recorder *recorder);
/* An object was allocated while a collection runs. */
void collection_note_birth(struct recorder *recorder, uint32_t object);
/* The block of a live object is freed while a collection runs. */
void collection_note_death(struct recorder *recorder, uint32_t object);

/* ---- trigger_count.c ---- */

/* At an allocation after a collection, when CPython's counter is known for certain: what was
 * allocated inside it (by finalizers, or by other threads meanwhile) counts so that the replay's is
 * the same. Its events can be committed from then on. */
void collection_settle_count(struct recorder *recorder);
/* Makes the replay's counter equal to CPython's, should they differ for any other reason, by
 * objects that only count up or only count down. Each one is noted as a loss (count_drift). */
void collection_correct_count(struct recorder *recorder);

/* ---- finalizers.c ---- */

/* Has the finalizer of this object, whose block is still there, run since it was last looked at?
 * Then writes FINALIZED. */
void finalizers_look(struct recorder *recorder, uint32_t object);
/* The same in two steps, for an object that dies inside a collection: its block goes at once, its
 * events come at the collection's end. */
void finalizers_note(struct recorder *recorder, uint32_t object);
void finalizers_tell(struct recorder *recorder, uint32_t object);

/* ---- freelists.c ---- */

/* Finds what was pushed on and popped from CPython's free lists since the last call. O(1) if
 * nothing, else O(changes). */
void free_lists_sync(struct recorder *recorder);

#endif
