/* buffered-refcount: the write barrier, and the ways of finding the context whose buffer it logs
 * into.
 *
 * Barrier (PLDI 2001): exchange the slot atomically, so that the old value is exact; log the new
 * value if it is not null, and the old one, tagged as a decrement, if that is not null; one test
 * for the end of the chunk. No header is touched.
 *
 * The source keeps the buffer's address in a processor register of its own. What a runtime without
 * one can do is an option, because the cost of a store depends on it:
 *
 * - param: the context is a parameter of everything: one load from the heap's own struct;
 * - cached: looked up (as tls-gd) by the first barrier after an allocation, which stands for a
 *   call, and kept until the next;
 * - tls-ie: a thread-local variable at a fixed offset of the thread pointer;
 * - tls-gd: a thread-local variable of a shared object, a call of __tls_get_addr. A linker turns
 *   that into the form above wherever it makes an executable, so the call is made explicitly, with
 *   the module and offset that a compiler would have loaded;
 * - getspecific: a call of pthread_getspecific.
 *
 * The thread-local variable is one for all heaps of an OS thread: two heaps in turns on one thread
 * need `param` or `getspecific`. */
#ifndef GCR_ALLOCATORS_BUFFERED_REFCOUNT_BARRIER_H
#define GCR_ALLOCATORS_BUFFERED_REFCOUNT_BARRIER_H

#include "allocators/buffered_refcount/buffered_refcount.h"

extern _Thread_local struct recycler_context *recycler_current GCR_TLS_INITIAL_EXEC;

void *__tls_get_addr(struct recycler_tls_index *index);

/* Makes the context the current one, for every way of finding it. */
void recycler_reach_set(struct gcr_recycler *h, struct recycler_context *context);
/* Key and module; false: the system refuses. */
bool recycler_reach_create(struct gcr_recycler *h) GCR_MUST_USE;
void recycler_reach_destroy(struct gcr_recycler *h);

static inline struct recycler_context *recycler_reach_tls_gd(struct gcr_recycler *h)
{
    return *(struct recycler_context **)__tls_get_addr(&h->tls);
}

static inline struct recycler_context *recycler_reach_other(struct gcr_recycler *h)
{
    switch ((enum recycler_reach)h->reach) {
    case RECYCLER_REACH_CACHED:
        if (h->cached == NULL)
            h->cached = recycler_reach_tls_gd(h);
        return h->cached;
    case RECYCLER_REACH_TLS_IE:
        return recycler_current;
    case RECYCLER_REACH_TLS_GD:
        return recycler_reach_tls_gd(h);
    case RECYCLER_REACH_GETSPECIFIC:
        return pthread_getspecific(h->key);
    default:
        return h->context;
    }
}

static inline struct recycler_context *recycler_reach(struct gcr_recycler *h)
{
    return GCR_LIKELY(h->reach == RECYCLER_REACH_PARAM) ? h->context : recycler_reach_other(h);
}

/* Logs a pair in two buffers, as Bacon's first description has it. */
static inline bool recycler_log_apart(struct recycler_context *context, gcr_ref new_value,
                                      gcr_ref old_value)
{
    struct recycler_log *log = context->log;
    if (new_value != NULL)
        *log[0].top++ = (uintptr_t)new_value;
    if (old_value != NULL)
        *log[1].top++ = (uintptr_t)old_value | RECYCLER_DEC;
    return log[0].top >= log[0].limit || log[1].top >= log[1].limit;
}

/* Without a look at the limit. True: it is reached. */
static inline bool recycler_log_pair(struct gcr_recycler *h, struct recycler_context *context,
                                     gcr_ref new_value, gcr_ref old_value)
{
    if (GCR_UNLIKELY(h->two_buffers))
        return recycler_log_apart(context, new_value, old_value);
    struct recycler_log *log = context->log;
    uintptr_t *top = log->top;
    if (new_value != NULL)
        *top++ = (uintptr_t)new_value;
    if (old_value != NULL)
        *top++ = (uintptr_t)old_value | RECYCLER_DEC;
    log->top = top;
    return top >= log->limit;
}

/* The barrier. A safepoint if a chunk is full. */
static inline void recycler_store(struct gcr_recycler *h, gcr_ref *slot, gcr_ref value)
{
    gcr_ref old_value = GCR_EXCHANGE_AS(GCR_CAUSE_DATA, slot, value);
    if (GCR_UNLIKELY(recycler_log_pair(h, recycler_reach(h), value, old_value)))
        recycler_log_full(h);
}

/* A new object: counted, and its birth logged. No safepoint, here and in the next. */
static inline void recycler_born(struct gcr_recycler *h, const struct gcr_layout *layout,
                                 const struct gcr_shape *shape, uint32_t length, gcr_ref object)
{
    h->header_bytes += layout->payload;
    h->born++;
    h->heap.work.allocated_objects++;
    h->heap.work.allocated_bytes += gcr_shape_object_bytes(shape, length);
    (void)recycler_log_pair(h, recycler_reach(h), NULL, object);
}

/* It replaces the root's value. */
static inline void recycler_place(struct gcr_recycler *h, gcr_ref object, gcr_ref *root,
                                  bool global_root)
{
    if (global_root || GCR_UNLIKELY(h->logs_stacks)) {
        gcr_ref old_value = GCR_EXCHANGE(root, object);
        (void)recycler_log_pair(h, recycler_reach(h), object, old_value);
    } else {
        *root = object;
    }
}

/* A root: thread roots have no barrier where stacks are deferred. */
static inline void recycler_set_root(struct gcr_recycler *h, gcr_ref *root, gcr_ref value,
                                     bool global_root)
{
    if (global_root || GCR_UNLIKELY(h->logs_stacks))
        recycler_store(h, root, value);
    else
        GCR_STORE_AS(GCR_CAUSE_DATA, *root, value);
}

#endif
