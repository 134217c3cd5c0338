/* The mirror of the replay's counts: see mirror.h.
 *
 * Cost: 64 bytes an object, 32 an edge; each operation is O(1) except where said. */
#include "workloads/cpython/mirror.h"

#include <string.h>

#include "workloads/cpython/memory.h"

bool mirror_init(struct mirror *mirror, struct channel *channel)
{
    memset(mirror, 0, sizeof *mirror);
    mirror->channel = channel;
    mirror->records = recorder_reserve_table((size_t)RECORD_LIMIT * sizeof *mirror->records);
    mirror->edges = recorder_reserve_table((size_t)EDGE_LIMIT * sizeof *mirror->edges);
    mirror->free_records.item = recorder_reserve((size_t)RECORD_LIMIT * sizeof(uint32_t));
    mirror->free_roots.item = recorder_reserve((size_t)RECORD_LIMIT * sizeof(uint32_t));
    mirror->touched.item = recorder_reserve((size_t)EDGE_LIMIT * sizeof(uint32_t));
    mirror->steps.item = recorder_reserve((size_t)EDGE_LIMIT * sizeof(uint32_t));
    mirror->record_top = 1;
    mirror->edge_top = 1;
    mirror->root_top = 1;
    mirror->touched_limit = MIRROR_TOUCHED_LEAST;
    return mirror->records != NULL && mirror->edges != NULL && mirror->free_records.item != NULL &&
           mirror->free_roots.item != NULL && mirror->touched.item != NULL &&
           mirror->steps.item != NULL;
}

/* ---- pages that events explain ---- */

/* obmalloc.c of CPython 3.11: small blocks lie in pools with a header that every allocation and
 * free of the pool writes. */
enum { POOL_BYTES = 1 << 14, POOL_SMALL_LIMIT = 512 };

void mirror_note_block_written(struct mirror *mirror, uint64_t block, uint32_t bytes)
{
    uint64_t last = block + (bytes > 0 ? bytes - 1 : 0);
    for (uint64_t page = block >> PAGE_NOTES_BITS; page <= last >> PAGE_NOTES_BITS; page++)
        page_notes_add(mirror->notes, page << PAGE_NOTES_BITS);
    if (bytes <= POOL_SMALL_LIMIT)
        page_notes_add(mirror->notes, block & ~(uint64_t)(POOL_BYTES - 1));
}

/* Where slot `slot` lies, were it a tuple's: close enough for other objects, and for all that have
 * no body. */
static void mirror_note_slot(struct mirror *mirror, uint32_t object, uint32_t slot)
{
    const struct record *record = mirror_record(mirror, object);
    uint64_t offset = record->prefix + 24 + GCR_SLOT_BYTES * (uint64_t)slot;
    if (record->block == 0)
        return;
    page_notes_add(mirror->notes,
                   record->block + (offset < record->bytes ? offset : record->prefix));
}

void mirror_note_event(struct mirror *mirror, enum gcr_op op, uint32_t a, uint32_t b, uint32_t c)
{
    switch (op) {
    case GCR_OP_STORE:
        mirror_note_slot(mirror, a, b);
        mirror_note_object(mirror, c);
        break;
    case GCR_OP_ROOT:
        mirror_note_object(mirror, b);
        break;
    case GCR_OP_DEATH:
        mirror_note_block(mirror, mirror_record(mirror, a)->block, mirror_record(mirror, a)->bytes);
        break;
    case GCR_OP_RESIZE:
    case GCR_OP_TRACK:
    case GCR_OP_UNTRACK:
    case GCR_OP_RECYCLE:
        mirror_note_object(mirror, a);
        break;
    default:
        break;
    }
}

/* ---- records ---- */

static uint32_t mirror_take_record(struct mirror *mirror)
{
    if (mirror->free_records.count > 0) {
        uint32_t object = mirror->free_records.item[--mirror->free_records.count];
        if (mirror->free_records.count > 0) /* for the next allocation: it is often out of cache */
            GCR_PREFETCH(
                mirror_record(mirror, mirror->free_records.item[mirror->free_records.count - 1]));
        return object;
    }
    if (mirror->record_top >= RECORD_LIMIT - 1) {
        mirror->exhausted = true;
        return mirror->record_top;
    }
    return mirror->record_top++;
}

