/* Root slots of a GarCoSim trace. Its root sets are multisets: each addition of an object by a
 * thread gets a slot of that thread, each removal clears one of them. Slots are used again, last
 * cleared first. Static fields and held objects have slots among the global ones. */
#ifndef GCR_TRACES_IMPORT_GARCOSIM_ROOTS_H
#define GCR_TRACES_IMPORT_GARCOSIM_ROOTS_H

#include <stdbool.h>

#include "base/number_map.h"

/* The slot in which a thread pins what it has just allocated. */
enum { GARCOSIM_FRESH_SLOT = 0, GARCOSIM_SCRATCH_SLOT = 1, GARCOSIM_FIRST_SLOT = 2 };

struct garcosim_slots {
    uint32_t next;  /* lowest never used */
    uint32_t *free; /* stack */
    size_t free_count, free_room;
};

/* One root reference. */
struct garcosim_root {
    uint32_t slot, next; /* another of the same thread and object, 0: none */
};

struct garcosim_thread {
    struct garcosim_slots slots;
    uint32_t fresh; /* object pinned in GARCOSIM_FRESH_SLOT, or 0 */
};

/* All zero: empty. Functions that need memory return false without it. */
struct garcosim_roots {
    struct garcosim_thread *threads; /* by number */
    uint32_t thread_count;
    struct garcosim_slots globals;
    struct garcosim_root *roots; /* [0] unused */
    uint32_t root_count, root_room, free_root;
    struct gcr_number_map by_object; /* thread << 32 | object -> root */
    struct gcr_number_map statics;   /* field -> global slot + 1 */
    struct gcr_number_map values;    /* global slot of a static field -> object */
};

void garcosim_roots_finish(struct garcosim_roots *roots);
/* The thread's entry, made if it is new; NULL: no memory. Valid until another is made. */
struct garcosim_thread *garcosim_thread_at(struct garcosim_roots *roots, uint32_t thread);

/* Another root of the thread to the object: its slot. The thread must be known. */
bool garcosim_roots_add(struct garcosim_roots *roots, uint32_t thread, uint32_t object,
                        uint32_t *slot);
/* Takes one away again: false if there is none. The thread must be known. */
bool garcosim_roots_take(struct garcosim_roots *roots, uint32_t thread, uint32_t object,
                         uint32_t *slot);
/* The global slot of a static field, the same each time. */
bool garcosim_roots_static(struct garcosim_roots *roots, uint64_t field, uint32_t *slot);
/* A global slot for a while. */
uint32_t garcosim_roots_global(struct garcosim_roots *roots);
void garcosim_roots_release_global(struct garcosim_roots *roots, uint32_t slot);

#endif
