/* parallel-mark-sweep: allocation beyond the fast path, prebuilt objects, RESIZE, contexts.
 *
 * Everything that can collect (a free slot or run, room on the lists) comes first: an object is
 * carved, registered and stored to its root without a safepoint in between. */
#include "allocators/parallel_mark_sweep/parallel_mark_sweep.h"

/* ---- room ---- */

static bool pms_may_grow(const struct gcr_parallel_mark_sweep *h, uint64_t bytes)
{
    if (h->budget_bytes == 0)
        return gcr_blocks_used_bytes(&h->blocks) + bytes <= h->limit_bytes;
    uint64_t cached =
        (h->blocks.free_blocks * GCR_BLOCK_BYTES + h->blocks.free_pages * GCR_PAGE_BYTES);
    uint64_t held = h->heap.supply->committed_bytes - h->pool.committed_bytes - cached;
    return held + bytes + h->budget_bytes / 64 <= h->budget_bytes;
}

/* What is wanted, and what has come of it. */
struct pms_request {
    uint64_t bytes;
    void *large; /* the run, if bytes say that it is one */
};

/* A free slot for the current context, out of a swept block, one to be swept now, or (`grow`) an
 * empty one. Lazy sweeping is work for the collector, and named so. */
static bool pms_find_slot(struct gcr_parallel_mark_sweep *h, uint32_t size_class, bool grow)
{
    struct gcr_host *host = h->heap.host;
    const struct gcr_block *next = h->blocks.partial[size_class];
    if (next != NULL && next->unbuilt) {
        host->phase(host, GCR_PHASE_SWEEP);
        bool found = gcr_blocks_refill(&h->blocks, h->context, size_class);
        host->phase(host, GCR_PHASE_MUTATOR);
        h->lazy_blocks++;
        return found;
    }
    if (gcr_blocks_refill(&h->blocks, h->context, size_class))
        return true;
    bool found = grow && gcr_blocks_refill_empty(&h->blocks, h->context, size_class);
    h->empty_blocks += found;
    return found;
}

/* One try; `grow`: blocks or pages may be added to those in use. */
static bool pms_try(struct gcr_parallel_mark_sweep *h, struct pms_request *request, bool grow)
{
    if (request->bytes > GCR_BLOCK_MAX_SMALL_BYTES) {
        if (grow)
            request->large = gcr_blocks_alloc_large(&h->blocks, request->bytes);
        return request->large != NULL;
    }
    uint32_t size_class = gcr_blocks_class(&h->blocks, request->bytes);
    return h->context->current[size_class].free != NULL || pms_find_slot(h, size_class, grow);
}

/* Makes sure of a slot or run: within the limit; after a collection; from free blocks and runs that
 * were kept; after an emergency collection. */
static bool pms_make_room(struct gcr_parallel_mark_sweep *h, struct pms_request *request)
{
    if (h->out_of_work_memory)
        return false;
    bool small = request->bytes <= GCR_BLOCK_MAX_SMALL_BYTES;
    uint64_t growth = small ? GCR_BLOCK_BYTES : gcr_page_round((size_t)request->bytes);
    bool within = pms_may_grow(h, growth);
    if (pms_try(h, request, within))
        return true;
    if (!within) {
        if (!pms_collect(h, GCR_REASON_ALLOCATION))
            return false;
        if (pms_try(h, request, true))
            return true;
    }
    gcr_blocks_age(&h->blocks, 0);
    if (pms_try(h, request, true))
        return true;
    return pms_collect(h, GCR_REASON_EMERGENCY) && pms_try(h, request, true);
}

/* A zeroed object, or NULL. */
static gcr_ref pms_carve(struct gcr_parallel_mark_sweep *h, const struct gcr_layout *layout,
                         uint64_t length)
{
    struct pms_request request = {.bytes = gcr_layout_bytes(layout, length)};
    if (!pms_make_room(h, &request))
        return NULL;
    gcr_ref object = request.large;
    if (object == NULL)
        object = gcr_blocks_alloc(&h->blocks,
                                  &h->context->current[gcr_blocks_class(&h->blocks, request.bytes)],
                                  request.bytes);
    gcr_layout_set(layout, object, 0, length);
    h->tally.header_bytes += layout->payload;
    return object;
}