uint32_t mirror_take_root(struct mirror *mirror)
{
    struct index_list *free_roots = &mirror->free_roots;
    if (free_roots->count == 0)
        return mirror->root_top++;
    uint32_t root = free_roots->item[--free_roots->count];
    if (mirror->unused_roots > free_roots->count)
        mirror->unused_roots = free_roots->count;
    return root;
}

uint32_t mirror_take_unused_root(struct mirror *mirror)
{
    struct index_list *free_roots = &mirror->free_roots;
    if (mirror->unused_roots == 0)
        return mirror->root_top++;
    uint32_t *place = &free_roots->item[--mirror->unused_roots];
    uint32_t root = *place;
    *place = free_roots->item[--free_roots->count];
    return root;
}

static void mirror_thin_out_touched(struct mirror *mirror)
{
    struct index_list *touched = &mirror->touched;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < touched->count; i++)
        mirror_record(mirror, touched->item[i])->flags &= (uint16_t)~RECORD_TOUCHED;
    for (uint32_t i = 0; i < touched->count; i++) {
        struct record *record = mirror_record(mirror, touched->item[i]);
        if (record->kind != RECORD_OBJECT || (record->flags & RECORD_TOUCHED) != 0)
            continue;
        record->flags |= RECORD_TOUCHED;
        touched->item[kept++] = touched->item[i];
    }
    touched->count = kept;
    mirror->touched_limit = kept > MIRROR_TOUCHED_LEAST / 2 ? 2 * kept : MIRROR_TOUCHED_LEAST;
}

void mirror_touch(struct mirror *mirror, uint32_t object)
{
    struct record *record = mirror_record(mirror, object);
    if ((record->flags & RECORD_TOUCHED) != 0)
        return;
    if (mirror->touched.count >= mirror->touched_limit)
        mirror_thin_out_touched(mirror);
    record->flags |= RECORD_TOUCHED;
    list_push(&mirror->touched, object);
}

static void mirror_write_alloc(struct mirror *mirror, uint32_t object, unsigned flags)
{
    struct record *record = mirror_record(mirror, object);
    mirror_note_block(mirror, record->block, record->bytes);
    record->root = mirror_take_root(mirror);
    record->length = record->bytes > 16 ? record->bytes - 16 : 0;
    /* The record must be whole before the append, which may settle older events. */
    record->event = (uint32_t)mirror->channel->head;
    channel_append_packed(mirror->channel,
                          ring_event_make(GCR_OP_ALLOC, flags | RING_EVENT_PENDING,
                                          mirror->raw_shape, object,
                                          gcr_root_global(record->root - 1), record->length));
}

uint32_t mirror_allocate(struct mirror *mirror, uint64_t block, uint32_t bytes, unsigned flags)
{
    uint32_t object = mirror_take_record(mirror);
    struct record *record = mirror_record(mirror, object);
    memset(record, 0, sizeof *record);
    record->block = block;
    record->bytes = bytes;
    record->kind = RECORD_OBJECT;
    record->flags = RECORD_PENDING;
    record->generation = GENERATION_NONE;
    mirror_write_alloc(mirror, object, flags);
    return object;
}

void mirror_reallocate(struct mirror *mirror, uint32_t object, unsigned flags)
{
    struct record *record = mirror_record(mirror, object);
    uint64_t block = record->block;
    uint32_t bytes = record->bytes;
    memset(record, 0, sizeof *record);
    record->block = block;
    record->bytes = bytes;
    record->kind = RECORD_OBJECT;
    record->flags = RECORD_PENDING | RECORD_CONTAINER | RECORD_UNCOUNTED;
    record->generation = GENERATION_NONE;
    mirror_write_alloc(mirror, object, flags);
}

uint32_t mirror_park(struct mirror *mirror, uint64_t block, uint32_t bytes)
{
    uint32_t object = mirror_take_record(mirror);
    mirror->records[object] = (struct record){
        .block = block, .bytes = bytes, .kind = RECORD_PARKED, .generation = GENERATION_NONE};
    return object;
}

struct ring_event *mirror_alloc_event(struct mirror *mirror, uint32_t object)
{
    uint64_t head = mirror->channel->head;
    uint64_t position = head - (uint32_t)((uint32_t)head - mirror_record(mirror, object)->event);
    return channel_event(mirror->channel, position);
}

