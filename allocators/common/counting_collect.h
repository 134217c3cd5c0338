/* What collections of counting designs share: when they start, their frame (counters, reports), and
 * the parts of the twelve steps of gcmodule.c that look at one object.
 *
 * A *separate buffer* is not a container but has slots. While exactly one reference to it exists it
 * counts as part of its holder: a visit goes through it, one level. */
#ifndef GCR_ALLOCATORS_COMMON_COUNTING_COLLECT_H
#define GCR_ALLOCATORS_COMMON_COUNTING_COLLECT_H

#include "allocators/common/counting_death.h"

/* ---- visits ---- */

typedef void gcr_container_visitor(struct gcr_counting *c, gcr_ref container, void *arg);

static GCR_NOINLINE void gcr_counting_visit_buffer(struct gcr_counting *c, gcr_ref buffer,
                                                   gcr_container_visitor *visit, void *arg)
{
    struct gcr_slot_span span[2];
    gcr_counted_spans(gcr_counting_type_of(c, buffer), buffer, span);
    for (int i = 0; i < 2; i++) {
        for (uint64_t k = 0; k < span[i].count; k++) {
            gcr_ref value = span[i].start[k];
            if (value != NULL && (gcr_counted(value)->type & GCR_COUNTED_CONTAINER) != 0)
                visit(c, value, arg);
        }
    }
}

GCR_ALWAYS_INLINE void gcr_counting_visit_span(struct gcr_counting *c, gcr_ref *slot, gcr_ref *end,
                                               gcr_container_visitor *visit, void *arg)
{
    for (; slot < end; slot++) {
        gcr_ref value = *slot;
        if (value == NULL)
            continue;
        uint64_t word = gcr_counted(value)->type;
        if (GCR_LIKELY((word & GCR_COUNTED_CONTAINER) != 0))
            visit(c, value, arg);
        else if (GCR_UNLIKELY((word & GCR_COUNTED_BUFFER) != 0) &&
                 gcr_count_get(c, c->side_counted, value) == 1)
            gcr_counting_visit_buffer(c, value, visit, arg);
    }
}

/* Visits the containers that an object refers to, directly or through a separate buffer. */
GCR_ALWAYS_INLINE void gcr_counting_visit_referents(struct gcr_counting *c,
                                                    const struct gcr_counting_type *type,
                                                    gcr_ref object, gcr_container_visitor *visit,
                                                    void *arg)
{
    gcr_ref *slots = gcr_counted_inline_slots(type, object);
    gcr_counting_visit_span(c, slots, slots + gcr_counted_inline_slot_count(type, object), visit,
                            arg);
    if (GCR_UNLIKELY(gcr_counting_type_is(type, GCR_SHAPE_RESIZABLE)) &&
        *gcr_counted_body(object) != NULL) {
        slots = (gcr_ref *)*gcr_counted_body(object);
        gcr_counting_visit_span(c, slots, slots + gcr_counted_length(object) * type->item_slots,
                                visit, arg);
    }
}

/* ---- single objects ---- */

/* Step 4's question: no item of this tuple or dict could ever be tracked. */
GCR_ALWAYS_INLINE bool gcr_counting_can_untrack_as(struct gcr_counting *c,
                                                   const struct gcr_counting_design *design,
                                                   gcr_ref object)
{
    const struct gcr_counting_type *type = gcr_counting_type_of(c, object);
    bool tuple = gcr_counting_type_is(type, GCR_SHAPE_TUPLE);
    struct gcr_slot_span span[2];
    gcr_counted_spans(type, object, span);
    for (int i = 0; i < 2; i++) {
        for (uint64_t k = 0; k < span[i].count; k++) {
            gcr_ref item = span[i].start[k];
            if (item == NULL) {
                if (tuple)
                    return false;
                continue;
            }
            if (gcr_counting_may_be_tracked(c, design, item))
                return false;
        }
    }
    return true;
}

/* Step 7 for one unreachable object: weak references to it, and itself if it is one. */
void gcr_counting_clear_unreachable_weak(struct gcr_counting *c, gcr_ref object);

/* Step 8 for one unreachable container: runs its finalizer unless that has run before. The object
 * may be gone afterwards. */
void gcr_counting_finalize_unreachable(struct gcr_counting *c, gcr_ref object);

/* Step 10 for one object: drops all its references while it is held. It may be gone afterwards. */
void gcr_counting_clear_garbage(struct gcr_counting *c, gcr_ref object);

/* Step 11 for one object that legacy finalizers keep: a count that nobody drops, which stands for
 * gc.garbage, if it has such a finalizer itself. */
void gcr_counting_keep_legacy(struct gcr_counting *c, gcr_ref object);

/* ---- the frame ---- */

/* What one collection is about to report. */
struct gcr_counting_cycle {
    struct gcr_collection done;
    uint32_t generation;
    uint64_t candidates;
    uint64_t freed_before;
};

/* Reports the begin and sets the counters of the generations. False: a collection is running. */
bool gcr_counting_begin_collection(struct gcr_counting *c, struct gcr_counting_cycle *cycle,
                                   uint32_t generation, enum gcr_reason reason);
/* Fills in and reports; done.collected and done.uncollectable are the design's. */
void gcr_counting_end_collection(struct gcr_counting *c, struct gcr_counting_cycle *cycle);

/* Survivors of steps 1 to 4, for the rule of a quarter. */
void gcr_counting_note_survivors(struct gcr_counting *c, uint32_t generation, uint64_t survivors);

static inline void gcr_counting_enter_phase(struct gcr_counting *c, enum gcr_gc_phase phase)
{
    c->base.host->phase(c->base.host, phase);
}

#endif
