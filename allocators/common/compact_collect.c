/* A full collection of compact.h's space, step by step, and the life of the heap around it. */
#include "allocators/common/compact_parts.h"

/* Address space that side marks can stand for, to either side of the first space. */
static const uint64_t BITMAP_SPAN_BYTES = (uint64_t)512 << 30;

/* ---- life ---- */

static void init_parts(struct gcr_compact *h)
{
    struct gcr_supply *supply = h->heap.supply;
    gcr_immortals_init(&h->prebuilt, supply, h->config.budget_bytes != 0);
    gcr_vector_init(&h->pinned.objects, supply, GCR_PAGES_SIDE, sizeof(gcr_ref));
    gcr_weak_list_init(&h->weak, supply);
    gcr_finalizer_list_init(&h->finalizers, supply);
    gcr_mark_fifo_init(&h->fifo, supply);
    gcr_mark_stack_init(&h->stack, supply);
}

/* Ids of shapes, of their bodies, and of fillers fit into a backup entry. */
static gcr_status check_width(const struct gcr_compact *h, struct gcr_error *err)
{
    uint64_t ids = 2 * (uint64_t)h->heap.host->shape_count + 3;
    if (h->config.backup_bytes == 2 && ids > UINT16_MAX)
        return gcr_fail(err, GCR_USAGE,
                        "%s: %u shapes have more type ids than 2 bytes of backup can hold",
                        h->heap.collector->name, h->heap.host->shape_count);
    return GCR_OK;
}

gcr_status gcr_compact_init(struct gcr_compact *h, const struct gcr_compact_config *config,
                            struct gcr_error *err)
{
    struct gcr_supply *supply = h->heap.supply;
    h->config = *config;
    gcr_status status = check_width(h, err);
    if (status == GCR_OK)
        status = gcr_layouts_init_packed(&h->layouts, supply, h->heap.host->shapes,
                                         h->heap.host->shape_count, err);
    if (status != GCR_OK)
        return status;
    init_parts(h);
    bool side = config->format == GCR_COMPACT_SIDE;
    if ((side && !gcr_mark_bitmap_init(&h->bitmap, supply, GCR_WORD_BYTES, BITMAP_SPAN_BYTES)) ||
        !compact_space_create(h)) {
        gcr_compact_finish(h);
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "%s: no address space", h->heap.collector->name);
    }
    h->zeroed = config->release;
    h->charge_bytes = config->mode == GCR_COMPACT_2010 ? config->backup_bytes : 0;
    if (config->budget_bytes != 0)
        h->charge_bytes = config->backup_bytes + (uint32_t)sizeof(gcr_ref);
    compact_allow(h, config->first_bytes);
    h->pinned.allowance_bytes = (int64_t)h->allowed_bytes;
    gcr_compact_settle(h);
    return GCR_OK;
}

void gcr_compact_finish(struct gcr_compact *h)
{
    compact_pinned_finish(h);
    compact_space_release(h, &h->space);
    gcr_immortals_finish(&h->prebuilt);
    gcr_weak_list_finish(&h->weak);
    gcr_finalizer_list_finish(&h->finalizers);
    gcr_mark_fifo_close(&h->fifo);
    gcr_mark_stack_finish(&h->stack);
    if (h->bitmap.word != NULL)
        gcr_mark_bitmap_finish(&h->bitmap);
    gcr_layouts_finish(&h->layouts, h->heap.supply);
}

/* ---- a collection ---- */

static void pass_begin(struct gcr_compact *h, uint64_t requested_bytes)
{
    h->pass = (struct gcr_compact_pass){.base = h->space.start,
                                        .target = h->space.start,
                                        .used_bytes = gcr_compact_used(h),
                                        .requested_bytes = requested_bytes};
}

static void raise_ratio(double *most, uint64_t used, uint64_t live)
{
    if (live != 0 && (double)used / (double)live > *most)
        *most = (double)used / (double)live;
}

/* The first ratio speaks of the factor, so it is taken where that set the limit: what floor,
 * request and backup added is at most a quarter of what lived. The second says what a moment can
 * look like. */
static void note_ratios(struct gcr_compact *h)
{
    h->figures.collections++;
    if (4 * h->extra_bytes <= h->live_bytes)
        raise_ratio(&h->figures.used_over_live_before, h->pass.used_bytes, h->live_bytes);
    if (h->pass.used_bytes > h->config.floor_bytes)
        raise_ratio(&h->figures.used_over_live_now, h->pass.used_bytes, h->pass.live_bytes);
}

/* What is marked is what there is, with the prebuilt objects. */
static void settle_tally(struct gcr_compact *h)
{
    h->tally = h->pass.tally;
    h->tally.object_bytes += h->prebuilt.object_bytes;
    h->tally.header_bytes += h->prebuilt.header_bytes;
    h->tally.base_objects = h->heap.work.allocated_objects;
    h->tally.base_bytes = h->heap.work.allocated_bytes;
}

