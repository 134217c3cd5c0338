/* parallel-mark-sweep: marking.
 *
 * An object is marked when its reference is found and kept in the worker's local buffer until it is
 * scanned. What leaves the buffer passes through a ring whose entries' first lines are being
 * fetched (Cher, Hosking and Vitek, ASPLOS 2004), so that a scan finds its object in the cache.
 * Objects are counted when they are scanned. The loop exists once for each way to mark, chosen by
 * constants. */
#include "allocators/parallel_mark_sweep/parallel_mark_sweep.h"

/* Root slots that a worker claims at a time; least references worth publishing for others. */
enum { ROOTS_AT_ONCE = 1024, LEAST_TO_SHARE = 8 };

/* How marks are made; constants in the loop below. */
struct pms_way {
    bool bits, shared, exact;
};

static inline void mark_push(struct pms_worker *worker, gcr_ref object)
{
    if (GCR_UNLIKELY(worker->top == worker->end))
        pms_spill(worker);
    *worker->top++ = object;
}

/* Marks what a run of slots refers to. A null reference is in nobody's heap. */
GCR_ALWAYS_INLINE void mark_slots(struct pms_worker *worker, const gcr_ref *slot, uint64_t count,
                                  struct pms_way way)
{
    const struct gcr_blocks *blocks = &worker->h->blocks;
    for (; count > 0; slot++, count--)
        if (gcr_blocks_owns(blocks, *slot) &&
            gcr_blocks_mark(blocks, *slot, way.bits, way.shared, way.exact))
            mark_push(worker, *slot);
}

/* Next object to scan from buffer and ring; NULL: both are empty. */
static inline gcr_ref mark_next(struct pms_worker *worker, uint32_t distance)
{
    if (distance == 0)
        return worker->top != worker->bottom ? *--worker->top : NULL;
    for (;;) {
        gcr_ref in = worker->top != worker->bottom ? *--worker->top : NULL;
        if (in != NULL)
            GCR_PREFETCH(in);
        else if (worker->waiting == 0)
            return NULL;
        gcr_ref out = worker->ring[worker->ring_at];
        worker->ring[worker->ring_at] = in;
        worker->ring_at = worker->ring_at + 1 == distance ? 0 : worker->ring_at + 1;
        worker->waiting += (in != NULL) - (uint32_t)(out != NULL);
        if (out != NULL)
            return out;
    }
}

/* Scans one object; a big array becomes a range for whoever takes it. */
GCR_ALWAYS_INLINE void mark_scan(struct pms_worker *worker, gcr_ref object, struct pms_way way)
{
    struct gcr_parallel_mark_sweep *h = worker->h;
    uint64_t header = gcr_object_header(object);
    const struct gcr_layout *layout = gcr_layout_of_header(&h->layouts, header);
    uint64_t length = gcr_layout_length(layout, object);
    uint64_t slots = layout->slot_count + length * layout->item_slots;
    worker->marked++;
    worker->objects += !gcr_header_is(header, GCR_HEADER_INTERNAL);
    worker->object_bytes += layout->field_bytes + length * layout->item_bytes;
    worker->header_bytes += layout->payload;
    if (GCR_UNLIKELY(slots > h->range_slots) && pms_publish_range(worker, object, slots))
        return;
    mark_slots(worker, (gcr_ref *)gcr_object_word(object, layout->slot_start), slots, way);
}

static bool mark_takes_range(struct pms_worker *worker, gcr_ref **slot, uint64_t *count)
{
    gcr_ref object = worker->range_object;
    if (object == NULL)
        return false;
    uint64_t all;
    *slot = gcr_layout_slots(gcr_layout_of(&worker->h->layouts, object), object, &all) +
            worker->range_from;
    *count = worker->range_end - worker->range_from;
    worker->range_object = NULL;
    return true;
}

/* Scans all that this worker holds. True: all; false: stop_at was reached. */
GCR_ALWAYS_INLINE bool mark_drain(struct pms_worker *worker, struct pms_way way)
{
    struct gcr_parallel_mark_sweep *h = worker->h;
    const bool hungry_counts = way.shared && h->share == PMS_SHARE_HUNGRY;
    const uint32_t distance = h->prefetch;
    gcr_ref *slot, object;
    uint64_t count;
    if (mark_takes_range(worker, &slot, &count))
        mark_slots(worker, slot, count, way);
    do {
        while ((object = mark_next(worker, distance)) != NULL) {
            mark_scan(worker, object, way);
            if (hungry_counts && GCR_UNLIKELY(GCR_LOAD_RELAXED(&h->team.hungry) != 0) &&
                worker->top - worker->bottom >= LEAST_TO_SHARE)
                pms_share(worker);
            if (GCR_UNLIKELY(worker->marked >= worker->stop_at))
                return false;
        }
    } while (pms_unspill(worker));
    return true;
}

