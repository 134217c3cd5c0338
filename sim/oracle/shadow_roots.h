/* A sparse array of references: the root slots of a thread, or the global ones, of the shadow
 * graph, or the slots of a very long object. Chunks come into being when one of their slots is
 * named, and so do the groups of chunks that lead to them: a slot with a large number costs two
 * chunks' worth of memory and a short table. */
#ifndef GCR_SIM_ORACLE_SHADOW_ROOTS_H
#define GCR_SIM_ORACLE_SHADOW_ROOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/oracle/slot_pool.h"

enum {
    GCR_ROOT_CHUNK_SLOTS = 1024,
    GCR_ROOT_GROUP_CHUNKS = 1024,
    GCR_ROOT_GROUP_SLOTS = GCR_ROOT_CHUNK_SLOTS * GCR_ROOT_GROUP_CHUNKS
};

/* All zero: no slots. */
struct gcr_shadow_roots {
    struct gcr_shadow_edge ***group; /* [slot / GROUP_SLOTS][chunk in group]; NULL: no slots */
    uint32_t group_count;
    uint32_t end; /* beyond the highest slot that was ever made; those between are null */
};

/* The slot, or NULL if it was never named. */
static inline struct gcr_shadow_edge *gcr_shadow_roots_find(const struct gcr_shadow_roots *roots,
                                                            uint32_t slot)
{
    uint32_t group = slot / GCR_ROOT_GROUP_SLOTS;
    struct gcr_shadow_edge *chunk;

    if (group >= roots->group_count || roots->group[group] == NULL)
        return NULL;
    chunk = roots->group[group][slot / GCR_ROOT_CHUNK_SLOTS % GCR_ROOT_GROUP_CHUNKS];
    return chunk == NULL ? NULL : &chunk[slot % GCR_ROOT_CHUNK_SLOTS];
}

/* Makes the slot exist; NULL: no memory. Not the slot UINT32_MAX. Amortised O(1). */
struct gcr_shadow_edge *gcr_shadow_roots_make(struct gcr_shadow_roots *roots, uint32_t slot);

/* All slots that were ever made, in order, and others of their chunks; from the end on, `from`
 * itself, so that a loop may go on beyond it:
 *     for (uint32_t i = gcr_shadow_roots_next(r, 0); i < r->end; i = gcr_shadow_roots_next(r, i +
 * 1))
 */
uint32_t gcr_shadow_roots_next(const struct gcr_shadow_roots *roots, uint32_t from);

/* Beyond the last slot of the last chunk. */
static inline uint32_t gcr_shadow_roots_room(const struct gcr_shadow_roots *roots)
{
    return (roots->end + GCR_ROOT_CHUNK_SLOTS - 1) / GCR_ROOT_CHUNK_SLOTS * GCR_ROOT_CHUNK_SLOTS;
}

/* *copy becomes a copy of its own; false: no memory, and *copy is empty. O(slots). */
bool gcr_shadow_roots_clone(const struct gcr_shadow_roots *roots, struct gcr_shadow_roots *copy);
void gcr_shadow_roots_finish(struct gcr_shadow_roots *roots);

#endif
