/* mark-sweep: non-moving, whole heap, stop-the-world; descriptor, options, creation.
 *
 * Source: McCarthy, "Recursive functions of symbolic expressions and their computation by machine,
 * part I", CACM 3(4), 1960, as built in PyPy's marksweep.py (Rigo, Fijalkowski and others, up to
 * 2012): objects from the system allocator, threaded on lists through their headers; the threshold
 * adapts to what collecting costs.
 *
 *   Before each allocation: if more bytes than the threshold came since the last collection, push
 * what the roots and the prebuilt objects refer to; mark and push until the stack is empty; decide
 * who is finalized; clear weak references to unmarked objects; walk the lists, free what is not
 * marked and unmark the rest; set the threshold; run finalizers.
 *
 * Invariants: mark_sweep.h. Cost: a collection O(live references + all objects). Differs from the
 * source: docs/collectors/mark-sweep.md. */
#include "allocators/mark_sweep/mark_sweep.h"

/* ---- options ---- */

static const struct gcr_option mark_sweep_options[] = {
    {"allocator", GCR_OPT_CHOICE, NULL, "system", 0, 0, "system|pools",
     "where blocks come from: the boundary-tag heap alone, or size-class pools before it"},
    {"marks", GCR_OPT_CHOICE, NULL, "header", 0, 0, "header|bitmap",
     "where mark bits are: in the objects' headers or in a table of their own"},
    {"mark", GCR_OPT_CHOICE, NULL, "pop", 0, 0, "pop|push",
     "when an object is marked: as it is popped, or before it is pushed"},
    {"sweep", GCR_OPT_CHOICE, NULL, "lists", 0, 0, "lists|pools",
     "how small plain objects are swept: by their list, or by the words of two bitmaps (then they "
     "have no link; needs allocator=pools and marks=bitmap)"},
    {"retain", GCR_OPT_FLAG, NULL, "on", 0, 0, NULL,
     "allocator=pools: keep as many empty arenas as the threshold will fill, give back the others"},
    {"finalizer-order", GCR_OPT_CHOICE, NULL, "topological", 0, 0, "topological|2012",
     "which unreachable objects with finalizers come first: parents, or by the source's rule"},
    {"start", GCR_OPT_BYTES, "bytes", "8M", 1, 1099511627776.0, NULL,
     "threshold of the first collection; with trigger=factor the least one"},
    {"trigger", GCR_OPT_CHOICE, NULL, "costs", 0, 0, "costs|factor",
     "how the threshold follows: by what collecting costs against the mutator, or by the factor"},
    {"raise-above", GCR_OPT_RATIO, "1", "0.02", 0, 1000, NULL,
     "the threshold grows if collector work x live bytes exceeds this x mutator work x freed "
     "bytes"},
    {"lower-below", GCR_OPT_RATIO, "1", "0.005", 0, 1000, NULL,
     "the threshold shrinks if that is below this x mutator work x freed bytes"},
    {"growth", GCR_OPT_RATIO, "1", "1.5", 1, 100, NULL, "by which the threshold grows"},
    {"shrink", GCR_OPT_RATIO, "1", "0.5", 0, 1, NULL, "by which the threshold shrinks"},
    {"cap", GCR_OPT_BYTES, "bytes", "256M", 1, 1099511627776.0, NULL, "largest threshold"},
    {"factor", GCR_OPT_RATIO, "1", "2", 1, 1000, NULL,
     "trigger=factor: collect when the heap is this times the live bytes of the last collection"},
    {.name = NULL},
};

/* The pools of CPython 3.10 and later. */
static const struct gcr_pools_options mark_sweep_pools = {.alignment = 16,
                                                          .pool_bytes = 16 * 1024,
                                                          .arena_bytes = MARK_SWEEP_ARENA_BYTES,
                                                          .small_limit = 512};

/* Address space that the bitmaps cover, to either side of the heap's first page. */
static const uint64_t BITMAP_SPAN_BYTES = (uint64_t)512 << 30;

static struct mark_sweep_policy policy_of(const struct gcr_option_values *options)
{
    uint64_t start = gcr_option_number(options, "start");
    return (struct mark_sweep_policy){
        .trigger = (enum mark_sweep_trigger)gcr_option_number(options, "trigger"),
        .start = start,
        .threshold = start,
        .peak = start,
        .cap = gcr_option_number(options, "cap"),
        .raise_above = gcr_option_ratio(options, "raise-above"),
        .lower_below = gcr_option_ratio(options, "lower-below"),
        .growth = gcr_option_ratio(options, "growth"),
        .shrink = gcr_option_ratio(options, "shrink"),
        .factor = gcr_option_ratio(options, "factor"),
    };
}

