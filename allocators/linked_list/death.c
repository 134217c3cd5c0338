/* Death by counting. A count that falls to zero chains its object, through the count itself, on a
 * stack; one loop takes them off, so that a list of a million objects needs no recursion.
 *
 * A dying object, in order: finalizer (which may revive it), weak references to it, its own entries
 * in tables and lists, its references, its body, its block. */
#include "allocators/linked_list/gc_head.h"

void gcr_linked_list_queue_dead(struct linked_list *ll, gcr_ref object)
{
    object_header(object)->count = (uintptr_t)ll->dead;
    ll->dead = object;
}

static bool take_finalizer_turn(struct linked_list *ll, gcr_ref object, bool container)
{
    struct object_header *header = object_header(object);
    if (container) {
        struct gc_head *head = head_of(ll, object);
        if (head_is_finalized(head, ll->packed))
            return false;
        head_set_finalized(head, ll->packed);
        return true;
    }
    if (header->type & OBJECT_FINALIZED)
        return false;
    header->type |= OBJECT_FINALIZED;
    return true;
}

/* Runs the finalizer of an object whose count is zero, on a temporary count. True: it lives again.
 */
static bool finalize_dying(struct linked_list *ll, const struct linked_list_type *type,
                           gcr_ref object)
{
    bool container = type_is(type, GCR_SHAPE_CONTAINER);
    if (!take_finalizer_turn(ll, object, container))
        return false;
    if (container) {
        struct gc_head *head = head_of(ll, object);
        if (head_is_tracked(head, ll->packed))
            head_untrack(ll, head);
        head_track(ll, head);
        object_header(object)->type &= ~OBJECT_UNTRACKED_TUPLE;
    }
    object_header(object)->count = 1;
    ll->base.work.finalized++;
    ll->base.host->finalize(ll->base.host, &ll->base, gcr_linked_list_cookie(ll, object), object);
    return --object_header(object)->count > 0;
}

static void drop_references(struct linked_list *ll, const struct linked_list_type *type,
                            gcr_ref object)
{
    struct slot_span span[2];
    object_spans(type, object, span);
    for (int i = 0; i < 2; i++) {
        for (uint64_t k = 0; k < span[i].count; k++) {
            gcr_ref value = span[i].start[k];
            if (value != NULL && --object_header(value)->count == 0)
                gcr_linked_list_queue_dead(ll, value);
        }
    }
}

static void release(struct linked_list *ll, gcr_ref object)
{
    const struct linked_list_type *type = object_type(ll, object);
    if (type_is(type, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER) &&
        finalize_dying(ll, type, object))
        return;
    if (object_header(object)->type & OBJECT_HAS_WEAK)
        gcr_linked_list_clear_weak_to(ll, object);
    if (type_is(type, GCR_SHAPE_WEAK))
        gcr_linked_list_clear_weak(ll, object);
    if (type_is(type, GCR_SHAPE_CONTAINER)) {
        struct gc_head *head = head_of(ll, object);
        if (head_is_tracked(head, ll->packed))
            head_untrack(ll, head);
    }
    drop_references(ll, type, object);
    if (type_is(type, GCR_SHAPE_RESIZABLE) && *object_body(object) != NULL)
        gcr_linked_list_block_free(ll, *object_body(object));
    gcr_linked_list_free_block(ll, object);
}

void gcr_linked_list_bury_queued(struct linked_list *ll)
{
    if (ll->burying) /* a finalizer of the loop below: that loop goes on with the queue */
        return;
    ll->burying = true;
    while (ll->dead != NULL) {
        gcr_ref object = ll->dead;
        ll->dead = (gcr_ref)(uintptr_t)object_header(object)->count;
        object_header(object)->count = 0;
        release(ll, object);
    }
    ll->burying = false;
}

void gcr_linked_list_bury(struct linked_list *ll, gcr_ref object)
{
    gcr_linked_list_queue_dead(ll, object);
    gcr_linked_list_bury_queued(ll);
}
