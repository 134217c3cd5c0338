/* The block heap's part in tracing collections: clearing and swapping side arrays, lists anew, free
 * lists, and giving memory back. All arrays are read and written by words. */
#include "allocators/common/blocks_parts.h"

void gcr_blocks_clear_marks(struct gcr_blocks *blocks, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++) {
        struct gcr_block *block = &blocks->block[i];
        if (gcr_block_is_in_use(block))
            memset(block->mark, 0, gcr_blocks_array_bytes(blocks, block->slots));
    }
}

void gcr_blocks_clear_flags(struct gcr_blocks *blocks)
{
    for (uint32_t i = 0; i < blocks->block_frontier; i++) {
        struct gcr_block *block = &blocks->block[i];
        for (uint32_t k = 0; gcr_block_is_in_use(block) && k < block->slots; k++)
            block->alloc[k] &= (uint8_t)~GCR_BLOCK_FLAG;
    }
    for (uint32_t page = 0; page < blocks->page_frontier; page += blocks->run[page].pages)
        blocks->run[page].alloc &= (uint8_t)~GCR_BLOCK_FLAG;
}

/* Sum of the eight bytes of a word, each at most 255. */
static inline uint32_t sum_of_bytes(uint64_t word)
{
    const uint64_t even = 0x00ff00ff00ff00ffu;
    return (uint32_t)(((word & even) + (word >> 8 & even)) * 0x0001000100010001u >> 48);
}

/* Entries set in `now`, and entries set in `before` alone. */
static void count_entries(const struct gcr_blocks *blocks, const struct gcr_block *block,
                          uint32_t *live, uint32_t *dead)
{
    size_t words = gcr_blocks_array_bytes(blocks, block->slots) / sizeof(uint64_t);
    const uint8_t *now = block->alloc, *before = block->mark;
    uint64_t live_lanes = 0, dead_lanes = 0; /* at most 128 words: a lane never overflows */
    *live = *dead = 0;
    for (size_t i = 0; i < words; i++) {
        uint64_t is, was;
        memcpy(&is, now + i * sizeof is, sizeof is);
        memcpy(&was, before + i * sizeof was, sizeof was);
        if (blocks->options.bits) {
            *live += GCR_POPCOUNT64(is);
            *dead += GCR_POPCOUNT64(was & ~is);
        } else {
            live_lanes += is;
            dead_lanes += was & ~is;
        }
    }
    *live += sum_of_bytes(live_lanes);
    *dead += sum_of_bytes(dead_lanes);
}

void gcr_blocks_swap(struct gcr_blocks *blocks, uint32_t first, uint32_t end,
                     struct gcr_blocks_tally *tally)
{
    for (uint32_t i = first; i < end; i++) {
        struct gcr_block *block = &blocks->block[i];
        if (!gcr_block_is_in_use(block))
            continue;
        uint8_t *marked = block->mark;
        block->mark = block->alloc;
        block->alloc = marked;
        uint32_t live, dead;
        count_entries(blocks, block, &live, &dead);
        block->free_slots = (uint16_t)(block->slots - live);
        block->free = NULL;
        block->unbuilt = 1;
        block->swaps++;
        tally->live += live;
        tally->live_bytes += (uint64_t)live * block->slot_bytes;
        tally->dead += dead;
        tally->blocks++;
    }
}

void gcr_blocks_keep_all(struct gcr_blocks *blocks)
{
    for (uint32_t i = 0; i < blocks->block_frontier; i++) {
        struct gcr_block *block = &blocks->block[i];
        if (!gcr_block_is_in_use(block))
            continue;
        memset(block->mark, 0, gcr_blocks_array_bytes(blocks, block->slots));
        uint32_t live, dead;
        count_entries(blocks, block, &live, &dead);
        block->free_slots = (uint16_t)(block->slots - live);
        block->free = NULL;
        block->unbuilt = 1;
    }
    for (uint32_t page = 0; page < blocks->page_frontier; page += blocks->run[page].pages)
        blocks->run[page].mark = 0;
}

void gcr_blocks_visit_dead(struct gcr_blocks *blocks, gcr_blocks_dead_visitor *visit, void *arg)
{
    for (uint32_t i = 0; i < blocks->block_frontier; i++) {
        struct gcr_block *block = &blocks->block[i];
        if (!gcr_block_is_in_use(block) || !block->unbuilt)
            continue;
        char *slot = gcr_blocks_start_of(blocks, block);
        for (uint32_t k = 0; k < block->slots; k++, slot += block->slot_bytes)
            if (gcr_block_entry(blocks, block->mark, k) &&
                !gcr_block_entry(blocks, block->alloc, k))
                visit(arg, slot);
    }
}

/* Empty blocks are pooled from the last to the first: the pool hands out low addresses first. */
void gcr_blocks_relink(struct gcr_blocks *blocks)
{
    for (uint32_t c = 0; c < GCR_BLOCK_CLASSES; c++)
        blocks->partial[c] = blocks->partial_tail[c] = NULL;
    for (uint32_t i = 0; i < blocks->block_frontier; i++) {
        struct gcr_block *block = &blocks->block[i];
        if (!gcr_block_is_in_use(block))
            continue;
        if (block->free_slots == 0)
            block->state = GCR_BLOCK_FULL;
        else if (block->free_slots < block->slots)
            gcr_blocks_append_partial(blocks, block);
    }
    for (uint32_t i = blocks->block_frontier; i-- > 0;) {
        struct gcr_block *block = &blocks->block[i];
        if (gcr_block_is_in_use(block) && block->free_slots == block->slots)
            gcr_blocks_pool_block(blocks, block);
    }
}

void gcr_blocks_build(struct gcr_blocks *blocks, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++) {
        struct gcr_block *block = &blocks->block[i];
        if (block->state == GCR_BLOCK_PARTIAL && block->unbuilt)
            gcr_blocks_build_block(blocks, block);
    }
}

/* ---- giving back ---- */

static void age_blocks(struct gcr_blocks *blocks, uint32_t k)
{
    struct gcr_block **link = &blocks->free_pool;
    while (*link != NULL) {
        struct gcr_block *block = *link;
        if (block->age < UINT8_MAX)
            block->age++;
        if (block->age < k) {
            link = &block->next;
            continue;
        }
        *link = block->next;
        gcr_supply_release(blocks->supply, GCR_PAGES_OBJECTS, gcr_blocks_start_of(blocks, block),
                           GCR_BLOCK_BYTES);
        block->state = GCR_BLOCK_UNUSED;
        block->next = blocks->given_back;
        blocks->given_back = block;
        blocks->free_blocks--;
    }
}

static void age_runs(struct gcr_blocks *blocks, uint32_t k)
{
    for (uint32_t page = 0; page < blocks->page_frontier; page += blocks->run[page].pages) {
        struct gcr_run *run = &blocks->run[page];
        if (run->state != GCR_RUN_FREE && run->state != GCR_RUN_CLEAN)
            continue;
        if (run->age < UINT8_MAX)
            run->age++;
        if (run->age < k)
            continue;
        gcr_supply_release(blocks->supply, GCR_PAGES_OBJECTS, gcr_blocks_page(blocks, page),
                           (size_t)run->pages * GCR_PAGE_BYTES);
        run->state = GCR_RUN_GIVEN_BACK;
        blocks->free_pages -= run->pages;
    }
}

void gcr_blocks_age(struct gcr_blocks *blocks, uint32_t k)
{
    age_blocks(blocks, k);
    age_runs(blocks, k);
}
