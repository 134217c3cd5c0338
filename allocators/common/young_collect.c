/* Collections of a copying heap with a nursery: the minor one in its order, when it is not
 * possible, and what the full one does besides. */
#include "allocators/common/young_heap.h"

/* ---- the last generation ---- */

bool gcr_young_refers_to_younger(const struct gcr_copy_heap *h, gcr_ref object)
{
    uint64_t count;
    const gcr_ref *slots = gcr_layout_slots(gcr_layout_of(&h->layouts, object), object, &count);
    for (uint64_t i = 0; i < count; i++)
        if (slots[i] != NULL && !gcr_remember_is_last(gcr_object_header(slots[i])))
            return true;
    return false;
}

/* New entries may come in meanwhile, at the end: objects that have just grown too old to move. */
void gcr_young_forward_last(struct gcr_copy_heap *h)
{
    struct gcr_vector *list = &((struct gcr_young_heap *)h)->remembered.last;
    size_t count = gcr_vector_count(list), kept = 0;
    for (size_t i = 0; i < count; i++) {
        gcr_ref object = gcr_externals_at(list, i);
        gcr_copy_forward_object(h, object);
        if (gcr_young_refers_to_younger(h, object))
            *(gcr_ref *)gcr_vector_at(list, kept++) = object;
        else
            GCR_STORE_AS(GCR_CAUSE_HEADER, *gcr_object_word(object, 0),
                         gcr_object_header(object) | GCR_HEADER_NO_HEAP);
    }
    for (size_t i = count; i < gcr_vector_count(list); i++)
        *(gcr_ref *)gcr_vector_at(list, kept++) = gcr_externals_at(list, i);
    gcr_vector_truncate(list, kept);
}

static void relist(struct gcr_young_heap *h, gcr_ref object)
{
    if (gcr_header_is(gcr_object_header(object), GCR_HEADER_NO_HEAP) &&
        gcr_young_refers_to_younger(&h->copy, object))
        gcr_remember_add_last(&h->remembered, object);
}

void gcr_young_relist_last(struct gcr_young_heap *h)
{
    const struct gcr_immortals *prebuilt = &h->copy.prebuilt;
    h->remembered.last_incomplete = false; /* unless a list is refused again */
    gcr_ref object = gcr_immortals_first(prebuilt);
    for (; object != NULL; object = gcr_immortals_next(prebuilt, &h->copy.layouts, object))
        relist(h, object);
    for (size_t i = 0; i < gcr_vector_count(&h->copy.external.gen3); i++)
        relist(h, gcr_externals_at(&h->copy.external.gen3, i));
}

void gcr_young_bodied(struct gcr_copy_heap *h, gcr_ref object)
{
    gcr_remember_add_last(&((struct gcr_young_heap *)h)->remembered, object);
}

/* ---- full collections ---- */

/* Nursery objects need no test of their own: they are without NO_YOUNG, and nothing else is. */
void gcr_young_begin_full(struct gcr_copy_heap *copy)
{
    struct gcr_young_heap *h = (struct gcr_young_heap *)copy;
    gcr_remember_clear(&h->remembered);
    gcr_nursery_drop(&h->nursery);
}

/* A nursery of at most `bytes`, if that is `least`. */
static void young_size(struct gcr_young_heap *h, size_t bytes, size_t least)
{
    bytes = bytes < h->nominal_bytes ? bytes : h->nominal_bytes;
    bytes &= ~(size_t)(GCR_WORD_BYTES - 1);
    h->next_bytes = bytes >= least ? bytes : 0;
    if (h->next_bytes == 0)
        return;
    gcr_nursery_set_limits(&h->nursery, h->next_bytes, GCR_NURSERY_MIN_BYTES);
    if (h->nursery.small_bytes > h->small_cap_bytes)
        h->nursery.small_bytes = h->small_cap_bytes;
}

/* Half of the space, or, with a budget, of what the collection left free. */
void gcr_young_end_full(struct gcr_copy_heap *copy)
{
    struct gcr_young_heap *h = (struct gcr_young_heap *)copy;
    const struct gcr_copy_space *space = &copy->space;
    if (h->remembered.last_incomplete)
        gcr_young_relist_last(h);
    if (copy->budget_bytes == 0)
        young_size(h, space->bytes / 2, GCR_WORD_BYTES);
    else
        young_size(h, gcr_copy_space_room(space) / 2, h->min_bytes);
}

/* ---- minor collections ---- */

/* Finalizable objects are never born young, unless a finalizer brought one back before: the whole
 * list is looked at, as the source does. */
static void minor_finalizers(struct gcr_copy_heap *h)
{
    for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizers); i++)
        h->design->forward(h, &gcr_finalizer_list_at(&h->finalizers, i)->object, 1);
}

static void minor_copy(struct gcr_young_heap *h)
{
    struct gcr_copy_heap *copy = &h->copy;
    struct gcr_host *host = copy->heap.host;
    const struct gcr_weak_update update = {.survivor = gcr_copy_survivor, .arg = copy};
    char *from = copy->space.free;
    gcr_ref object;
    while ((object = gcr_remember_pop(&h->remembered)) != NULL)
        gcr_copy_forward_object(copy, object);
    copy->design->forward_roots(copy);
    minor_finalizers(copy);
    copy->design->scan(copy, from);
    GCR_CHECK(1, copy->space.free <= copy->space.top);
    gcr_weak_list_update_young(&copy->weak, &update);
    host->update_handles(host, &copy->heap, true);
}

