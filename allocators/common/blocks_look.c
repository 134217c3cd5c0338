/* Looking at the block heap: walking its objects, and checking its structures. */
#include "allocators/common/blocks_parts.h"

bool gcr_blocks_walk(const struct gcr_blocks *blocks, gcr_blocks_visitor *visit, void *arg)
{
    for (uint32_t i = 0; i < blocks->block_frontier; i++) {
        const struct gcr_block *block = &blocks->block[i];
        if (!gcr_block_is_in_use(block))
            continue;
        char *slot = gcr_blocks_start_of(blocks, block);
        for (uint32_t k = 0; k < block->slots; k++, slot += block->slot_bytes)
            if (gcr_block_entry(blocks, block->alloc, k) && !visit(arg, slot, block->slot_bytes))
                return false;
    }
    for (uint32_t page = 0; page < blocks->page_frontier; page += blocks->run[page].pages) {
        const struct gcr_run *run = &blocks->run[page];
        if (run->state == GCR_RUN_USED && run->alloc &&
            !visit(arg, gcr_blocks_page(blocks, page), (uint64_t)run->pages * GCR_PAGE_BYTES))
            return false;
    }
    return true;
}

bool gcr_blocks_is_object(const struct gcr_blocks *blocks, const void *address)
{
    if (!gcr_blocks_owns(blocks, address))
        return false;
    if (!gcr_blocks_is_small(blocks, address)) {
        const struct gcr_run *run = gcr_blocks_run_of(blocks, address);
        return (uintptr_t)address % GCR_PAGE_BYTES == 0 &&
               run < blocks->run + blocks->page_frontier && run->state == GCR_RUN_USED &&
               run->alloc;
    }
    const struct gcr_block *block = gcr_blocks_block_of(blocks, address);
    if (block >= blocks->block + blocks->block_frontier || !gcr_block_is_in_use(block))
        return false;
    uint32_t slot = gcr_block_slot_of(block, address);
    return slot < block->slots &&
           (const char *)address ==
               gcr_blocks_start_of(blocks, block) + (size_t)slot * block->slot_bytes &&
           gcr_block_entry(blocks, block->alloc, slot);
}

/* ---- checking ---- */

static bool look_fail(struct gcr_error *err, const char *what, const void *where)
{
    (void)gcr_fail(err, GCR_FAULT, "blocks: %s (at %p)", what, where);
    return false;
}

/* The free slots of a list: in the block, at slot starts, not allocated, none twice. */
static bool look_at_list(const struct gcr_blocks *blocks, const struct gcr_block *block, void *list,
                         struct gcr_blocks_slot_set *seen, uint32_t *count, struct gcr_error *err)
{
    char *start = gcr_blocks_start_of(blocks, block);
    *count = 0;
    for (void **link = list; link != NULL; link = *link) {
        const char *at = (const char *)link;
        if (at < start || at >= start + GCR_BLOCK_BYTES)
            return look_fail(err, "free list leads out of its block", at);
        uint32_t slot = gcr_block_slot_of(block, at);
        if (slot >= block->slots || at != start + (size_t)slot * block->slot_bytes)
            return look_fail(err, "free list leads into the middle of a slot", at);
        if (gcr_block_entry(blocks, block->alloc, slot))
            return look_fail(err, "free slot with its alloc entry set", at);
        if (seen->word[slot / 64] >> (slot % 64) & 1)
            return look_fail(err, "slot twice on free lists", at);
        seen->word[slot / 64] |= (uint64_t)1 << (slot % 64);
        ++*count;
    }
    return true;
}

/* Free lists of one block against its alloc array; `held` is a context's list of it. */
static bool look_at_block(const struct gcr_blocks *blocks, const struct gcr_block *block,
                          void *held, struct gcr_error *err)
{
    struct gcr_blocks_slot_set seen = {{0}};
    uint32_t own, contexts, returned, vacant = 0;
    if (block->slot_bytes != blocks->class_bytes[block->size_class] ||
        block->slots != GCR_BLOCK_BYTES / block->slot_bytes)
        return look_fail(err, "record does not fit its class", block);
    if (block->swaps != blocks->swaps)
        return look_fail(err, "block not swept exactly once in each collection", block);
    if (!look_at_list(blocks, block, block->free, &seen, &own, err) ||
        !look_at_list(blocks, block, held, &seen, &contexts, err) ||
        !look_at_list(blocks, block, block->returned, &seen, &returned, err))
        return false;
    for (uint32_t k = 0; k < block->slots; k++) {
        vacant += !gcr_block_entry(blocks, block->alloc, k);
        if (!blocks->options.bits && block->alloc[k] > 1)
            return look_fail(err, "flag of a collection left in an alloc array", block);
    }
    if (block->unbuilt ? own != 0 || block->free_slots != vacant
                       : own != block->free_slots || own + contexts + returned != vacant)
        return look_fail(err, "free slots and alloc array disagree", block);
    return true;
}

