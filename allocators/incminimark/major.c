/* incminimark: collections. The state machine of a major one, how far each minor one pushes it on,
 * and what the host hears of it.
 *
 *     SCANNING --roots are gray--> MARKING --nothing is gray--> SWEEPING --nothing is left-->
 *     FINALIZING --finalizers have run--> SCANNING
 *
 * Each step follows a minor collection, so the nursery is empty but for pinned objects. Pacing: a
 * step adds half a nursery to a credit, objects that become old are the debit; after a minor
 * collection steps are repeated until the debit is covered or the cycle ends.
 *
 * Source: PyPy's rpython/memory/gc/incminimark.py, minor_collection_with_major_progress and
 * major_collection_step. Differs: no minor collections between the steps of one pause, where they
 * would find nothing. With incremental=off all steps follow one another: minimark. */
#include "allocators/incminimark/incminimark.h"

/* ---- what the host hears ---- */

static struct gcr_collection collection_begin(struct gcr_incminimark *h, enum gcr_reason reason,
                                              uint32_t generation)
{
    struct gcr_collection done = {.reason = reason,
                                  .generation = generation,
                                  .before_bytes = h->heap.supply->committed_bytes};
    h->heap.host->collection_begin(h->heap.host, &h->heap, reason, generation);
    return done;
}

static void collection_end(struct gcr_incminimark *h, struct gcr_collection *done)
{
    if (GCR_CHECK_LEVEL >= 2) {
        struct gcr_error err;
        GCR_CHECK(2, incminimark_check(&h->heap, GCR_CHECK_LEVEL, &err));
    }
    done->collected = done->freed;
    done->after_bytes = h->heap.supply->committed_bytes;
    h->heap.host->collection_end(h->heap.host, &h->heap, done);
}

/* ---- steps ---- */

static void cycle_begin(struct gcr_incminimark *h)
{
    h->heap.host->phase(h->heap.host, GCR_PHASE_MARK);
    h->made_old_bytes = h->figures.cycle_made_old_bytes = 0;
    h->credit_bytes = h->policy.credit_bytes;
    incminimark_mark_begin(h);
    h->state = INCMINIMARK_MARKING;
}

static void mark_step(struct gcr_incminimark *h, bool all)
{
    h->heap.host->phase(h->heap.host, GCR_PHASE_MARK);
    uint64_t budget = h->policy.increment_bytes;
    if (budget < 2 * h->promoted_last_bytes)
        budget = 2 * h->promoted_last_bytes;
    if (all)
        budget = UINT64_MAX;
    uint64_t left = incminimark_mark(h, budget);
    if (left >= budget / 2 && gcr_mark_stack_count(&h->more_gray) != 0) {
        struct gcr_mark_stack swap = h->gray;
        h->gray = h->more_gray;
        h->more_gray = swap;
        (void)incminimark_mark(h, UINT64_MAX);
    }
    bool complete = gcr_mark_stack_count(&h->gray) == 0 &&
                    gcr_mark_stack_count(&h->more_gray) == 0 && !h->gray.refused;
    if (complete && incminimark_mark_finish(h)) {
        incminimark_sweep_begin(h);
        h->state = INCMINIMARK_SWEEPING;
    }
    if (h->gray.refused)
        incminimark_mark_abandon(h);
}

static void sweep_step(struct gcr_incminimark *h, bool all, uint64_t reserving,
                       struct gcr_collection *done)
{
    h->heap.host->phase(h->heap.host, GCR_PHASE_SWEEP);
    if (!incminimark_sweep(h, all ? UINT64_MAX : h->policy.sweep_raws,
                           all ? UINT64_MAX : h->policy.sweep_pages, done))
        return;
    uint64_t used = incminimark_used(h), kept = h->kept_by_finalizers_bytes;
    incminimark_set_threshold(h, used > kept ? used - kept : 0, reserving);
    h->figures.majors++;
    h->state = INCMINIMARK_FINALIZING;
}

static void cycle_end(struct gcr_incminimark *h)
{
    h->state = INCMINIMARK_SCANNING;
    (void)gcr_finalizer_list_run(&h->finalizers, &h->heap);
}

