/* mark-compact-nursery: when to collect what, and a pause as the host sees it.
 *
 * A major collection begins with a minor one, so that the nursery is empty and nothing is
 * remembered; a minor collection after which the space is over its limit goes on as a major one.
 * Either way it is one pause. */
#include "allocators/mark_compact_nursery/mark_compact_nursery.h"

/* Smallest nursery that follows the live size. */
enum { LEAST_BYTES = 48 * 1024 };

/* ---- the nursery's size ---- */

bool mark_compact_nursery_place(struct gcr_mark_compact_nursery *h, uint64_t bytes)
{
    struct gcr_supply *supply = h->compact.heap.supply;
    uint64_t committed = h->committed_bytes;
    if (bytes > committed &&
        !gcr_supply_commit(supply, GCR_PAGES_OBJECTS, h->mapping + committed, bytes - committed))
        return false;
    if (bytes < committed)
        gcr_supply_release(supply, GCR_PAGES_OBJECTS, h->mapping + bytes, committed - bytes);
    h->committed_bytes = bytes;
    gcr_nursery_place(&h->nursery, h->mapping, bytes, true);
    h->plain_limit_bytes = bytes / 2;
    h->pointer_limit_bytes = bytes / 4;
    return true;
}

/* After a major collection, with the nursery empty: a quarter of what lives. */
static void follow_live_size(struct gcr_mark_compact_nursery *h)
{
    uint64_t bytes = gcr_page_round(h->compact.live_bytes / 4);
    if (!h->follow)
        return;
    bytes = bytes < LEAST_BYTES ? LEAST_BYTES : bytes;
    bytes = bytes < h->nominal_bytes ? bytes : h->nominal_bytes;
    if (bytes != h->nursery.bytes)
        (void)mark_compact_nursery_place(h, bytes); /* refused: it stays as it is */
}

/* ---- a pause ---- */

static void check_after(struct gcr_mark_compact_nursery *h)
{
    if (GCR_CHECK_LEVEL >= 2) {
        struct gcr_error err;
        GCR_CHECK(2, mark_compact_nursery_check(&h->compact.heap, GCR_CHECK_LEVEL, &err));
    }
}

static void finish_pause(struct gcr_mark_compact_nursery *h, struct gcr_collection *done)
{
    struct gcr_compact *c = &h->compact;
    struct gcr_host *host = c->heap.host;
    if (c->config.release || c->config.budget_bytes != 0)
        gcr_compact_trim(c);
    gcr_compact_settle(c);
    check_after(h);
    (void)gcr_finalizer_list_run(&c->finalizers, &c->heap);
    done->after_bytes = c->heap.supply->committed_bytes;
    host->collection_end(host, &c->heap, done);
}

/* Whether a collection must go on as a major one. */
static bool major_is_due(const struct gcr_compact *c, struct gcr_collection *done)
{
    if (!gcr_compact_is_allowed(c, 0, 0))
        return true;
    if (gcr_compact_has_reserve(c))
        return false;
    done->reason = GCR_REASON_EMERGENCY; /* the budget asks for it */
    return true;
}

static bool collect(struct gcr_mark_compact_nursery *h, enum gcr_reason reason, bool major,
                    uint64_t requested_bytes)
{
    struct gcr_compact *c = &h->compact;
    struct gcr_host *host = c->heap.host;
    struct gcr_collection done = {.reason = reason,
                                  .before_bytes = c->heap.supply->committed_bytes};
    if (!gcr_compact_extend_for_promotion(c, gcr_nursery_used(&h->nursery)))
        return false;
    host->collection_begin(host, &c->heap, reason, major ? 1 : 0);
    mark_compact_nursery_promote(h, &done);
    gcr_compact_trim(c);
    if (major || major_is_due(c, &done)) {
        GCR_CHECK(1, gcr_nursery_used(&h->nursery) == 0 &&
                         gcr_vector_count(&h->remember.objects) == 0);
        done.generation = 1;
        done.full = gcr_compact_run(c, requested_bytes, &done);
        follow_live_size(h);
    }
    finish_pause(h, &done);
    return !c->exhausted && gcr_compact_has_reserve(c);
}

bool mark_compact_nursery_minor(struct gcr_mark_compact_nursery *h, enum gcr_reason reason)
{
    return collect(h, reason, false, 0);
}

bool mark_compact_nursery_major(struct gcr_compact *compact, enum gcr_reason reason,
                                uint64_t requested_bytes)
{
    return collect((struct gcr_mark_compact_nursery *)compact, reason, true, requested_bytes);
}
