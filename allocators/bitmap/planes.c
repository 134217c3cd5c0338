/* Permanent side tables: planes and pool words of each arena, FINALIZED planes of single pools.
 *
 * Rows lie in the order of arena numbers, which is that of addresses. An arena's rows are committed
 * when it is mapped and given back with it; a page that two arenas' rows share stays as long as one
 * of them. An arena is only given back when all its blocks are free, so that its planes are zero by
 * then; its pool words are cleared. Cost: O(1) system calls an arena. */
#include "allocators/bitmap/planes.h"

/* ---- rows ---- */

static bool rows_init(struct bitmap *b, struct bitmap_rows *rows, size_t row_bytes)
{
    rows->row_bytes = row_bytes;
    rows->reserved_bytes = gcr_page_round(row_bytes * b->counting.container_pools->arenas_max);
    rows->start = gcr_supply_reserve(b->counting.base.supply, rows->reserved_bytes, GCR_PAGE_BYTES);
    return rows->start != NULL;
}

static bool arena_is_there(const struct bitmap *b, size_t arena, size_t except)
{
    const struct gcr_pools *pools = b->counting.container_pools;
    uintptr_t first, end;
    return arena != except && arena < pools->arenas_known &&
           gcr_pools_arena_span(pools, (uint32_t)arena, &first, &end);
}

/* Whether another arena has a part of its row on this page. */
static bool page_is_shared(const struct bitmap *b, const struct bitmap_rows *rows, size_t page,
                           size_t except)
{
    size_t from = page * GCR_PAGE_BYTES / rows->row_bytes;
    size_t to = (page * GCR_PAGE_BYTES + GCR_PAGE_BYTES - 1) / rows->row_bytes;
    for (size_t arena = from; arena <= to; arena++) {
        if (arena_is_there(b, arena, except))
            return true;
    }
    return false;
}

/* The whole pages that belong to one arena's row and to no other arena that is there. */
static void own_pages(const struct bitmap *b, const struct bitmap_rows *rows, size_t arena,
                      size_t *first, size_t *end)
{
    *first = arena * rows->row_bytes / GCR_PAGE_BYTES;
    *end = ((arena + 1) * rows->row_bytes - 1) / GCR_PAGE_BYTES + 1;
    if (page_is_shared(b, rows, *first, arena))
        ++*first;
    if (*end > *first && page_is_shared(b, rows, *end - 1, arena))
        --*end;
}

static bool rows_enter(struct bitmap *b, const struct bitmap_rows *rows, size_t arena)
{
    size_t first, end;
    own_pages(b, rows, arena, &first, &end);
    return gcr_supply_commit(b->counting.base.supply, GCR_PAGES_SIDE,
                             rows->start + first * GCR_PAGE_BYTES, (end - first) * GCR_PAGE_BYTES);
}

static void rows_leave(struct bitmap *b, const struct bitmap_rows *rows, size_t arena)
{
    size_t first, end;
    own_pages(b, rows, arena, &first, &end);
    gcr_supply_release(b->counting.base.supply, GCR_PAGES_SIDE,
                       rows->start + first * GCR_PAGE_BYTES, (end - first) * GCR_PAGE_BYTES);
}

/* ---- arenas and pools come and go ---- */

static size_t arena_number(const struct bitmap *b, const void *start)
{
    return bitmap_pool_number(b, start) / b->pools_per_arena;
}

static bool arena_mapped(void *arg, void *start, size_t bytes)
{
    struct bitmap *b = arg;
    size_t arena = arena_number(b, start);
    if (!gcr_counting_arena_mapped(&b->counting, start, bytes))
        return false;
    if (!rows_enter(b, &b->words, arena))
        goto fail_words;
    if (b->in_header || rows_enter(b, &b->planes, arena))
        return true;
    rows_leave(b, &b->words, arena);
fail_words:
    gcr_counting_arena_unmapped(&b->counting, start, bytes);
    return false;
}

static void arena_unmapped(void *arg, void *start, size_t bytes)
{
    struct bitmap *b = arg;
    size_t arena = arena_number(b, start);
    for (uint32_t i = 0; i < 2 * bitmap_arena_words(b); i++)
        bitmap_young_words(b, (uint32_t)arena)[i] = 0; /* the middle words follow */
    rows_leave(b, &b->words, arena);
    if (!b->in_header)
        rows_leave(b, &b->planes, arena);
    gcr_counting_arena_unmapped(&b->counting, start, bytes);
}

static void pool_emptied(void *arg, struct gcr_pool *pool)
{
    struct bitmap *b = arg;
    uint32_t *slot = bitmap_finalized_slot(b, bitmap_pool_number(b, pool));
    if (*slot == 0)
        return;
    uint64_t *plane = gcr_vector_at(&b->finalized, *slot - 1);
    plane[0] = b->finalized_spare;
    b->finalized_spare = *slot;
    *slot = 0;
    b->finalized_planes--;
}

bool gcr_bitmap_promise_finalized(struct bitmap *b, const void *block)
{
    uint32_t *slot = bitmap_finalized_slot(b, bitmap_pool_number(b, block));
    if (*slot != 0)
        return true;
    uint64_t *plane;
    if (b->finalized_spare != 0) {
        *slot = b->finalized_spare;
        plane = gcr_vector_at(&b->finalized, *slot - 1);
        b->finalized_spare = (uint32_t)plane[0];
    } else {
        plane = gcr_vector_push(&b->finalized);
        if (plane == NULL)
            return false;
        *slot = (uint32_t)gcr_vector_count(&b->finalized);
    }
    for (uint32_t i = 0; i < b->groups_per_pool; i++)
        plane[i] = 0;
    b->finalized_planes++;
    return true;
}

