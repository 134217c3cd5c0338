/* explicit-free: frees each object at its DEATH event, as a program with perfect manual memory
 * management would. The reference point for what the objects themselves cost.
 *
 * Blocks come from size-class pools over a boundary-tag heap (allocator=pools), from libc's malloc,
 * or from jemalloc or mimalloc. Objects have the one-word header of common/layout.h; a resizable
 * object's body is a block of its own. Nothing is ever traced, and no reference to a freed object
 * is followed. Finalizers never run: the trace's deaths are after them.
 *
 * Not free of charge: a weak reference must read as null after its target's death. A target that
 * has one carries a flag, and its death looks through the list of weak reference objects. O(1)
 * otherwise. */
#include "allocators/explicit_free/explicit_free.h"

static const size_t PREBUILT_RESERVATION_BYTES = (size_t)64 << 30;
enum { PREBUILT_STEP_BYTES = 64 * 1024 };

static const struct gcr_option explicit_options[] = {
    {"allocator", GCR_OPT_CHOICE, NULL, "pools", 0, 0, "pools|system|jemalloc|mimalloc",
     "where blocks come from: our size-class pools, libc's malloc, or one of the others"},
    {.name = NULL},
};

/* The pools of CPython 3.10 and later. */
static const struct gcr_pools_options explicit_pools = {
    .alignment = 16, .pool_bytes = 16 * 1024, .arena_bytes = 1 << 20, .small_limit = 512};

/* ---- creation ---- */

static gcr_status explicit_open_allocator(struct gcr_explicit_free *h, struct gcr_error *err)
{
#ifdef GCR_MODELLED
    if (h->allocator != EXPLICIT_POOLS)
        return gcr_fail(err, GCR_UNSUPPORTED,
                        "only allocator=pools can be modelled: the others were compiled elsewhere");
#endif
    if (h->allocator != EXPLICIT_POOLS)
        return explicit_foreign_open(&h->foreign, h->heap.supply, h->allocator, err);
    gcr_system_heap_init(&h->large, h->heap.supply);
    return gcr_pools_init(&h->pools, &explicit_pools, h->heap.supply, err);
}

static gcr_status explicit_create(const struct gcr_heap_config *config, struct gcr_host *host,
                                  struct gcr_heap **out, struct gcr_error *err)
{
    struct gcr_explicit_free *h =
        gcr_supply_map(host->supply, GCR_PAGES_SIDE, sizeof *h, GCR_PAGE_BYTES);
    if (h == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "explicit-free: no room for its first page");
    h->heap = gcr_heap_begin(&gcr_collector_explicit_free, host);
    h->allocator = (enum explicit_allocator)gcr_option_number(config->options, "allocator");
    gcr_region_init(&h->prebuilt, host->supply, PREBUILT_RESERVATION_BYTES, PREBUILT_STEP_BYTES);
    gcr_vector_init(&h->weak, host->supply, GCR_PAGES_SIDE, sizeof(gcr_ref));
    gcr_status status =
        gcr_layouts_init(&h->layouts, host->supply, host->shapes, host->shape_count, err);
    if (status != GCR_OK)
        goto fail_layouts;
    status = explicit_open_allocator(h, err);
    if (status != GCR_OK)
        goto fail_allocator;
    *out = &h->heap;
    return GCR_OK;
fail_allocator:
    gcr_layouts_finish(&h->layouts, host->supply);
fail_layouts:
    gcr_supply_unmap(host->supply, GCR_PAGES_SIDE, h, sizeof *h);
    return status;
}

/* ---- blocks ---- */

static void *explicit_block(struct gcr_explicit_free *h, uint64_t bytes)
{
    if (h->allocator != EXPLICIT_POOLS)
        return explicit_foreign_alloc(&h->foreign, h->heap.supply, bytes);
    void *block = bytes <= h->pools.options.small_limit ? gcr_pools_alloc(&h->pools, bytes)
                                                        : gcr_system_heap_alloc(&h->large, bytes);
    if (block != NULL)
        memset(block, 0, bytes);
    return block;
}

