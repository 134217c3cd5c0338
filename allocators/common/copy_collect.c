/* A full collection of a copying heap, in the order in which it runs. */
#include "allocators/common/copy_heap.h"

/* ---- forwarding ---- */

gcr_ref gcr_copy_survivor(void *arg, gcr_ref object)
{
    return gcr_copy_forwarded(arg, object);
}

void gcr_copy_forward_object(struct gcr_copy_heap *h, gcr_ref object)
{
    uint64_t count;
    gcr_ref *slots = gcr_layout_slots(gcr_layout_of(&h->layouts, object), object, &count);
    h->design->forward(h, slots, count);
}

static void copy_scan_slots(void *h, gcr_ref *slots, uint64_t count)
{
    ((struct gcr_copy_heap *)h)->design->forward(h, slots, count);
}

void gcr_copy_forward_prebuilt(struct gcr_copy_heap *h)
{
    gcr_immortals_scan(&h->prebuilt, &h->layouts, copy_scan_slots, h);
}

/* ---- finalizer order ---- */

static gcr_ref order_reached(void *h, gcr_ref object)
{
    return gcr_copy_forwarded(h, object);
}

static gcr_ref order_reach(void *arg, gcr_ref object)
{
    struct gcr_copy_heap *h = arg;
    char *from = h->space.free;
    h->design->forward(h, &object, 1);
    h->design->scan(h, from);
    return object;
}

static gcr_ref *order_slots(void *arg, gcr_ref object, unsigned run, uint64_t *count)
{
    const struct gcr_copy_heap *h = arg;
    return run == 0 ? gcr_layout_slots(gcr_layout_of(&h->layouts, object), object, count) : NULL;
}

static void order_strip_list(const struct gcr_vector *list)
{
    for (size_t i = 0; i < gcr_vector_count(list); i++)
        gcr_finalizer_order_set_header_flag(NULL, gcr_externals_at(list, i), false);
}

/* After running out of memory: no flag may stay behind. O(heap). */
static void order_strip(void *arg)
{
    struct gcr_copy_heap *h = arg;
    for (char *at = h->space.to.start; at < h->space.free;) {
        gcr_ref object = (gcr_ref)(void *)at;
        gcr_finalizer_order_set_header_flag(NULL, object, false);
        at += gcr_layout_object_bytes(gcr_layout_of(&h->layouts, object), object);
    }
    order_strip_list(&h->external.gen2);
    order_strip_list(&h->external.gen3);
}

static void copy_order_finalizers(struct gcr_copy_heap *h)
{
    static const struct gcr_finalizer_order_ops ops = {
        .reached = order_reached,
        .reach = order_reach,
        .slots = order_slots,
        .flagged = gcr_finalizer_order_header_flagged,
        .set_flag = gcr_finalizer_order_set_header_flag,
        .strip = order_strip};
    h->heap.host->phase(h->heap.host, GCR_PHASE_FINALIZE);
    if (!gcr_finalizer_order(&h->finalizers, h->heap.supply, &ops, h)) {
        h->out_of_work_memory = true;
        h->space.closed = true;
    }
}

/* ---- the collection ---- */

/* Prepares the empty half. False: refused, nothing changed. */
static bool copy_prepare(struct gcr_copy_heap *h)
{
    struct gcr_copy_space *space = &h->space;
    if (h->budget_bytes == 0)
        return gcr_copy_space_prepare(space, space->bytes);
    size_t used = gcr_page_round(gcr_copy_space_used(space)), bytes = h->design->share(h, 0);
    if (gcr_copy_space_prepare(space, bytes < used ? used : bytes))
        return true;
    /* Something outside grew by more than was announced: the live part needs no more than `used`.
     */
    return gcr_copy_space_set_bytes(space, used) && gcr_copy_space_prepare(space, used);
}

/* Copies all that is reachable, and orders what waits for a finalizer. */
static void copy_live(struct gcr_copy_heap *h)
{
    struct gcr_host *host = h->heap.host;
    const struct gcr_weak_update update = {.survivor = gcr_copy_survivor, .arg = h};
    h->design->older_roots(h);
    h->design->forward_roots(h);
    h->design->scan(h, h->space.to.start);
    if (gcr_finalizer_list_count(&h->finalizers) != 0)
        copy_order_finalizers(h);
    GCR_CHECK(1, h->space.free <= h->space.top);
    gcr_weak_list_update(&h->weak, &update);
    host->update_handles(host, &h->heap, false);
}

