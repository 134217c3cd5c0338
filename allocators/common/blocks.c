/* The block heap: side arrays, blocks' lives, allocation's slow path, returned slots.
 *
 *            refill_empty               no slot left
 *   FREE ----------------> CURRENT ---------------------> FULL
 *    ^  \                   |    ^                          |
 *    |   \ age         retire    | refill                   | slots came back
 *    |    v                 v    |                          |
 *    |   UNUSED           PARTIAL <-------------------------+
 *    |                      |
 *    +----------------------+ empty (by count, or after a swap: gcr_blocks_relink)
 *
 * Blocks that are given back keep their record, so that a returner that is still busy with it never
 * touches freed memory. */
#include "allocators/common/blocks_parts.h"

enum { ARRAYS_STEP_BYTES = 4 * GCR_PAGE_BYTES };

/* ---- side arrays ---- */

static size_t arrays_bytes(const struct gcr_blocks *blocks, uint32_t slots)
{
    return (blocks->options.no_marks ? 1 : 2) * gcr_blocks_array_bytes(blocks, slots);
}

static uint8_t *arrays_carve(struct gcr_blocks *blocks, size_t bytes)
{
    struct gcr_blocks_arrays *arrays = &blocks->arrays;
    if (arrays->committed_bytes - arrays->used_bytes < bytes) {
        size_t left = arrays->reserved_bytes - arrays->committed_bytes;
        size_t step = left < ARRAYS_STEP_BYTES ? left : (size_t)ARRAYS_STEP_BYTES;
        if (step > gcr_supply_headroom(blocks->supply))
            step = GCR_PAGE_BYTES; /* an array is at most half a page */
        if (left < GCR_PAGE_BYTES ||
            !gcr_supply_commit(blocks->supply, GCR_PAGES_SIDE,
                               arrays->start + arrays->committed_bytes, step))
            return NULL;
        arrays->committed_bytes += step;
    }
    char *start = arrays->start + arrays->used_bytes;
    arrays->used_bytes += bytes;
    return (uint8_t *)start;
}

/* Gives the block zeroed arrays for its class. */
static bool arrays_attach(struct gcr_blocks *blocks, struct gcr_block *block)
{
    void **spare = &blocks->arrays.free[block->size_class];
    size_t bytes = arrays_bytes(blocks, block->slots);
    uint8_t *start = *spare;
    if (start != NULL) {
        memcpy(spare, start, sizeof *spare);
        memset(start, 0, bytes);
    } else {
        start = arrays_carve(blocks, bytes);
    }
    if (start == NULL)
        return false;
    block->alloc = start;
    block->mark =
        blocks->options.no_marks ? NULL : start + gcr_blocks_array_bytes(blocks, block->slots);
    return true;
}

static void arrays_detach(struct gcr_blocks *blocks, struct gcr_block *block)
{
    void **spare = &blocks->arrays.free[block->size_class];
    uint8_t *start = block->alloc;
    if (block->mark != NULL && block->mark < start)
        start = block->mark;
    memcpy(start, spare, sizeof *spare);
    *spare = start;
    block->alloc = block->mark = NULL;
}

/* ---- lists ---- */

void gcr_blocks_pool_block(struct gcr_blocks *blocks, struct gcr_block *block)
{
    arrays_detach(blocks, block);
    block->state = GCR_BLOCK_FREE;
    block->age = 0;
    block->free = NULL;
    block->next = blocks->free_pool;
    blocks->free_pool = block;
    blocks->blocks_in_use--;
    blocks->free_blocks++;
}

static uint32_t block_link(const struct gcr_blocks *blocks, const struct gcr_block *block)
{
    return block != NULL ? (uint32_t)(block - blocks->block) + 1 : 0;
}

static struct gcr_block *block_linked(const struct gcr_blocks *blocks, uint32_t link)
{
    return link != 0 ? &blocks->block[link - 1] : NULL;
}

void gcr_blocks_append_partial(struct gcr_blocks *blocks, struct gcr_block *block)
{
    uint32_t c = block->size_class;
    struct gcr_block *last = blocks->partial[c] != NULL ? blocks->partial_tail[c] : NULL;
    block->state = GCR_BLOCK_PARTIAL;
    block->next = NULL;
    block->previous = block_link(blocks, last);
    if (last == NULL)
        blocks->partial[c] = block;
    else
        last->next = block;
    blocks->partial_tail[c] = block;
}

