/* incminimark: marking, in steps, while the mutator goes on between them.
 *
 * White: not marked. Gray: on one of the stacks. Black: marked. A black object has NO_YOUNG set, so
 * that a store into it makes it remembered, and the next minor collection makes it gray again (a
 * retreating barrier on the source: Steele, "Multiprocessing compactifying garbage collection",
 * CACM 18(9), 1975). Right after a minor collection no black object refers to a white one, but for
 * prebuilt objects that were never written to and pinned ones, which are not marked at all.
 *
 * Source: PyPy's rpython/memory/gc/incminimark.py. Differs: what is popped passes through a short
 * queue that fetches it ahead. Cost: O(objects and references reachable when the cycle begins, or
 * made reachable or written to during it). */
#include "allocators/common/finalizer_order.h"
#include "allocators/incminimark/incminimark.h"

/* ---- marking ---- */

static void mark_push(struct gcr_incminimark *h, gcr_ref object)
{
    if (object != NULL)
        (void)!gcr_mark_stack_push(&h->gray, object); /* a refusal is seen at the end of the step */
}

/* Gray to black. Returns the object's bytes; 0: it was black, or is none of ours. */
static uint64_t mark_visit(struct gcr_incminimark *h, gcr_ref object)
{
    if (gcr_nursery_has(&h->nursery, object))
        return 0;
    uint64_t header = gcr_object_header(object);
    if (h->policy.marks_in_bitmap) {
        if (gcr_header_is(header, GCR_HEADER_NO_HEAP) ||
            !gcr_mark_bitmap_test_set(&h->marks, object))
            return 0;
        if (!gcr_header_is(header, GCR_HEADER_NO_YOUNG))
            *gcr_object_word(object, 0) = header | GCR_HEADER_NO_YOUNG;
    } else {
        if (gcr_header_is(header, GCR_HEADER_NO_HEAP | GCR_HEADER_MARKED))
            return 0;
        *gcr_object_word(object, 0) = header | GCR_HEADER_MARKED | GCR_HEADER_NO_YOUNG;
    }
    const struct gcr_layout *layout = gcr_layout_of_header(&h->layouts, header);
    uint64_t count;
    gcr_ref *slots = gcr_layout_slots(layout, object, &count);
    for (uint64_t i = 0; i < count; i++)
        mark_push(h, slots[i]);
    uint64_t bytes = incminimark_old_bytes(layout, gcr_layout_length(layout, object));
    h->heap.work.marked_objects += !gcr_header_is(header, GCR_HEADER_INTERNAL);
    if (h->counts_kept)
        h->kept_by_finalizers_bytes += bytes;
    return bytes;
}

/* What the queue still holds goes back on the stack. */
static void mark_requeue(struct gcr_incminimark *h, struct gcr_mark_queue *queue)
{
    for (int i = 0; i < GCR_MARK_QUEUE; i++)
        mark_push(h, queue->entry[i]);
}

uint64_t incminimark_mark(struct gcr_incminimark *h, uint64_t bytes)
{
    struct gcr_mark_queue queue = {0};
    gcr_ref object;
    uint64_t left = bytes;
    while (left > 0 && (object = gcr_mark_queue_next(&queue, &h->gray)) != NULL) {
        uint64_t visited = mark_visit(h, object);
        left -= visited < left ? visited : left;
    }
    mark_requeue(h, &queue);
    return left;
}

void incminimark_mark_again(struct gcr_incminimark *h, gcr_ref object)
{
    if (!incminimark_is_marked(h, object))
        return;
    incminimark_unmark(h, object);
    (void)!gcr_mark_stack_push(&h->more_gray, object);
}

/* ---- roots ---- */

static void mark_roots(struct gcr_incminimark *h, bool globals_only)
{
    size_t spans;
    const struct gcr_root_span *span = h->heap.host->roots(h->heap.host, &spans);
    for (; spans > 0; span++, spans--)
        for (size_t i = 0; i < span->count; i++)
            if (!globals_only || span->thread == GCR_GLOBAL_ROOTS)
                mark_push(h, span->start[i]);
}

static bool mark_push_visitor(void *arg, gcr_ref object)
{
    mark_push(arg, object);
    return true;
}

/* Prebuilt objects that were ever written to. */
static void mark_prebuilt(struct gcr_incminimark *h)
{
    const struct gcr_vector *list = &h->remember.last;
    if (h->remember.last_incomplete)
        (void)gcr_immortals_walk(&h->immortals, &h->layouts, mark_push_visitor, h);
    for (size_t i = 0; i < gcr_vector_count(list); i++)
        mark_push(h, *(gcr_ref *)gcr_vector_at(list, i));
}

void incminimark_mark_begin(struct gcr_incminimark *h)
{
    mark_roots(h, false);
    mark_prebuilt(h);
}

