/* Steps 2 to 4 of compact.h: new addresses, and every reference brought up to date.
 *
 * Where the backup of type ids lies: behind the used part (paid for while allocating in mode 2010);
 * in mode doc behind the limit, or, in a move, behind the live bytes of the new space, because
 * every address of the old one below the limit may be in use. */
#include "allocators/common/compact_parts.h"

/* ---- where to ---- */

static uint64_t backup_entries(const struct gcr_compact *h)
{
    if (h->config.format == GCR_COMPACT_SIDE)
        return 0;
    return h->config.format == GCR_COMPACT_ALL ? h->blocks : h->pass.survivors;
}

static char *backup_place_here(const struct gcr_compact *h)
{
    char *behind = h->pass.base + h->pass.used_bytes;
    if (h->config.mode != GCR_COMPACT_DOC)
        return behind;
    char *limit = h->pass.base + compact_present_limit(h);
    return limit > h->space.top ? limit : h->space.top;
}

/* Whether this space is too small: for the backup now, or for what the next collection allows. */
static bool space_is_short(const struct gcr_compact *h, uint64_t backup_bytes, uint64_t limit)
{
    uint64_t behind = (uint64_t)(backup_place_here(h) - h->pass.base);
    return behind + backup_bytes > h->space.reserved_bytes ||
           limit + h->config.promotion_bytes > h->space.reserved_bytes;
}

/* Reserves a space of doubled size, as often as the next limit needs. Only if what the move will
 * hold for a moment beside the old space (an object, and a chunk on either side) can be had. */
static bool move_begin(struct gcr_compact *h, uint64_t backup_bytes, uint64_t limit)
{
    struct gcr_compact_pass *pass = &h->pass;
    uint64_t piece = h->config.pieces ? h->config.chunk_bytes : pass->largest_bytes;
    uint64_t reserved = h->space.reserved_bytes;
    if (gcr_supply_headroom(h->heap.supply) <
        piece + 2 * h->config.chunk_bytes + backup_bytes + pass->used_bytes / 32)
        return false;
    limit += 2 * h->config.promotion_bytes; /* and its objects' backup */
    while (reserved < limit || reserved < pass->live_bytes + backup_bytes + 2 * GCR_PAGE_BYTES)
        reserved *= 2;
    pass->to.reserved_bytes = reserved;
    pass->to.start = gcr_supply_reserve(h->heap.supply, reserved, GCR_PAGE_BYTES);
    pass->to.top = pass->target = pass->to.start;
    pass->moving = pass->to.start != NULL;
    if (!pass->moving)
        pass->target = pass->base;
    return pass->moving;
}

/* Commits what of the backup lies beyond committed pages. */
static bool backup_commit(struct gcr_compact *h, char *place)
{
    struct gcr_compact_pass *pass = &h->pass;
    struct gcr_supply *supply = h->heap.supply;
    char *end = pass->base + gcr_page_round((size_t)(place + pass->backup_bytes - pass->base));
    if (pass->moving)
        end = place + gcr_page_round(pass->backup_bytes);
    char *from = pass->moving || place > h->space.top ? place : h->space.top;
    pass->backup = place;
    if (end <= from)
        return true;
    size_t bytes = (size_t)(end - from);
    if (!h->config.release && !pass->moving && from == h->space.top) { /* it stays part of it */
        if (!gcr_supply_commit(supply, GCR_PAGES_OBJECTS, from, bytes))
            return false;
        h->space.top = end;
        return true;
    }
    if (!gcr_supply_commit(supply, GCR_PAGES_WORK, from, bytes))
        return false;
    pass->extra = from;
    pass->extra_bytes = bytes;
    return true;
}

static bool offsets_commit(struct gcr_compact *h)
{
    size_t blocks = h->pass.used_bytes / GCR_WORD_BYTES / COMPACT_BLOCK_WORDS + 1;
    h->pass.offsets_bytes = gcr_page_round(blocks * sizeof *h->pass.offsets);
    h->pass.offsets =
        gcr_supply_map(h->heap.supply, GCR_PAGES_WORK, h->pass.offsets_bytes, GCR_PAGE_BYTES);
    return h->pass.offsets != NULL;
}