static void blocks_remove_partial(struct gcr_blocks *blocks, struct gcr_block *block)
{
    uint32_t c = block->size_class;
    struct gcr_block *before = block_linked(blocks, block->previous);
    if (before == NULL)
        blocks->partial[c] = block->next;
    else
        before->next = block->next;
    if (block->next == NULL)
        blocks->partial_tail[c] = before;
    else
        block->next->previous = block->previous;
}

/* ---- empty blocks ---- */

/* A block that was never used, with up to step_blocks committed at once: the others join the pool.
 */
static struct gcr_block *blocks_advance(struct gcr_blocks *blocks)
{
    uint32_t first = blocks->block_frontier, steps = blocks->options.step_blocks;
    uint32_t all = (uint32_t)(blocks->small_bytes / GCR_BLOCK_BYTES);
    if (first == all)
        return NULL;
    if (steps > all - first)
        steps = all - first;
    size_t table = gcr_page_round((first + steps) * sizeof *blocks->block);
    if (table > blocks->block_table_bytes) {
        if (!gcr_supply_commit(blocks->supply, GCR_PAGES_SIDE,
                               (char *)blocks->block + blocks->block_table_bytes,
                               table - blocks->block_table_bytes))
            return NULL;
        blocks->block_table_bytes = table;
    }
    if ((uint64_t)steps * GCR_BLOCK_BYTES > gcr_supply_headroom(blocks->supply))
        steps = 1;
    struct gcr_block *block = &blocks->block[first];
    if (!gcr_supply_commit(blocks->supply, GCR_PAGES_OBJECTS, gcr_blocks_start_of(blocks, block),
                           (size_t)steps * GCR_BLOCK_BYTES))
        return NULL;
    blocks->block_frontier += steps;
    for (uint32_t i = steps; i-- > 0;) {
        block[i].state = GCR_BLOCK_FREE;
        block[i].next = blocks->free_pool;
        blocks->free_pool = &block[i];
    }
    blocks->free_blocks += steps;
    return block;
}

static bool blocks_recommit(struct gcr_blocks *blocks)
{
    struct gcr_block *block = blocks->given_back;
    if (block == NULL || !gcr_supply_commit(blocks->supply, GCR_PAGES_OBJECTS,
                                            gcr_blocks_start_of(blocks, block), GCR_BLOCK_BYTES))
        return false;
    blocks->given_back = block->next;
    block->state = GCR_BLOCK_FREE;
    block->age = 0;
    block->next = blocks->free_pool;
    blocks->free_pool = block;
    blocks->free_blocks++;
    return true;
}

static struct gcr_block *blocks_take_empty(struct gcr_blocks *blocks, uint32_t size_class)
{
    if (blocks->free_pool == NULL && !blocks_recommit(blocks) && blocks_advance(blocks) == NULL)
        return NULL;
    struct gcr_block *block = blocks->free_pool;
    uint32_t bytes = blocks->class_bytes[size_class];
    block->size_class = (uint8_t)size_class;
    block->slot_bytes = (uint16_t)bytes;
    block->slots = (uint16_t)(GCR_BLOCK_BYTES / bytes);
    block->swaps = blocks->swaps;
    block->reciprocal = (uint32_t)((((uint64_t)1 << 32) + bytes - 1) / bytes);
    if (!arrays_attach(blocks, block))
        return NULL;
    blocks->free_pool = block->next;
    block->next = NULL;
    blocks->free_blocks--;
    blocks->blocks_in_use++;
    return block;
}

/* ---- free lists ---- */

/* Chains the free slots of one word of the alloc array; returns where the next link goes. */
static inline void **build_byte_word(uint64_t word, char *slot, uint32_t slot_bytes, uint32_t n,
                                     void **tail)
{
    for (uint32_t i = 0; i < n; i++, slot += slot_bytes, word >>= 8) {
        if ((word & 1) == 0) {
            GCR_STORE_AS(GCR_CAUSE_FREE_LINK, *tail, slot);
            tail = (void **)(void *)slot;
        }
    }
    return tail;
}

