/* mark-sweep: the closure.
 *
 * mark=pop, the source's rule: a reference is pushed as it is found, and its object is looked at
 * when it is popped, so an object can be on the stack as often as there are references to it.
 * mark=push: the mark is tested and set first, and each object is pushed once at most.
 *
 * Where the object itself is first touched when it is popped (mark=pop, or marks on the side), what
 * is popped waits in a short queue while its header is fetched (common/mark_stack.h).
 *
 * O(references of reachable objects). The loop exists once for each pair of options, so that it
 * tests neither. */
#include "allocators/mark_sweep/mark_sweep.h"

/* What a loop keeps at hand. */
struct mark_loop {
    struct gcr_mark_stack stack;
    struct gcr_mark_bitmap marks;
    const struct mark_sweep_type *types;
    bool side, on_push; /* constants of each instance */
};

GCR_ALWAYS_INLINE bool mark_test_set(struct mark_loop *loop, gcr_ref object)
{
    if (loop->side)
        return gcr_mark_bitmap_test_set(&loop->marks, object);
    uint64_t *header = mark_sweep_word(object, 0);
    if ((*header & MARK_SWEEP_MARKED) != 0)
        return false;
    *header |= MARK_SWEEP_MARKED;
    return true;
}

GCR_ALWAYS_INLINE void mark_reference(struct mark_loop *loop, gcr_ref object)
{
    if (object != NULL && (!loop->on_push || mark_test_set(loop, object)))
        (void)gcr_mark_stack_push(&loop->stack, object); /* a refusal is remembered */
}

/* Deliberate damage (base/sabotage.h): true for the last slot of an object, if what it refers to is
 * not marked. Not once alone: most objects are found in another way, too. */
static bool mark_skips_slot(const struct gcr_mark_sweep *h, gcr_ref value, uint64_t left)
{
#if GCR_SABOTAGE == GCR_SABOTAGE_SKIP_SLOT
    if (left == 1 && value != NULL && !mark_sweep_is_marked(h, value))
        return true;
#endif
    (void)h;
    (void)value;
    (void)left;
    return false;
}

GCR_ALWAYS_INLINE void mark_slots(struct gcr_mark_sweep *h, struct mark_loop *loop,
                                  const gcr_ref *slot, uint64_t count)
{
    for (; count > 0; slot++, count--)
        if (!mark_skips_slot(h, *slot, count))
            mark_reference(loop, *slot);
}

/* Pushes what an object refers to; returns its length. */
GCR_ALWAYS_INLINE uint64_t mark_referents(struct gcr_mark_sweep *h, struct mark_loop *loop,
                                          const struct mark_sweep_type *type, gcr_ref object)
{
    const gcr_ref *slots = (const gcr_ref *)mark_sweep_word(object, type->payload);
    uint64_t length = mark_sweep_length(type, object);
    if (GCR_UNLIKELY(mark_sweep_type_is(type, MARK_SWEEP_HAS_BODY))) {
        mark_slots(h, loop, slots, type->slots);
        mark_slots(h, loop, (const gcr_ref *)*mark_sweep_body(object), length * type->item_slots);
    } else {
        mark_slots(h, loop, slots, type->slots + length * type->item_slots);
    }
    return length;
}

static struct mark_loop mark_loop_begin(const struct gcr_mark_sweep *h)
{
    return (struct mark_loop){.stack = h->stack,
                              .marks = h->marks,
                              .types = h->types,
                              .side = h->side_marks,
                              .on_push = h->marks_on_push};
}

GCR_ALWAYS_INLINE void mark_drain(struct gcr_mark_sweep *h, bool side, bool on_push)
{
    struct mark_loop loop = mark_loop_begin(h);
    struct mark_sweep_tally tally = {0};
    struct gcr_mark_queue queue = {0};
    loop.side = side;
    loop.on_push = on_push;
    for (;;) {
        gcr_ref object = on_push && !side ? gcr_mark_stack_pop(&loop.stack)
                                          : gcr_mark_queue_next(&queue, &loop.stack);
        if (object == NULL)
            break;
        if (!on_push && !mark_test_set(&loop, object))
            continue;
        const struct mark_sweep_type *type = &loop.types[mark_sweep_id(object)];
        uint64_t length = mark_referents(h, &loop, type, object);
        tally.objects++;
        tally.bytes += mark_sweep_bytes(type, length);
        tally.header_bytes += type->payload;
        gcr_mark_stack_note(&loop.stack);
    }
    h->stack = loop.stack;
    h->marking.objects += tally.objects;
    h->marking.bytes += tally.bytes;
    h->marking.header_bytes += tally.header_bytes;
}

void mark_sweep_drain(struct gcr_mark_sweep *h)
{
    if (h->side_marks && h->marks_on_push)
        mark_drain(h, true, true);
    else if (h->side_marks)
        mark_drain(h, true, false);
    else if (h->marks_on_push)
        mark_drain(h, false, true);
    else
        mark_drain(h, false, false);
}

void mark_sweep_mark_from(struct gcr_mark_sweep *h, gcr_ref object)
{
    struct mark_loop loop = mark_loop_begin(h);
    mark_reference(&loop, object);
    h->stack = loop.stack;
    mark_sweep_drain(h);
}

void mark_sweep_mark_referents(struct gcr_mark_sweep *h, gcr_ref object)
{
    struct mark_loop loop = mark_loop_begin(h);
    (void)mark_referents(h, &loop, mark_sweep_type_of(h, object), object);
    h->stack = loop.stack;
}

/* ---- roots ---- */

/* Deliberate damage (base/sabotage.h): true once, for a root that is not null. */
static bool mark_drops_root(struct gcr_mark_sweep *h, gcr_ref root)
{
#if GCR_SABOTAGE == GCR_SABOTAGE_DROP_ROOT
    if (root != NULL && !h->sabotaged && !mark_sweep_is_marked(h, root)) {
        h->sabotaged = true;
        return true;
    }
#endif
    (void)h;
    (void)root;
    return false;
}

/* Their mark is always set, so that what they refer to must be pushed for them. */
static void mark_prebuilt(struct gcr_mark_sweep *h)
{
    const char *end = gcr_immortals_end(&h->immortals);
    for (char *at = gcr_immortals_start(&h->immortals); at < end;) {
        gcr_ref object = (gcr_ref)(void *)at;
        mark_sweep_mark_referents(h, object);
        at += mark_sweep_prebuilt_bytes(h, object);
    }
}

void mark_sweep_mark_roots(struct gcr_mark_sweep *h)
{
    size_t spans;
    const struct gcr_root_span *span = h->heap.host->roots(h->heap.host, &spans);
    struct mark_loop loop = mark_loop_begin(h);
    for (; spans > 0; span++, spans--)
        for (size_t i = 0; i < span->count; i++)
            if (!mark_drops_root(h, span->start[i]))
                mark_reference(&loop, span->start[i]);
    h->stack = loop.stack;
    mark_prebuilt(h);
}
