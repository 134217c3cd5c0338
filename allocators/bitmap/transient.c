/* Candidates of a collection, and what exists only while it runs: transient planes and working
 * counts of the pools that have candidates. All of it is committed at once, before anything
 * changes, into one reservation, and given back at the end; fresh pages read as zero.
 *
 *   table by pool number | records of pools | groups | SCANNED words (with a cap) | working counts
 *
 * A collection of generation 0 visits the young pools alone, one of generation 1 young and middle
 * ones, a full one all. Cost: O(planes of the pools visited). */
#include "allocators/bitmap/planes.h"

enum { COUNT_BYTES = 4 };

/* ---- sizes ---- */

/* Groups of a pool that blocks of its class can be in. */
static uint32_t groups_in_use(const struct bitmap *b, const struct gcr_pool *pool)
{
    if (b->granule)
        return b->groups_per_pool;
    const struct gcr_pools *pools = b->counting.container_pools;
    uint32_t bytes = (pool->size_class + 1) << pools->class_shift;
    return ((pools->options.pool_bytes - b->first_offset) / bytes + 63) / 64;
}

/* The most that any heap in this range could need. */
static size_t largest_need(const struct bitmap *b)
{
    size_t pools = b->counting.container_pools->arenas_max * (size_t)b->pools_per_arena;
    size_t group = sizeof(struct bitmap_group) + sizeof(uint64_t) + 64 * COUNT_BYTES;
    return gcr_page_round(pools * (sizeof(struct bitmap_pool_place) + sizeof(struct bitmap_pool) +
                                   b->groups_per_pool * group) +
                          8 * GCR_PAGE_BYTES);
}

bool gcr_bitmap_transient_init(struct bitmap *b)
{
    gcr_vector_init(&b->work_list, b->counting.base.supply, GCR_PAGES_WORK, sizeof(uintptr_t));
    b->transient.reserved_bytes = largest_need(b);
    b->transient.start =
        gcr_supply_reserve(b->counting.base.supply, b->transient.reserved_bytes, GCR_PAGE_BYTES);
    return b->transient.start != NULL;
}

void gcr_bitmap_transient_finish(struct bitmap *b)
{
    if (b->work_list.supply != NULL)
        gcr_vector_finish(&b->work_list);
    if (b->transient.start != NULL)
        gcr_supply_unreserve(b->counting.base.supply, b->transient.start,
                             b->transient.reserved_bytes);
    b->transient.start = NULL;
}

/* ---- visiting pools ---- */

/* Blocks of a group that a collection of this generation examines. */
static inline uint64_t candidates_of(const uint64_t *words, uint32_t generation)
{
    uint64_t gen0 = words[PLANE_GEN0], gen1 = words[PLANE_GEN1];
    uint64_t older = generation == 0 ? gen0 | gen1 : generation == 1 ? gen1 : gen0 & gen1;
    return words[PLANE_TRACKED] & ~older;
}

struct visit {
    struct bitmap *b;
    uint32_t generation;
    uint64_t candidates, counts; /* in all pools so far */
    uint32_t pools, groups;
    bool take; /* second round: fill records and groups in */
};

/* Fills in the record and the groups of a pool with candidates. */
static void take_pool(struct visit *v, struct gcr_pool *pool, uint32_t number, uint32_t groups)
{
    struct bitmap *b = v->b;
    struct bitmap_transient *t = &b->transient;
    uintptr_t start = (uintptr_t)pool;
    uint32_t block_bytes = (pool->size_class + 1) << b->counting.container_pools->class_shift;
    t->pool[v->pools] = (struct bitmap_pool){
        .base = start + (b->granule ? b->granule_ref : b->first_ref),
        .planes = bitmap_pool_planes(b, number),
        .first_group = v->groups,
        .groups = groups,
        .unit = b->granule ? 1u << b->granule_shift : block_bytes,
        .number = number,
    };
    t->place_of_pool[number] =
        (struct bitmap_pool_place){v->groups + 1, (uint32_t)b->reciprocal[pool->size_class]};
    for (uint32_t g = 0; g < groups; g++) {
        const uint64_t *words = t->pool[v->pools].planes + (size_t)g * b->group_words;
        struct bitmap_group *group = &t->group[v->groups + g];
        group->candidate = candidates_of(words, v->generation);
        group->first_count = (uint32_t)v->counts;
        group->pool = v->pools;
        v->counts += b->full_counts ? 64 : bitmap_popcount(group->candidate);
    }
}

static void visit_pool(struct visit *v, uint32_t number)
{
    struct bitmap *b = v->b;
    const uint64_t *words = bitmap_pool_planes(b, number);
    uint64_t any = 0, found = 0;
    for (uint32_t g = 0; g < b->groups_per_pool; g++) {
        uint64_t candidates = candidates_of(words + (size_t)g * b->group_words, v->generation);
        any |= candidates;
        found += bitmap_popcount(candidates);
    }
    if (any == 0)
        return;
    struct gcr_pool *pool = (struct gcr_pool *)bitmap_pool_start(b, number);
    uint32_t groups = groups_in_use(b, pool);
    if (v->take)
        take_pool(v, pool, number, groups);
    else
        v->counts += b->full_counts ? 64 * (uint64_t)groups : found;
    v->candidates += found;
    v->pools++;
    v->groups += groups;
}

