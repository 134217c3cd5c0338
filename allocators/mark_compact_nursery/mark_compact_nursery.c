/* mark-compact-nursery: a bump nursery in front of a sliding mark-compact space; descriptor,
 * options, creation, looking at objects.
 *
 * Source: proposed, not built, in PyPy's documentation of its mark-compact collector; the nursery
 * and barrier are those of generation.py, the space is common/compact.h. */
#include "allocators/mark_compact_nursery/mark_compact_nursery.h"

static const struct gcr_option mark_compact_nursery_options[] = {
    {"nursery", GCR_OPT_CACHE_BYTES, "bytes", "4M", 4096, 1073741824.0, NULL,
     "size of the nursery, in whole pages (with a budget at most an eighth of it)"},
    {"follow", GCR_OPT_FLAG, NULL, "off", 0, 0, NULL,
     "keep the nursery at a quarter of what lived after the last major collection, if that is less "
     "(at least 48K)"},
    {"factor", GCR_OPT_RATIO, "1", "1.5", 1.05, 16, NULL,
     "major collection when the space is this many times what lived after the last one"},
    {"floor", GCR_OPT_BYTES, "bytes", "16M", 4096, 1099511627776.0, NULL,
     "no major collection below this much used space"},
    {"filter", GCR_OPT_CHOICE, NULL, "none", 0, 0, "none|value",
     "the barrier's slow path remembers every object stored into, or only for a value in the "
     "nursery"},
    {"space", GCR_OPT_BYTES, "bytes", "1984M", 8192, 1099511627776.0, NULL,
     "address space of the first compact space"},
    {"chunk", GCR_OPT_BYTES, "bytes", "32K", 4096, 1073741824.0, NULL,
     "a move to a larger space gives the old one back in multiples of this"},
    {"move", GCR_OPT_CHOICE, NULL, "objects", 0, 0, "objects|pieces",
     "how a move copies an object that is larger than a chunk: whole, or chunk by chunk"},
    {"grow", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL,
     "move to a space of doubled size when this one is too small"},
    {"worklist", GCR_OPT_CHOICE, NULL, "queue", 0, 0, "queue|stack",
     "order of marking: breadth first or depth first"},
    {"release", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL,
     "give the space's free end back after each collection"},
    {"marks", GCR_OPT_CHOICE, NULL, "header", 0, 0, "header|side",
     "marks and new places in headers with a backup of type ids, or in side tables"},
    {.name = NULL},
};

static uint64_t nursery_bytes(const struct gcr_heap_config *heap)
{
    uint64_t bytes = gcr_option_number(heap->options, "nursery");
    if (heap->budget_bytes != 0 && bytes > heap->budget_bytes / 8)
        bytes = heap->budget_bytes / 8;
    bytes &= ~(uint64_t)(GCR_PAGE_BYTES - 1);
    return bytes != 0 ? bytes : GCR_PAGE_BYTES;
}

static struct gcr_compact_config configure(const struct gcr_heap_config *heap)
{
    const struct gcr_option_values *options = heap->options;
    bool side = gcr_option_number(options, "marks") == 1;
    uint64_t floor = gcr_option_number(options, "floor");
    return (struct gcr_compact_config){
        .mode = GCR_COMPACT_IDEAL,
        .format = side ? GCR_COMPACT_SIDE : GCR_COMPACT_SURVIVORS,
        .factor = gcr_option_ratio(options, "factor"),
        .floor_bytes = floor,
        .first_bytes = floor,
        .space_bytes = gcr_option_number(options, "space"),
        .chunk_bytes = gcr_page_round(gcr_option_number(options, "chunk")),
        .backup_bytes = side ? 0 : 4,
        .lifo = gcr_option_number(options, "worklist") == 1,
        .release = gcr_option_flag(options, "release"),
        .grow = heap->budget_bytes == 0 && gcr_option_flag(options, "grow"),
        .pieces = gcr_option_number(options, "move") == 1,
        .budget_bytes = heap->budget_bytes,
        .promotion_bytes = nursery_bytes(heap),
        .old_flags = GCR_HEADER_NO_YOUNG,
    };
}

/* The remembered set takes room that collections do not need, or none. */
static bool remember_make_room(void *owner, size_t bytes)
{
    return gcr_compact_make_side_room(owner, bytes, NULL);
}

/* What lies in front of the space. False: the supply refused. */
static bool young_create(struct gcr_mark_compact_nursery *h, const struct gcr_heap_config *config)
{
    struct gcr_supply *supply = h->compact.heap.supply;
    const struct gcr_option_values *options = config->options;
    gcr_nursery_init(&h->nursery, 0);
    gcr_remember_init(&h->remember, supply, &h->compact.heap.work);
    h->remember.make_room = remember_make_room;
    h->remember.owner = h;
    h->remember.filter = gcr_option_number(options, "filter") == 1 ? &h->nursery : NULL;
    h->follow = gcr_option_flag(options, "follow");
    h->nominal_bytes = h->compact.config.promotion_bytes;
    h->mapping = gcr_supply_reserve(supply, h->nominal_bytes, GCR_PAGE_BYTES);
    return h->mapping != NULL && mark_compact_nursery_place(h, h->nominal_bytes) &&
           gcr_compact_has_reserve(&h->compact);
}

