/* What generators and importers need to write events: one call an event, names for objects that
 * come back into use after their death, and one error that sticks.
 *
 * After a failure every call does nothing, so its user looks at emit_failed() once a loop and
 * not at every event. Indexes are recycled last-died first, so the index range stays near the peak
 * number of live objects; without deaths (emit.deaths false) they are never used again. */
#ifndef GCR_TRACES_EMIT_H
#define GCR_TRACES_EMIT_H

#include <stddef.h>

#include "traces/writer.h"

/* Where events go. */
struct emit_target {
    struct gcr_writer *writer;
    /* Called now and then with the events written so far; NULL: not called. */
    void (*progress)(void *arg, uint64_t done);
    void *progress_arg;
};

struct emit {
    const struct emit_target *to;
    struct gcr_error *err;
    gcr_status status; /* the first failure */
    uint32_t lane;     /* events go there */
    bool deaths;       /* write DEATH events and recycle indexes */
    uint32_t next;     /* lowest index never used */
    uint32_t *dead;    /* stack of indexes to use again */
    size_t dead_count, dead_room;
    uint64_t events; /* written so far, all lanes */
};

void emit_init(struct emit *emit, const struct emit_target *to, bool deaths, struct gcr_error *err);
/* Frees the stack; returns the first failure or GCR_OK. */
gcr_status emit_finish(struct emit *emit);
static inline bool emit_failed(const struct emit *emit)
{
    return emit->status != GCR_OK;
}

/* Declares a shape; 0 after a failure. */
uint32_t emit_shape(struct emit *emit, const struct gcr_shape *shape);

/* The index that the next emit_alloc gives. */
static inline uint32_t emit_next_index(const struct emit *emit)
{
    return emit->dead_count > 0 ? emit->dead[emit->dead_count - 1] : emit->next;
}
/* Returns the new object's index; 0 after a failure. */
uint32_t emit_alloc(struct emit *emit, uint32_t shape, uint32_t length, uint32_t root);
void emit_store(struct emit *emit, uint32_t object, uint32_t slot, uint32_t value);
void emit_load(struct emit *emit, uint32_t object, uint32_t slot, uint32_t root);
void emit_read(struct emit *emit, uint32_t object, uint32_t offset, uint32_t bytes);
void emit_write(struct emit *emit, uint32_t object, uint32_t offset, uint32_t bytes);
void emit_root(struct emit *emit, uint32_t root, uint32_t value);
/* n slots of src from src_slot on go to dst from dst_slot on. */
void emit_copy(struct emit *emit, uint32_t dst, uint32_t dst_slot, uint32_t src, uint32_t src_slot,
               uint32_t n);
void emit_resize(struct emit *emit, uint32_t object, uint32_t length);
void emit_weakref(struct emit *emit, uint32_t weak, uint32_t target);
/* When a design finalizes the object, the host stores it into that global root. */
void emit_resurrect(struct emit *emit, uint32_t object, uint32_t root);
/* GCR_REQUEST_BEGIN or GCR_REQUEST_END. */
void emit_request(struct emit *emit, uint32_t number, enum gcr_request_flag what);
/* Nanoseconds since the program began. */
void emit_time(struct emit *emit, uint64_t ns);
/* A DEATH event (if the trace has them) and the index's return. */
void emit_death(struct emit *emit, uint32_t object);
/* n deaths in the order of the array; their indexes come back in the same order. */
void emit_deaths(struct emit *emit, const uint32_t *objects, size_t n);
/* Events without objects: COLLECT, FREEZE, EXIT, FORK ... with operand a. */
void emit_plain(struct emit *emit, enum gcr_op op, uint32_t a);

/* An array of indexes that a generator needs for its own bookkeeping; NULL sticks GCR_NO_MEMORY. */
uint32_t *emit_indexes(struct emit *emit, size_t n);

#endif