static gcr_status mark_sweep_configure(struct gcr_mark_sweep *h,
                                       const struct gcr_heap_config *config, struct gcr_error *err)
{
    const struct gcr_option_values *options = config->options;
    h->pooled = gcr_option_number(options, "allocator") == MARK_SWEEP_POOLS;
    h->side_marks = gcr_option_number(options, "marks") != 0;
    h->marks_on_push = gcr_option_number(options, "mark") != 0;
    h->sweeps_pools = gcr_option_number(options, "sweep") != 0;
    h->retains = gcr_option_flag(options, "retain");
    h->orders_finalizers = gcr_option_number(options, "finalizer-order") == 0;
    h->budget_bytes = config->budget_bytes;
    h->policy = policy_of(options);
    h->trigger_above = h->policy.threshold;
    if (h->sweeps_pools && !(h->pooled && h->side_marks))
        return gcr_fail(err, GCR_USAGE,
                        "mark-sweep: sweep=pools needs allocator=pools and marks=bitmap");
    return GCR_OK;
}

/* ---- types ---- */

static struct mark_sweep_type type_of_shape(const struct gcr_shape *shape, bool lists)
{
    bool items = gcr_shape_has_items(shape);
    bool body = items && gcr_shape_is(shape, GCR_SHAPE_RESIZABLE);
    bool weak = gcr_shape_is(shape, GCR_SHAPE_WEAK), finalizer = gcr_shape_has_finalizer(shape);
    bool link = lists || body || weak || finalizer;
    uint64_t words = (uint64_t)link + items + weak + body;
    struct mark_sweep_type type = {
        .header = shape->number | words << MARK_SWEEP_WORDS_SHIFT |
                  (body ? MARK_SWEEP_RESIZABLE : 0) | (link ? MARK_SWEEP_LISTED : 0),
        .item_bytes = shape->item_bytes,
        .inline_bytes = body ? 0 : shape->item_bytes,
        .slots = shape->slots,
        .item_slots = shape->item_slots,
        .payload = (uint8_t)(MARK_SWEEP_WORD * (1 + words)),
        .length_offset = (uint8_t)(items ? MARK_SWEEP_WORD * (1 + link) : 0),
        .traits = (uint16_t)((link ? MARK_SWEEP_HAS_LINK : 0) | (body ? MARK_SWEEP_HAS_BODY : 0) |
                             (weak ? MARK_SWEEP_IS_WEAK : 0) |
                             (finalizer ? MARK_SWEEP_HAS_FINALIZER : 0)),
    };
    type.base_bytes = type.payload + shape->field_bytes;
    return type;
}

static bool mark_sweep_make_types(struct gcr_mark_sweep *h)
{
    const struct gcr_host *host = h->heap.host;
    h->types_bytes = ((size_t)host->shape_count + 1) * sizeof *h->types;
    h->types = gcr_supply_map(host->supply, GCR_PAGES_SIDE, h->types_bytes, GCR_PAGE_BYTES);
    if (h->types == NULL)
        return false;
    for (uint32_t n = 1; n <= host->shape_count; n++)
        h->types[n] = type_of_shape(&host->shapes[n], !h->sweeps_pools);
    return true;
}

/* ---- creation ---- */

/* The bitmaps follow the pools' arenas. */
static bool mark_sweep_arena_mapped(void *arg, void *start, size_t bytes)
{
    struct gcr_mark_sweep *h = arg;
    if (!gcr_mark_bitmap_cover(&h->marks, start, bytes))
        return false;
    if (!h->sweeps_pools || gcr_mark_bitmap_cover(&h->allocated, start, bytes))
        return true;
    gcr_mark_bitmap_uncover(&h->marks, start, bytes);
    return false;
}

static void mark_sweep_arena_unmapped(void *arg, void *start, size_t bytes)
{
    struct gcr_mark_sweep *h = arg;
    gcr_mark_bitmap_uncover(&h->marks, start, bytes);
    if (h->sweeps_pools)
        gcr_mark_bitmap_uncover(&h->allocated, start, bytes);
}

static bool mark_sweep_make_bitmaps(struct gcr_mark_sweep *h)
{
    struct gcr_supply *supply = h->heap.supply;
    if (h->side_marks &&
        !gcr_mark_bitmap_init(&h->marks, supply, MARK_SWEEP_GRANULE, BITMAP_SPAN_BYTES))
        return false;
    return !h->sweeps_pools ||
           gcr_mark_bitmap_init(&h->allocated, supply, MARK_SWEEP_GRANULE, BITMAP_SPAN_BYTES);
}

