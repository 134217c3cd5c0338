/* semispace: one collection, in the order in which it runs.
 *
 * Cheney's scan: to-space from `scan` to `free` is the queue of copied objects whose references
 * still lead to from-space. Objects outside the space (prebuilt, pinned) are scanned from lists.
 * O(live bytes), plus the objects that wait for finalizers, plus the lists. */
#include "allocators/semispace/semispace.h"

/* Distance, in references, at which the scan prefetches what the queue refers to. */
enum { PREFETCH_AHEAD = 24 };

/* ---- copying ---- */

/* Copies an object of from-space to `free` and leaves the stub. Returns the new `free`. */
GCR_ALWAYS_INLINE char *semispace_evacuate(const struct gcr_layout *rows, gcr_ref old,
                                           uint64_t header, char *free)
{
    const struct gcr_layout *layout = &rows[header & GCR_HEADER_ID_MASK];
    uint64_t bytes = gcr_layout_object_bytes(layout, old);
    uint64_t *from = gcr_object_word(old, 0), *to = (uint64_t *)(void *)free;
    if (bytes <= 64) {
        to[0] = header;
        to[1] = from[1];
        for (uint64_t i = 2; i < bytes / GCR_WORD_BYTES; i++)
            to[i] = from[i];
    } else {
        memcpy(to, from, bytes);
    }
    from[0] = header | GCR_HEADER_FORWARDED;
    from[1] = (uint64_t)(uintptr_t)free;
    return free + bytes;
}

/* A pinned object was reached for the first time. Its place on the stack was reserved at birth. */
static GCR_NOINLINE void semispace_mark_pinned(struct gcr_semispace *h, gcr_ref object)
{
    *gcr_object_word(object, 0) &= ~GCR_HEADER_UNVISITED;
    bool pushed = gcr_vector_push_word(&h->pinned_gray, (uintptr_t)object);
    GCR_CHECK(1, pushed);
    (void)pushed;
    h->heap.work.marked_objects++;
}

/* Forwards one non-null slot; returns the new `free`. */
GCR_ALWAYS_INLINE char *semispace_forward(struct gcr_semispace *h, const struct gcr_layout *rows,
                                          gcr_ref *slot, char *free)
{
    gcr_ref old = *slot;
    uint64_t header = gcr_object_header(old);
    if (GCR_LIKELY(!gcr_header_is(header, GCR_HEADER_FORWARDED))) {
        *slot = (gcr_ref)(void *)free;
        return semispace_evacuate(rows, old, header, free);
    }
    if (!gcr_header_is(header, GCR_HEADER_EXTERNAL))
        *slot = (gcr_ref)*gcr_object_word(old, GCR_HEADER_BYTES);
    else if (gcr_header_is(header, GCR_HEADER_UNVISITED))
        semispace_mark_pinned(h, old);
    return free;
}

void semispace_forward_slot(struct gcr_semispace *h, gcr_ref *slot)
{
    if (*slot != NULL)
        h->free = semispace_forward(h, h->layouts.row, slot, h->free);
}

/* Deliberate damage (base/sabotage.h): true once, for the last non-null slot of an object. */
static bool semispace_skips_slot(struct gcr_semispace *h, const gcr_ref *slot, uint64_t left)
{
#if GCR_SABOTAGE == GCR_SABOTAGE_SKIP_SLOT
    if (left == 1 && *slot != NULL && !h->sabotaged) {
        h->sabotaged = true;
        return true;
    }
#endif
    (void)h;
    (void)slot;
    (void)left;
    return false;
}

GCR_ALWAYS_INLINE char *semispace_scan_slots(struct gcr_semispace *h, const struct gcr_layout *rows,
                                             gcr_ref *slot, uint64_t count, char *free)
{
    for (; count > 0; slot++, count--) {
        if ((char *)(slot + PREFETCH_AHEAD) < free)
            GCR_PREFETCH(slot[PREFETCH_AHEAD]);
        if (*slot != NULL && !semispace_skips_slot(h, slot, count))
            free = semispace_forward(h, rows, slot, free);
    }
    return free;
}

/* Scans copied objects and counts what they add up to. */
static char *semispace_scan_copied(struct gcr_semispace *h, char *scan)
{
    const struct gcr_layout *rows = h->layouts.row;
    char *free = h->free;
    uint64_t objects = 0, object_bytes = 0, header_bytes = 0;
    while (scan < free) {
        gcr_ref object = (gcr_ref)(void *)scan;
        uint64_t header = gcr_object_header(object);
        const struct gcr_layout *layout = &rows[header & GCR_HEADER_ID_MASK];
        uint64_t length = gcr_layout_length(layout, object);
        uint64_t slots = layout->slot_count + length * layout->item_slots;
        objects += !gcr_header_is(header, GCR_HEADER_INTERNAL);
        object_bytes += layout->field_bytes + length * layout->item_bytes;
        header_bytes += layout->payload;
        free = semispace_scan_slots(h, rows, (gcr_ref *)gcr_object_word(object, layout->slot_start),
                                    slots, free);
        scan += gcr_layout_bytes(layout, length);
    }
    h->free = free;
    h->tally.objects += objects;
    h->tally.object_bytes += object_bytes;
    h->tally.header_bytes += header_bytes;
    return scan;
}

