/* The slots of a node of the shadow graph, dense or sparse; how they are read is in shadow.h. */
#ifndef GCR_SIM_ORACLE_SHADOW_SLOTS_H
#define GCR_SIM_ORACLE_SHADOW_SLOTS_H

#include "sim/oracle/shadow.h"

/* Gives the node that many slots, all null; whatever it had is forgotten. False: no memory, and it
 * has none. O(count), or O(1) if they are sparse. */
bool gcr_shadow_take_slots(struct gcr_slot_pool *pool, struct gcr_shadow_node *n, uint32_t count);
/* O(slots that were set). */
void gcr_shadow_give_slots(struct gcr_slot_pool *pool, struct gcr_shadow_node *n);
/* The slot, which from now on has room of its own. NULL: no memory. */
struct gcr_shadow_edge *gcr_shadow_make_slot(struct gcr_shadow_node *n, uint32_t slot);
/* *to, whose slots are all null, gets those of *from, as far as it has them. False: no memory. */
bool gcr_shadow_copy_slots(struct gcr_shadow_node *to, const struct gcr_shadow_node *from);

#endif