void mirror_release_record(struct mirror *mirror, uint32_t object)
{
    struct record *record = mirror_record(mirror, object);
    mirror_note_block(mirror, record->block, record->bytes);
    record->kind = RECORD_FREE;
    record->flags = 0;
    list_push(&mirror->free_records, object);
}

/* ---- CPython's counter of young containers ---- */

static void mirror_log_step(struct mirror *mirror, uint32_t step)
{
    if (mirror->logging && mirror->steps.count < EDGE_LIMIT)
        list_push(&mirror->steps, step);
}

void mirror_count_up(struct mirror *mirror, uint32_t object)
{
    mirror->young_count++;
    mirror_log_step(mirror, mirror_record(mirror, object)->event);
}

void mirror_count_down(struct mirror *mirror)
{
    if (mirror->young_count > 0)
        mirror->young_count--;
    mirror_log_step(mirror, STEP_DOWN);
}

/* ---- roots ---- */

/* Of a container reach.c has noted it. A leaf is lost with its last holder that is not: an edge
 * that waits for scan_finish counts, but is not on the list any more. */
bool mirror_is_lost(const struct mirror *mirror, uint32_t object)
{
    const struct record *record = &mirror->records[object];
    if (!mirror->neutral || record->root != 0 || record->kind != RECORD_OBJECT)
        return false;
    if (record->garbage || record->in_count == 0)
        return true;
    if ((record->flags & RECORD_CONTAINER) != 0)
        return false;
    uint32_t lost = 0;
    for (uint32_t e = record->in_head; e != 0; e = mirror->edges[e].next) {
        if (!mirror->records[mirror->edges[e].src].garbage)
            return false;
        lost++;
    }
    return lost == record->in_count;
}

void mirror_root(struct mirror *mirror, uint32_t object)
{
    struct record *record = mirror_record(mirror, object);
    if (record->root != 0 || record->kind != RECORD_OBJECT)
        return;
    record->root = mirror_take_root(mirror);
    mirror_event(mirror, GCR_OP_ROOT, gcr_root_global(record->root - 1), object, 0);
}

void mirror_unroot(struct mirror *mirror, uint32_t object)
{
    struct record *record = mirror_record(mirror, object);
    if (record->root == 0)
        return;
    mirror_note_object(mirror, object);
    mirror_event(mirror, GCR_OP_ROOT, gcr_root_global(record->root - 1), 0, 0);
    list_push(&mirror->free_roots, record->root);
    record->root = 0;
}

/* ---- what loses an edge ---- */

void mirror_store(struct mirror *mirror, uint32_t src, uint32_t slot, uint32_t dst)
{
    mirror_event(mirror, GCR_OP_STORE, src, slot, dst);
}

/* The same for the loss of `lost` known edges at once. */
static void mirror_protect_from(struct mirror *mirror, uint32_t dst, uint32_t lost)
{
    struct record *record = mirror_record(mirror, dst);
    mirror_note_object(mirror, dst);
    if (record->root != 0 || record->kind != RECORD_OBJECT)
        return;
    if (record->garbage)
        return; /* lost */
    bool needed = record->in_count <= lost;
    if ((record->flags & RECORD_DEAD) != 0)
        ; /* its memory is gone: only the count matters, until its own turn comes */
    else if (!needed && (record_is_traced(record) ||
                         (mirror->neutral && (record->flags & RECORD_CONTAINER) != 0)))
        needed = !(mirror->examining && record->epoch == mirror->epoch) ||
                 record_refcount(record) > (int64_t)record->in_count;
    else if (!needed)
        needed = record_refcount(record) > (int64_t)(record->in_count - lost);
    if (!needed)
        return;
    mirror_root(mirror, dst);
    if (!record_is_traced(record) || mirror->neutral)
        mirror_touch(mirror, dst);
}

void mirror_protect(struct mirror *mirror, uint32_t dst)
{
    mirror_protect_from(mirror, dst, 1);
}

/* ---- death ---- */

/* The object is about to go: its references no longer count, and what only they held gets a root.
 * All are taken off before the first is judged, because several may lead to one object. */
