/* The page allocator: arenas, chains, and looking at them. */
#include "allocators/incminimark/pages.h"

#include <string.h>

static struct incminimark_arena *arena_at(const struct incminimark_pages *pages, size_t index)
{
    return gcr_vector_at(&pages->arenas, index);
}

static size_t arena_bytes(const struct incminimark_pages *pages)
{
    return (size_t)pages->arena_pages * INCMINIMARK_PAGE_BYTES;
}

void incminimark_pages_init(struct incminimark_pages *pages, struct gcr_supply *supply,
                            struct gcr_mark_bitmap *marks, uint32_t small_bytes,
                            uint32_t arena_bytes_wanted)
{
    memset(pages, 0, sizeof *pages);
    pages->supply = supply;
    pages->marks = marks;
    pages->arena_pages = arena_bytes_wanted / INCMINIMARK_PAGE_BYTES;
    pages->classes = small_bytes / INCMINIMARK_BLOCK_STEP_BYTES;
    GCR_CHECK(1, pages->arena_pages >= 1 && pages->arena_pages <= INCMINIMARK_MAX_ARENA_PAGES);
    GCR_CHECK(1, pages->classes >= 1 && pages->classes <= INCMINIMARK_MAX_CLASSES);
    gcr_vector_init(&pages->arenas, supply, GCR_PAGES_SIDE, sizeof(struct incminimark_arena));
}

static void arena_unmap(struct incminimark_pages *pages, struct incminimark_arena *arena)
{
    gcr_supply_unmap(pages->supply, GCR_PAGES_OBJECTS, arena->base, arena_bytes(pages));
    arena->base = NULL;
}

void incminimark_pages_finish(struct incminimark_pages *pages)
{
    for (size_t i = 0; i < gcr_vector_count(&pages->arenas); i++)
        if (arena_at(pages, i)->base != NULL)
            arena_unmap(pages, arena_at(pages, i));
    gcr_vector_finish(&pages->arenas);
}

/* ---- arenas ---- */

/* An unused descriptor, as index + 1; 0: refused. */
static uint32_t arena_descriptor(struct incminimark_pages *pages)
{
    uint32_t index = pages->spare;
    if (index != 0) {
        pages->spare = arena_at(pages, index - 1)->next;
        return index;
    }
    struct incminimark_arena *arena = gcr_vector_push(&pages->arenas);
    if (arena == NULL)
        return 0;
    *arena = (struct incminimark_arena){0};
    return (uint32_t)gcr_vector_count(&pages->arenas);
}

static void arena_drop_descriptor(struct incminimark_pages *pages, uint32_t index)
{
    *arena_at(pages, index - 1) = (struct incminimark_arena){.next = pages->spare};
    pages->spare = index;
}

/* A new arena becomes the current one. */
static bool arena_create(struct incminimark_pages *pages)
{
    uint32_t index = arena_descriptor(pages);
    if (index == 0)
        return false;
    char *base =
        gcr_supply_map(pages->supply, GCR_PAGES_OBJECTS, arena_bytes(pages), GCR_PAGE_BYTES);
    if (base != NULL && pages->marks != NULL &&
        !gcr_mark_bitmap_cover(pages->marks, base, arena_bytes(pages))) {
        gcr_supply_unmap(pages->supply, GCR_PAGES_OBJECTS, base, arena_bytes(pages));
        base = NULL;
    }
    if (base == NULL) {
        arena_drop_descriptor(pages, index);
        return false;
    }
    *arena_at(pages, index - 1) =
        (struct incminimark_arena){.base = base, .free_pages = pages->arena_pages};
    pages->current = index;
    pages->free_pages += pages->arena_pages;
    pages->arena_count++;
    if (pages->arena_count > pages->arena_peak)
        pages->arena_peak = pages->arena_count;
    return true;
}

static void arena_list(struct incminimark_pages *pages, uint32_t index)
{
    struct incminimark_arena *arena = arena_at(pages, index - 1);
    arena->next = pages->by_free_pages[arena->free_pages];
    pages->by_free_pages[arena->free_pages] = index;
}

/* The arena with the fewest free pages becomes the current one. */
static bool arena_pick(struct incminimark_pages *pages)
{
    for (uint32_t n = 1; n <= pages->arena_pages; n++) {
        uint32_t index = pages->by_free_pages[n];
        if (index == 0)
            continue;
        pages->by_free_pages[n] = arena_at(pages, index - 1)->next;
        pages->current = index;
        return true;
    }
    return false;
}

/* Takes a page out of the current arena, which has one. */
static struct incminimark_page *arena_take_page(struct incminimark_pages *pages)
{
    struct incminimark_arena *arena = arena_at(pages, pages->current - 1);
    struct incminimark_page *page = arena->free;
    if (page != NULL)
        arena->free = page->next;
    else
        page = (void *)(arena->base + (size_t)arena->fresh++ * INCMINIMARK_PAGE_BYTES);
    GCR_STORE_AS(GCR_CAUSE_METADATA, page->arena, pages->current - 1);
    arena->free_pages--;
    pages->free_pages--;
    if (arena->free_pages == 0) {
        arena_list(pages, pages->current);
        pages->current = 0;
    }
    return page;
}

struct incminimark_page *incminimark_pages_new_page(struct incminimark_pages *pages,
                                                    uint32_t size_class)
{
    GCR_CHECK(1, size_class >= 1 && size_class <= pages->classes);
    if (pages->current == 0 && !arena_pick(pages) && !arena_create(pages))
        return NULL;
    struct incminimark_page *page = arena_take_page(pages);
    GCR_STORE_AS(GCR_CAUSE_METADATA, page->next, NULL);
    GCR_STORE_AS(GCR_CAUSE_METADATA, page->free_blocks, 0);
    GCR_STORE_AS(GCR_CAUSE_METADATA, page->size_class, size_class);
    GCR_STORE_AS(GCR_CAUSE_METADATA, page->free, (char *)page + INCMINIMARK_PAGE_HEADER_BYTES);
    pages->now.partial[size_class] = page;
    pages->pages_in_use++;
    return page;
}

