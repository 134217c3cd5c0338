/* mark-compact-nursery: a minor collection. What lives in the nursery is copied to the end of the
 * compact space, breadth first: the promoted region is its own queue (Cheney). Roots are the stacks
 * and globals, and the remembered objects; prebuilt objects are remembered like others when they
 * refer to the nursery. O(survivors + remembered + roots).
 *
 * If the remembered set lost an entry for want of memory, every object outside the nursery is
 * looked at instead. */
#include "allocators/mark_compact_nursery/mark_compact_nursery.h"

GCR_ALWAYS_INLINE void copy_words(char *to, gcr_ref object, uint64_t bytes)
{
    if (bytes > 64) {
        memcpy(to, object, bytes);
        return;
    }
    const uint64_t *from = gcr_object_word(object, 0);
    uint64_t *into = (uint64_t *)(void *)to;
    for (uint64_t i = 0; i < bytes / GCR_WORD_BYTES; i++)
        into[i] = from[i];
}

GCR_ALWAYS_INLINE void promote(struct gcr_mark_compact_nursery *h, gcr_ref *slot)
{
    struct gcr_compact *c = &h->compact;
    gcr_ref old = *slot;
    uint64_t header = gcr_object_header(old);
    if (header == MARK_COMPACT_NURSERY_GONE) {
        *slot = (gcr_ref)*gcr_object_word(old, GCR_HEADER_BYTES);
        return;
    }
    const struct gcr_layout *layout = gcr_layout_of_header(&c->layouts, header);
    uint64_t bytes = gcr_layout_object_bytes(layout, old);
    gcr_ref promoted = (gcr_ref)(void *)c->free;
    copy_words(c->free, old, bytes);
    *gcr_object_word(promoted, 0) = header | GCR_HEADER_NO_YOUNG;
    GCR_STORE_AS(GCR_CAUSE_HEADER, *gcr_object_word(old, 0), MARK_COMPACT_NURSERY_GONE);
    GCR_STORE_AS(GCR_CAUSE_HEADER, *gcr_object_word(old, GCR_HEADER_BYTES),
                 (uint64_t)(uintptr_t)promoted);
    c->free += bytes;
    c->blocks++;
    *slot = promoted;
}

static void promote_slots(void *arg, gcr_ref *slots, uint64_t count)
{
    struct gcr_mark_compact_nursery *h = arg;
    for (uint64_t i = 0; i < count; i++)
        if (gcr_nursery_has(&h->nursery, slots[i]))
            promote(h, &slots[i]);
}

static void promote_from(struct gcr_mark_compact_nursery *h, gcr_ref object)
{
    uint64_t count;
    gcr_ref *slots = gcr_layout_slots(gcr_layout_of(&h->compact.layouts, object), object, &count);
    promote_slots(h, slots, count);
}

/* ---- roots ---- */

/* Every old object instead of the remembered ones. */
static void promote_from_all(struct gcr_mark_compact_nursery *h)
{
    struct gcr_compact *c = &h->compact;
    for (char *at = c->space.start; at < h->minor.first;) {
        gcr_ref object = (gcr_ref)(void *)at;
        promote_from(h, object);
        at += gcr_layout_object_bytes(gcr_layout_of(&c->layouts, object), object);
    }
    gcr_immortals_scan(&c->prebuilt, &c->layouts, promote_slots, h);
    for (size_t i = 0; i < gcr_vector_count(&c->pinned.objects); i++)
        promote_from(h, *(gcr_ref *)gcr_vector_at(&c->pinned.objects, i));
}

static void promote_from_remembered(struct gcr_mark_compact_nursery *h)
{
    uint64_t count = gcr_vector_count(&h->remember.objects);
    if (count > h->most_remembered)
        h->most_remembered = count;
    if (h->remember.incomplete) {
        promote_from_all(h);
        gcr_remember_clear(&h->remember);
        return;
    }
    for (gcr_ref object; (object = gcr_remember_pop(&h->remember)) != NULL;)
        promote_from(h, object);
}

