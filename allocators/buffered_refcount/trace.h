/* What both cycle collectors share: the root buffer, and taking objects out of a trace. */
#ifndef GCR_ALLOCATORS_BUFFERED_REFCOUNT_TRACE_H
#define GCR_ALLOCATORS_BUFFERED_REFCOUNT_TRACE_H

#include "allocators/buffered_refcount/counts.h"
#include "base/compiler.h"

/* Colours that blackening enters: purple objects keep their place as roots, green ones their
 * colour, red ones are the candidate at hand. */
static inline bool recycler_is_traced(enum recycler_colour colour)
{
    return colour == RECYCLER_GRAY || colour == RECYCLER_WHITE || colour == RECYCLER_ORANGE;
}

/* What a trace does with a referent, which is not null. `list`: where it puts what it finds, or
 * NULL. */
typedef void recycler_visit(struct gcr_recycler *h, gcr_ref referent, struct recycler_list *list);

GCR_ALWAYS_INLINE void recycler_visit_slots(struct gcr_recycler *h, gcr_ref object,
                                            recycler_visit *visit, struct recycler_list *list)
{
    uint64_t count;
    gcr_ref *slot = recycler_slots(&h->layouts, object, &count);
    for (uint64_t i = 0; i < count; i++) {
        gcr_ref referent = recycler_referent(&slot[i]);
        if (referent != NULL)
            visit(h, referent, list);
    }
}

/* Visits what the objects of a stack refer to until it is empty; visiting may push more. */
GCR_ALWAYS_INLINE void recycler_trace(struct gcr_recycler *h, struct recycler_list *stack,
                                      recycler_visit *visit, struct recycler_list *list)
{
    gcr_ref object;
    while ((object = (gcr_ref)recycler_list_pop(h, stack)) != NULL)
        recycler_visit_slots(h, object, visit, list);
}

/* An object of such a colour, and what it reaches through them, becomes black. */
void recycler_blacken(struct gcr_recycler *h, gcr_ref object);

/* Trial deletion leaves green objects out. */
static inline bool recycler_is_green(gcr_ref object)
{
    return recycler_colour_of(object) == RECYCLER_GREEN;
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
