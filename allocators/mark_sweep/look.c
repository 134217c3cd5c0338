/* mark-sweep: slots and data, wherever they lie; walking; figures. */
#include "allocators/common/data.h"
#include "allocators/mark_sweep/mark_sweep.h"

#include <string.h>

/* ---- slots ---- */

gcr_ref *mark_sweep_far_slot(const struct gcr_mark_sweep *h, gcr_ref object, uint32_t slot)
{
    const struct mark_sweep_type *type = mark_sweep_type_of(h, object);
    if (slot < type->slots)
        return (gcr_ref *)mark_sweep_payload(object) + slot;
    return (gcr_ref *)*mark_sweep_body(object) + (slot - type->slots);
}

static gcr_ref *look_slot(const struct gcr_mark_sweep *h, gcr_ref object, uint32_t slot)
{
    return mark_sweep_is(object, MARK_SWEEP_RESIZABLE)
               ? mark_sweep_far_slot(h, object, slot)
               : (gcr_ref *)mark_sweep_payload(object) + slot;
}

/* Whether the slots lie side by side. */
static bool slots_are_run(const struct gcr_mark_sweep *h, gcr_ref object, uint32_t slot, uint32_t n)
{
    if (!mark_sweep_is(object, MARK_SWEEP_RESIZABLE))
        return true;
    uint32_t fixed = mark_sweep_type_of(h, object)->slots;
    return slot >= fixed || n <= fixed - slot;
}

void mark_sweep_copy_slots(const struct gcr_mark_sweep *h, gcr_ref dst, uint32_t dst_slot,
                           gcr_ref src, uint32_t src_slot, uint32_t n)
{
    if (n == 0)
        return;
    if (slots_are_run(h, dst, dst_slot, n) && slots_are_run(h, src, src_slot, n)) {
        GCR_MOVE_AS(GCR_CAUSE_DATA, look_slot(h, dst, dst_slot), look_slot(h, src, src_slot),
                    (size_t)n * sizeof(gcr_ref));
        return;
    }
    bool backwards = dst == src && dst_slot > src_slot;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = backwards ? n - 1 - i : i;
        GCR_STORE_AS(GCR_CAUSE_DATA, *look_slot(h, dst, dst_slot + k),
                     *look_slot(h, src, src_slot + k));
    }
}

gcr_ref mark_sweep_slot(struct gcr_heap *heap, gcr_ref object, uint32_t slot)
{
    return *look_slot(mark_sweep_of(heap), object, slot);
}

/* ---- data ---- */

/* Address of data byte `offset`, and how many bytes follow contiguously. */
static uint8_t *look_data(const struct gcr_mark_sweep *h, gcr_ref object, uint64_t offset,
                          uint64_t *bytes)
{
    const struct gcr_shape *shape = &h->heap.shapes[mark_sweep_id(object)];
    uint64_t length = mark_sweep_length(mark_sweep_type_of(h, object), object);
    uint8_t *payload = (uint8_t *)mark_sweep_payload(object);
    uint32_t fixed = gcr_shape_fixed_data(shape);
    uint64_t all = gcr_shape_data_bytes(shape, length);
    if (!mark_sweep_is(object, MARK_SWEEP_RESIZABLE)) {
        *bytes = all - offset;
        return payload + gcr_shape_slot_count(shape, length) * GCR_SLOT_BYTES + offset;
    }
    if (offset < fixed) {
        *bytes = fixed - offset;
        return payload + (uint64_t)shape->slots * GCR_SLOT_BYTES + offset;
    }
    *bytes = all - offset;
    uintptr_t body = (uintptr_t)*mark_sweep_body(object); /* 0, and *bytes 0, without items */
    return (uint8_t *)(body + length * shape->item_slots * GCR_SLOT_BYTES + (offset - fixed));
}

const uint8_t *mark_sweep_data(struct gcr_heap *heap, gcr_ref object, uint64_t offset,
                               uint64_t *bytes)
{
    return look_data(mark_sweep_of(heap), object, offset, bytes);
}

static uint8_t *look_find(const void *h, gcr_ref object, uint64_t offset, uint64_t *bytes)
{
    return look_data(h, object, offset, bytes);
}

void mark_sweep_read_data(const struct gcr_mark_sweep *h, gcr_ref object, uint32_t offset,
                          uint32_t length)
{
    gcr_data_read(look_find, h, object, offset, length);
}

void mark_sweep_write_data(const struct gcr_mark_sweep *h, gcr_ref object, uint32_t offset,
                           uint32_t length, uint8_t tag)
{
    gcr_data_write(look_find, h, object, offset, length, tag);
}

/* ---- the seam's other questions ---- */

bool mark_sweep_weakref(struct gcr_heap *heap, gcr_ref weak, gcr_ref target)
{
    mark_sweep_of(heap)->events++;
    GCR_STORE_AS(GCR_CAUSE_DATA, *mark_sweep_weak_word(weak), target);
    return true;
}