static void promote_from_roots(struct gcr_mark_compact_nursery *h)
{
    struct gcr_host *host = h->compact.heap.host;
    size_t spans;
    const struct gcr_root_span *span = host->roots(host, &spans);
    for (; spans > 0; span++, spans--)
        promote_slots(h, span->start, span->count);
}

/* ---- the promoted region ---- */

static void scan_promoted(struct gcr_mark_compact_nursery *h)
{
    struct gcr_compact *c = &h->compact;
    struct mark_compact_nursery_minor *minor = &h->minor;
    while (minor->scan < c->free) {
        gcr_ref object = (gcr_ref)(void *)minor->scan;
        uint64_t header = gcr_object_header(object);
        const struct gcr_layout *layout = gcr_layout_of_header(&c->layouts, header);
        uint64_t length = gcr_layout_length(layout, object);
        minor->objects += !gcr_header_is(header, GCR_HEADER_INTERNAL);
        minor->object_bytes += layout->field_bytes + length * layout->item_bytes;
        minor->header_bytes += layout->payload;
        promote_slots(h, (gcr_ref *)gcr_object_word(object, layout->slot_start),
                      layout->slot_count + length * layout->item_slots);
        minor->scan += gcr_layout_bytes(layout, length);
    }
}

static gcr_ref survivor(void *arg, gcr_ref object)
{
    struct gcr_mark_compact_nursery *h = arg;
    if (!gcr_nursery_has(&h->nursery, object))
        return object;
    if (gcr_object_header(object) != MARK_COMPACT_NURSERY_GONE)
        return NULL;
    return (gcr_ref)*gcr_object_word(object, GCR_HEADER_BYTES);
}

/* ---- the collection ---- */

/* Sums of the space grow by what was promoted; nothing is young any more. */
static void settle(struct gcr_mark_compact_nursery *h, struct gcr_collection *done)
{
    struct gcr_compact *c = &h->compact;
    struct gcr_work *work = &c->heap.work;
    const struct mark_compact_nursery_minor *minor = &h->minor;
    uint64_t young = work->allocated_objects - c->tally.base_objects;
    uint64_t bytes = (uint64_t)(c->free - minor->first);
    c->tally.objects += minor->objects;
    c->tally.object_bytes += minor->object_bytes;
    c->tally.header_bytes += minor->header_bytes;
    c->tally.base_objects = work->allocated_objects;
    c->tally.base_bytes = work->allocated_bytes;
    h->young_header_bytes = 0;
    done->survivors = minor->objects;
    done->freed = done->collected = young - minor->objects;
    done->moved_bytes = bytes;
    work->freed_objects += done->freed;
    work->promoted_objects += minor->objects;
    work->copied_objects += minor->objects;
    work->copied_bytes += bytes;
    h->minors++;
    h->promoted_bytes += bytes;
    if (bytes > h->most_promoted_bytes)
        h->most_promoted_bytes = bytes;
}

void mark_compact_nursery_promote(struct gcr_mark_compact_nursery *h, struct gcr_collection *done)
{
    struct gcr_compact *c = &h->compact;
    struct gcr_host *host = c->heap.host;
    host->phase(host, GCR_PHASE_COPY);
    h->minor = (struct mark_compact_nursery_minor){.first = c->free, .scan = c->free};
    promote_from_remembered(h);
    promote_from_roots(h);
    scan_promoted(h);
    const struct gcr_weak_update update = {.survivor = survivor, .arg = h};
    gcr_weak_list_update_young(&c->weak, &update);
    c->forwarding = GCR_COMPACT_FORWARD_DESIGN;
    host->update_handles(host, &c->heap, true);
    c->forwarding = GCR_COMPACT_FORWARD_NONE;
    gcr_nursery_reset(&h->nursery);
    settle(h, done);
}