static bool plan_place(struct gcr_compact *h)
{
    struct gcr_compact_pass *pass = &h->pass;
    pass->backup_entries = backup_entries(h);
    pass->backup_bytes = pass->backup_entries * h->config.backup_bytes;
    if (pass->backup_bytes > h->figures.backup_peak_bytes)
        h->figures.backup_peak_bytes = pass->backup_bytes;
    uint64_t limit =
        compact_next_limit(h, pass->live_bytes, pass->requested_bytes, pass->backup_bytes);
    bool is_short = space_is_short(h, pass->backup_bytes, limit);
    if (h->config.grow && is_short)
        (void)move_begin(h, pass->backup_bytes, limit);
    if (h->config.format == GCR_COMPACT_SIDE)
        return offsets_commit(h);
    if (pass->moving)
        return backup_commit(h, pass->target + gcr_page_round(pass->live_bytes));
    char *place = backup_place_here(h);
    char *end = pass->base + h->space.reserved_bytes;
    if (place + pass->backup_bytes > end) /* not behind the limit, then, but behind the objects */
        place = pass->base + pass->used_bytes;
    return place + pass->backup_bytes <= end && backup_commit(h, place);
}

void compact_drop_plan(struct gcr_compact *h)
{
    struct gcr_compact_pass *pass = &h->pass;
    struct gcr_supply *supply = h->heap.supply;
    if (pass->extra != NULL)
        gcr_supply_release(supply, GCR_PAGES_WORK, pass->extra, pass->extra_bytes);
    if (pass->offsets != NULL)
        gcr_supply_unmap(supply, GCR_PAGES_WORK, pass->offsets, pass->offsets_bytes);
    if (h->config.format == GCR_COMPACT_SIDE && pass->used_bytes != 0) {
        gcr_mark_bitmap_clear(&h->bitmap, pass->base, pass->used_bytes);
        gcr_mark_bitmap_uncover(&h->bitmap, pass->base, pass->used_bytes);
    }
    pass->extra = NULL;
    pass->offsets = NULL;
}

/* ---- step 2 ---- */

/* Every object, dead ones too: their sizes come from their headers. */
static void assign_in_headers(struct gcr_compact *h)
{
    const struct gcr_compact_pass *pass = &h->pass;
    bool all = h->config.format == GCR_COMPACT_ALL;
    char *end = pass->base + pass->used_bytes, *to = pass->target;
    uint64_t index = 0;
    for (char *at = pass->base; at < end;) {
        uint64_t *word = (uint64_t *)(void *)at, header = *word;
        const struct gcr_layout *layout = gcr_layout_of_header(&h->layouts, header);
        uint64_t bytes = gcr_layout_object_bytes(layout, (gcr_ref)(void *)at);
        bool live = gcr_header_is(header, GCR_HEADER_MARKED);
        if (live || all)
            compact_backup_put(h, index++, header & GCR_HEADER_ID_MASK);
        if (all)
            GCR_STORE_AS(GCR_CAUSE_HEADER, *word, live ? (uint64_t)(uintptr_t)to : 0);
        else if (live)
            GCR_STORE_AS(GCR_CAUSE_HEADER, *word,
                         GCR_HEADER_MARKED | (uint64_t)(to - pass->target) |
                             (header >> COMPACT_HASH_SHIFT & COMPACT_SAVED_FLAGS));
        if (live)
            to += bytes;
        at += bytes;
    }
    GCR_CHECK(1, index == pass->backup_entries);
    GCR_CHECK(1, (uint64_t)(to - pass->target) == pass->live_bytes);
}

/* Prefix sums over the bits; objects are not touched. */
static void assign_on_side(struct gcr_compact *h)
{
    if (h->pass.used_bytes == 0)
        return;
    const uint64_t *words = gcr_mark_bitmap_word(&h->bitmap, h->pass.base);
    size_t blocks =
        (h->pass.used_bytes / GCR_WORD_BYTES + COMPACT_BLOCK_WORDS - 1) / COMPACT_BLOCK_WORDS;
    uint64_t live = 0;
    for (size_t i = 0; i < blocks; i++) {
        h->pass.offsets[i] = live;
        live += (uint64_t)GCR_POPCOUNT64(words[i]) * GCR_WORD_BYTES;
    }
    GCR_CHECK(1, live == h->pass.live_bytes);
}

bool compact_plan(struct gcr_compact *h)
{
    if (!plan_place(h)) {
        for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizers); i++)
            gcr_finalizer_list_at(&h->finalizers, i)->fate = GCR_FINALIZER_KEPT;
        compact_unmark_all(h);
        compact_drop_plan(h);
        if (h->pass.moving)
            gcr_supply_unreserve(h->heap.supply, h->pass.to.start, h->pass.to.reserved_bytes);
        return false;
    }
    if (h->config.format == GCR_COMPACT_SIDE)
        assign_on_side(h);
    else
        assign_in_headers(h);
    return true;
}

/* ---- step 3 ---- */