/* Pools of one arena that can have candidates. */
static void visit_arena(struct visit *v, uint32_t arena, uint32_t pools)
{
    struct bitmap *b = v->b;
    const uint64_t *young = bitmap_young_words(b, arena), *middle = bitmap_middle_words(b, arena);
    bool full = v->generation == GCR_COUNTING_GENERATIONS - 1;
    for (uint32_t w = 0; w * 64 < pools; w++) {
        uint64_t left = full ? UINT64_MAX : v->generation == 0 ? young[w] : young[w] | middle[w];
        for (; left != 0; left &= left - 1) {
            uint32_t pool = w * 64 + GCR_CTZ64(left);
            if (pool >= pools)
                break;
            visit_pool(v, arena * b->pools_per_arena + pool);
        }
    }
}

static void visit_all(struct visit *v)
{
    const struct gcr_pools *pools = v->b->counting.container_pools;
    uintptr_t first, end;
    v->candidates = v->counts = 0;
    v->pools = v->groups = 0;
    for (uint32_t arena = 0; arena < pools->arenas_known; arena++) {
        if (gcr_pools_arena_span(pools, arena, &first, &end))
            visit_arena(v, arena, (uint32_t)((end - first) / pools->options.pool_bytes));
    }
}

/* The words of the pools that are visited; who lives on is entered again. */
static void clear_pool_words(struct bitmap *b, uint32_t generation)
{
    const struct gcr_pools *pools = b->counting.container_pools;
    uint32_t words = bitmap_arena_words(b) * (generation == 0 ? 1 : 2);
    uintptr_t first, end;
    for (uint32_t arena = 0; arena < pools->arenas_known; arena++) {
        if (!gcr_pools_arena_span(pools, arena, &first, &end))
            continue;
        uint64_t *word = bitmap_young_words(b, arena);
        for (uint32_t w = 0; w < words; w++) {
            if (word[w] != 0)
                word[w] = 0;
        }
    }
}

/* ---- taking and dropping ---- */

/* Lays the parts out one behind the other from `start` on; returns the bytes that they need. */
static size_t lay_out(struct bitmap *b, const struct visit *v)
{
    struct bitmap_transient *t = &b->transient;
    size_t pools = b->counting.container_pools->arenas_known * (size_t)b->pools_per_arena;
    size_t at = (pools * sizeof(struct bitmap_pool_place) + 63) & ~(size_t)63;
    t->place_of_pool = (struct bitmap_pool_place *)t->start;
    t->pool = (struct bitmap_pool *)(t->start + at);
    at += v->pools * sizeof(struct bitmap_pool);
    t->group = (struct bitmap_group *)(t->start + at);
    at += v->groups * sizeof(struct bitmap_group);
    t->scanned = NULL;
    if (b->work_list_cap != 0) {
        t->scanned = (uint64_t *)(t->start + at);
        at += v->groups * sizeof(uint64_t);
    }
    t->count = (uint32_t *)(t->start + at);
    return at + v->counts * COUNT_BYTES;
}

bool gcr_bitmap_take_candidates(struct bitmap *b, uint32_t generation, uint64_t *candidates)
{
    struct bitmap_transient *t = &b->transient;
    struct visit v = {.b = b, .generation = generation};
    visit_all(&v);
    size_t bytes = gcr_page_round(lay_out(b, &v));
    if (!gcr_supply_commit(b->counting.base.supply, GCR_PAGES_WORK, t->start, bytes))
        return false;
    t->committed_bytes = bytes;
    t->pools = v.pools;
    t->groups = v.groups;
    v.take = true;
    visit_all(&v);
    clear_pool_words(b, generation);
    b->pools_visited += v.pools;
    *candidates = v.candidates;
    return true;
}

uint64_t gcr_bitmap_retake_unreachable(struct bitmap *b)
{
    struct bitmap_transient *t = &b->transient;
    uint64_t candidates = 0, counts = 0;
    for (uint32_t g = 0; g < t->groups; g++) {
        struct bitmap_group *group = &t->group[g];
        uint32_t found = bitmap_popcount(group->unreachable);
        group->candidate = group->unreachable;
        group->unreachable = 0;
        group->first_count = (uint32_t)counts;
        counts += b->full_counts ? 64 : found;
        candidates += found;
        if (t->scanned != NULL)
            t->scanned[g] = 0;
    }
    return candidates;
}

void gcr_bitmap_drop_transient(struct bitmap *b)
{
    struct bitmap_transient *t = &b->transient;
    uint64_t bytes = t->committed_bytes + b->work_list.committed_bytes;
    if (bytes > b->transient_peak_bytes)
        b->transient_peak_bytes = bytes;
    gcr_vector_truncate(&b->work_list, 0);
    gcr_vector_trim(&b->work_list);
    gcr_supply_release(b->counting.base.supply, GCR_PAGES_WORK, t->start, t->committed_bytes);
    t->committed_bytes = 0;
    t->pools = t->groups = 0;
}
