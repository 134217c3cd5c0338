/* Memory for the slot arrays of shadow nodes: small arrays come from exact-size free lists carved
 * out of chunks (no header, no rounding), long ones from malloc. */
#ifndef GCR_SIM_ORACLE_SLOT_POOL_H
#define GCR_SIM_ORACLE_SLOT_POOL_H

#include <stdbool.h>
#include <stdint.h>

/* One reference: where it leads and the state in which it appeared (0: before this window). */
struct gcr_shadow_edge {
    uint32_t target, since;
};

enum { GCR_SLOT_POOL_SMALL = 64, GCR_SLOT_POOL_CHUNK_EDGES = 32768 };

struct gcr_slot_pool {
    struct gcr_slot_chunk *chunks;
    uint32_t left; /* edges not yet carved from the newest chunk */
    struct gcr_shadow_edge *free_list[GCR_SLOT_POOL_SMALL + 1];
};

void gcr_slot_pool_init(struct gcr_slot_pool *pool);
/* Gives the chunks back; long arrays must have been freed one by one. */
void gcr_slot_pool_finish(struct gcr_slot_pool *pool);

/* `count` > 0 null edges, or NULL without memory. O(count). */
struct gcr_shadow_edge *gcr_slot_pool_take(struct gcr_slot_pool *pool, uint32_t count);
/* Gives back what take(count) returned; NULL is allowed. */
void gcr_slot_pool_give(struct gcr_slot_pool *pool, struct gcr_shadow_edge *slots, uint32_t count);

#endif
