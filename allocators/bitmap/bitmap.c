/* bitmap: options, life cycle, descriptor. See bitmap.h for the parts. */
#include "allocators/bitmap/bitmap_design.h"

extern const struct gcr_collector gcr_collector_bitmap;

static const struct gcr_option bitmap_options[] = {
    {"index", GCR_OPT_CHOICE, NULL, "slot", 0, 0, "slot|granule",
     "what a bit of a plane stands for: a block of the pool, or each 8 or 16 bytes of it"},
    {"working-counts", GCR_OPT_CHOICE, NULL, "rank", 0, 0, "rank|full",
     "working counts of a collection: one for each candidate, found by its rank among the "
     "candidates, or one for each block of the pools that have candidates"},
    {"ownership", GCR_OPT_CHOICE, NULL, "range", 0, 0, "sized|range|radix",
     "how free learns where a block is from: from the object's type and size, from the address "
     "ranges of the pools, or from one radix tree over all arenas"},
    {"planes", GCR_OPT_CHOICE, NULL, "side", 0, 0, "side|header",
     "where the permanent planes of a pool lie: in a side table, or in the pool's header, which "
     "shares a page with objects"},
    {"alloc-plane", GCR_OPT_FLAG, NULL, "off", 0, 0, NULL,
     "keep a plane of the blocks in use, too"},
    {"separate-arenas", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL,
     "containers live in arenas of their own"},
    {"work-list", GCR_OPT_COUNT, "objects", "0", 0, 1000000000, NULL,
     "most entries of the work list; objects beyond are found again by a second scan of their "
     "pool; 0 is no limit"},
    {"alignment", GCR_OPT_CHOICE, NULL, "16", 0, 0, "16|8",
     "alignment of blocks and spacing of size classes in bytes"},
    {"pool", GCR_OPT_BYTES, "bytes", "16K", 4096, 65536, NULL,
     "size of a pool, a power of two from 4K"},
    {"arena", GCR_OPT_BYTES, "bytes", "1M", 65536, 67108864, NULL,
     "size of an arena, a power of two from 64K"},
    GCR_COUNTING_COUNTS_OPTION,
    GCR_COUNTING_GEOMETRY_OPTIONS,
    GCR_COUNTING_POLICY_OPTIONS("fixpoint"),
    GCR_COUNTING_FREEZE_OPTION,
    {0},
};

/* Address space for the arenas of containers, and of others if ownership asks for a range. */
#define RANGE_BYTES ((uint64_t)64 << 30)

/* ---- life cycle ---- */

/* Groups of 64 that a pool's blocks need: for granules all of the pool, for slots as many as there
 * are blocks of the smallest class for containers. */
static uint32_t groups_for(const struct bitmap *b, const struct gcr_pools_options *pools)
{
    uint32_t smallest = (BITMAP_MIN_CONTAINER + pools->alignment - 1) & ~(pools->alignment - 1);
    uint32_t bits = b->granule ? pools->pool_bytes / pools->alignment
                               : (pools->pool_bytes - (uint32_t)sizeof(struct gcr_pool)) / smallest;
    return (bits + 63) / 64;
}

static void read_options(struct bitmap *b, const struct gcr_option_values *options,
                         struct gcr_pools_options *pools)
{
    pools->alignment = gcr_option_number(options, "alignment") == 0 ? 16 : 8;
    pools->pool_bytes = (uint32_t)gcr_option_number(options, "pool");
    pools->arena_bytes = (uint32_t)gcr_option_number(options, "arena");
    pools->small_limit = (uint32_t)gcr_option_number(options, "small-limit");
    b->granule = gcr_option_number(options, "index") == 1;
    b->full_counts = gcr_option_number(options, "working-counts") == 1;
    b->counting.ownership = (enum gcr_ownership)gcr_option_number(options, "ownership");
    b->in_header = gcr_option_number(options, "planes") == 1;
    b->alloc_plane = gcr_option_flag(options, "alloc-plane");
    b->work_list_cap = gcr_option_number(options, "work-list");
    b->group_words = b->alloc_plane ? 4 : 3;
    b->groups_per_pool = groups_for(b, pools);
}

