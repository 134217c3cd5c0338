/* hybrid: generational, with external blocks for what is large or lives long; descriptor, creation,
 * where objects are born, and budgets.
 *
 * Source: PyPy's hybrid.py (Rigo, Fijalkowski, 2008).
 *
 *   As generational; but large objects with items are born in blocks of a general-purpose heap that
 * never move and are marked and swept, and small ones that have survived several full collections
 * are moved to such blocks once and for all. Those are collected rarely: generation 3.
 *
 * Invariants: hybrid.h. Cost: young_heap.h; a sweep O(external objects of the generation). */
#include "allocators/hybrid/hybrid.h"

static const struct gcr_option hybrid_options[] = {
    {"large", GCR_OPT_BYTES, "bytes", "6K", 64, 1073741824.0, NULL,
     "an object of at least this size whose items have no references is born external"},
    {"large-pointers", GCR_OPT_BYTES, "bytes", "31K", 64, 1073741824.0, NULL,
     "the same for one whose items have references"},
    {"max-age", GCR_OPT_COUNT, "1", "3", 0, 3, NULL,
     "full collections in the space before an object moves to an external block for good"},
    {"period", GCR_OPT_COUNT, "collections", "20", 1, 1000000, NULL,
     "every so many full collections generation 3 is collected too"},
    {"external", GCR_OPT_CHOICE, NULL, "system", 0, 0, "system|pools",
     "who allocates external blocks: the general-purpose heap alone, or pools for small ones"},
    GCR_YOUNG_OPTIONS,
    GCR_COPY_SPACE_OPTIONS,
    {.name = NULL},
};

/* ---- where objects are born ---- */

/* Objects with items that are not large are young, however many items they have. */
static enum gcr_young_place hybrid_place(const struct gcr_young_heap *young,
                                         const struct gcr_layout *layout, uint64_t length)
{
    const struct gcr_hybrid *h = (const struct gcr_hybrid *)young;
    if (layout->item_bytes == 0)
        return gcr_young_place_by_limits(young, layout, length);
    uint64_t limit = layout->item_slots != 0 ? h->large_pointers_bytes : h->large_bytes;
    uint64_t cut = young->next_bytes / 4 - 1; /* in a small nursery */
    if (young->next_bytes != 0 && limit > cut)
        limit = cut;
    return gcr_layout_bytes(layout, length) >= limit ? GCR_BORN_EXTERNAL : GCR_BORN_YOUNG;
}

/* ---- budgets ---- */

static size_t clamp(size_t bytes, size_t low, size_t high)
{
    bytes = bytes < low ? low : bytes;
    return bytes < high ? bytes : high;
}

/* A third of what the rest leaves, so that another third is for external blocks; room for the
 * objects in use and for the smallest nursery if there is any. */
size_t hybrid_share(const struct gcr_copy_heap *copy, uint64_t extra)
{
    uint64_t rest = gcr_copy_rest_bytes(copy) + extra;
    uint64_t free = rest < copy->budget_bytes ? copy->budget_bytes - rest : 0;
    size_t page_mask = ~(size_t)(GCR_PAGE_BYTES - 1);
    size_t least = gcr_page_round(gcr_copy_space_used(&copy->space) + HYBRID_MIN_NURSERY_BYTES);
    return clamp((size_t)free / 3 & page_mask, least, (size_t)free / 2 & page_mask);
}

/* One collection of everything; then as little space as possible, or as much. */
bool hybrid_last_resort(struct gcr_copy_heap *copy, uint64_t bytes, bool outside)
{
    (void)bytes;
    if (!hybrid_collect_all((struct gcr_hybrid *)copy, GCR_REASON_EMERGENCY))
        return false;
    if (copy->budget_bytes == 0)
        return true;
    size_t most = gcr_copy_half_share(copy, 0), used = gcr_copy_space_used(&copy->space);
    size_t least = gcr_page_round(used + HYBRID_MIN_NURSERY_BYTES);
    size_t wanted = outside && least < most ? least : most;
    if (wanted < used || !gcr_copy_space_set_bytes(&copy->space, wanted))
        return false;
    gcr_young_end_full(copy); /* the nursery follows the space */
    return true;
}

/* ---- life ---- */

static void hybrid_destroy(struct gcr_heap *heap)
{
    gcr_young_destroy(gcr_young_heap_of(heap), sizeof(struct gcr_hybrid));
}

