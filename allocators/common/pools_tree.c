/* Which addresses belong to arenas: a radix tree of three levels over the address space, with an
 * entry for each slot of an arena's size. Nodes are made when first needed and kept to the end. */
#include "allocators/common/pools_parts.h"

size_t gcr_pools_tree_bytes(void)
{
    return sizeof(void *) << GCR_POOLS_TOP_BITS;
}

static uint32_t leaf_bits(const struct gcr_pools *pools)
{
    return GCR_POOLS_ADDRESS_BITS - GCR_POOLS_TOP_BITS - GCR_POOLS_MIDDLE_BITS - pools->arena_shift;
}

static size_t middle_bytes(void)
{
    return gcr_page_round(sizeof(void *) << GCR_POOLS_MIDDLE_BITS);
}

static size_t leaf_bytes(const struct gcr_pools *pools)
{
    return gcr_page_round(sizeof(struct gcr_arena_cover) << leaf_bits(pools));
}

/* The entry for one arena-sized slot; makes the nodes on the way. NULL: the supply refused (nodes
 * made so far stay, they are found again). */
static struct gcr_arena_cover *tree_entry(struct gcr_pools *pools, uintptr_t slot)
{
    uint32_t bits = leaf_bits(pools);
    struct gcr_arena_cover ***top = &pools->tree[slot >> (bits + GCR_POOLS_MIDDLE_BITS)];
    if (*top == NULL)
        *top = gcr_supply_map(pools->supply, GCR_PAGES_SIDE, middle_bytes(), GCR_PAGE_BYTES);
    if (*top == NULL)
        return NULL;
    struct gcr_arena_cover **middle = &(*top)[(slot >> bits) & ((1u << GCR_POOLS_MIDDLE_BITS) - 1)];
    if (*middle == NULL)
        *middle = gcr_supply_map(pools->supply, GCR_PAGES_SIDE, leaf_bytes(pools), GCR_PAGE_BYTES);
    if (*middle == NULL)
        return NULL;
    return &(*middle)[slot & (((uintptr_t)1 << bits) - 1)];
}

/* Enters an arena into the tree. False, and nothing entered, if the supply refused. */
bool gcr_pools_tree_insert(struct gcr_pools *pools, uintptr_t start)
{
    uintptr_t slot = start >> pools->arena_shift;
    uint32_t offset = (uint32_t)(start & (pools->options.arena_bytes - 1));
    struct gcr_arena_cover *first = tree_entry(pools, slot);
    if (first == NULL)
        return false;
    if (offset == 0) {
        first->low = pools->options.arena_bytes | pools->options.owner;
        return true;
    }
    struct gcr_arena_cover *second = tree_entry(pools, slot + 1);
    if (second == NULL)
        return false;
    first->high = offset | pools->options.owner;
    second->low = offset | pools->options.owner;
    return true;
}

void gcr_pools_tree_remove(struct gcr_pools *pools, uintptr_t start)
{
    uintptr_t slot = start >> pools->arena_shift;
    uint32_t offset = (uint32_t)(start & (pools->options.arena_bytes - 1));
    struct gcr_arena_cover *first = tree_entry(pools, slot);
    if (offset == 0) {
        first->low = 0;
        return;
    }
    first->high = 0;
    tree_entry(pools, slot + 1)->low = 0;
}

void gcr_pools_tree_finish(struct gcr_pools *pools)
{
    for (size_t i = 0; i < (size_t)1 << GCR_POOLS_TOP_BITS; i++) {
        struct gcr_arena_cover **middle = pools->tree[i];
        if (middle == NULL)
            continue;
        for (size_t j = 0; j < (size_t)1 << GCR_POOLS_MIDDLE_BITS; j++) {
            if (middle[j] != NULL)
                gcr_supply_unmap(pools->supply, GCR_PAGES_SIDE, middle[j], leaf_bytes(pools));
        }
        gcr_supply_unmap(pools->supply, GCR_PAGES_SIDE, middle, middle_bytes());
    }
}