static inline void **build_bit_word(uint64_t word, char *slot, uint32_t slot_bytes, uint32_t n,
                                    void **tail)
{
    uint64_t vacant = ~word;
    if (n < 64)
        vacant &= ((uint64_t)1 << n) - 1;
    for (; vacant != 0; vacant &= vacant - 1) {
        char *at = slot + (size_t)GCR_CTZ64(vacant) * slot_bytes;
        GCR_STORE_AS(GCR_CAUSE_FREE_LINK, *tail, at);
        tail = (void **)(void *)at;
    }
    return tail;
}

void gcr_blocks_build_block(const struct gcr_blocks *blocks, struct gcr_block *block)
{
    const uint64_t all = blocks->options.bits ? ~(uint64_t)0 : 0x0101010101010101u;
    uint32_t each = blocks->options.bits ? 64 : 8;
    char *slot = gcr_blocks_start_of(blocks, block);
    void *list = NULL, **tail = &list;
    for (uint32_t i = 0; i < block->slots; i += each, slot += (size_t)each * block->slot_bytes) {
        uint64_t word;
        memcpy(&word, block->alloc + (blocks->options.bits ? i / 8 : i), sizeof word);
        if (word == all)
            continue;
        uint32_t n = block->slots - i < each ? block->slots - i : each;
        tail = blocks->options.bits ? build_bit_word(word, slot, block->slot_bytes, n, tail)
                                    : build_byte_word(word, slot, block->slot_bytes, n, tail);
    }
    GCR_STORE_AS(GCR_CAUSE_FREE_LINK, *tail, NULL);
    block->free = list;
    block->unbuilt = 0;
}

/* ---- allocation's slow path ---- */

static void context_take(struct gcr_blocks_current *current, struct gcr_block *block)
{
    block->state = GCR_BLOCK_CURRENT;
    current->block = block;
    current->free = block->free;
    block->free = NULL;
    block->free_slots = 0;
}

void *gcr_blocks_take_slots(struct gcr_block *block, uint32_t *count)
{
    *count = 0;
    if (GCR_LOAD_RELAXED(&block->returned) == NULL)
        return NULL;
    void *list = GCR_EXCHANGE(&block->returned, NULL);
    for (void **slot = list; slot != NULL; slot = *slot)
        ++*count;
    return list;
}

/* A current block without free slots: its returned ones, or it is full. */
static bool context_replenish(struct gcr_blocks_current *current)
{
    uint32_t count;
    if (current->block == NULL)
        return false;
    current->free = gcr_blocks_take_slots(current->block, &count);
    if (count != 0)
        return true;
    current->block->state = GCR_BLOCK_FULL;
    current->block = NULL;
    return false;
}

bool gcr_blocks_refill(struct gcr_blocks *blocks, struct gcr_blocks_context *context,
                       uint32_t size_class)
{
    struct gcr_blocks_current *current = &context->current[size_class];
    GCR_CHECK(1, current->free == NULL);
    if (context_replenish(current))
        return true;
    struct gcr_block *block = blocks->partial[size_class];
    if (block == NULL)
        return false;
    blocks_remove_partial(blocks, block);
    if (block->unbuilt)
        gcr_blocks_build_block(blocks, block);
    GCR_CHECK(1, block->free != NULL);
    context_take(current, block);
    return true;
}

bool gcr_blocks_refill_empty(struct gcr_blocks *blocks, struct gcr_blocks_context *context,
                             uint32_t size_class)
{
    struct gcr_blocks_current *current = &context->current[size_class];
    GCR_CHECK(1, current->free == NULL);
    struct gcr_block *block = blocks_take_empty(blocks, size_class);
    if (block == NULL)
        return false;
    if (current->block != NULL)
        current->block->state = GCR_BLOCK_FULL;
    gcr_blocks_build_block(blocks, block);
    context_take(current, block);
    return true;
}

static void blocks_settle(struct gcr_blocks *blocks, struct gcr_block *block)
{
    if (block->free_slots == block->slots)
        gcr_blocks_pool_block(blocks, block);
    else if (block->free_slots != 0)
        gcr_blocks_append_partial(blocks, block);
    else
        block->state = GCR_BLOCK_FULL;
}

void gcr_blocks_retire(struct gcr_blocks *blocks, struct gcr_blocks_context *context)
{
    for (uint32_t c = 0; c < GCR_BLOCK_CLASSES; c++) {
        struct gcr_blocks_current *current = &context->current[c];
        struct gcr_block *block = current->block;
        if (block == NULL)
            continue;
        uint32_t count;
        block->free = gcr_blocks_take_slots(block, &count);
        while (current->free != NULL) {
            void **slot = current->free;
            current->free = *slot;
            GCR_STORE_AS(GCR_CAUSE_FREE_LINK, *slot, block->free);
            block->free = slot;
            count++;
        }
        block->free_slots = (uint16_t)count;
        current->block = NULL;
        blocks_settle(blocks, block);
    }
}