static void mirror_release_referents(struct mirror *mirror, uint32_t object)
{
    struct record *record = mirror_record(mirror, object);
    for (uint32_t i = 0; i < record->edge_count; i++) {
        uint32_t dst = mirror->edges[record->edges + i].dst;
        if (dst == 0 || dst == object)
            continue;
        edge_unlink(mirror, record->edges + i);
        mirror_record(mirror, dst)->in_count--;
    }
    for (uint32_t i = 0; i < record->edge_count; i++) {
        uint32_t dst = mirror->edges[record->edges + i].dst;
        if (dst == 0 || dst == object)
            continue;
        mirror->edges[record->edges + i].dst = 0;
        if (!record->garbage) /* else the trace has not held it by this one for long */
            mirror_protect(mirror, dst);
    }
}

void mirror_forget_edges(struct mirror *mirror, uint32_t object)
{
    struct record *record = mirror_record(mirror, object);
    for (uint32_t i = 0; i < record->edge_count; i++) {
        uint32_t edge = record->edges + i;
        if (mirror->edges[edge].dst == 0)
            continue;
        mirror_record(mirror, mirror->edges[edge].dst)->in_count--;
        edge_unlink(mirror, edge);
    }
    mirror_free_edges(mirror, object);
}

static void mirror_clear_in_edge(struct mirror *mirror, uint32_t edge)
{
    struct edge *e = &mirror->edges[edge];
    if (!mirror_record(mirror, e->src)->garbage)
        mirror_store(mirror, e->src, e->slot, 0);
    edge_unlink(mirror, edge);
    mirror_record(mirror, e->dst)->in_count--;
    e->dst = 0; /* a gap in its run until the next scan of src: moving the rest down would
                   make the death of a large dict's items quadratic */
    e->raw = 0;
    mirror_record(mirror, e->src)->seen = 0;
}

/* Writes null into every slot that still refers to the object. Its own first: without the others it
 * is out of reach. */
static void mirror_clear_in_edges(struct mirror *mirror, uint32_t object)
{
    const struct record *record = mirror_record(mirror, object);
    for (uint32_t i = 0; i < record->edge_count; i++)
        if (mirror->edges[record->edges + i].dst == object)
            mirror_clear_in_edge(mirror, record->edges + i);
    while (record->in_head != 0)
        mirror_clear_in_edge(mirror, record->in_head);
}

/* The loss of its root, if it has one, and its DEATH. */
static void mirror_write_death(struct mirror *mirror, uint32_t object)
{
    struct record *record = mirror_record(mirror, object);
    if (GCR_UNLIKELY(mirror->notes != NULL)) {
        mirror_note_object(mirror, object);
        mirror_note_event(mirror, GCR_OP_DEATH, object, 0, 0);
    }
    if (record->root == 0) {
        channel_append_packed(mirror->channel, ring_event_make(GCR_OP_DEATH, 0, 0, object, 0, 0));
        return;
    }
    mirror->channel->folded++;
    list_push(&mirror->free_roots, record->root);
    channel_append_packed(mirror->channel,
                          ring_event_make(GCR_OP_DEATH, RING_EVENT_UNROOTS, 0, object,
                                          gcr_root_global(record->root - 1), 0));
    record->root = 0;
}

void mirror_forget_holders(struct mirror *mirror, uint32_t object)
{
    struct record *record = mirror_record(mirror, object);
    while (record->in_head != 0) {
        uint32_t edge = record->in_head;
        struct edge *e = &mirror->edges[edge];
        edge_unlink(mirror, edge);
        record->in_count--;
        e->dst = 0;
        e->raw = 0;
        mirror_record(mirror, e->src)->seen = 0;
    }
}

void mirror_bury(struct mirror *mirror, uint32_t object)
{
    struct record *record = mirror_record(mirror, object);
    mirror_release_referents(mirror, object);
    if ((record->flags & RECORD_RECYCLED) != 0 && !record->garbage)
        mirror_event(mirror, GCR_OP_RECYCLE, object, 0, 0);
    mirror_clear_in_edges(mirror, object);
    mirror_write_death(mirror, object);
    mirror_free_edges(mirror, object);
    if ((record->flags & (RECORD_CONTAINER | RECORD_RECYCLED)) == RECORD_CONTAINER)
        mirror_count_down(mirror);
}
