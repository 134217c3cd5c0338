/* The stack of a marking closure, on supply pages, with an optional queue in front of it that
 * fetches objects ahead of their use.
 *
 * The stack is one large reservation whose pages are committed as it deepens (so that nothing is
 * ever moved and no second copy is held) and given back between collections. A refused page is
 * remembered in `refused`: the entry was not pushed, the closure is incomplete, and the collection
 * must end as its design says.
 *
 * The queue: what is popped goes into a ring of GCR_MARK_QUEUE entries while its memory is being
 * fetched, and what comes out was fetched that many pops ago. Source: Cher, Hosking and Vitek,
 * "Software prefetching for mark-sweep garbage collection: hardware analysis and software
 * redesign", ASPLOS 2004. Order is then neither depth-first nor breadth-first, but still fixed.
 *
 * Invariant: start <= top <= limit <= start + reserved_bytes. Cost: push and pop O(1). */
#ifndef GCR_ALLOCATORS_COMMON_MARK_STACK_H
#define GCR_ALLOCATORS_COMMON_MARK_STACK_H

#include "allocators/collector.h"
#include "base/compiler.h"

struct gcr_mark_stack {
    gcr_ref *top, *limit; /* next free entry; end of the committed ones */
    gcr_ref *start;       /* NULL: nothing reserved yet */
    struct gcr_supply *supply;
    size_t reserved_bytes;
    uint64_t peak_entries; /* deepest that gcr_mark_stack_note and grow have seen */
    bool refused;          /* an entry found no room since the last reset */
};

/* Takes no memory yet. */
void gcr_mark_stack_init(struct gcr_mark_stack *stack, struct gcr_supply *supply);
/* Gives all pages back; usable again. */
void gcr_mark_stack_finish(struct gcr_mark_stack *stack);

/* Makes sure that `count` more entries can be pushed. False, with nothing changed, if the supply
 * refuses; `refused` is left as it was. */
bool gcr_mark_stack_reserve(struct gcr_mark_stack *stack, size_t count) GCR_MUST_USE;

/* Room for at least one more entry; sets `refused` if the supply has none. Slow path of push. */
bool gcr_mark_stack_grow(struct gcr_mark_stack *stack) GCR_MUST_USE;

/* Empties it, forgets a refusal and gives back all pages but the first `keep_bytes`. */
void gcr_mark_stack_reset(struct gcr_mark_stack *stack, size_t keep_bytes);

static inline size_t gcr_mark_stack_count(const struct gcr_mark_stack *stack)
{
    return (size_t)(stack->top - stack->start);
}

/* For `peak_entries`: after the references of an object have been pushed. */
static inline void gcr_mark_stack_note(struct gcr_mark_stack *stack)
{
    if ((size_t)(stack->top - stack->start) > stack->peak_entries)
        stack->peak_entries = (size_t)(stack->top - stack->start);
}

/* False: refused, and `refused` is set. */
static inline bool gcr_mark_stack_push(struct gcr_mark_stack *stack, gcr_ref object)
{
    if (GCR_UNLIKELY(stack->top == stack->limit) && !gcr_mark_stack_grow(stack))
        return false;
    *stack->top++ = object;
    return true;
}

/* NULL: empty. */
static inline gcr_ref gcr_mark_stack_pop(struct gcr_mark_stack *stack)
{
    return stack->top != stack->start ? *--stack->top : NULL;
}

/* ---- the queue in front ---- */

enum { GCR_MARK_QUEUE = 16 };

/* All zero is an empty queue. Lives where the loop that drains lives, usually in its frame. */
struct gcr_mark_queue {
    gcr_ref entry[GCR_MARK_QUEUE];
    uint32_t at; /* next entry to come out */
};

/* Next object to scan, its first line fetched ahead; NULL: stack and queue are empty. */
static inline gcr_ref gcr_mark_queue_next(struct gcr_mark_queue *queue,
                                          struct gcr_mark_stack *stack)
{
    uint32_t nothing_in = 0;
    for (;;) {
        gcr_ref in = gcr_mark_stack_pop(stack);
        if (in != NULL)
            GCR_PREFETCH(in);
        else if (nothing_in++ == GCR_MARK_QUEUE) /* has gone round: nothing is waiting */
            return NULL;
        gcr_ref *place = &queue->entry[queue->at % GCR_MARK_QUEUE];
        gcr_ref out = *place;
        *place = in;
        queue->at++;
        if (out != NULL)
            return out;
    }
}

#endif