gcr_ref mark_sweep_weak_target(struct gcr_heap *heap, gcr_ref weak)
{
    (void)heap;
    return *mark_sweep_weak_word(weak);
}

uint32_t mark_sweep_shape_number(struct gcr_heap *heap, gcr_ref object)
{
    (void)heap;
    return mark_sweep_id(object);
}

uint32_t mark_sweep_items(struct gcr_heap *heap, gcr_ref object)
{
    return (uint32_t)mark_sweep_length(mark_sweep_type_of(mark_sweep_of(heap), object), object);
}

/* ---- walking ---- */

static bool walk_list(const struct gcr_mark_sweep *h, gcr_ref object, gcr_walk_visitor *visit,
                      void *arg)
{
    while (object != NULL) {
        gcr_ref next = *mark_sweep_link(mark_sweep_type_of(h, object), object);
        if (!visit(arg, object))
            return false;
        object = next;
    }
    return true;
}

static bool walk_prebuilt(const struct gcr_mark_sweep *h, gcr_walk_visitor *visit, void *arg)
{
    const char *end = gcr_immortals_end(&h->immortals);
    for (char *at = gcr_immortals_start(&h->immortals); at < end;) {
        gcr_ref object = (gcr_ref)(void *)at;
        at += mark_sweep_prebuilt_bytes(h, object);
        if (!visit(arg, object))
            return false;
    }
    return true;
}

/* What is about to be finalized is on another list already. */
static bool walk_finalizable(const struct gcr_mark_sweep *h, gcr_walk_visitor *visit, void *arg)
{
    for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizable); i++) {
        const struct gcr_finalizable *entry = gcr_finalizer_list_at(&h->finalizable, i);
        if (mark_sweep_waits(entry) && !visit(arg, entry->object))
            return false;
    }
    return true;
}

bool mark_sweep_walk_pools(const struct gcr_mark_sweep *h, gcr_walk_visitor *visit, void *arg)
{
    struct gcr_pools_cursor cursor = {.pools = &h->pools};
    const uint32_t word_bytes = 64 * MARK_SWEEP_GRANULE;
    struct gcr_pool *pool;
    while ((pool = gcr_pools_next_used(&cursor)) != NULL) {
        for (uint32_t at = 0; at < h->pools.options.pool_bytes; at += word_bytes) {
            char *start = (char *)pool + at;
            uint64_t bits = *gcr_mark_bitmap_word(&h->allocated, start);
            for (; bits != 0; bits &= bits - 1)
                if (!visit(arg, (gcr_ref)(void *)(start + GCR_CTZ64(bits) * MARK_SWEEP_GRANULE)))
                    return false;
        }
    }
    return true;
}

void mark_sweep_walk(struct gcr_heap *heap, gcr_walk_visitor *visit, void *arg)
{
    const struct gcr_mark_sweep *h = mark_sweep_of(heap);
    (void)(walk_prebuilt(h, visit, arg) && walk_list(h, h->plain, visit, arg) &&
           walk_list(h, h->weak, visit, arg) && walk_finalizable(h, visit, arg) &&
           (!h->sweeps_pools || mark_sweep_walk_pools(h, visit, arg)));
}

/* ---- figures ---- */

/* Object bytes: as of the last collection, and what has come and gone since. */
void mark_sweep_footprint(struct gcr_heap *heap, struct gcr_footprint *out)
{
    const struct gcr_mark_sweep *h = mark_sweep_of(heap);
    uint64_t payload = h->tally.bytes - h->tally.header_bytes + heap->work.allocated_bytes -
                       h->tally_allocated_bytes + h->grown_bytes - h->shrunk_bytes;
    out->objects_bytes = payload + h->immortals.object_bytes;
    out->headers_bytes = mark_sweep_used(h) - payload + h->immortals.header_bytes +
                         gcr_system_heap_header_bytes(&h->system);
    if (h->pooled)
        out->headers_bytes += gcr_pools_header_bytes(&h->pools);
    gcr_footprint_complete(out, heap->supply);
}

size_t mark_sweep_figures(struct gcr_heap *heap, struct gcr_design_figure *out)
{
    const struct gcr_mark_sweep *h = mark_sweep_of(heap);
    const struct gcr_design_figure figures[] = {
        {"mark stack peak", "entries", (double)h->stack.peak_entries, GCR_DESIGN_MAX},
        {"threshold at end", "bytes", (double)h->policy.threshold, GCR_DESIGN_MAX},
        {"threshold peak", "bytes", (double)h->policy.peak, GCR_DESIGN_MAX},
        {"threshold raised", "times", (double)h->policy.raised, GCR_DESIGN_SUM},
        {"threshold lowered", "times", (double)h->policy.lowered, GCR_DESIGN_SUM},
    };
    memcpy(out, figures, sizeof figures);
    return GCR_COUNT_OF(figures);
}
