/* bdw: allocation beyond the fast path, prebuilt objects, RESIZE, weak references.
 *
 * Small cells come from libgc in batches of one block, swept or fresh, as its own thread-local
 * lists do (GC_generic_malloc_many). That call is where libgc sweeps lazily, so it is bracketed as
 * sweep; a batch from a block never used before is in it too. Any call into libgc may collect: what
 * an allocation has in hand meanwhile is in `pending`, which is a root. */
#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS
#include <gc/gc.h>
#include <gc/gc_inline.h>
#include <gc/gc_mark.h>

#include "allocators/bdw/bdw.h"

/* ---- cells ---- */

/* A batch for an empty list: libgc sweeps the blocks that the last collection has left for it, and
 * takes fresh ones when there are no more. A call that takes a fresh one says so by libgc's free
 * bytes; from then on until the next collection nothing is swept for this list, and what is done is
 * the mutator's allocation, as it is in other designs. */
static void bdw_refill(struct gcr_bdw *h, uint32_t kind, uint64_t granules)
{
    struct gcr_host *host = h->heap.host;
    void *batch = NULL;
    bool sweeps = !h->fresh[kind][granules];
    size_t free_before = GC_get_free_bytes();
    uint64_t collections = h->collections;
    if (sweeps)
        host->phase(host, GCR_PHASE_SWEEP);
    GCR_FORGET_REGISTERS();
    GC_generic_malloc_many(granules * BDW_GRANULE_BYTES, h->kind_number[kind], &batch);
    if (sweeps)
        host->phase(host, GCR_PHASE_MUTATOR);
    bool fresh = h->collections == collections && GC_get_free_bytes() < free_before;
    h->fresh[kind][granules] |= fresh;
    h->batches++;
    h->fresh_batches += fresh;
    bdw_settle(h);
    h->list[kind][granules] = batch;
}

/* A zeroed cell, or NULL. */
static void *bdw_cell(struct gcr_bdw *h, uint32_t kind, uint64_t bytes)
{
    if (h->exhausted)
        return NULL;
    if (bytes > BDW_MAX_SMALL_BYTES) {
        GCR_FORGET_REGISTERS();
        void *cell = GC_generic_malloc(bytes, h->kind_number[kind]);
        h->pending[1] = cell; /* finalizers may run, and so may a collection for their sake */
        bdw_settle(h);
        h->cells++;
        return h->exhausted ? NULL : cell;
    }
    uint64_t granules = (bytes + BDW_GRANULE_BYTES - 1) / BDW_GRANULE_BYTES;
    if (h->list[kind][granules] == NULL)
        bdw_refill(h, kind, granules);
    void **cell = h->list[kind][granules];
    if (cell == NULL || h->exhausted)
        return NULL;
    h->list[kind][granules] = *cell;
    *cell = NULL;
    return cell;
}

static gcr_ref bdw_carve(struct gcr_bdw *h, const struct gcr_layout *layout, uint64_t length)
{
    uint32_t id = (uint32_t)(layout - h->layouts.row);
    gcr_ref object = bdw_cell(h, h->kind_of[id], gcr_layout_bytes(layout, length));
    if (object == NULL)
        return NULL;
    gcr_layout_set(layout, object, BDW_HEADER_TAG, length);
    h->tally.header_bytes += layout->payload;
    return object;
}

/* ---- objects ---- */

static void bdw_clear_pending(struct gcr_bdw *h)
{
    h->pending[0] = h->pending[1] = NULL;
}

/* Bytes of a new object's items if they lie in a body; 0: it has none. */
static uint64_t bdw_body_items(const struct gcr_bdw *h, const struct gcr_shape *shape,
                               uint64_t length)
{
    bool resizable = gcr_header_is(h->layouts.row[shape->number].header, GCR_HEADER_RESIZABLE);
    return resizable ? length * shape->item_bytes : 0;
}

static bool bdw_carve_body(struct gcr_bdw *h, const struct gcr_shape *shape, uint64_t length)
{
    bdw_clear_pending(h);
    if (bdw_body_items(h, shape, length) == 0)
        return true;
    h->pending[0] = bdw_carve(h, gcr_layout_body(&h->layouts, shape->number), length);
    return h->pending[0] != NULL;
}

static void bdw_attach_body(struct gcr_bdw *h, gcr_ref object)
{
    if (h->pending[0] != NULL)
        *gcr_object_body(object, gcr_object_header(object)) = h->pending[0];
}

