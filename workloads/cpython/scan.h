/* Scanning an object: finds its references, compares them with its known edges, and writes the
 * difference as STORE, RESIZE and WEAKREF events.
 *
 * A snapshot scans many objects and then calls scan_finish. All additions into empty slots are
 * written at once; what takes a reference away (overwriting, clearing, shrinking) waits for
 * scan_finish, so that an object that moved from one holder to another never falls to count 0. */
#ifndef GCR_WORKLOADS_CPYTHON_SCAN_H
#define GCR_WORKLOADS_CPYTHON_SCAN_H

#include "workloads/cpython/heap_map.h"
#include "workloads/cpython/types.h"

/* A reference found in an object. */
struct scan_reference {
    uint64_t raw;
    uint32_t dst;
    uint32_t slot;
    uint32_t kept; /* 1 + position of the known edge that it is; 0: new */
    uint32_t over; /* 1 + index in `later` of the edge whose slot it takes; 0: none */
};

/* What waits for scan_finish: slot changes from old to value; or, with slot == SCAN_RESIZE, the
 * object's length becomes `value`. */
struct scan_change {
    uint32_t src, slot, old, value;
};
#define SCAN_RESIZE UINT32_MAX

enum { SCAN_LIMIT = 1 << 26 };

struct scanner {
    struct mirror *mirror;
    struct types *types;
    struct heap_map *map;
    struct gcr_recorder_counts *counts;
    struct scan_reference *references; /* of the object being scanned */
    uint32_t reference_count;
    uint64_t body; /* address of the block that holds them; 0: none of its own */
    struct scan_change *later;
    uint32_t later_count;
    uint32_t *slot_state;         /* scratch, by slot */
    const PyObject *intern_table; /* the interpreter's dict of interned strings, once it is known */
    struct index_list revived;    /* containers: to be looked at soon */
    bool keep_statics;            /* tuples: a static item is a reference to the stand-in */
};

bool scanner_init(struct scanner *scanner, struct mirror *mirror, struct types *types,
                  struct heap_map *map);

/* The record of a live object, its type settled; 0: it has none (static or foreign). */
uint32_t scan_find(struct scanner *scanner, PyObject *object);

/* Brings the known edges of a live container up to date. O(references), plus a sort by slot where
 * they changed. */
void scan_object(struct scanner *scanner, uint32_t object);

/* The program has an object that the trace has lost (mirror_is_lost): the old one is dead, and a
 * new one, with a root, takes its place. O(its known edges). */
void scan_revive(struct scanner *scanner, uint32_t object);
/* Does so with what the new ones among the references just found lead to. O(references). */
void scan_revive_lost(struct scanner *scanner);

/* Writes what waits. O(changes). */
void scan_finish(struct scanner *scanner);

#endif
