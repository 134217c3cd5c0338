/* One object of the heap against what the shadow graph knows of it. Reads only through the back
 * end's side-effect-free operations. */
#include "sim/oracle/verify.h"

#include <inttypes.h>
#include <string.h>

enum { INSPECT_PERIOD = 128, INSPECT_BYTEWISE = 64, INSPECT_STAMP_BYTES = 1 << 30 };

#define INSPECT_STAMP_END (UINT64_C(1) << 32)

/* ---- data ---- */

static bool inspect_is_zero(const uint8_t *data, uint64_t bytes)
{
    if (bytes <= INSPECT_BYTEWISE) {
        uint8_t any = 0;

        for (uint64_t i = 0; i < bytes; i++)
            any |= data[i];
        return any == 0;
    }
    return data[0] == 0 && memcmp(data, data + 1, (size_t)bytes - 1) == 0;
}

/* Whether data[0 .. bytes) carries the pattern from `offset` on. The pattern repeats every 128
 * bytes. */
static bool inspect_is_pattern(uint8_t tag, const uint8_t *data, uint64_t offset, uint64_t bytes)
{
    uint8_t period[INSPECT_PERIOD];

    if (bytes <= INSPECT_BYTEWISE) {
        uint8_t any = 0;

        for (uint64_t i = 0; i < bytes; i++)
            any |= data[i] ^ gcr_pattern_byte(tag, offset + i);
        return any == 0;
    }
    for (unsigned i = 0; i < sizeof period; i++)
        period[i] = gcr_pattern_byte(tag, offset + i);
    for (uint64_t i = 0; i < bytes; i += INSPECT_PERIOD) {
        uint64_t n = bytes - i < INSPECT_PERIOD ? bytes - i : INSPECT_PERIOD;
        if (memcmp(data + i, period, (size_t)n) != 0)
            return false;
    }
    return true;
}

/* The first byte of a run that is not what it should be, for the message. */
static uint64_t inspect_first_wrong(uint8_t tag, bool zero, const uint8_t *data, uint64_t offset)
{
    uint64_t i = 0;

    while (data[i] == (zero ? 0 : gcr_pattern_byte(tag, offset + i)))
        i++;
    return i;
}

/* All data from `offset` on: zero, or the object's pattern. The pattern is looked for only where
 * it has been stamped: events can address no data beyond 4 GiB. */
static gcr_status inspect_data(struct gcr_verify *v, uint32_t node, gcr_ref object, uint64_t offset,
                               bool zero, struct gcr_error *err)
{
    const struct gcr_shadow_node *n = &v->shadow->nodes[node];
    uint64_t end = gcr_shape_data_bytes(&v->shadow->shapes[n->shape], n->length);
    uint8_t tag = gcr_tag_of(n->index);

    if (!zero && end > INSPECT_STAMP_END)
        end = INSPECT_STAMP_END;
    while (offset < end) {
        uint64_t bytes = 0, wrong;
        const uint8_t *data = v->view->collector->data(v->view->heap, object, offset, &bytes);

        if (data == NULL || bytes == 0)
            return gcr_verify_fail(v, GCR_FAULT, err,
                                   "object o%" PRIu32 ": no data at byte %" PRIu64 " of %" PRIu64,
                                   n->index, offset, end);
        if (bytes > end - offset)
            bytes = end - offset;
        if (zero ? inspect_is_zero(data, bytes) : inspect_is_pattern(tag, data, offset, bytes)) {
            offset += bytes;
            continue;
        }
        wrong = inspect_first_wrong(tag, zero, data, offset);
        return gcr_verify_fail(v, GCR_FAULT, err,
                               "object o%" PRIu32 ": data byte %" PRIu64 " is 0x%02x, not 0x%02x",
                               n->index, offset + wrong, data[wrong],
                               zero ? 0 : gcr_pattern_byte(tag, offset + wrong));
    }
    return GCR_OK;
}

static void inspect_stamp(struct gcr_verify *v, uint32_t node, gcr_ref object, uint64_t offset)
{
    const struct gcr_shadow_node *n = &v->shadow->nodes[node];
    uint64_t end = gcr_shape_data_bytes(&v->shadow->shapes[n->shape], n->length);

    if (end > INSPECT_STAMP_END)
        end = INSPECT_STAMP_END;
    while (offset < end) {
        uint64_t bytes = end - offset < INSPECT_STAMP_BYTES ? end - offset : INSPECT_STAMP_BYTES;
        v->view->mutator->write(v->view->heap, object, (uint32_t)offset, (uint32_t)bytes,
                                gcr_tag_of(n->index));
        offset += bytes;
    }
}

/* ---- shape and slots ---- */

static gcr_status inspect_form(struct gcr_verify *v, uint32_t node, gcr_ref object,
                               struct gcr_error *err)
{
    const struct gcr_collector *collector = v->view->collector;
    const struct gcr_shadow_node *n = &v->shadow->nodes[node];
    uint32_t shape, length;

    if ((uintptr_t)object <= 1)
        return gcr_verify_fail(v, GCR_FAULT, err,
                               "object o%" PRIu32 " is reachable but the heap has lost it",
                               n->index);
    shape = collector->shape_number(v->view->heap, object);
    if (shape != n->shape)
        return gcr_verify_fail(v, GCR_FAULT, err,
                               "object o%" PRIu32 " has shape %" PRIu32 ", not %" PRIu32 " (%s)",
                               n->index, shape, n->shape, v->shadow->shapes[n->shape].name);
    length = collector->length(v->view->heap, object);
    if (length != n->length)
        return gcr_verify_fail(v, GCR_FAULT, err,
                               "object o%" PRIu32 " has length %" PRIu32 ", not %" PRIu32, n->index,
                               length, n->length);
    return GCR_OK;
}

