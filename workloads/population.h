/* The heap that a server builds before it forks: a table of objects, each with some data and a link
 * to the one before. Shared by the fork generators. */
#ifndef GCR_WORKLOADS_POPULATION_H
#define GCR_WORKLOADS_POPULATION_H

#include "base/option.h"
#include "traces/emit.h"

struct population {
    uint64_t objects; /* slots of the table */
    uint32_t data;    /* plain bytes of an object, at least 1 */
    uint32_t shape;   /* of the objects: 2 slots and the data */
    uint32_t table;   /* in global root 0 */
    uint32_t *member; /* index of each object */
};

/* The sizes come from the options "objects" and "data". */
struct population population_parameters(const struct gcr_option_values *options);
uint64_t population_bytes(const struct population *population);
uint64_t population_object_bytes(const struct population *population);
/* Events of population_build. */
uint64_t population_events(const struct population *population);

/* Declares the shapes and builds; thread root 0 is clear afterwards. The caller frees `member`. */
void population_build(struct population *population, struct emit *emit);

/* FORK of lanes 1 .. children and the parent's EXIT. Nothing may have died yet. */
void population_fork(struct emit *emit, uint32_t children);
/* Events go to the child `lane` from here on, and its new objects get names from `next` on: the
 * value of emit->next at the fork. */
void population_child_begin(struct emit *emit, uint32_t lane, uint32_t next);
void population_child_end(struct emit *emit);

#endif
