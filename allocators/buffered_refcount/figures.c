/* buffered-refcount: its own figures. Ages are measured, not derived: each chunk of a mutation
 * buffer carries the epoch in which it was filled, root and cycle buffer carry the epoch of the
 * decrement that put a root there, and a snapshot's references are found gone in the epoch at whose
 * end its successor is taken. The age of an object at its free is the number of the epoch that the
 * mutator is in then, minus that of the decrement that led to it. */
#include "allocators/buffered_refcount/buffered_refcount.h"

static const char *const figure_age[RECYCLER_AGES] = {
    "freed at age 0 epochs",        "freed at age 1 epoch",  "freed at age 2 epochs",
    "freed at age 3 epochs",        "freed at age 4 epochs", "freed at age 5 epochs",
    "freed at age 6 epochs",        "freed at age 7 epochs", "freed at age 8 epochs",
    "freed at age 9 epochs or more"};

size_t recycler_figures(struct gcr_heap *heap, struct gcr_design_figure *out)
{
    struct gcr_recycler *h = recycler_of(heap);
    const struct recycler_stats *stats = &h->seen;
    const struct gcr_design_figure fixed[] = {
        {"epochs", "epochs", (double)h->epochs, GCR_DESIGN_SUM},
        {"entries logged", "entries", (double)h->logged_words, GCR_DESIGN_SUM},
        {"increments applied", "counts", (double)stats->increments, GCR_DESIGN_SUM},
        {"decrements applied", "counts", (double)stats->decrements, GCR_DESIGN_SUM},
        {"mutation chunks peak", "chunks", (double)h->pool_peak, GCR_DESIGN_MAX},
        {"collector chunks peak", "chunks", (double)stats->chunks_peak, GCR_DESIGN_MAX},
        {"overflow entries peak", "objects", (double)h->overflow_peak, GCR_DESIGN_MAX},
        {"stack slots at a boundary peak", "slots", (double)h->stack_slots_peak, GCR_DESIGN_MAX},
        {"stack slots of a context peak", "slots", (double)h->context_slots_peak, GCR_DESIGN_MAX},
        {"roots buffered", "objects", (double)stats->roots, GCR_DESIGN_SUM},
        {"root buffer peak", "entries", (double)stats->roots_peak, GCR_DESIGN_MAX},
        {"objects traced gray", "objects", (double)stats->grayed, GCR_DESIGN_SUM},
        {"cycles found", "cycles", (double)stats->candidates, GCR_DESIGN_SUM},
        {"cycles freed", "cycles", (double)stats->freed_candidates, GCR_DESIGN_SUM},
        {"cycles aborted by the delta test", "cycles", (double)stats->failed_delta, GCR_DESIGN_SUM},
        {"cycles aborted by the sigma test", "cycles", (double)stats->failed_sigma, GCR_DESIGN_SUM},
        {"cycles kept for finalizers", "cycles", (double)stats->kept_for_finalizers,
         GCR_DESIGN_SUM},
        {"waits for the collector", "waits", (double)h->waits, GCR_DESIGN_SUM},
        {"rounds to quiescence peak", "epochs", (double)h->rounds_peak, GCR_DESIGN_MAX},
    };
    size_t count = 0;
    for (size_t i = 0; i < GCR_COUNT_OF(fixed); i++)
        out[count++] = fixed[i];
    for (size_t i = 1; i < RECYCLER_AGES; i++)
        out[count++] = (struct gcr_design_figure){figure_age[i], "objects", (double)stats->age[i],
                                                  GCR_DESIGN_SUM};
    return count;
}
