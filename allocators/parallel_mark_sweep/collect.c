/* parallel-mark-sweep: one collection, in the order in which it runs.
 *
 *   drop the contexts' free lists, zero the mark arrays | mark from roots and prebuilt objects |
 *   order finalizers, marking what they keep | clear weak references | swap the arrays of all
 *   blocks | report frees | lists anew; build free lists (eager), give old free blocks back |
 *   run finalizers
 *
 * O(live objects + bytes of side arrays), over the number of workers where the graph allows. If
 * work memory is refused while marking, nothing is freed and the heap counts as exhausted. */
#include "allocators/common/finalizer_order.h"
#include "allocators/parallel_mark_sweep/parallel_mark_sweep.h"

/* Objects that worker 0 marks alone for an unreached finalizable object before it calls the others;
 * blocks below which clearing and sweeping are not worth waking anybody. */
enum { ALONE_OBJECTS = 4096, ALONE_BLOCKS = 512 };

static bool pms_few_blocks(const struct gcr_parallel_mark_sweep *h)
{
    return gcr_blocks_count(&h->blocks) < ALONE_BLOCKS;
}

/* ---- marking ---- */

static void pms_prepare(struct gcr_parallel_mark_sweep *h)
{
    for (uint32_t i = 0; i < h->context_count; i++)
        gcr_blocks_drop(&h->blocks, &h->contexts[i]);
    for (uint32_t i = 0; i < h->team.count; i++) {
        struct pms_worker *worker = h->team.worker[i];
        worker->objects = worker->object_bytes = worker->header_bytes = worker->marked = 0;
        worker->swept = (struct gcr_blocks_tally){0};
    }
    pms_team_run(h, PMS_JOB_CLEAR, pms_few_blocks(h));
}

static bool pms_refused(const struct gcr_parallel_mark_sweep *h)
{
    return GCR_LOAD_RELAXED(&h->team.refused);
}

static void pms_mark_from_roots(struct gcr_parallel_mark_sweep *h)
{
    struct pms_team *team = &h->team;
    team->roots = h->heap.host->roots(h->heap.host, &team->root_spans);
    team->prebuilt_wait = true;
    pms_mark_reference(team->worker[0], h->pending);
    team->next_root = 0;
    team->outstanding = team->count; /* each begins as a holder: of roots */
    pms_team_run(h, PMS_JOB_MARK, false);
    team->root_spans = 0;
    team->prebuilt_wait = false;
    GCR_CHECK(1, team->outstanding == 0 && team->published == NULL && h->pool.in_use == 0);
}

/* ---- finalizers and weak references ---- */

static gcr_ref pms_survivor(void *arg, gcr_ref object)
{
    const struct gcr_parallel_mark_sweep *h = arg;
    bool lives = !gcr_blocks_owns(&h->blocks, object) || gcr_blocks_is_marked(&h->blocks, object);
    return lives ? object : NULL;
}

/* Worker 0 begins alone; what turns out to be large is finished by all. */
static gcr_ref pms_reach(void *arg, gcr_ref object)
{
    struct gcr_parallel_mark_sweep *h = arg;
    pms_mark_reference(h->team.worker[0], object);
    if (!pms_drain_alone(h->team.worker[0], ALONE_OBJECTS)) {
        (void)GCR_FETCH_ADD(&h->team.outstanding, (int64_t)h->team.count - 1);
        pms_team_run(h, PMS_JOB_MARK, false);
    }
    GCR_CHECK(1, h->team.outstanding == 0 && h->team.published == NULL);
    return object;
}

static gcr_ref *pms_order_slots(void *arg, gcr_ref object, unsigned run, uint64_t *count)
{
    const struct gcr_parallel_mark_sweep *h = arg;
    return run == 0 ? gcr_layout_slots(gcr_layout_of(&h->layouts, object), object, count) : NULL;
}

/* The order's flag lies beside alloc entries: no header is written, and no memory is needed. What
 * is prebuilt is never flagged. */
static bool pms_flagged(void *arg, gcr_ref object)
{
    const struct gcr_parallel_mark_sweep *h = arg;
    return gcr_blocks_owns(&h->blocks, object) && gcr_blocks_flagged(&h->blocks, object);
}

static void pms_set_flag(void *arg, gcr_ref object, bool on)
{
    const struct gcr_parallel_mark_sweep *h = arg;
    gcr_blocks_set_flag(&h->blocks, object, on);
}