static void explicit_give_back(struct gcr_explicit_free *h, void *block)
{
    if (h->allocator != EXPLICIT_POOLS)
        explicit_foreign_free(&h->foreign, h->heap.supply, block);
    else if (gcr_pools_owns(&h->pools, block))
        gcr_pools_free(&h->pools, block);
    else
        gcr_system_heap_free(&h->large, block);
}

/* A body with `length` items, or NULL. */
static gcr_ref explicit_new_body(struct gcr_explicit_free *h, const struct gcr_layout *layout,
                                 uint64_t length)
{
    gcr_ref body = explicit_block(h, gcr_layout_bytes(layout, length));
    if (body != NULL)
        gcr_layout_set(layout, body, 0, length);
    return body;
}

/* ---- allocation and death ---- */

/* An object and its body; NULL with nothing kept. */
static gcr_ref explicit_new_object(struct gcr_explicit_free *h, const struct gcr_shape *shape,
                                   uint64_t length)
{
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    gcr_ref object = explicit_block(h, gcr_layout_bytes(layout, length));
    if (object == NULL)
        return NULL;
    gcr_layout_set(layout, object, 0, length);
    if (length == 0 || !gcr_header_is(layout->header, GCR_HEADER_RESIZABLE))
        return object;
    gcr_ref body = explicit_new_body(h, gcr_layout_body(&h->layouts, shape->number), length);
    *gcr_object_body(object, layout->header) = body;
    if (body != NULL)
        return object;
    explicit_give_back(h, object);
    return NULL;
}

/* What an object and its body add up to. */
static void explicit_measure(const struct gcr_explicit_free *h, gcr_ref object,
                             uint64_t *object_bytes, uint64_t *header_bytes)
{
    uint64_t header = gcr_object_header(object);
    uint64_t length = gcr_layout_items(&h->layouts, object);
    *object_bytes = gcr_shape_object_bytes(&h->heap.shapes[gcr_layout_shape(object)], length);
    *header_bytes = gcr_layout_of_header(&h->layouts, header)->payload;
    if (gcr_header_is(header, GCR_HEADER_RESIZABLE) && *gcr_object_body(object, header) != NULL)
        *header_bytes += GCR_BODY_PREFIX_BYTES;
}

static void explicit_count(struct gcr_explicit_free *h, gcr_ref object)
{
    uint64_t object_bytes, header_bytes;
    explicit_measure(h, object, &object_bytes, &header_bytes);
    h->object_bytes += object_bytes;
    h->header_bytes += header_bytes;
}

/* Room was reserved. */
static void explicit_remember_weak(struct gcr_explicit_free *h, gcr_ref object)
{
    bool pushed = gcr_vector_push_word(&h->weak, (uintptr_t)object);
    GCR_CHECK(1, pushed);
    (void)pushed;
}

gcr_ref explicit_alloc_slow(struct gcr_explicit_free *h, const struct gcr_shape *shape,
                            uint32_t length, gcr_ref *root)
{
    bool weak = gcr_shape_is(shape, GCR_SHAPE_WEAK);
    if (weak && !gcr_vector_reserve(&h->weak, 1))
        return NULL;
    gcr_ref object = explicit_new_object(h, shape, length);
    if (object == NULL)
        return NULL;
    if (weak)
        explicit_remember_weak(h, object);
    explicit_count(h, object);
    h->heap.work.allocated_objects++;
    h->heap.work.allocated_bytes += gcr_shape_object_bytes(shape, length);
    if (h->heap.report_frees)
        gcr_object_set_add(&h->registry, object);
    *root = object;
    return object;
}

