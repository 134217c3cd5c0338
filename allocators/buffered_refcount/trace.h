/* What both cycle collectors share: the root buffer, and taking objects out of a trace. */
#ifndef GCR_ALLOCATORS_BUFFERED_REFCOUNT_TRACE_H
#define GCR_ALLOCATORS_BUFFERED_REFCOUNT_TRACE_H

#include "allocators/buffered_refcount/counts.h"

/* Colours that blackening enters: purple objects keep their place as roots, green ones their
 * colour, red ones are the candidate at hand. */
static inline bool recycler_is_traced(enum recycler_colour colour)
{
    return colour == RECYCLER_GRAY || colour == RECYCLER_WHITE || colour == RECYCLER_ORANGE;
}

/* An object of such a colour, and what it reaches through them, becomes black. */
void recycler_blacken(struct gcr_recycler *h, gcr_ref object);

/* A referent that a trace looks at; NULL: null, immortal or green. */
static inline gcr_ref recycler_cyclic_referent(gcr_ref *slot)
{
    gcr_ref object = recycler_referent(slot);
    return object != NULL && recycler_colour_of(object) != RECYCLER_GREEN ? object : NULL;
}

/* Appends to a root buffer, after the epoch of its cause if that is another one than *last. */
void recycler_root_push(struct gcr_recycler *h, struct recycler_list *roots, uint32_t *last,
                        gcr_ref object, uint32_t cause);

/* The next object of a list with epochs in between, each of which goes to *cause; NULL: the end. */
static inline gcr_ref recycler_root_next(struct recycler_cursor *cursor, uint32_t *cause)
{
    uintptr_t word;
    while (recycler_is_epoch(word = recycler_cursor_next(cursor)))
        *cause = (uint32_t)(word >> 1);
    return (gcr_ref)word;
}

/* Takes the root buffer; a new one begins. */
struct recycler_list recycler_roots_take(struct gcr_recycler *h);

#endif