/* ---- life cycle ---- */

gcr_status gcr_bitmap_planes_init(struct bitmap *b, struct gcr_error *err)
{
    struct gcr_pools *pools = b->counting.container_pools;
    size_t words = 2 * (size_t)bitmap_arena_words(b) + (b->pools_per_arena + 1) / 2;
    size_t planes = (size_t)b->pools_per_arena * b->groups_per_pool * b->group_words;
    b->range_start = pools->range_start;
    gcr_vector_init(&b->finalized, b->counting.base.supply, GCR_PAGES_SIDE,
                    b->groups_per_pool * (uint32_t)sizeof(uint64_t));
    if (!rows_init(b, &b->words, words * sizeof(uint64_t)) ||
        (!b->in_header && !rows_init(b, &b->planes, planes * sizeof(uint64_t))))
        return gcr_fail(err, GCR_HEAP_EXHAUSTED, "no address space for the tables of bit planes");
    pools->hooks = (struct gcr_pools_hooks){
        .mapped = arena_mapped, .unmapped = arena_unmapped, .emptied = pool_emptied, .arg = b};
    return GCR_OK;
}

static void rows_finish(struct bitmap *b, struct bitmap_rows *rows)
{
    if (rows->start == NULL)
        return;
    const struct gcr_pools *pools = b->counting.container_pools;
    size_t pages = rows->reserved_bytes / GCR_PAGE_BYTES;
    for (size_t page = 0;
         page < pages && page * GCR_PAGE_BYTES < pools->arenas_known * rows->row_bytes; page++) {
        if (page_is_shared(b, rows, page, SIZE_MAX))
            gcr_supply_release(b->counting.base.supply, GCR_PAGES_SIDE,
                               rows->start + page * GCR_PAGE_BYTES, GCR_PAGE_BYTES);
    }
    gcr_supply_unreserve(b->counting.base.supply, rows->start, rows->reserved_bytes);
    rows->start = NULL;
}

void gcr_bitmap_planes_finish(struct bitmap *b)
{
    if (b->finalized.supply != NULL)
        gcr_vector_finish(&b->finalized);
    rows_finish(b, &b->planes);
    rows_finish(b, &b->words);
}

/* ---- freezing ---- */

/* Applies `change` to each group of each pool that has ever been in use. */
static void each_group(const struct bitmap *b, void (*change)(uint64_t *words, void *arg),
                       void *arg)
{
    const struct gcr_pools *pools = b->counting.container_pools;
    uintptr_t first, end;
    for (uint32_t arena = 0; arena < pools->arenas_known; arena++) {
        if (!gcr_pools_arena_span(pools, arena, &first, &end))
            continue;
        for (uintptr_t pool = first; pool < end; pool += pools->options.pool_bytes) {
            uint64_t *words = bitmap_pool_planes(b, bitmap_pool_number(b, (void *)pool));
            for (uint32_t g = 0; g < b->groups_per_pool; g++)
                change(words + (size_t)g * b->group_words, arg);
        }
    }
}

static void freeze_group(uint64_t *words, void *arg)
{
    (void)arg;
    if (words[PLANE_TRACKED] & ~(words[PLANE_GEN0] & words[PLANE_GEN1])) {
        BITMAP_SET_PLANE(words[PLANE_GEN0], words[PLANE_GEN0] | words[PLANE_TRACKED]);
        BITMAP_SET_PLANE(words[PLANE_GEN1], words[PLANE_GEN1] | words[PLANE_TRACKED]);
    }
}

static void unfreeze_group(uint64_t *words, void *arg)
{
    uint64_t frozen = words[PLANE_GEN0] & words[PLANE_GEN1];
    (void)arg;
    if (frozen != 0)
        BITMAP_SET_PLANE(words[PLANE_GEN0], words[PLANE_GEN0] & ~frozen);
}

static void count_group(uint64_t *words, void *arg)
{
    *(uint64_t *)arg += bitmap_popcount(words[PLANE_TRACKED]);
}

void gcr_bitmap_freeze(struct bitmap *b)
{
    const struct gcr_pools *pools = b->counting.container_pools;
    uintptr_t first, end;
    each_group(b, freeze_group, NULL);
    for (uint32_t arena = 0; arena < pools->arenas_known; arena++) {
        if (!gcr_pools_arena_span(pools, arena, &first, &end))
            continue;
        for (uint32_t i = 0; i < 2 * bitmap_arena_words(b); i++)
            bitmap_young_words(b, arena)[i] = 0;
    }
    for (int g = 0; g < GCR_COUNTING_GENERATIONS; g++) {
        gcr_gc_list_merge(&b->large[g], &b->large[BITMAP_FROZEN]);
        b->counting.count[g] = 0;
    }
}

void gcr_bitmap_unfreeze(struct bitmap *b)
{
    each_group(b, unfreeze_group, NULL);
    gcr_gc_list_merge(&b->large[BITMAP_FROZEN], &b->large[GCR_COUNTING_GENERATIONS - 1]);
}

uint64_t gcr_bitmap_count_tracked(const struct bitmap *b)
{
    uint64_t tracked = 0;
    each_group(b, count_group, &tracked);
    for (int list = 0; list < BITMAP_LISTS; list++)
        tracked += gcr_gc_list_count(&b->large[list]);
    return tracked;
}
