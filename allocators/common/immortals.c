#include "allocators/common/immortals.h"

static const size_t RESERVATION_BYTES = (size_t)64 << 30;
enum { STEP_BYTES = 64 * 1024 };

void gcr_immortals_init(struct gcr_immortals *immortals, struct gcr_supply *supply, bool frugal)
{
    *immortals = (struct gcr_immortals){0};
    gcr_region_init(&immortals->region, supply, RESERVATION_BYTES,
                    frugal ? GCR_PAGE_BYTES : STEP_BYTES);
}

void gcr_immortals_finish(struct gcr_immortals *immortals)
{
    gcr_region_finish(&immortals->region);
    immortals->objects = immortals->object_bytes = immortals->header_bytes = 0;
}

bool gcr_immortals_reserve(struct gcr_immortals *immortals, uint64_t bytes)
{
    struct gcr_region *region = &immortals->region;
    return bytes <= (uint64_t)(region->top - region->free) || gcr_region_grow(region, bytes);
}

gcr_ref gcr_immortals_carve(struct gcr_immortals *immortals, uint64_t bytes, uint64_t object_bytes,
                            uint64_t header_bytes)
{
    gcr_ref object = gcr_region_alloc(&immortals->region, bytes);
    if (object == NULL)
        return NULL;
    immortals->objects++;
    immortals->object_bytes += object_bytes;
    immortals->header_bytes += header_bytes;
    return object;
}

/* ---- objects of common/layout.h ---- */

static uint64_t own_bytes(const struct gcr_layout *layout, uint64_t length)
{
    return layout->field_bytes + length * layout->item_bytes;
}

gcr_ref gcr_immortals_add(struct gcr_immortals *immortals, const struct gcr_layout *layout,
                          uint64_t flags, uint64_t length)
{
    gcr_ref object = gcr_immortals_carve(immortals, gcr_layout_bytes(layout, length),
                                         own_bytes(layout, length), layout->payload);
    if (object != NULL)
        gcr_layout_set(layout, object, flags, length);
    return object;
}

void gcr_immortals_scan(const struct gcr_immortals *immortals, const struct gcr_layouts *layouts,
                        gcr_slots_scanner *scan, void *arg)
{
    gcr_ref object = gcr_immortals_first(immortals);
    for (; object != NULL; object = gcr_immortals_next(immortals, layouts, object)) {
        uint64_t count;
        gcr_ref *slots = gcr_layout_slots(gcr_layout_of(layouts, object), object, &count);
        scan(arg, slots, count);
    }
}

bool gcr_immortals_walk(const struct gcr_immortals *immortals, const struct gcr_layouts *layouts,
                        gcr_walk_visitor *visit, void *arg)
{
    gcr_ref object = gcr_immortals_first(immortals);
    for (; object != NULL; object = gcr_immortals_next(immortals, layouts, object))
        if (!visit(arg, object))
            return false;
    return true;
}

bool gcr_immortals_check(const struct gcr_immortals *immortals, const struct gcr_layouts *layouts,
                         struct gcr_error *err)
{
    uint64_t objects = 0, object_bytes = 0, header_bytes = 0;
    const char *end = gcr_immortals_end(immortals);
    for (const char *at = gcr_immortals_start(immortals); at < end;) {
        gcr_ref object = (gcr_ref)(uintptr_t)at;
        uint64_t id = gcr_object_header(object) & GCR_HEADER_ID_MASK;
        const struct gcr_layout *layout = &layouts->row[id];
        if (id == 0 || id > layouts->shape_count ||
            gcr_layout_object_bytes(layout, object) > (uint64_t)(end - at))
            return gcr_fail(err, GCR_FAULT, "prebuilt object at %p: no header, or too long",
                            (const void *)at) == GCR_OK;
        objects++;
        object_bytes += own_bytes(layout, gcr_layout_length(layout, object));
        header_bytes += layout->payload;
        at += gcr_layout_object_bytes(layout, object);
    }
    if (objects == immortals->objects && object_bytes == immortals->object_bytes &&
        header_bytes == immortals->header_bytes)
        return true;
    return gcr_fail(err, GCR_FAULT,
                    "prebuilt objects: counters say %llu of %llu bytes, found %llu of %llu",
                    (unsigned long long)immortals->objects,
                    (unsigned long long)immortals->object_bytes, (unsigned long long)objects,
                    (unsigned long long)object_bytes) == GCR_OK;
}
