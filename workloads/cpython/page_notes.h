/* Pages of the program whose writing the recording explains: see sampler.h.
 *
 * For each page the number of the sampling interval in which it was last noted: a two-level table
 * like heap_map.h's. A note is two loads and a store. */
#ifndef GCR_WORKLOADS_CPYTHON_PAGE_NOTES_H
#define GCR_WORKLOADS_CPYTHON_PAGE_NOTES_H

#include "workloads/cpython/heap_map.h"

enum { PAGE_NOTES_BITS = 12, PAGE_NOTES_PAGES = 1 << (HEAP_MAP_REGION_BITS - PAGE_NOTES_BITS) };

struct page_notes {
    uint32_t **regions;
    uint32_t interval; /* from 1 */
    struct recorder_leaves leaves;
};

static inline bool page_notes_init(struct page_notes *notes)
{
    notes->regions = recorder_reserve(HEAP_MAP_REGIONS * sizeof *notes->regions);
    recorder_leaves_init(&notes->leaves, HEAP_MAP_LEAVES * PAGE_NOTES_PAGES * sizeof(uint32_t));
    notes->interval = 1;
    return notes->regions != NULL;
}

static inline uint32_t *page_notes_at(const struct page_notes *notes, uint64_t address)
{
    uint64_t region = address >> HEAP_MAP_REGION_BITS;
    if (region >= HEAP_MAP_REGIONS || notes->regions[region] == NULL)
        return NULL;
    return &notes->regions[region][(address >> PAGE_NOTES_BITS) & (PAGE_NOTES_PAGES - 1)];
}

/* The page of `address` is explained in this interval. */
static inline void page_notes_add(struct page_notes *notes, uint64_t address)
{
    uint32_t *note = page_notes_at(notes, address);
    if (note == NULL) {
        uint64_t region = address >> HEAP_MAP_REGION_BITS;
        if (region >= HEAP_MAP_REGIONS)
            return;
        notes->regions[region] =
            recorder_leaves_take(&notes->leaves, PAGE_NOTES_PAGES * sizeof(uint32_t));
        note = page_notes_at(notes, address);
        if (note == NULL)
            return; /* no memory: the page will seem unexplained */
    }
    *note = notes->interval;
}

static inline bool page_notes_has(const struct page_notes *notes, uint64_t address)
{
    const uint32_t *note = page_notes_at(notes, address);
    return note != NULL && *note == notes->interval;
}

#endif
