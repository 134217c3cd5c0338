/* The operations of the test collector that the replay loop inlines. */
#ifndef GCR_TESTS_REPLAY_TWOSPACE_INLINE_H
#define GCR_TESTS_REPLAY_TWOSPACE_INLINE_H

#include <string.h>

#include "tests/replay/twospace.h"

static inline gcr_ref twospace_op_alloc(struct gcr_heap *heap, const struct gcr_shape *shape,
                                        uint32_t length, unsigned flags, uint32_t cookie,
                                        gcr_ref *root, bool global_root)
{
    gcr_ref object = twospace_allocate(heap, shape, length, cookie);

    (void)flags;
    (void)global_root;
    if (object != NULL)
        *root = object;
    return object;
}

static inline void twospace_op_store(struct gcr_heap *heap, gcr_ref object, uint32_t slot,
                                     gcr_ref value)
{
    (void)heap;
    twospace_slots(object)[slot] = value;
}

static inline void twospace_op_copy(struct gcr_heap *heap, gcr_ref dst, uint32_t dst_slot,
                                    gcr_ref src, uint32_t src_slot, uint32_t n)
{
    (void)heap;
    memmove(twospace_slots(dst) + dst_slot, twospace_slots(src) + src_slot, n * sizeof(gcr_ref));
}

static inline void twospace_op_load(struct gcr_heap *heap, gcr_ref object, uint32_t slot,
                                    gcr_ref *root, bool global_root)
{
    (void)heap;
    (void)global_root;
    *root = twospace_slots(object)[slot];
}

static inline void twospace_op_write(struct gcr_heap *heap, gcr_ref object, uint32_t offset,
                                     uint32_t length, uint8_t tag)
{
    uint8_t *data = twospace_data(heap, object);

    for (uint32_t i = 0; i < length; i++)
        data[offset + i] = gcr_pattern_byte(tag, offset + i);
}

static inline gcr_ref twospace_op_forwarded(struct gcr_heap *heap, gcr_ref object)
{
    (void)heap;
    return object->forward;
}

/* No read and no root: the loop does without them. */
static const struct gcr_mutator_ops gcr_mutator_ops_twospace = {
    .alloc = twospace_op_alloc,
    .store = twospace_op_store,
    .copy = twospace_op_copy,
    .load = twospace_op_load,
    .write = twospace_op_write,
    .forwarded = twospace_op_forwarded,
};

#endif
