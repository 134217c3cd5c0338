/* bdw: what can be checked from outside of libgc, between collections. Level 2: cells on our lists
 * are free and of their list's size, memory is accounted. Level 3, in verified runs: every object
 * lies at the start of a cell of its kind that is large enough, and refers to objects. */
#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS
#include <gc/gc.h>
#include <gc/gc_mark.h>

#include "allocators/bdw/bdw.h"

static bool check_fail(struct gcr_error *err, const char *what, const void *where)
{
    (void)gcr_fail(err, GCR_FAULT, "bdw: %s (at %p)", what, where);
    return false;
}

static bool check_lists(const struct gcr_bdw *h, struct gcr_error *err)
{
    for (uint32_t kind = 0; kind < BDW_MAX_KINDS; kind++) {
        for (uint32_t granules = 0; granules < BDW_LISTS; granules++) {
            for (void **cell = h->list[kind][granules]; cell != NULL; cell = *cell) {
                size_t bytes;
                if (GC_base(cell) != (void *)cell)
                    return check_fail(err, "list leads to no cell", (void *)cell);
                if (GC_get_kind_and_size(cell, &bytes) != h->kind_number[kind] ||
                    bytes != (size_t)granules * BDW_GRANULE_BYTES)
                    return check_fail(err, "cell on another kind's or size's list", (void *)cell);
                if (bdw_is_header((uint64_t)(uintptr_t)*cell))
                    return check_fail(err, "object on a list of free cells", (void *)cell);
            }
        }
    }
    return true;
}

static bool check_header(const struct gcr_bdw *h, gcr_ref object)
{
    uint64_t header = gcr_object_header(object);
    return bdw_is_header(header) &&
           gcr_layout_header_is_sane(&h->layouts, header & ~BDW_HEADER_TAG);
}

static bool check_slots(const struct gcr_bdw *h, gcr_ref object, struct gcr_error *err)
{
    uint64_t count;
    gcr_ref *slots = gcr_layout_slots(gcr_layout_of(&h->layouts, object), object, &count);
    for (uint64_t i = 0; i < count; i++) {
        gcr_ref target = slots[i];
        if (target == NULL || gcr_immortals_has(&h->immortals, target))
            continue;
        if (GC_base(target) != (void *)target || !check_header(h, target))
            return check_fail(err, "reference to no object", (void *)target);
        bool internal = gcr_header_is(gcr_object_header(target), GCR_HEADER_INTERNAL);
        if (!internal && !gcr_object_set_has(&h->known, target))
            return check_fail(err, "reference to an object that was freed", (void *)target);
    }
    return true;
}

/* References of objects that may be dead are not looked at: they may dangle. */
static bool check_object(const struct gcr_bdw *h, gcr_ref object, struct gcr_error *err)
{
    size_t bytes;
    if (GC_base(object) != (void *)object)
        return check_fail(err, "known object is no cell", (void *)object);
    if (!check_header(h, object))
        return check_fail(err, "header names no shape", (void *)object);
    const struct gcr_layout *layout = gcr_layout_of(&h->layouts, object);
    uint32_t id = (uint32_t)(layout - h->layouts.row);
    int kind = GC_get_kind_and_size(object, &bytes);
    if (kind != h->kind_number[h->kind_of[id]] || bytes < gcr_layout_object_bytes(layout, object))
        return check_fail(err, "object in a cell of another kind, or too small", (void *)object);
    return true;
}

static bool check_roots(struct gcr_bdw *h, struct gcr_error *err)
{
    size_t spans;
    const struct gcr_root_span *span = h->heap.host->roots(h->heap.host, &spans);
    for (; spans > 0; span++, spans--) {
        for (size_t i = 0; i < span->count; i++) {
            gcr_ref object = span->start[i];
            if (object == NULL)
                continue;
            if (!gcr_immortals_has(&h->immortals, object) && !gcr_object_set_has(&h->known, object))
                return check_fail(err, "root to an object that was freed", (void *)object);
            if (!check_slots(h, object, err))
                return false;
        }
    }
    return true;
}

bool bdw_check(struct gcr_heap *heap, int level, struct gcr_error *err)
{
    struct gcr_bdw *h = bdw_of(heap);
    if (level < 2)
        return true;
    if (!check_lists(h, err) || !gcr_immortals_check(&h->immortals, &h->layouts, err))
        return false;
    if (h->libgc_objects_bytes + h->libgc_side_bytes !=
            GC_get_obtained_from_os_bytes() - GC_get_unmapped_bytes() &&
        !h->exhausted)
        return check_fail(err, "memory of the library is not what the supply was told", h);
    if (level < 3 || !heap->report_frees)
        return true;
    for (size_t i = 0; i < h->known.capacity; i++) {
        gcr_ref object = (gcr_ref)(uintptr_t)h->known.entry[i];
        if (object != NULL && !check_object(h, object, err))
            return false;
    }
    return check_roots(h, err);
}
