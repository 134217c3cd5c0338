#include "sim/oracle/shadow_slots.h"

#include <stdlib.h>
#include <string.h>

bool gcr_shadow_take_slots(struct gcr_slot_pool *pool, struct gcr_shadow_node *n, uint32_t count)
{
    n->slots = NULL;
    n->slot_count = count;
    if (gcr_shadow_is_sparse(n))
        n->sparse = calloc(1, sizeof *n->sparse);
    else if (count != 0)
        n->slots = gcr_slot_pool_take(pool, count);
    if (count == 0 || n->slots != NULL)
        return true;
    n->slot_count = 0;
    return false;
}

void gcr_shadow_give_slots(struct gcr_slot_pool *pool, struct gcr_shadow_node *n)
{
    if (gcr_shadow_is_sparse(n)) {
        gcr_shadow_roots_finish(n->sparse);
        free(n->sparse);
    } else {
        gcr_slot_pool_give(pool, n->slots, n->slot_count);
    }
    n->slots = NULL;
    n->slot_count = 0;
}

struct gcr_shadow_edge *gcr_shadow_make_slot(struct gcr_shadow_node *n, uint32_t slot)
{
    return gcr_shadow_is_sparse(n) ? gcr_shadow_roots_make(n->sparse, slot) : &n->slots[slot];
}

bool gcr_shadow_copy_slots(struct gcr_shadow_node *to, const struct gcr_shadow_node *from)
{
    if (to->slot_count == 0 || from->slot_count == 0)
        return true;
    if (!gcr_shadow_is_sparse(to) && !gcr_shadow_is_sparse(from)) {
        uint32_t n = to->slot_count < from->slot_count ? to->slot_count : from->slot_count;
        memcpy(to->slots, from->slots, n * sizeof *to->slots);
        return true;
    }
    for (uint32_t i = gcr_shadow_slot_next(from, 0); i < from->slot_count && i < to->slot_count;
         i = gcr_shadow_slot_next(from, i + 1)) {
        struct gcr_shadow_edge edge = gcr_shadow_slot(from, i), *made;
        if (edge.target == GCR_SHADOW_NULL)
            continue;
        made = gcr_shadow_make_slot(to, i);
        if (made == NULL)
            return false;
        *made = edge;
    }
    return true;
}