void gcr_blocks_drop(struct gcr_blocks *blocks, struct gcr_blocks_context *context)
{
    (void)blocks;
    for (uint32_t c = 0; c < GCR_BLOCK_CLASSES; c++) {
        struct gcr_blocks_current *current = &context->current[c];
        if (current->block != NULL)
            current->block->state = GCR_BLOCK_FULL;
        *current = (struct gcr_blocks_current){0};
    }
}

/* ---- returned slots ---- */

/* Pushes `object` on an atomic stack linked through first words. */
static void push_returned(void **stack, void *object)
{
    void *head = GCR_LOAD_RELAXED(stack);
    do
        GCR_STORE_AS(GCR_CAUSE_FREE_LINK, *(void **)object, head);
    while (!GCR_COMPARE_EXCHANGE(stack, &head, object));
}

static void push_returned_block(struct gcr_blocks *blocks, struct gcr_block *block)
{
    struct gcr_block *head = GCR_LOAD_RELAXED(&blocks->returned);
    do
        block->next_returned = block_link(blocks, head);
    while (!GCR_COMPARE_EXCHANGE(&blocks->returned, &head, block));
}

void gcr_blocks_return(struct gcr_blocks *blocks, void *object)
{
    GCR_CHECK(1, !blocks->options.bits);
    if (!gcr_blocks_is_small(blocks, object)) {
        gcr_blocks_run_of(blocks, object)->alloc = 0;
        push_returned(&blocks->returned_runs, object);
        return;
    }
    struct gcr_block *block = gcr_blocks_block_of(blocks, object);
    block->alloc[gcr_block_slot_of(block, object)] = 0;
    push_returned(&block->returned, object);
    /* From here on the mutator may have taken the slot and even emptied the block: nothing of the
     * record is read but the flag, and a stale entry on the stack does no harm. */
    if (GCR_EXCHANGE(&block->has_returned, 1) == 0)
        push_returned_block(blocks, block);
}

/* The flag is cleared before the slots are taken: a slot pushed in between is either taken here, or
 * its returner sees the cleared flag and queues the block again. */
static void take_returned_block(struct gcr_blocks *blocks, struct gcr_block *block)
{
    uint32_t count;
    (void)GCR_EXCHANGE(&block->has_returned, 0);
    if (block->state != GCR_BLOCK_FULL && block->state != GCR_BLOCK_PARTIAL)
        return; /* current: its context takes them; else: a stale entry */
    void **slot = gcr_blocks_take_slots(block, &count);
    if (count == 0)
        return;
    while (*slot != NULL) {
        void **next = *slot;
        GCR_STORE_AS(GCR_CAUSE_FREE_LINK, *slot, block->free);
        block->free = slot;
        slot = next;
    }
    GCR_STORE_AS(GCR_CAUSE_FREE_LINK, *slot, block->free);
    block->free = slot;
    block->free_slots = (uint16_t)(block->free_slots + count);
    if (block->state == GCR_BLOCK_PARTIAL && block->free_slots < block->slots)
        return;
    if (block->state == GCR_BLOCK_PARTIAL)
        blocks_remove_partial(blocks, block);
    blocks_settle(blocks, block);
}

void gcr_blocks_take_returned(struct gcr_blocks *blocks)
{
    if (GCR_LOAD_RELAXED(&blocks->returned) != NULL) {
        struct gcr_block *block = GCR_EXCHANGE(&blocks->returned, NULL);
        while (block != NULL) {
            struct gcr_block *next =
                block_linked(blocks, block->next_returned); /* before it is queued again */
            take_returned_block(blocks, block);
            block = next;
        }
    }
    if (GCR_LOAD_RELAXED(&blocks->returned_runs) != NULL) {
        void **object = GCR_EXCHANGE(&blocks->returned_runs, NULL);
        while (object != NULL) {
            void **next = *object;
            gcr_blocks_free_run(blocks,
                                (uint32_t)(gcr_blocks_run_of(blocks, object) - blocks->run));
            object = next;
        }
    }
}
