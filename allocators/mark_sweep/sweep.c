/* mark-sweep: weak references and sweeping.
 *
 * sweep=lists, the source's: the list of all plain objects is walked, each header is touched.
 * sweep=pools: plain small objects are on no list; a bit says where one is allocated, and a pool's
 * dead ones are the words `allocated & ~marks`. A pool of which nothing is left is emptied without
 * being touched, and a live object is not touched at all. What needs more than its block given back
 * (large, with a body, weak) is on a list in either case.
 *
 * O(objects of the lists), and O(pool bytes / 1024 + dead objects in pools that keep some). */
#include "allocators/mark_sweep/mark_sweep.h"

/* ---- lists ---- */

/* The marking knows what is left; what goes is only added up to compare the two. */
static void sweep_account(struct gcr_mark_sweep *h, const struct mark_sweep_type *type,
                          gcr_ref object)
{
    if (GCR_CHECK_LEVEL >= 2)
        h->swept_bytes += mark_sweep_bytes(type, mark_sweep_length(type, object));
}

/* An object that is on no list any more. */
static void sweep_free(struct gcr_mark_sweep *h, const struct mark_sweep_type *type, gcr_ref object)
{
    h->swept_objects++;
    sweep_account(h, type, object);
    if (GCR_UNLIKELY(h->heap.report_frees))
        h->heap.host->freed(h->heap.host, object);
    mark_sweep_free_object(h, type, object);
}

/* Deliberate damage (base/sabotage.h): true once, for an object that is marked. */
static bool sweep_forgets_mark(struct gcr_mark_sweep *h)
{
#if GCR_SABOTAGE == GCR_SABOTAGE_EARLY_FREE
    if (!h->sabotaged) {
        h->sabotaged = true;
        return true;
    }
#endif
    (void)h;
    return false;
}

static void sweep_list(struct gcr_mark_sweep *h, gcr_ref *list)
{
    gcr_ref *link = list;
    gcr_ref object;
    while ((object = *link) != NULL) {
        const struct mark_sweep_type *type = mark_sweep_type_of(h, object);
        gcr_ref *next = mark_sweep_link(type, object);
        if (mark_sweep_is_marked(h, object)) {
            mark_sweep_clear_mark(h, object);
            if (!sweep_forgets_mark(h)) {
                link = next;
                continue;
            }
        }
        GCR_STORE_AS(link == list ? GCR_CAUSE_SIDE : GCR_CAUSE_HEADER, *link, *next);
        sweep_free(h, type, object);
    }
}

/* ---- weak references ---- */

static void weak_clear_dead_target(const struct gcr_mark_sweep *h, gcr_ref weak)
{
    gcr_ref *target = mark_sweep_weak_word(weak);
    if (*target != NULL && !mark_sweep_is_marked(h, *target))
        GCR_STORE_AS(GCR_CAUSE_HEADER, *target, NULL);
}

static void weak_clear_list(const struct gcr_mark_sweep *h, gcr_ref weak)
{
    for (; weak != NULL; weak = *mark_sweep_link(mark_sweep_type_of(h, weak), weak))
        if (mark_sweep_is_marked(h, weak))
            weak_clear_dead_target(h, weak);
}

/* Those of the finalizer list, marked or about to be finalized. */
static void weak_clear_finalizable(const struct gcr_mark_sweep *h)
{
    for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizable); i++) {
        gcr_ref object = gcr_finalizer_list_at(&h->finalizable, i)->object;
        if (mark_sweep_type_is(mark_sweep_type_of(h, object), MARK_SWEEP_IS_WEAK))
            weak_clear_dead_target(h, object);
    }
}

/* All targets first, while all marks stand: a target may be a weak reference itself. */
void mark_sweep_weak_references(struct gcr_mark_sweep *h)
{
    weak_clear_list(h, h->weak);
    weak_clear_list(h, h->prebuilt_weak);
    if (h->weak_finalizable != 0)
        weak_clear_finalizable(h);
    sweep_list(h, &h->weak);
}

/* ---- pools ---- */

