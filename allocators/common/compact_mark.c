/* Step 1 of compact.h: the closure over what is reachable.
 *
 * Work list: a queue, or (mode doc) a stack; an entry is pushed when its object is marked, so there
 * is at most one for each object. Marks: the header's top bit; with side marks, a bit for each word
 * of the objects in the space, so that the bits below a word add up to what lives below it: the
 * first one is set when the object is reached, the others when it is scanned.
 *
 * If the supply refuses a page for the work list, the closure is given up and all marks are taken
 * off again: a collection that cannot run changes nothing. */
#include "allocators/common/compact_parts.h"

/* ---- marks ---- */

GCR_ALWAYS_INLINE bool mark_test_set(struct gcr_compact *h, gcr_ref object, bool side)
{
    if (side && compact_has(h, object))
        return gcr_mark_bitmap_test_set(&h->bitmap, object);
    uint64_t *header = gcr_object_word(object, 0);
    if (gcr_header_is(*header, GCR_HEADER_MARKED))
        return false;
    *header |= GCR_HEADER_MARKED;
    return true;
}

bool compact_is_marked(const struct gcr_compact *h, gcr_ref object)
{
    if (h->config.format == GCR_COMPACT_SIDE && compact_has(h, object))
        return gcr_mark_bitmap_get(&h->bitmap, object);
    return gcr_header_is(gcr_object_header(object), GCR_HEADER_MARKED);
}

/* Bits of all words of an object whose first one is set. */
static void mark_words(struct gcr_compact *h, const char *object, uint64_t bytes)
{
    uint64_t *words = gcr_mark_bitmap_word(&h->bitmap, h->pass.base);
    size_t first = (size_t)(object - h->pass.base) / GCR_WORD_BYTES;
    size_t end = first + (size_t)(bytes / GCR_WORD_BYTES);
    for (size_t word = first / 64; word * 64 < end; word++) {
        uint64_t bits = UINT64_MAX;
        if (word * 64 < first)
            bits &= UINT64_MAX << (first % 64);
        if (end < word * 64 + 64)
            bits &= UINT64_MAX >> (word * 64 + 64 - end);
        words[word] |= bits;
    }
}

static void unmark_space(struct gcr_compact *h)
{
    char *end = h->pass.base + h->pass.used_bytes;
    if (h->config.format == GCR_COMPACT_SIDE) {
        gcr_mark_bitmap_clear(&h->bitmap, h->pass.base, h->pass.used_bytes);
        return;
    }
    for (char *at = h->pass.base; at < end;) {
        gcr_ref object = (gcr_ref)(void *)at;
        *gcr_object_word(object, 0) &= ~GCR_HEADER_MARKED;
        at += gcr_layout_object_bytes(gcr_layout_of(&h->layouts, object), object);
    }
}

void compact_unmark_all(struct gcr_compact *h)
{
    unmark_space(h);
    for (size_t i = 0; i < gcr_vector_count(&h->pinned.objects); i++) {
        uint64_t *header = gcr_object_word(*(gcr_ref *)gcr_vector_at(&h->pinned.objects, i), 0);
        GCR_STORE_AS(GCR_CAUSE_HEADER, *header, *header & ~GCR_HEADER_MARKED);
    }
}

/* ---- the closure ---- */

GCR_ALWAYS_INLINE void mark_push(struct gcr_compact *h, gcr_ref object, bool side, bool lifo)
{
    if (!mark_test_set(h, object, side))
        return;
    /* A refusal is remembered by the list, and looked at when the closure has ended. */
    if (lifo)
        (void)gcr_mark_stack_push(&h->stack, object);
    else
        (void)gcr_mark_fifo_push(&h->fifo, object);
}

/* Adds a reached object to the sums. */
GCR_ALWAYS_INLINE void mark_count(struct gcr_compact *h, const struct gcr_layout *layout,
                                  gcr_ref object, uint64_t length, uint64_t header, bool side)
{
    struct gcr_compact_tally *tally = &h->pass.tally;
    tally->objects += !gcr_header_is(header, GCR_HEADER_INTERNAL);
    tally->object_bytes += layout->field_bytes + length * layout->item_bytes;
    tally->header_bytes += layout->payload;
    if (!compact_has(h, object))
        return;
    uint64_t bytes = gcr_layout_bytes(layout, length);
    h->pass.survivors++;
    h->pass.live_bytes += bytes;
    if (bytes > h->pass.largest_bytes)
        h->pass.largest_bytes = bytes;
    if (side && bytes > GCR_WORD_BYTES)
        mark_words(h, (const char *)object, bytes);
}