static void explicit_clear_weak(struct gcr_explicit_free *h, gcr_ref target)
{
    for (size_t i = 0; i < gcr_vector_count(&h->weak); i++) {
        gcr_ref *word = gcr_object_weak_word(*(gcr_ref *)gcr_vector_at(&h->weak, i));
        if (*word == target)
            GCR_STORE_AS(GCR_CAUSE_HEADER, *word, NULL);
    }
}

static void explicit_forget_weak(struct gcr_explicit_free *h, gcr_ref object)
{
    size_t count = gcr_vector_count(&h->weak);
    for (size_t i = 0; i < count; i++) {
        gcr_ref *entry = gcr_vector_at(&h->weak, i);
        if (*entry == object) {
            *entry = *(gcr_ref *)gcr_vector_at(&h->weak, count - 1);
            gcr_vector_truncate(&h->weak, count - 1);
            return;
        }
    }
}

void explicit_death_slow(struct gcr_explicit_free *h, gcr_ref object)
{
    uint64_t header = gcr_object_header(object);
    uint64_t object_bytes, header_bytes;
    if (gcr_header_is(header,
                      GCR_HEADER_EXTERNAL)) /* prebuilt: immortal, whatever the trace says */
        return;
    if (gcr_header_is(header, EXPLICIT_WATCHED))
        explicit_clear_weak(h, object);
    if (gcr_shape_is(&h->heap.shapes[gcr_layout_shape(object)], GCR_SHAPE_WEAK))
        explicit_forget_weak(h, object);
    if (h->heap.report_frees) {
        (void)gcr_object_set_remove(&h->registry, object);
        h->heap.host->freed(h->heap.host, object);
    }
    explicit_measure(h, object, &object_bytes, &header_bytes);
    h->object_bytes -= object_bytes;
    h->header_bytes -= header_bytes;
    h->heap.work.freed_objects++;
    if (gcr_header_is(header, GCR_HEADER_RESIZABLE)) {
        gcr_ref body = *gcr_object_body(object, header);
        if (body != NULL)
            explicit_give_back(h, body);
    }
    explicit_give_back(h, object);
}

static gcr_ref explicit_prebuilt(struct gcr_heap *heap, const struct gcr_shape *shape,
                                 uint32_t length, uint32_t cookie)
{
    struct gcr_explicit_free *h = explicit_of(heap);
    const struct gcr_layout *layout = &h->layouts.row[shape->number];
    (void)cookie;
    bool weak = gcr_shape_is(shape, GCR_SHAPE_WEAK);
    gcr_ref body = NULL;
    if (weak && !gcr_vector_reserve(&h->weak, 1))
        return NULL;
    if (length != 0 && gcr_header_is(layout->header, GCR_HEADER_RESIZABLE)) {
        body = explicit_new_body(h, gcr_layout_body(&h->layouts, shape->number), length);
        if (body == NULL)
            return NULL;
    }
    gcr_ref object = gcr_region_alloc(&h->prebuilt, gcr_layout_bytes(layout, length));
    if (object == NULL) {
        if (body != NULL)
            explicit_give_back(h, body);
        return NULL;
    }
    gcr_layout_set(layout, object, GCR_HEADER_EXTERNAL, length);
    if (body != NULL)
        *gcr_object_body(object, layout->header) = body;
    if (weak)
        explicit_remember_weak(h, object);
    explicit_count(h, object);
    return object;
}

/* Growing moves the items to a new body; shrinking keeps the block. */
static bool explicit_resize(struct gcr_heap *heap, gcr_ref *handle, uint32_t length)
{
    struct gcr_explicit_free *h = explicit_of(heap);
    gcr_ref object = *handle;
    uint64_t header = gcr_object_header(object);
    GCR_CHECK(1, gcr_header_is(header, GCR_HEADER_RESIZABLE));
    const struct gcr_layout *layout = gcr_layout_body(&h->layouts, gcr_layout_shape(object));
    gcr_ref *word = gcr_object_body(object, header);
    gcr_ref old = *word;
    uint64_t before = gcr_body_length(old);
    if (length > before) {
        gcr_ref body = explicit_new_body(h, layout, length);
        if (body == NULL)
            return false;
        if (old != NULL) {
            gcr_layout_copy_items(layout, body, old, before);
            explicit_give_back(h, old);
        } else {
            h->header_bytes += GCR_BODY_PREFIX_BYTES;
        }
        GCR_STORE_AS(GCR_CAUSE_DATA, *word, body);
        h->object_bytes += (length - before) * layout->item_bytes;
    } else if (length < before) {
        (void)gcr_layout_shrink(layout, old, length);
        h->object_bytes -= (before - length) * layout->item_bytes;
    }
    return true;
}

