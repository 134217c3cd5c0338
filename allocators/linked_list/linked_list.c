/* linked-list: options, life cycle, descriptor. See linked_list.h for the parts. */
#include "allocators/linked_list/linked_list_design.h"

extern const struct gcr_collector gcr_collector_linked_list;

static const struct gcr_option linked_list_options[] = {
    {"head", GCR_OPT_CHOICE, NULL, "16", 0, 0, "16|24|32",
     "bytes of the GC head: 16 as in CPython 3.8 to 3.11, 24 as in 3.6, 32 as in 3.7.4"},
    {"alignment", GCR_OPT_CHOICE, NULL, "auto", 0, 0, "auto|8|16",
     "alignment of blocks and spacing of size classes in bytes; auto is 8 for a head of 24, else "
     "16"},
    {"pool", GCR_OPT_BYTES, "bytes", "0", 0, 65536, NULL,
     "size of a pool, a power of two from 4K; 0 is 4K for a head of 24, else 16K"},
    {"arena", GCR_OPT_BYTES, "bytes", "0", 0, 67108864, NULL,
     "size of an arena, a power of two from 64K; 0 is 256K for a head of 24, else 1M"},
    GCR_COUNTING_COUNTS_OPTION,
    GCR_COUNTING_GEOMETRY_OPTIONS,
    GCR_COUNTING_POLICY_OPTIONS("once"),
    GCR_COUNTING_FREEZE_OPTION,
    {"separate-pools", GCR_OPT_FLAG, NULL, "off", 0, 0, NULL,
     "containers live in pools of their own"},
    {0},
};

/* ---- life cycle ---- */

/* The allocator's geometry goes with the version that the head's size stands for. */
static gcr_status open_pools(struct linked_list *ll, const struct gcr_option_values *options,
                             struct gcr_error *err)
{
    bool old = ll->head_bytes == 24;
    uint64_t alignment = gcr_option_number(options, "alignment");
    uint64_t pool = gcr_option_number(options, "pool");
    uint64_t arena = gcr_option_number(options, "arena");
    struct gcr_pools_options geometry = {
        .alignment = alignment == 0 ? (old ? 8 : 16) : (uint32_t)alignment * 8,
        .pool_bytes = pool != 0 ? (uint32_t)pool
                      : old     ? 4096
                                : 16384,
        .arena_bytes = arena != 0 ? (uint32_t)arena
                       : old      ? 256 << 10
                                  : 1 << 20,
        .small_limit = (uint32_t)gcr_option_number(options, "small-limit"),
    };
    bool apart = gcr_option_flag(options, "separate-pools");
    return gcr_counting_open_pools(&ll->counting, &geometry, apart ? &geometry : NULL, err);
}

static void linked_list_destroy(struct gcr_heap *heap)
{
    struct gcr_supply *supply = heap->supply;
    gcr_counting_finish(gcr_counting_of(heap));
    gcr_supply_unmap(supply, GCR_PAGES_SIDE, heap, sizeof(struct linked_list));
}

static gcr_status linked_list_create(const struct gcr_heap_config *config, struct gcr_host *host,
                                     struct gcr_heap **out, struct gcr_error *err)
{
    static const uint32_t head_of_choice[] = {16, 24, 32};
    /* On supply pages, so that list heads are counted and have the same address in every run. */
    struct linked_list *ll =
        gcr_supply_map(host->supply, GCR_PAGES_SIDE, sizeof *ll, GCR_PAGE_BYTES);
    if (ll == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "no room for the heap's own %zu bytes",
                        sizeof *ll);
    bool side = gcr_option_number(config->options, "counts") == 1;
    gcr_counting_init(&ll->counting, &gcr_collector_linked_list,
                      side ? &linked_list_side_design : &linked_list_design, host, config->options);
    ll->head_bytes = head_of_choice[gcr_option_number(config->options, "head")];
    ll->head_distance = ll->head_bytes - ll->counting.absent_bytes;
    ll->packed = ll->head_bytes == 16;
    for (int g = 0; g < GCR_COUNTING_GENERATIONS; g++)
        gcr_gc_list_init(&ll->generation[g]);
    gcr_gc_list_init(&ll->permanent);
    gcr_status status = open_pools(ll, config->options, err);
    if (status == GCR_OK)
        status = gcr_counting_describe(&ll->counting, ll->head_bytes, ll->head_bytes, err);
    if (status != GCR_OK) {
        linked_list_destroy(&ll->counting.base);
        return status;
    }
    *out = &ll->counting.base;
    return GCR_OK;
}

/* ---- events that are not hot ---- */

static void linked_list_collect(struct gcr_heap *heap, uint32_t generation, enum gcr_reason reason)
{
    gcr_linked_list_collect(gcr_counting_of(heap), generation, reason);
}

static void linked_list_freeze(struct gcr_heap *heap)
{
    struct linked_list *ll = linked_list_of(heap);
    for (int g = 0; g < GCR_COUNTING_GENERATIONS; g++) {
        gcr_gc_list_merge(&ll->generation[g], &ll->permanent);
        ll->counting.count[g] = 0;
    }
}

static void linked_list_unfreeze(struct gcr_heap *heap)
{
    struct linked_list *ll = linked_list_of(heap);
    gcr_gc_list_merge(&ll->permanent, &ll->generation[GCR_COUNTING_GENERATIONS - 1]);
}

static size_t linked_list_figures(struct gcr_heap *heap, struct gcr_design_figure *out)
{
    const struct linked_list *ll = linked_list_of(heap);
    uint64_t tracked = gcr_gc_list_count(&ll->permanent);
    for (int g = 0; g < GCR_COUNTING_GENERATIONS; g++)
        tracked += gcr_gc_list_count(&ll->generation[g]);
    size_t common = gcr_counting_figures(&ll->counting, out);
    out[common] = (struct gcr_design_figure){"tracked containers", "objects", (double)tracked,
                                             GCR_DESIGN_MAX};
    return common + 1;
}

const struct gcr_collector gcr_collector_linked_list = {
    .name = "linked-list",
    .summary = "CPython's reference counting with generational cycle collection on linked lists",
    .source = "CPython 3.11 Modules/gcmodule.c and Objects/obmalloc.c; GC heads of 3.6 and 3.7",
    .caps = GCR_CAP_COLLECTS | GCR_CAP_GENERATIONAL | GCR_CAP_REFCOUNTING | GCR_CAP_COUNTS_ROOTS |
            GCR_CAP_COUNTS_LOADS,
    .generations = GCR_COUNTING_GENERATIONS,
    .options = linked_list_options,
    .create = linked_list_create,
    .destroy = linked_list_destroy,
    .prebuilt = gcr_counting_prebuilt,
    .resize = gcr_counting_resize,
    .weakref = gcr_counting_weakref,
    .collect = linked_list_collect,
    .gc_control = gcr_counting_gc_control,
    .freeze = linked_list_freeze,
    .unfreeze = linked_list_unfreeze,
    .thread = NULL,
    .before_fork = gcr_counting_before_fork,
    .after_fork = NULL,
    .walk = gcr_counting_walk,
    .shape_number = gcr_counting_shape_number,
    .length = gcr_counting_length,
    .slot = gcr_counting_slot,
    .data = gcr_counting_data,
    .weak_target = gcr_counting_weak_target,
    .footprint = gcr_counting_footprint,
    .figures = linked_list_figures,
    .check = gcr_linked_list_check,
};