static void next_limits(struct gcr_compact *h)
{
    const struct gcr_compact_pass *pass = &h->pass;
    uint64_t multiple = (uint64_t)(h->config.factor * (double)pass->live_bytes);
    uint64_t limit =
        compact_next_limit(h, pass->live_bytes, pass->requested_bytes, pass->backup_bytes);
    h->live_bytes = pass->live_bytes;
    h->extra_bytes = limit > multiple ? limit - multiple : 0;
    compact_allow(h, limit);
    h->pinned.allowance_bytes = (int64_t)(h->pinned.page_bytes + h->allowed_bytes);
    gcr_compact_settle(h);
}

/* Nothing was moved and nothing is marked; the heap is at its end. */
static bool give_up(struct gcr_compact *h, const struct gcr_compact_tally *tally,
                    struct gcr_collection *done)
{
    struct gcr_host *host = h->heap.host;
    h->tally = *tally;
    h->exhausted = true;
    h->quota_bytes = 0;
    host->update_handles(host, &h->heap, false);
    done->survivors = gcr_compact_objects(h);
    return false;
}

bool gcr_compact_run(struct gcr_compact *h, uint64_t requested_bytes, struct gcr_collection *done)
{
    struct gcr_host *host = h->heap.host;
    struct gcr_compact_tally before = h->tally;
    uint64_t objects = gcr_compact_objects(h);
    host->phase(host, GCR_PHASE_MARK);
    pass_begin(h, requested_bytes);
    if (!compact_mark(h))
        return give_up(h, &before, done);
    settle_tally(h);
    host->phase(host, GCR_PHASE_COMPACT);
    if (!compact_plan(h))
        return give_up(h, &before, done);
    h->forwarding = GCR_COMPACT_FORWARD_PLAN;
    if (GCR_CHECK_LEVEL >= 2) {
        struct gcr_error err;
        GCR_CHECK(2, gcr_compact_check_plan(h, &err));
    }
    compact_update(h);
    host->update_handles(host, &h->heap, false);
    h->forwarding = GCR_COMPACT_FORWARD_NONE;
    compact_move(h);
    if (gcr_vector_count(&h->pinned.objects) != 0) {
        host->phase(host, GCR_PHASE_SWEEP);
        (void)compact_pinned_sweep(h);
    }
    done->survivors = h->tally.objects;
    uint64_t freed = objects - done->survivors;
    done->freed += freed;
    done->collected += freed;
    done->moved_bytes += h->pass.moved_bytes;
    h->heap.work.freed_objects += freed;
    h->heap.work.copied_objects += h->pass.moved_objects;
    h->heap.work.copied_bytes += h->pass.moved_bytes;
    note_ratios(h);
    next_limits(h);
    return true;
}

/* ---- looking ---- */

void gcr_compact_walk_old(struct gcr_compact *h, gcr_walk_visitor *visit, void *arg, bool *go_on)
{
    *go_on = gcr_layout_walk(&h->layouts, h->space.start, h->free, visit, arg) &&
             gcr_immortals_walk(&h->prebuilt, &h->layouts, visit, arg);
    for (size_t i = 0; *go_on && i < gcr_vector_count(&h->pinned.objects); i++)
        *go_on = visit(arg, *(gcr_ref *)gcr_vector_at(&h->pinned.objects, i));
}

void gcr_compact_footprint(struct gcr_heap *heap, struct gcr_footprint *out)
{
    const struct gcr_compact *h = gcr_compact_of(heap);
    out->objects_bytes = h->tally.object_bytes + heap->work.allocated_bytes - h->tally.base_bytes;
    out->headers_bytes = h->tally.header_bytes;
    gcr_footprint_complete(out, heap->supply);
}

size_t gcr_compact_list_figures(struct gcr_compact *h, struct gcr_design_figure *out)
{
    const struct gcr_compact_figures *figures = &h->figures;
    uint64_t queue_bytes = h->config.lifo ? figures->stack_peak_bytes : h->fifo.peak_bytes;
    const struct gcr_design_figure rows[] = {
        {"full collections", "collections", (double)figures->collections, GCR_DESIGN_SUM},
        {"most used over live before", "1", figures->used_over_live_before, GCR_DESIGN_MAX},
        {"most used over live now", "1", figures->used_over_live_now, GCR_DESIGN_MAX},
        {"backup peak", "bytes", (double)figures->backup_peak_bytes, GCR_DESIGN_MAX},
        {"mark queue peak", "bytes", (double)queue_bytes, GCR_DESIGN_MAX},
        {"largest object moved", "bytes", (double)figures->largest_move_bytes, GCR_DESIGN_MAX},
        {"moves to a larger space", "moves", (double)figures->moves, GCR_DESIGN_SUM},
        {"footprint peak in a move", "bytes", (double)figures->move_peak_bytes, GCR_DESIGN_MAX},
    };
    memcpy(out, rows, sizeof rows);
    return GCR_COUNT_OF(rows);
}