static void hybrid_configure(struct gcr_hybrid *h, const struct gcr_option_values *options)
{
    struct gcr_young_heap *young = &h->young;
    gcr_young_init(young, options, HYBRID_MIN_NURSERY_BYTES);
    h->large_bytes = gcr_option_number(options, "large");
    h->large_pointers_bytes = gcr_option_number(options, "large-pointers");
    h->max_age = (uint32_t)gcr_option_number(options, "max-age");
    h->period = (uint32_t)gcr_option_number(options, "period");
    young->place = hybrid_place;
    young->small_cap_bytes =
        (h->large_bytes < h->large_pointers_bytes ? h->large_bytes : h->large_pointers_bytes) - 1;
}

static gcr_status hybrid_create(const struct gcr_heap_config *config, struct gcr_host *host,
                                struct gcr_heap **out, struct gcr_error *err)
{
    struct gcr_copy_heap *copy;
    bool pools = gcr_option_number(config->options, "external") == 1;
    gcr_status status = gcr_copy_heap_create(config, host, &gcr_collector_hybrid, &hybrid_design,
                                             sizeof(struct gcr_hybrid), pools, &copy, err);
    if (status != GCR_OK)
        return status;
    hybrid_configure((struct gcr_hybrid *)copy, config->options);
    status = gcr_copy_heap_open(copy, config, err);
    if (status != GCR_OK) {
        hybrid_destroy(&copy->heap);
        return status;
    }
    gcr_young_open(gcr_young_heap_of(&copy->heap));
    *out = &copy->heap;
    return GCR_OK;
}

static void hybrid_collect(struct gcr_heap *heap, uint32_t generation, enum gcr_reason reason)
{
    if (generation >= 2)
        (void)hybrid_collect_all(hybrid_of(heap), reason);
    else
        gcr_young_collect(heap, generation, reason);
}

/* ---- looking ---- */

static size_t hybrid_figures(struct gcr_heap *heap, struct gcr_design_figure *out)
{
    const struct gcr_hybrid *h = hybrid_of(heap);
    const struct gcr_externals *external = &h->young.copy.external;
    size_t count = gcr_young_figures(heap, out);
    const struct gcr_design_figure figures[] = {
        {"collections of generation 3", "collections", (double)h->all_rounds, GCR_DESIGN_SUM},
        {"generation 2 external objects", "objects", (double)gcr_vector_count(&external->gen2),
         GCR_DESIGN_MAX},
        {"generation 3 objects", "objects", (double)gcr_vector_count(&external->gen3),
         GCR_DESIGN_MAX},
        {"aged objects", "objects", (double)h->aged_objects, GCR_DESIGN_SUM},
        {"aged bytes", "bytes", (double)h->aged_bytes, GCR_DESIGN_SUM},
        {"freed external objects", "objects", (double)h->freed_externals, GCR_DESIGN_SUM},
    };
    memcpy(out + count, figures, sizeof figures);
    return count + GCR_COUNT_OF(figures);
}

/* Ages of external objects; prebuilt ones are of generation 3, too. */
static bool hybrid_check_object(struct gcr_copy_check *check, gcr_ref object)
{
    uint64_t header = gcr_object_header(object);
    if (!gcr_header_is(header, GCR_HEADER_EXTERNAL))
        return true;
    bool oldest = (header & GCR_HEADER_AGE_MASK) == GCR_HEADER_AGE_MASK;
    if (gcr_header_is(header, GCR_HEADER_UNVISITED) == oldest)
        return gcr_copy_check_fail(check, "external object's age is not that of its generation",
                                   (void *)object);
    return true;
}

bool hybrid_check(struct gcr_heap *heap, int level, struct gcr_error *err)
{
    return gcr_young_check(heap, level, hybrid_check_object, err);
}

const struct gcr_collector gcr_collector_hybrid = {
    .name = "hybrid",
    .summary = "generational copying; large and long-lived objects stop moving, marked and swept",
    .source = "PyPy's hybrid.py",
    .caps = GCR_CAP_COLLECTS | GCR_CAP_MOVING | GCR_CAP_GENERATIONAL | GCR_CAP_BARRIER |
            GCR_CAP_PRECISE,
    .generations = 3,
    .options = hybrid_options,
    .create = hybrid_create,
    .destroy = hybrid_destroy,
    .prebuilt = gcr_copy_op_prebuilt,
    .resize = gcr_young_resize,
    .weakref = gcr_young_weakref,
    .collect = hybrid_collect,
    .walk = gcr_young_walk,
    .shape_number = gcr_layout_op_shape_number,
    .length = gcr_layout_op_length,
    .slot = gcr_layout_op_slot,
    .data = gcr_layout_op_data,
    .weak_target = gcr_layout_op_weak_target,
    .footprint = gcr_copy_op_footprint,
    .figures = hybrid_figures,
    .check = hybrid_check,
};
