/* Objects of the Recycler.
 *
 *     bytes 0-3   shape word: layout id in bits 0 to 25, flags above; written once, at birth
 *     bytes 4-7   count word (counts.h); after birth only the collector reads and writes it
 *     [word]      target of a weak reference                     (weak shapes)
 *     [word]      length and room, or the reference to the body  (shapes with items)
 *     payload     as traces/shape.h
 *
 * The two halves of the header are separate objects for the compiler and for the memory model: one
 * access to all eight bytes would be a data race between mutator and collector. Sizes and slot
 * ranges come from the table of common/layout.h, which this layout follows everywhere else.
 *
 * A body keeps its items' data behind *room* items, not behind `length`: cutting it down moves
 * nothing, so that a collector that is reading its slots meanwhile finds slots and never data.
 * Slots between length and room are null. */
#ifndef GCR_ALLOCATORS_BUFFERED_REFCOUNT_OBJECT_H
#define GCR_ALLOCATORS_BUFFERED_REFCOUNT_OBJECT_H

#include "allocators/common/layout.h"

enum {
    RECYCLER_ID_MASK = (1 << 26) - 1,
    RECYCLER_HIDDEN_SHIFT = 26, /* two bits: hidden words between header and payload */
    RECYCLER_RESIZABLE = 1 << 28,
    RECYCLER_INTERNAL = 1 << 29, /* a body: no object of the host's */
    RECYCLER_IMMORTAL = 1 << 30  /* prebuilt: not counted, never entered */
};
_Static_assert(2 * (uint64_t)GCR_SHAPE_MAX_NUMBER + 2 <= RECYCLER_ID_MASK, "ids fit");

struct recycler_header {
    uint32_t shape, count;
};

struct recycler_extent {
    uint32_t length, room; /* in items; equal but for a body that was cut down */
};
_Static_assert(sizeof(struct recycler_header) == GCR_HEADER_BYTES &&
                   sizeof(struct recycler_extent) == GCR_WORD_BYTES,
               "one word each");

static inline uint32_t recycler_shape_word(gcr_ref object)
{
    return ((const struct recycler_header *)(const void *)object)->shape;
}

static inline uint32_t *recycler_count_word(gcr_ref object)
{
    return &((struct recycler_header *)(void *)object)->count;
}

static inline bool recycler_is_immortal(gcr_ref object)
{
    return (recycler_shape_word(object) & RECYCLER_IMMORTAL) != 0;
}

static inline const struct gcr_layout *recycler_layout(const struct gcr_layouts *layouts,
                                                       gcr_ref object)
{
    return &layouts->row[recycler_shape_word(object) & RECYCLER_ID_MASK];
}

/* Number of the host's shape, for objects and for bodies. */
static inline uint32_t recycler_shape_number(const struct gcr_layouts *layouts, gcr_ref object)
{
    uint32_t id = recycler_shape_word(object) & RECYCLER_ID_MASK;
    return id <= layouts->shape_count ? id : id - layouts->shape_count;
}

static inline char *recycler_payload(gcr_ref object)
{
    return (char *)object + GCR_HEADER_BYTES +
           ((recycler_shape_word(object) >> RECYCLER_HIDDEN_SHIFT) & 3) * GCR_WORD_BYTES;
}

/* The word before the payload: of a body, and of an object with items in itself. */
static inline struct recycler_extent *recycler_extent_of(gcr_ref object)
{
    return (struct recycler_extent *)(void *)(recycler_payload(object) - GCR_WORD_BYTES);
}

/* The hidden word of a resizable object. */
static inline gcr_ref *recycler_body_word(gcr_ref object)
{
    return (gcr_ref *)(void *)(recycler_payload(object) - GCR_WORD_BYTES);
}

static inline uint32_t recycler_body_length(gcr_ref body)
{
    return body != NULL ? recycler_extent_of(body)->length : 0;
}

/* First reference to scan, and how many. Any thread: nothing of this changes after birth. */
static inline gcr_ref *recycler_slots(const struct gcr_layouts *layouts, gcr_ref object,
                                      uint64_t *count)
{
    const struct gcr_layout *layout = recycler_layout(layouts, object);
    *count = layout->slot_count;
    if (layout->item_slots != 0)
        *count += (uint64_t)recycler_extent_of(object)->room * layout->item_slots;
    return (gcr_ref *)gcr_object_word(object, layout->slot_start);
}

/* What an object takes of the heap. */
static inline uint64_t recycler_object_bytes(const struct gcr_layouts *layouts, gcr_ref object)
{
    const struct gcr_layout *layout = recycler_layout(layouts, object);
    return gcr_layout_bytes(layout, layout->item_bytes != 0 ? recycler_extent_of(object)->room : 0);
}

/* Of these, bytes of the program's. */
static inline uint64_t recycler_own_bytes(const struct gcr_layouts *layouts, gcr_ref object)
{
    const struct gcr_layout *layout = recycler_layout(layouts, object);
    uint64_t items = layout->item_bytes != 0 ? recycler_extent_of(object)->length : 0;
    return layout->field_bytes + items * layout->item_bytes;
}

/* Objects of this shape cannot be part of a cycle. */
static inline bool recycler_shape_is_green(const struct gcr_shape *shape)
{
    return gcr_shape_is(shape, GCR_SHAPE_ACYCLIC) || (shape->slots == 0 && shape->item_slots == 0);
}

/* Writes shape word, count word and extent into zeroed memory. */
static inline void recycler_object_set(const struct gcr_layout *layout, gcr_ref object,
                                       uint32_t flags, uint32_t count, uint32_t length)
{
    uint32_t hidden = (uint32_t)((layout->header >> GCR_HEADER_PAYLOAD_SHIFT) & 3);
    uint32_t shape =
        (uint32_t)(layout->header & GCR_HEADER_ID_MASK) | hidden << RECYCLER_HIDDEN_SHIFT | flags;
    if (gcr_header_is(layout->header, GCR_HEADER_RESIZABLE))
        shape |= RECYCLER_RESIZABLE;
    if (gcr_header_is(layout->header, GCR_HEADER_INTERNAL))
        shape |= RECYCLER_INTERNAL;
    *(struct recycler_header *)(void *)object = (struct recycler_header){shape, count};
    if (layout->item_bytes != 0)
        *recycler_extent_of(object) = (struct recycler_extent){length, length};
}

/* ---- slots and data, as the events name them ---- */

gcr_ref *recycler_resizable_slot(const struct gcr_layouts *layouts, gcr_ref object, uint32_t slot);

static inline gcr_ref *recycler_slot(const struct gcr_layouts *layouts, gcr_ref object,
                                     uint32_t slot)
{
    if (GCR_UNLIKELY(recycler_shape_word(object) & RECYCLER_RESIZABLE))
        return recycler_resizable_slot(layouts, object, slot);
    return (gcr_ref *)(void *)recycler_payload(object) + slot;
}

uint32_t recycler_items(const struct gcr_layouts *layouts, gcr_ref object);
/* First byte of a body's data. */
char *recycler_body_data(const struct gcr_layouts *layouts, gcr_ref body);
uint8_t *recycler_data(const struct gcr_layouts *layouts, gcr_ref object, uint64_t offset,
                       uint64_t *bytes);
void recycler_read(const struct gcr_layouts *layouts, gcr_ref object, uint32_t offset,
                   uint32_t length);
void recycler_write(const struct gcr_layouts *layouts, gcr_ref object, uint32_t offset,
                    uint32_t length, uint8_t tag);

#endif
