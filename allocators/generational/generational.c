/* generational: semispace with a nursery in front; descriptor and creation.
 *
 * Source: PyPy's generation.py (Rigo, Fijalkowski, 2008): Ungar, "Generation scavenging: a
 * non-disruptive high performance storage reclamation algorithm", 1984, with promotion after one
 * survival and a list of remembered objects.
 *
 *   Allocate small objects in a nursery of about half the L2 cache. When it is full, copy what
 * survives behind it and begin it anew; when there is no room for that, collect everything as
 * semispace does.
 *
 * Invariants and cost: common/young_heap.h. Differs from the source: weak references may be given a
 * young target when they are old. */
#include "allocators/generational/generational.h"

static const struct gcr_option generational_options[] = {
    GCR_YOUNG_OPTIONS, GCR_COPY_SPACE_OPTIONS, {.name = NULL}};

static void generational_destroy(struct gcr_heap *heap)
{
    gcr_young_destroy(gcr_young_heap_of(heap), sizeof(struct gcr_generational));
}

static gcr_status generational_create(const struct gcr_heap_config *config, struct gcr_host *host,
                                      struct gcr_heap **out, struct gcr_error *err)
{
    struct gcr_copy_heap *copy;
    gcr_status status =
        gcr_copy_heap_create(config, host, &gcr_collector_generational, &generational_design,
                             sizeof(struct gcr_generational), false, &copy, err);
    if (status != GCR_OK)
        return status;
    gcr_young_init(gcr_young_heap_of(&copy->heap), config->options, GCR_NURSERY_MIN_BYTES);
    status = gcr_copy_heap_open(copy, config, err);
    if (status != GCR_OK) {
        generational_destroy(&copy->heap);
        return status;
    }
    gcr_young_open(gcr_young_heap_of(&copy->heap));
    *out = &copy->heap;
    return GCR_OK;
}

bool generational_check(struct gcr_heap *heap, int level, struct gcr_error *err)
{
    return gcr_young_check(heap, level, NULL, err);
}

const struct gcr_collector gcr_collector_generational = {
    .name = "generational",
    .summary = "nursery in front of a two-space copying collector; survivors are old at once",
    .source = "PyPy's generation.py, after Ungar, Generation scavenging, 1984",
    .caps = GCR_CAP_COLLECTS | GCR_CAP_MOVING | GCR_CAP_GENERATIONAL | GCR_CAP_BARRIER |
            GCR_CAP_PRECISE,
    .generations = 2,
    .options = generational_options,
    .create = generational_create,
    .destroy = generational_destroy,
    .prebuilt = gcr_copy_op_prebuilt,
    .resize = gcr_young_resize,
    .weakref = gcr_young_weakref,
    .collect = gcr_young_collect,
    .walk = gcr_young_walk,
    .shape_number = gcr_layout_op_shape_number,
    .length = gcr_layout_op_length,
    .slot = gcr_layout_op_slot,
    .data = gcr_layout_op_data,
    .weak_target = gcr_layout_op_weak_target,
    .footprint = gcr_copy_op_footprint,
    .figures = gcr_young_figures,
    .check = generational_check,
};
