/* The planes against the pools and against each other; what all counting designs have in common is
 * checked by counting_check.c. Level 2. */
#include "allocators/bitmap/bitmap_design.h"

struct census {
    struct bitmap *b;
    struct gcr_error *err;
    uint64_t tracked;        /* bits of TRACKED in groups */
    uint64_t used_tracked;   /* the same, seen from the blocks in use */
    uint64_t finalized;      /* bits of FINALIZED */
    uint64_t used_finalized; /* the same */
    uint64_t alloc, used_alloc;
    uint64_t listed; /* elements of the lists of large ones */
    uint64_t planes; /* FINALIZED planes that pools have */
};

static bool fault(const struct census *c, const char *what, uint64_t is, uint64_t should)
{
    gcr_fail(c->err, GCR_FAULT, "bitmap: %s: %llu, should be %llu", what, (unsigned long long)is,
             (unsigned long long)should);
    return false;
}

static bool pool_fault(const struct census *c, uint32_t number, const char *what)
{
    gcr_fail(c->err, GCR_FAULT, "bitmap: pool %p: %s",
             (const void *)bitmap_pool_start(c->b, number), what);
    return false;
}

/* ---- planes ---- */

/* The codes of a pool's blocks, and whether its arena knows of the young ones. */
static bool check_pool(struct census *c, uint32_t number)
{
    const struct bitmap *b = c->b;
    const uint64_t *words = bitmap_pool_planes(b, number);
    uint64_t code0 = 0, code1 = 0;
    for (uint32_t g = 0; g < b->groups_per_pool; g++, words += b->group_words) {
        uint64_t tracked = words[PLANE_TRACKED];
        if ((words[PLANE_GEN0] | words[PLANE_GEN1]) & ~tracked)
            return pool_fault(c, number, "an untracked block has a generation");
        if (b->alloc_plane && tracked & ~words[PLANE_ALLOC])
            return pool_fault(c, number, "a tracked block is not in the plane of blocks in use");
        code0 |= tracked & ~words[PLANE_GEN0] & ~words[PLANE_GEN1];
        code1 |= words[PLANE_GEN0] & ~words[PLANE_GEN1];
        c->tracked += bitmap_popcount(tracked);
        if (b->alloc_plane)
            c->alloc += bitmap_popcount(words[PLANE_ALLOC]);
    }
    uint32_t arena = number / b->pools_per_arena, pool = number % b->pools_per_arena;
    bool young = bitmap_young_words(b, arena)[pool / 64] >> pool % 64 & 1;
    bool middle = bitmap_middle_words(b, arena)[pool / 64] >> pool % 64 & 1;
    if (code0 != 0 && !young)
        return pool_fault(c, number, "has young blocks, but is not among the young pools");
    if (code1 != 0 && !middle)
        return pool_fault(c, number, "has middle blocks, but is not among the middle pools");
    return true;
}

static bool check_finalized_plane(struct census *c, uint32_t number)
{
    const struct bitmap *b = c->b;
    uint32_t slot = *bitmap_finalized_slot(b, number);
    if (slot == 0)
        return true;
    if (slot > gcr_vector_count(&b->finalized))
        return pool_fault(c, number, "its plane of finalized blocks does not exist");
    const uint64_t *plane = gcr_vector_at(&b->finalized, slot - 1);
    for (uint32_t g = 0; g < b->groups_per_pool; g++)
        c->finalized += bitmap_popcount(plane[g]);
    c->planes++;
    return true;
}

static bool check_pools(struct census *c)
{
    const struct gcr_pools *pools = c->b->counting.container_pools;
    uintptr_t first, end;
    for (uint32_t arena = 0; arena < pools->arenas_known; arena++) {
        if (!gcr_pools_arena_span(pools, arena, &first, &end))
            continue;
        for (uintptr_t at = first; at < end; at += pools->options.pool_bytes) {
            uint32_t number = bitmap_pool_number(c->b, (const void *)at);
            if (!check_pool(c, number) || !check_finalized_plane(c, number))
                return false;
        }
    }
    return true;
}