static bool explicit_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target)
{
    (void)heap;
    GCR_STORE_AS(GCR_CAUSE_DATA, *gcr_object_weak_word(weak), target);
    if (target != NULL)
        GCR_STORE_AS(GCR_CAUSE_HEADER, *gcr_object_word(target, 0),
                     gcr_object_header(target) | EXPLICIT_WATCHED);
    return true;
}

static void explicit_collect(struct gcr_heap *heap, uint32_t generation, enum gcr_reason reason)
{
    (void)heap; /* nothing to collect: deaths are acted on as they come */
    (void)generation;
    (void)reason;
}

/* ---- looking ---- */

struct explicit_walk {
    gcr_walk_visitor *visit;
    void *arg;
};

static bool explicit_visit_block(void *arg, void *block, size_t bytes)
{
    const struct explicit_walk *walk = arg;
    (void)bytes;
    return gcr_header_is(gcr_object_header(block), GCR_HEADER_INTERNAL) ||
           walk->visit(walk->arg, block);
}

/* With a foreign allocator objects are known in verified runs only (the registry). */
static bool explicit_walk_blocks(struct gcr_explicit_free *h, gcr_walk_visitor *visit, void *arg)
{
    struct explicit_walk walk = {visit, arg};
    if (h->allocator == EXPLICIT_POOLS)
        return gcr_pools_walk(&h->pools, explicit_visit_block, &walk) &&
               gcr_system_heap_walk(&h->large, explicit_visit_block, &walk);
    for (size_t i = 0; i < h->registry.capacity; i++)
        if (h->registry.entry[i] != NULL && !visit(arg, (gcr_ref)(uintptr_t)h->registry.entry[i]))
            return false;
    return true;
}

static void explicit_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg)
{
    struct gcr_explicit_free *h = explicit_of(heap);
    if (gcr_layout_walk(&h->layouts, h->prebuilt.start, h->prebuilt.free, visit, arg))
        (void)explicit_walk_blocks(h, visit, arg);
}

static void explicit_footprint(struct gcr_heap *heap, struct gcr_footprint *out)
{
    struct gcr_explicit_free *h = explicit_of(heap);
    out->headers_bytes = h->header_bytes;
    if (h->allocator != EXPLICIT_POOLS)
        (void)explicit_foreign_report(&h->foreign,
                                      heap->supply); /* refused: the old count stands */
    else
        out->headers_bytes +=
            gcr_pools_header_bytes(&h->pools) + gcr_system_heap_header_bytes(&h->large);
    out->objects_bytes = h->object_bytes;
    uint64_t held = heap->supply->by_kind_bytes[GCR_PAGES_OBJECTS];
    if (held < out->objects_bytes + out->headers_bytes) /* only while a report is refused */
        out->headers_bytes = held > out->objects_bytes ? held - out->objects_bytes : 0;
    gcr_footprint_complete(out, heap->supply);
}

/* ---- invariants ---- */

struct explicit_check {
    struct gcr_explicit_free *h;
    uint64_t objects, object_bytes, header_bytes;
    gcr_ref bad;
};