static gcr_status open_pools(struct bitmap *b, const struct gcr_option_values *options,
                             struct gcr_error *err)
{
    struct gcr_pools_options others = {0};
    read_options(b, options, &others);
    bool apart = gcr_option_flag(options, "separate-arenas");
    struct gcr_pools_options containers = others;
    containers.range_bytes = RANGE_BYTES;
    if (b->in_header) {
        uint32_t planes = b->groups_per_pool * b->group_words * (uint32_t)sizeof(uint64_t);
        containers.header_bytes = (uint32_t)sizeof(struct gcr_pool) +
                                  ((planes + others.alignment - 1) & ~(others.alignment - 1));
    }
    if (b->counting.ownership == GCR_OWNERSHIP_RANGE)
        others.range_bytes = RANGE_BYTES;
    return apart ? gcr_counting_open_pools(&b->counting, &others, &containers, err)
                 : gcr_counting_open_pools(&b->counting, &containers, NULL, err);
}

/* What follows from the geometry of the pools that hold containers. */
static void set_geometry(struct bitmap *b)
{
    const struct gcr_pools *pools = b->counting.container_pools;
    b->pool_shift = GCR_CTZ64(pools->options.pool_bytes);
    b->granule_shift = pools->class_shift;
    b->pools_per_arena = pools->options.arena_bytes >> b->pool_shift;
    b->first_offset = pools->first_offset;
    b->first_ref = b->first_offset - b->counting.absent_bytes;
    b->granule_ref =
        b->counting.absent_bytes == 0 ? 0 : pools->options.alignment - b->counting.absent_bytes;
    b->large_distance = BITMAP_HEAD_BYTES - b->counting.absent_bytes;
    for (uint32_t i = 0; i < pools->class_count; i++) {
        uint64_t bytes = (uint64_t)(i + 1) << pools->class_shift;
        b->reciprocal[i] = (((uint64_t)1 << 32) + bytes - 1) / bytes;
    }
}

static void bitmap_destroy(struct gcr_heap *heap)
{
    struct bitmap *b = bitmap_of(heap);
    struct gcr_supply *supply = heap->supply;
    gcr_bitmap_transient_finish(b);
    gcr_bitmap_planes_finish(b); /* before the pools: it asks them which arenas there are */
    gcr_counting_finish(&b->counting);
    gcr_supply_unmap(supply, GCR_PAGES_SIDE, b, sizeof *b);
}

static gcr_status bitmap_open(struct bitmap *b, const struct gcr_option_values *options,
                              struct gcr_error *err)
{
    gcr_status status = open_pools(b, options, err);
    if (status != GCR_OK)
        return status;
    set_geometry(b);
    status = gcr_bitmap_planes_init(b, err);
    if (status != GCR_OK)
        return status;
    if (!gcr_bitmap_transient_init(b))
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "no address space for collections to work in");
    return gcr_counting_describe(&b->counting, 0, BITMAP_HEAD_BYTES, err);
}

static gcr_status bitmap_create(const struct gcr_heap_config *config, struct gcr_host *host,
                                struct gcr_heap **out, struct gcr_error *err)
{
    struct bitmap *b = gcr_supply_map(host->supply, GCR_PAGES_SIDE, sizeof *b, GCR_PAGE_BYTES);
    if (b == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "no room for the heap's own %zu bytes", sizeof *b);
    bool side = gcr_option_number(config->options, "counts") == 1;
    gcr_counting_init(&b->counting, &gcr_collector_bitmap,
                      side ? &bitmap_side_design : &bitmap_design, host, config->options);
    for (int list = 0; list < BITMAP_LISTS; list++)
        gcr_gc_list_init(&b->large[list]);
    gcr_status status = bitmap_open(b, config->options, err);
    if (status != GCR_OK) {
        bitmap_destroy(&b->counting.base);
        return status;
    }
    *out = &b->counting.base;
    return GCR_OK;
}

