/* incminimark: the write barrier's slow half. An old object that is written to is remembered whole,
 * or, if it is a large array with cards, by the card; the value is not looked at.
 *
 * Source: PyPy's rpython/memory/gc/incminimark.py, write barriers and writebarrier_before_copy. A
 * black object that is remembered becomes gray again at the next minor collection, so while marking
 * a copy may not rely on its source having no young references: they may be white. */
#include "allocators/incminimark/incminimark.h"

/* What holds some slots: the object, or its body. */
struct holder {
    gcr_ref object;
    const struct gcr_layout *layout;
    uint32_t first; /* number of its first reference, as the events number slots of the whole */
};

static struct holder holder_of(const struct gcr_incminimark *h, gcr_ref object, uint32_t slot)
{
    uint64_t header = gcr_object_header(object);
    struct holder holder = {object, gcr_layout_of_header(&h->layouts, header), 0};
    if (!gcr_header_is(header, GCR_HEADER_RESIZABLE))
        return holder;
    uint32_t fixed = h->layouts.shapes[gcr_layout_shape(object)].slots;
    if (slot < fixed)
        return holder;
    holder.object = *gcr_object_body(object, header);
    holder.layout = gcr_layout_of(&h->layouts, holder.object);
    holder.first = fixed;
    return holder;
}

/* The item that a slot belongs to, of a holder with items; UINT64_MAX: it is a fixed one. */
static uint64_t holder_item(const struct holder *holder, uint32_t slot)
{
    uint32_t fixed = holder->first + holder->layout->slot_count;
    return slot < fixed ? UINT64_MAX : (slot - fixed) / holder->layout->item_slots;
}

void incminimark_remember(struct gcr_incminimark *h, gcr_ref object)
{
    gcr_remember_store_slow(&h->remember, object, NULL);
}

/* On the card list. Refused: the next minor collection looks at everything. */
static void cards_list(struct gcr_incminimark *h, gcr_ref object)
{
    uint64_t *header = gcr_object_word(object, 0);
    if (gcr_header_is(*header, INCMINIMARK_CARDS_SET))
        return;
    if (gcr_vector_push_word(&h->cards_set, (uintptr_t)object))
        GCR_STORE_AS(GCR_CAUSE_HEADER, *header, *header | INCMINIMARK_CARDS_SET);
    else
        h->remember.incomplete = true;
}

static void card_set(struct gcr_incminimark *h, gcr_ref object, uint64_t item)
{
    uint64_t card = item / h->policy.card_items;
    uint8_t *byte = incminimark_card_byte(object, card / 8);
    uint8_t bit = (uint8_t)(1u << (card % 8));
    h->heap.work.barriers++;
    if ((*byte & bit) != 0)
        return;
    GCR_STORE_AS(GCR_CAUSE_SIDE, *byte, (uint8_t)(*byte | bit));
    cards_list(h, object);
}

/* The barrier of a store into one slot. */
static void barrier_slot(struct gcr_incminimark *h, const struct holder *holder, uint32_t slot)
{
    uint64_t header = gcr_object_header(holder->object);
    if (!gcr_header_is(header, GCR_HEADER_NO_YOUNG))
        return;
    uint64_t item = UINT64_MAX;
    if (gcr_header_is(header, INCMINIMARK_HAS_CARDS))
        item = holder_item(holder, slot);
    if (item != UINT64_MAX)
        card_set(h, holder->object, item);
    else
        incminimark_remember(h, holder->object);
}

GCR_NOINLINE void incminimark_store_slow(struct gcr_incminimark *h, gcr_ref object, uint32_t slot,
                                         gcr_ref value)
{
    struct holder holder = holder_of(h, object, slot);
    barrier_slot(h, &holder, slot);
    gcr_ref *at = gcr_layout_slot(&h->layouts, object, slot);
    GCR_STORE_AS(GCR_CAUSE_DATA, *at, value);
}

/* ---- copies ---- */

