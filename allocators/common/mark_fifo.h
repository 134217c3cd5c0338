/* A first-in-first-out work list for marking, on supply pages: breadth-first order.
 *
 * One reservation with room for every entry that one collection can push. Pages are committed as
 * the tail advances and given back as the head passes them, so that what is held at any moment is
 * the width of the graph and not its size; whenever the list runs empty it starts again on the
 * pages that it has. With one entry an object, 8 bytes times the objects is its bound.
 *
 * Source: the address queue of PyPy's rpython/memory/support.py, which chains chunks instead.
 * Invariant: kept <= head <= tail <= limit; kept .. limit is committed. Cost: O(1) an entry. */
#ifndef GCR_ALLOCATORS_COMMON_MARK_FIFO_H
#define GCR_ALLOCATORS_COMMON_MARK_FIFO_H

#include "allocators/collector.h"
#include "base/compiler.h"

struct gcr_mark_fifo {
    gcr_ref *head, *tail; /* next one out, next free place */
    gcr_ref *limit;       /* end of the committed places */
    gcr_ref *kept;        /* the first committed place */
    gcr_ref *start;       /* NULL: nothing reserved */
    struct gcr_supply *supply;
    size_t reserved_bytes;
    uint64_t peak_bytes; /* most that was ever committed */
    bool refused;        /* an entry found no room since the list was opened */
};

/* Holds no memory. */
void gcr_mark_fifo_init(struct gcr_mark_fifo *fifo, struct gcr_supply *supply);
/* Opens it for one collection that pushes at most `entries`. False: no address space. */
bool gcr_mark_fifo_open(struct gcr_mark_fifo *fifo, uint64_t entries) GCR_MUST_USE;
/* Gives everything back. The list may still hold entries (a collection that gave up). */
void gcr_mark_fifo_close(struct gcr_mark_fifo *fifo);

/* Slow halves of push and pop. */
bool gcr_mark_fifo_grow(struct gcr_mark_fifo *fifo) GCR_MUST_USE;
void gcr_mark_fifo_give_back(struct gcr_mark_fifo *fifo);

enum { GCR_MARK_FIFO_STEP = 64 * 1024, GCR_MARK_FIFO_AHEAD = 8 };

/* False: the supply refused; `refused` is set and the entry is not in the list. */
static inline bool gcr_mark_fifo_push(struct gcr_mark_fifo *fifo, gcr_ref object)
{
    if (GCR_UNLIKELY(fifo->tail == fifo->limit) && !gcr_mark_fifo_grow(fifo))
        return false;
    *fifo->tail++ = object;
    return true;
}

/* NULL: empty. Fetches the header of an entry that comes out soon. */
static inline gcr_ref gcr_mark_fifo_pop(struct gcr_mark_fifo *fifo)
{
    if (fifo->head == fifo->tail)
        return NULL;
    gcr_ref object = *fifo->head++;
    if (fifo->head == fifo->tail) {
        fifo->head = fifo->tail = fifo->kept;
        return object;
    }
    if (fifo->head + GCR_MARK_FIFO_AHEAD < fifo->tail)
        GCR_PREFETCH(fifo->head[GCR_MARK_FIFO_AHEAD]);
    if (GCR_UNLIKELY((size_t)((char *)fifo->head - (char *)fifo->kept) >= 2 * GCR_MARK_FIFO_STEP))
        gcr_mark_fifo_give_back(fifo);
    return object;
}

#endif
