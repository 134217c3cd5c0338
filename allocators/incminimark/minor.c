/* incminimark: one minor collection, in the order in which it runs.
 *
 * Source: PyPy's rpython/memory/gc/incminimark.py, _minor_collection. Survivors of the nursery are
 * copied once, to where they stay; the remembered set doubles as the list of what is still to be
 * scanned. Young raw objects are flagged, pinned ones are noted. While a cycle is marking, whatever
 * was written to becomes gray again, and white targets of thread roots become gray: those roots are
 * not looked at again when marking ends.
 *
 * If the supply refuses a page: a list that could not grow makes the remembered set incomplete, and
 * then the whole old generation is scanned instead; an object that cannot be copied is stranded in
 * the nursery, which is then never used again (the heap is exhausted).
 *
 * Cost: O(survivors + remembered objects + cards + roots). */
#include "allocators/incminimark/incminimark.h"

/* ---- one reference ---- */

static bool minor_has_slots(const struct gcr_layout *layout)
{
    return layout->slot_count != 0 || layout->item_slots != 0;
}

/* No room to copy an object to: it stays, for good. Its references still have to be followed. */
static GCR_COLD void minor_strand(struct gcr_incminimark *h, gcr_ref object)
{
    h->frozen = h->exhausted = true;
    GCR_STORE_AS(GCR_CAUSE_HEADER, *gcr_object_word(object, 0),
                 gcr_object_header(object) | INCMINIMARK_PINNED | GCR_HEADER_MARKED);
    gcr_remember_add(&h->remember, object);
}

/* Copies an object out of the nursery, leaves the stub, and lists the copy for scanning. */
static gcr_ref minor_promote(struct gcr_incminimark *h, gcr_ref object, uint64_t header)
{
    const struct gcr_layout *layout = gcr_layout_of_header(&h->layouts, header);
    uint64_t length = gcr_layout_length(layout, object);
    uint64_t bytes = incminimark_old_bytes(layout, length);
    gcr_ref copy = incminimark_old_alloc(h, bytes);
    if (GCR_UNLIKELY(copy == NULL)) {
        minor_strand(h, object);
        return object;
    }
    const uint64_t *from = gcr_object_word(object, 0);
    uint64_t *to = gcr_object_word(copy, 0);
    if (bytes <= 64)
        for (uint64_t i = 1; i < bytes / GCR_WORD_BYTES; i++)
            to[i] = from[i];
    else
        memcpy(to, from, bytes);
    to[0] = minor_has_slots(layout) ? header : header | GCR_HEADER_NO_YOUNG;
    GCR_STORE_AS(GCR_CAUSE_HEADER, *gcr_object_word(object, 0), INCMINIMARK_MOVED);
    GCR_STORE_AS(GCR_CAUSE_HEADER, *gcr_object_word(object, GCR_HEADER_BYTES),
                 (uint64_t)(uintptr_t)copy);
    if (minor_has_slots(layout))
        gcr_remember_add(&h->remember, copy);
    incminimark_tally_add(&h->old, layout, length);
    h->promoted_last_bytes += bytes;
    h->heap.work.copied_objects++;
    h->heap.work.copied_bytes += bytes;
    return copy;
}

static void minor_list_parent(struct gcr_incminimark *h, gcr_ref parent)
{
    uint64_t *header = gcr_object_word(parent, 0);
    if (gcr_header_is(*header, INCMINIMARK_PINNED_PARENT))
        return;
    if (gcr_vector_push_word(&h->pinned_parents, (uintptr_t)parent))
        GCR_STORE_AS(GCR_CAUSE_HEADER, *header, *header | INCMINIMARK_PINNED_PARENT);
    else
        h->exhausted = true;
}

/* Every parent is listed, not only the first: that one may die. */
static void minor_visit_pinned(struct gcr_incminimark *h, gcr_ref object, gcr_ref parent)
{
    uint64_t *header = gcr_object_word(object, 0);
    if (parent != NULL)
        minor_list_parent(h, parent);
    if (gcr_header_is(*header, GCR_HEADER_MARKED))
        return;
    GCR_STORE_AS(GCR_CAUSE_HEADER, *header, *header | GCR_HEADER_MARKED);
    bool pushed = gcr_vector_push_word(&h->pinned, (uintptr_t)object);
    GCR_CHECK(1, pushed); /* room for all of them was reserved */
    (void)pushed;
    h->pinned_count++;
}

