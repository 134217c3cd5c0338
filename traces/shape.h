/* A shape describes objects of one type: the trace's stand-in for a type descriptor.
 *
 * The object proper, without any runtime's header, is field_bytes plus length x item_bytes.
 * Its pointer slots come first (8 bytes each): `slots` fixed ones, then `item_slots` for each item,
 * all contiguous; plain data follows: the fixed part's, then the items'. So
 *     slot k   lies at byte 8 x k,
 *     data d   lies at byte 8 x (slots + length x item_slots) + d.
 * A resizable shape keeps its items (their slots, then their data) in a body of its own, reached by
 * one hidden word that each back end adds to the object; its fixed slots and fixed data stay. */
#ifndef GCR_TRACES_SHAPE_H
#define GCR_TRACES_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GCR_SLOT_BYTES = 8 };

enum gcr_shape_flag {
    GCR_SHAPE_CONTAINER = 1u << 0, /* CPython's sense: has a GC head, is counted, can be tracked */
    GCR_SHAPE_ACYCLIC = 1u << 1,   /* can never be part of a cycle (green) */
    GCR_SHAPE_FINALIZER = 1u << 2, /* finalized once when found unreachable */
    GCR_SHAPE_LEGACY_FINALIZER = 1u
                                 << 3, /* CPython's tp_del: cycles through it are not collected */
    GCR_SHAPE_WEAK = 1u << 4,          /* a weak reference: one hidden, untraced target word */
    GCR_SHAPE_TUPLE = 1u << 5,         /* may be untracked when all its items are */
    GCR_SHAPE_DICT = 1u << 6,          /* created untracked; examined by full collections */
    GCR_SHAPE_PINNED = 1u << 7,        /* may not move */
    GCR_SHAPE_RESIZABLE = 1u << 8,     /* items in a body; RESIZE allowed */
    GCR_SHAPE_ALL_FLAGS = (1u << 9) - 1
};

enum { GCR_SHAPE_NAME_BYTES = 64 };

/* Shape numbers start at 1 and are dense. 96 bytes. */
struct gcr_shape {
    uint32_t field_bytes; /* fixed part, its slots included: >= 8 x slots */
    uint32_t slots;       /* fixed pointer slots */
    uint32_t item_bytes;  /* per item, its slots included: >= 8 x item_slots; 0: no items */
    uint32_t item_slots;  /* pointers per item */
    uint32_t flags;       /* enum gcr_shape_flag */
    uint32_t number;
    char name[GCR_SHAPE_NAME_BYTES]; /* for people; NUL-terminated, printable, cut if longer */
};

/* Bounds that the reader, the writer and the assembler all enforce. */
enum {
    GCR_SHAPE_MAX_FIELD_BYTES = 1u << 24,
    GCR_SHAPE_MAX_ITEM_BYTES = 1u << 16,
    GCR_SHAPE_MAX_NUMBER = (1u << 24) - 1
};

static inline bool gcr_shape_is(const struct gcr_shape *shape, uint32_t flags)
{
    return (shape->flags & flags) != 0;
}

static inline bool gcr_shape_has_items(const struct gcr_shape *shape)
{
    return shape->item_bytes != 0;
}

/* Pointer slots of an object with `length` items, fixed ones included. */
static inline uint64_t gcr_shape_slot_count(const struct gcr_shape *shape, uint64_t length)
{
    return shape->slots + length * shape->item_slots;
}

/* Bytes of fixed plain data, and of plain data per item. */
static inline uint32_t gcr_shape_fixed_data(const struct gcr_shape *shape)
{
    return shape->field_bytes - GCR_SLOT_BYTES * shape->slots;
}

static inline uint32_t gcr_shape_item_data(const struct gcr_shape *shape)
{
    return shape->item_bytes - GCR_SLOT_BYTES * shape->item_slots;
}

/* Bytes of plain data that READ and WRITE may address. */
static inline uint64_t gcr_shape_data_bytes(const struct gcr_shape *shape, uint64_t length)
{
    return gcr_shape_fixed_data(shape) + length * gcr_shape_item_data(shape);
}

/* Bytes of the object without any header, hidden word or rounding: what "live bytes" adds up. */
static inline uint64_t gcr_shape_object_bytes(const struct gcr_shape *shape, uint64_t length)
{
    return shape->field_bytes + length * shape->item_bytes;
}

#endif