static void mark_compact_nursery_destroy(struct gcr_heap *heap)
{
    struct gcr_mark_compact_nursery *h = mark_compact_nursery_of(heap);
    if (h->mapping != NULL) {
        gcr_supply_release(heap->supply, GCR_PAGES_OBJECTS, h->mapping, h->committed_bytes);
        gcr_supply_unreserve(heap->supply, h->mapping, h->nominal_bytes);
    }
    gcr_remember_finish(&h->remember);
    gcr_compact_finish(&h->compact);
    gcr_supply_unmap(heap->supply, GCR_PAGES_SIDE, h, sizeof *h);
}

static gcr_status mark_compact_nursery_create(const struct gcr_heap_config *config,
                                              struct gcr_host *host, struct gcr_heap **out,
                                              struct gcr_error *err)
{
    struct gcr_compact_config compact = configure(config);
    struct gcr_mark_compact_nursery *h =
        gcr_supply_map(host->supply, GCR_PAGES_SIDE, sizeof *h, GCR_PAGE_BYTES);
    if (h == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED,
                        "mark-compact-nursery: no room for its first page");
    h->compact.heap = gcr_heap_begin(&gcr_collector_mark_compact_nursery, host);
    gcr_status status = gcr_compact_init(&h->compact, &compact, err);
    if (status != GCR_OK) {
        gcr_supply_unmap(host->supply, GCR_PAGES_SIDE, h, sizeof *h);
        return status;
    }
    if (!young_create(h, config)) {
        mark_compact_nursery_destroy(&h->compact.heap);
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "mark-compact-nursery: no room for its nursery");
    }
    *out = &h->compact.heap;
    return GCR_OK;
}

static void mark_compact_nursery_explicit_collect(struct gcr_heap *heap, uint32_t generation,
                                                  enum gcr_reason reason)
{
    if (generation >= 2)
        (void)mark_compact_nursery_major(gcr_compact_of(heap), reason, 0);
    else
        (void)mark_compact_nursery_minor(mark_compact_nursery_of(heap), reason);
}

/* ---- looking ---- */

static void mark_compact_nursery_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg)
{
    struct gcr_mark_compact_nursery *h = mark_compact_nursery_of(heap);
    bool go_on;
    gcr_compact_walk_old(&h->compact, visit, arg, &go_on);
    for (char *at = h->nursery.start; go_on && at < h->nursery.free;) {
        gcr_ref object = (gcr_ref)(void *)at;
        at += mark_compact_nursery_step(&h->compact.layouts, object);
        if (!gcr_header_is(gcr_object_header(object), GCR_HEADER_INTERNAL))
            go_on = visit(arg, object);
    }
}

static void mark_compact_nursery_footprint(struct gcr_heap *heap, struct gcr_footprint *out)
{
    gcr_compact_footprint(heap, out);
    uint64_t headers = mark_compact_nursery_of(heap)->young_header_bytes;
    out->headers_bytes += headers;
    out->free_bytes -= headers;
}

static size_t mark_compact_nursery_figures(struct gcr_heap *heap, struct gcr_design_figure *out)
{
    struct gcr_mark_compact_nursery *h = mark_compact_nursery_of(heap);
    const struct gcr_design_figure rows[] = {
        {"minor collections", "collections", (double)h->minors, GCR_DESIGN_SUM},
        {"promoted", "bytes", (double)h->promoted_bytes, GCR_DESIGN_SUM},
        {"most promoted at once", "bytes", (double)h->most_promoted_bytes, GCR_DESIGN_MAX},
        {"most remembered", "objects", (double)h->most_remembered, GCR_DESIGN_MAX},
        {"nursery zeroed", "bytes", (double)h->nursery.zeroed_bytes, GCR_DESIGN_SUM},
    };
    memcpy(out, rows, sizeof rows);
    return GCR_COUNT_OF(rows) + gcr_compact_list_figures(&h->compact, out + GCR_COUNT_OF(rows));
}

const struct gcr_collector gcr_collector_mark_compact_nursery = {
    .name = "mark-compact-nursery",
    .summary = "a nursery with a write barrier in front of a sliding mark-compact space",
    .source = "proposed in PyPy's documentation (Rigo, Fijalkowski, about 2009); nursery and "
              "barrier of its generation.py",
    .caps = GCR_CAP_COLLECTS | GCR_CAP_MOVING | GCR_CAP_PRECISE | GCR_CAP_GENERATIONAL |
            GCR_CAP_BARRIER,
    .generations = 2,
    .options = mark_compact_nursery_options,
    .create = mark_compact_nursery_create,
    .destroy = mark_compact_nursery_destroy,
    .prebuilt = mark_compact_nursery_prebuilt,
    .resize = mark_compact_nursery_resize,
    .weakref = mark_compact_nursery_weakref,
    .collect = mark_compact_nursery_explicit_collect,
    .walk = mark_compact_nursery_walk,
    .shape_number = gcr_layout_op_shape_number,
    .length = gcr_layout_op_length,
    .slot = gcr_layout_op_slot,
    .data = gcr_layout_op_data,
    .weak_target = gcr_layout_op_weak_target,
    .footprint = mark_compact_nursery_footprint,
    .figures = mark_compact_nursery_figures,
    .check = mark_compact_nursery_check,
};
