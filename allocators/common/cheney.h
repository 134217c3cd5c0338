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
enum { GCR_CHENEY_PREFETCH = 48 };

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

/* AGED, an object that was old before: its header one collection older, or, past the oldest age,
 * where it went instead of to `free`. NULL: it is copied. */
GCR_ALWAYS_INLINE gcr_ref gcr_cheney_age(struct gcr_cheney *c, gcr_ref old, uint64_t *header)
{
    if ((*header & GCR_HEADER_AGE_MASK) < c->oldest) {
        *header += (uint64_t)1 << GCR_HEADER_AGE_SHIFT;
        return NULL;
    }
    const struct gcr_layout *layout = &c->rows[*header & GCR_HEADER_ID_MASK];
    gcr_ref elsewhere = c->age_out(c->h, old, *header, gcr_layout_object_bytes(layout, old));
    *header &= ~GCR_HEADER_AGE_MASK;
    return elsewhere;
}

/* Copies an object but for its header. Returns its size. */
GCR_ALWAYS_INLINE uint64_t gcr_cheney_copy_words(const struct gcr_layout *layout, uint64_t *to,
                                                 const uint64_t *from, gcr_ref old)
{
    uint64_t words = layout->few_words;
    if (GCR_LIKELY(words != 0)) {
        GCR_COPY_BEHIND_AS(GCR_CAUSE_MOVE, to, from, words);
        return words * GCR_WORD_BYTES;
    }
    uint64_t bytes = gcr_layout_object_bytes(layout, old);
    GCR_STORE_AS(GCR_CAUSE_MOVE, to[1], from[1]);
    GCR_COPY_AS(GCR_CAUSE_MOVE, to + 2, from + 2, bytes - 2 * sizeof *to);
    return bytes;
}

/* Copies an object to `free` and leaves the stub. */
GCR_ALWAYS_INLINE gcr_ref gcr_cheney_evacuate(struct gcr_cheney *c, gcr_ref old, uint64_t header)
{
    uint64_t *from = gcr_object_word(old, 0), *to = (uint64_t *)(void *)c->free;
    uint64_t flags = c->mode == GCR_CHENEY_PLAIN ? 0 : GCR_HEADER_NO_YOUNG;
    gcr_ref copy = (gcr_ref)(void *)to;
    if (c->mode == GCR_CHENEY_OLD || c->mode == GCR_CHENEY_AGED)
        c->promoted += (header & (GCR_HEADER_NO_YOUNG | GCR_HEADER_INTERNAL)) == 0;
    if (c->mode == GCR_CHENEY_AGED && gcr_header_is(header, GCR_HEADER_NO_YOUNG)) {
        gcr_ref elsewhere = gcr_cheney_age(c, old, &header);
        if (elsewhere != NULL)
            copy = elsewhere;
    }
    if (c->mode != GCR_CHENEY_AGED || copy == (gcr_ref)(void *)to) {
        c->free += gcr_cheney_copy_words(&c->rows[header & GCR_HEADER_ID_MASK], to, from, old);
        GCR_STORE_AS(GCR_CAUSE_MOVE, to[0], header | flags);
    }
    GCR_STORE_AS(GCR_CAUSE_HEADER, from[0], header | GCR_HEADER_FORWARDED);
    GCR_STORE_AS(GCR_CAUSE_HEADER, from[1], (uint64_t)(uintptr_t)copy);
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

/* Copied objects with one and the same header and without items, one behind the other: what a look
 * at the table says of them is kept in registers, and they are counted together. */
struct gcr_cheney_run {
    uint64_t header; /* 0: none */
    uint64_t objects, slots, bytes;
    uint32_t slot_start;
};

/* What a damaged heap takes for an object may have no size: the scan ends there as well. */
static inline struct gcr_cheney_run gcr_cheney_run_of(const struct gcr_layout *layout,
                                                      uint64_t header)
{
    uint64_t bytes = layout->fixed_bytes;
    return (struct gcr_cheney_run){.header = header,
                                   .slots = layout->slot_count,
                                   .bytes = bytes != 0 ? bytes : GCR_HEADER_BYTES,
                                   .slot_start = layout->slot_start};
}

static inline void gcr_cheney_count(struct gcr_copy_count *count, const struct gcr_layout *layout,
                                    uint64_t header, uint64_t objects, uint64_t length)
{
    count->objects += gcr_header_is(header, GCR_HEADER_INTERNAL) ? 0 : objects;
    count->object_bytes += objects * layout->field_bytes + length * layout->item_bytes;
    count->header_bytes += objects * layout->payload;
}

/* An object with items in itself. Returns its size. */
GCR_ALWAYS_INLINE uint64_t gcr_cheney_scan_items(struct gcr_cheney *c, struct gcr_copy_count *count,
                                                 const struct gcr_layout *layout, gcr_ref object,
                                                 uint64_t header)
{
    uint64_t length = gcr_layout_length(layout, object);
    gcr_cheney_count(count, layout, header, 1, length);
    gcr_cheney_scan_slots(c, (gcr_ref *)gcr_object_word(object, layout->slot_start),
                          layout->slot_count + length * layout->item_slots);
    return gcr_layout_bytes(layout, length);
}

/* Scans copied objects from `scan` on and counts what they add up to. Returns the new `free`. */
GCR_ALWAYS_INLINE char *gcr_cheney_scan_copied(struct gcr_copy_heap *h, char *scan,
                                               enum gcr_cheney_mode mode,
                                               gcr_cheney_age_out *age_out, uint64_t oldest)
{
    struct gcr_cheney c = gcr_cheney_begin(h, mode, age_out, oldest);
    struct gcr_copy_count count = {0};
    struct gcr_cheney_run run = {.bytes = GCR_HEADER_BYTES};
    while (scan < c.free) {
        gcr_ref object = (gcr_ref)(void *)scan;
        uint64_t header = gcr_object_header(object);
        if (GCR_UNLIKELY(header != run.header)) {
            const struct gcr_layout *layout = &c.rows[header & GCR_HEADER_ID_MASK];
            if (layout->item_bytes != 0) {
                scan += gcr_cheney_scan_items(&c, &count, layout, object, header);
                continue;
            }
            gcr_cheney_count(&count, &c.rows[run.header & GCR_HEADER_ID_MASK], run.header,
                             run.objects, 0);
            run = gcr_cheney_run_of(layout, header);
        }
        run.objects++;
        gcr_cheney_scan_slots(&c, (gcr_ref *)gcr_object_word(object, run.slot_start), run.slots);
        scan += run.bytes;
    }
    gcr_cheney_count(&count, &c.rows[run.header & GCR_HEADER_ID_MASK], run.header, run.objects, 0);
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
