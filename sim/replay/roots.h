/* Root slots: a growable array for each thread, and one of global slots for the lane.
 *
 * Arrays grow between batches only: spans and slot addresses hold while events are carried out. */
#ifndef GCR_SIM_REPLAY_ROOTS_H
#define GCR_SIM_REPLAY_ROOTS_H

#include <stdint.h>

#include "allocators/collector.h"
#include "sim/measure/growable.h"

struct gcr_root_array {
    gcr_ref *slots;
    size_t count; /* slots that the trace has named so far */
    struct gcr_growable memory;
};

/* All zero: no slots; thread 0 is current. */
struct gcr_roots {
    struct gcr_root_array global;
    struct gcr_growable thread_memory; /* struct gcr_root_array by thread */
    uint32_t thread_count;
    struct gcr_growable span_memory; /* struct gcr_root_span, thread_count + 1 of them */
    uint32_t current;                /* thread */
};

/* Makes slot `root` (operand form) of `thread` exist. False: no memory. Amortised O(1). */
bool gcr_roots_reserve(struct gcr_roots *roots, uint32_t thread, uint32_t root) GCR_MUST_USE;

/* Makes the arrays of threads 0 .. thread exist. */
bool gcr_roots_reserve_thread(struct gcr_roots *roots, uint32_t thread) GCR_MUST_USE;

/* First slot of a thread's array, NULL if it has none. */
gcr_ref *gcr_roots_thread_base(const struct gcr_roots *roots, uint32_t thread);

/* The slot named by a root operand, or NULL if it does not exist. */
gcr_ref *gcr_roots_find(const struct gcr_roots *roots, uint32_t thread, uint32_t root);

/* How many slots a thread, or the lane (global), has. */
size_t gcr_roots_count(const struct gcr_roots *roots, uint32_t thread, bool global);

/* All slots, as spans that hold until the next growth. O(threads). */
const struct gcr_root_span *gcr_roots_spans(struct gcr_roots *roots, size_t *count);

void gcr_roots_free(struct gcr_roots *roots);

#endif
