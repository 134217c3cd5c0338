/* bdw: the Boehm-Demers-Weiser collector as packaged (libgc), behind the seam; descriptor,
 * creation, and looking at objects.
 *
 * Source: Boehm and Weiser, "Garbage collection in an uncooperative environment", Software:
 * Practice and Experience 18(9), 1988; Demers, Weiser, Hayes, Boehm, Bobrow, Shenker, "Combining
 * generational and conservative garbage collection", POPL 1990; the library by Boehm, Maidanski and
 * others. Nothing of it is imitated here: this folder calls it, and tells it precisely where
 * references are.
 *
 * Invariants: bdw.h. Cost: allocation a few instructions plus libgc's; a collection is libgc's. */
#include "allocators/bdw/bdw.h"

#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS
#include <gc/gc.h>

static const struct gcr_option bdw_options[] = {
    {"mode", GCR_OPT_CHOICE, NULL, "full", 0, 0, "full|incremental|generational",
     "libgc's incremental mode with its time limit, or without (then it is generational)"},
    {"time-limit", GCR_OPT_COUNT, "ms", "15", 1, 999998, NULL,
     "libgc's target for a pause in incremental mode; it reads the clock for that"},
    {"markers", GCR_OPT_COUNT, "threads", "1", 1, 64, NULL,
     "threads that mark, the mutator's included"},
    {"divisor", GCR_OPT_COUNT, "1", "3", 1, 1000, NULL,
     "libgc's free-space divisor: larger collects more often"},
    {"initial", GCR_OPT_BYTES, "bytes", "0", 0, 1099511627776.0, NULL,
     "heap that libgc gets at the beginning; 0: its own choice"},
    {"descriptors", GCR_OPT_CHOICE, NULL, "bitmap", 0, 0, "bitmap|proc",
     "layouts get kinds with a bitmap of their slots where possible, or a mark procedure"},
    {"finalizer-order", GCR_OPT_CHOICE, NULL, "no-order", 0, 0, "no-order|topological",
     "all unreachable ones at once, or parents first (cycles of them then never)"},
    {"counts", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL,
     "count survivors after each collection, with the clock stopped"},
    {.name = NULL},
};

/* ---- creation ---- */

static void bdw_configure(struct gcr_bdw *h, const struct gcr_heap_config *config)
{
    const struct gcr_option_values *options = config->options;
    h->mode = (enum bdw_mode)gcr_option_number(options, "mode");
    h->descriptors = (enum bdw_descriptors)gcr_option_number(options, "descriptors");
    h->finalizers = (enum bdw_finalizers)gcr_option_number(options, "finalizer-order");
    h->counts = gcr_option_flag(options, "counts");
    h->budget_bytes = config->budget_bytes;
    h->reason = GCR_REASON_ALLOCATION;
}

static void bdw_destroy(struct gcr_heap *heap)
{
    struct gcr_bdw *h = bdw_of(heap);
    struct gcr_supply *supply = heap->supply;
    bdw_detach(h);
    bool told = gcr_supply_adjust(supply, GCR_PAGES_OBJECTS, -(int64_t)h->libgc_objects_bytes) &&
                gcr_supply_adjust(supply, GCR_PAGES_SIDE, -(int64_t)h->libgc_side_bytes);
    GCR_CHECK(1, told);
    (void)told;
    gcr_object_set_finish(&h->known);
    gcr_object_set_finish(&h->dead);
    gcr_immortals_finish(&h->immortals);
    if (h->kind_of != NULL)
        gcr_supply_unmap(supply, GCR_PAGES_SIDE, h->kind_of, h->kind_bytes);
    gcr_layouts_finish(&h->layouts, supply);
    gcr_supply_unmap(supply, GCR_PAGES_SIDE, h, sizeof *h);
}

static gcr_status bdw_init_parts(struct gcr_bdw *h, const struct gcr_option_values *options,
                                 struct gcr_error *err)
{
    struct gcr_supply *supply = h->heap.supply;
    h->kind_bytes = 2 * (size_t)h->layouts.shape_count + 3;
    h->kind_of = gcr_supply_map(supply, GCR_PAGES_SIDE, h->kind_bytes, GCR_PAGE_BYTES);
    if (h->kind_of == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "bdw: no room for its table of kinds");
    gcr_immortals_init(&h->immortals, supply, h->budget_bytes != 0);
    gcr_status status = bdw_attach(h, options, err);
    if (status == GCR_OK && !bdw_account(h))
        status = gcr_fail(err, GCR_HEAP_EXHAUSTED, "bdw: libgc itself does not fit the budget");
    return status;
}

