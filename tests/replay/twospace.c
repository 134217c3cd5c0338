/* The test collector: Cheney's copying collection (CACM 13(11), 1970) between two fixed spaces. The
 * second space is committed for the length of a collection only, so that the footprint has peaks
 * inside pauses. Prebuilt objects are ordinary ones that a list keeps alive. */
#include "tests/replay/twospace.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

static const struct gcr_option twospace_options[] = {
    {"space", GCR_OPT_BYTES, "bytes", "64K", 4096, 1u << 30, NULL, "size of each space"},
    {"damage", GCR_OPT_CHOICE, NULL, "none", 0, 0, "none|lose-root|segfault|kill",
     "what a collection breaks"},
    {0}};

size_t twospace_object_bytes(const struct gcr_shape *shape, uint32_t length)
{
    uint32_t items = gcr_shape_is(shape, GCR_SHAPE_RESIZABLE) ? TWOSPACE_RESIZE_ROOM : length;

    return sizeof(struct gcr_object) +
           (((size_t)gcr_shape_object_bytes(shape, items) + 7) & ~(size_t)7);
}

uint8_t *twospace_data(struct gcr_heap *heap, gcr_ref object)
{
    const struct gcr_shape *shape = &heap->shapes[object->shape];

    return (uint8_t *)(twospace_slots(object) + gcr_shape_slot_count(shape, object->length));
}

/* ---- collection ---- */

static gcr_ref twospace_evacuate(struct twospace *h, gcr_ref object)
{
    size_t bytes;

    if (object == NULL || object->forward != NULL)
        return object == NULL ? NULL : object->forward;
    bytes = twospace_object_bytes(&h->heap.shapes[object->shape], object->length);
    memcpy(h->free, object, bytes);
    object->forward = (gcr_ref)(void *)h->free;
    h->free += bytes;
    h->heap.work.copied_objects++;
    h->heap.work.copied_bytes += bytes;
    return object->forward;
}

static void twospace_scan(struct twospace *h)
{
    while (h->scan < h->free) {
        gcr_ref object = (gcr_ref)(void *)h->scan;
        const struct gcr_shape *shape = &h->heap.shapes[object->shape];
        uint64_t slots = gcr_shape_slot_count(shape, object->length);

        for (uint64_t i = 0; i < slots; i++)
            twospace_slots(object)[i] = twospace_evacuate(h, twospace_slots(object)[i]);
        h->scan += twospace_object_bytes(shape, object->length);
    }
}

static void twospace_evacuate_roots(struct twospace *h)
{
    size_t count;
    const struct gcr_root_span *spans = h->heap.host->roots(h->heap.host, &count);
    bool lose = h->damage == TWOSPACE_LOSES_ROOT;

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < spans[i].count; j++) {
            gcr_ref *slot = &spans[i].start[j];

            if (lose && *slot != NULL) {
                *slot = NULL;
                lose = false;
            }
            *slot = twospace_evacuate(h, *slot);
        }
    for (size_t i = 0; i < h->immortal_count; i++)
        h->immortals[i] = twospace_evacuate(h, h->immortals[i]);
}

static void twospace_finalize(struct twospace *h)
{
    size_t kept = 0, count = h->finalizer_count;
    bool dead[TWOSPACE_FINALIZERS];

    for (size_t i = 0; i < count; i++)
        dead[i] = h->finalizers[i].object->forward == NULL;
    for (size_t i = 0; i < count; i++) {
        struct twospace_finalizer entry = h->finalizers[i];

        entry.object = twospace_evacuate(h, entry.object);
        twospace_scan(h);
        if (dead[i]) {
            h->heap.work.finalized++;
            h->heap.host->finalize(h->heap.host, &h->heap, entry.cookie, entry.object);
        } else {
            h->finalizers[kept++] = entry;
        }
    }
    h->finalizer_count = kept;
}

static void twospace_harm(const struct twospace *h)
{
    if (!h->is_child)
        return;
    if (h->damage == TWOSPACE_SEGFAULTS) {
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
    }
    if (h->damage == TWOSPACE_IS_KILLED)
        raise(SIGKILL);
}