/* What was fresh is settled or gone. */
static void minor_settle(struct gcr_young_heap *h, struct gcr_collection *done)
{
    struct gcr_copy_heap *copy = &h->copy;
    struct gcr_work *work = &copy->heap.work;
    const struct gcr_copy_count *count = &copy->count;
    done->survivors = count->objects;
    done->freed = done->collected = gcr_copy_fresh_objects(copy) - count->objects;
    done->moved_bytes = h->survivor_bytes;
    work->copied_objects += count->objects;
    work->promoted_objects += count->objects;
    work->copied_bytes += h->survivor_bytes;
    work->freed_objects += done->freed;
    copy->tally.objects += count->objects;
    copy->tally.object_bytes += count->object_bytes;
    copy->tally.header_bytes += count->header_bytes;
    copy->tally.fresh_header_bytes = 0;
    copy->tally.marked_objects = work->allocated_objects;
    copy->tally.marked_bytes = work->allocated_bytes;
}

static void young_minor(struct gcr_young_heap *h, enum gcr_reason reason)
{
    struct gcr_copy_heap *copy = &h->copy;
    struct gcr_host *host = copy->heap.host;
    struct gcr_collection done = {.reason = reason,
                                  .before_bytes = copy->heap.supply->committed_bytes};
    host->collection_begin(host, &copy->heap, reason, 0);
    host->phase(host, GCR_PHASE_COPY);
    copy->collecting = true;
    copy->count = (struct gcr_copy_count){0};
    copy->young_start = h->nursery.start;
    copy->young_bytes = h->nursery.bytes;
    size_t before = gcr_copy_space_used(&copy->space);
    gcr_copy_space_expect(&copy->space, h->survivor_bytes);
    minor_copy(h);
    copy->young_bytes = 0;
    copy->young_start = NULL;
    h->minor_collections++;
    h->nursery_allocated_bytes += gcr_nursery_used(&h->nursery);
    h->survivor_bytes = gcr_copy_space_used(&copy->space) - before;
    h->promoted_bytes += h->survivor_bytes;
    minor_settle(h, &done);
    gcr_nursery_reset(&h->nursery);
    gcr_copy_space_settle(&copy->space);
    copy->collecting = false;
    gcr_copy_end_collection(copy, &done);
}

/* Whether everything in the nursery could be promoted, and all that refers to it is known. */
static bool minor_is_possible(const struct gcr_young_heap *h)
{
    return h->nursery.bytes <= gcr_copy_space_room(&h->copy.space) && !h->remembered.incomplete;
}

bool gcr_young_collect_minor(struct gcr_young_heap *h, enum gcr_reason reason)
{
    if (h->nursery.start == NULL)
        return true;
    if (!minor_is_possible(h))
        return gcr_copy_collect(&h->copy, reason, false);
    young_minor(h, reason);
    return true;
}

/* A full collection for room for a nursery, growing by the space's rules. False: refused. */
static bool refill_by_full(struct gcr_young_heap *h)
{
    struct gcr_copy_heap *copy = &h->copy;
    if (copy->budget_bytes != 0)
        return gcr_copy_collect(copy, GCR_REASON_EMERGENCY, false);
    if (h->remembered.incomplete && !gcr_copy_collect(copy, GCR_REASON_ALLOCATION, false))
        return false;
    bool found = gcr_copy_space_room(&copy->space) >= h->next_bytes ||
                 gcr_copy_find_room(copy, h->next_bytes);
    /* The space cannot grow, or has grown and wants a larger nursery. */
    if (!found || gcr_copy_space_room(&copy->space) < h->next_bytes)
        young_size(h, gcr_copy_space_room(&copy->space) / 2, h->min_bytes);
    return h->nursery.start == NULL;
}

/* A nursery at the start of the free part of the space. */
static void refill_carve(struct gcr_young_heap *h)
{
    struct gcr_copy_space *space = &h->copy.space;
    GCR_CHECK(1, h->next_bytes <= gcr_copy_space_room(space));
    gcr_copy_space_open(space, h->next_bytes);
    gcr_nursery_place(&h->nursery, space->free, h->next_bytes, true);
    space->free += h->next_bytes;
}

bool gcr_young_refill(struct gcr_young_heap *h)
{
    struct gcr_copy_heap *copy = &h->copy;
    if (h->next_bytes == 0 || copy->out_of_work_memory)
        return false;
    if (gcr_copy_space_room(&copy->space) < h->next_bytes || h->remembered.incomplete)
        if (!refill_by_full(h) || h->next_bytes == 0 || copy->out_of_work_memory)
            return false;
    if (h->nursery.start != NULL)
        young_minor(h, GCR_REASON_ALLOCATION);
    else
        refill_carve(h);
    return true;
}

void gcr_young_collect(struct gcr_heap *heap, uint32_t generation, enum gcr_reason reason)
{
    struct gcr_young_heap *h = gcr_young_heap_of(heap);
    if (generation >= 2)
        (void)gcr_copy_collect(&h->copy, reason, false);
    else
        (void)gcr_young_collect_minor(h, reason);
}