/* all: the whole of what the state has to do. reserving: bytes about to be allocated. */
static void major_step(struct gcr_incminimark *h, bool all, uint64_t reserving,
                       struct gcr_collection *done)
{
    h->figures.steps++;
    h->credit_bytes += h->policy.credit_bytes;
    switch (h->state) {
    case INCMINIMARK_SCANNING:
        cycle_begin(h);
        break;
    case INCMINIMARK_MARKING:
        mark_step(h, all);
        break;
    case INCMINIMARK_SWEEPING:
        sweep_step(h, all, reserving, done);
        break;
    case INCMINIMARK_FINALIZING:
        cycle_end(h);
        break;
    }
}

/* Steps until the cycle is over. False: it had to be given up. */
static bool major_to_end(struct gcr_incminimark *h, uint64_t reserving, struct gcr_collection *done)
{
    uint64_t abandoned = h->figures.abandoned;
    while (h->state != INCMINIMARK_SCANNING)
        major_step(h, true, reserving, done);
    return h->figures.abandoned == abandoned;
}

/* ---- pacing ---- */

bool incminimark_threshold_reached(const struct gcr_incminimark *h, uint64_t extra_bytes)
{
    return incminimark_used(h) + extra_bytes > h->threshold_bytes;
}

/* Whether the credit covers the debit, and what is about to be allocated. */
static bool major_is_paid(const struct gcr_incminimark *h, uint64_t extra_bytes)
{
    return h->credit_bytes >= extra_bytes && h->made_old_bytes <= h->credit_bytes - extra_bytes;
}

static void minor_counted(struct gcr_incminimark *h, struct gcr_collection *done)
{
    uint64_t before = h->made_old_bytes;
    incminimark_minor(h, done);
    h->figures.cycle_made_old_bytes += h->made_old_bytes - before;
    if (h->state != INCMINIMARK_SCANNING &&
        h->figures.cycle_made_old_bytes > h->figures.cycle_made_old_peak_bytes)
        h->figures.cycle_made_old_peak_bytes = h->figures.cycle_made_old_bytes;
}

static void major_progress(struct gcr_incminimark *h, uint64_t extra_bytes,
                           struct gcr_collection *done)
{
    bool whole = !h->policy.incremental;
    done->generation = 1;
    done->full = whole;
    if (!whole && done->reason == GCR_REASON_ALLOCATION)
        done->reason = GCR_REASON_PROGRESS;
    do
        major_step(h, whole, extra_bytes, done);
    while (h->state != INCMINIMARK_SCANNING && (whole || !major_is_paid(h, extra_bytes)));
}

void incminimark_collect_young(struct gcr_incminimark *h, uint64_t extra_bytes,
                               enum gcr_reason reason)
{
    if (h->frozen)
        return;
    bool step = h->state != INCMINIMARK_SCANNING;
    struct gcr_collection done = collection_begin(
        h, step && reason == GCR_REASON_ALLOCATION ? GCR_REASON_PROGRESS : reason, step);
    minor_counted(h, &done);
    if (!h->exhausted &&
        (h->state != INCMINIMARK_SCANNING || incminimark_threshold_reached(h, extra_bytes)))
        major_progress(h, extra_bytes, &done);
    collection_end(h, &done);
}

/* ---- the whole heap ---- */

void incminimark_collect_full(struct gcr_incminimark *h, enum gcr_reason reason)
{
    if (h->frozen)
        return;
    struct gcr_collection done = collection_begin(h, reason, 1);
    done.full = true;
    minor_counted(h, &done);
    bool running = h->state == INCMINIMARK_MARKING || h->state == INCMINIMARK_SWEEPING;
    bool whole = !h->frozen && major_to_end(h, 0, &done);
    if (whole) {
        uint64_t used = incminimark_used(h);
        major_step(h, true, 0, &done);
        whole = major_to_end(h, 0, &done);
        if (running && whole)
            h->figures.floating_bytes += used - incminimark_used(h);
    }
    /* A pinned object that only garbage referred to is found dead by a minor collection. */
    if (whole && h->pinned_count != 0)
        incminimark_minor(h, &done);
    if (!whole)
        h->exhausted = true;
    done.full = whole;
    collection_end(h, &done);
}
