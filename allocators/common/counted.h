/* The words of a counted object: count and type, hidden words, slots, data; and what decoding them
 * takes, a row for each shape.
 *
 * A block:   [GC head] count, type [body word] [weak target word] payload
 *                      ^ gcr_ref
 * The payload is as in traces/shape.h. The items of a resizable shape are in a raw block of their
 * own. Where counts lie in a side table (side_counts.h), the word is not there: a reference points
 * where it would be, 8 bytes in front of the object's first byte, which is its type.
 *
 * Type word: bits 0-23 shape number; 24 containers: tracked again by an item that comes
 * (an untracked tuple or dict), others: finalizer has run; 25 recycled; 26 large (its block is not
 * from a pool); 27-58 length; 59 weak references to it exist; 60 prebuilt and 61 garbage: one count
 * belongs to no slot and no root; 62-63 kind. */
#ifndef GCR_ALLOCATORS_COMMON_COUNTED_H
#define GCR_ALLOCATORS_COMMON_COUNTED_H

#include "allocators/collector.h"
#include "allocators/common/access.h"
#include "base/compiler.h"

#define GCR_COUNTED_SHAPE_MASK ((uint64_t)0xffffff)
#define GCR_COUNTED_UNTRACKED ((uint64_t)1 << 24)
#define GCR_COUNTED_FINALIZED ((uint64_t)1 << 24)
#define GCR_COUNTED_RECYCLED ((uint64_t)1 << 25)
#define GCR_COUNTED_LARGE ((uint64_t)1 << 26)
#define GCR_COUNTED_LENGTH_SHIFT 27
#define GCR_COUNTED_LENGTH_MASK ((uint64_t)0xffffffff << GCR_COUNTED_LENGTH_SHIFT)
#define GCR_COUNTED_HAS_WEAK ((uint64_t)1 << 59)
#define GCR_COUNTED_PREBUILT ((uint64_t)1 << 60)
#define GCR_COUNTED_GARBAGE ((uint64_t)1 << 61)
#define GCR_COUNTED_KIND_SHIFT 62
#define GCR_COUNTED_CONTAINER ((uint64_t)GCR_KIND_CONTAINER << GCR_COUNTED_KIND_SHIFT)
#define GCR_COUNTED_BUFFER ((uint64_t)GCR_KIND_BUFFER << GCR_COUNTED_KIND_SHIFT)

/* What a visit of a referent has to know, in the word that it reads anyway. */
enum gcr_counted_kind { GCR_KIND_PLAIN, GCR_KIND_CONTAINER, GCR_KIND_BUFFER };

struct gcr_counted {
    uint64_t count; /* counting.h knows whether it is here */
    uint64_t type;
};
_Static_assert(sizeof(struct gcr_counted) == 16, "as PyObject");

/* What decoding an object of a shape takes, precomputed: stands for a type descriptor, like the
 * host's shapes, and like them is no part of the footprint. */
struct gcr_counting_type {
    uint32_t flags; /* enum gcr_shape_flag and the bits below */
    uint32_t slots; /* fixed ones */
    uint32_t item_slots;
    uint32_t item_bytes;      /* of each item in the object itself: 0 if resizable */
    uint32_t slots_offset;    /* from the object's address to its first slot */
    int16_t ref_offset;       /* from a block from the pools to the reference: the GC head, if any,
                                 less the count if that is elsewhere */
    int16_t large_ref_offset; /* the same in a larger block */
    uint32_t fixed_data;      /* bytes of plain data outside the items */
    uint32_t item_data;
    uint32_t inline_slots;                 /* slots below this number lie in the object itself */
    uint32_t kind;                         /* enum gcr_counted_kind */
    uint64_t base_bytes;                   /* block bytes without items, GC head included */
    uint64_t field_bytes, body_item_bytes; /* object bytes, and of each item wherever it lies */
};
_Static_assert(sizeof(struct gcr_counting_type) == 64, "a row is one cache line");

enum {
    GCR_COUNTING_INLINE = 1 << 28, /* the inline allocation path serves it */
    GCR_COUNTING_LISTED = 1 << 29, /* its dead may go to a modelled free list */
    GCR_COUNTING_TABLED = 1 << 30  /* its dead leave tables */
};

static inline struct gcr_counted *gcr_counted(gcr_ref object)
{
    return (struct gcr_counted *)object;
}

/* ---- the type word ---- */