static gcr_status bdw_create(const struct gcr_heap_config *config, struct gcr_host *host,
                             struct gcr_heap **out, struct gcr_error *err)
{
    struct gcr_bdw *h = gcr_supply_map(host->supply, GCR_PAGES_SIDE, sizeof *h, GCR_PAGE_BYTES);
    if (h == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "bdw: no room for its first pages");
    h->heap = gcr_heap_begin(&gcr_collector_bdw, host);
    bdw_configure(h, config);
    gcr_status status =
        gcr_layouts_init(&h->layouts, host->supply, host->shapes, host->shape_count, err);
    if (status != GCR_OK) {
        gcr_supply_unmap(host->supply, GCR_PAGES_SIDE, h, sizeof *h);
        return status;
    }
    status = bdw_init_parts(h, config->options, err);
    if (status != GCR_OK) {
        bdw_destroy(&h->heap);
        return status;
    }
    *out = &h->heap;
    return GCR_OK;
}

/* ---- fork ---- */

static void bdw_before_fork(struct gcr_heap *heap)
{
    (void)heap;
    GC_atfork_prepare();
}

static void bdw_after_fork(struct gcr_heap *heap, bool child)
{
    (void)heap;
    if (!child) {
        GC_atfork_parent();
        return;
    }
    GC_atfork_child();
    if (GC_get_parallel() > 0)
        GC_start_mark_threads();
}

/* ---- looking ---- */

/* libgc knows which cells are marked, not which have been given out since. So this is complete in
 * verified runs, which keep a list. */
static void bdw_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg)
{
    struct gcr_bdw *h = bdw_of(heap);
    if (!gcr_immortals_walk(&h->immortals, &h->layouts, visit, arg))
        return;
    for (size_t i = 0; i < h->known.capacity; i++)
        if (h->known.entry[i] != NULL && !visit(arg, (gcr_ref)(uintptr_t)h->known.entry[i]))
            return;
}

static void bdw_footprint(struct gcr_heap *heap, struct gcr_footprint *out)
{
    const struct gcr_bdw *h = bdw_of(heap);
    out->objects_bytes = h->tally.object_bytes + heap->work.allocated_bytes -
                         h->tally.counted_bytes + h->immortals.object_bytes;
    out->headers_bytes = h->tally.header_bytes + h->immortals.header_bytes;
    gcr_footprint_complete(out, heap->supply);
}

static size_t bdw_figures(struct gcr_heap *heap, struct gcr_design_figure *out)
{
    const struct gcr_bdw *h = bdw_of(heap);
    const struct gcr_design_figure figures[] = {
        {"pauses of stops and reclaims apart", "pauses", (double)h->partial, GCR_DESIGN_SUM},
        {"batches of cells", "batches", (double)h->batches, GCR_DESIGN_SUM},
        {"batches from fresh blocks", "batches", (double)h->fresh_batches, GCR_DESIGN_SUM},
        {"large cells", "cells", (double)h->cells, GCR_DESIGN_SUM},
        {"weak links registered", "links", (double)h->links, GCR_DESIGN_SUM},
        {"heap of the library", "bytes", (double)h->libgc_objects_bytes, GCR_DESIGN_MAX},
        {"tables of the library", "bytes", (double)h->libgc_side_bytes, GCR_DESIGN_MAX},
    };
    memcpy(out, figures, sizeof figures);
    return GCR_COUNT_OF(figures);
}

const struct gcr_collector gcr_collector_bdw = {
    .name = "bdw",
    .summary = "the Boehm-Demers-Weiser collector (libgc), told precisely where references are",
    .source = "Boehm and Weiser, Garbage collection in an uncooperative environment, Software: "
              "Practice and Experience 18(9), 1988; libgc 8",
    .caps = GCR_CAP_COLLECTS | GCR_CAP_NO_MODEL | GCR_CAP_THREADS,
    .generations = 1,
    .options = bdw_options,
    .create = bdw_create,
    .destroy = bdw_destroy,
    .prebuilt = bdw_prebuilt,
    .resize = bdw_resize,
    .weakref = bdw_weakref,
    .collect = bdw_collect,
    .before_fork = bdw_before_fork,
    .after_fork = bdw_after_fork,
    .walk = bdw_walk,
    .shape_number = gcr_layout_op_shape_number,
    .length = gcr_layout_op_length,
    .slot = gcr_layout_op_slot,
    .data = gcr_layout_op_data,
    .weak_target = gcr_layout_op_weak_target,
    .footprint = bdw_footprint,
    .figures = bdw_figures,
    .check = bdw_check,
};
