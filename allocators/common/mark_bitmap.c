#include "allocators/common/mark_bitmap.h"

#include <string.h>

#include "base/check.h"

enum { GRANULES_PER_PAGE = GCR_PAGE_BYTES * 8 }; /* of the table */

static uintptr_t heap_bytes_per_page(const struct gcr_mark_bitmap *bitmap)
{
    return (uintptr_t)GRANULES_PER_PAGE << bitmap->shift;
}

bool gcr_mark_bitmap_init(struct gcr_mark_bitmap *bitmap, struct gcr_supply *supply,
                          uint32_t granule_bytes, uint64_t span_bytes)
{
    GCR_CHECK(1, granule_bytes == 8 || granule_bytes == 16);
    *bitmap = (struct gcr_mark_bitmap){.supply = supply, .shift = GCR_CTZ64(granule_bytes)};
    uintptr_t per_page = heap_bytes_per_page(bitmap);
    bitmap->base = supply->next_address & ~(per_page - 1);
    size_t pages = (size_t)(span_bytes / per_page) + 1;
    bitmap->counts_bytes = gcr_page_round(pages * sizeof *bitmap->covered);
    bitmap->reserved_bytes = pages * GCR_PAGE_BYTES;
    bitmap->covered = gcr_supply_reserve(supply, bitmap->counts_bytes, GCR_PAGE_BYTES);
    if (bitmap->covered == NULL)
        return false;
    bitmap->word = gcr_supply_reserve(supply, bitmap->reserved_bytes, GCR_PAGE_BYTES);
    if (bitmap->word != NULL)
        return true;
    gcr_supply_unreserve(supply, bitmap->covered, bitmap->counts_bytes);
    return false;
}

static char *table_page(const struct gcr_mark_bitmap *bitmap, size_t page)
{
    return (char *)bitmap->word + page * GCR_PAGE_BYTES;
}

void gcr_mark_bitmap_finish(struct gcr_mark_bitmap *bitmap)
{
    size_t ready = bitmap->counts_ready / sizeof *bitmap->covered;
    for (size_t page = 0; page < ready; page++)
        if (bitmap->covered[page] != 0)
            gcr_supply_release(bitmap->supply, GCR_PAGES_SIDE, table_page(bitmap, page),
                               GCR_PAGE_BYTES);
    gcr_supply_release(bitmap->supply, GCR_PAGES_SIDE, bitmap->covered, bitmap->counts_ready);
    gcr_supply_unreserve(bitmap->supply, bitmap->word, bitmap->reserved_bytes);
    gcr_supply_unreserve(bitmap->supply, bitmap->covered, bitmap->counts_bytes);
    *bitmap = (struct gcr_mark_bitmap){.supply = bitmap->supply, .shift = bitmap->shift};
}

/* Commits the counters up to that of `page`. */
static bool counts_reach(struct gcr_mark_bitmap *bitmap, size_t page)
{
    size_t needed = gcr_page_round((page + 1) * sizeof *bitmap->covered);
    if (needed <= bitmap->counts_ready)
        return true;
    if (!gcr_supply_commit(bitmap->supply, GCR_PAGES_SIDE,
                           (char *)bitmap->covered + bitmap->counts_ready,
                           needed - bitmap->counts_ready))
        return false;
    bitmap->counts_ready = needed;
    return true;
}

/* One range less on each page of the table from first to end. */
static void uncover_pages(struct gcr_mark_bitmap *bitmap, size_t first, size_t end)
{
    for (size_t page = first; page < end; page++) {
        GCR_CHECK(1, bitmap->covered[page] != 0);
        if (--bitmap->covered[page] == 0)
            gcr_supply_release(bitmap->supply, GCR_PAGES_SIDE, table_page(bitmap, page),
                               GCR_PAGE_BYTES);
    }
}

static size_t page_of(const struct gcr_mark_bitmap *bitmap, uintptr_t address)
{
    return (address - bitmap->base) / heap_bytes_per_page(bitmap);
}

bool gcr_mark_bitmap_cover(struct gcr_mark_bitmap *bitmap, const void *start, size_t bytes)
{
    uintptr_t from = (uintptr_t)start, last = from + bytes - 1;
    if (bytes == 0 || from < bitmap->base ||
        page_of(bitmap, last) >= bitmap->reserved_bytes / GCR_PAGE_BYTES)
        return false;
    size_t first = page_of(bitmap, from), end = page_of(bitmap, last) + 1;
    if (!counts_reach(bitmap, end - 1))
        return false;
    for (size_t page = first; page < end; page++) {
        bool room = bitmap->covered[page] != UINT16_MAX;
        if (!room || (bitmap->covered[page] == 0 &&
                      !gcr_supply_commit(bitmap->supply, GCR_PAGES_SIDE, table_page(bitmap, page),
                                         GCR_PAGE_BYTES))) {
            uncover_pages(bitmap, first, page);
            return false;
        }
        bitmap->covered[page]++;
    }
    return true;
}

void gcr_mark_bitmap_uncover(struct gcr_mark_bitmap *bitmap, const void *start, size_t bytes)
{
    uintptr_t from = (uintptr_t)start;
    GCR_CHECK(1, bytes != 0);
    GCR_CHECK(2, gcr_mark_bitmap_is_clear(bitmap, start, bytes));
    uncover_pages(bitmap, page_of(bitmap, from), page_of(bitmap, from + bytes - 1) + 1);
}

/* The bits of `word` that stand for granules first .. end - 1. */
static uint64_t bits_between(size_t word, size_t first, size_t end)
{
    uint64_t bits = UINT64_MAX;
    if (first > word * 64)
        bits &= UINT64_MAX << (first - word * 64);
    if (end < word * 64 + 64)
        bits &= UINT64_MAX >> (word * 64 + 64 - end);
    return bits;
}

static size_t end_index(const struct gcr_mark_bitmap *bitmap, const void *start, size_t bytes)
{
    return gcr_mark_bitmap_index(bitmap, (const char *)start + bytes - 1) + 1;
}

void gcr_mark_bitmap_clear(struct gcr_mark_bitmap *bitmap, const void *start, size_t bytes)
{
    if (bytes == 0)
        return;
    size_t first = gcr_mark_bitmap_index(bitmap, start), end = end_index(bitmap, start, bytes);
    for (size_t word = first / 64; word * 64 < end; word++)
        bitmap->word[word] &= ~bits_between(word, first, end);
}

bool gcr_mark_bitmap_is_clear(const struct gcr_mark_bitmap *bitmap, const void *start, size_t bytes)
{
    if (bytes == 0)
        return true;
    size_t first = gcr_mark_bitmap_index(bitmap, start), end = end_index(bitmap, start, bytes);
    for (size_t word = first / 64; word * 64 < end; word++)
        if ((bitmap->word[word] & bits_between(word, first, end)) != 0)
            return false;
    return true;
}
