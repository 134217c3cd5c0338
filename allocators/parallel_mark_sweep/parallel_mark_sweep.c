/* parallel-mark-sweep: stop-the-world marking and sweeping by several threads; descriptor,
 * creation, and looking at objects.
 *
 * Source: the parallel mark-sweep collector that the Recycler was compared with (Bacon, Attanasio,
 * Lee, Rajan, Smith, "Java without the Coffee Breaks", PLDI 2001; the Watson collectors of Jikes
 * RVM). Work packets: Ossia, Ben-Yitzhak, Goft, Kolodner, Leikehman, Owshanko, "A parallel,
 * incremental and concurrent GC for servers", PLDI 2002. Termination by one counter is our own.
 *
 *   Allocate from free lists in 16 KiB blocks of one size each. When blocks and page runs would
 *   exceed the limit, stop, mark from the roots with all workers, and swap each block's alloc and
 *   mark arrays: what was marked is allocated, all else is free. Free lists are built at once or
 *   when a block is first taken again.
 *
 * Invariants: parallel_mark_sweep.h. Cost: allocation a dozen instructions; a collection O(live
 * objects) over the workers, plus side arrays; memory two bytes (or bits) a slot, and work packets.
 */
#include "allocators/parallel_mark_sweep/parallel_mark_sweep.h"

#include <unistd.h>

enum { NATIVE_STEP_BLOCKS = 16 };

static const struct gcr_option pms_options[] = {
    {"workers", GCR_OPT_COUNT, "threads", "0", 0, PMS_MAX_WORKERS, NULL,
     "threads that collect, the mutator's included; 0: as many as there are cores, at most 8; 1, "
     "whatever is said here, under the cache model, which has one thread"},
    {"packet", GCR_OPT_COUNT, "references", "508", 16, 8188, NULL,
     "references in a work packet; a worker's own buffer holds twice as many"},
    {"share", GCR_OPT_CHOICE, NULL, "hungry", 0, 0, "hungry|full",
     "when a worker publishes a packet: as soon as another one waits, or when its buffer is full"},
    {"range", GCR_OPT_COUNT, "slots", "4096", 64, 1u << 30, NULL,
     "objects with more slots than this are scanned in ranges of so many"},
    {"prefetch", GCR_OPT_COUNT, "objects", "24", 0, PMS_MAX_PREFETCH, NULL,
     "how many objects ahead of its scan an object is fetched"},
    {"marks", GCR_OPT_CHOICE, NULL, "byte", 0, 0, "byte|bit",
     "side arrays: an entry a slot is one"},
    {"mark", GCR_OPT_CHOICE, NULL, "atomic", 0, 0, "atomic|plain",
     "with several workers: each object is scanned exactly once, or perhaps twice"},
    {"sweep", GCR_OPT_CHOICE, NULL, "lazy", 0, 0, "lazy|eager",
     "free lists are built when a block is taken, or in the collection"},
    {"factor", GCR_OPT_RATIO, "1", "2", 1, 100, NULL,
     "collect when blocks and runs would exceed this times what the last collection marked"},
    {"floor", GCR_OPT_BYTES, "bytes", "32M", 65536, 1099511627776.0, NULL,
     "but not before they exceed this (native sizing)"},
    {"give-back", GCR_OPT_COUNT, "collections", "4", 1, 255, NULL,
     "collections that a free block or run is kept for before its pages go back"},
    {.name = NULL},
};

/* ---- creation ---- */

static uint32_t pms_worker_count(uint64_t wanted)
{
#ifdef GCR_MODELLED /* the cache model has one thread */
    wanted = 1;
#endif
    if (wanted != 0)
        return (uint32_t)wanted;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores < 1)
        return 1;
    return cores < PMS_DEFAULT_MAX_WORKERS ? (uint32_t)cores : PMS_DEFAULT_MAX_WORKERS;
}

