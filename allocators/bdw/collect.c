/* bdw: collections as the host sees them, and what libgc holds as the supply counts it.
 *
 * libgc decides when to collect and tells by events, with its lock held: nothing here allocates
 * from it then. A stop-the-world collection is one pause, from its start to its end event; in
 * incremental and generational mode each stop of the world and each reclaim is one. */
#include <string.h>

#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS
#include <gc/gc.h>
#include <gc/gc_mark.h>

#include "allocators/bdw/bdw.h"

/* ---- roots ---- */

static void bdw_push_slots(void *arg, gcr_ref *slots, uint64_t count)
{
    (void)arg;
    GC_push_all_eager(slots, slots + count);
}

/* Every word pushed is a reference: libgc's conservative scan of them is precise. */
void bdw_push_roots(struct gcr_bdw *h)
{
    size_t spans;
    const struct gcr_root_span *span = h->heap.host->roots(h->heap.host, &spans);
    for (; spans > 0; span++, spans--)
        bdw_push_slots(h, span->start, span->count);
    gcr_immortals_scan(&h->immortals, &h->layouts, bdw_push_slots, h);
    bdw_push_slots(h, h->pending, GCR_COUNT_OF(h->pending));
}

/* ---- memory ---- */

/* libgc may grow by what the budget leaves, less a tenth for the block headers that go with it. */
static void bdw_limit(const struct gcr_bdw *h)
{
    if (h->budget_bytes == 0)
        return;
    uint64_t room = gcr_supply_headroom(h->heap.supply);
    GC_set_max_heap_size(GC_get_heap_size() + GC_get_unmapped_bytes() + room / 10 * 9);
}

static bool bdw_tell(struct gcr_bdw *h, enum gcr_page_kind kind, uint64_t *told, uint64_t now)
{
    if (!gcr_supply_adjust(h->heap.supply, kind, (int64_t)now - (int64_t)*told))
        return false;
    *told = now;
    return true;
}

bool bdw_account(struct gcr_bdw *h)
{
    uint64_t objects = GC_get_heap_size();
    uint64_t all = GC_get_obtained_from_os_bytes() - GC_get_unmapped_bytes();
    if (objects == h->libgc_objects_bytes && all - objects == h->libgc_side_bytes)
        return true;
    bool fits = bdw_tell(h, GCR_PAGES_OBJECTS, &h->libgc_objects_bytes, objects);
    fits = bdw_tell(h, GCR_PAGES_SIDE, &h->libgc_side_bytes, all - objects) && fits;
    bdw_limit(h);
    return fits;
}

/* ---- pauses ---- */

static void pause_open(struct gcr_bdw *h, bool full)
{
    if (h->pause.open)
        return;
    h->pause = (struct bdw_pause){.open = true,
                                  .full = full,
                                  .reason = full ? h->reason : GCR_REASON_PROGRESS,
                                  .before_bytes = h->heap.supply->committed_bytes};
    h->heap.host->collection_begin(h->heap.host, &h->heap, h->pause.reason, 0);
}

/* A verified run's list tells what is gone: its block is free, or its mark is clear. */
static void report_dead(struct gcr_bdw *h, struct gcr_collection *done)
{
    for (size_t i = 0; i < h->known.capacity; i++) {
        const void *object = h->known.entry[i];
        if (object != NULL &&
            (GC_base((void *)(uintptr_t)object) != object || !GC_is_marked(object)))
            gcr_object_set_add(&h->dead, object);
    }
    for (size_t i = 0; i < h->dead.capacity; i++) {
        const void *object = h->dead.entry[i];
        if (object == NULL)
            continue;
        (void)gcr_object_set_remove(&h->known, object);
        h->heap.host->freed(h->heap.host, (gcr_ref)(uintptr_t)object);
    }
    done->freed = done->collected = h->dead.count;
    done->survivors = h->known.count;
    gcr_object_set_finish(&h->dead);
}

static void pause_close(struct gcr_bdw *h)
{
    if (!h->pause.open)
        return;
    struct gcr_collection done = {
        .reason = h->pause.reason, .full = h->pause.full, .before_bytes = h->pause.before_bytes};
    if (h->heap.report_frees && h->uncounted)
        report_dead(h, &done);
    if (!bdw_account(h))
        h->exhausted = true;
    done.after_bytes = h->heap.supply->committed_bytes;
    h->pause.open = false;
    h->collections++;
    h->partial += !h->pause.full;
    h->heap.host->collection_end(h->heap.host, &h->heap, &done);
}

