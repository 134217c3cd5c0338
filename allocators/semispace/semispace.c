/* semispace: two-space copying collector; descriptor, creation, and looking at objects.
 *
 * Source: Cheney, "A nonrecursive list compacting algorithm", CACM 13(11), 1970, with the sizing
 * rules and finalizer order of PyPy's semispace.py (Rigo, Fijalkowski, about 2007).
 *
 *   Allocate by bumping `free` in one half. When it is full, make the other half the current one
 * and copy into it what the roots and the prebuilt objects refer to; the copied region is its own
 * queue. Then give the old half's pages back. When too little was freed, double both halves.
 *
 * Invariants: semispace.h. Cost: allocation a few instructions; a collection O(live bytes); memory
 * S between collections, 2S inside one. Not simulated: identity hashes (no event takes one). */
#include "allocators/semispace/semispace.h"

enum { PREBUILT_STEP_BYTES = 64 * 1024 };
static const size_t PREBUILT_RESERVATION_BYTES = (size_t)64 << 30;

static const struct gcr_option semispace_options[] = {
    {"start", GCR_OPT_BYTES, "bytes", "8M", 4096, 1099511627776.0, NULL,
     "size of each half at the beginning (native sizing)"},
    {"max", GCR_OPT_BYTES, "bytes", "1024G", 4096, 1099511627776.0, NULL,
     "size of each half above which the space is not doubled (native sizing)"},
    {"red-zone", GCR_OPT_COUNT, "1", "3", 1, 1000, NULL,
     "a collection that leaves less than 1/this of the space free counts once; two counts double"},
    {"red-zone-deep", GCR_OPT_COUNT, "1", "5", 1, 1000, NULL,
     "a collection that leaves less than 1/this of the space free counts twice"},
    {"clear", GCR_OPT_CHOICE, NULL, "dontneed", 0, 0, "dontneed|memset|none",
     "how the evacuated half is emptied: given back, zeroed in place, or zeroed when allocated "
     "from"},
    {.name = NULL},
};

static void semispace_configure(struct gcr_semispace *h, const struct gcr_heap_config *config)
{
    const struct gcr_option_values *options = config->options;
    h->clear = (enum semispace_clear)gcr_option_number(options, "clear");
    h->budget_bytes = config->budget_bytes;
    h->max_space_bytes = gcr_option_number(options, "max");
    h->red_zone_divisor = (uint32_t)gcr_option_number(options, "red-zone");
    h->red_zone_deep_divisor = (uint32_t)gcr_option_number(options, "red-zone-deep");
}

static void semispace_init_parts(struct gcr_semispace *h)
{
    struct gcr_supply *supply = h->heap.supply;
    gcr_region_init(&h->prebuilt, supply, PREBUILT_RESERVATION_BYTES,
                    h->budget_bytes != 0 ? GCR_PAGE_BYTES : PREBUILT_STEP_BYTES);
    gcr_system_heap_init(&h->pinned_heap, supply);
    gcr_vector_init(&h->pinned, supply, GCR_PAGES_SIDE, sizeof(gcr_ref));
    gcr_vector_init(&h->pinned_gray, supply, GCR_PAGES_WORK, sizeof(gcr_ref));
    gcr_vector_init(&h->weak, supply, GCR_PAGES_SIDE, sizeof(gcr_ref));
    gcr_vector_init(&h->finalizable, supply, GCR_PAGES_SIDE, sizeof(struct semispace_finalizable));
    gcr_vector_init(&h->pending, supply, GCR_PAGES_WORK, sizeof(gcr_ref));
}