static bool explicit_check_object(void *arg, gcr_ref object)
{
    struct explicit_check *check = arg;
    uint64_t object_bytes, header_bytes;
    if (!gcr_layout_header_is_sane(&check->h->layouts, gcr_object_header(object))) {
        check->bad = object;
        return false;
    }
    explicit_measure(check->h, object, &object_bytes, &header_bytes);
    check->objects++;
    check->object_bytes += object_bytes;
    check->header_bytes += header_bytes;
    return true;
}

/* Headers are sane and the counters are those of the objects found. */
static bool explicit_check(struct gcr_heap *heap, int level, struct gcr_error *err)
{
    struct gcr_explicit_free *h = explicit_of(heap);
    struct explicit_check check = {.h = h};
    bool pooled = h->allocator == EXPLICIT_POOLS;
    if (pooled && level >= 2 &&
        !(gcr_pools_check(&h->pools, err) && gcr_system_heap_check(&h->large, err)))
        return false;
    explicit_walk(heap, explicit_check_object, &check);
    if (check.bad != NULL) {
        (void)gcr_fail(err, GCR_FAULT, "explicit-free: object at %p: header names no shape",
                       (void *)check.bad);
        return false;
    }
    bool all_known = pooled || heap->report_frees;
    if (all_known &&
        (check.object_bytes != h->object_bytes || check.header_bytes != h->header_bytes)) {
        (void)gcr_fail(err, GCR_FAULT,
                       "explicit-free: counters say %llu object bytes, the objects add up to %llu",
                       (unsigned long long)h->object_bytes, (unsigned long long)check.object_bytes);
        return false;
    }
    return true;
}

/* ---- the end ---- */

static bool explicit_free_visited(void *arg, gcr_ref object)
{
    struct gcr_explicit_free *h = arg;
    uint64_t header = gcr_object_header(object);
    gcr_ref body =
        gcr_header_is(header, GCR_HEADER_RESIZABLE) ? *gcr_object_body(object, header) : NULL;
    if (body != NULL)
        explicit_give_back(h, body);
    if (!gcr_header_is(header, GCR_HEADER_EXTERNAL))
        explicit_give_back(h, object);
    return true;
}

/* Blocks of libc's malloc that are alive at the end of an unverified run are not known one by one;
 * they go with the process. Every other allocator frees all it has at once. */
static void explicit_destroy(struct gcr_heap *heap)
{
    struct gcr_explicit_free *h = explicit_of(heap);
    struct gcr_supply *supply = heap->supply;
    if (h->allocator == EXPLICIT_SYSTEM)
        explicit_walk(heap, explicit_free_visited, h);
    if (h->allocator != EXPLICIT_POOLS) {
        explicit_foreign_close(&h->foreign, supply);
    } else {
        gcr_pools_finish(&h->pools);
        gcr_system_heap_finish(&h->large);
    }
    gcr_object_set_finish(&h->registry);
    gcr_region_finish(&h->prebuilt);
    gcr_vector_finish(&h->weak);
    gcr_layouts_finish(&h->layouts, supply);
    gcr_supply_unmap(supply, GCR_PAGES_SIDE, h, sizeof *h);
}

const struct gcr_collector gcr_collector_explicit_free = {
    .name = "explicit-free",
    .summary = "frees each object at its death; the reference for manual memory management",
    .source = "after Hertz and Berger, Quantifying the Performance of Garbage Collection vs. "
              "Explicit Memory Management, OOPSLA 2005",
    .caps = GCR_CAP_NEEDS_DEATHS,
    .generations = 1,
    .options = explicit_options,
    .create = explicit_create,
    .destroy = explicit_destroy,
    .prebuilt = explicit_prebuilt,
    .resize = explicit_resize,
    .weakref = explicit_weakref,
    .collect = explicit_collect,
    .walk = explicit_walk,
    .shape_number = gcr_layout_op_shape_number,
    .length = gcr_layout_op_length,
    .slot = gcr_layout_op_slot,
    .data = gcr_layout_op_data,
    .weak_target = gcr_layout_op_weak_target,
    .footprint = explicit_footprint,
    .check = explicit_check,
};
