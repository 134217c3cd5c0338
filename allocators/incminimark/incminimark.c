/* incminimark: a nursery in front of a non-moving old generation that is marked and swept in steps;
 * descriptor, creation, and looking at objects.
 *
 * Source: PyPy's rpython/memory/gc/incminimark.py and minimark.py (Rigo, Fijalkowski, from 2010).
 *
 *   Objects are born in the nursery. When it is full, what survives is copied once, to where it
 * stays: small objects into pages of equal blocks, larger ones into blocks of a general heap. Large
 * objects are born there. When what is in use passes a threshold, a major collection begins, of
 * which each following minor collection carries a step: roots, marking, sweeping, finalizers.
 *
 * Files: alloc, resize, barrier (the mutator's slow paths); nursery, pages, old (where objects
 * are); minor, mark, sweep (collecting); major (in which order); policy (when); check. Invariants:
 * check.c. Not simulated: identity hashes and their shadows (no event takes one). */
#include "allocators/incminimark/incminimark.h"

/* Address space from the heap's first reservation on that a side bitmap stands for. */
static const uint64_t BITMAP_SPAN_BYTES = (uint64_t)8 << 40;

static void parts_init(struct gcr_incminimark *h, size_t zero_step)
{
    struct gcr_supply *supply = h->heap.supply;
    gcr_nursery_init(&h->nursery, h->policy.incremental ? 0 : zero_step);
    gcr_vector_init(&h->pinned, supply, GCR_PAGES_SIDE, sizeof(gcr_ref));
    gcr_vector_init(&h->pinned_parents, supply, GCR_PAGES_WORK, sizeof(gcr_ref));
    gcr_vector_init(&h->cards_set, supply, GCR_PAGES_WORK, sizeof(gcr_ref));
    gcr_remember_init(&h->remember, supply, &h->heap.work);
    incminimark_old_init(h);
    gcr_immortals_init(&h->immortals, supply, h->policy.budget_bytes != 0);
    gcr_weak_list_init(&h->weak, supply);
    gcr_finalizer_list_init(&h->finalizers, supply);
    gcr_mark_stack_init(&h->gray, supply);
    gcr_mark_stack_init(&h->more_gray, supply);
}

static void heap_destroy(struct gcr_heap *heap)
{
    struct gcr_incminimark *h = incminimark_of(heap);
    incminimark_nursery_destroy(h);
    gcr_vector_finish(&h->pinned_parents);
    gcr_vector_finish(&h->cards_set);
    gcr_remember_finish(&h->remember);
    incminimark_old_finish(h);
    gcr_immortals_finish(&h->immortals);
    gcr_weak_list_finish(&h->weak);
    gcr_finalizer_list_finish(&h->finalizers);
    gcr_mark_stack_finish(&h->gray);
    gcr_mark_stack_finish(&h->more_gray);
    if (h->policy.marks_in_bitmap)
        gcr_mark_bitmap_finish(&h->marks);
    gcr_layouts_finish(&h->layouts, heap->supply);
    gcr_supply_unmap(heap->supply, GCR_PAGES_SIDE, h, sizeof *h);
}

/* A trace without pinned shapes needs no list of them. */
static bool any_shape_is_pinned(const struct gcr_host *host)
{
    for (uint32_t n = 1; n <= host->shape_count; n++)
        if (gcr_shape_is(&host->shapes[n], GCR_SHAPE_PINNED))
            return true;
    return false;
}

static gcr_status heap_start(struct gcr_incminimark *h, const struct gcr_heap_config *config,
                             struct gcr_error *err)
{
    parts_init(h, (size_t)gcr_option_number(config->options, "zero-step"));
    if (!incminimark_nursery_create(h)) {
        unsigned long long bytes = h->policy.nursery_bytes;
        heap_destroy(&h->heap);
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "incminimark: no room for a nursery of %llu bytes",
                        bytes);
    }
    h->large_bytes = h->policy.large_bytes;
    h->previous_threshold_bytes = h->policy.min_heap_bytes;
    incminimark_set_threshold(h, 0, 0);
    return GCR_OK;
}