static void twospace_collect(struct gcr_heap *heap, uint32_t generation, enum gcr_reason reason)
{
    struct twospace *h = twospace_of(heap);
    struct gcr_collection done = {.reason = reason, .full = true};
    uint64_t before = heap->work.copied_objects;
    uint64_t present = heap->work.allocated_objects - heap->work.freed_objects;
    char *old = h->space[h->current];

    if (generation < 2)
        return;
    twospace_harm(h);
    heap->host->collection_begin(heap->host, heap, reason, 0);
    if (!gcr_supply_commit(heap->supply, GCR_PAGES_OBJECTS, h->space[!h->current],
                           h->space_bytes)) {
        heap->host->collection_end(heap->host, heap, &done);
        return;
    }
    heap->host->phase(heap->host, GCR_PHASE_COPY);
    h->current = !h->current;
    h->free = h->scan = h->space[h->current];
    twospace_evacuate_roots(h);
    twospace_scan(h);
    twospace_finalize(h);
    heap->host->update_handles(heap->host, heap, false);
    heap->host->phase(heap->host, GCR_PHASE_SWEEP);
    gcr_supply_release(heap->supply, GCR_PAGES_OBJECTS, old, h->space_bytes);
    done.survivors = heap->work.copied_objects - before;
    done.freed = done.collected = present - done.survivors;
    heap->work.freed_objects += done.freed;
    heap->host->collection_end(heap->host, heap, &done);
}

/* ---- allocation ---- */

static size_t twospace_room(const struct twospace *h)
{
    return (size_t)(h->space[h->current] + h->space_bytes - h->free);
}

gcr_ref twospace_allocate(struct gcr_heap *heap, const struct gcr_shape *shape, uint32_t length,
                          uint32_t cookie)
{
    struct twospace *h = twospace_of(heap);
    size_t bytes = twospace_object_bytes(shape, length);
    gcr_ref object;

    if (bytes > twospace_room(h))
        twospace_collect(heap, 2, GCR_REASON_ALLOCATION);
    if (bytes > twospace_room(h) || (cookie != 0 && h->finalizer_count == TWOSPACE_FINALIZERS))
        return NULL;
    object = (gcr_ref)(void *)h->free;
    h->free += bytes;
    if (bytes > h->largest_bytes)
        h->largest_bytes = bytes;
    memset(object, 0, bytes);
    object->shape = shape->number;
    object->length = length;
    if (cookie != 0)
        h->finalizers[h->finalizer_count++] = (struct twospace_finalizer){object, cookie};
    heap->work.allocated_objects++;
    heap->work.allocated_bytes += gcr_shape_object_bytes(shape, length);
    return object;
}

static gcr_ref twospace_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape,
                                 uint32_t length, uint32_t cookie)
{
    struct twospace *h = twospace_of(heap);
    gcr_ref object = h->immortal_count < GCR_COUNT_OF(h->immortals)
                         ? twospace_allocate(heap, shape, length, cookie)
                         : NULL;

    if (object != NULL)
        h->immortals[h->immortal_count++] = object;
    return object;
}

static bool twospace_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length)
{
    (void)heap;
    if (length > TWOSPACE_RESIZE_ROOM)
        return false;
    (*handle)->length = length;
    return true;
}

static bool twospace_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target)
{
    (void)heap;
    (void)weak;
    (void)target;
    return true;
}

/* ---- life ---- */

static void twospace_destroy(struct gcr_heap *heap)
{
    struct twospace *h = twospace_of(heap);

    gcr_supply_release(heap->supply, GCR_PAGES_OBJECTS, h->space[h->current], h->space_bytes);
    for (int i = 0; i < TWOSPACE_SPACES; i++)
        gcr_supply_unreserve(heap->supply, h->space[i], h->space_bytes);
    free(h);
}

static gcr_status twospace_create(const struct gcr_heap_config *config, struct gcr_host *host,
                                  struct gcr_heap **out, struct gcr_error *err)
{
    struct twospace *h = calloc(1, sizeof *h);

