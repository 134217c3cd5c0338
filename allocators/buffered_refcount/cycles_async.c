/* buffered-refcount: the concurrent cycle collector.
 *
 * Trial deletion on a second count, CRC, so that RC is right whatever mutators do meanwhile. In one
 * epoch: the subgraph below the purple roots is coloured gray with its internal edges taken off
 * CRC; what then still has a reference from outside is black again with all it reaches; the rest is
 * white, and each white component becomes a candidate: orange, in the cycle buffer, its CRC
 * prepared anew from RC and its own edges (red meanwhile). In the next epoch, after that one's
 * increments and decrements: a candidate of which every member is still orange (delta test: no
 * count of a member has changed) and whose CRCs add up to zero (sigma test: no reference from
 * outside) is garbage.
 *
 * Candidates are tried last to first. Each took all white objects that it reached, so edges run
 * only from later ones to earlier ones: freeing a later one first lets an earlier one, which only
 * it kept, pass in the same epoch.
 *
 * Bacon and Rajan, "Concurrent cycle collection in reference counted systems", ECOOP 2001. Cost
 * O(objects and edges below the roots). */
#include "allocators/buffered_refcount/trace.h"

/* ---- free what was found in the epoch before ---- */

/* Next member of the candidate at the cursor; NULL: no more. */
static gcr_ref cycle_member(struct recycler_cursor *cursor)
{
    uintptr_t word = recycler_cursor_next(cursor);
    return recycler_is_epoch(word) ? NULL : (gcr_ref)word;
}

static bool cycle_delta_test(struct recycler_cursor at)
{
    gcr_ref member;
    while ((member = cycle_member(&at)) != NULL)
        if (recycler_colour_of(member) != RECYCLER_ORANGE)
            return false;
    return true;
}

static bool cycle_sigma_test(struct recycler_cursor at)
{
    gcr_ref member;
    while ((member = cycle_member(&at)) != NULL)
        if (!recycler_crc_is_zero(member))
            return false;
    return true;
}

/* Queues the members with a finalizer that has not run. False: there are none. */
static bool cycle_queue_finalizers(struct gcr_recycler *h, struct recycler_cursor at)
{
    bool queued = false;
    gcr_ref member;
    if (h->collector.finalizers.count == 0)
        return false;
    while ((member = cycle_member(&at)) != NULL)
        queued |= recycler_queue_finalizer(h, member);
    return queued;
}

static void cycle_drop_edge(struct gcr_recycler *h, gcr_ref referent, struct recycler_list *list)
{
    (void)list;
    switch (recycler_colour_of(referent)) {
    case RECYCLER_RED:
        return;
    case RECYCLER_ORANGE: /* of another candidate: nothing else, even at zero */
        recycler_count_subtract(h, referent, RECYCLER_RC_SHIFT);
        h->collector.stats.decrements++;
        recycler_crc_subtract(h, referent);
        return;
    default:
        recycler_decrement(h, referent);
    }
}

static void cycle_free(struct gcr_recycler *h, struct recycler_cursor start)
{
    struct recycler_cursor at = start;
    gcr_ref member;
    while ((member = cycle_member(&at)) != NULL)
        recycler_set_colour(member, RECYCLER_RED);
    for (at = start; (member = cycle_member(&at)) != NULL;)
        recycler_visit_slots(h, member, cycle_drop_edge, NULL);
    for (at = start; (member = cycle_member(&at)) != NULL;)
        recycler_free(h, member);
}

static void cycle_put_back(struct gcr_recycler *h, gcr_ref member, bool first, uint32_t cause)
{
    struct recycler_collector *c = &h->collector;
    enum recycler_colour colour = recycler_colour_of(member);
    if (recycler_rc_is_zero(member)) {
        recycler_set_buffered(member, false);
        if (colour == RECYCLER_ORANGE)
            recycler_release(h, member); /* a freed neighbour held its last count */
        else
            recycler_free(h, member); /* released before */
    } else if (colour == RECYCLER_PURPLE || (first && colour == RECYCLER_ORANGE)) {
        recycler_set_black(h, member);
        recycler_set_colour(member, RECYCLER_PURPLE);
        recycler_root_push(h, &c->roots, &c->roots_cause, member,
                           colour == RECYCLER_PURPLE ? c->epoch - 1 : cause);
    } else {
        recycler_set_buffered(member, false);
        recycler_set_black(h, member);
    }
}

/* Refurbish: the candidate is none; its members leave the cycle buffer one by one. */
static void cycle_refurbish(struct gcr_recycler *h, struct recycler_cursor at, uint32_t cause)
{
    bool first = true;
    gcr_ref member;
    while ((member = cycle_member(&at)) != NULL) {
        cycle_put_back(h, member, first, cause);
        first = false;
    }
}

static void cycle_decide(struct gcr_recycler *h, struct recycler_cursor start, uint32_t cause)
{
    struct recycler_stats *stats = &h->collector.stats;
    h->collector.cause = cause;
    if (!cycle_delta_test(start))
        stats->failed_delta++;
    else if (!cycle_sigma_test(start))
        stats->failed_sigma++;
    else if (cycle_queue_finalizers(h, start))
        stats->kept_for_finalizers++;
    else {
        cycle_free(h, start);
        stats->freed_candidates++;
        return;
    }
    cycle_refurbish(h, start, cause);
}

void recycler_free_cycles(struct gcr_recycler *h)
{
    struct recycler_list cycles = h->collector.cycles;
    struct recycler_cursor at = recycler_list_end(&cycles);
    uintptr_t word;
    h->collector.cycles = (struct recycler_list){0};
    while ((word = recycler_cursor_previous(&at)) != 0) {
        if (!recycler_is_epoch(word))
            continue;
        struct recycler_cursor start = at;
        (void)recycler_cursor_next(&start);
        cycle_decide(h, start, (uint32_t)(word >> 1));
    }
    recycler_list_clear(h, &cycles);
}

