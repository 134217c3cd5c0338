/* semispace: the order of finalizers.
 *
 * Source: "Ordering finalizers in the SemiSpace GC", PyPy documentation (Rigo); semispace.py. Of
 * the objects with finalizers that were not reached, those that no other such object refers to are
 * finalized now; what they reach waits for a later collection: parents first. Each object is in
 * one of four states:
 *
 *     0  not reached                                       not copied, ORDERING clear
 *     1  not reached, seen in the present walk             not copied, ORDERING set
 *     2  reached from exactly one finalizable object       copied, ORDERING set in the copy
 *     3  reached from another one too, or from a root      copied, ORDERING clear
 *
 * Differs from the source: waiting entries keep their place in the list, so that finalizers run in
 * order of registration. If the stack of a walk finds no memory, nothing is finalized in this
 * collection, all waiting objects are kept, and the heap counts as exhausted. */
#include "allocators/semispace/semispace.h"

static struct semispace_finalizable *finalizable_at(const struct gcr_semispace *h, size_t index)
{
    return gcr_vector_at(&h->finalizable, index);
}

/* State of an object by its address before the collection. */
static int ordering_state(gcr_ref old)
{
    if (!semispace_survives(old))
        return gcr_header_is(gcr_object_header(old), GCR_HEADER_ORDERING) ? 1 : 0;
    uint64_t header = gcr_object_header(semispace_new_address(old));
    return gcr_header_is(header, GCR_HEADER_ORDERING) ? 2 : 3;
}

static void ordering_push(struct gcr_semispace *h, gcr_ref object)
{
    if (!gcr_vector_push_word(&h->pending, (uintptr_t)object))
        h->out_of_work_memory = true;
}

static void ordering_push_slots(struct gcr_semispace *h, gcr_ref object)
{
    uint64_t count;
    gcr_ref *slots = gcr_layout_slots(gcr_layout_of(&h->layouts, object), object, &count);
    for (uint64_t i = 0; i < count; i++)
        if (slots[i] != NULL)
            ordering_push(h, slots[i]);
}

/* 2 -> 3 for a copied object and all that it reaches; the stack above `base` is this walk's. */
static void ordering_release(struct gcr_semispace *h, gcr_ref copied)
{
    size_t base = gcr_vector_count(&h->pending);
    ordering_push(h, copied);
    while (gcr_vector_count(&h->pending) > base) {
        gcr_ref object = *(gcr_ref *)gcr_vector_pop(&h->pending);
        uint64_t *header = gcr_object_word(object, 0);
        if (!gcr_header_is(*header, GCR_HEADER_ORDERING))
            continue;
        *header &= ~GCR_HEADER_ORDERING;
        ordering_push_slots(h, object);
    }
}

/* 0 -> 1 for what the unreached object reaches; 2 -> 3 for what an earlier one reaches too. */
static void ordering_walk(struct gcr_semispace *h, gcr_ref unreached)
{
    ordering_push(h, unreached);
    while (gcr_vector_count(&h->pending) > 0) {
        gcr_ref object = *(gcr_ref *)gcr_vector_pop(&h->pending);
        int state = ordering_state(object);
        if (state == 0) {
            *gcr_object_word(object, 0) |= GCR_HEADER_ORDERING;
            ordering_push_slots(h, object);
        } else if (state == 2) {
            ordering_release(h, semispace_new_address(object));
        }
    }
}

/* After running out of memory: no flag may stay behind. O(to-space). */
static void ordering_strip(struct gcr_semispace *h)
{
    for (char *at = h->to.start; at < h->free;) {
        gcr_ref object = (gcr_ref)(void *)at;
        *gcr_object_word(object, 0) &= ~GCR_HEADER_ORDERING;
        at += gcr_layout_object_bytes(gcr_layout_of(&h->layouts, object), object);
    }
    for (size_t i = 0; i < gcr_vector_count(&h->pinned); i++)
        *gcr_object_word(*(gcr_ref *)gcr_vector_at(&h->pinned, i), 0) &= ~GCR_HEADER_ORDERING;
}

/* Who is finalized now: what is still in state 2; and that, with all it reaches, becomes 3. */
static void ordering_choose(struct gcr_semispace *h)
{
    for (size_t i = 0; i < gcr_vector_count(&h->finalizable); i++) {
        struct semispace_finalizable *entry = finalizable_at(h, i);
        if (entry->fate != SEMISPACE_UNREACHED)
            continue;
        bool alone = gcr_header_is(gcr_object_header(entry->object), GCR_HEADER_ORDERING);
        entry->fate = alone ? SEMISPACE_RUN : SEMISPACE_KEPT;
        if (alone)
            ordering_release(h, entry->object);
    }
}

char *semispace_order_finalizers(struct gcr_semispace *h, char *scan)
{
    size_t count = gcr_vector_count(&h->finalizable);
    for (size_t i = 0; i < count; i++) {
        struct semispace_finalizable *entry = finalizable_at(h, i);
        /* Copied along with an entry before it also counts as survived: it waits. */
        bool survives = semispace_survives(entry->object);
        entry->fate = survives ? SEMISPACE_KEPT : SEMISPACE_UNREACHED;
        if (!survives)
            ordering_walk(h, entry->object);
        semispace_forward_slot(h, &entry->object); /* 1 -> 2: copies keep the flag */
        scan = semispace_scan(h, scan);
    }
    if (!h->out_of_work_memory)
        ordering_choose(h);
    if (h->out_of_work_memory) {
        ordering_strip(h);
        for (size_t i = 0; i < count; i++)
            finalizable_at(h, i)->fate = SEMISPACE_KEPT;
    }
    gcr_vector_truncate(&h->pending, 0);
    gcr_vector_trim(&h->pending);
    return scan;
}

uint64_t semispace_run_finalizers(struct gcr_semispace *h)
{
    struct gcr_host *host = h->heap.host;
    size_t count = gcr_vector_count(&h->finalizable), kept = 0;
    uint64_t run = 0;
    for (size_t i = 0; i < count; i++) {
        struct semispace_finalizable entry = *finalizable_at(h, i);
        if (entry.fate == SEMISPACE_RUN) {
            if (run++ == 0)
                host->phase(host, GCR_PHASE_FINALIZE);
            host->finalize(host, &h->heap, entry.cookie, entry.object);
        } else {
            *finalizable_at(h, kept++) = entry;
        }
    }
    gcr_vector_truncate(&h->finalizable, kept);
    return run;
}