/* ---- one instance for each way ---- */

static bool drain_bytes(struct pms_worker *worker)
{
    return mark_drain(worker, (struct pms_way){.bits = false, .shared = false, .exact = true});
}

static bool drain_bits(struct pms_worker *worker)
{
    return mark_drain(worker, (struct pms_way){.bits = true, .shared = false, .exact = true});
}

static bool drain_shared_bytes(struct pms_worker *worker)
{
    return mark_drain(worker, (struct pms_way){.bits = false, .shared = true, .exact = true});
}

static bool drain_shared_bits(struct pms_worker *worker)
{
    return mark_drain(worker, (struct pms_way){.bits = true, .shared = true, .exact = true});
}

static bool drain_plain_bytes(struct pms_worker *worker)
{
    return mark_drain(worker, (struct pms_way){.bits = false, .shared = true, .exact = false});
}

static bool drain_plain_bits(struct pms_worker *worker)
{
    return mark_drain(worker, (struct pms_way){.bits = true, .shared = true, .exact = false});
}

static bool drain(struct pms_worker *worker)
{
    const struct gcr_parallel_mark_sweep *h = worker->h;
    bool bits = h->blocks.options.bits;
    if (h->team.count == 1)
        return bits ? drain_bits(worker) : drain_bytes(worker);
    if (h->mark == PMS_MARK_ATOMIC)
        return bits ? drain_shared_bits(worker) : drain_shared_bytes(worker);
    return bits ? drain_plain_bits(worker) : drain_plain_bytes(worker);
}

/* ---- roots and the whole ---- */

void pms_mark_reference(struct pms_worker *worker, gcr_ref object)
{
    const struct gcr_blocks *blocks = &worker->h->blocks;
    if (!gcr_blocks_owns(blocks, object))
        return;
    bool is_new = blocks->options.bits ? gcr_blocks_mark(blocks, object, true, true, true)
                                       : gcr_blocks_mark(blocks, object, false, true, true);
    if (is_new)
        mark_push(worker, object);
}

/* The part of slots first .. end of all root spans, end to end, that lies in this span. */
static void mark_root_span(struct pms_worker *worker, const struct gcr_root_span *span,
                           uint64_t start, uint64_t first, uint64_t end)
{
    uint64_t from = first > start ? first - start : 0;
    uint64_t to = end - start < span->count ? end - start : span->count;
    for (; from < to; from++)
        pms_mark_reference(worker, span->start[from]);
}

/* Claims pieces of the roots until there are none; false: no roots were left. */
static bool mark_some_roots(struct pms_worker *worker)
{
    struct gcr_parallel_mark_sweep *h = worker->h;
    uint64_t first = GCR_FETCH_ADD(&h->team.next_root, ROOTS_AT_ONCE);
    uint64_t end = first + ROOTS_AT_ONCE, start = 0;
    const struct gcr_root_span *span = h->team.roots;
    for (size_t i = 0; i < h->team.root_spans; i++, span++) {
        if (first < start + span->count && start < end)
            mark_root_span(worker, span, start, first, end);
        start += span->count;
    }
    return first < start;
}

static void mark_prebuilt_slots(void *arg, gcr_ref *slots, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        pms_mark_reference(arg, slots[i]);
}

void pms_mark_part(struct pms_worker *worker)
{
    struct gcr_parallel_mark_sweep *h = worker->h;
    worker->stop_at = UINT64_MAX;
    if (worker->index == 0 && h->team.prebuilt_wait)
        gcr_immortals_scan(&h->immortals, &h->layouts, mark_prebuilt_slots, worker);
    while (mark_some_roots(worker))
        (void)drain(worker);
    do
        (void)drain(worker);
    while (pms_next_packet(worker));
}

bool pms_drain_alone(struct pms_worker *worker, uint64_t objects)
{
    struct pms_team *team = &worker->h->team;
    worker->stop_at = worker->marked + objects;
    (void)GCR_FETCH_ADD(&team->outstanding, 1);
    do {
        if (!drain(worker))
            return false;
        (void)GCR_FETCH_ADD(&team->outstanding, -1);
    } while (pms_take_packet(worker));
    return true;
}