/* ---- the end ---- */

gcr_ref incminimark_major_survivor(void *arg, gcr_ref object)
{
    struct gcr_incminimark *h = arg;
    return gcr_nursery_has(&h->nursery, object) ||
                   gcr_header_is(gcr_object_header(object), GCR_HEADER_EXTERNAL) ||
                   incminimark_is_marked(h, object)
               ? object
               : NULL;
}

static bool major_still_young(void *arg, gcr_ref object)
{
    return gcr_nursery_has(&((struct gcr_incminimark *)arg)->nursery, object);
}

static gcr_ref order_reach(void *arg, gcr_ref object)
{
    struct gcr_incminimark *h = arg;
    mark_push(h, object);
    (void)incminimark_mark(h, UINT64_MAX);
    return object;
}

static gcr_ref *order_slots(void *arg, gcr_ref object, unsigned run, uint64_t *count)
{
    const struct gcr_incminimark *h = arg;
    return run == 0 ? gcr_layout_slots(gcr_layout_of(&h->layouts, object), object, count) : NULL;
}

static bool order_strip_object(void *arg, gcr_ref object)
{
    if (gcr_finalizer_order_header_flagged(arg, object))
        gcr_finalizer_order_set_header_flag(arg, object, false);
    return true;
}

static void order_strip(void *arg)
{
    const struct gcr_incminimark *h = arg;
    (void)incminimark_old_walk(h, order_strip_object, NULL);
    (void)gcr_immortals_walk(&h->immortals, &h->layouts, order_strip_object, NULL);
}

/* With marks in a bitmap headers stay untouched here, too. */
static bool mark_order_finalizers(struct gcr_incminimark *h)
{
    struct gcr_finalizer_order_ops ops = {
        .reached = incminimark_major_survivor, .reach = order_reach, .slots = order_slots};
    if (!h->policy.marks_in_bitmap) {
        ops.flagged = gcr_finalizer_order_header_flagged;
        ops.set_flag = gcr_finalizer_order_set_header_flag;
        ops.strip = order_strip;
    }
    h->kept_by_finalizers_bytes = 0;
    h->counts_kept = true;
    bool done = gcr_finalizer_list_count(&h->finalizers) == 0 ||
                gcr_finalizer_order(&h->finalizers, h->heap.supply, &ops, h);
    h->counts_kept = false;
    return done;
}

/* Parents of pinned objects that die are forgotten. */
static void mark_drop_parents(struct gcr_incminimark *h)
{
    struct gcr_vector *list = &h->pinned_parents;
    size_t count = gcr_vector_count(list), kept = 0;
    for (size_t i = 0; i < count; i++) {
        gcr_ref parent = *(gcr_ref *)gcr_vector_at(list, i);
        if (incminimark_major_survivor(h, parent) != NULL)
            *(gcr_ref *)gcr_vector_at(list, kept++) = parent;
    }
    gcr_vector_truncate(list, kept);
}

bool incminimark_mark_finish(struct gcr_incminimark *h)
{
    struct gcr_host *host = h->heap.host;
    mark_roots(h, true);
    mark_prebuilt(h);
    (void)incminimark_mark(h, UINT64_MAX);
    if (h->gray.refused)
        return false;
    if (gcr_finalizer_list_count(&h->finalizers) != 0)
        host->phase(host, GCR_PHASE_FINALIZE);
    bool ordered = mark_order_finalizers(h);
    if (h->gray.refused) {
        order_strip(h);
        return false;
    }
    if (!ordered)
        h->exhausted = true; /* nothing is finalized in this cycle; all that waits was kept */
    const struct gcr_weak_update update = {incminimark_major_survivor, major_still_young, h};
    gcr_weak_list_update(&h->weak, &update);
    mark_drop_parents(h);
    h->update = INCMINIMARK_UPDATE_MAJOR;
    host->update_handles(host, &h->heap, false);
    gcr_mark_stack_reset(&h->gray, 0);
    gcr_mark_stack_reset(&h->more_gray, 0);
    return true;
}

static bool mark_whiten(void *arg, gcr_ref object)
{
    if (incminimark_is_marked(arg, object))
        incminimark_unmark(arg, object);
    return true;
}

void incminimark_mark_abandon(struct gcr_incminimark *h)
{
    (void)incminimark_old_walk(h, mark_whiten, h);
    (void)gcr_immortals_walk(&h->immortals, &h->layouts, mark_whiten, h);
    for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizers); i++)
        gcr_finalizer_list_at(&h->finalizers, i)->fate = GCR_FINALIZER_KEPT;
    gcr_mark_stack_reset(&h->gray, 0);
    gcr_mark_stack_reset(&h->more_gray, 0);
    h->state = INCMINIMARK_SCANNING;
    h->figures.abandoned++;
}
