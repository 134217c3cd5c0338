#include "sim/oracle/slot_pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct gcr_slot_chunk {
    struct gcr_slot_chunk *next;
    struct gcr_shadow_edge edges[];
};

/* The first chunk is small, for most graphs are; the others are a huge page each. */
enum { SLOT_POOL_HUGE_PAGE = 1 << 21 };

void gcr_slot_pool_init(struct gcr_slot_pool *pool)
{
    memset(pool, 0, sizeof *pool);
}

void gcr_slot_pool_finish(struct gcr_slot_pool *pool)
{
    while (pool->chunks != NULL) {
        struct gcr_slot_chunk *next = pool->chunks->next;
        free(pool->chunks);
        pool->chunks = next;
    }
}

/* The first edge of a free array holds the link to the next one. */
union slot_link {
    struct gcr_shadow_edge edge;
    struct gcr_shadow_edge *next;
};
_Static_assert(sizeof(union slot_link) == sizeof(struct gcr_shadow_edge), "the link fits");

static struct gcr_shadow_edge *pool_pop(struct gcr_slot_pool *pool, uint32_t count)
{
    struct gcr_shadow_edge *slots = pool->free_list[count];
    union slot_link link = {.edge = slots[0]};

    pool->free_list[count] = link.next;
    memset(slots, 0, count * sizeof *slots);
    return slots;
}

static bool pool_add_chunk(struct gcr_slot_pool *pool)
{
    struct gcr_slot_chunk *chunk;
    size_t bytes;

    if (pool->chunks == NULL) {
        bytes = sizeof *chunk + GCR_SLOT_POOL_CHUNK_EDGES * sizeof *chunk->edges;
        chunk = calloc(1, bytes);
        if (chunk == NULL)
            return false;
    } else {
        bytes = SLOT_POOL_HUGE_PAGE;
        chunk = aligned_alloc(bytes, bytes);
        if (chunk == NULL)
            return false;
        (void)madvise(chunk, bytes, MADV_HUGEPAGE); /* a hint */
        memset(chunk, 0, bytes);
    }
    chunk->next = pool->chunks;
    pool->chunks = chunk;
    pool->left = (uint32_t)((bytes - sizeof *chunk) / sizeof *chunk->edges);
    return true;
}

struct gcr_shadow_edge *gcr_slot_pool_take(struct gcr_slot_pool *pool, uint32_t count)
{
    if (count > GCR_SLOT_POOL_SMALL)
        return calloc(count, sizeof(struct gcr_shadow_edge));
    if (pool->free_list[count] != NULL)
        return pool_pop(pool, count);
    if (pool->left < count && !pool_add_chunk(pool))
        return NULL;
    pool->left -= count;
    return &pool->chunks->edges[pool->left];
}

void gcr_slot_pool_give(struct gcr_slot_pool *pool, struct gcr_shadow_edge *slots, uint32_t count)
{
    union slot_link link = {.next = pool->free_list[count <= GCR_SLOT_POOL_SMALL ? count : 0]};

    if (slots == NULL)
        return;
    if (count > GCR_SLOT_POOL_SMALL) {
        free(slots);
        return;
    }
    slots[0] = link.edge;
    pool->free_list[count] = slots;
}