    if (h == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "twospace: no memory");
    h->heap = (struct gcr_heap){.collector = &gcr_collector_twospace,
                                .host = host,
                                .shapes = host->shapes,
                                .supply = host->supply,
                                .report_frees = host->report_frees};
    h->space_bytes = gcr_page_round(gcr_option_number(config->options, "space"));
    h->damage = (enum twospace_damage)gcr_option_number(config->options, "damage");
    for (int i = 0; i < TWOSPACE_SPACES; i++)
        h->space[i] = gcr_supply_reserve(host->supply, h->space_bytes, GCR_PAGE_BYTES);
    if (!gcr_supply_commit(host->supply, GCR_PAGES_OBJECTS, h->space[0], h->space_bytes)) {
        for (int i = 0; i < TWOSPACE_SPACES; i++)
            gcr_supply_unreserve(host->supply, h->space[i], h->space_bytes);
        free(h);
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "twospace: no room for a space");
    }
    h->free = h->space[0];
    *out = &h->heap;
    return GCR_OK;
}

static void twospace_thread(struct gcr_heap *heap, uint32_t thread)
{
    twospace_of(heap)->threads_seen |= 1u << (thread & 31);
}

static void twospace_after_fork(struct gcr_heap *heap, bool child)
{
    twospace_of(heap)->is_child |= child;
}

/* ---- looking ---- */

static void twospace_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg)
{
    struct twospace *h = twospace_of(heap);
    char *at = h->space[h->current];

    while (at < h->free) {
        gcr_ref object = (gcr_ref)(void *)at;

        at += twospace_object_bytes(&heap->shapes[object->shape], object->length);
        if (!visit(arg, object))
            return;
    }
}

static uint32_t twospace_shape_number(struct gcr_heap *heap, gcr_ref object)
{
    (void)heap;
    return object->shape;
}

static uint32_t twospace_length(struct gcr_heap *heap, gcr_ref object)
{
    (void)heap;
    return object->length;
}

static gcr_ref twospace_slot(struct gcr_heap *heap, gcr_ref object, uint32_t slot)
{
    (void)heap;
    return twospace_slots(object)[slot];
}

static const uint8_t *twospace_look(struct gcr_heap *heap, gcr_ref object, uint64_t offset,
                                    uint64_t *bytes)
{
    const struct gcr_shape *shape = &heap->shapes[object->shape];

    *bytes = gcr_shape_data_bytes(shape, object->length) - offset;
    return twospace_data(heap, object) + offset;
}

static void twospace_footprint(struct gcr_heap *heap, struct gcr_footprint *out)
{
    struct twospace *h = twospace_of(heap);
    uint64_t used = (uint64_t)(h->free - h->space[h->current]);

    *out = (struct gcr_footprint){.objects_bytes = used,
                                  .free_bytes = heap->supply->committed_bytes - used};
}

static size_t twospace_figures(struct gcr_heap *heap, struct gcr_design_figure *out)
{
    out[0] = (struct gcr_design_figure){"objects copied twice over", "objects",
                                        2 * (double)heap->work.copied_objects, GCR_DESIGN_SUM};
    out[1] = (struct gcr_design_figure){"largest object", "bytes",
                                        (double)twospace_of(heap)->largest_bytes, GCR_DESIGN_MAX};
    return 2;
}

const struct gcr_collector gcr_collector_twospace = {
    .name = "twospace",
    .summary = "test collector",
    .source = "Cheney, A nonrecursive list compacting algorithm, 1970",
    .caps = GCR_CAP_COLLECTS | GCR_CAP_MOVING,
    .generations = 1,
    .options = twospace_options,
    .create = twospace_create,
    .destroy = twospace_destroy,
    .prebuilt = twospace_prebuilt,
    .resize = twospace_resize,
    .weakref = twospace_weakref,
    .collect = twospace_collect,
    .thread = twospace_thread,
    .after_fork = twospace_after_fork,
    .walk = twospace_walk,
    .shape_number = twospace_shape_number,
    .length = twospace_length,
    .slot = twospace_slot,
    .data = twospace_look,
    .footprint = twospace_footprint,
    .figures = twospace_figures,
};