static void pms_strip_flags(void *arg)
{
    gcr_blocks_clear_flags(&((struct gcr_parallel_mark_sweep *)arg)->blocks);
}

/* Arrays of bits have no room for a flag: then the order keeps a table. */
static void pms_order_finalizers(struct gcr_parallel_mark_sweep *h)
{
    const struct gcr_finalizer_order_ops by_table = {
        .reached = pms_survivor, .reach = pms_reach, .slots = pms_order_slots};
    struct gcr_finalizer_order_ops by_entries = by_table;
    by_entries.flagged = pms_flagged;
    by_entries.set_flag = pms_set_flag;
    by_entries.strip = pms_strip_flags;
    if (gcr_finalizer_list_count(&h->finalizers) == 0)
        return;
    h->heap.host->phase(h->heap.host, GCR_PHASE_FINALIZE);
    if (!gcr_finalizer_order(&h->finalizers, h->heap.supply,
                             h->blocks.options.bits ? &by_table : &by_entries, h))
        GCR_STORE_RELAXED(&h->team.refused, true);
}

/* ---- sweep ---- */

static void pms_report_dead(void *arg, void *object)
{
    const struct gcr_parallel_mark_sweep *h = arg;
    if (!gcr_header_is(gcr_object_header(object), GCR_HEADER_INTERNAL))
        h->heap.host->freed(h->heap.host, object);
}

static void pms_swap(struct gcr_parallel_mark_sweep *h)
{
    struct pms_worker *first = h->team.worker[0];
    gcr_blocks_begin_swap(&h->blocks);
    pms_team_run(h, PMS_JOB_SWAP, pms_few_blocks(h));
    for (uint32_t i = 1; i < h->team.count; i++) {
        const struct gcr_blocks_tally *swept = &h->team.worker[i]->swept;
        first->swept.live += swept->live;
        first->swept.live_bytes += swept->live_bytes;
        first->swept.dead += swept->dead;
        first->swept.blocks += swept->blocks;
    }
    GCR_CHECK(1, first->swept.blocks == h->blocks.blocks_in_use);
    if (h->heap.report_frees) {
        gcr_blocks_visit_dead(&h->blocks, pms_report_dead, h);
        gcr_blocks_visit_unmarked_runs(&h->blocks, pms_report_dead, h);
    }
    gcr_blocks_swap_runs(&h->blocks, &first->swept);
}

static void pms_sweep(struct gcr_parallel_mark_sweep *h, bool eager, bool give_all_back)
{
    h->heap.host->phase(h->heap.host, GCR_PHASE_SWEEP);
    pms_swap(h);
    gcr_blocks_relink(&h->blocks);
    h->swept_now = eager;
    if (eager) {
        pms_team_run(h, PMS_JOB_BUILD, pms_few_blocks(h));
        h->eager_blocks += h->blocks.blocks_in_use;
    }
    gcr_blocks_age(&h->blocks, give_all_back ? 0 : h->give_back_after);
}

/* ---- figures of one collection ---- */

struct pms_recount {
    const struct gcr_layouts *layouts;
    struct pms_worker *into;
};

static bool pms_recount_object(void *arg, void *object, uint64_t room)
{
    struct pms_recount *recount = arg;
    const struct gcr_layout *layout = gcr_layout_of(recount->layouts, object);
    (void)room;
    recount->into->objects += !gcr_header_is(gcr_object_header(object), GCR_HEADER_INTERNAL);
    recount->into->object_bytes +=
        layout->field_bytes + gcr_layout_length(layout, object) * layout->item_bytes;
    recount->into->header_bytes += layout->payload;
    return true;
}

/* What the workers have counted. With plain mark stores an object can have been scanned, and
 * counted, by two: then the heap is counted instead. */
static void pms_settle_tally(struct gcr_parallel_mark_sweep *h)
{
    struct pms_worker sum = {.objects = 0};
    if (h->mark == PMS_MARK_PLAIN && h->team.count > 1) {
        struct pms_recount recount = {&h->layouts, &sum};
        (void)gcr_blocks_walk(&h->blocks, pms_recount_object, &recount);
    } else {
        for (uint32_t i = 0; i < h->team.count; i++) {
            const struct pms_worker *worker = h->team.worker[i];
            sum.objects += worker->objects;
            sum.object_bytes += worker->object_bytes;
            sum.header_bytes += worker->header_bytes;
            sum.marked += worker->marked;
        }
        GCR_CHECK(1, sum.marked == h->team.worker[0]->swept.live);
    }
    h->tally = (struct pms_tally){.objects = sum.objects,
                                  .object_bytes = sum.object_bytes,
                                  .header_bytes = sum.header_bytes,
                                  .marked_objects = h->heap.work.allocated_objects,
                                  .marked_bytes = h->heap.work.allocated_bytes};
}