/* New place of a survivor in the space. */
GCR_ALWAYS_INLINE gcr_ref new_place(const struct gcr_compact *h, enum gcr_compact_format format,
                                    gcr_ref object)
{
    if (format == GCR_COMPACT_SIDE)
        return (gcr_ref)(void *)compact_side_place(h, object);
    uint64_t header = gcr_object_header(object);
    if (format == GCR_COMPACT_ALL)
        return (gcr_ref)(uintptr_t)header;
    return (gcr_ref)(void *)(h->pass.target +
                             (header & ~(GCR_HEADER_MARKED | COMPACT_SAVED_FLAGS)));
}

GCR_ALWAYS_INLINE void update_slots(const struct gcr_compact *h, enum gcr_compact_format format,
                                    gcr_ref *slot, uint64_t count)
{
    for (; count > 0; slot++, count--) {
        if (*slot == NULL || !compact_has(h, *slot))
            continue;
        gcr_ref to = new_place(h, format, *slot);
        if (format != GCR_COMPACT_SIDE ||
            *slot != to) /* with side marks the dense part stays clean */
            *slot = to;
    }
}

GCR_ALWAYS_INLINE void update_survivors(const struct gcr_compact *h, enum gcr_compact_format format)
{
    struct compact_survivor s = compact_before_first(h);
    while (compact_next(h, format, &s)) {
        gcr_ref object = (gcr_ref)(void *)s.at;
        uint64_t count;
        gcr_ref *slots = gcr_layout_slots(s.layout, object, &count);
        update_slots(h, format, slots, count);
    }
    GCR_CHECK(1, s.visited == h->pass.survivors);
    GCR_CHECK(1, format != GCR_COMPACT_SURVIVORS || s.index == h->pass.survivors);
}

static void update_some(void *arg, gcr_ref *slots, uint64_t count)
{
    const struct gcr_compact *h = arg;
    if (h->config.format == GCR_COMPACT_SIDE)
        update_slots(h, GCR_COMPACT_SIDE, slots, count);
    else if (h->config.format == GCR_COMPACT_ALL)
        update_slots(h, GCR_COMPACT_ALL, slots, count);
    else
        update_slots(h, GCR_COMPACT_SURVIVORS, slots, count);
}

/* References from outside the space: roots, prebuilt objects, pinned ones that survive. */
static void update_outside(struct gcr_compact *h)
{
    size_t spans;
    const struct gcr_root_span *span = h->heap.host->roots(h->heap.host, &spans);
    for (; spans > 0; span++, spans--)
        update_some(h, span->start, span->count);
    gcr_immortals_scan(&h->prebuilt, &h->layouts, update_some, h);
    for (size_t i = 0; i < gcr_vector_count(&h->pinned.objects); i++) {
        gcr_ref object = *(gcr_ref *)gcr_vector_at(&h->pinned.objects, i);
        uint64_t count;
        gcr_ref *slots = gcr_layout_slots(gcr_layout_of(&h->layouts, object), object, &count);
        if (compact_is_marked(h, object))
            update_some(h, slots, count);
    }
}

gcr_ref gcr_compact_forwarded(struct gcr_compact *h, gcr_ref object)
{
    if (h->forwarding == GCR_COMPACT_FORWARD_NONE)
        return object;
    uint64_t header = gcr_object_header(object);
    if (!compact_has(h, object))
        return gcr_header_is(header, GCR_HEADER_MARKED) ? object : NULL;
    if (h->config.format == GCR_COMPACT_ALL)
        return (gcr_ref)(uintptr_t)header;
    if (h->config.format == GCR_COMPACT_SIDE)
        return gcr_mark_bitmap_get(&h->bitmap, object) ? new_place(h, GCR_COMPACT_SIDE, object)
                                                       : NULL;
    return gcr_header_is(header, GCR_HEADER_MARKED) ? new_place(h, GCR_COMPACT_SURVIVORS, object)
                                                    : NULL;
}

/* ---- step 4 ---- */

static gcr_ref survivor(void *arg, gcr_ref object)
{
    return gcr_compact_forwarded(arg, object);
}

static void update_finalizers(struct gcr_compact *h)
{
    for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizers); i++) {
        struct gcr_finalizable *entry = gcr_finalizer_list_at(&h->finalizers, i);
        entry->object = gcr_compact_forwarded(h, entry->object);
        GCR_CHECK(1, entry->object != NULL);
    }
}

void compact_update(struct gcr_compact *h)
{
    update_outside(h);
    if (h->config.format == GCR_COMPACT_SIDE)
        update_survivors(h, GCR_COMPACT_SIDE);
    else if (h->config.format == GCR_COMPACT_ALL)
        update_survivors(h, GCR_COMPACT_ALL);
    else
        update_survivors(h, GCR_COMPACT_SURVIVORS);
    struct gcr_weak_update update = {.survivor = survivor, .arg = h};
    gcr_weak_list_update_in_place(&h->weak, &update);
    update_finalizers(h);
}