static GCR_NOINLINE void minor_visit_raw(struct gcr_incminimark *h, gcr_ref object)
{
    uint64_t *header = gcr_object_word(object, 0);
    if (gcr_header_is(*header, INCMINIMARK_REACHED) || !incminimark_raw_is_young(&h->raws, object))
        return;
    GCR_STORE_AS(GCR_CAUSE_HEADER, *header, *header | INCMINIMARK_REACHED);
    h->made_old_bytes += gcr_layout_object_bytes(gcr_layout_of(&h->layouts, object), object);
    if (gcr_header_is(*header, INCMINIMARK_CARDS_SET) &&
        !gcr_vector_push_word(&h->cards_set, (uintptr_t)object))
        h->remember.incomplete = true;
    if (!gcr_header_is(*header, GCR_HEADER_NO_YOUNG))
        gcr_remember_add(&h->remember, object);
}

/* parent: the object that holds the slot; NULL: a root. */
static inline void minor_visit(struct gcr_incminimark *h, gcr_ref *slot, gcr_ref parent)
{
    gcr_ref object = *slot;
    if (!gcr_nursery_has(&h->nursery, object)) {
        if (GCR_UNLIKELY(h->raws.young_count != 0) && object != NULL)
            minor_visit_raw(h, object);
        return;
    }
    uint64_t header = gcr_object_header(object);
    if (header == INCMINIMARK_MOVED)
        *slot = (gcr_ref)*gcr_object_word(object, GCR_HEADER_BYTES);
    else if (GCR_UNLIKELY(gcr_header_is(header, INCMINIMARK_PINNED)))
        minor_visit_pinned(h, object, parent);
    else
        *slot = minor_promote(h, object, header);
}

static void minor_scan_slots(struct gcr_incminimark *h, gcr_ref *slots, uint64_t count,
                             gcr_ref parent)
{
    for (uint64_t i = 0; i < count; i++)
        minor_visit(h, &slots[i], parent);
}

static void minor_scan(struct gcr_incminimark *h, gcr_ref object)
{
    uint64_t count;
    gcr_ref *slots = gcr_layout_slots(gcr_layout_of(&h->layouts, object), object, &count);
    minor_scan_slots(h, slots, count, object);
}

/* ---- 1, 2: before the roots ---- */

/* Young arrays that were remembered are found again if they are alive. */
static void minor_forget_young_raws(struct gcr_incminimark *h)
{
    if (h->raws.young_count == 0)
        return;
    struct gcr_vector *list = &h->remember.objects;
    size_t count = gcr_vector_count(list), kept = 0;
    for (size_t i = 0; i < count; i++) {
        gcr_ref object = *(gcr_ref *)gcr_vector_at(list, i);
        if (!incminimark_raw_is_young(&h->raws, object))
            *(gcr_ref *)gcr_vector_at(list, kept++) = object;
    }
    gcr_vector_truncate(list, kept);
}

static void minor_make_remembered_gray(struct gcr_incminimark *h)
{
    const struct gcr_vector *list = &h->remember.objects;
    for (size_t i = 0; i < gcr_vector_count(list); i++)
        incminimark_mark_again(h, *(gcr_ref *)gcr_vector_at(list, i));
}

/* ---- 3: roots ---- */

/* While marking: a white target of a thread root. */
static void minor_note_white(struct gcr_incminimark *h, gcr_ref object)
{
    if (object == NULL || gcr_nursery_has(&h->nursery, object) ||
        incminimark_is_untouched(object) || incminimark_is_marked(h, object))
        return;
    (void)!gcr_mark_stack_push(&h->more_gray, object); /* a refusal ends the cycle afterwards */
}

static void minor_roots(struct gcr_incminimark *h)
{
    size_t spans;
    const struct gcr_root_span *span = h->heap.host->roots(h->heap.host, &spans);
    for (; spans > 0; span++, spans--) {
        bool notes = h->state == INCMINIMARK_MARKING && span->thread != GCR_GLOBAL_ROOTS;
        for (size_t i = 0; i < span->count; i++) {
            minor_visit(h, &span->start[i], NULL);
            if (notes)
                minor_note_white(h, span->start[i]);
        }
    }
}

/* Objects known to refer to pinned ones; those that no longer do leave the list. */
static void minor_pinned_parents(struct gcr_incminimark *h)
{
    struct gcr_vector *list = &h->pinned_parents;
    size_t count = gcr_vector_count(list), kept = 0;
    for (size_t i = 0; i < count; i++) {
        gcr_ref parent = *(gcr_ref *)gcr_vector_at(list, i);
        bool refers = false;
        minor_scan(h, parent);
        uint64_t slots;
        gcr_ref *slot = gcr_layout_slots(gcr_layout_of(&h->layouts, parent), parent, &slots);
        for (uint64_t k = 0; k < slots && !refers; k++)
            refers = gcr_nursery_has(&h->nursery, slot[k]);
        if (refers)
            *(gcr_ref *)gcr_vector_at(list, kept++) = parent;
        else
            GCR_STORE_AS(GCR_CAUSE_HEADER, *gcr_object_word(parent, 0),
                         gcr_object_header(parent) & ~INCMINIMARK_PINNED_PARENT);
    }
    for (size_t i = count; i < gcr_vector_count(list); i++) /* found meanwhile */
        *(gcr_ref *)gcr_vector_at(list, kept++) = *(gcr_ref *)gcr_vector_at(list, i);
    gcr_vector_truncate(list, kept);
}

