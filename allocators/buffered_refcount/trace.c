/* buffered-refcount: the root buffer, and blackening. */
#include "allocators/buffered_refcount/trace.h"

static void blacken_one(struct gcr_recycler *h, gcr_ref object)
{
    recycler_set_black(h, object);
    (void)!recycler_list_push(h, &h->collector.stack, (uintptr_t)object);
}

static void blacken_visit(struct gcr_recycler *h, gcr_ref referent, struct recycler_list *list)
{
    (void)list;
    if (recycler_is_traced(recycler_colour_of(referent)))
        blacken_one(h, referent);
}

void recycler_blacken(struct gcr_recycler *h, gcr_ref object)
{
    blacken_one(h, object);
    recycler_trace(h, &h->collector.stack, blacken_visit, NULL);
}

void recycler_root_push(struct gcr_recycler *h, struct recycler_list *roots, uint32_t *last,
                        gcr_ref object, uint32_t cause)
{
    if (*last != cause && !recycler_list_push(h, roots, (uintptr_t)cause << 1 | 1))
        return;
    *last = cause;
    (void)!recycler_list_push(h, roots, (uintptr_t)object);
}

struct recycler_list recycler_roots_take(struct gcr_recycler *h)
{
    struct recycler_list roots = h->collector.roots;
    h->collector.roots = (struct recycler_list){0};
    h->collector.roots_cause = 0;
    return roots;
}

void recycler_sweep_roots(struct gcr_recycler *h)
{
    struct recycler_collector *c = &h->collector;
    struct recycler_list roots = recycler_roots_take(h);
    struct recycler_cursor at = recycler_list_begin(&roots);
    uint32_t cause = 0;
    gcr_ref object;
    while ((object = recycler_root_next(&at, &cause)) != NULL) {
        if (recycler_colour_of(object) == RECYCLER_PURPLE) {
            recycler_root_push(h, &c->roots, &c->roots_cause, object, cause);
            continue;
        }
        recycler_set_buffered(object, false);
        c->cause = cause;
        if (recycler_rc_is_zero(object))
            recycler_free(h, object);
    }
    recycler_list_clear(h, &roots);
}