gcr_status gcr_inspect_fresh(struct gcr_verify *v, uint32_t node, struct gcr_error *err)
{
    const struct gcr_shadow_node *n = &v->shadow->nodes[node];
    gcr_ref object = gcr_view_handle(v->view, n->index);
    gcr_status status = inspect_form(v, node, object, err);

    if (status != GCR_OK)
        return status;
    for (uint64_t i = v->old_slots; i < n->slot_count; i++)
        if (v->view->collector->slot(v->view->heap, object, (uint32_t)i) != NULL)
            return gcr_verify_fail(v, GCR_FAULT, err,
                                   "object o%" PRIu32 ": new slot %" PRIu64 " is not null",
                                   n->index, i);
    if (v->view->mutator->write == NULL)
        return GCR_OK;
    status = inspect_data(v, node, object, v->old_data_bytes, true, err);
    if (status == GCR_OK)
        inspect_stamp(v, node, object, v->old_data_bytes);
    return status;
}

static gcr_status inspect_slots(struct gcr_verify *v, uint32_t node, gcr_ref object,
                                struct gcr_error *err)
{
    const struct gcr_shadow_node *n = &v->shadow->nodes[node];

    for (uint32_t i = 0; i < n->slot_count; i++) {
        uint32_t target = gcr_shadow_slot(n, i).target, index = 0;
        gcr_ref found = v->view->collector->slot(v->view->heap, object, i), expected = NULL;

        if (target != GCR_SHADOW_NULL) {
            if (!gcr_inspect_has_handle(v, target))
                continue;
            index = v->shadow->nodes[target].index;
            expected = gcr_view_handle(v->view, index);
        }
        if (found != expected)
            return gcr_verify_fail(v, GCR_FAULT, err,
                                   "object o%" PRIu32 ", slot %" PRIu32
                                   ": refers to %p, not to object o%" PRIu32 " at %p",
                                   n->index, i, (void *)found, index, (void *)expected);
    }
    return GCR_OK;
}

static gcr_status inspect_weak(struct gcr_verify *v, uint32_t node, gcr_ref object,
                               struct gcr_error *err)
{
    const struct gcr_shadow_node *n = &v->shadow->nodes[node], *target;
    gcr_ref found, expected = NULL;

    if (!gcr_shape_is(&v->shadow->shapes[n->shape], GCR_SHAPE_WEAK) ||
        (n->flags & GCR_NODE_WEAK_LOST))
        return GCR_OK;
    target = &v->shadow->nodes[n->weak];
    found = v->view->collector->weak_target(v->view->heap, object);
    if (n->weak != GCR_SHADOW_NULL && !(target->flags & GCR_NODE_FREED)) {
        if (v->shadow->covers[n->weak] != GCR_COVER_ALWAYS || !gcr_inspect_has_handle(v, n->weak))
            return GCR_OK; /* cleared or not: the collector's choice */
        if (v->resurrected && found == NULL)
            return GCR_OK; /* cleared before a finalizer brought the target back */
        expected = gcr_view_handle(v->view, target->index);
    }
    if (found != expected)
        return gcr_verify_fail(
            v, GCR_FAULT, err,
            "weak reference o%" PRIu32 ": refers to %p, not to object o%" PRIu32 " at %p", n->index,
            (void *)found, expected == NULL ? 0 : target->index, (void *)expected);
    return GCR_OK;
}

/* Slots of few words' length, data in one piece, no weak target: nearly all objects. */
bool gcr_inspect_quickly(const struct gcr_verify *v, uint32_t node)
{
    const struct gcr_collector *collector = v->view->collector;
    const struct gcr_shadow_node *n = &v->shadow->nodes[node];
    const struct gcr_shape *shape = &v->shadow->shapes[n->shape];
    struct gcr_heap *heap = v->view->heap;
    gcr_ref object = v->places[node];
    uint64_t bytes = 0, end = gcr_shape_data_bytes(shape, n->length);
    const uint8_t *data;

    if (object == NULL || gcr_shadow_is_sparse(n) || gcr_shape_is(shape, GCR_SHAPE_WEAK))
        return false;
    if (collector->shape_number(heap, object) != n->shape ||
        collector->length(heap, object) != n->length)
        return false;
    for (uint32_t i = 0; i < n->slot_count; i++) {
        gcr_ref expected = v->places[n->slots[i].target];

        if (collector->slot(heap, object, i) != expected && expected != GCR_INSPECT_NO_HANDLE)
            return false;
    }
    if (end == 0 || v->view->mutator->write == NULL)
        return true;
    data = collector->data(heap, object, 0, &bytes);
    return data != NULL && bytes >= end && end <= INSPECT_STAMP_END &&
           inspect_is_pattern(gcr_tag_of(n->index), data, 0, end);
}

gcr_status gcr_inspect_object(struct gcr_verify *v, uint32_t node, struct gcr_error *err)
{
    gcr_ref object = gcr_view_handle(v->view, v->shadow->nodes[node].index);
    gcr_status status = inspect_form(v, node, object, err);

    if (status == GCR_OK)
        status = inspect_slots(v, node, object, err);
    if (status == GCR_OK)
        status = inspect_weak(v, node, object, err);
    if (status == GCR_OK && v->view->mutator->write != NULL)
        status = inspect_data(v, node, object, 0, false, err);
    return status;
}