static bool mark_sweep_make_pools(struct gcr_mark_sweep *h, struct gcr_error *err)
{
    if (!h->pooled)
        return true;
    if (gcr_pools_init(&h->pools, &mark_sweep_pools, h->heap.supply, err) != GCR_OK)
        return false;
    h->has_pools = h->inlines = true;
    if (h->side_marks)
        h->pools.hooks = (struct gcr_pools_hooks){
            .mapped = mark_sweep_arena_mapped, .unmapped = mark_sweep_arena_unmapped, .arg = h};
    return true;
}

static void mark_sweep_destroy(struct gcr_heap *heap)
{
    struct gcr_mark_sweep *h = mark_sweep_of(heap);
    struct gcr_supply *supply = heap->supply;
    if (h->has_pools)
        gcr_pools_finish(&h->pools);
    gcr_system_heap_finish(&h->system);
    gcr_immortals_finish(&h->immortals);
    gcr_finalizer_list_finish(&h->finalizable);
    gcr_mark_stack_finish(&h->stack);
    if (h->allocated.word != NULL)
        gcr_mark_bitmap_finish(&h->allocated);
    if (h->marks.word != NULL)
        gcr_mark_bitmap_finish(&h->marks);
    if (h->types != NULL)
        gcr_supply_unmap(supply, GCR_PAGES_SIDE, h->types, h->types_bytes);
    gcr_supply_unmap(supply, GCR_PAGES_SIDE, h, sizeof *h);
}

static gcr_status mark_sweep_create(const struct gcr_heap_config *config, struct gcr_host *host,
                                    struct gcr_heap **out, struct gcr_error *err)
{
    struct gcr_supply *supply = host->supply;
    struct gcr_mark_sweep *h = gcr_supply_map(supply, GCR_PAGES_SIDE, sizeof *h, GCR_PAGE_BYTES);
    if (h == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "mark-sweep: no room for its first page");
    h->heap = gcr_heap_begin(&gcr_collector_mark_sweep, host);
    gcr_system_heap_init(&h->system, supply);
    gcr_immortals_init(&h->immortals, supply, config->budget_bytes != 0);
    gcr_finalizer_list_init(&h->finalizable, supply);
    gcr_mark_stack_init(&h->stack, supply);
    gcr_status status = mark_sweep_configure(h, config, err);
    if (status != GCR_OK)
        goto fail;
    size_t entries = (size_t)mark_sweep_least_stack(config->budget_bytes) / sizeof(gcr_ref);
    if (mark_sweep_make_types(h) && mark_sweep_make_bitmaps(h) && mark_sweep_make_pools(h, err) &&
        (config->budget_bytes == 0 || gcr_mark_stack_reserve(&h->stack, entries))) {
        *out = &h->heap;
        return GCR_OK;
    }
    status = gcr_fail(err, GCR_HEAP_EXHAUSTED, "mark-sweep: no room for its tables");
fail:
    mark_sweep_destroy(&h->heap);
    return status;
}

static void mark_sweep_explicit_collect(struct gcr_heap *heap, uint32_t generation,
                                        enum gcr_reason reason)
{
    if (generation >= 2)
        mark_sweep_collect(mark_sweep_of(heap), reason);
}

const struct gcr_collector gcr_collector_mark_sweep = {
    .name = "mark-sweep",
    .summary = "stop-the-world mark and sweep over threaded lists; nothing moves",
    .source = "McCarthy, Recursive functions of symbolic expressions, part I, CACM 3(4), 1960; "
              "lists and threshold of PyPy's marksweep.py",
    .caps = GCR_CAP_COLLECTS | GCR_CAP_PRECISE,
    .generations = 1,
    .options = mark_sweep_options,
    .create = mark_sweep_create,
    .destroy = mark_sweep_destroy,
    .prebuilt = mark_sweep_prebuilt,
    .resize = mark_sweep_resize,
    .weakref = mark_sweep_weakref,
    .collect = mark_sweep_explicit_collect,
    .walk = mark_sweep_walk,
    .shape_number = mark_sweep_shape_number,
    .length = mark_sweep_items,
    .slot = mark_sweep_slot,
    .data = mark_sweep_data,
    .weak_target = mark_sweep_weak_target,
    .footprint = mark_sweep_footprint,
    .figures = mark_sweep_figures,
    .check = mark_sweep_check,
};
