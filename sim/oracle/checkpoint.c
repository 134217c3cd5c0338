/* Digests of the reachable graph along the way, at moments that the trace alone decides, so that
 * designs can be held against each other there and not only at the end; and a digest of what has
 * been freed, collection by collection.
 *
 * A checkpoint is every 16th part of the whole trace's events within a lane, and an explicit full
 * collection if an eighth of that has passed since the last one: the cost is bounded by some
 * hundred walks over the heap. */
#include <stdlib.h>
#include <string.h>

#include "base/splitmix.h"
#include "sim/oracle/verify.h"

enum { CHECKPOINT_PARTS = 16, CHECKPOINT_COLLECT_PARTS = 8 };

static bool checkpoint_is_due(struct gcr_verify *v, const struct gcr_event *event)
{
    uint64_t over = v->number + 1, every;

    if (over < v->checkpoint_next && event->op != GCR_OP_COLLECT)
        return false;
    every = v->view->trace_events / CHECKPOINT_PARTS;
    if (every == 0)
        every = 1;
    v->checkpoint_next = (over / every + 1) * every;
    if (over % every == 0)
        return true;
    return event->op == GCR_OP_COLLECT && event->a >= 2 &&
           over - v->checkpoint_last >= every / CHECKPOINT_COLLECT_PARTS;
}

gcr_status gcr_checkpoint_after(struct gcr_verify *v, const struct gcr_event *event,
                                struct gcr_error *err)
{
    struct gcr_checkpoint *list;
    gcr_status status;

    if (!checkpoint_is_due(v, event))
        return GCR_OK;
    if (!gcr_growable_reserve(&v->checkpoint_memory, (v->checkpoint_count + 1) * sizeof *list))
        return gcr_fail(err, GCR_NO_MEMORY, "no memory to verify");
    list = v->checkpoint_memory.base;
    list[v->checkpoint_count].event = v->number;
    v->view->rest(v->view, true);
    status = gcr_digest_heap(v, &list[v->checkpoint_count].digest, err);
    v->view->rest(v->view, false);
    v->checkpoint_count += status == GCR_OK;
    v->checkpoint_last = v->number + 1;
    return status;
}

gcr_status gcr_checkpoint_hand_over(struct gcr_verify *v, struct gcr_lane_result *out,
                                    struct gcr_error *err)
{
    size_t bytes = v->checkpoint_count * sizeof *out->checkpoints;

    out->has_resurrected = v->resurrected;
    if (bytes == 0)
        return GCR_OK;
    out->checkpoints = malloc(bytes);
    if (out->checkpoints == NULL)
        return gcr_fail(err, GCR_NO_MEMORY, "no memory to verify");
    memcpy(out->checkpoints, v->checkpoint_memory.base, bytes);
    out->checkpoint_count = v->checkpoint_count;
    return GCR_OK;
}

void gcr_checkpoint_restart(struct gcr_verify *v)
{
    v->checkpoint_count = 0;
    v->checkpoint_last = v->checkpoint_next = 0;
    v->freed_set = 0;
}

/* A sum of mixed numbers: the order of frees does not matter. */
void gcr_checkpoint_freed(struct gcr_verify *v, uint32_t node)
{
    v->freed_set += gcr_splitmix_mix((uint64_t)v->shadow->lives[node].ordinal + 1);
}
