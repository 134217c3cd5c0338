/* bitmap as a counting design: what happens to one container. */
#ifndef GCR_ALLOCATORS_BITMAP_DESIGN_H
#define GCR_ALLOCATORS_BITMAP_DESIGN_H

#include "allocators/bitmap/planes.h"
#include "allocators/common/counting_collect.h"

static inline struct bitmap *bitmap_from(struct gcr_counting *c)
{
    return (struct bitmap *)c;
}

static inline void bitmap_enter(struct gcr_counting *c, gcr_ref container, bool large)
{
    struct bitmap *b = bitmap_from(c);
    if (GCR_UNLIKELY(large)) {
        gcr_head_init(bitmap_head(b, container), true);
    } else if (GCR_UNLIKELY(b->alloc_plane)) {
        struct bitmap_place place = bitmap_place_of(b, container);
        BITMAP_SET_PLANE(place.words[PLANE_ALLOC], place.words[PLANE_ALLOC] | place.bit);
    }
}

static inline bool bitmap_is_tracked(struct gcr_counting *c, gcr_ref container)
{
    const struct bitmap *b = bitmap_from(c);
    if (GCR_UNLIKELY(bitmap_is_large(container)))
        return gcr_head_is_tracked(bitmap_head(b, container), true);
    struct bitmap_place place = bitmap_place_of(b, container);
    return (place.words[PLANE_TRACKED] & place.bit) != 0;
}

/* The code of an untracked block is 0 already. */
static inline void bitmap_join(struct gcr_counting *c, gcr_ref container)
{
    struct bitmap *b = bitmap_from(c);
    if (GCR_UNLIKELY(bitmap_is_large(container))) {
        gcr_head_track(&b->large[0], bitmap_head(b, container), true);
        return;
    }
    struct bitmap_place place = bitmap_place_of(b, container);
    BITMAP_SET_PLANE(place.words[PLANE_TRACKED], place.words[PLANE_TRACKED] | place.bit);
    bitmap_set_young(b, place.pool);
}

/* Out of the transient planes: a block that leaves during a collection must not look like a member
 * of anything. */
static inline void bitmap_leave_transient(struct bitmap *b, const struct bitmap_place *place)
{
    struct bitmap_group *group = bitmap_group_of(b, place->pool, place->block);
    if (group == NULL)
        return;
    group->candidate &= ~place->bit;
    group->done &= ~place->bit;
    group->unreachable &= ~place->bit;
}

static inline void bitmap_clear_tracked(struct bitmap *b, const struct bitmap_place *place)
{
    BITMAP_SET_PLANE(place->words[PLANE_TRACKED], place->words[PLANE_TRACKED] & ~place->bit);
    BITMAP_SET_PLANE(place->words[PLANE_GEN0], place->words[PLANE_GEN0] & ~place->bit);
    BITMAP_SET_PLANE(place->words[PLANE_GEN1], place->words[PLANE_GEN1] & ~place->bit);
    if (GCR_UNLIKELY(b->transient.committed_bytes != 0))
        bitmap_leave_transient(b, place);
}

static inline void bitmap_quit(struct gcr_counting *c, gcr_ref container)
{
    struct bitmap *b = bitmap_from(c);
    if (GCR_UNLIKELY(bitmap_is_large(container))) {
        gcr_head_untrack(bitmap_head(b, container), true);
        return;
    }
    struct bitmap_place place = bitmap_place_of(b, container);
    bitmap_clear_tracked(b, &place);
}

static inline bool bitmap_take_finalizer_turn(struct gcr_counting *c, gcr_ref container)
{
    struct bitmap *b = bitmap_from(c);
    if (bitmap_is_large(container)) {
        struct gcr_gc_head *head = bitmap_head(b, container);
        bool first = !gcr_head_is_finalized(head, true);
        gcr_head_set_finalized(head, true);
        return first;
    }
    struct bitmap_place place = bitmap_place_of(b, container);
    uint64_t *word = bitmap_finalized_word(b, &place); /* promised at the allocation */
    bool first = (*word & place.bit) == 0;
    *word |= place.bit;
    return first;
}

static inline void bitmap_leave(struct gcr_counting *c, gcr_ref container)
{
    struct bitmap *b = bitmap_from(c);
    if (GCR_UNLIKELY(bitmap_is_large(container))) {
        if (gcr_head_is_tracked(bitmap_head(b, container), true))
            gcr_head_untrack(bitmap_head(b, container), true);
        return;
    }
    struct bitmap_place place = bitmap_place_of(b, container);
    bitmap_clear_tracked(b, &place);
    if (GCR_UNLIKELY(b->alloc_plane))
        BITMAP_SET_PLANE(place.words[PLANE_ALLOC], place.words[PLANE_ALLOC] & ~place.bit);
    uint64_t *finalized = bitmap_finalized_word(b, &place);
    if (GCR_UNLIKELY(finalized != NULL))
        *finalized &= ~place.bit;
}

static inline void bitmap_free_block(struct gcr_counting *c, const struct gcr_counting_type *type,
                                     gcr_ref object, void *block)
{
    bool container = gcr_counting_type_is(type, GCR_SHAPE_CONTAINER);
    uint64_t bytes = type->base_bytes + gcr_counted_length(object) * type->item_bytes;
    if (container && bytes < BITMAP_MIN_CONTAINER)
        bytes = BITMAP_MIN_CONTAINER; /* as it was allocated: gcr_counting_block_bytes */
    switch (gcr_counting_owner_of(c, block, bytes, container)) {
    case GCR_BLOCK_OF_CONTAINER_POOLS:
        gcr_pools_free(c->container_pools, block);
        return;
    case GCR_BLOCK_OF_POOLS:
        gcr_pools_free(&c->pools[0], block);
        return;
    case GCR_BLOCK_OF_SYSTEM:
        gcr_system_heap_free(&c->system, block);
    }
}

static inline bool bitmap_promise(struct gcr_counting *c, const struct gcr_counting_type *type,
                                  void *block)
{
    if (!gcr_counting_type_is(type, GCR_SHAPE_FINALIZER | GCR_SHAPE_LEGACY_FINALIZER) ||
        !gcr_counting_type_is(type, GCR_SHAPE_CONTAINER))
        return true;
    return gcr_bitmap_promise_finalized(bitmap_from(c), block);
}

/* The members in which the two differ come first. */
#define BITMAP_DESIGN(side, bury_one, bury_all)                                                    \
    {                                                                                              \
        .side_counts = (side), .bury = (bury_one), .bury_queued = (bury_all),                      \
        .min_container_bytes = BITMAP_MIN_CONTAINER, .enter = bitmap_enter,                        \
        .is_tracked = bitmap_is_tracked, .track = bitmap_join, .untrack = bitmap_quit,             \
        .take_finalizer_turn = bitmap_take_finalizer_turn, .leave = bitmap_leave,                  \
        .free_block = bitmap_free_block, .collect = gcr_bitmap_collect, .promise = bitmap_promise  \
    }

static const struct gcr_counting_design bitmap_design =
    BITMAP_DESIGN(false, gcr_bitmap_bury, gcr_bitmap_bury_queued);
static const struct gcr_counting_design bitmap_side_design =
    BITMAP_DESIGN(true, gcr_bitmap_side_bury, gcr_bitmap_side_bury_queued);

#endif
