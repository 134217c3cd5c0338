/* hybrid: its ways of copying, ageing, and the two kinds of full collection.
 *
 * A normal round traces, before all other roots, the objects of generation 3 (external and
 * prebuilt) that are listed as referring to younger ones; the other way round, a root's copy into
 * generation 3 would join the list and be traced twice. Every `period`-th round collects generation
 * 3 as well: its objects are UNVISITED, and all prebuilt ones are roots. */
#include "allocators/common/cheney.h"
#include "allocators/hybrid/hybrid.h"

static struct gcr_hybrid *hybrid_from(struct gcr_copy_heap *copy)
{
    return (struct gcr_hybrid *)copy;
}

/* ---- ageing ---- */

/* Room on the lists that an object of generation 3 must be on. */
static bool age_out_reserve(struct gcr_hybrid *h)
{
    return gcr_externals_reserve(&h->young.copy.external, 1) &&
           gcr_vector_reserve(&h->young.remembered.last, 1);
}

/* Into an external block, directly generation 3: on its list, on that of the last-generation roots
 * and on the stack of what is to be scanned, for it does not lie in the queue. */
static GCR_NOINLINE gcr_ref hybrid_age_out(struct gcr_copy_heap *copy, gcr_ref old, uint64_t header,
                                           uint64_t bytes)
{
    struct gcr_hybrid *h = hybrid_from(copy);
    if (!age_out_reserve(h))
        return NULL;
    gcr_ref block = gcr_externals_alloc(&copy->external, bytes);
    if (block == NULL)
        return NULL;
    GCR_COPY_AS(GCR_CAUSE_MOVE, block, old, bytes);
    GCR_STORE_AS(GCR_CAUSE_MOVE, *gcr_object_word(block, 0),
                 (header & ~GCR_HEADER_NO_HEAP) | GCR_HEADER_NO_YOUNG | GCR_HEADER_AGE_MASK |
                     GCR_HEADER_EXTERNAL | GCR_HEADER_FORWARDED);
    gcr_externals_add(&copy->external, &copy->layouts, block, 3);
    bool pushed = gcr_vector_push_word(&h->young.remembered.last, (uintptr_t)block) &&
                  gcr_vector_push_word(&copy->external.gray, (uintptr_t)block);
    GCR_CHECK(1, pushed);
    (void)pushed;
    bool internal = gcr_header_is(header, GCR_HEADER_INTERNAL);
    h->aged_objects += !internal;
    h->aged_bytes += bytes;
    copy->heap.work.copied_objects += !internal;
    copy->heap.work.copied_bytes += bytes;
    return block;
}

/* ---- copying ---- */

static void hybrid_forward(struct gcr_copy_heap *h, gcr_ref *slots, uint64_t count)
{
    if (h->young_bytes != 0)
        gcr_cheney_forward_slots(h, slots, count, GCR_CHENEY_MINOR, NULL, 0);
    else
        gcr_cheney_forward_slots(h, slots, count, GCR_CHENEY_AGED, hybrid_age_out,
                                 hybrid_from(h)->max_age);
}

static void hybrid_forward_roots(struct gcr_copy_heap *h)
{
    if (h->young_bytes != 0)
        gcr_cheney_forward_roots(h, GCR_CHENEY_MINOR, NULL, 0);
    else
        gcr_cheney_forward_roots(h, GCR_CHENEY_AGED, hybrid_age_out, hybrid_from(h)->max_age);
}

static void hybrid_scan(struct gcr_copy_heap *h, char *from)
{
    if (h->young_bytes != 0)
        gcr_cheney_scan(h, from, GCR_CHENEY_MINOR, NULL, 0);
    else
        gcr_cheney_scan(h, from, GCR_CHENEY_AGED, hybrid_age_out, hybrid_from(h)->max_age);
}

/* ---- rounds ---- */

/* Whether the next full collection takes generation 3 along. A list of last-generation roots that
 * a refused page left incomplete leaves no choice. */
static bool hybrid_is_all_next(const struct gcr_hybrid *h)
{
    return h->all_next || h->rounds + 1 >= h->period || h->young.remembered.last_incomplete;
}

static uint32_t hybrid_generation(const struct gcr_copy_heap *copy)
{
    return hybrid_is_all_next((const struct gcr_hybrid *)copy) ? 2 : 1;
}

static void hybrid_begin_full(struct gcr_copy_heap *copy)
{
    struct gcr_hybrid *h = hybrid_from(copy);
    gcr_young_begin_full(copy);
    h->all = hybrid_is_all_next(h);
    h->all_next = false;
    h->rounds++;
    if (!h->all)
        return;
    h->rounds = 0;
    h->all_rounds++;
    hybrid_unvisit(h);
}

static void hybrid_older_roots(struct gcr_copy_heap *copy)
{
    if (hybrid_from(copy)->all)
        gcr_copy_forward_prebuilt(copy);
    else
        gcr_young_forward_last(copy);
}

/* With a budget S is set anew, by what external blocks take now. */
static void hybrid_end_full(struct gcr_copy_heap *copy)
{
    if (copy->budget_bytes != 0) {
        size_t share = hybrid_share(copy, 0);
        if (share >= gcr_copy_space_used(&copy->space)) {
            bool done = gcr_copy_space_set_bytes(&copy->space, share);
            (void)done; /* refused to grow: it stays as it is */
        }
    }
    gcr_young_end_full(copy);
}

bool hybrid_collect_all(struct gcr_hybrid *h, enum gcr_reason reason)
{
    h->all_next = true;
    return gcr_copy_collect(&h->young.copy, reason, false);
}

const struct gcr_copy_design hybrid_design = {
    .name = "hybrid",
    .old_flags = GCR_HEADER_NO_YOUNG,
    .immortal_flags = GCR_YOUNG_LAST_FLAGS,
    .ages = true,
    .forward = hybrid_forward,
    .forward_roots = hybrid_forward_roots,
    .scan = hybrid_scan,
    .share = hybrid_share,
    .generation = hybrid_generation,
    .begin_full = hybrid_begin_full,
    .older_roots = hybrid_older_roots,
    .sweep = hybrid_sweep,
    .end_full = hybrid_end_full,
    .last_resort = hybrid_last_resort,
    .bodied = gcr_young_bodied,
    .check = hybrid_check,
};
