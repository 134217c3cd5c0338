/* epsilon: allocates and never collects. The reference point for what a program costs without a
 * collector: a bump pointer in one large reservation, committed step by step.
 *
 * Source: "JEP 318: Epsilon: A No-Op Garbage Collector" (Shipilev, 2018) for the idea.
 *
 * Objects have the one-word header of common/layout.h, so that it is comparable with the copying
 * designs. With `pretouch` a step's pages are made resident when it is committed, while the replay
 * clock stands: first-touch page faults are then no part of the figures. Finalizers never run, weak
 * references are never cleared. Cost: a few instructions an allocation, memory of everything ever
 * allocated. */
#include "allocators/epsilon/epsilon.h"

static const size_t RESERVATION_BYTES = (size_t)1 << 40;

static const struct gcr_option epsilon_options[] = {
    {"step", GCR_OPT_BYTES, "bytes", "1M", 4096, 1073741824.0, NULL,
     "memory committed at a time, rounded up to pages"},
    {"pretouch", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL,
     "make a step's pages resident when it is committed, off the replay clock"},
    {.name = NULL},
};

static void epsilon_destroy(struct gcr_heap *heap)
{
    struct gcr_epsilon *h = epsilon_of(heap);
    struct gcr_supply *supply = heap->supply;
    gcr_region_finish(&h->region);
    gcr_layouts_finish(&h->layouts, supply);
    gcr_supply_unmap(supply, GCR_PAGES_SIDE, h, sizeof *h);
}

static gcr_status epsilon_create(const struct gcr_heap_config *config, struct gcr_host *host,
                                 struct gcr_heap **out, struct gcr_error *err)
{
    struct gcr_epsilon *h = gcr_supply_map(host->supply, GCR_PAGES_SIDE, sizeof *h, GCR_PAGE_BYTES);
    if (h == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "epsilon: no room for its first page");
    h->heap = gcr_heap_begin(&gcr_collector_epsilon, host);
    h->pretouch = gcr_option_flag(config->options, "pretouch");
    gcr_region_init(&h->region, host->supply, RESERVATION_BYTES,
                    gcr_page_round((size_t)gcr_option_number(config->options, "step")));
    gcr_status status =
        gcr_layouts_init(&h->layouts, host->supply, host->shapes, host->shape_count, err);
    if (status != GCR_OK) {
        gcr_supply_unmap(host->supply, GCR_PAGES_SIDE, h, sizeof *h);
        return status;
    }
    *out = &h->heap;
    return GCR_OK;
}

/* ---- allocation ---- */

/* Makes sure that `bytes` can be carved, off the clock if the pages are touched as well. */
static bool epsilon_make_room(struct gcr_epsilon *h, uint64_t bytes)
{
    struct gcr_host *host = h->heap.host;
    if (bytes <= (uint64_t)(h->region.top - h->region.free))
        return true;
    bool off_clock = h->pretouch && host->stop_clock != NULL;
    bool harness_pretouch = h->heap.supply->pretouch;
    if (off_clock)
        host->stop_clock(host, true);
    h->heap.supply->pretouch = harness_pretouch || h->pretouch;
    bool grown = gcr_region_grow(&h->region, bytes);
    h->heap.supply->pretouch = harness_pretouch;
    if (off_clock)
        host->stop_clock(host, false);
    return grown;
}

static gcr_ref epsilon_carve(struct gcr_epsilon *h, const struct gcr_layout *layout,
                             uint64_t length)
{
    gcr_ref object = gcr_region_alloc(&h->region, gcr_layout_bytes(layout, length));
    GCR_CHECK(1, object != NULL); /* room was made */
    gcr_layout_set(layout, object, 0, length);
    h->header_bytes += layout->payload;
    return object;
}

/* Object and body, at once. */
static gcr_ref epsilon_new_object(struct gcr_epsilon *h, const struct gcr_shape *shape,
                                  uint64_t length)
{
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    const struct gcr_layout *body = gcr_layout_body(&h->layouts, shape->number);
    bool with_body = length != 0 && gcr_header_is(layout->header, GCR_HEADER_RESIZABLE);
    uint64_t body_bytes = with_body ? gcr_layout_bytes(body, length) : 0;
    if (!epsilon_make_room(h, gcr_layout_bytes(layout, length) + body_bytes))
        return NULL;
    gcr_ref object = epsilon_carve(h, layout, length);
    if (with_body)
        *gcr_object_body(object, layout->header) = epsilon_carve(h, body, length);
    return object;
}

gcr_ref epsilon_alloc_slow(struct gcr_epsilon *h, const struct gcr_shape *shape, uint32_t length,
                           gcr_ref *root)
{
    gcr_ref object = epsilon_new_object(h, shape, length);
    if (object == NULL)
        return NULL;
    h->heap.work.allocated_objects++;
    h->heap.work.allocated_bytes += gcr_shape_object_bytes(shape, length);
    *root = object;
    return object;
}

static gcr_ref epsilon_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape,
                                uint32_t length, uint32_t cookie)
{
    struct gcr_epsilon *h = epsilon_of(heap);
    (void)cookie;
    gcr_ref object = epsilon_new_object(h, shape, length);
    if (object != NULL)
        h->other_bytes += (int64_t)gcr_shape_object_bytes(shape, length);
    return object;
}