static void pms_settle_counters(struct gcr_parallel_mark_sweep *h)
{
    for (uint32_t i = 0; i < h->team.count; i++) {
        struct pms_worker *worker = h->team.worker[i];
        h->life.published += worker->counters.published;
        h->life.taken += worker->counters.taken;
        h->life.taken_elsewhere += worker->counters.taken_elsewhere;
        h->life.ranges += worker->counters.ranges;
        h->life.spilled += worker->counters.spilled;
        worker->counters = (struct pms_counters){0};
        if (worker->own.peak_entries > h->peak_stack_entries)
            h->peak_stack_entries = worker->own.peak_entries;
        gcr_mark_stack_reset(&worker->own, 0);
    }
    GCR_CHECK(1, h->life.published == h->life.taken);
}

/* Marks are dropped; what was allocated stays so. */
static void pms_give_up(struct gcr_parallel_mark_sweep *h)
{
    for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizers); i++)
        gcr_finalizer_list_at(&h->finalizers, i)->fate = GCR_FINALIZER_KEPT;
    gcr_blocks_keep_all(&h->blocks);
    gcr_blocks_relink(&h->blocks);
    h->out_of_work_memory = true;
    h->given_up++;
}

/* ---- the whole ---- */

/* 11.3, and room to allocate in when live blocks are sparsely filled: a quarter of what was marked,
 * lest every new block cause a collection. With a budget: what it leaves beside packets. */
void pms_set_limit(struct gcr_parallel_mark_sweep *h)
{
    uint64_t marked = h->team.worker[0]->swept.live_bytes; /* pms_swap has summed them up */
    uint64_t limit = (uint64_t)(h->factor * (double)marked);
    uint64_t sparse = gcr_blocks_used_bytes(&h->blocks) + marked / 4;
    limit = limit > sparse ? limit : sparse;
    h->limit_bytes = limit > h->floor_bytes ? limit : h->floor_bytes;
}

static void pms_check_after(struct gcr_parallel_mark_sweep *h)
{
    struct gcr_error err;
    if (GCR_CHECK_LEVEL >= 2)
        GCR_CHECK(2, pms_check(&h->heap, GCR_CHECK_LEVEL, &err));
    if (GCR_CHECK_LEVEL >= 3 && !h->out_of_work_memory)
        GCR_CHECK(3, pms_check_reachable(h, true, &err));
}

static void pms_finish(struct gcr_parallel_mark_sweep *h, enum gcr_reason reason)
{
    bool emergency = reason == GCR_REASON_EMERGENCY;
    if (pms_refused(h)) {
        pms_give_up(h);
        return;
    }
    struct gcr_weak_update update = {.survivor = pms_survivor, .arg = h};
    gcr_weak_list_update(&h->weak, &update);
    pms_sweep(h, emergency || h->sweep == PMS_SWEEP_EAGER, emergency);
    pms_settle_tally(h);
    pms_set_limit(h);
}

bool pms_collect(struct gcr_parallel_mark_sweep *h, enum gcr_reason reason)
{
    struct gcr_host *host = h->heap.host;
    struct gcr_collection done = {
        .reason = reason, .full = true, .before_bytes = h->heap.supply->committed_bytes};
    if (h->out_of_work_memory)
        return false;
    pms_team_assemble(h);
    host->collection_begin(host, &h->heap, reason, 0);
    uint64_t objects = h->tally.objects + h->heap.work.allocated_objects - h->tally.marked_objects;
    host->phase(host, GCR_PHASE_MARK);
    h->collections++;
    pms_prepare(h);
    pms_mark_from_roots(h);
    pms_order_finalizers(h);
    pms_finish(h, reason);
    pms_settle_counters(h);
    pms_pool_trim(h);
    done.full = !h->out_of_work_memory;
    done.survivors = done.full ? h->tally.objects : objects;
    done.freed = done.collected = objects - done.survivors;
    h->heap.work.freed_objects += done.freed;
    h->heap.work.marked_objects += done.survivors;
    pms_check_after(h);
    (void)gcr_finalizer_list_run(&h->finalizers, &h->heap);
    done.after_bytes = h->heap.supply->committed_bytes;
    host->collection_end(host, &h->heap, &done);
    return !h->out_of_work_memory;
}
