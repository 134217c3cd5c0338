/* Python types -> trace shapes, and where in an object each reference lies.
 *
 * An object's words are numbered from the first after its GC head: the two words before the head
 * (managed dict) if it has them, then the fields. Two kinds of words are no slots, because a back
 * end adds them itself: the pointer to a body, and a weak reference's target. An instance of a
 * Python class also refers to its class; CPython keeps that reference in the object header, which a
 * trace does not have, so it takes the place of the weak reference list's head where there is one
 * (never a counted reference), and a slot of its own otherwise. */
#ifndef GCR_WORKLOADS_CPYTHON_TYPES_H
#define GCR_WORKLOADS_CPYTHON_TYPES_H

#include "workloads/cpython/mirror.h"
#include "workloads/cpython/py311.h"

enum type_layout {
    LAYOUT_LEAF,   /* no references that a traversal shows */
    LAYOUT_TUPLE,  /* exact tuple */
    LAYOUT_LIST,   /* exact list */
    LAYOUT_DICT,   /* exact dict */
    LAYOUT_FIXED,  /* fields, and perhaps a body for what lies outside the object */
    LAYOUT_VARYING /* fields and items inside the object */
};

enum { TYPE_NO_SLOT = -1 };

struct type_info {
    PyTypeObject *type; /* NULL: freed */
    uint32_t shape;
    uint16_t record_flags; /* RECORD_TUPLE, RECORD_DICT */
    uint8_t layout;        /* enum type_layout */
    uint8_t prefix;
    bool container, resizable, weak, managed;
    bool finalizer;      /* the shape says so */
    uint32_t words;      /* of fields, hidden ones included */
    int32_t hidden_body; /* word; TYPE_NO_SLOT: none */
    int32_t hidden_target;
    int32_t type_slot; /* slot of the reference to the class */
    uint32_t slots;    /* fixed slots */
};

enum {
    TYPE_TABLE = 1 << 20,
    TYPE_FRONT = 1 << 9,
    TYPE_UNKNOWN_CONTAINER = 1 /* index in info: a container whose type was never seen */
};

struct heap_map;

struct type_front {
    const void *type;
    uint32_t index;
};

struct types {
    struct gcr_segment *segment;
    struct mirror *mirror;
    const struct heap_map *map;
    struct type_info *info; /* [0] unused */
    uint32_t *table;        /* open addressing by type address -> index in info */
    uint32_t count;
    struct type_front front[TYPE_FRONT]; /* found lately: `table` is too large for the caches */
};

bool types_init(struct types *types, struct gcr_segment *segment, struct mirror *mirror,
                const struct heap_map *map);

/* Index of the type's info, made at first sight. 0: no room. Expected O(1). */
uint32_t types_find(struct types *types, PyTypeObject *type);
/* The same for a word that may or may not be a type: 0 if it is not known to be one. */
uint32_t types_find_if_type(struct types *types, uint64_t word);
/* A heap type's memory is freed: its address means nothing any more. */
void types_forget(struct types *types, PyTypeObject *type);

/* The object is known to be a container, but not which: so does its provisional shape. */
void types_note_container(struct types *types, uint32_t object);
/* Settles the object's shape and length by its type, in its ALLOC event if that is still open. An
 * object whose event is closed keeps the raw shape that it was written with. */
void types_settle(struct types *types, uint32_t object, uint32_t type);
/* The same for an object of which only the block is known: looks for a type pointer where one
 * can be. Finds none: it stays raw. */
void types_settle_block(struct types *types, uint32_t object);

/* Slot of word `word` of an object of that type, or TYPE_NO_SLOT. */
static inline int32_t type_slot_of_word(const struct type_info *info, int32_t word)
{
    if (word == info->hidden_body || word == info->hidden_target)
        return TYPE_NO_SLOT;
    int32_t slot = word;
    if (info->hidden_body >= 0 && word > info->hidden_body)
        slot--;
    if (info->hidden_target >= 0 && word > info->hidden_target)
        slot--;
    if (info->layout == LAYOUT_VARYING && (uint32_t)word >= info->words)
        slot += (int32_t)info->slots - (int32_t)info->words;
    return slot;
}

/* Address of word `word`. */
static inline const uint64_t *type_word(const struct type_info *info, uint64_t object, int32_t word)
{
    if (!info->managed)
        return (const uint64_t *)(uintptr_t)(object + 16 + 8 * (uint64_t)word);
    return (const uint64_t *)(uintptr_t)(word < 2 ? object - 32 + 8 * (uint64_t)word
                                                  : object + 8 * (uint64_t)word);
}

#endif
