/* Triggers, the frame of a collection, and steps on single objects. See counting_collect.h. */
#include "allocators/common/counting_collect.h"

/* ---- trigger ---- */

void gcr_counting_trigger(struct gcr_counting *c)
{
    for (int g = GCR_COUNTING_GENERATIONS - 1; g >= 0; g--) {
        if (c->count[g] <= c->threshold[g])
            continue;
        if (g == GCR_COUNTING_GENERATIONS - 1 &&
            c->long_lived_pending < (uint64_t)((double)c->long_lived_total * c->long_lived_ratio))
            continue;
        c->design->collect(c, (uint32_t)g, GCR_REASON_ALLOCATION);
        return;
    }
}

/* ---- the frame ---- */

bool gcr_counting_begin_collection(struct gcr_counting *c, struct gcr_counting_cycle *cycle,
                                   uint32_t generation, enum gcr_reason reason)
{
    if (c->collecting)
        return false;
    uint32_t last = GCR_COUNTING_GENERATIONS - 1;
    uint32_t g = generation < last ? generation : last;
    *cycle =
        (struct gcr_counting_cycle){.generation = g, .freed_before = c->base.work.freed_objects};
    cycle->done.reason = reason;
    cycle->done.generation = g;
    cycle->done.full = g == last;
    cycle->done.before_bytes = c->base.supply->committed_bytes;
    c->collecting = true;
    c->base.host->collection_begin(c->base.host, &c->base, reason, g);
    if (g < last)
        c->count[g + 1]++;
    for (uint32_t i = 0; i <= g; i++)
        c->count[i] = 0;
    return true;
}

void gcr_counting_end_collection(struct gcr_counting *c, struct gcr_counting_cycle *cycle)
{
    c->collecting = false;
    c->candidates += cycle->candidates;
    cycle->done.freed = c->base.work.freed_objects - cycle->freed_before;
    cycle->done.survivors = cycle->candidates - cycle->done.collected;
    cycle->done.after_bytes = c->base.supply->committed_bytes;
    c->base.host->collection_end(c->base.host, &c->base, &cycle->done);
}

void gcr_counting_note_survivors(struct gcr_counting *c, uint32_t generation, uint64_t survivors)
{
    if (generation == GCR_COUNTING_GENERATIONS - 2)
        c->long_lived_pending += survivors;
    if (generation != GCR_COUNTING_GENERATIONS - 1)
        return;
    c->long_lived_pending = 0;
    c->long_lived_total = survivors;
}

/* ---- single objects ---- */

void gcr_counting_clear_unreachable_weak(struct gcr_counting *c, gcr_ref object)
{
    if (gcr_counting_type_is(gcr_counting_type_of(c, object), GCR_SHAPE_WEAK))
        gcr_counting_clear_weak(c, object);
    if (gcr_counted(object)->type & GCR_COUNTED_HAS_WEAK)
        gcr_counting_clear_weak_to(c, object);
}

void gcr_counting_finalize_unreachable(struct gcr_counting *c, gcr_ref object)
{
    if (!gcr_counting_type_is(gcr_counting_type_of(c, object), GCR_SHAPE_FINALIZER) ||
        !c->design->take_finalizer_turn(c, object))
        return;
    gcr_count_up(c, c->side_counted, object);
    c->base.work.finalized++;
    c->base.host->finalize(c->base.host, &c->base, gcr_counting_cookie(c, object), object);
    if (gcr_count_down(c, c->side_counted, object) == 0)
        c->design->bury(c, object);
}

GCR_ALWAYS_INLINE void clear_garbage_as(struct gcr_counting *c, bool side, gcr_ref object)
{
    struct gcr_slot_span span[2];
    gcr_count_up(c, side, object);
    gcr_counted_spans(gcr_counting_type_of(c, object), object, span);
    for (int i = 0; i < 2; i++) {
        for (uint64_t k = 0; k < span[i].count; k++) {
            gcr_ref value = span[i].start[k];
            span[i].start[k] = NULL;
            gcr_counting_drop_later(c, side, value);
        }
    }
    c->design->bury_queued(c);
    if (gcr_count_down(c, side, object) == 0)
        c->design->bury(c, object);
}

void gcr_counting_clear_garbage(struct gcr_counting *c, gcr_ref object)
{
    if (c->side_counted)
        clear_garbage_as(c, true, object);
    else
        clear_garbage_as(c, false, object);
}

void gcr_counting_keep_legacy(struct gcr_counting *c, gcr_ref object)
{
    if (!gcr_counting_type_is(gcr_counting_type_of(c, object), GCR_SHAPE_LEGACY_FINALIZER))
        return;
    gcr_count_up(c, c->side_counted, object);
    gcr_counted_set_flag(object, GCR_COUNTED_GARBAGE);
}
