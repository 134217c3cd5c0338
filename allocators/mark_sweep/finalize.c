/* mark-sweep: who is finalized.
 *
 * finalizer-order=topological, the default: the four states of common/finalizer_order.h with marks
 * in place of copies; what is to be finalized now loses its mark again.
 * finalizer-order=2012, the rule of the source: what each object of the list refers to is marked,
 * but not the object itself; those that nothing has marked then are finalized. One that reaches
 * itself marks itself, and never is. */
#include "allocators/common/finalizer_order.h"
#include "allocators/mark_sweep/mark_sweep.h"

/* ---- what the order asks ---- */

static gcr_ref order_reached(void *arg, gcr_ref object)
{
    return mark_sweep_is_marked(arg, object) ? object : NULL;
}

static gcr_ref order_reach(void *arg, gcr_ref object)
{
    mark_sweep_mark_from(arg, object);
    return object;
}

static gcr_ref *order_slots(void *arg, gcr_ref object, unsigned run, uint64_t *count)
{
    return mark_sweep_slots(mark_sweep_type_of(arg, object), object, run, count);
}

static bool order_flagged(void *arg, gcr_ref object)
{
    (void)arg;
    return mark_sweep_is(object, MARK_SWEEP_ORDERING);
}

static void order_set_flag(void *arg, gcr_ref object, bool on)
{
    uint64_t *header = mark_sweep_word(object, 0);
    (void)arg;
    *header = on ? *header | MARK_SWEEP_ORDERING : *header & ~MARK_SWEEP_ORDERING;
}

static bool order_strip_object(void *arg, gcr_ref object)
{
    order_set_flag(arg, object, false);
    return true;
}

static void order_strip(void *arg)
{
    struct gcr_mark_sweep *h = arg;
    mark_sweep_walk(&h->heap, order_strip_object, h);
}

static const struct gcr_finalizer_order_ops order_ops = {
    .reached = order_reached,
    .reach = order_reach,
    .slots = order_slots,
    .flagged = order_flagged,
    .set_flag = order_set_flag,
    .strip = order_strip,
};

/* ---- the two rules ---- */

static void decide_topological(struct gcr_mark_sweep *h)
{
    mark_sweep_drain(h);
    if (gcr_finalizer_list_count(&h->finalizable) == 0)
        return;
    h->heap.host->phase(h->heap.host, GCR_PHASE_FINALIZE);
    if (!gcr_finalizer_order_on(&h->finalizable, &h->stack, &order_ops, h))
        mark_sweep_exhaust(h);
    for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizable); i++) {
        const struct gcr_finalizable *entry = gcr_finalizer_list_at(&h->finalizable, i);
        if (entry->fate == GCR_FINALIZER_RUN)
            mark_sweep_clear_mark(h, entry->object);
    }
}

/* It stays for one more collection, marked or not. */
static void count_unmarked_survivor(struct gcr_mark_sweep *h, gcr_ref object)
{
    const struct mark_sweep_type *type = mark_sweep_type_of(h, object);
    h->marking.objects++;
    h->marking.bytes += mark_sweep_bytes(type, mark_sweep_length(type, object));
    h->marking.header_bytes += type->payload;
}

static void decide_2012(struct gcr_mark_sweep *h)
{
    for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizable); i++)
        mark_sweep_mark_referents(h, gcr_finalizer_list_at(&h->finalizable, i)->object);
    mark_sweep_drain(h);
    for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizable); i++) {
        struct gcr_finalizable *entry = gcr_finalizer_list_at(&h->finalizable, i);
        if (mark_sweep_is_marked(h, entry->object))
            continue;
        entry->fate = GCR_FINALIZER_RUN;
        count_unmarked_survivor(h, entry->object);
    }
}

void mark_sweep_decide_finalizers(struct gcr_mark_sweep *h)
{
    if (h->orders_finalizers)
        decide_topological(h);
    else
        decide_2012(h);
}

void mark_sweep_settle_finalizers(struct gcr_mark_sweep *h)
{
    for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizable); i++) {
        const struct gcr_finalizable *entry = gcr_finalizer_list_at(&h->finalizable, i);
        if (entry->fate != GCR_FINALIZER_RUN) {
            mark_sweep_clear_mark(h, entry->object);
            continue;
        }
        const struct mark_sweep_type *type = mark_sweep_type_of(h, entry->object);
        bool weak = mark_sweep_type_is(type, MARK_SWEEP_IS_WEAK);
        h->weak_finalizable -= weak;
        mark_sweep_push(type, weak ? &h->weak : &h->plain, entry->object, GCR_CAUSE_HEADER);
    }
}