/* Sets the destination's card bits as the source's, for the cards of items first .. end - 1. */
static void cards_copy(struct gcr_incminimark *h, gcr_ref dst, gcr_ref src, uint64_t first,
                       uint64_t end)
{
    bool any = h->state == INCMINIMARK_MARKING;
    uint32_t items = h->policy.card_items;
    for (uint64_t card = first / items; card * items < end; card++) {
        uint8_t bit = (uint8_t)(1u << (card % 8));
        if ((*incminimark_card_byte(src, card / 8) & bit) == 0)
            continue;
        uint8_t *byte = incminimark_card_byte(dst, card / 8);
        GCR_STORE_AS(GCR_CAUSE_SIDE, *byte, (uint8_t)(*byte | bit));
        any = true;
    }
    h->heap.work.barriers++;
    if (any)
        cards_list(h, dst);
}

static void barrier_each(struct gcr_incminimark *h, const struct holder *dst, uint32_t slot,
                         uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        barrier_slot(h, dst, slot + i);
}

/* From one holder into another one that has NO_YOUNG, where the source has cards. */
static void barrier_from_cards(struct gcr_incminimark *h, const struct holder *dst,
                               uint32_t dst_slot, const struct holder *src, uint32_t src_slot,
                               uint32_t n)
{
    uint64_t src_header = gcr_object_header(src->object);
    uint64_t dst_header = gcr_object_header(dst->object);
    uint64_t first = holder_item(src, src_slot);
    if (!gcr_header_is(src_header, GCR_HEADER_NO_YOUNG) ||
        !gcr_header_is(dst_header, INCMINIMARK_HAS_CARDS) || dst->layout != src->layout ||
        first == UINT64_MAX || dst_slot - dst->first != src_slot - src->first) {
        barrier_each(h, dst, dst_slot, n);
        return;
    }
    cards_copy(h, dst->object, src->object, first, holder_item(src, src_slot + n - 1) + 1);
}

/* References of `src` are about to be copied into `dst`. */
static void barrier_copy(struct gcr_incminimark *h, const struct holder *dst, uint32_t dst_slot,
                         const struct holder *src, uint32_t src_slot, uint32_t n)
{
    uint64_t to = gcr_object_header(dst->object), from = gcr_object_header(src->object);
    if (!gcr_header_is(to, GCR_HEADER_NO_YOUNG))
        return;
    if (dst->object == src->object) { /* nothing new, but it may change its card */
        if (gcr_header_is(to, INCMINIMARK_CARDS_SET))
            incminimark_remember(h, dst->object);
        return;
    }
    if (gcr_header_is(to, GCR_HEADER_NO_HEAP) && !gcr_header_is(from, GCR_HEADER_NO_HEAP))
        gcr_remember_add_last(&h->remember, dst->object);
    if (gcr_header_is(from, INCMINIMARK_HAS_CARDS))
        barrier_from_cards(h, dst, dst_slot, src, src_slot, n);
    else if (h->state == INCMINIMARK_MARKING || !gcr_header_is(from, GCR_HEADER_NO_YOUNG))
        incminimark_remember(h, dst->object);
}

void incminimark_copy(struct gcr_incminimark *h, gcr_ref dst, uint32_t dst_slot, gcr_ref src,
                      uint32_t src_slot, uint32_t n)
{
    if (n == 0)
        return;
    struct holder to = holder_of(h, dst, dst_slot), from = holder_of(h, src, src_slot);
    if (to.object == holder_of(h, dst, dst_slot + n - 1).object &&
        from.object == holder_of(h, src, src_slot + n - 1).object) {
        barrier_copy(h, &to, dst_slot, &from, src_slot, n);
    } else { /* a range lies partly in the object and partly in its body */
        for (uint32_t i = 0; i < n; i++) {
            struct holder holder = holder_of(h, dst, dst_slot + i);
            barrier_slot(h, &holder, dst_slot + i);
        }
    }
    gcr_layout_copy_slots(&h->layouts, dst, dst_slot, src, src_slot, n);
}

void incminimark_remember_items(struct gcr_incminimark *h, gcr_ref dst, gcr_ref src,
                                uint64_t length)
{
    const struct gcr_layout *layout = gcr_layout_of(&h->layouts, dst);
    uint64_t slots = length * layout->item_slots;
    const struct holder to = {dst, layout, 0}, from = {src, layout, 0};
    if (slots != 0)
        barrier_copy(h, &to, 0, &from, 0, (uint32_t)slots);
}
