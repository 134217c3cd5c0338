/* The block heap: its creation and its end. Address space is reserved once, memory is committed as
 * blocks come into use. */
#include "allocators/common/blocks_parts.h"

/* Address space for each of small and large objects; less where the system grants less. */
static const size_t WANTED_BYTES = (size_t)64 << 30;
static const size_t LEAST_BYTES = (size_t)64 << 20;
enum { ARRAYS_SHARE = 4 }; /* of the blocks' bytes: one part in so many */

static void blocks_init_classes(struct gcr_blocks *blocks)
{
    uint32_t bytes = 0, granules = 0;
    for (uint32_t c = 0; c < GCR_BLOCK_CLASSES; c++) {
        uint32_t step = GCR_BLOCK_GRANULE_BYTES;
        while (bytes >= step * 8)
            step *= 2;
        bytes += step;
        blocks->class_bytes[c] = (uint16_t)bytes;
        for (; granules * GCR_BLOCK_GRANULE_BYTES <= bytes; granules++)
            blocks->class_of[granules] = (uint8_t)c;
    }
    GCR_CHECK(1, bytes == GCR_BLOCK_MAX_SMALL_BYTES);
}

static void *reserve_for(struct gcr_blocks *blocks, size_t entry_bytes, size_t unit_bytes)
{
    return gcr_supply_reserve(blocks->supply, blocks->small_bytes / unit_bytes * entry_bytes,
                              GCR_PAGE_BYTES);
}

static void blocks_unreserve(struct gcr_blocks *blocks)
{
    size_t small = blocks->small_bytes;
    if (blocks->arrays.start != NULL)
        gcr_supply_unreserve(blocks->supply, blocks->arrays.start, blocks->arrays.reserved_bytes);
    if (blocks->run != NULL)
        gcr_supply_unreserve(blocks->supply, blocks->run,
                             small / GCR_PAGE_BYTES * sizeof *blocks->run);
    if (blocks->block != NULL)
        gcr_supply_unreserve(blocks->supply, blocks->block,
                             small / GCR_BLOCK_BYTES * sizeof *blocks->block);
    if (blocks->base != 0)
        gcr_supply_unreserve(blocks->supply, (void *)blocks->base, blocks->reserved_bytes);
    blocks->arrays.start = NULL;
    blocks->run = NULL;
    blocks->block = NULL;
    blocks->base = 0;
}

static bool blocks_reserve(struct gcr_blocks *blocks, size_t bytes)
{
    blocks->small_bytes = bytes;
    blocks->reserved_bytes = 2 * bytes;
    blocks->base = (uintptr_t)gcr_supply_reserve(blocks->supply, 2 * bytes, GCR_BLOCK_BYTES);
    if (blocks->base == 0)
        return false;
    blocks->block = reserve_for(blocks, sizeof *blocks->block, GCR_BLOCK_BYTES);
    blocks->run = reserve_for(blocks, sizeof *blocks->run, GCR_PAGE_BYTES);
    blocks->arrays.reserved_bytes = bytes / ARRAYS_SHARE;
    blocks->arrays.start =
        gcr_supply_reserve(blocks->supply, blocks->arrays.reserved_bytes, GCR_PAGE_BYTES);
    if (blocks->block != NULL && blocks->run != NULL && blocks->arrays.start != NULL)
        return true;
    blocks_unreserve(blocks);
    return false;
}

gcr_status gcr_blocks_init(struct gcr_blocks *blocks, struct gcr_supply *supply,
                           const struct gcr_blocks_options *options, struct gcr_error *err)
{
    *blocks = (struct gcr_blocks){.supply = supply, .options = *options};
    GCR_CHECK(1, options->step_blocks >= 1);
    blocks_init_classes(blocks);
    for (size_t bytes = WANTED_BYTES; bytes >= LEAST_BYTES; bytes /= 2)
        if (blocks_reserve(blocks, bytes))
            return GCR_OK;
    return gcr_fail(err, GCR_HEAP_EXHAUSTED, "no address space for blocks");
}

void gcr_blocks_finish(struct gcr_blocks *blocks)
{
    if (blocks->base == 0)
        return;
    for (uint32_t i = 0; i < blocks->block_frontier; i++)
        if (blocks->block[i].state != GCR_BLOCK_UNUSED)
            gcr_supply_release(blocks->supply, GCR_PAGES_OBJECTS,
                               gcr_blocks_start_of(blocks, &blocks->block[i]), GCR_BLOCK_BYTES);
    for (uint32_t p = 0; p < blocks->page_frontier; p += blocks->run[p].pages)
        if (blocks->run[p].state != GCR_RUN_GIVEN_BACK)
            gcr_supply_release(blocks->supply, GCR_PAGES_OBJECTS, gcr_blocks_page(blocks, p),
                               (size_t)blocks->run[p].pages * GCR_PAGE_BYTES);
    gcr_supply_release(blocks->supply, GCR_PAGES_SIDE, blocks->block, blocks->block_table_bytes);
    gcr_supply_release(blocks->supply, GCR_PAGES_SIDE, blocks->run, blocks->run_table_bytes);
    gcr_supply_release(blocks->supply, GCR_PAGES_SIDE, blocks->arrays.start,
                       blocks->arrays.committed_bytes);
    blocks_unreserve(blocks);
}