GCR_ALWAYS_INLINE void gcr_counted_set_flag(gcr_ref object, uint64_t flag)
{
    GCR_STORE_AS(GCR_CAUSE_HEADER, gcr_counted(object)->type, gcr_counted(object)->type | flag);
}

GCR_ALWAYS_INLINE void gcr_counted_clear_flag(gcr_ref object, uint64_t flag)
{
    GCR_STORE_AS(GCR_CAUSE_HEADER, gcr_counted(object)->type, gcr_counted(object)->type & ~flag);
}

static inline uint64_t gcr_counted_length(gcr_ref object)
{
    return (gcr_counted(object)->type & GCR_COUNTED_LENGTH_MASK) >> GCR_COUNTED_LENGTH_SHIFT;
}

static inline bool gcr_counting_type_is(const struct gcr_counting_type *type, uint32_t flags)
{
    return (type->flags & flags) != 0;
}

/* The hidden word of a resizable object. */
static inline char **gcr_counted_body(gcr_ref object)
{
    return (char **)((char *)object + sizeof(struct gcr_counted));
}

/* The hidden word of a weak reference; the last one before the slots. */
static inline gcr_ref *gcr_counted_weak_target(const struct gcr_counting_type *type, gcr_ref object)
{
    return (gcr_ref *)((char *)object + type->slots_offset - sizeof(gcr_ref));
}

static inline gcr_ref *gcr_counted_inline_slots(const struct gcr_counting_type *type,
                                                gcr_ref object)
{
    return (gcr_ref *)((char *)object + type->slots_offset);
}

/* Slots in the object itself: all, or the fixed ones of a resizable shape. */
static inline uint64_t gcr_counted_inline_slot_count(const struct gcr_counting_type *type,
                                                     gcr_ref object)
{
    if (type->item_bytes == 0) /* no items, or in a body */
        return type->slots;
    return type->slots + gcr_counted_length(object) * type->item_slots;
}

static inline gcr_ref *gcr_counted_slot(const struct gcr_counting_type *type, gcr_ref object,
                                        uint32_t slot)
{
    if (GCR_LIKELY(slot < type->inline_slots))
        return gcr_counted_inline_slots(type, object) + slot;
    return (gcr_ref *)*gcr_counted_body(object) + (slot - type->inline_slots);
}

/* A run of slots. */
struct gcr_slot_span {
    gcr_ref *start;
    uint64_t count;
};

/* The object's slots, in order: [0] in the object, [1] in its body (empty if there is none; never
 * NULL, so that a loop may always form start + count). */
static inline void gcr_counted_spans(const struct gcr_counting_type *type, gcr_ref object,
                                     struct gcr_slot_span span[2])
{
    span[0].start = gcr_counted_inline_slots(type, object);
    span[0].count = gcr_counted_inline_slot_count(type, object);
    span[1].start = span[0].start;
    span[1].count = 0;
    if (gcr_counting_type_is(type, GCR_SHAPE_RESIZABLE) && *gcr_counted_body(object) != NULL) {
        span[1].start = (gcr_ref *)*gcr_counted_body(object);
        span[1].count = gcr_counted_length(object) * type->item_slots;
    }
}

/* Address of data byte `offset`, and how many data bytes follow contiguously. */
static inline uint8_t *gcr_counted_data(const struct gcr_counting_type *type, gcr_ref object,
                                        uint64_t offset, uint64_t *bytes)
{
    uint64_t length = gcr_counted_length(object);
    if (!gcr_counting_type_is(type, GCR_SHAPE_RESIZABLE)) {
        *bytes = type->fixed_data + length * type->item_data - offset;
        return (uint8_t *)(gcr_counted_inline_slots(type, object) +
                           gcr_counted_inline_slot_count(type, object)) +
               offset;
    }
    if (offset < type->fixed_data) {
        *bytes = type->fixed_data - offset;
        return (uint8_t *)(gcr_counted_inline_slots(type, object) + type->slots) + offset;
    }
    offset -= type->fixed_data;
    *bytes = length * type->item_data - offset;
    uintptr_t body = (uintptr_t)*gcr_counted_body(object); /* 0, and *bytes 0, without items */
    return (uint8_t *)(body + length * type->item_slots * GCR_SLOT_BYTES + offset);
}

static inline uint64_t gcr_counted_bytes(const struct gcr_counting_type *type, gcr_ref object)
{
    return type->field_bytes + gcr_counted_length(object) * type->body_item_bytes;
}

#endif
