/* One bit for each granule of the address space that a supply's reservations may come from: mark
 * bits, or any other bit an object, kept away from the objects.
 *
 * The table is one reservation; a page of it is committed (and counted as a side table) once memory
 * that it stands for is announced with gcr_mark_bitmap_cover, and given back when none of it is
 * left. 4 KiB of table cover 512 KiB of heap with granules of 16 bytes.
 *
 * Invariant: the page of the table that holds the bit of an address is committed while the address
 * is covered; bits of memory that has just been covered are clear. Cost: O(1) a bit. */
#ifndef GCR_ALLOCATORS_COMMON_MARK_BITMAP_H
#define GCR_ALLOCATORS_COMMON_MARK_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/common/supply.h"
#include "base/compiler.h"

enum { GCR_MARK_BITMAP_COUNT_PAGES = 2048 };

struct gcr_mark_bitmap {
    uint64_t *word;  /* of the granules from `base` on */
    uintptr_t base;  /* multiple of what one page of the table covers */
    uint32_t shift;  /* log2 of the granule */
    size_t pages;    /* of the table */
    uint16_t *count; /* by page of the table: ranges that need it */
    /* One bit for each page of `count` that is committed. */
    uint64_t count_ready[GCR_MARK_BITMAP_COUNT_PAGES / 64];
    struct gcr_supply *supply;
};

/* Reserves a table for `span_bytes` (cut to 512 GiB) of address space to either side of where the
 * supply places its reservations now. granule_bytes: 8 or 16. False: no address space. */
bool gcr_mark_bitmap_init(struct gcr_mark_bitmap *bitmap, struct gcr_supply *supply,
                          uint32_t granule_bytes, uint64_t span_bytes) GCR_MUST_USE;
void gcr_mark_bitmap_finish(struct gcr_mark_bitmap *bitmap);

/* Commits what stands for start .. start + bytes. False, with nothing changed, if the supply
 * refuses or the range lies outside the span. Each range is uncovered as it was covered; at
 * most 65535 ranges share a page of the table. */
bool gcr_mark_bitmap_cover(struct gcr_mark_bitmap *bitmap, const void *start,
                           size_t bytes) GCR_MUST_USE;
/* The bits of the range are clear afterwards (the caller sees to that where it shares a page). */
void gcr_mark_bitmap_uncover(struct gcr_mark_bitmap *bitmap, const void *start, size_t bytes);

/* Clears, counts, finds: bits of start .. start + bytes. O(bytes / granule / 64). */
void gcr_mark_bitmap_clear(struct gcr_mark_bitmap *bitmap, const void *start, size_t bytes);
bool gcr_mark_bitmap_is_clear(const struct gcr_mark_bitmap *bitmap, const void *start,
                              size_t bytes);

static inline size_t gcr_mark_bitmap_index(const struct gcr_mark_bitmap *bitmap,
                                           const void *address)
{
    return ((uintptr_t)address - bitmap->base) >> bitmap->shift;
}

/* The word with the bits of 64 granules from `address` on, which is a multiple of what 64 granules
 * are. */
static inline uint64_t *gcr_mark_bitmap_word(const struct gcr_mark_bitmap *bitmap,
                                             const void *address)
{
    return &bitmap->word[gcr_mark_bitmap_index(bitmap, address) / 64];
}

static inline bool gcr_mark_bitmap_get(const struct gcr_mark_bitmap *bitmap, const void *address)
{
    size_t index = gcr_mark_bitmap_index(bitmap, address);
    return (bitmap->word[index / 64] >> (index % 64) & 1) != 0;
}

static inline void gcr_mark_bitmap_set(struct gcr_mark_bitmap *bitmap, const void *address)
{
    size_t index = gcr_mark_bitmap_index(bitmap, address);
    bitmap->word[index / 64] |= (uint64_t)1 << (index % 64);
}

static inline void gcr_mark_bitmap_unset(struct gcr_mark_bitmap *bitmap, const void *address)
{
    size_t index = gcr_mark_bitmap_index(bitmap, address);
    bitmap->word[index / 64] &= ~((uint64_t)1 << (index % 64));
}

/* Sets the bit; true if it was clear. */
static inline bool gcr_mark_bitmap_test_set(struct gcr_mark_bitmap *bitmap, const void *address)
{
    size_t index = gcr_mark_bitmap_index(bitmap, address);
    uint64_t bit = (uint64_t)1 << (index % 64);
    uint64_t *word = &bitmap->word[index / 64];
    if ((*word & bit) != 0)
        return false;
    *word |= bit;
    return true;
}

#endif
