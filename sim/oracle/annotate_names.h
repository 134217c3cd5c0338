/* Indexes of the annotated trace, by node of the shadow graph: given at ALLOC, free again at DEATH,
 * the one that died last first. */
#ifndef GCR_SIM_ORACLE_ANNOTATE_NAMES_H
#define GCR_SIM_ORACLE_ANNOTATE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero it first. */
struct gcr_annotate_names {
    uint32_t *of_node; /* index by node */
    size_t node_room;
    uint32_t *dead; /* stack */
    size_t dead_count, dead_room;
    uint32_t last; /* highest index given */
};

void gcr_annotate_names_finish(struct gcr_annotate_names *names);
/* For a forked lane. False: no memory, and *copy is empty. */
bool gcr_annotate_names_clone(const struct gcr_annotate_names *names,
                              struct gcr_annotate_names *copy);
/* Names a new node. False: no memory. Amortised O(1). */
bool gcr_annotate_names_give(struct gcr_annotate_names *names, uint32_t node);
/* The node's DEATH has been written. False: no memory. Amortised O(1). */
bool gcr_annotate_names_take(struct gcr_annotate_names *names, uint32_t node);

#endif