uint64_t gcr_copy_sweep(struct gcr_copy_heap *h)
{
    uint64_t freed = gcr_externals_sweep(&h->external, &h->layouts);
    h->swept_bytes = h->external.block_bytes;
    return freed;
}

/* Counters of the whole heap after a collection: copied objects (in `count` since the scan),
 * external ones and prebuilt ones. */
static void copy_settle_tally(struct gcr_copy_heap *h)
{
    const struct gcr_copy_count *count = &h->count;
    const struct gcr_externals *external = &h->external;
    h->tally = (struct gcr_copy_tally){
        .objects = count->objects + external->objects,
        .object_bytes = count->object_bytes + external->object_bytes + h->prebuilt.object_bytes,
        .header_bytes = count->header_bytes + external->header_bytes + h->prebuilt.header_bytes,
        .marked_objects = h->heap.work.allocated_objects,
        .marked_bytes = h->heap.work.allocated_bytes,
    };
}

static void copy_check_after(struct gcr_copy_heap *h)
{
    if (GCR_CHECK_LEVEL >= 2 && GCR_SABOTAGE == GCR_SABOTAGE_NONE) {
        struct gcr_error err;
        GCR_CHECK(2, h->design->check(&h->heap, GCR_CHECK_LEVEL, &err));
    }
}

void gcr_copy_end_collection(struct gcr_copy_heap *h, struct gcr_collection *done)
{
    struct gcr_host *host = h->heap.host;
    copy_check_after(h);
    (void)gcr_finalizer_list_run(&h->finalizers, &h->heap);
    done->after_bytes = h->heap.supply->committed_bytes;
    host->collection_end(host, &h->heap, done);
}

/* Counts what was copied, sweeps, and empties the half that was left: what reclaiming costs is
 * reported apart from copying, as the sweep phase. */
static void copy_leave_from(struct gcr_copy_heap *h, size_t used, bool grown,
                            struct gcr_collection *done)
{
    struct gcr_host *host = h->heap.host;
    struct gcr_work *work = &h->heap.work;
    done->moved_bytes += gcr_copy_space_used(&h->space);
    work->copied_objects += h->count.objects;
    work->copied_bytes += gcr_copy_space_used(&h->space);
    work->promoted_objects += h->count.promoted;
    uint64_t objects = h->tally.objects + gcr_copy_fresh_objects(h);
    h->swept_bytes = 0;
    host->phase(host, GCR_PHASE_SWEEP);
    if (gcr_vector_count(&h->external.gen2) + gcr_vector_count(&h->external.gen3) != 0)
        (void)h->design->sweep(h);
    copy_settle_tally(h);
    done->survivors = h->tally.objects;
    done->freed = done->collected = objects - done->survivors;
    work->freed_objects += done->freed;
    if (grown) {
        gcr_copy_space_finish_doubling(&h->space);
    } else {
        gcr_copy_space_clear_from(&h->space, used);
        gcr_copy_space_record_red_zone(&h->space);
    }
    gcr_copy_space_settle(&h->space);
    h->external_allowance = (int64_t)(h->swept_bytes + h->space.bytes);
}

bool gcr_copy_collect(struct gcr_copy_heap *h, enum gcr_reason reason, bool grown)
{
    struct gcr_host *host = h->heap.host;
    const struct gcr_copy_design *design = h->design;
    struct gcr_collection done = {.reason = reason,
                                  .generation = design->generation ? design->generation(h) : 0,
                                  .before_bytes = h->heap.supply->committed_bytes};
    done.full = done.generation + 1 == h->heap.collector->generations;
    if (!grown && !copy_prepare(h))
        return false;
    host->collection_begin(host, &h->heap, reason, done.generation);
    host->phase(host, GCR_PHASE_COPY);
    h->full_collections++;
    h->collecting = true;
    size_t used = gcr_copy_space_used(&h->space);
    h->count = (struct gcr_copy_count){0};
    if (design->begin_full != NULL)
        design->begin_full(h);
    gcr_copy_space_flip(&h->space);
    copy_live(h);
    copy_leave_from(h, used, grown, &done);
    if (design->end_full != NULL)
        design->end_full(h);
    h->collecting = false;
    gcr_copy_end_collection(h, &done);
    return true;
}
