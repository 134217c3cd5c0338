/* Whether the designs of a comparison agree: on the reachable graph, at every checkpoint of every
 * process; and, those that count references and collect by the same rules, on what each collection
 * freed. Verified runs only; what the documents say is compared, not the heaps. */
#ifndef GCR_SIM_CMD_AGREEMENT_H
#define GCR_SIM_CMD_AGREEMENT_H

#include "sim/cmd/comparison.h"

struct gcr_agreement {
    size_t designs;     /* verified runs that completed: with fewer than two nothing is said */
    uint64_t moments;   /* graphs compared, of all processes, their ends included */
    uint32_t set_aside; /* processes in which a finalizer has stored its object */
    bool graphs_differ; /* `difference` says where */
    char difference[256];
    char freed_sets[256]; /* about collections that can be held against each other; or "" */
};

void gcr_agreement_find(const struct gcr_comparison *comparison, struct gcr_agreement *out);

#endif