static bool look_at_blocks(const struct gcr_blocks *blocks,
                           const struct gcr_blocks_context *contexts, size_t count,
                           struct gcr_error *err)
{
    uint64_t in_use = 0, pooled = 0;
    for (uint32_t i = 0; i < blocks->block_frontier; i++) {
        const struct gcr_block *block = &blocks->block[i];
        in_use += gcr_block_is_in_use(block);
        pooled += block->state == GCR_BLOCK_FREE;
        if (!gcr_block_is_in_use(block))
            continue;
        void *held = NULL;
        uint32_t holders = 0;
        for (size_t c = 0; c < count; c++) {
            const struct gcr_blocks_current *current = &contexts[c].current[block->size_class];
            holders += current->block == block;
            held = current->block == block ? current->free : held;
        }
        if (holders != (block->state == GCR_BLOCK_CURRENT))
            return look_fail(err, "block is current in more or fewer contexts than one", block);
        if (!look_at_block(blocks, block, held, err))
            return false;
    }
    if (in_use != blocks->blocks_in_use || pooled != blocks->free_blocks)
        return look_fail(err, "numbers of blocks do not add up", blocks);
    return true;
}

/* A list's blocks all have the state, and there are `expected` of them. */
static bool look_at_chain(const struct gcr_block *block, enum gcr_block_state state,
                          uint64_t expected, struct gcr_error *err)
{
    uint64_t found = 0;
    for (; block != NULL; block = block->next) {
        if (block->state != state || ++found > expected)
            return look_fail(err, "block in a list of another state, or twice", block);
    }
    return found == expected || look_fail(err, "block missing from its list", block);
}

static bool look_at_chains(const struct gcr_blocks *blocks, struct gcr_error *err)
{
    uint64_t partial[GCR_BLOCK_CLASSES] = {0}, unused = 0, pooled = 0;
    for (uint32_t i = 0; i < blocks->block_frontier; i++) {
        const struct gcr_block *block = &blocks->block[i];
        unused += block->state == GCR_BLOCK_UNUSED;
        pooled += block->state == GCR_BLOCK_FREE;
        if (block->state == GCR_BLOCK_PARTIAL)
            partial[block->size_class]++;
    }
    for (uint32_t c = 0; c < GCR_BLOCK_CLASSES; c++)
        if (!look_at_chain(blocks->partial[c], GCR_BLOCK_PARTIAL, partial[c], err))
            return false;
    return look_at_chain(blocks->free_pool, GCR_BLOCK_FREE, pooled, err) &&
           look_at_chain(blocks->given_back, GCR_BLOCK_UNUSED, unused, err);
}

static bool look_at_runs(const struct gcr_blocks *blocks, struct gcr_error *err)
{
    uint64_t used = 0, vacant = 0;
    uint32_t page = 0;
    while (page < blocks->page_frontier) {
        const struct gcr_run *run = &blocks->run[page];
        if (run->pages == 0 || run->pages > blocks->page_frontier - page ||
            run->state > GCR_RUN_GIVEN_BACK)
            return look_fail(err, "runs do not tile the pages", run);
        if (run->state == GCR_RUN_USED)
            used += run->pages;
        else if (run->state != GCR_RUN_GIVEN_BACK)
            vacant += run->pages;
        if (run->state != GCR_RUN_USED && (run->alloc || page < blocks->first_free_page))
            return look_fail(err, "free run with an alloc entry, or below the first free page",
                             run);
        page += run->pages;
    }
    if (used != blocks->pages_in_use || vacant != blocks->free_pages)
        return look_fail(err, "numbers of pages do not add up", blocks);
    return true;
}

bool gcr_blocks_check(const struct gcr_blocks *blocks, const struct gcr_blocks_context *contexts,
                      size_t count, struct gcr_error *err)
{
    return look_at_blocks(blocks, contexts, count, err) && look_at_chains(blocks, err) &&
           look_at_runs(blocks, err);
}
