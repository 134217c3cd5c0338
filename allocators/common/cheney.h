/* Cheney's scan, compiled once for each way of copying that a design has: the copied region from
 * `scan` to `free` is the queue of objects whose references still lead to where they were. Objects
 * outside the spaces are scanned from the stack of grey external objects, turn and turn about.
 *
 * Source: C. J. Cheney, "A nonrecursive list compacting algorithm", CACM 13(11), 1970. Modes are
 * constants of the caller's, so that each instance has only its own tests. Invariant: scan <= free;
 * every object below scan refers to nothing that is still to be copied. Cost: O(bytes copied). */
#ifndef GCR_ALLOCATORS_COMMON_CHENEY_H
#define GCR_ALLOCATORS_COMMON_CHENEY_H

#include "allocators/common/copy_heap.h"

enum gcr_cheney_mode {
    GCR_CHENEY_PLAIN, /* everything, as it is */
    GCR_CHENEY_OLD,   /* everything; copies get NO_YOUNG */
    GCR_CHENEY_AGED,  /* as OLD, and copies of what was old already get older */
    GCR_CHENEY_MINOR  /* only what lies in young_start + young_bytes; copies get NO_YOUNG */
};

/* Distance, in references, at which the scan prefetches what the queue refers to. */
enum { GCR_CHENEY_PREFETCH = 24 };

/* Moves an object that is too old for the spaces elsewhere and returns where, or NULL: it stays
 * and begins anew. Must leave it scanned or on the grey stack. */
typedef gcr_ref gcr_cheney_age_out(struct gcr_copy_heap *h, gcr_ref old, uint64_t header,
                                   uint64_t bytes);

/* What a scan keeps in registers. */
struct gcr_cheney {
    struct gcr_copy_heap *h;
    const struct gcr_layout *rows;
    char *free;
    const char *young_start; /* MINOR */
    size_t young_bytes;
    uint64_t promoted;
    enum gcr_cheney_mode mode;
    gcr_cheney_age_out *age_out; /* AGED */
    uint64_t oldest;             /* AGED: this age, in place in the header, goes elsewhere */
};

/* Copies an object to `free` and leaves the stub. */
GCR_ALWAYS_INLINE gcr_ref gcr_cheney_evacuate(struct gcr_cheney *c, gcr_ref old, uint64_t header)
{
    const struct gcr_layout *layout = &c->rows[header & GCR_HEADER_ID_MASK];
    uint64_t bytes = gcr_layout_object_bytes(layout, old);
    uint64_t *from = gcr_object_word(old, 0), *to = (uint64_t *)(void *)c->free;
    uint64_t flags = c->mode == GCR_CHENEY_PLAIN ? 0 : GCR_HEADER_NO_YOUNG;
    gcr_ref copy = (gcr_ref)(void *)to;
    if (c->mode == GCR_CHENEY_OLD || c->mode == GCR_CHENEY_AGED)
        c->promoted += (header & (GCR_HEADER_NO_YOUNG | GCR_HEADER_INTERNAL)) == 0;
    if (c->mode == GCR_CHENEY_AGED && gcr_header_is(header, GCR_HEADER_NO_YOUNG)) {
        gcr_ref elsewhere = NULL;
        if ((header & GCR_HEADER_AGE_MASK) < c->oldest) {
            header += (uint64_t)1 << GCR_HEADER_AGE_SHIFT;
        } else {
            elsewhere = c->age_out(c->h, old, header, bytes);
            header &= ~GCR_HEADER_AGE_MASK;
        }
        if (elsewhere != NULL) {
            GCR_STORE_AS(GCR_CAUSE_HEADER, from[0], header | GCR_HEADER_FORWARDED);
            GCR_STORE_AS(GCR_CAUSE_HEADER, from[1], (uint64_t)(uintptr_t)elsewhere);
            return elsewhere;
        }
    }
    GCR_STORE_AS(GCR_CAUSE_MOVE, to[0], header | flags);
    GCR_STORE_AS(GCR_CAUSE_MOVE, to[1], from[1]);
    if (GCR_LIKELY(bytes <= 64)) {
        for (uint64_t i = 2; i < bytes / GCR_WORD_BYTES; i++)
            GCR_STORE_AS(GCR_CAUSE_MOVE, to[i], from[i]);
    } else {
        GCR_COPY_AS(GCR_CAUSE_MOVE, to + 2, from + 2, bytes - 2 * sizeof *to);
    }
    GCR_STORE_AS(GCR_CAUSE_HEADER, from[0], header | GCR_HEADER_FORWARDED);
    GCR_STORE_AS(GCR_CAUSE_HEADER, from[1], (uint64_t)(uintptr_t)to);
    c->free += bytes;
    return copy;
}

GCR_ALWAYS_INLINE void gcr_cheney_forward(struct gcr_cheney *c, gcr_ref *slot)
{
    gcr_ref old = *slot;
    if (c->mode == GCR_CHENEY_MINOR ? (uintptr_t)old - (uintptr_t)c->young_start >= c->young_bytes
                                    : old == NULL)
        return;
    uint64_t header = gcr_object_header(old);
    if (GCR_LIKELY(!gcr_header_is(header, GCR_HEADER_FORWARDED))) {
        gcr_ref copy = gcr_cheney_evacuate(c, old, header);
        GCR_STORE_AS(GCR_CAUSE_MOVE, *slot, copy);
    } else if (c->mode == GCR_CHENEY_MINOR || !gcr_header_is(header, GCR_HEADER_EXTERNAL)) {
        GCR_STORE_AS(GCR_CAUSE_MOVE, *slot, (gcr_ref)*gcr_object_word(old, GCR_HEADER_BYTES));
    } else if (gcr_header_is(header, GCR_HEADER_UNVISITED)) {
        gcr_externals_mark(&c->h->external, old);
        c->h->heap.work.marked_objects++;
    }
}

