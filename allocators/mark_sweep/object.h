/* mark-sweep: the words of an object.
 *
 *     bytes 0-3   type id (the shape's number)
 *     byte  4     mark: bit 0 marked, 1 finalizer order, 2 prebuilt
 *     byte  5     flags: bits 0-2 words between here and the payload, 3 resizable, 4 large, 5
 * listed bytes 6-7   zero [8          next object of its list]         (not for plain small objects
 * with sweep=pools) [8          length]                          (shapes with items) [8 target]
 * (weak references) [8          body]                            (resizable shapes) payload     as
 * traces/shape.h
 *
 * A body is a raw block (common/raw_body.h); NULL without items. */
#ifndef GCR_ALLOCATORS_MARK_SWEEP_OBJECT_H
#define GCR_ALLOCATORS_MARK_SWEEP_OBJECT_H

#include "allocators/collector.h"
#include "base/check.h"
#include "base/compiler.h"

enum { MARK_SWEEP_WORD = 8, MARK_SWEEP_LINK_OFFSET = 8 };

#define MARK_SWEEP_ID_MASK ((uint64_t)0xffffffff)
#define MARK_SWEEP_MARKED ((uint64_t)1 << 32)
#define MARK_SWEEP_ORDERING ((uint64_t)1 << 33)
#define MARK_SWEEP_PREBUILT ((uint64_t)1 << 34)
#define MARK_SWEEP_WORDS_SHIFT 40
#define MARK_SWEEP_WORDS_MASK ((uint64_t)7 << MARK_SWEEP_WORDS_SHIFT)
#define MARK_SWEEP_RESIZABLE ((uint64_t)1 << 43)
#define MARK_SWEEP_LARGE ((uint64_t)1 << 44) /* its block is not from a pool */
#define MARK_SWEEP_LISTED                                                                          \
    ((uint64_t)1 << 45) /* swept as a list's member, not by its pool's bits                        \
                         */

/* How to decode objects of a shape; the header repeats what a mutator knows statically. */
struct mark_sweep_type {
    uint64_t header;       /* of a new object */
    uint32_t base_bytes;   /* everything but items, not rounded */
    uint32_t item_bytes;   /* of an item, wherever it lies */
    uint32_t inline_bytes; /* of an item in the object itself: 0 if there is a body */
    uint32_t slots;        /* fixed ones */
    uint32_t item_slots;   /* of an item, wherever it lies */
    uint8_t payload;       /* offset of the payload: header and hidden words */
    uint8_t length_offset; /* 0: no items */
    uint16_t traits;       /* enum mark_sweep_trait */
};
_Static_assert(sizeof(struct mark_sweep_type) == 32, "two rows a cache line");

enum mark_sweep_trait {
    MARK_SWEEP_HAS_LINK = 1, /* word 1 of the object is its link */
    MARK_SWEEP_HAS_BODY = 2,
    MARK_SWEEP_IS_WEAK = 4,
    MARK_SWEEP_HAS_FINALIZER = 8
};

static inline uint64_t *mark_sweep_word(gcr_ref object, uint64_t offset)
{
    return (uint64_t *)((char *)object + offset);
}

static inline uint64_t mark_sweep_header(gcr_ref object)
{
    return *mark_sweep_word(object, 0);
}

static inline uint32_t mark_sweep_id(gcr_ref object)
{
    return (uint32_t)(mark_sweep_header(object) & MARK_SWEEP_ID_MASK);
}

static inline bool mark_sweep_is(gcr_ref object, uint64_t bits)
{
    return (mark_sweep_header(object) & bits) != 0;
}

static inline bool mark_sweep_type_is(const struct mark_sweep_type *type, unsigned traits)
{
    return (type->traits & traits) != 0;
}

static inline uint64_t mark_sweep_length(const struct mark_sweep_type *type, gcr_ref object)
{
    return type->length_offset != 0 ? *mark_sweep_word(object, type->length_offset) : 0;
}

static inline char *mark_sweep_payload(gcr_ref object)
{
    uint64_t header = mark_sweep_header(object);
    return (char *)object + MARK_SWEEP_WORD +
           ((header & MARK_SWEEP_WORDS_MASK) >> MARK_SWEEP_WORDS_SHIFT) * MARK_SWEEP_WORD;
}

/* The hidden word of a resizable object. */
static inline char **mark_sweep_body(gcr_ref object)
{
    return (char **)(mark_sweep_payload(object) - MARK_SWEEP_WORD);
}

/* The hidden word of a weak reference. */
static inline gcr_ref *mark_sweep_weak_word(gcr_ref object)
{
    uint64_t behind =
        mark_sweep_is(object, MARK_SWEEP_RESIZABLE) ? 2 * MARK_SWEEP_WORD : MARK_SWEEP_WORD;
    return (gcr_ref *)(mark_sweep_payload(object) - behind);
}

/* The link of a listed object: its own second word, or one in front of a large block. */
static inline gcr_ref *mark_sweep_link(const struct mark_sweep_type *type, gcr_ref object)
{
    return (gcr_ref *)((char *)object + (mark_sweep_type_is(type, MARK_SWEEP_HAS_LINK)
                                             ? MARK_SWEEP_LINK_OFFSET
                                             : -MARK_SWEEP_WORD));
}

/* Size: header and hidden words, payload, and the items of a body; not rounded. */
static inline uint64_t mark_sweep_bytes(const struct mark_sweep_type *type, uint64_t length)
{
    return type->base_bytes + length * type->item_bytes;
}

/* Bytes that the object itself asks its allocator for. */
static inline uint64_t mark_sweep_block_bytes(const struct mark_sweep_type *type, uint64_t length)
{
    return type->base_bytes + length * type->inline_bytes;
}

/* Run 0: slots in the object; run 1: those in its body. NULL: no such run. */
static inline gcr_ref *mark_sweep_slots(const struct mark_sweep_type *type, gcr_ref object,
                                        unsigned run, uint64_t *count)
{
    if (run == 0) {
        *count = type->slots;
        if (type->inline_bytes != 0)
            *count += *mark_sweep_word(object, type->length_offset) * type->item_slots;
        return (gcr_ref *)mark_sweep_word(object, type->payload);
    }
    if (run > 1 || !mark_sweep_type_is(type, MARK_SWEEP_HAS_BODY))
        return NULL;
    *count = *mark_sweep_word(object, type->length_offset) * type->item_slots;
    return (gcr_ref *)*mark_sweep_body(object);
}

#endif
