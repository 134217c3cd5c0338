/* mark-compact: a collection as the host sees it. The steps are those of common/compact.h. */
#include "allocators/mark_compact/mark_compact.h"

static void check_after(struct gcr_compact *h)
{
    if (GCR_CHECK_LEVEL >= 2) {
        struct gcr_error err;
        GCR_CHECK(2, gcr_compact_check(h, GCR_CHECK_LEVEL, NULL, &err));
    }
}

bool mark_compact_collect(struct gcr_compact *h, enum gcr_reason reason, uint64_t requested_bytes)
{
    struct gcr_host *host = h->heap.host;
    struct gcr_collection done = {.reason = reason,
                                  .before_bytes = h->heap.supply->committed_bytes};
    host->collection_begin(host, &h->heap, reason, 0);
    done.full = gcr_compact_run(h, requested_bytes, &done);
    check_after(h);
    (void)gcr_finalizer_list_run(&h->finalizers, &h->heap);
    done.after_bytes = h->heap.supply->committed_bytes;
    host->collection_end(host, &h->heap, &done);
    return done.full;
}
