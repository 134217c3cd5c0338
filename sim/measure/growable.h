/* Memory of the harness that grows during a replay: handle tables, roots, pause lists.
 *
 * Mapped apart from malloc, so that a back end which measures malloc sees none of it, and moved by
 * remapping, so that growth copies nothing. Pages cost memory only once they are touched. Untouched
 * bytes read as zero. */
#ifndef GCR_SIM_MEASURE_GROWABLE_H
#define GCR_SIM_MEASURE_GROWABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

/* All zero but for huge_pages: empty. */
struct gcr_growable {
    void *base;
    size_t bytes;
    bool huge_pages; /* ask the system for huge pages; set before anything is reserved */
};

/* Makes at least `bytes` usable; the old content stays, base may change. At least doubles, hence
 * amortised O(1). False, with nothing changed, if the system refuses. */
bool gcr_growable_reserve(struct gcr_growable *memory, size_t bytes) GCR_MUST_USE;

/* Gives everything back; the struct is empty again. */
void gcr_growable_free(struct gcr_growable *memory);

#endif
