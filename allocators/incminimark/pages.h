/* The page allocator for small old objects: pages of 8 KiB, each cut into blocks of one size, in
 * arenas of (by default) 512 KiB.
 *
 * A page begins with a header of 32 bytes; behind it lie the blocks. Its free blocks form a list in
 * address order that ends at the first block that was never used. Pages with room and full pages
 * are two chains for each size class (classes are multiples of 8 bytes). New pages come from the
 * arena that has the fewest free pages, so that the others can empty; an arena without a page in
 * use goes back to the system after the next sweep.
 *
 * A sweep sets all chains aside and then visits some of their pages at a time. Until it is over,
 * allocation takes blocks only from pages that are new or already swept, so nothing that is
 * allocated meanwhile can be mistaken for garbage.
 *
 * Source: PyPy's rpython/memory/gc/minimarkpage.py. Differs: arenas are page-aligned, so all of
 * their pages are usable; blocks freed by the sweep leave used_bytes one by one.
 *
 * Invariants (incminimark_pages_check): each page of an arena is on exactly one chain, or free;
 * free lists ascend; used_bytes is the sum over pages of (blocks - free blocks) x block size. Cost:
 * allocation O(1), a sweep O(blocks). */
#ifndef GCR_ALLOCATORS_INCMINIMARK_PAGES_H
#define GCR_ALLOCATORS_INCMINIMARK_PAGES_H

#include "allocators/common/access.h"
#include "allocators/common/mark_bitmap.h"
#include "allocators/common/supply.h"
#include "allocators/common/vector.h"
#include "base/compiler.h"

enum {
    INCMINIMARK_PAGE_BYTES = 8192,
    INCMINIMARK_PAGE_HEADER_BYTES = 32,
    INCMINIMARK_BLOCK_STEP_BYTES = 8,
    INCMINIMARK_MAX_SMALL_BYTES = 1024, /* bounds of options, and so of the tables below */
    INCMINIMARK_MAX_CLASSES = INCMINIMARK_MAX_SMALL_BYTES / INCMINIMARK_BLOCK_STEP_BYTES,
    INCMINIMARK_MAX_ARENA_PAGES = 512
};

struct incminimark_page {
    struct incminimark_page *next; /* of its chain; of the arena's free pages */
    uint64_t arena;                /* index */
    uint32_t free_blocks;          /* on the free list; the never-used ones behind it not counted */
    uint32_t size_class;           /* block bytes / 8; 0: the page is free */
    char *free;                    /* first free block; after the last of the list: never used */
};
_Static_assert(sizeof(struct incminimark_page) == INCMINIMARK_PAGE_HEADER_BYTES, "page header");

struct incminimark_arena {
    char *base;                    /* NULL: this descriptor is unused */
    struct incminimark_page *free; /* pages that were in use before */
    uint32_t free_pages;           /* those, and the never-used ones */
    uint32_t fresh;                /* first never-used page */
    uint32_t next;                 /* in its list: index + 1, 0 ends it */
};

struct incminimark_chains {
    struct incminimark_page *partial[INCMINIMARK_MAX_CLASSES + 1];
    struct incminimark_page *full[INCMINIMARK_MAX_CLASSES + 1];
};

struct incminimark_pages {
    struct incminimark_chains now;       /* allocation takes from these */
    struct incminimark_chains set_aside; /* by a sweep, to be visited */
    struct gcr_supply *supply;
    struct gcr_mark_bitmap *marks; /* covers the arenas; NULL: marks are in headers */
    struct gcr_vector arenas;      /* struct incminimark_arena, on side pages */
    /* Lists of arenas by free pages, as of the last rehash; heads are index + 1, 0: empty. */
    uint32_t by_free_pages[INCMINIMARK_MAX_ARENA_PAGES + 1];
    uint32_t current; /* arena that pages come from: index + 1, 0: none */
    uint32_t spare;   /* unused descriptors */
    uint32_t arena_pages, classes;
    uint32_t sweep_class; /* next class that a sweep visits; 0: no sweep, or all visited */
    uint64_t used_bytes;
    uint64_t pages_in_use, free_pages, arena_count, arena_peak;
};

/* Takes no memory yet. small_bytes: largest block; arena_bytes: whole pages. marks may be NULL. */
void incminimark_pages_init(struct incminimark_pages *pages, struct gcr_supply *supply,
                            struct gcr_mark_bitmap *marks, uint32_t small_bytes,
                            uint32_t arena_bytes);
/* Gives all arenas back. */
void incminimark_pages_finish(struct incminimark_pages *pages);

/* Slow half of incminimark_pages_alloc: finds a page with room for the class, or makes one. NULL:
 * the supply refuses. */