static gcr_status heap_create(const struct gcr_heap_config *config, struct gcr_host *host,
                              struct gcr_heap **out, struct gcr_error *err)
{
    struct incminimark_policy policy;
    gcr_status status = incminimark_policy_init(&policy, config, err);
    if (status != GCR_OK)
        return status;
    if (!any_shape_is_pinned(host))
        policy.max_pinned = 0;
    struct gcr_incminimark *h =
        gcr_supply_map(host->supply, GCR_PAGES_SIDE, sizeof *h, GCR_PAGE_BYTES);
    if (h == NULL)
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "incminimark: no room for its first pages");
    h->heap = gcr_heap_begin(&gcr_collector_incminimark, host);
    h->policy = policy;
    if (policy.marks_in_bitmap &&
        !gcr_mark_bitmap_init(&h->marks, host->supply, GCR_WORD_BYTES, BITMAP_SPAN_BYTES)) {
        gcr_supply_unmap(host->supply, GCR_PAGES_SIDE, h, sizeof *h);
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "incminimark: no address space for its bitmap");
    }
    status = gcr_layouts_init(&h->layouts, host->supply, host->shapes, host->shape_count, err);
    if (status != GCR_OK) {
        if (policy.marks_in_bitmap)
            gcr_mark_bitmap_finish(&h->marks);
        gcr_supply_unmap(host->supply, GCR_PAGES_SIDE, h, sizeof *h);
        return status;
    }
    status = heap_start(h, config, err);
    if (status == GCR_OK)
        *out = &h->heap;
    return status;
}

static void heap_collect(struct gcr_heap *heap, uint32_t generation, enum gcr_reason reason)
{
    if (generation >= 2)
        incminimark_collect_full(incminimark_of(heap), reason);
    else
        incminimark_collect_young(incminimark_of(heap), 0, reason);
}

/* The reference may be old already, and its target young. */
static bool heap_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target)
{
    struct gcr_incminimark *h = incminimark_of(heap);
    GCR_STORE_AS(GCR_CAUSE_DATA, *gcr_object_weak_word(weak), target);
    if (target != NULL && !incminimark_is_young(h, weak))
        gcr_weak_list_retarget(&h->weak, weak);
    return true;
}

/* ---- looking ---- */

struct walk {
    gcr_walk_visitor *visit;
    void *arg;
    bool stranded_only; /* the nursery is frozen: its other objects are gone */
};

static bool walk_host_object(void *arg, gcr_ref object)
{
    const struct walk *walk = arg;
    return gcr_header_is(gcr_object_header(object), GCR_HEADER_INTERNAL) ||
           walk->visit(walk->arg, object);
}

static bool walk_nursery_object(void *arg, gcr_ref object)
{
    const struct walk *walk = arg;
    return (walk->stranded_only && !gcr_header_is(gcr_object_header(object), INCMINIMARK_PINNED)) ||
           walk_host_object(arg, object);
}

static void heap_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg)
{
    const struct gcr_incminimark *h = incminimark_of(heap);
    struct walk walk = {visit, arg, h->frozen};
    if (!gcr_immortals_walk(&h->immortals, &h->layouts, visit, arg) ||
        !incminimark_old_walk(h, walk_host_object, &walk) ||
        !incminimark_nursery_walk(h, walk_nursery_object, &walk))
        return;
    for (size_t i = h->raws.first_young; i < gcr_vector_count(&h->raws.all); i++)
        if (!walk_host_object(&walk, incminimark_raw_at(&h->raws, i)->object))
            return;
}

static uint64_t card_bytes_of(const struct gcr_incminimark *h)
{
    uint64_t words = 0;
    for (size_t i = 0; i < gcr_vector_count(&h->raws.all); i++)
        if (!h->raws.sweeping || i < h->raws.swept || i >= h->raws.next)
            words += incminimark_raw_at(&h->raws, i)->card_words;
    return words * GCR_WORD_BYTES;
}