/* ---- objects ---- */

/* A place on a list, after a collection if it must be. */
static bool pms_reserve_list(struct gcr_parallel_mark_sweep *h, const struct gcr_shape *shape)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        if ((!gcr_shape_is(shape, GCR_SHAPE_WEAK) || gcr_weak_list_reserve(&h->weak)) &&
            (!gcr_shape_has_finalizer(shape) || gcr_finalizer_list_reserve(&h->finalizers)))
            return true;
        if (attempt == 0 && !pms_collect(h, GCR_REASON_EMERGENCY))
            return false;
    }
    return false;
}

static void pms_register(struct gcr_parallel_mark_sweep *h, const struct gcr_shape *shape,
                         gcr_ref object, uint32_t cookie)
{
    if (gcr_shape_is(shape, GCR_SHAPE_WEAK))
        gcr_weak_list_add(&h->weak, object, false);
    if (gcr_shape_has_finalizer(shape))
        gcr_finalizer_list_add(&h->finalizers, object, cookie);
}

/* Bytes of a new object's items if they lie in a body; 0: it has none. */
static uint64_t pms_body_items(const struct gcr_parallel_mark_sweep *h,
                               const struct gcr_shape *shape, uint64_t length)
{
    bool resizable = gcr_header_is(h->layouts.row[shape->number].header, GCR_HEADER_RESIZABLE);
    return resizable ? length * shape->item_bytes : 0;
}

/* The body of a new object comes first and is a root until its owner exists. False: no room. */
static bool pms_carve_body(struct gcr_parallel_mark_sweep *h, const struct gcr_shape *shape,
                           uint64_t length)
{
    h->pending = NULL;
    if (pms_body_items(h, shape, length) == 0)
        return true;
    h->pending = pms_carve(h, gcr_layout_body(&h->layouts, shape->number), length);
    return h->pending != NULL;
}

/* The owner exists. If the body has been through a collection, that has counted its items, and so
 * will the object's own bytes: once is right. */
static void pms_attach_body(struct gcr_parallel_mark_sweep *h, gcr_ref object, uint64_t counted)
{
    if (h->pending == NULL)
        return;
    *gcr_object_body(object, gcr_object_header(object)) = h->pending;
    h->tally.object_bytes -= counted;
    h->pending = NULL;
}

gcr_ref pms_alloc_slow(struct gcr_parallel_mark_sweep *h, const struct gcr_shape *shape,
                       uint32_t length, uint32_t cookie, gcr_ref *root)
{
    if (!pms_reserve_list(h, shape) || !pms_carve_body(h, shape, length))
        return NULL;
    uint64_t items = pms_body_items(h, shape, length), collections = h->collections;
    gcr_ref object = pms_carve(h, &h->layouts.row[shape->number], length);
    if (object == NULL) {
        h->pending = NULL;
        return NULL;
    }
    pms_attach_body(h, object, h->collections != collections ? items : 0);
    pms_register(h, shape, object, cookie);
    h->heap.work.allocated_objects++;
    h->heap.work.allocated_bytes += gcr_shape_object_bytes(shape, length);
    *root = object;
    return object;
}

static gcr_ref pms_add_prebuilt(struct gcr_parallel_mark_sweep *h, const struct gcr_layout *layout,
                                uint64_t length)
{
    gcr_ref object = gcr_immortals_add(&h->immortals, layout, 0, length);
    if (object == NULL && pms_collect(h, GCR_REASON_EMERGENCY))
        object = gcr_immortals_add(&h->immortals, layout, 0, length);
    return object;
}