GCR_ALWAYS_INLINE void mark_drain_as(struct gcr_compact *h, bool side, bool lifo)
{
    const struct gcr_layout *rows = h->layouts.row;
    for (;;) {
        gcr_ref object = lifo ? gcr_mark_stack_pop(&h->stack) : gcr_mark_fifo_pop(&h->fifo);
        if (object == NULL)
            return;
        uint64_t header = gcr_object_header(object);
        const struct gcr_layout *layout = &rows[header & GCR_HEADER_ID_MASK];
        uint64_t length = gcr_layout_length(layout, object);
        gcr_ref *slot = (gcr_ref *)gcr_object_word(object, layout->slot_start);
        uint64_t count = layout->slot_count + length * layout->item_slots;
        mark_count(h, layout, object, length, header, side);
        for (; count > 0; slot++, count--)
            if (*slot != NULL)
                mark_push(h, *slot, side, lifo);
    }
}

static void mark_drain(struct gcr_compact *h)
{
    bool side = h->config.format == GCR_COMPACT_SIDE;
    if (h->config.lifo)
        side ? mark_drain_as(h, true, true) : mark_drain_as(h, false, true);
    else
        side ? mark_drain_as(h, true, false) : mark_drain_as(h, false, false);
}

static void mark_one(struct gcr_compact *h, gcr_ref object)
{
    if (object != NULL)
        mark_push(h, object, h->config.format == GCR_COMPACT_SIDE, h->config.lifo);
}

static void mark_slots(void *arg, gcr_ref *slots, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        mark_one(arg, slots[i]);
}

static void mark_roots(struct gcr_compact *h)
{
    size_t spans;
    const struct gcr_root_span *span = h->heap.host->roots(h->heap.host, &spans);
    for (; spans > 0; span++, spans--)
        mark_slots(h, span->start, span->count);
    gcr_immortals_scan(&h->prebuilt, &h->layouts, mark_slots, h);
    mark_drain(h);
}

/* ---- finalizers ---- */

/* In list order: an unmarked entry is finalized, and marked with all it reaches, so that what an
 * earlier one reaches stays registered. Mode doc chooses all unmarked ones first. */
static void mark_finalizers(struct gcr_compact *h)
{
    bool all_first = h->config.mode == GCR_COMPACT_DOC;
    size_t count = gcr_finalizer_list_count(&h->finalizers);
    for (size_t i = 0; i < count; i++) {
        struct gcr_finalizable *entry = gcr_finalizer_list_at(&h->finalizers, i);
        if (compact_is_marked(h, entry->object))
            continue;
        entry->fate = GCR_FINALIZER_RUN;
        if (all_first)
            continue;
        mark_one(h, entry->object);
        mark_drain(h);
    }
    for (size_t i = 0; all_first && i < count; i++) {
        const struct gcr_finalizable *entry = gcr_finalizer_list_at(&h->finalizers, i);
        if (entry->fate == GCR_FINALIZER_RUN)
            mark_one(h, entry->object);
    }
    mark_drain(h);
}

static void forget_fates(struct gcr_compact *h)
{
    for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizers); i++)
        gcr_finalizer_list_at(&h->finalizers, i)->fate = GCR_FINALIZER_KEPT;
}

/* ---- work memory ---- */

static bool mark_open(struct gcr_compact *h)
{
    uint64_t objects = h->blocks + gcr_vector_count(&h->pinned.objects);
    if (h->config.format == GCR_COMPACT_SIDE && h->pass.used_bytes != 0 &&
        !gcr_mark_bitmap_cover(&h->bitmap, h->pass.base, h->pass.used_bytes))
        return false;
    if (h->config.lifo || gcr_mark_fifo_open(&h->fifo, objects))
        return true;
    if (h->config.format == GCR_COMPACT_SIDE && h->pass.used_bytes != 0)
        gcr_mark_bitmap_uncover(&h->bitmap, h->pass.base, h->pass.used_bytes);
    return false;
}

/* False: an entry was refused. */
static bool mark_close(struct gcr_compact *h)
{
    uint64_t stack_bytes = (uint64_t)((char *)h->stack.limit - (char *)h->stack.start);
    if (stack_bytes > h->figures.stack_peak_bytes)
        h->figures.stack_peak_bytes = stack_bytes;
    bool complete = !h->stack.refused && !h->fifo.refused;
    gcr_mark_stack_reset(&h->stack, 0);
    gcr_mark_fifo_close(&h->fifo);
    return complete;
}

bool compact_mark(struct gcr_compact *h)
{
    if (!mark_open(h))
        return false;
    mark_roots(h);
    if (gcr_finalizer_list_count(&h->finalizers) != 0)
        mark_finalizers(h);
    h->heap.work.marked_objects += h->pass.tally.objects;
    if (mark_close(h))
        return true;
    forget_fates(h);
    compact_unmark_all(h);
    if (h->config.format == GCR_COMPACT_SIDE && h->pass.used_bytes != 0)
        gcr_mark_bitmap_uncover(&h->bitmap, h->pass.base, h->pass.used_bytes);
    return false;
}