/* What a count inside the allocation has already added to the tally: the body's items, before its
 * owner is counted with them. */
static void bdw_uncount_body(struct gcr_bdw *h, uint64_t items, uint64_t collections)
{
    if (h->collections != collections && h->counts)
        h->tally.object_bytes -= items;
}

/* libgc's table of finalizers may have grown. */
static void register_finalizer(struct gcr_bdw *h, gcr_ref object, uint32_t cookie)
{
    bdw_register_finalizer(h, object, cookie);
    if (!bdw_account(h))
        h->exhausted = true;
}

gcr_ref bdw_alloc_slow(struct gcr_bdw *h, const struct gcr_shape *shape, uint32_t length,
                       uint32_t cookie, gcr_ref *root)
{
    gcr_ref object = NULL;
    if (bdw_carve_body(h, shape, length)) {
        uint64_t items = bdw_body_items(h, shape, length), collections = h->collections;
        object = bdw_carve(h, &h->layouts.row[shape->number], length);
        if (object != NULL && items != 0)
            bdw_uncount_body(h, items, collections);
    }
    if (object != NULL) {
        bdw_attach_body(h, object);
        h->pending[1] = object;
        if (cookie != 0)
            register_finalizer(h, object, cookie);
        if (h->heap.report_frees)
            gcr_object_set_add(&h->known, object);
        h->heap.work.allocated_objects++;
        h->heap.work.allocated_bytes += gcr_shape_object_bytes(shape, length);
        *root = object;
    }
    bdw_clear_pending(h);
    return object;
}

gcr_ref bdw_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                     uint32_t cookie)
{
    struct gcr_bdw *h = bdw_of(heap);
    (void)cookie; /* immortal: never finalized */
    gcr_ref object = NULL;
    if (bdw_carve_body(h, shape, length))
        object = gcr_immortals_add(&h->immortals, &h->layouts.row[shape->number], 0, length);
    if (object != NULL) {
        bdw_attach_body(h, object);
        h->tally.object_bytes += bdw_body_items(h, shape, length);
        bdw_account(h);
    }
    bdw_clear_pending(h);
    return object;
}

/* ---- RESIZE ---- */

static bool bdw_grow(struct gcr_bdw *h, const struct gcr_layout *layout, gcr_ref object,
                     uint64_t length)
{
    gcr_ref *word = gcr_object_body(object, gcr_object_header(object)), old = *word;
    gcr_ref body = bdw_carve(h, layout, length);
    h->pending[1] = NULL;
    if (body == NULL)
        return false;
    if (old != NULL) {
        gcr_layout_copy_items(layout, body, old, gcr_body_length(old));
        h->tally.header_bytes -= layout->payload; /* the old body is garbage now */
    }
    h->tally.object_bytes += (length - gcr_body_length(old)) * layout->item_bytes;
    *word = body;
    return true;
}

bool bdw_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length)
{
    struct gcr_bdw *h = bdw_of(heap);
    uint64_t header = gcr_object_header(*handle);
    GCR_CHECK(1, gcr_header_is(header, GCR_HEADER_RESIZABLE));
    const struct gcr_layout *layout = gcr_layout_body(&h->layouts, gcr_layout_shape(*handle));
    gcr_ref body = *gcr_object_body(*handle, header);
    uint64_t before = gcr_body_length(body);
    if (length > before)
        return bdw_grow(h, layout, *handle, length);
    if (length < before) {
        h->tally.object_bytes -= (before - length) * layout->item_bytes;
        (void)gcr_layout_shrink(layout, body, length);
    }
    return true;
}

/* ---- weak references ---- */

/* A long link: cleared when the target is really gone, not when its finalizer is due. libgc keeps
 * the table of links in its own heap. Prebuilt targets never go, and need none. */
bool bdw_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target)
{
    struct gcr_bdw *h = bdw_of(heap);
    gcr_ref *word = gcr_object_weak_word(weak);
    (void)GC_unregister_long_link((void **)word);
    *word = target;
    if (target == NULL || gcr_immortals_has(&h->immortals, target))
        return true;
    if (GC_register_long_link((void **)word, target) == GC_NO_MEMORY) {
        *word = NULL; /* rather no target than one that is reused unseen */
        h->exhausted = true;
    }
    h->links++;
    bdw_settle(h);
    return !h->exhausted;
}
