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

/* What the loop has in registers; a call that needs the worker whole is preceded by mark_leave and
 * followed by mark_enter. */
struct mark_frame {
    gcr_ref *bottom, *top, *end; /* the worker's buffer */
    uint32_t ring_at, waiting;
    struct gcr_blocks_map map;
    const struct gcr_layout *rows;
    uint64_t objects, object_bytes, header_bytes, marked;
    struct pms_way way;
};

GCR_ALWAYS_INLINE struct mark_frame mark_enter(const struct pms_worker *worker, struct pms_way way)
{
    return (struct mark_frame){.bottom = worker->bottom,
                               .top = worker->top,
                               .end = worker->end,
                               .ring_at = worker->ring_at,
                               .waiting = worker->waiting,
                               .map = gcr_blocks_map(&worker->h->blocks),
                               .rows = worker->h->layouts.row,
                               .way = way};
}

GCR_ALWAYS_INLINE void mark_leave(struct pms_worker *worker, const struct mark_frame *frame)
{
    worker->top = frame->top;
    worker->ring_at = frame->ring_at;
    worker->waiting = frame->waiting;
    worker->objects += frame->objects;
    worker->object_bytes += frame->object_bytes;
    worker->header_bytes += frame->header_bytes;
    worker->marked += frame->marked;
}

/* A full buffer. Returns the top of what is left in it. */
static GCR_NOINLINE gcr_ref *mark_make_room(struct pms_worker *worker)
{
    worker->top = worker->end;
    pms_spill(worker);
    return worker->top;
}

/* Marks what a run of slots refers to. */
GCR_ALWAYS_INLINE void mark_slots(struct pms_worker *worker, struct mark_frame *frame,
                                  const gcr_ref *slot, uint64_t count)
{
    const struct pms_way way = frame->way;
    for (; count > 0; slot++, count--) {
        gcr_ref object = *slot;
        if (!gcr_blocks_mark(frame->map, object, way.bits, way.shared, way.exact))
            continue;
        if (GCR_UNLIKELY(frame->top == frame->end))
            frame->top = mark_make_room(worker);
        *frame->top++ = object;
    }
}

/* Next object to scan from buffer and ring; NULL: both are empty. */
GCR_ALWAYS_INLINE gcr_ref mark_next(struct pms_worker *worker, struct mark_frame *frame,
                                    uint32_t distance)
{
    if (distance == 0)
        return frame->top != frame->bottom ? *--frame->top : NULL;
    for (;;) {
        gcr_ref in = frame->top != frame->bottom ? *--frame->top : NULL;
        if (in != NULL)
            GCR_PREFETCH(in);
        else if (frame->waiting == 0)
            return NULL;
        gcr_ref out = worker->ring[frame->ring_at];
        worker->ring[frame->ring_at] = in;
        frame->ring_at = frame->ring_at + 1 == distance ? 0 : frame->ring_at + 1;
        frame->waiting += (in != NULL) - (uint32_t)(out != NULL);
        if (out != NULL)
            return out;
    }
}

/* Whether a big array has become a range for whoever takes it. */
static GCR_NOINLINE bool mark_defers(struct pms_worker *worker, gcr_ref object, uint64_t slots)
{
    return slots > worker->h->range_slots && pms_publish_range(worker, object, slots);
}

enum { SURELY_NO_RANGE = 64 }; /* the option's least value */

GCR_ALWAYS_INLINE void mark_scan(struct pms_worker *worker, struct mark_frame *frame,
                                 gcr_ref object)
{
    uint64_t header = gcr_object_header(object);
    const struct gcr_layout *layout = &frame->rows[header & GCR_HEADER_ID_MASK];
    uint64_t length = gcr_layout_length(layout, object);
    uint64_t slots = layout->slot_count + length * layout->item_slots;
    frame->marked++;
    frame->objects += !gcr_header_is(header, GCR_HEADER_INTERNAL);
    frame->object_bytes += layout->field_bytes + length * layout->item_bytes;
    frame->header_bytes += layout->payload;
    if (GCR_UNLIKELY(slots > SURELY_NO_RANGE) && mark_defers(worker, object, slots))
        return;
    mark_slots(worker, frame, (gcr_ref *)gcr_object_word(object, layout->slot_start), slots);
}

/* Another worker waits: it gets a part of what is in the buffer. */
static GCR_NOINLINE gcr_ref *mark_give(struct pms_worker *worker, gcr_ref *top)
{
    worker->top = top;
    pms_share(worker);
    return worker->top;
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

/* Scans what is in buffer and ring. False: as many as stop_at says have been marked. */
GCR_ALWAYS_INLINE bool mark_drain_buffer(struct pms_worker *worker, struct pms_way way)
{
    struct gcr_parallel_mark_sweep *h = worker->h;
    const bool gives = way.shared && h->share == PMS_SHARE_HUNGRY;
    const uint32_t distance = h->prefetch;
    const uint64_t most = worker->stop_at - worker->marked;
    struct mark_frame frame = mark_enter(worker, way);
    gcr_ref object, *slot;
    uint64_t count;
    if (mark_takes_range(worker, &slot, &count))
        mark_slots(worker, &frame, slot, count);
    while (frame.marked < most && (object = mark_next(worker, &frame, distance)) != NULL) {
        mark_scan(worker, &frame, object);
        if (gives && GCR_UNLIKELY(GCR_LOAD_RELAXED(&h->team.hungry) != 0) &&
            frame.top - frame.bottom >= LEAST_TO_SHARE)
            frame.top = mark_give(worker, frame.top);
    }
    mark_leave(worker, &frame);
    return frame.marked < most;
}

/* Scans all that this worker holds. True: all; false: stop_at was reached. */
GCR_ALWAYS_INLINE bool mark_drain(struct pms_worker *worker, struct pms_way way)
{
    do
        if (!mark_drain_buffer(worker, way))
            return false;
    while (pms_unspill(worker));
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
    struct gcr_blocks_map map = gcr_blocks_map(blocks);
    bool is_new = blocks->options.bits ? gcr_blocks_mark(map, object, true, true, true)
                                       : gcr_blocks_mark(map, object, false, true, true);
    if (!is_new)
        return;
    if (GCR_UNLIKELY(worker->top == worker->end))
        pms_spill(worker);
    *worker->top++ = object;
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
