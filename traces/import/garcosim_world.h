/* The program behind a GarCoSim trace while it is imported: its objects by id, its roots, what can
 * be reached, and the events that all this becomes.
 *
 * Operations take objects that are known (garcosim_find); what a line may name, and what to do
 * about it if it may not, is decided in garcosim.c. With `writes` off nothing is written, and all
 * else is the same: a first reading. Failures stick (garcosim_failed). */
#ifndef GCR_TRACES_IMPORT_GARCOSIM_WORLD_H
#define GCR_TRACES_IMPORT_GARCOSIM_WORLD_H

#include "traces/emit.h"
#include "traces/import/garcosim_classes.h"
#include "traces/import/garcosim_roots.h"
#include "traces/import/live_graph.h"

enum {
    /* Of GarCoSim's objects, in the S of an allocation and before the first field. It is not
     * carried over: each design adds its own. */
    GARCOSIM_HEADER_BYTES = 16
};

struct garcosim_object {
    uint64_t data_bytes;
    uint32_t slots;
    uint32_t pinned_by; /* thread + 1 in whose GARCOSIM_FRESH_SLOT it is; 0: none */
    uint32_t held_in;   /* global slot + 1 that keeps it alive; 0: none */
    uint32_t unused;
};

/* One shape for each (class, size, slots). */
struct garcosim_shape {
    uint64_t class_id, bytes, slots;
    uint32_t number, length; /* of the trace's shape, and of each object */
};

struct garcosim_world {
    bool writes;
    struct emit emit;
    gcr_status status; /* of what is not emitting */
    struct gcr_error *err;
    struct garcosim_classes *classes; /* not owned */
    struct gcr_number_map by_id;      /* -> object */
    struct garcosim_object *objects;  /* by object; [0] unused */
    uint32_t object_room;
    struct live_graph graph; /* its node numbers are the objects' */
    struct garcosim_roots roots;
    uint32_t thread; /* whose events are being written */
    struct garcosim_shape *shapes;
    uint32_t shape_count, shape_room;
    struct gcr_number_map by_shape; /* hash -> shape + 1, see garcosim_shape.c */
};

void garcosim_world_init(struct garcosim_world *world, const struct emit_target *target,
                         bool writes, struct garcosim_classes *classes, struct gcr_error *err);
/* The first failure or GCR_OK. */
gcr_status garcosim_world_finish(struct garcosim_world *world);
bool garcosim_failed(const struct garcosim_world *world);

/* 0: no object has that id. */
static inline uint32_t garcosim_find(const struct garcosim_world *world, uint64_t id)
{
    return gcr_number_map_find(&world->by_id, id);
}
static inline bool garcosim_reaches(const struct garcosim_world *world, uint32_t object)
{
    return live_graph_reaches(&world->graph, object);
}

/* The shape's position for an object of `bytes` bytes (with GarCoSim's header) and so many slots;
 * UINT32_MAX after a failure, which is GCR_BAD_INPUT without a place if the format has no such
 * objects. *grown: the slots and the header take more than `bytes`. */
uint32_t garcosim_shape(struct garcosim_world *world, uint64_t class_id, uint64_t bytes,
                        uint64_t slots, bool *grown);

/* Allocates the object `id`, which must be new, by the thread (below GCR_MAX_THREADS). The thread's
 * pinned object is let go first. `rooted`: the new one gets a root of the thread, as a "+" gives;
 * else it is pinned. Returns the object. */
uint32_t garcosim_allocate(struct garcosim_world *world, uint32_t thread, uint64_t id,
                           uint32_t shape, bool rooted);
/* A "+": also ends the object's pinning. */
void garcosim_add_root(struct garcosim_world *world, uint32_t thread, uint32_t object);
/* A "-". False: the thread has no root to it. */
bool garcosim_remove_root(struct garcosim_world *world, uint32_t thread, uint32_t object);
/* Lets go what the thread has pinned. */
void garcosim_unpin(struct garcosim_world *world, uint32_t thread);
/* Keeps an object alive by a global root, until it is let go. */
void garcosim_hold(struct garcosim_world *world, uint32_t object);
void garcosim_let_go(struct garcosim_world *world, uint32_t object);

/* value 0: null. slot < the object's slots. */
void garcosim_store(struct garcosim_world *world, uint32_t thread, uint32_t object, uint32_t slot,
                    uint32_t value);
void garcosim_store_static(struct garcosim_world *world, uint32_t thread, uint64_t field,
                           uint32_t value);
/* A slot was read: loaded into a scratch root, which is cleared again. */
void garcosim_load(struct garcosim_world *world, uint32_t thread, uint32_t object, uint32_t slot);
/* Plain data; bytes within the object. */
void garcosim_access(struct garcosim_world *world, uint32_t thread, uint32_t object,
                     uint32_t offset, uint32_t bytes, bool is_write);
/* A full collection. */
void garcosim_collect(struct garcosim_world *world);

#endif
