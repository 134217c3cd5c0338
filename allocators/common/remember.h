/* The remembered set of a design with a nursery, and its write barrier.
 *
 * A vector of objects outside the nursery that may refer into it. Header bit NO_YOUNG is the
 * barrier's filter: set on every object outside the nursery that is not in the set, never set
 * inside the nursery. (Designs that name the bit after what the barrier does, "track young
 * pointers", mean the same bit.) A store loads the object's header, tests that one bit, and in the
 * slow path, once for each object between two minor collections, appends the object and clears the
 * bit.
 *
 * A second list does the same for objects of the last generation (prebuilt, or no longer moving)
 * against everything younger, with NO_HEAP as its bit: NO_YOUNG clear implies NO_HEAP clear.
 * Designs without such a generation never set NO_HEAP.
 *
 * If the supply refuses a page for the set, the object keeps its bit and the set is `incomplete`:
 * the next collection must not rely on it (a full one does not). Both lists have the same rule.
 *
 * Source: the write barrier of PyPy's rpython/memory/gc/generation.py (2012 and later). Cost: a
 * load and a test a store; a header write and a push for the first one into an old object. */
#ifndef GCR_ALLOCATORS_COMMON_REMEMBER_H
#define GCR_ALLOCATORS_COMMON_REMEMBER_H

#include "allocators/common/layout.h"
#include "allocators/common/nursery.h"
#include "allocators/common/vector.h"

struct gcr_remember {
    struct gcr_vector objects; /* gcr_ref: NO_YOUNG clear, each once */
    struct gcr_vector last;    /* gcr_ref: of the last generation, NO_HEAP clear, each once */
    struct gcr_work *work;     /* its `barriers` counts slow paths */
    /* Set: the slow path looks at the value, and remembers only for one in the nursery, resp.
     * (NO_HEAP) only for one that is younger than the last generation. NULL: the value is not
     * inspected. */
    const struct gcr_nursery *filter;
    /* Called before a list takes more pages; may be NULL. False: refused. Must not collect. */
    bool (*make_room)(void *owner, size_t bytes);
    void *owner;
    bool incomplete, last_incomplete;
};

/* Empty, no filter, no owner; takes no memory yet. */
void gcr_remember_init(struct gcr_remember *set, struct gcr_supply *supply, struct gcr_work *work);
void gcr_remember_finish(struct gcr_remember *set);

/* Adds an object that has NO_YOUNG, and clears that; the same for the last generation and NO_HEAP.
 */
void gcr_remember_add(struct gcr_remember *set, gcr_ref object);
void gcr_remember_add_last(struct gcr_remember *set, gcr_ref object);

/* Whether an object belongs to the last generation: external, and of the highest age. */
static inline bool gcr_remember_is_last(uint64_t header)
{
    const uint64_t bits = GCR_HEADER_EXTERNAL | GCR_HEADER_AGE_MASK;
    return (header & bits) == bits;
}

/* Takes one object out and sets its NO_YOUNG again; NULL: the set is empty. */
gcr_ref gcr_remember_pop(struct gcr_remember *set);
/* Empties the set, bits set again. The set is complete then. O(set). */
void gcr_remember_clear(struct gcr_remember *set);

/* ---- the barrier ---- */

/* What a store does into an object that has NO_YOUNG. */
void gcr_remember_store_slow(struct gcr_remember *set, gcr_ref object, gcr_ref value);

/* The barrier of a store into `object` itself (the body, for an item of a resizable one). */
GCR_ALWAYS_INLINE void gcr_remember_store(struct gcr_remember *set, gcr_ref object, uint64_t header,
                                          gcr_ref value)
{
    if (GCR_UNLIKELY(gcr_header_is(header, GCR_HEADER_NO_YOUNG)))
        gcr_remember_store_slow(set, object, value);
}

/* STORE with its barrier into a resizable object: on the object for a fixed slot, on the body for
 * an item. */
void gcr_remember_store_resizable(struct gcr_remember *set, const struct gcr_layouts *layouts,
                                  gcr_ref object, uint32_t slot, gcr_ref value);

/* STORE with its barrier: one load of the header serves both. */
GCR_ALWAYS_INLINE void gcr_remember_store_slot(struct gcr_remember *set,
                                               const struct gcr_layouts *layouts, gcr_ref object,
                                               uint32_t slot, gcr_ref value)
{
    uint64_t header = gcr_object_header(object);
    if (GCR_UNLIKELY(gcr_header_is(header, GCR_HEADER_RESIZABLE | GCR_HEADER_NO_YOUNG))) {
        if (gcr_header_is(header, GCR_HEADER_RESIZABLE)) {
            gcr_remember_store_resizable(set, layouts, object, slot, value);
            return;
        }
        gcr_remember_store_slow(set, object, value);
    }
    GCR_STORE_AS(GCR_CAUSE_DATA, ((gcr_ref *)(void *)gcr_object_payload(object, header))[slot],
                 value);
}

/* The bulk barrier: references of `src` are about to be copied into `dst` (bodies for items).
 * Skipped if the source has the flag that the destination would lose. */
void gcr_remember_copy(struct gcr_remember *set, gcr_ref dst, gcr_ref src);

/* COPY with its barrier on whatever holds the slots of both ranges. */
void gcr_remember_copy_slots(struct gcr_remember *set, const struct gcr_layouts *layouts,
                             gcr_ref dst, uint32_t dst_slot, gcr_ref src, uint32_t src_slot,
                             uint32_t n);

#endif
