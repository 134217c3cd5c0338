/* Ranges are cut into the words of the bit arrays that they touch: one mask a word, whatever is
 * done with it. */
#include "sim/measure/page_set.h"

#include <string.h>
#include <sys/mman.h>

#include "allocators/common/supply.h"

enum { BLOCK_PAGES = 1 << 18, WORD_PAGES = 64, BLOCK_WORDS = BLOCK_PAGES / WORD_PAGES };
static const size_t block_bytes = BLOCK_WORDS * sizeof(uint64_t);

static void *page_set_map(size_t bytes)
{
    void *got = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return got == MAP_FAILED ? NULL : got;
}

bool gcr_page_set_init(struct gcr_page_set *set)
{
    uintptr_t first, last;
    size_t blocks;

    gcr_supply_region(&first, &last);
    blocks = ((last - first) / GCR_PAGE_BYTES + BLOCK_PAGES - 1) / BLOCK_PAGES;
    *set = (struct gcr_page_set){.block_count = blocks, .first = first, .last = last};
    set->blocks = page_set_map(blocks * sizeof *set->blocks);
    return set->blocks != NULL;
}

void gcr_page_set_finish(struct gcr_page_set *set)
{
    if (set->blocks == NULL)
        return;
    for (size_t i = 0; i < set->block_count; i++)
        if (set->blocks[i] != NULL)
            munmap(set->blocks[i], block_bytes);
    munmap(set->blocks, set->block_count * sizeof *set->blocks);
    *set = (struct gcr_page_set){0};
}

void gcr_page_set_clear(struct gcr_page_set *set)
{
    for (size_t i = 0; i < set->block_count; i++)
        if (set->blocks[i] != NULL)
            memset(set->blocks[i], 0, block_bytes);
    set->pages = 0;
}

/* The range as numbers of pages from the region's start; empty if nothing of it is inside. */
struct page_span {
    uint64_t at, end;
};

static struct page_span page_set_span(const struct gcr_page_set *set, uintptr_t start,
                                      uintptr_t end)
{
    if (start < set->first)
        start = set->first;
    if (end > set->last)
        end = set->last;
    if (set->blocks == NULL || start >= end)
        return (struct page_span){0, 0};
    return (struct page_span){(start - set->first) / GCR_PAGE_BYTES,
                              (end - set->first + GCR_PAGE_BYTES - 1) / GCR_PAGE_BYTES};
}

/* Takes the pages of the span's first word off it and says which bits of that word they are. */
static uint64_t page_span_next_word(struct page_span *span)
{
    uint64_t offset = span->at % WORD_PAGES, left = span->end - span->at;
    uint64_t pages = left < WORD_PAGES - offset ? left : WORD_PAGES - offset;

    span->at += pages;
    return (pages == WORD_PAGES ? ~(uint64_t)0 : ((uint64_t)1 << pages) - 1) << offset;
}

/* The word of a page's bit, or NULL where there is no block. */
static uint64_t *page_set_word(const struct gcr_page_set *set, uint64_t page)
{
    uint64_t *block = set->blocks[page / BLOCK_PAGES];

    return block != NULL ? &block[page % BLOCK_PAGES / WORD_PAGES] : NULL;
}

/* Passes over the rest of a gigabyte without a block. */
static void page_span_skip_block(struct page_span *span, uint64_t page)
{
    uint64_t next = (page / BLOCK_PAGES + 1) * BLOCK_PAGES;

    span->at = next < span->end ? next : span->end;
}

bool gcr_page_set_add(struct gcr_page_set *set, uintptr_t start, uintptr_t end)
{
    struct page_span span = page_set_span(set, start, end);

    while (span.at < span.end) {
        uint64_t page = span.at, mask = page_span_next_word(&span), *word;
        uint64_t **block = &set->blocks[page / BLOCK_PAGES];

        if (*block == NULL && (*block = page_set_map(block_bytes)) == NULL)
            return false;
        word = page_set_word(set, page);
        set->pages += GCR_POPCOUNT64(mask & ~*word);
        *word |= mask;
    }
    return true;
}

uint64_t gcr_page_set_remove(struct gcr_page_set *set, uintptr_t start, uintptr_t end)
{
    struct page_span span = page_set_span(set, start, end);
    uint64_t removed = 0;

    while (span.at < span.end) {
        uint64_t page = span.at, mask = page_span_next_word(&span);
        uint64_t *word = page_set_word(set, page);

        if (word == NULL) {
            page_span_skip_block(&span, page);
            continue;
        }
        removed += GCR_POPCOUNT64(mask & *word);
        *word &= ~mask;
    }
    set->pages -= removed;
    return removed;
}

uint64_t gcr_page_set_count(const struct gcr_page_set *set, uintptr_t start, uintptr_t end)
{
    return gcr_page_set_visit(set, start, end, NULL, NULL);
}

uint64_t gcr_page_set_visit(const struct gcr_page_set *set, uintptr_t start, uintptr_t end,
                            gcr_page_visitor *visit, void *arg)
{
    struct page_span span = page_set_span(set, start, end);
    uint64_t count = 0;

    while (span.at < span.end) {
        uint64_t page = span.at, mask = page_span_next_word(&span);
        const uint64_t *word = page_set_word(set, page);
        uint64_t bits = word != NULL ? *word & mask : 0;

        if (word == NULL)
            page_span_skip_block(&span, page);
        count += GCR_POPCOUNT64(bits);
        for (; visit != NULL && bits != 0; bits &= bits - 1)
            visit(arg,
                  set->first + (page / WORD_PAGES * WORD_PAGES + GCR_CTZ64(bits)) * GCR_PAGE_BYTES);
    }
    return count;
}
