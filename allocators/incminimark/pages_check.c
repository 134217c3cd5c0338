/* The page allocator's invariants. Every page on a chain has the class of the chain and lies in an
 * arena that knows it as used; free lists ascend; sums are right. O(blocks). */
#include "allocators/incminimark/pages.h"

struct check {
    const struct incminimark_pages *pages;
    uint64_t pages_found, used_bytes;
    const void *where;
};

static const char *check_fault(struct check *check, const void *where, const char *what)
{
    check->where = where;
    return what;
}

static const struct incminimark_arena *check_arena(const struct incminimark_pages *pages,
                                                   size_t index)
{
    return gcr_vector_at(&pages->arenas, index);
}

/* The free list ascends from block to block, and ends at a block or at the end of all. */
static const char *check_free_list(struct check *check, const struct incminimark_page *page)
{
    uint32_t bytes = page->size_class * INCMINIMARK_BLOCK_STEP_BYTES;
    uint32_t blocks = incminimark_page_blocks(page->size_class);
    const char *first = (const char *)page + INCMINIMARK_PAGE_HEADER_BYTES;
    const char *end = first + (size_t)blocks * bytes, *previous = first - 1, *at = page->free;
    for (uint32_t left = page->free_blocks; left > 0; left--) {
        if (at <= previous || at >= end || (size_t)(at - first) % bytes != 0)
            return check_fault(check, page, "free list of a page does not ascend");
        previous = at;
        at = *(char *const *)(const void *)at;
    }
    if (at <= previous || at > end || (size_t)(at - first) % bytes != 0)
        return check_fault(check, page, "never-used part of a page begins at no block");
    uint32_t unused = page->free_blocks + (uint32_t)((size_t)(end - at) / bytes);
    check->used_bytes += (uint64_t)(blocks - unused) * bytes;
    return NULL;
}

static const char *check_page(struct check *check, const struct incminimark_page *page,
                              uint32_t size_class, bool full)
{
    const struct incminimark_pages *pages = check->pages;
    if (page->size_class != size_class)
        return check_fault(check, page, "page is on the chain of another class");
    if (page->arena >= gcr_vector_count(&pages->arenas))
        return check_fault(check, page, "page names no arena");
    const struct incminimark_arena *arena = check_arena(pages, page->arena);
    uintptr_t offset = (uintptr_t)page - (uintptr_t)arena->base;
    if (arena->base == NULL || offset % INCMINIMARK_PAGE_BYTES != 0 ||
        offset / INCMINIMARK_PAGE_BYTES >= arena->fresh)
        return check_fault(check, page, "page does not lie in its arena");
    if (++check->pages_found > pages->pages_in_use)
        return check_fault(check, page, "more pages on chains than in use");
    uint32_t bytes = size_class * INCMINIMARK_BLOCK_STEP_BYTES;
    bool is_full = (size_t)(page->free - (const char *)page) > INCMINIMARK_PAGE_BYTES - bytes;
    if (is_full != full)
        return check_fault(check, page, "page is on the wrong one of its class's chains");
    return check_free_list(check, page);
}

static const char *check_chains(struct check *check, const struct incminimark_chains *chains)
{
    for (uint32_t c = 0; c <= check->pages->classes; c++) {
        const char *wrong = NULL;
        const struct incminimark_page *page = chains->full[c];
        for (; page != NULL && wrong == NULL; page = page->next)
            wrong = check_page(check, page, c, true);
        for (page = chains->partial[c]; page != NULL && wrong == NULL; page = page->next)
            wrong = check_page(check, page, c, false);
        if (wrong != NULL)
            return wrong;
    }
    return NULL;
}

static const char *check_arenas(struct check *check)
{
    const struct incminimark_pages *pages = check->pages;
    uint64_t arenas = 0, free_pages = 0;
    for (size_t i = 0; i < gcr_vector_count(&pages->arenas); i++) {
        const struct incminimark_arena *arena = check_arena(pages, i);
        if (arena->base == NULL)
            continue;
        uint32_t free = pages->arena_pages - arena->fresh;
        for (const struct incminimark_page *page = arena->free; page != NULL; page = page->next) {
            if (page->size_class != 0 || ++free > pages->arena_pages)
                return check_fault(check, page, "free pages of an arena are not all free");
        }
        if (free != arena->free_pages)
            return check_fault(check, arena->base, "arena's number of free pages is wrong");
        arenas++;
        free_pages += free;
    }
    if (arenas != pages->arena_count || free_pages != pages->free_pages ||
        arenas * pages->arena_pages != free_pages + pages->pages_in_use)
        return check_fault(check, pages, "numbers of arenas and pages do not add up");
    return NULL;
}

const char *incminimark_pages_check(const struct incminimark_pages *pages, const void **where)
{
    struct check check = {.pages = pages};
    const char *wrong = check_arenas(&check);
    if (wrong == NULL)
        wrong = check_chains(&check, &pages->now);
    if (wrong == NULL && pages->sweep_class != 0)
        wrong = check_chains(&check, &pages->set_aside);
    if (wrong == NULL && check.pages_found != pages->pages_in_use)
        wrong = check_fault(&check, pages, "pages in use that are on no chain");
    if (wrong == NULL && check.used_bytes != pages->used_bytes)
        wrong = check_fault(&check, pages, "used bytes are not the sum over the pages");
    *where = check.where;
    return wrong;
}