/* ---- sweeping ---- */

void incminimark_pages_begin_sweep(struct incminimark_pages *pages)
{
    pages->set_aside = pages->now;
    memset(&pages->now, 0, sizeof pages->now);
    pages->sweep_class = pages->classes;
}

/* Largest blocks first; of each class, full pages first. */
struct incminimark_page *incminimark_pages_next_to_sweep(struct incminimark_pages *pages)
{
    for (; pages->sweep_class != 0; pages->sweep_class--) {
        struct incminimark_page **chain = &pages->set_aside.full[pages->sweep_class];
        if (*chain == NULL)
            chain = &pages->set_aside.partial[pages->sweep_class];
        struct incminimark_page *page = *chain;
        if (page != NULL) {
            *chain = page->next;
            return page;
        }
    }
    return NULL;
}

static void page_free(struct incminimark_pages *pages, struct incminimark_page *page)
{
    struct incminimark_arena *arena = arena_at(pages, page->arena);
    GCR_STORE_AS(GCR_CAUSE_METADATA, page->size_class, 0);
    GCR_STORE_AS(GCR_CAUSE_METADATA, page->next, arena->free);
    arena->free = page;
    arena->free_pages++;
    pages->free_pages++;
    pages->pages_in_use--;
}

void incminimark_pages_put_back(struct incminimark_pages *pages, struct incminimark_page *page,
                                uint32_t in_use)
{
    uint32_t size_class = page->size_class;
    if (in_use == 0) {
        page_free(pages, page);
        return;
    }
    struct incminimark_page **chain = in_use == incminimark_page_blocks(size_class)
                                          ? &pages->now.full[size_class]
                                          : &pages->now.partial[size_class];
    GCR_STORE_AS(GCR_CAUSE_METADATA, page->next, *chain);
    *chain = page;
}

void incminimark_pages_rehash(struct incminimark_pages *pages)
{
    memset(pages->by_free_pages, 0, sizeof pages->by_free_pages);
    pages->current = 0;
    for (uint32_t index = (uint32_t)gcr_vector_count(&pages->arenas); index >= 1; index--) {
        struct incminimark_arena *arena = arena_at(pages, index - 1);
        if (arena->base == NULL)
            continue;
        if (arena->free_pages < pages->arena_pages) {
            arena_list(pages, index);
            continue;
        }
        pages->arena_count--;
        pages->free_pages -= pages->arena_pages;
        if (pages->marks != NULL)
            gcr_mark_bitmap_uncover(pages->marks, arena->base, arena_bytes(pages));
        arena_unmap(pages, arena);
        arena_drop_descriptor(pages, index);
    }
}

/* ---- looking ---- */

void incminimark_page_map(const struct incminimark_page *page, struct incminimark_page_map *map)
{
    uint32_t bytes = page->size_class * INCMINIMARK_BLOCK_STEP_BYTES, list = page->free_blocks;
    const char *free = page->free, *block = (const char *)page + INCMINIMARK_PAGE_HEADER_BYTES;
    memset(map, 0, sizeof *map);
    for (uint32_t n = 0;; n++, block += bytes) {
        if (block != free)
            map->used[n / 64] |= (uint64_t)1 << (n % 64);
        else if (list-- != 0)
            free = *(char *const *)(const void *)block;
        else
            return;
    }
}

static bool page_walk(struct incminimark_page *page, bool (*visit)(void *arg, char *block),
                      void *arg)
{
    uint32_t bytes = page->size_class * INCMINIMARK_BLOCK_STEP_BYTES;
    struct incminimark_page_map map;
    incminimark_page_map(page, &map);
    for (uint32_t n = 0; n < incminimark_page_blocks(page->size_class); n++) {
        char *block = (char *)page + INCMINIMARK_PAGE_HEADER_BYTES + (size_t)n * bytes;
        if ((map.used[n / 64] >> (n % 64) & 1) != 0 && !visit(arg, block))
            return false;
    }
    return true;
}

/* A page of an arena that was used before, in use or free now. */
static struct incminimark_page *arena_page(const struct incminimark_arena *arena, uint32_t n)
{
    return (void *)(arena->base + (size_t)n * INCMINIMARK_PAGE_BYTES);
}

bool incminimark_pages_walk(const struct incminimark_pages *pages,
                            bool (*visit)(void *arg, char *block), void *arg)
{
    for (size_t i = 0; i < gcr_vector_count(&pages->arenas); i++)
        for (uint32_t n = 0; arena_at(pages, i)->base != NULL && n < arena_at(pages, i)->fresh;
             n++) {
            struct incminimark_page *page = arena_page(arena_at(pages, i), n);
            if (page->size_class != 0 && !page_walk(page, visit, arg))
                return false;
        }
    return true;
}

const struct incminimark_page *incminimark_pages_find(const struct incminimark_pages *pages,
                                                      const void *address)
{
    for (size_t i = 0; i < gcr_vector_count(&pages->arenas); i++) {
        const struct incminimark_arena *arena = arena_at(pages, i);
        uintptr_t offset = (uintptr_t)address - (uintptr_t)arena->base;
        if (arena->base == NULL || offset >= arena_bytes(pages))
            continue;
        uint32_t n = (uint32_t)(offset / INCMINIMARK_PAGE_BYTES);
        const struct incminimark_page *page = arena_page(arena, n);
        return n < arena->fresh && page->size_class != 0 ? page : NULL;
    }
    return NULL;
}