/* A block in use: which of the bits found above are its own. Blocks of other objects may be too
 * small to have a number. */
static bool count_used_block(void *arg, void *block, size_t bytes)
{
    struct census *c = arg;
    if (bytes < BITMAP_MIN_CONTAINER)
        return true;
    gcr_ref object = (gcr_ref)((char *)block - c->b->counting.absent_bytes);
    struct bitmap_place place = bitmap_place_of(c->b, object);
    const uint64_t *finalized = bitmap_finalized_word(c->b, &place);
    c->used_tracked += (place.words[PLANE_TRACKED] & place.bit) != 0;
    c->used_finalized += finalized != NULL && (*finalized & place.bit) != 0;
    if (c->b->alloc_plane)
        c->used_alloc += (place.words[PLANE_ALLOC] & place.bit) != 0;
    return true;
}

/* ---- lists of large containers ---- */

static bool check_large(struct census *c, const struct gcr_gc_head *list)
{
    const struct bitmap *b = c->b;
    if (gcr_head_prev(gcr_head_next(list)) != list)
        return fault(c, "next.prev of a list of large containers",
                     (uintptr_t)gcr_head_prev(gcr_head_next(list)), (uintptr_t)list);
    for (const struct gcr_gc_head *head = gcr_head_next(list); head != list;
         head = gcr_head_next(head)) {
        if (++c->listed > b->counting.live_containers)
            return fault(c, "elements of the lists of large containers", c->listed,
                         b->counting.live_containers);
        if (head->prev & GCR_PREV_COLLECTING || head->next & GCR_NEXT_UNREACHABLE)
            return fault(c, "flags of a large container outside collections", head->prev, 0);
        if (gcr_head_prev(gcr_head_next(head)) != head)
            return fault(c, "next.prev of a large container", (uintptr_t)gcr_head_next(head)->prev,
                         (uintptr_t)head);
        uint64_t word = gcr_counted(bitmap_large_object(b, head))->type;
        uint64_t shape = word & GCR_COUNTED_SHAPE_MASK;
        if (!(word & GCR_COUNTED_LARGE) || shape == 0 || shape > b->counting.base.host->shape_count)
            return fault(c, "type word of a large container", word, GCR_COUNTED_LARGE);
    }
    return true;
}

/* ---- all ---- */

static bool check_transient(const struct census *c)
{
    const struct bitmap *b = c->b;
    if (b->transient.committed_bytes != 0 || gcr_vector_count(&b->work_list) != 0 ||
        b->work_list.committed_bytes != 0)
        return fault(c, "bytes of transient planes outside collections",
                     b->transient.committed_bytes + b->work_list.committed_bytes, 0);
    return true;
}

static bool check_sums(const struct census *c)
{
    if (c->tracked != c->used_tracked)
        return fault(c, "tracked bits of blocks in use", c->used_tracked, c->tracked);
    if (c->finalized != c->used_finalized)
        return fault(c, "finalized bits of blocks in use", c->used_finalized, c->finalized);
    if (c->alloc != c->used_alloc)
        return fault(c, "bits of blocks in use", c->used_alloc, c->alloc);
    if (c->planes != c->b->finalized_planes)
        return fault(c, "planes of finalized blocks", c->planes, c->b->finalized_planes);
    return true;
}

bool gcr_bitmap_check(struct gcr_heap *heap, int level, struct gcr_error *err)
{
    struct census c = {.b = bitmap_of(heap), .err = err};
    if (!check_transient(&c))
        return false;
    for (int list = 0; list < BITMAP_LISTS; list++) {
        if (!check_large(&c, &c.b->large[list]))
            return false;
    }
    if (!check_pools(&c) || !gcr_pools_walk(c.b->counting.container_pools, count_used_block, &c) ||
        !check_sums(&c))
        return false;
    return gcr_counting_check(&c.b->counting, level, c.tracked + c.listed, err);
}