enum {
    WORD_BYTES = 64 * MARK_SWEEP_GRANULE, /* of a pool that a word of a bitmap stands for */
    MAX_WORDS = GCR_POOLS_MAX_POOL_BYTES / WORD_BYTES
};

static char *dead_block(struct gcr_pool *pool, uint32_t word, uint64_t bits)
{
    return (char *)pool + word * WORD_BYTES + GCR_CTZ64(bits) * MARK_SWEEP_GRANULE;
}

/* Each dead object by itself: verified runs and checking builds. */
static void pool_report(struct gcr_mark_sweep *h, struct gcr_pool *pool, const uint64_t *dead,
                        uint32_t words)
{
    for (uint32_t i = 0; i < words; i++) {
        for (uint64_t bits = dead[i]; bits != 0; bits &= bits - 1) {
            gcr_ref object = (gcr_ref)(void *)dead_block(pool, i, bits);
            sweep_account(h, mark_sweep_type_of(h, object), object);
            if (h->heap.report_frees)
                h->heap.host->freed(h->heap.host, object);
        }
    }
}

/* Chains the dead blocks in address order, so that the next objects lie side by side. */
static void pool_free_dead(struct gcr_mark_sweep *h, struct gcr_pool *pool, const uint64_t *dead,
                           uint32_t words, uint32_t count)
{
    char *first = NULL, *last = NULL;
    for (uint32_t i = 0; i < words; i++) {
        for (uint64_t bits = dead[i]; bits != 0; bits &= bits - 1) {
            char *block = dead_block(pool, i, bits);
            if (last != NULL)
                *(void **)(void *)last = block;
            else
                first = block;
            last = block;
        }
    }
    gcr_pools_free_chain(&h->pools, pool, first, last, count);
}

/* Marks of listed objects in the same pool are left to their lists. */
static void pool_sweep(struct gcr_mark_sweep *h, struct gcr_pool *pool, uint32_t words)
{
    uint64_t *marks = gcr_mark_bitmap_word(&h->marks, pool);
    uint64_t *allocated = gcr_mark_bitmap_word(&h->allocated, pool);
    uint64_t dead[MAX_WORDS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < words; i++) {
        uint64_t was = allocated[i];
        dead[i] = was & ~marks[i];
        allocated[i] = was & marks[i];
        marks[i] &= ~was;
        if (dead[i] != 0)
            count += GCR_POPCOUNT64(dead[i]);
    }
    if (count == 0)
        return;
    h->swept_objects += count;
    if (GCR_CHECK_LEVEL >= 2 || GCR_UNLIKELY(h->heap.report_frees))
        pool_report(h, pool, dead, words);
    if (count == pool->used)
        gcr_pools_free_all(&h->pools, pool);
    else
        pool_free_dead(h, pool, dead, words, count);
}

static void sweep_pools(struct gcr_mark_sweep *h)
{
    struct gcr_pools_cursor cursor = {.pools = &h->pools};
    uint32_t words = h->pools.options.pool_bytes / WORD_BYTES;
    struct gcr_pool *pool;
    while ((pool = gcr_pools_next_used(&cursor)) != NULL)
        pool_sweep(h, pool, words);
}

void mark_sweep_plain(struct gcr_mark_sweep *h)
{
    sweep_list(h, &h->plain);
    if (h->sweeps_pools)
        sweep_pools(h);
}

/* ---- giving up ---- */

static bool abandon_object(void *arg, gcr_ref object)
{
    if (!mark_sweep_is(object, MARK_SWEEP_PREBUILT))
        mark_sweep_clear_mark(arg, object);
    GCR_STORE_AS(GCR_CAUSE_HEADER, *mark_sweep_word(object, 0),
                 *mark_sweep_word(object, 0) & ~MARK_SWEEP_ORDERING);
    return true;
}

void mark_sweep_abandon(struct gcr_mark_sweep *h)
{
    for (size_t i = 0; i < gcr_finalizer_list_count(&h->finalizable); i++)
        gcr_finalizer_list_at(&h->finalizable, i)->fate = GCR_FINALIZER_KEPT;
    mark_sweep_walk(&h->heap, abandon_object, h);
}