static void pms_configure(struct gcr_parallel_mark_sweep *h, const struct gcr_heap_config *config)
{
    const struct gcr_option_values *options = config->options;
    h->team.wanted = pms_worker_count(gcr_option_number(options, "workers"));
    h->packet_entries = (uint32_t)gcr_option_number(options, "packet");
    h->share = (enum pms_share)gcr_option_number(options, "share");
    h->range_slots = gcr_option_number(options, "range");
    h->prefetch = (uint32_t)gcr_option_number(options, "prefetch");
    h->mark = (enum pms_mark)gcr_option_number(options, "mark");
    h->sweep = (enum pms_sweep)gcr_option_number(options, "sweep");
    h->factor = gcr_option_ratio(options, "factor");
    h->floor_bytes = gcr_option_number(options, "floor");
    h->give_back_after = (uint32_t)gcr_option_number(options, "give-back");
    h->budget_bytes = config->budget_bytes;
}

/* Contexts: address space for all, pages for the first. */
static bool pms_init_contexts(struct gcr_parallel_mark_sweep *h)
{
    h->contexts =
        gcr_supply_reserve(h->heap.supply, PMS_MAX_CONTEXTS * sizeof *h->contexts, GCR_PAGE_BYTES);
    if (h->contexts == NULL ||
        !gcr_supply_commit(h->heap.supply, GCR_PAGES_SIDE, h->contexts, GCR_PAGE_BYTES))
        return false;
    h->contexts_bytes = GCR_PAGE_BYTES;
    h->context_count = 1;
    h->context = h->contexts;
    return true;
}

static void pms_destroy(struct gcr_heap *heap)
{
    struct gcr_parallel_mark_sweep *h = pms_of(heap);
    struct gcr_supply *supply = heap->supply;
    pms_team_finish(h);
    pms_pool_finish(h);
    gcr_immortals_finish(&h->immortals);
    gcr_finalizer_list_finish(&h->finalizers);
    gcr_weak_list_finish(&h->weak);
    gcr_blocks_finish(&h->blocks);
    if (h->contexts != NULL) {
        gcr_supply_release(supply, GCR_PAGES_SIDE, h->contexts, h->contexts_bytes);
        gcr_supply_unreserve(supply, h->contexts, PMS_MAX_CONTEXTS * sizeof *h->contexts);
    }
    gcr_layouts_finish(&h->layouts, supply);
    gcr_supply_unmap(supply, GCR_PAGES_SIDE, h, sizeof *h);
}

static gcr_status pms_init_parts(struct gcr_parallel_mark_sweep *h,
                                 const struct gcr_option_values *options, struct gcr_error *err)
{
    struct gcr_supply *supply = h->heap.supply;
    struct gcr_blocks_options blocks = {.bits = gcr_option_number(options, "marks") != 0,
                                        .step_blocks =
                                            h->budget_bytes != 0 ? 1 : NATIVE_STEP_BLOCKS};
    gcr_immortals_init(&h->immortals, supply, h->budget_bytes != 0);
    gcr_finalizer_list_init(&h->finalizers, supply);
    gcr_weak_list_init(&h->weak, supply);
    bool worker = pms_team_init(h);
    gcr_status status = gcr_blocks_init(&h->blocks, supply, &blocks, err);
    if (status != GCR_OK)
        return status;
    if (!worker || !pms_init_contexts(h))
        return gcr_fail(err, GCR_HEAP_EXHAUSTED,
                        "parallel-mark-sweep: no room for a worker and a context");
    pms_set_limit(h);
    pms_pool_init(h);
    pms_pool_trim(h);
    return GCR_OK;
}

static gcr_status pms_create(const struct gcr_heap_config *config, struct gcr_host *host,
                             struct gcr_heap **out, struct gcr_error *err)
{
    struct gcr_parallel_mark_sweep *h =
        gcr_supply_map(host->supply, GCR_PAGES_SIDE, sizeof *h, GCR_PAGE_BYTES);
    if (h == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "parallel-mark-sweep: no room for its first page");
    h->heap = gcr_heap_begin(&gcr_collector_parallel_mark_sweep, host);
    pms_configure(h, config);
    gcr_status status =
        gcr_layouts_init(&h->layouts, host->supply, host->shapes, host->shape_count, err);
    if (status != GCR_OK) {
        gcr_supply_unmap(host->supply, GCR_PAGES_SIDE, h, sizeof *h);
        return status;
    }
    status = pms_init_parts(h, config->options, err);
    if (status != GCR_OK) {
        pms_destroy(&h->heap);
        return status;
    }
    *out = &h->heap;
    return GCR_OK;
}

/* ---- other operations ---- */