struct incminimark_page *incminimark_pages_new_page(struct incminimark_pages *pages,
                                                    uint32_t size_class);

static inline uint32_t incminimark_page_blocks(uint32_t size_class)
{
    return (INCMINIMARK_PAGE_BYTES - INCMINIMARK_PAGE_HEADER_BYTES) /
           (size_class * INCMINIMARK_BLOCK_STEP_BYTES);
}

/* A block, contents undefined; bytes: a multiple of 8, at most the largest block. */
static inline void *incminimark_pages_alloc(struct incminimark_pages *pages, uint64_t bytes)
{
    uint32_t size_class = (uint32_t)(bytes / INCMINIMARK_BLOCK_STEP_BYTES);
    struct incminimark_page *page = pages->now.partial[size_class];
    if (GCR_UNLIKELY(page == NULL)) {
        page = incminimark_pages_new_page(pages, size_class);
        if (page == NULL)
            return NULL;
    }
    char *block = page->free;
    if (page->free_blocks > 0) {
        GCR_STORE_AS(GCR_CAUSE_METADATA, page->free_blocks, page->free_blocks - 1);
        GCR_STORE_AS(GCR_CAUSE_METADATA, page->free, *(char **)(void *)block);
    } else {
        GCR_STORE_AS(GCR_CAUSE_METADATA, page->free, block + bytes);
    }
    pages->used_bytes += bytes;
    if ((uint64_t)(page->free - (char *)page) > INCMINIMARK_PAGE_BYTES - bytes) {
        pages->now.partial[size_class] = page->next;
        GCR_STORE_AS(GCR_CAUSE_METADATA, page->next, pages->now.full[size_class]);
        pages->now.full[size_class] = page;
    }
    return block;
}

/* ---- sweeping ---- */

/* Sets all chains aside: a sweep begins. */
void incminimark_pages_begin_sweep(struct incminimark_pages *pages);
/* Takes the next page to be swept; NULL: all have been. O(1), amortised over the classes. */
struct incminimark_page *incminimark_pages_next_to_sweep(struct incminimark_pages *pages);
/* Puts a swept page, with that many blocks in use, back on a chain or frees it. */
void incminimark_pages_put_back(struct incminimark_pages *pages, struct incminimark_page *page,
                                uint32_t in_use);
/* After the last page: sorts the arenas by free pages and gives the empty ones back. */
void incminimark_pages_rehash(struct incminimark_pages *pages);

/* Visits the blocks in use of one page; those that `keep` does not want are put on its free list,
 * in address order. Returns how many are kept. */
GCR_ALWAYS_INLINE uint32_t incminimark_page_sweep(struct incminimark_pages *pages,
                                                  struct incminimark_page *page,
                                                  bool (*keep)(void *arg, char *block), void *arg)
{
    uint32_t bytes = page->size_class * INCMINIMARK_BLOCK_STEP_BYTES;
    uint32_t kept = 0, list = page->free_blocks;
    char **link = &page->free;
    char *next_free = page->free;
    for (char *block = (char *)page + INCMINIMARK_PAGE_HEADER_BYTES;; block += bytes) {
        if (block == next_free) {
            if (list-- == 0)
                break; /* never used from here on */
            link = (char **)(void *)block;
            next_free = *link;
        } else if (keep(arg, block)) {
            kept++;
        } else {
            GCR_STORE_AS(link == &page->free ? GCR_CAUSE_METADATA : GCR_CAUSE_FREE_LINK, *link,
                         block);
            link = (char **)(void *)block;
            GCR_STORE_AS(GCR_CAUSE_FREE_LINK, *link, next_free);
            GCR_STORE_AS(GCR_CAUSE_METADATA, page->free_blocks, page->free_blocks + 1);
            pages->used_bytes -= bytes;
        }
    }
    return kept;
}

/* ---- looking ---- */

/* Sets the bits of the blocks in use, by number. */
struct incminimark_page_map {
    uint64_t used[INCMINIMARK_PAGE_BYTES / INCMINIMARK_BLOCK_STEP_BYTES / 64];
};
void incminimark_page_map(const struct incminimark_page *page, struct incminimark_page_map *map);

/* Visits every block in use, arena by arena; blocks may be allocated meanwhile, and may then be
 * missed. Stops when `visit` returns false, and returns false. */
bool incminimark_pages_walk(const struct incminimark_pages *pages,
                            bool (*visit)(void *arg, char *block), void *arg);

/* The page that an address lies in, if that page is in use; else NULL. O(arenas). */
const struct incminimark_page *incminimark_pages_find(const struct incminimark_pages *pages,
                                                      const void *address);

/* The invariants above. NULL, or what is wrong, and where. O(blocks). */
const char *incminimark_pages_check(const struct incminimark_pages *pages, const void **where);

#endif