static void semispace_destroy(struct gcr_heap *heap)
{
    struct gcr_semispace *h = semispace_of(heap);
    struct gcr_supply *supply = heap->supply;
    semispace_spaces_destroy(h);
    gcr_region_finish(&h->prebuilt);
    gcr_system_heap_finish(&h->pinned_heap);
    gcr_vector_finish(&h->pinned);
    gcr_vector_finish(&h->pinned_gray);
    gcr_vector_finish(&h->weak);
    gcr_vector_finish(&h->finalizable);
    gcr_vector_finish(&h->pending);
    gcr_layouts_finish(&h->layouts, supply);
    gcr_supply_unmap(supply, GCR_PAGES_SIDE, h, sizeof *h);
}

static gcr_status semispace_create(const struct gcr_heap_config *config, struct gcr_host *host,
                                   struct gcr_heap **out, struct gcr_error *err)
{
    uint64_t start = gcr_option_number(config->options, "start");
    if (start > gcr_option_number(config->options, "max"))
        return gcr_fail(err, GCR_USAGE, "semispace: start is above max");
    struct gcr_semispace *h =
        gcr_supply_map(host->supply, GCR_PAGES_SIDE, sizeof *h, GCR_PAGE_BYTES);
    if (h == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "semispace: no room for its first page");
    h->heap = gcr_heap_begin(&gcr_collector_semispace, host);
    semispace_configure(h, config);
    semispace_init_parts(h);
    gcr_status status =
        gcr_layouts_init(&h->layouts, host->supply, host->shapes, host->shape_count, err);
    if (status != GCR_OK) {
        gcr_supply_unmap(host->supply, GCR_PAGES_SIDE, h, sizeof *h);
        return status;
    }
    if (!semispace_spaces_create(h, start)) {
        semispace_destroy(&h->heap);
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "semispace: no room for its two halves");
    }
    h->pinned_allowance = (int64_t)h->space_bytes;
    *out = &h->heap;
    return GCR_OK;
}

static void semispace_explicit_collect(struct gcr_heap *heap, uint32_t generation,
                                       enum gcr_reason reason)
{
    if (generation >= 2)
        (void)semispace_collect(semispace_of(heap), reason, false);
}

/* ---- looking ---- */

static void semispace_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg)
{
    struct gcr_semispace *h = semispace_of(heap);
    if (!gcr_layout_walk(&h->layouts, h->prebuilt.start, h->prebuilt.free, visit, arg))
        return;
    for (size_t i = 0; i < gcr_vector_count(&h->pinned); i++)
        if (!visit(arg, *(gcr_ref *)gcr_vector_at(&h->pinned, i)))
            return;
    (void)gcr_layout_walk(&h->layouts, h->to.start, h->free, visit, arg);
}

static void semispace_footprint(struct gcr_heap *heap, struct gcr_footprint *out)
{
    const struct gcr_semispace *h = semispace_of(heap);
    out->objects_bytes = h->tally.object_bytes + heap->work.allocated_bytes - h->tally.marked_bytes;
    out->headers_bytes = h->tally.header_bytes + gcr_system_heap_header_bytes(&h->pinned_heap);
    gcr_footprint_complete(out, heap->supply);
}

const struct gcr_collector gcr_collector_semispace = {
    .name = "semispace",
    .summary = "two-space copying collector; grows by doubling, gives the empty half back",
    .source = "Cheney, A nonrecursive list compacting algorithm, CACM 13(11), 1970; "
              "sizing and finalizer order of PyPy's semispace.py",
    .caps = GCR_CAP_COLLECTS | GCR_CAP_MOVING | GCR_CAP_PRECISE,
    .generations = 1,
    .options = semispace_options,
    .create = semispace_create,
    .destroy = semispace_destroy,
    .prebuilt = semispace_prebuilt,
    .resize = semispace_resize,
    .weakref = gcr_layout_op_weakref,
    .collect = semispace_explicit_collect,
    .walk = semispace_walk,
    .shape_number = gcr_layout_op_shape_number,
    .length = gcr_layout_op_length,
    .slot = gcr_layout_op_slot,
    .data = gcr_layout_op_data,
    .weak_target = gcr_layout_op_weak_target,
    .footprint = semispace_footprint,
    .check = semispace_check,
};
