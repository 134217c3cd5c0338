#include "allocators/common/region.h"

enum { LEAST_RESERVATION_BYTES = 1 << 20 };

static bool region_reserve(struct gcr_region *region, uint64_t bytes)
{
    size_t reserved = gcr_page_round(region->want_bytes);
    for (; reserved >= LEAST_RESERVATION_BYTES && reserved >= bytes; reserved /= 2) {
        region->start = gcr_supply_reserve(region->supply, reserved, GCR_PAGE_BYTES);
        if (region->start == NULL)
            continue;
        region->reserved_bytes = gcr_page_round(reserved);
        region->free = region->top = region->start;
        return true;
    }
    return false;
}

bool gcr_region_grow(struct gcr_region *region, uint64_t bytes)
{
    if (region->start == NULL && !region_reserve(region, bytes))
        return false;
    uint64_t left = region->reserved_bytes - (uint64_t)(region->top - region->start);
    uint64_t missing = bytes - (uint64_t)(region->top - region->free);
    if (missing > left)
        return false;
    size_t least = gcr_page_round(missing);
    size_t step = (least + region->step_bytes - 1) / region->step_bytes * region->step_bytes;
    if (step > left)
        step = left;
    if (step > gcr_supply_headroom(region->supply))
        step = least;
    if (!gcr_supply_commit(region->supply, GCR_PAGES_OBJECTS, region->top, step))
        return false;
    region->top += step;
    return true;
}

void gcr_region_finish(struct gcr_region *region)
{
    if (region->start != NULL) {
        gcr_supply_release(region->supply, GCR_PAGES_OBJECTS, region->start,
                           (size_t)(region->top - region->start));
        gcr_supply_unreserve(region->supply, region->start, region->reserved_bytes);
    }
    gcr_region_init(region, region->supply, region->want_bytes, region->step_bytes);
}
