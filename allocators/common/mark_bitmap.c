#include "allocators/common/mark_bitmap.h"

#include <string.h>

#include "base/check.h"

enum {
    GRANULES_PER_PAGE = GCR_PAGE_BYTES * 8, /* of the table */
    COUNTS_PER_PAGE = GCR_PAGE_BYTES / sizeof(uint16_t)
};

static uintptr_t heap_bytes_per_page(const struct gcr_mark_bitmap *bitmap)
{
    return (uintptr_t)GRANULES_PER_PAGE << bitmap->shift;
}

static size_t count_bytes(const struct gcr_mark_bitmap *bitmap)
{
    return bitmap->pages * sizeof *bitmap->count;
}

/* Reservations follow each other upwards, or where the kernel chooses downwards: the table reaches
 * as far to either side. */
bool gcr_mark_bitmap_init(struct gcr_mark_bitmap *bitmap, struct gcr_supply *supply,
                          uint32_t granule_bytes, uint64_t span_bytes)
{
    GCR_CHECK(1, granule_bytes == 8 || granule_bytes == 16);
    *bitmap = (struct gcr_mark_bitmap){.supply = supply, .shift = GCR_CTZ64(granule_bytes)};
    uintptr_t per_page = heap_bytes_per_page(bitmap);
    size_t whole = (size_t)COUNTS_PER_PAGE * per_page; /* whole pages of counters */
    uint64_t most = whole * GCR_MARK_BITMAP_COUNT_PAGES;
    uint64_t span = span_bytes < most / 2 ? (2 * span_bytes + whole - 1) / whole * whole : most;
    bitmap->pages = span / per_page;
    bitmap->count = gcr_supply_reserve(supply, count_bytes(bitmap), GCR_PAGE_BYTES);
    if (bitmap->count == NULL)
        return false;
    uintptr_t here = (uintptr_t)bitmap->count & ~(per_page - 1);
    bitmap->base = here > span / 2 ? here - span / 2 : 0;
    bitmap->word = gcr_supply_reserve(supply, bitmap->pages * GCR_PAGE_BYTES, GCR_PAGE_BYTES);
    if (bitmap->word != NULL)
        return true;
    gcr_supply_unreserve(supply, bitmap->count, count_bytes(bitmap));
    return false;
}

static char *table_page(const struct gcr_mark_bitmap *bitmap, size_t page)
{
    return (char *)bitmap->word + page * GCR_PAGE_BYTES;
}

static char *count_page(const struct gcr_mark_bitmap *bitmap, size_t index)
{
    return (char *)bitmap->count + index * GCR_PAGE_BYTES;
}

static bool count_is_ready(const struct gcr_mark_bitmap *bitmap, size_t index)
{
    return (bitmap->count_ready[index / 64] >> (index % 64) & 1) != 0;
}

void gcr_mark_bitmap_finish(struct gcr_mark_bitmap *bitmap)
{
    for (size_t index = 0; index < count_bytes(bitmap) / GCR_PAGE_BYTES; index++) {
        if (!count_is_ready(bitmap, index))
            continue;
        for (size_t page = index * COUNTS_PER_PAGE; page < (index + 1) * COUNTS_PER_PAGE; page++)
            if (bitmap->count[page] != 0)
                gcr_supply_release(bitmap->supply, GCR_PAGES_SIDE, table_page(bitmap, page),
                                   GCR_PAGE_BYTES);
        gcr_supply_release(bitmap->supply, GCR_PAGES_SIDE, count_page(bitmap, index),
                           GCR_PAGE_BYTES);
    }
    gcr_supply_unreserve(bitmap->supply, bitmap->word, bitmap->pages * GCR_PAGE_BYTES);
    gcr_supply_unreserve(bitmap->supply, bitmap->count, count_bytes(bitmap));
    *bitmap = (struct gcr_mark_bitmap){.supply = bitmap->supply, .shift = bitmap->shift};
}

/* Commits the counter of a page. */
static bool count_reach(struct gcr_mark_bitmap *bitmap, size_t page)
{
    size_t index = page / COUNTS_PER_PAGE;
    if (count_is_ready(bitmap, index))
        return true;
    if (!gcr_supply_commit(bitmap->supply, GCR_PAGES_SIDE, count_page(bitmap, index),
                           GCR_PAGE_BYTES))
        return false;
    bitmap->count_ready[index / 64] |= (uint64_t)1 << (index % 64);
    return true;
}

/* One range less on each page of the table from first to end. */
static void uncover_pages(struct gcr_mark_bitmap *bitmap, size_t first, size_t end)
{
    for (size_t page = first; page < end; page++) {
        GCR_CHECK(1, bitmap->count[page] != 0);
        if (--bitmap->count[page] == 0)
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
    if (bytes == 0 || from < bitmap->base || page_of(bitmap, last) >= bitmap->pages)
        return false;
    size_t first = page_of(bitmap, from), end = page_of(bitmap, last) + 1;
    for (size_t page = first; page < end; page++) {
        bool room = count_reach(bitmap, page) && bitmap->count[page] != UINT16_MAX;
        if (!room || (bitmap->count[page] == 0 &&
                      !gcr_supply_commit(bitmap->supply, GCR_PAGES_SIDE, table_page(bitmap, page),
                                         GCR_PAGE_BYTES))) {
            uncover_pages(bitmap, first, page);
            return false;
        }
        bitmap->count[page]++;
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