/* ---- events that are not hot ---- */

static void bitmap_collect(struct gcr_heap *heap, uint32_t generation, enum gcr_reason reason)
{
    gcr_bitmap_collect(gcr_counting_of(heap), generation, reason);
}

static void bitmap_freeze(struct gcr_heap *heap)
{
    gcr_bitmap_freeze(bitmap_of(heap));
}

static void bitmap_unfreeze(struct gcr_heap *heap)
{
    gcr_bitmap_unfreeze(bitmap_of(heap));
}

/* ---- figures ---- */

static uint64_t plane_bytes(const struct bitmap *b)
{
    const struct gcr_pools *pools = b->counting.container_pools;
    uint64_t arena = (uint64_t)b->pools_per_arena * b->groups_per_pool * b->group_words * 8;
    return b->in_header ? pools->pools_in_use * (arena / b->pools_per_arena)
                        : pools->arena_count * arena;
}

static size_t bitmap_figures(struct gcr_heap *heap, struct gcr_design_figure *out)
{
    const struct bitmap *b = bitmap_of(heap);
    uint64_t finalized = b->finalized_planes * b->groups_per_pool * sizeof(uint64_t);
    uint64_t entries = b->work_list_peak_bytes / sizeof(uintptr_t);
    const struct gcr_design_figure figures[] = {
        {"tracked containers", "objects", (double)gcr_bitmap_count_tracked(b), GCR_DESIGN_MAX},
        {"permanent planes", "bytes", (double)plane_bytes(b), GCR_DESIGN_MAX},
        {"finalized planes", "bytes", (double)finalized, GCR_DESIGN_MAX},
        {"transient peak", "bytes", (double)b->transient_peak_bytes, GCR_DESIGN_MAX},
        {"work list peak", "objects", (double)entries, GCR_DESIGN_MAX},
        {"work list overflows", "objects", (double)b->work_list_overflows, GCR_DESIGN_SUM},
        {"pools scanned again", "pools", (double)b->rescanned_pools, GCR_DESIGN_SUM},
        {"pools with candidates", "pools", (double)b->pools_visited, GCR_DESIGN_SUM},
        {"collections skipped", "collections", (double)b->skipped, GCR_DESIGN_SUM},
        {"saturated working counts", "objects", (double)b->saturated, GCR_DESIGN_SUM},
    };
    size_t common = gcr_counting_figures(&b->counting, out);
    for (size_t i = 0; i < GCR_COUNT_OF(figures); i++)
        out[common + i] = figures[i];
    return common + GCR_COUNT_OF(figures);
}

const struct gcr_collector gcr_collector_bitmap = {
    .name = "bitmap",
    .summary = "CPython's counting and cycle collection with side bitmaps in place of GC heads",
    .source = "Schemenauer, Memory bitmaps for the Python cyclic garbage collector, python-dev "
              "2017; CPython 3.11 Modules/gcmodule.c",
    .caps = GCR_CAP_COLLECTS | GCR_CAP_GENERATIONAL | GCR_CAP_REFCOUNTING | GCR_CAP_COUNTS_ROOTS |
            GCR_CAP_COUNTS_LOADS,
    .generations = GCR_COUNTING_GENERATIONS,
    .options = bitmap_options,
    .create = bitmap_create,
    .destroy = bitmap_destroy,
    .prebuilt = gcr_counting_prebuilt,
    .resize = gcr_counting_resize,
    .weakref = gcr_counting_weakref,
    .collect = bitmap_collect,
    .gc_control = gcr_counting_gc_control,
    .freeze = bitmap_freeze,
    .unfreeze = bitmap_unfreeze,
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
    .figures = bitmap_figures,
    .check = gcr_bitmap_check,
};