/* ---- 4, 5: cards and the remembered set, until both are empty ---- */

/* The items of one card. */
static void minor_scan_card(struct gcr_incminimark *h, gcr_ref object,
                            const struct gcr_layout *layout, uint64_t card)
{
    uint64_t slots, items = h->policy.card_items;
    gcr_ref *first = gcr_layout_slots(layout, object, &slots);
    uint64_t from = layout->slot_count + card * items * layout->item_slots;
    uint64_t to = from + items * layout->item_slots;
    to = to < slots ? to : slots;
    if (from < to)
        minor_scan_slots(h, first + from, to - from, object);
    h->figures.cards++;
}

static void minor_cards_of(struct gcr_incminimark *h, gcr_ref object)
{
    uint64_t *header = gcr_object_word(object, 0);
    const struct gcr_layout *layout = gcr_layout_of_header(&h->layouts, *header);
    uint64_t bytes = incminimark_card_bytes(h, gcr_layout_length(layout, object));
    GCR_STORE_AS(GCR_CAUSE_HEADER, *header, *header & ~INCMINIMARK_CARDS_SET);
    bool scan = gcr_header_is(*header, GCR_HEADER_NO_YOUNG); /* else it is scanned whole */
    for (uint64_t i = 0; i < bytes; i++) {
        unsigned bits = *incminimark_card_byte(object, i);
        GCR_STORE_AS(GCR_CAUSE_SIDE, *incminimark_card_byte(object, i), 0);
        for (uint64_t card = i * 8; scan && bits != 0; card++, bits >>= 1)
            if ((bits & 1) != 0)
                minor_scan_card(h, object, layout, card);
    }
    if (h->state == INCMINIMARK_MARKING)
        incminimark_mark_again(h, object);
}

static void minor_drain(struct gcr_incminimark *h)
{
    const gcr_ref *array;
    do {
        while ((array = gcr_vector_pop(&h->cards_set)) != NULL)
            minor_cards_of(h, *array);
        gcr_ref object;
        while ((object = gcr_remember_pop(&h->remember)) != NULL)
            minor_scan(h, object);
    } while (gcr_vector_count(&h->cards_set) != 0);
}

/* ---- when a list could not grow ---- */

static bool minor_rescan_object(void *arg, gcr_ref object)
{
    struct gcr_incminimark *h = arg;
    uint64_t *header = gcr_object_word(object, 0);
    const struct gcr_layout *layout = gcr_layout_of_header(&h->layouts, *header);
    if (gcr_header_is(*header, INCMINIMARK_HAS_CARDS)) {
        uint64_t bytes = incminimark_card_bytes(h, gcr_layout_length(layout, object));
        GCR_ZERO_AS(GCR_CAUSE_SIDE, incminimark_card_byte(object, bytes) + 1, bytes);
        GCR_STORE_AS(GCR_CAUSE_HEADER, *header, *header & ~INCMINIMARK_CARDS_SET);
    }
    minor_scan(h, object);
    GCR_STORE_AS(GCR_CAUSE_HEADER, *gcr_object_word(object, 0),
                 gcr_object_header(object) | GCR_HEADER_NO_YOUNG);
    return true;
}

static bool minor_rescan_stranded(void *arg, gcr_ref object)
{
    struct gcr_incminimark *h = arg;
    if (gcr_header_is(gcr_object_header(object), GCR_HEADER_MARKED))
        minor_scan(h, object);
    return true;
}

/* Scans everything that may refer to the nursery, until a pass has lost nothing. */
static GCR_COLD void minor_rescan(struct gcr_incminimark *h)
{
    if (h->state == INCMINIMARK_MARKING)
        incminimark_mark_abandon(h);
    while (h->remember.incomplete) {
        h->remember.incomplete = false;
        gcr_vector_truncate(&h->cards_set, 0);
        (void)incminimark_old_walk(h, minor_rescan_object, h);
        for (size_t i = h->raws.first_young; i < gcr_vector_count(&h->raws.all); i++) {
            gcr_ref object = incminimark_raw_at(&h->raws, i)->object;
            if (gcr_header_is(gcr_object_header(object), INCMINIMARK_REACHED))
                (void)minor_rescan_object(h, object);
        }
        (void)gcr_immortals_walk(&h->immortals, &h->layouts, minor_rescan_object, h);
        if (h->frozen)
            (void)incminimark_nursery_walk(h, minor_rescan_stranded, h);
        minor_drain(h);
    }
}

