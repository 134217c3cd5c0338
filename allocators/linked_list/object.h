/* The words of an object: count and type, hidden words, slots, data.
 *
 * Type word: bits 0-23 shape number; 24 containers: a tuple untracked by a collection, others:
 * finalizer has run; 25 recycled; 26 large (its block is not from a pool); 27-58 length; 59 weak
 * references to it exist; 60 prebuilt and 61 garbage: one count belongs to no slot and no root. */
#ifndef GCR_ALLOCATORS_LINKED_LIST_OBJECT_H
#define GCR_ALLOCATORS_LINKED_LIST_OBJECT_H

#include "allocators/linked_list/linked_list.h"

#define OBJECT_SHAPE_MASK ((uint64_t)0xffffff)
#define OBJECT_UNTRACKED_TUPLE ((uint64_t)1 << 24)
#define OBJECT_FINALIZED ((uint64_t)1 << 24)
#define OBJECT_RECYCLED ((uint64_t)1 << 25)
#define OBJECT_LARGE ((uint64_t)1 << 26)
#define OBJECT_LENGTH_SHIFT 27
#define OBJECT_LENGTH_MASK ((uint64_t)0xffffffff << OBJECT_LENGTH_SHIFT)
#define OBJECT_HAS_WEAK ((uint64_t)1 << 59)
#define OBJECT_PREBUILT ((uint64_t)1 << 60)
#define OBJECT_GARBAGE ((uint64_t)1 << 61)

struct object_header {
    uint64_t count;
    uint64_t type;
};
_Static_assert(sizeof(struct object_header) == 16, "as PyObject");

static inline struct object_header *object_header(gcr_ref object)
{
    return (struct object_header *)object;
}

static inline const struct linked_list_type *object_type(const struct linked_list *ll,
                                                         gcr_ref object)
{
    return &ll->types[object_header(object)->type & OBJECT_SHAPE_MASK];
}

static inline uint64_t object_length(gcr_ref object)
{
    return (object_header(object)->type & OBJECT_LENGTH_MASK) >> OBJECT_LENGTH_SHIFT;
}

static inline bool type_is(const struct linked_list_type *type, uint32_t flags)
{
    return (type->flags & flags) != 0;
}

/* The hidden word of a resizable object. */
static inline char **object_body(gcr_ref object)
{
    return (char **)((char *)object + sizeof(struct object_header));
}

/* The hidden word of a weak reference; the last one before the slots. */
static inline gcr_ref *object_weak_target(const struct linked_list_type *type, gcr_ref object)
{
    return (gcr_ref *)((char *)object + type->slots_offset - sizeof(gcr_ref));
}

static inline gcr_ref *object_inline_slots(const struct linked_list_type *type, gcr_ref object)
{
    return (gcr_ref *)((char *)object + type->slots_offset);
}

/* Slots in the object itself: all, or the fixed ones of a resizable shape. */
static inline uint64_t object_inline_slot_count(const struct linked_list_type *type, gcr_ref object)
{
    if (type->item_bytes == 0) /* no items, or in a body */
        return type->slots;
    return type->slots + object_length(object) * type->item_slots;
}

static inline gcr_ref *object_slot(const struct linked_list_type *type, gcr_ref object,
                                   uint32_t slot)
{
    if (GCR_LIKELY(slot < type->inline_slots))
        return object_inline_slots(type, object) + slot;
    return (gcr_ref *)*object_body(object) + (slot - type->inline_slots);
}

/* A run of slots. */
struct slot_span {
    gcr_ref *start;
    uint64_t count;
};

/* The object's slots, in order: [0] in the object, [1] in its body (empty if there is none; never
 * NULL, so that a loop may always form start + count). */
static inline void object_spans(const struct linked_list_type *type, gcr_ref object,
                                struct slot_span span[2])
{
    span[0].start = object_inline_slots(type, object);
    span[0].count = object_inline_slot_count(type, object);
    span[1].start = span[0].start;
    span[1].count = 0;
    if (type_is(type, GCR_SHAPE_RESIZABLE) && *object_body(object) != NULL) {
        span[1].start = (gcr_ref *)*object_body(object);
        span[1].count = object_length(object) * type->item_slots;
    }
}

/* Address of data byte `offset`, and how many data bytes follow contiguously. */
static inline uint8_t *object_data(const struct linked_list_type *type, gcr_ref object,
                                   uint64_t offset, uint64_t *bytes)
{
    uint64_t length = object_length(object);
    if (!type_is(type, GCR_SHAPE_RESIZABLE)) {
        *bytes = type->fixed_data + length * type->item_data - offset;
        return (uint8_t *)(object_inline_slots(type, object) +
                           object_inline_slot_count(type, object)) +
               offset;
    }
    if (offset < type->fixed_data) {
        *bytes = type->fixed_data - offset;
        return (uint8_t *)(object_inline_slots(type, object) + type->slots) + offset;
    }
    offset -= type->fixed_data;
    *bytes = length * type->item_data - offset;
    uintptr_t body = (uintptr_t)*object_body(object); /* 0, and *bytes 0, without items */
    return (uint8_t *)(body + length * type->item_slots * GCR_SLOT_BYTES + offset);
}

static inline uint64_t object_bytes(const struct linked_list_type *type, gcr_ref object)
{
    return type->field_bytes + object_length(object) * type->body_item_bytes;
}

#endif