char *semispace_scan(struct gcr_semispace *h, char *scan)
{
    for (;;) {
        scan = semispace_scan_copied(h, scan);
        const gcr_ref *gray = gcr_vector_pop(&h->pinned_gray);
        if (gray == NULL)
            return scan;
        uint64_t count;
        gcr_ref object = *gray;
        gcr_ref *slots = gcr_layout_slots(gcr_layout_of(&h->layouts, object), object, &count);
        for (uint64_t i = 0; i < count; i++)
            semispace_forward_slot(h, &slots[i]);
    }
}

/* ---- roots ---- */

/* Deliberate damage (base/sabotage.h): true once, for a root that leads to an uncopied object. */
static bool semispace_drops_root(struct gcr_semispace *h, const gcr_ref *root)
{
#if GCR_SABOTAGE == GCR_SABOTAGE_DROP_ROOT
    if (*root != NULL && !h->sabotaged &&
        !gcr_header_is(gcr_object_header(*root), GCR_HEADER_FORWARDED)) {
        h->sabotaged = true;
        return true;
    }
#endif
    (void)h;
    (void)root;
    return false;
}

static void semispace_forward_roots(struct gcr_semispace *h)
{
    size_t spans;
    const struct gcr_root_span *span = h->heap.host->roots(h->heap.host, &spans);
    for (; spans > 0; span++, spans--)
        for (size_t i = 0; i < span->count; i++)
            if (!semispace_drops_root(h, &span->start[i]))
                semispace_forward_slot(h, &span->start[i]);
}

/* ---- the collection ---- */

/* To-space becomes the prepared half, empty. */
static void semispace_flip(struct gcr_semispace *h)
{
    struct semispace_half old = h->to;
    h->to = h->from;
    h->from = old;
    h->space_bytes = h->to.committed_bytes;
    h->free = h->limit = h->to.start;
    h->top = h->to.start + h->space_bytes;
    h->tally = (struct semispace_tally){0};
}

/* Copies all that is reachable, and orders what waits for a finalizer. */
static void semispace_copy_live(struct gcr_semispace *h)
{
    struct gcr_host *host = h->heap.host;
    host->phase(host, GCR_PHASE_COPY);
    semispace_forward_roots(h);
    semispace_scan_prebuilt(h);
    char *scan = semispace_scan(h, h->to.start);
    if (gcr_vector_count(&h->finalizable) != 0) {
        host->phase(host, GCR_PHASE_FINALIZE);
        scan = semispace_order_finalizers(h, scan);
    }
    GCR_CHECK(1, scan == h->free && h->free <= h->top);
    semispace_update_weak(h);
    host->update_handles(host, &h->heap, false);
}

/* Counters of the whole heap after a collection: moved objects (in tally since the scan), pinned
 * ones and prebuilt ones. */
static void semispace_settle_tally(struct gcr_semispace *h)
{
    h->tally.objects += gcr_vector_count(&h->pinned);
    h->tally.object_bytes += h->pinned_object_bytes + h->prebuilt_object_bytes;
    h->tally.header_bytes += h->pinned_header_bytes + h->prebuilt_header_bytes;
    h->tally.marked_objects = h->heap.work.allocated_objects;
    h->tally.marked_bytes = h->heap.work.allocated_bytes;
}

static void semispace_check_after(struct gcr_semispace *h)
{
    if (GCR_CHECK_LEVEL >= 2 && GCR_SABOTAGE == GCR_SABOTAGE_NONE) {
        struct gcr_error err;
        GCR_CHECK(2, semispace_check(&h->heap, GCR_CHECK_LEVEL, &err));
    }
}

bool semispace_collect(struct gcr_semispace *h, enum gcr_reason reason, bool grown)
{
    struct gcr_host *host = h->heap.host;
    struct gcr_collection done = {
        .reason = reason, .full = true, .before_bytes = h->heap.supply->committed_bytes};
    if (!grown && !semispace_prepare_flip(h))
        return false;
    host->collection_begin(host, &h->heap, reason, 0);
    uint64_t objects = h->tally.objects + h->heap.work.allocated_objects - h->tally.marked_objects;
    semispace_flip(h);
    semispace_copy_live(h);

    done.moved_bytes = semispace_used(h);
    h->heap.work.copied_objects += h->tally.objects;
    h->heap.work.copied_bytes += done.moved_bytes;
    if (gcr_vector_count(&h->pinned) != 0) {
        host->phase(host, GCR_PHASE_SWEEP);
        (void)semispace_sweep_pinned(h);
    }
    semispace_settle_tally(h);
    done.survivors = h->tally.objects;
    done.freed = done.collected = objects - done.survivors;
    h->heap.work.freed_objects += done.freed;
    if (grown) {
        semispace_finish_doubling(h);
    } else {
        semispace_clear_from(h);
        semispace_record_red_zone(h);
    }
    semispace_set_limit(h);
    semispace_check_after(h);
    h->heap.work.finalized += semispace_run_finalizers(h);
    done.after_bytes = h->heap.supply->committed_bytes;
    host->collection_end(host, &h->heap, &done);
    return true;
}