/* A prebuilt object could not be listed as written to: from now on all are taken for that. */
static bool minor_touch(void *arg, gcr_ref object)
{
    (void)arg;
    *gcr_object_word(object, 0) &= ~GCR_HEADER_NO_HEAP;
    return true;
}

/* ---- 6: what is left ---- */

gcr_ref incminimark_minor_survivor(void *arg, gcr_ref object)
{
    struct gcr_incminimark *h = arg;
    uint64_t header = gcr_object_header(object);
    if (!gcr_nursery_has(&h->nursery, object))
        return gcr_header_is(header, INCMINIMARK_REACHED) ||
                       !incminimark_raw_is_young(&h->raws, object)
                   ? object
                   : NULL;
    if (header == INCMINIMARK_MOVED)
        return (gcr_ref)*gcr_object_word(object, GCR_HEADER_BYTES);
    return (header & (INCMINIMARK_PINNED | GCR_HEADER_MARKED)) ==
                   (INCMINIMARK_PINNED | GCR_HEADER_MARKED)
               ? object
               : NULL;
}

static bool minor_still_young(void *arg, gcr_ref object)
{
    return gcr_nursery_has(&((struct gcr_incminimark *)arg)->nursery, object);
}

static bool minor_count_kept(void *arg, gcr_ref object)
{
    struct gcr_incminimark *h = arg;
    const struct gcr_layout *layout = gcr_layout_of(&h->layouts, object);
    if (gcr_header_is(gcr_object_header(object), INCMINIMARK_PINNED))
        incminimark_tally_add(&h->young, layout, gcr_layout_length(layout, object));
    return true;
}

/* Nothing young is left but the pinned survivors. */
static void minor_recount(struct gcr_incminimark *h)
{
    h->young = (struct incminimark_tally){0};
    h->counted_objects = h->heap.work.allocated_objects;
    h->counted_bytes = h->heap.work.allocated_bytes;
    if (h->frozen)
        (void)incminimark_nursery_walk(h, minor_count_kept, h);
    else
        for (size_t i = 0; i < gcr_vector_count(&h->pinned); i++)
            (void)minor_count_kept(h, *(gcr_ref *)gcr_vector_at(&h->pinned, i));
}

static void minor_trace(struct gcr_incminimark *h)
{
    gcr_vector_truncate(&h->pinned, 0);
    h->pinned_count = 0;
    if (h->remember.last_incomplete)
        (void)gcr_immortals_walk(&h->immortals, &h->layouts, minor_touch, NULL);
    minor_forget_young_raws(h);
    if (h->state == INCMINIMARK_MARKING)
        minor_make_remembered_gray(h);
    minor_roots(h);
    minor_pinned_parents(h);
    minor_drain(h);
    if (GCR_UNLIKELY(h->remember.incomplete))
        minor_rescan(h);
    if (h->more_gray.refused && h->state == INCMINIMARK_MARKING)
        incminimark_mark_abandon(h);
}

void incminimark_minor(struct gcr_incminimark *h, struct gcr_collection *done)
{
    struct gcr_host *host = h->heap.host;
    struct gcr_work *work = &h->heap.work;
    uint64_t objects = h->young.objects + work->allocated_objects - h->counted_objects;
    uint64_t old_objects = h->old.objects, copied = work->copied_bytes;
    if (h->frozen)
        return;
    host->phase(host, GCR_PHASE_COPY);
    h->figures.minors++;
    h->promoted_last_bytes = 0;
    minor_trace(h);
    const struct gcr_weak_update update = {incminimark_minor_survivor, minor_still_young, h};
    gcr_weak_list_update_young(&h->weak, &update);
    h->update = INCMINIMARK_UPDATE_MINOR;
    host->update_handles(host, &h->heap, true);
    incminimark_raws_settle(h);
    if (h->frozen)
        h->nursery.limit = h->nursery.top = h->nursery.free;
    else
        incminimark_nursery_reset(h);
    minor_recount(h);

    h->made_old_bytes += h->promoted_last_bytes;
    h->figures.promoted_bytes += h->promoted_last_bytes;
    if (h->pinned_count > h->figures.pinned_peak)
        h->figures.pinned_peak = h->pinned_count;
    uint64_t promoted = h->old.objects - old_objects;
    work->promoted_objects += promoted;
    done->moved_bytes += work->copied_bytes - copied;
    done->survivors += promoted + h->young.objects;
    uint64_t freed = objects - promoted - h->young.objects;
    done->freed += freed;
    work->freed_objects += freed;
}
