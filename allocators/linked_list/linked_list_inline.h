/* linked-list, the mutator's side: allocation from pools, and counts at every store, root and load.
 * Slow paths are out of line (linked_list.h). */
#ifndef GCR_ALLOCATORS_LINKED_LIST_INLINE_H
#define GCR_ALLOCATORS_LINKED_LIST_INLINE_H

#include <string.h>

#include "allocators/common/data.h"
#include "allocators/linked_list/gc_head.h"

/* ---- counts ---- */

static inline void linked_list_increment(gcr_ref object)
{
    if (object != NULL)
        object_header(object)->count++;
}

static inline void linked_list_decrement(struct linked_list *ll, gcr_ref object)
{
    if (object != NULL && --object_header(object)->count == 0)
        gcr_linked_list_bury(ll, object);
}

/* An object without hidden words or finalizer, small enough for the pools. */
static inline gcr_ref linked_list_alloc_plain(struct linked_list *ll,
                                              const struct linked_list_type *type,
                                              const struct gcr_shape *shape, uint32_t length,
                                              uint64_t bytes)
{
    bool container = type->head_bytes != 0;
    struct gcr_pools *pools = container ? ll->container_pools : &ll->pools[0];
    char *block = gcr_pools_alloc(pools, bytes);
    if (GCR_UNLIKELY(block == NULL))
        return gcr_linked_list_alloc_slow(ll, shape, length, 0, 0);
    memset(block, 0, bytes);
    if (container) {
        head_init((struct gc_head *)block, ll->packed);
        ll->live_containers++;
    }
    gcr_ref object = (gcr_ref)(block + type->head_bytes);
    object_header(object)->count = 1;
    object_header(object)->type = shape->number | (uint64_t)length << OBJECT_LENGTH_SHIFT;
    ll->base.work.allocated_objects++;
    ll->base.work.allocated_bytes += type->field_bytes + length * type->body_item_bytes;
    ll->header_bytes += type->header_bytes;
    return object;
}

static inline gcr_ref linked_list_alloc(struct gcr_heap *heap, const struct gcr_shape *shape,
                                        uint32_t length, unsigned flags, uint32_t cookie,
                                        gcr_ref *root, bool global_root)
{
    struct linked_list *ll = linked_list_of(heap);
    const struct linked_list_type *type = &ll->types[shape->number];
    uint64_t bytes = type->base_bytes + (uint64_t)length * type->item_bytes;
    gcr_ref object;
    (void)global_root;
    if (GCR_LIKELY(flags == 0 && type_is(type, TYPE_IS_PLAIN) && bytes <= ll->small_limit))
        object = linked_list_alloc_plain(ll, type, shape, length, bytes);
    else
        object = gcr_linked_list_alloc_slow(ll, shape, length, flags, cookie);
    if (GCR_UNLIKELY(object == NULL))
        return NULL;
    if (type->head_bytes != 0) {
        if (!(flags & GCR_ALLOC_UNCOUNTED) && GCR_UNLIKELY(++ll->count[0] > ll->trigger_above) &&
            !(flags & GCR_ALLOC_NOTRIGGER)) {
            gcr_linked_list_trigger(ll);
            GCR_CHECK(2, ll->count[0] <= ll->trigger_above);
        }
        if (ll->tracks_at_alloc)
            head_track(ll, head_of(ll, object));
    }
    gcr_ref old = *root;
    *root = object;
    linked_list_decrement(ll, old);
    return object;
}

/* ---- pointers ---- */

/* A tuple that a collection has untracked gets an item: it must be tracked again. */
static inline void linked_list_retrack(struct linked_list *ll, gcr_ref object)
{
    object_header(object)->type &= ~OBJECT_UNTRACKED_TUPLE;
    head_track(ll, head_of(ll, object));
}

static inline bool linked_list_is_untracked_tuple(const struct linked_list_type *type,
                                                  gcr_ref object)
{
    return (object_header(object)->type & OBJECT_UNTRACKED_TUPLE) != 0 && type->head_bytes != 0;
}

static inline void linked_list_store(struct gcr_heap *heap, gcr_ref object, uint32_t slot,
                                     gcr_ref value)
{
    struct linked_list *ll = linked_list_of(heap);
    const struct linked_list_type *type = object_type(ll, object);
    gcr_ref *at = object_slot(type, object, slot);
    gcr_ref old = *at;
    if (value != NULL) {
        object_header(value)->count++;
        if (GCR_UNLIKELY(linked_list_is_untracked_tuple(type, object)))
            linked_list_retrack(ll, object);
    }
    *at = value;
    linked_list_decrement(ll, old);
    if (GCR_SABOTAGE == GCR_SABOTAGE_EARLY_FREE && value != NULL && --ll->sabotage_countdown == 0)
        linked_list_decrement(ll, value);
}

/* Counts for values that enter, and for values that leave, by slot numbers. Who dies waits. */
static inline bool linked_list_copy_counts(struct linked_list *ll,
                                           const struct linked_list_type *type, gcr_ref object,
                                           uint64_t from, uint64_t to, bool enter)
{
    bool any = false;
    for (uint64_t k = from; k < to; k++) {
        gcr_ref value = *object_slot(type, object, (uint32_t)k);
        if (value == NULL)
            continue;
        any = true;
        if (enter)
            object_header(value)->count++;
        else if (--object_header(value)->count == 0)
            gcr_linked_list_queue_dead(ll, value);
    }
    return any;
}

