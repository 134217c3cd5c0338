/* The copying heap's life, and what it reports. */
#include "allocators/common/copy_heap.h"

gcr_status gcr_copy_heap_create(const struct gcr_heap_config *config, struct gcr_host *host,
                                const struct gcr_collector *collector,
                                const struct gcr_copy_design *design, size_t heap_bytes, bool pools,
                                struct gcr_copy_heap **out, struct gcr_error *err)
{
    struct gcr_supply *supply = host->supply;
    struct gcr_copy_space space;
    gcr_status status = gcr_copy_space_init(&space, supply, config->options, err);
    if (status != GCR_OK)
        return status;
    struct gcr_copy_heap *h = gcr_supply_map(supply, GCR_PAGES_SIDE, heap_bytes, GCR_PAGE_BYTES);
    if (h == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "%s: no room for its first page", design->name);
    h->heap = gcr_heap_begin(collector, host);
    h->space = space;
    h->design = design;
    h->budget_bytes = config->budget_bytes;
    gcr_immortals_init(&h->prebuilt, supply, config->budget_bytes != 0);
    gcr_weak_list_init(&h->weak, supply);
    gcr_finalizer_list_init(&h->finalizers, supply);
    status = gcr_layouts_init(&h->layouts, supply, host->shapes, host->shape_count, err);
    if (status == GCR_OK)
        status = gcr_externals_init(&h->external, host, design->ages, pools, err);
    if (status == GCR_OK)
        *out = h;
    else
        gcr_copy_heap_destroy(h, heap_bytes);
    return status;
}

static bool copy_heap_create_halves(struct gcr_copy_heap *h, uint64_t start_bytes)
{
    if (h->budget_bytes == 0) {
        size_t bytes = gcr_page_round((size_t)start_bytes);
        return gcr_copy_space_create(&h->space, bytes, bytes);
    }
    return gcr_copy_space_create(&h->space, h->design->share(h, 0),
                                 gcr_page_round((size_t)h->budget_bytes / 2));
}

gcr_status gcr_copy_heap_open(struct gcr_copy_heap *h, const struct gcr_heap_config *config,
                              struct gcr_error *err)
{
    if (!copy_heap_create_halves(h, gcr_option_number(config->options, "start")))
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "%s: no room for its two halves", h->design->name);
    h->external_allowance = (int64_t)h->space.bytes;
    return GCR_OK;
}

void gcr_copy_heap_destroy(struct gcr_copy_heap *h, size_t heap_bytes)
{
    struct gcr_supply *supply = h->heap.supply;
    gcr_copy_space_destroy(&h->space);
    gcr_immortals_finish(&h->prebuilt);
    if (h->external.host != NULL)
        gcr_externals_finish(&h->external);
    gcr_weak_list_finish(&h->weak);
    gcr_finalizer_list_finish(&h->finalizers);
    if (h->layouts.row != NULL)
        gcr_layouts_finish(&h->layouts, supply);
    gcr_supply_unmap(supply, GCR_PAGES_SIDE, h, heap_bytes);
}

void gcr_copy_op_footprint(struct gcr_heap *heap, struct gcr_footprint *out)
{
    const struct gcr_copy_heap *h = gcr_copy_heap_of(heap);
    const struct gcr_copy_tally *tally = &h->tally;
    out->objects_bytes = tally->object_bytes + heap->work.allocated_bytes - tally->marked_bytes;
    out->headers_bytes = tally->header_bytes + tally->fresh_header_bytes +
                         gcr_externals_overhead_bytes(&h->external);
    gcr_footprint_complete(out, heap->supply);
}

size_t gcr_copy_figures(const struct gcr_copy_heap *h, struct gcr_design_figure *out)
{
    const struct gcr_design_figure figures[] = {
        {"full collections", "collections", (double)h->full_collections, GCR_DESIGN_SUM},
        {"space size", "bytes", (double)h->space.bytes, GCR_DESIGN_MAX},
        {"space used", "bytes", (double)gcr_copy_space_used(&h->space), GCR_DESIGN_MAX},
        {"red-zone counter", "1", (double)h->space.red_zone, GCR_DESIGN_MAX},
        {"external objects", "objects", (double)h->external.objects, GCR_DESIGN_MAX},
        {"external bytes", "bytes", (double)h->external.block_bytes, GCR_DESIGN_MAX},
    };
    memcpy(out, figures, sizeof figures);
    return GCR_COUNT_OF(figures);
}