static bool epsilon_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length)
{
    struct gcr_epsilon *h = epsilon_of(heap);
    uint64_t header = gcr_object_header(*handle);
    GCR_CHECK(1, gcr_header_is(header, GCR_HEADER_RESIZABLE));
    const struct gcr_layout *layout = gcr_layout_body(&h->layouts, gcr_layout_shape(*handle));
    gcr_ref *word = gcr_object_body(*handle, header);
    gcr_ref old = *word;
    uint64_t before = gcr_body_length(old);
    if (length > before) {
        if (!epsilon_make_room(h, gcr_layout_bytes(layout, length)))
            return false;
        gcr_ref body = epsilon_carve(h, layout, length);
        if (old != NULL) {
            gcr_layout_copy_items(layout, body, old, before);
            h->header_bytes -= layout->payload; /* the old body is garbage */
        }
        GCR_STORE_AS(GCR_CAUSE_DATA, *word, body);
    } else if (length < before) {
        uint64_t slack = gcr_layout_shrink(layout, old, length);
        gcr_layout_fill(&h->layouts, (char *)old + gcr_layout_bytes(layout, length), slack);
    }
    h->other_bytes += ((int64_t)length - (int64_t)before) * (int64_t)layout->item_bytes;
    return true;
}

static void epsilon_collect(struct gcr_heap *heap, uint32_t generation, enum gcr_reason reason)
{
    (void)heap; /* an explicit collection is ignored, as by the original */
    (void)generation;
    (void)reason;
}

/* ---- looking ---- */

static void epsilon_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg)
{
    struct gcr_epsilon *h = epsilon_of(heap);
    (void)gcr_layout_walk(&h->layouts, h->region.start, h->region.free, visit, arg);
}

static void epsilon_footprint(struct gcr_heap *heap, struct gcr_footprint *out)
{
    const struct gcr_epsilon *h = epsilon_of(heap);
    out->objects_bytes = heap->work.allocated_bytes + (uint64_t)h->other_bytes;
    out->headers_bytes = h->header_bytes;
    gcr_footprint_complete(out, heap->supply);
}

/* ---- invariants ---- */

static bool epsilon_fail(struct gcr_error *err, const char *what, const void *where)
{
    (void)gcr_fail(err, GCR_FAULT, "epsilon: %s (at %p)", what, where);
    return false;
}

/* References lead to something in the region that looks like an object of the host's or a body. */
static bool epsilon_check_slots(const struct gcr_epsilon *h, gcr_ref object, struct gcr_error *err)
{
    uint64_t count;
    gcr_ref *slots = gcr_layout_slots(gcr_layout_of(&h->layouts, object), object, &count);
    for (uint64_t i = 0; i < count; i++) {
        const char *to = (const char *)slots[i];
        if (to == NULL)
            continue;
        if (to < h->region.start || to >= h->region.free || (uintptr_t)to % GCR_WORD_BYTES != 0 ||
            !gcr_layout_header_is_sane(&h->layouts, gcr_object_header(slots[i])))
            return epsilon_fail(err, "reference to no object", (void *)&slots[i]);
    }
    return true;
}

static bool epsilon_check(struct gcr_heap *heap, int level, struct gcr_error *err)
{
    const struct gcr_epsilon *h = epsilon_of(heap);
    for (char *at = h->region.start; at < h->region.free;) {
        gcr_ref object = (gcr_ref)(void *)at;
        uint64_t header = gcr_object_header(object);
        if (!gcr_layout_header_is_sane(&h->layouts, header))
            return epsilon_fail(err, "header names no shape", at);
        uint64_t bytes = gcr_layout_object_bytes(gcr_layout_of_header(&h->layouts, header), object);
        if (bytes > (uint64_t)(h->region.free - at))
            return epsilon_fail(err, "object reaches beyond the allocated part", at);
        if (!epsilon_check_slots(h, object, err))
            return false;
        at += bytes;
    }
    if (level >= 3)
        for (const char *at = h->region.free; at < h->region.top; at += GCR_WORD_BYTES)
            if (*(const uint64_t *)(const void *)at != 0)
                return epsilon_fail(err, "free room is not zero", at);
    return true;
}

const struct gcr_collector gcr_collector_epsilon = {
    .name = "epsilon",
    .summary = "never collects; the reference for a program without a collector",
    .source = "after JEP 318, Epsilon: A No-Op Garbage Collector (Shipilev, 2018)",
    .caps = 0,
    .generations = 1,
    .options = epsilon_options,
    .create = epsilon_create,
    .destroy = epsilon_destroy,
    .prebuilt = epsilon_prebuilt,
    .resize = epsilon_resize,
    .weakref = gcr_layout_op_weakref,
    .collect = epsilon_collect,
    .walk = epsilon_walk,
    .shape_number = gcr_layout_op_shape_number,
    .length = gcr_layout_op_length,
    .slot = gcr_layout_op_slot,
    .data = gcr_layout_op_data,
    .weak_target = gcr_layout_op_weak_target,
    .footprint = epsilon_footprint,
    .check = epsilon_check,
};
