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

#include "allocators/common/copy_check.h"

static const struct gcr_option semispace_options[] = {GCR_COPY_SPACE_OPTIONS, {.name = NULL}};

static void semispace_destroy(struct gcr_heap *heap)
{
    gcr_copy_heap_destroy(gcr_copy_heap_of(heap), sizeof(struct gcr_semispace));
}

static gcr_status semispace_create(const struct gcr_heap_config *config, struct gcr_host *host,
                                   struct gcr_heap **out, struct gcr_error *err)
{
    struct gcr_copy_heap *h;
    gcr_status status =
        gcr_copy_heap_create(config, host, &gcr_collector_semispace, &semispace_design,
                             sizeof(struct gcr_semispace), false, &h, err);
    if (status != GCR_OK)
        return status;
    status = gcr_copy_heap_open(h, config, err);
    if (status == GCR_OK)
        *out = &h->heap;
    else
        semispace_destroy(&h->heap);
    return status;
}

static void semispace_collect(struct gcr_heap *heap, uint32_t generation, enum gcr_reason reason)
{
    if (generation >= 2)
        (void)gcr_copy_collect(gcr_copy_heap_of(heap), reason, false);
}

/* ---- looking ---- */

static void semispace_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg)
{
    gcr_copy_walk(gcr_copy_heap_of(heap), NULL, NULL, NULL, visit, arg);
}

static size_t semispace_figures(struct gcr_heap *heap, struct gcr_design_figure *out)
{
    return gcr_copy_figures(gcr_copy_heap_of(heap), out);
}

bool semispace_check(struct gcr_heap *heap, int level, struct gcr_error *err)
{
    struct gcr_copy_check check = {.h = gcr_copy_heap_of(heap), .level = level, .err = err};
    return gcr_copy_check(&check);
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
    .prebuilt = gcr_copy_op_prebuilt,
    .resize = semispace_resize,
    .weakref = gcr_layout_op_weakref,
    .collect = semispace_collect,
    .walk = semispace_walk,
    .shape_number = gcr_layout_op_shape_number,
    .length = gcr_layout_op_length,
    .slot = gcr_layout_op_slot,
    .data = gcr_layout_op_data,
    .weak_target = gcr_layout_op_weak_target,
    .footprint = gcr_copy_op_footprint,
    .figures = semispace_figures,
    .check = semispace_check,
};