gcr_ref pms_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                     uint32_t cookie)
{
    struct gcr_parallel_mark_sweep *h = pms_of(heap);
    (void)cookie; /* immortal: never finalized */
    if ((gcr_shape_is(shape, GCR_SHAPE_WEAK) && !gcr_weak_list_reserve(&h->weak)) ||
        !pms_carve_body(h, shape, length))
        return NULL;
    uint64_t items = pms_body_items(h, shape, length), collections = h->collections;
    gcr_ref object = pms_add_prebuilt(h, &h->layouts.row[shape->number], length);
    if (object == NULL) {
        h->pending = NULL;
        return NULL;
    }
    pms_attach_body(h, object, h->collections != collections ? items : 0);
    h->tally.object_bytes += items;
    if (gcr_shape_is(shape, GCR_SHAPE_WEAK))
        gcr_weak_list_add(&h->weak, object, false);
    return object;
}

/* ---- RESIZE ---- */

/* More items in the room that the body has: data moves up behind the new slots, what is new is
 * zeroed. */
static void pms_grow_in_place(const struct gcr_layout *layout, gcr_ref body, uint64_t length)
{
    uint64_t *length_word = gcr_layout_length_word(layout, body);
    uint64_t slot_bytes = (uint64_t)layout->item_slots * GCR_SLOT_BYTES;
    uint64_t data_bytes = *length_word * (layout->item_bytes - slot_bytes);
    char *items = (char *)body + GCR_BODY_PREFIX_BYTES;
    char *old_data = items + *length_word * slot_bytes, *data = items + length * slot_bytes;
    memmove(data, old_data, data_bytes);
    memset(old_data, 0, (size_t)(data - old_data));
    char *end = (char *)body + gcr_layout_bytes(layout, length);
    memset(data + data_bytes, 0, (size_t)(end - (data + data_bytes)));
    GCR_STORE_AS(GCR_CAUSE_DATA, *length_word, length);
}

static bool pms_grow(struct gcr_parallel_mark_sweep *h, const struct gcr_layout *layout,
                     gcr_ref object, uint64_t length)
{
    gcr_ref *word = gcr_object_body(object, gcr_object_header(object)), old = *word;
    uint64_t added = length - gcr_body_length(old);
    if (old != NULL && gcr_layout_bytes(layout, length) <= gcr_blocks_room_of(&h->blocks, old)) {
        pms_grow_in_place(layout, old, length);
    } else {
        gcr_ref body = pms_carve(h, layout, length);
        if (body == NULL)
            return false;
        if (old != NULL) {
            gcr_layout_copy_items(layout, body, old, gcr_body_length(old));
            h->tally.header_bytes -= layout->payload; /* the old body is garbage now */
        }
        GCR_STORE_AS(GCR_CAUSE_DATA, *word, body);
    }
    h->tally.object_bytes += added * layout->item_bytes;
    return true;
}

bool pms_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length)
{
    struct gcr_parallel_mark_sweep *h = pms_of(heap);
    uint64_t header = gcr_object_header(*handle);
    GCR_CHECK(1, gcr_header_is(header, GCR_HEADER_RESIZABLE));
    const struct gcr_layout *layout = gcr_layout_body(&h->layouts, gcr_layout_shape(*handle));
    gcr_ref body = *gcr_object_body(*handle, header);
    uint64_t before = gcr_body_length(body);
    if (length > before)
        return pms_grow(h, layout, *handle, length);
    if (length < before) {
        h->tally.object_bytes -= (before - length) * layout->item_bytes;
        (void)gcr_layout_shrink(layout, body, length);
    }
    return true;
}

/* ---- contexts ---- */

/* A thread's context, if the supply has a page for it; else it shares the first one's. */
void pms_thread(struct gcr_heap *heap, uint32_t thread)
{
    struct gcr_parallel_mark_sweep *h = pms_of(heap);
    uint32_t index = thread % PMS_MAX_CONTEXTS;
    size_t needed = gcr_page_round((index + 1) * sizeof *h->contexts);
    if (needed > h->contexts_bytes) {
        if (!gcr_supply_commit(heap->supply, GCR_PAGES_SIDE,
                               (char *)h->contexts + h->contexts_bytes,
                               needed - h->contexts_bytes)) {
            h->context = h->contexts;
            return;
        }
        h->contexts_bytes = needed;
    }
    if (index >= h->context_count)
        h->context_count = index + 1;
    h->context = &h->contexts[index];
}