/* Deliberate damage (base/sabotage.h): true once, for the last non-null slot of an object. */
static inline bool gcr_cheney_skips(struct gcr_copy_heap *h, const gcr_ref *slot, uint64_t left)
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

/* The same for a root that leads to an uncopied object. */
static inline bool gcr_cheney_drops_root(struct gcr_copy_heap *h, const gcr_ref *root)
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

GCR_ALWAYS_INLINE void gcr_cheney_scan_slots(struct gcr_cheney *c, gcr_ref *slot, uint64_t count)
{
    for (; count > 0; slot++, count--) {
        if ((char *)(slot + GCR_CHENEY_PREFETCH) < c->free)
            GCR_PREFETCH(slot[GCR_CHENEY_PREFETCH]);
        if (!gcr_cheney_skips(c->h, slot, count))
            gcr_cheney_forward(c, slot);
    }
}

GCR_ALWAYS_INLINE struct gcr_cheney gcr_cheney_begin(struct gcr_copy_heap *h,
                                                     enum gcr_cheney_mode mode,
                                                     gcr_cheney_age_out *age_out, uint64_t oldest)
{
    return (struct gcr_cheney){.h = h,
                               .rows = h->layouts.row,
                               .free = h->space.free,
                               .young_start = h->young_start,
                               .young_bytes = h->young_bytes,
                               .mode = mode,
                               .age_out = age_out,
                               .oldest = oldest << GCR_HEADER_AGE_SHIFT};
}

GCR_ALWAYS_INLINE void gcr_cheney_end(struct gcr_cheney *c)
{
    c->h->space.free = c->free;
    c->h->count.promoted += c->promoted;
}

/* Scans copied objects from `scan` on and counts what they add up to. Returns the new `free`. */
GCR_ALWAYS_INLINE char *gcr_cheney_scan_copied(struct gcr_copy_heap *h, char *scan,
                                               enum gcr_cheney_mode mode,
                                               gcr_cheney_age_out *age_out, uint64_t oldest)
{
    struct gcr_cheney c = gcr_cheney_begin(h, mode, age_out, oldest);
    struct gcr_copy_count count = {0};
    while (scan < c.free) {
        gcr_ref object = (gcr_ref)(void *)scan;
        uint64_t header = gcr_object_header(object);
        const struct gcr_layout *layout = &c.rows[header & GCR_HEADER_ID_MASK];
        uint64_t length = gcr_layout_length(layout, object);
        uint64_t slots = layout->slot_count + length * layout->item_slots;
        count.objects += !gcr_header_is(header, GCR_HEADER_INTERNAL);
        count.object_bytes += layout->field_bytes + length * layout->item_bytes;
        count.header_bytes += layout->payload;
        gcr_cheney_scan_slots(&c, (gcr_ref *)gcr_object_word(object, layout->slot_start), slots);
        scan += gcr_layout_bytes(layout, length);
    }
    gcr_cheney_end(&c);
    h->count.objects += count.objects;
    h->count.object_bytes += count.object_bytes;
    h->count.header_bytes += count.header_bytes;
    return scan;
}

/* struct gcr_copy_design.forward, in a mode. */
GCR_ALWAYS_INLINE void gcr_cheney_forward_slots(struct gcr_copy_heap *h, gcr_ref *slots,
                                                uint64_t count, enum gcr_cheney_mode mode,
                                                gcr_cheney_age_out *age_out, uint64_t oldest)
{
    struct gcr_cheney c = gcr_cheney_begin(h, mode, age_out, oldest);
    for (uint64_t i = 0; i < count; i++)
        gcr_cheney_forward(&c, &slots[i]);
    gcr_cheney_end(&c);
}

/* struct gcr_copy_design.scan, in a mode. */
GCR_ALWAYS_INLINE void gcr_cheney_scan(struct gcr_copy_heap *h, char *scan,
                                       enum gcr_cheney_mode mode, gcr_cheney_age_out *age_out,
                                       uint64_t oldest)
{
    for (;;) {
        scan = gcr_cheney_scan_copied(h, scan, mode, age_out, oldest);
        const gcr_ref *gray = gcr_vector_pop(&h->external.gray);
        if (gray == NULL)
            return;
        uint64_t count;
        gcr_ref object = *gray;
        gcr_ref *slots = gcr_layout_slots(gcr_layout_of(&h->layouts, object), object, &count);
        gcr_cheney_forward_slots(h, slots, count, mode, age_out, oldest);
    }
}

/* Forwards all thread and global roots, and the internal one. */
GCR_ALWAYS_INLINE void gcr_cheney_forward_roots(struct gcr_copy_heap *h, enum gcr_cheney_mode mode,
                                                gcr_cheney_age_out *age_out, uint64_t oldest)
{
    struct gcr_cheney c = gcr_cheney_begin(h, mode, age_out, oldest);
    size_t spans;
    const struct gcr_root_span *span = h->heap.host->roots(h->heap.host, &spans);
    gcr_cheney_forward(&c, &h->held);
    for (; spans > 0; span++, spans--)
        for (size_t i = 0; i < span->count; i++)
            if (!gcr_cheney_drops_root(h, &span->start[i]))
                gcr_cheney_forward(&c, &span->start[i]);
    gcr_cheney_end(&c);
}

#endif