/* ---- find new ones ---- */

static void find_gray(struct gcr_recycler *h, gcr_ref object)
{
    recycler_crc_copy(h, object);
    recycler_set_colour(object, RECYCLER_GRAY);
    h->collector.stats.grayed++;
    (void)!recycler_list_push(h, &h->collector.stack, (uintptr_t)object);
}

static void find_gray_visit(struct gcr_recycler *h, gcr_ref referent, struct recycler_list *list)
{
    (void)list;
    if (recycler_is_green(referent))
        return;
    if (recycler_colour_of(referent) != RECYCLER_GRAY)
        find_gray(h, referent);
    recycler_crc_subtract(h, referent);
}

static void find_mark_gray(struct gcr_recycler *h, gcr_ref object)
{
    if (recycler_colour_of(object) == RECYCLER_GRAY)
        return;
    find_gray(h, object);
    recycler_trace(h, &h->collector.stack, find_gray_visit, NULL);
}

/* The roots that are gray afterwards; released ones are freed. */
static struct recycler_list find_mark_roots(struct gcr_recycler *h)
{
    struct recycler_list roots = recycler_roots_take(h), kept = {0};
    struct recycler_cursor at = recycler_list_begin(&roots);
    uint32_t cause = 0, last = 0;
    gcr_ref object;
    while ((object = recycler_root_next(&at, &cause)) != NULL) {
        enum recycler_colour colour = recycler_colour_of(object);
        if (recycler_rc_is_zero(object)) {
            recycler_set_buffered(object, false);
            h->collector.cause = cause;
            recycler_free(h, object);
        } else if (colour == RECYCLER_PURPLE || colour == RECYCLER_GRAY) {
            find_mark_gray(h, object);
            recycler_root_push(h, &kept, &last, object, cause);
        } else {
            recycler_set_buffered(object, false);
        }
    }
    recycler_list_clear(h, &roots);
    return kept;
}

static void find_scan_visit(struct gcr_recycler *h, gcr_ref object, struct recycler_list *list)
{
    (void)list;
    if (recycler_colour_of(object) != RECYCLER_GRAY)
        return;
    if (!recycler_crc_is_zero(object)) {
        recycler_blacken(h, object);
        return;
    }
    recycler_set_colour(object, RECYCLER_WHITE);
    (void)!recycler_list_push(h, &h->collector.second_stack, (uintptr_t)object);
}

static void find_scan(struct gcr_recycler *h, gcr_ref object)
{
    find_scan_visit(h, object, NULL);
    recycler_trace(h, &h->collector.second_stack, find_scan_visit, NULL);
}

static void find_gather_visit(struct gcr_recycler *h, gcr_ref object, struct recycler_list *cycles)
{
    if (recycler_colour_of(object) != RECYCLER_WHITE)
        return;
    recycler_set_colour(object, RECYCLER_ORANGE);
    recycler_set_buffered(object, true);
    (void)!recycler_list_push(h, cycles, (uintptr_t)object);
    (void)!recycler_list_push(h, &h->collector.stack, (uintptr_t)object);
}

/* A new candidate: all white objects that this one, white too, reaches. */
static void find_gather(struct gcr_recycler *h, gcr_ref object, uint32_t cause)
{
    struct recycler_list *cycles = &h->collector.cycles;
    if (!recycler_list_push(h, cycles, (uintptr_t)cause << 1 | 1))
        return;
    h->collector.stats.candidates++;
    find_gather_visit(h, object, cycles);
    recycler_trace(h, &h->collector.stack, find_gather_visit, cycles);
}

static void find_sigma_visit(struct gcr_recycler *h, gcr_ref referent, struct recycler_list *list)
{
    (void)list;
    if (recycler_colour_of(referent) == RECYCLER_RED)
        recycler_crc_subtract(h, referent);
}

static void find_prepare_sigma(struct gcr_recycler *h, struct recycler_cursor start)
{
    struct recycler_cursor at = start;
    gcr_ref member;
    while ((member = cycle_member(&at)) != NULL) {
        recycler_set_colour(member, RECYCLER_RED);
        recycler_crc_copy(h, member);
    }
    for (at = start; (member = cycle_member(&at)) != NULL;)
        recycler_visit_slots(h, member, find_sigma_visit, NULL);
    for (at = start; (member = cycle_member(&at)) != NULL;)
        recycler_set_colour(member, RECYCLER_ORANGE);
}

void recycler_find_cycles(struct gcr_recycler *h)
{
    struct recycler_list kept = find_mark_roots(h);
    struct recycler_cursor at = recycler_list_begin(&kept);
    uint32_t cause = 0;
    uintptr_t word;
    gcr_ref object;
    while ((object = recycler_root_next(&at, &cause)) != NULL)
        find_scan(h, object);
    for (at = recycler_list_begin(&kept); (object = recycler_root_next(&at, &cause)) != NULL;) {
        enum recycler_colour colour = recycler_colour_of(object);
        if (colour == RECYCLER_WHITE)
            find_gather(h, object, cause);
        else if (colour != RECYCLER_ORANGE)
            recycler_set_buffered(object, false);
    }
    recycler_list_clear(h, &kept);
    for (at = recycler_list_begin(&h->collector.cycles); (word = recycler_cursor_next(&at)) != 0;)
        if (recycler_is_epoch(word))
            find_prepare_sigma(h, at);
}