static void pms_explicit_collect(struct gcr_heap *heap, uint32_t generation, enum gcr_reason reason)
{
    if (generation >= 2)
        (void)pms_collect(pms_of(heap), reason);
}

/* Both sides create their workers again when they next collect. */
static void pms_before_fork(struct gcr_heap *heap)
{
    pms_team_dismiss(pms_of(heap));
}

/* ---- looking ---- */

struct pms_walk {
    gcr_walk_visitor *visit;
    void *arg;
};

static bool pms_walk_object(void *arg, void *object, uint64_t room)
{
    const struct pms_walk *walk = arg;
    (void)room;
    return gcr_header_is(gcr_object_header(object), GCR_HEADER_INTERNAL) ||
           walk->visit(walk->arg, object);
}

static void pms_walk_heap(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg)
{
    struct gcr_parallel_mark_sweep *h = pms_of(heap);
    struct pms_walk walk = {visit, arg};
    if (gcr_immortals_walk(&h->immortals, &h->layouts, visit, arg))
        (void)gcr_blocks_walk(&h->blocks, pms_walk_object, &walk);
}

static void pms_footprint(struct gcr_heap *heap, struct gcr_footprint *out)
{
    const struct gcr_parallel_mark_sweep *h = pms_of(heap);
    out->objects_bytes = h->tally.object_bytes + heap->work.allocated_bytes -
                         h->tally.marked_bytes + h->immortals.object_bytes;
    out->headers_bytes = h->tally.header_bytes + h->immortals.header_bytes;
    gcr_footprint_complete(out, heap->supply);
}

static size_t pms_figures(struct gcr_heap *heap, struct gcr_design_figure *out)
{
    const struct gcr_parallel_mark_sweep *h = pms_of(heap);
    const struct gcr_design_figure figures[] = {
        {"workers", "threads", (double)h->team.wanted, GCR_DESIGN_MAX},
        {"packets published", "packets", (double)h->life.published, GCR_DESIGN_SUM},
        {"packets taken by another worker", "packets", (double)h->life.taken_elsewhere,
         GCR_DESIGN_SUM},
        {"packets in use at most", "packets", (double)h->pool.peak_in_use, GCR_DESIGN_MAX},
        {"ranges of big arrays", "ranges", (double)h->life.ranges, GCR_DESIGN_SUM},
        {"references on own stacks", "references", (double)h->life.spilled, GCR_DESIGN_SUM},
        {"own stack at most", "references", (double)h->peak_stack_entries, GCR_DESIGN_MAX},
        {"blocks swept lazily", "blocks", (double)h->lazy_blocks, GCR_DESIGN_SUM},
        {"empty blocks taken", "blocks", (double)h->empty_blocks, GCR_DESIGN_SUM},
        {"blocks swept in pauses", "blocks", (double)h->eager_blocks, GCR_DESIGN_SUM},
        {"collections given up", "collections", (double)h->given_up, GCR_DESIGN_SUM},
    };
    memcpy(out, figures, sizeof figures);
    return GCR_COUNT_OF(figures);
}

const struct gcr_collector gcr_collector_parallel_mark_sweep = {
    .name = "parallel-mark-sweep",
    .summary = "stop-the-world mark-sweep by several threads, marks beside the objects",
    .source = "the Recycler's opponent: Bacon, Attanasio, Lee, Rajan, Smith, Java without the "
              "Coffee Breaks, PLDI 2001; work packets of Ossia et al., PLDI 2002",
    .caps = GCR_CAP_COLLECTS | GCR_CAP_PRECISE | GCR_CAP_THREADS,
    .generations = 1,
    .options = pms_options,
    .create = pms_create,
    .destroy = pms_destroy,
    .prebuilt = pms_prebuilt,
    .resize = pms_resize,
    .weakref = gcr_layout_op_weakref,
    .collect = pms_explicit_collect,
    .thread = pms_thread,
    .before_fork = pms_before_fork,
    .walk = pms_walk_heap,
    .shape_number = gcr_layout_op_shape_number,
    .length = gcr_layout_op_length,
    .slot = gcr_layout_op_slot,
    .data = gcr_layout_op_data,
    .weak_target = gcr_layout_op_weak_target,
    .footprint = pms_footprint,
    .figures = pms_figures,
    .check = pms_check,
};
