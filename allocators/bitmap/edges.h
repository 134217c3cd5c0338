/* Where a slot of a candidate leads, found without touching what it refers to.
 *
 * With arenas of containers alone, an address in their range is a small container's, and all that a
 * collection asks about it is in the transient tables: its pool's place there, its bit of the
 * group, its working count. What is elsewhere says by its type word what it is: a large container,
 * a separate buffer, or nothing of interest. What the walk of all edges needs of the heap is kept
 * in one small struct, so that it stays in registers. */
#ifndef GCR_ALLOCATORS_BITMAP_EDGES_H
#define GCR_ALLOCATORS_BITMAP_EDGES_H

#include "allocators/bitmap/bitmap_design.h"

struct bitmap_edges {
    struct bitmap *b;
    uintptr_t range_start, range_bytes; /* of containers alone; no bytes: not known */
    uintptr_t plain_start, plain_bytes; /* of objects that are of no interest; likewise */
    const struct bitmap_pool_place *place;
    struct bitmap_group *group;
    uint32_t *count;
    uint32_t pool_shift, pool_mask, granule_shift, first_ref;
    bool granule, full_counts;
    struct bitmap_walk *walk;
};

/* One walk of edges. Loops copy `find`, so that no store in them seems to change it. */
struct bitmap_walk {
    struct bitmap_edges find;
    uint64_t edges;              /* between candidates; counted at check level 2 */
    struct gcr_gc_head *keeping; /* step 6: the list of large ones that are kept */
};

/* One step's way with a container. */
struct bitmap_visitor {
    void (*small)(const struct bitmap_edges *e, gcr_ref container); /* inlined into the loop */
    gcr_container_visitor *any;                                     /* arg: struct bitmap_walk */
};

/* Set up in place. */
static inline void bitmap_walk_begin(struct bitmap_walk *walk, struct bitmap *b)
{
    const struct gcr_counting *c = &b->counting;
    const struct gcr_pools *pools = c->container_pools, *others = &c->pools[0];
    bool apart = pools != others;
    *walk =
        (struct bitmap_walk){.find = {
                                 .b = b,
                                 .range_start = pools->range_start,
                                 .range_bytes = apart ? pools->range_bytes : 0,
                                 .plain_start = others->range_start,
                                 .plain_bytes = apart && !c->has_buffers ? others->range_bytes : 0,
                                 .place = b->transient.place_of_pool,
                                 .group = b->transient.group,
                                 .count = b->transient.count,
                                 .pool_shift = b->pool_shift,
                                 .pool_mask = (uint32_t)pools->pool_mask,
                                 .granule_shift = b->granule_shift,
                                 .first_ref = b->first_ref,
                                 .granule = b->granule,
                                 .full_counts = b->full_counts,
                                 .walk = walk,
                             }};
}

/* The transient bits of a small container. group NULL: its pool has no candidates. */
struct bitmap_spot {
    struct bitmap_group *group;
    uint64_t bit;
};

GCR_ALWAYS_INLINE struct bitmap_spot bitmap_spot_of(const struct bitmap_edges *e, gcr_ref container)
{
    uintptr_t at = (uintptr_t)container;
    struct bitmap_pool_place place = e->place[(at - e->range_start) >> e->pool_shift];
    uint32_t offset = (uint32_t)(at & e->pool_mask);
    uint32_t block = e->granule
                         ? offset >> e->granule_shift
                         : (uint32_t)((uint64_t)(offset - e->first_ref) * place.reciprocal >> 32);
    return (struct bitmap_spot){place.group == 0 ? NULL : &e->group[place.group - 1 + block / 64],
                                (uint64_t)1 << block % 64};
}

/* The working count of a candidate. */
GCR_ALWAYS_INLINE uint32_t *bitmap_spot_count(const struct bitmap_edges *e,
                                              const struct bitmap_spot *spot)
{
    uint64_t below = e->full_counts ? UINT64_MAX : spot->group->candidate;
    return &e->count[spot->group->first_count + bitmap_popcount(below & (spot->bit - 1))];
}

static GCR_NOINLINE void bitmap_visit_by_type(struct bitmap_walk *walk, gcr_ref value,
                                              gcr_container_visitor *visit)
{
    struct gcr_counting *c = &walk->find.b->counting;
    uint64_t word = gcr_counted(value)->type;
    if ((word & GCR_COUNTED_CONTAINER) != 0)
        visit(c, value, walk);
    else if ((word & GCR_COUNTED_BUFFER) != 0 && gcr_count_get(c, c->side_counted, value) == 1)
        gcr_counting_visit_buffer(c, value, visit, walk);
}

GCR_ALWAYS_INLINE void bitmap_visit_span(const struct bitmap_edges *e, const gcr_ref *slot,
                                         const gcr_ref *end, const struct bitmap_visitor *visitor)
{
    for (; slot < end; slot++) {
        gcr_ref value = *slot;
        if ((uintptr_t)value - e->range_start < e->range_bytes)
            visitor->small(e, value);
        else if (value != NULL && (uintptr_t)value - e->plain_start >= e->plain_bytes)
            bitmap_visit_by_type(e->walk, value, visitor->any);
    }
}

/* All containers that an object refers to, directly or through a separate buffer. */
GCR_ALWAYS_INLINE void bitmap_visit_referents(const struct bitmap_edges *e,
                                              const struct gcr_counting_type *type, gcr_ref object,
                                              const struct bitmap_visitor *visitor)
{
    const gcr_ref *slots = gcr_counted_inline_slots(type, object);
    const gcr_ref *end = slots + gcr_counted_inline_slot_count(type, object);
    for (;;) {
        bitmap_visit_span(e, slots, end, visitor);
        if (GCR_LIKELY(!gcr_counting_type_is(type, GCR_SHAPE_RESIZABLE)) ||
            (const char *)slots == *gcr_counted_body(object) || *gcr_counted_body(object) == NULL)
            return;
        slots = (const gcr_ref *)*gcr_counted_body(object);
        end = slots + gcr_counted_length(object) * type->item_slots;
    }
}

#endif