/* Slots dst[d, d+n) = src[s, s+n), upwards or downwards as overlap demands. */
static inline void linked_list_move_slots(struct linked_list *ll, gcr_ref dst, uint64_t d,
                                          gcr_ref src, uint64_t s, uint64_t n)
{
    const struct linked_list_type *to = object_type(ll, dst), *from = object_type(ll, src);
    if ((d + n <= to->inline_slots || d >= to->inline_slots) &&
        (s + n <= from->inline_slots || s >= from->inline_slots)) {
        memmove(object_slot(to, dst, (uint32_t)d), object_slot(from, src, (uint32_t)s),
                n * GCR_SLOT_BYTES);
        return;
    }
    for (uint64_t i = 0; i < n; i++) { /* fixed slots and a body at once */
        uint64_t k = d > s ? n - 1 - i : i;
        *object_slot(to, dst, (uint32_t)(d + k)) = *object_slot(from, src, (uint32_t)(s + k));
    }
}

static inline void linked_list_copy(struct gcr_heap *heap, gcr_ref dst, uint32_t dst_slot,
                                    gcr_ref src, uint32_t src_slot, uint32_t n)
{
    struct linked_list *ll = linked_list_of(heap);
    const struct linked_list_type *to = object_type(ll, dst), *from = object_type(ll, src);
    uint64_t d = dst_slot, s = src_slot, d_end = d + n, s_end = s + n;
    uint64_t enter = s, enter_end = s_end, leave = d, leave_end = d_end;
    if (n == 0 || (dst == src && d == s))
        return;
    if (dst == src && s < d && d < s_end) { /* moves up: [s, d) enters, [s_end, d_end) leaves */
        enter_end = d;
        leave = s_end;
    } else if (dst == src && d < s && s < d_end) { /* moves down */
        enter = d_end;
        leave_end = s;
    }
    bool any = linked_list_copy_counts(ll, from, src, enter, enter_end, true);
    (void)linked_list_copy_counts(ll, to, dst, leave, leave_end, false);
    if (any && GCR_UNLIKELY(linked_list_is_untracked_tuple(to, dst)))
        linked_list_retrack(ll, dst);
    linked_list_move_slots(ll, dst, d, src, s, n);
    if (GCR_UNLIKELY(ll->dead != NULL))
        gcr_linked_list_bury_queued(ll);
}

static inline void linked_list_root(struct gcr_heap *heap, gcr_ref *root, gcr_ref value,
                                    bool global_root)
{
    gcr_ref old = *root;
    (void)global_root;
    linked_list_increment(value);
    *root = value;
    linked_list_decrement(linked_list_of(heap), old);
}

static inline void linked_list_load(struct gcr_heap *heap, gcr_ref object, uint32_t slot,
                                    gcr_ref *root, bool global_root)
{
    const struct linked_list_type *type = object_type(linked_list_of(heap), object);
    linked_list_root(heap, root, *object_slot(type, object, slot), global_root);
}

/* ---- data ---- */

/* Reading through a reference costs an increment and a decrement, which the compiler must not
 * merge. */
static inline void linked_list_read(struct gcr_heap *heap, gcr_ref object, uint32_t offset,
                                    uint32_t length)
{
    const struct linked_list_type *type = object_type(linked_list_of(heap), object);
    volatile uint64_t *count = &object_header(object)->count;
    uint64_t at = offset, left = length, bytes;
    *count = *count + 1;
    for (; left > 0; at += bytes, left -= bytes) {
        const uint8_t *data = object_data(type, object, at, &bytes);
        bytes = bytes < left ? bytes : left;
        GCR_CHECK(1, bytes != 0);
        gcr_data_touch(data, bytes);
    }
    *count = *count - 1;
}

static inline void linked_list_write(struct gcr_heap *heap, gcr_ref object, uint32_t offset,
                                     uint32_t length, uint8_t tag)
{
    const struct linked_list_type *type = object_type(linked_list_of(heap), object);
    uint64_t at = offset, left = length, bytes;
    for (; left > 0; at += bytes, left -= bytes) {
        uint8_t *data = object_data(type, object, at, &bytes);
        bytes = bytes < left ? bytes : left;
        GCR_CHECK(1, bytes != 0);
        gcr_data_fill(data, at, bytes, tag);
    }
}

/* ---- tracking ---- */

static inline void linked_list_track(struct gcr_heap *heap, gcr_ref object)
{
    struct linked_list *ll = linked_list_of(heap);
    if (object_type(ll, object)->head_bytes == 0)
        return;
    struct gc_head *head = head_of(ll, object);
    object_header(object)->type &= ~OBJECT_UNTRACKED_TUPLE;
    if (!head_is_tracked(head, ll->packed))
        head_track(ll, head);
}

static inline void linked_list_untrack(struct gcr_heap *heap, gcr_ref object)
{
    struct linked_list *ll = linked_list_of(heap);
    if (object_type(ll, object)->head_bytes == 0)
        return;
    struct gc_head *head = head_of(ll, object);
    object_header(object)->type &= ~OBJECT_UNTRACKED_TUPLE;
    if (head_is_tracked(head, ll->packed))
        head_untrack(ll, head);
}

static inline void linked_list_recycle(struct gcr_heap *heap, gcr_ref object)
{
    (void)heap;
    object_header(object)->type |= OBJECT_RECYCLED;
}

static const struct gcr_mutator_ops gcr_mutator_ops_linked_list = {
    .alloc = linked_list_alloc,
    .store = linked_list_store,
    .copy = linked_list_copy,
    .load = linked_list_load,
    .read = linked_list_read,
    .write = linked_list_write,
    .root = linked_list_root,
    .forwarded = NULL, /* objects never move */
    .death = NULL,
    .track = linked_list_track,
    .untrack = linked_list_untrack,
    .recycle = linked_list_recycle,
};

#endif