static void heap_footprint(struct gcr_heap *heap, struct gcr_footprint *out)
{
    const struct gcr_incminimark *h = incminimark_of(heap);
    uint64_t born_bytes = heap->work.allocated_bytes - h->counted_bytes;
    out->objects_bytes =
        h->young.object_bytes + born_bytes + h->old.object_bytes + h->immortals.object_bytes;
    out->headers_bytes = h->young.header_bytes + h->old.header_bytes + h->immortals.header_bytes +
                         gcr_system_heap_header_bytes(&h->raws.heap);
    gcr_footprint_complete(out, heap->supply);
    uint64_t side = h->pages.pages_in_use * INCMINIMARK_PAGE_HEADER_BYTES + card_bytes_of(h);
    out->free_bytes -= side; /* tables among the objects */
    out->side_bytes += side;
}

/* What a figure's values of several processes become. */
static struct gcr_design_figure figure(const char *name, const char *unit, uint64_t value,
                                       bool is_sum)
{
    return (struct gcr_design_figure){.name = name,
                                      .unit = unit,
                                      .value = (double)value,
                                      .combine = is_sum ? GCR_DESIGN_SUM : GCR_DESIGN_MAX};
}

static size_t heap_figures(struct gcr_heap *heap, struct gcr_design_figure *out)
{
    const struct gcr_incminimark *h = incminimark_of(heap);
    const struct incminimark_figures *f = &h->figures;
    const struct gcr_design_figure all[] = {
        figure("minor collections", "collections", f->minors, true),
        figure("major collections", "collections", f->majors, true),
        figure("major steps", "steps", f->steps, true),
        figure("cycles given up", "cycles", f->abandoned, true),
        figure("threshold", "bytes", h->threshold_bytes, false),
        figure("used", "bytes", incminimark_used(h), false),
        figure("promoted", "bytes", f->promoted_bytes, true),
        figure("made old in one cycle peak", "bytes", f->cycle_made_old_peak_bytes, false),
        figure("floating garbage found", "bytes", f->floating_bytes, true),
        figure("pinned in the nursery peak", "objects", f->pinned_peak, false),
        figure("cards scanned", "cards", f->cards, true),
        figure("nursery zeroed ahead", "bytes", h->nursery.zeroed_bytes, true),
        figure("pages in use", "pages", h->pages.pages_in_use, false),
        figure("pages free", "pages", h->pages.free_pages, false),
        figure("arenas", "arenas", h->pages.arena_count, false),
        figure("arenas peak", "arenas", h->pages.arena_peak, false),
    };
    memcpy(out, all, sizeof all);
    return GCR_COUNT_OF(all);
}

const struct gcr_collector gcr_collector_incminimark = {
    .name = "incminimark",
    .summary = "nursery before a non-moving old generation, marked and swept in steps",
    .source = "PyPy's incminimark.py and minimark.py, with the pages of minimarkpage.py",
    .caps = GCR_CAP_COLLECTS | GCR_CAP_MOVING | GCR_CAP_GENERATIONAL | GCR_CAP_BARRIER |
            GCR_CAP_PRECISE,
    .generations = 2,
    .options = incminimark_options,
    .create = heap_create,
    .destroy = heap_destroy,
    .prebuilt = incminimark_prebuilt,
    .resize = incminimark_resize,
    .weakref = heap_weakref,
    .collect = heap_collect,
    .walk = heap_walk,
    .shape_number = gcr_layout_op_shape_number,
    .length = gcr_layout_op_length,
    .slot = gcr_layout_op_slot,
    .data = gcr_layout_op_data,
    .weak_target = gcr_layout_op_weak_target,
    .footprint = heap_footprint,
    .figures = heap_figures,
    .check = incminimark_check,
};