/* libgc scans its own frames while it marks, and they lie where earlier calls have left references
 * behind. The event comes from just above: what is dead below it is zeroed. */
enum { DEAD_WORDS = 1024 };

static GCR_NOINLINE void clear_dead_frames(void)
{
    volatile uint64_t frame[DEAD_WORDS];
    for (int i = 0; i < DEAD_WORDS; i++)
        frame[i] = 0;
    (void)frame[0];
}

void bdw_on_event(struct gcr_bdw *h, int event)
{
    struct gcr_host *host = h->heap.host;
    switch (event) {
    case GC_EVENT_START:
        pause_open(h, true);
        return;
    case GC_EVENT_PRE_STOP_WORLD:
        pause_open(h, false);
        host->phase(host, GCR_PHASE_MARK);
        return;
    case GC_EVENT_MARK_START:
        clear_dead_frames();
        return;
    case GC_EVENT_POST_START_WORLD:
        if (!h->pause.full)
            pause_close(h);
        return;
    case GC_EVENT_RECLAIM_START:
        pause_open(h, false);
        host->phase(host, GCR_PHASE_SWEEP);
        memset(h->fresh, 0, sizeof h->fresh);
        bdw_drop_lists(h); /* their cells are unreachable, so this frees them */
        return;
    case GC_EVENT_RECLAIM_END:
        h->uncounted = true;
        if (!h->pause.full)
            pause_close(h);
        return;
    case GC_EVENT_END:
        pause_close(h);
        return;
    default:
        return;
    }
}

/* ---- after a collection ---- */

struct bdw_count {
    const struct gcr_layouts *layouts;
    struct bdw_tally tally;
};

static void count_object(void *cell, size_t bytes, void *arg)
{
    struct bdw_count *count = arg;
    gcr_ref object = (gcr_ref)cell;
    uint64_t header = gcr_object_header(object);
    (void)bytes;
    if (!bdw_is_header(header))
        return; /* one of libgc's own tables */
    const struct gcr_layout *layout = gcr_layout_of_header(count->layouts, header);
    count->tally.objects += !gcr_header_is(header, GCR_HEADER_INTERNAL);
    count->tally.object_bytes +=
        layout->field_bytes + gcr_layout_length(layout, object) * layout->item_bytes;
    count->tally.header_bytes += layout->payload;
}

static void *count_marked(void *arg)
{
    GC_enumerate_reachable_objects_inner(count_object, arg);
    return NULL;
}

/* libgc keeps no numbers of objects. They are counted with the clock stopped, by their marks: no
 * cell has been given out since. */
static void bdw_count_survivors(struct gcr_bdw *h)
{
    struct bdw_count count = {.layouts = &h->layouts};
    struct gcr_work *work = &h->heap.work;
    if (h->heap.host->stop_clock != NULL)
        h->heap.host->stop_clock(h->heap.host, true);
    (void)GC_call_with_alloc_lock(count_marked, &count);
    if (h->heap.host->stop_clock != NULL)
        h->heap.host->stop_clock(h->heap.host, false);
    uint64_t before = h->tally.objects + work->allocated_objects - h->tally.counted_objects;
    count.tally.counted_objects = work->allocated_objects;
    count.tally.counted_bytes = work->allocated_bytes;
    h->tally = count.tally;
    work->marked_objects += h->tally.objects;
    work->freed_objects += before - h->tally.objects;
}

void bdw_settle(struct gcr_bdw *h)
{
    if (!bdw_account(h))
        h->exhausted = true;
    if (!h->uncounted)
        return;
    h->uncounted = false;
    if (h->counts)
        bdw_count_survivors(h);
    if (GC_should_invoke_finalizers())
        h->heap.work.finalized += (uint64_t)GC_invoke_finalizers();
    if (!bdw_account(h))
        h->exhausted = true;
}

void bdw_collect(struct gcr_heap *heap, uint32_t generation, enum gcr_reason reason)
{
    struct gcr_bdw *h = bdw_of(heap);
    if (generation < 2)
        return;
    h->reason = reason;
    GCR_FORGET_REGISTERS();
    GC_gcollect();
    h->reason = GCR_REASON_ALLOCATION;
    bdw_settle(h);
}
