/* What the files of the block heap share and nobody else sees. */
#ifndef GCR_ALLOCATORS_COMMON_BLOCKS_PARTS_H
#define GCR_ALLOCATORS_COMMON_BLOCKS_PARTS_H

#include "allocators/common/blocks.h"

/* ---- blocks.c ---- */

/* An empty block that is in no list joins the free pool; its side arrays are free again. */
void gcr_blocks_pool_block(struct gcr_blocks *blocks, struct gcr_block *block);
/* To the end of its class's list. */
void gcr_blocks_append_partial(struct gcr_blocks *blocks, struct gcr_block *block);
/* Free slots that returners have pushed, as a list; *count of them. */
void *gcr_blocks_take_slots(struct gcr_block *block, uint32_t *count);
/* Builds the free list of one block. */
void gcr_blocks_build_block(const struct gcr_blocks *blocks, struct gcr_block *block);

/* ---- blocks_runs.c ---- */

static inline char *gcr_blocks_page(const struct gcr_blocks *blocks, uint32_t page)
{
    return (char *)(blocks->base + blocks->small_bytes + (uintptr_t)page * GCR_PAGE_BYTES);
}

/* A run that is in use becomes free. */
void gcr_blocks_free_run(struct gcr_blocks *blocks, uint32_t page);

/* ---- side arrays ---- */

/* Bytes of one array of a block with so many slots: whole words. */
static inline size_t gcr_blocks_array_bytes(const struct gcr_blocks *blocks, uint32_t slots)
{
    size_t bytes = blocks->options.bits ? (slots + 7) / 8 : slots;
    return (bytes + 7) & ~(size_t)7;
}

static inline bool gcr_block_is_in_use(const struct gcr_block *block)
{
    return block->state >= GCR_BLOCK_CURRENT;
}

/* Memory of the harness's check and of no design: which slots of one block have been seen. */
struct gcr_blocks_slot_set {
    uint64_t word[GCR_BLOCK_BYTES / GCR_BLOCK_GRANULE_BYTES / 64];
};

#endif
